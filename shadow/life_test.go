package shadow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func secondsOf(list ...float64) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, s := range list {
		out[i] = seconds(s)
	}
	return out
}

// The remission times of 21 leukaemia patients (Freireich and others 1963), the usual example of the estimator: 6 6 6 7 10 13 16 22 23
// ended, 6 9 10 11 17 19 20 25 32 32 34 35 cut short.
func TestLifeIsKaplanMeier(t *testing.T) {
	l := lifeOf(secondsOf(6, 6, 6, 7, 10, 13, 16, 22, 23), secondsOf(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
	for _, c := range []struct{ s, want float64 }{{5, 1}, {6, 0.8571}, {7, 0.8067}, {10, 0.7529}, {13, 0.6902}, {16, 0.6275}, {22, 0.5378}, {23, 0.4482}, {35, 0.4482}} {
		if got := l.lasts(c.s); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%.4f last longer than %v, not %.4f", got, c.s, c.want)
		}
	}
	if l.last != 35 || math.Abs(l.rate-9.0/359) > 1e-9 {
		t.Errorf("the longest is %v, the rate %v", l.last, l.rate)
	}
	if got, want := l.lasts(35+359.0/9), 0.4482*math.Exp(-1); math.Abs(got-want) > 1e-4 {
		t.Errorf("behind what was seen %.4f last longer, not %.4f", got, want)
	}
}

// What is drawn is distributed as was estimated, of what has lasted a while too, and never shorter than that.
func TestLifeDraws(t *testing.T) {
	l := lifeOf(secondsOf(6, 6, 6, 7, 10, 13, 16, 22, 23), secondsOf(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
	const n = 20_000
	for _, least := range []float64{0, 6, 9.5, 24, 60} {
		longer := map[float64]int{}
		for i := range n {
			d, ever := l.draw(chance(1, i, "test", least), seconds(least))
			if !ever || d < seconds(least) {
				t.Fatalf("of %v on, %v, %v", least, d, ever)
			}
			for _, s := range []float64{10, 16, 30, 40, 80} {
				if d > seconds(s) {
					longer[s]++
				}
			}
		}
		for s, k := range longer {
			if s < least {
				continue
			}
			if want := l.lasts(s) / l.lasts(least); math.Abs(float64(k)/n-want) > 0.015 {
				t.Errorf("of what has lasted %v, %.3f are drawn longer than %v, not %.3f", least, float64(k)/n, s, want)
			}
		}
	}
	if _, ever := lifeOf(nil, secondsOf(5, 9)).draw(0.5, 0); ever {
		t.Error("nobody gave up, and somebody is drawn who does")
	}
	if d, ever := lifeOf(secondsOf(5, 9), nil).draw(0.5, 20*time.Second); !ever || d <= 20*time.Second {
		t.Errorf("what has lasted longer than anything seen ends at %v, %v", d, ever)
	}
	if _, ever := (life{}).draw(0.5, 0); ever {
		t.Error("nothing was seen, and something ends")
	}
}

// Callers whose patience is seen only when it ends before an agent has time are estimated without leaning to one side.
func TestLifeOfCensoredPatience(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var ended, cut []time.Duration
	for range 20_000 {
		patience, wait := 60*r.ExpFloat64(), 25*r.ExpFloat64()
		if patience < wait {
			ended = append(ended, seconds(patience))
		} else {
			cut = append(cut, seconds(wait))
		}
	}
	l := lifeOf(ended, cut)
	for _, s := range []float64{5, 20, 60, 120} {
		if got, want := l.lasts(s), math.Exp(-s/60); math.Abs(got-want) > 0.02 {
			t.Errorf("%.3f are estimated to stay longer than %v s, and %.3f do", got, s, want)
		}
	}
}

func TestChance(t *testing.T) {
	if chance(1, 2, "ring", "x") != chance(1, 2, "ring", "x") {
		t.Error("the same use has two chances")
	}
	sum := 0.0
	for i := range 10_000 {
		u := chance(1, i, "ring", fmt.Sprint(i))
		if u <= 0 || u >= 1 {
			t.Fatal(u)
		}
		sum += u
	}
	if math.Abs(sum/10_000-0.5) > 0.01 {
		t.Errorf("the mean is %v", sum/10_000)
	}
}
