package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// conduct is what a caller does.
type conduct int

const (
	stays         conduct = iota // until an agent has talked with him
	leavesScript                 // hangs up before he has chosen
	leavesWaiting                // hangs up before an agent answers
)

// patience is how long one who stays waits in the queue before the demo takes the centre for stuck.
const patience = 90 * time.Second

// guest is somebody who calls the demo's centre, and what came of it.
type guest struct {
	n        int // the how-manieth call
	number   string
	name     string
	customer int // index into people, -1: nobody the centre knows
	conduct  conduct
	keys     []string // with time to think before each
	talk     time.Duration

	dialled time.Time     // set before call
	done    chan struct{} // closed when his part is over
	// readable when done is closed
	left  time.Time
	heard bool // an agent
	cut   bool // the demo ended before he was through
	err   error
}

// maker makes up guests: the same ones for the same seed.
type maker struct {
	rnd  *rand.Rand
	pace Pace
	n    int
	last []int // customers who called last
}

func newMaker(seed uint64, pace Pace) *maker {
	return &maker{rnd: rand.New(rand.NewPCG(seed, 5)), pace: pace} //nolint:gosec // who calls in a demo is no secret
}

// around is a time between 60 % and 140 % of d.
func (m *maker) around(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.6 + 0.8*m.rnd.Float64()))
}

// next makes up the next guest. The first five stay, and show each kind of caller; the next two give up.
func (m *maker) next() *guest {
	m.n++
	g := &guest{n: m.n, customer: -1, talk: m.around(m.pace.Talk), done: make(chan struct{})}
	kind := m.rnd.Float64()
	switch {
	case m.n == 3:
		kind = 0.7
	case m.n == 4:
		kind = 0.9
	case m.n <= 5:
		kind = 0
	}
	switch {
	case kind < 0.6:
		m.customerCalls(g)
	case kind < 0.85:
		g.number, g.name = fmt.Sprintf("+447700900%03d", 500+m.rnd.IntN(400)), ""
	}
	m.choose(g)
	m.conductOf(g)
	return g
}

// customerCalls picks somebody the centre knows who has not called just now: his calls are told apart by his number.
func (m *maker) customerCalls(g *guest) {
	i := m.n - 1
	for m.n > 5 || m.has(i) {
		if i = m.rnd.IntN(len(people)); !m.has(i) {
			break
		}
	}
	if m.last = append(m.last, i); len(m.last) > 12 {
		m.last = m.last[1:]
	}
	g.customer, g.number, g.name = i, people[i].number(i), people[i].name
}

func (m *maker) has(i int) bool {
	for _, l := range m.last {
		if l == i {
			return true
		}
	}
	return false
}

// choose decides on the keys: language, then department. Support asks those for an account whose number has none: some
// of them have one at hand.
func (m *maker) choose(g *guest) {
	language := "1"
	if g.customer >= 0 && people[g.customer].lang == "zh" || g.customer < 0 && m.rnd.IntN(4) == 0 {
		language = "2"
	}
	department := []string{"1", "2"}[m.rnd.IntN(2)]
	if m.n <= 5 {
		department = []string{"2", "1", "1", "2", "2"}[m.n-1]
	}
	g.keys = []string{language, department}
	switch {
	case department != "2" || g.customer >= 0 && hasAccount(g.customer):
	case g.number == "" && (m.n <= 5 || m.rnd.IntN(2) == 0): // withheld, but he tells who he is
		g.customer = m.rnd.IntN(len(people))
		for !hasAccount(g.customer) {
			g.customer = m.rnd.IntN(len(people))
		}
		g.keys = append(g.keys, account(g.customer)+"#")
	default:
		g.keys = append(g.keys, "#")
	}
}

func (m *maker) conductOf(g *guest) {
	chance := m.rnd.Float64()
	switch {
	case g.n <= 5:
	case g.n == 6 || g.n > 7 && chance < 0.1:
		g.conduct = leavesScript
	case g.n == 7 || g.n > 7 && chance < 0.2:
		g.conduct = leavesWaiting
		g.keys[1] = "1" // sales, which asks nothing more
		g.keys = g.keys[:2]
	}
}

// call is the guest's life on the telephone.
func (g *guest) call(ctx context.Context, pbx exchange, m Pace) {
	defer close(g.done)
	defer func() { g.left = time.Now() }()
	c, err := pbx.dial(g.number, g.name)
	if err != nil {
		g.err = fmt.Errorf("he could not dial: %w", err)
		return
	}
	err = g.converse(ctx, c, m)
	g.cut = ctx.Err() != nil
	if hung := c.hangup(); err == nil {
		err = hung
	}
	if !g.cut {
		g.err = err
	}
}

func (g *guest) converse(ctx context.Context, c caller, pace Pace) error {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.answered(limited); err != nil {
		return fmt.Errorf("nobody answered his call: %w", err)
	}
	for i, keys := range g.keys {
		if pause(ctx, pace.Think) != nil || g.conduct == leavesScript && i == 1 {
			return nil
		}
		if err := c.press(ctx, keys); err != nil {
			return fmt.Errorf("key %s: %w", keys, err)
		}
	}
	waits, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if g.conduct == leavesWaiting {
		if err := c.hear(waits, queueMusic); err != nil {
			return fmt.Errorf("he heard no music in the queue: %w", err)
		}
		return pause(ctx, pace.Ring/8)
	}
	if err := c.hear(waits, agentSpeaks); err != nil {
		return fmt.Errorf("he heard no agent: %w", err)
	}
	g.heard = true
	talks, cancel := context.WithTimeout(ctx, g.talk)
	defer cancel()
	c.talk(talks)
	return nil
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
