package sim

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"ctid"
	"ctid/acd"
)

// origin is when every replication begins. The core sees times after it.
var origin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// ringLimit is how long the core lets a phone ring: longer than any sample, since the model says when it is answered.
const ringLimit = 10 * 365 * 24 * time.Hour

// call is a call in the system. Its place in replication.calls is used again when it is over.
type call struct {
	id      ctid.TaskID
	gen     uint32
	kind    int32
	counted bool
	talking bool
	watched bool  // the moment when its caller gives up is planned
	rung    bool  // it was offered before
	rings   int   // phones that ring for it
	arrived int64 // microseconds since the start; so are the next two
	leaves  int64 // when its caller gives up
	offered int64 // since when phones ring
	service int64 // microseconds
	ring    int64 // of its first offer
}

// agent is one agent of a group.
type agent struct {
	id      ctid.AgentID
	group   int
	gen     uint32
	call    int32        // that he is offered or talks on; -1: none
	offer   ctid.OfferID // the last one
	since   int64        // of the offer
	on      bool         // on duty
	leaving bool         // goes off duty after his work
}

// replication drives one core through one run of the model.
type replication struct {
	m     *Model
	core  *acd.State
	place func(arrived int64, n int) int64 // the age of a call as the core is told it; nil: as it is. Tests plant a fault here

	now  int64 // microseconds since the start
	seq  uint64
	heap eventHeap
	soon []event // due now, in the order of their planning
	head int     // of soon

	sources []*arrivals
	queues  []ctid.QueueID // by type
	calls   []call
	free    []int32
	tasks   map[ctid.TaskID]int32
	agents  []agent
	byID    map[ctid.AgentID]int32
	first   []int // of each group, in agents

	arrived int // calls, also those that found no trunk
	there   int // in the system
	closed  bool
	period  int
	tally   *tally
	told    *atomic.Int64
	unheard int64 // arrivals not yet told
	err     error
}

// heartbeat is how many events pass between looks at the outside.
const heartbeat = 4096

