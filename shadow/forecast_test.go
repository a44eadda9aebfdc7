package shadow

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// loads are centres from idle to overloaded.
var loads = []struct {
	name           string
	agents, calls  int
	rate           float64 // calls a second
	talk, patience float64
}{
	{name: "quiet", agents: 12, calls: 600, rate: 0.25, talk: 28, patience: 60},
	{name: "busy", agents: 12, calls: 700, rate: 0.37, talk: 28, patience: 60},
	{name: "full", agents: 12, calls: 700, rate: 0.42, talk: 28, patience: 90},
	{name: "short talks", agents: 8, calls: 900, rate: 0.60, talk: 10, patience: 45},
	{name: "overload", agents: 10, calls: 700, rate: 0.45, talk: 28, patience: 60},
}

// report is what a watch of them says.
func report(t *testing.T, w *Watch) *Report {
	t.Helper()
	r, err := w.Report(w.now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Queues) != 1 {
		t.Fatalf("%d queues", len(r.Queues))
	}
	return r
}

func value(t *testing.T, list []Compared, name string) (appQueue, ctid float64) {
	t.Helper()
	for _, c := range list {
		if c.Name == name && c.AppQueue != nil && c.CTID != nil {
			return *c.AppQueue, *c.CTID
		}
	}
	t.Fatalf("there is no %s", name)
	return 0, 0
}

// tolerance is how far a mean wait may be off, by a share or so many seconds, and a service level, by so many points.
type tolerance struct{ share, seconds, points float64 }

// near holds a forecast against what was.
func near(t *testing.T, what string, got []Compared, want Figures, may tolerance) {
	t.Helper()
	for _, x := range compared {
		switch x.name {
		case MeanWait, SLOffered, SLPatient, SLWithGone, SLAnswered:
		default:
			continue
		}
		is, _ := x.of(&want)
		_, said := value(t, got, x.name)
		far := math.Abs(said - is)
		if x.name == MeanWait && far > max(may.share*is, may.seconds) || x.name != MeanWait && far > may.points/100 {
			t.Errorf("%s: %s is forecast as %.3f, and is %.3f", what, x.name, said, is)
		}
	}
}

// What ctid's distributor does with callers of whom all is known, and what a watch of a slow queue that served the same callers
// forecasts, lie within 10 % or 0.7 s of mean wait and 4.5 points of service level, for every variant of it: at 15 % or 2 s, and 5, it
// would be of no use.
func TestForecastOfAppQueue(t *testing.T) {
	for seed, l := range loads {
		callers, site := traffic(uint64(seed), l.calls, l.rate, l.talk, l.patience), staff(l.agents)
		want := playCTID(t, site, callers, nil)
		events := New(site, Options{Trials: 4})
		playAppQueue(callers, l.agents, live{events})
		file := New(site, Options{Trials: 4})
		playAppQueue(callers, l.agents, &logged{t: t, w: file})
		for name, w := range map[string]*Watch{"events": events, "queue_log": file} {
			r := report(t, w)
			what := fmt.Sprintf("%s, by %s", l.name, name)
			near(t, what, r.Queues[0].Compared, want, tolerance{0.1, 0.7, 4.5})
			theirs, ours := value(t, r.Queues[0].Compared, MeanWait)
			is, _ := share(want.Waits.Seconds(), want.Answered)
			t.Logf("%s: app_queue %.2f s, forecast %.2f s, ctid %.2f s", what, theirs, ours, is)
		}
	}
}

// A queue that is served as ctid would serve it is forecast as it was: callers who gave up, and those who were answered and whose
// patience nobody saw the end of, come out the same.
func TestForecastOfItself(t *testing.T) {
	for _, l := range loads {
		callers, site := traffic(7, l.calls, l.rate, l.talk, l.patience), staff(l.agents)
		events := New(site, Options{Trials: 4})
		want := playCTID(t, site, callers, live{events})
		r := report(t, events)
		near(t, l.name+" by events", r.Queues[0].Compared, want, tolerance{0.05, 0.5, 2})
		file := New(site, Options{Trials: 4})
		playCTID(t, site, callers, &logged{t: t, w: file})
		near(t, l.name+" by queue_log", report(t, file).Queues[0].Compared, want, tolerance{0.08, 0.8, 4})
	}
}

// The errors of forecasts cancel out over many days: none of it leans to one side.
func TestForecastIsFair(t *testing.T) {
	var waits, levels, squares float64
	const days = 12
	for seed := range uint64(days) {
		callers, site := traffic(100+seed, 500, 0.40, 28, 60), staff(12)
		want := playCTID(t, site, callers, nil)
		w := New(site, Options{Trials: 4})
		playAppQueue(callers, 12, live{w})
		r := report(t, w)
		_, wait := value(t, r.Queues[0].Compared, MeanWait)
		_, level := value(t, r.Queues[0].Compared, SLOffered)
		is, _ := share(want.Waits.Seconds(), want.Answered)
		isLevel, _ := share(float64(want.InTime), want.Offered)
		waits, levels, squares = waits+wait-is, levels+level-isLevel, squares+(wait-is)*(wait-is)
	}
	t.Logf("over %d days the mean wait is forecast %.3f s, the service level %.4f too high; a day's wait is off by %.3f s", days, waits/days, levels/days, math.Sqrt(squares/days))
	if math.Abs(waits/days) > 0.3 || math.Abs(levels/days) > 0.01 {
		t.Errorf("over %d days the mean wait is forecast %.3f s, the service level %.4f too high", days, waits/days, levels/days)
	}
}

// The same watch gives the same report.
func TestReportIsDeterministic(t *testing.T) {
	callers, site := traffic(3, 300, 0.4, 28, 60), staff(12)
	var first string
	for range 3 {
		w := New(site, Options{Trials: 4})
		playAppQueue(callers, 12, live{w})
		r := report(t, w)
		got := fmt.Sprintf("%+v %+v", r.Examples, dump(r))
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("%s\nand then\n%s", first, got)
		}
	}
}

func dump(r *Report) (out []string) {
	for _, c := range r.Queues[0].Compared {
		v := func(p *float64) string {
			if p == nil {
				return "-"
			}
			return fmt.Sprint(*p)
		}
		out = append(out, c.Name, v(c.AppQueue), v(c.CTID), v(c.PlusMinus))
	}
	return append(out, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
}
