package scenariotest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ctid/ari"
)

// Site is an Asterisk with telephones.
type Site interface {
	// Config is how a node reaches it.
	Config() ari.Config
	// Call places a call from outside.
	Call(ctx context.Context, dnis, number, name string) (Caller, error)
	// Phone tells an agent's phone, or "carrier" for the telephones outside, what to do: a behaviour or an act, as in the
	// steps.
	Phone(ctx context.Context, number string, words []string) error
	// Hears says whether a hears b at this moment.
	Hears(ctx context.Context, a, b Party) (bool, error)
}

// Party is who hears and is heard: a caller from outside, or the newest call of a phone.
type Party struct {
	Caller Caller // nil for a phone
	Phone  string
}

// Caller is someone who calls from outside.
type Caller interface {
	Press(ctx context.Context, keys string) error
	Hangup(ctx context.Context) error
}

const (
	patience = 8 * time.Second
	fast     = 300 * time.Millisecond
)

// runner is one run of one scenario.
type runner struct {
	renderer
	site    Site
	node    *ari.Node
	events  <-chan ari.Message
	told    map[string][]string
	seen    map[string]int // how far expect has come
	kinds   []string       // messages about the node not yet expected
	callers map[string]Caller
	coming  map[string][]string // names for the next channels of an endpoint, in the order of their calls
	pairs   map[string]string   // names of Local channels without their half
	status  atomic.Int64        // of the last answer

	mu    sync.Mutex
	conns []net.Conn
}

// Run runs a scenario and returns what was told of each name.
func Run(ctx context.Context, s *Scenario, site Site) (map[string][]string, error) {
	cfg := site.Config()
	r := &runner{
		renderer: renderer{prefix: fmt.Sprintf("%s-%d.", s.Name, time.Now().UnixNano()), names: map[string]string{}, called: map[string]string{}},
		site:     site, told: map[string][]string{}, seen: map[string]int{}, callers: map[string]Caller{},
		coming: map[string][]string{}, pairs: map[string]string{},
	}
	cfg.Dial, cfg.Phones = r.dialer(cfg.Dial), time.Hour // what a scenario sees is Asterisk's own telling
	cfg.Observe = func(_ string, status int, _ time.Duration) { r.status.Store(int64(status)) }
	node, err := ari.New(cfg)
	if err != nil {
		return nil, err
	}
	r.node, r.events = node, node.Events()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = node.Run(ctx) // its end is told by Events
	}()
	defer func() {
		cancel()
		<-ended
	}()
	if err := errors.Join(r.expectKind(ctx, "up"), r.expectKind(ctx, "phones")); err != nil {
		return nil, err
	}
	for _, step := range s.Steps {
		if err := r.step(ctx, step.Words); err != nil {
			return r.told, fmt.Errorf("%s.txt:%d: %s: %w", s.Name, step.Line, strings.Join(step.Words, " "), err)
		}
	}
	r.pass(ctx, 400*time.Millisecond)
	for name, lines := range r.told {
		forwarded := slices.ContainsFunc(r.told[name+":dial"], func(l string) bool { return strings.Contains(l, " forward ") })
		r.told[name] = settle(lines, forwarded)
		if strings.HasPrefix(name, "PJSIP/") && !s.registers() {
			delete(r.told, name) // a phone's qualification comes when it comes
		}
	}
	return r.told, nil
}

// dialer remembers connections so that they can be cut.
func (r *runner) dialer(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.conns = append(r.conns, c)
		}
		return c, err
	}
}

func (r *runner) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

func (r *runner) step(ctx context.Context, w []string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	switch {
	case w[0] == "phone" && len(w) == 5 && w[2] == "dial":
		r.coming[w[1]] = append(r.coming[w[1]], w[3])
		return r.site.Phone(ctx, w[1], []string{"dial", w[4]})
	case w[0] == "phone" && len(w) >= 3:
		return r.site.Phone(ctx, w[1], w[2:])
	case (w[0] == "hear" || w[0] == "deaf") && len(w) == 3:
		return r.ears(ctx, w[1], w[2], w[0] == "hear")
	case w[0] == "call" && len(w) >= 5:
		c, err := r.site.Call(ctx, w[2], w[4], strings.Join(w[5:], " "))
		r.callers[w[1]] = c
		r.coming["carrier"] = append(r.coming["carrier"], w[1])
		return err
	case w[0] == "caller" && len(w) >= 3 && r.callers[w[1]] != nil:
		if w[2] == "hangup" {
			return r.callers[w[1]].Hangup(ctx)
		}
		return r.callers[w[1]].Press(ctx, w[3])
	case w[0] == "do":
		return r.do(ctx, w[1:])
	case w[0] == "expect" && len(w) == 2:
		return r.expectKind(ctx, w[1])
	case w[0] == "expect":
		return r.expect(ctx, w[1], strings.Join(w[2:], " "))
	case w[0] == "cut":
		r.cut()
		return nil
	case w[0] == "settle":
		r.pass(ctx, parseDuration(w, 1, 0))
		return nil
	}
	return errors.New("no such step")
}

// take notes one message.
func (r *runner) take(m ari.Message) {
	if m.Kind != ari.KindEvent {
		r.kinds = append(r.kinds, m.Kind.String())
		return
	}
	_, starts := m.Event.(*ari.StasisStart)
	for _, ch := range channelsIn(reflect.ValueOf(m.Event)) {
		r.meet(ch, starts)
		if name := r.name(ch.ID); name != ch.ID || strings.HasPrefix(ch.ID, r.prefix) {
			r.called[ch.Name] = name
		}
	}
	if name, line := r.event(m.Event); name != "" {
		r.told[name] = append(r.told[name], line)
	}
}

// until takes messages until cond holds.
func (r *runner) until(ctx context.Context, cond func() bool) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !cond() {
		select {
		case m, ok := <-r.events:
			if !ok {
				return errors.New("the node has ended")
			}
			r.take(m)
		case <-limit.C:
			return errors.New("that was not told")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// pass takes messages for a while.
func (r *runner) pass(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_ = r.until(ctx, func() bool { return false }) // its end is the time's
}

func (r *runner) expect(ctx context.Context, name, line string) error {
	err := r.until(ctx, func() bool {
		for i, l := range r.told[name][r.seen[name]:] {
			if l == line || strings.HasPrefix(l, line+" ") {
				r.seen[name] += i + 1
				return true
			}
		}
		return false
	})
	if err != nil {
		err = fmt.Errorf("%w; of %s was told %q", err, name, r.told[name])
	}
	return err
}

func (r *runner) expectKind(ctx context.Context, kind string) error {
	return r.until(ctx, func() bool {
		i := slices.Index(r.kinds, kind)
		if i >= 0 {
			r.kinds = slices.Delete(r.kinds, i, i+1)
		}
		return i >= 0
	})
}
