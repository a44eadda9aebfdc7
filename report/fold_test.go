package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"ctid"
)

var ten = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// told is a fold to which events are told, so many seconds after ten.
type told struct {
	t   *testing.T
	f   *Fold
	seq uint64
}

func newTold(t *testing.T) *told {
	return &told{t: t, f: New(testConfig(t, "UTC", 30*time.Minute), ten)}
}

func (x *told) tell(after float64, call ctid.CallID, agent ctid.AgentID, body ctid.Body) {
	x.seq++
	x.f.Apply(ctid.Event{Seq: x.seq, At: ten.Add(time.Duration(after * float64(time.Second))), Call: call, Agent: agent, Queue: "claims", Body: body})
}

func (x *told) state(after float64, agent ctid.AgentID, s ctid.AgentState) {
	x.tell(after, "", agent, ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: agent, State: s}})
}

func (x *told) is(after float64, want string) {
	x.t.Helper()
	got := x.f.Queues([]ctid.QueueID{"claims"}, ten.Add(time.Duration(after*float64(time.Second))))["claims"]
	b, err := json.Marshal([]any{got.Today, got.Levels})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, w := range strings.Fields(want) {
		if !strings.Contains(string(b), w) {
			x.t.Errorf("at %v s: no %s in %s", after, w, b)
		}
	}
}

// Who still waits is offered; the levels know of him once the target has passed.
func TestThoseWhoWait(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallQueued{})
	x.is(19, `"offered":1 "late":0`)
	x.is(19, `"answered":0`)
	x.is(21, `"offered":1 "late":1 "a":0`)
	x.tell(30, "c_1", "ana", ctid.CallEstablished{Talk: "main"})
	x.is(31, `"offered":1 "answered":1 "late":0 "answered_in":0 "asa_ms":30000 "a":0 "d":0`)
}

// A caller whose agent answered and was gone before they heard each other has waited all the time; an agent's own call and a consultation
// answer nobody.
func TestWhoIsAnswered(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallQueued{})
	x.tell(5, "c_1", "", ctid.CallQueued{})
	x.tell(6, "c_1", "ana", ctid.CallEstablished{Talk: "side"})
	x.tell(7, "c_2", "ana", ctid.CallEstablished{Talk: "main"})
	x.is(8, `"offered":1 "answered":0`)
	x.tell(10, "c_1", "ben", ctid.CallEstablished{Talk: "main"})
	x.is(11, `"answered":1 "asa_ms":10000 "answered_in":1 "a":100`)
}

// A daemon that is started again tells of a conversation that it has found; it had been answered before, or was answered meanwhile.
func TestFoundAfterARestart(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallQueued{})
	x.tell(8, "c_1", "ana", ctid.CallEstablished{Talk: "main"})
	x.tell(0, "c_2", "", ctid.CallQueued{})
	x.tell(60, "", "", ctid.ConfigChanged{What: "start"})
	for _, c := range []ctid.CallID{"c_1", "c_2"} {
		x.tell(61, c, "ana", ctid.CallEstablished{Talk: "main", Since: ten.Add(12 * time.Second)})
	}
	x.is(62, `"answered":2 "answered_in":2 "asa_ms":10000`)
}

// What was not told because the daemon was killed is not counted for ever: of a call that is not open any more nobody waits.
func TestWhoWentWithTheDaemon(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallQueued{})
	x.tell(0, "c_2", "", ctid.CallQueued{})
	x.f.Keep(map[ctid.CallID]bool{"c_2": true})
	x.is(10, `"offered":1`)
}

// The time that ctid was away is nobody's, and a new day begins with nothing.
func TestAnAgentsDay(t *testing.T) {
	x := newTold(t)
	x.state(0, "ana", ctid.Ready)
	x.state(60, "ana", ctid.Paused)
	x.tell(600, "", "", ctid.ConfigChanged{What: "start"})
	x.state(600, "ana", ctid.Paused)
	x.state(630, "ana", ctid.Ready)
	if a := x.f.Agent("ana", ten.Add(700*time.Second)); a.ReadyMS != 60_000 || a.PausedMS != 30_000 || *a.Occupancy != 0 || !a.StateSince.Equal(ten.Add(630*time.Second)) {
		t.Errorf("%+v", a)
	}
	next := ten.Add(15 * time.Hour)
	if a := x.f.Agent("ana", next); a.ReadyMS != 0 || !a.Since.Equal(time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)) || !a.StateSince.Equal(a.Since) || a.Occupancy != nil {
		t.Errorf("the next day %+v", a)
	}
	x.state(15*3600, "ana", ctid.Out)
	if a := x.f.Agent("ana", next); a.ReadyMS != time.Hour.Milliseconds() {
		t.Errorf("of the hour since midnight he was ready for %d ms", a.ReadyMS)
	}
	if a := x.f.Agent("zoe", next); a.State != ctid.Out || a.Taken != 0 {
		t.Errorf("of one who is not known it says %+v", a)
	}
}

// What another version has counted is put aside.
func TestAnotherVersionCountsAnew(t *testing.T) {
	s := newTold(t).f.State()
	s.V++
	if _, ok := Restore(testConfig(t, "UTC", time.Minute), s); ok {
		t.Error("it was taken")
	}
	if _, err := Body("call.held", []byte("{}")); err == nil {
		t.Error("a row that nothing counts was read")
	}
}

