package ivr

import (
	"slices"
	"strconv"
	"strings"
)

// node reads a node's step or list of steps.
func (l *loader) node(n *node) {
	items := []*yval{n.src}
	if n.src.kind == yamlList {
		items = n.src.items
	}
	if len(items) == 0 {
		l.errorf(n.at, "IVR004", "node %q has no step", n.name)
	}
	for _, it := range items {
		if l.steps++; l.steps == maxSteps+1 {
			l.errorf(it.at, "IVR008", "the file is too long: more than 2,000 steps")
		}
		if l.steps > maxSteps {
			return
		}
		st := &step{node: n, index: len(n.steps), at: it.at}
		if it.kind != yamlMap {
			l.errorf(it.at, "IVR004", "a step is verb: options, such as play: hello, not %s", it.what())
			continue
		}
		n.steps = append(n.steps, st)
		l.cur = &st.uses
		l.step(st, it)
		l.cur = nil
	}
}

func (l *loader) step(st *step, v *yval) {
	var verbs []pair
	var then *yval
	for _, p := range v.pairs {
		switch p.key.text {
		case "then":
			then = p.val
		case "if":
			st.cond = l.condition(p.val, nil)
		case "note":
			if p.val.kind != yamlScalar {
				l.errorf(p.val.at, "IVR004", "note wants a text, not %s", p.val.what())
			}
		default:
			if l.known(p.key) {
				verbs = append(verbs, p)
			}
		}
	}
	switch {
	case len(verbs) > 1:
		var names []string
		for _, p := range verbs {
			names = append(names, p.key.text)
		}
		l.errorf(verbs[1].key.at, "IVR005", "this step has %d verbs (%s); a step does one thing, so write each as a step of its own with a dash", len(verbs), strings.Join(names, ", "))
		return
	case len(verbs) == 0:
		if !slices.ContainsFunc(v.pairs, func(p pair) bool { return !slices.Contains([]string{"then", "if", "note"}, p.key.text) }) {
			l.errorf(st.at, "IVR004", "this step has no verb; a step does one thing")
		}
		return
	}
	vb := l.verb(verbs[0].key.text)
	if vb == nil {
		return
	}
	if vb.vary != nil {
		own := *vb
		own.outcomes = vb.vary(l, verbs[0].val)
		vb = &own
	}
	st.verb, st.at = vb, verbs[0].key.at
	l.offWire(vb, verbs[0])
	st.disposition = dispositionOf(verbs[0])
	l.exits(st, then)
	st.do = vb.load(l, st, l.options(vb, verbs[0].key, verbs[0].val))
}

func (l *loader) verb(name string) *verb {
	for _, vb := range l.verbs {
		if vb.name == name {
			return vb
		}
	}
	return nil
}

// known tells whether the key is a verb of the language, and says so if it is none.
func (l *loader) known(k *yval) bool {
	if l.verb(k.text) != nil {
		return true
	}
	names := []string{"then", "if", "note"}
	for _, vb := range l.verbs {
		names = append(names, vb.name)
	}
	l.errorf(k.at, "IVR002", "a step has no verb or key %q%s", k.text, near(k.text, names))
	return false
}

// exits gives every outcome of the step its target: the one named in then; otherwise, for all but the good outcome; the
// outcome it goes with; its default; and last defaults.failed, for those that must be given.
func (l *loader) exits(st *step, then *yval) {
	named := map[string]target{}
	vb := st.verb
	switch {
	case then == nil:
	case then.kind == yamlScalar:
		if good := vb.good(); good != "" {
			named[good] = l.target(then, st)
		} else {
			l.errorf(then.at, "IVR002", "%s has no good outcome for then: %s; name the outcome, as in then: {%s: %s}", vb.name, then.text, vb.example(), then.text)
		}
	case then.kind == yamlMap:
		for _, p := range then.pairs {
			l.namedExit(st, p, named)
		}
	default:
		l.errorf(then.at, "IVR004", "then wants a target, or outcome: target, not %s", then.what())
	}
	for _, o := range vb.outcomes {
		if t, ok := l.exitOf(st, o, named); ok {
			st.exits = append(st.exits, exit{o.name, t})
		}
	}
	if _, ok := st.exit("error"); ok {
		return
	}
	if t, ok := named["error"]; ok {
		st.exits = append(st.exits, exit{"error", t})
	} else if t, ok := named["otherwise"]; ok {
		st.exits = append(st.exits, exit{"error", t})
	}
}

