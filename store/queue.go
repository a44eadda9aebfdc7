package store

import (
	"slices"
	"sync"
	"sync/atomic"

	"ctid"
)

// maxBatch is how many rows one transaction takes at most, so that after an outage a backlog goes down in steps that
// each end well within slowCommit. A group is never cut.
const maxBatch = 4096

// item is a row on its way. last ends a group: rows that belong in one transaction.
type item struct {
	e     ctid.LogEntry
	last  bool
	again bool // it was in a commit that failed, so it may be on disk already
}

func (it *item) lasting() bool { return it.e.Record != nil || it.e.Amend != nil }

// job is a write other than a row of the log. It shares a commit, and is not tried again.
type job struct {
	do      func(*tx) error
	done    chan error // buffered
	patient bool       // it may wait for company
	state   atomic.Int32
	err     error
}

// States of a job. Who asked for it may leave only while it has not begun, for do writes to his variables.
const (
	jobWaits int32 = iota
	jobBegun
	jobLeft
)

// begin tells whether the job is to be done; it may be done again when its transaction is.
func (j *job) begin() bool {
	return j.state.CompareAndSwap(jobWaits, jobBegun) || j.state.Load() == jobBegun
}

// leave tells whether the caller may go away without the answer.
func (j *job) leave() bool { return j.state.CompareAndSwap(jobWaits, jobLeft) }

// queue is what waits for the writer. Nobody who adds to it waits.
type queue struct {
	mu      sync.Mutex
	limit   int
	items   []item
	told    int // the first told items have had their Done called
	light   int // items without record or amendment
	flying  int // rows in the commit under way
	jobs    []*job
	lost    []ctid.LogEntry // dropped, not yet named
	dropped uint64
	closed  bool
	wake    chan struct{} // one token: there is something new
}

func newQueue(limit int) *queue { return &queue{limit: limit, wake: make(chan struct{}, 1)} }

func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// add takes a group, and reports false when the queue is closed.
func (q *queue) add(group []ctid.LogEntry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.poke()
	if q.closed {
		q.dropped += uint64(len(group))
		return false
	}
	for i, e := range group {
		it := item{e: e, last: i == len(group)-1}
		if len(q.items)+q.flying >= q.limit && !q.makeRoom(&it) {
			continue
		}
		q.items = append(q.items, it)
		if !it.lasting() {
			q.light++
		}
	}
	if n := len(q.items); n > 0 {
		q.items[n-1].last = true // the group's own last row may have been dropped
	}
	return true
}

// makeRoom drops one row of a full backlog: the new one, or for a new record the newest row that is none. The oldest
// rows stay, so that what is kept has no gap before its end. It reports whether the new row may come in.
func (q *queue) makeRoom(it *item) bool {
	if !it.lasting() || q.light == 0 {
		q.drop(it.e)
		return false
	}
	for i := len(q.items) - 1; i >= 0; i-- {
		if old := &q.items[i]; !old.lasting() {
			q.drop(old.e)
			q.removeAt(i)
			return true
		}
	}
	q.drop(it.e)
	return false
}

func (q *queue) removeAt(i int) {
	if q.items[i].last && i > 0 {
		q.items[i-1].last = true
	}
	q.items = append(q.items[:i], q.items[i+1:]...)
	q.light--
	if i < q.told {
		q.told--
	}
}

func (q *queue) drop(e ctid.LogEntry) {
	q.dropped++
	q.lost = append(q.lost, e)
}

// addJob reports false when the queue is closed.
func (q *queue) addJob(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.jobs = append(q.jobs, j)
	q.poke()
	return true
}

// patient tells whether there are rows or jobs, few, and nobody waits for any of them.
func (q *queue) patient() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.items)
	if n+len(q.jobs) == 0 || n >= lingerRows || 2*n >= q.limit || q.closed || slices.ContainsFunc(q.jobs, func(j *job) bool { return !j.patient }) {
		return false
	}
	return !slices.ContainsFunc(q.items, func(it item) bool { return it.e.Done != nil })
}

// take removes the next batch: at most maxBatch rows, or more to the end of a group, and all jobs.
func (q *queue) take() (items []item, jobs []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.items), maxBatch)
	for n > 0 && n < len(q.items) && !q.items[n-1].last {
		n++
	}
	items, q.items = q.items[:n:n], q.items[n:]
	if len(q.items) == 0 {
		q.items = nil
	}
	for i := range items {
		if !items[i].lasting() {
			q.light--
		}
	}
	q.flying, q.told = n, max(0, q.told-n)
	jobs, q.jobs = q.jobs, nil
	return items, jobs
}

// landed ends the commit under way; back are the rows that must be tried again, before all others. Those waiting for
// them have been told.
func (q *queue) landed(back []item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flying = 0
	if len(back) == 0 {
		return
	}
	for i := range back {
		back[i].again = true
		if !back[i].lasting() {
			q.light++
		}
	}
	q.items = append(back[:len(back):len(back)], q.items...)
	q.told += len(back)
}

// takeDones returns the callbacks of all rows that wait and have not been told, and forgets them.
func (q *queue) takeDones() (dones []func(error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ; q.told < len(q.items); q.told++ {
		if it := &q.items[q.told]; it.e.Done != nil {
			dones = append(dones, it.e.Done)
			it.e.Done = nil
		}
	}
	return dones
}

// takeLost returns the dropped rows that nobody has named yet.
func (q *queue) takeLost() []ctid.LogEntry {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := q.lost
	q.lost = nil
	return lost
}

// abandon empties the queue for good and drops what was in it; the jobs are returned to be refused.
func (q *queue) abandon() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.items {
		q.drop(it.e)
	}
	q.items, q.told, q.light = nil, 0, 0
	jobs := q.jobs
	q.jobs = nil
	return jobs
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.poke()
}

// state tells what waits and whether more can come.
func (q *queue) state() (rows, jobs int, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items), len(q.jobs), q.closed
}

func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) + q.flying
}

func (q *queue) droppedTotal() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}
