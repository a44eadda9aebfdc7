package systemtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// cell is one way for a call to end: what the agent's phone does, what happens, and what comes of it.
type cell struct {
	name   string
	policy phonetest.Policy
	do     func(ctx context.Context, x *cellRun)
	end    string // side/reason outcome, and how each offer ended
	pop    string // why the pop was closed; none: there was none
	agent  string // his state in the end
}

const noPop = "none"

// matrix has ten cells at most: so many log-ins a minute one address has.
var matrix = []cell{
	{"gone in the queue", phonetest.Ring(), func(ctx context.Context, x *cellRun) { x.pause(ctx); x.call(ctx); x.gone(ctx) },
		"caller/hangup abandoned []", noPop, "paused(break)"},
	{"gone while it rings", phonetest.Ring(), func(ctx context.Context, x *cellRun) { x.call(ctx); x.ring(ctx); x.gone(ctx) },
		"caller/hangup abandoned [cancelled]", "caller_gone", "ready"},
	{"gone in talk", phonetest.AnswerAfter(0), func(ctx context.Context, x *cellRun) { x.call(ctx); x.talk(ctx); x.gone(ctx) },
		"caller/hangup answered [accepted]", "done", "ready"},
	{"she hangs up in talk", phonetest.AnswerAfter(0), func(ctx context.Context, x *cellRun) { x.call(ctx); x.talk(ctx); x.drop(ctx) },
		"agent/hangup answered [accepted]", "done", "ready"},
	{"she rejects", phonetest.RejectAfter(0, 603), func(ctx context.Context, x *cellRun) { x.call(ctx); x.popCloses(); x.gone(ctx) },
		"caller/hangup abandoned [rejected]", "rejected", "ready"},
	{"she ignores", phonetest.Ring(), func(ctx context.Context, x *cellRun) { x.call(ctx); x.popCloses(); x.gone(ctx) },
		"caller/hangup abandoned [missed]", "missed", "paused(no-answer)"},
	{"her phone is dead", phonetest.Ignore(), func(ctx context.Context, x *cellRun) { x.call(ctx); x.popCloses(); x.gone(ctx) },
		"caller/hangup abandoned [missed]", "missed", "paused(no-answer)"},
	{"she unregisters while it rings", phonetest.Ring(), func(ctx context.Context, x *cellRun) {
		x.call(ctx)
		x.ring(ctx)
		x.unregister(ctx)
		x.popCloses()
		x.gone(ctx)
	}, "caller/hangup abandoned [lost]", "revoked", "paused(device-unreachable)"},
	{"she unregisters in talk", phonetest.AnswerAfter(0), func(ctx context.Context, x *cellRun) {
		x.call(ctx)
		x.talk(ctx)
		x.unregister(ctx)
		x.gone(ctx)
	}, "caller/hangup answered [accepted]", "done", "paused(device-unreachable)"},
	{"she unregisters when free", phonetest.Ring(), func(ctx context.Context, x *cellRun) {
		x.unregister(ctx)
		x.desk.becomes(x.from, "paused(device-unreachable)")
		x.call(ctx)
		x.gone(ctx)
	}, "caller/hangup abandoned []", noPop, "paused(device-unreachable)"},
}

// Whoever hangs up, and however: one record that says so, no pop on the screen, the agent where he belongs, and nothing
// left in Asterisk. The cells run side by side, each in a queue of its own.
func TestRealHangupMatrix(t *testing.T) {
	r := lanes(t, len(matrix), "optional", "3s", ", wrapup: 1s")
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	inScript, err := r.Caller().Call(ctx, Number, phonetest.CallOptions{From: from(len(matrix))})
	if err != nil {
		t.Fatal(err)
	}
	if err := inScript.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	t.Run("cells", func(t *testing.T) {
		for i, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				x := &cellRun{t: t, r: r, n: i, phone: r.Phone(r.Agents()[i]), desk: r.Desk(r.Agents()[i])}
				x.phone.SetPolicy(c.policy)
				x.desk.Ready()
				t.Parallel()
				c.do(ctx, x)
				if c.pop != noPop {
					if why, _ := x.desk.closedAs(0); why != c.pop {
						t.Errorf("the pop was closed as %s, want %s", why, c.pop)
					}
				}
				x.desk.becomes(x.from, c.agent)
			})
		}
	})
	r.Clean()
	list := r.Records()
	for i, c := range matrix {
		rec := recordOf(t, list, from(i))
		if got := ended(rec); got != c.end {
			t.Errorf("%s: %s, want %s", c.name, got, c.end)
		}
	}
	if got := ended(recordOf(t, list, from(len(matrix)))); got != "caller/hangup hangup_in_script []" {
		t.Errorf("in the script: %s", got)
	}
	if len(list) != len(matrix)+1 {
		t.Errorf("%d records of %d calls", len(list), len(matrix)+1)
	}
}

func ended(r *ctid.CallRecord) string {
	offers := []ctid.OfferEnd{}
	for _, o := range r.Offers {
		offers = append(offers, o.End)
	}
	return fmt.Sprintf("%s/%s %s %v", r.End.Side, r.End.Reason, r.Outcome, offers)
}

