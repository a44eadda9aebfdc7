package ivr

// answerStep answers the channel now, or leaves it in early media so that prompts cost the caller nothing.
type answerStep struct{ early bool }

func loadAnswer(_ *loader, _ *step, o *opts) action {
	o.word("when", "now", "now")
	return &answerStep{early: o.truth("early", false)}
}

func (a *answerStep) start(m *Machine) {
	switch {
	case a.early && m.answer == "":
		m.answer = "early"
	case !a.early && m.answer != "answered":
		m.answer = ""
		m.pickUp()
	}
	m.leave("done")
}
