package scenariotest

import (
	"fmt"
	"slices"
	"strings"

	"ctid/ari"
)

// renderer puts events into the words of the sections.
type renderer struct {
	prefix string            // of the ids that the scenario chose
	names  map[string]string // ids that Asterisk chose
	called map[string]string // channels' own names, such as PJSIP/1001-00000012
}

func (r *renderer) name(id string) string {
	if n, ok := r.names[id]; ok {
		return n
	}
	return strings.TrimPrefix(id, r.prefix)
}

// event says of whom an event tells, and what. An empty name means that scenarios don't look at it.
func (r *renderer) event(ev ari.Event) (name, line string) {
	typ := ev.Header().Type
	s := ev.Subject()
	name = r.name(s.Channel)
	if name == "" {
		name = r.name(s.Bridge)
	}
	if name == "" {
		name = s.Endpoint
	}
	switch e := ev.(type) {
	case *ari.ChannelVarset, *ari.ChannelConnectedLine, *ari.ChannelCallerID, *ari.DeviceStateChanged,
		*ari.BridgeDestroyed: // how many there are depends on modules and codecs; the last is a toss when a channel has died in the bridge
		return "", ""
	case *ari.StasisStart:
		line := fmt.Sprintf("%s %s %v", typ, e.Channel.State, r.args(e.Args))
		if e.Replace != nil {
			line += " for " + r.name(e.Replace.ID)
		}
		return name, line
	case *ari.ChannelStateChange:
		return name, typ + " " + e.Channel.State
	case *ari.ChannelDestroyed:
		return name, fmt.Sprintf("%s %d %d", typ, e.Cause, e.TechCause)
	case *ari.ChannelHangupRequest:
		return name, fmt.Sprintf("%s %d %d soft=%t", typ, e.Cause, e.TechCause, e.Soft)
	case *ari.ChannelDtmfReceived:
		return name, typ + " " + e.Digit
	case *ari.Dial:
		return name + ":dial", r.dial(e) // its order among the channel's own events is a toss
	case *ari.ChannelEnteredBridge:
		return name, fmt.Sprintf("%s %s of %d", typ, r.name(e.Bridge.ID), r.count(e.Bridge.ChannelIDs))
	case *ari.ChannelLeftBridge:
		return name, fmt.Sprintf("%s %s of %d", typ, r.name(e.Bridge.ID), r.count(e.Bridge.ChannelIDs))
	case *ari.ChannelTransfer:
		return name, typ + r.transfer(e)
	case *ari.BridgeBlindTransfer:
		return name, fmt.Sprintf("%s %s %s", typ, e.Exten, e.Result)
	case *ari.BridgeAttendedTransfer:
		return name, fmt.Sprintf("%s %s %s", typ, e.Result, e.DestinationType)
	case *ari.PlaybackStarted:
		return name, r.playback(typ, e.Playback)
	case *ari.PlaybackContinuing:
		return name, r.playback(typ, e.Playback)
	case *ari.PlaybackFinished:
		return name, r.playback(typ, e.Playback)
	case *ari.RecordingStarted:
		return name, typ + " " + r.name(e.Recording.Name)
	case *ari.RecordingFinished:
		return name, typ + " " + r.name(e.Recording.Name)
	case *ari.RecordingFailed:
		return name, typ + " " + r.name(e.Recording.Name) + " " + e.Recording.Cause
	case *ari.ContactStatusChange:
		return name + ":contact", typ + " " + e.Contact.Status // its order to the endpoint's state is a toss too
	case *ari.PeerStatusChange:
		return name, typ + " " + e.Peer.Status
	case *ari.EndpointStateChange:
		return name, typ + " " + e.Endpoint.State
	}
	return name, typ
}

func (r *renderer) dial(e *ari.Dial) string {
	line := strings.TrimSpace("Dial " + e.Status)
	if e.Forward != "" {
		line += " forward " + e.Forward
	}
	if e.Forwarded != nil {
		line += " to " + r.name(e.Forwarded.ID)
	}
	return line
}

// args are the arguments of a StasisStart, with the scenario's name where one is a channel's.
func (r *renderer) args(list []string) []string {
	out := make([]string, len(list))
	for i, a := range list {
		if out[i] = a; r.called[a] != "" {
			out[i] = r.called[a]
		}
	}
	return out
}

// count leaves out channels that Asterisk puts into a bridge for its own music: when they come and go is a toss.
func (r *renderer) count(ids []string) (n int) {
	for _, id := range ids {
		if _, known := r.names[id]; known || strings.HasPrefix(id, r.prefix) {
			n++
		}
	}
	return n
}

// transfer says what a phone wants, or how it was told that it goes.
func (r *renderer) transfer(e *ari.ChannelTransfer) (line string) {
	if e.State != "" {
		return " " + e.State
	}
	if e.Attended() {
		line = " by " + r.name(e.ReferTo.Destination.ID)
		if c := e.ReferTo.Connected; c != nil {
			line += " with " + r.name(c.ID)
		}
		if b := e.ReferTo.Bridge; b != nil {
			line += " in " + r.name(b.ID)
		}
	}
	line += " to " + e.ReferTo.Requested.Destination
	if c := e.ReferredBy.Connected; c != nil {
		line += " of " + r.name(c.ID)
	}
	if b := e.ReferredBy.Bridge; b != nil {
		line += " in " + r.name(b.ID)
	}
	return line
}

func (r *renderer) playback(typ string, p ari.PlaybackData) string {
	return fmt.Sprintf("%s %s %s %s", typ, r.name(p.ID), p.State, p.MediaURI)
}

// settle makes alike what real Asterisks toss for: the cause (0 or 16) that a BYE leaves; and for a channel whose phone has sent
// its call on (302), whether that is told with a request and its cause or the channel has gone before.
func settle(lines []string, forwarded bool) []string {
	if forwarded {
		const asked, gone = "ChannelHangupRequest 23 302 soft=false", "ChannelDestroyed 23 302"
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == asked })
		if i := slices.Index(lines, "ChannelDestroyed 0 0"); i >= 0 {
			lines[i] = gone
		}
	}
	up := false
	for i, line := range lines {
		if strings.HasSuffix(line, " Up") || strings.Contains(line, "StasisStart") {
			up = true
		}
		if line == "ChannelDestroyed 0 0" && up {
			lines[i] = "ChannelDestroyed 16 0"
		}
	}
	return lines
}
