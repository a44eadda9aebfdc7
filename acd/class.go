package acd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid"
)

// Need is a skill that an agent must have for a task, at this level or a higher one (1–10; 0 reads as 1).
type Need struct {
	Skill   string
	AtLeast int
}

// Skill is what an agent can, and how well (1–10; 0 reads as 1).
type Skill struct {
	Name  string
	Level int
}

// Step loosens, or changes, what a queue wants of agents once a task has waited for After: other needs (nil: those of before),
// and from which rank to which (0: no limit).
type Step struct {
	After            time.Duration
	Needs            *[]Need
	MinRank, MaxRank int
}

// want is what a task wants of agents.
type want struct {
	needs    string // in words, so that two can be compared
	min, max int    // ranks
	only     ctid.AgentID
}

// class is the tasks of a queue that want the same, and the agents who are free and can take them. A queue has few: one for each
// combination of needs and step that its tasks are at.
type class struct {
	want
	list    []Need
	waiting []*task   // without an offer, the next one first
	free    []*member // the next one first
	tasks   int       // of it, those that ring included
}

// takes tells whether m may be offered a task of the class. A task that wants one agent alone wants nothing else of him.
func (c *class) takes(m *member) bool {
	if c.only != "" {
		return m.agent.id == c.only
	}
	if m.rank < c.min || c.max > 0 && m.rank > c.max {
		return false
	}
	for _, n := range c.list {
		if m.agent.level(n.Skill) < n.AtLeast {
			return false
		}
	}
	return true
}

// level is how well a can something; 0: not at all.
func (a *agent) level(skill string) int {
	for _, k := range a.skills {
		if k.Name == skill {
			return k.Level
		}
	}
	return 0
}

// wantOf is what t wants, after the steps that it has taken.
func wantOf(t *task) (want, []Need) {
	rules := &t.queue.cfg
	if t.only != "" {
		return want{only: t.only}, nil
	}
	needs := rules.Needs
	if len(t.needs) > 0 {
		needs = t.needs
	}
	w := want{}
	for _, st := range rules.Steps[:min(t.step, len(rules.Steps))] {
		if st.Needs != nil {
			needs = *st.Needs
		}
		w.min, w.max = st.MinRank, st.MaxRank
	}
	w.needs = needsText(needs)
	return w, needs
}

// needsText writes needs as they are configured, in a fixed order.
func needsText(needs []Need) string {
	words := make([]string, len(needs))
	for i, n := range needs {
		words[i] = fmt.Sprintf("%s >= %d", n.Skill, n.AtLeast)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// base is the class that q always has.
func (q *queue) base() want { return want{needs: needsText(q.cfg.Needs)} }

// enterClass puts t into the class of what it wants, which is made if it is not there.
func (s *State) enterClass(t *task) {
	w, needs := wantOf(t)
	t.class = t.queue.class(w, needs)
	t.class.tasks++
}

// class is the one of that want.
func (q *queue) class(w want, needs []Need) *class {
	for _, c := range q.classes {
		if c.want == w {
			return c
		}
	}
	c := &class{want: w, list: needs}
	for _, m := range q.members {
		if m.listed && c.takes(m) {
			c.free = append(c.free, m)
		}
	}
	slices.SortFunc(c.free, q.by.cmp)
	q.classes = append(q.classes, c)
	return c
}

// leaveClass takes t out of its class, which goes with its last task.
func (s *State) leaveClass(t *task) {
	c, q := t.class, t.queue
	t.class = nil
	if c.tasks--; c.tasks == 0 && c != q.classes[0] {
		q.classes = slices.DeleteFunc(q.classes, func(x *class) bool { return x == c })
	}
}

// reclass puts t, which wants something else now, where it belongs.
func (s *State) reclass(t *task) {
	waits := len(t.open) == 0
	if waits {
		s.unwait(t)
	}
	s.leaveClass(t)
	s.enterClass(t)
	s.touch(t.queue) // where it rings at all, more may be free for it
	if waits {
		s.waitIn(t)
	}
}

// waitIn lets t wait for an agent.
func (s *State) waitIn(t *task) {
	t.class.waiting = insert(t.class.waiting, t, compareTasks)
	s.touch(t.queue)
	s.doubtQueue(t.queue)
}

// unwait takes t out of those that wait.
func (s *State) unwait(t *task) { t.class.waiting = remove(t.class.waiting, t, compareTasks) }

// listIn lists m as free since idle.
func (s *State) listIn(m *member, idle, ready time.Time) {
	m.listed, m.idle, m.ready, m.calls, m.talk = true, idle, ready, m.taken, m.agent.shift.Talk
	for _, c := range m.queue.classes {
		if c.takes(m) {
			c.free = insert(c.free, m, m.queue.by.cmp)
		}
	}
	s.touch(m.queue)
}

// unlistIn takes m out of the free lists.
func (s *State) unlistIn(m *member) {
	if !m.listed {
		return
	}
	m.listed = false
	for _, c := range m.queue.classes {
		if c.takes(m) {
			c.free = remove(c.free, m, m.queue.by.cmp)
		}
	}
}

// stepsDue takes the steps that t has waited for, and sets the timer of the next. It tells whether there were any.
func (s *State) stepsDue(t *task) bool {
	before, steps := t.step, t.queue.cfg.Steps
	for t.step < len(steps) && !t.joined.Add(steps[t.step].After).After(s.now) {
		t.step++
	}
	s.timers.stop(&t.loosen)
	if t.step < len(steps) {
		s.timers.set(&t.loosen, t.joined.Add(steps[t.step].After))
	}
	return t.step > before
}

// loosened: t has waited long enough for a step.
func (s *State) loosened(t *task) {
	if s.stepsDue(t) {
		s.reclass(t)
	}
}

// rebuild makes q's classes anew by the rules in force: its tasks want what these say, and none of its agents is listed.
func (s *State) rebuild(q *queue) {
	tasks := q.tasks()
	q.classes = nil
	q.class(q.base(), q.cfg.Needs)
	for _, t := range tasks {
		t.step = 0
		s.stepsDue(t)
		s.sort(t)
		s.enterClass(t)
		if !t.overdue {
			s.overflowLater(t)
		}
		if len(t.open) == 0 {
			t.class.waiting = append(t.class.waiting, t)
		}
	}
	for _, c := range q.classes {
		slices.SortFunc(c.waiting, compareTasks)
	}
	slices.SortFunc(q.ringing, compareTasks)
	s.touch(q)
}

// sameRank is how many of the list, which begins with the best rank, are of that rank.
func sameRank(free []*member) int {
	n, _ := slices.BinarySearchFunc(free, free[0].rank+1, func(m *member, rank int) int { return cmp.Compare(m.rank, rank) })
	return n
}
