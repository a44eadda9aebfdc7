package ari

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Asterisk keeps a thread for each connection of its HTTP server, closes one that rests for 15 s, and allows 100 by default.
const (
	laneCount    = 16                    // requests that two cores of Asterisk have at work are fewer
	laneRest     = 9 * time.Second       // how long a lane may have rested to be taken again
	laneIdle     = 10 * time.Second      // then its connection is closed, before Asterisk does it
	lanePatience = 50 * time.Millisecond // with every lane in use, until a connection outside of them is opened
	extraMax     = 74                    // of those
)

// lanes are the connections that commands go over. A pool that takes the connection used last, as net/http's does, opens more in
// each burst and closes them ten seconds later, all day. Here the lane that has rested longest is taken, so that once a burst has
// opened them all stay warm, and their number does not move. Only where Asterisk holds back so many answers at once, as it does
// while a channel is locked, others are opened beside them.
type lanes struct {
	rested chan *lane // used before; the first has rested longest
	cold   chan *lane // without a connection
	extra  *lane
}

// lane is one connection: it is used by one request at a time. The extra one is a pool.
type lane struct {
	transport *http.Transport
	client    *http.Client
	last      time.Time
}

func newLanes(dial dialFunc) *lanes {
	l := &lanes{rested: make(chan *lane, laneCount), cold: make(chan *lane, laneCount), extra: newLane(dial, extraMax)}
	for range laneCount {
		l.cold <- newLane(dial, 0)
	}
	return l
}

// newLane makes one of at most so many connections; 0: no limit but its use.
func newLane(dial dialFunc, limit int) *lane {
	t := &http.Transport{
		DialContext:         dial,
		MaxIdleConnsPerHost: max(limit, 1),
		MaxConnsPerHost:     limit,
		IdleConnTimeout:     laneIdle,
		DisableCompression:  true, // and no time limits: the request's context holds them
	}
	return &lane{transport: t, client: &http.Client{Transport: t}}
}

// take is the lane for a request; it is given back when the answer has been read. The error is ctx's.
func (l *lanes) take(ctx context.Context) (*lane, error) {
	for {
		select {
		case x := <-l.rested:
			if time.Since(x.last) < laneRest {
				return x, nil
			}
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
	case <-patience.C:
		return l.extra, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lanes) give(x *lane) {
	if x == l.extra {
		return
	}
	x.last = time.Now()
	l.rested <- x
}

// close closes the connections that are not in use.
func (l *lanes) close() {
	l.extra.transport.CloseIdleConnections()
	for range laneCount {
		select {
		case x := <-l.rested:
			x.transport.CloseIdleConnections()
			l.cold <- x
		default:
			return
		}
	}
}

// dialer is what opens the connections of cfg.
func dialer(cfg *Config) dialFunc {
	if cfg.Dial != nil {
		return fewAtOnce(cfg.Dial)
	}
	return fewAtOnce((&net.Dialer{Timeout: cfg.Timeouts.Connect}).DialContext)
}
