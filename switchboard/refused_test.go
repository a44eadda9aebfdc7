package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// A bridge whose making got no answer may be there all the same: it goes with the call.
func TestBridgeWithoutAnswer(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.Fault(aritest.Fault{Match: "POST /bridges", Times: 4, After: true}) // as often as it is tried
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(4 * time.Second)
		c.wantState("ana", "talking")
		if n := len(c.pbx.Bridges()); n != 2 {
			t.Errorf("%d bridges, want one of which nothing was heard and one in use", n)
		}
		k.Hangup()
		wantEnd(t, c.clean(1)[0], ctid.SideCaller, "hangup", "answered")
	})
}

// Without a bridge the two are not joined: the agent is let go, and the caller waits on.
func TestNoBridge(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.Fault(aritest.Fault{Match: "POST /bridges", Times: 2, Status: 503}) // while it rings, and at the answer
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		c.wantState("ana", "ready")
		c.settle(8 * time.Second)
		c.wantState("ana", "talking")
		k.Hangup()
		r := c.clean(1)[0]
		wantEnd(t, r, ctid.SideCaller, "hangup", "answered")
		if len(r.Queues) != 1 || len(r.Agents) != 1 || r.WaitMS < 6000 || r.WaitMS > 8000 {
			t.Errorf("record: %+v", r)
		}
		c.queueLogAgrees([]*ctid.CallRecord{r})
	})
}

// A leg that Asterisk refuses to hang up is asked for until it goes, and the call is not forgotten before.
func TestHangupRefused(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(time.Second)
		c.pbx.Fault(aritest.Fault{Match: "DELETE /channels", Times: 3, Status: 500})
		k.Hangup()
		c.settle(2500 * time.Millisecond)
		if !p.Ringing() {
			t.Error("the phone does not ring any more, so nothing was refused")
		}
		wantEnd(t, c.clean(1)[0], ctid.SideCaller, "hangup", "abandoned")
	})
}

// A phone that answers an offer that is over is hung up, also where the request to stop ringing had failed.
func TestLateAnswerAfterRefusedHangup(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
		c.ready("ana")
		c.pbx.Fault(aritest.Fault{Match: "DELETE /channels", Times: 1, Status: 500})
		k := c.pbx.Call(caller)
		c.settle(20500 * time.Millisecond)
		c.wantState("ana", "paused(no-answer)")
		if !p.Ringing() {
			t.Fatal("the phone does not ring any more, so nothing was refused")
		}
		p.Answer()
		c.settle(time.Second)
		if p.Leg() != "" {
			t.Error("she sits in silence")
		}
		k.Hangup()
		wantEnd(t, c.clean(1)[0], ctid.SideCaller, "hangup", "abandoned")
	})
}

// A caller who is gone when his agent's phone is to ring is no fault of the agent's: she is ready for the next one at once.
func TestCallerGoneBeforeTheRing(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.popWait = 50 * time.Millisecond
		c.pbx.FaultEvents(aritest.EventFault{Type: "ChannelHangupRequest", Times: 1, Delay: time.Second})
		c.pbx.FaultEvents(aritest.EventFault{Type: "StasisEnd", Times: 1, Delay: time.Second})
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(20 * time.Millisecond)
		k.Hangup() // unheard of for a second
		c.settle(100 * time.Millisecond)
		c.wantState("ana", "ready")
		next := c.pbx.Call(caller)
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		next.Hangup()
		for _, r := range c.clean(2) {
			if len(r.Offers) != 1 {
				t.Errorf("%d offers of %s", len(r.Offers), r.ID)
			}
		}
	})
}
