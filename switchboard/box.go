package switchboard

import (
	"sync"
	"time"
)

// letter is one thing that an owner must do to its own state, with the time at which it was sent.
type letter struct {
	sent time.Time
	do   func(now time.Time)
}

// box is a mailbox without a limit: send never blocks and never drops. What is capped is the number of calls, not the
// news about them.
type box struct {
	mu    sync.Mutex
	queue []letter
	spare []letter
	wake  chan struct{}
}

func newBox() *box { return &box{wake: make(chan struct{}, 1)} }

func (b *box) send(l letter) {
	b.mu.Lock()
	b.queue = append(b.queue, l)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take gives all that waits, in order; the slice is good until the next take.
func (b *box) take() []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := b.queue
	clear(b.spare)
	b.queue = b.spare[:0]
	b.spare = batch
	if cap(b.spare) > 4096 {
		b.spare = nil // a burst's slice is not kept for ever
	}
	return batch
}

// oldest is when the letter that has waited longest was sent; zero if none waits.
func (b *box) oldest() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return time.Time{}
	}
	return b.queue[0].sent
}

// alarm is one re-armable timer for an owner's least deadline.
type alarm struct{ t *time.Timer }

func newAlarm() *alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &alarm{t}
}

// set arms the alarm for at; the zero time switches it off.
func (a *alarm) set(now, at time.Time) {
	if at.IsZero() {
		a.t.Stop()
		return
	}
	a.t.Reset(max(0, at.Sub(now)))
}

// earliest is the lesser of two deadlines, of which a zero one counts as none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
