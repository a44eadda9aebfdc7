package ivr

import (
	"slices"
	"strings"
)

const maxCalls = 8 // subscripts that call each other

// callSite is a step that calls a subscript.
type callSite struct {
	sub *loader
	at  *step
}

// link follows the flow of each script, those that are called before those that call.
func (sl *setLoader) link() {
	depth := map[*loader]int{}
	for _, l := range sl.order {
		sl.linkOne(l, nil, depth)
	}
}

// linkOne returns how deep the calls of l go; path are those that led to it.
func (sl *setLoader) linkOne(l *loader, path []*loader, depth map[*loader]int) int {
	if n, known := depth[l]; known {
		return n
	}
	path = append(path, l)
	deepest, ready := 0, !l.failed() && len(l.s.nodes) > 0
	for _, c := range l.calls {
		if i := slices.Index(path, c.sub); i >= 0 {
			var names []string
			for _, p := range append(slices.Clone(path[i:]), c.sub) {
				names = append(names, p.s.name)
			}
			l.errorf(c.at.at, "IVR026", "%s calls itself: %s", c.sub.s.name, strings.Join(names, " → "))
			ready = false
			continue
		}
		n := sl.linkOne(c.sub, path, depth) + 1
		if n == maxCalls+1 {
			l.errorf(c.at.at, "IVR026", "calls nest deeper than %d from here, by way of %s", maxCalls, c.sub.s.name)
		}
		deepest, ready = max(deepest, n), ready && c.sub.followed
	}
	depth[l] = deepest
	if ready && !l.failed() {
		l.followed = true
		l.flow()
		l.inherit()
	}
	return deepest
}

// inherit takes over what the script has by way of those it calls.
func (l *loader) inherit() {
	for _, c := range l.calls {
		if !slices.Contains(l.s.subs, c.sub.s) {
			l.s.subs = append(l.s.subs, c.sub.s)
		}
		for _, q := range c.sub.s.queues {
			if !slices.Contains(l.s.queues, q) {
				l.s.queues = append(l.s.queues, q)
			}
		}
	}
	slices.Sort(l.s.queues)
}

// known are the names of all scripts and libraries there are.
func (sl *setLoader) known() []string {
	if sl.listed == nil {
		sl.listed = sl.names()
	}
	return sl.listed
}
