package ivr

import (
	"slices"
	"strings"
)

// flow follows every way a call can take: what cannot be reached, what falls off the end, what goes round for ever.
func (l *loader) flow() {
	f := &flow{l: l, reached: map[*step]bool{}, after: map[*step]bool{}}
	f.from(l.s.start, f.reached)
	if l.s.onError != nil {
		f.from(l.s.onError, f.reached)
	}
	if l.s.failed != nil && l.s.failed.kind == toNode && l.s.onError == nil {
		f.from(l.s.failed.node, f.reached)
	}
	if l.s.onHangup != nil {
		f.from(l.s.onHangup, f.after)
	}
	for _, n := range l.s.nodes {
		f.node(n)
	}
	f.loops()
	f.masks()
	f.passage()
}

// masks marks every step from which a masked question can be the next one asked: from such a question back along all
// ways that ask nothing.
func (f *flow) masks() {
	before := map[*step][]*step{}
	var open []*step
	for _, n := range f.l.s.nodes {
		for _, s := range n.steps {
			q := s.question()
			if q != nil && q.masked || f.calls(s).masks() {
				s.masks = true
				open = append(open, s)
			}
			if s.verb.clears {
				continue // no key typed before it reaches a question behind it
			}
			for _, t := range f.unasked(s) {
				before[t] = append(before[t], s)
			}
		}
	}
	spread(open, before, func(s *step) *bool { return &s.masks })
}

// successorsPast are what follows s; if s asks and may be skipped, only the step after it.
func (f *flow) successorsPast(s *step, asks bool) []*step {
	if !asks {
		return f.successors(s)
	}
	if n, ok := s.next(); ok {
		return []*step{n}
	}
	return nil
}

type flow struct {
	l       *loader
	reached map[*step]bool // while the caller is there
	after   map[*step]bool // once he has gone
}

func (f *flow) from(n *node, seen map[*step]bool) {
	if len(n.steps) == 0 {
		return
	}
	open := []*step{n.steps[0]}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		open = append(open, f.successors(s)...)
		if q := s.question(); q != nil && q.events {
			for _, e := range f.l.s.events {
				if e.to.kind == toNode && len(e.to.node.steps) > 0 {
					open = append(open, e.to.node.steps[0])
				}
			}
		}
	}
}

// successors are the steps that can follow s by its own outcomes and its condition.
func (f *flow) successors(s *step) []*step {
	var out []*step
	for _, e := range s.targets() {
		switch e.to.kind {
		case toNode:
			if len(e.to.node.steps) > 0 {
				out = append(out, e.to.node.steps[0])
			}
		case toNext:
			if n, ok := s.next(); ok {
				out = append(out, n)
			}
		}
	}
	if s.cond != nil {
		if n, ok := s.next(); ok {
			out = append(out, n)
		}
	}
	return out
}

func (f *flow) node(n *node) {
	if len(n.steps) == 0 {
		return
	}
	if !f.reached[n.steps[0]] && !f.after[n.steps[0]] {
		f.l.warnf(n.at, "IVR021", "no call can reach %q", n.name)
	}
	gap := false
	for _, s := range n.steps {
		live := f.reached[s] || f.after[s]
		if !live && !gap && s.index > 0 && (f.reached[n.steps[0]] || f.after[n.steps[0]]) {
			f.l.warnf(s.at, "IVR021", "no call can reach this step %d of %q", s.index+1, n.name)
		}
		gap = !live
		if f.after[s] && !s.verb.silent {
			f.l.errorf(s.at, "IVR002", "%s cannot run after the caller has gone; on_hangup takes %s", s.verb.name, silentVerbs(f.l.verbs))
		}
		if c, ok := s.do.(*callStep); ok && f.after[s] && c.script != nil && !c.script.silent {
			f.l.errorf(s.at, "IVR002", "%s cannot run after the caller has gone: it asks, speaks or waits", c.script.name)
		}
		if _, more := s.next(); !more && (f.reached[s] || !f.after[s]) {
			f.end(s)
		}
		f.places(s)
	}
}

// end refuses a last step that goes on to a next one.
func (f *flow) end(s *step) {
	for _, e := range s.targets() {
		if e.to.kind == toNext {
			f.l.errorf(s.at, "IVR022", "%s of %s falls off the end of %q; say where it leads in then", e.outcome, s.verb.name, s.node.name)
			return
		}
	}
	if s.cond != nil {
		f.l.errorf(s.at, "IVR022", "%s falls off the end of %q when its if does not hold; add a step after it", s.verb.name, s.node.name)
	}
}

// places sees that repeat stands only at a question.
func (f *flow) places(s *step) {
	for _, e := range s.targets() {
		if e.to.kind == toRepeat && s.question() == nil {
			f.l.errorf(e.to.at, "IVR004", "repeat asks a question again, and %s is none; name a node, or back for the question before", s.verb.name)
		}
	}
}

// waits tells whether the caller or the clock decides when the step ends.
func waits(s *step) bool {
	return s.verb.waits || s.question() != nil
}

// loops finds ways round that never ask, wait or end. Each is told once, at its first step in the file.
func (f *flow) loops() {
	state := map[*step]int{} // 1: on the way, 2: done
	for _, n := range f.l.s.nodes {
		for _, s := range n.steps {
			f.visit(s, state)
		}
	}
}

// visit is a depth-first search with its own stack, for a file may hold 2,000 steps in a row.
func (f *flow) visit(root *step, state map[*step]int) {
	type frame struct {
		s    *step
		next []*step
	}
	if state[root] != 0 {
		return
	}
	stack := []frame{{root, f.quick(root)}}
	state[root] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.next) == 0 {
			state[top.s] = 2
			stack = stack[:len(stack)-1]
			continue
		}
		n := top.next[0]
		top.next = top.next[1:]
		switch state[n] {
		case 0:
			state[n] = 1
			stack = append(stack, frame{n, f.quick(n)})
		case 1:
			var names []string
			first := n
			for i := len(stack) - 1; i >= 0; i-- {
				if len(names) == 0 || names[0] != stack[i].s.node.name {
					names = append([]string{stack[i].s.node.name}, names...)
				}
				if stack[i].s == n {
					break
				}
			}
			f.l.errorf(first.at, "IVR023", "%s → %s goes round without asking, waiting or ending", strings.Join(names, " → "), n.node.name)
		}
	}
}

func (f *flow) quick(s *step) []*step {
	if waits(s) || !f.calls(s).passes() {
		return nil
	}
	return f.successors(s)
}

func silentVerbs(verbs []*verb) string {
	var names []string
	for _, v := range verbs {
		if v.silent {
			names = append(names, v.name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
