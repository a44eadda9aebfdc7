package acd

import (
	"cmp"
	"fmt"
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
	Drained []Queue // no longer configured, but with tasks
	Agents  []agentSnap
	Tasks   []taskSnap
	Offers  []offerSnap
	Ended   []endedSnap
	Revs    map[ctid.AgentID]uint64 // of removed agents
	Tally   tally
}

type agentSnap struct {
	ID        ctid.AgentID
	Desk      ctid.DeskRule
	Serves    []Membership
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
	Awake     bool
	Idle      time.Time
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
	Offers   int
	Expired  bool
	Wait     time.Time
}

type offerSnap struct {
	ID    ctid.OfferID
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
	sn := Snapshot{Version: Version, Now: s.now, Config: s.cfg, Tally: s.tally}
	sn.Tally.OfferEnds = maps.Clone(s.tally.OfferEnds)
	sn.Revs = maps.Clone(s.revs)
	sn.Tally.Exits = maps.Clone(s.tally.Exits)
	for _, q := range s.sortedQueues() {
		if q.draining {
			sn.Drained = append(sn.Drained, q.cfg)
		}
	}
	for _, a := range s.sortedAgents() {
		sn.Agents = append(sn.Agents, a.snap())
	}
	for _, t := range s.sortedTasks() {
		sn.Tasks = append(sn.Tasks, taskSnap{t.id, t.queue.cfg.ID, t.priority, t.entered, t.offers, t.expired, armed(&t.wait)})
	}
	for _, id := range slices.Sorted(maps.Keys(s.offers)) {
		o := s.offers[id]
		sn.Offers = append(sn.Offers, offerSnap{o.id, o.kind, o.work.task, o.work.snap(), o.agent.id, o.idle, o.seen, armed(&o.ring), o.item != nil})
	}
	for _, e := range s.lately {
		sn.Ended = append(sn.Ended, endedSnap{e.id, e.task, e.agent, e.end, e.at})
	}
	return sn
}

