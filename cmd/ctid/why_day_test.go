package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/store"
	"ctid/switchboard"
)

// The centre of the simulated day, as the check by brute force reads it; its configuration is written from the same tables.
type (
	dayQueue struct {
		name  string
		skill string // what is needed; none: nothing
		steps []dayStep
	}
	dayStep struct{ after, level, worst int } // from so many seconds on: the level needed, and the worst rank; 0: any
	dayRank struct {
		queue string
		rank  int
	}
	dayAgent struct {
		name   string
		levels map[string]int
		queues []dayRank
	}
)

var dayQueues = []dayQueue{
	{"claims", "claims", []dayStep{{0, 4, 1}, {20, 2, 2}, {45, 1, 0}}},
	{"billing", "billing", []dayStep{{0, 3, 0}, {60, 1, 0}}},
	{"general", "", []dayStep{{0, 0, 2}, {90, 0, 0}}},
}

// What the queues of the day say of agents who do not take what they are offered; a busy phone has a rest that is not configured.
const (
	dayRing = 15 * time.Second
	dayRest = 10 * time.Second
	dayBusy = 5 * time.Second
)

// dayAgents are twelve, of whom the first has every skill.
func dayAgents(rng *rand.Rand) (out []dayAgent) {
	for n := range 12 {
		a := dayAgent{name: fmt.Sprintf("agent%d", n), levels: map[string]int{}}
		for i, q := range dayQueues {
			if q.skill != "" && (n == 0 || rng.IntN(4) > 0) {
				a.levels[q.skill] = max(5*(1-min(n, 1)), 1+rng.IntN(5))
			}
			if n == 0 || (n+i)%3 > 0 {
				a.queues = append(a.queues, dayRank{q.name, max(1, min(n, 1+rng.IntN(3)))})
			}
		}
		out = append(out, a)
	}
	return out
}

func dayConfig(agents []dayAgent) string {
	var b strings.Builder
	b.WriteString("asterisk: {nodes: [{name: pbx, url: \"http://127.0.0.1:8088\"}]}\nskills: [claims, billing]\nqueues:\n")
	for _, q := range dayQueues {
		fmt.Fprintf(&b, "  - name: %s\n    ring: %v\n    wrapup: 12s\n    rona: none\n    retry_gap: %v\n    steps:\n", q.name, dayRing, dayRest)
		for _, s := range q.steps {
			needs := ""
			if q.skill != "" {
				needs = fmt.Sprintf("needs: [%q], ", fmt.Sprintf("%s >= %d", q.skill, s.level))
			}
			fmt.Fprintf(&b, "      - {after: %ds, %smax_rank: %d}\n", s.after, needs, s.worst)
		}
	}
	b.WriteString("agents:\n")
	for n, a := range agents {
		fmt.Fprintf(&b, "  - name: %s\n    desk: optional\n    device: {endpoint: PJSIP/%d}\n", a.name, 3000+n)
		var skills, queues []string
		for _, k := range slices.Sorted(maps.Keys(a.levels)) {
			skills = append(skills, fmt.Sprintf("%q", fmt.Sprintf("%s = %d", k, a.levels[k])))
		}
		for _, q := range a.queues {
			queues = append(queues, fmt.Sprintf("{name: %s, rank: %d}", q.queue, q.rank))
		}
		if len(skills) > 0 {
			fmt.Fprintf(&b, "    skills: [%s]\n", strings.Join(skills, ", "))
		}
		fmt.Fprintf(&b, "    queues: [%s]\n", strings.Join(queues, ", "))
	}
	return b.String()
}

// day plays a day to a core, keeps its log as the daemon does, and knows of it what it was told.
type day struct {
	recorder
	rng    *rand.Rand
	now    time.Time
	due    []dayEvent
	agents []dayAgent
	calls  int
	snapAt time.Time

	waits  map[ctid.TaskID]dayWait
	open   map[ctid.OfferID]acd.MakeOffer
	views  map[ctid.AgentID]ctid.AgentView
	line   map[ctid.AgentID]ctid.OfferID
	rest   map[ctid.AgentID]time.Time
	offers map[ctid.TaskID][]ctid.AgentID
	asked  []dayQuestion
}

type dayEvent struct {
	at      time.Time
	ev      acd.Event
	subject string
}

type dayWait struct {
	queue   string
	entered time.Time
}