func (vb *verb) good() string {
	if len(vb.outcomes) > 0 && !vb.outcomes[0].must {
		return vb.outcomes[0].name
	}
	return ""
}

func (vb *verb) example() string {
	if len(vb.outcomes) > 0 {
		return vb.outcomes[0].name
	}
	return "error"
}

func (vb *verb) asks() bool {
	return slices.ContainsFunc(vb.outcomes, func(o outcome) bool { return o.name == "no_match" })
}

func (l *loader) namedExit(st *step, p pair, named map[string]target) {
	names := []string{"error", "otherwise"}
	for _, o := range st.verb.outcomes {
		names = append(names, o.name)
	}
	if st.verb.asks() {
		names = append(names, "failed")
	}
	switch {
	case !slices.Contains(names, p.key.text) && st.verb.name == "call":
		l.errorf(p.key.at, "IVR027", "the subscript cannot end with %q%s", p.key.text, near(p.key.text, names))
	case !slices.Contains(names, p.key.text):
		l.errorf(p.key.at, "IVR002", "%s has no outcome %q%s", st.verb.name, p.key.text, near(p.key.text, names))
	case slices.ContainsFunc(st.verb.outcomes, func(o outcome) bool { return o.name == p.key.text && o.to == "end" }):
		l.errorf(p.key.at, "IVR002", "%s of %s ends the script, for the caller has left it; nothing can follow", p.key.text, st.verb.name)
	case p.key.text == "failed" && st.verb.asks():
		for _, o := range []string{"no_input", "no_match"} {
			if _, ok := named[o]; !ok {
				named[o] = l.target(p.val, st)
			}
		}
	default:
		named[p.key.text] = l.target(p.val, st)
	}
}

func (l *loader) exitOf(st *step, o outcome, named map[string]target) (target, bool) {
	if t, ok := named[o.name]; ok {
		return t, true
	}
	if o.to == "end" {
		return target{kind: toHangup, at: st.at}, true
	}
	if t, ok := named["otherwise"]; ok && o.name != st.verb.good() {
		return t, true
	}
	if other, ok := strings.CutPrefix(o.to, "="); ok {
		if t, named := named[other]; named {
			return t, true
		}
		return st.exit(other)
	}
	switch o.to {
	case "next":
		return target{kind: toNext, at: st.at}, true
	case "hangup":
		return target{kind: toHangup, at: st.at}, true
	}
	if l.s.failed != nil {
		return *l.s.failed, true
	}
	if o.must {
		l.noWayOut(st, o.name)
	}
	return target{}, false
}

func (l *loader) noWayOut(st *step, outcome string) {
	if what := map[string]string{"no_input": "silence", "no_match": "wrong keys"}[outcome]; what != "" {
		l.errorf(st.at, "IVR030", "this question has no way out for %s; say where %s leads in then, or set defaults.failed", what, outcome)
		return
	}
	l.errorf(st.at, "IVR025", "nothing says what happens on %s; name it or otherwise in then, or set defaults.failed", outcome)
}

// targets are all the places a step can lead to, in the order of the file.
func (s *step) targets() []exit {
	out := append([]exit{}, s.exits...)
	if b, ok := s.do.(branching); ok {
		for i, t := range b.targets() {
			out = append(out, exit{"arm " + strconv.Itoa(i+1), t})
		}
	}
	return out
}