func (a *agent) snap() agentSnap {
	sn := agentSnap{ID: a.id, Desk: a.desk, Listed: slices.Clone(a.listed), Removed: a.removed, Leaving: a.leaving,
		State: a.state, Reason: a.reason, Since: a.since, Was: a.was, Lasted: a.lasted, Rev: a.rev,
		WrapFrom: a.wrapFrom, LastWrap: a.lastWrap, Device: a.device, Reachable: a.reachable, Awake: a.awake, Idle: a.idle, Until: a.until,
		Misses: a.misses, Fails: a.fails, Gap: armed(&a.gap), Line: a.line, Clear: armed(&a.clear), WrapEnd: armed(&a.wrapEnd), Grace: armed(&a.grace), Held: a.held}
	v := a.view()
	sn.Next, sn.Wrap = v.Next, v.Wrap
	sn.Locked, sn.Shift = a.locked, shift{a.shift.Out, maps.Clone(a.shift.Paused)}
	if a.back != nil {
		b := *a.back
		sn.Back = &b
	}
	for _, m := range a.serves {
		sn.Serves = append(sn.Serves, Membership{m.queue.cfg.ID, m.rank})
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

// Restore makes a State from a snapshot. It refuses one that no State could have given, or that a newer version wrote.
func Restore(sn Snapshot) (*State, error) {
	if sn.Version > Version {
		return nil, fmt.Errorf("acd: the snapshot is of version %d; this program knows up to %d", sn.Version, Version)
	}
	cfg := sn.Config
	cfg.Agents = nil // they come from the snapshot's own list
	s, err := New(cfg)
	if err != nil {
		return nil, fmt.Errorf("acd: the snapshot's configuration: %w", err)
	}
	if s.cfg, err = sn.Config.prepared(); err != nil {
		return nil, fmt.Errorf("acd: the snapshot's configuration: %w", err)
	}
	s.now = clean(sn.Now)
	s.restoreTally(sn.Tally)
	maps.Copy(s.revs, sn.Revs)
	for _, qc := range sn.Drained {
		by, ok := strategyNamed(qc.Strategy)
		if !ok {
			return nil, fmt.Errorf("acd: the snapshot's queue %q has no known strategy", qc.ID)
		}
		s.queues[qc.ID] = &queue{cfg: qc, by: by, draining: true, voice: qc.Medium == "" || qc.Medium == ctid.Voice}
	}
	for _, a := range sn.Agents {
		if err := s.restoreAgent(a); err != nil {
			return nil, err
		}
	}
	s.installMembers()
	if err := s.restoreTasks(sn); err != nil {
		return nil, err
	}
	for _, a := range s.sortedAgents() {
		s.list(a)
	}
	s.untouch() // without matching: a free agent beside a waiting task is for check to tell
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("acd: the snapshot is not sound: %w", err)
	}
	return s, nil
}

func (s *State) restoreTally(t tally) {
	s.tally.Offers, s.tally.Direct, s.tally.Wraps, s.tally.Entered = t.Offers, t.Direct, t.Wraps, t.Entered
	maps.Copy(s.tally.OfferEnds, t.OfferEnds)
	maps.Copy(s.tally.Exits, t.Exits)
}

// rearm sets t as it was armed.
func (s *State) rearm(t *timer, due time.Time) {
	if !due.IsZero() {
		s.timers.set(t, due)
	}
}

func (s *State) restoreAgent(sn agentSnap) error {
	a := newAgent(sn.ID)
	a.desk, a.listed, a.removed, a.leaving = sn.Desk, sn.Listed, sn.Removed, sn.Leaving
	a.state, a.reason, a.since, a.was, a.lasted, a.rev = sn.State, sn.Reason, sn.Since, sn.Was, sn.Lasted, sn.Rev
	a.held, a.line, a.back, a.locked, a.shift = sn.Held, sn.Line, sn.Back, sn.Locked, sn.Shift
	a.next, a.wrap, a.wrapFrom, a.lastWrap = sn.Next, sn.Wrap, sn.WrapFrom, sn.LastWrap
	a.device, a.reachable, a.awake, a.idle, a.until, a.misses, a.fails = sn.Device, sn.Reachable, sn.Awake, sn.Idle, sn.Until, sn.Misses, sn.Fails
	if w := sn.Work; w != nil {
		restored := w.work()
		a.work = &restored
	}
	for _, m := range sn.Serves {
		q := s.queues[m.Queue]
		if q == nil {
			return fmt.Errorf("acd: the snapshot's agent %q serves queue %q, which is not in it", sn.ID, m.Queue)
		}
		a.serves = append(a.serves, membership{q, m.Rank})
	}
	if sn.Mixed != nil {
		if err := s.restoreMixed(a, sn.Mixed); err != nil {
			return err
		}
	}
	s.rearm(&a.gap, sn.Gap)
	s.rearm(&a.clear, sn.Clear)
	s.rearm(&a.wrapEnd, sn.WrapEnd)
	s.rearm(&a.grace, sn.Grace)
	s.agents[a.id] = a
	return nil
}

func (s *State) restoreTasks(sn Snapshot) error {
	for _, ts := range sn.Tasks {
		q := s.queues[ts.Queue]
		if q == nil {
			return fmt.Errorf("acd: the snapshot's task %q waits in queue %q, which is not in it", ts.ID, ts.Queue)
		}
		t := &task{id: ts.ID, queue: q, priority: ts.Priority, entered: ts.Entered, offers: ts.Offers, expired: ts.Expired,
			wait: timer{kind: waitOver, id: string(ts.ID)}}
		s.rearm(&t.wait, ts.Wait)
		s.tasks[t.id] = t
		q.waiting = insert(q.waiting, t, compareTasks)
	}
	for _, os := range sn.Offers {
		if err := s.restoreOffer(os); err != nil {
			return err
		}
	}
	for _, es := range sn.Ended {
		e := &ended{es.ID, es.Task, es.Agent, es.End, es.At}
		s.ended[e.id] = e
		s.lately = append(s.lately, e)
	}
	return nil
}

func (s *State) restoreOffer(os offerSnap) error {
	t, a := s.tasks[os.Task], s.agents[os.Agent]
	if os.Kind != "" {
		t = nil
	}
	if os.Item {
		return s.restoreItemOffer(os, t, a)
	}
	if os.Kind == "" && (t == nil || t.offer != nil) || a == nil || a.offer != nil {
		return fmt.Errorf("acd: the snapshot's offer %q has no task %q or agent %q of its own", os.ID, os.Task, os.Agent)
	}
	o := &offer{id: os.ID, kind: os.Kind, task: t, work: os.Work.work(), agent: a, idle: os.Idle, seen: os.Seen, ring: timer{kind: ringOver, id: string(os.ID)}}
	if o.work.task == "" { // of a version that took the rules at the answer
		o.work = workOf(t.id, t.queue.cfg.ID, t.queue)
	}
	s.rearm(&o.ring, os.Ring)
	s.offers[o.id], a.offer = o, o
	if t != nil {
		t.queue.waiting = remove(t.queue.waiting, t, compareTasks)
		t.queue.ringing = insert(t.queue.ringing, t, compareTasks)
		t.offer = o
	}
	return nil
}

func (s *State) sortedQueues() []*queue {
	return slices.SortedFunc(maps.Values(s.queues), func(a, b *queue) int { return cmp.Compare(a.cfg.ID, b.cfg.ID) })
}

func (s *State) sortedTasks() []*task { return slices.SortedFunc(maps.Values(s.tasks), compareTasks) }
