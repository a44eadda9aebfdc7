package ivr

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// The targets for the machine; a missed one fails the run.
const (
	speedTarget = 0.1                  // inputs a second by those of a program written for the one script
	stepTarget  = 5 * time.Microsecond // an input
	allocTarget = 10                   // an input
)

// supportLine is the script of the benchmark; handwritten is the same as a program.
const supportLine = `version: 1
vars: {tries: number = 0, account: digits = 0}
prompts:
  hello: Welcome to Harbour Trading.
  main: For your account press 1. To talk to us press 2.
  account: Please key in your account number, then press the hash key.
  told: Your account is ${digits(vars.account)}.
  hold: We put you through.
  sorry: We cannot help you now. Please call again.
nodes:
  hello: [{play: hello}, {goto: main}]
  main:
    menu: {1: account, 2: sales}
    then: {failed: sorry}
  account:
    - collect: {into: account, digits: 4-6}
      then: {done: count, failed: sorry}
  count:
    - set: {tries: =vars.tries + 1}
    - branch:
        - {if: vars.tries > 3, then: sorry}
        - {if: vars.account startsWith "9", then: sales}
        - {else: told}
  told: [{play: told}, {goto: main}]
  sales:
    - play: hold
    - queue: {name: sales, at_most: 10m, attach: {account: =vars.account, tries: =vars.tries}}
      then: {otherwise: sorry}
  sorry: [{play: sorry}, {hangup: normal}]
`

func supportScript(tb testing.TB) *Script {
	s, found := loadText(supportLine)
	if s == nil || len(found) > 0 {
		tb.Fatal(found)
	}
	return s
}

// stepper is either side of the comparison.
type stepper interface {
	Next(now time.Time, in Input) []Step
	Deadline() time.Time
}

// happening is an input and its time.
type happening struct {
	at time.Time
	in Input
}

// session drives a machine with a caller who presses keys, waits, hangs up or talks to an agent at random, and returns what it was given; each
// tells of each input and what came of it.
func session(rng *rand.Rand, m stepper, each func(h happening, out []Step)) []happening {
	var given []happening
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	play, queue, spent, over := "", "", "s1", 0
	give := func(in Input) {
		h := happening{now, in}
		given = append(given, h)
		out := m.Next(now, in)
		each(h, out)
		for _, s := range out {
			switch s := s.(type) {
			case Play:
				play = s.ID
			case Enqueue:
				queue = s.ID
			case Stop:
				play, spent = "", s.ID
			case End:
				over = 1
			}
		}
	}
	give(Start{CallInfo{ID: "c1", ANI: "+85291234567"}})
	for left := 20 + rng.IntN(100); left > 0 && over < 3; left-- {
		if over > 0 { // what still comes is dropped
			over++
		}
		now = now.Add(time.Duration(rng.IntN(1500)) * time.Millisecond)
		switch n := rng.IntN(100); {
		case n < 50:
			give(Key{Digit: keyAtRandom(rng)})
		case n < 70 && play != "":
			id := play
			play, spent = "", id
			give(DoneStep{ID: id, Result: Result{Outcome: []string{"done", "done", "done", "error"}[rng.IntN(4)], Code: "file"}})
		case n < 75 && queue != "":
			give(DoneStep{ID: queue, Result: Result{Outcome: []string{"answered", "timeout", "full", "closed", "empty", "error"}[rng.IntN(6)]}})
		case n < 95:
			if d := m.Deadline(); d.After(now) && d.Sub(now) < time.Minute {
				now = d
			}
			give(Tick{})
		case n < 99:
			give(DoneStep{ID: spent, Result: Result{Outcome: "done"}})
		case rng.IntN(4) == 0:
			give(Hangup{})
		}
	}
	return given
}

// keyAtRandom is mostly one that leads on.
func keyAtRandom(rng *rand.Rand) string {
	keys := "111111111111111111111111222223456678890###*A"
	n := rng.IntN(len(keys))
	return keys[n : n+1]
}

