// Package graph draws scripts: one box for each node, one arrow for all the ways from one node to another.
package graph

import (
	"fmt"
	"slices"
	"strings"

	"ctid/ivr"
)

// Options of a drawing.
type Options struct {
	Errors  bool          // arrows of errors too
	Found   []ivr.Finding // of the script's file; the nodes they stand in are drawn red
	Traffic []Traffic
	HasHeat bool // Traffic is written on the arrows, also where it is nothing
}

// Graph is a script as boxes and arrows.
type Graph struct {
	Name  string
	Nodes []Node
	Links []Link
}

// Node is one box.
type Node struct {
	Name  string
	Start bool
	Found []string // what lint found in it
	Loops []string // the ways from it to itself
}

// Link is one arrow.
type Link struct {
	From, To int // of Nodes
	Labels   []string
	Error    bool
	Calls    int
	Heat     bool // Calls is known
}

// Label is what stands on the arrow.
func (l Link) Label() string {
	s := strings.Join(l.Labels, ", ")
	if l.Heat {
		s = strings.TrimSpace(fmt.Sprintf("%s (%d)", s, l.Calls))
	}
	return s
}

// maxLabel bounds what stands on one arrow, in characters.
const maxLabel = 48

// Short is the label as it is drawn.
func (l Link) Short() string { return cut(l.Label(), maxLabel) }

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// Of makes the graph of a script.
func Of(s *ivr.Script, o Options) *Graph {
	g := &Graph{Name: s.Name()}
	at := map[string]int{}
	for i, n := range s.Nodes() {
		at[n.Node] = i
		g.Nodes = append(g.Nodes, Node{Name: n.Node, Start: n.Node == s.Start()})
	}
	add := func(from, to int, label string, bad bool) {
		if from == to {
			if label != "" && !slices.Contains(g.Nodes[from].Loops, label) {
				g.Nodes[from].Loops = append(g.Nodes[from].Loops, label)
			}
			return
		}
		i := slices.IndexFunc(g.Links, func(l Link) bool { return l.From == from && l.To == to && l.Error == bad })
		if i < 0 {
			i = len(g.Links)
			g.Links = append(g.Links, Link{From: from, To: to, Error: bad, Heat: o.HasHeat})
		}
		if l := &g.Links[i]; label != "" && !slices.Contains(l.Labels, label) {
			l.Labels = append(l.Labels, label)
		}
	}
	for _, e := range s.Edges(o.Errors) {
		if e.ToNode && e.From.Verb != "events" {
			add(at[e.From.Node], at[e.To], labelOf(e), e.Outcome == "error")
		}
	}
	for _, e := range s.Edges(false) {
		if e.From.Verb != "events" || !e.ToNode {
			continue
		}
		for _, w := range s.EventsAt() {
			add(at[w.Node], at[e.To], e.Outcome, false)
		}
	}
	g.heat(s.Name(), at, o.Traffic)
	g.red(s, o)
	return g
}

func labelOf(e ivr.Edge) string {
	if e.Outcome == "taken" {
		return ""
	}
	return e.Outcome
}

// Traffic is how many calls went from one node of a script to another; an empty To is the end of the script.
type Traffic struct {
	Script string `json:"script"`
	From   string `json:"from"`
	To     string `json:"to"`
	Count  int    `json:"count"`
}

// heat counts the calls on each arrow; where an error leads the same way as an outcome, the outcome has them.
func (g *Graph) heat(script string, at map[string]int, traffic []Traffic) {
	for _, t := range traffic {
		from, known := at[t.From]
		to, ok := at[t.To]
		if t.Script != script || !known || !ok {
			continue
		}
		i := slices.IndexFunc(g.Links, func(l Link) bool { return l.From == from && l.To == to })
		if i >= 0 {
			g.Links[i].Calls += t.Count
		}
	}
}

// red marks the nodes in which lint found something.
func (g *Graph) red(s *ivr.Script, o Options) {
	nodes := s.Nodes()
	for _, f := range o.Found {
		best := -1
		for i, n := range nodes {
			if n.Line <= f.Line && (best < 0 || n.Line > nodes[best].Line) {
				best = i
			}
		}
		if best >= 0 && (f.Severity == ivr.Error || f.Severity == ivr.Warning) {
			g.Nodes[best].Found = append(g.Nodes[best].Found, f.ID+": "+f.Message)
		}
	}
}
