package acd

import (
	"fmt"
	"time"

	"ctid"
)

// bySupervisor is the kind of a cause that is a supervisor.
const bySupervisor = "supervisor"

// This file has what agents, and their supervisors for them, ask for.

func (s *State) login(a *agent, by ctid.By) {
	switch {
	case a.state != ctid.Out:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is logged in already", a.id))
	case a.desk == ctid.DeskNone:
		a.misses, a.fails, a.idle = 0, 0, s.now
		s.fresh(a)
		s.toReady(a, s.now, by)
	default:
		a.misses, a.fails, a.idle = 0, 0, s.now
		s.fresh(a)
		s.become(a, ctid.Paused, ctid.ReasonLogin, by)
	}
}

// setDevice changes which telephone a is rung at.
func (s *State) setDevice(a *agent, e SetDevice) {
	switch {
	case a.device == e.Device:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is rung there already", a.id))
	case a.state != ctid.Out && a.state != ctid.Paused:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is %s; a telephone is changed off duty or paused", a.id, a.state))
	default:
		a.device = e.Device
		s.changed(a, e.By)
	}
}

func (s *State) logout(a *agent, by ctid.By) {
	switch {
	case a.state == ctid.Out:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is logged out already", a.id))
	case a.occupied():
		s.wish(a, ctid.Next{State: ctid.Out, By: wisher(by)}, by)
	default:
		s.become(a, ctid.Out, "", by)
	}
}

func (s *State) ready(a *agent, by ctid.By) {
	switch {
	case a.removed && !a.busy():
		s.refuseRemoved(a)
	case a.state == ctid.Ready && a.wantsLess():
		s.readyAgain(a, by)
	case a.state == ctid.Ready:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is ready already", a.id))
	case a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is logged out; log in first", a.id))
	case a.busy():
		s.wish(a, ctid.Next{State: ctid.Ready, By: wisher(by)}, by)
	case a.locked && by.Kind != bySupervisor:
		s.refuseLocked(a)
	case !a.phoneOK():
		s.refuse(ctid.DeviceUnreachable, a, fmt.Sprintf("the phone of %s is not reachable; check that it is registered", a.id))
	case !a.deskOK():
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s has no desktop awake, and needs one to be ready", a.id))
	default:
		a.misses, a.fails, a.next = 0, 0, nil
		s.fresh(a)
		s.toReady(a, s.now, by)
	}
}

func (s *State) pause(a *agent, reason string, by ctid.By) {
	switch {
	case reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
	case a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is logged out; log in first", a.id))
	case a.state == ctid.Paused && a.reason == reason:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is paused (%s) already", a.id, reason))
	case a.locked && by.Kind != bySupervisor:
		s.refuseLocked(a)
	case a.removed && !a.working():
		s.refuseRemoved(a)
	case !s.mayPause(a, reason):
	case a.state == ctid.Reserved && s.cfg.PauseReserved == revokeReserved && a.offer.kind == "" && a.maySay(by):
		a.next = &ctid.Next{State: ctid.Paused, Reason: reason, By: wisher(by)}
		s.revoke(a.offer, "revoked", by)
	case a.working():
		s.wish(a, ctid.Next{State: ctid.Paused, Reason: reason, By: wisher(by)}, by)
	default:
		s.become(a, ctid.Paused, reason, by)
	}
}

// quota is how long the pause may last in a shift; 0: no limit, or no reason of the centre's.
func (s *State) quota(code string) time.Duration {
	for _, p := range s.cfg.Pauses {
		if p.Code == code {
			return p.Quota
		}
	}
	return 0
}

// mayPause tells whether a may pause with the reason, or refuses.
func (s *State) mayPause(a *agent, code string) bool {
	known := len(s.cfg.Pauses) == 0
	for _, p := range s.cfg.Pauses {
		known = known || p.Code == code
	}
	quota, used := s.quota(code), a.shift.Paused[code]
	switch {
	case !known:
		s.refuse(ctid.ReasonNotAllowed, a, fmt.Sprintf("there is no pause code %q", code))
	case quota > 0 && used >= quota:
		s.refuse(ctid.ReasonNotAllowed, a, fmt.Sprintf("%s has had %v of %s in this shift, of %v", a.id, used.Truncate(time.Second), code, quota))
	default:
		return true
	}
	return false
}

func (s *State) cancelNext(a *agent, by ctid.By) {
	switch {
	case !a.occupied():
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s has no work after which something could happen", a.id))
	case !a.maySay(by):
		s.refuseSaying(a)
	case a.next == nil:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s has asked for nothing after this work", a.id))
	default:
		a.next = nil
		s.changed(a, by)
	}
}

