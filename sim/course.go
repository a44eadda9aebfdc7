package sim

import (
	"cmp"
	"container/heap"
	"time"

	"ctid/acd"
)

// Course leads a core through virtual time: what was planned happens when it is due, and so do the core's own timers. Of one
// moment what was planned goes first, in the order of its planning. It has one caller.
type Course struct {
	core *acd.State
	obey func(cmds []acd.Command)
	now  time.Time
	n    int
	acts acts
}

// NewCourse begins at from. obey is told what the core wants done, after each event; it plans, and gives the core nothing itself.
func NewCourse(core *acd.State, from time.Time, obey func(cmds []acd.Command)) *Course {
	return &Course{core: core, obey: obey, now: from}
}

// Now is the virtual time.
func (c *Course) Now() time.Time { return c.now }

// Plan has do done at a moment; one that is past is now.
func (c *Course) Plan(at time.Time, do func()) {
	if at.Before(c.now) {
		at = c.now
	}
	c.n++
	heap.Push(&c.acts, act{at: at, n: c.n, do: do})
}

// Until lets everything happen that is due by then.
func (c *Course) Until(at time.Time) {
	for {
		next, mine := wholeMicros(c.core.Deadline()), false
		if len(c.acts) > 0 && (next.IsZero() || !c.acts[0].at.After(next)) {
			next, mine = c.acts[0].at, true
		}
		if next.IsZero() || next.After(at) {
			break
		}
		if next.After(c.now) {
			c.now = next
		}
		if mine {
			heap.Pop(&c.acts).(act).do()
		} else {
			c.Give(acd.Tick{})
		}
	}
	if at.After(c.now) {
		c.now = at
	}
}

// wholeMicros is the first whole microsecond that is not before t: the core does not see less, so that before then nothing would be due.
func wholeMicros(t time.Time) time.Time {
	if cut := t.Truncate(time.Microsecond); cut.Before(t) {
		return cut.Add(time.Microsecond)
	}
	return t
}

// Give gives the core an event, and has obeyed what it wants.
func (c *Course) Give(ev acd.Event) []acd.Command {
	cmds := c.core.Decide(c.now, ev)
	c.obey(cmds)
	return cmds
}

// act is something that was planned.
type act struct {
	at time.Time
	n  int
	do func()
}

type acts []act

func (a acts) Len() int { return len(a) }
func (a acts) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), cmp.Compare(a[i].n, a[j].n)) < 0
}
func (a acts) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *acts) Push(x any) { *a = append(*a, x.(act)) }

// Pop implements heap.Interface.
func (a *acts) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}
