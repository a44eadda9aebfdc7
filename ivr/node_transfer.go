package ivr

import "time"

// transferStep sends the caller to a number and out of the script.
type transferStep struct {
	rings
	to       []*value
	allow    []string
	mode     string
	announce []*prompt
	ring     time.Duration
	callerID *value
	attach   []attachment
}

const (
	ringTransfer = 25 * time.Second
	ringDial     = 20 * time.Second
	longestTalk  = 2 * time.Hour
)

func loadTransfer(l *loader, _ *step, o *opts) action {
	a := &transferStep{allow: o.allow(), mode: o.word("mode", "blind", "blind", "announced", "attended"), announce: o.promptList("announce"),
		ring: o.duration("ring", ringTransfer), callerID: o.optText("caller_id")}
	if v := o.get("to"); v != nil && v.kind == yamlList {
		l.errorf(v.at, "IVR004", "transfer goes to one number; dial rings several")
		return a
	}
	a.to = o.numbers("to", a.allow)
	if v := o.get("announce"); v != nil && a.mode == "blind" {
		l.errorf(v.at, "IVR004", "a blind transfer announces nothing; add mode: announced")
	}
	if v := o.get("attach"); v != nil {
		a.attach = l.attachments(v)
	}
	return a
}

func (a *transferStep) start(m *Machine) { m.atRest() }

func (a *transferStep) quiet(m *Machine) {
	m.emptyBuffer()
	to, err := m.dialled(a.to, a.allow)
	caller, err2 := m.text(a.callerID)
	if err == nil {
		err = err2
	}
	if err == nil {
		err = m.attach(a.attach)
	}
	if err != nil {
		m.failWith(err)
		return
	}
	t := Transfer{ID: m.id(), To: to[0], Allow: a.allow, Mode: a.mode, Announce: m.parts(a.announce), Ring: a.ring, CallerID: caller}
	m.ringOn(t.ID)
	m.emit(t)
}

func (a *transferStep) answer(m *Machine, r Result) {
	m.handedBack()
	if r.Outcome == "gone" { // he has hung up on whom he was sent to
		m.hangup()
		return
	}
	m.leave(r.Outcome)
}