// wish notes what a wants after the work in hand; the last wish wins.
func (s *State) wish(a *agent, n ctid.Next, by ctid.By) {
	switch {
	case a.next != nil && a.next.State == n.State && a.next.Reason == n.Reason:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s has asked for that already", a.id))
	case !a.maySay(by):
		s.refuseSaying(a)
	default:
		a.next = &n
		s.changed(a, by)
	}
}

// maySay tells whether what comes after this work is for him who asks to say.
func (a *agent) maySay(by ctid.By) bool {
	return !a.removed && (a.next == nil || !a.next.Locked || by.Kind == bySupervisor)
}

// refuseSaying is the answer to one who may not.
func (s *State) refuseSaying(a *agent) {
	if a.removed {
		s.refuseRemoved(a)
		return
	}
	s.refuseLocked(a)
}

func (s *State) refuseRemoved(a *agent) {
	s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is no longer configured, and is logged out after this work", a.id))
}

func (s *State) refuseLocked(a *agent) {
	s.refuse(ctid.WrongState, a, fmt.Sprintf("%s was paused by a supervisor, who alone can end that", a.id))
}

// wisher is how a wish names the one who made it.
func wisher(by ctid.By) string {
	if by.ID != "" {
		return by.ID
	}
	return by.Kind
}

func (s *State) wrapUpDone(a *agent, e WrapUpDone) {
	if it := a.itemWrap(e.Wrap); it != nil {
		s.itemWrapDone(it, e)
		return
	}
	switch {
	case a.state != ctid.WrapUp && e.Wrap != "" && e.Wrap == a.lastWrap:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("wrap-up %s is over; the record can still be edited", e.Wrap))
	case a.state != ctid.WrapUp:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not in wrap-up", a.id))
	case e.Wrap != a.wrap.ID:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is in wrap-up %s, not %s", a.id, a.wrap.ID, e.Wrap))
	case a.wrap.Forced && !e.Coded:
		s.refuse(ctid.DispositionRequired, a, "this wrap-up ends with a disposition")
	default:
		s.endWrapUp(a, e)
	}
}

// extendWrapUp makes a's wrap-up longer, up to the longest that any may be. One that overran does so no more.
func (s *State) extendWrapUp(a *agent, e ExtendWrapUp) {
	wrap, from, end := a.wrap, a.wrapFrom, &a.wrapEnd
	if it := a.itemWrap(e.Wrap); it != nil {
		wrap, from, end = it.wrap, it.wrapFrom, &it.wrapEnd
	}
	last := from.Add(s.cfg.WrapMax)
	switch {
	case wrap == nil || e.Wrap != wrap.ID:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is not in wrap-up %s", a.id, e.Wrap))
	case wrap.Extends == 0:
		s.refuse(ctid.WrongState, a, "this wrap-up cannot be made longer again")
	case e.For <= 0:
		s.refuse(ctid.BadRequest, a, "a wrap-up is made longer by more than nothing")
	case !wrap.Until.Before(last) || !s.now.Before(last):
		s.refuse(ctid.WrongState, a, fmt.Sprintf("no wrap-up lasts longer than %v", s.cfg.WrapMax))
	default:
		until := wrap.Until.Add(e.For)
		if wrap.Overrun {
			until = s.now.Add(e.For)
		}
		if until.After(last) {
			until = last
		}
		wrap.Extends--
		wrap.Until, wrap.Overrun, wrap.Late = until, false, false
		s.timers.set(end, until)
		s.changed(a, e.By)
	}
}

// endWrapUp moves a on from his wrap-up. A log-out asked for before stands, whatever Then says, and so does a supervisor's pause.
func (s *State) endWrapUp(a *agent, e WrapUpDone) {
	out := a.next != nil && (a.next.State == ctid.Out || a.next.Locked)
	switch {
	case out || e.Then == "":
	case e.Then == ctid.Paused && e.Reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
		return
	case e.Then == ctid.Ready || e.Then == ctid.Out:
		a.next = &ctid.Next{State: e.Then, By: wisher(e.By)}
	case e.Then == ctid.Paused && !s.mayPause(a, e.Reason):
		return
	case e.Then == ctid.Paused:
		a.next = &ctid.Next{State: e.Then, Reason: e.Reason, By: wisher(e.By)}
	default:
		s.refuse(ctid.BadRequest, a, fmt.Sprintf("after a wrap-up comes ready, paused or out, not %q", e.Then))
		return
	}
	s.settle(a, s.now, e.By)
}
