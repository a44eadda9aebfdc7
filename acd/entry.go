package acd

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ctid"
)

// This file has who is let into a queue, and where a task goes that is not, or waits too long.

// overflowRetry is how long after a queue took none that it was to overflow to it is asked again.
const overflowRetry = 5 * time.Second

// The words of Queue.JoinEmpty and LeaveEmpty. An agent who is off duty never counts as there.
const (
	emptyOut         = "out"
	emptyPaused      = "paused"
	emptyReserved    = "reserved"
	emptyTalking     = "talking"
	emptyWrapUp      = "wrapup"
	emptyUnreachable = "unreachable"
)

// EmptyWords lists what Queue.JoinEmpty and LeaveEmpty may say.
func EmptyWords() []string {
	return []string{emptyOut, emptyPaused, emptyReserved, emptyTalking, emptyWrapUp, emptyUnreachable}
}

// absent tells whether a, by those words, does not count as there. Excused: that his phone was lost is no reason.
func (a *agent) absent(words []string, excused bool) bool {
	switch {
	case a.state == ctid.Out || a.removed:
		return true
	case excused && a.pausedForPhone():
		return false
	}
	for _, w := range words {
		switch w {
		case emptyUnreachable:
			if !a.phoneOK() && !excused {
				return true
			}
		case emptyPaused, emptyReserved, emptyTalking, emptyWrapUp:
			if string(a.stateShown()) == w {
				return true
			}
		}
	}
	return false
}

// pausedForPhone tells whether a would be ready but for his phone.
func (a *agent) pausedForPhone() bool {
	return a.state == ctid.Paused && a.reason == ctid.ReasonDeviceUnreachable
}

// excused is until when it is no reason that a's phone was lost; zero, or past: it is one.
func (a *agent) excused() time.Time {
	switch {
	case !a.lost.IsZero():
		return a.lost.Add(PhoneReturn)
	case a.pausedForPhone():
		return a.since.Add(PhoneReturn)
	}
	return time.Time{}
}

// staffed tells whether anybody of q is there, by those words; if not, until when somebody counts whose phone was lost lately.
func (q *queue) staffed(words []string) (there bool, until time.Time) {
	for _, m := range q.members {
		switch {
		case !m.agent.absent(words, false):
			return true, time.Time{}
		case !m.agent.absent(words, true):
			until = later(until, m.agent.excused())
		}
	}
	return false, until
}

// mayJoin tells whether q's join_empty lets a task in.
func (q *queue) mayJoin() bool {
	if len(q.cfg.JoinEmpty) == 0 {
		return true
	}
	there, _ := q.staffed(q.cfg.JoinEmpty)
	return there
}

// onDuty is how many agents of q are on duty, whatever they do.
func (q *queue) onDuty() (n int) {
	for _, m := range q.members {
		if m.agent.state != ctid.Out {
			n++
		}
	}
	return n
}

// refusal is why q lets nobody in now; empty: it does.
func (s *State) refusal(q *queue) ctid.QueueExit {
	rules := &q.cfg
	switch {
	case q.draining:
		return ctid.ExitClosed
	case rules.MaxWaiting > 0 && q.size() >= rules.MaxWaiting:
		return ctid.ExitFull
	case !q.mayJoin():
		return ctid.ExitJoinEmpty
	case rules.DivertRatio > 0 && float64(q.size()) > rules.DivertRatio*float64(q.onDuty()):
		return ctid.ExitDiverted
	case rules.DivertWait > 0 && s.expected(q) > rules.DivertWait:
		return ctid.ExitDiverted
	}
	return ""
}

// expected is how long who comes now will wait: by the estimate, and where there is none, as the one who waits longest on the line.
func (s *State) expected(q *queue) time.Duration {
	if e := q.estimateNow(s); e.Said {
		return e.Mid
	}
	return q.longest(s.now)
}

// longest is how long the one has waited who has waited longest; of a callback nobody waits.
func (q *queue) longest(now time.Time) (wait time.Duration) {
	look := func(tasks []*task) {
		for _, t := range tasks {
			if !t.callback {
				wait = max(wait, now.Sub(t.entered))
			}
		}
	}
	look(q.ringing)
	for _, c := range q.classes {
		look(c.waiting)
	}
	return wait
}

// callbacks is how many wait in q with nobody on the line.
func (q *queue) callbacks() (n int) {
	count := func(tasks []*task) {
		for _, t := range tasks {
			if t.callback {
				n++
			}
		}
	}
	count(q.ringing)
	for _, c := range q.classes {
		count(c.waiting)
	}
	return n
}

// admit is the queue that a task meant for q may enter: q, or one that it overflows to. None: nil, and why.
func (s *State) admit(q *queue) (*queue, ctid.QueueExit) {
	why := s.refusal(q)
	if why == "" {
		return q, ""
	}
	if to := s.spill(q, why); to != nil {
		return to, why
	}
	return nil, why
}

// spill is the queue that takes what leaves q for that reason. The configuration has no loops of overflows.
func (s *State) spill(q *queue, why ctid.QueueExit) *queue {
	for _, o := range q.cfg.Overflow {
		if o.On != why || o.On == "" {
			continue
		}
		if in := s.taker(q, o.To); in != nil {
			return in
		}
	}
	return nil
}

