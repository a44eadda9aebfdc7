package acd

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ctid"
)

// Snapshot is a whole State as values, fit for JSON. Restored, it decides as the State it was taken from. Its lists are in
// a fixed order, so equal states have equal snapshots.
type Snapshot struct {
	Version int
	Now     time.Time
	Config  Config
	Drained []Queue     // no longer configured, but with tasks
	Queues  []queueSnap `json:",omitempty"`
	Pass    int64       `json:",omitempty"`
	Calm    time.Time   `json:",omitzero"`
	Agents  []agentSnap
	Tasks   []taskSnap
	Offers  []offerSnap
	Ended   []endedSnap
	Places  []place                 `json:",omitempty"`
	Revs    map[ctid.AgentID]uint64 // of removed agents
	Tally   tally
}

// queueSnap is what a queue remembers of its own.
type queueSnap struct {
	ID    ctid.QueueID
	Last  int
	Pass  int64
	Speed speed
	Away  time.Time `json:",omitzero"`
}

type memberSnap struct {
	Queue  ctid.QueueID
	Rank   int
	Weight int
	Taken  int
}

type agentSnap struct {
	ID        ctid.AgentID
	Desk      ctid.DeskRule
	Order     int
	Skills    []Skill
	Serves    []memberSnap
	Listed    []ctid.QueueID
	Removed   bool
	Leaving   bool
	State     ctid.AgentState
	Reason    string
	Since     time.Time
	Was       ctid.AgentState
	Lasted    time.Duration
	Rev       uint64
	Next      *ctid.Next
	Work      *workSnap
	Wrap      *ctid.Wrap
	WrapFrom  time.Time
	LastWrap  ctid.WrapID
	Back      *back
	Locked    bool
	Shift     shift
	Reachable bool
	Lost      time.Time
	Awake     bool
	Idle      time.Time
	Ready     time.Time
	Until     time.Time
	Misses    int
	Fails     int
	Gap       time.Time
	Line      ctid.OfferID
	Device    string
	Clear     time.Time
	WrapEnd   time.Time
	Grace     time.Time
	Held      bool
	Mixed     *mixedSnap `json:",omitempty"` // of one who works in other media than voice alone
}

type mixedSnap struct {
	Voice bool
	Shown look
	Slots []slotSnap
	Items []itemSnap
}

type slotSnap struct {
	Medium ctid.Medium
	Max    int
	Weight int
	Blocks []ctid.Medium
	Paused string
	Idle   time.Time
	Until  time.Time
	Misses int
}

type itemSnap struct {
	Medium   ctid.Medium
	Work     workSnap
	State    ctid.ItemState
	Since    time.Time
	Wrap     *ctid.Wrap
	WrapFrom time.Time
	WrapEnd  time.Time
}

type workSnap struct {
	Task    ctid.TaskID
	Queue   ctid.QueueID
	Wrap    time.Duration
	Force   bool
	Extends int
	Doing   ctid.Doing
	Dropped bool
}

func (w work) snap() workSnap {
	return workSnap{w.task, w.queue, w.wrap, w.force, w.extends, w.doing, w.dropped}
}

// work reads a snapshot; one of a version that knew no doing was of a talk.
func (w workSnap) work() work {
	return work{w.Task, w.Queue, w.Wrap, w.Force, w.Extends, cmp.Or(w.Doing, ctid.DoingTalk), w.Dropped}
}

type taskSnap struct {
	ID       ctid.TaskID
	Queue    ctid.QueueID
	Priority int
	Entered  time.Time
	Arrived  time.Time
	Joined   time.Time
	Needs    []Need
	Only     ctid.AgentID
	Callback bool
	Ahead    bool   `json:",omitempty"`
	Caller   string `json:",omitempty"`
	Offers   int
	Tried    int
	Expired  bool
	Overdue  bool
	Served   bool
	RingsTo  time.Time // ring-all: until when it rings
	Reach    int       // and at which rank
	Told     Estimate
	ToldAt   time.Time
	Heard    []promise `json:",omitempty"`
	Wait     time.Time
	Stick    time.Time
	Over     time.Time
	More     time.Time
}

func (t *task) snap() taskSnap {
	return taskSnap{ID: t.id, Queue: t.queue.cfg.ID, Priority: t.priority, Entered: t.entered, Arrived: t.arrived, Joined: t.joined,
		Needs: slices.Clone(t.needs), Only: t.only, Callback: t.callback, Ahead: t.ahead, Caller: t.caller, Offers: t.offers, Tried: t.tried, Expired: t.expired,
		Overdue: t.overdue, Served: t.served, RingsTo: t.until, Reach: t.reach, Told: t.told, ToldAt: t.toldAt, Heard: slices.Clone(t.heard), Wait: armed(&t.wait), Stick: armed(&t.stick),
		Over: armed(&t.over), More: armed(&t.more)}
}

type offerSnap struct {
	ID    ctid.OfferID
	N     int
	Kind  ctid.OfferKind
	Task  ctid.TaskID
	Work  workSnap
	Agent ctid.AgentID
	Idle  time.Time
	Seen  bool
	Ring  time.Time
	Item  bool `json:",omitempty"` // of work other than a call
}

type endedSnap struct {
	ID    ctid.OfferID
	Task  ctid.TaskID
	Agent ctid.AgentID
	End   ctid.OfferEnd
	At    time.Time
}