// replicate runs one replication. It counts arrivals in told, if that is not nil.
func replicate(ctx context.Context, m *Model, number int, o Options, place func(int64, int) int64) (*tally, error) {
	r, err := newReplication(m, number)
	if err != nil {
		return nil, err
	}
	r.told, r.place = o.Arrived, place
	r.begin()
	for n := 1; r.err == nil && !r.over(); n++ {
		if n%heartbeat == 0 {
			r.tell()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		r.step()
	}
	r.tell()
	if r.err != nil {
		return nil, fmt.Errorf("replication %d, %v after its start: %w", number, time.Duration(r.now)*time.Microsecond, r.err)
	}
	r.close()
	return r.tally, nil
}

func newReplication(m *Model, number int) (*replication, error) {
	core, err := acd.New(m.centre(stream(m.Seed, number, "core", "").Uint64()))
	if err != nil {
		return nil, fmt.Errorf("the model makes no centre: %w", err)
	}
	r := &replication{m: m, core: core, tally: newTally(m), tasks: map[ctid.TaskID]int32{}, byID: map[ctid.AgentID]int32{}}
	busy := 1.0
	if m.Busyness.Kind != "" {
		busy = m.Busyness.sample(stream(m.Seed, number, "busyness", ""))
	}
	for i := range m.Types {
		r.sources = append(r.sources, newArrivals(m, &m.Types[i], number, busy))
		r.queues = append(r.queues, ctid.QueueID(m.Types[i].Name))
	}
	for g := range m.Groups {
		r.first = append(r.first, len(r.agents))
		for n := range m.Groups[g].most() {
			id := agentID(&m.Groups[g], n)
			r.byID[id] = int32(len(r.agents))
			r.agents = append(r.agents, agent{id: id, group: g, call: -1})
		}
	}
	return r, nil
}

// agentID names the n-th agent of a group, so that names are in the order of numbers.
func agentID(g *Group, n int) ctid.AgentID {
	return ctid.AgentID(fmt.Sprintf("%s-%06d", g.Name, n+1))
}

// centre is the model as the core's configuration: each type is a queue, each agent serves the queues of his skills.
func (m *Model) centre(seed uint64) acd.Config {
	cfg := acd.Config{Epoch: "sim", Seed: seed, Next: m.Routing.Next}
	for i := range m.Types {
		cfg.Queues = append(cfg.Queues, acd.Queue{ID: ctid.QueueID(m.Types[i].Name), Name: m.Types[i].Name,
			Strategy: m.Routing.Strategy, Ring: ringLimit})
	}
	for i := range m.Groups {
		g := &m.Groups[i]
		var serves []acd.Membership
		for n, skill := range g.Skills {
			rank := 1
			if m.Routing.Prefer == PreferPrimary {
				rank = n + 1
			}
			serves = append(serves, acd.Membership{Queue: ctid.QueueID(skill), Rank: rank})
		}
		for n := range g.most() {
			cfg.Agents = append(cfg.Agents, acd.Agent{ID: agentID(g, n), Desk: ctid.DeskNone, Queues: serves})
		}
	}
	return cfg
}

// begin brings the first agents on duty and plans the first calls.
func (r *replication) begin() {
	for i := range r.agents {
		r.decide(acd.DeviceChanged{Agent: r.agents[i].id, Reachable: true})
	}
	r.staff(0)
	if len(r.m.Periods) > 0 {
		r.plan(event{at: r.m.length(0), what: newPeriod})
	}
	if r.m.Horizon > 0 {
		r.plan(event{at: r.m.Horizon.Microseconds(), what: closing})
	}
	if r.m.Warmup == 0 && r.m.WarmupFor == 0 {
		r.tally.begin(r.now)
	}
	for i := range r.sources {
		r.planArrival(int32(i))
	}
}

// planArrival plans the next call of a type, if one comes at all.
func (r *replication) planArrival(kind int32) {
	limit := forever
	if r.m.Horizon > 0 {
		limit = r.m.Horizon.Microseconds()
	}
	src := r.sources[kind]
	if slices.Max(src.rates) == 0 {
		return
	}
	if at, ok := src.next(limit); ok {
		r.plan(event{at: at, what: arrival, who: kind})
	}
}

func (r *replication) plan(e event) {
	r.seq++
	e.seq = r.seq
	if e.at <= r.now {
		r.soon = append(r.soon, e)
		return
	}
	r.heap.push(e)
}

// over tells whether nothing that counts is left: no call will come, and none is there.
func (r *replication) over() bool { return r.closed && r.there == 0 }

// step does the next thing that happens: what follows at once, a timer of the core, or what was planned.
func (r *replication) step() {
	if r.head < len(r.soon) {
		e := r.soon[r.head]
		if r.head++; r.head == len(r.soon) {
			r.soon, r.head = r.soon[:0], 0
		}
		r.happen(e)
		return
	}
	due := forever
	if d := r.core.Deadline(); !d.IsZero() {
		due = d.Sub(origin).Microseconds()
	}
	switch {
	case len(r.heap) > 0 && r.heap[0].at <= due:
		e := r.heap.pop()
		r.now = e.at
		r.happen(e)
	case due < forever:
		r.now = max(r.now, due)
		r.decide(acd.Tick{})
	default:
		r.err = fmt.Errorf("%d calls wait and nobody will ever serve them: give the last period agents, or the callers patience", r.there)
	}
}

func (r *replication) happen(e event) {
	switch e.what {
	case arrival:
		r.arrive(e.who)
	case giveUp:
		if c := &r.calls[e.who]; c.gen == e.gen && !c.talking {
			r.leave(e.who)
		}
	case pickUp:
		if a := &r.agents[e.who]; a.gen == e.gen {
			r.decide(acd.OfferUp{Offer: a.offer})
		}
	case legOver:
		a := &r.agents[e.who]
		r.decide(acd.LegGone{Agent: a.id, Offer: a.offer})
	case serviceOver:
		r.finish(e.who)
	case newPeriod:
		r.changePeriod()
	case closing:
		r.close()
	}
}

// arrive lets the call that was due of a type in, and plans the next one.
func (r *replication) arrive(kind int32) {
	if r.closed {
		return
	}
	src := r.sources[kind]
	k := r.take()
	c := &r.calls[k]
	c.kind, c.arrived = kind, r.now
	src.fill(c, src.period)
	r.planArrival(kind)
	r.arrived++
	r.unheard++
	c.counted = r.arrived > r.m.Warmup && r.now >= r.m.WarmupFor.Microseconds()
	if c.counted {
		r.tally.begin(r.now)
	}
	if r.m.Calls > 0 && r.arrived == r.m.Calls {
		defer r.close()
	}
	if r.m.Routing.Trunks > 0 && r.there >= r.m.Routing.Trunks {
		r.tally.block(c)
		r.release(k)
		return
	}
	r.there++
	r.tally.offer(c)
	entered := r.now
	if r.place != nil {
		entered = r.place(r.now, r.arrived)
	}
	r.decide(acd.Enqueue{Task: c.id, Queue: r.queues[kind], Priority: -1, Entered: r.moment(entered)})
	if c.rings == 0 {
		r.watch(k)
	}
}

// tell counts the arrivals since the last time for whoever watches.
func (r *replication) tell() {
	if r.told != nil {
		r.told.Add(r.unheard)
	}
	r.unheard = 0
}
