package acd

import (
	"cmp"
	"fmt"
	"slices"

	"ctid"
)

// This file has work that comes to an agent past the queues.

// direct offers a task to one agent.
func (s *State) direct(a *agent, e Direct) {
	if !s.takesDirect(a) {
		return
	}
	if e.Ring <= 0 {
		e.Ring = defaultRing
	}
	o := s.newOffer(a, work{task: e.Task, doing: ctid.DoingTalk}, e.Ring)
	o.kind = cmp.Or(e.Kind, ctid.OfferDirect)
	if o.kind == ctid.OfferConsult {
		o.work.doing = ctid.DoingConsult
	}
	a.leave()
	s.become(a, ctid.Reserved, "", e.By)
	s.emit(MakeOffer{Offer: o.id, Task: e.Task, Kind: o.kind, Agent: a.id, Until: o.ring.due, Entered: s.now})
}

// takesDirect tells whether a can be rung past the queues now, or refuses.
func (s *State) takesDirect(a *agent) bool {
	switch {
	case !a.takesCalls():
		s.refuse(ctid.NoRoute, nil, fmt.Sprintf("%s takes no calls", a.id))
	case a.state == ctid.Out || a.removed:
		s.refuse(ctid.NoRoute, nil, fmt.Sprintf("%s is not on duty", a.id))
	case a.busy() || a.line != "":
		s.refuse(ctid.TargetBusy, nil, fmt.Sprintf("%s is busy", a.id))
	case !a.reachable:
		s.refuse(ctid.DeviceUnreachable, nil, fmt.Sprintf("the phone of %s cannot be reached", a.id))
	default:
		return true
	}
	return false
}

// pick offers a task of a queue to the agent who wants it. Whoever it rings at is left in peace.
func (s *State) pick(a *agent, e Pick) {
	t := s.tasks[e.Task]
	switch {
	case t == nil:
		s.refuse(ctid.CallOver, a, fmt.Sprintf("%s waits nowhere any more", e.Task))
		return
	case slices.ContainsFunc(t.open, func(o *offer) bool { return o.agent == a }):
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s rings at %s already", e.Task, a.id))
		return
	case !t.queue.voice:
		s.pickItem(a, t, e)
		return
	case !s.takesDirect(a):
		return
	}
	if s.takeBack(t, e.By) {
		a.leave()
		s.ringAt(t, a, t.queue.cfg.Ring)
	}
}

// takeBack lets t, which somebody picks, ring nowhere. It says so if the ringing was all that kept it in its queue.
func (s *State) takeBack(t *task, by ctid.By) bool {
	q := t.queue
	for len(t.open) > 0 {
		s.revoke(t.open[0], "revoked", by)
	}
	if s.tasks[t.id] == t && t.queue == q {
		return true
	}
	s.refuse(ctid.CallOver, nil, fmt.Sprintf("%s does not wait there any more", t.id))
	return false
}

// revoked: an offer that is over is left alone.
func (s *State) revoked(e Revoke) {
	if o := s.offers[e.Offer]; o != nil {
		s.revoke(o, cmp.Or(e.Why, "revoked"), ctid.BySystem)
	}
}

// revoke takes an open offer back without blame.
func (s *State) revoke(o *offer, why string, by ctid.By) {
	s.dropOffer(o, ctid.OfferCancelled, why)
	s.freed(o, by)
}

// workBegun: a is at work that no offer brought. An offer that came first wins.
func (s *State) workBegun(a *agent, e WorkBegun) {
	switch {
	case a.state == ctid.Reserved:
		s.refuse(ctid.AgentReserved, a, fmt.Sprintf("%s is being rung for another call", a.id))
	case a.busy() || a.state == ctid.Out || !a.takesCalls():
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is %s, and can begin a call only when ready or paused", a.id, a.state))
	case a.line != "":
		s.refuse(ctid.DeviceBusy, a, fmt.Sprintf("the phone of %s is not free of the call before", a.id))
	default:
		w := workOf(e.Task, e.Queue, s.queues[e.Queue])
		w.doing = cmp.Or(e.Doing, ctid.DoingDirect)
		a.leave()
		a.work, a.line = &w, ctid.OfferID(e.Task)
		s.become(a, ctid.Talking, "", e.By)
	}
}