// dayQuestion is a moment with a waiting call and idle agents, and what is to be answered then.
type dayQuestion struct {
	at     time.Time
	task   ctid.TaskID
	idle   ctid.AgentID            // one of them
	of     map[ctid.AgentID]dayWhy // what keeps the call from each agent of its queue
	his    map[ctid.TaskID]dayWhy  // what keeps each call of his queues from the idle one
	before []ctid.AgentID          // to whom the call had been offered
}

type dayWhy struct{ rule, value string } // value: a part of what is said

func (d *day) plan(after time.Duration, subject string, ev acd.Event) {
	e := dayEvent{d.now.Add(after.Truncate(time.Millisecond)), ev, subject}
	i, _ := slices.BinarySearchFunc(d.due, e, func(a, b dayEvent) int { return cmp.Or(a.at.Compare(b.at), -1) })
	d.due = slices.Insert(d.due, i, e)
}

// mean draws a time of that mean.
func (d *day) mean(of time.Duration) time.Duration {
	return time.Duration(d.rng.ExpFloat64() * float64(of))
}

func (d *day) give(subject string, ev acd.Event) {
	if d.now.Sub(d.snapAt) >= 10*time.Minute {
		d.snapAt = d.now
		d.row(d.now, switchboard.KindSnapshot, "", d.core.Snapshot())
	}
	d.row(d.now, "in.acd."+ev.EventKind(), subject, ev)
	for _, cmd := range d.core.Decide(d.now, ev) {
		d.saw(cmd)
	}
}

// saw notes what the core says, and lets people act on it.
func (d *day) saw(cmd acd.Command) {
	switch c := cmd.(type) {
	case acd.TaskQueued:
		d.waits[c.Task] = dayWait{string(c.Queue), d.now}
		d.plan(d.mean(2*time.Minute), string(c.Task), acd.TaskGone{Task: c.Task})
	case acd.TaskEnded:
		delete(d.waits, c.Task)
	case acd.AgentChanged:
		d.views[c.View.Agent] = c.View
		if c.View.State != ctid.Ready {
			delete(d.rest, c.View.Agent)
		}
	case acd.MakeOffer:
		d.open[c.Offer], d.line[c.Agent] = c, c.Offer
		d.offers[c.Task] = append(d.offers[c.Task], c.Agent)
		switch n := d.rng.IntN(100); {
		case n < 85:
			d.plan(time.Second+time.Duration(d.rng.Int64N(int64(8*time.Second))), string(c.Offer), acd.OfferUp{Offer: c.Offer})
		case n < 92:
			d.plan(time.Second, string(c.Offer), acd.OfferFailed{Offer: c.Offer, Why: "busy"})
		}
	case acd.EndOffer:
		d.offerOver(c)
	}
}

func (d *day) offerOver(c acd.EndOffer) {
	if _, open := d.open[c.Offer]; !open {
		return
	}
	delete(d.open, c.Offer)
	gone := acd.LegGone{Agent: c.Agent, Offer: c.Offer}
	switch {
	case c.End == ctid.OfferAccepted:
		talk := d.mean(4 * time.Minute)
		d.plan(talk, string(c.Offer), gone)
		d.plan(talk, string(c.Task), acd.WorkEnded{Agent: c.Agent, Task: c.Task})
	case c.Why == "busy":
		d.rest[c.Agent] = d.now.Add(dayBusy)
		delete(d.line, c.Agent)
	default:
		if c.End == ctid.OfferMissed {
			d.rest[c.Agent] = d.now.Add(dayRest)
		}
		d.plan(3*time.Second, string(c.Offer), gone)
	}
}

