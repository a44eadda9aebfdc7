package ivr

import "time"

// dialStep rings numbers and joins the first that answers with the caller, who comes back.
type dialStep struct {
	rings
	to        []*value
	allow     []string
	inTurn    bool
	ring, max time.Duration
	whisper   []*prompt
	screen    bool
	callerID  *value
}

func loadDial(_ *loader, _ *step, o *opts) action {
	a := &dialStep{allow: o.allow(), inTurn: o.word("order", "together", "together", "in_turn") == "in_turn", ring: o.duration("ring", ringDial),
		max: o.duration("max", longestTalk), whisper: o.promptList("whisper"), screen: o.truth("screen", false), callerID: o.optText("caller_id")}
	a.to = o.numbers("to", a.allow)
	return a
}

func (a *dialStep) start(m *Machine) { m.atRest() }

func (a *dialStep) quiet(m *Machine) {
	m.emptyBuffer()
	to, err := m.dialled(a.to, a.allow)
	caller, err2 := m.text(a.callerID)
	if err == nil {
		err = err2
	}
	if err != nil {
		m.failWith(err)
		return
	}
	d := Dial{ID: m.id(), To: to, Allow: a.allow, InTurn: a.inTurn, Ring: a.ring, Max: a.max, Whisper: m.parts(a.whisper), Screen: a.screen, CallerID: caller}
	m.ringOn(d.ID)
	m.emit(d)
}

func (a *dialStep) answer(m *Machine, r Result) {
	m.handedBack()
	m.leave(r.Outcome)
}
