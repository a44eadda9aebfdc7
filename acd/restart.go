package acd

import (
	"maps"
	"slices"

	"ctid"
)

// restarted brings the state to where a new process can go on from.
func (s *State) restarted() {
	for _, a := range s.agents {
		a.line = ""
		s.timers.stop(&a.clear)
	}
	for _, id := range slices.Sorted(maps.Keys(s.offers)) {
		if o := s.offers[id]; o.task == nil {
			s.close(o, ctid.OfferLost, "restart")
			s.settle(o.agent, asBefore, ctid.BySystem)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.tasks)) {
		s.withdraw(s.tasks[id], ctid.ExitRemoved, ctid.OfferLost, "restart", ctid.BySystem)
	}
	for _, id := range slices.Sorted(maps.Keys(s.agents)) {
		a := s.agents[id]
		if a == nil { // no longer configured, and his last work was the offer above
			continue
		}
		a.awake = false
		s.list(a)
		if a.desk == ctid.DeskRequired {
			s.timers.set(&a.grace, s.now.Add(SeatReturn))
			if a.state == ctid.Ready {
				s.unlist(a)
				a.held = true
			}
		}
		s.changed(a, ctid.BySystem)
	}
}

// adopt puts an agent into the conversation that he is in.
func (s *State) adopt(a *agent, e Adopt, by ctid.By) {
	if q := s.queues[e.Queue]; q != nil && !q.voice {
		s.adoptItem(a, e, q, by)
		return
	}
	if a.state == ctid.Talking && a.work.task == e.Task {
		a.line = e.Offer
		return
	}
	if a.state == ctid.Talking || a.state == ctid.Reserved {
		s.refuse(ctid.WrongState, a, string(a.id)+" has other work in hand")
		return
	}
	w := workOf(e.Task, e.Queue, s.queues[e.Queue])
	a.work = &w
	a.line = e.Offer
	s.become(a, ctid.Talking, "", by)
}
