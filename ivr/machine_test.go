package ivr

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustLoad(t *testing.T, text string) *Script {
	t.Helper()
	s, found := loadText(text)
	if s == nil {
		t.Fatalf("does not load: %v", found)
	}
	return s
}

func kinds(steps []Step) string {
	var out []string
	for _, s := range steps {
		switch s := s.(type) {
		case Log:
			out = append(out, "log:"+s.Code)
		case End:
			out = append(out, "end:"+s.Why)
		default:
			out = append(out, s.StepKind())
		}
	}
	return strings.Join(out, " ")
}

// A script may take 200 steps without waiting; the 201st is an error, which on_error still handles.
func TestLimitOfStepsWithoutWaiting(t *testing.T) {
	text := "version: 1\non_error: bad\nvars: {n: number}\nnodes:\n  start:\n" + strings.Repeat("    - set: {n: =vars.n + 1}\n", 200) +
		"    - hangup: normal\n  bad: {hangup: busy}\n"
	m := NewMachine(mustLoad(t, text), Options{})
	if got := kinds(m.Next(time.Unix(0, 0), Start{})); got != "log:limit.steps end:script" {
		t.Error(got)
	}
	m = NewMachine(mustLoad(t, strings.Replace(text, "    - set: {n: =vars.n + 1}\n", "", 1)), Options{})
	if got := kinds(m.Next(time.Unix(0, 0), Start{})); got != "end:script" {
		t.Error(got)
	}
}

const roundAndRound = `version: 1
prompts: {main: Again.}
nodes:
  main: {menu: {1: again, prompt: main, tries: 1}, then: {no_input: again, no_match: hangup}}
  again: {goto: main}
`

// 300 questions are the most in a call: after that the error takes the caller to the last resort.
func TestLimitOfQuestions(t *testing.T) {
	m := NewMachine(mustLoad(t, roundAndRound), Options{})
	now := time.Unix(0, 0)
	m.Next(now, Start{})
	for i := range 1000 {
		now = now.Add(time.Millisecond)
		got := kinds(m.Next(now, Key{Digit: "1"}))
		if strings.Contains(got, "queue") || strings.Contains(got, "enqueue") {
			if i != 299 || !strings.Contains(got, "log:limit.questions") {
				t.Errorf("question %d: %s", i, got)
			}
			return
		}
	}
	t.Error("asked 1,000 times")
}

// The time in the script ends it; the time in a queue does not count.
func TestLimitOfTimeLeavesOutTheQueue(t *testing.T) {
	text := roundAndRound + "  q: {queue: sales, then: {otherwise: main}}\nstart: q\n"
	m := NewMachine(mustLoad(t, text), Options{Limits: Limits{InScript: time.Minute}})
	now := time.Unix(0, 0)
	var id string
	for _, s := range m.Next(now, Start{}) {
		if e, ok := s.(Enqueue); ok {
			id = e.ID
		}
	}
	if !m.Deadline().IsZero() {
		t.Errorf("a deadline in the queue: %s", m.Deadline())
	}
	now = now.Add(2 * time.Hour)
	m.Next(now, DoneStep{ID: id, Result: Result{Outcome: "timeout"}})
	if d := m.Deadline().Sub(now); d != time.Minute {
		t.Errorf("deadline in %s", d)
	}
	if got := kinds(m.Next(now.Add(time.Minute), Tick{})); got != "log:limit.time" {
		t.Error(got)
	}
	// What was being said is heard out, then the last resort takes the caller.
	if got := kinds(m.Next(now.Add(time.Minute), DoneStep{ID: "s3", Result: Result{Outcome: "done"}})); got != "enqueue" {
		t.Error(got)
	}
}

// The key wins over its own time-out: timers act only on a Tick.
func TestKeyBeatsTimeout(t *testing.T) {
	m := NewMachine(mustLoad(t, roundAndRound), Options{})
	now := time.Unix(0, 0)
	var id string
	for _, s := range m.Next(now, Start{}) {
		if p, ok := s.(Play); ok {
			id = p.ID
		}
	}
	m.Next(now, DoneStep{ID: id, Result: Result{Outcome: "done"}})
	late := m.Deadline().Add(time.Millisecond)
	if got := kinds(m.Next(late, Key{Digit: "1"})); got != "play" {
		t.Error(got)
	}
	if tr := m.Trail(late); tr.Path[0].Key != "1" {
		t.Errorf("the trail says %q", tr.Path[0].Key)
	}
}

// An error that leads to repeat or back where nothing was asked goes up, not round.
func TestErrorLeadingNowhere(t *testing.T) {
	for _, to := range []string{"repeat", "back"} {
		text := "version: 1\nvars: {n: number}\nprompts: {a: Press 1.}\nnodes:\n  a:\n    - menu: {1: hangup}\n      if: 1 / vars.n > 2\n      then: {failed: hangup, error: " + to + "}\n    - hangup: normal\n"
		m := NewMachine(mustLoad(t, text), Options{})
		got := kinds(m.Next(time.Unix(0, 0), Start{}))
		if !strings.HasPrefix(got, "log:expr.not_a_number log:script.") || !strings.HasSuffix(got, "answer enqueue") {
			t.Errorf("%s: %s", to, got)
		}
	}
}

// The answer to Answer is expected; one that fails is told.
func TestAnswerIsAnswered(t *testing.T) {
	m := NewMachine(mustLoad(t, roundAndRound), Options{})
	now := time.Unix(0, 0)
	for _, s := range m.Next(now, Start{}) {
		if a, ok := s.(Answer); ok {
			if got := kinds(m.Next(now, DoneStep{ID: a.ID, Result: Result{Outcome: "error"}})); got != "log:answer.failed" {
				t.Error(got)
			}
		}
	}
	if m.Dropped() != 0 {
		t.Errorf("%d dropped", m.Dropped())
	}
}

