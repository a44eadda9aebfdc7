package switchboard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// inTwo books whoever calls in two queues.
func inTwo(options string) string {
	return fmt.Sprintf(`version: 1
prompts: {booked: We will call you., no: Not now.}
nodes:
  a:
    - callback: {queue: sales, confirm: false%[1]s}
      then: {booked: b, otherwise: no}
  b:
    - callback: {queue: support, confirm: false%[1]s}
      then: {booked: booked, otherwise: no}
  booked: [{play: booked}, {hangup: normal}]
  no: [{play: no}, {hangup: normal}]
`, options)
}

// bookedTwice has a customer who is booked in two queues, and the ids of both callbacks by their queues.
func (c *centre) bookedTwice() map[ctid.QueueID]ctid.CallbackID {
	c.t.Helper()
	p := c.pbx.Call(caller)
	c.settle(4 * time.Second)
	if over, _ := p.Ended(); !over || !p.HeardAny("booked") {
		c.t.Fatalf("he heard %v, is gone: %v", p.Heard(), over)
	}
	out := map[ctid.QueueID]ctid.CallbackID{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if b, ok := e.Body.(ctid.CallbackScheduled); ok {
			out[e.Queue] = b.Callback
		}
	}
	return out
}

// closings is why each callback was closed, with the attempts: "talked 1".
func (c *centre) closings() map[ctid.CallbackID]string {
	out := map[ctid.CallbackID]string{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if b, ok := e.Body.(ctid.CallbackClosed); ok {
			out[b.Callback] += fmt.Sprintf("%s %d", b.Why, b.Attempts)
		}
	}
	return out
}

// One customer is booked in two queues, and an agent is free for each: he is dialled by one call at a time. The other steps behind it,
// rings nobody meanwhile, and has its turn when that is over; also where ctid begins anew between.
func TestBookedInTwoQueues(t *testing.T) {
	for _, row := range []struct {
		name, options string
		first         aritest.Behaviour // of his telephone, for the first dial
		keys          bool
		restart       time.Duration // after the agents are ready; 0: none
		want          [2]string     // how the callbacks are closed, in either order
	}{
		{"agent first, he answers", "", aritest.AnswerAfter(5 * time.Second), false, 0, [2]string{"talked 1", "talked 1"}},
		{"agent first, busy", ", gap: 30s", aritest.Refuses(5*time.Second, 486), false, 0, [2]string{"talked 2", "talked 1"}},
		{"customer first", ", first: customer", aritest.AnswerAfter(5 * time.Second), true, 0, [2]string{"talked 1", "talked 1"}},
		{"customer first, nobody answers", ", first: customer, gap: 30s", ignores(), true, 0, [2]string{"talked 2", "talked 1"}},
		{"restart while he is dialled", "", aritest.AnswerAfter(10 * time.Second), false, 4 * time.Second, [2]string{"talked 1", "talked 1"}},
		{"restart in the talk", "", aritest.AnswerAfter(2 * time.Second), false, 6 * time.Second, [2]string{"talked 1", "talked 1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			inCentre(t, inTwo(row.options), func(t *testing.T, c *centre) {
				dials := 0
				c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour {
					if dials++; dials == 1 {
						return row.first
					}
					return aritest.AnswerAfter(5 * time.Second)
				})
				ids := c.bookedTwice()
				c.ready("ana", "ben")
				if row.restart > 0 {
					c.settle(row.restart)
					c.again(inTwo(row.options))
					c.ready("ana", "ben")
				}
				c.settle(time.Second)
				c.oneIsFree()
				for range 200 {
					c.settle(2 * time.Second)
					p := c.pbx.Outside(customer)
					if joined(p.Hears()) {
						p.Hangup()
					} else if strings.Contains(strings.Join(p.Hears(), " "), "sound:callback") {
						p.Press("1")
					}
				}
				got := c.closings()
				a, b := got[ids["sales"]], got[ids["support"]]
				if len(ids) != 2 || [2]string{a, b} != row.want && [2]string{b, a} != row.want {
					t.Errorf("closed as %q and %q, want %v", a, b, row.want)
				}
				if n := c.pbx.Outside(customer).Most(); n != 1 {
					t.Errorf("he was dialled by %d calls at once", n)
				}
				if len(c.notes("callback_behind")) == 0 {
					t.Error("the log does not say that one stepped behind the other")
				}
				if len(c.sb.desk.lines.has)+len(c.sb.desk.lines.behind) > 0 {
					t.Errorf("lines are still taken: %+v", c.sb.desk.lines)
				}
			})
		})
	}
}

// oneIsFree holds that one of the two agents has nothing to do with a callback that stands behind another.
func (c *centre) oneIsFree() {
	c.t.Helper()
	a, b := c.state("ana"), c.state("ben")
	if (a == "ready") == (b == "ready") {
		c.t.Errorf("ana is %s, ben is %s", a, b)
	}
}

// The callback behind another does not outlive its window, and a supervisor can drop it.
func TestBookedBehindEnds(t *testing.T) {
	for _, why := range []string{callbackWindow, callbackRemoved} {
		inCentre(t, inTwo(", window: 10m"), func(t *testing.T, c *centre) {
			c.customers(aritest.AnswerAfter(2 * time.Second))
			ids := c.bookedTwice()
			c.ready("ana", "ben")
			c.settle(5 * time.Second) // they talk, and do not stop
			behind := c.notes("callback_behind")
			if len(behind) != 1 {
				t.Fatalf("told was %v", behind)
			}
			id := behind[0]["callback"].(ctid.CallbackID)
			if why == callbackRemoved {
				c.must("", ctid.QueueRemove{Call: ctid.CallID(id), How: ctid.RemoveHangup}) // its first call has its name
			} else {
				c.settle(11 * time.Minute)
			}
			if got := c.closings()[id]; got != why+" 0" || len(ids) != 2 {
				t.Errorf("it was closed as %q, want %s", got, why)
			}
			c.pbx.Outside(customer).Hangup()
			c.settle(2 * time.Minute)
			if n := len(c.closings()); n != 2 {
				t.Errorf("%d are closed", n)
			}
		})
	}
}

// After a restart those who are to be called back and those who wait have their turns in the order of their coming, also where an agent is
// free at once.
func TestBookedTurnOverRestart(t *testing.T) {
	inCentre(t, offers(""), func(t *testing.T, c *centre) {
		c.customers(aritest.AnswerAfter(time.Second))
		id := c.books()
		later := c.call()
		c.settle(time.Second)
		c.ready("ana")
		c.settle(100 * time.Millisecond)
		c.wantState("ana", "reserved")
		c.restarted(offers(""), 2)
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		c.wantClosed(id, callbackTalked, 1)
		if h := strings.Join(later.Hears(), " "); !strings.HasPrefix(h, "moh:") {
			t.Errorf("who came later hears %s", h)
		}
		c.pbx.Outside(customer).Hangup()
		later.Hangup()
		c.clean(3)
	})
}
