package ivr

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"ctid"
)

// Tally is what went wrong in a session so far.
type Tally struct {
	Errors     int  `json:"errors,omitempty"`      // steps that ended in an error
	Failed     int  `json:"failed,omitempty"`      // questions given up after their last try
	LastResort bool `json:"last_resort,omitempty"` // the site's last resort was needed
}

// Tally tells what went wrong so far.
func (m *Machine) Tally() Tally { return m.tally }

// Taken returns what the steps have taken since it was last asked, for whoever keeps it: a key is there when a question
// is done with it, not when it was pressed, and of a masked question only the count of its keys. Nothing of it is secret.
func (m *Machine) Taken() []ctid.ScriptInput {
	t := m.taken
	m.taken = nil
	return t
}

// taking notes down an input at the current step.
func (m *Machine) taking(in ctid.ScriptInput) {
	in.At, in.Script = m.now, m.s.name
	if m.at != nil {
		in.Node, in.Step, in.Verb = m.place(), m.at.index+1, m.at.verb.name
	}
	if len(m.x.figures) > 0 {
		in.Told.Queues.V = jsonOf(m.x.figures)
	}
	m.taken = append(m.taken, in)
}

// tookKeys notes the keys of the open question, and what they came to.
func (m *Machine) tookKeys(outcome string) {
	in := ctid.ScriptInput{Kind: ctid.InputKeys, Outcome: outcome, Count: len(m.asking.keys), Masked: m.at.question().masked}
	if !in.Masked {
		in.Told.Keys = ctid.Private(m.asking.keys)
	}
	m.taking(in)
}

// tookMiss notes a silence or a wrong answer.
func (m *Machine) tookMiss(outcome string) {
	if outcome == "no_input" {
		m.taking(ctid.ScriptInput{Kind: ctid.InputSilence, Outcome: outcome})
		return
	}
	m.tookKeys(outcome)
}

// tookAnswer notes the answer to the step that is open.
func (m *Machine) tookAnswer(r Result) {
	in := ctid.ScriptInput{Kind: ctid.InputAnswer, Outcome: r.Outcome, Told: ctid.ScriptTold{Asked: ctid.Private(m.askedFor)}}
	if m.key != "" {
		in.Count, in.Told.Keys = 1, ctid.Private(m.key)
	}
	if a := resultOf(r); a != nil && !m.at.keepsSecret() {
		in.Told.Answer.V = a
	}
	m.taking(in)
}

// tookStart notes how the session began.
func (m *Machine) tookStart(c CallInfo) {
	m.taking(ctid.ScriptInput{Kind: ctid.InputStart, Told: ctid.ScriptTold{Answer: ctid.PrivateValue{V: jsonOf(c)}}})
}

// tookHangup notes that the caller has gone, and what he was waiting for.
func (m *Machine) tookHangup() {
	in := ctid.ScriptInput{Kind: ctid.InputHangup}
	if m.phase == phaseAnswer {
		in.Told.Asked = ctid.Private(m.askedFor)
	}
	m.taking(in)
}

// resultOf is what of a result a replay needs, as JSON gives it; nil: its outcome says all.
func resultOf(r Result) any {
	r.Outcome = ""
	if r.Code == "" && r.Customer == nil && r.Value == nil && r.Rows == nil && r.Status == 0 && r.Body == nil {
		return nil
	}
	return jsonOf(r)
}

func jsonOf(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil
	}
	return out
}

// AskedFor names what a step asks the world for, so that two versions of a script can be held beside each other: verb and
// queue, statement, or the address without its query. Empty: the step has no answer that matters.
func AskedFor(s Step) string {
	switch s := s.(type) {
	case Lookup:
		return "customer"
	case Enqueue:
		return "queue " + string(s.Queue)
	case Query:
		if s.Statement != "" {
			return "statement " + s.Statement
		}
		return "query " + strings.Join(strings.Fields(s.SQL), " ")
	case HTTP:
		u, err := url.Parse(s.URL)
		if err != nil {
			return "http " + s.Method
		}
		return "http " + s.Method + " " + u.Host + u.Path
	case Answer, Play, Stop, Leave, Attach, SetLanguage, Mask, Log, End:
		return ""
	}
	return s.StepKind()
}

// noteAsked remembers what the step that now waits has asked for.
func (m *Machine) noteAsked() {
	if m.phase != phaseAnswer || m.open == "" {
		return
	}
	for _, s := range m.out {
		if stepID(s) == m.open {
			m.askedFor = AskedFor(s)
		}
	}
}

// stepID is the id of a step that expects an answer; empty: it does not.
func stepID(s Step) string {
	switch s := s.(type) {
	case Answer:
		return s.ID
	case Play:
		return s.ID
	case Lookup:
		return s.ID
	case Enqueue:
		return s.ID
	case Query:
		return s.ID
	case HTTP:
		return s.ID
	case Transfer:
		return s.ID
	case Dial:
		return s.ID
	case Voicemail:
		return s.ID
	case Record:
		return s.ID
	case Fax:
		return s.ID
	case BookCallback:
		return s.ID
	case SendMessage:
		return s.ID
	}
	return ""
}

// keepsSecret tells whether the step keeps what it is told in a secret variable.
func (s *step) keepsSecret() bool {
	var saves []assignment
	switch a := s.do.(type) {
	case *queryStep:
		saves = a.save
	case *httpStep:
		saves = a.save
	}
	return slices.ContainsFunc(saves, func(x assignment) bool { return x.v.typ.kind == kSecret })
}