// A full buffer drops the newest key and counts it.
func TestTypeAheadHolds32Keys(t *testing.T) {
	m := NewMachine(mustLoad(t, "version: 1\nvars: {n: digits}\nprompts: {a: Wait.}\nnodes:\n  a:\n    - customer: {number: '1'}\n    - collect: {into: n, digits: 40, tries: 1}\n      then: {failed: hangup}\n    - hangup: normal\n"), Options{})
	now := time.Unix(0, 0)
	m.Next(now, Start{})
	for range 40 {
		m.Next(now, Key{Digit: "5"})
	}
	if m.Dropped() != 8 {
		t.Errorf("%d dropped", m.Dropped())
	}
}

// Whatever comes in whatever order, the machine does not panic, its answers are bounded, and it can be stored and restored.
func TestAnyInput(t *testing.T) {
	var scripts []*Script
	for _, f := range files(t, testdata+"/*.yaml") {
		s, _ := Load(os.DirFS(testdata), filepath.Base(f), testSite())
		if s == nil {
			t.Fatalf("%s does not load", f)
		}
		scripts = append(scripts, s)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(scripts).Draw(rt, "script")
		m := NewMachine(s, Options{})
		now, begun, ended := time.Unix(1e9, 0), false, 0
		lookups := map[string]string{}
		for range rapid.IntRange(1, 200).Draw(rt, "n") {
			in := drawInput(rt, lookups)
			if _, ok := in.(Tick); ok && !m.Deadline().IsZero() && m.Deadline().After(now) {
				now = m.Deadline()
			}
			if _, ok := in.(Start); ok {
				begun = true
			}
			out := m.Next(now, in)
			if len(out) > 1500 || !begun && len(out) > 0 {
				rt.Fatalf("%d steps, begun %v", len(out), begun)
			}
			for _, st := range out {
				note(st, lookups, &ended)
			}
			if ended > 1 || m.Done() != (ended == 1) {
				rt.Fatalf("ended %d times, done %v", ended, m.Done())
			}
			if m.Done() && !m.Deadline().IsZero() {
				rt.Fatal("a deadline after the end")
			}
			if begun && rapid.IntRange(0, 20).Draw(rt, "restart") == 0 {
				m = again(rt, m)
				if !m.Done() {
					for _, st := range m.Next(now, Resume{}) {
						note(st, lookups, &ended)
					}
				}
			}
		}
	})
}

func again(rt *rapid.T, m *Machine) *Machine {
	snap, err := m.Snapshot()
	if err != nil {
		rt.Fatal(err)
	}
	n, err := Restore(m.root(), m.opts, snap)
	if err != nil {
		rt.Fatal(err)
	}
	return n
}

func note(st Step, open map[string]string, ended *int) {
	switch st := st.(type) {
	case Play:
		open["play"] = st.ID
	case Lookup:
		open["lookup"] = st.ID
	case Enqueue:
		open["queue"] = st.ID
	case End:
		*ended++
	}
}

func drawInput(rt *rapid.T, open map[string]string) Input {
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0:
		return Start{CallInfo{ANI: "+85291234567", DNIS: rapid.SampledFrom([]string{"+1", "+2", "1"}).Draw(rt, "dnis"), DIDName: "x"}}
	case 1, 2, 3:
		return Key{Digit: rapid.SampledFrom([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "x", ""}).Draw(rt, "digit")}
	case 4, 5:
		return DoneStep{ID: open["play"], Result: Result{Outcome: rapid.SampledFrom([]string{"done", "error"}).Draw(rt, "how")}}
	case 6:
		id := open[rapid.SampledFrom([]string{"lookup", "queue"}).Draw(rt, "what")]
		return DoneStep{ID: id, Result: Result{Outcome: rapid.SampledFrom([]string{"found", "several", "unknown", "error", "answered", "timeout", "full", "key", "odd"}).Draw(rt, "how")}}
	case 7:
		if rapid.IntRange(0, 15).Draw(rt, "gone") == 0 {
			return Hangup{}
		}
	}
	return Tick{}
}

// One script serves many calls at once.
func TestScriptIsShared(t *testing.T) {
	s, _ := Load(os.DirFS(testdata), "say.yaml", testSite())
	if s == nil {
		t.Fatal("does not load")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				m := NewMachine(s, Options{})
				got := kinds(m.Next(time.Unix(0, 0), Start{CallInfo{ANI: "+85291234567"}}))
				got += " " + kinds(m.Next(time.Unix(0, 0), DoneStep{ID: "s2"}))
				if got != "answer play play" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
}

// What would cost the parser too much is refused on its bytes, in no time.
func TestHostileFiles(t *testing.T) {
	for name, text := range map[string]string{
		"brackets": "version: 1\nnodes: " + strings.Repeat("[", 20000) + strings.Repeat("]", 20000),
		"dashes":   "version: 1\nnodes:\n  " + strings.Repeat("- ", 20000) + "a",
		"indents": "version: 1\nnodes:\n" + func() string {
			s := ""
			for i := range 400 {
				s += strings.Repeat(" ", i) + "a:\n"
			}
			return s
		}(),
		"large": "# " + strings.Repeat("x", 2<<20),
		"steps": "version: 1\nnodes:\n  a:\n" + strings.Repeat("    - goto: a\n", 2500),
	} {
		began := time.Now()
		s, found := loadText(text)
		if s != nil || len(found) == 0 || found[len(found)-1].ID != "IVR008" && found[0].ID != "IVR008" {
			t.Errorf("%s: %v", name, found[:min(3, len(found))])
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("%s took %s", name, d)
		}
	}
}
