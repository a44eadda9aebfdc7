package ari

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// link keeps the application's socket.
type link struct {
	node  *Node
	since time.Time // when the socket was last alive; zero before the first connect
	upAt  time.Time // when the session of now was connected; zero before that
	told  bool      // that it is down

	came chan struct{} // takes one word of any event, for listen
	deaf atomic.Bool   // listen has closed the socket
}

// fatal is an error that no new connection can cure.
type fatal struct {
	kind Kind
	err  error
}

func (f *fatal) Error() string { return f.err.Error() }
func (f *fatal) Unwrap() error { return f.err }

// tell puts a message of now into the one stream.
func (n *Node) tell(m Message) {
	m.Node, m.At = n.cfg.Name, time.Now()
	n.box.put(m)
}

// steady is how long a connection must have held so that after its loss the pauses begin anew.
const steady = 2 * time.Second

// keep connects again and again until ctx ends or a new connection can't help.
func (l *link) keep(ctx context.Context) error {
	t := l.node.cfg.Timeouts
	pause := t.RetryMin
	for {
		l.upAt = time.Time{}
		err := l.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if f := (*fatal)(nil); errors.As(err, &f) {
			l.node.tell(Message{Kind: f.kind, Err: f.err, Since: l.since})
			return fmt.Errorf("ari: node %s: %w", l.node.cfg.Name, f.err)
		}
		if !l.told {
			l.told = true
			l.node.tell(Message{Kind: KindDown, Err: err, Since: l.since})
		}
		if !l.upAt.IsZero() && time.Since(l.upAt) > steady {
			pause = t.RetryMin
		}
		wait := pause/2 + rand.N(pause/2+1) // jitter, lest all nodes come back at once
		l.node.cfg.Log.Warn("no connection to Asterisk", "node", l.node.cfg.Name, "app", l.node.cfg.App, "err", err, "retry_in", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		pause = min(2*pause, t.RetryMax)
	}
}

// session is one socket from its beginning to its loss.
func (l *link) session(ctx context.Context) error {
	if err := l.node.probe(ctx); err != nil {
		return refusal(err)
	}
	s, err := l.node.dialSocket(ctx, l.node.cfg.App)
	if err != nil {
		return refusal(err)
	}
	defer s.close()
	// Frames wait in the socket for the few milliseconds that this takes, so that Up is told before any event.
	if err := l.prepare(ctx); err != nil {
		return refusal(err)
	}
	l.upAt = time.Now()
	if !l.since.IsZero() {
		l.node.tell(Message{Kind: KindGap, Since: l.since})
	}
	l.node.tell(Message{Kind: KindUp, Version: l.node.Version(), Features: l.node.Features()})
	l.node.phones.lookAnew()
	l.told = false
	l.node.cfg.Log.Info("connected to Asterisk", "node", l.node.cfg.Name, "app", l.node.cfg.App, "version", l.node.Version().Text)
	err = l.read(ctx, s)
	l.node.phones.lookAway()
	l.since = s.lastAlive()
	return err
}

// read reads the socket to its end, and makes sure meanwhile that there is something to read.
func (l *link) read(ctx context.Context, s *socket) error {
	l.deaf.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	var listener sync.WaitGroup
	listener.Go(func() { l.listen(ctx, s) })
	err := s.read(ctx, l.frame)
	cancel()
	listener.Wait()
	if l.deaf.Load() {
		return errDeaf
	}
	return err
}

// frame handles one event as it came.
func (l *link) frame(data []byte) error {
	l.noteEvent()
	ev, err := Decode(data)
	if err != nil {
		l.undecoded(err)
		return nil
	}
	if _, ok := ev.(*ApplicationReplaced); ok {
		return &fatal{kind: KindReplaced, err: ErrReplaced}
	}
	if e, ok := ev.(*ChannelUserevent); ok && e.Name == echoEvent {
		return nil
	}
	if e, ok := ev.(*ChannelDestroyed); ok {
		l.node.subs.remove("channel:" + e.Channel.ID)
	}
	l.node.tell(Message{Kind: KindEvent, Event: ev})
	return nil
}

// undecoded counts and logs what was no event. The frame itself is not logged: it may hold names and numbers.
func (l *link) undecoded(err error) {
	if c := l.node.decoding.Add(1); c&(c-1) == 0 { // the 1st, 2nd, 4th, 8th … so that rubbish can't fill the disk
		l.node.cfg.Log.Warn("event left out", "node", l.node.cfg.Name, "app", l.node.cfg.App, "err", err, "so_far", c)
	}
}

// refusal turns what a person must change into fatal.
func refusal(err error) error {
	switch Status(err) {
	case http.StatusUnauthorized:
		return &fatal{kind: KindRefused, err: errLogin}
	case http.StatusForbidden:
		return &fatal{kind: KindRefused, err: errReadOnly}
	}
	return err
}

// probe asks who is there and refuses what is too old.
func (n *Node) probe(ctx context.Context) error {
	info, err := n.Info(ctx)
	if err != nil {
		if IsNotFound(err) {
			return fmt.Errorf("%w (no ARI there: enabled=yes in http.conf and ari.conf? prefix in http.conf? res_ari loaded?)", err)
		}
		if IsNoAnswer(err) {
			return fmt.Errorf("%w (is Asterisk running? does its http.conf have enabled=yes and this address? it is tried again)", err)
		}
		return err
	}
	v, err := ParseVersion(info.SystemInfo.Version)
	if err != nil {
		n.cfg.Log.Warn("version not understood, only what Asterisk 16 can is used", "node", n.cfg.Name, "version", v.Text)
		v.Major = 16
	}
	if v.Major < 16 {
		return &fatal{kind: KindRefused, err: fmt.Errorf("this is Asterisk %s: %w", v.Text, errTooOld)}
	}
	n.version.Store(&v)
	return nil
}

// prepare sets the filter, which also proves that the user may write, and subscribes.
func (l *link) prepare(ctx context.Context) error {
	app, filter := l.node.cfg.App, filterOf(l.node.cfg.Disallow)
	err := l.node.setFilter(ctx, app, filter)
	for try := 0; try < 5 && IsNotFound(err); try++ { // the application may come a moment after its socket
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
			err = l.node.setFilter(ctx, app, filter)
		}
	}
	if err != nil {
		return err
	}
	for _, source := range l.node.lostSubscriptions(ctx) {
		err := l.node.subscribe(ctx, app, source)
		switch {
		case err == nil:
		case IsUnprocessable(err) || Status(err) == http.StatusBadRequest || IsNotFound(err):
			// A channel that ended meanwhile, or a technology that is not loaded: not worth the connection.
			l.node.subs.remove(source)
			l.node.cfg.Log.Info("not subscribed", "node", l.node.cfg.Name, "app", app, "source", source, "err", err)
		default:
			return err
		}
	}
	return nil
}

// lostSubscriptions is what this process has subscribed to and Asterisk no longer has.
func (n *Node) lostSubscriptions(ctx context.Context) []string {
	app, err := n.Application(ctx, n.cfg.App)
	if err != nil {
		return n.subs.missing(func(string) bool { return false })
	}
	has := make(map[string]bool)
	for prefix, ids := range map[string][]string{
		"channel:": app.ChannelIDs, "bridge:": app.BridgeIDs, "endpoint:": app.EndpointIDs, "deviceState:": app.DeviceNames,
	} {
		for _, id := range ids {
			has[prefix+id] = true
		}
	}
	return n.subs.missing(func(s string) bool { return has[s] })
}
