package ivr

import "time"

// queueOffer is the offer of a call back to who waits in a queue.
type queueOffer struct {
	booking
	offer []*prompt
	key   string
	after time.Duration
	cond  *expression
}

// offering is how far the offer has come.
type offering struct {
	Number  string    `json:"number"`
	Queue   string    `json:"queue"`
	At      time.Time `json:"at"`              // when it is made
	Heard   bool      `json:"heard,omitempty"` // only then its key works
	Asked   bool      `json:"asked,omitempty"` // the number is being read back, or was,
	By      time.Time `json:"by,omitzero"`     // and until when he must say that it is right
	Booking string    `json:"booking,omitempty"`
}

func loadOffer(l *loader, st *step, o *opts) *queueOffer {
	v := o.get("callback")
	if v == nil {
		return nil
	}
	row := &verb{name: "callback", options: append([]option{{"offer", "", true}, {"key", "", true}, {"after", "60s", false}, {"if", "", false}}, bookingOptions...)}
	c := l.options(row, &yval{text: "callback", at: v.at}, v)
	a := &queueOffer{booking: l.booking(st, c), offer: c.promptList("offer"), after: c.duration("after", time.Minute)}
	if k, ok := c.scalar("key"); ok {
		a.key = l.ownKey(k, o)
	}
	if k := c.get("if"); k != nil {
		a.cond = l.condition(k, nil)
	}
	if a.after <= 0 {
		l.errorf(v.at, "IVR004", "after wants a time of more than 0s")
	}
	return a
}

// later readies the offer. Who cannot be called gets none.
func (a *queueOffer) later(m *Machine, queue string) error {
	n, err := a.to(m)
	if err != nil {
		return err
	}
	if n == "" {
		a.cannot(m, "callback.not_offered", "no call back is offered")
		return nil
	}
	m.memo.Offer = &offering{Number: n, Queue: queue, At: m.now.Add(a.after)}
	return nil
}

// due tells whether the offer is to be made now.
func (a *queueOffer) due(m *Machine) bool {
	o := m.memo.Offer
	return a != nil && o != nil && !o.Heard && o.Booking == "" && m.due(o.At)
}

// make says the offer and tells so, or looks again later if its condition does not hold.
func (a *queueOffer) make(m *Machine) bool {
	if a.cond != nil {
		v, err := a.cond.run(&m.x)
		if err != nil {
			m.log(string(coded(err)), "the condition of a call back could not be worked out")
		}
		if yes, _ := v.(bool); !yes {
			m.memo.Offer.At = m.now.Add(a.after)
			return false
		}
	}
	m.sayEach(a.offer)
	return true
}

// press takes a key that may be about the offer; it tells whether it was.
func (a *queueOffer) press(m *Machine, d string) bool {
	o := m.memo.Offer
	switch {
	case o != nil && o.Booking != "":
		m.dropped++
	case o != nil && o.Asked:
		o.Asked, o.By = false, time.Time{}
		m.hushLine()
		if d == "1" {
			a.book(m)
		} else {
			m.log("callback.declined", "the number to call back was not confirmed")
		}
	case d != a.key:
		return false
	case o == nil || !o.Heard:
		m.dropped++
		m.log("key.dropped", "the key for a call back came before its offer was heard")
	case a.confirm != nil:
		m.hushLine()
		o.Asked, m.memo.Line.saying = true, sayingConfirm
		m.sayWith(a.confirm, scopeValues{value: o.Number})
		m.flush()
	default:
		a.book(m)
	}
	return true
}

func (a *queueOffer) book(m *Machine) {
	o := m.memo.Offer
	if o.Booking == "" {
		o.Booking = m.id()
	}
	m.emit(a.ask(o.Booking, o.Queue, o.Number))
}

// booked: if the call back is booked, the caller has left the queue for it. Else he waits on, and is not offered it again.
func (a *queueOffer) booked(m *Machine, r Result) bool {
	if r.Outcome != "booked" {
		m.memo.Offer = nil
		m.log("callback."+r.Outcome, "a call back was not booked; the caller waits on")
		return false
	}
	return true
}

// resume goes on with the offer after a restart: one that was being said is said again, a booking asked for again.
func (a *queueOffer) resume(m *Machine) {
	o := m.memo.Offer
	if o == nil {
		return
	}
	o.Asked, o.By = false, time.Time{}
	if o.Booking != "" {
		a.book(m)
	}
}
