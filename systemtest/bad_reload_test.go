package systemtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// reloadScript asks for a key; %s is where key 1 leads.
const reloadScript = `version: 1
prompts: {choose: Press one.}
nodes:
  ask:
    menu: {1: %s, prompt: choose, tries: 3, wait: 15s}
    then: {failed: hangup}
  line: {queue: {name: sales, at_most: 5m}, then: {otherwise: hangup}}
  bye: {hangup: busy}
`

// hup sends SIGHUP and waits until the log has one more line with the text.
func hup(r *Rig, text string) {
	r.T.Helper()
	before := strings.Count(r.Log(), text)
	r.Signal(syscall.SIGHUP)
	r.Eventually("reload", func() error {
		if strings.Count(r.Log(), text) == before {
			return fmt.Errorf("%q is not in the log:\n%s", text, r.Log())
		}
		return nil
	})
}

func (r *Rig) file(name string) string {
	b, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		r.T.Fatal(err)
	}
	return string(b)
}

// A bad reload changes nothing; a good one is in force for the next call, and the call in progress keeps its script.
func TestRealReload(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 1, Script: fmt.Sprintf(reloadScript, "line")})
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	call := func(number string) *phonetest.Dialog {
		t.Helper()
		d, err := r.Caller().Call(ctx, number, phonetest.CallOptions{From: "02079460018"})
		if err != nil {
			t.Fatal(number, err)
		}
		return d
	}
	inMenu := call(Number)
	waiting := call(Straight) // nobody's phone is registered
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 1)

	good, script := r.file("ctid.yaml"), r.file("ivr/main.yaml")
	for _, bad := range []struct{ name, yaml, script, say string }{
		{"yaml", strings.Replace(good, "site: test", "site: [test", 1), script, "ctid.yaml:2:"},
		{"dangling target", good, strings.Replace(script, "1: line", "1: nowhere", 1), "main.yaml:5:"},
		{"queue gone that is named", strings.Replace(good, "name: sales, label: Sales", "name: sold, label: Sales", 1), script, "sales"},
		{"script gone", strings.Replace(good, "script: main", "script: other", 1), script, "other"},
		{"secret gone", strings.Replace(good, "ari.secret", "nothing.secret", 1), script, "nothing.secret"},
	} {
		r.Write("ctid.yaml", bad.yaml)
		r.Write("ivr/main.yaml", bad.script)
		from := len(r.Log())
		hup(r, "reload failed, the old configuration stays in force")
		if said := r.Log()[from:]; !strings.Contains(said, bad.say) {
			t.Errorf("%s: %q is not in the log: %s", bad.name, bad.say, said)
		}
	}
	if code, body := r.Get(r.Web + "/readyz"); code != 200 {
		t.Errorf("readyz: %d %s", code, body)
	}

	yaml := with("  - {dnis: \"8002\"", "  - {dnis: \"8003\", label: New, queue: support}\n  - {dnis: \"8002\"", "label: Sales, ring: 5s", "label: Sales, ring: 1s",
		"- {name: a1001, queues: [sales, support]", "- {name: a1002, queues: [support], desk: none, device: {endpoint: PJSIP/1002}}\n  - {name: a1001, queues: [sales]")(good)
	r.Write("ctid.yaml", yaml)
	r.Write("ivr/main.yaml", fmt.Sprintf(reloadScript, "bye"))
	hup(r, "reloaded")
	if err := inMenu.SendDTMF(ctx, "1"); err != nil { // in the script that the call began with, 1 is the queue
		t.Fatal(err)
	}
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 2)
	later := call(Number)
	_ = later.SendDTMF(ctx, "1") // the call may be over before the key is let go
	if _, err := later.AwaitEnd(ctx); err != nil {
		t.Fatal("the new script is not in force:", err)
	}
	talk(t, r, r.Phone("1002"), "8003")

	phone := r.Phone("1001") // rung for the new time, and not answered
	phone.SetPolicy(phonetest.Ring())
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.AwaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
	if rang := ring.Times().Ended.Sub(ring.Times().Invited); rang < 900*time.Millisecond || rang > 2*time.Second {
		t.Errorf("it rang for %v, want 1 s", rang)
	}
	for _, d := range []*phonetest.Dialog{waiting, inMenu} {
		select {
		case <-d.Ended():
			t.Error("a waiting call was dropped")
		default:
		}
	}
	if err := errors.Join(waiting.Hangup(ctx), inMenu.Hangup(ctx)); err != nil {
		t.Error(err)
	}
	r.Clean()
}

// A queue that goes: who waits in it is served by the agents it had, who comes later goes the script's other way.
func TestRealQueueRemoved(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 1, Script: strings.Replace(fmt.Sprintf(reloadScript, "line"), "otherwise: hangup}\n  bye", "otherwise: bye}\n  bye", 1)})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	calls := make([]*phonetest.Dialog, 2)
	for i := range calls {
		d, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: "02079460018"})
		if err != nil {
			t.Fatal(err)
		}
		calls[i] = d
	}
	if err := calls[0].SendDTMF(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 1)
	yaml := with("  - {name: sales, label: Sales, ring: 5s, short_talk: 0s}\n", "", "[sales, support]", "[support]", "queue: sales}", "queue: support}")(r.file("ctid.yaml"))
	r.Write("ctid.yaml", yaml)
	r.Write("ivr/main.yaml", strings.Replace(r.file("ivr/main.yaml"), "name: sales", "name: support", 1))
	hup(r, "reloaded")
	_ = calls[1].SendDTMF(ctx, "1") // its script still names the queue; the call may be over before the key is let go
	if _, err := calls[1].AwaitEnd(ctx); err != nil {
		t.Error("the caller waits in a queue that is gone:", err)
	}
	ring, err := r.Phone("1001").AwaitCall(ctx)
	if err != nil {
		t.Fatal("nobody serves who waited already:", err)
	}
	if err := errors.Join(ring.AwaitAnswer(ctx), ring.AwaitAudio(ctx, 100*time.Millisecond), calls[0].Hangup(ctx)); err != nil {
		t.Error(err)
	}
	r.Clean()
	exits := map[ctid.QueueExit]int{}
	for _, rec := range r.Records() {
		for _, q := range rec.Queues {
			exits[q.Exit]++
		}
	}
	if exits[ctid.ExitAnswered] != 1 || exits[ctid.ExitClosed] != 1 || len(exits) != 2 {
		t.Errorf("exits: %v", exits)
	}
}
