package queuelog

import (
	"cmp"
	"slices"
	"time"

	"ctid"
)

// call is a call that is on.
type call struct {
	id     ctid.CallID
	name   string // in the file
	from   string // the caller's number
	last   ctid.QueueID
	had    []had         // by whom
	since  time.Time     // when he began to wait; it goes with him from queue to queue
	waited time.Duration // in the stays that are over
	stay   *stay         // nil: he is in no queue, and with no agent of one
}

// had is an agent who has had a call, from that queue.
type had struct {
	agent ctid.AgentID
	queue ctid.QueueID
}

// stay is a caller's stay in one queue: from ENTERQUEUE to the one line that ends it, the talk with the agent included.
type stay struct {
	queue    ctid.QueueID
	entered  time.Time
	place    int // when he entered
	priority int
	since    time.Time
	rings    []ring // the phones that ring for him

	agent  string // who has him, as the file names him; empty: he waits
	owner  ctid.AgentID
	joined time.Time
	asks   bool      // the agent has a third party on the line
	left   time.Time // when the agent left, or stopped talking; zero: they talk
	going  bool      // the agent has handed him on, and whether anybody takes him is not known yet
	away   int64     // seconds between such a leaving and the agent's coming back
}

// ring is a phone that rings.
type ring struct {
	agent ctid.AgentID
	at    time.Time
}

func (st *stay) waits() bool { return st.agent == "" }

// before tells whether a stay goes before another one of its queue.
func (st *stay) before(o *stay) bool {
	return cmp.Or(cmp.Compare(o.priority, st.priority), st.since.Compare(o.since)) < 0
}

// placeOf is a stay's place in its queue: 1 is next.
func (s *State) placeOf(st *stay) int {
	place := 1
	for _, c := range s.calls {
		if o := c.stay; o != nil && o != st && o.queue == st.queue && o.waits() && o.before(st) {
			place++
		}
	}
	return place
}

// originated: a call that ctid makes is there. Of a callback that is told again when an agent has it, which ends its wait:
// the customer is rung then.
func (s *State) originated(ev ctid.Event, b ctid.CallOriginated) {
	c := s.calls[ev.Call]
	if c == nil {
		s.calls[ev.Call] = &call{id: ev.Call, name: callName(ev.Call, "out", ""), from: string(b.To.E164)}
		return
	}
	if st := c.stay; st != nil && st.waits() && ev.Agent != "" {
		s.connect(ev.At, c, ev.Agent, string(b.Leg), st.rang(ev.Agent, ev.At))
	}
}

// queued: the caller waits in a queue. One who waits there already has been put back to his place, by an agent's phone that
// answered and was gone, or by a restart of ctid: his stay goes on.
func (s *State) queued(ev ctid.Event, b ctid.CallQueued) {
	c := s.calls[ev.Call]
	if c == nil {
		c = &call{id: ev.Call, name: string(ev.Call)}
		s.calls[ev.Call] = c
	}
	switch st := c.stay; {
	case st == nil:
	case !st.waits():
		s.finish(ev.At, c, completeAgent)
	case st.queue == ev.Queue:
		s.stopRings(ev.At, c, ringNoAnswer)
		st.priority = b.Priority
		return
	default:
		s.leave(ev.At, c, ctid.ExitRemoved, "")
	}
	if c.since.IsZero() {
		c.since = ev.At
	}
	s.enter(ev.At, c, &stay{queue: ev.Queue, place: b.Position, priority: b.Priority})
}

func (s *State) enter(at time.Time, c *call, st *stay) {
	st.entered, st.since = at, c.since
	c.stay, c.last = st, st.queue
	s.tell(at, c.name, st.queue, "", enterQueue, "", c.from, num(int64(st.place)))
}

// callTold takes a fact about a call that is known.
func (s *State) callTold(ev ctid.Event, c *call) {
	st := c.stay
	switch b := ev.Body.(type) {
	case ctid.CallWaitingChanged:
		s.waitingChanged(ev, c, b)
		return
	case ctid.CallLeftQueue:
		c.since = time.Time{}
		if st != nil && st.waits() {
			s.leave(ev.At, c, b.Exit, b.Key)
		}
		return
	}
	if st == nil {
		return
	}
	switch b := ev.Body.(type) {
	case ctid.CallDelivered:
		if st.waits() && ev.Agent != "" {
			st.rings = append(st.rings, ring{ev.Agent, ev.At})
		}
	case ctid.CallDiverted:
		s.diverted(ev.At, c, b)
	case ctid.CallEstablished:
		s.established(ev, c, b)
	case ctid.CallConsulted:
		st.asks = b.State == "up" || b.State == "swapped_main"
	case ctid.CallConferenced:
		st.asks = false
	case ctid.CallPartyLeft:
		s.partyLeft(ev.At, c, b)
	case ctid.CallTransferred:
		s.transferred(ev.At, c, b)
	case ctid.CallParked:
		if st.going {
			s.finish(ev.At, c, blindTransfer, b.Slot, "park")
		}
	}
}

