package acd

import (
	"fmt"
	"time"

	"ctid"
)

// This file has tasks of which nobody is on the line: customers who are to be called back.

// AheadTime is how long an agent is kept for a customer who is called before him.
const AheadTime = 60 * time.Second

// takeCallback lets a caller go who wants to be called back: another task waits at his place, or as one that came now.
func (s *State) takeCallback(e TakeCallback) {
	t := s.tasks[e.Task]
	switch {
	case t == nil:
		s.refuse(ctid.WrongState, nil, fmt.Sprintf("%s waits in no queue: an agent has it, or it has left", e.Task))
		return
	case t.callback:
		s.refuse(ctid.AlreadyDone, nil, fmt.Sprintf("%s is a callback already", e.Task))
		return
	case e.As == "" || s.tasks[e.As] != nil:
		s.refuse(ctid.BadRequest, nil, "a callback needs a task id of its own")
		return
	}
	q, joined, cb := t.queue, t.joined, newTask(e.As)
	cb.callback, cb.ahead, cb.priority, cb.entered, cb.arrived, cb.needs = true, e.Ahead, t.priority, t.entered, t.arrived, t.needs
	if e.Late {
		cb.entered, joined = s.now, s.now
	}
	draining := q.draining && q.size() == 1 // it goes with its last task
	by := e.By
	if by == (ctid.By{}) {
		by = byCaller
	}
	s.withdraw(t, ctid.ExitCallback, ctid.OfferCancelled, "revoked", by)
	if draining {
		s.emit(TaskEnded{Task: cb.id, Queue: q.cfg.ID, Exit: ctid.ExitClosed})
		return
	}
	s.tally.Entered++
	s.tasks[cb.id] = cb
	s.join(cb, q, joined, 0)
	s.emit(TaskQueued{Task: cb.id, Queue: q.cfg.ID, Position: q.place(cb), Priority: cb.priority})
}

// onLine: the customer of a callback has answered, and waits as any caller does. The telephones of those who are kept for him ring
// from now on.
func (s *State) onLine(e OnLine) {
	t := s.tasks[e.Task]
	switch {
	case t == nil:
		s.refuse(ctid.CallOver, nil, fmt.Sprintf("%s waits nowhere any more", e.Task))
	case !t.callback:
		s.refuse(ctid.AlreadyDone, nil, fmt.Sprintf("the caller of %s is on the line already", e.Task))
	default:
		for _, o := range t.open {
			if t.ahead {
				s.timers.set(&o.ring, s.now.Add(t.queue.cfg.Ring))
			}
		}
		t.callback, t.ahead = false, false
		s.doubtQueue(t.queue)
	}
}

// notReached: the customer who was to be called first was not there in time. That is not his agent's fault.
func (s *State) notReached(o *offer) {
	s.dropOffer(o, ctid.OfferCancelled, "not_reached")
	s.freed(o, byTimer)
}
