package acd

import (
	"time"

	"ctid"
)

// Causes that are neither a person's request nor the system's own doing.
var (
	byTimer  = ctid.By{Kind: "timer"}
	byPhone  = ctid.By{Kind: "phone"}
	byCaller = ctid.By{Kind: "caller"}
	byAdmin  = ctid.By{Kind: "admin"}
)

// become moves a into a state. It is the only writer of state, and so of what belongs to states: what of offer, work
// and wrap-up the new state does not have is dropped, so callers set what it has beforehand.
func (s *State) become(a *agent, st ctid.AgentState, reason string, by ctid.By) {
	s.unlist(a)
	s.timers.stop(&a.gap)
	a.was, a.lasted = a.state, s.sinceThen(a.since)
	s.closeClocks(a, st)
	worked := a.atWork()
	a.state, a.reason, a.since = st, reason, s.now
	a.countWork(worked)
	if st != ctid.Reserved {
		a.offer = nil
	}
	if st != ctid.WrapUp {
		a.wrap = nil
		s.timers.stop(&a.wrapEnd)
	}
	if st != ctid.Talking && st != ctid.WrapUp {
		a.work = nil
	}
	if !a.busy() {
		a.back = nil
		if !a.keepsNext() {
			a.next = nil
		}
	}
	if st != ctid.Paused {
		a.locked = false
	}
	if st != ctid.Ready {
		a.until, a.held = time.Time{}, false
	}
	switch {
	case st == ctid.Reserved || st == ctid.Talking:
		s.timers.stop(&a.clear)
	case a.line != "" && a.clear.index == 0:
		s.timers.set(&a.clear, s.now.Add(LineLimit))
	}
	s.changed(a, by)
	switch {
	case st == ctid.Out:
		s.unwanted(a)
		if a.removed {
			s.dropAgent(a)
		}
	case st == ctid.Ready && a.until.After(s.now):
		s.timers.set(&a.gap, a.until)
	case st == ctid.Ready:
		s.list(a)
	}
}

// sinceThen is how long ago a state began; one that was there from the start has not lasted.
func (s *State) sinceThen(began time.Time) time.Duration {
	if began.IsZero() {
		return 0
	}
	return s.now.Sub(began)
}

// legGone frees the line that it names. One that is not waited for, or nobody's, is left alone.
func (s *State) legGone(e LegGone) {
	if a := s.agents[e.Agent]; a != nil && a.line == e.Offer {
		s.lineClear(a)
	}
}

// lineClear: nothing is left at a's phone of what it rang for.
func (s *State) lineClear(a *agent) {
	a.line = ""
	s.timers.stop(&a.clear)
	s.list(a)
}

// closeClocks notes, before a's state changes to st, how long a pause with a quota has lasted, and when he went off duty.
func (s *State) closeClocks(a *agent, st ctid.AgentState) {
	switch a.state {
	case ctid.Talking:
		a.shift.Talk += a.lasted
		a.shift.Busy += a.lasted
	case ctid.WrapUp:
		a.shift.Busy += a.lasted
	case ctid.Ready:
		a.shift.Free += a.lasted
	}
	if a.state == ctid.Paused && s.quota(a.reason) > 0 {
		if a.shift.Paused == nil {
			a.shift.Paused = map[string]time.Duration{}
		}
		a.shift.Paused[a.reason] += a.lasted
	}
	switch {
	case st == ctid.Out:
		a.shift.Out = s.now
	case a.state == ctid.Out && s.now.Sub(a.shift.Out) >= ShiftGap:
		s.newShift(a)
	}
}

// newShift begins a's counts anew, level with those who have the least of each.
func (s *State) newShift(a *agent) {
	a.shift = shift{Out: a.shift.Out}
	first := true
	for _, m := range a.serves {
		m.taken = 0
		started := false
		for _, o := range m.queue.members {
			if o.agent == a || o.agent.state == ctid.Out {
				continue
			}
			if !started || o.taken < m.taken {
				m.taken = o.taken
			}
			if first || o.agent.shift.Talk < a.shift.Talk {
				a.shift.Talk = o.agent.shift.Talk
			}
			started, first = true, false
		}
	}
}

// keepsNext tells whether what a asked for is still to come though his call is over: he has other work in hand.
func (a *agent) keepsNext() bool {
	return a.hasItems() && a.next != nil && (a.next.State == ctid.Out || !a.media.voice)
}

// leave notes where a is before work that no queue gives him.
func (a *agent) leave() { a.back = &back{a.state, a.reason} }

// changed tells the world a's view after a change.
func (s *State) changed(a *agent, by ctid.By) {
	a.rev++
	s.doubt(a)
	if a.media != nil {
		s.reshow(a)
		s.mix(a)
	}
	s.emit(AgentChanged{View: a.view(), By: by})
}

// asBefore is since when an agent is free of whom an offer was taken that he had no part in: his place is what it was.
var asBefore time.Time

// toReady makes a ready, or says why he cannot be: his phone or his desktop. He counts as ready since idle.
func (s *State) toReady(a *agent, idle time.Time, by ctid.By) {
	switch {
	case !a.phoneOK():
		s.become(a, ctid.Paused, ctid.ReasonDeviceUnreachable, by)
	case !a.deskOK() && !s.inGrace(a):
		s.become(a, ctid.Paused, ctid.ReasonDesktopLost, by)
	default:
		s.unlist(a)
		if idle != asBefore {
			a.ready = idle
		}
		s.become(a, ctid.Ready, "", by)
	}
}

// inGrace tells whether a lost his desktop so lately that he may be ready without it.
func (s *State) inGrace(a *agent) bool { return a.grace.index > 0 }

// settle moves a, whose work or offer is over, to the state he asked for, else to ready. He has nothing to do since idle.
func (s *State) settle(a *agent, idle time.Time, by ctid.By) {
	next, back := a.next, a.back
	if idle != asBefore {
		a.idle = idle
	}
	switch {
	case next != nil && next.State == ctid.Out && a.hasItems(): // he goes when that is over too
		s.toReady(a, idle, by)
	case next != nil && next.State == ctid.Out:
		s.become(a, ctid.Out, "", by)
	case next != nil && next.State == ctid.Paused:
		a.locked = next.Locked
		s.become(a, ctid.Paused, next.Reason, by)
	case next == nil && back != nil && back.State == ctid.Paused:
		s.become(a, ctid.Paused, back.Reason, by)
	default:
		s.toReady(a, idle, by)
	}
}

// settlePaused is settle for a whom the system pauses for a reason of its own: what he asked for is kept, except ready.
func (s *State) settlePaused(a *agent, reason string, by ctid.By) {
	if a.next != nil && a.next.State != ctid.Ready {
		s.settle(a, s.now, by)
		return
	}
	a.idle = s.now
	s.become(a, ctid.Paused, reason, by)
}

// settleGap is settle for a who is left alone for a while before he is offered anything again.
func (s *State) settleGap(a *agent, gap time.Duration, by ctid.By) {
	a.until = s.now.Add(gap)
	s.settle(a, s.now, by)
}
