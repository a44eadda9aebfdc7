package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// echoEvent is the event that a node has Asterisk send to its own application, to see that events still come.
const echoEvent = "ctid_echo"

const (
	echoFirst = 500 * time.Millisecond // after the connect; doubled up to the pause of the pings
	echoWait  = 3 * time.Second        // for any event at all, once Asterisk has said that it sent ours
)

var errDeaf = errors.New("events no longer come through the event socket (an older socket's end took the application from Asterisk's side)")

// listen asks Asterisk again and again for an event, and closes the socket when none comes: the end of an older socket, noticed
// late, takes the application from the new one, which stays open and answers pings. Any event counts, so that Asterisk may be
// far behind with its events under load; an Asterisk that doesn't answer the request has said nothing either way.
func (l *link) listen(ctx context.Context, s *socket) {
	pause := min(echoFirst, s.ping)
	for {
		if !sleep(ctx, pause) {
			return
		}
		select {
		case <-l.came: // before we asked
		default:
		}
		err := l.node.echo(ctx)
		if IsNotFound(err) || err == nil && !l.hears(ctx) {
			l.deaf.Store(true)
			s.close()
			return
		}
		pause = min(2*pause, s.ping)
	}
}

// hears says whether an event came in time; also true when ctx ends, as that says nothing.
func (l *link) hears(ctx context.Context) bool {
	late := time.NewTimer(echoWait)
	defer late.Stop()
	select {
	case <-l.came:
		return true
	case <-ctx.Done():
		return true
	case <-late.C:
		return false
	}
}

// noteEvent wakes who waits for any event.
func (l *link) noteEvent() {
	select {
	case l.came <- struct{}{}:
	default:
	}
}

// echo has Asterisk send the application an event that means nothing.
func (n *Node) echo(ctx context.Context) error {
	return n.do(ctx, request{
		op: "echo", target: n.cfg.App, method: http.MethodPost, path: []string{"events", "user", echoEvent},
		query: url.Values{"application": {n.cfg.App}}, again: sendAgain,
	})
}

// sleep is false when ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
