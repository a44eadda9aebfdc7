package ari

import (
	"context"
	"sync"
	"sync/atomic"
)

// mailbox is a queue without a limit: put never blocks and never drops, so that a socket is read as fast as Asterisk
// writes (it cuts off a client that is 100 ms behind). One pump hands the messages over in order.
type mailbox struct {
	mu     sync.Mutex
	queue  []Message
	spare  []Message // the slice handed out last time, used again
	closed bool
	left   atomic.Int64  // put and not yet handed to out
	wake   chan struct{} // holds one token when there is something to see
	out    chan Message
}

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), out: make(chan Message, 256)}
}

// put appends one message. After close it does nothing.
func (m *mailbox) put(msg Message) {
	m.mu.Lock()
	if !m.closed {
		m.queue = append(m.queue, msg)
		m.left.Add(1)
	}
	m.mu.Unlock()
	m.nudge()
}

// close lets the pump end once all that was put has been handed over.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.nudge()
}

func (m *mailbox) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// depth is the number of messages that nobody has taken yet.
func (m *mailbox) depth() int { return int(m.left.Load()) + len(m.out) }

func (m *mailbox) take() (batch []Message, closed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch, m.queue = m.queue, m.spare[:0]
	m.spare = nil
	return batch, m.closed
}

func (m *mailbox) giveBack(batch []Message) {
	clear(batch)
	m.mu.Lock()
	defer m.mu.Unlock()
	if cap(batch) <= 4096 { // a burst's slice is not kept for ever
		m.spare = batch[:0]
	}
}

// pump hands messages over until the box is closed and empty, or ctx ends. It closes the channel.
func (m *mailbox) pump(ctx context.Context) {
	defer close(m.out)
	for {
		batch, closed := m.take()
		for i := range batch {
			select {
			case m.out <- batch[i]:
				m.left.Add(-1)
			case <-ctx.Done():
				return
			}
		}
		if len(batch) > 0 {
			m.giveBack(batch)
			continue
		}
		if closed {
			return
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return
		}
	}
}
