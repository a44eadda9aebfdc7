package systemtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
	"ctid/ws/wsclient"
)

// What users of other call centres complain of (docs/complaints.md), where app_queue has the fault: the same scenario is played on
// app_queue and on ctid, and looked at by the same eyes. Should app_queue mend a fault one day, its test says so.

// likeFallback are the options of the shipped fallback queue, so that app_queue is not made worse than it can be.
const likeFallback = "autofill=yes\nretry=1\nringinuse=no\njoinempty=yes\nleavewhenempty=no\nmusicclass=default\n"

// appQueues starts an Asterisk of its own with these queues. Callers reach the n-th of the names by 9101 + n; dialplan is
// what it has besides.
func appQueues(t *testing.T, queues, dialplan string, names ...string) *Rig {
	t.Helper()
	var in strings.Builder
	in.WriteString("[ctid-in]\n")
	for n, name := range names {
		fmt.Fprintf(&in, "exten => %s,1,Answer()\n same => n,Queue(%s)\n same => n,Hangup()\n", appNumber(n), name)
	}
	p, err := pbxtest.Start(t.Context(), pbxtest.Config{Agents: 2, Extra: map[string]string{"queues.conf": queues}, Dialplan: in.String() + dialplan})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &Rig{T: t, PBX: p}
}

func appNumber(n int) string { return fmt.Sprint(9101 + n) }

// free waits until so many members of a queue are free.
func (r *Rig) free(ctx context.Context, queue string, want int) {
	r.T.Helper()
	r.Eventually("members of "+queue, func() error {
		out, err := r.PBX.CLI(ctx, "queue show "+queue)
		if err == nil && strings.Count(out, "(Not in use)") != want {
			err = fmt.Errorf("not %d of them are free:\n%s", want, out)
		}
		return err
	})
}

// faulty fails unless app_queue shows the fault.
func faulty(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("app_queue of Asterisk no longer has this fault: docs/complaints.md says that it has")
		return
	}
	t.Log("app_queue:", err)
}

// One of two agents is absent: his phone rings, and nobody takes it. He is the better one by rank (penalty). On app_queue every
// attempt begins with him again, and the other one's phone never rings; on ctid it does when the first ring time is over.
func TestRealComplaintAbsentAgentBlocks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	site := appQueues(t, "[blocked]\nstrategy=leastrecent\ntimeout=2\n"+likeFallback+"member => PJSIP/1001,0\nmember => PJSIP/1002,1\n", "", "blocked")
	absent, there := site.Phone("1001"), site.Phone("1002")
	absent.SetPolicy(phonetest.Ring())
	there.SetPolicy(phonetest.AnswerAfter(0))
	site.free(ctx, "blocked", 2)
	served := func(number string) (rings int, err error) {
		before := len(absent.Calls())
		call, err := site.Caller().Dial(number, phonetest.CallOptions{From: "02079460018"})
		if err != nil {
			t.Fatal(err)
		}
		within, stop := context.WithTimeout(ctx, 8*time.Second)
		defer stop()
		in, err := there.AwaitCall(within)
		if err == nil {
			err = in.AwaitAnswer(within)
		}
		rings = len(absent.Calls()) - before
		if err != nil {
			err = fmt.Errorf("a caller waited for 8 s, the absent agent's phone rang %d times: %w", rings, err)
		}
		return rings, errors.Join(err, hungUp(ctx, call))
	}
	rings, err := served(appNumber(0))
	faulty(t, err)
	if rings < 2 {
		t.Errorf("the absent agent's phone rang %d times on app_queue: that is not the fault", rings)
	}
	r := Start(t, Options{Bin: program, PBX: site.PBX, Desk: "none", Script: QueueOnly, Change: with("label: Sales, ring: 5s", "label: Sales, ring: 2s",
		"a1001, queues: [sales, ", "a1001, queues: [{name: sales, rank: 1}, ", "a1002, queues: [sales, ", "a1002, queues: [{name: sales, rank: 2}, ")})
	r.Eventually("both ready", func() error { return (&crowd{r: r}).count("ready", 2) })
	if rings, err := served(Number); err != nil || rings != 1 {
		t.Errorf("ctid: the absent agent's phone rang %d times; %v", rings, err)
	}
	r.Clean()
}

// hungUp ends a call however far it got.
func hungUp(ctx context.Context, calls ...*phonetest.Dialog) error {
	var errs []error
	for _, d := range calls {
		errs = append(errs, d.Hangup(ctx))
	}
	return errors.Join(errs...)
}

