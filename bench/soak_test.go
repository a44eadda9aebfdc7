//go:build long

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"ctid/pbxtest/loadtest"
)

var soakFor = flag.Duration("soak", 30*time.Minute, "how long the soak lasts; shorter ones only prove the rig")

const (
	soakAgents  = 200
	soakTalk    = time.Second
	soakWindows = 6 // the median of the last half of them against that of the first
)

// sample is what ctid holds at one moment.
type sample struct {
	at                  time.Time
	goroutines, fds, mb float64
}

// TestRealSoak runs ctid for long at half of the calls a second that it can take, and compares the end with the beginning.
func TestRealSoak(t *testing.T) {
	s := newSite(t, soakAgents, straightOn)
	defer s.startCtid()()
	f := figures{}
	s.saturate(f, ctidNumber, saturated)
	rate := f[saturated] / 2
	fmt.Printf("saturated at %.1f calls/s; %v at %.1f calls/s\n", f[saturated], *soakFor, rate)

	l, stop := s.load(ctidNumber, soakTalk)
	defer stop()
	warm := min(*soakFor/10, 30*time.Second)
	began := time.Now().Round(0).Add(warm)
	sampling, enough := context.WithCancel(t.Context())
	defer enough()
	taken := make(chan []sample)
	go func() { taken <- s.sample(sampling) }()
	err := l.Offer(t.Context(), rate, *soakFor+warm)
	enough()
	samples := <-taken
	if err != nil {
		hang, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		t.Fatal(errors.Join(err, l.HangUp(hang)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.Await(ctx); err != nil {
		t.Fatal(err)
	}
	s.idle()
	s.judge(l.Result(), samples, began)
}

// sample looks at ctid ten times a second, until ctx ends.
func (s *site) sample(ctx context.Context) []sample {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var all []sample
	for {
		select {
		case <-tick.C:
			all = append(all, sample{time.Now().Round(0), s.rig.Metric("go_goroutines"), fds(s.t, s.rig.PID), rss(s.t, s.rig.PID)})
		case <-ctx.Done():
			return all
		}
	}
}

// judge compares the windows.
func (s *site) judge(r loadtest.Result, samples []sample, began time.Time) {
	s.t.Helper()
	window := *soakFor / soakWindows
	var goroutines, files, mb, p99 []float64
	for w := range soakWindows {
		from, to := began.Add(time.Duration(w)*window), began.Add(time.Duration(w+1)*window)
		in := func(f func(sample) float64) []float64 {
			var list []float64
			for _, x := range samples {
				if !x.at.Before(from) && x.at.Before(to) {
					list = append(list, f(x))
				}
			}
			if len(list) == 0 {
				s.t.Fatalf("no sample in window %d", w+1)
			}
			return list
		}
		routines, open := in(func(x sample) float64 { return x.goroutines }), in(func(x sample) float64 { return x.fds })
		goroutines, files = append(goroutines, mean(routines)), append(files, mean(open))
		mb = append(mb, mean(in(func(x sample) float64 { return x.mb })))
		s.t.Logf("window %d: goroutines %s; file descriptors %s", w+1, percentiles(routines), percentiles(open))
		p99 = append(p99, ms(loadtest.Percentile(r.Ring(from, to), 0.99)))
	}
	fmt.Printf("\n| figure | windows | last three, of the first three | target |\n|---|---|---|---|\n")
	var missed []error
	row := func(name string, list []float64, target string, ok func(r float64) bool) {
		ratio := median(list[soakWindows/2:]) / median(list[:soakWindows/2])
		if !ok(ratio) {
			target += ", MISSED"
			missed = append(missed, fmt.Errorf("%s: %.3f ×, the target is %s", name, ratio, target))
		}
		fmt.Printf("| %s | %.4g | %.3f × | %s |\n", name, list, ratio, target)
	}
	flat := func(r float64) bool { return math.Abs(r-1) <= 0.01 }
	row("goroutines", goroutines, "within 1 %", flat)
	row("file descriptors", files, "within 1 %", flat)
	row("RSS, MB", mb, "≤ 1.1 ×", func(r float64) bool { return r <= 1.1 })
	row("ring p99, ms", p99, "≤ 1.5 ×", func(r float64) bool { return r <= 1.5 })
	fmt.Printf("\n%d calls, %d lost, %d at a busy phone\n", len(r.Calls), r.Lost, r.Double)
	if r.Lost != 0 || r.Double != 0 {
		missed = append(missed, fmt.Errorf("%d calls were lost, %d came to a busy phone", r.Lost, r.Double))
	}
	if open := s.openRecords(); open > 0 {
		missed = append(missed, fmt.Errorf("%d records have no end", open))
	}
	if err := errors.Join(missed...); err != nil {
		s.t.Error(err)
	}
}

// percentiles are how a figure was in a window, to tell a burst of calls, which takes more of it for seconds, from a leak.
func percentiles(list []float64) string {
	sorted := slices.Sorted(slices.Values(list))
	at := func(q int) float64 { return sorted[(len(sorted)-1)*q/100] }
	return fmt.Sprintf("mean %.2f, least %v, 10 %% %v, half %v, 90 %% %v, most %v", mean(list), at(0), at(10), at(50), at(90), at(100))
}

// openRecords counts the records that do not say how their call ended.
func (s *site) openRecords() int {
	s.t.Helper()
	st := s.rig.Store()
	defer st.Close(context.WithoutCancel(s.t.Context())) //nolint:errcheck // read only
	list, err := st.OpenRecords(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func mean(list []float64) float64 {
	var sum float64
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}
