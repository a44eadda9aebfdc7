package switchboard

import (
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// offers offers a call back to who waits, with those options.
func offers(options string) string {
	return `version: 1
prompts: {offer: Press 1 for a call back., booked: We will call you., no: Not now.}
nodes:
  q:
    - queue: {name: sales, at_most: 10m, callback: {offer: offer, key: 1, after: 10s, confirm: false` + options + `}}
      then: {callback: booked, otherwise: no}
  booked: [{play: booked}, {hangup: normal}]
  no: [{play: no}, {hangup: normal}]
`
}

const customer = "+442079460018"

// books has a caller take the offer, and gives the callback's id.
func (c *centre) books() ctid.CallbackID {
	c.t.Helper()
	p := c.call()
	c.settle(11500 * time.Millisecond)
	p.Press("1")
	c.settle(3 * time.Second)
	if over, _ := p.Ended(); !over || !p.HeardAny("booked") {
		c.t.Fatalf("he heard %v, is gone: %v", p.Heard(), over)
	}
	return body[ctid.CallbackScheduled](c).Callback
}

// answers lets the customer's telephone behave as said; everything else outside is wrong.
func (c *centre) customers(b aritest.Behaviour) {
	c.others(map[string]aritest.Behaviour{customer: b})
}

func (c *centre) wantClosed(id ctid.CallbackID, why string, attempts int) {
	c.t.Helper()
	if b := body[ctid.CallbackClosed](c); b.Callback != id || b.Why != why || b.Attempts != attempts {
		c.t.Errorf("the callback was closed as %+v, want %s after %d", b, why, attempts)
	}
	if n := len(c.sb.desk.booked); n > 0 {
		c.t.Errorf("%d callbacks are still booked", n)
	}
}

// A caller takes the offer: he is out of the queue, his script goes on, and in his turn he is called by the agent who has him.
func TestBookedInQueue(t *testing.T) {
	inCentre(t, offers(""), func(t *testing.T, c *centre) {
		c.customers(aritest.AnswerAfter(time.Second))
		id := c.books()
		if b := body[ctid.CallbackScheduled](c); b.How != keepsPlace || b.Why != "asked" || b.First != "agent" || b.Until.IsZero() || b.To.E164 != customer {
			t.Errorf("it was scheduled as %+v", b)
		}
		later := c.call()
		c.settle(time.Second)
		c.ready("ana")
		c.settle(4 * time.Second)
		c.wantClosed(id, callbackTalked, 1)
		c.wantState("ana", "talking")
		c.pbx.Outside(customer).Hangup()
		later.Hangup()
		c.clean(3)
	})
}

// The customer is called first: the agent is kept for him, and rung when the customer has pressed the key. Nobody is blamed for a
// customer who is not to be had.
func TestBookedAhead(t *testing.T) {
	for _, row := range []struct {
		name   string
		phone  aritest.Behaviour
		keys   string // that he presses once he has heard what it is; x: he hangs up
		result string // of the attempt; empty: they talk
		busy   time.Duration
	}{
		{"he takes it", aritest.AnswerAfter(2 * time.Second), "1", "", 4 * time.Second},
		{"he presses something else first", aritest.AnswerAfter(2 * time.Second), "71", "", 4 * time.Second},
		{"busy", aritest.Refuses(time.Second, 486), "", "busy", 2 * time.Second},
		{"he refuses", aritest.Refuses(time.Second, 603), "", "rejected", 2 * time.Second},
		{"nobody answers", ignores(), "", "no_answer", 26 * time.Second},
		{"a machine answers", aritest.AnswerAfter(2 * time.Second), "", "no_confirm", 22 * time.Second},
		{"he hangs up", aritest.AnswerAfter(2 * time.Second), "x", "hung_up", 4 * time.Second},
		{"the number is wrong", aritest.Refuses(time.Second, 404), "", "unreachable", 2 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			inCentre(t, offers(", first: customer, tries: 2, gap: 1m"), func(t *testing.T, c *centre) {
				c.customers(row.phone)
				id := c.books()
				c.ready("ana")
				c.settle(500 * time.Millisecond)
				c.wantState("ana", "reserved")
				if c.pbx.PhoneOf("1001").Ringing() {
					t.Error("the agent's telephone rings before the customer's")
				}
				c.settle(2 * time.Second)
				switch row.keys {
				case "":
				case "x":
					c.pbx.Outside(customer).Hangup()
				default:
					if h := c.pbx.Outside(customer).Hears(); len(h) != 1 || h[0] != "sound:callback" {
						t.Errorf("the customer hears %v", h)
					}
					c.pbx.Outside(customer).Press(row.keys)
				}
				c.settle(row.busy)
				if row.result == "" {
					c.wantState("ana", "talking")
					c.hears(c.pbx.Outside(customer).Leg(), c.leg("1001"), true)
					c.wantClosed(id, callbackTalked, 1)
					c.pbx.PhoneOf("1001").Hangup()
					c.clean(2)
					return
				}
				if b := body[ctid.CallbackAttempted](c); b.Callback != id || b.Result != row.result || b.N != 1 || b.Of != 2 {
					t.Errorf("told was %+v", b)
				}
				c.wantState("ana", "ready")
				c.customers(aritest.AnswerAfter(time.Second))
				c.settle(time.Minute + 2*time.Second)
				c.pbx.Outside(customer).Press("1")
				c.settle(3 * time.Second)
				c.wantState("ana", "talking")
				c.wantClosed(id, callbackTalked, 2)
				c.pbx.Outside(customer).Hangup()
				c.clean(3)
			})
		})
	}
}

