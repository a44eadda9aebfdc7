package acd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid"
)

// Why says of one agent and one task whether he could be offered it, and if not, which rule, with which value, is against it.
type Why struct {
	Task  ctid.TaskID  `json:"task"`
	Queue ctid.QueueID `json:"queue"`
	Agent ctid.AgentID `json:"agent"`
	OK    bool         `json:"ok"`
	Rule  string       `json:"rule,omitempty"`  // one of the Rule constants
	Value string       `json:"value,omitempty"` // for people

	Facts ctid.WhyFacts `json:"facts,omitzero"` // what Value puts into one line
}

// The rules that keep a task from an agent, in the order in which they are asked; the first one that does is told.
const (
	RuleOffered   = "offered"   // it rings at him already
	RulePreferred = "preferred" // it waits for another agent alone
	RuleRank      = "rank"
	RuleSkill     = "skill"
	RuleState     = "state" // out, paused, reserved, talking, wrapup
	RulePhone     = "phone" // something of the call before is left there
	RuleGap       = "gap"   // he is left alone for a while
	RuleSeat      = "seat"  // his desktop is not back after a restart
	RuleRoom      = "room"  // his work in other media
	RuleOrder     = "order" // he could have it, and another task, or another agent, goes first
)

// Decision is a task that is being offered, to whom, and of every agent of its queue why it is or is not him.
type Decision struct {
	At         time.Time    `json:"at"`
	Task       ctid.TaskID  `json:"task"`
	Queue      ctid.QueueID `json:"queue"`
	Agent      ctid.AgentID `json:"agent"`
	Candidates []Why        `json:"candidates"`
}

// Trace has f told of each task that is about to be offered to an agent, of each agent anew where it rings at several. It changes no decision; nil ends it.
func (s *State) Trace(f func(Decision)) { s.trace = f }

// tellDecision tells whoever follows that t is about to be offered to m's agent.
func (s *State) tellDecision(t *task, chosen *member) {
	if s.trace != nil {
		s.trace(s.decision(t, chosen))
	}
}

func (s *State) decision(t *task, chosen *member) Decision {
	d := Decision{At: s.now, Task: t.id, Queue: t.queue.cfg.ID, Agent: chosen.id()}
	for _, m := range t.queue.members {
		w := s.verdict(t, m)
		switch {
		case m == chosen: // whom it may ring at beside others
			w.OK, w.Rule, w.Value, w.Facts = true, "", s.standing(t, m), ctid.WhyFacts{}
		case w.OK || w.Rule == RuleOrder:
			w.OK, w.Rule, w.Facts = false, RuleOrder, ctid.WhyFacts{Other: chosen.id()}
			w.Value = fmt.Sprintf("%s goes first by %s: %s; he %s", chosen.id(), t.queue.by.name, s.standing(t, chosen), s.standing(t, m))
		}
		d.Candidates = append(d.Candidates, w)
	}
	return d
}

// WhyTask says of every agent of a waiting task's queue, by id, why he is not offered it; false: it waits nowhere.
func (s *State) WhyTask(id ctid.TaskID) ([]Why, bool) {
	t := s.tasks[id]
	if t == nil {
		return nil, false
	}
	var out []Why
	for _, m := range t.queue.members {
		out = append(out, s.verdict(t, m))
	}
	return out, true
}

// WhyAgent says of every task that waits in an agent's queues, in their order, why he is not offered it; false: there is no such agent.
func (s *State) WhyAgent(id ctid.AgentID) ([]Why, bool) {
	a := s.agents[id]
	if a == nil {
		return nil, false
	}
	out := []Why{}
	for _, m := range a.serves {
		for _, t := range m.queue.tasks() {
			out = append(out, s.verdict(t, m))
		}
	}
	return out, true
}

// verdict asks every rule for t and m.
func (s *State) verdict(t *task, m *member) Why {
	w := Why{Task: t.id, Queue: t.queue.cfg.ID, Agent: m.id()}
	no := func(rule string, facts ctid.WhyFacts, format string, args ...any) Why {
		w.Rule, w.Facts, w.Value = rule, facts, fmt.Sprintf(format, args...)
		return w
	}
	a, c := m.agent, t.class
	i := slices.IndexFunc(t.open, func(o *offer) bool { return o.agent == a })
	switch {
	case i >= 0:
		return no(RuleOffered, ctid.WhyFacts{Until: t.open[i].ring.due}, "by offer %s, until %s", t.open[i].id, clockTime(t.open[i].ring.due))
	case t.only != "" && t.only != a.id:
		return no(RulePreferred, ctid.WhyFacts{Other: t.only, Until: t.stick.due}, "it waits for %s until %s", t.only, clockTime(t.stick.due))
	case t.only != "":
	case m.rank < c.min || c.max > 0 && m.rank > c.max:
		return no(RuleRank, ctid.WhyFacts{Have: m.rank, Want: c.min, Most: c.max, Until: s.loosenedAt(t)}, "his rank is %d, wanted is %s%s", m.rank, ranks(c.min, c.max), s.nextStep(t))
	default:
		for _, n := range c.list {
			if l := a.level(n.Skill); l < n.AtLeast {
				return no(RuleSkill, ctid.WhyFacts{Skill: n.Skill, Have: l, Want: n.AtLeast, Until: s.loosenedAt(t)}, "%s >= %d is wanted, he has %d%s", n.Skill, n.AtLeast, l, s.nextStep(t))
			}
		}
	}
	if rule, facts, value := s.unavailable(a, t.queue); rule != "" {
		return no(rule, facts, "%s", value)
	}
	if len(t.open) > 0 {
		return no(RuleOrder, ctid.WhyFacts{Other: t.open[0].agent.id}, "it rings at %s", t.open[0].agent.id)
	}
	w.OK = true
	return w
}

