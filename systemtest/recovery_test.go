package systemtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// crowd is a centre with callers who talk and callers who wait.
type crowd struct {
	r       *Rig
	phones  map[string]*phonetest.Phone
	talking []*phonetest.Dialog
	waiting []*phonetest.Dialog // in the order of their entry
}

// from is the number of the n-th caller.
func from(n int) string { return fmt.Sprintf("0207946%04d", n) }

func e164(number string) string { return "+44" + number[1:] }

// gather makes as many agents as shall talk, has them talk, and lets others wait.
func gather(ctx context.Context, t *testing.T, talk, wait int) *crowd {
	t.Helper()
	c := &crowd{r: Start(t, Options{Bin: program, PBX: asterisk, Agents: talk, Desk: "none", Script: QueueOnly}), phones: map[string]*phonetest.Phone{}}
	for _, a := range c.r.Agents() {
		c.phones[a] = c.r.Phone(a)
		c.phones[a].SetPolicy(phonetest.AnswerAfter(0))
	}
	c.r.Eventually("agents ready", func() error { return c.count("ready", talk) })
	for n := range talk + wait {
		call, err := c.r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(n)})
		if err != nil {
			t.Fatal(err)
		}
		if n < talk {
			c.talking = append(c.talking, call)
			c.r.Eventually("talk", func() error { return c.count("talking", n+1) })
			continue
		}
		c.waiting = append(c.waiting, call)
		c.r.Eventually("wait", func() error { return c.waits(n + 1 - talk) })
	}
	return c
}

func (c *crowd) count(state string, want int) error {
	if n := c.r.Metric(fmt.Sprintf(`ctid_agent_state{state=%q}`, state)); n != float64(want) {
		return fmt.Errorf("%v agents are %s, not %d", n, state, want)
	}
	return nil
}

func (c *crowd) waits(want int) error {
	if n := c.r.Metric(`ctid_queue_waiting{queue="sales"}`); n != float64(want) {
		return fmt.Errorf("%v wait, not %d", n, want)
	}
	return nil
}

// recovered says that everybody is where he was.
func (c *crowd) recovered() {
	c.r.T.Helper()
	c.r.Eventually("everybody back", func() error {
		return errors.Join(c.waits(len(c.waiting)), c.count("talking", len(c.talking)))
	})
}

// unheard is the longest time that a talker heard nothing since.
func (c *crowd) unheard(since time.Time) {
	c.r.T.Helper()
	for n, d := range c.talking {
		if gap := d.LargestGap(since, time.Time{}); gap > 100*time.Millisecond {
			c.r.T.Errorf("talker %d heard nothing for %v", n, gap)
		}
	}
}

// serve lets the talking callers hang up one after the other; each time the next waiting caller must be connected, in
// the order of entry. Then the others hang up.
func (c *crowd) serve(ctx context.Context) {
	t := c.r.T
	t.Helper()
	for n, next := range c.waiting {
		before := c.rings()
		over := c.talking[0]
		c.talking = append(c.talking[1:], next)
		if err := over.Hangup(ctx); err != nil {
			t.Error(err)
		}
		c.r.Eventually("the next caller", func() error {
			if got := c.rings(); got != before+1 {
				return fmt.Errorf("%d rings, not %d", got, before+1)
			}
			return nil
		})
		if got, want := c.lastFrom(), e164(from(n+len(c.phones))); got != want {
			t.Errorf("caller %s was connected, it was the turn of %s", got, want)
		}
		c.r.Eventually("the talk", func() error { return c.count("talking", len(c.phones)) })
	}
	for _, d := range c.talking {
		if err := d.Hangup(ctx); err != nil {
			t.Error(err)
		}
	}
}

// rings counts how often phones have rung.
func (c *crowd) rings() int {
	n := 0
	for _, p := range c.phones {
		n += len(p.Calls())
	}
	return n
}

func (c *crowd) lastFrom() string {
	var last *phonetest.Dialog
	for _, p := range c.phones {
		for _, d := range p.Calls() {
			if last == nil || d.Times().Invited.After(last.Times().Invited) {
				last = d
			}
		}
	}
	return last.From
}

// oneRecordEach says that n calls have exactly one record with an end each.
func oneRecordEach(t *testing.T, list []ctid.CallRecord, n int) {
	t.Helper()
	seen := map[ctid.Private]int{}
	for _, rec := range list {
		seen[rec.ANI.E164]++
		if rec.End == nil || rec.Outcome != "answered" || rec.End.Side != ctid.SideCaller {
			t.Errorf("record of %s: end %+v, outcome %s", rec.ANI.E164, rec.End, rec.Outcome)
		}
	}
	for i := range n {
		if got := seen[ctid.Private(e164(from(i)))]; got != 1 {
			t.Errorf("caller %d has %d records", i, got)
		}
	}
}

// A killed ctid comes back to the calls it had: talkers notice nothing, those who wait keep their places, each call has
// one record.
func TestRealKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := gather(ctx, t, 3, 5)
	cut := time.Now()
	c.r.Kill()
	c.r.Launch()
	c.recovered()
	c.unheard(cut)
	c.serve(ctx)
	c.r.Clean()
	oneRecordEach(t, c.r.Records(), 8)
}

// A frozen daemon is found and replaced: the next caller is in the fallback queue soon, and then all is as it was.
func TestRealFrozen(t *testing.T) {
	for name, freeze := range map[string]syscall.Signal{"stopped": syscall.SIGSTOP, "deadlock of the desk": syscall.SIGUSR1} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			c := gather(ctx, t, 2, 2)
			began := time.Now()
			if err := syscall.Kill(c.r.PID, freeze); err != nil {
				t.Fatal(err)
			}
			fallen := c.fallBack(ctx, began)
			c.recovered()
			back := time.Since(began)
			t.Logf("fallback after %v, back after %v", fallen.Round(time.Millisecond), back.Round(time.Millisecond))
			if fallen == 0 || fallen > 10*time.Second || back > 20*time.Second {
				t.Errorf("fallback after %v, back after %v", fallen, back)
			}
			c.unheard(began)
			c.serve(ctx)
			c.r.Clean()
		})
	}
}

// fallBack calls every 100 ms until the daemon is back, and returns when since the freeze the first of these callers was
// in the fallback queue. Those who came while the daemon stood still, but was still connected, are ctid's: they wait
// there once it is back. All of them hang up in the end.
func (c *crowd) fallBack(ctx context.Context, began time.Time) (fallen time.Duration) {
	t := c.r.T
	t.Helper()
	var calls []*phonetest.Dialog
	caller := c.r.Caller()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for up := false; !up || fallen == 0 && time.Since(began) < 10*time.Second; {
		<-tick.C
		call, err := caller.Dial(Number, phonetest.CallOptions{From: from(900 + len(calls))})
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call)
		if out, err := asterisk.CLI(ctx, "queue show ctid-fallback"); fallen == 0 && err == nil && strings.Contains(out, "PJSIP/carrier") {
			fallen = time.Since(began)
		}
		up = up || c.r.IsUp()
	}
	for _, d := range calls {
		if err := d.Hangup(ctx); err != nil {
			t.Error(err)
		}
	}
	return fallen
}
