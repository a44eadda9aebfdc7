package acd

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// ledger knows of each waiting task what was told of it, and nothing of how State works.
type ledger struct {
	cfg   Config
	tasks map[ctid.TaskID]*entry
	views map[ctid.AgentID]ctid.AgentView
	rings map[ctid.TaskID][]ctid.AgentID
}

type entry struct {
	queue  ctid.QueueID
	joined time.Time
	needs  []Need
}

func (l *ledger) saw(now time.Time, ev Event, cmds []Command) {
	if r, ok := ev.(Reconfigure); ok {
		l.cfg = r.Config
	}
	in := false // the task that the event brings has been told of
	for _, cmd := range cmds {
		switch c := cmd.(type) {
		case TaskQueued:
			l.tasks[c.Task], in = l.entered(now, ev, c.Queue), true
		case TaskMoved:
			if x, ok := ev.(Enqueue); ok && x.Task == c.Task && !in {
				l.tasks[c.Task], in = l.entered(now, ev, c.To), true
				continue
			}
			l.tasks[c.Task].queue, l.tasks[c.Task].joined = c.To, now
		case TaskEnded:
			delete(l.rings, c.Task)
		case MakeOffer:
			if fromQueue(c) {
				l.rings[c.Task] = append(l.rings[c.Task], c.Agent)
			}
		case EndOffer:
			if c.Why == "late" { // the offer was over before
				continue
			}
			l.rings[c.Task] = slices.DeleteFunc(l.rings[c.Task], func(a ctid.AgentID) bool { return a == c.Agent })
		case AgentChanged:
			l.views[c.View.Agent] = c.View
		}
	}
}

// entered is what a task brings that an event put into a queue.
func (l *ledger) entered(now time.Time, ev Event, queue ctid.QueueID) *entry {
	e := &entry{queue: queue, joined: now}
	switch x := ev.(type) {
	case Enqueue:
		e.needs = x.Needs
		if x.Entered.Before(now) && !x.Entered.IsZero() {
			e.joined = x.Entered
		}
	case TakeCallback:
		if old := l.tasks[x.Task]; old != nil {
			e.needs = old.needs
			if !x.Late {
				e.joined = old.joined
			}
		}
	}
	return e
}

// against is the first rule that keeps a task from an agent, by the configuration and what has been told alone; empty: none that can be
// seen from outside.
func (l *ledger) against(now time.Time, id ctid.TaskID, agent ctid.AgentID) string {
	e := l.tasks[id]
	if slices.Contains(l.rings[id], agent) {
		return RuleOffered
	}
	q := l.cfg.Queues[slices.IndexFunc(l.cfg.Queues, func(q Queue) bool { return q.ID == e.queue })]
	a := l.cfg.Agents[slices.IndexFunc(l.cfg.Agents, func(a Agent) bool { return a.ID == agent })]
	needs, low, high := q.Needs, 0, 0
	if e.needs != nil {
		needs = e.needs
	}
	for _, st := range q.Steps {
		if now.Sub(e.joined) < st.After {
			break
		}
		low, high = st.MinRank, st.MaxRank
		if st.Needs != nil {
			needs = *st.Needs
		}
	}
	i := slices.IndexFunc(a.Queues, func(m Membership) bool { return m.Queue == e.queue })
	if rank := max(a.Queues[i].Rank, 1); rank < low || high > 0 && rank > high {
		return RuleRank
	}
	for _, n := range needs {
		if !slices.ContainsFunc(a.Skills, func(k Skill) bool { return k.Name == n.Skill && max(k.Level, 1) >= max(n.AtLeast, 1) }) {
			return RuleSkill
		}
	}
	if l.views[agent].State != ctid.Ready {
		return RuleState
	}
	if len(l.rings[id]) > 0 {
		return RuleOrder
	}
	return ""
}

// unseen are the rules that nobody outside can judge.
var unseen = []string{RuleGap, RulePhone, RuleSeat}