// unavailable is what keeps a from work of q, whatever the task; empty: nothing.
func (s *State) unavailable(a *agent, q *queue) (rule string, facts ctid.WhyFacts, value string) {
	if !q.voice {
		if !s.slotFree(a, q.cfg.Medium) {
			return s.noRoom(a, q)
		}
		return "", ctid.WhyFacts{}, ""
	}
	switch {
	case a.state == ctid.Paused:
		return RuleState, ctid.WhyFacts{State: a.state, Reason: a.reason, Since: a.since}, fmt.Sprintf("paused (%s) since %s", a.reason, clockTime(a.since))
	case a.state != ctid.Ready:
		return RuleState, ctid.WhyFacts{State: a.state, Since: a.since}, fmt.Sprintf("%s since %s", a.state, clockTime(a.since))
	case a.until.After(s.now):
		return RuleGap, ctid.WhyFacts{Until: a.until}, "left alone until " + clockTime(a.until)
	case a.held:
		return RuleSeat, ctid.WhyFacts{}, "his desktop is not back after the restart"
	case a.line != "":
		return RulePhone, ctid.WhyFacts{}, fmt.Sprintf("his phone is not free of %s", a.line)
	case a.media != nil && !a.mayTakeCall():
		return RuleRoom, ctid.WhyFacts{}, "his other work leaves no room for a call"
	}
	return "", ctid.WhyFacts{}, ""
}

// noRoom is why a is not free for work other than a call.
func (s *State) noRoom(a *agent, q *queue) (rule string, facts ctid.WhyFacts, value string) {
	m := q.cfg.Medium
	if a.media == nil || a.media.slot(m) == nil {
		return RuleRoom, ctid.WhyFacts{}, fmt.Sprintf("he does not work on %s", m)
	}
	st, sl := a.stateShown(), a.media.slot(m)
	switch {
	case st != ctid.Ready && st != ctid.Talking:
		since := a.view().Since
		return RuleState, ctid.WhyFacts{State: st, Since: since}, fmt.Sprintf("%s since %s", st, clockTime(since))
	case a.held || !a.deskOK():
		return RuleSeat, ctid.WhyFacts{}, "his desktop is not back"
	case sl.paused != "":
		return RuleState, ctid.WhyFacts{State: ctid.Paused, Reason: sl.paused}, fmt.Sprintf("paused for %s (%s)", m, sl.paused)
	case sl.until.After(s.now):
		return RuleGap, ctid.WhyFacts{Until: sl.until}, "left alone until " + clockTime(sl.until)
	case a.media.offered():
		return RuleState, ctid.WhyFacts{State: ctid.Reserved}, "something is being offered to him"
	}
	return RuleRoom, ctid.WhyFacts{}, fmt.Sprintf("his work leaves no room for %s", m)
}

// standing is how m compares by t's strategy, for people.
func (s *State) standing(t *task, m *member) string {
	a, out := m.agent, []string{fmt.Sprintf("rank %d", m.rank)}
	switch name := t.queue.by.name; name {
	case "longest-ready":
		out = append(out, "ready since "+clockTime(m.ready))
	case "fewest-calls":
		out = append(out, fmt.Sprintf("%d taken", m.calls))
	case "least-talk":
		out = append(out, fmt.Sprintf("talked %v", m.talk.Truncate(time.Second)))
	case "least-occupied":
		out = append(out, fmt.Sprintf("occupied %.1f %%", 100*s.occupancy(a)))
	case "round-robin", "linear", "top-down":
		out = append(out, fmt.Sprintf("place %d", a.order+1))
	case "weighted":
		out = append(out, fmt.Sprintf("weight %d", m.weight))
	}
	return strings.Join(append(out, "idle since "+clockTime(m.idle)), ", ")
}

// loosenedAt is when what t wants changes; zero: it does not.
func (s *State) loosenedAt(t *task) time.Time {
	if t.loosen.index == 0 {
		return time.Time{}
	}
	return t.loosen.due
}

// nextStep says when what t wants changes.
func (s *State) nextStep(t *task) string {
	if due := s.loosenedAt(t); !due.IsZero() {
		return "; that changes at " + clockTime(due)
	}
	return ""
}

func ranks(lo, hi int) string {
	switch {
	case hi == 0:
		return fmt.Sprintf("%d or more", lo)
	case lo <= 1:
		return fmt.Sprintf("%d or less", hi)
	}
	return fmt.Sprintf("%d to %d", lo, hi)
}

// clockTime is a moment for people who look at one day: UTC.
func clockTime(t time.Time) string { return t.Format("15:04:05.000") }
