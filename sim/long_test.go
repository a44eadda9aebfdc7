//go:build long

package sim

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// scale makes the long runs shorter, to try them: their figures then mean nothing.
var scale = flag.Float64("scale", 1, "times as many calls")

const (
	longSeeds  = 20   // from 1 on
	longErrors = 3.5  // theory lies within so many standard errors
	longWait   = 0.03 // which is at most this share of a mean wait
	longShare  = 0.006
)

// long loads an example, with another number of calls if that is not 0.
func long(t *testing.T, name string, calls int) *Model {
	t.Helper()
	m := model(t, example(t, name))
	if calls > 0 {
		m.Calls = calls
	}
	m.Calls = int(float64(m.Calls) * *scale)
	m.Warmup = min(m.Warmup, m.Calls/10)
	return m
}

// seeded runs a model once with each of the seeds, side by side.
func seeded(t *testing.T, m *Model, place func(arrived int64, n int) int64) *Result {
	t.Helper()
	tallies, errs := make([]*tally, longSeeds), make([]error, longSeeds)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(taken.Add(1)) - 1; i < longSeeds; i = int(taken.Add(1)) - 1 {
				one := *m
				one.Seed, one.Replications = uint64(i+1), 1
				tallies[i], errs[i] = replicate(t.Context(), &one, 1, Options{}, place)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return summarise(m, tallies)
}

// told prints what was compared, as a table of docs/measurements.md.
func (v vector) told(r *Result) {
	for _, c := range v.claims() {
		f := r.All.Get(c.figure)
		fmt.Printf("| %s | %s | %.6g | %.6g | ± %.2g | %+.2f |\n", v.name, c.figure, c.want, f.Mean, longErrors*f.SE, (f.Mean-c.want)/f.SE)
	}
}

func heading() {
	fmt.Println("| model | figure | theory | mean of 20 | 3.5 standard errors | standard errors off |")
	fmt.Println("|---|---|---|---|---|---|")
}

// agrees runs one row and holds it against theory, and the width of the comparison against its bound.
func (v vector) agrees(t *testing.T, file string) {
	t.Helper()
	began := time.Now()
	m := long(t, file, 0)
	r := seeded(t, m, nil)
	v.told(r)
	for _, said := range v.disagree(r, longErrors) {
		t.Error(said)
	}
	for _, c := range v.claims() {
		half, bound := longErrors*r.All.Get(c.figure).SE, longShare
		if c.figure == ASA || c.figure == WaitMean {
			bound = longWait * c.want
		}
		if !(half <= bound) {
			t.Errorf("%s: %s is known to ± %.3g only, the bound is %.3g: more calls", v.name, c.figure, half, bound)
		}
	}
	took, calls := time.Since(began), m.Calls*longSeeds
	fmt.Printf("| %s | %d calls | | | in %v | %.1f µs each |\n", v.name, calls, took.Round(time.Second), took.Seconds()*1e6/float64(calls))
}

// Every row of few agents lies where theory has it, and no run with a planted fault does.
func TestErlangRows(t *testing.T) {
	heading()
	files := []string{"erlang-c-12.yaml", "erlang-c-14.yaml", "erlang-c-125.yaml", "erlang-a-12.yaml", "erlang-a-26.yaml"} // of vectors
	for _, row := range []int{0, 1, 3, 4} {
		vectors[row].agrees(t, files[row])
	}
	for _, row := range []int{0, 3} {
		for _, f := range []fault{{"service + 2 %", slower(1.02), nil}, {"last come, first served", nil, lifo}, {"one agent fewer", fewer, nil}} {
			v, m := vectors[row], long(t, files[row], 200_000)
			if f.model != nil {
				f.model(m)
			}
			r := seeded(t, m, f.place)
			said := v.disagree(r, longErrors)
			if len(said) == 0 {
				t.Errorf("%s, %s: not noticed", v.name, f.name)
			}
			fmt.Printf("| %s, %s | rejected by %d figures of %d | | | | |\n", v.name, f.name, len(said), len(v.claims()))
		}
	}
}

// The row of 125 agents needs so many calls that it stands alone.
func TestErlangLargeRow(t *testing.T) {
	heading()
	vectors[2].agrees(t, "erlang-c-125.yaml")
}

// ladder is the mean wait with so many skills an agent, by what a free agent takes first.
func ladder(t *testing.T, file, next string) float64 {
	t.Helper()
	m := long(t, file, 0)
	m.Routing.Next = next
	f := seeded(t, m, nil).All.Get(WaitMean)
	fmt.Printf("| %s | %s | %.2f | ± %.2f |\n", file, next, f.Mean, f.CI95())
	return f.Mean
}

// Two skills an agent are nearly as good as all six: R. Wallace, W. Whitt, "A staffing algorithm for call centers with
// skill-based routing" (2005).
func TestSkillLadder(t *testing.T) {
	fmt.Println("| model | next | mean wait, s | 95 % |")
	fmt.Println("|---|---|---|---|")
	all := ladder(t, "skills-6.yaml", NextPrimaryFirst)
	one, two, three := ladder(t, "skills-1.yaml", NextPrimaryFirst)/all, ladder(t, "skills-2.yaml", NextPrimaryFirst)/all, ladder(t, "skills-3.yaml", NextPrimaryFirst)/all
	oldest := ladder(t, "skills-2.yaml", NextFirstCome) / all
	fmt.Printf("| of all six | one %.3g × (≥ 8), two %.3f × (≤ 1.40), three %.3f × (≤ 1.15) | two, oldest call first: %.3f × | |\n", one, two, three, oldest)
	if !(one >= 8 && two <= 1.40 && three <= 1.15 && two > three && three >= 0.95) {
		t.Errorf("one skill %.3g ×, two %.3f ×, three %.3f × of all six", one, two, three)
	}
	// All six skills are one queue of 90 agents, whoever takes whom.
	if c := ErlangC(6*84, 600, 90, 20); math.Abs(all/c.Wait-1) > 0.06 {
		t.Errorf("with all six skills the mean wait is %.2f s, in one queue %.2f s", all, c.Wait)
	}
}
