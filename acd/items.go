package acd

import (
	"fmt"
	"slices"
	"time"

	"ctid"
)

// This file has the life of a piece of work other than a call: offered, active, written up.

// item is such a piece of work, held by an agent.
type item struct {
	agent    *agent
	medium   ctid.Medium
	work     work
	state    ctid.ItemState
	since    time.Time
	offer    *offer // while it is offered
	wrap     *ctid.Wrap
	wrapFrom time.Time
	wrapEnd  timer // itemWrapOver
}

func (x *mixed) offered() bool {
	return slices.ContainsFunc(x.items, func(it *item) bool { return it.state == ctid.ItemOffered })
}

// item is a's piece of work on a task that is no call; nil: he has none. One that he only writes up is another piece: the
// task may have come back to him.
func (a *agent) item(t ctid.TaskID) *item {
	return a.itemWhere(func(it *item) bool { return it.work.task == t && it.state != ctid.ItemWrapUp })
}

// itemWhere is the first piece of a's work other than a call for which it holds.
func (a *agent) itemWhere(holds func(*item) bool) *item {
	if a.media == nil {
		return nil
	}
	i := slices.IndexFunc(a.media.items, holds)
	if i < 0 {
		return nil
	}
	return a.media.items[i]
}

// itemWrap is a's piece of work that wrap-up w belongs to; nil: none.
func (a *agent) itemWrap(w ctid.WrapID) *item {
	return a.itemWhere(func(it *item) bool { return it.wrap != nil && it.wrap.ID == w })
}

// seen notes whether his desktop, which is lost, has shown him what he is offered.
func (x *mixed) seen(yes bool) {
	for _, it := range x.items {
		if it.offer != nil {
			it.offer.seen = yes
		}
	}
}

// figuresOf counts a in the figures of a queue of work other than calls.
func (a *agent) figuresOf(q *queue, f *QueueFigures) {
	if a.state == ctid.Out || a.media == nil {
		return
	}
	f.AgentsIn++
	if sl := a.media.slot(q.cfg.Medium); sl != nil && sl.inFree {
		f.AgentsReady++
	}
	for _, it := range a.media.items {
		if it.state == ctid.ItemActive && it.work.queue == q.cfg.ID {
			f.Talking++
		}
	}
}

func (it *item) slot() *slot { return it.agent.media.slot(it.medium) }

func (it *item) view() ctid.WorkItem {
	v := ctid.WorkItem{Task: it.work.task, Medium: it.medium, Queue: it.work.queue, State: it.state, Since: it.since}
	if it.offer != nil {
		v.Offer = it.offer.id
	}
	if it.wrap != nil {
		w := *it.wrap
		v.Wrap = &w
	}
	return v
}

// take puts a piece of work into a's hands.
func (s *State) take(a *agent, w work, m ctid.Medium, st ctid.ItemState) *item {
	s.unmix(a)
	it := &item{agent: a, medium: m, work: w, state: st, since: s.now}
	it.slot().idle = s.now
	a.media.items = append(a.media.items, it)
	return it
}

// offerItem offers a task that is no call. It does not touch what else the agent has.
func (s *State) offerItem(t *task, a *agent, ring time.Duration) {
	q := t.queue
	idle := a.media.slot(q.cfg.Medium).idle
	it := s.take(a, workOf(t.id, q.cfg.ID, q), q.cfg.Medium, ctid.ItemOffered)
	o := s.openOffer(a, it.work, ring)
	o.task, o.item, o.idle, it.offer = t, it, idle, o
	t.open = append(t.open, o)
	s.changed(a, ctid.BySystem)
	s.tellOffer(o)
}

// itemUp: the agent has taken the work.
func (s *State) itemUp(o *offer) {
	it, a := o.item, o.agent
	s.close(o, ctid.OfferAccepted, "")
	s.took(a, o.task.queue)
	s.answered(o.task, o)
	it.state, it.since, it.offer = ctid.ItemActive, s.now, nil
	it.slot().misses = 0
	s.changed(a, byHim(a))
}

// byHim is an agent as a cause.
func byHim(a *agent) ctid.By { return ctid.By{Kind: "agent", ID: string(a.id)} }