// armed is when t is due, or zero.
func armed(t *timer) time.Time {
	if t.index == 0 {
		return time.Time{}
	}
	return t.due
}

// Snapshot takes the State as it is.
func (s *State) Snapshot() Snapshot {
	sn := Snapshot{Version: Version, Now: s.now, Config: s.cfg, Tally: s.tally, Pass: s.pass, Calm: s.calm, Places: slices.Clone(s.places)}
	sn.Tally.OfferEnds = maps.Clone(s.tally.OfferEnds)
	sn.Revs = maps.Clone(s.revs)
	sn.Tally.Exits = maps.Clone(s.tally.Exits)
	for _, q := range s.sortedQueues() {
		if q.draining {
			sn.Drained = append(sn.Drained, q.cfg)
		}
		sn.Queues = append(sn.Queues, queueSnap{q.cfg.ID, q.last, q.pass, q.speed, armed(&q.away)})
	}
	for _, a := range s.sortedAgents() {
		sn.Agents = append(sn.Agents, a.snap())
	}
	for _, t := range s.sortedTasks() {
		sn.Tasks = append(sn.Tasks, t.snap())
	}
	for _, id := range slices.Sorted(maps.Keys(s.offers)) {
		o := s.offers[id]
		sn.Offers = append(sn.Offers, offerSnap{o.id, o.n, o.kind, o.work.task, o.work.snap(), o.agent.id, o.idle, o.seen, armed(&o.ring), o.item != nil})
	}
	for _, e := range s.lately {
		sn.Ended = append(sn.Ended, endedSnap{e.id, e.task, e.agent, e.end, e.at})
	}
	return sn
}

func (a *agent) snap() agentSnap {
	sn := agentSnap{ID: a.id, Desk: a.desk, Order: a.order, Skills: slices.Clone(a.skills), Listed: slices.Clone(a.listed), Removed: a.removed, Leaving: a.leaving,
		State: a.state, Reason: a.reason, Since: a.since, Was: a.was, Lasted: a.lasted, Rev: a.rev,
		WrapFrom: a.wrapFrom, LastWrap: a.lastWrap, Device: a.device, Reachable: a.reachable, Lost: a.lost, Awake: a.awake, Idle: a.idle, Ready: a.ready, Until: a.until,
		Misses: a.misses, Fails: a.fails, Gap: armed(&a.gap), Line: a.line, Clear: armed(&a.clear), WrapEnd: armed(&a.wrapEnd), Grace: armed(&a.grace), Held: a.held}
	v := a.view()
	sn.Next, sn.Wrap = v.Next, v.Wrap
	sn.Locked, sn.Shift = a.locked, a.shift
	sn.Shift.Paused = maps.Clone(a.shift.Paused)
	if a.back != nil {
		b := *a.back
		sn.Back = &b
	}
	for _, m := range a.serves {
		sn.Serves = append(sn.Serves, memberSnap{m.queue.cfg.ID, m.rank, m.weight, m.taken})
	}
	if w := a.work; w != nil {
		ws := w.snap()
		sn.Work = &ws
	}
	if a.media != nil {
		sn.Mixed = a.media.snap()
	}
	return sn
}

func (x *mixed) snap() *mixedSnap {
	sn := &mixedSnap{Voice: x.voice, Shown: x.shown}
	for _, sl := range x.slots {
		sn.Slots = append(sn.Slots, slotSnap{sl.medium, sl.max, sl.weight, slices.Clone(sl.blocks), sl.paused, sl.idle, armed(&sl.gap), sl.misses})
	}
	for _, it := range x.items {
		sn.Items = append(sn.Items, itemSnap{it.medium, it.work.snap(), it.state, it.since, it.view().Wrap, it.wrapFrom, armed(&it.wrapEnd)})
	}
	return sn
}

// InQueue is a task in a queue, with or without an offer.
type InQueue struct {
	Task    ctid.TaskID
	Queue   ctid.QueueID
	Entered time.Time
}

// Waiting lists the tasks in queues, in their order.
func (sn Snapshot) Waiting() (out []InQueue) {
	for _, t := range sn.Tasks {
		out = append(out, InQueue{t.ID, t.Queue, t.Entered})
	}
	return out
}

// AtWork is a conversation from a queue.
type AtWork struct {
	Agent ctid.AgentID
	Task  ctid.TaskID
	Queue ctid.QueueID
	Offer ctid.OfferID
}

// Talking lists the conversations, by agent.
func (sn Snapshot) Talking() (out []AtWork) {
	for _, a := range sn.Agents {
		if a.State == ctid.Talking && a.Work != nil {
			out = append(out, AtWork{a.ID, a.Work.Task, a.Work.Queue, a.Line})
		}
	}
	return out
}

// Ringing lists the open offers of calls from queues, by number.
func (sn Snapshot) Ringing() (out []AtWork) {
	for _, o := range sn.Offers {
		if o.Kind == "" && !o.Item {
			out = append(out, AtWork{o.Agent, o.Task, o.Work.Queue, o.ID})
		}
	}
	return out
}

// Wraps lists the wrap-ups of calls that have not ended.
func (sn Snapshot) Wraps() (out []ctid.WrapID) {
	for _, a := range sn.Agents {
		if a.Wrap != nil {
			out = append(out, a.Wrap.ID)
		}
	}
	return out
}
