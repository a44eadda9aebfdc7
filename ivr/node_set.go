package ivr

const maxVars = 64 << 10 // bytes, of all variables as JSON

// setStep gives variables new values, one after the other.
type setStep struct{ sets []assignment }

type assignment struct {
	v     variable
	val   *value
	reads []reading
}

func loadSet(l *loader, _ *step, o *opts) action {
	a := &setStep{}
	if o.val.kind != yamlMap || len(o.val.pairs) == 0 {
		l.errorf(o.val.at, "IVR004", "set wants variable: value, as in {tries: =vars.tries + 1}, not %s", o.val.what())
		return a
	}
	a.sets = l.assignments(o.val)
	return a
}

// assignments reads variable: value.
func (l *loader) assignments(v *yval) []assignment {
	var out []assignment
	for _, p := range v.pairs {
		v, ok := l.variable(p.key)
		if !ok {
			continue
		}
		n := len(l.cur.reads)
		if val := l.value(p.val, v.typ, v.name, "kept in a plain variable"); val != nil {
			out = append(out, assignment{v, val, l.cur.reads[n:]})
		}
	}
	return out
}

// variable finds a declared variable.
func (l *loader) variable(v *yval) (variable, bool) {
	var names []string
	for _, d := range l.s.vars {
		if d.name == v.text {
			l.writes(d.name)
			return d, true
		}
		names = append(names, d.name)
	}
	l.errorf(v.at, "IVR052", "there is no variable %q%s; declare it under vars", v.text, near(v.text, names))
	return variable{}, false
}

func (a *setStep) start(m *Machine) {
	if err := m.setAll(a.sets); err != nil {
		m.failWith(err)
		return
	}
	m.leave("done")
}

// setAll gives the variables their values, up to the first fault.
func (m *Machine) setAll(sets []assignment) error {
	for _, s := range sets {
		got, err := s.val.get(&m.x)
		if err == nil {
			got, err = convert(s.v.typ, got)
		}
		if err == nil {
			err = m.assign(s.v.name, got)
		}
		if err != nil {
			return err
		}
		if s.v.typ.kind == kSecret && got != "" {
			m.secrets = append(m.secrets, m.at) // lost in a restart: the step is to run again
		}
	}
	return nil
}

// assign sets a variable, within the bound on all of them.
func (m *Machine) assign(name string, v any) error {
	old := m.x.vars[name]
	m.x.vars[name] = v
	if m.used()+size(m.x.vars) > m.opts.Limits.Variables {
		m.x.vars[name] = old
		return fault("limit.variables")
	}
	return nil
}
