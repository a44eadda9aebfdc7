package ws

import (
	"container/heap"
	"sync"
	"time"

	"ctid"
)

// mailbox is the hub's unbounded queue of things to do. Putting never blocks.
type mailbox struct {
	mu     sync.Mutex
	q      []func()
	wake   chan struct{}
	closed bool
}

func (b *mailbox) init() { b.wake = make(chan struct{}, 1) }

// put queues f, or drops it after close.
func (b *mailbox) put(f func()) {
	b.mu.Lock()
	if !b.closed {
		b.q = append(b.q, f)
	}
	b.mu.Unlock()
	b.ring()
}

func (b *mailbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns all that waits, and whether the box is closed.
func (b *mailbox) take() ([]func(), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.q
	b.q = nil
	return q, b.closed
}

func (b *mailbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.ring()
}

// alarm is one deadline of the hub's goroutine.
type alarm struct {
	at   time.Time
	n    uint64 // ties go by age
	fire func()
	off  bool
}

func (a *alarm) stop() {
	if a != nil {
		a.off = true
	}
}

type alarms []*alarm

func (a alarms) Len() int { return len(a) }
func (a alarms) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].n < a[j].n
}
func (a alarms) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *alarms) Push(x any)   { *a = append(*a, x.(*alarm)) }
func (a *alarms) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return x
}

// state is all that belongs to the hub's goroutine; only functions that run there touch it.
type state struct {
	now       time.Time // read once for each thing done
	alarms    alarms
	alarmN    uint64
	sessions  map[string]*session
	byAgent   map[ctid.AgentID][]*session // oldest first
	subs      map[string][]*session       // by topic
	born      uint64
	awake     map[ctid.AgentID]bool // what the desk was last told
	seats     map[ctid.AgentID]string
	ring      ring
	view      view
	figures   figures
	resited   bool // the site was changed, when the head was at resitedAt
	resitedAt uint64
	uses      []*session // whose tokens are to be said to be in use
	using     bool       // somebody does so
	idem      idemTable
	waiters   []*writeWaiter
	ended     bool // after endAll nobody is let in
	counts    Counts
}

func newState(h *Hub) *state {
	return &state{
		now:      time.Now(),
		sessions: map[string]*session{},
		byAgent:  map[ctid.AgentID][]*session{},
		subs:     map[string][]*session{},
		awake:    map[ctid.AgentID]bool{},
		seats:    map[ctid.AgentID]string{},
		ring:     ring{size: h.cfg.Ring},
		view:     newView(h.cfg.Site.indexed()),
		idem:     idemTable{rows: map[idemKey]*idemRow{}, keep: h.cfg.Timings.Idem},
	}
}

// loop is the hub's goroutine.
func (h *Hub) loop() {
	defer close(h.loopDone)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		todo, closed := h.box.take()
		for _, f := range todo {
			h.now = time.Now()
			f()
		}
		if closed {
			return
		}
		h.now = time.Now()
		timer.Reset(h.fireDue())
		select {
		case <-h.box.wake:
		case <-timer.C:
		}
	}
}

// fireDue runs the alarms whose time has come and says how long to sleep.
func (h *Hub) fireDue() time.Duration {
	for len(h.alarms) > 0 {
		a := h.alarms[0]
		if !a.off && a.at.After(h.now) {
			return a.at.Sub(h.now)
		}
		heap.Pop(&h.alarms)
		if !a.off {
			a.fire()
		}
	}
	return time.Hour
}

// after has f run on the hub's goroutine once d has passed, unless the alarm is stopped.
func (h *Hub) after(d time.Duration, f func()) *alarm {
	h.alarmN++
	a := &alarm{at: h.now.Add(d), n: h.alarmN, fire: f}
	heap.Push(&h.alarms, a)
	return a
}

// Counts rise over the hub's life.
type Counts struct {
	Events, Frames, Resent, Slow, Resumed, Snapshots uint64
}

// Stats is what the hub holds.
type Stats struct {
	Sessions int // authenticated
	Awake    int // agents with an awake desktop
	Asleep   int // sessions whose page no longer answers
	OpenPops int
	RingLen  int
	Counts
}

func (h *Hub) stats() Stats {
	s := Stats{Sessions: len(h.sessions), OpenPops: len(h.view.pops), RingLen: len(h.ring.rows), Counts: h.counts}
	for _, up := range h.awake {
		if up {
			s.Awake++
		}
	}
	for _, x := range h.sessions {
		if x.asleep {
			s.Asleep++
		}
	}
	return s
}
