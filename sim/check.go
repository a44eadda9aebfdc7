package sim

import (
	"cmp"
	"slices"
	"time"
)

// maxSpan is how much time a model may take: the core counts nanoseconds.
const maxSpan = 100 * 365 * 24 * time.Hour

// check holds the parts of a model that could be read against each other.
func (r *reader) check(d *draft) {
	r.checkLength(d)
	r.checkPeriods(d)
	r.checkNames(d)
	if r.found != nil {
		return
	}
	r.checkServed(d)
	r.checkTime(d)
}

// checkLength: a replication ends after a number of calls or at a time, and the warm-up before that.
func (r *reader) checkLength(d *draft) {
	switch {
	case d.Calls == 0 && d.Horizon == 0:
		r.errorf(d.root, missing, "how long is a replication? Give `calls` or `horizon`")
	case d.Calls > 0 && d.Horizon > 0:
		r.errorf(d.seen["horizon"], together, "a replication ends after `calls` or at `horizon`: take one out")
	case d.Calls > 0 && d.Warmup >= d.Calls:
		r.errorf(d.seen["warmup"], together, "with %d calls of warm-up none of the %d calls is counted", d.Warmup, d.Calls)
	case d.Horizon > 0 && d.WarmupFor >= d.Horizon:
		r.errorf(d.seen["warmup"], together, "the warm-up does not end before the horizon")
	}
}

// checkPeriods: all types change at the same times.
func (r *reader) checkPeriods(d *draft) {
	for i := range d.types {
		t := &d.types[i]
		switch {
		case t.periods == nil:
		case d.Periods == nil:
			d.Periods = t.periods
		case !slices.Equal(t.periods, d.Periods):
			r.errorf(t.periodsAt, together, "the periods of all types last equally long, one by one; those of %q do not last as long as those before", t.Name)
		}
	}
	hours := 0.0
	for _, p := range d.Periods {
		hours += p.Hours()
	}
	if hours > maxSpan.Hours() {
		r.errorf(d.seen["types"], wrongValue, "the periods last more than 100 years together")
	}
	r.checkCounts(d)
}

// checkCounts: what is given for each period has as many values as there are periods.
func (r *reader) checkCounts(d *draft) {
	n := max(1, len(d.Periods))
	for i := range d.types {
		t := &d.types[i]
		for _, list := range [][]place{t.service, t.patience} {
			if len(list) > 1 && len(list) != n {
				r.errorf(list[0], together, "%d distributions for %d periods: one for each, or one for all", len(list), n)
			}
		}
	}
	for i := range d.groups {
		g := &d.groups[i]
		switch {
		case !g.changes:
		case d.Periods == nil:
			r.errorf(g.agentsAt, together, "no type has periods: how long they last is said by `arrivals: {periods: [{for: …}]}`")
		case len(g.Agents) != n:
			r.errorf(g.agentsAt, together, "%d numbers of agents for %d periods", len(g.Agents), n)
		}
	}
}

// checkNames: names are there once, and skills are names of types.
func (r *reader) checkNames(d *draft) {
	types := map[string]bool{}
	var names []string
	for _, t := range d.types {
		if types[t.Name] {
			r.errorf(t.at, wrongName, "type %q is there twice", t.Name)
		}
		types[t.Name] = true
		names = append(names, t.Name)
	}
	groups := map[string]bool{}
	for _, g := range d.groups {
		if groups[g.Name] {
			r.errorf(g.at, wrongName, "group %q is there twice", g.Name)
		}
		groups[g.Name] = true
		for i, s := range g.Skills {
			switch {
			case !types[s]:
				r.errorf(g.skills[i], wrongName, "there is no type %q for this skill%s", s, meant(s, names))
			case slices.Index(g.Skills, s) < i:
				r.errorf(g.skills[i], wrongName, "skill %q is there twice; only the first place counts", s)
			}
		}
	}
}

// checkServed: each type has agents, and if nobody gives up also those who end the last period.
func (r *reader) checkServed(d *draft) {
	for _, t := range d.types {
		ever, last, named := 0, 0, ""
		for _, g := range d.groups {
			if g.serves(t.Name) {
				named = cmp.Or(named, g.Name)
				ever += g.most()
				last += at(g.Agents, d.last())
			}
		}
		patient := slices.ContainsFunc(t.Patience, func(p Dist) bool { return p.Kind == None })
		switch {
		case slices.Max(t.Rates) == 0:
		case named == "":
			r.errorf(t.at, unserved, "no group has the skill %q: give it to one", t.Name)
		case ever == 0:
			r.errorf(t.at, unserved, "no group with the skill %q ever has an agent: group %q has 0", t.Name, named)
		case patient && d.Horizon > 0 && last == 0:
			r.errorf(t.at, unserved, "at the horizon no agent has the skill %q, and whoever waits then would wait for ever: give the last period an agent, or the callers patience", t.Name)
		}
	}
}

// checkTime: calls come, and not over centuries.
func (r *reader) checkTime(d *draft) {
	agents := 0
	for i := range d.Groups {
		agents += d.Groups[i].most()
	}
	if agents > maxAgents {
		r.errorf(d.seen["groups"], wrongValue, "%d agents; the most is %d", agents, maxAgents)
	}
	expected := 0.0
	for i := range d.Types {
		expected += d.Types[i].expected(&d.Model, maxSpan)
	}
	switch {
	case expected == 0:
		r.errorf(d.seen["types"], wrongValue, "no call ever comes: every rate is 0")
	case d.Calls > 0 && expected < float64(d.Calls):
		r.errorf(d.seen["calls"], wrongValue, "%d calls would take more than 100 years at these rates", d.Calls)
	}
}
