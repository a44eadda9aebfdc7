package systemtest

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

func dial(ctx context.Context, t *testing.T, r *Rig, number string) *phonetest.Dialog {
	t.Helper()
	d, err := r.Caller().Call(ctx, number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(number, err)
	}
	return d
}

func alive(t *testing.T, what string, d *phonetest.Dialog) {
	t.Helper()
	select {
	case <-d.Ended():
		t.Errorf("%s: the call was dropped: %+v", what, d.End())
	default:
	}
}

// Two ctid on one application: the later has it, the earlier gives it up and says so. Who waits goes on waiting with the
// later one, who talks goes on talking, and there is no fight.
func TestRealTwoOnOneApp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	doors := [2]*door{newDoor(t, asterisk.HTTPAddr()), newDoor(t, asterisk.HTTPAddr())}
	var rigs [2]*Rig
	for i, d := range doors {
		d.open()
		rigs[i] = Prepare(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 2, Script: QueueOnly, Change: with(asterisk.HTTPAddr(), d.addr)})
	}
	first, second := rigs[0], rigs[1]
	first.Launch()
	phone := first.Phone("1001")
	talking := dial(ctx, t, first, Number)
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.AwaitAnswer(ctx); err != nil {
		t.Fatal(err)
	}
	awaitMetric(first, `ctid_agent_state{state="talking"}`, 1)
	waiting := dial(ctx, t, first, Number)
	awaitMetric(first, `ctid_queue_waiting{queue="sales"}`, 1)

	second.Launch()
	awaitReadyz(first, 503, "asterisk pbx: taken: another ctid took the app")
	awaitLog(first, "another ctid took the app")
	awaitMetric(second, `ctid_queue_waiting{queue="sales"}`, 1)
	awaitMetric(first, "ctid_calls", 0)
	alive(t, "waiting", waiting)
	alive(t, "talking", talking)
	go func() { _ = ring.PlayTone(ctx, 1100, 3*time.Second) }()
	if err := talking.AwaitTone(ctx, 1100); err != nil {
		t.Error("the conversation was cut:", err)
	}
	other := second.Phone("1002")
	served, err := other.AwaitCall(ctx)
	if err != nil {
		t.Fatal("nobody serves the caller who waited:", err)
	}
	if err := errors.Join(served.AwaitAnswer(ctx), served.AwaitAudio(ctx, 100*time.Millisecond)); err != nil {
		t.Error(err)
	}
	_, apps := doors[0].count()
	_, apps2 := doors[1].count()
	<-time.After(5 * time.Second) // in which there could be a fight
	if _, n := doors[0].count(); n != apps || n != 1 {
		t.Errorf("the first connected %d times", n)
	}
	if _, n := doors[1].count(); n != apps2 || n != 1 {
		t.Errorf("the second connected %d times", n)
	}
	alive(t, "served", waiting)
	if err := talking.Hangup(ctx); err != nil { // neither of the two has made a record of its end; its leg must go all the same
		t.Error(err)
	}
	if _, err := ring.AwaitEnd(ctx); err != nil {
		t.Error("the agent is left in a dead conversation:", err)
	}
	if err := waiting.Hangup(ctx); err != nil {
		t.Error(err)
	}
	second.Clean()
	for _, rec := range first.Records() {
		if rec.End == nil || rec.End.Reason != "app_taken" {
			t.Errorf("record of the first: %+v", rec.End)
		}
	}
	if n := len(second.Records()); n != 1 {
		t.Errorf("%d records of the second", n)
	}
}

// A drain sends who waits to the fallback queue, lets talkers talk, and ends with 0; a killed ctid sends new calls there.
func TestRealDrain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Desk: "none", Agents: 1, Script: QueueOnly})
	fallback := r.Phone(fallbackAgent)
	phone := r.Phone("1001")
	talking := dial(ctx, t, r, Number)
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.AwaitAnswer(ctx); err != nil {
		t.Fatal(err)
	}
	awaitMetric(r, `ctid_agent_state{state="talking"}`, 1)
	waiting := dial(ctx, t, r, Number)
	awaitMetric(r, `ctid_queue_waiting{queue="sales"}`, 1)

	r.Signal(syscall.SIGTERM)
	takes := func(what string, d *phonetest.Dialog) {
		t.Helper()
		in, err := fallback.AwaitCall(ctx)
		if err != nil {
			t.Fatal(what, err)
		}
		if err := errors.Join(in.AwaitAnswer(ctx), d.AwaitAudio(ctx, 100*time.Millisecond), d.Hangup(ctx)); err != nil {
			t.Error(what, err)
		}
		if _, err := in.AwaitEnd(ctx); err != nil {
			t.Error(what, err)
		}
	}
	takes("waiting", waiting)
	awaitReadyz(r, 503, "draining")
	takes("new", dial(ctx, t, r, Number))
	alive(t, "talking", talking)
	go func() { _ = ring.PlayTone(ctx, 1100, 3*time.Second) }()
	if err := talking.AwaitTone(ctx, 1100); err != nil {
		t.Error("the conversation was cut:", err)
	}
	if err := talking.Hangup(ctx); err != nil {
		t.Error(err)
	}
	select {
	case <-r.exited:
		if r.exit != nil {
			t.Errorf("it ended with %v\n%s", r.exit, r.Log())
		}
	case <-ctx.Done():
		t.Fatalf("it does not end\n%s", r.Log())
	}
	ends := map[string]int{}
	for _, rec := range r.Records() {
		if rec.End == nil {
			t.Errorf("a record without an end: %+v", rec)
			continue
		}
		ends[rec.Outcome+"/"+rec.End.Reason]++
	}
	if ends["fallback/drained"] != 1 || ends["answered/hangup"] != 1 || len(ends) != 2 {
		t.Errorf("ends: %v", ends)
	}

	r.Launch() // after a drain it starts as ever
	d := dial(ctx, t, r, Number)
	awaitMetric(r, `ctid_agent_state{state="talking"}`, 1)
	if err := d.Hangup(ctx); err != nil {
		t.Error(err)
	}
	r.Clean()
	r.Signal(syscall.SIGKILL)
	<-r.exited
	takes("killed", dial(ctx, t, r, Number))
	if err := asterisk.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
}
