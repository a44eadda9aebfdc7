package queuelog

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"ctid"
)

// Recover brings the state to where the lines of an earlier run have left it, so that none of them is written twice and
// none that is owed is left out. open are the calls of that run that were not over. A stay that the lines leave open and
// that is none of these calls' is ended when the start is told.
func (s *State) Recover(lines iter.Seq[Line], open []ctid.CallRecord) {
	found := map[string]*stay{}
	for l := range lines {
		s.until = l.At
		switch l.Event {
		case addMember, removeMember, pause, unpause:
			s.recoverAgent(l)
		default:
			s.recoverStay(found, l)
		}
	}
	for _, r := range open {
		c := &call{id: r.ID, name: callName(r.ID, r.Dir, r.Channel), from: number(r.ANI)}
		s.calls[c.id] = c
		s.resume(c, found[c.name])
		delete(found, c.name)
	}
	for name, st := range found {
		s.orphans = append(s.orphans, &call{name: name, stay: st})
	}
	slices.SortFunc(s.orphans, func(a, b *call) int {
		return cmp.Or(a.stay.entered.Compare(b.stay.entered), cmp.Compare(a.name, b.name))
	})
}

// resume gives a call the stay that it was in.
func (s *State) resume(c *call, st *stay) {
	if st == nil {
		return
	}
	c.stay, c.last, c.since = st, st.queue, st.entered
	if st.owner != "" {
		s.owns[st.owner] = c.id
	}
}

// recoverStay reads what a line says of a caller in one of the plan's queues.
func (s *State) recoverStay(found map[string]*stay, l Line) {
	queue := ctid.QueueID(l.Queue)
	if !slices.Contains(s.plan.Queues, queue) || l.Call == "" {
		return
	}
	st := found[l.Call]
	switch l.Event {
	case enterQueue:
		place, _ := strconv.Atoi(l.param(2)) // of a line that is no number it is 0
		found[l.Call] = &stay{queue: queue, entered: l.At, since: l.At, place: place}
	case connect:
		if st != nil {
			st.agent, st.joined, st.owner = l.Agent, l.At, s.named(l.Agent)
		}
	case completeAgent, completeCaller, blindTransfer, attendedTransfer, abandon, exitEmpty, exitWithTimeout, exitWithKey:
		delete(found, l.Call)
	}
}

// recoverAgent reads what a line says of an agent in one of the plan's queues.
func (s *State) recoverAgent(l Line) {
	queue := ctid.QueueID(l.Queue)
	if !slices.Contains(s.plan.Queues, queue) || l.Agent == "" {
		return
	}
	a := s.agents[l.Agent]
	if a == nil {
		if l.Event != addMember {
			return
		}
		a = &agent{}
		s.agents[l.Agent] = a
	}
	a.queues = without(a.queues, []ctid.QueueID{queue})
	switch l.Event {
	case removeMember:
		if len(a.queues) == 0 {
			delete(s.agents, l.Agent)
		}
		return
	case pause:
		a.paused, a.reason = true, l.param(0)
	case unpause:
		a.paused, a.reason = false, ""
	}
	a.queues = append(a.queues, queue)
}

// named is the agent whom the file names so; empty: none of the plan's.
func (s *State) named(name string) ctid.AgentID {
	for id, n := range s.names {
		if n == name {
			return id
		}
	}
	return ""
}

// closeOrphans ends the stays that nobody will end any more, as of when the run before was last heard of, and takes agents off
// duty whom the configuration knows no longer.
func (s *State) closeOrphans(at time.Time) {
	for _, c := range s.orphans {
		st := c.stay
		if st.waits() {
			st.since = st.entered
			s.gone(at, c, abandon, num(int64(s.placeOf(st))), num(int64(st.place)), num(seconds(st.entered, s.until)))
			continue
		}
		st.left = s.until
		s.finish(at, c, completeCaller)
	}
	s.orphans = nil
	for _, name := range slices.Sorted(maps.Keys(s.agents)) {
		if s.named(name) == "" {
			s.become(at, name, *s.agents[name], agent{})
		}
	}
}
