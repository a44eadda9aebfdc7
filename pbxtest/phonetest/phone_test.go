package phonetest_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// dialplan lets callers reach the phones without ctid: 7xxx rings 1xxx.
const dialplan = `
[ctid-in]
exten => 9000,1,Answer()
 same => n,Echo()
exten => _7XXX,1,Dial(PJSIP/1${EXTEN:1},30)
 same => n,Hangup(${HANGUPCAUSE})
exten => 9100,1,Progress()
 same => n,Playtones(1000/60000)
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(30)
[ctid-phones]
exten => 9000,1,Goto(ctid-in,9000,1)
exten => _7XXX,1,Goto(ctid-in,${EXTEN},1)
`

var asterisk *pbxtest.PBX

func TestMain(m *testing.M) {
	os.Exit(pbxtest.Main(m, pbxtest.Config{Dialplan: dialplan, FallbackMembers: []int{1009}}, func(p *pbxtest.PBX) { asterisk = p }))
}

// phone makes a registered phone, or an unregistered caller when user is empty.
func phone(t *testing.T, user string) *phonetest.Phone {
	t.Helper()
	p, err := phonetest.New(phonetest.Config{User: user, Password: asterisk.PhonePassword(), Server: asterisk.SIPAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close phone %q: %v", user, err)
		}
	})
	if user != "" {
		if err := p.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func limit(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// call has a caller ring an agent's phone and returns both ends, answered.
func call(t *testing.T, caller, agent *phonetest.Phone, number string) (out, in *phonetest.Dialog) {
	t.Helper()
	ctx := limit(t, 10*time.Second)
	out, err := caller.Call(ctx, number, phonetest.CallOptions{From: "4930123456", Name: "Ada Lovelace"})
	ok(t, err)
	in, err = agent.AwaitCall(ctx)
	ok(t, err)
	// audio that gets through proves the bridge: a hold sent earlier is lost
	ok(t, in.AwaitAnswer(ctx), in.AwaitAudio(ctx, 40*time.Millisecond), out.AwaitAudio(ctx, 40*time.Millisecond))
	return out, in
}

func TestEcho(t *testing.T) {
	ctx := limit(t, 15*time.Second)
	for _, user := range []string{"", "1001"} {
		d, err := phone(t, user).Call(ctx, "9000", phonetest.CallOptions{From: user})
		ok(t, err)
		heard := make(chan error, 1)
		go func() { heard <- d.AwaitTone(ctx, 440) }()
		ok(t, d.PlayTone(ctx, 440, time.Second), <-heard)
		if gap := d.LargestGap(d.Times().Answered.Add(200*time.Millisecond), time.Time{}); gap > 200*time.Millisecond {
			t.Errorf("largest gap in the audio %s", gap)
		}
		ok(t, d.Hangup(ctx))
		if e := d.End(); e.By != "us" {
			t.Errorf("end %+v, want by us", e)
		}
	}
}

func TestPhoneToPhone(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	agent, caller := phone(t, "1002"), phone(t, "")
	agent.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))
	out, in := call(t, caller, agent, "7002")
	if in.From != "4930123456" || in.Name != "Ada Lovelace" || in.To != "1002" {
		t.Errorf("INVITE from %q %q to %q", in.From, in.Name, in.To)
	}
	ti, to := in.Times(), out.Times()
	if ti.Answered.Sub(ti.Invited) < 200*time.Millisecond || to.Ringing.IsZero() || ti.Invited.Before(to.Invited) {
		t.Errorf("times in %+v, out %+v", ti, to)
	}
	for _, way := range []struct{ from, to *phonetest.Dialog }{{in, out}, {out, in}} {
		heard := make(chan error, 1)
		go func() { heard <- way.to.AwaitTone(ctx, 800) }()
		ok(t, way.from.PlayTone(ctx, 800, time.Second), <-heard)
	}
	ok(t, out.Hangup(ctx))
	end, err := in.AwaitEnd(ctx)
	ok(t, err)
	if end.By != "peer" || end.Cause != 16 {
		t.Errorf("the called side saw %+v, want a BYE with cause 16", end)
	}
	ok(t, asterisk.AwaitIdle(ctx))
}

func TestKeysArriveOnceEach(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	out, in := call(t, phone(t, ""), phone(t, "1003"), "7003")
	const keys = "1234567890*#55"
	played, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- out.PlayTone(played, 500, 15*time.Second) }() // speech does not disturb keys
	ok(t, out.SendDTMF(ctx, keys), in.AwaitKeys(ctx, keys), in.SendDTMF(ctx, "7"), out.AwaitKeys(ctx, "7"))
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("play ended with %v", err)
	}
}

