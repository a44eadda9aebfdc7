package acd

import (
	"cmp"
	"math/rand/v2"
)

// strategy orders the free agents of a queue. The better rank goes before all of them; a better-ranked agent who is busy
// holds nobody up.
type strategy struct {
	name string
	// cmp is negative when a is offered a task before b. It is a strict order by rank first and the agents' ids last, over
	// values that members keep while they are listed.
	cmp func(a, b *member) int
	// pick chooses among the free ones of the best rank, where the first of the order is not the one.
	pick func(s *State, t *task, best []*member) int
	ring ringing
}

// ringing is at how many agents a task rings.
type ringing int

const (
	ringOne  ringing = iota
	ringAll          // at all of the best rank together
	ringMore         // at one, and another after each ProgressEvery
)

// strategies is the table of what Queue.Strategy may name. The first is the default.
var strategies = []strategy{
	{name: "longest-idle", cmp: longestIdle},
	{name: "longest-ready", cmp: longestReady},
	{name: "fewest-calls", cmp: fewestCalls},
	{name: "least-talk", cmp: leastTalk},
	{name: "least-occupied", cmp: byRank, pick: leastOccupied},
	{name: "round-robin", cmp: linear, pick: roundRobin},
	{name: "linear", cmp: linear},
	{name: "top-down", cmp: linear, pick: topDown},
	{name: "random", cmp: byRank, pick: random},
	{name: "weighted", cmp: byRank, pick: weighted},
	{name: "ring-all", cmp: longestIdle, ring: ringAll},
	{name: "ring-progressively", cmp: longestIdle, ring: ringMore},
}

// Strategies lists the names that Queue.Strategy may have.
func Strategies() []string {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		names[i] = s.name
	}
	return names
}

func strategyNamed(name string) (strategy, bool) {
	for _, s := range strategies {
		if s.name == name {
			return s, true
		}
	}
	return strategy{}, false
}

// byRank is the order of those strategies that choose for themselves.
func byRank(a, b *member) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id(), b.id()))
}

// choose is the agent who is to be offered t, of those who are free for it.
func (s *State) choose(t *task) *member {
	free, by := t.class.free, t.queue.by
	if by.pick == nil || t.only != "" || len(free) == 1 {
		return free[0]
	}
	return free[by.pick(s, t, free[:sameRank(free)])]
}

// ringOthers rings, with t's first agent, those whom its strategy wants beside him.
func (s *State) ringOthers(t *task, first *member) {
	switch t.queue.by.ring {
	case ringAll:
		t.until, t.reach = t.open[0].ring.due, first.rank
		s.ringFree(t)
	case ringMore:
		s.timers.set(&t.more, s.now.Add(t.queue.cfg.ProgressEvery))
	}
}

// rng is a source of its own for each offer, so that a decision depends on the seed and on what came before, and on nothing else.
func (s *State) rng() *rand.Rand {
	return rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.tally.Offers))) //nolint:gosec // who gets a call is no secret, and must come out again the same
}

// after is the first of the list, which is in order of configuration, that comes after the one of that order; the first of all if none does.
func after(best []*member, order int) int {
	for i, m := range best {
		if m.agent.order > order {
			return i
		}
	}
	return 0
}
