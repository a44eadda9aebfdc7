package ivr

import "time"

// waitStep lets time pass, once what was said before has been heard.
type waitStep struct {
	dur   time.Duration
	music *value // nil: silence
}

func loadWait(l *loader, _ *step, o *opts) action {
	a := &waitStep{dur: o.duration("for", time.Second)}
	if a.dur <= 0 {
		l.errorf(o.get("for").at, "IVR004", "wait wants a time of more than 0s")
	}
	if v, ok := o.scalar("music"); ok {
		a.music = &value{konst: v.text}
		l.musicClass(v)
	}
	return a
}

// musicClass sees that the text can be the name of a music class.
func (l *loader) musicClass(v *yval) {
	if !plainName.MatchString(v.text) {
		l.errorf(v.at, "IVR004", "music wants the name of a music class, letters, digits, _ and -, not %q", v.text)
	}
}

func (a *waitStep) start(m *Machine) {
	m.phase = phaseQuiet
	m.flush()
}

func (a *waitStep) quiet(m *Machine) {
	if a.music != nil {
		m.pickUp()
		m.music = true
		m.emit(Music{Class: textOf(a.music.konst)})
	}
	m.expect("", a.dur)
}

func (a *waitStep) answer(*Machine, Result) {} // nothing is asked, so nothing is answered

func (a *waitStep) elapsed(m *Machine) {
	m.leave("done")
}