func TestHold(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	out, in := call(t, phone(t, ""), phone(t, "1004"), "7004")
	for range 2 {
		ok(t, in.Hold(ctx), out.AwaitTone(ctx, pbxtest.HoldMusicLow), in.Unhold(ctx))
		heard := make(chan error, 1)
		go func() { heard <- in.AwaitTone(ctx, 600) }()
		ok(t, out.PlayTone(ctx, 600, time.Second), <-heard)
	}
}

func TestHoldByCaller(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	out, in := call(t, phone(t, ""), phone(t, "1004"), "7004")
	ok(t, out.Hold(ctx), in.AwaitTone(ctx, pbxtest.HoldMusicHigh), out.Unhold(ctx))
}

func TestReject(t *testing.T) {
	agent, caller := phone(t, "1005"), phone(t, "")
	for _, code := range []int{486, 603} {
		agent.SetPolicy(phonetest.RejectAfter(0, code))
		ctx := limit(t, 10*time.Second)
		_, err := caller.Call(ctx, "7005", phonetest.CallOptions{From: "100200"})
		var refused *phonetest.Refused
		if !errors.As(err, &refused) || refused.Code < 400 {
			t.Errorf("caller of a phone that says %d got %v", code, err)
		}
		in, err := agent.AwaitCall(ctx)
		ok(t, err)
		if end, err := in.AwaitEnd(ctx); err != nil || end.By != "us" || end.Code != code {
			t.Errorf("end %+v, %v", end, err)
		}
	}
}

func TestCancelWhileRinging(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	agent, caller := phone(t, "1006"), phone(t, "")
	agent.SetPolicy(phonetest.Ring())
	out, err := caller.Dial("7006", phonetest.CallOptions{From: "100200"})
	ok(t, err)
	in, err := agent.AwaitCall(ctx)
	ok(t, err)
	ok(t, out.Hangup(ctx))
	end, err := in.AwaitEnd(ctx)
	ok(t, err)
	if end.By != "peer" || !in.Times().Answered.IsZero() {
		t.Errorf("end %+v, times %+v", end, in.Times())
	}
	ok(t, asterisk.AwaitIdle(ctx))
}

func TestIgnoreAndAnswerByHand(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	agent, caller := phone(t, "1007"), phone(t, "")
	agent.SetPolicy(phonetest.Ignore())
	out, err := caller.Dial("7007", phonetest.CallOptions{From: "100200"})
	ok(t, err)
	in, err := agent.AwaitCall(ctx)
	ok(t, err)
	if !in.Times().Ringing.IsZero() {
		t.Error("an ignored call rang")
	}
	ok(t, in.Answer(ctx), out.AwaitAnswer(ctx), in.Hangup(ctx))
	end, err := out.AwaitEnd(ctx)
	ok(t, err)
	if end.By != "peer" {
		t.Errorf("end %+v, want by peer", end)
	}
}

func TestEarlyMedia(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	d, err := phone(t, "").Dial("9100", phonetest.CallOptions{From: "100200"})
	ok(t, err)
	ok(t, d.AwaitTone(ctx, 1000))
	if !d.Times().Answered.IsZero() {
		t.Error("the tone was heard only after the answer")
	}
	ok(t, d.AwaitAnswer(ctx), d.Hangup(ctx))
}

// With no ctid connected, Stasis fails and the shipped dialplan queues the caller.
func TestFallbackQueueRings(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	out, in := call(t, phone(t, ""), phone(t, "1009"), "+49305550100")
	if in.From != "4930123456" {
		t.Errorf("the queue's member was called from %q", in.From)
	}
	heard := make(chan error, 1)
	go func() { heard <- out.AwaitTone(ctx, 700) }()
	ok(t, in.PlayTone(ctx, 700, time.Second), <-heard)
}

// An agent's own call has no way round ctid: without it there is congestion.
func TestAgentsDialNothingWithoutCtid(t *testing.T) {
	_, err := phone(t, "1008").Call(limit(t, 10*time.Second), "3002", phonetest.CallOptions{})
	var refused *phonetest.Refused
	if !errors.As(err, &refused) || refused.Code != 503 {
		t.Errorf("got %v, want 503", err)
	}
}

