package acd

import (
	"cmp"
	"fmt"
	"slices"
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
	if why := s.wrongNeeds(e.Needs); why != "" {
		s.refuse(ctid.BadRequest, nil, why)
		return
	}
	q := s.queues[e.Queue]
	if q == nil {
		s.emit(TaskEnded{Task: e.Task, Queue: e.Queue, Exit: ctid.ExitClosed})
		return
	}
	in, why := q, ctid.QueueExit("")
	if !e.Again || q.draining {
		in, why = s.admit(q)
	}
	if in == nil {
		s.emit(TaskEnded{Task: e.Task, Queue: e.Queue, Exit: why})
		return
	}
	t := s.taskOf(e, q)
	s.tally.Entered++
	s.tasks[t.id] = t
	if in == q {
		s.enter(t, q, e)
		return
	}
	s.join(t, in, t.entered, cmp.Or(in.cfg.AtMost, e.AtMost))
	s.tellMoved(t, q, why, ctid.BySystem)
}

// enter puts t into the queue that it came for. The steps of one who finds his place again begin anew all the same.
func (s *State) enter(t *task, q *queue, e Enqueue) {
	joined, told := t.entered, time.Time{}
	if since, ok := s.placeKept(q, e); ok && since.Before(t.entered) {
		t.entered, told = since, since
	}
	s.join(t, q, joined, e.AtMost)
	s.emit(TaskQueued{Task: t.id, Queue: q.cfg.ID, Position: q.place(t), Priority: t.priority, Entered: told})
}

// taskOf is the task of an event, with q's defaults.
func (s *State) taskOf(e Enqueue, q *queue) *task {
	t := newTask(e.Task)
	t.callback, t.ahead, t.needs, t.arrived = e.Callback, e.Callback && e.Ahead, cleanNeeds(e.Needs), clean(e.Arrived)
	t.caller = e.Caller
	if e.Arrived.IsZero() {
		t.arrived = time.Time{}
	}
	t.priority = e.Priority
	if t.priority < 0 {
		t.priority = q.cfg.Priority
	}
	t.priority = min(t.priority, maxPriority)
	t.entered = clean(e.Entered)
	if e.Entered.IsZero() || t.entered.After(s.now) {
		t.entered = s.now
	}
	if a := s.agents[e.Prefer]; a != nil && e.PreferFor > 0 && !a.removed && a.state != ctid.Out && a.serving(q) {
		t.only = a.id
		a.wanted = append(a.wanted, t)
		s.timers.set(&t.stick, s.now.Add(e.PreferFor))
	}
	return t
}

// join lets t wait in q, as one that came there at joined, for at most so long from now (0: no limit). A callback waits as long as it takes.
func (s *State) join(t *task, q *queue, joined time.Time, atMost time.Duration) {
	t.queue, t.joined, t.step = q, joined, 0
	if t.only != "" && !s.sticks(t) {
		s.unstick(t)
	}
	s.stepsDue(t)
	s.sort(t)
	if q.waits() == 0 { // what it did not use while nobody waited is no claim
		q.pass = max(q.pass, s.pass)
	}
	s.enterClass(t)
	s.waitIn(t)
	t.told, t.toldAt, t.heard = s.estimate(q, t.class, q.place(t)), s.now, nil
	s.timers.stop(&t.wait)
	if atMost > 0 && !t.callback {
		s.timers.set(&t.wait, s.now.Add(atMost))
	}
	s.overflowLater(t)
}

// part takes t, which has no open offer, out of its queue.
func (s *State) part(t *task) {
	q := t.queue
	s.unstick(t)
	if t.class != nil {
		s.unwait(t)
		s.leaveClass(t)
	}
	q.ringing = remove(q.ringing, t, compareTasks)
	for _, x := range []*timer{&t.wait, &t.loosen, &t.over, &t.more} {
		s.timers.stop(x)
	}
	if q.draining && q.size() == 0 {
		s.dropQueue(q)
	}
}

// exit takes t out of its queue: the one place where a task ends and is counted. It has no open offer any more.
func (s *State) exit(t *task, why ctid.QueueExit, by ctid.AgentID) {
	q := t.queue
	waited := s.now.Sub(t.entered)
	if why == ctid.ExitAbandoned {
		s.keepPlace(t)
	}
	delete(s.tasks, t.id)
	s.part(t)
	s.tally.Exits[why]++
	s.measure(q, t, why)
	s.emit(TaskEnded{Task: t.id, Queue: q.cfg.ID, Exit: why, Agent: by, Waited: waited})
}

// withdraw ends t and the offers it may have; the agents who were ringing are where they were before, without blame.
func (s *State) withdraw(t *task, why ctid.QueueExit, end ctid.OfferEnd, offerWhy string, by ctid.By) {
	open := slices.Clone(t.open)
	for _, o := range open {
		s.close(o, end, offerWhy)
	}
	s.exit(t, why, "")
	for _, o := range open {
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
	by := e.By
	if by == (ctid.By{}) {
		by = ctid.BySystem
	}
	s.withdraw(t, e.Why, ctid.OfferCancelled, "revoked", by)
}

// taskGone: a task that waits nowhere is with an agent or has left, and is not the queue's any more. Of a callback nobody is
// on the line who could go.
func (s *State) taskGone(e TaskGone) {
	if t := s.tasks[e.Task]; t != nil && !t.callback {
		s.withdraw(t, ctid.ExitAbandoned, ctid.OfferCancelled, "caller_gone", byCaller)
	}
}

// waitedEnough: the longest wait of t is over. A phone that rings for it may ring on; if nobody answers, t leaves then.
func (s *State) waitedEnough(t *task) {
	if len(t.open) > 0 {
		t.expired = true
		return
	}
	s.depart(t, ctid.ExitTimeout)
}

// Position is the place of a waiting task in its queue: 1 is next. Tasks that ring at an agent keep their places.
func (s *State) Position(id ctid.TaskID) (int, bool) {
	t := s.tasks[id]
	if t == nil {
		return 0, false
	}
	return t.queue.place(t), true
}

// Standing is where a task stands in its queue.
type Standing struct {
	Position int // 1 is next
	Estimate Estimate
	Rings    bool // it is offered to an agent
}

// Standing is where a task stands now; false: it waits nowhere.
func (s *State) Standing(id ctid.TaskID) (Standing, bool) {
	t := s.tasks[id]
	if t == nil {
		return Standing{}, false
	}
	e, _ := s.Estimate(id)
	return Standing{Position: t.queue.place(t), Estimate: e, Rings: len(t.open) > 0}, true
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
	f.Longest, f.Callbacks = q.longest(now), q.callbacks()
	f.Estimate, f.Calibration = q.estimateNow(s), q.calibration(now)
	for _, m := range q.members {
		a := m.agent
		f.Agents.Add(a.stateShown())
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
