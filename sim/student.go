package sim

import "math"

// studentT95 is the factor of a 95 % confidence interval for a mean of n values: the 0.975 quantile of Student's t with
// n-1 degrees of freedom. Its distribution function is the finite series of Abramowitz and Stegun, Handbook of Mathematical
// Functions, 26.7.3 and 26.7.4; the quantile is found by halving. It is infinite for less than two values.
func studentT95(n int) float64 {
	if n < 2 {
		return math.Inf(1)
	}
	low, high := 1.9, 13.0 // of a normal variable, and of one degree of freedom
	for range 60 {
		if middle := (low + high) / 2; studentWithin(middle, n-1) < 0.95 {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// studentWithin is the probability that |t| < x with so many degrees of freedom.
func studentWithin(x float64, degrees int) float64 {
	angle := math.Atan(x / math.Sqrt(float64(degrees)))
	sin, cos := math.Sincos(angle)
	if degrees%2 == 0 {
		term, sum := 1.0, 1.0
		for k := 2; k < degrees; k += 2 {
			term *= cos * cos * float64(k-1) / float64(k)
			sum += term
		}
		return sin * sum
	}
	if degrees == 1 {
		return 2 * angle / math.Pi
	}
	term, sum := cos, cos
	for k := 3; k < degrees; k += 2 {
		term *= cos * cos * float64(k-1) / float64(k)
		sum += term
	}
	return 2 / math.Pi * (angle + sin*sum)
}
