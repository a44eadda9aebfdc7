package systemtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/ws/wsclient"
)

// raced is one row of the table of races on real telephones: two things that happen at one moment, and what may be
// answered to the requests among them. after holds what may have become of it.
type raced struct {
	name  string
	begin func(c *controlled) (a, b func() string)
	legal []string // answers to a and b; - for what is no request
	after func(c *controlled)
}

// ask is a request as one word: done, already, or the code of its refusal.
func (c *controlled) ask(d *Desk, op string, args map[string]any) func() string {
	if _, named := args["call"]; !named {
		args["call"] = c.call
	}
	c.n++
	key := fmt.Sprintf("race-%d", c.n)
	return func() string {
		f, err := d.Do(c.ctx, op, args, key)
		var refused *wsclient.Error
		switch {
		case errors.As(err, &refused):
			return refused.Code
		case err != nil:
			return err.Error()
		case f.Already:
			return "already"
		}
		return "done"
	}
}

// deed is something that no request is.
func deed(do func() error) func() string {
	return func() string {
		if err := do(); err != nil {
			return err.Error()
		}
		return "-"
	}
}

func (c *controlled) hangup(d *phonetest.Dialog) func() string {
	return deed(func() error { return d.Hangup(c.ctx) })
}

// consulting has the caller held and the colleague asked.
func (c *controlled) consulting() *phonetest.Dialog {
	c.r.T.Helper()
	c.do(c.ana, "call.consult", map[string]any{"to": agentTarget("a1002")})
	return c.leg(c.benP)
}

func realRaces() []raced {
	return []raced{
		{"the same wish twice", func(c *controlled) (a, b func() string) {
			c.consulting()
			return c.ask(c.ana, "call.transfer_complete", map[string]any{}), c.ask(c.ana, "call.transfer_complete", map[string]any{})
		}, []string{"done already", "already done"}, nil},
		{"contrary wishes", func(c *controlled) (a, b func() string) {
			c.consulting()
			return c.ask(c.ana, "call.transfer_complete", map[string]any{}), c.ask(c.ana, "call.transfer_cancel", map[string]any{})
		}, []string{"done wrong_state", "wrong_state done"}, nil},
		{"complete, caller hangs up", func(c *controlled) (a, b func() string) {
			c.consulting()
			return c.ask(c.ana, "call.transfer_complete", map[string]any{}), c.hangup(c.caller)
		}, []string{"done -", "wrong_state -", "call_over -", "target_gone -"}, nil},
		{"complete, target hangs up", func(c *controlled) (a, b func() string) {
			ben := c.consulting()
			return c.ask(c.ana, "call.transfer_complete", map[string]any{}), c.hangup(ben)
		}, []string{"done -", "wrong_state -", "target_gone -"}, nil},
		{"complete, agent's phone hangs up", func(c *controlled) (a, b func() string) {
			c.consulting()
			return c.ask(c.ana, "call.transfer_complete", map[string]any{}), c.hangup(c.anaLeg)
		}, []string{"done -", "already -", "wrong_state -", "not_yours -"}, nil},
		{"blind transfer, caller hangs up", func(c *controlled) (a, b func() string) {
			return c.ask(c.ana, "call.transfer_blind", map[string]any{"to": agentTarget("a1002")}), c.hangup(c.caller)
		}, []string{"done -", "caller_gone -", "call_over -"}, nil},
		{"hold, agent's phone hangs up", func(c *controlled) (a, b func() string) {
			return c.ask(c.ana, "call.hold", map[string]any{}), c.hangup(c.anaLeg)
		}, []string{"done -", "call_over -", "wrong_state -", "target_gone -"}, nil},
		{"data set by two of one revision", func(c *controlled) (a, b func() string) {
			c.consulting()
			set := func(v string) map[string]any {
				return map[string]any{"set": map[string]any{"claim": v}, "if_rev": 0}
			}
			return c.ask(c.ana, "call.set_data", set("1")), c.ask(c.ben, "call.set_data", set("2"))
		}, []string{"done rev_conflict", "rev_conflict done", "done done"}, nil},
		{"take over, agent's phone hangs up", func(c *controlled) (a, b func() string) {
			c.do(c.ben, "monitor.start", map[string]any{"mode": "listen"})
			c.leg(c.benP)
			return c.ask(c.ben, "monitor.takeover", map[string]any{}), c.hangup(c.anaLeg)
		}, []string{"done -", "wrong_state -", "call_over -", "target_gone -"}, nil},
		{"forced pause, caller hangs up", func(c *controlled) (a, b func() string) {
			return c.ask(c.ben, "team.force_state", map[string]any{"agent": "a1001", "state": "paused", "reason": "coaching", "hard": true}), c.hangup(c.caller)
		}, []string{"done -", "forbidden -"}, nil},
	}
}

