package ivrsim

import (
	"fmt"
	"slices"

	"ctid/ivr"
)

// Cover is which ways of one script calls have taken.
type Cover struct {
	Script *ivr.Script
	Edges  []ivr.Edge // every outcome, key and arm, in the order of the file; errors are not counted
	Taken  []int      // how often each
	Nodes  []ivr.Where
	Seen   []bool // which nodes were entered
}

// NewCover counts nothing yet.
func NewCover(s *ivr.Script) *Cover {
	c := &Cover{Script: s, Edges: s.Edges(false), Nodes: s.Nodes()}
	c.Taken, c.Seen = make([]int, len(c.Edges)), make([]bool, len(c.Nodes))
	return c
}

type edgeID struct {
	script, node, verb, outcome string
	step                        int
}

func idOf(e ivr.Edge) edgeID {
	return edgeID{e.From.Script, e.From.Node, e.From.Verb, e.Outcome, e.From.Step}
}

// Add counts the moves of a call.
func (c *Cover) Add(moves []ivr.Move) {
	at := map[edgeID]int{}
	for i, e := range c.Edges {
		at[idOf(e)] = i
	}
	see := func(script, node string) {
		if script != c.Script.Name() {
			return
		}
		if i := slices.IndexFunc(c.Nodes, func(w ivr.Where) bool { return w.Node == node }); i >= 0 {
			c.Seen[i] = true
		}
	}
	for _, m := range moves {
		if i, ok := at[idOf(m.Edge)]; ok {
			c.Taken[i]++
		}
		see(m.From.Script, m.From.Node)
		if m.ToNode {
			see(m.From.Script, m.To)
		}
	}
}

// Counts are the nodes and edges taken, and how many there are.
func (c *Cover) Counts() (nodes, allNodes, edges, allEdges int) {
	for _, s := range c.Seen {
		if s {
			nodes++
		}
	}
	for _, n := range c.Taken {
		if n > 0 {
			edges++
		}
	}
	return nodes, len(c.Nodes), edges, len(c.Edges)
}

// Percent is how many of a hundred edges were taken; 100 for a script without edges.
func (c *Cover) Percent() float64 {
	_, _, n, all := c.Counts()
	if all == 0 {
		return 100
	}
	return 100 * float64(n) / float64(all)
}

// First is the first edge of the file that was not taken.
func (c *Cover) First() (ivr.Edge, bool) {
	for i, e := range c.Edges {
		if c.Taken[i] == 0 {
			return e, true
		}
	}
	return ivr.Edge{}, false
}

// String is the line about the script: nodes 6/6   edges 16/28 (57 %)   first not covered: account no_input (line 14).
func (c *Cover) String() string {
	n, allN, e, allE := c.Counts()
	s := fmt.Sprintf("nodes %d/%d   edges %d/%d (%d %%)", n, allN, e, allE, int(c.Percent()))
	if f, ok := c.First(); ok {
		s += fmt.Sprintf("   first not covered: %s %s (line %d)", f.Place(), f.Outcome, f.From.Line)
	}
	return s
}

// Missing are the edges not taken, in the order of the file.
func (c *Cover) Missing() []ivr.Edge {
	var out []ivr.Edge
	for i, e := range c.Edges {
		if c.Taken[i] == 0 {
			out = append(out, e)
		}
	}
	return out
}
