package ivr

// hangupStep ends the call, after what was said has been heard.
type hangupStep struct {
	cause       string
	play        []*prompt
	disposition *value
}

func loadHangup(_ *loader, _ *step, o *opts) action {
	return &hangupStep{cause: o.word("cause", "normal", "normal", "busy", "congestion", "declined"), play: o.promptList("play"),
		disposition: o.disposition("disposition")}
}

func (a *hangupStep) start(m *Machine) {
	if a.disposition != nil {
		if err := m.dispose(a.disposition); err != nil {
			m.failWith(err)
			return
		}
	}
	for _, p := range a.play {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.end(a.cause, "script")
}
