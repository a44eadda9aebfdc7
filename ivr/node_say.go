package ivr

import "slices"

// sayStep speaks a text written in the step.
type sayStep struct {
	texts []langText
	voice string
	barge *barge
}

func loadSay(l *loader, st *step, o *opts) action {
	a := &sayStep{barge: l.barge(o.get("barge_in"))}
	if v, ok := o.scalar("voice"); ok {
		a.voice = v.text
	}
	v := o.get("text")
	switch {
	case v == nil || v.empty && v.kind == yamlScalar:
	case v.kind == yamlScalar:
		a.texts = []langText{{"", l.holes(v, nil, "spoken"), v.at}}
	case v.kind == yamlMap:
		a.byLanguage(l, v)
	default:
		l.errorf(v.at, "IVR004", "text wants a text, or a text for each language, not %s", v.what())
	}
	for _, t := range a.texts {
		langs := []string{t.lang}
		if t.lang == "" {
			langs = l.s.langs
		}
		for _, lang := range langs {
			if !l.site.hasVoice(lang) {
				l.errorf(t.at, "IVR033", "a text to say in %s: no voice for %s; make it a prompt with a recording", lang, lang)
			}
		}
	}
	return a
}

func (a *sayStep) byLanguage(l *loader, v *yval) {
	for _, p := range v.pairs {
		if !slices.Contains(l.s.langs, p.key.text) {
			l.errorf(p.key.at, "IVR002", "say has a text in %q, which is not among the file's languages%s", p.key.text, near(p.key.text, l.s.langs))
		} else if p.val.kind != yamlScalar || p.val.empty {
			l.errorf(p.val.at, "IVR004", "text in %s wants a text, not %s", p.key.text, p.val.what())
		} else {
			a.texts = append(a.texts, langText{p.key.text, l.holes(p.val, nil, "spoken"), p.val.at})
		}
	}
	for _, lang := range l.s.langs {
		if a.in(lang) == nil {
			l.errorf(v.at, "IVR032", "this text has no %s", lang)
		}
	}
}

func (a *sayStep) in(lang string) *template {
	for _, t := range a.texts {
		if t.lang == lang || t.lang == "" {
			return t.text
		}
	}
	return nil
}

func (a *sayStep) start(m *Machine) {
	t := a.in(m.x.lang)
	if t == nil {
		m.fail("script.no_text")
		return
	}
	part, err := a.part(m, t, m.x.lang)
	if err != nil {
		m.failWith(err)
		return
	}
	b := barge{mode: "true"}
	if a.barge != nil {
		b = *a.barge
	}
	m.say(part, b, m.sayingOf(nil, m.x.lang, b))
	m.leave("done")
}

func (a *sayStep) part(m *Machine, t *template, lang string) (Part, error) {
	text, pieces, err := t.speak(&m.x, lang, "")
	voice := a.voice
	if voice == "" {
		voice = m.s.defaults.voice
	}
	return Part{Text: text, Lang: lang, Voice: voice, Private: t.hasHoles(), Pieces: pieces}, err
}

// fixedParts are the texts without holes.
func (a *sayStep) fixedParts(s *Script) []Part {
	voice := a.voice
	if voice == "" {
		voice = s.defaults.voice
	}
	var out []Part
	for _, lang := range s.langs {
		if t := a.in(lang); t != nil && !t.hasHoles() {
			out = append(out, Part{Text: t.fixed(), Lang: lang, Voice: voice})
		}
	}
	return out
}
