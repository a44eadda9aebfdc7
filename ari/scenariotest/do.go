package scenariotest

import (
	"cmp"
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
	var want, pace, status string
	if n := len(w); n > 2 && w[n-2] == "=" {
		want, w = w[n-1], w[:n-2]
	} else if n > 2 && w[n-2] == "answers" {
		status, w = w[n-1], w[:n-2]
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
	if got := strconv.Itoa(int(r.status.Load())); status != "" && got != status {
		return fmt.Errorf("answered %s, want %s (%w)", got, status, cmp.Or(err, errNone))
	}
	return verdict(err, want)
}

var errNone = errors.New("no error")

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
	case "record":
		return r.record(ctx, id, r.id(arg(1)), w[min(2, len(w)):])
	case "stop-recording":
		return n.StopRecording(ctx, id)
	case "delete-recording":
		return n.DeleteStoredRecording(ctx, id)
	case "list":
		return r.list(ctx, id)
	}
	return r.control(ctx, op, id, w)
}

// control is the table of the operations of call control.
func (r *runner) control(ctx context.Context, op, id string, w []string) error {
	n := r.node
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch op {
	case "snoop":
		spy, whisper := option(w, "spy="), option(w, "whisper=")
		if spy == "" && whisper == "" {
			spy = string(ari.DirectionIn)
		}
		return n.Snoop(ctx, ari.SnoopRequest{
			Channel: id, SnoopID: r.id(arg(1)), Spy: ari.Direction(spy), Whisper: ari.Direction(whisper), AppArgs: "snoop",
		})
	case "listen":
		return n.AddListener(ctx, id, r.id(arg(1)))
	case "bridge-moh":
		return n.StartBridgeMOH(ctx, id, arg(1))
	case "stop-bridge-moh":
		return n.StopBridgeMOH(ctx, id)
	case "dtmf":
		return n.SendDTMF(ctx, id, arg(1))
	case "transfer":
		return n.TransferProgress(ctx, id, arg(1))
	case "hold":
		return n.Hold(ctx, id)
	case "unhold":
		return n.Unhold(ctx, id)
	case "mute":
		return n.Mute(ctx, id, ari.Direction(arg(1)))
	case "unmute":
		return n.Unmute(ctx, id, ari.Direction(arg(1)))
	case "lamp":
		return n.SetDeviceState(ctx, "Stasis:"+w[0], arg(1))
	case "value":
		got, err := n.Variable(ctx, id, arg(1))
		if err == nil && got != arg(2) {
			err = fmt.Errorf("%s is %q", arg(1), got)
		}
		return err
	}
	return errors.New("no such operation")
}

// option is the value behind NAME= among the words.
func option(words []string, name string) string {
	for _, w := range words {
		if v, ok := strings.CutPrefix(w, name); ok {
			return v
		}
	}
	return ""
}

func (r *runner) ids(names []string) []string {
	ids := make([]string, len(names))
	for i, n := range names {
		ids[i] = r.id(n)
	}
	return ids
}

// record takes max=DURATION, silence=DURATION and ends=KEY.
func (r *runner) record(ctx context.Context, id, name string, words []string) error {
	o := ari.RecordingOptions{Format: "wav"}
	for _, w := range words {
		key, val, _ := strings.Cut(w, "=")
		d, err := time.ParseDuration(val)
		switch {
		case key == "ends":
			o.Terminate = val
		case key == "max" && err == nil:
			o.MaxDuration = d
		case key == "silence" && err == nil:
			o.MaxSilence = d
		default:
			return fmt.Errorf("record takes max=DURATION, silence=DURATION and ends=KEY, not %q", w)
		}
	}
	return r.node.Record(ctx, ari.OnlyChannel(id), name, o)
}

// originate takes what to dial, and perhaps timeout=SECONDS, for=CHANNEL, ari-only (transfers by that phone are ours), auto
// (it is asked to answer by itself).
func (r *runner) originate(ctx context.Context, id string, w []string) error {
	req := ari.OriginateRequest{
		ChannelID: id, Endpoint: "PJSIP/" + w[1], AppArgs: "agent", CallerID: ari.FormatCallerID(ari.CallerID{Name: "Ann", Number: "4420"}),
		Variables: map[string]string{},
	}
	if s := option(w, "timeout="); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return err
		}
		req.Timeout = n
	}
	if s := option(w, "for="); s != "" {
		req.Originator = r.id(s)
	}
	if slices.Contains(w, "ari-only") {
		req.Variables["PJSIP_TRANSFER_HANDLING()"] = "ari-only"
	}
	if slices.Contains(w, "auto") {
		req.Variables["PJSIP_HEADER(add,Call-Info)"] = "<sip:ctid>;answer-after=0"
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
