package importer

import (
	"slices"
	"strconv"
	"strings"
)

// section is one [name] with its settings, those of its templates first.
type section struct {
	name     string
	line     *Line // of its header
	template bool
	dead     bool // its header could not be read: its settings belong nowhere
	settings []setting
}

// setting is a key with its value. It stands on one line, and on more where += added to it.
type setting struct {
	key  string // in small letters
	text string
	at   []*Line
}

// foldName is what two names have in common that Asterisk takes for the same.
func foldName(s string) string { return strings.ToLower(s) }

// header reads [name](template,!,+) and returns the section that goes on from here.
func (r *reader) header(l *Line, text string) *section {
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok {
		l.lost("no ] ends the section's name: Asterisk refuses the whole file")
		return r.begin(&section{line: l, dead: true})
	}
	s := &section{name: name, line: l}
	list, ok := strings.CutPrefix(rest, "(")
	if !ok {
		if rest != "" {
			l.note("Asterisk does not read what stands behind ]")
		}
		return r.begin(s)
	}
	list, _, ok = strings.Cut(list, ")")
	if !ok {
		l.lost("no ) ends the section's options: Asterisk refuses the whole file")
		s.dead = true
		return r.begin(s)
	}
	fresh := s
	for word := range strings.SplitSeq(list, ",") {
		s = r.inherit(l, s, strings.TrimFunc(word, blank))
	}
	if s == fresh {
		return r.begin(s)
	}
	return s
}

func (r *reader) begin(s *section) *section {
	r.sections = append(r.sections, s)
	r.current = s
	return s
}

// inherit applies one word of a header's options to s, and returns the section that is meant from then on.
func (r *reader) inherit(l *Line, s *section, word string) *section {
	switch {
	case word == "!":
		s.template = true
	case word == "+":
		old := r.find(s.name, false)
		if old == nil {
			l.lost("there is no section of that name to add to: Asterisk refuses the whole file")
			return s
		}
		l.same("it goes on with the section at %s", old.line.at())
		old.template = old.template || s.template
		r.grow(l, old, s.settings)
		r.current = old
		return old
	case strings.HasPrefix(word, "+"):
		l.lost("a condition on the section to add to is not understood: write the settings into the sections themselves")
	case word == "":
	default:
		base := r.find(word, true)
		if base == nil {
			l.lost("there is no section %q to inherit from: Asterisk refuses the whole file", clean(word))
			return s
		}
		r.grow(l, s, base.settings)
	}
	return s
}

// find returns the first section of a name that can be inherited from, or added to.
func (r *reader) find(name string, templates bool) *section {
	for _, s := range r.sections {
		if !s.dead && strings.EqualFold(s.name, name) && (templates || !s.template) {
			return s
		}
	}
	return nil
}

// grow adds settings to a section, as long as there is room.
func (r *reader) grow(l *Line, s *section, more []setting) {
	if len(s.settings)+len(more) > maxSection || r.settings+len(more) > maxSettings {
		l.lost("more than %d settings in a section, or %d in all: nothing more of it is read", maxSection, maxSettings)
		return
	}
	r.settings += len(more)
	s.settings = append(s.settings, more...)
}

// setting reads key = value, key => value or key += value.
func (r *reader) setting(l *Line, text string, in *section) {
	if in == nil {
		l.lost("it stands before the first section: Asterisk refuses the whole file")
		return
	}
	from := 0
	if text[0] == '\\' { // the first character is meant as such
		if text = text[1:]; text == "" {
			l.lost("nothing is behind the \\: Asterisk refuses the whole file")
			return
		}
		from = 1
	}
	i := strings.IndexByte(text[from:], '=')
	if i < 0 {
		l.lost("there is no = in it: Asterisk skips the line")
		return
	}
	i += from
	key, value := text[:i], text[i+1:]
	joined := i > from && strings.HasSuffix(key, "+")
	if joined {
		key = key[:len(key)-1]
	} else {
		value = strings.TrimPrefix(value, ">")
	}
	key = strings.TrimFunc(key, blank)
	if key == "" {
		l.lost("there is nothing before the =: Asterisk skips the line")
		return
	}
	st := setting{key: strings.ToLower(key), text: strings.TrimFunc(value, blank), at: []*Line{l}}
	if joined && in.join(st, value) {
		return
	}
	r.grow(l, in, []setting{st})
}

// join adds to the last setting of the same key, if there is one.
func (s *section) join(st setting, raw string) bool {
	for i := len(s.settings) - 1; i >= 0; i-- {
		if old := &s.settings[i]; old.key == st.key {
			old.text = strings.TrimFunc(old.text+raw, blank)
			old.at = append(slices.Clone(old.at), st.at...)
			return true
		}
	}
	return false
}

// last returns for each key where it stands last: there its value is, for all keys but those that may repeat.
func (s *section) last() map[string]int {
	out := map[string]int{}
	for i, st := range s.settings {
		out[canonical(st.key)] = i
	}
	return out
}

// lostAll says why of the section's settings.
func (s *section) lostAll(why string) {
	s.line.lost("%s", why)
	for _, st := range s.settings {
		st.lost("%s", why)
	}
}

// unused ends a template: what no section has inherited is lost.
func (s *section) unused(kind string) {
	s.line.same("a template is nothing by itself")
	for _, st := range s.settings {
		for _, l := range st.at {
			if !l.accounted() && l.over == "" {
				l.lost("it stands in a template that no %s inherits", kind)
			}
		}
	}
}

func (st setting) to(format string, a ...any) {
	for _, l := range st.at {
		l.to(format, a...)
	}
}

func (st setting) same(format string, a ...any) {
	for _, l := range st.at {
		l.same(format, a...)
	}
}

func (st setting) note(format string, a ...any) {
	for _, l := range st.at {
		l.note(format, a...)
	}
}

func (st setting) lost(format string, a ...any) {
	for _, l := range st.at {
		l.lost(format, a...)
	}
}

// over says that another setting takes the place of this one.
func (st setting) over(by setting) {
	for _, l := range st.at {
		l.over = by.at[len(by.at)-1].at()
	}
}

// number reads the text as Asterisk does: the whole number at its beginning, 0 if there is none.
func (st setting) number() int {
	n, whole := atoi(st.text)
	if !whole {
		st.note("%q is read as %d, as Asterisk does", clean(st.text), n)
	}
	return n
}

// most is where numbers are cut off: no time, length or penalty of a centre is near it.
const most = 1_000_000_000

// atoi reads the number at the beginning of s, and tells whether s is nothing else.
func atoi(s string) (n int, whole bool) {
	s = strings.TrimFunc(s, blank)
	end := len(s)
	for i, c := range s {
		if (c < '0' || c > '9') && (i > 0 || c != '-' && c != '+') {
			end = i
			break
		}
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil && end > 1 { // so many digits
		n = most
		if s[0] == '-' {
			n = -most
		}
	}
	return max(-most, min(n, most)), end == len(s) && err == nil
}

// truth is what Asterisk takes for yes.
func truth(s string) bool { return oneOf(s, "yes", "true", "y", "t", "1", "on") }

// falsehood is what Asterisk takes for no. All else is neither, and mostly read as no.
func falsehood(s string) bool { return oneOf(s, "no", "false", "n", "f", "0", "off") }

func oneOf(s string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, s) })
}
