package switchboard

import (
	"fmt"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari/aritest"
)

// Who cannot be called back waits on: the offer is not made to him, or his wish is refused, and the log says why.
func TestBookedBadNumbers(t *testing.T) {
	verb := func(options string) string {
		return `version: 1
prompts: {sorry: We cannot call you back.}
nodes:
  a: {callback: {queue: sales, confirm: false` + options + `}, then: {booked: hangup, otherwise: sorry}}
  sorry: [{play: sorry}, {goto: q}]
  q: {queue: {name: sales, at_most: 10m}, then: {otherwise: hangup}}
`
	}
	for _, row := range []struct{ name, script, from string }{
		{"offer: withheld", offers(""), "anonymous"},
		{"offer: no number at all", offers(""), ""},
		{"offer: an extension", offers(""), "1001"},
		{"offer: another extension", offers(", allow: [extensions]"), "1777"},
		{"offer: abroad", offers(", allow: [\"+44\"]"), "+85221110000"},
		{"offer: no number, but text", offers(""), "<sip:anonymous@invalid>;x=${HANGUP}"},
		{"verb: withheld", verb(""), "anonymous"},
		{"verb: an extension", verb(""), "1001"},
		{"verb: premium", verb(`, number: "=call.ani"`), "+449012345678"},
		{"verb: one of our own", verb(`, number: "8001", allow: [extensions]`), caller.Number},
	} {
		t.Run(row.name, func(t *testing.T) {
			inCentre(t, row.script, func(t *testing.T, c *centre) {
				c.pbx.OnCall(func(d aritest.Dialled) aritest.Behaviour {
					t.Errorf("%s was dialled", d.Number)
					return aritest.AnswerAfter(0)
				})
				p := c.pbx.Call(aritest.Caller{Number: row.from, DNIS: "8001"})
				c.settle(12 * time.Second)
				p.Press("1")
				c.settle(3 * time.Second)
				if over, _ := p.Ended(); over || p.HeardAny("offer") {
					t.Fatalf("he is gone: %v, and heard %v", over, p.Heard())
				}
				if len(c.refusals()) == 0 {
					t.Error("the log does not say why he is not called back")
				}
				c.ready("ana")
				c.settle(3 * time.Second)
				c.wantState("ana", "talking")
				c.hears(p.ID(), c.leg("1001"), true)
				p.Hangup()
				c.clean(1)
			})
		})
	}
}

// refusals is what the log says of call backs that are not made.
func (c *centre) refusals() (out []string) {
	for _, n := range c.notes("callback_refused") {
		out = append(out, fmt.Sprint(n["why"]))
	}
	for _, n := range c.notes("script") {
		if code := fmt.Sprint(n["code"]); code == "callback.refused" || code == "callback.not_offered" {
			out = append(out, fmt.Sprint(n["text"]))
		}
	}
	return out
}

// restarted ends the switchboard as a kill would, and begins the run-th with all that the earlier ones have put down.
func (c *centre) restarted(script string, run int) {
	c.t.Helper()
	c.stop()
	c.history = History{}
	for _, r := range c.open() {
		c.history.Calls = append(c.history.Calls, *r)
	}
	c.mu.Lock()
	for _, row := range c.rows {
		switch b := row.Body.(type) {
		case acd.Snapshot:
			c.history.Core, c.history.Events = &b, nil
		case acd.Event:
			c.history.Events = append(c.history.Events, Past{At: row.At, Event: b})
		}
	}
	c.mu.Unlock()
	c.boot(c.t, script, run)
}

