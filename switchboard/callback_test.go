package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// owing has a caller who has left a callback and is gone, and gives its id.
func (c *centre) owing() ctid.CallbackID {
	c.t.Helper()
	p := c.call()
	c.settle(2 * time.Second)
	if r := c.ask("", ctid.QueueRemove{Call: c.lastCall(), How: ctid.RemoveCallback}); r.Phase != ctid.Done {
		c.t.Fatalf("leaving a callback: %v", r.Err)
	}
	c.settle(time.Second)
	if over, _ := p.Ended(); !over {
		c.t.Error("the caller is still on the line")
	}
	return body[ctid.CallbackScheduled](c).Callback
}

// wantTalked fails unless the callback was closed because the customer was spoken with, by ana.
func (c *centre) wantTalked(id ctid.CallbackID) {
	c.t.Helper()
	c.wantState("ana", "talking")
	if b := body[ctid.CallbackClosed](c); b.Callback != id || b.Why != callbackTalked {
		c.t.Errorf("the callback was closed as %+v", b)
	}
	c.pbx.Outside("+442079460018").Hangup()
	c.settle(time.Second)
}

// A callback waits on after ctid has started again, in front of who came later, and is dialled then; also where ctid had stopped in an
// orderly way.
func TestCallbackOverRestart(t *testing.T) {
	for _, drain := range []bool{false, true} {
		inCentre(t, straight, func(t *testing.T, c *centre) {
			c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
			id := c.owing()
			if drain {
				if err := c.sb.Drain(t.Context(), "test"); err != nil {
					t.Error(err)
				}
			}
			c.stop()
			c.settle(time.Second)
			for _, r := range c.open() {
				c.history.Calls = append(c.history.Calls, *r)
			}
			c.boot(t, straight, 2)
			c.settle(time.Second)
			later := c.call()
			c.settle(time.Second)
			c.ready("ana")
			c.settle(5 * time.Second)
			c.wantTalked(id)
			later.Hangup()
			c.clean(3)
		})
	}
}

// The agent who has the callback hangs up before the customer has answered: it is an attempt, and the next one comes after a while.
func TestCallbackAgentGone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.Behaviour{Do: aritest.Ignore} })
		id := c.owing()
		c.ready("ana")
		c.settle(3 * time.Second)
		c.pbx.PhoneOf("1001").Hangup()
		c.settle(time.Second)
		if b := body[ctid.CallbackAttempted](c); b.Callback != id || b.Result != "agent_gone" || b.N != 1 || b.NextCall == "" {
			t.Errorf("told was %+v", b)
		}
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.settle(callbackGap + 5*time.Second)
		c.wantTalked(id)
		c.clean(3)
	})
}

// Who withholds his number, or whose number may not be dialled, cannot be called back; he waits on.
func TestCallbackRefused(t *testing.T) {
	for number, code := range map[string]ctid.Code{"": ctid.NoRoute, "+85231230000": ctid.NoRoute} {
		inCentre(t, straight, func(t *testing.T, c *centre) {
			p := c.pbx.Call(aritest.Caller{Number: number, DNIS: "8001"})
			c.settle(time.Second)
			c.refused("", ctid.QueueRemove{Call: c.lastCall(), How: ctid.RemoveCallback}, code)
			c.refused("", ctid.QueueRemove{Call: c.lastCall(), How: "voicemail"}, ctid.BadRequest)
			c.refused("", ctid.QueueMove{Call: c.lastCall(), Queue: "nowhere"}, ctid.NoRoute)
			c.refused("", ctid.QueuePrioritise{Call: c.lastCall()}, ctid.BadRequest)
			c.refused("", ctid.QueuePick{Call: c.lastCall()}, ctid.BadRequest)
			c.refused("", ctid.QueuePick{Call: c.lastCall(), Agent: "zoe"}, ctid.NotFound)
			if over, _ := p.Ended(); over {
				t.Error("the caller was hung up")
			}
			p.Hangup()
			c.clean(1)
		})
	}
}

// The caller sticks to whom he spoke with last, for as long as the queue says; then others may have him.
func TestSticky(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		if err := c.sb.ask(t.Context(), func(time.Time) {
			c.sb.desk.plan.Sticky = map[ctid.QueueID]Sticky{"sales": {By: StickyLast, For: 10 * time.Second}}
		}); err != nil {
			t.Fatal(err)
		}
		c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1", Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_1"}}},
			Last: []ctid.Contact{{Agent: ""}, {Agent: "ben"}, {Agent: "ana"}}}
		c.ready("ana", "ben")
		p := c.call()
		c.settle(3 * time.Second)
		c.wantState("ana", "ready")
		c.wantState("ben", "talking")
		second := c.call() // ben is busy: he waits for him, and then ana may have him
		c.settle(5 * time.Second)
		c.wantState("ana", "ready")
		c.settle(10 * time.Second)
		c.wantState("ana", "talking")
		second.Hangup()
		p.Hangup()
		c.clean(2)
	})
}