// itemFailed: an offer of such work ended without being taken, otherwise than by its time.
func (s *State) itemFailed(o *offer, why string) {
	it, rules := o.item, o.task.queue.cfg
	if why == "rejected" {
		s.dropOffer(o, ctid.OfferRejected, why)
		if rules.Rejected == rejectedPause && o.agent.desk != ctid.DeskNone {
			s.pauseMedium(it, ctid.ReasonRejected, byHim(o.agent))
			return
		}
		s.rest(it.slot(), rules.RejectGap)
		s.endItem(it, byHim(o.agent))
		return
	}
	s.dropOffer(o, ctid.OfferLost, "failed")
	s.rest(it.slot(), busyGap)
	s.endItem(it, ctid.BySystem)
}

// itemMissed: the time of the offer is over. What it does to the agent concerns this medium alone.
func (s *State) itemMissed(o *offer) {
	it, rules := o.item, o.task.queue.cfg
	s.dropOffer(o, ctid.OfferMissed, "no_answer")
	sl := it.slot()
	if rules.RONA == ronaNone {
		s.rest(sl, rules.RetryGap)
		s.endItem(it, byTimer)
		return
	}
	sl.misses++
	retry := rules.RONA == ronaRetry && sl.misses < rules.MaxMisses
	if retry || o.agent.desk == ctid.DeskNone {
		s.rest(sl, rules.RetryGap)
		s.endItem(it, byTimer)
		return
	}
	s.pauseMedium(it, ctid.ReasonNoAnswer, byTimer)
}

// pauseMedium ends a piece of work and offers the agent no more of its medium until he says ready.
func (s *State) pauseMedium(it *item, reason string, by ctid.By) {
	it.slot().paused = reason
	s.endItem(it, by)
}

// itemFreed: an offer of such work is over through no act of the agent's, who keeps his place in line.
func (s *State) itemFreed(o *offer, by ctid.By) {
	s.unmix(o.agent)
	o.item.slot().idle = o.idle
	s.endItem(o.item, by)
}

// endItem takes a piece of work out of its agent's hands. If it was the last, what he asked for comes.
func (s *State) endItem(it *item, by ctid.By) {
	a := it.agent
	s.timers.stop(&it.wrapEnd)
	if it.wrap != nil {
		delete(s.wraps, it.wrap.ID)
	}
	a.media.items = slices.DeleteFunc(a.media.items, func(x *item) bool { return x == it })
	switch why := a.media.pausedMedia(); {
	case a.next != nil && !a.occupied():
		s.settle(a, asBefore, by)
	case why != "" && !a.takesCalls() && a.state == ctid.Ready:
		s.become(a, ctid.Paused, why, by)
	default:
		s.changed(a, by)
	}
}

// itemEnded: the agent has done with the work, but for its paperwork.
func (s *State) itemEnded(it *item, e WorkEnded, by ctid.By) {
	a := it.agent
	switch {
	case it.state != ctid.ItemActive:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not at work on %s", a.id, e.Task))
		return
	case e.NoWrap || e.Dropped || it.work.dropped || it.work.wrap == 0:
		s.endItem(it, by)
		return
	}
	s.tally.Wraps++
	it.state, it.since, it.wrapFrom = ctid.ItemWrapUp, s.now, s.now
	it.wrap = s.newWrap(it.work, a)
	it.wrapEnd = timer{kind: itemWrapOver, id: string(it.wrap.ID)}
	s.wraps[it.wrap.ID] = it
	s.timers.set(&it.wrapEnd, it.wrap.Until)
	s.changed(a, by)
}

// newWrap is the wrap-up of work that is over.
func (s *State) newWrap(w work, a *agent) *ctid.Wrap {
	return &ctid.Wrap{ID: ctid.WrapID(fmt.Sprintf("w_%s_%d", s.cfg.Epoch, s.tally.Wraps)), Call: ctid.CallID(w.task), Queue: w.queue,
		Until: s.now.Add(w.wrap), Forced: w.force && a.desk != ctid.DeskNone, Extends: w.extends}
}

