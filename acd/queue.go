package acd

import (
	"cmp"
	"slices"
	"time"

	"ctid"
)

// queue is a queue at work. waiting, ringing and free are kept in order at all times, so the next task and the next
// agent are their first elements.
type queue struct {
	cfg      Queue
	by       strategy
	voice    bool        // its tasks are calls
	draining bool        // no longer configured: keeps its tasks, takes no new ones
	waiting  []*task     // without an offer
	ringing  []*task     // with an open offer
	free     []candidate // agents who could be offered a task now
	members  []*agent    // everyone who serves it, by id
	touched  bool        // stands in State.touched
}

// task is a call (later also other work) in a queue. It is in exactly one queue's waiting or ringing.
type task struct {
	id       ctid.TaskID
	queue    *queue
	priority int
	entered  time.Time
	offer    *offer // the open one
	offers   int    // that ended without a conversation
	expired  bool   // its longest wait passed while an offer was ringing
	wait     timer  // waitOver
}

// compareTasks is the order within and across queues: higher priority, then longer there, then the id.
func compareTasks(a, b *task) int {
	return cmp.Or(cmp.Compare(b.priority, a.priority), a.entered.Compare(b.entered), cmp.Compare(a.id, b.id))
}

func compareAgents(a, b *agent) int { return cmp.Compare(a.id, b.id) }

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

// size is how many tasks are in the queue, with those that ring at an agent.
func (q *queue) size() int { return len(q.waiting) + len(q.ringing) }

// place is how many tasks t would be or is in the queue, counted from 1, those that ring at an agent included.
func (q *queue) place(t *task) int {
	ahead, _ := slices.BinarySearchFunc(q.waiting, t, compareTasks)
	ringing, _ := slices.BinarySearchFunc(q.ringing, t, compareTasks)
	return 1 + ahead + ringing
}
