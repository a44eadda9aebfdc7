package switchboard

import (
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// clean says that nothing is left of any call, and gives the records of those that ended.
func (c *centre) clean(calls int) []*ctid.CallRecord {
	c.t.Helper()
	c.settle(10 * time.Second)
	if ch := c.pbx.Channels(); len(ch) > 0 {
		c.t.Errorf("channels left: %v", ch)
	}
	if b := c.pbx.Bridges(); len(b) > 0 {
		c.t.Errorf("bridges left: %v", b)
	}
	st, err := c.sb.Status(c.t.Context())
	if err != nil || st.Calls != 0 {
		c.t.Errorf("%d calls left, %v", st.Calls, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	over := map[ctid.CallID]bool{}
	for _, e := range c.events {
		kind := e.Body.Kind()
		if over[e.Call] && strings.HasPrefix(kind, "call.") && kind != "call.note" {
			c.t.Errorf("%s was told of %s after its end", kind, e.Call)
		}
		over[e.Call] = over[e.Call] || kind == "call.cleared"
	}
	var done []*ctid.CallRecord
	seen := map[ctid.CallID]bool{}
	for _, r := range c.records {
		if r.End != nil {
			if seen[r.ID] {
				c.t.Errorf("%s ended twice", r.ID)
			}
			seen[r.ID] = true
			done = append(done, r)
			for _, o := range r.Offers {
				if o.End == "" {
					c.t.Errorf("%s: the offer to %s has no end in the record", r.ID, o.Agent)
				}
			}
		}
	}
	if len(done) != calls {
		c.t.Errorf("%d records with an end, want %d", len(done), calls)
	}
	c.figuresAgree(done)
	return done
}

func wantEnd(t *testing.T, r *ctid.CallRecord, side ctid.Side, reason, outcome string) {
	t.Helper()
	if r.End.Side != side || r.End.Reason != reason || r.Outcome != outcome {
		t.Errorf("end is %s/%s with outcome %s, want %s/%s with %s", r.End.Side, r.End.Reason, r.Outcome, side, reason, outcome)
	}
}

// begun is how many calls there have been.
func (c *centre) begun() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := map[ctid.CallID]bool{}
	for _, e := range c.events {
		switch e.Body.(type) {
		case ctid.CallArrived, ctid.CallOriginated: // this one twice of a callback: when it waits, and when an agent has it
			calls[e.Call] = true
		}
	}
	return len(calls)
}

// oneOfEach brings three callers in: one talks to ana, for one ben's phone rings, one waits.
func (c *centre) oneOfEach() (talking, ringing, waiting *aritest.Caller) {
	c.t.Helper()
	c.ready("ana")
	talking = c.pbx.Call(caller)
	c.settle(2 * time.Second)
	c.wantState("ana", "talking")
	c.ready("ben")
	ringing = c.pbx.Call(caller)
	c.settle(100 * time.Millisecond) // two who come at once may enter in either order
	waiting = c.pbx.Call(caller)
	c.settle(400 * time.Millisecond)
	c.wantState("ben", "reserved")
	return talking, ringing, waiting
}

func (c *centre) state(agent ctid.AgentID) string {
	st, err := c.sb.Status(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, v := range st.AgentList {
		if v.Agent == agent {
			if v.Reason != "" {
				return string(v.State) + "(" + v.Reason + ")"
			}
			return string(v.State)
		}
	}
	return "?"
}

func (c *centre) wantState(agent ctid.AgentID, want string) {
	c.t.Helper()
	if got := c.state(agent); got != want {
		c.t.Errorf("%s is %s, want %s", agent, got, want)
	}
}

// now is what the machine's clock says. In a bubble no time is monotonic: that durations do not follow when it is set is done in boot.
func (c *centre) now() time.Time {
	t := time.Now().Add(time.Duration(c.set.Load()))
	if c.zone != nil {
		t = t.In(c.zone)
	}
	return t
}
