package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// inWebCentre is inCentre with ana's phone in her page.
func inWebCentre(t *testing.T, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentreWith(t, straight, "web", func(t *testing.T, c *centre) {
		c.pbx.PhoneOf("1001").Behave(aritest.AutoAnswers(time.Second))
		f(t, c)
	})
}

// lost has ana in conversation and her page gone.
func (c *centre) lost() *aritest.Caller {
	c.t.Helper()
	p := c.talking()
	c.settle(4 * time.Second)
	c.pbx.PhoneOf("1001").Vanish()
	c.settle(time.Second)
	c.wantDoing("ana", ctid.DoingRescue)
	if !slices.Contains(p.Hears(), "moh:default") {
		c.t.Errorf("the caller of an agent who was lost hears %v", p.Hears())
	}
	return p
}

func (c *centre) wantDoing(agent ctid.AgentID, want ctid.Doing) {
	c.t.Helper()
	c.wantState(agent, "talking")
	if v, _ := c.view(agent); v.Doing != want {
		c.t.Errorf("%s does %q, want %q", agent, v.Doing, want)
	}
}

// A page that is loaded again takes its phone with it. The caller hears music, and the agent has him again as soon as the
// page's new phone is there.
func TestRescue(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.lost()
		c.refused("ana", ctid.CallHold{Call: c.lastCall()}, ctid.WrongState)
		c.pbx.PhoneOf("1001").Register()
		c.settle(3 * time.Second)
		c.wantDoing("ana", ctid.DoingTalk)
		c.hears(p.ID(), c.leg("1001"), true)
		if why := body[ctid.CallRetrieved](c).Why; why != "rescued" {
			t.Errorf("retrieved because %q", why)
		}
		c.must("ana", ctid.CallHold{Call: c.lastCall()})
		c.must("ana", ctid.CallRetrieve{Call: c.lastCall()})
		c.settle(2 * time.Second)
		p.Hangup()
		c.settle(time.Second)
		c.wantState("ana", "wrapup")
		rec := c.clean(1)[0]
		wantEnd(t, rec, ctid.SideCaller, "hangup", "answered")
		if len(rec.Agents) != 1 {
			t.Errorf("parts: %+v", rec.Agents)
		}
	})
}

// Asterisk may end the leg itself, with a cause that no hang-up has; the page may be there again before anybody asks.
func TestRescueOfALegWithoutMedia(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.talking()
		c.pbx.PhoneOf("1001").LoseMedia()
		c.settle(1500 * time.Millisecond)
		c.wantDoing("ana", ctid.DoingTalk)
		c.hears(p.ID(), c.leg("1001"), true)
		p.Hangup()
		c.clean(1)
	})
}

// A phone that is lost may still be known where it was, and is rung there for nothing. It is rung anew where it is now.
func TestRescueWherePhoneIsNow(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.talking()
		page := c.pbx.PhoneOf("1001")
		page.Behave(aritest.Behaviour{Do: aritest.Silent})
		page.LoseMedia()
		c.settle(3 * time.Second)
		c.wantDoing("ana", ctid.DoingRescue)
		page.Behave(aritest.AutoAnswers(time.Second))
		page.Unregister()
		page.Register()
		c.settle(3 * time.Second)
		c.wantDoing("ana", ctid.DoingTalk)
		c.hears(p.ID(), c.leg("1001"), true)
		p.Hangup()
		c.clean(1)
	})
}

// An agent who does not come back in time: his caller waits again, before all others, and goes to the next agent.
func TestRescueTooLate(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.lost()
		c.settle(24 * time.Second)
		c.wantState("ben", "talking")
		c.hears(p.ID(), c.leg("1002"), true)
		if s := c.state("ana"); s != "wrapup" {
			t.Errorf("ana is %s", s)
		}
		p.Hangup()
		rec := c.clean(1)[0]
		c.wantState("ana", "paused(device-unreachable)")
		wantEnd(t, rec, ctid.SideCaller, "hangup", "answered")
		if len(rec.Agents) != 2 || rec.Agents[0].Agent != "ana" || rec.Agents[1].Agent != "ben" {
			t.Errorf("parts: %+v", rec.Agents)
		}
	})
}

// The caller may hang up meanwhile, and so may the agent in his page. Nothing rings on.
func TestRescueIsOver(t *testing.T) {
	for name, end := range map[string]func(c *centre, p *aritest.Caller){
		"caller": func(_ *centre, p *aritest.Caller) { p.Hangup() },
		"agent":  func(c *centre, _ *aritest.Caller) { c.must("ana", ctid.CallHangup{Call: c.lastCall()}) },
		"while it rings": func(c *centre, p *aritest.Caller) {
			c.pbx.PhoneOf("1001").Behave(aritest.Behaviour{Do: aritest.Ignore})
			c.pbx.PhoneOf("1001").Register()
			c.settle(2 * time.Second)
			if !c.pbx.PhoneOf("1001").Ringing() {
				c.t.Error("ana is not rung again")
			}
			p.Hangup()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWebCentre(t, func(t *testing.T, c *centre) {
				p := c.lost()
				end(c, p)
				c.settle(time.Second)
				c.wantState("ana", "wrapup")
				c.clean(1)
			})
		})
	}
}

// A caller who was on hold when the page was lost is on hold afterwards: nobody speaks to him by surprise.
func TestRescueKeepsTheHold(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.talking()
		c.must("ana", ctid.CallHold{Call: c.lastCall()})
		c.pbx.PhoneOf("1001").Vanish()
		c.settle(time.Second)
		c.wantDoing("ana", ctid.DoingRescue)
		c.pbx.PhoneOf("1001").Register()
		c.settle(3 * time.Second)
		c.wantDoing("ana", ctid.DoingHold)
		c.hears(p.ID(), c.leg("1001"), false)
		c.must("ana", ctid.CallRetrieve{Call: c.lastCall()})
		c.hears(p.ID(), c.leg("1001"), true)
		p.Hangup()
		c.clean(1)
	})
}

// A phone that only registers anew goes on speaking, and nobody notices. A phone on a desk is not rung again by itself.
func TestNoRescue(t *testing.T) {
	inWebCentre(t, func(t *testing.T, c *centre) {
		p := c.talking()
		c.pbx.PhoneOf("1001").Unregister()
		c.settle(2 * time.Second)
		c.pbx.PhoneOf("1001").Register()
		c.settle(2 * time.Second)
		c.wantDoing("ana", ctid.DoingTalk)
		c.hears(p.ID(), c.leg("1001"), true)
		p.Hangup()
		c.clean(1)
	})
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		c.pbx.PhoneOf("1001").LoseMedia()
		c.settle(2 * time.Second)
		if s := c.state("ana"); s == "talking" {
			t.Error("an agent whose desk phone was lost is still in conversation")
		}
		p.Hangup()
		c.clean(1)
	})
}