// taker is the queue that takes a task of q's that goes to the one named, which may be full of others and have overflows of its own;
// nil: none does. While q drains, the one that it names may have become one of another medium.
func (s *State) taker(q *queue, id ctid.QueueID) *queue {
	to := s.queues[id]
	if to == nil || to.cfg.Medium != q.cfg.Medium {
		return nil
	}
	in, _ := s.admit(to)
	return in
}

// depart takes t out of its queue for that reason: to a queue that it overflows to, else for good.
func (s *State) depart(t *task, why ctid.QueueExit) {
	if to := s.spill(t.queue, why); to != nil {
		s.move(t, to, why, ctid.BySystem)
		return
	}
	s.exit(t, why, "")
}

// overflowLater sets the timer of the first overflow by time alone.
func (s *State) overflowLater(t *task) {
	s.timers.stop(&t.over)
	first := time.Duration(-1)
	for _, o := range t.queue.cfg.Overflow {
		if o.On == "" && (first < 0 || o.After < first) {
			first = o.After
		}
	}
	if first >= 0 {
		s.timers.set(&t.over, later(t.joined.Add(first), s.now.Add(time.Microsecond)))
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// overflowDue: t has waited as long as its queue lets it before another one helps.
func (s *State) overflowDue(t *task) {
	if len(t.open) > 0 {
		t.overdue = true
		return
	}
	s.overflow(t)
}

// overflow puts t into the first queue of those whose time has come that takes it. If none does, they are asked again.
func (s *State) overflow(t *task) {
	due := slices.DeleteFunc(slices.Clone(t.queue.cfg.Overflow), func(o Overflow) bool {
		return o.On != "" || t.joined.Add(o.After).After(s.now)
	})
	slices.SortStableFunc(due, func(a, b Overflow) int { return cmp.Compare(a.After, b.After) })
	for _, o := range due {
		if in := s.taker(t.queue, o.To); in != nil {
			s.move(t, in, "", ctid.BySystem)
			return
		}
	}
	if len(due) == 0 { // by the rules in force now
		s.overflowLater(t)
		return
	}
	s.timers.set(&t.over, s.now.Add(overflowRetry))
}

// move puts t, which has no open offer, into another queue. Its age goes with it, and where that queue has no longest wait of its own,
// what is left of the one that it had.
func (s *State) move(t *task, to *queue, why ctid.QueueExit, by ctid.By) {
	from, atMost := t.queue, to.cfg.AtMost
	if atMost == 0 && t.wait.index > 0 {
		atMost = max(t.wait.due.Sub(s.now), time.Microsecond)
	}
	s.compare(from, t, false)
	s.part(t)
	if from.size() == 0 {
		from.speed.Wanted = false
	}
	t.offers, t.tried, t.served = 0, -1, false
	s.tally.Moves++
	s.join(t, to, s.now, atMost)
	s.tellMoved(t, from, why, by)
}

// tellMoved says that t waits in its queue, and not in the other.
func (s *State) tellMoved(t *task, from *queue, why ctid.QueueExit, by ctid.By) {
	c := TaskMoved{Task: t.id, From: from.cfg.ID, To: t.queue.cfg.ID, Position: t.queue.place(t), Priority: t.priority, Why: why, By: by}
	if t.wait.index > 0 {
		c.AtMost = t.wait.due.Sub(s.now)
	}
	s.emit(c)
}

// moved is a supervisor's wish that a task wait in another queue.
func (s *State) moved(e Move) {
	t, to := s.tasks[e.Task], s.queues[e.To]
	switch {
	case t == nil:
		s.refuse(ctid.CallOver, nil, fmt.Sprintf("%s waits nowhere any more", e.Task))
	case to == nil || to.draining:
		s.refuse(ctid.NotFound, nil, fmt.Sprintf("there is no queue %q", e.To))
	case to == t.queue:
		s.refuse(ctid.AlreadyDone, nil, fmt.Sprintf("%s waits in %s already", e.Task, e.To))
	case to.cfg.Medium != t.queue.cfg.Medium:
		s.refuse(ctid.NoRoute, nil, fmt.Sprintf("%s is a queue of %s, and %s is of %s", e.To, to.cfg.Medium, e.Task, t.queue.cfg.Medium))
	case s.takeBack(t, e.By):
		s.move(t, to, "", e.By)
	}
}

// prioritise gives a waiting task another priority. One that rings goes on ringing, and has it when it waits again.
func (s *State) prioritise(e Prioritise) {
	t := s.tasks[e.Task]
	switch {
	case t == nil:
		s.refuse(ctid.CallOver, nil, fmt.Sprintf("%s waits nowhere any more", e.Task))
		return
	case e.Priority < 0 || e.Priority > maxPriority:
		s.refuse(ctid.BadRequest, nil, fmt.Sprintf("a priority is between 0 and %d", maxPriority))
		return
	case e.Priority == t.priority:
		s.refuse(ctid.AlreadyDone, nil, fmt.Sprintf("%s has that priority already", e.Task))
		return
	}
	q, rings := t.queue, len(t.open) > 0
	if rings {
		q.ringing = remove(q.ringing, t, compareTasks)
	} else {
		s.unwait(t)
	}
	t.priority = e.Priority
	s.sort(t)
	if rings {
		q.ringing = insert(q.ringing, t, compareTasks)
	} else {
		s.waitIn(t)
	}
	s.emit(TaskChanged{Task: t.id, Queue: q.cfg.ID, Position: q.place(t), Priority: t.priority, By: e.By})
}
