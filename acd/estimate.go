package acd

import (
	"fmt"
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

// Calibration is how estimates came out. Of the latest Outcomes (at most 32), each made when somebody came and held against his wait, so
// many were Inside their bands. Of the bands that callers were told since the queue's log began, and that came out, so many Held.
type Calibration struct{ Outcomes, Inside, Told, Held int }

// promise is a band that a caller was told.
type promise struct {
	At        time.Time
	Low, High time.Duration
}

const (
	enoughIntervals = 8    // between answers, before anything is estimated
	memory          = 32   // intervals that the mean goes back, roughly
	enoughOutcomes  = 16   // estimates that came out, before they are judged
	goodShare       = 0.6  // of them that must have been inside their bands; 0.8 would be perfect
	bandSigma       = 1.28 // of the normal distribution, for the 10th and 90th percentile
	latest          = 32   // outcomes that it is judged by, at most the bits of Hits
	mostHeard       = 100  // bands told to one caller that are kept
)

// speed is what a queue has measured of itself.
type speed struct {
	Mean     float64   // agent seconds for each answer while somebody waited
	Count    int       // intervals measured
	Last     time.Time // answer
	Wanted   bool      // somebody waited then, so that the time to the next answer is one
	Hits     uint64    // the latest outcomes, a bit each
	Outcomes int       // how many of the bits are outcomes
	Told     int       `json:",omitempty"` // bands that callers were told, and that came out
	Held     int       `json:",omitempty"` // of them
}

// calibration tells how the estimates came out. Who waits still, and for longer than he was to, is an outcome already: were it not so,
// a queue that has come to a stand would be right for as long as nobody is answered.
func (q *queue) calibration(now time.Time) Calibration {
	v, late := &q.speed, min(q.late(now), latest)
	judged := min(v.Outcomes, latest-late)
	return Calibration{Outcomes: late + judged, Inside: bits.OnesCount64(v.Hits & (1<<judged - 1)), Told: v.Told, Held: v.Held}
}

// late is how many wait whose bands, from when they came, are over.
func (q *queue) late(now time.Time) (n int) {
	count := func(tasks []*task) {
		for _, t := range tasks {
			if t.told.High > 0 && now.Sub(t.toldAt) > t.told.High {
				n++
			}
		}
	}
	count(q.ringing)
	for _, c := range q.classes {
		count(c.waiting)
	}
	return n
}

// proven tells whether estimates may be told.
func (q *queue) proven(now time.Time) bool {
	c := q.calibration(now)
	return q.speed.Count >= enoughIntervals && (c.Outcomes < enoughOutcomes || float64(c.Inside) >= goodShare*float64(c.Outcomes))
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

// estimate is how long the one at that place of q waits, who wants what c says. While somebody is free for him it is nothing. Whether
// it may be told is not asked.
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
	return Estimate{Low: at(-bandSigma), Mid: seconds(mean), High: at(bandSigma)}
}

func seconds(x float64) time.Duration {
	return time.Duration(x * float64(time.Second)).Round(time.Millisecond)
}

// toldNow is the estimate, and whether it may be told.
func (s *State) toldNow(q *queue, c *class, place int) Estimate {
	e := s.estimate(q, c, place)
	e.Said = e.Said || e.High > 0 && q.proven(s.now)
	return e
}

// estimateNow is the estimate of who would come now.
func (q *queue) estimateNow(s *State) Estimate { return s.toldNow(q, q.classes[0], q.size()+1) }

// Estimate is how long a task in a queue is likely to wait from now on.
func (s *State) Estimate(id ctid.TaskID) (Estimate, bool) {
	t := s.tasks[id]
	if t == nil {
		return Estimate{}, false
	}
	if len(t.open) > 0 {
		return Estimate{Said: true}, true
	}
	return s.toldNow(t.queue, t.class, t.queue.place(t)), true
}

// waitTold keeps what a caller is told.
func (s *State) waitTold(told WaitTold) {
	t := s.tasks[told.Task]
	if t == nil {
		s.refuse(ctid.CallOver, nil, fmt.Sprintf("%s waits nowhere any more", told.Task))
		return
	}
	if e, _ := s.Estimate(t.id); e.Said && e.High > 0 && len(t.heard) < mostHeard {
		t.heard = append(t.heard, promise{s.now, e.Low, e.High})
	}
}

// measure learns from a task that leaves q.
func (s *State) measure(q *queue, t *task, why ctid.QueueExit) {
	v := &q.speed
	switch {
	case why == ctid.ExitAnswered:
		if n := q.working; v.Wanted && n > 0 {
			v.Count++
			v.Mean += (s.now.Sub(v.Last).Seconds()*float64(n) - v.Mean) / float64(min(v.Count, memory))
		}
		v.Last, v.Wanted = s.now, q.waits() > 0
	case q.size() == 0:
		v.Wanted = false
	}
	s.compare(q, t, why == ctid.ExitAnswered)
}

// compare holds the estimate that t had when it came, and the bands that its caller was told, against what it waited. Of one who was not
// answered it is known only that it lasted longer than it had by then.
func (s *State) compare(q *queue, t *task, answered bool) {
	v := &q.speed
	held := func(p promise) (ok, known bool) {
		waited := s.now.Sub(p.At)
		return answered && waited >= p.Low && waited <= p.High, answered || waited > p.High
	}
	if ok, known := held(promise{t.toldAt, t.told.Low, t.told.High}); known && t.told.High > 0 { // else there was none, or nothing to wait for
		v.Hits <<= 1
		if ok {
			v.Hits |= 1
		}
		v.Outcomes = min(v.Outcomes+1, latest)
	}
	for _, p := range t.heard {
		ok, known := held(p)
		if known {
			v.Told++
		}
		if ok {
			v.Held++
		}
	}
}
