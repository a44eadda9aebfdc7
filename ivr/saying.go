package ivr

import (
	"slices"
	"time"
)

// saying is where a part that is to be said comes from. A snapshot keeps it in the place of the text, which may be
// private: after a restart the part is filled anew.
type saying struct {
	Script string        `json:"script"`
	At     stepRef       `json:"at"`
	Prompt int           `json:"prompt"` // of those that the step uses, from 1; 0: the step's own text
	Lang   string        `json:"lang"`
	Barge  string        `json:"barge"`
	After  time.Duration `json:"after,omitempty"`
}

// sayingOf tells where a part of the step at work comes from; p is nil for its own text. Of what no step says, such as the
// apology, there is none.
func (m *Machine) sayingOf(p *prompt, lang string, b barge) []saying {
	if m.at == nil {
		return nil
	}
	s := saying{Script: m.s.name, At: stepRef{m.at.node.name, m.at.index}, Lang: lang, Barge: b.mode, After: b.after}
	if p != nil {
		if s.Prompt = 1 + slices.Index(m.at.uses.prompts, p); s.Prompt == 0 {
			return nil
		}
	}
	return []saying{s}
}

// stillToSay is what a restarted session still has to say. What the step at work says it says by itself when it begins
// anew, unless the call is at its end.
func (m *Machine) stillToSay() []saying {
	out := slices.Clone(m.again)
	if m.playing != nil {
		out = append(out, m.playing.from...)
	}
	for _, b := range m.pending {
		if !b.hold {
			out = append(out, b.from...)
		}
	}
	here := saying{Script: m.s.name, At: stepRef{m.at.node.name, m.at.index}}
	return slices.DeleteFunc(out, func(s saying) bool { return m.ending == nil && s.Script == here.Script && s.At == here.At })
}

// sayAgain queues up what had not been heard before the restart. A text whose values are gone, with the subscript or
// the secrets that had them, is left out.
func (m *Machine) sayAgain() {
	list := m.again
	m.again = nil
	at := m.at
	lost := len(m.secrets) > 0 || slices.ContainsFunc(m.frames, func(f frame) bool { return len(f.secrets) > 0 })
	for _, s := range list {
		in := m.scriptOf(s.Script)
		if in == nil {
			continue
		}
		if m.at = m.findIn(in, s.At); m.at == nil {
			continue
		}
		gone := in != m.s || lost
		b := barge{s.Barge, s.After}
		if own, ok := m.at.do.(*sayStep); ok && s.Prompt == 0 {
			if t := own.in(s.Lang); t != nil && !(gone && t.hasHoles()) {
				if part, err := own.part(m, t, s.Lang); err == nil {
					m.say(part, b, m.sayingOf(nil, s.Lang, b))
				}
			}
			continue
		}
		if s.Prompt < 1 || s.Prompt > len(m.at.uses.prompts) {
			continue
		}
		p := m.at.uses.prompts[s.Prompt-1]
		if t := p.in(s.Lang); t != nil && !(gone && t.hasHoles()) {
			m.sayPrompt(p, s.Lang, &b)
		}
	}
	m.at = at
}

// scriptOf is a script of the call by its name.
func (m *Machine) scriptOf(name string) *Script {
	for _, s := range []*Script{m.s, m.root()} {
		if s.name == name {
			return s
		}
	}
	if m.s.set == nil {
		return nil
	}
	return m.s.set.Script(name)
}
