package acd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"ctid"
)

// What a zero in Config stands for, and the times no configuration changes.
const (
	defaultRing      = 20 * time.Second
	defaultRetryGap  = 10 * time.Second
	defaultRejectGap = 5 * time.Second
	defaultMaxMisses = 3
	defaultPriority  = 50
	defaultDeskGrace = 30 * time.Second
	defaultWrapMax   = 10 * time.Minute

	maxPriority      = 100
	busyGap          = 5 * time.Second  // a busy or failing phone is left alone for this long
	busyLimit        = 3                // in a row: then the agent is paused
	unreachableGap   = 30 * time.Second // as busyGap, for an agent without desktop whose phone could not be rung
	unreachableLimit = 10 * time.Minute // a phone back within this makes its agent ready again by itself
	remember         = 5 * time.Minute  // how long an ended offer is known, for answers that come late
)

// What Queue.RONA, Queue.Rejected and Config.PauseReserved may say.
const (
	ronaPause      = "pause"
	ronaRetry      = "retry"
	ronaNone       = "none"
	rejectedGap    = "gap"
	rejectedPause  = "pause"
	finishReserved = "finish"
	revokeReserved = "revoke"
)

// prepared returns a deep copy of c with every default filled in, or all that is wrong with it.
func (c Config) prepared() (Config, error) {
	c.DeskGrace = cmp.Or(c.DeskGrace, defaultDeskGrace)
	c.WrapMax = cmp.Or(c.WrapMax, defaultWrapMax)
	c.PauseReserved = cmp.Or(c.PauseReserved, finishReserved)
	c.Pauses = slices.Clone(c.Pauses)
	c.Queues = slices.Clone(c.Queues)
	c.Agents = slices.Clone(c.Agents)
	c.Media = slices.Clone(c.Media)
	errs := c.prepareRouting()
	for i := range c.Media {
		c.Media[i].Blocks = slices.Clone(c.Media[i].Blocks)
		errs = append(errs, c.Media[i].validate()...)
	}
	if c.DeskGrace < 0 || c.WrapMax < 0 {
		errs = append(errs, errors.New("acd: desk grace and wrap-up limit cannot be negative"))
	}
	if c.PauseReserved != finishReserved && c.PauseReserved != revokeReserved {
		errs = append(errs, fmt.Errorf("acd: a pause while the phone rings is %q; use %s or %s", c.PauseReserved, finishReserved, revokeReserved))
	}
	for _, p := range c.Pauses {
		if p.Code == "" || p.Quota < 0 {
			errs = append(errs, fmt.Errorf("acd: pause %q: it needs a code, and no negative quota", p.Code))
		}
	}
	queues := make(map[ctid.QueueID]bool, len(c.Queues))
	for i := range c.Queues {
		q := &c.Queues[i]
		q.fill()
		if queues[q.ID] {
			errs = append(errs, fmt.Errorf("acd: queue %q stands twice in the configuration", q.ID))
		}
		queues[q.ID] = true
		errs = append(errs, q.validate()...)
		errs = append(errs, q.validateRules(c.Skills)...)
	}
	errs = append(errs, c.overflows(queues)...)
	agents := make(map[ctid.AgentID]bool, len(c.Agents))
	for i := range c.Agents {
		a := &c.Agents[i]
		if agents[a.ID] {
			errs = append(errs, fmt.Errorf("acd: agent %q stands twice in the configuration", a.ID))
		}
		agents[a.ID] = true
		a.Desk = cmp.Or(a.Desk, ctid.DeskRequired)
		a.Queues, a.Media, a.Skills = slices.Clone(a.Queues), slices.Clone(a.Media), slices.Clone(a.Skills)
		errs = append(errs, a.validate(queues)...)
		errs = append(errs, a.validateSkills(c.Skills)...)
	}
	return c, errors.Join(errs...)
}

