package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"ctid"
)

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
		qc.fill() // of a version that had fewer rules
		by, ok := strategyNamed(qc.Strategy)
		if !ok {
			return nil, fmt.Errorf("acd: the snapshot's queue %q has no known strategy", qc.ID)
		}
		q := newQueue(qc.ID)
		q.cfg, q.by, q.draining, q.voice = qc, by, true, qc.Medium == ctid.Voice
		s.queues[qc.ID] = q
	}
	s.restoreQueues(sn)
	for _, a := range sn.Agents {
		if sn.Version < 3 { // which had one time for both
			a.Ready = a.Idle
		}
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

func (s *State) restoreQueues(sn Snapshot) {
	s.pass, s.calm, s.places = sn.Pass, sn.Calm, slices.Clone(sn.Places)
	for _, qs := range sn.Queues {
		if q := s.queues[qs.ID]; q != nil {
			q.last, q.pass, q.speed = qs.Last, qs.Pass, qs.Speed
			s.rearm(&q.away, qs.Away)
		}
	}
}

func (s *State) restoreTally(t tally) {
	s.tally.Offers, s.tally.Direct, s.tally.Wraps, s.tally.Entered, s.tally.Moves = t.Offers, t.Direct, t.Wraps, t.Entered, t.Moves
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
	a.desk, a.order, a.skills, a.listed, a.removed, a.leaving = sn.Desk, sn.Order, sn.Skills, sn.Listed, sn.Removed, sn.Leaving
	a.state, a.reason, a.since, a.was, a.lasted, a.rev = sn.State, sn.Reason, sn.Since, sn.Was, sn.Lasted, sn.Rev
	a.held, a.line, a.back, a.locked, a.shift = sn.Held, sn.Line, sn.Back, sn.Locked, sn.Shift
	a.next, a.wrap, a.wrapFrom, a.lastWrap = sn.Next, sn.Wrap, sn.WrapFrom, sn.LastWrap
	a.device, a.reachable, a.lost, a.awake, a.idle, a.ready, a.until = sn.Device, sn.Reachable, sn.Lost, sn.Awake, sn.Idle, sn.Ready, sn.Until
	a.misses, a.fails = sn.Misses, sn.Fails
	if w := sn.Work; w != nil {
		restored := w.work()
		a.work = &restored
	}
	for _, m := range sn.Serves {
		q := s.queues[m.Queue]
		if q == nil {
			return fmt.Errorf("acd: the snapshot's agent %q serves queue %q, which is not in it", sn.ID, m.Queue)
		}
		a.serves = append(a.serves, &member{agent: a, queue: q, rank: m.Rank, weight: max(m.Weight, 1), taken: m.Taken})
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
		s.restoreTask(ts, q)
	}
	for _, os := range sn.Offers {
		if err := s.restoreOffer(os); err != nil {
			return err
		}
	}
	for _, t := range s.tasks {
		slices.SortFunc(t.open, func(a, b *offer) int { return cmp.Compare(a.n, b.n) })
	}
	for _, es := range sn.Ended {
		e := &ended{es.ID, es.Task, es.Agent, es.End, es.At}
		s.ended[e.id] = e
		s.lately = append(s.lately, e)
	}
	return nil
}

func (s *State) restoreTask(ts taskSnap, q *queue) {
	t := newTask(ts.ID)
	t.queue, t.priority, t.entered, t.arrived, t.joined, t.needs, t.only = q, ts.Priority, ts.Entered, ts.Arrived, ts.Joined, ts.Needs, ts.Only
	t.ahead, t.caller = ts.Ahead, ts.Caller
	t.callback, t.offers, t.tried, t.expired, t.overdue, t.served = ts.Callback, ts.Offers, ts.Tried, ts.Expired, ts.Overdue, ts.Served
	t.until, t.reach, t.told, t.toldAt, t.heard = ts.RingsTo, ts.Reach, ts.Told, ts.ToldAt, slices.Clone(ts.Heard)
	if t.joined.IsZero() { // of a version where nothing moved
		t.joined = t.entered
	}
	if a := s.agents[t.only]; a != nil {
		a.wanted = append(a.wanted, t)
	}
	s.stepsDue(t)
	s.sort(t)
	s.enterClass(t)
	t.class.waiting = insert(t.class.waiting, t, compareTasks)
	s.rearm(&t.wait, ts.Wait)
	s.rearm(&t.stick, ts.Stick)
	s.rearm(&t.over, ts.Over)
	s.rearm(&t.more, ts.More)
	s.tasks[t.id] = t
}

func (s *State) restoreOffer(os offerSnap) error {
	t, a := s.tasks[os.Task], s.agents[os.Agent]
	if os.Kind != "" {
		t = nil
	}
	if os.Item {
		return s.restoreItemOffer(os, t, a)
	}
	if os.Kind == "" && t == nil || a == nil || a.offer != nil {
		return fmt.Errorf("acd: the snapshot's offer %q has no task %q or agent %q of its own", os.ID, os.Task, os.Agent)
	}
	o := &offer{id: os.ID, n: os.N, kind: os.Kind, task: t, work: os.Work.work(), agent: a, idle: os.Idle, seen: os.Seen, ring: timer{kind: ringOver, id: string(os.ID)}}
	if o.work.task == "" { // of a version that took the rules at the answer
		o.work = workOf(t.id, t.queue.cfg.ID, t.queue)
	}
	s.rearm(&o.ring, os.Ring)
	s.offers[o.id], a.offer = o, o
	if t != nil {
		s.rings(t, o)
	}
	return nil
}

// rings puts an open offer back to its task.
func (s *State) rings(t *task, o *offer) {
	if len(t.open) == 0 {
		s.unwait(t)
		t.queue.ringing = insert(t.queue.ringing, t, compareTasks)
	}
	t.open = append(t.open, o)
}

func (s *State) sortedQueues() []*queue {
	return slices.SortedFunc(maps.Values(s.queues), func(a, b *queue) int { return cmp.Compare(a.cfg.ID, b.cfg.ID) })
}

func (s *State) sortedTasks() []*task { return slices.SortedFunc(maps.Values(s.tasks), compareTasks) }