// waitingChanged: a caller who waits has another place, or waits in another queue: one that let him not in has had no stay.
func (s *State) waitingChanged(ev ctid.Event, c *call, b ctid.CallWaitingChanged) {
	st := c.stay
	if b.From == "" {
		if st != nil {
			st.priority = b.Priority
		}
		return
	}
	if st != nil && st.waits() {
		s.leave(ev.At, c, b.Why, "")
	} else if st != nil {
		s.finish(ev.At, c, completeAgent)
	}
	c.since = b.Since
	s.enter(ev.At, c, &stay{queue: ev.Queue, place: b.Position, priority: b.Priority})
}

// missed are the reasons why a phone that rang was not answered. For any other one it was told to stop.
var missed = []string{"no_answer", "rejected", "busy", "unreachable", "failed", "desktop_lost"}

// diverted: a phone does not ring for the caller any more. One that refused him before it rang has rung for no time.
func (s *State) diverted(at time.Time, c *call, b ctid.CallDiverted) {
	st, event := c.stay, ringCanceled
	if slices.Contains(missed, b.Why) {
		event = ringNoAnswer
	}
	rings := slices.ContainsFunc(st.rings, func(r ring) bool { return r.agent == b.FromAgent })
	if rings || event == ringNoAnswer && st.waits() {
		s.stopRing(at, c, b.FromAgent, event)
	}
}

func (s *State) stopRing(at time.Time, c *call, agent ctid.AgentID, event string) {
	st := c.stay
	s.tell(at, c.name, st.queue, s.nameOf(agent), event, num(st.rang(agent, at).Milliseconds()))
	st.rings = slices.DeleteFunc(st.rings, func(r ring) bool { return r.agent == agent })
}

// stopRings: no phone rings for the caller any more.
func (s *State) stopRings(at time.Time, c *call, event string) {
	for len(c.stay.rings) > 0 {
		s.stopRing(at, c, c.stay.rings[0].agent, event)
	}
}

// rang is for how long an agent's phone has rung.
func (st *stay) rang(agent ctid.AgentID, now time.Time) time.Duration {
	for _, r := range st.rings {
		if r.agent == agent {
			return max(0, now.Sub(r.at))
		}
	}
	return 0
}

// established: the caller hears an agent. An agent whom he was handed to by another is not the queue's.
func (s *State) established(ev ctid.Event, c *call, b ctid.CallEstablished) {
	st := c.stay
	switch {
	case b.Talk != "main" || ev.Agent == "":
	case st.waits():
		leg := ""
		for _, l := range b.Legs {
			if l.Agent == ev.Agent {
				leg = string(l.Leg)
			}
		}
		s.connect(ev.At, c, ev.Agent, leg, time.Duration(b.RingMS)*time.Millisecond)
	case st.going && ev.Agent == st.owner: // nobody took the caller, and he has him again
		st.away += seconds(st.left, ev.At)
		st.going, st.left = false, time.Time{}
	}
}

// connect: an agent has the caller, whose wait is over. What rang beside his phone stops.
func (s *State) connect(at time.Time, c *call, agent ctid.AgentID, leg string, rang time.Duration) {
	st := c.stay
	st.rings = slices.DeleteFunc(st.rings, func(r ring) bool { return r.agent == agent })
	s.stopRings(at, c, ringCanceled)
	st.agent, st.owner, st.joined = s.nameOf(agent), agent, at
	s.owns[agent] = c.id
	c.had = append(c.had, had{agent, st.queue})
	c.waited += at.Sub(st.entered)
	s.tell(at, c.name, st.queue, st.agent, connect, num(seconds(st.entered, at)), leg, num(int64(rang/time.Second)))
}

