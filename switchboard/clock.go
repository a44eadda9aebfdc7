package switchboard

import (
	"sync/atomic"
	"time"

	"ctid"
)

// clock gives two times. steady never jumps: durations and timers hang on it. wall is what the world's clocks say:
// facts and records carry it. They begin equal and part when somebody sets the machine's clock. Where it was set back while no ctid ran,
// they begin apart: steady goes on from the last time of the earlier run, or each of its timers would stand still until the clock is there again.
type clock struct {
	read   func() time.Time
	start  time.Time
	ahead  time.Duration        // of steady before wall at the start
	moved  func() time.Duration // how far the wall clock has been set since the start
	offset atomic.Int64         // wall minus steady, in nanoseconds
}

// newClock begins now, or at last if that is later.
func newClock(read func() time.Time, last time.Time) *clock {
	c := &clock{read: read, start: read()}
	c.ahead = max(0, last.Sub(c.start))
	c.offset.Store(-int64(c.ahead))
	c.moved = func() time.Duration {
		t := c.read()
		return t.Round(0).Sub(c.start.Round(0)) - t.Sub(c.start)
	}
	return c
}

// steady is the start's wall time, or the last of the earlier run, and what has really passed since.
func (c *clock) steady() time.Time { return c.start.Add(c.ahead + c.read().Sub(c.start)) }

// wall is the wall time of a steady one.
func (c *clock) wall(steady time.Time) time.Time {
	return steady.Add(time.Duration(c.offset.Load())).Round(0).UTC()
}

// kept is the wall time of a steady one for the next run; zero stays zero.
func (c *clock) kept(steady time.Time) time.Time {
	if steady.IsZero() {
		return time.Time{}
	}
	return c.wall(steady)
}

// began is the steady time of a wall one of the earlier run.
func (c *clock) began(wall time.Time) time.Time { return wall.Add(c.ahead) }

// step notices that the wall clock was set by more than 2 s, and says by how much.
func (c *clock) step() time.Duration {
	all := c.moved() - c.ahead
	by := all - time.Duration(c.offset.Load())
	if by.Abs() <= 2*time.Second {
		return 0
	}
	c.offset.Store(int64(all))
	return by
}

// lastOf is the latest time that the core of an earlier run was given.
func (h History) lastOf() time.Time {
	var last time.Time
	if h.Core != nil {
		last = h.Core.Now
	}
	for _, p := range h.Events {
		if p.At.After(last) {
			last = p.At
		}
	}
	return last
}

// shifted has each time of l moved, so that what was kept as wall time can be compared with steady times, or the other way round.
func shifted(l *ctid.Live, by time.Duration) *ctid.Live {
	if l == nil || by == 0 {
		return l
	}
	move := func(ts ...*time.Time) {
		for _, t := range ts {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	out := *l
	if l.Queue != nil {
		q := *l.Queue
		move(&q.Entered, &q.Until)
		out.Queue = &q
	}
	if l.Callback != nil {
		o := *l.Callback
		move(&o.Due, &o.Until)
		out.Callback = &o
	}
	if l.Talk != nil {
		t := *l.Talk
		move(&t.Since)
		out.Talk = &t
	}
	if l.Parked != nil {
		p := *l.Parked
		move(&p.Until)
		out.Parked = &p
	}
	if l.Rung != nil {
		r := *l.Rung
		move(&r.Since, &r.Until)
		out.Rung = &r
	}
	out.Guests = nil
	for _, g := range l.Guests {
		move(&g.Since)
		out.Guests = append(out.Guests, g)
	}
	return &out
}
