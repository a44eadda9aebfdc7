//go:build long

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ctid/ws/wsclient"
)

// lateness collects how late events arrive.
type lateness struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *lateness) read(c *wsclient.Client) {
	for f := range c.Frames {
		if f.Type != "link.changed" {
			continue
		}
		var d struct{ Detail string }
		if err := json.Unmarshal(f.Data, &d); err != nil {
			continue
		}
		sent, err := strconv.ParseInt(d.Detail, 10, 64)
		if err != nil {
			continue
		}
		l.mu.Lock()
		l.list = append(l.list, time.Duration(f.Arrived.UnixNano()-sent))
		l.mu.Unlock()
	}
}

// round publishes for 10 s and returns the p99 in milliseconds.
func (f *floor) round(l *lateness) float64 {
	tick := time.NewTicker(time.Second / eventsASec)
	defer tick.Stop()
	l.mu.Lock()
	l.list = nil
	l.mu.Unlock()
	for range 10 * eventsASec {
		<-tick.C
		f.all()
	}
	<-time.After(500 * time.Millisecond) // the last ones arrive
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.list)
	if len(l.list) == 0 {
		f.t.Fatal("nothing arrived")
	}
	return ms(l.list[len(l.list)*99/100])
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// desktopsSoak cuts lines at random and holds what each desktop has folded against a fresh one in the end.
func desktopsSoak(t *testing.T) {
	f := newFloor(t)
	ctx, cancel := context.WithTimeout(t.Context(), *desktopTime)
	defer cancel()
	var cuts, desyncs atomic.Int64
	pages := make([]*page, soakDesktops)
	var wg sync.WaitGroup
	errs := make(chan error, soakDesktops)
	for n := range pages {
		p := &page{agent: idleAgent(n), fold: wsclient.NewFold()}
		pages[n] = p
		rnd := rand.New(rand.NewPCG(uint64(n), 1))
		wg.Go(func() { errs <- f.soak(ctx, p, rnd, &cuts) })
	}
	rnd, tick := rand.New(rand.NewPCG(1, 2)), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		<-tick.C
		f.state(idleAgent(rnd.IntN(soakDesktops)))
	}
	close(f.quiet)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	for _, p := range pages {
		desyncs.Add(int64(p.fold.Desync))
	}
	fmt.Printf("| desktops out of step in %v with %d cuts | %d | 0 |\n", *desktopTime, cuts.Load(), desyncs.Load())
	if desyncs.Load() != 0 || cuts.Load() < int64(soakDesktops) {
		t.Errorf("MISSED: %d out of step in %d cuts", desyncs.Load(), cuts.Load())
	}
}

// soak is one desktop's life: it is cut every few seconds, and in the end it shows what a fresh one is shown.
func (f *floor) soak(ctx context.Context, p *page, rnd *rand.Rand, cuts *atomic.Int64) (err error) {
	var pos *wsclient.Position
	for ctx.Err() == nil {
		if p.c, err = f.dial(p.agent, pos, 256); err != nil {
			return err
		}
		cut := time.After(time.Duration(rnd.Int64N(int64(10 * time.Second))))
		for open := true; open; {
			select {
			case x, ok := <-p.c.Frames:
				if open = ok; ok {
					err = p.fold.Apply(x)
				}
			case <-cut:
				open = false
			}
			if err != nil {
				return err
			}
		}
		p.c.Cut()
		for x := range p.c.Frames { // what it had taken by then counts
			if err := p.fold.Apply(x); err != nil {
				return err
			}
		}
		if errors.Is(p.c.Err(), wsclient.ErrHole) {
			return p.c.Err()
		}
		cuts.Add(1)
		if pos = nil; slices.Contains(p.fold.Whole(), "me") { // one who has seen nothing has nothing to resume
			pos = new(p.c.Pos())
		}
	}
	<-f.quiet
	return f.compare(p, pos)
}

// compare holds a desktop against a fresh one.
func (f *floor) compare(p *page, pos *wsclient.Position) error {
	revs := func(x *page, pos *wsclient.Position) (map[string]uint64, error) {
		c, err := f.dial(x.agent, pos, 256)
		if err != nil {
			return nil, err
		}
		defer c.Cut()
		x.c = c
		owed := -1
		err = x.readUntil(func(fr wsclient.Frame) bool {
			switch {
			case fr.K == "welcome" && fr.Resumed:
				owed = fr.Replay
			case fr.K == "snap" && fr.Last:
				owed = 0
			case fr.K == "event" && owed > 0:
				owed--
			}
			return owed == 0
		})
		return x.fold.Revs(), err
	}
	mine, err := revs(p, pos)
	if err != nil {
		return err
	}
	fresh, err := revs(&page{agent: p.agent, fold: wsclient.NewFold()}, nil)
	if err != nil {
		return err
	}
	if !maps.Equal(mine, fresh) {
		return fmt.Errorf("%s shows %v, a fresh desktop %v", p.agent, mine, fresh)
	}
	return nil
}
