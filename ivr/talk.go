package ivr

import "time"

// atRest lets what was said be heard before the caller is handed on; what was typed ahead does not count any more.
func (m *Machine) atRest() {
	m.emptyBuffer()
	m.phase = phaseQuiet
	m.flush()
}

// handOn waits for the answer of a step that hands the caller on, however long it takes: that time is not the script's.
func (m *Machine) handOn(id string) {
	m.pickUp()
	m.ringOn(id)
}

// ringOn is handOn for a step that has somebody rung: the caller is not answered before somebody is, and until then the call
// costs him nothing.
func (m *Machine) ringOn(id string) {
	m.left, m.timers.budget = m.timers.budget.Sub(m.now), time.Time{}
	m.expect(id, 0)
}

// handedBack goes on with the time in the script.
func (m *Machine) handedBack() { m.timers.budget = m.now.Add(m.left) }

// handsOn is what the steps have in common that hand the caller on to someone: keys mean nothing to the script meanwhile,
// and after a restart the answer is still awaited.
type handsOn struct{}

func (handsOn) press(m *Machine, _ string) { m.dropped++ }

func (handsOn) resume(*Machine) bool { return true }

// rings is what the steps have in common that ring somebody for the caller: keys mean nothing to the script meanwhile, and
// after a restart they are rung anew. (Of one who had been joined with the caller only the answer comes.)
type rings struct{}

func (rings) press(m *Machine, _ string) { m.dropped++ }

func (rings) resume(m *Machine) bool {
	m.handedBack()
	m.settle()
	return true
}
