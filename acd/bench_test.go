package acd

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"ctid"
)

// The targets of the benchmarks; a missed one fails the run.
const (
	fasterThanScan = 20  // decisions/s of those of the core that looks at everybody
	growth         = 6   // cost of a decision at 10,000 agents × 500 queues by that at 100 × 5
	memoryShare    = 0.5 // bytes of a waiting call by those of a goroutine with two timers

	figuresTarget = 2 * time.Millisecond // all queues' figures, once a second
)

// load is a centre of n agents, each in five of the queues, all in conversation, with tasks waiting; its rounds are the four events of a call.
type load struct {
	decide func(now time.Time, ev Event) []Command
	cfg    Config
	talks  []MakeOffer
	now    time.Time
	next   int
}

func newLoad(agents, queues, waiting int, decide func(Config) func(time.Time, Event) []Command) *load {
	l := &load{now: nine}
	for i := range queues {
		l.cfg.Queues = append(l.cfg.Queues, Queue{ID: ctid.QueueID(fmt.Sprintf("q%03d", i)), Ring: time.Hour})
	}
	for i := range agents {
		a := Agent{ID: ctid.AgentID(fmt.Sprintf("a%05d", i)), Desk: ctid.DeskNone}
		for j := range min(5, queues) {
			a.Queues = append(a.Queues, Membership{Queue: l.cfg.Queues[(i+j*(queues/5+1))%queues].ID, Rank: 1 + j%2})
		}
		a.Queues = slices.CompactFunc(a.Queues, func(x, y Membership) bool { return x.Queue == y.Queue })
		l.cfg.Agents = append(l.cfg.Agents, a)
	}
	l.decide = decide(l.cfg)
	for _, a := range l.cfg.Agents {
		l.give(DeviceChanged{a.ID, true})
		l.give(AgentLogin{Agent: a.ID})
	}
	for up := 0; up < agents; {
		l.enter()
		for ; up < len(l.talks); up++ {
			l.give(OfferUp{l.talks[up].Offer})
		}
	}
	for range waiting {
		l.enter()
	}
	return l
}

func (l *load) give(ev Event) {
	l.now = l.now.Add(time.Millisecond)
	for _, c := range l.decide(l.now, ev) {
		if o, ok := c.(MakeOffer); ok {
			l.talks = append(l.talks, o)
		}
	}
}

func (l *load) enter() {
	l.next++
	l.give(Enqueue{Task: ctid.TaskID(fmt.Sprintf("c%d", l.next)), Queue: l.cfg.Queues[l.next%len(l.cfg.Queues)].ID, Priority: l.next % 3, Entered: l.now})
}

// rounds plays n calls and returns how long one decision took.
func (l *load) rounds(n int) time.Duration {
	began := time.Now()
	for range n {
		t := l.talks[0]
		l.talks = l.talks[1:]
		l.give(WorkEnded{Agent: t.Agent, Task: t.Task, NoWrap: true})
		l.give(LegGone{Agent: t.Agent, Offer: t.Offer})
		l.give(OfferUp{l.talks[len(l.talks)-1].Offer})
		l.enter()
	}
	return time.Since(began) / time.Duration(4*n)
}

