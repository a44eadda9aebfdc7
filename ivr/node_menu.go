package ivr

import "strings"

// menuStep asks for one of its keys, or numbers.
type menuStep struct {
	q       *question
	choices []choice
}

func loadMenu(l *loader, st *step, o *opts) action {
	a := &menuStep{choices: l.choices(o.keys, st)}
	if len(a.choices) == 0 {
		l.errorf(o.at, "IVR004", "menu needs keys, as in {1: sales, 2: support}")
	}
	a.q = l.questionOf(st, o)
	l.shadowed(a.q, o.keys)
	return a
}

func (a *menuStep) asks() *question { return a.q }

func (a *menuStep) targets() []target {
	var out []target
	for _, c := range a.choices {
		out = append(out, c.to)
	}
	return out
}

func (a *menuStep) start(m *Machine) { m.ask() }

// feed chooses at once if no longer number can follow.
func (a *menuStep) feed(m *Machine, keys string) {
	var exact *choice
	longer := false
	for i, c := range a.choices {
		if c.keys == keys {
			exact = &a.choices[i]
		} else if strings.HasPrefix(c.keys, keys) {
			longer = true
		}
	}
	switch {
	case longer:
	case exact != nil:
		a.choose(m, exact)
	case len(keys) == 1 && m.event(keys):
	default:
		m.miss("no_match")
	}
}

func (a *menuStep) pause(m *Machine, keys string) {
	for i := range a.choices {
		if a.choices[i].keys == keys {
			a.choose(m, &a.choices[i])
			return
		}
	}
	m.miss("no_match")
}

func (a *menuStep) choose(m *Machine, c *choice) {
	m.answeredWith(spelled(c.keys))
	m.goTo(c.to)
}