// against is the first rule against a call and an agent of its queue, by what has been told alone.
func (d *day) against(task ctid.TaskID, a dayAgent) dayWhy {
	w, id := d.waits[task], ctid.AgentID(a.name)
	q := dayQueues[slices.IndexFunc(dayQueues, func(q dayQueue) bool { return q.name == w.queue })]
	rank := a.queues[slices.IndexFunc(a.queues, func(r dayRank) bool { return r.queue == w.queue })].rank
	want := q.steps[0]
	for _, s := range q.steps {
		if d.now.Sub(w.entered) >= time.Duration(s.after)*time.Second {
			want = s
		}
	}
	clock := func(t time.Time) string { return t.Format("15:04:05.000") }
	rings := ctid.AgentID("")
	for _, o := range d.open {
		if o.Task == task {
			rings = o.Agent
		}
	}
	view := d.views[id]
	switch {
	case rings == id:
		return dayWhy{acd.RuleOffered, "by offer"}
	case want.worst > 0 && rank > want.worst:
		return dayWhy{acd.RuleRank, fmt.Sprintf("his rank is %d, wanted is %d or less", rank, want.worst)}
	case q.skill != "" && a.levels[q.skill] < want.level:
		return dayWhy{acd.RuleSkill, fmt.Sprintf("%s >= %d is wanted, he has %d", q.skill, want.level, a.levels[q.skill])}
	case view.State == ctid.Paused:
		return dayWhy{acd.RuleState, fmt.Sprintf("paused (%s) since %s", view.Reason, clock(view.Since))}
	case view.State != ctid.Ready:
		return dayWhy{acd.RuleState, fmt.Sprintf("%s since %s", view.State, clock(view.Since))}
	case d.rest[id].After(d.now):
		return dayWhy{acd.RuleGap, "left alone until " + clock(d.rest[id])}
	case d.line[id] != "":
		return dayWhy{acd.RulePhone, "his phone is not free of " + string(d.line[id])}
	case rings != "":
		return dayWhy{acd.RuleOrder, "it rings at " + string(rings)}
	}
	return dayWhy{} // he would have it
}

func (a dayAgent) serves(q string) bool {
	return slices.ContainsFunc(a.queues, func(r dayRank) bool { return r.queue == q })
}

// ask makes a question of this moment, if a call waits for which nobody is rung, and somebody of its queue is idle. at is a moment at which nothing happens.
func (d *day) ask(at time.Time) {
	var tasks []ctid.TaskID
	for _, id := range slices.Sorted(maps.Keys(d.waits)) {
		if !slices.ContainsFunc(slices.Collect(maps.Values(d.open)), func(o acd.MakeOffer) bool { return o.Task == id }) {
			tasks = append(tasks, id)
		}
	}
	if len(tasks) == 0 {
		return
	}
	q := dayQuestion{at: at, task: tasks[d.rng.IntN(len(tasks))], of: map[ctid.AgentID]dayWhy{}, his: map[ctid.TaskID]dayWhy{}}
	var idle []dayAgent
	for _, a := range d.agents {
		if !a.serves(d.waits[q.task].queue) {
			continue
		}
		q.of[ctid.AgentID(a.name)] = d.against(q.task, a)
		if d.views[ctid.AgentID(a.name)].State == ctid.Ready {
			idle = append(idle, a)
		}
	}
	if len(idle) == 0 {
		return
	}
	one := idle[d.rng.IntN(len(idle))]
	q.idle, q.before = ctid.AgentID(one.name), slices.Clone(d.offers[q.task])
	for id, w := range d.waits {
		if one.serves(w.queue) {
			q.his[id] = d.against(id, one)
		}
	}
	d.asked = append(d.asked, q)
}

// run plays eight hours, and asks at random moments between its events.
func (d *day) run(hours int) {
	end := nine.Add(time.Duration(hours) * time.Hour)
	for _, a := range d.agents {
		id := ctid.AgentID(a.name)
		d.give("", acd.DeviceChanged{Agent: id, Reachable: true})
		d.give("", acd.AgentLogin{Agent: id, By: ctid.BySystem})
		d.give("", acd.AgentReady{Agent: id, By: ctid.BySystem})
		for at := d.mean(time.Hour); at < time.Duration(hours)*time.Hour; at += d.mean(time.Hour) {
			d.plan(at, "", acd.AgentPause{Agent: id, Reason: "lunch", By: ctid.BySystem})
			at += d.mean(10 * time.Minute)
			d.plan(at, "", acd.AgentReady{Agent: id, By: ctid.BySystem})
		}
	}
	for at := d.mean(30 * time.Second); at < time.Duration(hours)*time.Hour; at += d.mean(30 * time.Second) {
		d.calls++
		task := ctid.TaskID(fmt.Sprintf("c_%04d", d.calls))
		queue := ctid.QueueID(dayQueues[d.rng.IntN(len(dayQueues))].name)
		d.plan(at, string(task), acd.Enqueue{Task: task, Queue: queue, Priority: -1, Entered: nine.Add(at.Truncate(time.Millisecond))})
	}
	for len(d.due) > 0 && d.now.Before(end) {
		next := dayEvent{at: d.core.Deadline(), ev: acd.Tick{}}
		if next.at.IsZero() || !d.due[0].at.After(next.at) {
			next, d.due = d.due[0], d.due[1:]
		}
		if still := d.now.Add(time.Millisecond); next.at.After(still) && d.rng.IntN(8) == 0 {
			d.ask(still)
		}
		d.now = next.at
		if gone, ok := next.ev.(acd.LegGone); ok && d.line[gone.Agent] == gone.Offer {
			delete(d.line, gone.Agent)
		}
		d.give(next.subject, next.ev)
	}
}

