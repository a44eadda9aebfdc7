package ivr

import (
	"maps"
	"slices"
	"strings"
)

// Recording is a sound that can be recorded for a script: a prompt in one language, or a piece of one with holes.
type Recording struct {
	Name  string // of the prompt
	Base  string // base name of the file: hello, balance.1
	File  string // sounds/en/hello.wav
	Lang  string
	Text  string // to be read out
	Whole string // of a piece: the prompt it belongs to, holes shown as ${…}; else empty
	Used  []Use  // where the prompt is heard, in the order of the file
	Built bool   // of a text that ctid brings; a recording takes its place
}

// Use is where a prompt is named.
type Use struct {
	Script string
	Node   string // empty: outside the nodes
	Line   int
}

// Recordings are the sounds of the scripts of these names, or of all; libraries they import and subscripts they call belong
// to them. A file that several prompts share is there once for each text.
func (s *Set) Recordings(names ...string) []Recording {
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(s.scripts))
	}
	var out []Recording
	seen := map[*Script]bool{}
	at := map[[2]string]int{} // file and text
	var open []*Script
	for _, n := range names {
		open = append(open, s.scripts[n])
	}
	for len(open) > 0 {
		t := open[0]
		open = open[1:]
		if t == nil || seen[t] {
			continue
		}
		seen[t] = true
		for _, r := range t.Recordings() {
			key := [2]string{r.File, r.Text}
			if i, ok := at[key]; ok {
				out[i].Used = append(slices.Clone(out[i].Used), r.Used...)
				continue
			}
			at[key] = len(out)
			out = append(out, r)
		}
		open = append(append(open, t.subs...), t.libraries...)
	}
	return out
}

// Recordings are all the sounds of the script, in the order of the file, language by language within a prompt. A text of
// say is not among them: it is always spoken.
func (s *Script) Recordings() []Recording {
	var out []Recording
	for _, p := range s.prompts {
		uses := s.usesOf(p)
		for _, t := range p.texts {
			r := Recording{Name: p.name, Base: p.base(), Lang: t.lang, Text: strings.TrimSpace(t.text.fixed()), Used: uses, Built: p.built}
			if !t.text.hasHoles() {
				r.File = soundFile(r.Lang, r.Base)
				out = append(out, r)
				continue
			}
			r.Whole = t.text.source()
			for _, q := range t.text.cut(p.base()) {
				if q.File != "" {
					r.Base, r.Text, r.File = q.File, strings.TrimSpace(q.Text), soundFile(r.Lang, q.File)
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// source is the text as the script has it.
func (t *template) source() string {
	var b strings.Builder
	for _, p := range t.pieces {
		if p.hole != nil {
			b.WriteString("${" + strings.TrimSpace(p.hole.src) + "}")
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func (s *Script) usesOf(p *prompt) []Use {
	var out []Use
	for _, at := range p.uses {
		u := Use{Script: s.name, Line: at.line}
		for _, n := range s.nodes {
			if n.at.line <= at.line {
				u.Node = n.name
			}
		}
		out = append(out, u)
	}
	return out
}
