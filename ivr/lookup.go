package ivr

import "time"

// lookUp waits for the answer to a question that the caller does not hear. Prompts before it go on; those that have not
// begun wait for it a little, so that a quick answer comes before them.
func (m *Machine) lookUp(id string, within time.Duration) {
	m.expect(id, within+answerGrace)
	if len(m.pending) > 0 && !m.gone {
		m.timers.flush = m.now.Add(lookupPatient)
	}
}

// interrupted ends a step that may have done its work before a restart and must not do it twice.
func (m *Machine) interrupted() bool {
	m.open = ""
	m.timers.answer = time.Time{}
	m.result(Result{Outcome: "error", Code: m.at.verb.name + ".interrupted"})
	return true
}
