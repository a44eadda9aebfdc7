package acd

import (
	"fmt"
	"time"

	"ctid"
)

// This file has what happens to an agent's desktop, phone and conversation.

func (s *State) deskChanged(a *agent, awake, seen bool, by ctid.By) {
	if a.awake == awake {
		return
	}
	a.awake = awake
	if a.offer != nil {
		a.offer.seen = !awake && seen
	}
	if a.media != nil {
		a.media.seen(!awake && seen)
	}
	switch {
	case awake:
		s.timers.stop(&a.grace)
		if a.held {
			a.held = false
			s.list(a)
		}
		if s.phoneIsBack(a) {
			s.toReady(a, s.now, by)
			return
		}
	case a.desk == ctid.DeskRequired:
		s.timers.set(&a.grace, s.now.Add(s.cfg.DeskGrace))
	}
	s.changed(a, by)
}

// phoneIsBack tells whether a was paused for his phone, and that alone, and it is back soon enough to go on by himself.
// Without a desktop he cannot say ready, so for him no time is too long.
func (s *State) phoneIsBack(a *agent) bool {
	return a.state == ctid.Paused && a.reason == ctid.ReasonDeviceUnreachable && a.reachable &&
		(a.deskOK() || s.inGrace(a)) && (a.desk == ctid.DeskNone || s.now.Sub(a.since) <= unreachableLimit)
}

// deskStaysAway pauses a ready agent whose desktop did not come back in time, and one whose phone rings for a caller
// whom his desktop has not shown. One with other work in hand keeps it, and is paused when he would become ready.
func (s *State) deskStaysAway(a *agent) {
	switch {
	case a.state == ctid.Ready:
		s.become(a, ctid.Paused, ctid.ReasonDesktopLost, byTimer)
	case a.state == ctid.Reserved && !a.offer.seen:
		s.dropOffer(a.offer, ctid.OfferLost, "desktop_lost")
		s.settlePaused(a, ctid.ReasonDesktopLost, byTimer)
	}
	s.loseItems(a)
}

// deviceChanged: a phone that is gone ends a ringing offer and pauses its agent; one that is back makes him ready again if
// that was the reason and not long ago.
func (s *State) deviceChanged(a *agent, reachable bool, by ctid.By) {
	changed := a.reachable != reachable
	a.reachable = reachable
	switch {
	case reachable:
		a.lost = time.Time{}
	case changed:
		a.lost = s.now
	}
	switch {
	case s.phoneIsBack(a):
		a.fails = 0
		s.toReady(a, s.now, by)
	case !changed:
	case !reachable && a.state == ctid.Reserved:
		s.dropOffer(a.offer, ctid.OfferLost, "unreachable")
		s.settlePaused(a, ctid.ReasonDeviceUnreachable, by)
	case !reachable && a.state == ctid.Ready && a.takesCalls():
		s.become(a, ctid.Paused, ctid.ReasonDeviceUnreachable, by)
	default:
		s.changed(a, by)
	}
}

func (s *State) workEnded(a *agent, e WorkEnded, by ctid.By) {
	if it := a.item(e.Task); it != nil {
		s.itemEnded(it, e, by)
		return
	}
	if a.state != ctid.Talking || a.work.task != e.Task {
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not talking on %s", a.id, e.Task))
		return
	}
	if e.Dropped {
		s.phoneFailed(a, ctid.ReasonDeviceUnreachable)
		return
	}
	a.fails = 0
	if e.NoWrap || a.work.dropped || a.work.wrap == 0 {
		s.settle(a, s.now, by)
		return
	}
	s.tally.Wraps++
	a.wrapFrom = s.now
	a.wrap = s.newWrap(*a.work, a)
	a.lastWrap = a.wrap.ID
	s.timers.set(&a.wrapEnd, a.wrap.Until)
	s.become(a, ctid.WrapUp, "", by)
}

// wrapTimeOver: the agent goes on, unless he owes a code: then the wrap-up overruns, and when it has lasted as long as
// any may, he is paused, never silently ready.
func (s *State) wrapTimeOver(a *agent) {
	switch {
	case !a.wrap.Forced:
		s.settle(a, s.now, byTimer)
	case s.overruns(a.wrap, a.wrapFrom, &a.wrapEnd):
		s.changed(a, byTimer)
	case a.next != nil && a.next.State == ctid.Out && !a.hasItems():
		s.become(a, ctid.Out, "", byTimer)
	default:
		s.become(a, ctid.Paused, ctid.ReasonNoDisposition, byTimer)
	}
}

// overruns lets a wrap-up that owes a code last on, for a while and then for as long as any may; false: that is over.
func (s *State) overruns(w *ctid.Wrap, from time.Time, end *timer) bool {
	last := from.Add(s.cfg.WrapMax)
	switch {
	case !last.After(s.now):
		return false
	case !w.Overrun:
		w.Overrun = true
		s.timers.set(end, earlier(last, s.now.Add(OverrunAlert)))
		return true
	case !w.Late:
		w.Late = true
		s.timers.set(end, last)
		return true
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
