package ivr

import "time"

// detectStep listens whether a person, a machine or a fax has answered.
type detectStep struct{ max, beep time.Duration }

func loadDetect(_ *loader, _ *step, o *opts) action {
	o.word("what", "answer", "answer")
	return &detectStep{o.duration("max", 4*time.Second), o.duration("beep", 20*time.Second)}
}

func (a *detectStep) start(m *Machine) {
	m.phase = phaseQuiet
	m.flush()
}

func (a *detectStep) quiet(m *Machine) {
	m.pickUp()
	d := Detect{ID: m.id(), Max: a.max, Beep: a.beep}
	m.expect(d.ID, a.max+a.beep+answerGrace)
	m.emit(d)
}

func (a *detectStep) answer(m *Machine, r Result) {
	if r.Outcome != "error" {
		m.memo.AnsweredBy = r.Outcome
	}
	m.leave(r.Outcome)
}
