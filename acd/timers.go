package acd

import (
	"cmp"
	"container/heap"
	"time"
)

// timerKind says what a timer does when it is due. Timers due at one moment act in the order of these numbers.
type timerKind int

const (
	ringOver timerKind = iota
	waitOver
	wrapOver
	deskGone
	gapOver
	lineOver
	itemWrapOver
	slotGap
	loosenDue
	stickOver
	overDue
	moreDue
	awayOver
)

// timer belongs to one offer, task, agent, wrap-up, slot or queue; id is that thing's id and breaks ties.
type timer struct {
	kind  timerKind
	id    string
	due   time.Time
	index int // place in the heap plus one; zero when it is not set
}

// timerHeap is a heap of set timers, the next one first.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) < 0
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	*h = append(*h, t)
	t.index = len(*h)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = 0
	return t
}

// set arms t for due, whether or not it was armed before.
func (h *timerHeap) set(t *timer, due time.Time) {
	h.stop(t)
	t.due = due
	heap.Push(h, t)
}

// stop disarms t; a timer that is not armed is left alone.
func (h *timerHeap) stop(t *timer) {
	if t.index > 0 {
		heap.Remove(h, t.index-1)
	}
}

// dueTimer takes the first timer due at now, or returns nil.
func (h *timerHeap) dueTimer(now time.Time) *timer {
	if len(*h) == 0 || (*h)[0].due.After(now) {
		return nil
	}
	return heap.Pop(h).(*timer)
}
