//go:build long

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest/loadtest"
)

var (
	agents  = flag.Int("agents", 200, "agents of the comparison: 40, 200 or 1000")
	runs    = flag.Int("runs", 5, "runs of each side")
	seconds = flag.Float64("scale", 1, "factor on how long each measurement takes; below 1 the figures only prove the rig")
)

// size is how one number of agents is measured.
type size struct {
	free   time.Duration // conversations while agents are free
	talk   time.Duration // with a line waiting: 40 calls/s is then what the agents can serve
	line   time.Duration // how long a line is measured
	served float64       // ctid's calls served in that, of app_queue's, at least
	few    bool          // so few members that app_queue costs Asterisk almost nothing: the run with agents free has no targets
}

var sizes = map[int]size{
	40:   {250 * time.Millisecond, time.Second, 20 * time.Second, 1.3, true},
	200:  {time.Second, 5 * time.Second, 30 * time.Second, 1.05, false},
	1000: {time.Second, 25 * time.Second, 90 * time.Second, 1, false},
}

// The load of the measurements: freeRate calls a second while agents are free, and lineFactor of what the agents can
// serve. A saturated queue has as many callers as agents, maxRate at most, who talk for a second and call again at once.
// What the machine alone allows is asked for in calls as short as half of the agents can have them at maxRate.
const (
	freeRate   = 60
	freeTime   = 20 * time.Second
	satTime    = 20 * time.Second
	lineFactor = 1.1
	maxRate    = 400
)

// Where who waits is told something, app_queue hands him over to nobody meanwhile, and serves far less than its members could: its
// line would grow until nothing is measured but the music for it. There both sides have calls twice as long, of which they
// are offered more than they can serve, and never more than toldLine callers wait: some 5 s, so that they are told place and comfort.
const (
	toldFactor = 1.25
	toldLine   = 100
)

// figures of one run of one side, by name.
type figures map[string]float64

// TestRealSide puts ctid beside app_queue: the same Asterisk, phones and callers, each measurement of the one beside the same of
// the other.
func TestRealSide(t *testing.T) {
	compare(t, straightOn)
}

// compare measures both sides in turns, with callers who come that way. What the machine and Asterisk do of themselves changes
// within minutes, so the turns are as short as they can be: one measurement.
func compare(t *testing.T, w way) {
	t.Helper()
	z, ok := sizes[*agents]
	if !ok {
		t.Fatalf("-agents %d: the sizes are 40, 200 and 1000", *agents)
	}
	s := newSite(t, *agents, w)
	s.saturate(figures{}, queueNumber, saturated) // an Asterisk that has just started is faster than it stays
	queue, ctid := make([]figures, *runs), make([]figures, *runs)
	for run := range *runs {
		queue[run], ctid[run] = figures{}, figures{}
		for _, measured := range s.measurements(z) {
			sides := []func(){
				func() { s.steadily(queue[run], func(f figures) { measured(f, queueNumber) }) },
				func() {
					s.steadily(ctid[run], func(f figures) { defer s.startCtid()(); measured(f, s.way.number) })
				},
			}
			sides[run%2]()
			sides[1-run%2]()
		}
		t.Logf("app_queue: %.4v", queue[run])
		t.Logf("ctid: %.4v", ctid[run])
	}
	s.soundsThere()
	s.announced()
	s.report(z, queue, ctid)
}

// measurements of one run: each writes the figures of the side that has the number.
func (s *site) measurements(z size) []func(f figures, number string) {
	return []func(f figures, number string){
		func(f figures, number string) { s.free(f, z, number) },
		func(f figures, number string) { s.line(f, z, number) },
		func(f figures, number string) { s.saturate(f, number, saturated) },
		func(f figures, number string) { s.saturate(f, number, shortest) },
	}
}

// free measures with agents free: how soon a phone is rung, and what a call costs.
func (s *site) free(f figures, z size, number string) {
	var pbx, own time.Duration
	isCtid := number != queueNumber
	s.measure(number, z.free, scaled(freeTime), 2*time.Second, func(ctx context.Context, l *loadtest.Load, d time.Duration) error {
		at, ctid := cpu(s.t, s.pbx.PID()), s.ownCPU(isCtid)
		err := errors.Join(l.Offer(ctx, freeRate, d), l.Await(ctx))
		pbx, own = cpu(s.t, s.pbx.PID())-at, s.ownCPU(isCtid)-ctid
		return err
	}, func(r loadtest.Result, from, to time.Time) {
		ring, n := r.Ring(from, to), float64(len(r.Calls))
		f["ring p50"], f["ring p99"] = ms(loadtest.Percentile(ring, 0.5)), ms(loadtest.Percentile(ring, 0.99))
		f["asterisk cpu"], f["ctid cpu"] = ms(pbx)/n, ms(own)/n
		f["lost"] += float64(r.Lost)
	})
}

// line measures with more calls than the agents can serve: how long an agent sits idle although somebody waits.
func (s *site) line(f figures, z size, number string) {
	talk, line := z.talk, z.line
	if s.way.tells {
		talk, line = 2*talk, line+30*time.Second
	}
	capacity, warm := float64(s.agents)/talk.Seconds(), talk+time.Second
	s.measure(number, talk, warm+scaled(line-warm), warm, func(ctx context.Context, l *loadtest.Load, d time.Duration) error {
		if s.way.tells {
			return l.OfferUpTo(ctx, s.agents+toldLine, toldFactor*capacity, d)
		}
		return l.Offer(ctx, lineFactor*capacity, d)
	}, func(r loadtest.Result, from, to time.Time) {
		idle := r.Idle(from, to)
		f["idle p50"], f["idle p99"] = ms(loadtest.Percentile(idle, 0.5)), ms(loadtest.Percentile(idle, 0.99))
		f["served"] = float64(r.Served(from, to)) / to.Sub(from).Seconds()
		f["lost"] += float64(r.Lost)
	})
}

