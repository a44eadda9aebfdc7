package acd

import (
	"slices"

	"ctid"
)

// This file has tasks that wait for one agent alone: the one the caller spoke with last, or who looks after him.

// serving tells whether a serves q.
func (a *agent) serving(q *queue) bool {
	return slices.ContainsFunc(a.serves, func(m *member) bool { return m.queue == q })
}

// unstick lets all agents of its queue have t. One that waits for nobody in particular is left alone; one that is in no class is
// about to leave or to enter.
func (s *State) unstick(t *task) {
	if t.only == "" {
		return
	}
	if a := s.agents[t.only]; a != nil {
		a.wanted = slices.DeleteFunc(a.wanted, func(x *task) bool { return x == t })
	}
	s.timers.stop(&t.stick)
	if t.class == nil {
		t.only = ""
		return
	}
	waits := slices.Contains(t.class.waiting, t)
	if waits {
		s.unwait(t)
	}
	t.only = ""
	s.leaveClass(t)
	s.enterClass(t)
	if waits {
		s.waitIn(t)
	}
}

// unwanted: a goes off duty, so nobody waits for him any longer.
func (s *State) unwanted(a *agent) {
	for len(a.wanted) > 0 {
		s.unstick(a.wanted[0])
	}
}

// sticks tells whether t may still wait for its agent alone.
func (s *State) sticks(t *task) bool {
	a := s.agents[t.only]
	return a != nil && !a.removed && a.state != ctid.Out && a.serving(t.queue)
}
