package acd

import (
	"time"

	"ctid"
)

// candidate is an agent who could be offered a task of one queue now, with what strategies compare.
type candidate struct {
	agent *agent
	rank  int       // his rank in this queue; 1 is best
	idle  time.Time // since when he is free
}

func (c candidate) id() ctid.AgentID { return c.agent.id }

// strategy orders the free agents of a queue: cmp is negative when a is offered a task before b. It must be a strict
// order that ends in the agents' ids, over values that stay as they are while the agents are free.
type strategy struct {
	name string
	cmp  func(a, b candidate) int
}

// strategies is the table of what Queue.Strategy may name. The first is the default.
var strategies = []strategy{
	{"longest-idle", longestIdle},
}

// Strategies lists the names that Queue.Strategy may have.
func Strategies() []string {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		names[i] = s.name
	}
	return names
}

func strategyNamed(name string) (strategy, bool) {
	for _, s := range strategies {
		if s.name == name {
			return s, true
		}
	}
	return strategy{}, false
}
