package acd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"ctid"
)

// This file has the rules of routing: what they default to, and what is wrong with them.

const (
	defaultTarget   = 20 * time.Second
	defaultProgress = 5 * time.Second
	maxLevel        = 10
	maxShare        = 100
)

// What Config.Next and Queue.AgeFrom may say.
const (
	nextFirst   = "first-come"
	nextPrimary = "primary-first"
	nextUrgent  = "urgent"
	nextFair    = "fair"

	ageFromQueue = "queue"
	ageFromCall  = "call"
)

// Nexts lists what Config.Next may say; the first is the default.
func Nexts() []string { return []string{nextFirst, nextPrimary, nextUrgent, nextFair} }

// Overflow is where a task goes instead of leaving its queue: for a reason (On: timeout, full, closed, join_empty, leave_empty or
// diverted), or, without one, once it has waited there for After. A queue that would not take it is passed over.
type Overflow struct {
	On    ctid.QueueExit
	After time.Duration
	To    ctid.QueueID
}

// overflowing are the exits that an overflow may stand in for.
var overflowing = []ctid.QueueExit{ctid.ExitTimeout, ctid.ExitFull, ctid.ExitClosed, ctid.ExitJoinEmpty, ctid.ExitLeaveEmpty, ctid.ExitDiverted}

// prepareRouting fills in what c says of all queues together, and tells what is wrong with it.
func (c *Config) prepareRouting() (errs []error) {
	c.Next = cmp.Or(c.Next, nextFirst)
	c.Skills = slices.Clone(c.Skills)
	if !slices.Contains(Nexts(), c.Next) {
		errs = append(errs, fmt.Errorf("acd: which task comes next is %q; use one of %v", c.Next, Nexts()))
	}
	if c.PointWorth < 0 {
		errs = append(errs, errors.New("acd: a point of priority cannot be worth a negative time"))
	}
	for i, k := range c.Skills {
		if k == "" || slices.Contains(c.Skills[:i], k) {
			errs = append(errs, fmt.Errorf("acd: skill %q has no name, or stands twice in the configuration", k))
		}
	}
	return errs
}

func (q *Queue) fillRules() {
	by, _ := strategyNamed(q.Strategy)
	if q.RONA == "" {
		q.RONA = ronaPause
		if by.ring != ringOne {
			q.RONA = ronaNone
		}
	}
	q.Share = cmp.Or(q.Share, 1)
	q.Target = cmp.Or(q.Target, defaultTarget)
	q.AgeFrom = cmp.Or(q.AgeFrom, ageFromQueue)
	q.ProgressEvery = cmp.Or(q.ProgressEvery, defaultProgress)
	q.Needs = cleanNeeds(q.Needs)
	q.Steps = slices.Clone(q.Steps)
	for i := range q.Steps {
		if n := q.Steps[i].Needs; n != nil {
			needs := cleanNeeds(*n)
			q.Steps[i].Needs = &needs
		}
	}
	q.JoinEmpty, q.LeaveEmpty, q.Overflow = slices.Clone(q.JoinEmpty), slices.Clone(q.LeaveEmpty), slices.Clone(q.Overflow)
}

// cleanNeeds is a copy with every level filled in.
func cleanNeeds(needs []Need) []Need {
	needs = slices.Clone(needs)
	for i := range needs {
		needs[i].AtLeast = cmp.Or(needs[i].AtLeast, 1)
	}
	return needs
}

func (q *Queue) validateRules(skills []string) (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("acd: queue %q: %s", q.ID, fmt.Sprintf(format, args...)))
	}
	if q.Weight < 0 || q.Weight > maxWeight {
		bad("its weight is %d; use 0 to %d", q.Weight, maxWeight)
	}
	if q.Share < 1 || q.Share > maxShare {
		bad("its share is %d; use 1 to %d", q.Share, maxShare)
	}
	if q.Target < 0 || q.ProgressEvery < 0 || q.DivertWait < 0 || q.AtMost < 0 || q.DivertRatio < 0 {
		bad("a time or ratio is negative")
	}
	if q.AgeFrom != ageFromQueue && q.AgeFrom != ageFromCall {
		bad("age counts from %q; use %s or %s", q.AgeFrom, ageFromQueue, ageFromCall)
	}
	for _, w := range slices.Concat(q.JoinEmpty, q.LeaveEmpty) {
		if !slices.Contains(EmptyWords(), w) {
			bad("an agent cannot be %q; use %v", w, EmptyWords())
		}
	}
	if why := needsWrong(q.Needs, skills); why != "" {
		bad("%s", why)
	}
	for i, st := range q.Steps {
		switch {
		case st.After < 0 || i > 0 && st.After <= q.Steps[i-1].After:
			bad("its steps must be in the order of their times, and %v is not", st.After)
		case st.MinRank < 0 || st.MaxRank < 0 || st.MaxRank > 0 && st.MaxRank < st.MinRank:
			bad("after %v no agent has a rank from %d to %d", st.After, st.MinRank, st.MaxRank)
		case st.Needs != nil:
			if why := needsWrong(*st.Needs, skills); why != "" {
				bad("after %v: %s", st.After, why)
			}
		}
	}
	return errs
}

