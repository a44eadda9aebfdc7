package ivr

import (
	"slices"
	"strings"
)

// languageStep sets the call's language, or asks for it in each language in turn.
type languageStep struct {
	q        *question
	choices  []langChoice
	set      *value
	remember bool
}

type langChoice struct{ keys, lang string }

func loadLanguage(l *loader, st *step, o *opts) action {
	a := &languageStep{remember: o.truth("remember", true)}
	set, given := o.scalar("set")
	switch {
	case given && len(o.keys) > 0:
		l.errorf(set.at, "IVR004", "language wants keys or a language to set, not both")
	case given:
		if a.set = l.value(set, typ{kind: kOneOf, words: l.s.langs}, "language", "shown"); a.set != nil {
			a.set.typ = typ{kind: kText} // whether it is one of them shows when it is worked out
		}
		return a
	case len(o.keys) == 0:
		l.errorf(o.at, "IVR004", "language needs a language of the file, or keys, as in {1: en, 2: zh}")
		return a
	}
	for _, p := range o.keys {
		if p.val.kind != yamlScalar || !slices.Contains(l.s.langs, p.val.text) {
			l.errorf(p.val.at, "IVR004", "a key of language wants one of the file's languages (%s), not %s", strings.Join(l.s.langs, ", "), p.val.what())
		}
		a.choices = append(a.choices, langChoice{dialled(p.key.text), p.val.text})
	}
	a.q = l.questionOf(st, o)
	a.q.everyLang = true
	l.shadowed(a.q, o.keys)
	return a
}

func (a *languageStep) asks() *question { return a.q }

func (a *languageStep) start(m *Machine) {
	if a.q != nil {
		m.ask()
		return
	}
	lang, err := m.text(a.set)
	if err != nil {
		m.failWith(err)
		return
	}
	if !slices.Contains(m.s.langs, lang) { // of a customer or a list; the call keeps the language it has
		m.leave("no_match")
		return
	}
	a.use(m, lang)
}

func (a *languageStep) feed(m *Machine, keys string) {
	longer := false
	for _, c := range a.choices {
		longer = longer || c.keys != keys && strings.HasPrefix(c.keys, keys)
	}
	if longer {
		return
	}
	a.pause(m, keys)
}

func (a *languageStep) pause(m *Machine, keys string) {
	for _, c := range a.choices {
		if c.keys == keys {
			m.answeredWith(spelled(keys))
			a.use(m, c.lang)
			return
		}
	}
	if len(keys) != 1 || !m.event(keys) {
		m.miss("no_match")
	}
}

func (a *languageStep) use(m *Machine, lang string) {
	m.x.lang = lang
	m.emit(SetLanguage{Lang: lang, Remember: a.remember})
	m.leave("done")
}