// A target that a reload changes holds for whom it finds waiting; what was counted stays.
func TestANewTarget(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallQueued{})
	x.tell(15, "c_1", "ana", ctid.CallEstablished{Talk: "main"})
	cfg := testConfig(t, "UTC", time.Minute)
	cfg.Queues["claims"] = Rules{Target: 10 * time.Second}
	x.f.Use(cfg)
	x.is(16, `"answered_in":1`)
	x.tell(17, "c_1", "", ctid.CallCleared{Outcome: "abandoned"})
	x.is(18, `"answered_in":0 "abandoned_in":0 "abandoned":1 "answered":0`)
}

// docs/figures.md has the formulas of the four levels, as they are.
func TestFormulasAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/figures.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| `a` | answered within T / offered |", "| `b` | answered within T / (offered − abandoned within T) |",
		"| `c` | (answered within T + abandoned within T) / offered |", "| `d` | answered within T / answered |"} {
		if !strings.Contains(string(b), row) {
			t.Errorf("docs/figures.md has no row %s", row)
		}
	}
	c := Counts{Answered: 70, Abandoned: 20, Overflowed: 8, AnsweredIn: 60, AbandonedIn: 10}
	l := c.Levels(2) // 100 offered
	if *l.A != 60 || *l.B != 66.7 || *l.C != 70 || *l.D != 85.7 {
		t.Errorf("a %v, b %v, c %v, d %v", *l.A, *l.B, *l.C, *l.D)
	}
}

// A clock that was ahead by a day, and is set right, does not leave a day that never comes.
func TestAClockThatWasAhead(t *testing.T) {
	x := newTold(t)
	x.tell(0, "c_1", "", ctid.CallLeftQueue{Exit: ctid.ExitTimeout})
	x.tell(100_000, "c_2", "", ctid.CallLeftQueue{Exit: ctid.ExitTimeout})
	x.is(100_001, `"offered":1`)
	x.tell(10, "c_3", "", ctid.CallLeftQueue{Exit: ctid.ExitTimeout})
	x.tell(11, "c_4", "", ctid.CallLeftQueue{Exit: ctid.ExitTimeout})
	x.is(12, `"offered":2`)
}

// BenchmarkApply is an event of a large centre: 1,000 agents, 50 queues, 500 calls.
func BenchmarkApply(b *testing.B) {
	f, events := large()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		ev := events[i%len(events)]
		ev.Seq = 0
		f.Apply(ev)
	}
}

// lookTarget is how long the counts may take of a look that is taken once a second.
const lookTarget = 2 * time.Millisecond

func missed(b *testing.B, target time.Duration) {
	if per := b.Elapsed() / time.Duration(b.N); per > target {
		b.Errorf("MISSED: %v, the target is %v", per, target)
	}
}

// BenchmarkLook is one look at all figures of it, as it is taken once a second.
func BenchmarkLook(b *testing.B) {
	f, events := large()
	for _, ev := range events {
		f.Apply(ev)
	}
	var ids []ctid.QueueID
	for q := range f.cfg.Queues {
		ids = append(ids, q)
	}
	agents := make([]ctid.AgentID, 0, len(f.agents))
	for a := range f.agents {
		agents = append(agents, a)
	}
	at := events[len(events)-1].At
	b.ResetTimer()
	defer func() { missed(b, lookTarget) }()
	for b.Loop() {
		f.Queues(ids, at)
		for _, a := range agents {
			f.Agent(a, at)
		}
	}
}

// large is a centre of 1,000 agents and 50 queues, with half an hour of its events.
func large() (*Fold, []ctid.Event) {
	cfg := Config{Zone: time.UTC, Interval: 30 * time.Minute, Queues: map[ctid.QueueID]Rules{}}
	name := func(kind string, n int) string {
		return kind + string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/676))
	}
	for i := range 50 {
		cfg.Queues[ctid.QueueID(name("q_", i))] = Rules{Target: 20 * time.Second, Short: 5 * time.Second}
	}
	var events []ctid.Event
	for i := range 9000 { // five calls a second
		at := ten.Add(time.Duration(i) * 200 * time.Millisecond)
		call, q, a := ctid.CallID(name("c_", i)), ctid.QueueID(name("q_", i%50)), ctid.AgentID(name("a_", i%1000))
		view := func(s ctid.AgentState) ctid.AgentStateChanged {
			return ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: a, State: s}}
		}
		for n, ev := range []ctid.Event{{Call: call, Queue: q, Body: ctid.CallQueued{}}, {Agent: a, Body: view(ctid.Reserved)}, {Agent: a, Body: view(ctid.Talking)},
			{Call: call, Queue: q, Agent: a, Body: ctid.CallEstablished{Talk: "main"}}, {Agent: a, Body: view(ctid.WrapUp)}, {Call: call, Queue: q, Body: ctid.CallCleared{Outcome: "answered"}}} {
			ev.At = at.Add(time.Duration(n) * time.Millisecond)
			events = append(events, ev)
		}
	}
	return New(cfg, ten), events
}
