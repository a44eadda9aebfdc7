package acd

import (
	"fmt"
	"time"

	"ctid"
)

// offer is an open offer: an agent's phone rings for a task.
type offer struct {
	id    ctid.OfferID
	task  *task
	agent *agent
	idle  time.Time // since when the agent was free, for an offer that ends through no act of his
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

func (s *State) makeOffer(t *task, a *agent) {
	q := t.queue
	s.tally.Offers++
	o := &offer{id: ctid.OfferID(fmt.Sprintf("o_%s_%d", s.cfg.Epoch, s.tally.Offers)), task: t, agent: a, idle: a.idle}
	o.ring = timer{kind: ringOver, id: string(o.id)}
	s.offers[o.id] = o
	s.timers.set(&o.ring, s.now.Add(q.cfg.Ring))
	q.waiting = remove(q.waiting, t, compareTasks)
	q.ringing = insert(q.ringing, t, compareTasks)
	t.offer, a.offer, a.line = o, o, o.id
	s.become(a, ctid.Reserved, "", ctid.BySystem)
	s.emit(MakeOffer{Offer: o.id, Task: t.id, Queue: q.cfg.ID, Agent: a.id, Until: o.ring.due, Entered: t.entered,
		Priority: t.priority, OffersBefore: t.offers})
}

// close ends o: the one place where an offer ends and is counted. Its task is left in the queue's ringing.
func (s *State) close(o *offer, end ctid.OfferEnd, why string) {
	delete(s.offers, o.id)
	s.timers.stop(&o.ring)
	s.tally.OfferEnds[end]++
	o.task.offer = nil
	e := &ended{id: o.id, task: o.task.id, agent: o.agent.id, end: end, at: s.now}
	s.ended[e.id] = e
	s.lately = append(s.lately, e)
	s.emit(EndOffer{Offer: o.id, Task: o.task.id, Agent: o.agent.id, End: end, Why: why})
}

// dropOffer ends o without a conversation: its task waits again at its old place, or leaves if its longest wait is over.
func (s *State) dropOffer(o *offer, end ctid.OfferEnd, why string) {
	t := o.task
	s.close(o, end, why)
	t.offers++
	if t.expired {
		s.exit(t, ctid.ExitTimeout, "")
		return
	}
	q := t.queue
	q.ringing = remove(q.ringing, t, compareTasks)
	q.waiting = insert(q.waiting, t, compareTasks)
	s.touch(q)
}

// forget drops what is known of offers that ended long ago.
func (s *State) forget() {
	n := 0
	for n < len(s.lately) && s.now.Sub(s.lately[n].at) > remember {
		delete(s.ended, s.lately[n].id)
		s.lately[n] = nil
		n++
	}
	s.lately = s.lately[n:]
}

func (s *State) offerUp(e OfferUp) {
	o := s.offers[e.Offer]
	if o == nil {
		s.late(e.Offer)
		return
	}
	t, a := o.task, o.agent
	s.close(o, ctid.OfferAccepted, "")
	s.exit(t, ctid.ExitAnswered, a.id)
	a.misses = 0
	a.work = &work{task: t.id, queue: t.queue.cfg.ID, wrap: t.queue.cfg.Wrap, force: t.queue.cfg.ForceCode}
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
	a, rules := o.agent, o.task.queue.cfg
	a.line = ""
	switch e.Why {
	case "rejected":
		s.dropOffer(o, ctid.OfferRejected, e.Why)
		a.misses, a.fails = 0, 0
		s.settleGap(a, rules.RejectGap, byPhone)
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
	a, rules := o.agent, o.task.queue.cfg
	s.dropOffer(o, ctid.OfferMissed, "no_answer")
	a.fails = 0
	a.misses++
	retry := rules.RONA == ronaRetry && a.misses < rules.MaxMisses
	if retry || a.desk == ctid.DeskNone {
		s.settleGap(a, rules.RetryGap, byTimer)
		return
	}
	s.settlePaused(a, ctid.ReasonNoAnswer, byTimer)
}
