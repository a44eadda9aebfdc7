package media

import (
	"fmt"
	"math"
)

// The low-pass passes speech up to 3,400 Hz and is shut at 4,000 Hz, half the telephone's rate, where folding would begin.
const (
	cutoff    = 3700.0          // Hz, middle of the slope
	halfWidth = 5.5 / 2 / 600.0 // seconds each side: a Blackman window's slope is 5.5/length, here 600 Hz
)

// resample brings samples down to the telephone's rate with a windowed-sinc low-pass, one filter for each phase between
// the two rates.
func resample(in []int16, rate int) ([]int16, error) {
	if rate == telephoneRate {
		return in, nil
	}
	if rate < telephoneRate || rate > 192000 {
		return nil, fmt.Errorf("the sound has %d samples a second; 8000 to 192000 can be used", rate)
	}
	g := gcd(rate, telephoneRate)
	up, down := telephoneRate/g, rate/g
	half := int(math.Ceil(halfWidth * float64(rate)))
	phases := make([][]float64, up)
	out := make([]int16, len(in)*up/down)
	for n := range out {
		at := n * down
		centre, phase := at/up, at%up
		if phases[phase] == nil {
			phases[phase] = filter(float64(phase)/float64(up), half, rate)
		}
		sum := 0.0
		for i, h := range phases[phase] {
			if k := centre + i - half; k >= 0 && k < len(in) {
				sum += h * float64(in[k])
			}
		}
		out[n] = int16(math.Round(math.Max(math.MinInt16, math.Min(math.MaxInt16, sum))))
	}
	return out, nil
}

// filter is the low-pass as seen from a point frac of a sample behind the centre; it sums to one.
func filter(frac float64, half, rate int) []float64 {
	h := make([]float64, 2*half+2)
	fc := cutoff / float64(rate)
	total := 0.0
	for i := range h {
		x := float64(i-half) - frac
		w := x / float64(half+1)
		if math.Abs(w) >= 1 {
			continue
		}
		window := 0.42 + 0.5*math.Cos(math.Pi*w) + 0.08*math.Cos(2*math.Pi*w)
		s := 2 * fc
		if x != 0 {
			s = math.Sin(2*math.Pi*fc*x) / (math.Pi * x)
		}
		h[i] = s * window
		total += h[i]
	}
	for i := range h {
		h[i] /= total
	}
	return h
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