// core is the product's.
func core(tb testing.TB) func(Config) func(time.Time, Event) []Command {
	return func(cfg Config) func(time.Time, Event) []Command {
		s, err := New(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		return s.Decide
	}
}

// scanner is the simplest core that decides the same of these events: after each it looks at every task and every agent, as a program does that
// asks its tables who is next.
type scanner struct {
	ranks  map[ctid.AgentID]map[ctid.QueueID]int
	ids    []ctid.AgentID
	free   map[ctid.AgentID]time.Time
	line   map[ctid.AgentID]bool
	tasks  []*Enqueue
	offers map[ctid.OfferID]ctid.AgentID
}

func scan(cfg Config) func(time.Time, Event) []Command {
	x := &scanner{ranks: map[ctid.AgentID]map[ctid.QueueID]int{}, free: map[ctid.AgentID]time.Time{}, line: map[ctid.AgentID]bool{}, offers: map[ctid.OfferID]ctid.AgentID{}}
	for _, a := range cfg.Agents {
		x.ids = append(x.ids, a.ID)
		x.ranks[a.ID] = map[ctid.QueueID]int{}
		for _, m := range a.Queues {
			x.ranks[a.ID][m.Queue] = m.Rank
		}
	}
	return x.decide
}

func (x *scanner) decide(now time.Time, ev Event) (out []Command) {
	switch e := ev.(type) {
	case AgentLogin:
		x.free[e.Agent] = now
	case WorkEnded:
		x.free[e.Agent] = now
	case LegGone:
		x.line[e.Agent] = false
	case Enqueue:
		x.tasks = append(x.tasks, &e)
	}
	for {
		best, agent := x.best()
		if best < 0 {
			return out
		}
		t := x.tasks[best]
		x.tasks = slices.Delete(x.tasks, best, best+1)
		delete(x.free, agent)
		x.line[agent] = true
		id := ctid.OfferID(fmt.Sprintf("o__%d", len(x.offers)+1))
		x.offers[id] = agent
		out = append(out, MakeOffer{Offer: id, Task: t.Task, Queue: t.Queue, Agent: agent})
	}
}

// best is the task that comes first of those for which somebody is free, and who is first for it.
func (x *scanner) best() (int, ctid.AgentID) {
	best, agent := -1, ctid.AgentID("")
	for i, t := range x.tasks {
		if best >= 0 {
			b := x.tasks[best]
			if t.Priority < b.Priority || t.Priority == b.Priority && !t.Entered.Before(b.Entered) {
				continue
			}
		}
		if a := x.first(t.Queue); a != "" {
			best, agent = i, a
		}
	}
	return best, agent
}

func (x *scanner) first(q ctid.QueueID) (best ctid.AgentID) {
	for _, id := range x.ids {
		rank := x.ranks[id][q]
		idle, free := x.free[id]
		if rank == 0 || !free || x.line[id] {
			continue
		}
		if best != "" {
			if r := x.ranks[best][q]; rank > r || rank == r && !idle.Before(x.free[best]) {
				continue
			}
		}
		best = id
	}
	return best
}

// TestScannerDecidesTheSame: what the benchmark compares with is worth comparing with.
func TestScannerDecidesTheSame(t *testing.T) {
	mine, theirs := newLoad(20, 5, 10, core(t)), newLoad(20, 5, 10, scan)
	for n := range 50 {
		mine.rounds(1)
		theirs.rounds(1)
		a, b := mine.talks[len(mine.talks)-1], theirs.talks[len(theirs.talks)-1]
		if a.Task != b.Task || a.Agent != b.Agent {
			t.Fatalf("round %d: %s to %s, the scanner %s to %s", n, a.Task, a.Agent, b.Task, b.Agent)
		}
	}
}

func median(list []float64) (mid, low, high float64) {
	slices.Sort(list)
	return list[len(list)/2], list[0], list[len(list)-1]
}

// BenchmarkDecide: 1,000 agents, 50 queues, 200 tasks waiting, each agent in 5 queues; five runs in turns with the core that looks at everybody.
func BenchmarkDecide(b *testing.B) {
	mine, theirs := newLoad(1000, 50, 200, core(b)), newLoad(1000, 50, 200, scan)
	mine.rounds(2000)
	var rate, ratio []float64
	for range 5 {
		m, t := mine.rounds(5000), theirs.rounds(20)
		rate = append(rate, float64(time.Second)/float64(m))
		ratio = append(ratio, float64(t)/float64(m))
	}
	r, rl, rh := median(rate)
	x, xl, xh := median(ratio)
	b.Logf("decisions/s %.0f (%.0f–%.0f); of the core that looks at everybody %.1f (%.1f–%.1f) ×", r, rl, rh, x, xl, xh)
	b.ReportMetric(r, "decisions/s")
	b.ReportMetric(x, "x-scan")
	if x < fasterThanScan {
		b.Errorf("MISSED: %.1f ×, wanted %d", x, fasterThanScan)
	}
	for b.Loop() { // allocations of a round
		mine.rounds(1)
	}
	b.ReportAllocs()
}

// BenchmarkGrowth: what a decision costs in a centre a hundred times as large.
func BenchmarkGrowth(b *testing.B) {
	small, large := newLoad(100, 5, 20, core(b)), newLoad(10_000, 500, 2000, core(b))
	small.rounds(2000)
	large.rounds(2000)
	var ratio []float64
	for range 5 {
		s, l := small.rounds(5000), large.rounds(5000)
		ratio = append(ratio, float64(l)/float64(s))
	}
	x, low, high := median(ratio)
	b.Logf("a decision at 10,000 × 500 costs %.2f (%.2f–%.2f) × of one at 100 × 5", x, low, high)
	b.ReportMetric(x, "x-small")
	if x > growth {
		b.Errorf("MISSED: %.2f ×, wanted %d", x, growth)
	}
	for b.Loop() {
		large.rounds(1)
	}
}

// BenchmarkWaitingCall: bytes of each of 10,000 calls that wait, beside a goroutine each that waits on two timers, which is the least
// that a program with one for each call needs.
func BenchmarkWaitingCall(b *testing.B) {
	const calls = 10_000
	var ratio []float64
	var mine, theirs float64
	for range 5 {
		l := newLoad(10, 5, 0, core(b))
		mine = held(func() any {
			for range calls {
				l.next++
				l.decide(l.now, Enqueue{Task: ctid.TaskID(fmt.Sprintf("c_01JABCDEFGHJKMNPQRST%06d", l.next)), Queue: l.cfg.Queues[l.next%5].ID, Entered: l.now, AtMost: time.Hour})
			}
			return l
		}) / calls
		stop := make(chan struct{})
		theirs = held(func() any {
			for range calls {
				go waitOnTimers(stop)
			}
			return nil
		}) / calls
		close(stop)
		ratio = append(ratio, mine/theirs)
		runtime.KeepAlive(l)
	}
	x, low, high := median(ratio)
	b.Logf("%.0f bytes a waiting call, %.0f of a goroutine with two timers: %.2f (%.2f–%.2f) ×", mine, theirs, x, low, high)
	b.ReportMetric(x, "x-goroutine")
	if x > memoryShare {
		b.Errorf("MISSED: %.2f ×, wanted %.1f", x, memoryShare)
	}
	for b.Loop() {
	}
}

func waitOnTimers(stop chan struct{}) {
	a, z := time.NewTimer(time.Hour), time.NewTimer(2*time.Hour)
	defer a.Stop()
	defer z.Stop()
	select {
	case <-a.C:
	case <-z.C:
	case <-stop:
	}
}

// held is how many bytes of heap and stacks what f makes keeps.
func held(f func() any) float64 {
	var before, after runtime.MemStats
	for range 3 { // what was freed before, stacks and finalizers too, is not to be counted as gained
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	kept := f()
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return float64(after.HeapAlloc) + float64(after.StackInuse) - float64(before.HeapAlloc) - float64(before.StackInuse)
}

// BenchmarkFigures is what the desk does once a second while figures are shown: those of all queues.
func BenchmarkFigures(b *testing.B) {
	var s *State
	l := newLoad(1000, 50, 200, func(cfg Config) func(time.Time, Event) []Command {
		var err error
		if s, err = New(cfg); err != nil {
			b.Fatal(err)
		}
		return s.Decide
	})
	defer func() {
		if per := b.Elapsed() / time.Duration(b.N); per > figuresTarget {
			b.Errorf("MISSED: %v, the target is %v", per, figuresTarget)
		}
	}()
	for b.Loop() {
		for _, q := range l.cfg.Queues {
			if f := s.Figures(q.ID, l.now); f.AgentsIn == 0 {
				b.Fatal("nobody is there")
			}
		}
	}
}
