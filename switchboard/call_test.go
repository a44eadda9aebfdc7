package switchboard

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

var caller = aritest.Caller{Number: "02079460018", Name: "Mei Tan", DNIS: "8001"}

// The whole life: script, queue, pop, ring, talk, wrap-up, record.
func TestOneCallWhole(t *testing.T) {
	inCentre(t, menu, func(t *testing.T, c *centre) {
		c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1", Asked: []string{"ani"},
			Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_1", Name: "Mei Tan"}, Score: 1}}, Cases: []ctid.Case{{ID: "cs_1", State: "open"}}}
		c.pbx.Phone("1001", aritest.AnswerAfter(3*time.Second))
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		if !k.Answered() || !k.HeardAny("hello") || !k.HeardAny("choose") {
			t.Fatalf("the caller heard %v", k.Heard())
		}
		k.Press("1")
		c.settle(1500 * time.Millisecond)
		if c.state("ana") != "reserved" || !slices.Contains(k.Hears(), "moh:") && !strings.HasPrefix(strings.Join(k.Hears(), " "), "moh:") {
			t.Fatalf("ana is %s, the caller hears %v", c.state("ana"), k.Hears())
		}
		pop := body[ctid.PopOffered](c)
		if pop.ANI.E164 != "+442079460018" || pop.DNIS.Label != "Main line" || pop.Match.Chosen != "cu_1" || len(pop.Cases) != 1 || pop.Queue.Name != "Sales" || len(pop.IVR.Path) == 0 {
			t.Errorf("the pop lacks something: %+v", pop)
		}
		c.settle(6 * time.Second)
		c.wantState("ana", "talking")
		k.Hangup()
		c.settle(time.Second)
		c.wantState("ana", "wrapup")
		w := body[ctid.AgentStateChanged](c).Wrap
		c.must("ana", ctid.AgentWrapUpDone{Wrap: w.ID, Disposition: "sold"})
		c.wantState("ana", "ready")
		r := c.clean(1)[0]
		wantEnd(t, r, ctid.SideCaller, "hangup", "answered")
		if r.TalkMS < 4000 || r.Customer != "cu_1" || len(r.Offers) != 1 || r.Offers[0].End != ctid.OfferAccepted || r.Offers[0].PopBeforeRing != "true" {
			t.Errorf("record: %+v", r)
		}
		want := []string{"pop.offered", "call.delivered", "call.established", "call.cleared", "pop.closed"}
		if got := c.kinds("pop.", "call.delivered", "call.established", "call.cleared"); !reflect.DeepEqual(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

// A ring time-out pauses the agent, closes his pop as missed, and keeps the caller's place: the next agent gets him.
func TestRingNoAnswer(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(5 * time.Second)
		c.ready("ben")
		c.settle(20 * time.Second)
		c.wantState("ana", "paused(no-answer)")
		if got := body[ctid.PopClosed](c).Why; got != "missed" {
			t.Errorf("the pop was closed as %s", got)
		}
		c.wantState("ben", "talking")
		k.Hangup()
		r := c.clean(1)[0]
		if len(r.Offers) != 2 || r.Offers[0].End != ctid.OfferMissed || r.Offers[1].End != ctid.OfferAccepted || r.WaitMS < 20_000 {
			t.Errorf("record: %+v", r)
		}
	})
}

// What a phone says instead of answering: the caller keeps waiting.
func TestPhoneRefuses(t *testing.T) {
	for _, tt := range []struct {
		do    aritest.Outcome
		agent string
		why   string
	}{
		{aritest.Busy, "ready", "busy"},
		{aritest.Decline, "ready", "rejected"},
		{aritest.Unavailable, "paused(device-unreachable)", "unreachable"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				c.pbx.Phone("1001", aritest.Behaviour{Do: tt.do})
				c.ready("ana")
				k := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				c.wantState("ana", tt.agent)
				if got := body[ctid.CallDiverted](c).Why; got != tt.why {
					t.Errorf("diverted for %s, want %s", got, tt.why)
				}
				k.Hangup()
				r := c.clean(1)[0]
				wantEnd(t, r, ctid.SideCaller, "hangup", "abandoned")
			})
		})
	}
}