// simulatedDay plays a day and returns it with the store of its log.
func simulatedDay(t *testing.T, seed uint64) (*day, *store.Store) {
	t.Helper()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "not a secret")
	rng := rand.New(rand.NewPCG(seed, 9))
	d := &day{rng: rng, now: nine, agents: dayAgents(rng), waits: map[ctid.TaskID]dayWait{}, open: map[ctid.OfferID]acd.MakeOffer{},
		views: map[ctid.AgentID]ctid.AgentView{}, line: map[ctid.AgentID]ctid.OfferID{}, rest: map[ctid.AgentID]time.Time{}, offers: map[ctid.TaskID][]ctid.AgentID{}}
	file := filepath.Join(t.TempDir(), "ctid.yaml")
	if err := os.WriteFile(file, []byte(dayConfig(d.agents)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, found := config.Load(config.Options{File: file})
	if c == nil || config.Failed(found) {
		t.Fatal(found)
	}
	var err error
	if d.core, err = acd.New(c.ACD("e1")); err != nil {
		t.Fatal(err)
	}
	d.run(8)
	s, err := store.Open(t.Context(), store.Config{DSN: c.Store.DSN, KeyFile: c.Store.KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for rows := range slices.Chunk(d.rows, 500) { // all at once may take a slow disk longer than rows may wait for it
		done := make(chan error, 1)
		rows[len(rows)-1].Done = func(err error) { done <- err }
		s.AppendAll(rows)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return d, s
}

// answerOf is what ctid why says with --at and --json.
func answerOf(t *testing.T, s *store.Store, at time.Time, tell func(w why, id string) error, id string) (a whyAnswer) {
	t.Helper()
	var out bytes.Buffer
	if err := tell(why{ctx: t.Context(), s: s, out: &out, at: at, given: true, asJSON: true}, id); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// ctid why of 50 random waiting calls and idle agents of a simulated day says what a check by brute force of the rules says: of each agent of the call's
// queue, of each call of the idle agent's queues, and to whom the call had been offered before.
func TestWhyOfADay(t *testing.T) {
	d, s := simulatedDay(t, 1)
	const questions = 50
	if d.calls < 500 || len(d.asked) < 2*questions {
		t.Fatalf("a day of %d calls with %d questions", d.calls, len(d.asked))
	}
	idle := map[string]int{}
	for _, n := range d.rng.Perm(len(d.asked))[:questions] {
		q := d.asked[n]
		idle[q.of[q.idle].rule]++
		at := q.at.Format(time.RFC3339Nano)
		call := answerOf(t, s, q.at, why.call, string(q.task))
		same(t, fmt.Sprintf("call %s at %s", q.task, at), call.Now, q.of, func(w acd.Why) ctid.AgentID { return w.Agent })
		var before []ctid.AgentID
		for _, c := range call.Decisions {
			before = append(before, c.Agent)
		}
		if !slices.Equal(before, q.before) {
			t.Errorf("call %s at %s had been offered to %v; by the answer, to %v", q.task, at, q.before, before)
		}
		agent := answerOf(t, s, q.at, why.agent, string(q.idle))
		same(t, fmt.Sprintf("agent %s at %s", q.idle, at), agent.Now, q.his, func(w acd.Why) ctid.TaskID { return w.Task })
	}
	if idle[acd.RuleSkill] < 5 || idle[acd.RuleRank] < 5 || idle[""] > 0 {
		t.Errorf("what keeps idle agents from waiting calls: %v", idle)
	}
}

// same holds an answer against what was found by brute force, by agent or by call.
func same[K comparable](t *testing.T, what string, got []acd.Why, want map[K]dayWhy, key func(acd.Why) K) {
	t.Helper()
	if len(got) != len(want) {
		said, _ := json.Marshal(got)
		t.Errorf("%s: %d answers, not %d: %s", what, len(got), len(want), said)
	}
	for _, w := range got {
		by, there := want[key(w)]
		if !there || w.OK || w.Rule != by.rule || !strings.Contains(w.Value, by.value) {
			t.Errorf("%s: of %s and %s it says %v %s %q; by the rules it is %s %q", what, w.Task, w.Agent, w.OK, w.Rule, w.Value, by.rule, by.value)
		}
	}
}
