package acd

import (
	"fmt"
	"testing"
	"time"

	"ctid"
)

// oneBusyAgent is a queue of one agent, who has had callers without a break, each for a minute; c10, c11 and c12 wait.
func oneBusyAgent(t *testing.T) *scene {
	t.Helper()
	x := newScene(t, "", false)
	x.after(0, AgentPause{Agent: "ben", Reason: "lunch"})
	x.after(0, AgentPause{Agent: "cleo", Reason: "lunch"})
	for i := range 12 {
		x.after(time.Millisecond, Enqueue{Task: ctid.TaskID(fmt.Sprintf("c%d", i+1)), Queue: "sales", Priority: -1})
	}
	for i := range 9 {
		o := x.ringing()[0]
		x.after(0, OfferUp{o.Offer})
		if e, ok := x.s.Estimate("c12"); !ok || e.Said != (i >= enoughIntervals) {
			t.Fatalf("after %d answers the estimate is %+v", i+1, e)
		}
		if i < 8 {
			x.after(time.Minute, WorkEnded{Agent: "ana", Task: o.Task, NoWrap: true})
			x.after(0, LegGone{"ana", o.Offer})
		}
	}
	return x
}

func near(t *testing.T, what string, got time.Duration, seconds float64) {
	t.Helper()
	if r := got.Seconds() / seconds; r < 0.93 || r > 1.07 {
		t.Errorf("%s is %v, not %.1f s", what, got, seconds)
	}
}

// The band of the k-th in a queue that answers one caller a minute is that of a gamma distribution of shape k: 10 % and 90 % of it (from tables).
func TestEstimateBand(t *testing.T) {
	x := oneBusyAgent(t)
	for _, c := range []struct {
		task           ctid.TaskID
		low, mid, high float64
	}{{"c10", 6.32, 60, 138.2}, {"c11", 31.9, 120, 233.4}, {"c12", 66.1, 180, 319.3}} {
		e, ok := x.s.Estimate(c.task)
		if !ok || !e.Said {
			t.Fatalf("of %s it says %+v", c.task, e)
		}
		near(t, "low of "+string(c.task), e.Low, c.low)
		near(t, "middle of "+string(c.task), e.Mid, c.mid)
		near(t, "high of "+string(c.task), e.High, c.high)
	}
}

// Who comes back after a restart is told what is left of his wait, and that is what it is held against.
func TestEstimateAfterRestart(t *testing.T) {
	x := oneBusyAgent(t)
	long := x.now.Add(-time.Hour)
	x.after(time.Second, Restarted{})
	x.after(0, Enqueue{Task: "c12", Queue: "sales", Priority: -1, Entered: long, Again: true})
	x.after(time.Minute, WorkEnded{Agent: "ana", Task: "c9", NoWrap: true})
	x.after(0, OfferUp{x.ringing()[0].Offer})
	if who := x.took("c12"); len(who) != 1 {
		t.Fatalf("c12 is with %v", who)
	}
	if c := x.s.Figures("sales", x.now).Calibration; c != (Calibration{Outcomes: 1, Inside: 1}) {
		t.Errorf("an estimate of about a minute, and a minute, are %+v", c)
	}
}

// Where estimates were wrong too often, nothing is told.
func TestEstimateIsSilent(t *testing.T) {
	q := &queue{speed: speed{Mean: 60, Count: enoughIntervals, Outcomes: 16, Hits: 0b1_1111_1111}}
	v := &q.speed
	if q.proven(time.Time{}) {
		t.Error("9 of 16 inside is good enough")
	}
	v.Hits = 0b11_1111_1111
	if !q.proven(time.Time{}) {
		t.Error("10 of 16 inside is not good enough")
	}
	v.Outcomes, v.Hits = 15, 0
	if !q.proven(time.Time{}) {
		t.Error("15 outcomes are enough to judge by")
	}
}

// Somebody is free, but not for the one who asks: he is not told that it is his turn.
func TestEstimateOfOneWhoWaitsForOneAgent(t *testing.T) {
	x := newScene(t, "", false)
	x.after(0, AgentPause{Agent: "ana", Reason: "lunch"})
	x.after(time.Second, Enqueue{Task: "c1", Queue: "sales", Priority: -1, Prefer: "ana", PreferFor: time.Minute})
	if e, ok := x.s.Estimate("c1"); !ok || e.Said {
		t.Errorf("while he waits for ana alone he is told %+v", e)
	}
	if f := x.s.Figures("sales", x.now); !f.Estimate.Said || f.Estimate.High != 0 {
		t.Errorf("who comes now would be told %+v", f.Estimate)
	}
}

// divert_wait goes by the estimate, before anybody has waited so long, and a callback from yesterday diverts nobody.
func TestDivertByEstimate(t *testing.T) {
	x := oneBusyAgent(t)
	q := x.s.queues["sales"]
	for _, id := range []ctid.TaskID{"c10", "c11", "c12"} {
		x.after(0, TaskGone{id})
	}
	q.cfg.DivertWait = 30 * time.Second
	if why := x.s.refusal(q); why != ctid.ExitDiverted {
		t.Errorf("with a minute to be expected it says %q", why)
	}
	q.cfg.DivertWait = 90 * time.Second
	if why := x.s.refusal(q); why != "" {
		t.Errorf("with less to be expected than is allowed it says %q", why)
	}
	x = newScene(t, "", false)
	for _, id := range crew {
		x.after(0, AgentPause{Agent: id, Reason: "lunch"})
	}
	q = x.s.queues["sales"]
	q.cfg.DivertWait = time.Minute
	x.after(time.Second, Enqueue{Task: "cb", Queue: "sales", Priority: -1, Entered: x.now.Add(-20 * time.Hour), Callback: true, Again: true})
	if why := x.s.refusal(q); why != "" {
		t.Errorf("beside a callback alone it says %q", why)
	}
	if f := x.s.Figures("sales", x.now); f.Waiting != 1 || f.Longest != 0 {
		t.Errorf("of a callback alone the figures are %+v", f)
	}
}
