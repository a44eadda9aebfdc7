package ivr

import (
	"slices"
	"strings"
)

// callStep runs a subscript and goes on by the exit it ends with.
type callStep struct {
	script *Script // nil if it could not be read
	with   []argument
	save   []assignment
}

// argument is what a subscript is given, or gives back; without val it is the default.
type argument struct {
	v   variable
	val *value
}

// subscript finds the subscript that a call names; nil if there is none, with a finding here, or it cannot be read.
func (l *loader) subscript(v *yval) *loader {
	if v.kind == yamlMap {
		if v = v.get("script"); v == nil {
			return nil
		}
	}
	if v.kind != yamlScalar || v.empty {
		return nil // the option says so
	}
	if !l.sl.exists(v.text) {
		l.errorf(v.at, "IVR027", "there is no script %q%s", v.text, near(v.text, l.sl.known()))
		return nil
	}
	sub := l.sl.unit(v.text)
	if sub != nil && sub.s.kind != KindSubscript {
		l.errorf(v.at, "IVR027", "%s is of kind: %s; only a subscript can be called", v.text, sub.s.kind)
		return nil
	}
	return sub
}

// callOutcomes are the exits of the subscript; if there is only one, it goes on with the next step.
func callOutcomes(l *loader, v *yval) []outcome {
	sub := l.subscript(v)
	if sub == nil {
		return done
	}
	if len(sub.s.ends) == 1 {
		return []outcome{{sub.s.ends[0], "next", false}}
	}
	var out []outcome
	for _, e := range sub.s.ends {
		out = append(out, outcome{e, "", true})
	}
	return out
}

func loadCall(l *loader, st *step, o *opts) action {
	a := &callStep{}
	if _, ok := o.scalar("script"); !ok {
		return a
	}
	sub := l.subscript(o.val)
	if sub == nil {
		return a
	}
	a.script = sub.s
	l.calls = append(l.calls, callSite{sub, st})
	for _, lang := range l.s.langs {
		if !slices.Contains(sub.s.langs, lang) {
			l.errorf(o.at, "IVR032", "%s has no %s, and a call to it may be in that language; add it to its languages", sub.s.name, lang)
		}
	}
	a.with = l.arguments(o.get("with"), sub.s.args, o.at, sub.s.name+" takes", "needs")
	if v := o.get("save"); v != nil {
		a.save = l.saved(v, sub.s.returns)
	}
	return a
}

// arguments reads name: value for the declared names; one without a default must be there.
func (l *loader) arguments(v *yval, declared []variable, at place, whose, must string) []argument {
	if v != nil && v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "with wants name: value, not %s", v.what())
		return nil
	}
	var out []argument
	var names []string
	for _, d := range declared {
		names = append(names, d.name)
		arg := argument{v: d}
		switch given := v.get(d.name); {
		case given != nil:
			arg.val = l.argument(given, d)
		case !d.has:
			l.errorf(at, "IVR027", "%s %q, and it is missing; %s has no default, so with %s it", whose, d.name, d.name, must)
		}
		out = append(out, arg)
	}
	if v != nil {
		for _, p := range v.pairs {
			if !slices.Contains(names, p.key.text) {
				l.errorf(p.key.at, "IVR027", "%s no %q%s", whose, p.key.text, near(p.key.text, names))
			}
		}
	}
	return out
}

// argument reads one; of the wrong type it is a finding of the call.
func (l *loader) argument(v *yval, d variable) *value {
	before := len(l.found)
	val := l.value(v, d.typ, d.name, "kept in a plain variable")
	for i := range l.found[before:] {
		if f := &l.found[before+i]; f.ID == "IVR051" || f.ID == "IVR004" {
			f.ID = "IVR027"
		}
	}
	return val
}

// saved reads variable: value, where result stands for what the subscript gives back.
func (l *loader) saved(v *yval, returns []variable) []assignment {
	fields := []field{{"outcome", typ{kind: kText}}}
	for _, r := range returns {
		fields = append(fields, field{r.name, r.typ})
	}
	l.extra = []field{{"result", typ{kind: kRecord, fields: fields}}}
	defer func() { l.extra = nil }()
	if v.kind != yamlMap || len(v.pairs) == 0 {
		l.errorf(v.at, "IVR004", "save wants variable: value, as in {paid: =result.amount}, not %s", v.what())
		return nil
	}
	before := len(l.found)
	out := l.assignments(v)
	for i := range l.found[before:] {
		if f := &l.found[before+i]; strings.HasPrefix(f.Message, "there is no result.") {
			f.ID = "IVR027"
		}
	}
	return out
}

func (a *callStep) start(m *Machine) {
	given, err := m.arguments(a.with)
	if err != nil {
		m.failWith(err)
		return
	}
	if slices.ContainsFunc(a.with, func(x argument) bool { return x.v.typ.kind == kSecret }) {
		m.secrets = append(m.secrets, m.at) // after a restart the call begins anew
	}
	m.call(a.script, given)
}

// arguments works the values out, in the shape of the declared types.
func (m *Machine) arguments(as []argument) (map[string]any, error) {
	out := map[string]any{}
	for _, a := range as {
		out[a.v.name] = a.v.def
		if a.val == nil {
			continue
		}
		v, err := a.val.get(&m.x)
		if err == nil {
			v, err = convert(a.v.typ, v)
		}
		if err != nil {
			return nil, err
		}
		out[a.v.name] = v
	}
	return out, nil
}

// returned goes on in the caller's script with what the subscript gave back.
func (a *callStep) returned(m *Machine, exit string, values map[string]any) {
	m.x.outcome = exit
	values["outcome"] = exit
	m.x.returned = values
	err := m.setAll(a.save)
	m.x.returned = nil
	if err != nil {
		m.failWith(err)
		return
	}
	m.leave(exit)
}
