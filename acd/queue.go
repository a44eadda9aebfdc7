package acd

import (
	"cmp"
	"slices"
	"time"

	"ctid"
)

// queue is a queue at work. Its tasks stand in classes, and those that ring in ringing; all lists are kept in order at all
// times, so the next task and the next agent are first elements.
type queue struct {
	cfg      Queue
	by       strategy
	voice    bool      // its tasks are calls
	draining bool      // no longer configured: keeps its tasks, takes no new ones
	classes  []*class  // the first is that of tasks that want no more than the queue does; it is always there
	ringing  []*task   // with an open offer
	members  []*member // everyone who serves it, by the agents' ids
	touched  bool      // stands in State.touched
	doubted  bool      // stands in State.doubted
	last     int       // round-robin: the order of the agent who was offered a task last
	pass     int64     // Next fair: how far it is ahead of others
	speed    speed     // for estimates
	working  int       // how many of its members are at work
	away     timer     // awayOver; armed while nobody is there and somebody may soon be back
}

func newQueue(id ctid.QueueID) *queue {
	return &queue{last: -1, away: timer{kind: awayOver, id: string(id)}}
}

// member is an agent's place in a queue. Its last fields are what strategies compare, as it was when he was listed.
type member struct {
	agent  *agent
	queue  *queue
	rank   int // 1 is best
	weight int
	taken  int // tasks of this queue that he took in his shift

	listed bool          // he could be offered a task of it now
	idle   time.Time     // since when he has had nothing to do, pauses included
	ready  time.Time     // since when he is ready
	calls  int           // taken
	talk   time.Duration // in his shift
}

func (m *member) id() ctid.AgentID { return m.agent.id }

// task is a call, or other work, in a queue. It is in exactly one class's waiting or its queue's ringing.
type task struct {
	id       ctid.TaskID
	queue    *queue
	class    *class
	priority int
	order    int       // priority, where it goes before all time
	key      time.Time // when it came, for the order
	entered  time.Time // its first queue: its place
	arrived  time.Time // in the system, if that is known
	joined   time.Time // this queue
	needs    []Need    // its own; nil: the queue's
	only     ctid.AgentID
	step     int // how many of the queue's steps have been taken
	callback bool
	ahead    bool      // a callback whose customer is called before an agent's telephone rings
	caller   string    // who calls, for his place; empty: nobody knows
	open     []*offer  // the open ones; more than one only while it rings at several agents
	offers   int       // that ended without a conversation
	tried    int       // top-down: the order of the agent who was offered it last
	expired  bool      // its longest wait passed while an offer was ringing
	overdue  bool      // it was to overflow while an offer was ringing
	served   bool      // counted as its queue's turn
	until    time.Time // ring-all: until when it rings
	reach    int       // ring-all: the rank of those at whom it rings; a worse one is not rung beside them
	told     Estimate  // when it came to this queue, or came back,
	toldAt   time.Time // and when that was
	heard    []promise // the bands that its caller was told in this queue

	wait, loosen, stick, over, more timer
}

func newTask(id ctid.TaskID) *task {
	n := string(id)
	return &task{id: id, tried: -1, wait: timer{kind: waitOver, id: n}, loosen: timer{kind: loosenDue, id: n}, stick: timer{kind: stickOver, id: n},
		over: timer{kind: overDue, id: n}, more: timer{kind: moreDue, id: n}}
}

// compareTasks is the order within a queue: higher priority, then longer there, then the id.
func compareTasks(a, b *task) int {
	return cmp.Or(cmp.Compare(b.order, a.order), a.key.Compare(b.key), cmp.Compare(a.id, b.id))
}

func compareAgents(a, b *agent) int { return cmp.Compare(a.id, b.id) }

func compareMembers(a, b *member) int { return cmp.Compare(a.agent.id, b.agent.id) }

// insert puts x at its place in the ordered list.
func insert[T any](list []T, x T, compare func(a, b T) int) []T {
	i, _ := slices.BinarySearchFunc(list, x, compare)
	return slices.Insert(list, i, x)
}

// remove takes x out of the ordered list, if it is there.
func remove[T any](list []T, x T, compare func(a, b T) int) []T {
	i, ok := slices.BinarySearchFunc(list, x, compare)
	if !ok {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// waits is how many tasks wait without an offer.
func (q *queue) waits() (n int) {
	for _, c := range q.classes {
		n += len(c.waiting)
	}
	return n
}

// waitsOnLine tells whether somebody waits who could leave: of a callback nobody is on the line.
func (q *queue) waitsOnLine() bool {
	return slices.ContainsFunc(q.tasks(), func(t *task) bool { return len(t.open) == 0 && !t.callback })
}

// size is how many tasks are in the queue, with those that ring at an agent.
func (q *queue) size() int { return q.waits() + len(q.ringing) }

// place is how many tasks t would be or is in the queue, counted from 1, those that ring at an agent included.
func (q *queue) place(t *task) int {
	place, _ := slices.BinarySearchFunc(q.ringing, t, compareTasks)
	for _, c := range q.classes {
		ahead, _ := slices.BinarySearchFunc(c.waiting, t, compareTasks)
		place += ahead
	}
	return place + 1
}

// tasks lists all tasks of the queue, in order.
func (q *queue) tasks() []*task {
	list := slices.Clone(q.ringing)
	for _, c := range q.classes {
		list = append(list, c.waiting...)
	}
	slices.SortFunc(list, compareTasks)
	return list
}

// sort gives t its place in the order by the rules in force. t is in no list meanwhile.
func (s *State) sort(t *task) {
	t.key, t.order = t.entered, t.priority
	if t.queue.cfg.AgeFrom == ageFromCall && !t.arrived.IsZero() && t.arrived.Before(t.key) {
		t.key = t.arrived
	}
	if worth := s.cfg.PointWorth; worth > 0 {
		t.key, t.order = t.key.Add(-time.Duration(t.priority)*worth), 0
	}
}

// compareHeads is the order of tasks of several queues for an agent who may take them all. Within a queue it is compareTasks.
func (s *State) compareHeads(a, b *task) int {
	qa, qb := a.queue, b.queue
	if qa == qb {
		return compareTasks(a, b)
	}
	ka, kb := a.key, b.key
	turn := 0
	switch s.cfg.Next {
	case nextUrgent:
		ka, kb = ka.Add(qa.cfg.Target), kb.Add(qb.cfg.Target)
	case nextFair:
		turn = cmp.Compare(qa.pass, qb.pass)
	}
	return cmp.Or(cmp.Compare(qb.cfg.Weight, qa.cfg.Weight), cmp.Compare(b.order, a.order), turn, ka.Compare(kb), cmp.Compare(a.id, b.id))
}

// lap is how far a queue of share 1 gets ahead of others by one task.
const lap = 1 << 20

// served counts t as its queue's turn, once.
func (s *State) served(t *task) {
	if t.served {
		return
	}
	t.served = true
	s.pass = max(s.pass, t.queue.pass)
	t.queue.pass += lap / int64(t.queue.cfg.Share)
}
