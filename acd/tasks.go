package acd

import (
	"fmt"
	"time"

	"ctid"
)

func (s *State) enqueue(e Enqueue) {
	if t := s.tasks[e.Task]; t != nil {
		code := ctid.WrongState
		if t.queue.cfg.ID == e.Queue {
			code = ctid.AlreadyDone
		}
		s.refuse(code, nil, fmt.Sprintf("%s waits in queue %s already; it must leave first", e.Task, t.queue.cfg.ID))
		return
	}
	q := s.queues[e.Queue]
	switch {
	case q == nil || q.draining:
		s.emit(TaskEnded{Task: e.Task, Queue: e.Queue, Exit: ctid.ExitClosed})
		return
	case q.cfg.MaxWaiting > 0 && q.size() >= q.cfg.MaxWaiting:
		s.emit(TaskEnded{Task: e.Task, Queue: e.Queue, Exit: ctid.ExitFull})
		return
	}
	t := &task{id: e.Task, queue: q, priority: e.Priority, entered: clean(e.Entered), wait: timer{kind: waitOver, id: string(e.Task)}}
	if t.priority < 0 {
		t.priority = q.cfg.Priority
	}
	t.priority = min(t.priority, maxPriority)
	if e.Entered.IsZero() || t.entered.After(s.now) {
		t.entered = s.now
	}
	if e.AtMost > 0 {
		s.timers.set(&t.wait, s.now.Add(e.AtMost))
	}
	s.tally.Entered++
	s.tasks[t.id] = t
	q.waiting = insert(q.waiting, t, compareTasks)
	s.touch(q)
	s.emit(TaskQueued{Task: t.id, Queue: q.cfg.ID, Position: q.place(t), Priority: t.priority})
}

// exit takes t out of its queue: the one place where a task ends and is counted. It has no open offer any more.
func (s *State) exit(t *task, why ctid.QueueExit, by ctid.AgentID) {
	q := t.queue
	delete(s.tasks, t.id)
	s.timers.stop(&t.wait)
	q.waiting = remove(q.waiting, t, compareTasks)
	q.ringing = remove(q.ringing, t, compareTasks)
	s.tally.Exits[why]++
	s.emit(TaskEnded{Task: t.id, Queue: q.cfg.ID, Exit: why, Agent: by, Waited: s.now.Sub(t.entered)})
	if q.draining && q.size() == 0 {
		s.dropQueue(q)
	}
}

// withdraw ends t and an offer it may have; the agent who was ringing is where he was before, without blame.
func (s *State) withdraw(t *task, why ctid.QueueExit, offerWhy string, by ctid.By) {
	o := t.offer
	if o != nil {
		s.close(o, ctid.OfferCancelled, offerWhy)
	}
	s.exit(t, why, "")
	if o != nil {
		s.freed(o, by)
	}
}

func (s *State) leave(e Leave) {
	t := s.tasks[e.Task]
	if e.Why == "" {
		e.Why = ctid.ExitRemoved
	}
	if _, ok := ctid.Endings(e.Why); !ok || e.Why == ctid.ExitAnswered {
		s.refuse(ctid.BadRequest, nil, fmt.Sprintf("a task cannot be taken out of its queue as %q", e.Why))
		return
	}
	if t == nil {
		s.refuse(ctid.WrongState, nil, fmt.Sprintf("%s waits in no queue: an agent has it, or it has left", e.Task))
		return
	}
	s.withdraw(t, e.Why, "revoked", ctid.BySystem)
}

// taskGone: a task that waits nowhere is with an agent or has left, and is not the queue's any more.
func (s *State) taskGone(e TaskGone) {
	if t := s.tasks[e.Task]; t != nil {
		s.withdraw(t, ctid.ExitAbandoned, "caller_gone", byCaller)
	}
}

// waitedEnough: the longest wait of t is over. A phone that rings for it may ring on; if nobody answers, t leaves then.
func (s *State) waitedEnough(t *task) {
	if t.offer != nil {
		t.expired = true
		return
	}
	s.exit(t, ctid.ExitTimeout, "")
}

// Position is the place of a waiting task in its queue: 1 is next. Tasks that ring at an agent keep their places.
func (s *State) Position(id ctid.TaskID) (int, bool) {
	t := s.tasks[id]
	if t == nil {
		return 0, false
	}
	return t.queue.place(t), true
}

// QueueOf is the queue that a task waits in.
func (s *State) QueueOf(id ctid.TaskID) (ctid.QueueID, bool) {
	t := s.tasks[id]
	if t == nil {
		return "", false
	}
	return t.queue.cfg.ID, true
}

// TaskOf is the task of an open offer.
func (s *State) TaskOf(id ctid.OfferID) (ctid.TaskID, bool) {
	o := s.offers[id]
	if o == nil {
		return "", false
	}
	return o.work.task, true
}

// AgentView is what outsiders may know of an agent now.
func (s *State) AgentView(id ctid.AgentID) (ctid.AgentView, bool) {
	a := s.agents[id]
	if a == nil {
		return ctid.AgentView{}, false
	}
	return a.view(), true
}

// Figures is the queue at now; a queue that is unknown is closed and empty. It looks at each of the queue's tasks and agents.
func (s *State) Figures(id ctid.QueueID, now time.Time) QueueFigures {
	q := s.queues[id]
	if q == nil {
		return QueueFigures{}
	}
	if now = clean(now); now.Before(s.now) {
		now = s.now
	}
	f := QueueFigures{Waiting: q.size(), Open: !q.draining}
	for _, list := range [][]*task{q.waiting, q.ringing} {
		for _, t := range list {
			f.Longest = max(f.Longest, now.Sub(t.entered))
		}
	}
	for _, a := range q.members {
		if !q.voice {
			a.figuresOf(q, &f)
			continue
		}
		switch a.state {
		case ctid.Out:
			continue
		case ctid.Ready:
			f.AgentsReady++
		case ctid.Talking:
			if a.work.queue == id {
				f.Talking++
			}
		}
		f.AgentsIn++
	}
	return f
}
