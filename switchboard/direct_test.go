package switchboard

import (
	"testing"
	"time"

	"ctid"
)

// A call that an agent's phone has past ctid keeps callers from him; afterwards he is where he was, without wrap-up.
func TestCallPastCtid(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana")
		end := c.pbx.PhoneOf("1001").TalkElsewhere()
		c.settle(2 * time.Second)
		c.wantDoing("ana", ctid.DoingDirect)
		p := c.call()
		c.settle(2 * time.Second)
		c.wantDoing("ana", ctid.DoingDirect)
		end()
		c.settle(3 * time.Second)
		c.hears(p.ID(), c.leg("1001"), true)
		p.Hangup()
		c.clean(1)

		c.must("ana", ctid.AgentPause{Reason: "lunch"})
		end = c.pbx.PhoneOf("1001").TalkElsewhere()
		c.settle(2 * time.Second)
		c.wantDoing("ana", ctid.DoingDirect)
		end()
		c.settle(2 * time.Second)
		c.wantState("ana", "paused(lunch)")
	})
}
