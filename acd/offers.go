package acd

import (
	"fmt"
	"slices"
	"time"

	"ctid"
)

// offer is an open offer: an agent's phone rings for a task.
type offer struct {
	id    ctid.OfferID
	n     int            // which offer of all it is
	kind  ctid.OfferKind // empty: from a queue
	task  *task          // of an offer from a queue
	work  work           // what he takes with it
	item  *item          // the same, if it is no call
	agent *agent
	idle  time.Time // of an item: since when its slot was free, for an offer that ends through no act of the agent's
	seen  bool      // his desktop was lost, but had shown him the caller
	ring  timer     // ringOver
}

// ended is an offer that is over, known for a while so that an answer that comes late can be told what won.
type ended struct {
	id    ctid.OfferID
	task  ctid.TaskID
	agent ctid.AgentID
	end   ctid.OfferEnd
	at    time.Time
}

// makeOffer offers t, which waits, to m's agent, and to those at whom the queue's strategy rings beside him.
func (s *State) makeOffer(t *task, m *member) {
	q := t.queue
	s.tellDecision(t, m)
	s.served(t)
	q.last, t.tried = m.agent.order, m.agent.order
	s.ringAt(t, m.agent, q.cfg.Ring)
	if t.only == "" {
		s.ringOthers(t, m)
	}
}

// ringAt offers t to a for so long, whether or not it is offered to others.
func (s *State) ringAt(t *task, a *agent, ring time.Duration) {
	q := t.queue
	if len(t.open) == 0 {
		s.unwait(t)
		q.ringing = insert(q.ringing, t, compareTasks)
	}
	if !q.voice {
		s.offerItem(t, a, ring)
		return
	}
	if t.ahead {
		ring = AheadTime
	}
	o := s.newOffer(a, workOf(t.id, q.cfg.ID, q), ring)
	o.task = t
	t.open = append(t.open, o)
	s.become(a, ctid.Reserved, "", ctid.BySystem)
	s.tellOffer(o)
}

// tellOffer says that an offer of a queue is open.
func (s *State) tellOffer(o *offer) {
	t, q := o.task, o.task.queue
	c := MakeOffer{Offer: o.id, Task: t.id, Queue: q.cfg.ID, Agent: o.agent.id, Until: o.ring.due, Entered: t.entered,
		Priority: t.priority, OffersBefore: t.offers}
	if t.callback {
		c.Kind = ctid.OfferCallback
	}
	if o.item != nil {
		c.Medium = o.item.medium
	}
	s.emit(c)
}

// newOffer opens an offer to a, whose phone is free.
func (s *State) newOffer(a *agent, w work, ring time.Duration) *offer {
	o := s.openOffer(a, w, ring)
	a.offer, a.line = o, o.id
	return o
}

func (s *State) openOffer(a *agent, w work, ring time.Duration) *offer {
	s.tally.Offers++
	o := &offer{n: s.tally.Offers, id: ctid.OfferID(fmt.Sprintf("o_%s_%d", s.cfg.Epoch, s.tally.Offers)), work: w, agent: a}
	o.ring = timer{kind: ringOver, id: string(o.id)}
	s.offers[o.id] = o
	s.timers.set(&o.ring, s.now.Add(ring))
	return o
}

// close ends o: the one place where an offer ends and is counted. Its task is left in the queue's ringing.
func (s *State) close(o *offer, end ctid.OfferEnd, why string) {
	delete(s.offers, o.id)
	s.timers.stop(&o.ring)
	s.tally.OfferEnds[end]++
	if t := o.task; t != nil {
		t.open = slices.DeleteFunc(t.open, func(x *offer) bool { return x == o })
		if len(t.open) == 0 {
			t.until, t.reach = time.Time{}, 0
			s.timers.stop(&t.more)
		}
	}
	e := &ended{id: o.id, task: o.work.task, agent: o.agent.id, end: end, at: s.now}
	s.ended[e.id] = e
	s.lately = append(s.lately, e)
	s.emit(EndOffer{Offer: o.id, Task: o.work.task, Agent: o.agent.id, End: end, Why: why})
}

// dropOffer ends o without a conversation. Its task rings on where else it rings; else it waits again at its old place, or leaves
// if it was only the ringing that kept it.
func (s *State) dropOffer(o *offer, end ctid.OfferEnd, why string) {
	t := o.task
	s.close(o, end, why)
	if t == nil {
		return
	}
	t.offers++
	if len(t.open) > 0 {
		return
	}
	if t.only == o.agent.id && end != ctid.OfferCancelled {
		s.unstick(t)
	}
	t.queue.ringing = remove(t.queue.ringing, t, compareTasks)
	s.waitIn(t)
	expired, overdue := t.expired, t.overdue
	t.expired, t.overdue = false, false
	switch {
	case expired:
		s.depart(t, ctid.ExitTimeout)
	case overdue:
		s.overflow(t)
	}
}

// freed: an offer is over through no act of its agent's.
func (s *State) freed(o *offer, by ctid.By) {
	if o.item != nil {
		s.itemFreed(o, by)
		return
	}
	s.settle(o.agent, asBefore, by)
}