// The customer who was called first is on the line, and no agent is: he waits as any caller does. If he gives up, he is called again.
func TestBookedAheadWaits(t *testing.T) {
	inCentre(t, offers(", first: customer, tries: 2, gap: 1m"), func(t *testing.T, c *centre) {
		c.customers(aritest.AnswerAfter(time.Second))
		id := c.books()
		c.pbx.Phone("1001", ignores())
		c.ready("ana")
		c.settle(2 * time.Second)
		c.pbx.Outside(customer).Press("1")
		c.settle(25 * time.Second) // she does not answer
		c.wantState("ana", "paused(no-answer)")
		if h := strings.Join(c.pbx.Outside(customer).Hears(), " "); !strings.HasPrefix(h, "moh:") {
			t.Errorf("the customer hears %s", h)
		}
		c.again(offers(""))
		c.settle(time.Second)
		if h := strings.Join(c.pbx.Outside(customer).Hears(), " "); !strings.HasPrefix(h, "moh:") {
			t.Errorf("after the restart the customer hears %s", h)
		}
		c.pbx.Outside(customer).Hangup()
		c.settle(time.Second)
		if b := body[ctid.CallbackAttempted](c); b.Callback != id || b.Result != "agent_gone" && b.Result != "hung_up" || b.NextCall == "" {
			t.Errorf("told was %+v", b)
		}
		c.ready("ben")
		c.settle(time.Minute + 2*time.Second)
		c.pbx.Outside(customer).Press("1")
		c.settle(4 * time.Second)
		c.wantState("ben", "talking")
		c.wantClosed(id, callbackTalked, 2)
		c.pbx.Outside(customer).Hangup()
		c.clean(3)
	})
}

// The agent whom a customer was to be called for goes: the call to the customer goes on, and the next one has him.
func TestBookedAheadAgentGoes(t *testing.T) {
	inCentre(t, offers(", first: customer"), func(t *testing.T, c *centre) {
		c.customers(aritest.AnswerAfter(5 * time.Second))
		id := c.books()
		c.ready("ana")
		c.settle(time.Second)
		c.must("ana", ctid.CallReject{Call: c.lastOffered()})
		c.settle(time.Second)
		c.ready("ben")
		c.settle(4 * time.Second)
		c.pbx.Outside(customer).Press("1")
		c.settle(4 * time.Second)
		c.wantState("ben", "talking")
		c.wantClosed(id, callbackTalked, 1)
		if n := c.pbx.Outside(customer).Most(); n != 1 {
			t.Errorf("the customer's telephone rang for %d calls", n)
		}
		c.pbx.Outside(customer).Hangup()
		c.clean(2)
	})
}