// itemWrapTimeOver is wrapTimeOver for such work: one who owes a code is offered no more of its medium.
func (s *State) itemWrapTimeOver(it *item) {
	switch {
	case !it.wrap.Forced:
		s.endItem(it, byTimer)
	case s.overruns(it.wrap, it.wrapFrom, &it.wrapEnd):
		s.changed(it.agent, byTimer)
	default:
		s.pauseMedium(it, ctid.ReasonNoDisposition, byTimer)
	}
}

// itemWrapDone ends the wrap-up of such work. What he wants afterwards is as if he had asked for it then; what a supervisor
// wants, or his going, stands.
func (s *State) itemWrapDone(it *item, e WrapUpDone) {
	a := it.agent
	switch {
	case it.wrap.Forced && !e.Coded:
		s.refuse(ctid.DispositionRequired, a, "this wrap-up ends with a disposition")
		return
	case e.Then == ctid.Paused && e.Reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
		return
	case e.Then == ctid.Paused && !s.mayPause(a, e.Reason):
		return
	case !slices.Contains([]ctid.AgentState{"", ctid.Ready, ctid.Paused, ctid.Out}, e.Then):
		s.refuse(ctid.BadRequest, a, fmt.Sprintf("after a wrap-up comes ready, paused or out, not %q", e.Then))
		return
	}
	s.endItem(it, e.By)
	locked := a.locked || a.next != nil && a.next.Locked
	leaves := a.removed || a.state == ctid.Out || a.next != nil && a.next.State == ctid.Out
	switch {
	case locked || leaves:
	case e.Then == ctid.Out:
		s.logout(a, e.By)
	case e.Then == ctid.Paused && (a.state != ctid.Paused || a.reason != e.Reason) && (a.next == nil || a.next.Reason != e.Reason):
		s.pause(a, e.Reason, e.By)
	}
}

// readyAgain: an agent who is ready as far as his calls go, or was paused with other work in hand, wants all that there is.
func (s *State) readyAgain(a *agent, by ctid.By) {
	a.next = nil
	s.fresh(a)
	s.changed(a, by)
}

// dropItems ends all work of a but his call, for a supervisor.
func (s *State) dropItems(a *agent, by ctid.By) {
	for _, it := range slices.Clone(a.media.items) {
		switch it.state {
		case ctid.ItemOffered:
			s.revoke(it.offer, "revoked", by)
		case ctid.ItemWrapUp:
			s.endItem(it, by)
		default:
			it.work.dropped = true
			s.emit(DropWork{Agent: a.id, Task: it.work.task, By: by})
		}
	}
}

// loseItems: what was offered on a desktop that is gone, and had not been shown there, is offered to others.
func (s *State) loseItems(a *agent) {
	if a.media == nil {
		return
	}
	for _, it := range slices.Clone(a.media.items) {
		if it.state == ctid.ItemOffered && !it.offer.seen {
			s.dropOffer(it.offer, ctid.OfferLost, "desktop_lost")
			s.endItem(it, byTimer)
		}
	}
}

// adoptItem: the agent is at such work, as was found after a restart.
func (s *State) adoptItem(a *agent, e Adopt, q *queue, by ctid.By) {
	switch {
	case a.item(e.Task) != nil:
	case a.media == nil || a.media.slot(q.cfg.Medium) == nil || a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not there for %s", a.id, q.cfg.Medium))
	default:
		s.take(a, workOf(e.Task, e.Queue, q), q.cfg.Medium, ctid.ItemActive)
		s.changed(a, by)
	}
}

// pickItem offers a task that is no call to the agent who asks for it.
func (s *State) pickItem(a *agent, t *task, e Pick) {
	sl := (*slot)(nil)
	if a.media != nil {
		sl = a.media.slot(t.queue.cfg.Medium)
	}
	switch {
	case sl == nil || a.state == ctid.Out || a.removed:
		s.refuse(ctid.NoRoute, a, fmt.Sprintf("%s does not work on %s", a.id, t.queue.cfg.Medium))
		return
	case a.media.offered() || !a.hasRoom(sl):
		s.refuse(ctid.TargetBusy, a, fmt.Sprintf("%s has no room for more", a.id))
		return
	}
	if s.takeBack(t, e.By) {
		s.ringAt(t, a, t.queue.cfg.Ring)
	}
}
