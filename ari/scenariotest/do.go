package scenariotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ctid/ari"
)

// do carries out a command and checks how it ended.
func (r *runner) do(ctx context.Context, w []string) error {
	var want, pace string
	if n := len(w); n > 2 && w[n-2] == "=" {
		want, w = w[n-1], w[:n-2]
	} else if n > 1 && (w[n-1] == "slow" || w[n-1] == "fast") {
		pace, w = w[n-1], w[:n-1]
	}
	if len(w) < 2 {
		return errors.New("a command needs what it is about")
	}
	began := time.Now()
	err := r.command(ctx, w[0], w[1:])
	took := time.Since(began)
	if pace == "slow" && took < fast || pace == "fast" && took >= fast {
		return fmt.Errorf("took %v", took)
	}
	return verdict(err, want)
}

func verdict(err error, want string) error {
	ok := false
	switch want {
	case "":
		return err
	case "gone":
		ok = ari.IsGone(err)
	case "nobody":
		ok = ari.IsAllocationFailed(err)
	case "caller-gone":
		ok = ari.IsOriginatorGone(err)
	default:
		ok = strconv.Itoa(ari.Status(err)) == want
	}
	switch {
	case ok:
		return nil
	case err == nil:
		return fmt.Errorf("ended well, want %s", want)
	}
	return fmt.Errorf("want %s: %w", want, err)
}

// id is the id of a name: one that Asterisk chose, or the scenario's own.
func (r *runner) id(name string) string {
	for id, n := range r.names {
		if n == name {
			return id
		}
	}
	return r.prefix + name
}

// command is the table of operations; w[0] is what it is about, the rest its arguments.
func (r *runner) command(ctx context.Context, op string, w []string) error {
	n, id := r.node, r.id(w[0])
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch op {
	case "subscribe":
		if strings.HasPrefix(w[0], "endpoint:") {
			return n.Subscribe(ctx, w[0])
		}
		return n.SubscribeChannel(ctx, id)
	case "unsubscribe": // lest the scenarios after it are told everything twice
		return n.Unsubscribe(ctx, w[0])
	case "answer":
		return n.Answer(ctx, id)
	case "ring":
		return n.Ring(ctx, id)
	case "moh":
		return n.StartMOH(ctx, id, arg(1))
	case "stop-moh":
		return n.StopMOH(ctx, id)
	case "variable":
		return n.SetVariable(ctx, id, arg(1), arg(2))
	case "hangup":
		return n.Hangup(ctx, id, arg(1), 0)
	case "hangup-code":
		code, err := strconv.Atoi(arg(1))
		return errors.Join(err, n.Hangup(ctx, id, "", code))
	case "continue":
		return n.Continue(ctx, id, ari.Place{Context: arg(1), Extension: arg(2), Priority: 1})
	case "play":
		return n.Play(ctx, ari.OnlyChannel(id), ari.PlayRequest{ID: r.id(arg(1)), Media: w[2:]})
	case "stop-playback":
		return n.StopPlayback(ctx, id)
	case "originate":
		return r.originate(ctx, id, w)
	case "bridge":
		return n.CreateBridge(ctx, id, arg(1), "")
	case "add":
		return n.AddToBridge(ctx, id, r.ids(w[1:])...)
	case "remove":
		return n.RemoveFromBridge(ctx, id, r.ids(w[1:])...)
	case "destroy":
		return n.DestroyBridge(ctx, id)
	case "snoop":
		return n.Snoop(ctx, id, r.id(arg(1)), ari.SnoopOptions{Spy: ari.DirectionIn, AppArgs: "snoop"})
	case "record":
		return n.Record(ctx, ari.OnlyChannel(id), r.id(arg(1)), ari.RecordingOptions{Format: "wav"})
	case "stop-recording":
		return n.StopRecording(ctx, id)
	case "delete-recording":
		return n.DeleteStoredRecording(ctx, id)
	case "list":
		return r.list(ctx, id)
	}
	return errors.New("no such operation")
}

func (r *runner) ids(names []string) []string {
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = r.id(n)
	}
	return ids
}

// originate takes a phone's number and perhaps timeout=SECONDS.
func (r *runner) originate(ctx context.Context, id string, w []string) error {
	req := ari.OriginateRequest{ChannelID: id, Endpoint: "PJSIP/" + w[1], AppArgs: "agent", CallerID: `"Ann" <4420>`}
	if i := slices.IndexFunc(w, func(s string) bool { return strings.HasPrefix(s, "timeout=") }); i >= 0 {
		n, err := strconv.Atoi(strings.TrimPrefix(w[i], "timeout="))
		if err != nil {
			return err
		}
		req.Timeout = n
	}
	if i := slices.IndexFunc(w, func(s string) bool { return strings.HasPrefix(s, "for=") }); i >= 0 {
		req.Originator = r.id(strings.TrimPrefix(w[i], "for="))
	}
	return r.node.Originate(ctx, req)
}

// list checks that a channel is listed as one that the application has.
func (r *runner) list(ctx context.Context, id string) error {
	all, err := r.node.Channels(ctx)
	if err != nil {
		return err
	}
	for _, ch := range all {
		if ch.ID == id && ch.Dialplan.AppName == "Stasis" && strings.HasPrefix(ch.Dialplan.AppData, r.node.App()+",") {
			return nil
		}
	}
	return errors.New("not listed as a channel of the application")
}