func (m *Medium) validate() (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("acd: medium %q: %s", m.Name, fmt.Sprintf(format, args...)))
	}
	if !slices.Contains(ctid.Media, m.Name) {
		bad("there is none of that name; use one of %v", ctid.Media)
	}
	if m.Max < 0 || m.Name == ctid.Voice && m.Max > 1 {
		bad("an agent cannot have %d at once", m.Max)
	}
	if m.Weight < 0 || m.Weight > maxWeight {
		bad("its weight is %d; use 1 to %d", m.Weight, maxWeight)
	}
	for _, b := range m.Blocks {
		if b != blocksAll && b != blocksNone && !slices.Contains(ctid.Media, b) {
			bad("it cannot block %q; use %s, %s or media", b, blocksAll, blocksNone)
		}
	}
	return errs
}

func (q *Queue) fill() {
	q.Medium = cmp.Or(q.Medium, ctid.Voice)
	q.Strategy = cmp.Or(q.Strategy, strategies[0].name)
	q.Ring = cmp.Or(q.Ring, defaultRing)
	q.fillRules()
	q.RetryGap = cmp.Or(q.RetryGap, defaultRetryGap)
	q.MaxMisses = cmp.Or(q.MaxMisses, defaultMaxMisses)
	q.RejectGap = cmp.Or(q.RejectGap, defaultRejectGap)
	q.Priority = cmp.Or(q.Priority, defaultPriority)
	q.Rejected = cmp.Or(q.Rejected, rejectedGap)
}

func (q *Queue) validate() (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("acd: queue %q: %s", q.ID, fmt.Sprintf(format, args...)))
	}
	if q.ID == "" {
		bad("it has no name")
	}
	if !slices.Contains(ctid.Media, q.Medium) {
		bad("there is no medium %q; use one of %v", q.Medium, ctid.Media)
	}
	if _, ok := strategyNamed(q.Strategy); !ok {
		bad("there is no strategy %q; use one of %v", q.Strategy, Strategies())
	}
	if q.RONA != ronaPause && q.RONA != ronaRetry && q.RONA != ronaNone {
		bad("rona is %q; use %s, %s or %s", q.RONA, ronaPause, ronaRetry, ronaNone)
	}
	if q.Ring < 0 || q.Wrap < 0 || q.RetryGap < 0 || q.RejectGap < 0 || q.Resume < 0 {
		bad("a time is negative")
	}
	if q.ForceCode && q.Wrap == 0 {
		bad("a forced code needs a wrap-up time to give it in")
	}
	if q.Rejected != rejectedGap && q.Rejected != rejectedPause {
		bad("rejected is %q; use %s or %s", q.Rejected, rejectedGap, rejectedPause)
	}
	if q.MaxMisses < 0 || q.MaxWaiting < 0 || q.Extends < 0 {
		bad("a limit is negative")
	}
	if q.Priority < 0 || q.Priority > maxPriority {
		bad("priority is %d; use 1 to %d", q.Priority, maxPriority)
	}
	return errs
}

func (a *Agent) validate(queues map[ctid.QueueID]bool) (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("acd: agent %q: %s", a.ID, fmt.Sprintf(format, args...)))
	}
	if a.ID == "" {
		bad("it has no name")
	}
	if a.Desk != ctid.DeskRequired && a.Desk != ctid.DeskOptional && a.Desk != ctid.DeskNone {
		bad("desk is %q; use required, optional or none", a.Desk)
	}
	for i, m := range a.Media {
		switch {
		case !slices.Contains(ctid.Media, m.Medium):
			bad("there is no medium %q; use one of %v", m.Medium, ctid.Media)
		case slices.ContainsFunc(a.Media[:i], func(o Slots) bool { return o.Medium == m.Medium }):
			bad("medium %q is named twice", m.Medium)
		case m.Max < 0 || m.Medium == ctid.Voice && m.Max > 1:
			bad("he cannot have %d of %s at once", m.Max, m.Medium)
		}
	}
	seen := make(map[ctid.QueueID]bool, len(a.Queues))
	for _, m := range a.Queues {
		switch {
		case !queues[m.Queue]:
			bad("there is no queue %q", m.Queue)
		case seen[m.Queue]:
			bad("queue %q is named twice", m.Queue)
		case m.Rank < 0:
			bad("rank %d in queue %q is negative; 1 is best", m.Rank, m.Queue)
		case m.Weight < 0 || m.Weight > maxWeight:
			bad("his weight in queue %q is %d; use 1 to %d", m.Queue, m.Weight, maxWeight)
		}
		seen[m.Queue] = true
	}
	return errs
}
