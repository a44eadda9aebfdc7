package ivr

import "strings"

const maxFields = 50 // of one step

// namedValue is one name: value of an option such as with, headers or fields.
type namedValue struct {
	key    string
	val    *value
	secret bool
}

// named reads name: value. where says what a secret there would be, as in shown; empty: secrets may stand there.
func (l *loader) named(what, where string, v *yval) []namedValue {
	if v == nil {
		return nil
	}
	if v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "%s wants name: value, not %s", what, v.what())
		return nil
	}
	if len(v.pairs) > maxFields {
		l.errorf(v.at, "IVR004", "%s has %d values; %d are the most", what, len(v.pairs), maxFields)
		return nil
	}
	out := []namedValue{}
	for _, p := range v.pairs {
		if len(p.key.text) > 64 {
			l.errorf(p.key.at, "IVR004", "a name in %s has 64 bytes at most", what)
		}
		val := l.value(p.val, typ{}, p.key.text, where)
		if val == nil {
			continue
		}
		out = append(out, namedValue{p.key.text, val, val.secret()})
	}
	return out
}

// fields works the values out; a text of each if texts.
func (m *Machine) fields(vs []namedValue, texts bool) ([]Field, error) {
	if vs == nil {
		return nil, nil
	}
	out := []Field{}
	for _, n := range vs {
		v, err := n.val.get(&m.x)
		if err != nil {
			return nil, err
		}
		if texts {
			v = textOf(v)
		}
		out = append(out, Field{n.key, v, n.secret})
	}
	return out, nil
}

// siteName reads a name that the site must have; worked out, it must be a one_of whose words the site has.
func (l *loader) siteName(what string, names []string, v *yval) *value {
	check := func(at place, name string) {
		l.siteHas(at, what, name, names)
	}
	val := l.value(v, typ{kind: kText}, what, "shown")
	switch {
	case val == nil:
	case val.exp != nil && val.exp.typ.kind == kOneOf:
		for _, w := range val.exp.typ.words {
			check(v.offset(1), w)
		}
	case val.exp != nil || val.tmpl != nil:
		l.errorf(v.at, "IVR004", "a %s that is worked out must be a one_of, so that all it can be is checked; this is a text", what)
	default:
		check(v.at, v.text)
	}
	return val
}

// listOf is the value itself, or the values of a list.
func listOf(v *yval) []*yval {
	switch {
	case v == nil:
		return nil
	case v.kind == yamlList:
		return v.items
	}
	return []*yval{v}
}

// saves reads variable: value, to be worked out when an answer is there.
func (l *loader) saves(v *yval) []assignment {
	if v == nil {
		return nil
	}
	if v.kind != yamlMap {
		l.errorf(v.at, "IVR004", "save wants variable: value, as in {balance: =number(result.row.balance)}, not %s", v.what())
		return nil
	}
	return l.assignments(v)
}

// text works out a value of type text; a missing one is empty.
func (m *Machine) text(v *value) (string, error) {
	if v == nil {
		return "", nil
	}
	got, err := v.get(&m.x)
	return strings.TrimSpace(textOf(got)), err
}

// texts works out several, up to the first fault.
func (m *Machine) texts(vs ...*value) ([]string, error) {
	out := make([]string, len(vs))
	for i, v := range vs {
		var err error
		if out[i], err = m.text(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// optText reads an option that is a text, worked out or not; it is shown.
func (o *opts) optText(name string) *value {
	v, ok := o.scalar(name)
	if !ok {
		return nil
	}
	return o.l.value(v, typ{kind: kText}, name, "shown")
}
