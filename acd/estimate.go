package acd

import (
	"math"
	"math/bits"
	"time"

	"ctid"
)

// This file has how long a caller is likely to wait.
//
// While somebody waits, a queue hands out its next task when an agent comes free. How long that takes is measured from each answer to
// the next, in agent time: the time that passed by the agents at work. Its moving mean by the agents at work now is the time a place is
// worth, and the k-th place takes k of them. Were they independent and exponential, that is a gamma variate of shape k, whose 10th and
// 90th percentile (by the approximation of Wilson and Hilferty, 1931) make the band. Every estimate is held against what came of it;
// where too few were inside their bands, or nobody is at work, none is told.

// Estimate is how long one who waits, or would, is likely to wait. Eight in ten should wait between Low and High. Said: it may be told.
type Estimate struct {
	Low, Mid, High time.Duration
	Said           bool
}

// Calibration is how estimates came out: of so many of the latest (at most 64) that were held against the wait, so many were
// inside their bands.
type Calibration struct{ Outcomes, Inside int }

const (
	enoughIntervals = 8    // between answers, before anything is estimated
	memory          = 32   // intervals that the mean goes back, roughly
	enoughOutcomes  = 16   // estimates that came out, before they are judged
	goodShare       = 0.6  // of them that must have been inside their bands; 0.8 would be perfect
	bandSigma       = 1.28 // of the normal distribution, for the 10th and 90th percentile
)

// speed is what a queue has measured of itself.
type speed struct {
	Mean     float64   // agent seconds for each answer while somebody waited
	Count    int       // intervals measured
	Last     time.Time // answer
	Wanted   bool      // somebody waited then, so that the time to the next answer is one
	Hits     uint64    // the latest outcomes, a bit each
	Outcomes int       // how many of the bits are outcomes
}

// Calibration tells how the estimates came out.
func (v *speed) Calibration() Calibration {
	return Calibration{Outcomes: v.Outcomes, Inside: bits.OnesCount64(v.Hits)}
}

// good tells whether estimates may be told.
func (v *speed) good() bool {
	c := v.Calibration()
	return v.Count >= enoughIntervals && (c.Outcomes < enoughOutcomes || float64(c.Inside) >= goodShare*float64(c.Outcomes))
}

// atWork tells whether a is on duty and not paused.
func (a *agent) atWork() bool { return a.state != ctid.Out && a.state != ctid.Paused }

// countWork counts a in his queues if he is at work since now, and no longer if he was before.
func (a *agent) countWork(before bool) {
	by := 0
	switch now := a.atWork(); {
	case now && !before:
		by = 1
	case before && !now:
		by = -1
	}
	for _, m := range a.serves {
		m.queue.working += by
	}
}

// estimate is how long the one at that place of q waits, who wants what c says. While somebody is free for him it is nothing.
func (s *State) estimate(q *queue, c *class, place int) Estimate {
	if len(c.free) > 0 {
		return Estimate{Said: true}
	}
	n := q.working
	if n == 0 || q.speed.Count == 0 {
		return Estimate{}
	}
	k := float64(place)
	mean := k * q.speed.Mean / float64(n)
	at := func(sigma float64) time.Duration {
		x := 1 - 1/(9*k) + sigma*math.Sqrt(1/(9*k))
		return seconds(mean * max(x*x*x, 0))
	}
	return Estimate{Low: at(-bandSigma), Mid: seconds(mean), High: at(bandSigma), Said: q.speed.good()}
}

func seconds(x float64) time.Duration {
	return time.Duration(x * float64(time.Second)).Round(time.Millisecond)
}

// estimateNow is the estimate of who would come now.
func (q *queue) estimateNow(s *State) Estimate { return s.estimate(q, q.classes[0], q.size()+1) }

// Estimate is how long a task in a queue is likely to wait from now on.
func (s *State) Estimate(id ctid.TaskID) (Estimate, bool) {
	t := s.tasks[id]
	if t == nil {
		return Estimate{}, false
	}
	if len(t.open) > 0 {
		return Estimate{Said: true}, true
	}
	return s.estimate(t.queue, t.class, t.queue.place(t)), true
}

// measure learns from a task that leaves q.
func (s *State) measure(q *queue, t *task, why ctid.QueueExit) {
	v := &q.speed
	waited := s.now.Sub(t.toldAt)
	switch {
	case why == ctid.ExitAnswered:
		if n := q.working; v.Wanted && n > 0 {
			v.Count++
			v.Mean += (s.now.Sub(v.Last).Seconds()*float64(n) - v.Mean) / float64(min(v.Count, memory))
		}
		v.Last, v.Wanted = s.now, q.waits() > 0
		v.outcome(t, waited)
	case q.size() == 0:
		v.Wanted = false
	}
	if why != ctid.ExitAnswered && waited > t.told.High {
		v.outcome(t, waited)
	}
}

// outcome holds the estimate that t had when it came against what it waited.
func (v *speed) outcome(t *task, waited time.Duration) {
	if t.told.High == 0 { // there was none, or nothing to wait for
		return
	}
	v.Hits <<= 1
	if waited >= t.told.Low && waited <= t.told.High {
		v.Hits |= 1
	}
	v.Outcomes = min(v.Outcomes+1, 64)
}
