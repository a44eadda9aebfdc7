package switchboard

import (
	"fmt"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

// onBoth plays what users of other call centres complain of (docs/complaints.md) twice: as it is, where nothing may be found, and with
// that fault planted, where the same look must find it. play returns what is wrong.
func onBoth(t *testing.T, play func(c *centre, faulty bool) error) {
	t.Helper()
	for _, faulty := range []bool{false, true} {
		t.Run(fmt.Sprintf("fault=%v", faulty), func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				err := play(c, faulty)
				switch {
				case !faulty && err != nil:
					t.Error(err)
				case faulty && err == nil:
					t.Error("the fault was planted, and nothing was found")
				case faulty:
					t.Log(err)
				}
			})
		})
	}
}

// inCall runs f where a live call is changed.
func (c *centre) inCall(id ctid.CallID, f func(k *call, now time.Time)) {
	c.t.Helper()
	done := make(chan struct{})
	err := c.sb.ask(c.t.Context(), func(time.Time) {
		k := c.sb.desk.calls[id]
		if k == nil {
			c.t.Errorf("there is no call %s", id)
			close(done)
			return
		}
		k.post(func(now time.Time) {
			defer close(done)
			f(k, now)
		})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	<-done
}

// Caller and agent hang up while the connection to Asterisk is down, so that nobody tells of it: when it is back, the agent is free.
// The fault: the end of his work never reaches the core.
func TestComplaintInCallForHours(t *testing.T) {
	onBoth(t, func(c *centre, faulty bool) error {
		p := c.talking()
		id := c.lastCall()
		c.away()
		c.settle(time.Second)
		p.Hangup()
		c.pbx.PhoneOf("1001").Hangup()
		c.settle(time.Second)
		c.pbx.Heal()
		c.settle(20 * time.Second)
		if faulty {
			if err := c.sb.ask(c.t.Context(), func(now time.Time) {
				c.sb.desk.core.Decide(now, acd.Adopt{Agent: "ana", Task: ctid.TaskID(id), Queue: "sales"})
			}); err != nil {
				return err
			}
		}
		c.settle(time.Hour)
		c.clean(1)
		if s := c.state("ana"); s == "talking" || s == "reserved" {
			return fmt.Errorf("an hour after her call ana is %s", s)
		}
		return nil
	})
}

// An agent hands his caller on after ten seconds, and a colleague talks for an hour: each has his own time, in the record and in the
// core. The fault: the clock of the second writes into the part of the first.
func TestComplaintHourOnTheWrongAgent(t *testing.T) {
	onBoth(t, func(c *centre, faulty bool) error {
		p := c.talking()
		id := c.lastCall()
		c.settle(10 * time.Second)
		c.must("ana", ctid.CallTransferBlind{Call: id, To: toAgent("ben")})
		c.settle(100 * time.Millisecond)
		if faulty {
			c.inCall(id, func(k *call, _ time.Time) { k.talk.rec = 0 })
		}
		c.settle(time.Hour)
		c.wantState("ana", "ready")
		c.wantState("ben", "talking")
		p.Hangup()
		rec := c.clean(1)[0]
		talk := talkOf(rec)
		if a, b := talk["ana"], talk["ben"]; a < 10 || a > 15 || b < 3600 || b > 3610 {
			return fmt.Errorf("ana talked for some 12 s and ben for an hour; the record has %d s and %d s", a, b)
		}
		if d := rec.TalkMS/1000 - talk["ana"] - talk["ben"]; d < -1 || d > 1 {
			return fmt.Errorf("the call has %d s of talk, its agents have %v", rec.TalkMS/1000, talk)
		}
		return nil
	})
}

// owners says whose number it is. That of caller 3 is not in it, for two customers have it: nobody can say which of them calls.
var owners = map[ctid.Private]ctid.CustomerID{"+442079460001": "cu_1", "+442079460002": "cu_2"}

// wrongCustomer says which pop showed somebody who does not have the caller's number.
func (c *centre) wrongCustomer() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	shown := map[ctid.CustomerID]bool{}
	for _, e := range c.events {
		var d ctid.PopData
		switch b := e.Body.(type) {
		case ctid.PopOffered:
			d = b.PopData
		case ctid.PopUpdated:
			d = b.Data
		default:
			continue
		}
		got := d.Match.Chosen
		shown[got] = true
		if got != "" && got != owners[d.ANI.E164] {
			return fmt.Errorf("the screen shows %s for a call from %s", got, d.ANI.E164)
		}
	}
	if !shown["cu_2"] || shown["cu_1"] {
		return fmt.Errorf("shown were %v: the first caller was gone before he was known, the second was not", shown)
	}
	return nil
}

// The customer data base is slow. A caller gives up while it is asked about him, and another rings at once: the answer about the first
// never comes on the screen of the second; and of two customers with one number none is chosen. The fault: the answer goes to
// whoever rings.
func TestComplaintWrongCustomer(t *testing.T) {
	onBoth(t, func(c *centre, faulty bool) error {
		c.slow = time.Second
		one := func(id ctid.CustomerID) ctid.Match {
			return ctid.Match{State: ctid.MatchOne, Chosen: id, Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: id}}}}
		}
		c.matches["+442079460001"], c.matches["+442079460002"] = one("cu_1"), one("cu_2")
		c.matches["+442079460003"] = ctid.Match{State: ctid.MatchMany,
			Customers: []ctid.Candidate{{Customer: ctid.Customer{ID: "cu_3"}}, {Customer: ctid.Customer{ID: "cu_4"}}}}
		c.ready("ana")
		first := c.pbx.Call(from(1))
		c.settle(600 * time.Millisecond)
		c.wantState("ana", "reserved")
		first.Hangup()
		c.settle(10 * time.Millisecond)
		second := c.pbx.Call(from(2))
		c.settle(500 * time.Millisecond) // the answer about the first comes here
		if faulty {
			c.inCall(c.lastCall(), func(k *call, now time.Time) { k.nowMatched(now, one("cu_1")) })
		}
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		second.Hangup()
		c.settle(15 * time.Second) // and her wrap-up
		third := c.pbx.Call(from(3))
		c.settle(5 * time.Second)
		c.wantState("ana", "talking")
		third.Hangup()
		c.clean(3)
		return c.wrongCustomer()
	})
}
