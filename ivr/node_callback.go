package ivr

import "time"

// callbackStep books a call back, once the caller has said that the number is right.
type callbackStep struct {
	booking
	queue *value
	q     *question // nil: he is not asked
}

const bookWithin = 5 * time.Second

func loadCallback(l *loader, st *step, o *opts) action {
	a := &callbackStep{booking: l.booking(st, o)}
	if v, ok := o.scalar("queue"); ok {
		a.queue = l.siteName("queue", l.site.Queues, v)
	}
	if a.confirm != nil {
		a.q = l.yesNo(st, a.confirm)
	}
	return a
}

// yesNo is a question of our own: 1 is yes, 2 is no. Silence and wrong keys lead where no does.
func (l *loader) yesNo(st *step, p *prompt) *question {
	if t, ok := st.exit("refused"); ok {
		st.exits = append(st.exits, exit{"no_input", t}, exit{"no_match", t})
	}
	d := l.s.defaults
	return &question{prompts: []*prompt{p}, wait: d.wait, between: d.between, tries: d.tries, reprompt: true,
		noInput: []*prompt{l.built("no_input", st.at)}, noMatch: []*prompt{l.built("no_match", st.at)}}
}

func (a *callbackStep) asks() *question { return a.q }

func (a *callbackStep) start(m *Machine) {
	n, err := a.to(m)
	switch {
	case err != nil:
		m.failWith(err)
	case n == "": // a withheld number cannot be called
		a.cannot(m, "callback.refused", "a call back was not booked")
		m.x.outcome = "refused"
		m.leave("refused")
	case a.q != nil:
		m.ask()
	default:
		a.book(m)
	}
}

// prepare gives the question the number that it reads back.
func (a *callbackStep) prepare(m *Machine) {
	if n, err := a.to(m); err == nil {
		m.x.value = n
	}
}

func (a *callbackStep) feed(m *Machine, keys string) {
	switch keys {
	case "1":
		m.answeredWith(keys)
		a.book(m)
	case "2":
		m.answeredWith(keys)
		m.leave("refused")
	default:
		m.miss("no_match")
	}
}

func (a *callbackStep) pause(m *Machine, _ string) { m.miss("no_match") }

func (a *callbackStep) book(m *Machine) {
	n, err := a.to(m)
	q, err2 := m.text(a.queue)
	if err == nil {
		err = err2
	}
	if err != nil {
		m.failWith(err)
		return
	}
	m.settle()
	b := a.booking.ask(m.id(), q, n)
	m.expect(b.ID, bookWithin)
	m.emit(b)
}

func (a *callbackStep) answer(m *Machine, r Result) { m.leave(r.Outcome) }

// resume books again: the desk gives one place to a number, however often it is asked.
func (a *callbackStep) resume(m *Machine) bool {
	a.book(m)
	return true
}
