package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"ctid/ari/aritest"
)

// simulatedPBX is the Asterisk in memory, on a port of loopback.
type simulatedPBX struct {
	server *aritest.Server
	http   *http.Server
	url    string
	wg     sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex
	spans map[string][]span
}

func openSimulated(pace Pace) (*simulatedPBX, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback
	if err != nil {
		return nil, err
	}
	p := &simulatedPBX{url: "http://" + l.Addr().String(), spans: map[string][]span{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.server = aritest.New(aritest.Options{Password: password(), MediaLength: func(string) (time.Duration, bool) {
		return pace.Think / 2, true // a prompt that people know by heart
	}})
	p.http = &http.Server{Handler: p.server, ReadHeaderTimeout: 5 * time.Second}
	p.wg.Go(func() { _ = p.http.Serve(l) }) // ends by Close
	for i, a := range agents {
		phone := p.server.Phone(a.phone, aritest.AnswerAfter(pace.Ring+time.Duration(i)*pace.Ring/10))
		p.wg.Go(func() { p.watch(a.phone, phone) })
	}
	return p, nil
}

// watch notes when a phone is in one bridge with a caller.
func (p *simulatedPBX) watch(number string, phone *aritest.Phone) {
	talks := func() bool { return slices.ContainsFunc(phone.Hears(), isChannel) }
	for {
		if p.server.Until(p.ctx, talks) != nil {
			return
		}
		p.mu.Lock()
		p.spans[number] = append(p.spans[number], span{from: time.Now()})
		n := len(p.spans[number]) - 1
		p.mu.Unlock()
		if p.server.Until(p.ctx, func() bool { return !talks() }) != nil {
			return
		}
		p.mu.Lock()
		p.spans[number][n].to = time.Now()
		p.mu.Unlock()
	}
}

// isChannel tells a person from what else is to be heard: media, music, ringing.
func isChannel(what string) bool {
	return !strings.Contains(what, ":") && what != "ringing" && what != "hold"
}

func (p *simulatedPBX) node() node {
	c := p.server.Config()
	return node{url: p.url, user: c.User, password: string(c.Password)}
}

func (p *simulatedPBX) spoke(phone string, from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return overlap(p.spans[phone], from, to)
}

func (p *simulatedPBX) dial(number, name string) (caller, error) {
	if number == "" {
		number, name = "anonymous", "Anonymous"
	}
	return simulatedCaller{p.server, p.server.Call(aritest.Caller{Number: number, Name: name, DNIS: Number})}, nil
}

func (p *simulatedPBX) stop() error {
	p.cancel()
	p.server.Close()
	err := p.http.Close()
	p.wg.Wait()
	return err
}

type simulatedCaller struct {
	server *aritest.Server
	*aritest.Caller
}

var errOver = errors.New("the call is over")

// until waits for cond, but not beyond the end of the call.
func (c simulatedCaller) until(ctx context.Context, cond func() bool) error {
	over := false
	err := c.server.Until(ctx, func() bool {
		if cond() {
			return true
		}
		over, _ = c.Ended()
		return over
	})
	if err == nil && over {
		return errOver
	}
	return err
}

func (c simulatedCaller) answered(ctx context.Context) error { return c.until(ctx, c.Answered) }

func (c simulatedCaller) hear(ctx context.Context, what sound) error {
	is := isChannel
	if what == queueMusic {
		is = func(uri string) bool { return strings.HasPrefix(uri, "moh:") }
	}
	return c.until(ctx, func() bool { return slices.ContainsFunc(c.Hears(), is) })
}

func (c simulatedCaller) press(_ context.Context, keys string) error {
	if over, _ := c.Ended(); over {
		return errOver
	}
	c.Press(keys)
	return nil
}

func (c simulatedCaller) talk(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-c.Done():
	}
}

func (c simulatedCaller) hangup() error {
	c.Hangup()
	return nil
}