func TestNumbersThatAreNoDigitsAreRefused(t *testing.T) {
	caller := phone(t, "")
	for _, number := range []string{"1&Local", "9000;x", "12a", "%24%7BEXTEN%7D", "1234567890123456"} {
		_, err := caller.Call(limit(t, 10*time.Second), number, phonetest.CallOptions{From: "100200"})
		var refused *phonetest.Refused
		if !errors.As(err, &refused) || refused.Code != 404 {
			t.Errorf("%q: got %v, want 404", number, err)
		}
	}
}

func TestUnregister(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	agent, caller := phone(t, "1010"), phone(t, "")
	ok(t, agent.Unregister(ctx))
	if _, err := caller.Call(ctx, "7010", phonetest.CallOptions{From: "100200"}); err == nil {
		t.Error("a phone that had unregistered was reached")
	}
	if n := len(agent.Calls()); n != 0 {
		t.Errorf("it saw %d calls", n)
	}
}

// A call that is over can be forgotten; one that lasts can't, and the next call is still the next.
func TestForget(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	agent := phone(t, "1001")
	out, in := call(t, phone(t, ""), agent, "7001")
	agent.Forget(in)
	if n := len(agent.Calls()); n != 1 {
		t.Errorf("a call that lasts was forgotten: %d calls", n)
	}
	ok(t, out.Hangup(ctx))
	_, err := in.AwaitEnd(ctx)
	ok(t, err)
	agent.Forget(in)
	if n := len(agent.Calls()); n != 0 {
		t.Errorf("%d calls, want none", n)
	}
	_, second := call(t, phone(t, ""), agent, "7001")
	if second == in || len(agent.Calls()) != 1 {
		t.Error("the second call is not the next one")
	}
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	agent, err := phonetest.New(phonetest.Config{User: "1001", Password: asterisk.PhonePassword(), Server: asterisk.SIPAddr()})
	ok(t, err)
	ok(t, agent.Register(t.Context()))
	caller, err := phonetest.New(phonetest.Config{Server: asterisk.SIPAddr()})
	ok(t, err)
	_, in := call(t, caller, agent, "7001")
	if _, err := caller.Dial("7001", phonetest.CallOptions{From: "100300"}); err != nil {
		t.Fatal(err)
	}
	ok(t, caller.Close(), agent.Close())
	if in.End().By == "" {
		t.Error("the call did not end")
	}
	goleak.VerifyNone(t, before)
}

// Two phones that hum hear each other, and themselves not; a phone that vanishes says no BYE and is heard no more.
func TestHummingTellsWhoHearsWhom(t *testing.T) {
	ctx := limit(t, 20*time.Second)
	caller, agent := phone(t, ""), phone(t, "1003")
	caller.SetTone(550)
	out, in := call(t, caller, agent, "7003")
	agent.SetTone(625)
	ok(t, out.AwaitHears(ctx, 625), in.AwaitHears(ctx, 550))
	if out.Hears(550) || in.Hears(625) {
		t.Error("a phone hears itself")
	}
	ok(t, in.Hold(ctx), out.AwaitDeaf(ctx, 625), in.Unhold(ctx), out.AwaitHears(ctx, 625))
	agent.Vanish()
	ok(t, out.AwaitDeaf(ctx, 625))
	select {
	case <-out.Ended():
		t.Error("a phone that vanished has ended its call")
	default:
	}
	ok(t, out.Hangup(ctx), asterisk.AwaitIdle(ctx))
}

// Without an application the PBX itself carries out what a phone asks for.
func TestReferBlindAndAttended(t *testing.T) {
	ctx := limit(t, 30*time.Second)
	caller, agent, target := phone(t, ""), phone(t, "1004"), phone(t, "1005")
	caller.SetTone(550)
	target.SetTone(700)
	out, in := call(t, caller, agent, "7004")
	ok(t, in.Refer(ctx, "7005"), in.AwaitNotified(ctx, 200))
	to, err := target.AwaitCall(ctx)
	ok(t, err)
	ok(t, to.AwaitHears(ctx, 550), out.AwaitHears(ctx, 700), out.Hangup(ctx), asterisk.AwaitIdle(ctx))

	out, in = call(t, caller, agent, "7004")
	consult, err := agent.Call(ctx, "7005", phonetest.CallOptions{})
	ok(t, err)
	to, err = target.AwaitCall(ctx)
	ok(t, err)
	ok(t, to.AwaitAnswer(ctx), in.ReferTo(ctx, consult), in.AwaitNotified(ctx, 200))
	ok(t, to.AwaitHears(ctx, 550), out.Hangup(ctx), asterisk.AwaitIdle(ctx))
}
