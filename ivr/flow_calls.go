package ivr

import "slices"

// called is the subscript of a call step; nil for any other step.
type called struct{ s *Script }

func (f *flow) calls(s *step) called {
	if c, ok := s.do.(*callStep); ok {
		return called{c.script}
	}
	return called{}
}

// masks: a masked question can be the first of the subscript.
func (c called) masks() bool { return c.s != nil && c.s.start.steps[0].masks }

// quits: what follows the step can come without a question of the subscript's before it.
func (c called) quits() bool { return c.s == nil || c.s.start.steps[0].quits }

// passes: what follows the step can come without the subscript having waited.
func (c called) passes() bool { return c.s == nil || c.s.passes }

// passage works out what callers of this script must know: whether it can return without a question or a wait before, and
// whether it can run once the caller has gone; and of its own calls, what can follow them.
func (f *flow) passage() {
	f.quits()
	f.l.s.silent = true
	for _, n := range f.l.s.nodes {
		for _, s := range n.steps {
			if f.reached[s] && !f.silent(s) {
				f.l.s.silent = false
			}
			if f.calls(s).s != nil {
				f.afterCall(s)
			}
		}
	}
	f.l.s.passes = f.through()
}

// silent tells whether the step may run once the caller has gone.
func (f *flow) silent(s *step) bool {
	sub := f.calls(s).s
	return s.verb.silent && (sub == nil || sub.silent)
}

func returns(s *step) bool {
	return slices.ContainsFunc(s.targets(), func(e exit) bool { return e.to.kind == toReturn })
}

// quits marks every step from which the script can return without a question, as masks does.
func (f *flow) quits() {
	before := map[*step][]*step{}
	var open []*step
	for _, n := range f.l.s.nodes {
		for _, s := range n.steps {
			q := s.question()
			if q == nil && returns(s) && f.calls(s).quits() {
				s.quits = true
				open = append(open, s)
			}
			for _, t := range f.unasked(s) {
				before[t] = append(before[t], s)
			}
		}
	}
	spread(open, before, func(s *step) *bool { return &s.quits })
}

// unasked are the steps that can follow s without a question of its own or of its subscript's.
func (f *flow) unasked(s *step) []*step {
	q := s.question()
	switch {
	case q == nil && f.calls(s).quits():
		return f.successors(s)
	case s.cond != nil:
		return f.successorsPast(s, true)
	}
	return nil
}

// spread sets the mark of all that lead to the open steps.
func spread(open []*step, before map[*step][]*step, mark func(*step) *bool) {
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		for _, p := range before[s] {
			if m := mark(p); !*m {
				*m = true
				open = append(open, p)
			}
		}
	}
}

// afterCall works out what can follow once the subscript has returned.
func (f *flow) afterCall(s *step) {
	for _, t := range f.successors(s) {
		s.masksAfter, s.quitsAfter = s.masksAfter || t.masks, s.quitsAfter || t.quits
	}
	s.quitsAfter = s.quitsAfter || returns(s)
}

// through tells whether the script can return without waiting.
func (f *flow) through() bool {
	seen := map[*step]bool{}
	open := []*step{f.l.s.start.steps[0]}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		if returns(s) && !waits(s) && f.calls(s).passes() {
			return true
		}
		open = append(open, f.quick(s)...)
	}
	return false
}
