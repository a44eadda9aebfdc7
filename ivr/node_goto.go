package ivr

// gotoStep goes to a node.
type gotoStep struct{ to target }

func loadGoto(l *loader, st *step, o *opts) action {
	a := &gotoStep{to: target{kind: toHangup}}
	if v := o.get("to"); v != nil {
		a.to = l.target(v, st)
	}
	return a
}

func (a *gotoStep) targets() []target { return []target{a.to} }

func (a *gotoStep) start(m *Machine) { m.goTo(a.to) }
