package ari

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// link keeps one socket of one application.
type link struct {
	node    *Node
	app     string
	filter  eventFilter
	probe   func(context.Context) error // before the socket; nil for none
	sources func(context.Context) []string
	up      func(gap bool, since time.Time)
	down    Kind // what to tell when the socket is lost
	deliver func(Event) bool

	since time.Time // when the socket was last alive; zero before the first connect
	upAt  time.Time // when the session of now was connected; zero before that
	told  bool      // that it is down
}

// fatal is an error that no new connection can cure.
type fatal struct {
	kind Kind
	err  error
}

func (f *fatal) Error() string { return f.err.Error() }
func (f *fatal) Unwrap() error { return f.err }

func (n *Node) mainLink(firstUp func()) *link {
	return &link{
		node: n, app: n.cfg.App, filter: filterOf(nil, n.cfg.Disallow), down: KindDown,
		probe: n.probe, sources: n.lostSubscriptions,
		deliver: func(ev Event) bool {
			if e, ok := ev.(*ChannelDestroyed); ok {
				n.subs.remove("channel:" + e.Channel.ID)
			}
			return true
		},
		up: func(gap bool, since time.Time) {
			if gap {
				n.tell(Message{Kind: KindGap, Since: since})
			}
			n.tell(Message{Kind: KindUp, Version: n.Version(), Features: n.Features()})
			firstUp()
		},
	}
}

func (n *Node) stateLink() *link {
	st := &states{node: n, allowed: make(map[string]bool, len(stateTypes)), last: map[string]string{}}
	for _, t := range stateTypes {
		st.allowed[t] = true
	}
	return &link{
		node: n, app: n.cfg.StateApp, filter: filterOf(stateTypes, nil), down: KindStateDown,
		sources: st.begin, deliver: st.deliver,
		up: func(bool, time.Time) { n.tell(Message{Kind: KindStateUp}) },
	}
}

// states keeps the second socket's door. Asterisk sends an EndpointStateChange at the beginning and end of each
// channel, mostly with the state that was before: those are left out.
type states struct {
	node    *Node
	allowed map[string]bool
	last    map[string]string // state by endpoint
}

// begin notes the states of now. Who is told StateUp reads them after this, so nothing is missed.
func (s *states) begin(ctx context.Context) []string {
	clear(s.last)
	list, err := s.node.Endpoints(ctx, "")
	if err != nil {
		s.node.cfg.Log.Warn("states of endpoints not read", "node", s.node.cfg.Name, "err", err)
	}
	for _, e := range list {
		s.last[endpointName(e)] = e.State
	}
	return s.node.cfg.StateSources
}

// deliver checks the type too, because the filter is set a moment after the socket is there.
func (s *states) deliver(ev Event) bool {
	if e, ok := ev.(*EndpointStateChange); ok {
		name := endpointName(e.Endpoint)
		if s.last[name] == e.Endpoint.State {
			return false
		}
		s.last[name] = e.Endpoint.State
	}
	return s.allowed[ev.Header().Type]
}

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
			kind := f.kind
			if l.down == KindStateDown {
				kind = KindStateDown
			}
			l.node.tell(Message{Kind: kind, Err: f.err, Since: l.since})
			return fmt.Errorf("ari: node %s: %w", l.node.cfg.Name, f.err)
		}
		if !l.told {
			l.told = true
			l.node.tell(Message{Kind: l.down, Err: err, Since: l.since})
		}
		if !l.upAt.IsZero() && time.Since(l.upAt) > steady {
			pause = t.RetryMin
		}
		wait := pause/2 + rand.N(pause/2+1) // jitter, lest all nodes come back at once
		l.node.cfg.Log.Warn("no connection to Asterisk", "node", l.node.cfg.Name, "app", l.app, "err", err, "retry_in", wait)
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
	if l.probe != nil {
		if err := l.probe(ctx); err != nil {
			return refusal(err)
		}
	}
	s, err := l.node.dialSocket(ctx, l.app)
	if err != nil {
		return refusal(err)
	}
	defer s.close()
	// Frames wait in the socket for the few milliseconds that this takes, so that Up is told before any event.
	if err := l.prepare(ctx); err != nil {
		return refusal(err)
	}
	l.upAt = time.Now()
	l.up(!l.since.IsZero(), l.since)
	l.told = false
	l.node.cfg.Log.Info("connected to Asterisk", "node", l.node.cfg.Name, "app", l.app, "version", l.node.Version().Text)
	err = s.read(ctx, l.frame)
	l.since = s.lastAlive()
	return err
}

// frame handles one event as it came.
func (l *link) frame(data []byte) error {
	ev, err := Decode(data)
	if err != nil {
		l.undecoded(err)
		return nil
	}
	if _, ok := ev.(*ApplicationReplaced); ok {
		return &fatal{kind: KindReplaced, err: ErrReplaced}
	}
	if l.deliver(ev) {
		l.node.tell(Message{Kind: KindEvent, Event: ev})
	}
	return nil
}

// undecoded counts and logs what was no event. The frame itself is not logged: it may hold names and numbers.
func (l *link) undecoded(err error) {
	if c := l.node.decoding.Add(1); c&(c-1) == 0 { // the 1st, 2nd, 4th, 8th … so that rubbish can't fill the disk
		l.node.cfg.Log.Warn("event left out", "node", l.node.cfg.Name, "app", l.app, "err", err, "so_far", c)
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
	err := l.node.setFilter(ctx, l.app, l.filter)
	for try := 0; try < 5 && IsNotFound(err); try++ { // the application may come a moment after its socket
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
			err = l.node.setFilter(ctx, l.app, l.filter)
		}
	}
	if err != nil {
		return err
	}
	for _, source := range l.sources(ctx) {
		err := l.node.subscribe(ctx, l.app, source)
		switch {
		case err == nil:
		case IsUnprocessable(err) || Status(err) == http.StatusBadRequest || IsNotFound(err):
			// A channel that ended meanwhile, or a technology that is not loaded: not worth the connection.
			l.node.subs.remove(source)
			l.node.cfg.Log.Info("not subscribed", "node", l.node.cfg.Name, "app", l.app, "source", source, "err", err)
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