// The caller may hang up at any moment: nothing rings on, nobody is stuck.
func TestCallerHangsUp(t *testing.T) {
	for _, tt := range []struct {
		name           string
		after          time.Duration // from the call
		press          bool
		agent, outcome string
	}{
		{"in the first prompt", 300 * time.Millisecond, false, "ready", "hangup_in_script"},
		{"in the question", 1500 * time.Millisecond, false, "ready", "hangup_in_script"},
		{"while it rings", 2 * time.Second, true, "ready", "abandoned"},
		{"in the talk", 6 * time.Second, true, "wrapup", "answered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inCentre(t, menu, func(t *testing.T, c *centre) {
				c.ready("ana")
				k := c.pbx.Call(caller)
				if tt.press {
					c.settle(1500 * time.Millisecond)
					k.Press("1")
					c.settle(tt.after - 1500*time.Millisecond)
				} else {
					c.settle(tt.after)
				}
				k.Hangup()
				c.settle(time.Second)
				c.wantState("ana", tt.agent)
				r := c.clean(1)[0]
				wantEnd(t, r, ctid.SideCaller, "hangup", tt.outcome)
			})
		})
	}
}

// The agent hangs up, by phone or by desktop: the script ends the call.
func TestAgentHangsUp(t *testing.T) {
	for _, by := range []string{"phone", "desktop"} {
		t.Run(by, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				p := c.pbx.Phone("1001", aritest.AnswerAfter(time.Second))
				c.ready("ana")
				k := c.pbx.Call(caller)
				c.settle(5 * time.Second)
				if by == "phone" {
					p.Hangup()
				} else {
					call := body[ctid.CallEstablished](c)
					_ = call
					c.must("ana", ctid.CallHangup{Call: c.lastCall()})
				}
				c.settle(time.Second)
				c.wantState("ana", "wrapup")
				if over, _ := k.Ended(); !over {
					t.Error("the caller is still there")
				}
				r := c.clean(1)[0]
				wantEnd(t, r, ctid.SideAgent, "hangup", "answered")
			})
		})
	}
}

func (c *centre) lastCall() ctid.CallID {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range slices.Backward(c.events) {
		if e.Call != "" {
			return e.Call
		}
	}
	return ""
}

// Nobody is there: the caller waits with music until the script's time is over, then hears the script's word.
func TestQueueTimeout(t *testing.T) {
	inCentre(t, menu, func(t *testing.T, c *centre) {
		k := c.pbx.Call(caller)
		c.settle(1500 * time.Millisecond)
		k.Press("1")
		c.settle(31 * time.Second)
		if !k.HeardAny("busy") {
			t.Errorf("the caller heard %v", k.Heard())
		}
		r := c.clean(1)[0]
		wantEnd(t, r, ctid.SideScript, "script", "script")
		if r.Queues[0].Exit != ctid.ExitTimeout {
			t.Errorf("exit %s", r.Queues[0].Exit)
		}
	})
}

// A pop that is not written in time does not hold up the ring for longer than 100 ms, and the record says so.
func TestPopTooLate(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.late = true
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(5 * time.Second)
		k.Hangup()
		r := c.clean(1)[0]
		if o := r.Offers[0]; o.PopBeforeRing != "false" || o.PopMS < 100 || o.PopMS > 110 || o.End != ctid.OfferAccepted {
			t.Errorf("offer: %+v", o)
		}
	})
}

