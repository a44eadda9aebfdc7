package acd

import (
	"cmp"
	"slices"
	"strings"

	"ctid"
)

// reconfigure puts another configuration in force. Open offers, conversations and wrap-ups end under the rules they
// began with. An empty epoch keeps the one in force.
func (s *State) reconfigure(cfg Config) {
	cfg.Epoch = cmp.Or(cfg.Epoch, s.cfg.Epoch)
	cfg, err := cfg.prepared()
	if err != nil {
		s.refuse(ctid.BadRequest, nil, strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	s.install(cfg)
}

// install makes cfg the configuration in force, and tells the view of every agent whom that changes.
func (s *State) install(cfg Config) {
	agents := s.sortedAgents()
	before := make([]ctid.AgentView, len(agents))
	for i, a := range agents {
		s.unlist(a)
		before[i] = a.view()
	}
	s.cfg = cfg
	s.installQueues()
	for _, a := range agents {
		a.removed = true
	}
	for _, ac := range cfg.Agents {
		s.installAgent(ac)
	}
	s.installMembers()
	for i, a := range agents {
		if a.removed && !a.occupied() {
			s.removeIdle(a)
			continue
		}
		if a.state == ctid.Ready && !a.phoneOK() { // he takes calls now, and cannot
			s.changed(a, byAdmin)
			s.become(a, ctid.Paused, ctid.ReasonDeviceUnreachable, byAdmin)
			continue
		}
		if a.removed && (a.next == nil || a.next.State != ctid.Out) {
			a.leaving = true
			a.next = &ctid.Next{State: ctid.Out, By: byAdmin.Kind}
		}
		if differs(before[i], a.view()) {
			s.changed(a, byAdmin)
		}
		s.list(a)
	}
	s.dropDrained()
}

// installQueues opens the configured queues and lets the others drain.
func (s *State) installQueues() {
	for _, q := range s.queues {
		q.draining = true
	}
	for _, qc := range s.cfg.Queues {
		q := s.queues[qc.ID]
		if q == nil {
			q = &queue{}
			s.queues[qc.ID] = q
		}
		q.cfg, q.draining, q.voice = qc, false, qc.Medium == ctid.Voice
		q.by, _ = strategyNamed(qc.Strategy)
	}
}

// installAgent gives an agent, new or known, his configured place. He goes on serving queues that drain.
func (s *State) installAgent(ac Agent) {
	a := s.agents[ac.ID]
	if a == nil {
		a = newAgent(ac.ID)
		a.rev, a.since = s.revs[a.id], s.now
		delete(s.revs, a.id)
		s.agents[a.id] = a
		defer s.changed(a, byAdmin)
	}
	if a.leaving {
		a.leaving, a.next = false, nil
	}
	a.removed = false
	serves := make([]membership, 0, len(ac.Queues))
	listed := make([]ctid.QueueID, 0, len(ac.Queues))
	byRank := slices.Clone(ac.Queues)
	slices.SortStableFunc(byRank, func(x, y Membership) int { return cmp.Compare(max(x.Rank, 1), max(y.Rank, 1)) })
	for _, m := range byRank {
		serves = append(serves, membership{s.queues[m.Queue], max(m.Rank, 1)})
		listed = append(listed, m.Queue)
	}
	for _, m := range a.serves {
		if m.queue.draining {
			serves = append(serves, m)
		}
	}
	a.serves, a.listed = serves, listed
	s.installMedia(a, ac.Media)
	s.installDesk(a, ac.Desk)
}

// installDesk puts a desk rule in force: one who now needs a desktop and has none gets the grace time for it.
func (s *State) installDesk(a *agent, rule ctid.DeskRule) {
	was := a.desk
	a.desk = rule
	switch {
	case rule != ctid.DeskRequired:
		s.timers.stop(&a.grace)
		a.held = false
	case was != "" && was != rule && !a.awake:
		s.timers.set(&a.grace, s.now.Add(s.cfg.DeskGrace))
	}
}

// installMembers rebuilds the lists of who serves which queue.
func (s *State) installMembers() {
	for _, q := range s.queues {
		q.members, q.free = nil, nil
	}
	for _, a := range s.sortedAgents() {
		for _, m := range a.serves {
			m.queue.members = append(m.queue.members, a)
		}
	}
}

// differs tells whether a configuration changed what outsiders see of an agent.
func differs(a, b ctid.AgentView) bool {
	return a.Media != b.Media || !slices.Equal(a.Queues, b.Queues) || !slices.Equal(a.Can, b.Can) || (a.Next == nil) != (b.Next == nil) ||
		a.Next != nil && *a.Next != *b.Next
}

// removeIdle: an agent without work who is no longer configured is out at once.
func (s *State) removeIdle(a *agent) {
	if a.state == ctid.Out {
		s.dropAgent(a)
		return
	}
	s.become(a, ctid.Out, "", byAdmin)
}

// dropAgent forgets an agent who is out and no longer configured.
func (s *State) dropAgent(a *agent) {
	s.timers.stop(&a.grace)
	s.timers.stop(&a.clear)
	s.voiceAlone(a)
	delete(s.agents, a.id)
	s.revs[a.id] = a.rev
	for _, m := range a.serves {
		m.queue.members = remove(m.queue.members, a, compareAgents)
	}
	a.serves = nil
}

// dropDrained forgets the queues that are neither configured nor hold a task.
func (s *State) dropDrained() {
	var empty []*queue
	for _, q := range s.queues {
		if q.draining && q.size() == 0 {
			empty = append(empty, q)
		}
	}
	for _, q := range empty {
		s.dropQueue(q)
	}
}

// dropQueue forgets a queue that is empty and no longer configured. Its free list goes with it.
func (s *State) dropQueue(q *queue) {
	delete(s.queues, q.cfg.ID)
	for _, a := range q.members {
		a.serves = slices.DeleteFunc(slices.Clone(a.serves), func(m membership) bool { return m.queue == q })
	}
	q.members, q.free = nil, nil
}
