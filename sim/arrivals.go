package sim

import (
	"math/rand/v2"
	"time"
)

// forever is a time that does not come, in microseconds.
const forever = int64(1) << 62

// arrivals makes the calls of one type: a Poisson process whose rate changes with the period, and what each call brings
// along. Each has streams of its own, so the n-th call is the same call whatever becomes of those before it.
type arrivals struct {
	m        *Model
	kind     *Type
	rates    []float64 // calls a microsecond, by period
	come     *rand.Rand
	service  *rand.Rand
	patience *rand.Rand
	ring     *rand.Rand
	again    *rand.Rand // rings of offers after a call's first

	at     float64 // microseconds since the start, of the call that comes next
	period int     // in which it comes
	ends   float64 // of that period
}

// newArrivals makes the source of one type for one replication; busyness is the factor of its rates.
func newArrivals(m *Model, kind *Type, replication int, busyness float64) *arrivals {
	use := func(what string) *rand.Rand { return stream(m.Seed, replication, what, kind.Name) }
	a := &arrivals{m: m, kind: kind, come: use("arrivals"), service: use("service"), patience: use("patience"), ring: use("ring"),
		again: use("ring again"), ends: float64(m.length(0))}
	for p := range m.periods() {
		a.rates = append(a.rates, at(kind.Rates, p)*busyness/float64(time.Hour.Microseconds()))
	}
	return a
}

// next moves on to the next call, and tells when it comes; false if none comes before the limit.
func (a *arrivals) next(limit int64) (int64, bool) {
	need := a.come.ExpFloat64() // of the integral of the rate
	for a.at < float64(limit) {
		rate := a.rates[a.period]
		if rate > 0 && a.at+need/rate < a.ends {
			a.at += need / rate
			return int64(a.at), int64(a.at) < limit
		}
		need -= rate * (a.ends - a.at)
		a.at = a.ends
		a.period = (a.period + 1) % len(a.rates)
		a.ends += float64(a.m.length(a.period))
	}
	return 0, false
}

// fill gives c what it brings along, all drawn at its arrival.
func (a *arrivals) fill(c *call, period int) {
	c.service = micros(at(a.kind.Service, period).sample(a.service))
	c.ring = micros(a.m.Ring.sample(a.ring))
	c.leaves = forever
	if p := at(a.kind.Patience, period); p.Kind != None {
		c.leaves = c.arrived + micros(p.sample(a.patience))
	}
}

// ringAgain is how long the phone of another offer for the same call rings.
func (a *arrivals) ringAgain() int64 { return micros(a.m.Ring.sample(a.again)) }