// A slow look-up does not hold up the pop for longer than 300 ms; its answer comes as an update.
func TestLateMatch(t *testing.T) {
	for _, slow := range []time.Duration{600 * time.Millisecond, 2 * time.Second} {
		inCentre(t, straight, func(t *testing.T, c *centre) {
			c.slow = slow
			c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1", Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_1"}}}}
			c.ready("ana")
			k := c.pbx.Call(caller)
			c.settle(500 * time.Millisecond)
			if s := body[ctid.PopOffered](c).Match.State; s != ctid.MatchPending {
				t.Errorf("match %s", s)
			}
			c.settle(5 * time.Second)
			c.wantState("ana", "talking")
			if up := body[ctid.PopUpdated](c); up.Why != "late_match" || up.Data.Match.Chosen != "cu_1" {
				t.Errorf("update %+v", up)
			}
			if all := c.kinds("pop.", "call.delivered"); !slices.Equal(all, []string{"pop.offered", "call.delivered", "pop.updated"}) {
				t.Errorf("after %v: %v", slow, all)
			}
			k.Hangup()
			if r := c.clean(1)[0]; r.Customer != "cu_1" || len(r.Offers) != 1 {
				t.Errorf("customer %q, offers %+v", r.Customer, r.Offers)
			}
		})
	}
}

// A number nobody has configured, too many calls, a drain: the fallback dialplan gets the caller.
func TestSentToFallback(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		odd := caller
		odd.DNIS = "9999"
		k := c.pbx.Call(odd)
		c.settle(time.Second)
		if k.Variable("CTID_RETURN") != "overload" {
			t.Error("an unknown number was not sent to the fallback")
		}
		k.Hangup()
		waits := c.pbx.Call(caller)
		c.settle(time.Second)
		done := make(chan error, 1)
		go func() { done <- c.sb.Drain(t.Context(), "test") }()
		c.settle(time.Second)
		if err := <-done; err != nil || waits.Variable("CTID_RETURN") != "overload" {
			t.Errorf("a waiting caller was not sent to the fallback by the drain: %v", err)
		}
		late := c.pbx.Call(caller)
		c.settle(time.Second)
		if late.Variable("CTID_RETURN") != "overload" {
			t.Error("a call during the drain was not sent to the fallback")
		}
		waits.Hangup()
		late.Hangup()
		r := c.clean(1)[0]
		wantEnd(t, r, ctid.SideSystem, "drained", "fallback")
	})
}

// The language that a known caller chooses is remembered with him, also where the look-up is slower than his key.
func TestLanguageIsRemembered(t *testing.T) {
	const script = `version: 1
languages: [en, zh]
prompts: {choose: {en: For English press 1., zh: "中文请按 2。"}}
nodes:
  a: [{language: {1: en, 2: zh, prompt: choose}}, {queue: {name: sales, at_most: 1m}, then: {otherwise: hangup}}]
`
	inCentre(t, script, func(t *testing.T, c *centre) {
		c.slow = 3 * time.Second
		c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1", Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_1"}}}}
		k := c.pbx.Call(caller)
		c.settle(time.Second)
		k.Press("2")
		c.settle(4 * time.Second)
		if !reflect.DeepEqual(c.langs, []string{"cu_1=zh"}) {
			t.Errorf("remembered %v", c.langs)
		}
		k.Hangup()
		if r := c.clean(1)[0]; r.IVR.Lang != "zh" {
			t.Errorf("the record says %q", r.IVR.Lang)
		}
	})
}

// A phone that has just come is good enough for an agent who says ready: he need not wait for the next look at all phones.
func TestReadyLooksAtThePhone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		phone := c.pbx.Phone("1001", aritest.AnswerAfter(time.Second))
		phone.Unregister()
		c.settle(time.Second)
		c.must("ana", ctid.AgentLogin{})
		if r := c.ask("ana", ctid.AgentReady{}); r.Err == nil || r.Err.Code != ctid.DeviceUnreachable {
			t.Errorf("ready without a phone: %+v", r)
		}
		phone.Register()
		c.must("ana", ctid.AgentReady{})
		c.wantState("ana", "ready")
	})
}