// The measurements of saturate.
const (
	saturated = "saturated"
	shortest  = "shortest"
)

// saturate measures how many calls a second get through when each caller calls again as soon as his call is over. There is
// an agent for each, so that no line waits.
func (s *site) saturate(f figures, number, name string) {
	callers, talk := min(s.agents, maxRate), time.Second
	if name == shortest {
		callers, talk = s.agents/2, time.Duration(float64(s.agents/2)/maxRate*float64(time.Second))
	}
	s.measure(number, talk, scaled(satTime), 2*time.Second, func(ctx context.Context, l *loadtest.Load, d time.Duration) error {
		return l.Saturate(ctx, callers, d)
	}, func(r loadtest.Result, from, to time.Time) {
		f[name] = float64(r.Served(from, to)) / to.Sub(from).Seconds()
		f["lost"] += float64(r.Lost)
	})
}

func (s *site) ownCPU(isCtid bool) time.Duration {
	if !isCtid {
		return 0
	}
	return cpu(s.t, s.rig.PID)
}

func scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * *seconds) }

// measure runs one load for d and reads its figures, those of the first warm left out.
func (s *site) measure(number string, talk, d, warm time.Duration, run func(context.Context, *loadtest.Load, time.Duration) error,
	read func(r loadtest.Result, from, to time.Time)) {
	s.t.Helper()
	l, stop := s.load(number, talk)
	defer stop()
	from := time.Now().Round(0).Add(min(warm, d/2))
	err := run(s.t.Context(), l, d)
	to := time.Now().Round(0)
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := errors.Join(err, l.HangUp(ctx)); err != nil {
		s.t.Fatalf("%s: %v", number, err)
	}
	r := l.Result()
	read(r, from, to)
	if r.Double > 0 && number != queueNumber {
		s.t.Errorf("%s: %d INVITEs came to a phone that was in a call, %d of them before the BYE of a call that was ending; of the callers %d were lost",
			number, r.Double, r.Crossed, r.Lost)
	}
	s.t.Logf("%s for %v: %d calls, %d lost, %d at a busy phone, of them %d overtook a BYE, load average %s", number, d, len(r.Calls), r.Lost, r.Double, r.Crossed, loadAverage())
	s.idle()
}

// report prints the table and holds the targets.
func (s *site) report(z size, queue, ctid []figures) {
	t, w := s.t, s.way
	t.Helper()
	column := func(list []figures, name string) (out []float64) {
		for _, f := range list {
			out = append(out, f[name])
		}
		return out
	}
	fmt.Printf("\n%d agents, %d runs of each side in turns; median (least–most)\n\n", *agents, *runs)
	fmt.Printf("| figure | app_queue | ctid | compared | target |\n|---|---|---|---|---|\n")
	var missed []error
	row := func(name, unit, target string, holds func(q, c float64) (string, bool)) {
		q, c := column(queue, name), column(ctid, name)
		compared, ok := holds(median(q), median(c))
		if !ok {
			target += ", MISSED"
			missed = append(missed, fmt.Errorf("%s: %s, the target is %s", name, compared, target))
		}
		fmt.Printf("| %s, %s | %s | %s | %s | %s |\n", name, unit, spread(q), spread(c), compared, target)
	}
	plus := func(most float64) func(q, c float64) (string, bool) {
		return func(q, c float64) (string, bool) { return fmt.Sprintf("%+.1f", c-q), c-q <= most }
	}
	ratio := func(ok func(r float64) bool) func(q, c float64) (string, bool) {
		return func(q, c float64) (string, bool) { return fmt.Sprintf("%.3f ×", c/q), ok(c / q) }
	}
	only := func(targeted bool, name, unit, target string, holds func(q, c float64) (string, bool)) {
		if !targeted {
			row(name, unit, "none", func(q, c float64) (string, bool) { s, _ := holds(q, c); return s, true })
			return
		}
		row(name, unit, target, holds)
	}
	only(!z.few, "ring p50", "ms from INVITE to INVITE", fmt.Sprintf("≤ + %v ms", w.ring50), plus(w.ring50))
	only(!z.few, "ring p99", "ms from INVITE to INVITE", fmt.Sprintf("≤ + %v ms", w.ring99), plus(w.ring99))
	row("idle p50", "ms from BYE to INVITE", "none", ratio(func(float64) bool { return true }))
	row("idle p99", "ms from BYE to INVITE", "≤ 0.1 ×", ratio(func(r float64) bool { return r <= 0.1 }))
	only(w.bare, "served", "calls/s with a line", fmt.Sprintf("≥ %v ×", z.served), ratio(func(r float64) bool { return r >= z.served }))
	row(saturated, "calls/s", "≥ 0.9 ×", ratio(func(r float64) bool { return r >= 0.9 }))
	row(shortest, "calls/s", "none", ratio(func(float64) bool { return true }))
	only(w.bare && !z.few, "asterisk cpu", "ms a call", "≤ 1.1 ×", ratio(func(r float64) bool { return r <= 1.1 }))
	row("ctid cpu", "ms a call", "none", func(_, _ float64) (string, bool) { return "", true })
	row("stolen", "% of the processors", "none", func(_, _ float64) (string, bool) { return "", true })
	row("lost", "calls", "ctid 0", func(_, c float64) (string, bool) { return "", c == 0 })
	if err := errors.Join(missed...); err != nil {
		t.Error(err)
	}
}

// loadAverage is the machine's, of the last minute: what else ran beside a measurement shows there.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
