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
	In        string         `json:"in,omitempty"` // the subscript at work
	Args      map[string]any `json:"args,omitempty"`
	Answers   map[string]any `json:"answers,omitempty"`
	Handled   bool           `json:"handled,omitempty"`
	Floor     int            `json:"floor,omitempty"`
	Frames    []storedFrame  `json:"frames,omitempty"`
	Attached  int            `json:"attached,omitempty"`
	AskedFor  string         `json:"asked_for,omitempty"`
	Tally     Tally          `json:"tally"`
	Gone      bool           `json:"gone,omitempty"`
	Over      bool           `json:"over,omitempty"`
	Memo      memo           `json:"memo,omitzero"`
	Unheard   []saying       `json:"unheard,omitempty"`
}

// storedFrame is a script that waits for the one it called.
type storedFrame struct {
	Script  string         `json:"script"`
	At      stepRef        `json:"at"`
	Vars    map[string]any `json:"vars"`
	Args    map[string]any `json:"args,omitempty"`
	Answers map[string]any `json:"answers,omitempty"`
	Asked   []stepRef      `json:"asked,omitempty"`
	Secrets []stepRef      `json:"secrets,omitempty"`
	Handled bool           `json:"handled,omitempty"`
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
	in := ""
	if len(m.frames) > 0 {
		in = m.s.name
	}
	return json.Marshal(stored{V: 1, Script: m.root().name, Version: m.s.version, In: in, Args: plain(m.s.args, m.x.args), Answers: m.x.answers,
		Handled: m.handled, Floor: m.floor, Frames: m.storedFrames(), Node: m.at.node.name, Step: m.at.index, Phase: m.phase, Open: m.open,
		IDs: m.ids, Answer: m.answer, Asking: m.asking, Asked: refs(m.asked), Secrets: refs(m.secrets), Ending: m.ending, Path: m.path, Vars: plain(m.s.vars, m.x.vars),
		Call: m.x.call, Started: m.x.started, Now: m.now, Lang: m.x.lang, Priority: m.x.priority, Customer: m.x.customer, Outcome: m.x.outcome,
		Code: m.x.code, ErrNode: m.x.node, Budget: m.timers.budget, Left: m.left, After: m.timers.after, Total: m.total,
		Questions: m.questions, Grace: m.grace, Level: m.level, Attached: m.attached,
		AskedFor: m.askedFor, Tally: m.tally, Gone: m.gone, Over: m.over, Memo: m.memo.stored(), Unheard: m.stillToSay()})
}

// plain leaves secrets out.
func plain(declared []variable, values map[string]any) map[string]any {
	out := map[string]any{}
	for _, v := range declared {
		if v.typ.kind != kSecret {
			out[v.name] = values[v.name]
		}
	}
	return out
}

// refill puts stored values back; one that does not fit its type any more, or is a secret, is at its default.
func refill(declared []variable, values map[string]any) map[string]any {
	out := fresh(declared)
	for _, v := range declared {
		if got, ok := values[v.name]; ok && v.typ.kind != kSecret {
			if c, err := convert(v.typ, got); err == nil {
				out[v.name] = c
			}
		}
	}
	return out
}

func (m *Machine) storedFrames() []storedFrame {
	var out []storedFrame
	for _, f := range m.frames {
		out = append(out, storedFrame{f.s.name, stepRef{f.at.node.name, f.at.index}, plain(f.s.vars, f.vars), plain(f.s.args, f.args), f.answers,
			refs(f.asked), refs(f.secrets), f.handled})
	}
	return out
}

// restoreFrames builds the scripts that wait for others anew, and makes the one at work the machine's.
func (m *Machine) restoreFrames(st stored) error {
	for _, f := range st.Frames {
		s := m.s.set.Script(f.Script)
		if s == nil {
			return fmt.Errorf("ivr: the snapshot is within script %s, which the set does not have", f.Script)
		}
		at := m.findIn(s, f.At)
		if at == nil {
			return fmt.Errorf("ivr: the snapshot calls from step %d of node %q, which script %s does not have", f.At.Step+1, f.At.Node, f.Script)
		}
		if _, ok := at.do.(*callStep); !ok {
			return fmt.Errorf("ivr: the snapshot calls from step %d of node %q of %s, which calls nothing", f.At.Step+1, f.At.Node, f.Script)
		}
		vars, args := refill(s.vars, f.Vars), refill(s.args, f.Args)
		m.frames = append(m.frames, frame{s, at, vars, args, refill(s.answers, f.Answers), m.findAll(s, f.Asked), m.findAll(s, f.Secrets), f.Handled,
			size(vars) + size(args)})
	}
	if st.In == "" {
		return nil
	}
	s := m.s.set.Script(st.In)
	if s == nil {
		return fmt.Errorf("ivr: the snapshot is within script %s, which the set does not have", st.In)
	}
	m.s = s
	return nil
}

