package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	cyc "github.com/CyCoreSystems/ari/v5"
)

// Requests and options that are used as the library has them.
type (
	// OriginateRequest asks for a new channel. Timeout is in seconds (0 means Asterisk's 30, negative none); it needs a
	// ChannelID of yours, so that a retry is safe and no event can be missed. Endpoint is PJSIP/NAME, PJSIP/NUMBER@TRUNK or
	// Local/EXTENSION@CONTEXT; CallerID is made by FormatCallerID; a SIP header of the INVITE is a variable named
	// PJSIP_HEADER(add,NAME); Formats can't be said beside an Originator. App is filled in when neither App nor Context is
	// set.
	OriginateRequest = cyc.OriginateRequest
	// ExternalMediaOptions describe a channel whose media goes to a program.
	ExternalMediaOptions = cyc.ExternalMediaOptions
	// Direction is in, out or both, as the channel sees it.
	Direction = cyc.Direction
)

// Directions of Mute and Snoop.
const (
	DirectionNone = cyc.DirectionNone // neither; of Snoop only
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
	if r.App == "" && r.Context == "" {
		r.App = n.cfg.App
	}
	if err := n.checkOriginate(&r); err != nil {
		return err
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
	err := n.check("continue", check{"context", to.Context, optional(placeRule)}, check{"extension", to.Extension, optional(placeRule)},
		check{"label", to.Label, optional(placeRule)})
	if err != nil {
		return err
	}
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
	if err := n.check("move", check{"application", app, appRule}, check{"arguments", q.Get("appArgs"), argsRule}); err != nil {
		return err
	}
	return n.channelCommand(ctx, "move", http.MethodPost, id, "move", q)
}

// StartMOH plays music on hold; class "" is the channel's own. Music inside a bridge mixes with it: take the channel
// out first.
func (n *Node) StartMOH(ctx context.Context, id, class string) error {
	if err := n.check("moh", check{"class", class, classRule}); err != nil {
		return err
	}
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
	err := n.check("set_variable", check{"name", name, variableRule}, check{"value of " + shown(name), value, text(maxValue)})
	if err != nil {
		return err
	}
	q := url.Values{"variable": {name}, "value": {value}}
	return n.channelCommand(ctx, "set_variable", http.MethodPost, id, "variable", q)
}

// Variable reads a channel variable or dialplan function. It is empty where it is not set, and where there is no such
// channel.
func (n *Node) Variable(ctx context.Context, id, name string) (string, error) {
	if err := n.check("variable", check{"name", name, variableRule}); err != nil {
		return "", err
	}
	var v struct{ Value string }
	err := n.do(ctx, request{
		op: "variable", target: id, method: http.MethodGet, path: []string{"channels", id, "variable"},
		query: url.Values{"variable": {name}}, reply: &v, again: sendAgain, already: gone,
	})
	return v.Value, err
}

// SendDTMF sends keys (0-9, A-D, * and #) to the channel's phone. They are never sent twice.
func (n *Node) SendDTMF(ctx context.Context, id, keys string) error {
	if err := n.check("dtmf", check{"keys", keys, form(keysRE, "are not 1 to 64 of 0-9, A-D, * and #")}); err != nil {
		return err
	}
	return n.do(ctx, request{
		op: "dtmf", target: id, method: http.MethodPost, path: []string{"channels", id, "dtmf"}, query: values("dtmf", keys),
		again: sendOnce,
	})
}

// SnoopRequest asks for a channel that listens to, or whispers into, another.
type SnoopRequest struct {
	Channel string // whom to listen to
	SnoopID string // the new channel's id, of yours
	// Spy is what the new channel hears: what the phone says (in), what it hears (out), or both. Whisper is where what is
	// said into the new channel goes: to the phone (out), to its partners as if the phone said it (in), or both. "" is none.
	Spy, Whisper Direction
	App          string // the node's own application when empty
	AppArgs      string // of the StasisStart, with commas between them
}

// Snoop makes the channel of a SnoopRequest. It ends with the channel that it is about.
func (n *Node) Snoop(ctx context.Context, r SnoopRequest) error {
	if r.App == "" {
		r.App = n.cfg.App
	}
	direction := optional(oneOf(string(DirectionNone), string(DirectionIn), string(DirectionOut), string(DirectionBoth)))
	err := n.check("snoop", check{"snoop id", r.SnoopID, idRule}, check{"spy", string(r.Spy), direction},
		check{"whisper", string(r.Whisper), direction}, check{"application", r.App, appRule}, check{"arguments", r.AppArgs, argsRule})
	if err != nil {
		return err
	}
	q := values("app", r.App, "appArgs", r.AppArgs, "spy", string(r.Spy), "whisper", string(r.Whisper))
	post := request{
		op: "snoop", target: r.Channel, method: http.MethodPost, path: []string{"channels", r.Channel, "snoop", r.SnoopID}, query: q,
		again: sendOnce,
	}
	for try := 0; ; try++ {
		err = n.do(ctx, post)
		if !IsNoAnswer(err) || ctx.Err() != nil || try == 3 {
			return err
		}
		// Asked for an id that is taken, Asterisk (16 and 22 alike) keeps something that it can't let go of any more, and does
		// not end when it is told to. So look before asking again.
		if _, there := n.Channel(ctx, r.SnoopID); there == nil {
			return nil
		}
	}
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

// PacketsReceived is how many packets of media have come from the channel's phone so far: where it stands still, the phone
// is gone or says nothing.
func (n *Node) PacketsReceived(ctx context.Context, id string) (int64, error) {
	var stats struct {
		Received int64 `json:"rxcount"`
	}
	err := n.do(ctx, request{
		op: "rtp_statistics", target: id, method: http.MethodGet, path: []string{"channels", id, "rtp_statistics"}, reply: &stats,
		again: sendAgain,
	})
	return stats.Received, err
}

// States of TransferProgress.
const (
	TransferProgressing = "channel_progress"
	TransferAnswered    = "channel_answered" // the phone hangs up
	TransferUnavailable = "channel_unavailable"
	TransferDeclined    = "channel_declined"
)

// referDone reads what Asterisk answers only when it is through with all that the phone has sent so far.
const referDone = "CHANNEL(pjsip,call-id)"

// TransferProgress tells a phone that asked for a transfer how it goes; Features.TransferHandling. Asterisk tells it back
// as a ChannelTransfer with that State. Asterisk dies of it where it comes between the ChannelTransfer and the end of what
// Asterisk does for the REFER (22.10.1: it reads what it has not written yet), so that end is awaited first.
func (n *Node) TransferProgress(ctx context.Context, id, state string) error {
	known := oneOf(TransferProgressing, TransferAnswered, TransferUnavailable, TransferDeclined)
	if err := n.check("transfer_progress", check{"state", state, known}); err != nil {
		return err
	}
	if _, err := n.Variable(ctx, id, referDone); err != nil {
		return err
	}
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
