package ivr

import (
	"fmt"
	"slices"
)

var wholeVerb = []string{"*"}

// OffWire are the verbs and options of the script that a live call cannot carry out in this version. It is sound all the
// same: it can be linted, drawn, tested and simulated; what takes live calls must refuse it.
// Those of the subscripts that it calls come after its own, each once.
func (s *Script) OffWire() []Finding {
	var out []Finding
	seen := []*Script{s}
	for i := 0; i < len(seen); i++ {
		out = append(out, seen[i].offWire...)
		for _, sub := range seen[i].subs {
			if !slices.Contains(seen, sub) {
				seen = append(seen, sub)
			}
		}
	}
	return out
}

// offWire notes what of a step has no live side yet. An option that is switched off does no harm.
func (l *loader) offWire(vb *verb, written pair) {
	note := func(at place, what string) {
		l.s.offWire = append(l.s.offWire, Finding{File: l.file, Line: at.line, Col: at.col, Severity: Error, ID: "IVR002",
			Message: fmt.Sprintf("%s is not available on a live call in this version; lint, run, test and graph take it", what)})
	}
	for _, name := range vb.off {
		if name == "*" {
			note(written.key.at, vb.name)
			continue
		}
		for _, p := range written.val.pairs {
			if p.key.text == name && p.val.text != "false" {
				note(p.key.at, "option "+name+" of "+vb.name)
			}
		}
	}
}
