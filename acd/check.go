package acd

import (
	"errors"
	"fmt"
	"slices"

	"ctid"
)

// check holds the State against its invariants and tells all that are broken. It looks at everything: for tests and for
// snapshots read from disk, not for each event.
func (s *State) check() error {
	var c checker
	c.all(s)
	return errors.Join(c.errs...)
}

// checker collects what is broken. A test may have it note what it asked, too.
type checker struct {
	errs          []error
	asked, broken map[string]bool
}

func (c *checker) all(s *State) {
	for _, a := range s.sortedAgents() {
		c.agent(s, a)
		if a.media != nil {
			c.mixed(s, a)
		}
	}
	for _, q := range s.sortedQueues() {
		c.queue(s, q)
	}
	for _, t := range s.sortedTasks() {
		c.task(s, t)
	}
	c.offers(s)
	c.counters(s)
	c.timers(s)
}

func (c *checker) must(ok bool, format string, args ...any) {
	if c.asked != nil {
		c.asked[format] = true
		c.broken[format] = c.broken[format] || !ok
	}
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

// agent: what a state has and has not, and that the view says the same.
func (c *checker) agent(s *State, a *agent) {
	c.must((a.state == ctid.Reserved) == (a.offer != nil), "agent %s is %s: offer %v", a.id, a.state, a.offer != nil)
	if a.offer != nil {
		c.must(s.offers[a.offer.id] == a.offer && a.offer.agent == a, "agent %s has offer %s, which is not his", a.id, a.offer.id)
	}
	c.must((a.state == ctid.Talking || a.state == ctid.WrapUp) == (a.work != nil), "agent %s is %s: work %v", a.id, a.state, a.work != nil)
	c.must((a.state == ctid.WrapUp) == (a.wrap != nil), "agent %s is %s: wrap-up %v", a.id, a.state, a.wrap != nil)
	c.must(a.busy() || a.back == nil, "agent %s is %s, and has a state to return to", a.id, a.state)
	c.must(!a.locked || a.state == ctid.Paused, "agent %s is %s, and locked", a.id, a.state)
	c.must((a.state == ctid.WrapUp) == (a.wrapEnd.index > 0), "agent %s is %s: wrap-up timer %v", a.id, a.state, a.wrapEnd.index > 0)
	c.must(a.occupied() || a.next == nil, "agent %s is %s, and waits for a next state", a.id, a.state)
	c.must((a.state == ctid.Paused) == (a.reason != ""), "agent %s is %s with reason %q", a.id, a.state, a.reason)
	c.must(a.state != ctid.Ready || a.phoneOK(), "agent %s is ready without a phone", a.id)
	c.must(a.state != ctid.Ready || a.deskOK() || s.inGrace(a), "agent %s is ready without the desktop he needs", a.id)
	c.must(!a.since.After(s.now) && a.lasted >= 0, "agent %s is in his state since %v, after %v", a.id, a.since, s.now)
	c.must(!a.removed || a.occupied(), "agent %s is not configured, and has no work", a.id)
	gap := a.state == ctid.Ready && a.until.After(s.now)
	free := a.state == ctid.Ready && !gap && !a.held && a.line == "" && (a.media == nil || a.mayTakeCall())
	c.must(a.inFree == free, "agent %s: free %v, listed as free %v", a.id, free, a.inFree)
	c.must(gap == (a.gap.index > 0), "agent %s: left alone %v, its timer %v", a.id, gap, a.gap.index > 0)
	working := a.state == ctid.Reserved || a.state == ctid.Talking
	c.must((a.line != "" && !working) == (a.clear.index > 0), "agent %s is %s: line %q, its timer %v", a.id, a.state, a.line, a.clear.index > 0)
	c.must(a.offer == nil || a.line == "" || a.line == a.offer.id, "agent %s is offered something on the line of %s", a.id, a.line)
	c.must(!a.held || a.state == ctid.Ready && !a.awake && s.inGrace(a), "agent %s is held for a desktop: %s, awake %v", a.id, a.state, a.awake)
	for _, m := range a.serves {
		c.member(s, m, free)
	}
	for _, t := range a.wanted {
		c.must(s.tasks[t.id] == t && t.only == a.id, "agent %s is waited for by task %s, which does not know it", a.id, t.id)
	}
}

// member: who serves a queue stands in its lists, and in the free ones of just those classes that he may take tasks of.
func (c *checker) member(s *State, m *member, free bool) {
	a, q := m.agent, m.queue
	if !q.voice {
		free = s.slotFree(a, q.cfg.Medium)
	}
	c.must(s.queues[q.cfg.ID] == q && slices.Contains(q.members, m), "agent %s serves queue %s, which does not have him", a.id, q.cfg.ID)
	c.must(m.listed == free, "agent %s: free %v, so listed in queue %s: %v", a.id, free, q.cfg.ID, m.listed)
	c.must(m.weight > 0 && m.rank > 0 && m.taken >= 0, "agent %s has rank %d, weight %d and %d tasks in queue %s", a.id, m.rank, m.weight, m.taken, q.cfg.ID)
	for _, k := range q.classes {
		i, in := slices.BinarySearchFunc(k.free, m, q.by.cmp)
		c.must((in && k.free[i] == m) == (m.listed && k.takes(m)), "agent %s: listed %v in queue %s for %v", a.id, in, q.cfg.ID, k.want)
	}
}

// mixed: each piece of work has what its state has, and no slot is listed that may not be offered anything.
func (c *checker) mixed(s *State, a *agent) {
	x := a.media
	c.must(x.voice == (x.slot(ctid.Voice) != nil && x.slot(ctid.Voice).max > 0), "agent %s takes calls %v, his slots say otherwise", a.id, x.voice)
	c.must(x.voice || x.shown.State == a.stateShown(), "agent %s is %s, and shown as %s", a.id, a.stateShown(), x.shown.State)
	c.must(a.state != ctid.Out || len(x.items) == 0, "agent %s is out, and has work", a.id)
	for _, sl := range x.slots {
		c.must(sl.until.After(s.now) == (sl.gap.index > 0), "agent %s: left alone with %s %v, its timer %v", a.id, sl.medium, sl.until, sl.gap.index > 0)
		c.must(sl.medium != ctid.Voice || !sl.inFree, "agent %s: his voice slot is listed as one of another medium", a.id)
	}
	for _, it := range x.items {
		t := it.work.task
		c.must(it.agent == a && it.slot() != nil && it.medium != ctid.Voice, "agent %s has %s, which is not his, or no slot for it", a.id, t)
		c.must((it.state == ctid.ItemOffered) == (it.offer != nil), "%s is %s: offer %v", t, it.state, it.offer != nil)
		c.must(it.offer == nil || s.offers[it.offer.id] == it.offer && it.offer.item == it, "%s has an offer that is not its own", t)
		c.must((it.state == ctid.ItemWrapUp) == (it.wrap != nil && it.wrapEnd.index > 0 && s.wraps[it.wrap.ID] == it), "%s is %s: wrap-up %v", t, it.state, it.wrap != nil)
	}
}

// slotFree tells whether a may be offered work of the medium.
func (s *State) slotFree(a *agent, m ctid.Medium) bool {
	return a.media != nil && a.media.slot(m) != nil && s.mayTake(a, a.media.slot(m))
}

// isHis tells whether o's agent knows it as what it is.
func (o *offer) isHis() bool {
	if o.item != nil {
		return o.item.offer == o && o.item.agent == o.agent
	}
	return o.agent.offer == o
}

// queue: its order, and that nobody is free beside a waiting task.
func (c *checker) queue(s *State, q *queue) {
	id := q.cfg.ID
	c.must(slices.IsSortedFunc(q.ringing, compareTasks), "queue %s: ringing tasks out of order", id)
	c.must(slices.IsSortedFunc(q.members, compareMembers), "queue %s: members out of order", id)
	c.must(!q.draining || q.size() > 0, "queue %s is not configured, and empty", id)
	c.must(!q.touched && !q.doubted, "queue %s is left touched, or doubted", id)
	empty, look := s.deserted(q)
	c.must(!empty || look.After(s.now) || !q.waitsOnLine(), "queue %s: a task waits, and by leave_empty nobody is there", id)
	c.must(!empty || !look.After(s.now) || q.away.index > 0, "queue %s: nobody looks whether somebody is back", id)
	c.must(len(q.classes) > 0 && q.classes[0].want == q.base(), "queue %s has not the class that it always has", id)
	working := 0
	for _, m := range q.members {
		if m.agent.atWork() {
			working++
		}
	}
	c.must(q.working == working, "queue %s: %d agents at work, it counts %d", id, working, q.working)
	for i, k := range q.classes {
		c.class(s, q, k)
		c.must(i == 0 || k.tasks > 0, "queue %s keeps a class for nobody: %v", id, k.want)
		c.must(!slices.ContainsFunc(q.classes[:i], func(o *class) bool { return o.want == k.want }), "queue %s has a class twice: %v", id, k.want)
	}
	for _, t := range q.ringing {
		c.must(len(t.open) > 0 && s.tasks[t.id] == t && t.queue == q, "task %s rings in queue %s, which is not its place", t.id, id)
	}
}

// class: its tasks want what it says, and nobody waits in it beside a free agent.
func (c *checker) class(s *State, q *queue, k *class) {
	id := q.cfg.ID
	c.must(len(k.waiting) == 0 || len(k.free) == 0, "queue %s: a task waits beside a free agent", id)
	c.must(slices.IsSortedFunc(k.waiting, compareTasks), "queue %s: waiting tasks out of order", id)
	c.must(slices.IsSortedFunc(k.free, q.by.cmp), "queue %s: free agents out of order", id)
	n := 0
	for _, t := range q.tasks() {
		if t.class == k {
			n++
			w, _ := wantOf(t)
			c.must(w == k.want, "task %s wants %v, and stands in a class for %v", t.id, w, k.want)
		}
	}
	c.must(n == k.tasks, "queue %s: a class counts %d tasks and has %d", id, k.tasks, n)
	for _, t := range k.waiting {
		c.must(len(t.open) == 0 && s.tasks[t.id] == t && t.queue == q && t.class == k, "task %s waits in queue %s, which is not its place", t.id, id)
	}
	for _, f := range k.free {
		c.must(s.agents[f.agent.id] == f.agent && slices.Contains(f.agent.serves, f), "queue %s: %s is free for it, and does not serve it", id, f.agent.id)
	}
}

// task: in one place, with no negative time, and its timers are those of its state.
func (c *checker) task(s *State, t *task) {
	waiting, ringing := 0, 0
	for _, q := range s.sortedQueues() {
		for _, k := range q.classes {
			if slices.Contains(k.waiting, t) {
				waiting++
			}
		}
		if slices.Contains(q.ringing, t) {
			ringing++
		}
	}
	rings := len(t.open) > 0
	c.must(waiting+ringing == 1, "task %s is in %d places", t.id, waiting+ringing)
	c.must((ringing == 1) == rings, "task %s rings %v, its offers %d", t.id, ringing == 1, len(t.open))
	c.must(!t.entered.After(s.now) && !t.joined.After(s.now), "task %s entered at %v and %v, after %v", t.id, t.entered, t.joined, s.now)
	c.must(t.priority >= 0 && t.priority <= maxPriority, "task %s has priority %d", t.id, t.priority)
	c.must(rings || !t.expired && !t.overdue && t.until.IsZero() && t.reach == 0 && t.more.index == 0, "task %s waits, and has what only one that rings has", t.id)
	c.must((t.only != "") == (t.stick.index > 0), "task %s waits for %q alone, its timer %v", t.id, t.only, t.stick.index > 0)
	c.must(t.only == "" || s.sticks(t) && slices.Contains(s.agents[t.only].wanted, t), "task %s waits for %q, who is not there for it", t.id, t.only)
	c.must((t.step < len(t.queue.cfg.Steps)) == (t.loosen.index > 0), "task %s is at step %d, its timer %v", t.id, t.step, t.loosen.index > 0)
}

// offers: each for one agent and one task, and no agent or task in two.
func (c *checker) offers(s *State) {
	for _, t := range s.sortedTasks() {
		for _, o := range t.open {
			c.must(s.offers[o.id] == o && o.task == t && o.isHis() && s.agents[o.agent.id] == o.agent,
				"offer %s of task %s is not open, or not its agent's", o.id, t.id)
			c.must(o.ring.index > 0, "offer %s rings without end", o.id)
		}
	}
	agents := map[ctid.AgentID]int{}
	for id, o := range s.offers {
		if o.item == nil {
			agents[o.agent.id]++
		}
		c.must(agents[o.agent.id] <= 1, "agent %s is in two offers of calls", o.agent.id)
		c.must(o.id == id && (o.kind != "" && o.task == nil || o.kind == "" && slices.Contains(o.task.open, o)), "offer %s is not its task's", id)
		c.must(o.isHis() && o.ring.index > 0, "offer %s is not its agent's, or rings without end", id)
		c.must(s.ended[id] == nil, "offer %s is open and ended", id)
	}
	c.must(len(s.lately) == len(s.ended), "%d offers ended lately, %d are known", len(s.lately), len(s.ended))
}

// counters: what began has ended once, or is there still.
func (c *checker) counters(s *State) {
	sum := len(s.offers)
	for _, n := range s.tally.OfferEnds {
		sum += n
	}
	c.must(sum == s.tally.Offers, "%d offers made, %d open or ended", s.tally.Offers, sum)
	sum = len(s.tasks)
	for _, n := range s.tally.Exits {
		sum += n
	}
	c.must(sum == s.tally.Entered, "%d tasks entered, %d in a queue or left", s.tally.Entered, sum)
	c.must(s.tally.OfferEnds[ctid.OfferAccepted] == s.tally.Exits[ctid.ExitAnswered]+s.tally.Direct, "%d offers accepted, %d tasks answered and %d direct ones",
		s.tally.OfferEnds[ctid.OfferAccepted], s.tally.Exits[ctid.ExitAnswered], s.tally.Direct)
}

// timers: none is overdue, each knows its place.
func (c *checker) timers(s *State) {
	for i, t := range s.timers {
		c.must(t.due.After(s.now), "timer %d of %s was due at %v, it is %v", t.kind, t.id, t.due, s.now)
		c.must(t.index == i+1, "timer %d of %s is lost in the heap", t.kind, t.id)
		c.must(i == 0 || !s.timers.Less(i, (i-1)/2), "timer %d of %s is before its parent", t.kind, t.id)
	}
}
