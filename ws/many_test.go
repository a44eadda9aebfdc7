package ws_test

import (
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws/wsclient"
)

// Short forms of what TestDesktops in bench does with thousands over TCP. In a bubble whoever has to wait is seen by the clock.

// many connects so many agents, each with a page that folds what it gets.
func (r *rig) many(n int) []*desktop {
	out := make([]*desktop, n)
	for i := range out {
		d := &desktop{token: fmt.Sprintf("many%03d", i), fold: wsclient.NewFold()}
		r.auth.tokens[d.token] = ctid.Who{User: d.token, Agent: ctid.AgentID(d.token), Roles: []ctid.Role{ctid.RoleAgent}}
		d.c = r.dial(d.token, nil)
		out[i] = d
	}
	for _, d := range out {
		r.apply(d)
	}
	return out
}

// apply folds all that a page has got.
func (r *rig) apply(d *desktop) []wsclient.Frame {
	r.t.Helper()
	frames := drain(d.c)
	for _, f := range frames {
		if err := d.fold.Apply(f); err != nil {
			r.t.Fatal(err)
		}
	}
	return frames
}

// All desktops of one address are cut at once and come back: nobody is kept out or made to wait, each gets the events that it
// is owed, and then shows what the hub has.
func TestManyComeBack(t *testing.T) {
	const desktops, owed = 300, 5
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		all := r.many(desktops)
		for _, d := range all {
			d.c.Cut()
			for rev := range owed {
				r.agentState(ctid.AgentID(d.token), uint64(rev+1), ctid.Ready)
			}
		}
		synctest.Wait()
		began := time.Now()
		for _, d := range all {
			d.c = r.dial(d.token, resumeAt(d.c.Pos()))
		}
		for _, d := range all {
			fs := r.apply(d)
			if len(fs) == 0 || !fs[0].Resumed || fs[0].Replay != owed || len(kinds(fs, "event")) != owed {
				t.Fatalf("%s is owed %d events and got %+v, %v", d.token, owed, fs, d.c.Err())
			}
			if d.fold.Desync != 0 || !maps.Equal(d.fold.Revs(), fs[0].Revs) {
				t.Errorf("%s shows %v, the hub has %v", d.token, d.fold.Revs(), fs[0].Revs)
			}
			d.c.Cut()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("somebody waited %v", took)
		}
		if s := r.hub.Stats(); s.Resumed != desktops {
			t.Errorf("%d of %d have resumed", s.Resumed, desktops)
		}
	})
}

// One in ten stops reading: each is cut off once its line is full, and not before; nobody else gets anything late; and
// who was cut off comes back without a loss.
func TestManyStopReading(t *testing.T) {
	const desktops, stopped, events = 100, 10, 560
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		var late, got atomic.Int64
		slow := map[string]*wsclient.Client{}
		for i, d := range r.many(desktops) {
			if i < stopped {
				d.c.Cut()
				slow[d.token] = r.dial(d.token, func(c *wsclient.Config) { c.Buffer = 1 })
				continue
			}
			defer d.c.Cut()
			go func() { // ends with the connection
				for f := range d.c.Frames {
					if f.Type == "link.changed" {
						got.Add(1)
						if !f.Arrived.Equal(f.At) {
							late.Add(1)
						}
					}
				}
			}()
		}
		synctest.Wait()
		for n := range events {
			r.publish(ctid.Event{Rev: uint64(n + 1), Body: ctid.LinkChanged{PBX: "a", State: "up"}})
			pass(5 * time.Millisecond)
			if s := r.hub.Stats(); n == 500 && s.Slow != 0 {
				t.Errorf("%d were cut off although there was room", s.Slow)
			}
		}
		if s := r.hub.Stats(); s.Slow != stopped || s.Sessions != desktops-stopped {
			t.Errorf("%d were cut off, %d are left; %d had stopped reading", s.Slow, s.Sessions, stopped)
		}
		if got.Load() != events*(desktops-stopped) || late.Load() != 0 {
			t.Errorf("the others got %d events, %d of them late", got.Load(), late.Load())
		}
		for token, c := range slow {
			before := len(kinds(drain(c), "event"))
			c.Cut()
			before += len(kinds(drain(c), "event"))
			back := r.dial(token, resumeAt(c.Pos()))
			fs := drain(back)
			if n := before + len(kinds(fs, "event")); !fs[0].Resumed || n != events {
				t.Errorf("it had %d events in all, of %d: %s", n, events, fs[0].Raw)
			}
			back.Cut()
		}
	})
}
