package ari

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// phones looks at the endpoints of a node again and again while it is connected, and tells each that has come or gone as an
// EndpointStateChange of its own making. A subscription to the endpoints would tell it at once, but Asterisk then makes
// JSON of every channel event of every phone a second time: a quarter of what a call costs it.
type phones struct {
	node *Node
	look chan struct{} // full while a look is had, so that none is older than the one before

	mu   sync.Mutex
	anew bool // since the connect no look has been had
	on   bool
	last map[string]phoneLook // by TECH/NAME

	poke chan struct{}
}

// phoneLook is what was seen of a phone.
type phoneLook struct {
	state    string
	channels []string // now
	stayed   []string // now and the time before, as it was told
}

// offline is an endpoint that has no contact that could be reached.
const offline = "offline"

func newPhones(n *Node) *phones {
	return &phones{node: n, last: map[string]phoneLook{}, look: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
}

// lookAnew: the node is connected.
func (p *phones) lookAnew() {
	p.mu.Lock()
	p.anew, p.on = true, true
	p.mu.Unlock()
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// lookAway: the connection is lost.
func (p *phones) lookAway() {
	p.mu.Lock()
	p.on = false
	p.mu.Unlock()
}

// keep looks until ctx ends. Between two looks is Config.Phones, or longer where the answer takes its time, so that
// looking takes a twentieth of it at most.
func (p *phones) keep(ctx context.Context) {
	again := time.NewTimer(p.node.cfg.Phones)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.poke:
		case <-again.C:
		}
		began := time.Now()
		p.all(ctx)
		again.Reset(max(p.node.cfg.Phones, 20*time.Since(began)))
	}
}

// all looks at all phones and tells what has changed.
func (p *phones) all(ctx context.Context) {
	p.mu.Lock()
	on := p.on
	p.mu.Unlock()
	if !on {
		return
	}
	p.look <- struct{}{}
	defer func() { <-p.look }()
	list, err := p.node.Endpoints(ctx, p.node.cfg.Tech)
	if err != nil {
		if ctx.Err() == nil {
			p.node.cfg.Log.Warn("states of phones not read", "node", p.node.cfg.Name, "err", err)
		}
		return
	}
	for _, m := range p.changes(list) {
		p.node.tell(m)
	}
}

// changes compares a look with the one before. The first one after a connect is told as a whole.
func (p *phones) changes(list []EndpointData) (out []Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on {
		return nil
	}
	for _, e := range list {
		name := endpointName(e)
		last := p.last[name]
		if last.state != e.State && !p.anew {
			ev := &EndpointStateChange{}
			ev.Type, ev.Endpoint = "EndpointStateChange", e
			out = append(out, Message{Kind: KindEvent, Event: ev})
		}
		look := phoneLook{state: e.State, channels: e.ChannelIDs, stayed: inBoth(last.channels, e.ChannelIDs)}
		if !slices.Equal(last.stayed, look.stayed) && !p.anew {
			ev := &PhoneCalls{Channels: look.stayed}
			ev.Type, ev.Endpoint = "PhoneCalls", e
			out = append(out, Message{Kind: KindEvent, Event: ev})
		} else {
			look.stayed = last.stayed
		}
		p.last[name] = look
	}
	if p.anew {
		out, p.anew = []Message{{Kind: KindPhones}}, false
	}
	return out
}

// Phones reads all phones. What differs from it later is told.
func (n *Node) Phones(ctx context.Context) ([]EndpointData, error) {
	return n.phones.seen(func() ([]EndpointData, error) { return n.Endpoints(ctx, n.cfg.Tech) })
}

// Phone reads the phone TECH/NAME. What differs from it later is told.
func (n *Node) Phone(ctx context.Context, endpoint string) (EndpointData, error) {
	tech, name, _ := strings.Cut(endpoint, "/")
	list, err := n.phones.seen(func() ([]EndpointData, error) {
		e, err := n.Endpoint(ctx, tech, name)
		return []EndpointData{e}, err
	})
	if err != nil {
		return EndpointData{}, err
	}
	return list[0], nil
}

// seen has a look that somebody else asked for.
func (p *phones) seen(look func() ([]EndpointData, error)) ([]EndpointData, error) {
	p.look <- struct{}{}
	defer func() { <-p.look }()
	list, err := look()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range list {
		look := p.last[endpointName(e)]
		look.state = e.State
		p.last[endpointName(e)] = look
	}
	return list, nil
}

// Unreachable says that a call to TECH/NAME could not be made for want of a contact: when it is there again, that is told,
// however short a time it was away.
func (n *Node) Unreachable(endpoint string) {
	n.phones.mu.Lock()
	defer n.phones.mu.Unlock()
	look := n.phones.last[endpoint]
	look.state = offline
	n.phones.last[endpoint] = look
}

// inBoth are those of b that a has too.
func inBoth(a, b []string) (in []string) {
	for _, id := range b {
		if slices.Contains(a, id) {
			in = append(in, id)
		}
	}
	return in
}
