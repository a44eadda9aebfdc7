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
	Asked   bool      `json:"asked,omitempty"` // the number was read back
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
		if a.key = dialled(k.text); len(a.key) != 1 || !phoneKey.MatchString(k.text) {
			l.errorf(k.at, "IVR004", "key wants a single key, 0 to 9, star or hash, not %s", k.what())
		}
		for _, p := range o.keys {
			if dialled(p.key.text) == a.key {
				l.errorf(k.at, "IVR003", "%q is already defined at line %d", k.text, p.key.at.line)
			}
		}
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
	if err != nil || n == "" {
		return err
	}
	m.memo.Offer = &offering{Number: n, Queue: queue, At: m.now.Add(a.after)}
	m.timers.offer = m.memo.Offer.At
	return nil
}

// make says the offer, or looks again later if its condition does not hold.
func (a *queueOffer) make(m *Machine) {
	if a.cond != nil {
		v, err := a.cond.run(&m.x)
		if err != nil {
			m.log(string(coded(err)), "the condition of a call back could not be worked out")
		}
		if yes, _ := v.(bool); !yes {
			m.memo.Offer.At = m.now.Add(a.after)
			m.timers.offer = m.memo.Offer.At
			return
		}
	}
	for _, p := range a.offer {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.flush()
}

// press takes a key that may be about the offer; it tells whether it was.
func (a *queueOffer) press(m *Machine, d string) bool {
	o := m.memo.Offer
	switch {
	case o != nil && o.Booking != "":
		m.dropped++
	case o != nil && o.Asked:
		o.Asked = false
		m.stopPlay()
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
		o.Asked, m.x.value = true, o.Number
		m.sayPrompt(a.confirm, m.x.lang, nil)
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
	switch {
	case o == nil:
	case o.Booking != "":
		a.book(m)
	case !o.Heard:
		m.timers.offer = o.At
	}
}