// needsWrong says what is wrong with needs; empty: nothing.
func needsWrong(needs []Need, skills []string) string {
	for i, n := range needs {
		switch {
		case !slices.Contains(skills, n.Skill):
			return fmt.Sprintf("there is no skill %q", n.Skill)
		case n.AtLeast < 1 || n.AtLeast > maxLevel:
			return fmt.Sprintf("skill %q is wanted at level %d; use 1 to %d", n.Skill, n.AtLeast, maxLevel)
		case slices.ContainsFunc(needs[:i], func(o Need) bool { return o.Skill == n.Skill }):
			return fmt.Sprintf("skill %q is wanted twice", n.Skill)
		}
	}
	return ""
}

// wrongNeeds is needsWrong for what a task brings.
func (s *State) wrongNeeds(needs []Need) string { return needsWrong(cleanNeeds(needs), s.cfg.Skills) }

// overflows looks at where tasks go: the queues must be there, of the same medium, and none may lead back to itself, for whatever
// reasons.
func (c *Config) overflows(known map[ctid.QueueID]bool) (errs []error) {
	byID := map[ctid.QueueID]*Queue{}
	for i := range c.Queues {
		byID[c.Queues[i].ID] = &c.Queues[i]
	}
	for i := range c.Queues {
		q := &c.Queues[i]
		for _, o := range q.Overflow {
			switch {
			case !known[o.To]:
				errs = append(errs, fmt.Errorf("acd: queue %q: it overflows to %q, which is not there", q.ID, o.To))
			case byID[o.To].Medium != q.Medium:
				errs = append(errs, fmt.Errorf("acd: queue %q: it overflows to %q, which is of another medium", q.ID, o.To))
			case o.On != "" && !slices.Contains(overflowing, o.On):
				errs = append(errs, fmt.Errorf("acd: queue %q: nothing overflows on %q; use one of %v", q.ID, o.On, overflowing))
			case (o.On == "") == (o.After <= 0):
				errs = append(errs, fmt.Errorf("acd: queue %q: an overflow to %q needs a reason or a time, and not both", q.ID, o.To))
			}
		}
		if loop := overflowLoop(byID, q.ID); loop != nil {
			errs = append(errs, fmt.Errorf("acd: queue %q: its overflows lead back to it: %v", q.ID, loop))
		}
	}
	return errs
}

// overflowLoop is the way from a queue back to it; nil: there is none.
func overflowLoop(queues map[ctid.QueueID]*Queue, from ctid.QueueID) []ctid.QueueID {
	seen := map[ctid.QueueID]bool{}
	var walk func(id ctid.QueueID, way []ctid.QueueID) []ctid.QueueID
	walk = func(id ctid.QueueID, way []ctid.QueueID) []ctid.QueueID {
		q := queues[id]
		if q == nil {
			return nil
		}
		for _, o := range q.Overflow {
			next := append(slices.Clone(way), o.To)
			if o.To == from {
				return next
			}
			if seen[o.To] {
				continue
			}
			seen[o.To] = true
			if loop := walk(o.To, next); loop != nil {
				return loop
			}
		}
		return nil
	}
	return walk(from, []ctid.QueueID{from})
}

func (a *Agent) validateSkills(skills []string) (errs []error) {
	for i := range a.Skills {
		k := &a.Skills[i]
		k.Level = cmp.Or(k.Level, 1)
		switch {
		case !slices.Contains(skills, k.Name):
			errs = append(errs, fmt.Errorf("acd: agent %q: there is no skill %q", a.ID, k.Name))
		case k.Level < 1 || k.Level > maxLevel:
			errs = append(errs, fmt.Errorf("acd: agent %q: he has skill %q at level %d; use 1 to %d", a.ID, k.Name, k.Level, maxLevel))
		case slices.ContainsFunc(a.Skills[:i], func(o Skill) bool { return o.Name == k.Name }):
			errs = append(errs, fmt.Errorf("acd: agent %q: skill %q is named twice", a.ID, k.Name))
		}
	}
	return errs
}