// The machine's clock is set while callbacks wait, by hours, with ctid running, or between two runs: pauses and windows last as long as
// they would have, telephones ring as long as ever, and nobody is lost.
func TestBookedClockSteps(t *testing.T) {
	script := offers(", gap: 20m, window: 50m, tries: 2")
	for _, by := range []time.Duration{3 * time.Hour, -3 * time.Hour, -40 * 365 * 24 * time.Hour} {
		for _, restart := range []string{"", "before", "behind", "between"} {
			t.Run(fmt.Sprintf("%v %s", by, restart), func(t *testing.T) {
				inCentre(t, script, func(t *testing.T, c *centre) {
					c.customers(aritest.Refuses(time.Second, 486))
					id := c.books()
					c.ready("ana")
					c.settle(5 * time.Second)
					again := body[ctid.CallbackAttempted](c)
					if again.Callback != id || again.NextAt.IsZero() {
						t.Fatalf("told was %+v", again)
					}
					run := 1
					anew := func() {
						run++
						c.restarted(script, run)
						c.ready("ana")
					}
					if restart == "before" {
						anew()
					}
					if restart == "between" { // nobody can know how long ctid was away; it is no longer than the pause
						c.stop()
					}
					c.set.Add(int64(by))
					if restart == "between" {
						anew()
						if by > 0 { // and as far as the clock says, the pause is over
							c.settle(5 * time.Second)
							c.wantClosed(id, callbackWindow, 1)
							return
						}
					}
					c.settle(time.Minute)
					if restart == "behind" {
						anew()
					}
					c.settle(15 * time.Minute)
					if p := c.pbx.Outside(customer); p.Leg() != "" {
						t.Error("he is called before the pause is over")
					}
					c.pbx.Phone("1001", ignores()) // her telephone rings for 20 s, and not for hours
					c.settle(4*time.Minute + 30*time.Second)
					if s := c.state("ana"); s != "paused(no-answer)" {
						t.Errorf("ana is %s when her telephone has rung long enough", s)
					}
					c.pbx.Phone("1001", aritest.AnswerAfter(time.Second))
					c.customers(aritest.AnswerAfter(time.Second))
					c.must("ana", ctid.AgentReady{})
					c.settle(4 * time.Second)
					c.wantState("ana", "talking")
					c.wantClosed(id, callbackTalked, 2)
					c.pbx.Outside(customer).Hangup()
					c.settle(11 * time.Second)
					c.wantState("ana", "ready") // and the wrap-up took no longer
				})
			})
		}
	}
}

// The clocks of the centre's country change while callbacks wait: an hour is an hour, places stay, and the time that the log tells is right.
func TestBookedSummerTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]time.Time{
		"to summer time": time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
		"to winter time": time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				script := offers(", gap: 45m, window: 90m")
				inCentreOf(t, script, func(c *centre) {
					c.zone = zone
					c.set.Store(int64(time.Until(change.Add(-30 * time.Minute))))
				}, func(t *testing.T, c *centre) {
					c.customers(aritest.Refuses(time.Second, 486))
					booked := c.now()
					id := c.books()
					if u := body[ctid.CallbackScheduled](c).Until; u.Sub(booked) < 90*time.Minute || u.Sub(booked) > 91*time.Minute {
						t.Errorf("he is called until %s, who booked at %s", u, booked)
					}
					c.ready("ana")
					c.settle(5 * time.Second)
					if b := body[ctid.CallbackAttempted](c); b.NextAt.Sub(c.now()) > 45*time.Minute || b.NextAt.Sub(c.now()) < 44*time.Minute {
						t.Errorf("he is called again at %s, and it is %s", b.NextAt, c.now())
					}
					c.must("ana", ctid.AgentPause{Reason: "lunch"})
					c.settle(40 * time.Minute) // and the clocks have changed
					if restart {
						c.restarted(script, 2)
					}
					later := c.call()
					c.settle(6 * time.Minute)
					if _, isOpen := c.closings()[id]; isOpen {
						t.Fatal("it is closed")
					}
					c.customers(aritest.AnswerAfter(time.Second))
					c.ready("ana")
					c.settle(4 * time.Second)
					c.wantState("ana", "talking")
					c.wantClosed(id, callbackTalked, 2)
					c.pbx.Outside(customer).Hangup()
					later.Hangup()
					c.clean(4)
				})
			})
		}
	}
}