// wrapTime is the wrap-up of the queues. app_queue counts whole seconds, so that it may be one less there.
const wrapTime = 4 * time.Second

// rested says whether an agent was left his wrap-up between the end of a call and the next one.
func rested(over, next time.Time) error {
	if gap := next.Sub(over); gap < wrapTime-time.Second {
		return fmt.Errorf("the phone rang again after %v; the wrap-up is %v", gap.Round(time.Millisecond), wrapTime)
	}
	return nil
}

// rests ends a call of the phone, lets somebody call the number at once, and says whether the phone was left its wrap-up. The next
// call is given back, answered.
func rests(ctx context.Context, r *Rig, p *phonetest.Phone, call *phonetest.Dialog, number string) (next *phonetest.Dialog, err error) {
	r.T.Helper()
	if err := call.Hangup(ctx); err != nil {
		r.T.Fatal(err)
	}
	if _, err := r.Caller().Dial(number, phonetest.CallOptions{From: "02079460019"}); err != nil {
		r.T.Fatal(err)
	}
	next, err = p.AwaitCall(ctx)
	if err == nil {
		err = next.AwaitAnswer(ctx)
	}
	if err != nil {
		r.T.Fatal(err)
	}
	return next, rested(call.Times().Ended, next.Times().Invited)
}

// An agent who was handed a caller has a wrap-up after him as after any other, and so before a call of another queue. app_queue
// knows nothing of the first, and of the second only where shared_lastcall is set; a call of the same queue it minds.
func TestRealComplaintWrapUpSkipped(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	t.Run("app_queue", func(t *testing.T) { wrapUpOnAppQueue(ctx, t) })
	t.Run("ctid", func(t *testing.T) {
		c := control(t, Options{Queue: fmt.Sprintf("wrapup: %v", wrapTime), Change: with("numbers:\n", "numbers:\n  - {dnis: \"8003\", label: Other, queue: support}\n")})
		c.do(c.ana, "call.transfer_blind", map[string]any{"to": agentTarget("a1002")})
		leg := c.leg(c.benP)
		c.together(c.caller, callerTone, leg, benTone)
		if _, err := c.ana.Do(c.ctx, "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
			t.Fatal(err)
		}
		next, err := rests(c.ctx, c.r, c.benP, leg, "8003")
		if err != nil {
			t.Error(err)
		}
		// He hangs up in the conversation, not while it is being made.
		c.r.Eventually("the next call is joined", func() error { return (&crowd{r: c.r}).count("talking", 1) })
		if err := hungUp(c.ctx, next); err != nil {
			t.Error(err)
		}
		c.r.Clean()
	})
}

func wrapUpOnAppQueue(ctx context.Context, t *testing.T) {
	t.Helper()
	queue := func(name, member string) string {
		return fmt.Sprintf("[%s]\nstrategy=rrmemory\ntimeout=10\nwrapuptime=%d\n%smember => PJSIP/%s\n", name, int(wrapTime.Seconds()), likeFallback, member)
	}
	site := appQueues(t, "[general](+)\nshared_lastcall=no\n"+queue("first", "1001")+queue("second", "1002")+queue("third", "1002"),
		"[ctid-phones]\nexten => 2002,1,Dial(PJSIP/1002)\n same => n,Hangup()\n", "first", "second", "third")
	ana, ben, line := site.Phone("1001"), site.Phone("1002"), site.Caller()
	ana.SetTone(anaTone)
	ben.SetTone(benTone)
	for _, queue := range []string{"first", "second", "third"} {
		site.free(ctx, queue, 1)
	}
	caller, err := line.Dial(appNumber(0), phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	c := &controlled{r: site, ctx: ctx}
	anaLeg := c.leg(ana)
	if err := caller.AwaitHears(ctx, anaTone); err != nil {
		t.Fatal(err)
	}
	if err := anaLeg.Refer(ctx, "2002"); err != nil {
		t.Fatal(err)
	}
	leg := c.leg(ben)
	if err := caller.AwaitHears(ctx, benTone); err != nil {
		t.Fatal(err)
	}
	leg, err = rests(ctx, site, ben, leg, appNumber(1)) // after a call that was handed to him
	faulty(t, err)
	if leg, err = rests(ctx, site, ben, leg, appNumber(1)); err != nil {
		t.Errorf("after a call of its own the queue minds the wrap-up: %v", err)
	}
	leg, err = rests(ctx, site, ben, leg, appNumber(2)) // before a call of another queue
	faulty(t, err)
	if err := hungUp(ctx, leg); err != nil {
		t.Error(err)
	}
	if err := site.PBX.AwaitIdle(ctx); err != nil {
		t.Error(err)
	}
}

// An agent is at lunch, and the system starts again after a power cut. On ctid he is still at lunch; a member of a queue of app_queue
// is paused no more (only those who were added at run time are remembered), and his phone rings in an empty room.
func TestRealComplaintPauseLost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	site := appQueues(t, "[resting]\nstrategy=rrmemory\n"+likeFallback+"member => PJSIP/1001\n", "", "resting")
	atLunch := func() error {
		out, err := site.PBX.CLI(ctx, "queue show resting")
		if err == nil && (!strings.Contains(out, "paused") || !strings.Contains(out, "lunch")) {
			err = fmt.Errorf("he is not paused for lunch:\n%s", out)
		}
		return err
	}
	if _, err := site.PBX.CLI(ctx, "queue pause member PJSIP/1001 queue resting reason lunch"); err != nil {
		t.Fatal(err)
	}
	if err := atLunch(); err != nil {
		t.Fatal(err)
	}
	if err := site.PBX.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := site.PBX.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	faulty(t, atLunch())

	r := Start(t, Options{Bin: program, PBX: site.PBX, Agents: 1, Script: QueueOnly})
	r.Phone("1001")
	d := r.Desk("1001")
	d.Ready()
	if _, err := d.Do(ctx, "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
		t.Fatal(err)
	}
	d.becomes(0, "paused(lunch)")
	r.Kill()
	r.Launch()
	d = r.Desk("1001")
	r.Eventually("the agent's page", func() error {
		state, err := d.mine()
		if err == nil && state != "paused(lunch)" {
			t.Errorf("after the restart he is %s", state)
		}
		return err
	})
	r.Clean()
}

