package ws

import "sync"

// frame is one message on its way out.
type frame struct {
	head, body []byte // the message is head followed by body; body may be shared with other sockets
	state      *slot  // instead of them: the latest value of a state topic
	wrote      uint64 // if not 0, the hub is told of this position once the write has returned
	ping       bool   // a protocol ping instead of a message
	free       bool   // part of a replay or a snapshot: bounded elsewhere, so it does not count as falling behind
}

func (f frame) size() int {
	if f.state != nil {
		return f.state.latest.size
	}
	return len(f.head) + len(f.body)
}

// latest is the value of a state topic, the same bytes for all sockets.
type latest struct {
	topic string
	msg   prepared
	size  int
	of    any // what it was made from
}

// slot is a value's place in the line of one socket. A newer value takes the place of one that still waits.
type slot struct {
	latest *latest
	free   bool
}

// sendq is the bounded queue before one socket. Putting never blocks.
type sendq struct {
	mu        sync.Mutex
	frames    []frame
	slots     map[string]*slot // of state topics, those that wait
	count     int              // frames and bytes that are not free
	bytes     int
	maxFrames int
	maxBytes  int
	wake      chan struct{}
	ended     bool // nothing more is put
	aborted   bool // what waits is not written either
	code      CloseCode
	text      string
}

func newSendq(l Limits) *sendq {
	return &sendq{maxFrames: l.QueueFrames, maxBytes: l.QueueBytes, wake: make(chan struct{}, 1)}
}

// put queues f; false says that the reader of this socket is too slow.
func (q *sendq) put(f frame) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return true
	}
	if f.state != nil {
		if waiting := q.slots[f.state.latest.topic]; waiting != nil {
			if !waiting.free {
				q.bytes += f.state.latest.size - waiting.latest.size
			}
			waiting.latest = f.state.latest
			return true
		}
		f.state.free = f.free
		if q.slots == nil {
			q.slots = map[string]*slot{}
		}
		q.slots[f.state.latest.topic] = f.state
	}
	if !f.free {
		if q.count >= q.maxFrames || q.bytes+f.size() > q.maxBytes && q.count > 0 {
			return false
		}
		q.count++
		q.bytes += f.size()
	}
	q.frames = append(q.frames, f)
	q.ring()
	return true
}

// end closes the queue: bye is the last message, then the socket closes with code. drop discards what still waits.
func (q *sendq) end(bye []byte, code CloseCode, text string, drop bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	q.ended, q.code, q.text = true, code, text
	if drop {
		q.frames = nil
	}
	if bye != nil {
		q.frames = append(q.frames, frame{head: bye, free: true})
	}
	q.ring()
}

// abort ends the queue without a word.
func (q *sendq) abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.aborted, q.frames = true, true, nil
	q.ring()
}

func (q *sendq) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// sendEnd is how a queue ended.
type sendEnd struct {
	ended, aborted bool
	code           CloseCode
	text           string
}

// next returns the first waiting frame, or how the queue ended, or neither.
func (q *sendq) next() (frame, bool, sendEnd) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) == 0 {
		return frame{}, false, sendEnd{q.ended, q.aborted, q.code, q.text}
	}
	f := q.frames[0]
	q.frames[0] = frame{}
	q.frames = q.frames[1:]
	if f.state != nil {
		delete(q.slots, f.state.latest.topic)
	}
	if !f.free {
		q.count--
		q.bytes -= f.size()
	}
	return f, true, sendEnd{}
}
