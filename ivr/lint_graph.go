package ivr

// graph is all steps of a script and every way between them, for the rules that follow callers.
type graph struct {
	steps []*step
	edges [][]edge
}

// edge is one way on from a step.
type edge struct {
	to  int    // a step's number, or one of the below
	why string // the outcome; empty: a key, an arm, or an if that does not hold
	how way
}

const (
	gone   = -1 // the script ends
	before = -2 // back to the question before, whichever that was
)

type way int

const (
	wayOutcome way = iota
	wayCaller      // the caller chose it
	wayBranch      // an arm of a branch, a goto
	waySkip        // the step's if did not hold
)

// newGraph numbers the steps and draws the ways between them.
func newGraph(s *Script) *graph {
	g := &graph{}
	for _, n := range s.nodes {
		for _, st := range n.steps {
			st.num = len(g.steps)
			g.steps = append(g.steps, st)
		}
	}
	g.edges = make([][]edge, len(g.steps))
	for i, st := range g.steps {
		g.edges[i] = edgesOf(s, st)
	}
	return g
}

func edgesOf(s *Script, st *step) []edge {
	var out []edge
	add := func(t target, why string, how way) {
		if to, ok := endOf(st, t); ok {
			out = append(out, edge{to, why, how})
		}
	}
	q := st.question()
	for _, e := range st.exits {
		how := wayOutcome
		if q != nil && e.outcome != "no_input" && e.outcome != "no_match" && e.outcome != "error" {
			how = wayCaller
		}
		add(e.to, e.outcome, how)
	}
	if b, ok := st.do.(branching); ok {
		how := wayBranch
		if _, keys := st.do.(pressed); keys || q != nil {
			how = wayCaller
		}
		for _, t := range b.targets() {
			add(t, "", how)
		}
	}
	if q != nil && q.events {
		for _, e := range s.events {
			add(e.to, "", wayCaller)
		}
	}
	if st.cond != nil {
		add(target{kind: toNext}, "", waySkip)
	}
	return out
}

// endOf is where a target of st leads; ok is false for repeat, which leads nowhere else.
func endOf(st *step, t target) (int, bool) {
	switch t.kind {
	case toRepeat:
		return 0, false
	case toBack:
		return before, true
	case toNode:
		if len(t.node.steps) > 0 {
			return t.node.steps[0].num, true
		}
	case toNext:
		if n, ok := st.next(); ok {
			return n.num, true
		}
	}
	return gone, true
}

// parts gives every step the number of its strongly connected component, by Tarjan's algorithm with a stack of its own;
// use says which edges count. A component's number is greater than those of all it leads to.
func (g *graph) parts(use func(from int, e edge) bool) (part []int, count int) {
	t := &tarjan{g: g, use: use, index: make([]int, len(g.steps)), low: make([]int, len(g.steps)), on: make([]bool, len(g.steps)), part: make([]int, len(g.steps))}
	for i := range g.steps {
		if t.index[i] == 0 {
			t.run(i)
		}
	}
	return t.part, t.count
}

type tarjan struct {
	g          *graph
	use        func(int, edge) bool
	index, low []int // from 1; 0: not seen
	on         []bool
	stack      []int
	part       []int
	n, count   int
}

func (t *tarjan) enter(v int) {
	t.n++
	t.index[v], t.low[v] = t.n, t.n
	t.stack = append(t.stack, v)
	t.on[v] = true
}

func (t *tarjan) run(root int) {
	type frame struct{ v, next int }
	frames := []frame{{root, 0}}
	t.enter(root)
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if f.next < len(t.g.edges[f.v]) {
			e := t.g.edges[f.v][f.next]
			f.next++
			switch {
			case e.to < 0 || !t.use(f.v, e):
			case t.index[e.to] == 0:
				t.enter(e.to)
				frames = append(frames, frame{e.to, 0})
			case t.on[e.to]:
				t.low[f.v] = min(t.low[f.v], t.index[e.to])
			}
			continue
		}
		v := f.v
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			u := frames[len(frames)-1].v
			t.low[u] = min(t.low[u], t.low[v])
		}
		if t.low[v] == t.index[v] {
			t.close(v)
		}
	}
}

// close takes a finished component off the stack.
func (t *tarjan) close(v int) {
	for {
		w := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.on[w] = false
		t.part[w] = t.count
		if w == v {
			break
		}
	}
	t.count++
}

// reach marks all steps that can be come to from the given ones along edges that count.
func (g *graph) reach(from []int, use func(int, edge) bool) []bool {
	seen := make([]bool, len(g.steps))
	open := append([]int{}, from...)
	for _, v := range from {
		seen[v] = true
	}
	for len(open) > 0 {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		for _, e := range g.edges[v] {
			if e.to >= 0 && !seen[e.to] && use(v, e) {
				seen[e.to] = true
				open = append(open, e.to)
			}
		}
	}
	return seen
}

// leading marks all steps from which one of the given can be come to.
func (g *graph) leading(to []int) []bool {
	back := make([][]int, len(g.steps))
	for v, es := range g.edges {
		for _, e := range es {
			if e.to >= 0 {
				back[e.to] = append(back[e.to], v)
			}
		}
	}
	seen := make([]bool, len(g.steps))
	open := append([]int{}, to...)
	for _, v := range to {
		seen[v] = true
	}
	for len(open) > 0 {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		for _, u := range back[v] {
			if !seen[u] {
				seen[u] = true
				open = append(open, u)
			}
		}
	}
	return seen
}

func every(int, edge) bool { return true }

// round names the nodes of a shortest way from step v back to itself within its component.
func (g *graph) round(v int, part []int, use func(int, edge) bool) []string {
	from := map[int]int{}
	queue := []int{v}
	for len(queue) > 0 {
		u := queue[0]
		queue = queue[1:]
		for _, e := range g.edges[u] {
			if e.to < 0 || part[e.to] != part[v] || !use(u, e) {
				continue
			}
			if _, seen := from[e.to]; !seen {
				from[e.to] = u
				queue = append(queue, e.to)
			}
			if e.to == v {
				return g.trail(v, from)
			}
		}
	}
	return nil
}

func (g *graph) trail(v int, from map[int]int) []string {
	names := []string{g.steps[v].node.name}
	for u := from[v]; u != v; u = from[u] {
		if n := g.steps[u].node.name; n != names[len(names)-1] {
			names = append(names, n)
		}
	}
	if names[len(names)-1] != names[0] || len(names) == 1 {
		names = append(names, names[0])
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return names
}
