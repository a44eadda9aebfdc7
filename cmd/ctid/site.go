package main

import (
	"ctid"
	"ctid/config"
	"ctid/ws"
)

// site is who belongs where, as the websocket's permissions need it.
func site(c *config.Config) ws.Site {
	out := ws.Site{Agents: map[ctid.AgentID]ws.Member{}, Queues: map[ctid.QueueID]ws.QueueRules{}}
	for _, t := range c.Teams {
		out.Teams = append(out.Teams, t.Name)
	}
	for _, q := range c.Queues {
		out.Queues[ctid.QueueID(q.Name)] = ws.QueueRules{Label: q.Label, AgentsSeeStats: q.ShowStats}
	}
	for _, a := range c.Agents {
		m := ws.Member{Label: a.FullName, Team: a.Team, Pick: a.Pick}
		for _, q := range a.Queues {
			m.Queues = append(m.Queues, ctid.QueueID(q.Name))
		}
		out.Agents[ctid.AgentID(a.Name)] = m
	}
	return out
}
