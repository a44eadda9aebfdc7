package ivr

import "slices"

// lint runs the rules that look at the whole file. Those about words look at it as it was typed; those that follow the
// callers, or ask what is used, want a file that is otherwise sound.
func (l *loader) lint() {
	l.asOthersRead(l.root)
	l.passwords(l.root)
	l.errorsFirst()
	if !l.failed() {
		l.soundness()
	}
	l.allow(l.root.lines)
}

// soundness runs the rules on a script that would otherwise run.
func (l *loader) soundness() {
	x := &linter{loader: l, g: newGraph(l.s), lasts: map[promptIn]length{}}
	x.recorded()
	if len(x.g.steps) == 0 {
		return // a library
	}
	x.start = x.entries()
	x.reached = x.g.reach(x.start, every)
	x.unused()
	x.unset()
	x.forEver()
	x.people()
	x.questions()
	x.uninterrupted()
	x.outbound()
}

// linter is what the rules on a sound script share.
type linter struct {
	*loader
	g       *graph
	start   []int // the steps a call can begin with
	reached []bool
	lasts   map[promptIn]length
}

// entries are the first steps of the start and of the nodes that errors and the hang-up lead to.
func (x *linter) entries() []int {
	var out []int
	add := func(n *node) {
		if n != nil && len(n.steps) > 0 {
			out = append(out, n.steps[0].num)
		}
	}
	add(x.s.start)
	add(x.s.onError)
	add(x.s.onHangup)
	if x.s.failed != nil && x.s.failed.kind == toNode && x.s.onError == nil {
		add(x.s.failed.node)
	}
	return out
}

// errorsFirst takes back what was said of the look of a value that is wrong anyway.
func (l *loader) errorsFirst() {
	wrong := map[place]bool{}
	for _, f := range l.found {
		if f.Severity == Error {
			wrong[place{f.Line, f.Col}] = true
		}
	}
	l.found = slices.DeleteFunc(l.found, func(f Finding) bool { return (f.ID == "IVR006" || f.ID == "IVR040") && wrong[place{f.Line, f.Col}] })
}
