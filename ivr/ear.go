package ivr

import "time"

// ear is the speech recognition that is open beside the keys. It is never stored: after a restart the question is asked again.
type ear struct {
	id   string
	deaf bool // the recogniser is down: keys only, until the next question
}

// hears is a question that can be answered in words.
type hears interface {
	listens(m *Machine) *Listen // nil: this time it cannot
	heard(m *Machine, guesses []Guess)
}

// openEar begins to listen, unless it does already or nobody does it.
func (m *Machine) openEar() {
	h, ok := m.at.do.(hears)
	if !ok || m.ear.id != "" || m.ear.deaf {
		return
	}
	l := h.listens(m)
	if l == nil {
		return
	}
	m.pickUp()
	l.ID, l.Lang = m.id(), m.x.lang
	m.ear.id = l.ID
	m.emit(*l)
}

// closeEar ends the listening: a key was pressed, or the question is over.
func (m *Machine) closeEar() {
	if m.ear.id != "" && !m.gone {
		m.emit(StopListen{ID: m.ear.id})
	}
	m.ear.id = ""
}

// speechStops tells whether speech may stop all that is being said and is still to be said.
func (m *Machine) speechStops() bool {
	if m.playing != nil && m.playing.barge.mode != "true" {
		return false
	}
	for _, b := range m.pending {
		if b.barge.mode != "true" {
			return false
		}
	}
	return true
}

// speaking: the caller has begun to speak. Prompts stop, and silence no longer counts: the recogniser will say what it heard.
func (m *Machine) speaking(in Speaking) {
	if in.ID == "" || in.ID != m.ear.id || m.phase != phaseAsk {
		m.dropped++
		return
	}
	l := m.at.do.(hears).listens(m)
	m.asking.Stage = stageWait
	m.hush()
	m.timers.ask = m.now.Add(l.Max + l.EndSilence + answerGrace)
}

// spoken takes what the caller said.
func (m *Machine) spoken(in Heard) {
	if in.ID == "" || in.ID != m.ear.id || m.phase != phaseAsk {
		m.dropped++
		return
	}
	m.ear.id = ""
	m.asking.Stage = stageWait
	m.hush()
	m.timers.ask = time.Time{}
	m.at.do.(hears).heard(m, in.Guesses)
}

// unheardOf: the recogniser has failed. The question goes on with keys alone.
func (m *Machine) unheardOf(r Result) {
	m.ear = ear{deaf: true}
	m.log("listen.down", "speech cannot be recognised; keys only: "+r.Code)
}
