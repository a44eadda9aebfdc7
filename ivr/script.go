package ivr

import (
	"reflect"
	"slices"
	"time"
)

// Script is one script, loaded and found sound. It never changes and may be shared by all calls.
type Script struct {
	name     string // its path in the folder without .yaml
	kind     string
	title    string
	version  string // the first 8 digits of the set's SHA-256
	set      *Set
	site     Site
	langs    []string
	vars     []variable
	prompts  []*prompt
	nodes    []*node
	start    *node
	events   []choice
	failed   *target
	onError  *node
	onHangup *node
	defaults defaults
	lang     *language
	queues   []string
	apology  *prompt
	offWire  []Finding

	args, returns []variable // of a subscript
	ends          []string   // its exits
	contact       []variable // columns of an outbound list
	answers       []variable // of the surveys in the file
	secrets       []string   // names from the site's store
	subs          []*Script  // that it calls
	libraries     []*Script  // that it imports
	passes        bool       // it can return without waiting
	silent        bool       // it can run once the caller has gone
}

type defaults struct {
	wait, between time.Duration
	tries         int
	barge         *barge
	voice         string
	human         bool // every question must have a way to a person
}

type variable struct {
	name string
	typ  typ
	def  any  // never nil
	has  bool // the file gives the default
	at   place
}

// node is a named step or list of steps.
type node struct {
	name  string
	at    place
	steps []*step
	src   *yval
}

// step is one verb with where to go from it.
type step struct {
	node  *node
	index int
	at    place
	verb  *verb
	do    action
	cond  *expression
	masks bool // a masked question is the next one possible from here
	quits bool // the script can return without a question before it
	// the same of what follows a call, once its subscript has returned
	masksAfter, quitsAfter bool
	exits                  []exit // every outcome that has somewhere to go
	num                    int    // its place among all steps of the file
	uses                   uses
	disposition            string // that it gives the call, as typed
}

type exit struct {
	outcome string
	to      target
}

func (s *step) exit(outcome string) (target, bool) {
	for _, e := range s.exits {
		if e.outcome == outcome {
			return e.to, true
		}
	}
	return target{}, false
}

func (s *step) next() (*step, bool) {
	if s.index+1 < len(s.node.steps) {
		return s.node.steps[s.index+1], true
	}
	return nil, false
}

// question returns what the step asks, or nil.
func (s *step) question() *question {
	if a, ok := s.do.(asker); ok {
		return a.asks()
	}
	return nil
}

type targetKind int

const (
	toNode targetKind = iota
	toNext
	toRepeat
	toBack
	toHangup
	toReturn // of a subscript, with its only exit
)

// target is where a step leads.
type target struct {
	kind targetKind
	node *node
	at   place
}

// choice is a key, or several, and where it leads.
type choice struct {
	keys string // as dialled: 1, 12, *, #
	to   target
	at   place
}

type prompt struct {
	name  string
	file  string
	at    place
	texts []langText
	barge *barge
	built bool // one of ours, not of the script
	// consent: some step asks for it to be heard before it records.
	consent bool
	uses    []place
	needs   uses
}

type langText struct {
	lang string
	text *template
	at   place
}

func (p *prompt) in(lang string) *template {
	for _, t := range p.texts {
		if t.lang == lang {
			return t.text
		}
	}
	return nil
}

// Name is the script's path in its folder without .yaml: front_desk, lib/csat.
func (s *Script) Name() string { return s.name }

// Title is its name for people.
func (s *Script) Title() string { return s.title }

// Kind is inbound, outbound, subscript or library.
func (s *Script) Kind() string { return s.kind }

// Set is the set the script was loaded with.
func (s *Script) Set() *Set { return s.set }

// Version is the first 8 digits of the sum of its set; a call keeps the set it began with.
func (s *Script) Version() string { return s.version }

// Languages are the script's languages; the first is the default.
func (s *Script) Languages() []string { return slices.Clone(s.langs) }

// Queues are the queues whose figures its expressions ask for, in alphabetical order.
func (s *Script) Queues() []string { return slices.Clone(s.queues) }

// FixedParts are all the texts that are the same for every caller, in the order of the file: what can be prepared before
// the first call. A prompt with holes is there with its pieces, and nothing in the holes.
//
// Those of the subscripts it calls and the libraries it imports come after its own, each once.
func (s *Script) FixedParts() []Part {
	var out []Part
	seen := map[*Script]bool{}
	open := []*Script{s}
	for len(open) > 0 {
		t := open[0]
		open = open[1:]
		if seen[t] {
			continue
		}
		seen[t] = true
		for _, p := range t.fixedParts() {
			if !slices.ContainsFunc(out, func(q Part) bool { return reflect.DeepEqual(p, q) }) {
				out = append(out, p)
			}
		}
		open = append(append(open, t.subs...), t.libraries...)
	}
	return out
}

func (s *Script) fixedParts() []Part {
	var out []Part
	for _, p := range s.prompts {
		for _, t := range p.texts {
			part := Part{Name: p.name, File: p.file, Sum: t.text.sum, Text: t.text.fixed(), Lang: t.lang, Voice: s.defaults.voice, Of: p.name}
			if t.text.hasHoles() {
				part.Name, part.File, part.Pieces = "", "", t.text.cut(p.base())
			}
			out = append(out, part)
		}
	}
	for _, n := range s.nodes {
		for _, st := range n.steps {
			if a, ok := st.do.(*sayStep); ok {
				out = append(out, a.fixedParts(s)...)
			}
		}
	}
	return out
}
