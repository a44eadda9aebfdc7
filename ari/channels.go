package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	cyc "github.com/CyCoreSystems/ari/v5"
)

// Requests and options that are used as the library has them.
type (
	// OriginateRequest asks for a new channel. Timeout is in seconds (0 means Asterisk's 30, negative none); it needs a
	// ChannelID of yours, so that a retry is safe and no event can be missed. App is filled in when neither App nor
	// Context is set.
	OriginateRequest = cyc.OriginateRequest
	// SnoopOptions say in which direction to listen and to whisper.
	SnoopOptions = cyc.SnoopOptions
	// ExternalMediaOptions describe a channel whose media goes to a program.
	ExternalMediaOptions = cyc.ExternalMediaOptions
	// DTMFOptions are the pauses and the length of keys sent.
	DTMFOptions = cyc.DTMFOptions
	// Direction is in, out or both, as the channel sees it.
	Direction = cyc.Direction
)

// Directions of Mute and Snoop.
const (
	DirectionIn   = cyc.DirectionIn   // what the phone says
	DirectionOut  = cyc.DirectionOut  // what the phone hears
	DirectionBoth = cyc.DirectionBoth // both
)

var (
	gone         = []int{http.StatusNotFound}
	takenOnRetry = []int{http.StatusConflict}
)

// channelCommand is a POST or DELETE on /channels/ID/what.
func (n *Node) channelCommand(ctx context.Context, op, method, id, what string, q url.Values) error {
	return n.do(ctx, request{op: op, target: id, method: method, path: []string{"channels", id, what}, query: q, again: sendAgain})
}

// Originate makes a channel and dials it. IsAllocationFailed(err) means that there was nobody to dial.
func (n *Node) Originate(ctx context.Context, r OriginateRequest) error {
	if r.ChannelID == "" || r.Endpoint == "" {
		return fmt.Errorf("ari: node %s: originate needs a channel id and an endpoint", n.cfg.Name)
	}
	if r.App == "" && r.Context == "" {
		r.App = n.cfg.App
	}
	tries := 0
	err := n.do(ctx, request{
		op: "originate", target: r.ChannelID, method: http.MethodPost, path: []string{"channels"}, body: &r,
		again: sendAgain, tries: &tries,
	})
	// Asterisk answers a chosen id with 409 "already exists" also when it could make no channel at all. So ask: a channel
	// that is there after a second try is the first try's.
	if !IsConflict(err) && Status(err) != http.StatusInternalServerError {
		return err
	}
	_, there := n.Channel(ctx, r.ChannelID)
	if there == nil && tries > 1 {
		return nil
	}
	if e := (*Error)(nil); IsNotFound(there) && errors.As(err, &e) {
		e.Err = errNobody
	}
	return err
}

// Answer answers a channel. While a playback or recording runs on it, Asterisk lets it wait until that has ended: stop
// the playback first.
func (n *Node) Answer(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "answer", http.MethodPost, id, "answer", nil)
}

// Hangup ends a channel; one that is already gone is no error. reason is a word of Asterisk's (normal, busy,
// congestion, no_answer, timeout, rejected, unallocated, normal_unspecified, number_incomplete, codec_mismatch,
// interworking, failure, answered_elsewhere; "" for normal). code, a Q.850 cause, is used instead of it where the
// node can; 0 for none.
func (n *Node) Hangup(ctx context.Context, id, reason string, code int) error {
	q := url.Values{}
	switch {
	case code > 0 && n.Features().ReasonCode:
		q.Set("reason_code", strconv.Itoa(code))
	case reason != "":
		q.Set("reason", reason)
	}
	return n.do(ctx, request{
		op: "hangup", target: id, method: http.MethodDelete, path: []string{"channels", id}, query: q,
		again: sendAgain, already: gone,
	})
}

// Ring lets the caller hear ringing (180).
func (n *Node) Ring(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "ring", http.MethodPost, id, "ring", nil)
}

// StopRing ends Ring.
func (n *Node) StopRing(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "stop_ring", http.MethodDelete, id, "ring", nil)
}

// Progress opens early media (183): the caller hears what is played before the answer. Features.Progress.
func (n *Node) Progress(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "progress", http.MethodPost, id, "progress", nil)
}

// Place is where in the dialplan a channel goes on. Zero fields stay as they are in the channel.
type Place struct {
	Context, Extension string
	Priority           int    // 0: the next one
	Label              string // instead of Priority
}

// Continue lets a channel go on in the dialplan. StasisEnd follows, which is not its end.
func (n *Node) Continue(ctx context.Context, id string, to Place) error {
	q := values("context", to.Context, "extension", to.Extension, "label", to.Label)
	if to.Priority > 0 {
		q.Set("priority", strconv.Itoa(to.Priority))
	}
	return n.do(ctx, request{
		op: "continue", target: id, method: http.MethodPost, path: []string{"channels", id, "continue"}, query: q,
		again: sendAgain, alreadyOnRetry: takenOnRetry,
	})
}

// Move hands a channel to another application without a way through the dialplan; Features.Move.
func (n *Node) Move(ctx context.Context, id, app string, args ...string) error {
	q := values("app", app, "appArgs", strings.Join(args, ","))
	return n.channelCommand(ctx, "move", http.MethodPost, id, "move", q)
}

// StartMOH plays music on hold; class "" is the channel's own. Music inside a bridge mixes with it: take the channel
// out first.
func (n *Node) StartMOH(ctx context.Context, id, class string) error {
	return n.channelCommand(ctx, "moh", http.MethodPost, id, "moh", values("mohClass", class))
}

