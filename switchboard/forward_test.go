package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// What a phone says instead of answering (302) decides nothing: neither a number, nor a colleague, nor a dial string that
// goes past every dialplan is called. The agent counts as one who refused, and the caller goes to the next.
func TestForwardIsNotFollowed(t *testing.T) {
	past := "PJSIP/" + outsider + "@carrier"
	for name, says := range map[string]aritest.Behaviour{
		"number": aritest.Redirects(time.Second, outsider), "colleague": aritest.Redirects(time.Second, "1002"),
		"dial string":                aritest.Redirects(time.Second, past),
		"dial string, without cause": {After: time.Second, Do: aritest.Redirect, To: past, Blank: true},
	} {
		t.Run(name, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				var dialled int
				c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { dialled++; return aritest.AnswerAfter(time.Second) })
				c.pbx.PhoneOf("1001").Behave(says)
				c.ready("ana")
				p := c.call()
				c.settle(1500 * time.Millisecond)
				if ch := c.pbx.Channels(); len(ch) != 1 {
					t.Errorf("beside the caller there are %v", ch)
				}
				if n := c.pbx.PhoneOf("1002").Most(); n > 0 {
					t.Error("a colleague was rung by a phone's word")
				}
				if dialled > 0 && says.To == outsider {
					t.Error("a number outside was called by a phone's word")
				}
				c.wantState("ana", "ready")
				if d := body[ctid.CallDiverted](c); d.Why != "rejected" {
					t.Errorf("diverted because %s", d.Why)
				}
				c.ready("ben")
				c.settle(3 * time.Second)
				c.hears(p.ID(), c.leg("1002"), true)
				p.Hangup()
				wantEnd(t, c.clean(1)[0], ctid.SideCaller, "hangup", "answered")
			})
		})
	}
}

// A caller whom somebody outside sends elsewhere is not sent there either.
func TestForwardOutside(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(d aritest.Dialled) aritest.Behaviour {
			if d.Number == outsider {
				return aritest.Redirects(time.Second, "PJSIP/+442079460999@carrier")
			}
			return aritest.AnswerAfter(5 * time.Second)
		})
		c.ready("ana")
		c.refused("ana", ctid.CallDial{To: toNumber()}, ctid.TargetRejected)
		c.clean(1)
		if n := c.pbx.Outside("+442079460999").Most(); n > 1 || c.pbx.Outside("+442079460999").Leg() != "" {
			t.Error("the other number still rings")
		}
	})
}
