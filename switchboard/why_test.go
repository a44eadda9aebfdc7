package switchboard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

// why asks what keeps the agents from a call, and gives the answer with one word for each agent.
func (c *centre) why(call ctid.CallID) (ctid.WhyAnswer, string) {
	c.t.Helper()
	r := c.ask("", ctid.QueueWhy{Call: call})
	a, ok := r.Data["why"].(ctid.WhyAnswer)
	if r.Phase != ctid.Done || !ok {
		c.t.Fatalf("asking why: %+v", r)
	}
	var words []string
	for _, x := range a.Agents {
		words = append(words, fmt.Sprintf("%s:%s/%s", x.Agent, x.Rule, x.Facts.State))
	}
	return a, strings.Join(words, " ")
}

// unoffered is the call that waits and rings at nobody.
func (c *centre) unoffered() ctid.CallID {
	c.t.Helper()
	for _, e := range c.events {
		if _, arrived := e.Body.(ctid.CallArrived); !arrived {
			continue
		}
		if a, ok := c.ask("", ctid.QueueWhy{Call: e.Call}).Data["why"].(ctid.WhyAnswer); ok && a.Rules[acd.RuleOffered] == 0 {
			return e.Call
		}
	}
	c.t.Fatal("nobody waits without an offer")
	return ""
}

// While a caller waits a supervisor is told of each agent what keeps him away, with the values; when he waits no more, where he is.
func TestQueueWhy(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		_, ringing, waiting := c.oneOfEach()
		call := c.unoffered()
		rows := len(c.rows)
		a, words := c.why(call)
		if words != "ben:state/reserved ana:state/talking" && words != "ana:state/talking ben:state/reserved" {
			t.Errorf("the agents are %s", words)
		}
		if a.Call != call || a.Queue != "sales" || a.More != 0 || a.Rules["state"] != 2 || a.At.IsZero() || a.Agents[0].Facts.Since.IsZero() || a.Agents[0].Value == "" {
			t.Errorf("the answer is %+v", a)
		}
		if len(c.rows) != rows {
			t.Errorf("asking wrote %d rows", len(c.rows)-rows)
		}
		c.must("ana", ctid.AgentPause{Reason: "lunch"})
		ringing.Hangup()
		c.settle(500 * time.Millisecond) // ben is rung for the next
		if a, words := c.why(call); words != "ben:offered/ ana:state/talking" || a.Agents[0].Facts.Until.IsZero() {
			t.Errorf("the agents are %s: %+v", words, a)
		}
		waiting.Hangup()
		c.settle(time.Second)
		c.refused("", ctid.QueueWhy{Call: call}, ctid.CallOver)
	})
}

// In an answer those come first who are nearest to the caller, and who is off duty last; it names so many and counts the rest.
func TestQueueWhyIsBounded(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		many := agents()
		for i := range 3 * maxWhys {
			many = append(many, acd.Agent{ID: ctid.AgentID(fmt.Sprintf("x%03d", i)), Desk: ctid.DeskOptional, Queues: []acd.Membership{{Queue: "sales", Rank: 1}}})
		}
		plan := c.sb.desk.plan
		plan.ACD.Agents = many
		c.sb.Reload(plan)
		c.must("ben", ctid.AgentLogin{})
		p := c.call()
		c.settle(time.Second)
		a, _ := c.why(c.lastCall())
		if len(a.Agents) != maxWhys || a.More != 2*maxWhys+2 || a.Rules["state"] != 3*maxWhys+2 || a.Agents[0].Agent != "ben" {
			t.Errorf("%d agents, %d more, %v; the first is %+v", len(a.Agents), a.More, a.Rules, a.Agents[0])
		}
		p.Hangup()
		c.clean(1)
	})
	for _, rule := range []string{acd.RuleOffered, acd.RulePreferred, acd.RuleRank, acd.RuleSkill, acd.RuleState, acd.RulePhone, acd.RuleGap, acd.RuleSeat, acd.RuleRoom, acd.RuleOrder} {
		if !slices.Contains(nearness, rule) {
			t.Errorf("rule %s has no place in an answer", rule)
		}
	}
}
