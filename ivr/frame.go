package ivr

import (
	"encoding/json"
	"slices"
)

// frame is a script that waits for the subscript it called.
type frame struct {
	s       *Script
	at      *step // the call
	vars    map[string]any
	args    map[string]any
	answers map[string]any
	asked   []*step
	secrets []*step
	handled bool // its on_error has been gone to
	bytes   int  // of its values as JSON
}

// fresh are variables at their defaults.
func fresh(vs []variable) map[string]any {
	out := map[string]any{}
	for _, v := range vs {
		out[v.name] = v.def
	}
	return out
}

// begin makes s the script that runs, with nothing of another left.
func (m *Machine) begin(s *Script, args map[string]any) {
	m.s, m.x.vars, m.x.args, m.x.answers = s, fresh(s.vars), args, fresh(s.answers)
	m.asked, m.secrets, m.handled = nil, nil, false
}

// call lets a subscript run; the step at work is gone on with when it returns.
func (m *Machine) call(s *Script, args map[string]any) {
	bytes := size(args) + size(m.x.vars)
	if len(m.frames) >= m.opts.Limits.Subscripts {
		m.fail("limit.subscripts")
		return
	}
	if m.used()+bytes > m.opts.Limits.Variables {
		m.fail("limit.variables")
		return
	}
	m.settle()
	m.frames = append(m.frames, frame{m.s, m.at, m.x.vars, m.x.args, m.x.answers, m.asked, m.secrets, m.handled, bytes})
	m.begin(s, args)
	m.enter(s.start)
}

// drop takes the script that called back to work, at the calling step.
func (m *Machine) drop() {
	f := m.frames[len(m.frames)-1]
	m.frames = m.frames[:len(m.frames)-1]
	m.s, m.at, m.x.vars, m.x.args, m.x.answers = f.s, f.at, f.vars, f.args, f.answers
	m.asked, m.secrets, m.handled = f.asked, f.secrets, f.handled
}

// pop goes back to the calling step.
func (m *Machine) pop() {
	m.drop()
	m.path = append(m.path, visit{Node: m.place(), From: m.now})
	m.speakIn()
}

// speakIn sees that the call's language is one of the script's.
func (m *Machine) speakIn() {
	if !m.gone && !slices.Contains(m.s.langs, m.x.lang) {
		m.x.lang = m.s.langs[0]
		m.emit(SetLanguage{Lang: m.x.lang})
	}
}

// giveBack ends a subscript. One that was not called, but begun with, ends the call.
func (m *Machine) giveBack(exit string, values map[string]any) {
	if len(m.frames) == m.floor {
		m.end("normal", "script")
		return
	}
	m.settle()
	m.pop()
	m.at.do.(*callStep).returned(m, exit, values)
}

// place names the node at work; of a subscript with its script before it.
func (m *Machine) place() string {
	if m.at == nil {
		return ""
	}
	if len(m.frames) == 0 {
		return m.at.node.name
	}
	return m.s.name + "." + m.at.node.name
}

// root is the script the call began with.
func (m *Machine) root() *Script {
	if len(m.frames) > 0 {
		return m.frames[0].s
	}
	return m.s
}

// used is how many bytes the variables of all scripts at work have, those of the current one left out.
func (m *Machine) used() int {
	n := size(m.x.args)
	for _, f := range m.frames {
		n += f.bytes
	}
	return n
}

func size(v map[string]any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return maxVars + 1
	}
	return len(b)
}

// maskAhead tells whether a masked question is the next one possible, here or, if no question comes before the return, in
// the scripts that called.
func (m *Machine) maskAhead() bool {
	if m.at.masks {
		return true
	}
	quits := m.at.quits
	for i := len(m.frames) - 1; i >= 0 && quits; i-- {
		if m.frames[i].at.masksAfter {
			return true
		}
		quits = m.frames[i].at.quitsAfter
	}
	return false
}