// mine is the agent's state as his page shows it, with the reason; an error: it shows none yet.
func (d *Desk) mine() (string, error) {
	f := wsclient.NewFold()
	for _, x := range d.from(0) {
		if err := f.Apply(x); err != nil {
			return "", err
		}
	}
	me := f.Topics["me"]
	if me == nil || me.Agents[d.Agent] == nil {
		return "", errors.New("there is no snapshot yet")
	}
	a := me.Agents[d.Agent]
	return fmt.Sprintf("%v(%v)", a["state"], a["reason"]), nil
}

// An agent's phone is not registered. On app_queue a member by the dialplan (Local/…), as its common front ends make them, is
// available all the same; on ctid the agent is not ready from the moment that his phone is gone, and is again when it is back.
func TestRealComplaintUnregisteredAvailable(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	site := appQueues(t, "[direct]\nstrategy=rrmemory\n"+likeFallback+"[local]\nstrategy=rrmemory\n"+likeFallback,
		"[ctid-phones]\nexten => 2001,1,Dial(PJSIP/1001,10)\n same => n,Hangup()\n", "direct", "local")
	unavailable := func(queue, member string) error {
		if _, err := site.PBX.CLI(ctx, "queue add member "+member+" to "+queue); err != nil {
			return err
		}
		out, err := site.PBX.CLI(ctx, "queue show "+queue)
		if err == nil && (strings.Contains(out, "Not in use") || !strings.Contains(out, "Unavailable")) {
			err = fmt.Errorf("nobody has a phone, and the queue has:\n%s", out)
		}
		return err
	}
	if err := unavailable("direct", "PJSIP/1001"); err != nil {
		t.Errorf("of a phone that it knows itself app_queue can tell: %v", err)
	}
	faulty(t, unavailable("local", "Local/2001@ctid-phones"))

	c := &crowd{r: Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Desk: "none", Script: QueueOnly})}
	p := c.r.Phone("1001")
	c.r.Eventually("ready", func() error { return c.count("ready", 1) })
	if err := p.Unregister(ctx); err != nil {
		t.Fatal(err)
	}
	c.r.Eventually("not ready without a phone", func() error { return errors.Join(c.count("ready", 0), c.count("paused", 1)) })
	call, err := c.r.Caller().Dial(Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		t.Fatal(err)
	}
	c.r.Eventually("the caller waits", func() error { return c.waits(1) })
	if err := p.Register(ctx); err != nil {
		t.Fatal(err)
	}
	in, err := p.AwaitCall(ctx)
	if err == nil {
		err = in.AwaitAnswer(ctx)
	}
	if err != nil {
		t.Error(err)
	}
	if err := hungUp(ctx, call); err != nil {
		t.Error(err)
	}
	c.r.Clean()
	if list := c.r.EndedRecords(); len(list) != 1 || len(list[0].Offers) != 1 {
		t.Errorf("records: %+v", list)
	}
}
