package importer

import (
	"slices"
	"strings"
)

// rule is a section of queuerules.conf: how the limits of penalty change while a caller waits.
type rule struct {
	section *section
	changes []change // by rising time
	used    bool
}

// change is one penaltychange.
type change struct {
	after    int // seconds
	max, min bound
	st       setting
}

// bound is a new limit, or, relative, what is added to the old one.
type bound struct {
	n        int
	relative bool
	said     bool
}

// step is a queue's limits of rank from a time on; 0: none.
type step struct {
	after            int // seconds
	minRank, maxRank int
}

// readRules takes the sections of queuerules.conf.
func (im *run) readRules() {
	for _, s := range im.ruleConf {
		switch {
		case s.dead:
			s.lostAll("stands in a section that could not be read")
		case s.template:
		case foldName(s.name) == "general":
			im.rulesGeneral(s)
		default:
			im.rule(s)
		}
	}
	for _, s := range im.ruleConf {
		if s.template {
			s.unused("rule")
		}
	}
}

func (im *run) rulesGeneral(s *section) {
	s.line.same("it only holds settings")
	for _, st := range s.settings {
		switch {
		case st.key != "realtime_rules":
			st.lost("app_queue has no such setting for all rules")
		case truth(st.text):
			st.lost("rules in a database are not read: put them into %s", rulesFile)
		default:
			st.same("off, which leaves nothing to carry over")
		}
	}
}

func (im *run) rule(s *section) {
	if im.ruleNamed(s.name) != nil {
		s.lostAll("stands in a second rule of that name, whose changes are not looked at")
		return
	}
	s.line.same("it only holds changes")
	r := &rule{section: s}
	im.rules = append(im.rules, r)
	for _, st := range s.settings {
		if st.key != "penaltychange" {
			st.lost("a rule holds nothing but penaltychange")
			continue
		}
		if c, ok := readChange(st); ok {
			r.changes = append(r.changes, c)
		}
	}
	slices.SortStableFunc(r.changes, func(a, b change) int { return a.after - b.after })
}

func (im *run) ruleNamed(name string) *rule {
	for _, r := range im.rules {
		if strings.EqualFold(r.section.name, name) {
			return r
		}
	}
	return nil
}

// readChange reads seconds,max,min,raise.
func readChange(st setting) (change, bool) {
	at, rest, ok := strings.Cut(st.text, ",")
	after, whole := atoi(at)
	if !ok || after < 0 {
		st.lost("a penaltychange is seconds,max or seconds,max,min: Asterisk skips the line")
		return change{}, false
	}
	if !whole {
		st.note("the time %q is read as %d, as Asterisk does", clip(clean(at), 40), after)
	}
	if after > maxWrap {
		st.lost("nobody waits so long: %s is the most there is", span(maxWrap))
		return change{}, false
	}
	highest, rest, _ := strings.Cut(rest, ",")
	lowest, raise, _ := strings.Cut(rest, ",")
	if raise != "" {
		st.lost("QUEUE_RAISE_PENALTY: ctid raises nobody's rank; those of the better ranks still come first")
	}
	return change{after: after, max: readBound(highest, st), min: readBound(lowest, st), st: st}, true
}

func readBound(s string, st setting) bound {
	if s == "" {
		return bound{relative: true}
	}
	n, whole := atoi(s)
	if !whole {
		st.note("the limit %q is read as %d, as Asterisk does", clip(clean(s), 40), n)
	}
	return bound{n: n, relative: s[0] == '+' || s[0] == '-', said: true}
}

func (b bound) from(old int) int {
	if b.relative {
		old += b.n
	} else {
		old = b.n
	}
	return max(0, min(old, most))
}

// steps turns the queue's default rule into steps. Ranks must be known.
func (im *run) steps(q *queue) {
	if q.rule == nil {
		return
	}
	r := im.ruleNamed(q.rule.text)
	if r == nil {
		q.rule.lost("there is no rule %q in %s", clip(clean(q.rule.text), 40), rulesFile)
		return
	}
	r.used = true
	if q.weighted {
		q.rule.lost("in a queue with strategy wrandom a penalty is a weight, and ctid's steps go by rank: the rule is not carried over")
		for _, c := range r.changes {
			c.st.lost("%s has strategy wrandom, where steps by rank have no meaning", q.name)
		}
		return
	}
	q.rule.to("queues[%s].steps", q.name)
	im.cumulate(q, r)
}

// cumulate applies one change after the other, as app_queue does to each caller.
func (im *run) cumulate(q *queue, r *rule) {
	scale := newScale(q.penalties())
	limited := im.MaxPenalty >= 0 || slices.ContainsFunc(r.changes, func(c change) bool { return c.max.said })
	high, low := max(0, im.MaxPenalty), max(0, im.MinPenalty)
	put := func(after int) {
		s := step{after: after, minRank: scale.atLeast(low)}
		if limited {
			s.maxRank = scale.atMost(high)
		}
		if limited && s.maxRank > 0 && s.minRank > s.maxRank { // no penalty lies between the limits: rank 1 is nobody's then
			s.minRank, s.maxRank = 1, 1
		}
		if n := len(q.steps); n > 0 && q.steps[n-1].after == after {
			q.steps = q.steps[:n-1]
		}
		q.steps = append(q.steps, s)
	}
	im.unknownLimits(q, r)
	if limited || low > 0 {
		put(0)
	}
	for _, c := range r.changes {
		high, low = c.max.from(high), c.min.from(low)
		if limited {
			low = min(low, high)
		}
		put(c.after)
		c.st.to("queues[%s].steps", q.name)
	}
}

// unknownLimits says what is taken where the dialplan, which is not read, says where a rule begins. Where it sets a variable not at all,
// app_queue leaves that limit alone, whatever the rule says of it.
func (im *run) unknownLimits(q *queue, r *rule) {
	for _, x := range []struct {
		known    int
		said     func(change) bool
		name, by string
	}{
		{im.MaxPenalty, func(c change) bool { return c.max.said }, "QUEUE_MAX_PENALTY", "--max-penalty"},
		{im.MinPenalty, func(c change) bool { return c.min.said }, "QUEUE_MIN_PENALTY", "--min-penalty"},
	} {
		if x.known < 0 && slices.ContainsFunc(r.changes, x.said) {
			q.rule.lost("the limit that a caller of %s begins with, %s, is set in the dialplan, which is not read: 0 is taken; %s says another; "+
				"where the dialplan sets none, app_queue's rule does not limit, and that part of the steps is to be taken out", q.name, x.name, x.by)
		}
	}
}

// unusedRules says which rules no queue begins with.
func (im *run) unusedRules() {
	for _, r := range im.rules {
		if r.used {
			continue
		}
		r.section.line.lost("no queue has this rule as its defaultrule; if the dialplan gives it to Queue(), write its steps into the queue")
		for _, c := range r.changes {
			c.st.lost("no queue has this rule as its defaultrule")
		}
	}
}
