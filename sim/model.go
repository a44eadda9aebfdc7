// Package sim runs the product's own cores in virtual time on a model of a centre: calls that arrive at random, agents
// with skills, no telephone and no clock. What decides is acd.State itself, not a copy of it, so a figure that comes out
// here is a figure of the product. erlang.go has the formulas that such figures are held against.
package sim

import (
	"slices"
	"time"
)

// Model is a centre and what happens to it. Load reads one from YAML and proves it sound; a Model made by hand must be
// as sound as one that Load returns.
type Model struct {
	Seed         uint64
	Replications int           // runs that differ in nothing but chance
	Calls        int           // that arrive in a replication; 0: Horizon says how long
	Horizon      time.Duration // calls arrive until then; those who wait are served afterwards
	Warmup       int           // so many calls of a replication are not counted
	WarmupFor    time.Duration // nor are those of this time
	Busyness     Dist          // of one factor of mean 1 for all arrivals of a replication; constant 1 without
	Periods      []time.Duration
	Types        []Type
	Groups       []Group
	Routing      Routing
	Ring         Dist // how long an agent's phone rings until he answers
}

// Type is a kind of call, and the skill that it needs. It is one queue of the core. What is given for each period has as
// many values as Model.Periods, or one for all times.
type Type struct {
	Name     string
	Rates    []float64 // calls an hour
	Service  []Dist    // by the period in which the call arrives; so is Patience
	Patience []Dist
	Target   time.Duration // of the service level
}

// Group is agents of the same skills.
type Group struct {
	Name   string
	Agents []int    // for each period, or for all times
	Skills []string // names of types, the preferred one first
}

// Routing is what the core is told about who gets what.
type Routing struct {
	Strategy string
	Prefer   string // primary: a call goes first to agents who have its skill earlier in their lists; none: all alike
	Next     string // which of the calls that he may take a free agent gets: first-come, primary-first
	Trunks   int    // calls that there can be at once; 0: no limit
}

// The words of Routing.
const (
	PreferPrimary    = "primary"
	PreferNone       = "none"
	NextFirstCome    = "first-come"
	NextPrimaryFirst = "primary-first"
)

// at is the value for a period of a list that has one for each, or one for all.
func at[T any](list []T, period int) T {
	if len(list) == 1 {
		return list[0]
	}
	return list[period]
}

// cycle is how long all periods last together; 0 without periods.
func (m *Model) cycle() (sum time.Duration) {
	for _, p := range m.Periods {
		sum += p
	}
	return sum
}

// periods is how many there are; what never changes has one.
func (m *Model) periods() int { return max(1, len(m.Periods)) }

// length is how long a period lasts in microseconds.
func (m *Model) length(period int) int64 {
	if len(m.Periods) == 0 {
		return forever
	}
	return m.Periods[period].Microseconds()
}

// periodAt is the period in force at a time since the start. They begin anew when all are over.
func (m *Model) periodAt(t time.Duration) int {
	if len(m.Periods) == 0 {
		return 0
	}
	t %= m.cycle()
	for i, p := range m.Periods {
		if t < p {
			return i
		}
		t -= p
	}
	return len(m.Periods) - 1
}

// last is the period that is in force when the last call has come, and until the last is served.
func (m *Model) last() int {
	if m.Horizon == 0 {
		return 0
	}
	return m.periodAt(m.Horizon - 1)
}

// expected is how many calls of a type arrive on average from the start until t.
func (t *Type) expected(m *Model, until time.Duration) float64 {
	if len(m.Periods) == 0 {
		return t.Rates[0] * until.Hours()
	}
	whole, sum := until/m.cycle(), 0.0
	rest := until % m.cycle()
	for i, p := range m.Periods {
		within := min(p, rest)
		rest -= within
		sum += at(t.Rates, i) * (float64(whole)*p.Hours() + within.Hours())
	}
	return sum
}

// Total is how many calls all replications have, or are expected to have: what Options.Arrived counts up to.
func (m *Model) Total() float64 {
	calls := float64(m.Calls)
	if m.Horizon > 0 {
		calls = 0
		for i := range m.Types {
			calls += m.Types[i].expected(m, m.Horizon)
		}
	}
	return calls * float64(m.Replications)
}

// serves tells whether the group has the skill.
func (g *Group) serves(skill string) bool { return slices.Contains(g.Skills, skill) }

// most is the number of agents in the group's fullest period.
func (g *Group) most() int { return slices.Max(g.Agents) }
