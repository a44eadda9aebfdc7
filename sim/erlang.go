package sim

import "math"

// Theory is what queueing theory says of one queue in the long run: Poisson arrivals, exponential service, one queue in
// the order of arrival, agents all alike. Where phones ring before they are answered, ring time is agents' time: use the
// mean service with the mean ring added to it, and waits that end when the ringing begins.
type Theory struct {
	PWait     float64 // share of the callers who wait longer than nothing
	SL        float64 // share of the callers who are answered within the target
	Wait      float64 // mean wait of all callers in seconds; with Erlang C that is the ASA
	PAbandon  float64 // share of the callers who give up
	Occupancy float64
}

// ErlangB is the share of calls lost where there are so many servers and no place to wait, for a load in erlangs: the
// recurrence B(k) = A·B(k-1) / (k + A·B(k-1)), which loses no digits however many servers there are.
func ErlangB(load float64, servers int) float64 {
	b := 1.0
	for k := 1; k <= servers; k++ {
		b = load * b / (float64(k) + load*b)
	}
	return b
}

// ErlangC is the queue in which nobody gives up (M/M/n); times are seconds. Without enough agents the wait is infinite.
//
// With B of ErlangB, A = rate·service: P(wait) = B / (1 - (A/n)(1 - B)), SL(T) = 1 - P(wait)·exp(-(n-A)T/service),
// ASA = P(wait)·service/(n-A). Source: G. Koole, "Call Center Optimization" (2013), chapter 4.
func ErlangC(perHour, service float64, agents int, target float64) Theory {
	load, n := perHour/3600*service, float64(agents)
	if load >= n {
		return Theory{PWait: 1, Wait: math.Inf(1), Occupancy: 1}
	}
	b := ErlangB(load, agents)
	p := b / (1 - load/n*(1-b))
	return Theory{PWait: p, SL: 1 - p*math.Exp(-(n-load)*target/service), Wait: p * service / (n - load), Occupancy: load / n}
}

// slSteps is how many steps the integral over the target is made of, an even number.
const slSteps = 4096

// ErlangA is the queue in which each caller gives up after an exponential time of mean patience (M/M/n+M); times are seconds.
//
// With λ, μ, θ the rates of arrival, service and giving up: π(j) ∝ ∏ λ / (min(k, n)·μ + max(k-n, 0)·θ) for k = 1 … j;
// P(wait) = Σ π(j) for j ≥ n; E[Q] = Σ (j-n)·π(j) for j > n; P(abandon) = θ·E[Q]/λ; E[W] = E[Q]/λ. The wait of somebody
// of endless patience has the density λ·π(n-1)·exp(λ(1-exp(-θx))/θ - nμx); SL is the share that is answered at once and the
// integral up to the target of that density times exp(-θx), by Simpson's rule. Sources: A. Mandelbaum, S. Zeltyn,
// "Service engineering in action: the Palm/Erlang-A queue" (2007); F. Baccelli, G. Hebuterne, "On queues with impatient
// customers" (1981), for the density.
func ErlangA(perHour, service, patience float64, agents int, target float64) Theory {
	if agents < 1 {
		return Theory{PWait: 1, PAbandon: 1, Wait: patience}
	}
	lambda, mu, theta, n := perHour/3600, 1/service, 1/patience, float64(agents)
	logs := []float64{0} // of π(j), up to a factor
	top := 0.0
	for j := 1; ; j++ {
		out := min(float64(j), n)*mu + max(float64(j)-n, 0)*theta
		next := logs[j-1] + math.Log(lambda/out)
		logs = append(logs, next)
		top = max(top, next)
		if j > agents && out > lambda && next < top-45 {
			break
		}
	}
	sum, waiting, queue := 0.0, 0.0, 0.0
	for j, l := range logs {
		w := math.Exp(l - top)
		sum += w
		if j >= agents {
			waiting += w
			queue += w * float64(j-agents)
		}
	}
	t := Theory{PWait: waiting / sum, PAbandon: theta * queue / sum / lambda, Wait: queue / sum / lambda}
	t.Occupancy = lambda / mu * (1 - t.PAbandon) / n
	scale := logs[agents-1] - top - math.Log(sum) + math.Log(lambda)
	answered := func(x float64) float64 {
		return math.Exp(scale - lambda*math.Expm1(-theta*x)/theta - n*mu*x - theta*x)
	}
	t.SL = 1 - t.PWait + simpson(answered, target)
	return t
}

// simpson integrates f from 0 to end.
func simpson(f func(float64) float64, end float64) float64 {
	step := end / slSteps
	sum := f(0) + f(end)
	for i := 1; i < slSteps; i++ {
		sum += f(float64(i)*step) * float64(2+2*(i%2))
	}
	return sum * step / 3
}
