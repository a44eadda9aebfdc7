package ivr

import "slices"

// branchStep goes where the first condition that holds leads, or where a value leads.
type branchStep struct {
	arms  []arm
	value *value
	other target
}

type arm struct {
	cond *expression
	is   string
	to   target
}

func loadBranch(l *loader, st *step, o *opts) action {
	a := &branchStep{other: target{kind: toHangup}}
	if v := o.get("arms"); v != nil && o.val.kind == yamlList {
		a.list(l, st, v)
		return a
	}
	if o.val.kind != yamlMap || o.get("arms") != nil {
		l.errorf(o.at, "IVR004", "branch wants a list of {if, then} that ends with {else}, or value, is and else")
		return a
	}
	a.byValue(l, st, o)
	return a
}

func (a *branchStep) list(l *loader, st *step, v *yval) {
	closed := false
	for _, it := range v.items {
		cond, then, other := it.get("if"), it.get("then"), it.get("else")
		for _, p := range it.pairs {
			if !slices.Contains([]string{"if", "then", "else", "note"}, p.key.text) {
				l.errorf(p.key.at, "IVR002", "an arm of branch has no %q%s", p.key.text, near(p.key.text, []string{"if", "then", "else"}))
			}
		}
		switch {
		case closed:
			l.errorf(it.at, "IVR004", "this arm stands behind else and can never be taken; move it up")
		case other != nil && cond == nil && then == nil:
			a.other, closed = l.target(other, st), true
		case cond != nil && then != nil && other == nil:
			a.arms = append(a.arms, arm{cond: l.condition(cond, nil), to: l.target(then, st)})
		default:
			l.errorf(it.at, "IVR004", "an arm of branch is {if: condition, then: target} or, as the last, {else: target}")
		}
	}
	if !closed {
		l.errorf(st.at, "IVR025", "nothing says what happens on else; end the list with {else: target}")
	}
}

func (a *branchStep) byValue(l *loader, st *step, o *opts) {
	v, ok := o.scalar("value")
	is, other := o.get("is"), o.get("else")
	if !ok || is == nil || is.kind != yamlMap || len(is.pairs) == 0 {
		l.errorf(o.at, "IVR004", "branch by value needs value and is, as in {value: =vars.topic, is: {sales: main}, else: other}")
		return
	}
	a.value = l.value(v, typ{kind: kText}, "value", "compared")
	var words []string
	if a.value != nil && a.value.exp != nil && a.value.exp.typ.kind == kOneOf {
		words = a.value.exp.typ.words
	}
	all := len(words) > 0
	for _, p := range is.pairs {
		if len(words) > 0 && !slices.Contains(words, p.key.text) {
			l.errorf(p.key.at, "IVR004", "%s is never %q%s", v.text[1:], p.key.text, near(p.key.text, words))
		}
		a.arms = append(a.arms, arm{is: p.key.text, to: l.target(p.val, st)})
	}
	for _, w := range words {
		all = all && is.get(w) != nil
	}
	if other != nil {
		a.other = l.target(other, st)
	} else if !all {
		l.errorf(st.at, "IVR025", "nothing says what happens on else; name every value, or add else")
	}
}

func (a *branchStep) targets() []target {
	var out []target
	for _, x := range a.arms {
		out = append(out, x.to)
	}
	return append(out, a.other)
}

func (a *branchStep) start(m *Machine) {
	if a.value != nil {
		v, err := a.value.get(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		for _, x := range a.arms {
			if x.is == textOf(v) {
				m.goTo(x.to)
				return
			}
		}
		m.goTo(a.other)
		return
	}
	for _, x := range a.arms {
		v, err := x.cond.run(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		if yes, _ := v.(bool); yes {
			m.goTo(x.to)
			return
		}
	}
	m.goTo(a.other)
}
