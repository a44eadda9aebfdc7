package switchboard

import (
	"time"

	"ctid"
	"ctid/ari/aritest"
)

const outsider = "+442079460777"

// hears holds who hears whom, by the channels of caller, agents and others.
func (c *centre) hears(a, b string, want bool) {
	c.t.Helper()
	if a == "" || b == "" {
		c.t.Errorf("no channel to listen at: %q, %q", a, b)
		return
	}
	if got := c.pbx.Hears(a, b) && c.pbx.Hears(b, a); got != want {
		c.t.Errorf("%s and %s hear each other: %v, want %v", a, b, got, want)
	}
}

func (c *centre) leg(phone string) string { return c.pbx.PhoneOf(phone).Leg() }

// talking has ana in conversation with a caller, and ben ready.
func (c *centre) talking() *aritest.Caller {
	c.t.Helper()
	c.ready("ana")
	p := c.call()
	c.settle(2 * time.Second)
	c.wantState("ana", "talking")
	c.hears(p.ID(), c.leg("1001"), true)
	c.ready("ben")
	return p
}

// call has somebody call in.
func (c *centre) call() *aritest.Caller {
	p := c.pbx.Call(caller)
	c.callers = append(c.callers, p)
	return p
}

// begin sends a request and does not wait for its end.
func (c *centre) begin(agent ctid.AgentID, a ctid.Action) (end func() ctid.Reply) {
	got := make(chan ctid.Reply, 1)
	go func() { got <- c.ask(agent, a) }()
	return func() ctid.Reply { return <-got }
}

func (c *centre) refused(agent ctid.AgentID, a ctid.Action, code ctid.Code) {
	c.t.Helper()
	if r := c.ask(agent, a); r.Err == nil || r.Err.Code != code {
		c.t.Errorf("%s %s: %+v, want %s", agent, a.Op(), r, code)
	}
}

func toAgent(a ctid.AgentID) ctid.Target { return ctid.Target{Kind: "agent", ID: string(a)} }

func toNumber() ctid.Target { return ctid.Target{Kind: "number", E164: outsider} }

// talkOf gives what each part in the record lasted, in whole seconds, as name/role.
func talkOf(r *ctid.CallRecord) map[string]int64 {
	out := map[string]int64{}
	for _, p := range r.Agents {
		name := string(p.Agent)
		if p.Role != "" {
			name += "/" + p.Role
		}
		out[name] += (p.TalkMS + p.HoldMS) / 1000
	}
	return out
}

func (c *centre) wantTalk(r *ctid.CallRecord, want map[string]int64) {
	c.t.Helper()
	got := talkOf(r)
	for name, s := range want {
		if d := got[name] - s; d < -1 || d > 1 {
			c.t.Errorf("%s has %d s, want %d: %v", name, got[name], s, got)
		}
	}
	if len(got) != len(want) {
		c.t.Errorf("parts %v, want %v", got, want)
	}
}