// workOwned: a answers for the task from now on, by the rules of its queue.
func (s *State) workOwned(a *agent, e WorkOwned) {
	if !s.worksOn(a, e.Task) {
		return
	}
	w := workOf(e.Task, e.Queue, s.queues[e.Queue])
	w.doing = a.work.doing
	*a.work = w
}

// workDoing notes what a does within his work.
func (s *State) workDoing(a *agent, e WorkDoing) {
	if !s.worksOn(a, e.Task) || a.work.doing == e.Doing {
		return
	}
	a.work.doing = e.Doing
	s.changed(a, e.By)
}

// worksOn tells whether a is talking on the task, or refuses.
func (s *State) worksOn(a *agent, t ctid.TaskID) bool {
	if a.state == ctid.Talking && a.work.task == t {
		return true
	}
	s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not talking on %s", a.id, t))
	return false
}

// force does for a what a supervisor wants.
func (s *State) force(a *agent, e ForceState) {
	if e.Hard && a.busy() {
		s.forceHard(a, e)
		return
	}
	rev, forgotten := a.rev, false
	if e.Hard && a.hasItems() && a.mayBecome(e) {
		forgotten = a.next != nil
		a.next = nil
		s.dropItems(a, e.By)
	}
	switch e.State {
	case ctid.Ready:
		s.ready(a, e.By)
	case ctid.Out:
		s.logout(a, e.By)
	case ctid.Paused:
		s.forcePause(a, e)
	default:
		s.refuse(ctid.BadRequest, a, fmt.Sprintf("an agent can be made ready, paused or out, not %q", e.State))
	}
	if forgotten && a.rev == rev { // he is so already, but what he had asked for is no more
		s.changed(a, e.By)
	}
}

// mayBecome tells whether nothing that will be answered by a refusal keeps a from the state; being in it already is no hindrance.
func (a *agent) mayBecome(e ForceState) bool {
	switch {
	case a.removed:
		return false
	case e.State == ctid.Ready:
		return a.state != ctid.Out && a.phoneOK() && a.deskOK()
	case e.State == ctid.Paused:
		return a.state != ctid.Out && e.Reason != ""
	}
	return e.State == ctid.Out
}

// forcePause pauses a; with Hard so that he cannot end it himself.
func (s *State) forcePause(a *agent, e ForceState) {
	switch {
	case !e.Hard:
		s.pause(a, e.Reason, e.By)
	case e.Reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
	case a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is logged out", a.id))
	case a.locked && a.reason == e.Reason:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is paused (%s) already", a.id, e.Reason))
	default:
		a.locked = true
		s.become(a, ctid.Paused, e.Reason, e.By)
	}
}

// forceHard ends what a is at, for the state that a supervisor wants.
func (s *State) forceHard(a *agent, e ForceState) {
	switch {
	case e.State != ctid.Ready && e.State != ctid.Paused && e.State != ctid.Out:
		s.refuse(ctid.BadRequest, a, fmt.Sprintf("an agent can be made ready, paused or out, not %q", e.State))
		return
	case e.State == ctid.Paused && e.Reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
		return
	case a.removed:
		s.refuseRemoved(a)
		return
	}
	a.next = &ctid.Next{State: e.State, By: wisher(e.By), Locked: e.State == ctid.Paused}
	if e.State == ctid.Paused {
		a.next.Reason = e.Reason
	}
	switch a.state {
	case ctid.Reserved:
		s.revoke(a.offer, "revoked", e.By)
	case ctid.WrapUp:
		s.settle(a, s.now, e.By)
	default:
		a.work.dropped = true
		s.changed(a, e.By)
		s.emit(DropWork{Agent: a.id, Task: a.work.task, By: e.By})
	}
	if a.media != nil {
		s.dropItems(a, e.By)
	}
}
