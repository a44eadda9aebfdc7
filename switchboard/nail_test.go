package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// inNailedCentre is inCentre with a phone of ana's whose line stays up.
func inNailedCentre(t *testing.T, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentreWith(t, straight, "nailed", func(t *testing.T, c *centre) {
		c.must("ana", ctid.AgentLogin{})
		c.settle(2 * time.Second)
		c.must("ana", ctid.AgentReady{})
		f(t, c)
		c.must("ana", ctid.AgentLogout{})
		c.settle(time.Second)
		if legs := c.pbx.PhoneOf("1001").Legs(); len(legs) > 0 {
			t.Errorf("the line of an agent off duty is up: %v", legs)
		}
		if b := c.pbx.Bridges(); len(b) > 0 {
			t.Errorf("bridges left: %v", b)
		}
	})
}

// ended waits until no call is left; a line that stays up is none.
func (c *centre) ended() {
	c.t.Helper()
	c.settle(12 * time.Second)
	if st, err := c.sb.Status(c.t.Context()); err != nil || st.Calls != 0 {
		c.t.Errorf("%d calls left, %v", st.Calls, err)
	}
	if n := len(c.pbx.Channels()); n != 1 {
		c.t.Errorf("%d channels, want the line alone", n)
	}
}

// The phone rings once, at log-in. Then callers are joined when their agent answers at his desktop, one after the other,
// and so are those he calls.
func TestNailedLine(t *testing.T) {
	inNailedCentre(t, func(t *testing.T, c *centre) {
		line := c.leg("1001")
		for range 2 {
			p := c.call()
			c.settle(time.Second)
			c.wantState("ana", "reserved")
			c.must("ana", ctid.CallAnswer{Call: c.lastCall()})
			c.hears(p.ID(), line, true)
			c.must("ana", ctid.CallHold{Call: c.lastCall()})
			c.hears(p.ID(), line, false)
			c.must("ana", ctid.CallRetrieve{Call: c.lastCall()})
			c.hears(p.ID(), line, true)
			p.Hangup()
			c.ended()
			c.wantState("ana", "ready")
		}
		p := c.call()
		c.settle(time.Second)
		c.must("ana", ctid.CallAnswer{Call: c.lastCall()})
		c.must("ana", ctid.CallHangup{Call: c.lastCall()})
		c.settle(time.Second)
		if gone, _ := p.Ended(); !gone {
			t.Error("the caller is still there")
		}
		c.ended()
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.must("ana", ctid.CallDial{To: toNumber()})
		c.hears(line, c.pbx.Outside(outsider).Leg(), true)
		c.must("ana", ctid.CallHangup{Call: c.lastCall()})
		c.ended()
		if c.leg("1001") != line || c.pbx.PhoneOf("1001").Most() != 1 {
			t.Error("the phone was rung again")
		}
	})
}

// Who puts his receiver down cannot be reached, until he is ready again and has picked it up.
func TestNailedLineIsHungUp(t *testing.T) {
	inNailedCentre(t, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(time.Second)
		c.must("ana", ctid.CallAnswer{Call: c.lastCall()})
		c.pbx.PhoneOf("1001").Hangup()
		c.settle(time.Second)
		c.wantState("ana", "wrapup")
		if gone, _ := p.Ended(); !gone {
			t.Error("the caller is still there")
		}
		c.settle(12 * time.Second)
		c.wantState("ana", "ready")
	})
}

// A caller who is not answered at the desktop goes on; nobody hears him meanwhile.
func TestNailedOfferMissed(t *testing.T) {
	inNailedCentre(t, func(t *testing.T, c *centre) {
		p := c.call()
		c.settle(5 * time.Second)
		c.hears(p.ID(), c.leg("1001"), false)
		c.ready("ben")
		c.settle(30 * time.Second)
		c.hears(p.ID(), c.leg("1002"), true)
		p.Hangup()
		c.ended()
	})
}
