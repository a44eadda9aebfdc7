//go:build long

package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"ctid/pbxtest/loadtest"
	"ctid/systemtest"
)

var (
	lineCallers = flag.Int("line", 1000, "callers who wait")
	lineMusic   = flag.Bool("music", false, "they hear music between what they are told; Asterisk sends each of them 50 packets a second then")
)

// A line that is told each half minute where it stands and how long it will take. The few agents serve it now and then: without that the
// wait would not be proven, and nothing would be said of it.
const (
	lineAgents  = 10
	lineTalk    = 25 * time.Second
	lineRate    = 20 // callers a second, until all are there
	lineSettles = 60 * time.Second
	lineWindow  = 30 * time.Second
	lineWindows = 6
	lineTarget  = 0.25 // of a core, for ctid

	lineScript = `version: 1
nodes:
  line: {queue: {name: sales, at_most: 2h, announce: {position: 30s, wait: 30s}}, then: {otherwise: hangup}}
`
)

// TestRealLineCost has a thousand callers wait, each of whom is told his place and his wait each half minute between the music, and measures what
// that costs ctid and Asterisk.
func TestRealLineCost(t *testing.T) {
	w := way{number: systemtest.Number, script: lineScript, callers: *lineCallers}
	if !*lineMusic {
		w.music = "[default](+)\ndirectory=/there-is-none\n"
	}
	s := newSite(t, lineAgents, w)
	defer s.startCtid()()
	l, err := loadtest.Start(loadtest.Config{Server: s.pbx.SIPAddr(), Number: w.number, Port: s.port, Talk: lineTalk, Most: *lineCallers + 50})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Stop()
	in := *lineCallers + lineAgents // so many more talk
	if err := l.Offer(t.Context(), lineRate, time.Duration(in)*time.Second/lineRate); err != nil {
		t.Fatal(err)
	}
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	full := make(chan error)
	go func() { full <- l.Saturate(ctx, in, time.Hour) }()
	windows := s.lineWindows(*lineCallers)
	enough()
	if err := <-full; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.HangUp(ctx); err != nil {
		t.Error(err)
	}
	s.idle()
	s.reportLine(windows, l.Result())
}

// lineWindows measures, window by window, once everybody has been told something.
func (s *site) lineWindows(callers int) (out []figures) {
	s.t.Helper()
	wait := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-s.t.Context().Done():
			s.t.Fatal(context.Cause(s.t.Context()))
		}
	}
	wait(lineSettles)
	type state struct {
		at            time.Time
		own, pbx, rig time.Duration
		said          float64
	}
	look := func() state {
		return state{time.Now(), cpu(s.t, s.rig.PID), cpu(s.t, s.pbx.PID()), cpu(s.t, os.Getpid()),
			s.rig.Requests("play")}
	}
	before := look()
	for range lineWindows {
		wait(lineWindow)
		now := look()
		took := now.at.Sub(before.at).Seconds()
		cores := func(a, b time.Duration) float64 { return 100 * (b - a).Seconds() / took }
		f := figures{"ctid": cores(before.own, now.own), "asterisk": cores(before.pbx, now.pbx), "rig": cores(before.rig, now.rig),
			"announcements": (now.said - before.said) / took, "waiting": s.rig.Metric(`ctid_queue_waiting{queue="sales"}`), "memory": rss(s.t, s.rig.PID)}
		s.t.Logf("%.4v, load average %s", f, loadAverage())
		if f["waiting"] < 0.95*float64(callers) {
			s.t.Errorf("%v wait, not %d", f["waiting"], callers)
		}
		out = append(out, f)
		before = now
	}
	return out
}

// reportLine prints the table and holds the target.
func (s *site) reportLine(windows []figures, r loadtest.Result) {
	t := s.t
	t.Helper()
	fmt.Printf("\n%d callers wait, %d calls in all, %d windows of %v; median (least–most)\n\n", *lineCallers, len(r.Calls), len(windows), lineWindow)
	fmt.Printf("| figure | seen | target |\n|---|---|---|\n")
	column := func(name string) (list []float64) {
		for _, f := range windows {
			list = append(list, f[name])
		}
		return list
	}
	for _, row := range []struct{ name, label, target string }{
		{"ctid", "ctid, % of a core", fmt.Sprintf("≤ %.0f", 100*lineTarget)}, {"asterisk", "Asterisk, % of a core", "none"}, {"rig", "callers and phones, % of a core", "none"},
		{"announcements", "announcements/s", fmt.Sprintf("≥ %.0f", 0.85*float64(*lineCallers)/30)}, {"waiting", "callers who wait", "none"}, {"memory", "ctid, MB", "none"},
	} {
		list := column(row.name)
		if row.name == "ctid" && median(list) > 100*lineTarget || row.name == "announcements" && median(list) < 0.85*float64(*lineCallers)/30 {
			row.target += ", MISSED"
			t.Errorf("%s: %s, the target is %s", row.label, spread(list), row.target)
		}
		fmt.Printf("| %s | %s | %s |\n", row.label, spread(list), row.target)
	}
	target := "0"
	if r.Lost > 0 {
		target += ", MISSED"
		t.Errorf("%d callers were lost", r.Lost)
	}
	fmt.Printf("| callers lost | %d | %s |\n", r.Lost, target)
}
