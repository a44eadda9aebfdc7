package ari

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Types of a bridge.
const (
	// BridgeMixing with dtmf_events: a plain mixing bridge of two phones lets their media pass by Asterisk, and no key is
	// ever told.
	BridgeMixing = "mixing,dtmf_events"
	// BridgeHolding lets nobody hear anybody.
	BridgeHolding = "holding"
)

// bridgeCommand is a POST or DELETE on /bridges/ID/what.
func (n *Node) bridgeCommand(ctx context.Context, op, method, id, what string, q url.Values) error {
	return n.do(ctx, request{op: op, target: id, method: method, path: []string{"bridges", id, what}, query: q, again: sendAgain})
}

// CreateBridge makes a bridge with an id of yours; typ is BridgeMixing or another of Asterisk's, name may be empty.
func (n *Node) CreateBridge(ctx context.Context, id, typ, name string) error {
	if err := n.check("create_bridge", check{"id", id, idRule}, check{"name", name, text(80)}); err != nil {
		return err
	}
	q := values("bridgeId", id, "type", typ, "name", name)
	return n.do(ctx, request{
		op: "create_bridge", target: id, method: http.MethodPost, path: []string{"bridges"}, query: q,
		again: sendAgain, alreadyOnRetry: takenOnRetry,
	})
}

// AddToBridge puts channels into a bridge with one request. Each must have had its StasisStart, else IsUnprocessable. A
// channel that is in another bridge leaves that one.
func (n *Node) AddToBridge(ctx context.Context, bridge string, channels ...string) error {
	if err := n.check("add_channel", ids("channel", channels)...); err != nil {
		return err
	}
	return n.bridgeCommand(ctx, "add_channel", http.MethodPost, bridge, "addChannel", values("channel", strings.Join(channels, ",")))
}

// AddListener puts a channel into a bridge that hears all and is not heard, and whose keys stay its own.
func (n *Node) AddListener(ctx context.Context, bridge, channel string) error {
	q := values("channel", channel, "mute", "true", "absorbDTMF", "true")
	return n.bridgeCommand(ctx, "add_channel", http.MethodPost, bridge, "addChannel", q)
}

// RemoveFromBridge takes channels out of a bridge; a channel or bridge that is gone, or a channel that is not in it, is
// no error.
func (n *Node) RemoveFromBridge(ctx context.Context, bridge string, channels ...string) error {
	if err := n.check("remove_channel", ids("channel", channels)...); err != nil {
		return err
	}
	return n.do(ctx, request{
		op: "remove_channel", target: bridge, method: http.MethodPost, path: []string{"bridges", bridge, "removeChannel"},
		query: values("channel", strings.Join(channels, ",")), again: sendAgain,
		already: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity},
	})
}

// DestroyBridge ends a bridge; its channels stay in the application. One that is gone is no error.
func (n *Node) DestroyBridge(ctx context.Context, id string) error {
	return n.do(ctx, request{
		op: "destroy_bridge", target: id, method: http.MethodDelete, path: []string{"bridges", id},
		again: sendAgain, already: []int{http.StatusNotFound, http.StatusConflict}, // 409: it is just being dissolved
	})
}

// StartBridgeMOH plays music to all in a bridge, over what they say; class "" is the default one.
func (n *Node) StartBridgeMOH(ctx context.Context, id, class string) error {
	if err := n.check("bridge_moh", check{"class", class, classRule}); err != nil {
		return err
	}
	return n.bridgeCommand(ctx, "bridge_moh", http.MethodPost, id, "moh", values("mohClass", class))
}

// StopBridgeMOH ends StartBridgeMOH; a bridge that is gone or has no music is no error.
func (n *Node) StopBridgeMOH(ctx context.Context, id string) error {
	return n.do(ctx, request{
		op: "stop_bridge_moh", target: id, method: http.MethodDelete, path: []string{"bridges", id, "moh"}, again: sendAgain,
		already: []int{http.StatusNotFound, http.StatusConflict},
	})
}

// Bridges lists all bridges of this Asterisk, not only ours.
func (n *Node) Bridges(ctx context.Context) ([]BridgeData, error) {
	var list []BridgeData
	err := n.do(ctx, request{op: "bridges", method: http.MethodGet, path: []string{"bridges"}, reply: &list, again: sendAgain})
	return list, err
}

// Bridge reads one bridge.
func (n *Node) Bridge(ctx context.Context, id string) (BridgeData, error) {
	var b BridgeData
	err := n.do(ctx, request{op: "bridge", target: id, method: http.MethodGet, path: []string{"bridges", id}, reply: &b, again: sendAgain})
	return b, err
}

// Target is what a playback or recording is for: OnlyChannel or WholeBridge makes one.
type Target struct{ kind, id string }

// OnlyChannel is one channel; what is played there is heard by its phone alone, also in a bridge.
func OnlyChannel(id string) Target { return Target{"channels", id} }

// WholeBridge is a bridge with all who are in it.
func WholeBridge(id string) Target { return Target{"bridges", id} }

// String is the target as Asterisk writes it.
func (t Target) String() string { return strings.TrimSuffix(t.kind, "s") + ":" + t.id }

// PlayRequest asks for a playback with an id of yours.
type PlayRequest struct {
	ID       string
	Media    []string // sound:beep, sound:http://…, recording:name, tone:ring, number:12, digits:12, characters:ab
	Language string   // "" for the channel's
}

// Play begins a playback. PlaybackFinished tells its end, but not always after a hang-up.
func (n *Node) Play(ctx context.Context, on Target, p PlayRequest) error {
	for _, m := range p.Media {
		if strings.Contains(m, ",") { // Asterisk would take it for two
			return fmt.Errorf("ari: node %s: play %s: media %q contains a comma", n.cfg.Name, on, m)
		}
	}
	return n.do(ctx, request{
		op: "play", target: on.id, method: http.MethodPost, path: []string{on.kind, on.id, "play", p.ID},
		query: values("media", strings.Join(p.Media, ","), "lang", p.Language),
		again: sendAgain, alreadyOnRetry: takenOnRetry,
	})
}

// StopPlayback ends a playback at once; one that is over is no error.
func (n *Node) StopPlayback(ctx context.Context, id string) error {
	return n.do(ctx, request{
		op: "stop_playback", target: id, method: http.MethodDelete, path: []string{"playbacks", id},
		again: sendAgain, already: gone,
	})
}

// ControlPlayback is one of restart, pause, unpause, reverse, forward.
func (n *Node) ControlPlayback(ctx context.Context, id, operation string) error {
	return n.do(ctx, request{
		op: "control_playback", target: id, method: http.MethodPost, path: []string{"playbacks", id, "control"},
		query: values("operation", operation), again: sendOnce,
	})
}