// Restore makes a machine of a snapshot of the same set; s is the script the call began with, and Resume is the next input.
func Restore(s *Script, opts Options, snapshot []byte) (*Machine, error) {
	var st stored
	if err := json.Unmarshal(snapshot, &st); err != nil {
		return nil, fmt.Errorf("ivr: the snapshot cannot be read: %w", err)
	}
	if st.V != 1 || st.Script != s.name || st.Version != s.version {
		return nil, fmt.Errorf("ivr: the snapshot is of script %s version %s, not of %s version %s", st.Script, st.Version, s.name, s.version)
	}
	m := NewMachine(s, opts)
	if err := m.restoreFrames(st); err != nil {
		return nil, err
	}
	if m.at = m.findIn(m.s, stepRef{st.Node, st.Step}); m.at == nil {
		return nil, fmt.Errorf("ivr: the snapshot stands at step %d of node %q, which script %s does not have", st.Step+1, st.Node, m.s.name)
	}
	m.x.vars, m.x.args, m.x.answers = refill(m.s.vars, st.Vars), refill(m.s.args, st.Args), refill(m.s.answers, st.Answers)
	m.handled, m.floor = st.Handled, st.Floor
	m.begun, m.phase, m.open, m.ids, m.answer, m.asking, m.ending, m.path = true, st.Phase, st.Open, st.IDs, st.Answer, st.Asking, st.Ending, st.Path
	m.memo, m.again = st.Memo, st.Unheard
	m.asked, m.secrets = m.findAll(m.s, st.Asked), m.findAll(m.s, st.Secrets)
	m.x.call, m.x.started, m.now, m.x.lang, m.x.priority, m.x.customer = st.Call, st.Started, st.Now, st.Lang, st.Priority, st.Customer
	m.x.outcome, m.x.code, m.x.node = st.Outcome, st.Code, st.ErrNode
	m.timers.budget, m.timers.after, m.left = st.Budget, st.After, st.Left
	m.total, m.questions, m.grace, m.level, m.attached, m.gone, m.over = st.Total, st.Questions, st.Grace, st.Level, st.Attached, st.Gone, st.Over
	m.askedFor, m.tally = st.AskedFor, st.Tally
	m.readContact(false)
	if m.phase == phaseAsk && (m.asking == nil || m.at.question() == nil) {
		return nil, fmt.Errorf("ivr: the snapshot asks at step %d of node %q, which is no question", st.Step+1, st.Node)
	}
	return m, nil
}

func (m *Machine) findIn(s *Script, r stepRef) *step {
	nodes := s.nodes
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

func (m *Machine) findAll(in *Script, rs []stepRef) []*step {
	var out []*step
	for _, r := range rs {
		if s := m.findIn(in, r); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// resume goes on after a restart: first with what was not heard to its end. A step that knows better than to begin anew goes on by itself.
// Otherwise secrets are lost: the call goes back to
// the question that took the first of them. An open question is asked again with the tries it had left.
func (m *Machine) resume() {
	if m.gone {
		m.again = nil
	}
	m.sayAgain()
	r, can := m.at.do.(resuming)
	switch {
	case m.ending != nil:
		m.phase = phaseQuiet
		m.flush()
	case can && m.phase == phaseAnswer && r.resume(m):
	case !m.gone && m.secretLost():
		m.pending = nil // it was said behind what is asked for again
	case m.phase == phaseAsk:
		m.asking.keys, m.asking.confirm = "", false
		m.sayQuestion(m.at.question())
	default:
		m.settle()
	}
}

// secretLost goes back to the step that took the first secret, in the outermost script that had one; it tells whether there
// was any.
func (m *Machine) secretLost() bool {
	keep := len(m.frames)
	for i, f := range m.frames {
		if len(f.secrets) > 0 {
			keep = i
			break
		}
	}
	if keep == len(m.frames) && len(m.secrets) == 0 {
		return false
	}
	m.settle()
	for len(m.frames) > keep {
		m.drop()
	}
	m.at = m.secrets[0]
	m.secrets = nil
	m.path = append(m.path, visit{Node: m.place(), From: m.now})
	m.speakIn()
	return true
}
