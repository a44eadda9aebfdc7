package ivr

import "slices"

// playStep queues prompts; they are heard before the next question, wait or end.
type playStep struct {
	prompts []*prompt
	barge   *barge
	lang    string
	times   int
}

func loadPlay(l *loader, _ *step, o *opts) action {
	a := &playStep{prompts: o.promptList("prompt"), barge: l.barge(o.get("barge_in")), times: o.count("times", 1, 1, 10)}
	if v, ok := o.scalar("language"); ok {
		if !slices.Contains(l.s.langs, v.text) {
			l.errorf(v.at, "IVR004", "language wants one of the file's languages, not %q%s", v.text, near(v.text, l.s.langs))
		}
		a.lang = v.text
	}
	return a
}

func (a *playStep) start(m *Machine) {
	lang := a.lang
	if lang == "" {
		lang = m.x.lang
	}
	for range a.times {
		for _, p := range a.prompts {
			m.sayPrompt(p, lang, a.barge)
		}
	}
	m.leave("done")
}
