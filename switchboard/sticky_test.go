package switchboard

import (
	"testing"
	"time"

	"ctid"
)

// sticks has queue sales offer a caller to one agent first.
func (c *centre) sticks(to Sticky) {
	c.t.Helper()
	if err := c.sb.ask(c.t.Context(), func(time.Time) { c.sb.desk.plan.Sticky = map[ctid.QueueID]Sticky{"sales": to} }); err != nil {
		c.t.Fatal(err)
	}
}

// knows has the caller's number be that of a customer, whose owner is ana and who spoke with ben last.
func (c *centre) knows() {
	c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1",
		Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_1", Fields: map[string]string{"owner": "ana"}, LastAgent: "ana"}}},
		Last:      []ctid.Contact{{Agent: ""}, {Agent: "ben"}, {Agent: "ana"}}}
}

// The caller sticks to whom he spoke with last, for as long as the queue says; then others may have him.
func TestSticky(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.sticks(Sticky{By: StickyLast, For: 10 * time.Second})
		c.knows()
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

// He sticks to the one who looks after him, or to whom the script names, whoever that is by the queue's rule.
func TestStickyTo(t *testing.T) {
	const named = `version: 1
nodes:
  q: {queue: {name: sales, agent: ben, agent_wait: 30s, at_most: 2m}, then: {otherwise: hangup}}
`
	for _, x := range []struct {
		name, script string
		rule         Sticky
		talks, free  ctid.AgentID
	}{
		{"his owner", straight, Sticky{By: StickyOwner}, "ana", "ben"},
		{"the script's", named, Sticky{By: StickyOwner}, "ben", "ana"},
		{"the script's, without a rule", named, Sticky{}, "ben", "ana"},
		{"nobody", straight, Sticky{}, "ana", "ben"},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCentre(t, x.script, func(t *testing.T, c *centre) {
				c.sticks(x.rule)
				c.knows()
				c.ready("ana", "ben")
				p := c.call()
				c.settle(5 * time.Second)
				c.wantState(x.talks, "talking")
				c.wantState(x.free, "ready")
				p.Hangup()
				c.clean(1)
			})
		})
	}
}

// A data base that does not answer in time holds nobody up: the caller waits for all, and who he is comes on the screen later. A caller
// who gives up before is gone for good.
func TestStickyWithoutAnswer(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.slow = 5 * time.Second
		c.sticks(Sticky{By: StickyLast, For: time.Minute})
		c.knows()
		c.ready("ana")
		first := c.call()
		c.settle(100 * time.Millisecond)
		first.Hangup()
		c.settle(time.Second)
		c.wantState("ana", "ready")
		second := c.call()
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		c.settle(5 * time.Second)
		if up := body[ctid.PopUpdated](c); up.Data.Match.Chosen != "cu_1" {
			t.Errorf("the pop shows %+v", up.Data.Match)
		}
		second.Hangup()
		c.clean(2)
	})
}
