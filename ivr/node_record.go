package ivr

import "time"

// recordStep starts, pauses, resumes or stops the recording of the call.
type recordStep struct {
	do, sides string
	consent   []*prompt
	keep      time.Duration
}

const (
	recordWithin = 5 * time.Second
	keepFor      = 90 * 24 * time.Hour
)

func loadRecord(l *loader, st *step, o *opts) action {
	a := &recordStep{do: o.word("do", "start", "start", "pause", "resume", "stop"), sides: o.word("sides", "both", "both", "caller", "agent"),
		keep: o.duration("keep", keepFor)}
	a.consent = l.consent(st, o, a.do == "start")
	for _, name := range []string{"consent", "sides", "keep"} {
		if v := o.get(name); v != nil && a.do != "start" {
			l.errorf(v.at, "IVR004", "%s belongs to the start of a recording, not to %s", name, a.do)
		}
	}
	return a
}

// start tells the caller first, unless he has been told in this call. A pause does not wait for what is being said.
func (a *recordStep) start(m *Machine) {
	if a.do != "start" {
		a.quiet(m)
		return
	}
	for _, p := range m.unheard(a.consent) {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.phase = phaseQuiet
	m.flush()
}

func (a *recordStep) quiet(m *Machine) {
	if a.do == "start" {
		m.pickUp()
	}
	r := Record{ID: m.id(), Do: a.do, Consent: m.parts(a.consent), Sides: a.sides, Keep: a.keep}
	m.expect(r.ID, recordWithin)
	m.emit(r)
}

func (a *recordStep) answer(m *Machine, r Result) { m.leave(r.Outcome) }
