//go:build long

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

var desktopTime = flag.Duration("desktops", 30*time.Minute, "how long TestDesktops keeps cutting lines")

// What TestDesktops asks for.
const (
	allDesktops  = 2000
	backWithin   = 3 * time.Second
	readers      = 1000 // of the comparison with and without readers who stop
	slowTimes    = 1.5
	slowRounds   = 5
	eventsASec   = 20
	soakDesktops = 200
)

// noDesk does what it is asked, which is nothing.
type noDesk struct{}

func (noDesk) Do(_ context.Context, _ ctid.Who, _ ctid.Action, reply func(ctid.Reply)) {
	reply(ctid.Reply{Phase: ctid.Done})
}

// floor is a hub on TCP with the events that it is given.
type floor struct {
	t    *testing.T
	hub  *ws.Hub
	addr string
	mu   sync.Mutex
	seq  uint64
	revs map[ctid.AgentID]uint64

	quiet chan struct{} // closed when no more is published
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{t: t, revs: map[ctid.AgentID]uint64{}, quiet: make(chan struct{})}
	f.hub = ws.New(ws.Config{Auth: everybody{}, Desk: noDesk{}, Epoch: "E1", Log: slog.New(slog.DiscardHandler)})
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = ln.Addr().String()
	srv := &http.Server{Handler: f.hub, ReadHeaderTimeout: time.Minute}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(ln) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := f.hub.Close(ctx); err != nil {
			t.Error(err)
		}
		_ = srv.Close()
		served.Wait()
	})
	return f
}

func (f *floor) publish(e ctid.Event) {
	f.seq++
	e.Seq, e.Epoch, e.At = f.seq, "E1", time.Now()
	f.hub.Publish(e)
}

// state publishes a new state of an agent.
func (f *floor) state(a ctid.AgentID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revs[a]++
	f.publish(ctid.Event{Rev: f.revs[a], Agent: a, Agents: []ctid.AgentID{a},
		Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: a, State: ctid.Ready, Since: time.Now()}}})
}

// all publishes an event that everybody gets, with the time it left.
func (f *floor) all() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.publish(ctid.Event{Rev: f.seq, Body: ctid.LinkChanged{PBX: "a", State: "up", Detail: strconv.FormatInt(time.Now().UnixNano(), 10)}})
}

func (f *floor) dial(a ctid.AgentID, pos *wsclient.Position, buffer int) (*wsclient.Client, error) {
	return wsclient.Dial(f.t.Context(), wsclient.Config{URL: "ws://" + f.addr + "/ws", HeaderToken: string(a), ID: string(a), Resume: pos, Buffer: buffer})
}

// page is a desktop that folds what it gets.
type page struct {
	agent ctid.AgentID
	c     *wsclient.Client
	fold  *wsclient.Fold
}

// readUntil folds what comes until done says so.
func (p *page) readUntil(done func(f wsclient.Frame) bool) error {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		select {
		case f, ok := <-p.c.Frames:
			if !ok {
				return fmt.Errorf("%s: %w", p.agent, p.c.Err())
			}
			if err := p.fold.Apply(f); err != nil {
				return err
			}
			if done(f) {
				return nil
			}
		case <-limit.C:
			return fmt.Errorf("%s: nothing came for a minute", p.agent)
		}
	}
}

// TestDesktops cuts many desktops off at once, lets some stop reading, and goes on cutting for half an hour.
func TestDesktops(t *testing.T) {
	fmt.Print("\n| figure | measured | target |\n|---|---|---|\n")
	t.Run("back", desktopsBack)
	t.Run("slow", desktopsSlow)
	t.Run("soak", desktopsSoak)
}

// together runs something for each desktop at once.
func together(t *testing.T, pages []*page, what func(p *page) error) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for _, p := range pages {
		wg.Go(func() {
			if err := what(p); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(failed) > 0 {
		t.Fatalf("%d desktops: %v", len(failed), failed[0])
	}
}

// resume comes back by position and reads the events that it is owed. It says when it was let in and when it had them.
func (f *floor) resume(p *page, events int) (in, had time.Time, err error) {
	pos := p.c.Pos()
	if p.c, err = f.dial(p.agent, &pos, 256); err != nil {
		return in, had, err
	}
	owed, wrong := -1, error(nil)
	err = p.readUntil(func(x wsclient.Frame) bool {
		switch x.K {
		case "welcome":
			in, owed = x.Arrived, x.Replay
			if !x.Resumed || owed != events {
				wrong = fmt.Errorf("%s is owed %d events, resumed %v, %s", p.agent, x.Replay, x.Resumed, x.Why)
				return true
			}
		case "event":
			owed--
		}
		return owed == 0
	})
	return in, time.Now(), errors.Join(err, wrong)
}

// desktopsBack measures how soon all desktops have resumed, from the first that was let in.
func desktopsBack(t *testing.T) {
	const missed = 5
	f := newFloor(t)
	pages := make([]*page, allDesktops)
	for n := range pages {
		pages[n] = &page{agent: idleAgent(n), fold: wsclient.NewFold()}
	}
	together(t, pages, func(p *page) (err error) {
		if p.c, err = f.dial(p.agent, nil, 256); err != nil {
			return err
		}
		return p.readUntil(func(x wsclient.Frame) bool { return x.K == "snap" && x.Last })
	})
	for _, p := range pages {
		p.c.Cut()
		for range missed {
			f.state(p.agent)
		}
	}
	var mu sync.Mutex
	var first, last time.Time
	together(t, pages, func(p *page) error {
		in, had, err := f.resume(p, missed)
		mu.Lock()
		defer mu.Unlock()
		if first.IsZero() || in.Before(first) {
			first = in
		}
		if had.After(last) {
			last = had
		}
		return err
	})
	desync := 0
	for _, p := range pages {
		desync += p.fold.Desync
		p.c.Cut()
	}
	took := last.Sub(first)
	fmt.Printf("| %d desktops resumed after the first, s | %.2f | ≤ %.0f |\n", allDesktops, took.Seconds(), backWithin.Seconds())
	if took > backWithin || desync != 0 {
		t.Errorf("MISSED: all were back %v after the first was let in, %d not as they should be", took, desync)
	}
}

// desktopsSlow compares the time an event takes to those who read, while all read and while one in ten has stopped.
func desktopsSlow(t *testing.T) {
	f := newFloor(t)
	var late lateness
	for n := range readers * 9 / 10 {
		c, err := f.dial(idleAgent(n), nil, 1024)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); late.read(c) }()
		t.Cleanup(func() { c.Cut(); <-done })
	}
	f.round(&late) // warms up
	var ratios []float64
	before, most := heap(), uint64(0)
	for range slowRounds {
		good := f.round(&late)
		var stopped []*wsclient.Client
		for n := range readers / 10 {
			c, err := f.dial(idleAgent(readers+n), nil, 1) // nobody reads its frames
			if err != nil {
				t.Fatal(err)
			}
			stopped = append(stopped, c)
		}
		bad := f.round(&late)
		most = max(most, heap())
		for _, c := range stopped {
			c.Cut()
		}
		ratios = append(ratios, bad/good)
	}
	grown := float64(int64(most)-int64(before)) / (readers / 10) / (1 << 20)
	fmt.Printf("| p99 of those who read, one in ten having stopped, of that with all reading | %s × | ≤ %.1f |\n", spread(ratios), slowTimes)
	fmt.Printf("| memory for each that has stopped, MB | %.2f | ≤ 2 |\n", grown)
	if median(ratios) > slowTimes || grown > 2 {
		t.Errorf("MISSED: p99 %.2f ×, %.2f MB each", median(ratios), grown)
	}
}
