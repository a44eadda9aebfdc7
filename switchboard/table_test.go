package switchboard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// raced is one row of the table of races: two things that happen at one moment.
type raced struct {
	name   string
	script string // straight, if none is said
	// begin brings the centre to that moment and gives the two.
	begin func(c *centre) (a, b func())
	// legal holds what may have become of it.
	legal func(c *centre, got map[string]ctid.Reply)
}

// replies collects final replies by name, for requests that race.
type replies struct {
	c   *centre
	mu  sync.Mutex
	got map[string]ctid.Reply
}

// send sends a request whose reply is looked at when all is over.
func (r *replies) send(name string, agent ctid.AgentID, a ctid.Action) func() {
	return func() {
		r.c.sb.Do(r.c.t.Context(), ctid.Who{User: string(agent), Agent: agent, Session: "s", Req: name}, a, func(x ctid.Reply) {
			if x.Phase == ctid.Started {
				return
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if _, twice := r.got[name]; twice {
				r.c.t.Errorf("%s was answered twice", name)
			}
			r.got[name] = x
		})
	}
}

// word is a reply in one word: done, already, or the code of its refusal.
func word(r ctid.Reply) string {
	switch {
	case r.Err != nil:
		return string(r.Err.Code)
	case r.Already:
		return "already"
	}
	return r.Phase
}

// orders are the ways in which two things can come: one after the other with everything settled between, right behind it,
// and the same the other way round.
var orders = []struct {
	name string
	do   func(a, b func())
}{
	{"a then b", func(a, b func()) { a(); synctest.Wait(); b() }},
	{"a with b", func(a, b func()) { a(); b() }},
	{"b with a", func(a, b func()) { b(); a() }},
	{"b then a", func(a, b func()) { b(); synctest.Wait(); a() }},
	{"a, a moment, b", func(a, b func()) { a(); <-time.After(time.Millisecond); b() }},
	{"b, a moment, a", func(a, b func()) { b(); <-time.After(time.Millisecond); a() }},
}

// TestRaceTable plays each row of the table of races in all orders.
func TestRaceTable(t *testing.T) {
	for _, row := range raceTable() {
		for _, o := range orders {
			t.Run(row.name+"/"+o.name, func(t *testing.T) {
				inCentre(t, cmp.Or(row.script, straight), func(t *testing.T, c *centre) {
					c.got = &replies{c: c, got: map[string]ctid.Reply{}}
					a, b := row.begin(c)
					o.do(a, b)
					c.settle(time.Second)
					row.legal(c, c.got.got)
					c.clean(c.endAll())
				})
			})
		}
	}
}

// endAll hangs up whoever is still there, and tells how many calls there have been.
func (c *centre) endAll() int {
	for _, p := range c.callers {
		p.Hangup()
	}
	c.settle(time.Second)
	for _, n := range []string{"1001", "1002"} {
		c.pbx.PhoneOf(n).Hangup()
	}
	return c.begun()
}

// oneOf fails unless the words of the replies are one of the lists, in the order of the names.
func (c *centre) oneOf(got map[string]ctid.Reply, names string, allowed ...string) {
	c.t.Helper()
	var words []string
	for name := range strings.FieldsSeq(names) {
		r, ok := got[name]
		if !ok {
			c.t.Errorf("%s has no answer", name)
		}
		words = append(words, word(r))
	}
	if w := strings.Join(words, " "); !slices.Contains(allowed, w) {
		c.t.Errorf("%s were answered %s; legal are %q", names, w, allowed)
	}
}

// consulting has ana with a held caller and ben in consultation.
func (c *centre) consulting() (*aritest.Caller, ctid.CallID) {
	c.t.Helper()
	p := c.talking()
	call := c.lastCall()
	c.must("ana", ctid.CallConsult{Call: call, To: toAgent("ben")})
	return p, call
}

// oneTalks fails unless one of the two agents has the caller and the other is free, and each offer has ended as that says.
func (c *centre) oneTalks(a, b ctid.AgentID) {
	c.t.Helper()
	if s := c.state(a) + " " + c.state(b); s != "talking ready" && s != "ready talking" {
		c.t.Errorf("%s and %s are %s", a, b, s)
	}
	for _, p := range c.callers {
		p.Hangup()
	}
	c.settle(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.records {
		var ends []string
		for _, o := range r.Offers {
			ends = append(ends, string(o.End))
		}
		slices.Sort(ends)
		if r.End != nil && !slices.Equal(ends, []string{"accepted", "cancelled"}) {
			c.t.Errorf("the offers ended %v", ends)
		}
	}
	elsewhere := 0
	for _, e := range c.events {
		if p, ok := e.Body.(ctid.PopClosed); ok && p.Why == answeredElsewhere {
			elsewhere++
		}
	}
	if elsewhere != 1 {
		c.t.Errorf("%d pops were closed because the call was answered elsewhere", elsewhere)
	}
}

// open are the records that have no end, as they were written last.
func (c *centre) open() []*ctid.CallRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := map[ctid.CallID]*ctid.CallRecord{}
	for _, r := range c.records {
		if old := last[r.ID]; old == nil || old.End == nil {
			last[r.ID] = r
		}
	}
	var open []*ctid.CallRecord
	for _, id := range sortedKeys(last) {
		if last[id].End == nil {
			open = append(open, last[id])
		}
	}
	return open
}

func raceTable() []raced {
	free := func(c *centre, who ...ctid.AgentID) {
		for _, a := range who {
			if s := c.state(a); s != "ready" && s != "wrapup" {
				c.t.Errorf("%s is %s", a, s)
			}
		}
	}
	return []raced{
		{name: "the same wish twice", begin: func(c *centre) (a, b func()) {
			_, call := c.consulting()
			return c.got.send("one", "ana", ctid.CallTransferComplete{Call: call}), c.got.send("two", "ana", ctid.CallTransferComplete{Call: call})
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "one two", "done already", "already done")
			c.wantState("ana", "wrapup")
			c.wantState("ben", "talking")
		}},
		{name: "contrary wishes", begin: func(c *centre) (a, b func()) {
			_, call := c.consulting()
			return c.got.send("complete", "ana", ctid.CallTransferComplete{Call: call}), c.got.send("cancel", "ana", ctid.CallTransferCancel{Call: call})
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "complete cancel", "done wrong_state", "wrong_state done")
		}},
		{name: "answer, ring time over", begin: func(c *centre) (a, b func()) {
			phone := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
			c.ready("ana")
			c.call()
			c.settle(500 * time.Millisecond)
			return phone.Answer, func() { <-time.After(20*time.Second - 500*time.Millisecond - time.Millisecond) }
		}, legal: func(c *centre, _ map[string]ctid.Reply) {
			if s := c.state("ana"); s != "talking" && s != "paused(no-answer)" {
				c.t.Errorf("ana is %s", s)
			}
		}},
		{name: "answer, caller hangs up", begin: func(c *centre) (a, b func()) {
			phone := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
			c.ready("ana")
			p := c.call()
			c.settle(500 * time.Millisecond)
			return phone.Answer, p.Hangup
		}, legal: func(c *centre, _ map[string]ctid.Reply) { free(c, "ana") }},
		{name: "two agents answer", script: ringAll, begin: func(c *centre) (a, b func()) {
			c.pbx.PhoneOf("1001").Behave(aritest.Behaviour{Do: aritest.Ignore})
			c.pbx.PhoneOf("1002").Behave(aritest.Behaviour{Do: aritest.Ignore})
			c.ready("ana", "ben")
			c.call()
			c.settle(500 * time.Millisecond)
			return c.pbx.PhoneOf("1001").Answer, c.pbx.PhoneOf("1002").Answer
		}, legal: func(c *centre, _ map[string]ctid.Reply) { c.oneTalks("ana", "ben") }},
		{name: "queue moved, agent answers", begin: func(c *centre) (a, b func()) {
			phone := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
			c.ready("ana")
			c.call()
			c.settle(500 * time.Millisecond)
			return c.got.send("move", "", ctid.QueueMove{Call: c.lastCall(), Queue: "hot"}), phone.Answer
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "move", "done", "wrong_state")
			if r := got["move"]; r.Err != nil {
				if r.Err.Data["state"] != string(ctid.Talking) || r.Err.Data["agent"] != ctid.AgentID("ana") {
					c.t.Errorf("where it is: %+v", r.Err)
				}
				c.wantState("ana", "talking")
			} else {
				free(c, "ana")
			}
		}},
		{name: "removed, caller hangs up", begin: func(c *centre) (a, b func()) {
			p := c.call()
			c.settle(500 * time.Millisecond)
			return c.got.send("remove", "", ctid.QueueRemove{Call: c.lastCall(), How: ctid.RemoveHangup}), p.Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "remove", "done", "call_over", "wrong_state")
		}},
		{name: "a callback left, caller hangs up", begin: func(c *centre) (a, b func()) {
			p := c.call()
			c.settle(500 * time.Millisecond)
			return c.got.send("remove", "", ctid.QueueRemove{Call: c.lastCall(), How: ctid.RemoveCallback}), p.Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "remove", "done", "call_over", "wrong_state")
			for _, r := range c.open() { // it is owed for ever, unless somebody drops it
				if r := c.ask("", ctid.QueueRemove{Call: r.ID, How: ctid.RemoveHangup}); r.Phase != ctid.Done {
					c.t.Errorf("dropping the callback: %v", r.Err)
				}
			}
		}},
		{name: "blind transfer, caller hangs up", begin: func(c *centre) (a, b func()) {
			p := c.talking()
			return c.got.send("blind", "ana", ctid.CallTransferBlind{Call: c.lastCall(), To: toAgent("ben")}), p.Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "blind", "caller_gone", "call_over")
			free(c, "ana", "ben")
			if n := len(c.pbx.PhoneOf("1002").Legs()); n > 0 {
				c.t.Errorf("ben's phone has %d calls", n)
			}
		}},
		{name: "complete, caller hangs up", begin: func(c *centre) (a, b func()) {
			p, call := c.consulting()
			return c.got.send("complete", "ana", ctid.CallTransferComplete{Call: call}), p.Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			switch word(got["complete"]) {
			case "done": // and then the caller was gone
				free(c, "ana", "ben")
			case "wrong_state", "call_over", "target_gone": // the two talk on
			default:
				c.t.Errorf("complete: %+v", got["complete"])
			}
		}},
		{name: "complete, target hangs up", begin: func(c *centre) (a, b func()) {
			_, call := c.consulting()
			return c.got.send("complete", "ana", ctid.CallTransferComplete{Call: call}), c.pbx.PhoneOf("1002").Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "complete", "done", "wrong_state", "target_gone")
			free(c, "ben")
		}},
		{name: "agent's leg dies, target up", begin: func(c *centre) (a, b func()) {
			_, _ = c.consulting()
			return c.pbx.PhoneOf("1001").Hangup, func() {}
		}, legal: func(c *centre, _ map[string]ctid.Reply) {
			c.wantState("ana", "wrapup")
			c.wantState("ben", "talking")
		}},
		{name: "agent's leg dies, target rings", begin: func(c *centre) (a, b func()) {
			c.talking()
			c.pbx.PhoneOf("1002").Behave(aritest.Behaviour{Do: aritest.Ignore})
			c.got.send("consult", "ana", ctid.CallConsult{Call: c.lastCall(), To: toAgent("ben")})()
			c.settle(time.Second)
			return c.pbx.PhoneOf("1001").Hangup, func() { c.pbx.PhoneOf("1002").Answer() }
		}, legal: func(c *centre, _ map[string]ctid.Reply) {
			if s := c.state("ben"); s != "talking" && s != "reserved" && s != "ready" {
				c.t.Errorf("ben is %s", s)
			}
			if ended, _ := c.callers[0].Ended(); ended {
				c.t.Error("the caller was hung up")
			}
		}},
		{name: "pause, offer", begin: func(c *centre) (a, b func()) {
			c.ready("ana")
			return c.got.send("pause", "ana", ctid.AgentPause{Reason: "lunch"}), func() { c.call() }
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "pause", "done")
			if s := c.state("ana"); s != "paused(lunch)" && s != "reserved" && s != "talking" {
				c.t.Errorf("ana is %s", s)
			}
		}},
		{name: "wrap-up handed in, log-out", begin: func(c *centre) (a, b func()) {
			p := c.talking()
			p.Hangup()
			c.settle(time.Second)
			v, _ := c.view("ana")
			wrap := v.Wrap
			return c.got.send("wrap", "ana", ctid.AgentWrapUpDone{Wrap: wrap.ID, Disposition: "sale"}), c.got.send("logout", "ana", ctid.AgentLogout{})
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "wrap logout", "done done")
			c.wantState("ana", "out")
		}},
		{name: "wrap-up handed in, its time over", begin: func(c *centre) (a, b func()) {
			p := c.talking()
			p.Hangup()
			synctest.Wait()
			v, _ := c.view("ana")
			wrap := v.Wrap
			<-time.After(10*time.Second - time.Millisecond)
			return c.got.send("wrap", "ana", ctid.AgentWrapUpDone{Wrap: wrap.ID, Disposition: "sale"}), func() { <-time.After(time.Millisecond) }
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "wrap", "done", "already")
			c.wantState("ana", "ready")
		}},
		{name: "data set by two", begin: func(c *centre) (a, b func()) {
			_, call := c.consulting()
			set := func(v string) ctid.CallSetData {
				return ctid.CallSetData{Call: call, Set: map[string]ctid.PrivateValue{"claim": {V: v}}}
			}
			return c.got.send("ana", "ana", set("1")), c.got.send("ben", "ben", set("2"))
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "ana ben", "done done")
			b := body[ctid.CallDataChanged](c)
			if b.DataRev != 2 || fmt.Sprint(b.Was["claim"].V, b.Set[0].Value.V) != map[string]string{"agent:ben": "12", "agent:ana": "21"}[b.Set[0].Src] {
				c.t.Errorf("the last change is %+v", b)
			}
		}},
		{name: "dial, offer", begin: func(c *centre) (a, b func()) {
			c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
			c.ready("ana")
			return c.got.send("dial", "ana", ctid.CallDial{To: toNumber()}), func() { c.call(); c.settle(3 * time.Second) }
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "dial", "done", "agent_reserved", "wrong_state")
			c.wantState("ana", "talking")
		}},
		{name: "takeover, agent hangs up", begin: func(c *centre) (a, b func()) {
			c.talking()
			call := c.lastCall()
			c.must("ben", ctid.MonitorStart{Call: call, Mode: "listen"})
			return c.got.send("take", "ben", ctid.MonitorTakeover{Call: call}), c.pbx.PhoneOf("1001").Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "take", "done", "wrong_state", "call_over", "target_gone")
			c.wantState("ana", "wrapup")
		}},
		{name: "forced pause, caller hangs up", begin: func(c *centre) (a, b func()) {
			p := c.talking()
			return c.got.send("force", "ben", ctid.TeamForceState{Agent: "ana", State: ctid.Paused, Reason: "coaching", Hard: true}), p.Hangup
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "force", "done")
			c.wantState("ana", "paused(coaching)")
		}},
		{name: "hold, the line to Asterisk is lost", begin: func(c *centre) (a, b func()) {
			c.talking()
			return c.got.send("hold", "ana", ctid.CallHold{Call: c.lastCall()}), func() { c.pbx.CutSocket("ctid") }
		}, legal: func(c *centre, got map[string]ctid.Reply) {
			c.oneOf(got, "hold", "done", "timeout", "pbx_refused", "target_gone")
			c.settle(10 * time.Second)
			c.wantState("ana", "talking")
		}},
	}
}