// lastOffered is the call of the newest offer.
func (c *centre) lastOffered() ctid.CallID {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.events) - 1; i >= 0; i-- {
		if c.events[i].Body.Kind() == "pop.offered" {
			return c.events[i].Call
		}
	}
	return ""
}

// There is one callback for a number and queue: who asks again has the same, and who is spoken with meanwhile is not called.
func TestBookedOnce(t *testing.T) {
	inCentre(t, offers(""), func(t *testing.T, c *centre) {
		c.customers(aritest.AnswerAfter(time.Second))
		id := c.books()
		if again := c.books(); again != id {
			t.Errorf("there are callbacks %s and %s", id, again)
		}
		p := c.call()
		c.settle(time.Second)
		c.must("ben", ctid.AgentLogin{})
		c.must("", ctid.QueuePick{Call: c.lastCall(), Agent: "ben"})
		c.settle(3 * time.Second)
		c.wantState("ben", "talking")
		c.wantClosed(id, callbackTalked, 0)
		p.Hangup()
		c.clean(4)
	})
}

// As a step of its own: who is in no queue is called in his turn, and each number that may not be called is refused.
func TestBookedByVerb(t *testing.T) {
	verb := func(options string) string {
		return `version: 1
prompts: {booked: We will call you., refused: We cannot., failed: Not now.}
nodes:
  a:
    - callback: {queue: sales, confirm: false` + options + `}
      then: {booked: booked, refused: refused, failed: failed}
  booked: [{play: booked}, {hangup: normal}]
  refused: [{play: refused}, {hangup: normal}]
  failed: [{play: failed}, {hangup: normal}]
`
	}
	for _, row := range []struct{ name, options, from, heard string }{
		{"in his turn", "", caller.Number, "booked"},
		{"withheld", "", "anonymous", "refused"},
		{"another number", `, number: "+442079460018"`, "anonymous", "booked"},
		{"abroad", "", "+85221110000", "refused"},
		{"premium", `, number: "+449012345678", allow: ["+44"]`, caller.Number, "refused"},
		{"our own number", `, number: "8001", allow: [extensions]`, caller.Number, "refused"},
		{"beside the script's list", `, number: "=call.ani", allow: ["+442079461"]`, caller.Number, "refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inCentre(t, verb(row.options), func(t *testing.T, c *centre) {
				c.customers(aritest.AnswerAfter(time.Second))
				p := c.pbx.Call(aritest.Caller{Number: row.from, DNIS: "8001"})
				c.settle(3 * time.Second)
				if over, _ := p.Ended(); !over || !p.HeardAny(row.heard) {
					t.Fatalf("he heard %v, is gone: %v", p.Heard(), over)
				}
				if row.heard != "booked" {
					c.clean(1)
					return
				}
				id := body[ctid.CallbackScheduled](c).Callback
				c.ready("ana")
				c.settle(4 * time.Second)
				c.wantClosed(id, callbackTalked, 1)
				c.pbx.Outside(customer).Hangup()
				c.clean(2)
			})
		})
	}
}

// Nobody had time for him while he was to be called: the callback is closed, also where ctid was away when its time was over.
func TestBookedWindow(t *testing.T) {
	for _, away := range []bool{false, true} {
		inCentre(t, offers(", window: 20m"), func(t *testing.T, c *centre) {
			c.customers(aritest.AnswerAfter(time.Second))
			id := c.books()
			if away {
				c.stop()
				for _, r := range c.open() {
					c.history.Calls = append(c.history.Calls, *r)
				}
				c.settle(21 * time.Minute)
				c.boot(t, straight, 2)
				c.ready("ana")
			}
			c.settle(20 * time.Minute)
			c.wantClosed(id, callbackWindow, 0)
			c.clean(2)
		})
	}
	inCentre(t, offers(", window: 20m, gap: 15m, tries: 5"), func(t *testing.T, c *centre) {
		c.customers(aritest.Refuses(time.Second, 486))
		id := c.books()
		c.ready("ana")
		c.settle(20 * time.Minute)
		c.wantClosed(id, callbackWindow, 2)
		c.clean(3)
	})
}
