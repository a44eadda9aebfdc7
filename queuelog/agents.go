package queuelog

import (
	"slices"
	"time"

	"ctid"
)

// agent is an agent on duty, as the lines have him.
type agent struct {
	queues []ctid.QueueID
	paused bool
	reason string
}

// agentChanged tells of an agent's log-in and log-out, as AddQueueMember and RemoveQueueMember would for each of his queues,
// and of his pauses. Talking and writing up are no pause, and end none: who dials in a pause is paused all along.
func (s *State) agentChanged(at time.Time, v ctid.AgentView) {
	s.talks(at, v)
	name := s.nameOf(v.Agent)
	a := s.agents[name]
	if a == nil {
		a = &agent{}
	}
	is := agent{paused: a.paused, reason: a.reason}
	switch v.State {
	case ctid.Paused:
		is.paused, is.reason = true, v.Reason
	case ctid.Ready, ctid.Out:
		is.paused, is.reason = false, ""
	}
	if v.State != ctid.Out {
		for _, q := range v.Queues {
			if slices.Contains(s.plan.Queues, q) {
				is.queues = append(is.queues, q)
			}
		}
	}
	s.become(at, name, *a, is)
}

// become tells how an agent has changed, and keeps him as he is now.
func (s *State) become(at time.Time, name string, was, is agent) {
	gone, came := without(was.queues, is.queues), without(is.queues, was.queues)
	stays := without(was.queues, gone)
	another := was.paused != is.paused || was.reason != is.reason
	for _, q := range gone {
		s.tell(at, "", q, name, removeMember)
	}
	if was.paused && another {
		s.pauses(at, name, stays, unpauseAll, unpause, "")
	}
	for _, q := range came {
		s.tell(at, "", q, name, addMember)
	}
	switch {
	case is.paused && another:
		s.pauses(at, name, is.queues, pauseAll, pause, is.reason)
	case is.paused:
		s.pauses(at, name, came, "", pause, is.reason)
	}
	if len(is.queues) == 0 {
		delete(s.agents, name)
		return
	}
	s.agents[name] = &is
}

// without is what of a list is not in the other one.
func without(list, other []ctid.QueueID) []ctid.QueueID {
	return slices.DeleteFunc(slices.Clone(list), func(q ctid.QueueID) bool { return slices.Contains(other, q) })
}

// pauses writes one line for all of an agent's queues, if all is its event, and one for each of them.
func (s *State) pauses(at time.Time, name string, queues []ctid.QueueID, all, each, reason string) {
	if all != "" && len(queues) > 0 {
		s.tell(at, "", "", name, all)
	}
	for _, q := range queues {
		s.tell(at, "", q, name, each, reason)
	}
}

// renamed: an agent on duty bears another name in the file.
func (s *State) renamed(at time.Time, was, is string) {
	a := *s.agents[was]
	s.become(at, was, a, agent{})
	s.become(at, is, agent{}, a)
}

// talks notes when the agent who has a caller stops talking: that is told at once, the end of the call perhaps later.
func (s *State) talks(at time.Time, v ctid.AgentView) {
	id, ok := s.owns[v.Agent]
	if !ok {
		return
	}
	st := s.calls[id].stay
	switch talking := v.State == ctid.Talking && v.Call == id; {
	case !talking && st.left.IsZero():
		st.left = at
	case talking && !st.going:
		st.left = time.Time{}
	}
}