// TestWhyAgrees asks, 50 times a day, why a random waiting task is not a random agent's, and holds the answer against rules read by other eyes.
func TestWhyAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := size{agents: 12, queues: 4, tasks: 30}
		cfg := voiceOnly(z.config(t))
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		l := &ledger{cfg: cfg, tasks: map[ctid.TaskID]*entry{}, views: map[ctid.AgentID]ctid.AgentView{}, rings: map[ctid.TaskID][]ctid.AgentID{}}
		var decisions []Decision
		s.Trace(func(d Decision) { decisions = append(decisions, d) })
		decide := func(now time.Time, ev Event) []Command {
			decisions = nil
			cmds := s.Decide(now, ev)
			if _, picked := ev.(Pick); !picked {
				traced(t, decisions, cmds)
			}
			l.saw(now, ev, cmds)
			return cmds
		}
		c := crowd{size: z}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		asked := 0
		for n := 0; n < 1000 && asked < 50; n++ {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			for d := s.Deadline(); !d.IsZero() && !d.After(now); d = s.Deadline() {
				decide(d, Tick{})
			}
			ev := c.draw(t, now)
			if skipped(ev) {
				continue
			}
			c.saw(decide(now, ev))
			for _, task := range s.sortedTasks() {
				if task.only == "" && asked < 50 && rapid.IntRange(0, 9).Draw(t, "ask") == 0 {
					asked++
					l.compare(t, s, now, task.id)
				}
			}
		}
	})
}

// traced holds what was told of decisions against the offers that came of them: each has its own, with one who may have the task.
func traced(t *rapid.T, decisions []Decision, cmds []Command) {
	for _, cmd := range cmds {
		o, ok := cmd.(MakeOffer)
		if !ok || !fromQueue(o) {
			continue
		}
		if len(decisions) == 0 {
			t.Fatalf("%+v was not decided", o)
		}
		d := decisions[0]
		decisions = decisions[1:]
		if d.Task != o.Task || d.Agent != o.Agent || d.Queue != o.Queue {
			t.Fatalf("%+v was decided as %+v", o, d)
		}
		for _, w := range d.Candidates {
			if w.OK != (w.Agent == o.Agent) || w.OK == (w.Rule != "") {
				t.Fatalf("%+v was decided with %+v", o, w)
			}
		}
	}
	if len(decisions) > 0 {
		t.Fatalf("decided, and not offered: %+v", decisions)
	}
}

func (l *ledger) compare(t *rapid.T, s *State, now time.Time, id ctid.TaskID) {
	list, ok := s.WhyTask(id)
	if !ok {
		t.Fatalf("%s waits, and nothing is known of it", id)
	}
	for _, w := range list {
		want := l.against(now, id, w.Agent)
		if w.Rule != want && !(want == "" && slices.Contains(unseen, w.Rule)) && !(want == RuleOrder && slices.Contains(unseen, w.Rule)) {
			t.Fatalf("%s and %s: %+v; by the rules it is %q", id, w.Agent, w, want)
		}
		if w.OK != (w.Rule == "") || w.OK {
			t.Fatalf("%s waits, and %s could have it: %+v", id, w.Agent, w)
		}
		mine, _ := s.WhyAgent(w.Agent)
		if !slices.Contains(mine, w) {
			t.Fatalf("of %s it is told %+v, of his tasks %+v", w.Agent, w, mine)
		}
	}
}

// voiceOnly leaves calls, by whose rules this test judges.
func voiceOnly(cfg Config) Config {
	cfg.Media = nil
	for i := range cfg.Queues {
		cfg.Queues[i].Medium = ctid.Voice
	}
	for i := range cfg.Agents {
		cfg.Agents[i].Media = nil
	}
	return cfg
}

// skipped are events after which what is configured is no longer what is in force.
func skipped(ev Event) bool {
	switch ev.(type) {
	case Reconfigure, Restarted:
		return true
	}
	return false
}
