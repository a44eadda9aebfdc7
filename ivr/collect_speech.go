package ivr

// listens opens the recogniser for digits said one by one, or for yes and no.
func (a *collectStep) listens(m *Machine) *Listen {
	if !a.speech {
		return nil
	}
	l := &Listen{NBest: nBest, Max: longestInput, EndSilence: 2 * speechEnd}
	if m.asking.confirm || a.as == "yes_no" {
		l.Phrases, l.Max, l.EndSilence = yesNoPhrases, speechMax, speechEnd
	}
	return l
}

// heard takes spoken digits as if they had been pressed. What the recogniser is not sure of is no answer.
func (a *collectStep) heard(m *Machine, guesses []Guess) {
	if m.asking.confirm || a.as == "yes_no" {
		switch i := bestPhrase(guesses, yesNoPhrases, maybeSo).i; {
		case i < 0:
			m.miss("no_match")
		case m.asking.confirm:
			a.confirmed(m, []string{"1", "2"}[i])
		default:
			a.take(m, []string{"1", "2"}[i])
		}
		return
	}
	for _, g := range guesses {
		if d := digitsIn(g.Text); d != "" && g.Sure >= maybeSo {
			a.take(m, d)
			return
		}
	}
	m.miss("no_match")
}
