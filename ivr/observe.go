package ivr

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"ctid"
)

// Where is a step of a script. Step counts from 1, of Steps in its node; Line and Col count from 1.
type Where struct {
	Script string
	Node   string
	Step   int
	Steps  int
	Verb   string
	Line   int
	Col    int
}

// String names the step: hello/3, or hello if the node has only one.
func (w Where) String() string {
	if w.Steps > 1 {
		return fmt.Sprintf("%s/%d", w.Node, w.Step)
	}
	return w.Node
}

// Edge is one way on from a step: an outcome, a key, an arm of a branch, or taken and skipped where an if decides. The keys of
// events are edges of no step; their Verb is events.
type Edge struct {
	From    Where
	Outcome string
	To      string // a node, next, repeat, back, return, hangup
	ToNode  bool   // To is a node
	Line    int    // where the target is written, or the step if it is a default
	Col     int
}

// Place names the step that the edge leads on from, or events.
func (e Edge) Place() string {
	if e.From.Verb == "events" {
		return "events"
	}
	return e.From.String()
}

// Move is an edge that a call took. Error is the code, if an error led on.
type Move struct {
	Edge
	Error string
}

// Miss is a silence or a wrong answer: the Nth of Tries.
type Miss struct {
	Outcome  string // no_input, no_match
	N, Tries int
}

// Watch is called while a machine works, in the order in which things happen. Any of its functions may be nil.
type Watch struct {
	Did    func(Where, Step)
	Took   func(Move)
	Missed func(Where, Miss)
	// Took one key for an answer; secret: of a masked question.
	Key func(at Where, digit string, secret bool)
}

// Observe lets w see what the machine does from now on.
func (m *Machine) Observe(w Watch) { m.watch = w }

// Where is the step at which the machine stands.
func (m *Machine) Where() Where {
	if m.at == nil {
		return Where{Script: m.s.name}
	}
	return m.s.where(m.at)
}

// Trail is the way the call took, as far as it has come.
func (m *Machine) Trail(now time.Time) ctid.IVRTrail {
	t := ctid.IVRTrail{Script: m.root().name, Version: m.root().version, Lang: m.x.lang, Path: []ctid.PathStep{}}
	if now.Before(m.now) || m.over {
		now = m.now
	}
	for i, v := range m.path {
		till := now
		if i+1 < len(m.path) {
			till = m.path[i+1].From
		}
		t.Path = append(t.Path, ctid.PathStep{Node: v.Node, Key: v.Key, MS: till.Sub(v.From).Milliseconds()})
	}
	return t
}

// Asking tells whether the machine waits for the caller to answer a question, and all that was to be said has been heard.
func (m *Machine) Asking() bool {
	return m.phase == phaseAsk && m.asking != nil && m.asking.Stage != stagePrompt
}

func (s *Script) where(st *step) Where {
	w := Where{Script: s.name, Node: st.node.name, Step: st.index + 1, Steps: len(st.node.steps), Line: st.at.line, Col: st.at.col}
	if st.verb != nil {
		w.Verb = st.verb.name
	}
	return w
}

func (m *Machine) did(s Step) {
	if m.watch.Did != nil {
		m.watch.Did(m.Where(), s)
	}
}

func (m *Machine) tookKey(d string, secret bool) {
	if m.watch.Key != nil {
		m.watch.Key(m.Where(), d, secret)
	}
}

func (m *Machine) missed(outcome string, n, tries int) {
	if m.watch.Missed != nil {
		m.watch.Missed(m.Where(), Miss{outcome, n, tries})
	}
}

// took tells that the current step led to t; via is the outcome, or empty for a target of the step's own.
func (m *Machine) took(t target) {
	via := m.via
	m.via = ""
	if m.watch.Took == nil || m.at == nil {
		return
	}
	e := m.s.edge(m.at, via, t)
	if via == "" {
		for i, l := range m.at.labels() {
			if m.at.do.(branching).targets()[i] == t {
				e.Outcome = l
				break
			}
		}
		for _, ev := range m.s.events {
			if e.Outcome == "" && ev.to == t {
				e = m.s.eventEdge(ev)
			}
		}
	}
	mv := Move{Edge: e}
	if via == "error" {
		mv.Error = m.x.code
	}
	m.watch.Took(mv)
}

// rose tells that an error its step does not handle went up to a node.
func (m *Machine) rose(n *node) {
	if m.watch.Took != nil {
		m.watch.Took(Move{Edge: m.s.edge(m.at, "error", target{kind: toNode, node: n, at: m.at.at}), Error: m.x.code})
	}
}

func (s *Script) edge(st *step, outcome string, t target) Edge {
	e := Edge{From: s.where(st), Outcome: outcome, Line: t.at.line, Col: t.at.col}
	if e.Line == 0 {
		e.Line, e.Col = st.at.line, st.at.col
	}
	e.To, e.ToNode = t.name(), t.kind == toNode
	return e
}

