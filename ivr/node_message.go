package ivr

import "time"

// messageStep sends a text to a telephone or an address.
type messageStep struct {
	by                 string
	text, template, to *value
}

const messageWithin = 10 * time.Second

func loadMessage(l *loader, _ *step, o *opts) action {
	a := &messageStep{by: o.word("by", "sms", "sms", "whatsapp", "email"), text: o.optText("text"), template: o.optText("template")}
	if (o.get("text") == nil) == (o.get("template") == nil) {
		l.errorf(o.at, "IVR004", "message needs text or template, one of them")
	}
	if a.by == "email" {
		if a.to = o.email("to"); o.get("to") == nil {
			l.errorf(o.at, "IVR004", "message by email needs to, an address")
		}
	} else if a.to = o.optText("to"); a.to != nil && a.to.konst != nil && !l.site.validPhone(textOf(a.to.konst)) {
		l.errorf(o.get("to").at, "IVR004", "to wants a telephone number, not %s", o.get("to").what())
	}
	return a
}

func (a *messageStep) start(m *Machine) {
	ts, err := m.texts(a.text, a.template, a.to)
	if err != nil {
		m.failWith(err)
		return
	}
	to := ts[2]
	if a.to == nil {
		to = m.x.call.ANI
	}
	if to == "" || a.by == "email" && !isEmail(to) || a.by != "email" && !m.s.site.validPhone(to) {
		a.answer(m, Result{Outcome: "failed"})
		return
	}
	s := SendMessage{ID: m.id(), By: a.by, To: to, Text: ts[0], Template: ts[1]}
	m.lookUp(s.ID, messageWithin)
	m.emit(s)
}

func (a *messageStep) answer(m *Machine, r Result) {
	m.x.outcome = r.Outcome
	m.leave(r.Outcome)
}

// resume: it may have been sent, and nobody wants it twice.
func (a *messageStep) resume(m *Machine) bool {
	m.open, m.timers.answer = "", time.Time{}
	a.answer(m, Result{Outcome: "failed"})
	return true
}
