package sim

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
)

// The kinds of Dist.
const (
	Exponential = "exponential" // Mean
	Gamma       = "gamma"       // Shape, Mean
	Lognormal   = "lognormal"   // Mean, CV
	Constant    = "constant"    // Mean
	Uniform     = "uniform"     // Min, Max
	None        = "none"        // of patience: nobody ever gives up
)

// Dist is a distribution of times in seconds, or of a factor.
type Dist struct {
	Kind     string
	Mean     float64
	Shape    float64
	CV       float64 // standard deviation by mean
	Min, Max float64
}

// longest is the most seconds that a sample may have, three years: what is longer is as good as for ever.
const longest = 1e8

// sample draws a value; none is infinite.
func (d Dist) sample(r *rand.Rand) float64 {
	switch d.Kind {
	case Exponential:
		return d.Mean * r.ExpFloat64()
	case Gamma:
		return d.Mean / d.Shape * standardGamma(r, d.Shape)
	case Lognormal:
		variance := math.Log1p(d.CV * d.CV) // of the logarithm
		return d.Mean * math.Exp(math.Sqrt(variance)*r.NormFloat64()-variance/2)
	case Uniform:
		return d.Min + (d.Max-d.Min)*r.Float64()
	case Constant:
		return d.Mean
	}
	return math.Inf(1)
}

// standardGamma draws from the gamma distribution of scale 1, by the method of Marsaglia and Tsang, "A simple method for
// generating gamma variables", ACM TOMS 26 (2000).
func standardGamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return standardGamma(r, shape+1) * math.Pow(1-r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// stream is a source of random numbers of its own for one use of one type in one replication, so that two models that
// differ in agents or routing meet the same calls, and a type that is added leaves those of the others as they are.
func stream(seed uint64, replication int, use, name string) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%d %d %s %s", seed, replication, use, name))))
}

// micros turns seconds into whole microseconds, the unit of the core's time.
func micros(seconds float64) int64 { return int64(math.Round(min(seconds, longest) * 1e6)) }
