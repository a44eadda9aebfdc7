package ivr

// hangupStep ends the call, after what was said has been heard.
type hangupStep struct {
	cause string
	play  []*prompt
}

func loadHangup(l *loader, _ *step, o *opts) action {
	return &hangupStep{cause: o.word("cause", "normal", "normal", "busy", "congestion", "declined"), play: o.promptList("play")}
}

func (a *hangupStep) start(m *Machine) {
	for _, p := range a.play {
		m.sayPrompt(p, m.x.lang, nil)
	}
	m.end(a.cause, "script")
}