// cellRun is a cell being run.
type cellRun struct {
	t      *testing.T
	r      *Rig
	n      int
	phone  *phonetest.Phone
	desk   *Desk
	from   int  // the frame after which her state counts
	over   bool // the offer is over
	caller *phonetest.Dialog
	agent  *phonetest.Dialog
}

func (x *cellRun) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *cellRun) pause(ctx context.Context) {
	_, err := x.desk.Do(ctx, "agent.pause", map[string]any{"reason": "break"}, "")
	x.must(err)
}

func (x *cellRun) call(ctx context.Context) {
	x.t.Helper()
	var err error
	x.caller, err = x.r.Caller().Call(ctx, lane(x.n), phonetest.CallOptions{From: from(x.n)})
	x.must(err)
}

func (x *cellRun) gone(ctx context.Context) {
	x.t.Helper()
	if x.agent != nil && !x.over {
		x.from = x.desk.Len() - 1
	}
	x.must(x.caller.Hangup(ctx))
}

func (x *cellRun) ring(ctx context.Context) {
	x.t.Helper()
	var err error
	x.agent, err = x.phone.AwaitCall(ctx)
	x.must(err)
}

// talk waits until the two have talked for longer than a short talk is.
func (x *cellRun) talk(ctx context.Context) {
	x.t.Helper()
	x.ring(ctx)
	x.must(x.agent.AwaitAnswer(ctx))
	x.desk.becomes(0, "talking")
	x.must(x.agent.PlayTone(ctx, 700, 1200*time.Millisecond))
}

func (x *cellRun) drop(ctx context.Context) {
	x.t.Helper()
	x.from = x.desk.Len() - 1
	x.must(x.agent.Hangup(ctx))
	_, err := x.caller.AwaitEnd(ctx)
	x.must(err)
}

func (x *cellRun) unregister(ctx context.Context) {
	x.t.Helper()
	x.must(x.phone.Unregister(ctx))
}

// popCloses waits until the offer is over, though the caller is still there.
func (x *cellRun) popCloses() {
	x.t.Helper()
	_, x.from = x.desk.closedAs(0)
	x.over = true
}

// The caller's BYE from 20 ms before to 20 ms after the phone's 200 OK: he gave up waiting, or he was answered and has
// gone. RACE_TRIALS says how often.
func TestRealAnswerRace(t *testing.T) {
	trials := 20
	if v := os.Getenv("RACE_TRIALS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("RACE_TRIALS=%s is no number of trials", v)
		}
		trials = n
	}
	const width = 5
	r := lanes(t, width, "none", "20s", "")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second+time.Duration(trials)*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for w := range width {
		phone, caller := r.Phone(r.Agents()[w]), r.Caller()
		phone.SetPolicy(phonetest.Ring())
		all.Go(func() {
			for n := w; n < trials; n += width {
				if err := answerRace(ctx, phone, caller, lane(w), from(n), sweep(n, trials)); err != nil {
					t.Errorf("trial %d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	r.Clean()
	r.Eventually("agents ready", func() error { return (&crowd{r: r}).count("ready", width) })
	legal := map[string]int{}
	list := r.Records()
	for n := range trials {
		legal[ended(recordOf(t, list, from(n)))]++
	}
	won := map[string]int{"caller/hangup abandoned [cancelled]": 0, "caller/before_talk abandoned [accepted]": 0, "caller/hangup abandoned [accepted]": 0}
	for how, n := range legal {
		if _, ok := won[how]; !ok {
			t.Errorf("%d trials ended as %s", n, how)
		}
		won[how] = n
	}
	if len(list) != trials {
		t.Errorf("%d records of %d calls", len(list), trials)
	}
	t.Logf("figures: %d trials, BYE -20 to +20 ms around the 200 OK: hang-up first %d, answered and gone before the join %d, joined and gone %d; nothing left",
		trials, won["caller/hangup abandoned [cancelled]"], won["caller/before_talk abandoned [accepted]"], won["caller/hangup abandoned [accepted]"])
}

// sweep is how long after the answer the n-th caller hangs up.
func sweep(n, trials int) time.Duration {
	if trials == 1 {
		return 0
	}
	return -20*time.Millisecond + time.Duration(n)*40*time.Millisecond/time.Duration(trials-1)
}

// answerRace lets a caller call and hang up so long after the phone's answer, or before it.
func answerRace(ctx context.Context, phone, caller *phonetest.Phone, number, who string, after time.Duration) error {
	call, err := caller.Call(ctx, number, phonetest.CallOptions{From: who})
	if err != nil {
		return err
	}
	ring, err := phone.AwaitCall(ctx)
	if err != nil {
		return err
	}
	gone := make(chan error, 1)
	hangUp := func() { gone <- call.Hangup(ctx) }
	answer := func() { _ = ring.Answer(ctx) } // an error is the cancel that came first
	first, second := answer, hangUp
	if after < 0 {
		first, second, after = hangUp, answer, -after
	}
	var both sync.WaitGroup
	defer both.Wait()
	due := time.After(after)
	both.Go(first)
	<-due
	both.Go(second)
	if err := <-gone; err != nil {
		return err
	}
	_, err = ring.AwaitEnd(ctx)
	return err
}