// forget drops what is known of offers that ended long ago, and of places that nobody came back for.
func (s *State) forget() {
	n := 0
	for n < len(s.lately) && s.now.Sub(s.lately[n].at) > remember {
		delete(s.ended, s.lately[n].id)
		s.lately[n] = nil
		n++
	}
	s.lately = s.lately[n:]
	s.forgetPlaces()
}

func (s *State) offerUp(e OfferUp) {
	o := s.offers[e.Offer]
	if o == nil {
		s.late(e.Offer)
		return
	}
	if o.item != nil {
		s.itemUp(o)
		return
	}
	a, w := o.agent, o.work
	s.close(o, ctid.OfferAccepted, "")
	if o.task != nil {
		s.took(a, o.task.queue)
		s.answered(o.task, o)
		a.misses = 0
	} else {
		s.tally.Direct++
	}
	a.work = &w
	s.become(a, ctid.Talking, "", byPhone)
}

// late answers a leg that came up for an offer that is over: the leg must go. A second report of the answer that won is
// left alone, for that leg is in conversation. An offer nobody remembers is told as lost.
func (s *State) late(id ctid.OfferID) {
	e, ok := s.ended[id]
	switch {
	case !ok:
		s.emit(EndOffer{Offer: id, End: ctid.OfferLost, Why: "late"})
	case e.end != ctid.OfferAccepted:
		s.emit(EndOffer{Offer: id, Task: e.task, Agent: e.agent, End: e.end, Why: "late"})
	}
}

// offerFailed: a report on an offer that is over changes nothing.
func (s *State) offerFailed(e OfferFailed) {
	o := s.offers[e.Offer]
	if o == nil {
		return
	}
	if o.item != nil {
		s.itemFailed(o, e.Why)
		return
	}
	a := o.agent
	a.line = ""
	switch e.Why {
	case "rejected":
		s.rejected(o)
	case "busy":
		s.dropOffer(o, ctid.OfferRejected, e.Why)
		s.phoneFailed(a, ctid.ReasonDeviceBusy)
	case "unreachable":
		s.dropOffer(o, ctid.OfferLost, e.Why)
		if a.desk == ctid.DeskNone {
			s.settleGap(a, unreachableGap, byPhone)
			return
		}
		s.settlePaused(a, ctid.ReasonDeviceUnreachable, byPhone)
	default:
		s.dropOffer(o, ctid.OfferLost, "failed")
		s.phoneFailed(a, ctid.ReasonDeviceUnreachable)
	}
}

// rejected: the agent does not want the call. Of one from a queue he is left alone for a while, or paused, as the queue says.
func (s *State) rejected(o *offer) {
	a, rules := o.agent, o.rules()
	s.dropOffer(o, ctid.OfferRejected, "rejected")
	a.fails = 0
	switch {
	case rules == nil:
		s.settle(a, asBefore, byPhone)
	case rules.Rejected == rejectedPause && a.desk != ctid.DeskNone:
		a.misses = 0
		s.settlePaused(a, ctid.ReasonRejected, byPhone)
	default:
		a.misses = 0
		s.settleGap(a, rules.RejectGap, byPhone)
	}
}

// rules are those of the queue that o came from; nil: it came past the queues. When o is over, its task may be in another one.
func (o *offer) rules() *Queue {
	if o.task == nil {
		return nil
	}
	return &o.task.queue.cfg
}

// phoneFailed leaves an agent alone for a while whose phone was busy, failed or dropped the call that it answered, and pauses him when it did so too often
// in a row. An agent without desktop could not end that pause, so he is only left alone.
func (s *State) phoneFailed(a *agent, reason string) {
	a.fails++
	if a.fails >= busyLimit && a.desk != ctid.DeskNone {
		a.fails = 0
		s.settlePaused(a, reason, byPhone)
		return
	}
	s.settleGap(a, busyGap, byPhone)
}

// missed: the ring time is over. The caller keeps his place; what becomes of the agent is the queue's rule.
func (s *State) missed(o *offer) {
	if o.item != nil {
		s.itemMissed(o)
		return
	}
	if o.task != nil && o.task.ahead {
		s.notReached(o)
		return
	}
	a, rules := o.agent, o.rules()
	s.dropOffer(o, ctid.OfferMissed, "no_answer")
	a.fails = 0
	if rules == nil {
		s.settle(a, asBefore, byTimer)
		return
	}
	if rules.RONA == ronaNone {
		s.settleGap(a, rules.RetryGap, byTimer)
		return
	}
	a.misses++
	retry := rules.RONA == ronaRetry && a.misses < rules.MaxMisses
	if retry || a.desk == ctid.DeskNone {
		s.settleGap(a, rules.RetryGap, byTimer)
		return
	}
	s.settlePaused(a, ctid.ReasonNoAnswer, byTimer)
}

// took counts a task that a took from q in his shift.
func (s *State) took(a *agent, q *queue) {
	for _, m := range a.serves {
		if m.queue == q {
			m.taken++
		}
	}
}
