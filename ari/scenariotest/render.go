package scenariotest

import (
	"fmt"
	"strings"

	"ctid/ari"
)

// renderer puts events into the words of the sections.
type renderer struct {
	prefix string            // of the ids that the scenario chose
	names  map[string]string // ids that Asterisk chose
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
	case *ari.ChannelVarset, *ari.ChannelConnectedLine, *ari.ChannelCallerID, *ari.DeviceStateChanged:
		return "", "" // how many there are depends on modules and codecs
	case *ari.BridgeDestroyed:
		return "", "" // a toss after the last channel has died in the bridge: don't wait for it
	case *ari.StasisStart:
		return name, fmt.Sprintf("%s %s %v", typ, e.Channel.State, e.Args)
	case *ari.ChannelStateChange:
		return name, typ + " " + e.Channel.State
	case *ari.ChannelDestroyed:
		return name, fmt.Sprintf("%s %d %d", typ, e.Cause, e.TechCause)
	case *ari.ChannelHangupRequest:
		return name, fmt.Sprintf("%s %d %d soft=%t", typ, e.Cause, e.TechCause, e.Soft)
	case *ari.ChannelDtmfReceived:
		return name, typ + " " + e.Digit
	case *ari.Dial:
		// Their order among the channel's own events is a toss, so they have a section of their own.
		return name + ":dial", strings.TrimSpace(typ + " " + e.Status)
	case *ari.ChannelEnteredBridge:
		return name, fmt.Sprintf("%s %s of %d", typ, r.name(e.Bridge.ID), len(e.Bridge.ChannelIDs))
	case *ari.ChannelLeftBridge:
		return name, fmt.Sprintf("%s %s of %d", typ, r.name(e.Bridge.ID), len(e.Bridge.ChannelIDs))
	case *ari.ChannelTransfer:
		return name, strings.TrimSpace(fmt.Sprintf("%s %s %s", typ, e.ReferTo.Requested.Destination, e.State))
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

func (r *renderer) playback(typ string, p ari.PlaybackData) string {
	return fmt.Sprintf("%s %s %s %s", typ, r.name(p.ID), p.State, p.MediaURI)
}

// settle makes alike what real Asterisks toss for: the cause (0 or 16) that a BYE leaves.
func settle(lines []string) {
	up := false
	for i, line := range lines {
		if strings.HasSuffix(line, " Up") || strings.Contains(line, "StasisStart") {
			up = true
		}
		if line == "ChannelDestroyed 0 0" && up {
			lines[i] = "ChannelDestroyed 16 0"
		}
	}
}
