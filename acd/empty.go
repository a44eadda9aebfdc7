package acd

import (
	"time"

	"ctid"
)

// doubt notes the queues that a's change may have left without agents.
func (s *State) doubt(a *agent) {
	for _, m := range a.serves {
		s.doubtQueue(m.queue)
	}
}

// doubtQueue notes that q may have no agents for those who wait in it.
func (s *State) doubtQueue(q *queue) {
	if len(q.cfg.LeaveEmpty) > 0 && !q.doubted {
		q.doubted = true
		s.doubted = append(s.doubted, q)
	}
}

// leaveEmpty lets those who wait leave the queues that have nobody left. Where somebody may soon be back, it looks again then.
func (s *State) leaveEmpty() {
	for len(s.doubted) > 0 {
		q := s.doubted[0]
		s.doubted = s.doubted[1:]
		q.doubted = false
		s.timers.stop(&q.away)
		empty, look := s.deserted(q)
		switch {
		case !empty:
		case look.After(s.now):
			s.timers.set(&q.away, look)
		default:
			s.sendAway(q)
		}
	}
}

// deserted tells whether tasks wait in q and nobody is there for them, and until when that does no harm: a phone may be back, or the
// centre has only just begun.
func (s *State) deserted(q *queue) (empty bool, look time.Time) {
	if len(q.cfg.LeaveEmpty) == 0 || q.waits() == 0 {
		return false, time.Time{}
	}
	there, until := q.staffed(q.cfg.LeaveEmpty)
	return !there, later(until, s.calm)
}

// sendAway lets those leave who wait in q. Who rings at an agent stays, and a callback, of which nobody is on the line, if no other
// queue takes it.
func (s *State) sendAway(q *queue) {
	for _, t := range q.tasks() {
		switch {
		case len(t.open) > 0:
		case !t.callback:
			s.depart(t, ctid.ExitLeaveEmpty)
		default:
			if to := s.spill(q, ctid.ExitLeaveEmpty); to != nil {
				s.move(t, to, ctid.ExitLeaveEmpty, ctid.BySystem)
			}
		}
	}
}