func (s *Script) eventEdge(c choice) Edge {
	e := Edge{From: Where{Script: s.name, Verb: "events", Line: c.at.line, Col: c.at.col}, Outcome: spelled(c.keys), Line: c.to.at.line, Col: c.to.at.col}
	e.To, e.ToNode = c.to.name(), c.to.kind == toNode
	return e
}

func (t target) name() string {
	if t.kind == toNode {
		return t.node.name
	}
	return map[targetKind]string{toNext: "next", toRepeat: "repeat", toBack: "back", toReturn: "return", toHangup: "hangup"}[t.kind]
}

// labels name the targets that a step has beside its outcomes, in their order.
func (s *step) labels() []string {
	b, ok := s.do.(branching)
	if !ok {
		return nil
	}
	if l, ok := s.do.(interface{ labels() []string }); ok {
		return l.labels()
	}
	var out []string
	for i := range b.targets() {
		out = append(out, fmt.Sprintf("arm %d", i+1))
	}
	return out
}

func keyLabels(cs []choice) []string {
	var out []string
	for _, c := range cs {
		out = append(out, spelled(c.keys))
	}
	return out
}

func (a *menuStep) labels() []string  { return keyLabels(a.choices) }
func (a *queueStep) labels() []string { return keyLabels(a.keys) }
func (a *gotoStep) labels() []string  { return []string{"taken"} }

func (a *returnStep) labels() []string {
	if a.exit == "" {
		return []string{"taken"}
	}
	return []string{a.exit}
}

func (a *branchStep) labels() []string {
	var out []string
	for _, x := range a.arms {
		if x.cond != nil {
			out = append(out, strings.TrimSpace(x.cond.src))
		} else {
			out = append(out, x.is)
		}
	}
	return append(out, "else")
}

// Edges are all the ways on in the script, in the order of the file; the keys of events come last. Errors are left out,
// unless errors is true: then those that have somewhere to go are there too.
func (s *Script) Edges(errors bool) []Edge {
	var out []Edge
	for _, n := range s.nodes {
		for _, st := range n.steps {
			out = append(out, s.edgesOf(st, errors)...)
		}
	}
	for _, c := range s.events {
		out = append(out, s.eventEdge(c))
	}
	return out
}

func (s *Script) edgesOf(st *step, errors bool) []Edge {
	var out []Edge
	for _, x := range st.exits {
		if x.outcome != "error" || errors {
			out = append(out, s.edge(st, x.outcome, x.to))
		}
	}
	if labels := st.labels(); labels != nil {
		for i, t := range st.do.(branching).targets() {
			e := s.edge(st, labels[i], t)
			if _, value := st.do.(*branchStep); !value || t.at.line > 0 {
				out = append(out, e)
			}
		}
	}
	if st.cond != nil {
		out = append(out, s.edge(st, "skipped", target{kind: toNext}))
	}
	return out
}

// Nodes are the script's nodes in the order of the file; each is its first step, with the line of the node's name.
func (s *Script) Nodes() []Where {
	var out []Where
	for _, n := range s.nodes {
		if len(n.steps) > 0 {
			w := s.where(n.steps[0])
			w.Line, w.Col = n.at.line, n.at.col
			out = append(out, w)
		}
	}
	return out
}

// Steps are all steps of the script in the order of the file.
func (s *Script) Steps() []Where {
	var out []Where
	for _, n := range s.nodes {
		for _, st := range n.steps {
			out = append(out, s.where(st))
		}
	}
	return out
}

// EventsAt are the steps at which the keys of events work.
func (s *Script) EventsAt() []Where {
	var out []Where
	for _, n := range s.nodes {
		for _, st := range n.steps {
			if q := st.question(); q != nil && q.events && st.verb.keys {
				out = append(out, s.where(st))
			}
		}
	}
	return out
}

// Variable is a variable of a call, as a person would read it. A secret has no value.
type Variable struct {
	Name   string
	Value  any // text, float64, bool, []any, map[string]any
	Secret bool
}

// Vars are the call's variables in the order of the script.
func (m *Machine) Vars() []Variable {
	var out []Variable
	for _, v := range m.s.vars {
		x := Variable{Name: v.name, Secret: v.typ.kind == kSecret}
		if !x.Secret {
			x.Value = m.x.vars[v.name]
		}
		out = append(out, x)
	}
	return out
}

// Preset gives variables values before Start, written as in a script. The error names the variable.
func (m *Machine) Preset(values map[string]string) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		found := false
		for _, v := range m.s.vars {
			if v.name != name {
				continue
			}
			got, err := parseAs(v.typ, values[name])
			if err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
			m.x.vars[name], found = got, true
		}
		if !found {
			return fmt.Errorf("the script has no variable %q", name)
		}
	}
	return nil
}

// Text writes a value of a script as a person would read it.
func Text(v any) string { return textOf(v) }

// ParseDuration reads a duration with its unit: 300ms, 5s, 1m30s.
func ParseDuration(s string) (time.Duration, bool) { return parseDuration(s) }

// Start is the node that a call begins with; empty for a library.
func (s *Script) Start() string {
	if s.start == nil {
		return ""
	}
	return s.start.name
}