// TestRealRaceTable plays the rows of the table of races on real telephones, the two at one moment. Whichever is first, one
// record is left, each agent is free again, and nothing is left in Asterisk.
func TestRealRaceTable(t *testing.T) {
	c := control(t, Options{Boss: "1002", Queue: "wrapup: 0s"})
	for i, row := range realRaces() {
		if i > 0 {
			c.again()
		}
		a, b := row.begin(c)
		second := make(chan string, 1)
		go func() { second <- b() }()
		got := a() + " " + <-second
		if !slices.Contains(row.legal, got) {
			t.Errorf("%s: %s; legal are %q", row.name, got, row.legal)
		}
		t.Logf("%s: %s", row.name, got)
		c.over(i + 1)
	}
}

// over ends what is left of a call, and holds that it has left one record and nothing else.
func (c *controlled) over(calls int) {
	c.r.T.Helper()
	for _, p := range []*phonetest.Phone{c.anaP, c.benP} {
		for _, d := range p.Calls() {
			select {
			case <-d.Ended():
			default:
				_ = d.Hangup(c.ctx) // it may be over by now
			}
		}
	}
	select {
	case <-c.caller.Ended():
	default:
		_ = c.caller.Hangup(c.ctx)
	}
	c.r.Clean()
	c.forgetCalls()
	if list := c.r.Records(); len(list) != calls {
		c.r.T.Errorf("%d records, want %d", len(list), calls)
	}
	for _, d := range []*Desk{c.ana, c.ben} { // whoever was paused meanwhile
		for _, op := range []string{"agent.ready"} {
			if _, err := d.Do(c.ctx, op, map[string]any{}, ""); err != nil && !strings.Contains(err.Error(), string(ctid.WrongState)) {
				c.r.T.Errorf("%s %s: %v", d.Agent, op, err)
			}
		}
	}
}

// forgetCalls lets the agents' phones forget what is over: a call that was withdrawn while it rang is not the next one.
func (c *controlled) forgetCalls() {
	c.r.T.Helper()
	for _, p := range []*phonetest.Phone{c.anaP, c.benP} {
		for _, d := range p.Calls() {
			select {
			case <-d.Ended():
				p.Forget(d)
			case <-c.ctx.Done():
				c.r.T.Fatalf("phone %s has a call of which Asterisk knows nothing", p.User())
			}
		}
	}
}

// again brings the next caller to the agent of 1001.
func (c *controlled) again() {
	c.r.T.Helper()
	n := c.ana.Len()
	if _, err := c.ben.Do(c.ctx, "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
		c.r.T.Fatal(err)
	}
	line := c.r.Caller()
	line.SetTone(callerTone)
	var err error
	if c.caller, err = line.Call(c.ctx, Number, phonetest.CallOptions{From: "02079460018"}); err != nil {
		c.r.T.Fatal(err)
	}
	c.anaLeg = c.leg(c.anaP)
	f, _ := c.ana.Event(n, "call.established")
	c.call = f.Call
	if _, err := c.ben.Do(c.ctx, "agent.ready", map[string]any{}, ""); err != nil {
		c.r.T.Fatal(err)
	}
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
}
