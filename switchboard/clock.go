package switchboard

import (
	"sync/atomic"
	"time"
)

// clock gives two times. steady never jumps: durations and timers hang on it. wall is what the world's clocks say:
// facts and records carry it. They begin equal and part when somebody sets the machine's clock.
type clock struct {
	read   func() time.Time
	start  time.Time
	offset atomic.Int64 // wall minus steady, in nanoseconds
}

func newClock(read func() time.Time) *clock { return &clock{read: read, start: read()} }

// steady is the start's wall time and what has really passed since.
func (c *clock) steady() time.Time { return c.start.Add(c.read().Sub(c.start)) }

// wall is the wall time of a steady one.
func (c *clock) wall(steady time.Time) time.Time {
	return steady.Add(time.Duration(c.offset.Load())).Round(0).UTC()
}

// step notices that the wall clock was set by more than 2 s, and says by how much.
func (c *clock) step() time.Duration {
	t := c.read()
	real := t.Round(0).Sub(c.start.Round(0)) - t.Sub(c.start)
	moved := real - time.Duration(c.offset.Load())
	if moved.Abs() <= 2*time.Second {
		return 0
	}
	c.offset.Store(int64(real))
	return moved
}
