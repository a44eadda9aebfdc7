package ari

import (
	"context"
	"net/http"
	"strconv"

	cyc "github.com/CyCoreSystems/ari/v5"
)

// RecordingOptions are the library's: Format is a must (wav); MaxDuration and MaxSilence in whole seconds; Exists is
// fail (default), overwrite or append; Terminate none (default), any, * or #.
type RecordingOptions = cyc.RecordingOptions

// StoredRecordingData is a finished recording on the node.
type StoredRecordingData = cyc.StoredRecordingData

// Record begins a recording under a name of yours, in which slashes make folders. A channel in a bridge can't be
// recorded, and a recorded channel obeys no command: record a snoop of it.
func (n *Node) Record(ctx context.Context, what Target, name string, o RecordingOptions) error {
	q := values("name", name, "format", o.Format, "ifExists", o.Exists, "terminateOn", o.Terminate)
	if o.Beep {
		q.Set("beep", "true")
	}
	if s := int(o.MaxDuration.Seconds()); s > 0 {
		q.Set("maxDurationSeconds", strconv.Itoa(s))
	}
	if s := int(o.MaxSilence.Seconds()); s > 0 {
		q.Set("maxSilenceSeconds", strconv.Itoa(s))
	}
	return n.do(ctx, request{
		op: "record", target: what.id, method: http.MethodPost, path: []string{what.kind, what.id, "record"}, query: q,
		again: sendAgain, alreadyOnRetry: takenOnRetry,
	})
}

// LiveRecording is a recording that runs; IsNotFound where there is none, or it is over.
func (n *Node) LiveRecording(ctx context.Context, name string) (LiveRecordingData, error) {
	var r LiveRecordingData
	err := n.do(ctx, request{
		op: "live_recording", target: name, method: http.MethodGet, path: []string{"recordings", "live", name}, reply: &r, again: sendAgain,
	})
	return r, err
}

func (n *Node) liveRecording(ctx context.Context, op, method, name, what string, already []int) error {
	path := []string{"recordings", "live", name}
	if what != "" {
		path = append(path, what)
	}
	return n.do(ctx, request{op: op, target: name, method: method, path: path, again: sendAgain, already: already})
}

// StopRecording ends a recording and keeps it; one that is over is no error.
func (n *Node) StopRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "stop_recording", http.MethodPost, name, "stop", gone)
}

// DiscardRecording ends a recording and throws it away; one that is over is no error, and is kept.
func (n *Node) DiscardRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "discard_recording", http.MethodDelete, name, "", gone)
}

// MuteRecording records silence from now on, so that times stay true (PauseRecording would cut).
func (n *Node) MuteRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "mute_recording", http.MethodPost, name, "mute", nil)
}

// UnmuteRecording ends MuteRecording.
func (n *Node) UnmuteRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "unmute_recording", http.MethodDelete, name, "mute", nil)
}

// PauseRecording leaves out what is said from now on.
func (n *Node) PauseRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "pause_recording", http.MethodPost, name, "pause", nil)
}

// UnpauseRecording ends PauseRecording.
func (n *Node) UnpauseRecording(ctx context.Context, name string) error {
	return n.liveRecording(ctx, "unpause_recording", http.MethodDelete, name, "pause", nil)
}

// StoredRecordings lists the recordings that lie on the node.
func (n *Node) StoredRecordings(ctx context.Context) ([]StoredRecordingData, error) {
	var list []StoredRecordingData
	err := n.do(ctx, request{
		op: "stored_recordings", method: http.MethodGet, path: []string{"recordings", "stored"}, reply: &list, again: sendAgain,
	})
	return list, err
}

// StoredRecordingFile fetches a recording's file.
func (n *Node) StoredRecordingFile(ctx context.Context, name string) ([]byte, error) {
	var file []byte
	err := n.do(ctx, request{
		op: "recording_file", target: name, method: http.MethodGet, path: []string{"recordings", "stored", name, "file"},
		reply: &file, again: sendAgain,
	})
	return file, err
}

// DeleteStoredRecording deletes a recording; one that is not there is no error.
func (n *Node) DeleteStoredRecording(ctx context.Context, name string) error {
	return n.do(ctx, request{
		op: "delete_recording", target: name, method: http.MethodDelete, path: []string{"recordings", "stored", name},
		again: sendAgain, already: gone,
	})
}
