package canary

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// rates are the chances that a call goes wrong, in the order of Outcome.
type rates [metrics]float64

func (r rates) draw(rnd *rand.Rand, factor float64) Outcome {
	hit := func(m int) bool { return rnd.Float64() < r[m]*factor }
	return Outcome{Error: hit(0), Failed: hit(1), HungUp: hit(2), LastResort: hit(3)}
}

var usual = rates{0.005, 0.05, 0.12, 0.001}

// run is one canary: a call or more a minute, more of them by day and more hang-ups by night, and some callers who ring
// again and again. It ends with the test's word or after so many calls.
func run(seed uint64, percent, calls int, stable, trial rates) State {
	rnd := rand.New(rand.NewPCG(seed, 1))
	s, err := Start(day, "set"+strconv.FormatUint(seed, 10), "old", percent)
	if err != nil {
		panic(err)
	}
	seen := map[string]bool{}
	now := day
	for n := 0; n < calls; now = now.Add(time.Minute) {
		byDay := now.Hour() >= 8 && now.Hour() < 20
		size, factor := 1+rnd.IntN(4), 1.6
		if byDay {
			size, factor = 3+rnd.IntN(15), 1.0
		}
		for range size {
			n++
			caller := "+4420" + strconv.Itoa(rnd.IntN(1_000_000))
			if rnd.IntN(5) == 0 {
				caller = "+4430" + strconv.Itoa(rnd.IntN(3)) // firms with one number for a fifth of all calls
			}
			isNew := Chosen(caller, s.Set, percent)
			r := stable
			if isNew {
				r = trial
			}
			s.Add(isNew, seen[caller], r.draw(rnd, factor))
			seen[caller] = true
		}
		if s.Look(now) {
			break
		}
	}
	return s
}

const runs = 500

func TestAGoodVersionSurvivesAndIsPromoted(t *testing.T) {
	alarms, promoted := 0, 0
	for seed := range uint64(runs) {
		s := run(seed, 10, 6_000, usual, usual)
		if s.Phase == Stopped {
			alarms++
			continue
		}
		s.Promote(day, "by hand")
		if s.Phase == Promoted {
			promoted++
		}
	}
	t.Logf("no difference: %d of %d canaries of 6,000 calls stopped (%.1f %%), %d promoted", alarms, runs, 100*float64(alarms)/runs, promoted)
	if alarms > 11 { // 1 % of 500 is 5; more than 11 happens by chance once in 180 such tests, were it all of 1 %
		t.Errorf("%d of %d good versions were stopped, 1 %% is promised", alarms, runs)
	}
	if promoted != runs-alarms {
		t.Errorf("%d promoted of %d", promoted, runs-alarms)
	}
}

func TestABetterVersionIsNotStopped(t *testing.T) {
	for seed := range uint64(100) {
		if s := run(seed, 20, 5_000, usual, rates{0.001, 0.02, 0.06, 0}); s.Phase == Stopped {
			t.Errorf("seed %d: %s", seed, s.Why)
		}
	}
}

func TestAVersionThatLosesCallersStopsItself(t *testing.T) {
	for _, c := range []struct {
		name   string
		trial  rates
		within int // callers on the new set by which 95 in 100 have stopped
	}{
		{"hang-ups from 12 to 30 in 100", rates{0.005, 0.05, 0.30, 0.001}, 300},
		{"failed questions from 5 to 20 in 100", rates{0.005, 0.20, 0.12, 0.001}, 250},
		{"errors from 0.5 to 10 in 100", rates{0.10, 0.05, 0.12, 0.001}, 250},
		{"one call in five to last_resort", rates{0.005, 0.05, 0.12, 0.20}, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			var after []int
			missed := 0
			for seed := range uint64(runs) {
				s := run(seed, 10, 10_000, usual, c.trial)
				if s.Phase != Stopped {
					missed++
					continue
				}
				after = append(after, s.Past[1].N)
			}
			slices.Sort(after)
			t.Logf("%d of %d stopped; callers on the new set by then: median %d, 95 %% within %d, at most %d", len(after), runs,
				after[len(after)/2], after[len(after)*95/100], after[len(after)-1])
			if missed > 0 || after[len(after)*95/100] > c.within {
				t.Errorf("%d were missed; 95 %% stopped within %d callers, wanted %d", missed, after[len(after)*95/100], c.within)
			}
			if after[0] < leastCallers {
				t.Errorf("one was stopped after %d callers", after[0])
			}
		})
	}
}

func TestTheLotKeepsACallerOnHisSide(t *testing.T) {
	on := 0
	for i := range 20_000 {
		caller := fmt.Sprintf("+4420%06d", i)
		first := Chosen(caller, "a", 10)
		if first != Chosen(caller, "a", 10) {
			t.Fatal("the same caller is on both sides")
		}
		if first && !Chosen(caller, "a", 50) {
			t.Fatal("a caller leaves the canary when it grows")
		}
		if first {
			on++
		}
	}
	if on < 1_850 || on > 2_150 {
		t.Errorf("10 %% of 20,000 callers are %d", on)
	}
	if Chosen("+442012345", "a", 0) || !Chosen("+442012345", "a", 100) {
		t.Error("0 and 100 percent are nobody and everybody")
	}
}

func TestStateLivesAsJSON(t *testing.T) {
	s := run(7, 10, 2_000, usual, usual)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back State
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, back) {
		t.Errorf("%+v became %+v", s, back)
	}
	rnd := rand.New(rand.NewPCG(9, 9))
	for i := range 400 { // what is counted afterwards comes to the same end
		o := usual.draw(rnd, 2)
		s.Add(i%5 == 0, false, o)
		back.Add(i%5 == 0, false, o)
		if s.Look(day) != back.Look(day) || s.Strength() != back.Strength() {
			t.Fatal("the state read back judges otherwise")
		}
	}
}

func TestStartRefusesWhatIsNoCanary(t *testing.T) {
	for _, percent := range []int{-1, 0, 100, 1000} {
		if _, err := Start(day, "a", "b", percent); err == nil {
			t.Errorf("%d percent was taken", percent)
		}
	}
	if _, err := Start(day, "a", "a", 10); err == nil {
		t.Error("a set can be tried against itself")
	}
}

func TestOnlyOneSideIsNoEvidence(t *testing.T) {
	s, err := Start(day, "new", "old", 10)
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		s.Add(true, false, Outcome{Error: true, Failed: true, HungUp: true, LastResort: true})
		if s.Look(day) {
			t.Fatal("stopped without a single call to compare with")
		}
	}
	if s.Strength() != 1 {
		t.Errorf("evidence %v out of nothing", s.Strength())
	}
}
