package acd

import (
	"cmp"

	"ctid"
)

// leastOccupied offers a task to the agent whose occupancy in his shift is the lowest now: the time at work (talk, hold, wrap-up)
// by that and the time ready for work. Pauses count for nothing. Among equals it is longest-idle.
//
// Since occupancy falls while somebody waits for work, all free agents of the best rank are compared at each offer. Neither
// app_queue nor mod_callcenter has it; it is what vendors call least occupied agent.
func leastOccupied(s *State, _ *task, best []*member) int {
	least := 0
	for i, m := range best {
		l := best[least]
		if cmp.Or(cmp.Compare(s.occupancy(m.agent), s.occupancy(l.agent)), m.idle.Compare(l.idle), cmp.Compare(m.id(), l.id())) < 0 {
			least = i
		}
	}
	return least
}

// occupancy is between 0 and 1; 0 for one who has done nothing yet.
func (s *State) occupancy(a *agent) float64 {
	busy, free := a.shift.Busy, a.shift.Free
	switch {
	case a.busy() && a.state != ctid.Reserved:
		busy += s.sinceThen(a.since)
	case a.state == ctid.Ready:
		free += s.sinceThen(a.since)
	}
	if busy == 0 {
		return 0
	}
	return busy.Seconds() / (busy + free).Seconds()
}
