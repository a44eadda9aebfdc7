package ari

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
)

// Node is one Asterisk. Its commands may be called from any goroutine, also before and after Run.
type Node struct {
	cfg   Config
	base  *url.URL
	lanes *lanes
	box   *mailbox

	started  atomic.Bool
	version  atomic.Pointer[Version]
	decoding atomic.Int64 // frames that were no event
	subs     subscriptions
	phones   *phones
}

// New makes a node that does nothing until Run. The error names what is wrong with the configuration.
func New(cfg Config) (*Node, error) {
	base, err := cfg.base()
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, base: base, lanes: newLanes(peerOf(dialer(&cfg), base, cfg.User, string(cfg.Password))), box: newMailbox()}
	n.phones = newPhones(n)
	return n, nil
}

// Name is the node's name in the configuration.
func (n *Node) Name() string { return n.cfg.Name }

// App is the name of the application that calls come to.
func (n *Node) App() string { return n.cfg.App }

// Events is the one ordered stream of all that the node tells. It never drops and never holds up the socket; it is
// closed when Run ends.
func (n *Node) Events() <-chan Message { return n.box.out }

// Backlog is the number of messages that Events has not yet handed over: a measure of how far its reader is behind.
func (n *Node) Backlog() int { return n.box.depth() }

// Undecoded is the number of frames so far that were no event or too large.
func (n *Node) Undecoded() int64 { return n.decoding.Load() }

// Version is what the node said of itself at the last connect; zero before the first.
func (n *Node) Version() Version {
	if v := n.version.Load(); v != nil {
		return *v
	}
	return Version{}
}

// Features is what the node can do; all false before the first connect.
func (n *Node) Features() Features { return FeaturesOf(n.Version()) }

// Run keeps the socket until ctx ends or the node has to be given up, which Events tells as Refused or Replaced just
// before its end. It returns when all of that has been taken from Events, or ctx has ended; its error is ctx's, or why
// the node was given up. It can be called once.
func (n *Node) Run(ctx context.Context) error {
	if n.started.Swap(true) {
		return errors.New("ari: Run called twice")
	}
	defer n.lanes.close()
	var pump sync.WaitGroup
	defer pump.Wait()
	pump.Go(func() { n.box.pump(ctx) })
	defer n.box.close()

	linkCtx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { n.phones.keep(linkCtx) })
	return (&link{node: n, came: make(chan struct{}, 1)}).keep(linkCtx)
}

// subscriptions remembers what was subscribed to, because Asterisk forgets an application that has neither socket nor
// channels.
type subscriptions struct {
	mu      sync.Mutex
	sources map[string]struct{}
}

func (s *subscriptions) add(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sources == nil {
		s.sources = make(map[string]struct{})
	}
	s.sources[source] = struct{}{}
}

func (s *subscriptions) remove(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sources, source)
}

// missing is what Asterisk does not have of it.
func (s *subscriptions) missing(has func(source string) bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for src := range s.sources {
		if !has(src) {
			out = append(out, src)
		}
	}
	return out
}