// TestHandwrittenDoesTheSame: what the benchmark compares with is worth comparing with.
func TestHandwrittenDoesTheSame(t *testing.T) {
	s := supportScript(t)
	seen := map[string]int{}
	for seed := range uint64(2000) {
		byHand, trail := newHandwritten(), ""
		m := NewMachine(s, Options{})
		session(rand.New(rand.NewPCG(seed, 7)), m, func(h happening, out []Step) {
			want := byHand.Next(h.at, h.in)
			trail += fmt.Sprintf("%s %T%+v → %+v\n", h.at.Format("04:05.000"), h.in, h.in, out)
			if !reflect.DeepEqual(out, want) {
				t.Fatalf("seed %d:\n%sby hand %+v", seed, trail, want)
			}
			if a, b := m.Deadline(), byHand.Deadline(); !a.Equal(b) {
				t.Fatalf("seed %d:\n%sdeadline %s, by hand %s", seed, trail, a, b)
			}
			for _, st := range out {
				seen[st.StepKind()]++
			}
		})
		for _, v := range m.path {
			seen["at "+v.Node]++
		}
	}
	for _, k := range []string{"answer", "play", "stop", "enqueue", "attach", "log", "end", "at told", "at sales", "at sorry"} {
		if seen[k] < 100 {
			t.Errorf("only %d of %q in all sessions: they do not try enough", seen[k], k)
		}
	}
}

// BenchmarkMachine: the same sessions, recorded before, through the machine and through a program written for the one script, in turns.
func BenchmarkMachine(b *testing.B) {
	s := supportScript(b)
	var all [][]happening
	inputs := 0
	for seed := range uint64(500) {
		all = append(all, session(rand.New(rand.NewPCG(seed, 11)), NewMachine(s, Options{}), func(happening, []Step) {}))
		inputs += len(all[seed])
	}
	machine := func() {
		for _, given := range all {
			m := NewMachine(s, Options{})
			for _, h := range given {
				m.Next(h.at, h.in)
				m.Taken() // as on a call
			}
		}
	}
	byHand := func() {
		for _, given := range all {
			m := newHandwritten()
			for _, h := range given {
				m.Next(h.at, h.in)
			}
		}
	}
	var step, ratio []float64
	for range benchRounds {
		var o, t time.Duration
		for range 5 {
			o, t = o+took(machine), t+took(byHand)
		}
		step = append(step, float64(o)/float64(5*inputs))
		ratio = append(ratio, float64(t)/float64(o))
	}
	allocs := testing.AllocsPerRun(3, machine) / float64(inputs)
	x, xl, xh := median(ratio)
	n, nl, nh := median(step)
	b.Logf("%d inputs in %d sessions: an input takes %.0f ns (%.0f–%.0f) and %.1f allocations; %.2f (%.2f–%.2f) × the inputs of a program written for the script", inputs, len(all), n, nl, nh, allocs, x, xl, xh)
	b.ReportMetric(x, "x-by-hand")
	b.ReportMetric(n, "ns/input")
	b.ReportMetric(allocs, "allocs/input")
	if x < speedTarget {
		b.Errorf("MISSED: %.2f × the program's inputs a second, at least %v ×", x, speedTarget)
	}
	if n > float64(stepTarget) {
		b.Errorf("MISSED: %.0f ns an input, at most %s", n, stepTarget)
	}
	if allocs > allocTarget {
		b.Errorf("MISSED: %.1f allocations an input, at most %d", allocs, allocTarget)
	}
	for b.Loop() {
		machine()
	}
}

// BenchmarkWaitingSession: the heap of each of 10,000 calls that wait in a menu.
func BenchmarkWaitingSession(b *testing.B) {
	const calls = 10_000
	s := supportScript(b)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var bytes []float64
	for range benchRounds {
		bytes = append(bytes, held(func() any {
			kept := make([]*Machine, calls)
			for i := range kept {
				m := NewMachine(s, Options{})
				m.Next(now, Start{CallInfo{ID: "c1", ANI: "+85291234567"}})
				m.Taken()
				m.Next(now.Add(5*time.Second), DoneStep{ID: "s2", Result: Result{Outcome: "done"}})
				m.Taken()
				if !m.Asking() {
					b.Fatal("it does not wait in the menu")
				}
				kept[i] = m
			}
			return kept
		})/calls)
	}
	x, low, high := median(bytes)
	b.Logf("%.0f (%.0f–%.0f) bytes a session that waits", x, low, high)
	b.ReportMetric(x, "B/session")
	for b.Loop() {
	}
}
