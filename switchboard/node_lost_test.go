package switchboard

import (
	"errors"
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// away cuts the node off until Heal.
func (c *centre) away() {
	c.pbx.Fault(aritest.Fault{Before: true})
	c.pbx.CutSocket("ctid")
}

// A node that stays away for limits.node_lost loses its calls, whatever they were at, and its agents are free. When it
// is back, the conversation goes on unrecorded and those who waited are served as new callers.
func TestNodeStaysAway(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		talking, ringing, waiting := c.oneOfEach()
		c.away()
		c.settle(5*time.Minute - 10*time.Second)
		if st, err := c.sb.Status(t.Context()); err != nil || st.Calls < 1 {
			t.Errorf("before the limit there are %d calls, %v", st.Calls, err)
		}
		c.wantState("ana", "talking")
		c.settle(time.Minute)
		if st, err := c.sb.Status(t.Context()); err != nil || st.Calls != 0 {
			t.Errorf("after the limit there are %d calls, %v", st.Calls, err)
		}
		for _, a := range []ctid.AgentID{"ana", "ben"} {
			if s := c.state(a); s == "talking" || s == "reserved" {
				t.Errorf("%s is %s: not free", a, s)
			}
		}
		ends := map[string]int{}
		for _, r := range c.records {
			if r.End != nil {
				ends[r.Outcome+"/"+r.End.Reason]++
			}
		}
		if ends["answered/pbx_lost"] != 1 {
			t.Errorf("ends: %v", ends)
		}
		before := len(c.records)
		c.pbx.Heal()
		c.settle(20 * time.Second)
		if over, _ := talking.Ended(); over {
			t.Error("the conversation was cut")
		}
		if len(c.records) == before {
			t.Error("nobody took in those who waited")
		}
		for _, k := range []*aritest.Caller{talking, ringing, waiting} {
			k.Hangup()
		}
		c.settle(10 * time.Second)
		if ch := c.pbx.Channels(); len(ch) > 0 {
			t.Errorf("channels left: %v", ch)
		}
	})
}

// The calls of an earlier run whose node never answers are ended all the same.
func TestNodeNeverBack(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.stop()
		c.pbx.Fault(aritest.Fault{Before: true})
		c.history.Calls = []ctid.CallRecord{{ID: "c_77", Node: "a", Channel: "9.9", Dir: "in", Arrived: time.Now()}}
		c.boot(t, straight, 2)
		c.settle(4 * time.Minute)
		if slices.ContainsFunc(c.records, func(r *ctid.CallRecord) bool { return r.ID == "c_77" }) {
			t.Error("it was ended before its time")
		}
		c.settle(2 * time.Minute)
		done := c.clean(1)
		wantEnd(t, done[0], ctid.SideSystem, "pbx_lost", "hangup_in_script")
		c.pbx.Heal()
	})
}

// While rows do not reach the disk, new calls go to the fallback; a call of before goes on.
func TestUnhealthyRefuses(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana")
		k := c.pbx.Call(caller)
		c.settle(2 * time.Second)
		bad := errors.New("the disk is full")
		c.unhealthy.Store(&bad)
		late := c.pbx.Call(caller)
		c.settle(time.Second)
		if late.Variable("CTID_RETURN") != "overload" {
			t.Error("a new call was taken in")
		}
		if n := body[ctid.CallNote](c); n.What != "sent_to_fallback" || n.Data["why"] != "database" {
			t.Errorf("the log says %+v", n)
		}
		c.wantState("ana", "talking")
		c.unhealthy.Store(nil)
		next := c.pbx.Call(caller)
		c.settle(time.Second)
		if next.Variable("CTID_RETURN") != "" {
			t.Error("a call went to the fallback although the disk is good again")
		}
		for _, k := range []*aritest.Caller{k, late, next} {
			k.Hangup()
		}
		c.clean(2)
	})
}
