package ari

import (
	"context"
	"net"
	"sync"
	"time"
)

// Asterisk keeps a thread for each connection of its HTTP server, closes one that rests for 15 s, and allows 100 by default.
const (
	laneCount    = 16                    // requests that two cores of Asterisk have at work are fewer
	laneRest     = 9 * time.Second       // how long a lane may have rested to be taken again
	laneIdle     = 10 * time.Second      // then its connection is closed, before Asterisk does it
	lanePatience = 50 * time.Millisecond // with every lane in use, until a connection outside of them is opened
	besideMax    = 74                    // of those
)

// lanes are the connections that commands go over. A pool that takes the connection used last, as net/http's does, opens more in
// each burst and closes them ten seconds later, all day. Here the lane that has rested longest is taken, so that once a burst has
// opened them all stay warm, and their number does not move. Only where Asterisk holds back so many answers at once, as it does
// while a channel is locked, others are opened beside them; of those the one used last is taken, so that they end with the need.
type lanes struct {
	peer   *peer
	rested chan *lane    // used before; the first has rested longest
	cold   chan *lane    // without a connection
	beside chan struct{} // a place for each that is in use beside them

	mu     sync.Mutex
	spare  []*lane     // of those beside them, with a connection; the last was used last
	tidier *time.Timer // runs while lanes rest
	closed bool
}

func newLanes(p *peer) *lanes {
	l := &lanes{peer: p, rested: make(chan *lane, laneCount), cold: make(chan *lane, laneCount), beside: make(chan struct{}, besideMax)}
	for range laneCount {
		l.cold <- &lane{peer: p}
	}
	return l
}

// take is the lane for a request; it is given back when the answer has been read. The error is ctx's.
func (l *lanes) take(ctx context.Context) (*lane, error) {
	for {
		select {
		case x := <-l.rested:
			if time.Since(x.last) < laneRest {
				return x, nil
			}
			x.hangUp()
			l.cold <- x
			continue
		default:
		}
		break
	}
	select {
	case x := <-l.cold:
		return x, nil
	default:
	}
	patience := time.NewTimer(lanePatience)
	defer patience.Stop()
	select {
	case x := <-l.rested:
		return x, nil
	case x := <-l.cold:
		return x, nil
	case <-patience.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case x := <-l.rested:
		return x, nil
	case x := <-l.cold:
		return x, nil
	case l.beside <- struct{}{}:
		return l.besides(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lanes) besides() *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.spare); n > 0 {
		x := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return x
	}
	return &lane{peer: l.peer, beside: true}
}

// give takes a lane back. One without a connection is cold.
func (l *lanes) give(x *lane) {
	x.last = time.Now()
	switch {
	case x.beside:
		l.spareOne(x)
		<-l.beside
	case x.conn == nil:
		l.cold <- x
	default:
		l.rested <- x
		l.tidyLater()
	}
}

func (l *lanes) spareOne(x *lane) {
	if x.conn == nil {
		return
	}
	l.mu.Lock()
	l.spare = append(l.spare, x)
	l.mu.Unlock()
	l.tidyLater()
}

func (l *lanes) tidyLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		l.tidy(0)
	case l.tidier == nil:
		l.tidier = time.AfterFunc(laneIdle, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.tidy(laneIdle); len(l.rested)+len(l.spare) > 0 && !l.closed {
				l.tidier.Reset(laneIdle / 10)
			} else {
				l.tidier = nil
			}
		})
	}
}

// tidy closes the connections that have rested so long. The others keep their order, but for those taken meanwhile.
func (l *lanes) tidy(rest time.Duration) {
	for len(l.spare) > 0 && time.Since(l.spare[0].last) >= rest {
		l.spare[0].hangUp()
		l.spare = l.spare[1:]
	}
	for range len(l.rested) {
		select {
		case x := <-l.rested:
			if time.Since(x.last) < rest {
				l.rested <- x
				continue
			}
			x.hangUp()
			l.cold <- x
		default:
			return
		}
	}
}

// close closes the connections that are not in use, and from now on each when it is given back.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.tidier != nil {
		l.tidier.Stop()
		l.tidier = nil
	}
	l.tidy(0)
}

// dialer is what opens the connections of cfg.
func dialer(cfg *Config) dialFunc {
	if cfg.Dial != nil {
		return fewAtOnce(cfg.Dial)
	}
	return fewAtOnce((&net.Dialer{Timeout: cfg.Timeouts.Connect}).DialContext)
}
