package ivr

import (
	"encoding/json"
	"fmt"
	"time"

	"ctid"
)

// stored is what a snapshot keeps. Secrets and keys typed ahead are never in it.
type stored struct {
	V         int            `json:"v"`
	Script    string         `json:"script"`
	Version   string         `json:"version"`
	Node      string         `json:"node"`
	Step      int            `json:"step"`
	Phase     phase          `json:"phase"`
	Open      string         `json:"open,omitempty"`
	IDs       int            `json:"ids"`
	Answer    string         `json:"answer,omitempty"`
	Asking    *asking        `json:"asking,omitempty"`
	Asked     []stepRef      `json:"asked,omitempty"`
	Secrets   []stepRef      `json:"secrets,omitempty"`
	Ending    *End           `json:"ending,omitempty"`
	Path      []visit        `json:"path"`
	Vars      map[string]any `json:"vars"`
	Call      CallInfo       `json:"call"`
	Started   time.Time      `json:"started"`
	Now       time.Time      `json:"now"`
	Lang      string         `json:"lang"`
	Priority  int            `json:"priority"`
	Customer  *ctid.Customer `json:"customer,omitempty"`
	Outcome   string         `json:"outcome,omitempty"`
	Code      string         `json:"code,omitempty"`
	ErrNode   string         `json:"err_node,omitempty"`
	Budget    time.Time      `json:"budget"`
	Left      time.Duration  `json:"left"`
	After     time.Time      `json:"after"`
	Total     int            `json:"total"`
	Questions int            `json:"questions"`
	Grace     int            `json:"grace,omitempty"`
	Level     int            `json:"level,omitempty"`
	Attached  int            `json:"attached,omitempty"`
	Gone      bool           `json:"gone,omitempty"`
	Over      bool           `json:"over,omitempty"`
}

type stepRef struct {
	Node string `json:"node"`
	Step int    `json:"step"`
}

func refs(steps []*step) []stepRef {
	var out []stepRef
	for _, s := range steps {
		out = append(out, stepRef{s.node.name, s.index})
	}
	return out
}

// Snapshot is the session as JSON, for a restart. It has no secret and no key in it.
func (m *Machine) Snapshot() ([]byte, error) {
	if m.at == nil {
		return nil, fmt.Errorf("ivr: the session of script %s has not begun", m.s.name)
	}
	vars := map[string]any{}
	for _, v := range m.s.vars {
		if v.typ.kind != kSecret {
			vars[v.name] = m.x.vars[v.name]
		}
	}
	return json.Marshal(stored{V: 1, Script: m.s.name, Version: m.s.version, Node: m.at.node.name, Step: m.at.index, Phase: m.phase, Open: m.open,
		IDs: m.ids, Answer: m.answer, Asking: m.asking, Asked: refs(m.asked), Secrets: refs(m.secrets), Ending: m.ending, Path: m.path, Vars: vars,
		Call: m.x.call, Started: m.x.started, Now: m.now, Lang: m.x.lang, Priority: m.x.priority, Customer: m.x.customer, Outcome: m.x.outcome,
		Code: m.x.code, ErrNode: m.x.node, Budget: m.timers.budget, Left: m.left, After: m.timers.after, Total: m.total,
		Questions: m.questions, Grace: m.grace, Level: m.level, Attached: m.attached, Gone: m.gone, Over: m.over})
}

// Restore makes a machine of a snapshot of the same version of the script; Resume is its next input.
func Restore(s *Script, opts Options, snapshot []byte) (*Machine, error) {
	var st stored
	if err := json.Unmarshal(snapshot, &st); err != nil {
		return nil, fmt.Errorf("ivr: the snapshot cannot be read: %w", err)
	}
	if st.V != 1 || st.Script != s.name || st.Version != s.version {
		return nil, fmt.Errorf("ivr: the snapshot is of script %s version %s, not of %s version %s", st.Script, st.Version, s.name, s.version)
	}
	m := NewMachine(s, opts)
	if m.at = m.find(stepRef{st.Node, st.Step}); m.at == nil {
		return nil, fmt.Errorf("ivr: the snapshot stands at step %d of node %q, which script %s does not have", st.Step+1, st.Node, s.name)
	}
	for _, v := range s.vars {
		if got, ok := st.Vars[v.name]; ok && v.typ.kind != kSecret {
			if c, err := convert(v.typ, got); err == nil {
				m.x.vars[v.name] = c
			}
		}
	}
	m.begun, m.phase, m.open, m.ids, m.answer, m.asking, m.ending, m.path = true, st.Phase, st.Open, st.IDs, st.Answer, st.Asking, st.Ending, st.Path
	m.asked, m.secrets = m.findAll(st.Asked), m.findAll(st.Secrets)
	m.x.call, m.x.started, m.now, m.x.lang, m.x.priority, m.x.customer = st.Call, st.Started, st.Now, st.Lang, st.Priority, st.Customer
	m.x.outcome, m.x.code, m.x.node = st.Outcome, st.Code, st.ErrNode
	m.timers.budget, m.timers.after, m.left = st.Budget, st.After, st.Left
	m.total, m.questions, m.grace, m.level, m.attached, m.gone, m.over = st.Total, st.Questions, st.Grace, st.Level, st.Attached, st.Gone, st.Over
	if m.phase == phaseAsk && (m.asking == nil || m.at.question() == nil) {
		return nil, fmt.Errorf("ivr: the snapshot asks at step %d of node %q, which is no question", st.Step+1, st.Node)
	}
	return m, nil
}

func (m *Machine) find(r stepRef) *step {
	nodes := m.s.nodes
	if m.resort != nil {
		nodes = append(nodes[:len(nodes):len(nodes)], m.resort.node)
	}
	for _, n := range nodes {
		if n.name == r.Node && r.Step >= 0 && r.Step < len(n.steps) {
			return n.steps[r.Step]
		}
	}
	return nil
}

func (m *Machine) findAll(rs []stepRef) []*step {
	var out []*step
	for _, r := range rs {
		if s := m.find(r); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// resume goes on after a restart. A caller in a queue keeps his place. Otherwise secrets are lost: the call goes back to
// the question that took the first of them. An open question is asked again with the tries it had left.
func (m *Machine) resume() {
	_, queue := m.at.do.(*queueStep)
	switch {
	case m.ending != nil:
		m.phase = phaseQuiet
		m.flush()
	case queue && m.phase == phaseAnswer:
	case len(m.secrets) > 0 && !m.gone:
		to := m.secrets[0]
		m.secrets = nil
		m.settle()
		m.at = to
		m.path = append(m.path, visit{Node: to.node.name, From: m.now})
	case m.phase == phaseAsk:
		m.asking.keys, m.asking.confirm = "", false
		m.sayQuestion(m.at.question())
	default:
		m.settle()
	}
}