// StopMOH ends StartMOH.
func (n *Node) StopMOH(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "stop_moh", http.MethodDelete, id, "moh", nil)
}

// Hold puts the channel on hold (its phone hears its music).
func (n *Node) Hold(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "hold", http.MethodPost, id, "hold", nil)
}

// Unhold ends Hold.
func (n *Node) Unhold(ctx context.Context, id string) error {
	return n.channelCommand(ctx, "unhold", http.MethodDelete, id, "hold", nil)
}

// Mute silences a direction of a channel.
func (n *Node) Mute(ctx context.Context, id string, d Direction) error {
	return n.channelCommand(ctx, "mute", http.MethodPost, id, "mute", values("direction", string(d)))
}

// Unmute ends Mute.
func (n *Node) Unmute(ctx context.Context, id string, d Direction) error {
	return n.channelCommand(ctx, "unmute", http.MethodDelete, id, "mute", values("direction", string(d)))
}

// SetVariable sets a channel variable or calls a writing dialplan function such as CALLERID(name). It waits while a
// playback runs.
func (n *Node) SetVariable(ctx context.Context, id, name, value string) error {
	q := url.Values{"variable": {name}, "value": {value}}
	return n.channelCommand(ctx, "set_variable", http.MethodPost, id, "variable", q)
}

// GetVariable reads a channel variable or dialplan function. One that is not set gives an error that IsNotFound.
func (n *Node) GetVariable(ctx context.Context, id, name string) (string, error) {
	var v struct{ Value string }
	err := n.do(ctx, request{
		op: "get_variable", target: id, method: http.MethodGet, path: []string{"channels", id, "variable"},
		query: url.Values{"variable": {name}}, reply: &v, again: sendAgain,
	})
	return v.Value, err
}

// SendDTMF sends keys to the channel's phone. It is never sent twice.
func (n *Node) SendDTMF(ctx context.Context, id, keys string, o DTMFOptions) error {
	q := values("dtmf", keys)
	for name, d := range map[string]int64{
		"before": o.Before.Milliseconds(), "between": o.Between.Milliseconds(),
		"duration": o.Duration.Milliseconds(), "after": o.After.Milliseconds(),
	} {
		if d > 0 {
			q.Set(name, strconv.FormatInt(d, 10))
		}
	}
	return n.do(ctx, request{
		op: "dtmf", target: id, method: http.MethodPost, path: []string{"channels", id, "dtmf"}, query: q, again: sendOnce,
	})
}

// Snoop makes a channel of the given id that listens to, or whispers into, another. App is filled in when empty.
func (n *Node) Snoop(ctx context.Context, id, snoopID string, o SnoopOptions) error {
	if o.App == "" {
		o.App = n.cfg.App
	}
	q := values("app", o.App, "appArgs", o.AppArgs, "spy", string(o.Spy), "whisper", string(o.Whisper))
	tries := 0
	err := n.do(ctx, request{
		op: "snoop", target: id, method: http.MethodPost, path: []string{"channels", id, "snoop", snoopID}, query: q,
		again: sendAgain, tries: &tries,
	})
	// A snoop id that is taken gives a plain 500.
	if Status(err) == http.StatusInternalServerError && tries > 1 {
		if _, there := n.Channel(ctx, snoopID); there == nil {
			return nil
		}
	}
	return err
}

// ExternalMedia makes a channel whose media goes to a program; Vars of the answer say where to send
// (UNICASTRTP_LOCAL_ADDRESS and _PORT, MEDIA_WEBSOCKET_CONNECTION_ID).
func (n *Node) ExternalMedia(ctx context.Context, o ExternalMediaOptions) (Channel, error) {
	if o.App == "" {
		o.App = n.cfg.App
	}
	q := values("channelId", o.ChannelID, "app", o.App, "external_host", o.ExternalHost, "encapsulation", o.Encapsulation,
		"transport", o.Transport, "connection_type", o.ConnectionType, "format", o.Format, "direction", o.Direction)
	var ch Channel
	err := n.do(ctx, request{
		op: "external_media", target: o.ChannelID, method: http.MethodPost, path: []string{"channels", "externalMedia"},
		query: q, body: map[string]any{"variables": o.Variables}, reply: &ch, again: sendOnce,
	})
	return ch, err
}

// States of TransferProgress.
const (
	TransferProgressing = "channel_progress"
	TransferAnswered    = "channel_answered" // the phone hangs up
	TransferUnavailable = "channel_unavailable"
	TransferDeclined    = "channel_declined"
)

// TransferProgress tells a phone that asked for a transfer how it goes; Features.TransferHandling.
func (n *Node) TransferProgress(ctx context.Context, id, state string) error {
	return n.channelCommand(ctx, "transfer_progress", http.MethodPost, id, "transfer_progress", values("states", state))
}

// Channels lists all channels of this Asterisk, not only ours.
func (n *Node) Channels(ctx context.Context) ([]Channel, error) {
	var list []Channel
	err := n.do(ctx, request{op: "channels", method: http.MethodGet, path: []string{"channels"}, reply: &list, again: sendAgain})
	return list, err
}

// Channel reads one channel.
func (n *Node) Channel(ctx context.Context, id string) (Channel, error) {
	var ch Channel
	err := n.do(ctx, request{op: "channel", target: id, method: http.MethodGet, path: []string{"channels", id}, reply: &ch, again: sendAgain})
	return ch, err
}

// values makes a query of the pairs whose value is not empty.
func values(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
