package ivr

import (
	"slices"
	"strings"
)

// forEver is IVR024: what a caller who stays silent, or always presses a wrong key, comes round to again and again.
func (x *linter) forEver() {
	told := map[int]bool{}
	for _, mood := range []string{"no_input", "no_match"} {
		use := func(from int, e edge) bool { return x.reached[from] && e.goesOn(x.g.steps[from], mood) }
		part, count := x.g.parts(use)
		first, rounds, leaves := make([]int, count), make([]bool, count), make([]bool, count)
		for i := range first {
			first[i] = -1
		}
		waiting := make([]bool, count)
		for v, st := range x.g.steps {
			p := part[v]
			if first[p] < 0 {
				first[p] = v
			}
			waiting[p] = waiting[p] || waits(st)
			for _, e := range x.g.edges[v] {
				switch {
				case !use(v, e):
				case e.to < 0 || part[e.to] != p:
					leaves[p] = true
				default:
					rounds[p] = true
				}
			}
		}
		for p := range count {
			if v := first[p]; rounds[p] && !leaves[p] && waiting[p] && !told[v] {
				told[v] = true
				x.warnf(x.g.steps[v].at, "IVR024", "a caller %s can go round %s for ever; only hanging up ends it", moods[mood], strings.Join(x.g.round(v, part, use), " → "))
			}
		}
	}
}

var moods = map[string]string{"no_input": "who presses nothing", "no_match": "who presses wrong keys"}

// goesOn tells whether a caller can leave st by e without choosing to: for a question, as the mood has it.
func (e edge) goesOn(st *step, mood string) bool {
	switch {
	case e.why == "error" || e.how == wayCaller:
		return false
	case st.question() != nil && e.how == wayOutcome:
		return e.why == mood
	}
	return true
}

// toPeople are the verbs that bring the caller to a person, or his words to one.
var toPeople = []string{"queue", "dial", "transfer", "callback", "voicemail"}

// people is IVR028: questions, asked before a person was there, from which no way leads to one.
func (x *linter) people() {
	if x.s.kind != KindInbound {
		return
	}
	var people []int
	for v, st := range x.g.steps {
		if slices.Contains(toPeople, st.verb.name) || st.verb.name == "call" {
			people = append(people, v)
		}
	}
	alone := x.g.reach(x.start[:1], func(from int, e edge) bool {
		return !slices.Contains(toPeople, x.g.steps[from].verb.name) || e.why != x.g.steps[from].verb.good()
	})
	leading := x.g.leading(people)
	told := map[*node]bool{}
	for v, st := range x.g.steps {
		if !alone[v] || leading[v] || st.question() == nil || told[st.node] {
			continue
		}
		told[st.node] = true
		report := x.warnf
		if x.s.defaults.human {
			report = x.errorf
		}
		report(st.at, "IVR028", "from %q no path leads to a person; lead one of its ways to a queue, a dial, a transfer, a callback or a voicemail", st.node.name)
	}
}

// unset is IVR054: variables without a default that a call can read before it comes by the step that sets them. A step
// that was come by counts as done, whatever its outcome; one that an if may skip does not.
func (x *linter) unset() {
	bit := map[string]int{}
	for _, v := range x.s.vars {
		if !v.has {
			bit["vars."+v.name] = len(bit)
		}
	}
	if len(bit) == 0 {
		return
	}
	in := x.assigned(bit)
	for v, st := range x.g.steps {
		if in[v] == nil {
			continue
		}
		for _, r := range x.readsOf(st) {
			if b, ok := bit[r.name]; ok && !in[v].has(b) {
				x.warnf(r.at, "IVR054", "%s may be read before it is set; give it a default, or set it on every way here", r.name)
			}
		}
	}
}

// readsOf are the names a step reads before it sets anything: its own and those of the prompts it says.
func (x *linter) readsOf(st *step) []reading {
	out := st.uses.reads
	if a, ok := st.do.(*setStep); ok {
		out = nil
		done := map[string]bool{}
		for _, s := range a.sets {
			for _, r := range s.reads {
				if !done[r.name] {
					out = append(out, r)
				}
			}
			done["vars."+s.v.name] = true
		}
	}
	for _, p := range st.uses.prompts {
		for _, r := range p.needs.reads {
			out = append(out, reading{r.name, st.at})
		}
	}
	return out
}

// bits is a set of small numbers.
type bits []uint64

func newBits(n int, full bool) bits {
	b := make(bits, (n+63)/64)
	for i := range b {
		if full {
			b[i] = ^uint64(0)
		}
	}
	return b
}

func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bits) set(i int)      { b[i/64] |= 1 << (i % 64) }

// meet leaves in b what is also in c, and tells whether that took something away.
func (b bits) meet(c bits) bool {
	less := false
	for i := range b {
		n := b[i] & c[i]
		less = less || n != b[i]
		b[i] = n
	}
	return less
}

// assigned is, for each step a call can reach from the start, the variables that are surely set when it gets there. Each
// bit falls once at most, so the work is bounded by ways times variables.
func (x *linter) assigned(bit map[string]int) []bits {
	in := make([]bits, len(x.g.steps))
	s0 := x.start[0]
	in[s0] = newBits(len(bit), false)
	open := []int{s0}
	for len(open) > 0 {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		out := append(bits{}, in[v]...)
		for _, w := range x.g.steps[v].uses.writes {
			if b, ok := bit["vars."+w]; ok {
				out.set(b)
			}
		}
		for _, e := range x.g.edges[v] {
			if e.to < 0 {
				continue
			}
			after := out
			if e.how == waySkip {
				after = in[v]
			}
			if in[e.to] == nil {
				in[e.to] = append(bits{}, after...)
			} else if !in[e.to].meet(after) {
				continue
			}
			open = append(open, e.to)
		}
	}
	return in
}
