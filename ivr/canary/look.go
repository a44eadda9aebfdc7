package canary

import (
	"fmt"
	"math"
	"time"
)

// The test. It bets against "the new set is no worse". A block is what ended between two looks at which both sides had
// ended calls. For one metric let n₁ callers of a block be on the new set and n₀ on the stable one, and the odds laid
// beforehand be that a call goes wrong with chance p₀ on the stable and p₁ > p₀ on the new set. With
//
//	p = (n₀p₀ + n₁p₁) / (n₀ + n₁)
//
// the stake is multiplied by p₁/p for each call of the new set that went wrong, (1−p₁)/(1−p) for each that did not, and
// likewise with p₀ for the stable one. Were both sides wrong with the same chance θ, its expected factor is
//
//	A(θ)^n₁ · B(θ)^n₀ ≤ 1,  A(θ) = θp₁/p + (1−θ)(1−p₁)/(1−p),  B likewise with p₀:
//
// its logarithm is concave in θ, and is 0 with slope 0 at θ = p. A rises and B falls with θ, so it is at most 1 too where
// the new set is the better one. θ may be another in each block: night and day may differ. So whatever the callers do, a
// stake grows a hundredfold by chance in at most one canary in a hundred, at whatever moment one looks (Ville's
// inequality), and so does the mean of any number of stakes. The factor is that of R. Turner, A. Ly and P. Grünwald,
// "Generic E-variables for exact sequential k-sample tests that allow for optional stopping", J. Stat. Plan. Inference
// 230 (2024).

// alarm is the stake at which a canary stops: one in alarm is the chance of a false alarm over the whole canary.
const alarm = 100

// leastCallers is how many callers must have heard the new set before it can be stopped by the test.
const leastCallers = 50

// stakes is how many bets are laid on each metric.
const stakes = 6

// worse are the bets: which share of the calls that go well on the stable set goes wrong on the new one.
var worse = [stakes]float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.8}

// Look judges what has ended since the last look, and stops the canary if it is worse than the stable set. It tells
// whether it did.
func (s *State) Look(now time.Time) bool {
	if s.Phase != Running {
		return false
	}
	if s.Block[0].N > 0 && s.Block[1].N > 0 {
		for m := range s.Evidence {
			s.bet(m)
		}
		s.Past[0].addAll(s.Block[0])
		s.Past[1].addAll(s.Block[1])
		s.Block = [2]tally{}
	}
	if s.Past[1].N < leastCallers || s.Strength() < alarm {
		return false
	}
	s.Stop(now, "it is worse than the stable set: "+s.worst())
	return true
}

// bet settles the bets on one metric for the block.
func (s *State) bet(m int) {
	n0, n1 := float64(s.Block[0].N), float64(s.Block[1].N)
	bad0, bad1 := float64(s.Block[0].Bad[m]), float64(s.Block[1].Bad[m])
	// Known from before this block, and drawn to 1 in 10 while little is known, so that no chance is 0 or 1.
	p0 := (float64(s.Past[0].Bad[m]) + 0.5) / (float64(s.Past[0].N) + 5)
	for i, w := range worse {
		p1 := p0 + w*(1-p0)
		p := (n0*p0 + n1*p1) / (n0 + n1)
		s.Evidence[m][i] += bad1*math.Log(p1/p) + (n1-bad1)*math.Log((1-p1)/(1-p)) + bad0*math.Log(p0/p) + (n0-bad0)*math.Log((1-p0)/(1-p))
	}
}

// Strength is the mean of all stakes, which began at 1: at 100 the canary stops.
func (s *State) Strength() float64 {
	var sum float64
	for m := range s.Evidence {
		sum += s.strength(m)
	}
	return sum / metrics
}

func (s *State) strength(m int) float64 {
	var sum float64
	for _, l := range s.Evidence[m] {
		sum += math.Exp(min(l, 600))
	}
	return sum / stakes
}

// worst says which metric tells most against the new set.
func (s *State) worst() string {
	at := 0
	for m := range s.Evidence {
		if s.strength(m) > s.strength(at) {
			at = m
		}
	}
	return fmt.Sprintf("%s are %d of %d callers, and %d of %d on the stable set", names[at],
		s.Past[1].Bad[at], s.Past[1].N, s.Past[0].Bad[at], s.Past[0].N)
}
