package sim

// counts is what became of the calls of one type in one replication. Times are microseconds.
type counts struct {
	offered   int
	blocked   int // found no trunk; not among the offered
	answered  int
	abandoned int
	waited    int     // longer than nothing
	inTarget  int     // answered within the target
	toAnswer  float64 // sum of the waits of those answered
	waits     float64 // sum of all waits
}

func (c *counts) add(o counts) {
	c.offered += o.offered
	c.blocked += o.blocked
	c.answered += o.answered
	c.abandoned += o.abandoned
	c.waited += o.waited
	c.inTarget += o.inTarget
	c.toAnswer += o.toAnswer
	c.waits += o.waits
}

// meter integrates over time how many agents of a group are on duty, and how many of them are busy.
type meter struct {
	duty, work       int
	last             int64
	dutyTime, atWork float64 // agents times microseconds
}

func (m *meter) advance(now int64) {
	m.dutyTime += float64(m.duty) * float64(now-m.last)
	m.atWork += float64(m.work) * float64(now-m.last)
	m.last = now
}

// tally counts one replication: calls from the end of the warm-up on, agents' time from then until no call comes any more.
type tally struct {
	m      *Model
	types  []counts
	groups []meter
	begun  bool
	ended  bool
}

func newTally(m *Model) *tally {
	return &tally{m: m, types: make([]counts, len(m.Types)), groups: make([]meter, len(m.Groups))}
}

// begin ends the warm-up, if it has not ended.
func (t *tally) begin(now int64) {
	if t.begun {
		return
	}
	t.begun = true
	for i := range t.groups {
		g := &t.groups[i]
		g.last, g.dutyTime, g.atWork = now, 0, 0
	}
}

// end stops the meters: what agents do afterwards does not count.
func (t *tally) end(now int64) {
	for i := range t.groups {
		t.advance(i, now)
	}
	t.ended = true
}

func (t *tally) advance(group int, now int64) *meter {
	g := &t.groups[group]
	if !t.ended {
		g.advance(now)
	}
	return g
}

func (t *tally) on(group int, now int64)   { t.advance(group, now).duty++ }
func (t *tally) off(group int, now int64)  { t.advance(group, now).duty-- }
func (t *tally) busy(group int, now int64) { t.advance(group, now).work++ }
func (t *tally) idle(group int, now int64) { t.advance(group, now).work-- }

func (t *tally) offer(c *call) {
	if c.counted {
		t.types[c.kind].offered++
	}
}

func (t *tally) block(c *call) {
	if c.counted {
		t.types[c.kind].blocked++
	}
}

// answer counts a call whose wait, until the phone rang that was answered, is over.
func (t *tally) answer(c *call, wait int64) {
	if !c.counted {
		return
	}
	k := &t.types[c.kind]
	k.answered++
	k.toAnswer += float64(wait)
	if wait <= t.m.Types[c.kind].Target.Microseconds() {
		k.inTarget++
	}
	k.wait(wait)
}

func (t *tally) abandon(c *call, wait int64) {
	if !c.counted {
		return
	}
	t.types[c.kind].abandoned++
	t.types[c.kind].wait(wait)
}

func (c *counts) wait(us int64) {
	c.waits += float64(us)
	if us > 0 {
		c.waited++
	}
}