// partyLeft: the agent is out of the call. Where he hands the caller on, the next fact says to whom, or that nobody took him.
func (s *State) partyLeft(at time.Time, c *call, b ctid.CallPartyLeft) {
	st := c.stay
	if st.waits() || b.Role != "agent" || b.Agent != st.owner || st.going {
		return
	}
	if st.left.IsZero() {
		st.left = at
	}
	if st.asks || b.End.Reason == "transferred" || b.End.Reason == "taken_over" {
		st.going = true
		return
	}
	s.finish(at, c, completeAgent)
}

// transferred: the caller is with the one to whom the agent has handed him on. app_queue follows him no further.
func (s *State) transferred(at time.Time, c *call, b ctid.CallTransferred) {
	if !c.stay.going {
		return
	}
	c.since = time.Time{}
	to := cmp.Or(b.To.ID, string(b.To.E164))
	if b.How == "blind" {
		s.finish(at, c, blindTransfer, to, b.To.Kind)
		return
	}
	s.finish(at, c, attendedTransfer, "BRIDGE", to)
}

// leave ends the stay of a caller who waits and has no agent.
func (s *State) leave(at time.Time, c *call, why ctid.QueueExit, key string) {
	st := c.stay
	row, _ := ctid.Endings(why)
	event := row.QueueLog
	switch event {
	case exitEmpty, exitWithKey:
	default: // it was closed or full when he was put back, or whoever wanted it gave no reason
		event = exitWithTimeout
	}
	wait := num(seconds(st.entered, at))
	params := []string{num(int64(s.placeOf(st))), num(int64(st.place)), wait}
	if event == exitWithKey {
		params = append([]string{key}, params...)
	}
	s.gone(at, c, event, params...)
}

// gone ends the stay of a caller who waits by that line.
func (s *State) gone(at time.Time, c *call, event string, params ...string) {
	st := c.stay
	s.stopRings(at, c, ringCanceled)
	c.waited += at.Sub(st.entered)
	c.stay = nil
	s.tell(at, c.name, st.queue, "", event, params...)
}

// finish ends the stay of a caller whose talk with the agent is over. lead is what the event has before the times.
func (s *State) finish(at time.Time, c *call, event string, lead ...string) {
	st, end := c.stay, at
	if !st.left.IsZero() {
		end = st.left
	}
	s.stopRings(at, c, ringCanceled)
	if s.owns[st.owner] == c.id {
		delete(s.owns, st.owner)
	}
	c.stay = nil
	s.tell(at, c.name, st.queue, st.agent, event, append(lead, num(seconds(st.entered, st.joined)),
		num(max(0, seconds(st.joined, end)-st.away)), num(int64(st.place)))...)
}

// cleared: the call is over, and with it the stay that it may be in. One who hung up at the moment of his entry has entered, though
// nobody was told so.
func (s *State) cleared(ev ctid.Event, b ctid.CallCleared) {
	at, c := ev.At, s.calls[ev.Call]
	if c == nil {
		return
	}
	switch st := c.stay; {
	case st == nil && c.last == "" && ev.Queue != "" && b.Outcome == "abandoned":
		c.since = at
		st = &stay{queue: ev.Queue, since: at}
		st.place = s.placeOf(st)
		s.enter(at, c, st)
		s.abandoned(at, c, b)
	case st == nil:
	case !st.waits() && (st.going || b.End.Side == ctid.SideAgent):
		s.finish(at, c, completeAgent)
	case !st.waits():
		s.finish(at, c, completeCaller)
	case b.End.Side == ctid.SideCaller || b.Outcome == "abandoned":
		s.abandoned(at, c, b)
	default: // ctid could keep him no longer, or nobody could be called back
		s.leave(at, c, ctid.ExitRemoved, "")
	}
	delete(s.calls, ev.Call)
	if c.last != "" {
		s.past.add(ev.Call, pastCall{c.name, c.last, c.had})
	}
}

// abandoned: the caller has hung up waiting. His call is over up to 10 s later, where its script had something to do still;
// the sum of his waits says when he went.
func (s *State) abandoned(at time.Time, c *call, b ctid.CallCleared) {
	st := c.stay
	wait := seconds(st.entered, at)
	if told := (b.QueueMS - c.waited.Milliseconds()) / 1000; told >= 0 && told < wait-1 {
		wait = told
	}
	s.gone(at, c, abandon, num(int64(s.placeOf(st))), num(int64(st.place)), num(wait))
}
