package switchboard

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// An agent on duty whom a script rings is at work: his screen shows the call, his state follows it, and no queue rings him.
func TestDialAgent(t *testing.T) {
	dials(t, `dial: "1001"`, func(t *testing.T, c *centre) {
		c.ready("ana")
		p := c.pbx.Call(caller)
		c.settle(500 * time.Millisecond)
		c.wantState("ana", "reserved")
		if pop := body[ctid.PopOffered](c); pop.PopData.Kind != "direct" {
			t.Errorf("pop %+v", pop.PopData)
		}
		if from := c.pbx.PhoneOf("1001").Invite().From; from != "+442079460018" {
			t.Errorf("his phone shows %q", from)
		}
		if p.Answered() {
			t.Error("the caller was answered while it rings")
		}
		c.settle(time.Second)
		c.wantState("ana", "talking")
		c.hears(p.ID(), c.leg("1001"), true)
		c.settle(2 * time.Second)
		c.must("ana", ctid.CallHangup{Call: c.lastCall()})
		c.settle(500 * time.Millisecond)
		if !p.HeardAny("answered") {
			t.Errorf("the caller has heard %v", p.Heard())
		}
		rec := c.clean(1)[0]
		c.wantState("ana", "ready")
		c.wantTalk(rec, map[string]int64{"ana": 2})
		wantRung(t, rec, "answered", "answered", 2500*time.Millisecond)
	})
}

// What an agent does who does not take it, or cannot.
func TestDialAgentNot(t *testing.T) {
	for _, x := range []struct {
		name  string
		do    func(c *centre)
		after func(c *centre)
		node  string
		state string
	}{
		{"he is on a call", func(c *centre) {
			c.must("ana", ctid.CallDial{To: toNumber()})
		}, nil, "busy", "talking"},
		{"he does not answer", func(c *centre) { c.pbx.PhoneOf("1001").Behave(ignores()) }, nil, "no_answer", "ready"},
		{"his phone refuses", func(c *centre) { c.pbx.PhoneOf("1001").Behave(aritest.Refuses(time.Second, 486)) }, nil, "busy", "ready"},
		{"he refuses", func(c *centre) { c.pbx.PhoneOf("1001").Behave(ignores()) },
			func(c *centre) { c.must("ana", ctid.CallReject{Call: c.lastCall()}) }, "busy", "ready"},
		{"his phone has gone", func(c *centre) { c.pbx.PhoneOf("1001").Unregister() }, nil, "failed", "paused(device-unreachable)"},
	} {
		t.Run(x.name, func(t *testing.T) {
			dials(t, `dial: {to: "1001", ring: 5s}`, func(t *testing.T, c *centre) {
				c.ready("ana")
				x.do(c)
				c.settle(time.Second)
				p := c.pbx.Call(caller)
				c.settle(500 * time.Millisecond)
				if x.after != nil {
					x.after(c)
				}
				c.settle(6 * time.Second)
				if !p.HeardAny(x.node) {
					t.Errorf("the caller has heard %v", p.Heard())
				}
				if got := c.state("ana"); !strings.HasPrefix(got, x.state) {
					t.Errorf("ana is %s, want %s", got, x.state)
				}
				c.settle(2 * time.Second)
				p.Hangup()
				c.pbx.Outside(outsider).Hangup()
				n := 1
				if x.state == "talking" {
					n = 2
				}
				c.clean(n)
			})
		})
	}
}

// The phone of an agent who is not on duty rings as any extension, and he stays out.
func TestDialOffDuty(t *testing.T) {
	dials(t, `dial: "1001"`, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		c.hears(p.ID(), c.leg("1001"), true)
		c.wantState("ana", "out")
		p.Hangup()
		wantRung(t, c.clean(1)[0], "answered", "a", 500*time.Millisecond)
	})
	synctestWith(t, `dial: "1001"`, deviceAuto, func(t *testing.T, c *centre) { // one that answers by itself is not rung: nobody would be there
		c.pbx.Call(caller)
		wantRung(t, c.clean(1)[0], "failed", "failed", 0)
	})
}

func synctestWith(t *testing.T, step, kind string, f func(t *testing.T, c *centre)) {
	t.Helper()
	inCentreWith(t, rungScript(step), kind, f)
}

// An agent whom the script has rung hands the caller on: the script has him again when that is over, too.
func TestDialAgentHandsOn(t *testing.T) {
	for _, x := range []struct {
		name string
		to   ctid.Target
		by   ctid.AgentID
	}{{"to a colleague", toAgent("ben"), "ben"}, {"to a queue", ctid.Target{Kind: "queue", ID: "sales"}, "ben"}} {
		t.Run(x.name, func(t *testing.T) {
			dials(t, `dial: "1001"`, func(t *testing.T, c *centre) {
				c.ready("ana", "ben")
				p := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				c.must("ana", ctid.CallTransferBlind{Call: c.lastCall(), To: x.to})
				c.settle(3 * time.Second)
				with := "1002"
				if c.state("ana") == "talking" {
					with, x.by = "1001", "ana"
				}
				c.hears(p.ID(), c.leg(with), true)
				c.must(x.by, ctid.CallHangup{Call: c.lastCall()})
				c.settle(500 * time.Millisecond)
				if !p.HeardAny("answered") {
					t.Errorf("the caller has heard %v", p.Heard())
				}
				c.clean(1)
			})
		})
	}
	dials(t, `dial: "1001"`, func(t *testing.T, c *centre) { // nobody there takes him, and ana is away: the script has him again
		c.ready("ana")
		p := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		c.others(nil)
		c.pbx.PhoneOf("1001").Behave(aritest.Refuses(0, 486))
		c.ask("ana", ctid.CallTransferBlind{Call: c.lastCall(), To: toNumber()})
		c.settle(2 * time.Second)
		if !p.HeardAny("answered") {
			t.Errorf("the caller has heard %v", p.Heard())
		}
		c.clean(1)
	})
}

