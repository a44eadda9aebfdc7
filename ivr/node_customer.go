package ivr

import (
	"time"

	"ctid"
)

// customerStep asks who the customer is. What was said before goes on meanwhile.
type customerStep struct {
	by     string // number, account, id
	key    *value // nil: the caller's number
	within time.Duration
}

func loadCustomer(l *loader, _ *step, o *opts) action {
	a := &customerStep{by: "number", within: o.duration("within", 2*time.Second)}
	given := 0
	for _, by := range []string{"number", "account", "id"} {
		if v, ok := o.scalar(by); ok {
			given++
			a.by, a.key = by, l.value(v, typ{kind: kText}, by, "shown")
		}
	}
	if v, ok := o.scalar("caller"); ok && v.text != "caller" {
		l.errorf(v.at, "IVR004", "customer wants caller, or number, account or id as options, not %q%s", v.text, near(v.text, []string{"caller"}))
	} else if given > 1 || given == 1 && ok {
		l.errorf(o.at, "IVR004", "customer looks up by one thing: number, account or id")
	}
	return a
}

func (a *customerStep) start(m *Machine) {
	key := m.x.call.ANI
	if a.key != nil {
		v, err := a.key.get(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		key = textOf(v)
	}
	if key == "" { // a withheld number is nobody's
		m.x.outcome = "unknown"
		m.leave("unknown")
		return
	}
	look := Lookup{ID: m.id(), Within: a.within}
	switch a.by {
	case "number":
		look.Number = key
	case "account":
		look.Account = key
	case "id":
		look.Cust = ctid.CustomerID(key)
	}
	m.lookUp(look.ID, a.within)
	m.emit(look)
}

// answer keeps the customer only if there is exactly one; equal matches fill nothing.
func (a *customerStep) answer(m *Machine, r Result) {
	switch r.Outcome {
	case "found":
		if r.Customer == nil {
			m.x.outcome = "unknown"
			m.leave("unknown")
			return
		}
		c := *r.Customer
		m.x.customer = &c
	case "several", "unknown", "error":
	default:
		m.x.code = "customer.failed"
		r.Outcome = "error"
	}
	m.leave(r.Outcome)
}
