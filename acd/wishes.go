package acd

import (
	"fmt"

	"ctid"
)

// This file has what agents, and their supervisors for them, ask for.

func (s *State) login(a *agent, by ctid.By) {
	switch {
	case a.state != ctid.Out:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is logged in already", a.id))
	case a.desk == ctid.DeskNone:
		a.misses, a.fails = 0, 0
		s.toReady(a, s.now, by)
	default:
		a.misses, a.fails = 0, 0
		s.become(a, ctid.Paused, ctid.ReasonLogin, by)
	}
}

func (s *State) logout(a *agent, by ctid.By) {
	switch {
	case a.state == ctid.Out:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is logged out already", a.id))
	case a.busy():
		s.wish(a, ctid.Next{State: ctid.Out, By: wisher(by)}, by)
	default:
		s.become(a, ctid.Out, "", by)
	}
}

func (s *State) ready(a *agent, by ctid.By) {
	switch {
	case a.state == ctid.Ready:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is ready already", a.id))
	case a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is logged out; log in first", a.id))
	case a.busy():
		s.wish(a, ctid.Next{State: ctid.Ready, By: wisher(by)}, by)
	case !a.reachable:
		s.refuse(ctid.DeviceUnreachable, a, fmt.Sprintf("the phone of %s is not reachable; check that it is registered", a.id))
	case !a.deskOK():
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s has no desktop awake, and needs one to be ready", a.id))
	default:
		a.misses, a.fails = 0, 0
		s.toReady(a, s.now, by)
	}
}

func (s *State) pause(a *agent, reason string, by ctid.By) {
	switch {
	case reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
	case a.state == ctid.Out:
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is logged out; log in first", a.id))
	case a.busy():
		s.wish(a, ctid.Next{State: ctid.Paused, Reason: reason, By: wisher(by)}, by)
	case a.state == ctid.Paused && a.reason == reason:
		s.refuse(ctid.AlreadyDone, a, fmt.Sprintf("%s is paused (%s) already", a.id, reason))
	default:
		s.become(a, ctid.Paused, reason, by)
	}
}

func (s *State) cancelNext(a *agent, by ctid.By) {
	switch {
	case !a.busy():
		s.refuse(ctid.WrongState, a, fmt.Sprintf("%s has no work after which something could happen", a.id))
	case a.removed:
		s.refuseRemoved(a)
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
	case a.removed:
		s.refuseRemoved(a)
	default:
		a.next = &n
		s.changed(a, by)
	}
}

func (s *State) refuseRemoved(a *agent) {
	s.refuse(ctid.WrongState, a, fmt.Sprintf("%s is no longer configured, and is logged out after this work", a.id))
}

// wisher is how a wish names the one who made it.
func wisher(by ctid.By) string {
	if by.ID != "" {
		return by.ID
	}
	return by.Kind
}

func (s *State) wrapUpDone(a *agent, e WrapUpDone) {
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

// endWrapUp moves a on from his wrap-up. A log-out asked for before stands, whatever Then says.
func (s *State) endWrapUp(a *agent, e WrapUpDone) {
	out := a.next != nil && a.next.State == ctid.Out
	switch {
	case out || e.Then == "":
	case e.Then == ctid.Paused && e.Reason == "":
		s.refuse(ctid.ReasonRequired, a, "a pause needs a reason")
		return
	case e.Then == ctid.Ready || e.Then == ctid.Out:
		a.next = &ctid.Next{State: e.Then, By: wisher(e.By)}
	case e.Then == ctid.Paused:
		a.next = &ctid.Next{State: e.Then, Reason: e.Reason, By: wisher(e.By)}
	default:
		s.refuse(ctid.BadRequest, a, fmt.Sprintf("after a wrap-up comes ready, paused or out, not %q", e.Then))
		return
	}
	s.settle(a, s.now, e.By)
}
