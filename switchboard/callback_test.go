package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
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
		if by := c.asked("take_callback").(acd.TakeCallback).By; by.Kind != "supervisor" {
			t.Errorf("who wanted the callback is logged as %+v", by)
		}
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

// asked is the last event of that kind that the core was given, as it is in the log.
func (c *centre) asked(kind string) any {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range slices.Backward(c.rows) {
		if r.Kind == "in.acd."+kind {
			return r.Body
		}
	}
	c.t.Fatalf("the log has no %s", kind)
	return nil
}

// Between two attempts a callback waits nowhere: a supervisor can drop it all the same, and nothing else can be done with it.
func TestCallbackDroppedBetween(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.Refuses(time.Second, 486) })
		id := c.owing()
		c.ready("ana")
		c.settle(5 * time.Second)
		next := body[ctid.CallbackAttempted](c).NextCall
		c.elsewhere(next, "owed", "")
		c.refused("", ctid.QueueRemove{Call: next, How: ctid.RemoveCallback}, ctid.BadRequest)
		if r := c.ask("", ctid.QueueRemove{Call: next, How: ctid.RemoveHangup}); r.Phase != ctid.Done {
			t.Errorf("dropping it: %+v", r)
		}
		if b := body[ctid.CallbackClosed](c); b.Callback != id || b.Why != callbackRemoved || b.Attempts != 1 {
			t.Errorf("it was closed as %+v", b)
		}
		c.settle(2 * callbackGap)
		c.refused("", ctid.QueueRemove{Call: next, How: ctid.RemoveHangup}, ctid.CallOver)
		if all := c.clean(3); all[2].Outcome != "removed" {
			t.Errorf("the record says %s", all[2].Outcome)
		}
		c.wantState("ana", "ready")
	})
}

// elsewhere fails unless what can be asked about calls that wait is refused for one that does not, with what it is at.
func (c *centre) elsewhere(call ctid.CallID, state string, agent ctid.AgentID) {
	c.t.Helper()
	n := 60
	for _, a := range []ctid.Action{ctid.QueueMove{Call: call, Queue: "support"}, ctid.QueuePrioritise{Call: call, Priority: &n}, ctid.QueuePick{Call: call, Agent: "ben"}, ctid.QueueWhy{Call: call}} {
		r := c.ask("", a)
		if r.Err == nil || r.Err.Code != ctid.WrongState || r.Err.Data["state"] != state || agent != "" && r.Err.Data["agent"] != agent {
			c.t.Errorf("%s of a call that is %s: %+v", a.Op(), state, r.Err)
		}
	}
}

// A supervisor asks something of a caller who does not wait any more: he is told where the caller is, and nothing changes.
func TestSuperviseElsewhere(t *testing.T) {
	inCentre(t, menu, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(1500 * time.Millisecond)
		call := c.lastCall()
		c.elsewhere(call, "elsewhere", "")
		c.refused("", ctid.QueueRemove{Call: call, How: ctid.RemoveHangup}, ctid.WrongState)
		c.refused("", ctid.QueueRemove{Call: call, How: ctid.RemoveCallback}, ctid.WrongState)
		p.Press("1")
		c.ready("ana")
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		c.elsewhere(call, "talking", "ana")
		c.must("ana", ctid.CallPark{Call: call})
		c.elsewhere(call, "parked", "")
		p.Hangup()
		c.settle(time.Second)
		c.refused("", ctid.QueueMove{Call: call, Queue: "support"}, ctid.CallOver)
		wantEnd(t, c.clean(1)[0], ctid.SideCaller, "hangup", "answered")
	})
}

// Whom an agent has called, and has sent into a queue, has no script that he could go back to: taken out of it he is hung up, and not
// left in silence.
func TestRemovedWithoutScript(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.ready("ana")
		c.must("ana", ctid.CallDial{To: toNumber()})
		c.settle(time.Second)
		call := c.lastCall()
		c.must("ana", ctid.CallTransferBlind{Call: call, To: ctid.Target{Kind: "queue", ID: "hot"}})
		c.settle(time.Second)
		if r := c.ask("", ctid.QueueRemove{Call: call, How: ctid.RemoveScript}); r.Phase != ctid.Done {
			t.Errorf("taking him out: %+v", r)
		}
		wantEnd(t, c.clean(1)[0], ctid.SideSystem, "removed", "answered")
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
