package systemtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// A phone that says 302 decides nothing: what Asterisk dials for it, past every dialplan, is hung up before anybody
// answers, and the caller goes to the next agent.
func TestRealForwardIsNotFollowed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: QueueOnly})
	carrier := r.Phone("carrier")
	carrier.SetPolicy(phonetest.AnswerAfter(2 * time.Second))
	ana, ben := r.Phone("1001"), r.Phone("1002")
	ana.SetPolicy(phonetest.RedirectAfter(100*time.Millisecond, "PJSIP%2F4930888%40carrier"))
	ben.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	a, b := r.Desk("1001"), r.Desk("1002")
	a.Ready()
	out, err := r.Caller().Dial(Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	if in, err := carrier.AwaitCall(ctx); err != nil {
		t.Error("Asterisk no longer follows a dial string: ", err)
	} else if end, err := in.AwaitEnd(ctx); err != nil || end.By != "peer" || !in.Times().Answered.IsZero() {
		t.Errorf("the carrier's call ended by %v, %v, answered at %v", end, err, in.Times().Answered)
	}
	f, _ := a.Event(0, "call.diverted")
	var d ctid.CallDiverted
	if err := json.Unmarshal(f.Data, &d); err != nil || d.Why != "rejected" {
		t.Errorf("diverted because %q, %v", d.Why, err)
	}
	ana.SetPolicy(phonetest.RedirectAfter(100*time.Millisecond, "1002"))
	b.Ready()
	leg, err := ben.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := leg.AwaitAnswer(ctx); err != nil {
		t.Error(err)
	}
	b.Event(0, "call.established")
	if err := out.Hangup(ctx); err != nil {
		t.Error(err)
	}
	r.Clean()
	list := r.Records()
	if len(list) != 1 || list[0].Outcome != "answered" || list[0].Agents[0].Agent != "a1002" {
		t.Errorf("records: %+v", list)
	}
}

// A phone that answers by itself is gone without a word in mid-call, and registers again: its agent has his caller again.
func TestRealRescue(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Script: QueueOnly, Device: "auto"})
	first := r.Phone("1001")
	first.SetTone(anaTone)
	first.SetPolicy(phonetest.AutoAnswer())
	a := r.Desk("1001")
	a.Ready()
	line := r.Caller()
	line.SetTone(callerTone)
	out, err := line.Dial(Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	c := &controlled{r: r, ctx: ctx, ana: a, anaP: first, caller: out}
	f, _ := a.Event(0, "pop.offered")
	c.call = f.Call
	a.Event(0, "call.delivered")
	c.do(a, "call.answer", nil)
	leg := c.leg(first)
	c.together(out, callerTone, leg, anaTone)
	first.Vanish()
	again := r.Phone("1001")
	again.SetTone(benTone)
	again.SetPolicy(phonetest.AutoAnswer())
	lost := time.Now()
	leg = c.leg(again)
	c.together(out, callerTone, leg, benTone)
	t.Logf("they hear each other %v after the phone was lost", time.Since(lost).Truncate(10*time.Millisecond))
	if f, _ := a.Event(0, "call.retrieved"); !strings.Contains(string(f.Data), `"rescued"`) {
		t.Errorf("retrieved: %s", f.Data)
	}
	rec := c.record()
	c.wantParts(rec, "a1001")
	if rec.Outcome != "answered" || len(rec.Agents) != 1 {
		t.Errorf("record: %+v", rec)
	}
}