// A restart: who only rang is rung anew, who talks talks on, and the script goes on behind the talk.
func TestDialOverRestart(t *testing.T) {
	restart := func(t *testing.T, c *centre, step string) {
		t.Helper()
		c.stop()
		c.settle(100 * time.Millisecond)
		c.history.Calls = []ctid.CallRecord{*c.records[len(c.records)-1]}
		c.boot(t, rungScript(step), 2)
	}
	step := `dial: {to: "` + outsider + `", ring: 20s, max: 1m}`
	dials(t, step, func(t *testing.T, c *centre) {
		c.others(map[string]aritest.Behaviour{outsider: aritest.AnswerAfter(3 * time.Second)})
		p := c.pbx.Call(caller)
		c.settle(time.Second)
		restart(t, c, step)
		c.settle(3 * time.Second)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
		p.Hangup()
		if rec := c.clean(1)[0]; !slices.Equal(tries(rec), []string{outsider + " cancelled", outsider + " answered"}) {
			t.Errorf("tries %v", tries(rec))
		}
	})
	for _, gone := range []bool{false, true} {
		dials(t, step, func(t *testing.T, c *centre) {
			p := c.pbx.Call(caller)
			c.settle(3 * time.Second)
			c.stop()
			if gone {
				c.pbx.Outside(outsider).Hangup()
			}
			c.settle(100 * time.Millisecond)
			c.history.Calls = []ctid.CallRecord{*c.records[len(c.records)-1]}
			c.boot(t, rungScript(step), 2)
			if !gone {
				c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
				c.pbx.Outside(outsider).Hangup()
			}
			c.settle(500 * time.Millisecond)
			if !p.HeardAny("answered") {
				t.Errorf("partner gone meanwhile %v: the caller has heard %v", gone, p.Heard())
			}
			if rec := c.clean(1)[0]; !slices.Equal(tries(rec), []string{outsider + " answered"}) || lastNode(rec) != "answered" {
				t.Errorf("tries %v, then %s", tries(rec), lastNode(rec))
			}
		})
	}
	dials(t, step, func(t *testing.T, c *centre) { // the longest talk counts from its beginning
		p := c.pbx.Call(caller)
		c.settle(3 * time.Second)
		restart(t, c, step)
		c.settle(time.Minute)
		if !p.HeardAny("answered") {
			t.Errorf("a minute later the caller has heard %v", p.Heard())
		}
		c.clean(1)
	})
	dials(t, `dial: "1001"`, func(t *testing.T, c *centre) { // an agent's talk
		c.ready("ana")
		p := c.pbx.Call(caller)
		c.settle(3 * time.Second)
		restart(t, c, `dial: "1001"`)
		c.wantState("ana", "talking")
		c.hears(p.ID(), c.leg("1001"), true)
		c.pbx.PhoneOf("1001").Hangup()
		c.settle(500 * time.Millisecond)
		if !p.HeardAny("answered") {
			t.Errorf("the caller has heard %v", p.Heard())
		}
		c.clean(1)
	})
}

// A script that transfers to its own number ends after so many rounds, and nobody is dialled.
func TestTransferToItself(t *testing.T) {
	inCentre(t, rungScript(`transfer: "8001"`), func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(500 * time.Millisecond)
		if !p.HeardAny("failed") {
			t.Errorf("the caller has heard %v", p.Heard())
		}
		rec := c.clean(1)[0]
		if len(rec.Parties) != mostMoves+1 || rec.Parties[mostMoves].Outcome != "failed" || rec.Parties[0].Outcome != "answered" {
			t.Errorf("tries %v", tries(rec))
		}
	})
}

// When ctid stops, nobody whom a script rings rings on, and the caller is sent to the fallback; a talk goes on.
func TestDialDrained(t *testing.T) {
	dials(t, `dial: [X, "1001"]`, func(t *testing.T, c *centre) {
		c.others(map[string]aritest.Behaviour{outsider: ignores()})
		c.pbx.PhoneOf("1001").Behave(ignores())
		c.ready("ana")
		c.pbx.Call(caller)
		c.settle(time.Second)
		go func() { _ = c.sb.Drain(t.Context(), "test") }()
		c.settle(time.Second)
		if leg, ana := c.pbx.Outside(outsider).Leg(), c.leg("1001"); leg != "" || ana != "" {
			t.Errorf("still ringing: %q, %q", leg, ana)
		}
		c.settle(10 * time.Second)
		c.wantState("ana", "ready")
	})
}

// The caller's number is shown inside, the centre's outside, and what the script says where it says it.
func TestDialShown(t *testing.T) {
	dials(t, `dial: {to: X, caller_id: "+442079460005"}`, func(t *testing.T, c *centre) {
		p := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		if from := c.pbx.Outside(outsider).Invite().From; from != "+442079460005" {
			t.Errorf("outside sees %q", from)
		}
		p.Hangup()
		c.clean(1)
	})
}
