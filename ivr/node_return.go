package ivr

import "slices"

// returnStep ends a subscript with one of its exits.
type returnStep struct {
	exit string
	with []argument
	to   target
}

func loadReturn(l *loader, st *step, o *opts) action {
	a := &returnStep{to: target{kind: toReturn, at: st.at}}
	if l.s.kind != KindSubscript {
		l.errorf(st.at, "IVR002", "return belongs to subscripts, and this file is of kind: %s; write hangup, or goto and a node", l.s.kind)
		return a
	}
	v, given := o.scalar("exit")
	switch {
	case given && !slices.Contains(l.s.ends, v.text):
		l.errorf(v.at, "IVR027", "%s cannot end with %q%s; exits names what it can end with", l.s.name, v.text, near(v.text, l.s.ends))
	case given:
		a.exit = v.text
	case o.get("exit") == nil && len(l.s.ends) == 1:
		a.exit = l.s.ends[0]
	case o.get("exit") == nil:
		l.errorf(st.at, "IVR027", "%s can end with several exits; name one, as in return: %s", l.s.name, l.s.ends[0])
	}
	a.with = l.arguments(o.get("with"), l.s.returns, o.at, l.s.name+" returns", "gives")
	return a
}

// returnTarget checks the target return: it must be plain how the subscript ends and what it gives.
func (l *loader) returnTarget(v *yval) {
	if l.s.kind != KindSubscript {
		l.errorf(v.at, "IVR002", "return belongs to subscripts, and this file is of kind: %s; write hangup, or a node", l.s.kind)
		return
	}
	if len(l.s.ends) > 1 {
		l.errorf(v.at, "IVR027", "%s can end with several exits; name one with a step of its own: return: %s", l.s.name, l.s.ends[0])
	}
	for _, r := range l.s.returns {
		if !r.has {
			l.errorf(v.at, "IVR027", "%s returns %q, which has no default; give it with a step of its own: return: {with: {%s: …}}", l.s.name, r.name, r.name)
		}
	}
}

func (a *returnStep) targets() []target { return []target{a.to} }

func (a *returnStep) start(m *Machine) {
	values, err := m.arguments(a.with)
	if err != nil {
		m.failWith(err)
		return
	}
	m.took(a.to)
	m.giveBack(a.exit, values)
}
