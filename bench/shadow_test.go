//go:build long

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/loadtest"
	"ctid/shadow"
	"ctid/systemtest"
)

var (
	shadowFor  = flag.Duration("shadow", 30*time.Minute, "how long callers come; shorter ones only prove the rig")
	shadowLogs = flag.String("logs", "", "a folder in which the queue_logs of app_queue and of ctid are kept, for other readers of them")
)

// The centre of the measurement: a dozen agents with a little more to do than they can, so that a line forms, and goes again because
// callers lose patience.
const (
	shadowAgents   = 12
	shadowRate     = 0.45 // callers a second
	shadowTalk     = 28.0 // s, lognormal
	shadowPatience = 90.0 // s, exponential
	shadowTarget   = 20
	leastCallers   = 600 // in half an hour
)

// TestRealShadow lets the same callers come to app_queue and to ctid, at the same moments, for half an hour: as many agents each,
// on one Asterisk. Both at once takes half the time of one after the other, and the load, under one call a second on each side, is
// nothing that one could feel of the other. `ctid shadow` watches app_queue; its account must be the queue_log's, and its forecast
// what ctid then really did.
func TestRealShadow(t *testing.T) {
	s := newShadowed(t)
	watch := s.startShadow()
	callers := shadowCallers(*shadowFor)
	if float64(len(callers)) < leastCallers*shadowFor.Minutes()/30 {
		t.Fatalf("%d callers in %v are too few", len(callers), *shadowFor)
	}
	fmt.Printf("%d calls to each side over %v, %d agents each\n\n", len(callers), *shadowFor, shadowAgents)
	s.call(callers)
	report := watch()
	s.keepLogs()
	theirs := counted(s.t, filepath.Join(s.pbx.Dir(), "log", "queue_log"))
	missed := s.account(report, theirs, len(callers))
	missed = errors.Join(missed, s.forecast(report, s.ours(len(callers))))
	if missed != nil {
		t.Error(missed)
	}
}

// shadowCallers draws who comes, for so long, by a fixed seed: what each brings along is the same on both sides.
func shadowCallers(over time.Duration) (out []loadtest.Caller) {
	r := rand.New(rand.NewPCG(2026, 11))
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for now := 0.0; ; {
		now += r.ExpFloat64() / shadowRate
		if now > over.Seconds() {
			return out
		}
		out = append(out, loadtest.Caller{Comes: seconds(now), Talk: seconds(shadowTalk * math.Exp(0.6*r.NormFloat64()-0.18)),
			Ring: seconds(1 + 3*r.Float64()), Patience: seconds(shadowPatience * r.ExpFloat64())})
	}
}

// shadowed is one Asterisk with a ctid beside it; the second half of the agents are members of its queue.
type shadowed struct {
	t    *testing.T
	pbx  *pbxtest.PBX
	rig  *systemtest.Rig
	port int
}

func newShadowed(t *testing.T) *shadowed {
	t.Helper()
	program, err := systemtest.Build(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	s := &shadowed{t: t}
	if s.port, err = pbxtest.FreePort(); err != nil {
		t.Fatal(err)
	}
	members := fmt.Sprintf("[sales]\nstrategy=leastrecent\nautofill=yes\nretry=1\ntimeout=15\nringinuse=no\nservicelevel=%d\nmusicclass=default\n", shadowTarget)
	for n := range shadowAgents {
		members += fmt.Sprintf("member => PJSIP/%d\n", 1001+shadowAgents+n)
	}
	s.pbx, err = pbxtest.Start(t.Context(), pbxtest.Config{Agents: 2 * shadowAgents, AgentContact: fmt.Sprintf("127.0.0.1:%d", s.port), RTPPorts: 2000,
		Extra: map[string]string{"queues.conf": members}, Dialplan: "[ctid-in]\nexten => " + queueNumber + ",1,Queue(sales)\n same => n,Hangup()\n"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.pbx.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.rig = systemtest.Prepare(t, systemtest.Options{Bin: program, PBX: s.pbx, Agents: shadowAgents, Desk: "none", Script: systemtest.QueueOnly, AMI: true,
		Config: "limits: {calls: 2000}\nqueue_log: {file: queue_log, agents: phone}\n", Change: func(yaml string) string { return strings.ReplaceAll(yaml, "ring: 5s", "ring: 15s, rona: none") }})
	s.rig.Launch()
	t.Cleanup(s.rig.Stop)
	s.rig.Eventually("all agents ready", func() error {
		if n := s.rig.Metric(`ctid_agent_state{state="ready"}`); int(n) != shadowAgents {
			return fmt.Errorf("%v of %d agents are ready", n, shadowAgents)
		}
		return nil
	})
	return s
}

// startShadow starts `ctid shadow` with ctid's own rules, whose agents are the members of app_queue's queue. The function that it
// returns ends it as a person does, by Ctrl-C, and returns what it says.
func (s *shadowed) startShadow() func() *shadow.Report {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.rig.Dir, "ctid.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	yaml := string(b)
	for n := range shadowAgents {
		yaml = strings.Replace(yaml, fmt.Sprintf("PJSIP/%d", 1001+n), fmt.Sprintf("PJSIP/%d", 1001+shadowAgents+n), 1)
	}
	s.rig.Write("shadow.yaml", yaml)
	var out, said bytes.Buffer
	c := s.rig.Command(s.t.Context(), "shadow", "-c", "shadow.yaml", "--queue", "sales", "--json")
	c.Stdout, c.Stderr = &out, &said
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.rig.Eventually("shadow listens", func() error {
		status, err := s.pbx.CLI(s.t.Context(), "manager show connected")
		if err == nil && strings.Count(status, "ctid ") < 2 { // ctid's own is the other
			err = errors.New(status)
		}
		return err
	})
	return func() *shadow.Report {
		s.t.Helper()
		err := errors.Join(c.Process.Signal(os.Interrupt), c.Wait())
		var r shadow.Report
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			s.t.Fatalf("%v\n%s\n%s", err, out.String(), said.String())
		}
		if len(r.Queues) != 1 || len(r.Gaps) != 0 || len(r.Findings) != 0 {
			s.t.Errorf("shadow found %q, gaps %v, queues %d\n%s", r.Findings, r.Gaps, len(r.Queues), said.String())
		}
		return &r
	}
}

// call lets every caller come twice, to app_queue and to ctid, and waits until all have gone.
func (s *shadowed) call(callers []loadtest.Caller) {
	s.t.Helper()
	l, err := loadtest.Start(loadtest.Config{Server: s.pbx.SIPAddr(), Port: s.port})
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Stop()
	var twice []loadtest.Caller
	for _, c := range callers {
		for _, number := range []string{queueNumber, ctidNumber} {
			c.Number = number
			twice = append(twice, c)
		}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), *shadowFor+5*time.Minute)
	defer cancel()
	if err := errors.Join(l.Play(ctx, twice), l.Await(ctx)); err != nil {
		s.t.Fatal(err)
	}
	if r := l.Result(); r.Double > 0 {
		s.t.Errorf("%d INVITEs came to a phone that was in a call", r.Double)
	}
	if err := s.pbx.AwaitIdle(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// keepLogs copies the two queue_logs, of the same callers, to where they are wanted.
func (s *shadowed) keepLogs() {
	s.t.Helper()
	if *shadowLogs == "" {
		return
	}
	for name, file := range map[string]string{"app_queue": filepath.Join(s.pbx.Dir(), "log", "queue_log"), "ctid": filepath.Join(s.rig.Dir, "queue_log")} {
		b, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(*shadowLogs, name), b, 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// ours is what ctid really did, by its records.
func (s *shadowed) ours(callers int) (f shadow.Figures) {
	s.t.Helper()
	for _, rec := range s.rig.EndedRecords() {
		for _, v := range rec.Queues {
			wait := time.Duration(v.WaitMS) * time.Millisecond
			f.Offered++
			f.Longest = max(f.Longest, wait)
			inTime := 0
			if wait <= shadowTarget*time.Second {
				inTime = 1
			}
			switch v.Exit {
			case ctid.ExitAnswered:
				f.Answered++
				f.Waits += wait
				f.InTime += inTime
			case ctid.ExitAbandoned:
				f.Abandoned++
				f.GoneSoon += inTime
			default:
				f.Left++
			}
		}
	}
	if f.Offered != callers {
		s.t.Errorf("ctid has %d callers in its queue, of %d", f.Offered, callers)
	}
	return f
}

// counted is app_queue's account by the lines of its queue_log, counted here by themselves.
func counted(t *testing.T, file string) (f shadow.Figures) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		c := strings.Split(strings.TrimSpace(line), "|")
		if len(c) < 6 || c[2] != "sales" {
			continue
		}
		seconds := func(i int) time.Duration {
			n, err := strconv.Atoi(c[5+i])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return time.Duration(n) * time.Second
		}
		inTime := func(d time.Duration) int {
			f.Longest = max(f.Longest, d)
			if d <= shadowTarget*time.Second {
				return 1
			}
			return 0
		}
		switch c[4] {
		case "ENTERQUEUE":
			f.Offered++
		case "CONNECT":
			f.Answered++
			f.Waits += seconds(0)
			f.InTime += inTime(seconds(0))
		case "COMPLETEAGENT", "COMPLETECALLER":
			f.Talks++
			f.Talk += seconds(1)
		case "ABANDON":
			f.Abandoned++
			f.GoneSoon += inTime(seconds(2))
		case "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY":
			t.Errorf("nobody should leave so: %s", line)
		}
	}
	return f
}

// account prints shadow's account beside the queue_log's, which it must be.
func (s *shadowed) account(r *shadow.Report, want shadow.Figures, callers int) error {
	got := r.Queues[0].Account
	fmt.Printf("| app_queue's own | by shadow | by queue_log |\n|---|---|---|\n")
	for _, x := range []struct {
		name    string
		is, log any
	}{
		{"offered", got.Offered, want.Offered}, {"answered", got.Answered, want.Answered}, {"abandoned", got.Abandoned, want.Abandoned},
		{"in time", got.InTime, want.InTime}, {"abandoned in time", got.GoneSoon, want.GoneSoon}, {"waits of the answered, together", got.Waits, want.Waits},
		{"longest wait", got.Longest, want.Longest}, {"conversations", got.Talks, want.Talks}, {"talk, together", got.Talk, want.Talk},
	} {
		fmt.Printf("| %s | %v | %v |\n", x.name, x.is, x.log)
	}
	fmt.Println()
	if got != want || want.Offered != callers {
		return fmt.Errorf("the account is %+v, the queue_log's %+v, of %d callers", got, want, callers)
	}
	return nil
}

// forecast prints app_queue, the forecast and what ctid did beside each other, and holds the targets.
func (s *shadowed) forecast(r *shadow.Report, really shadow.Figures) (missed error) {
	fmt.Printf("| figure | app_queue | ctid by forecast | ± | ctid really | off by | target |\n|---|---|---|---|---|---|---|\n")
	show := func(v *float64) string {
		if v == nil {
			return "–"
		}
		return fmt.Sprintf("%.4g", *v)
	}
	for _, c := range r.Queues[0].Compared {
		is, known := really.Value(c.Name)
		if c.CTID == nil || !known {
			missed = errors.Join(missed, fmt.Errorf("there is no %s", c.Name))
			continue
		}
		off, target := *c.CTID-is, "none"
		ok := true
		switch c.Name {
		case shadow.MeanWait:
			target, ok = "15 % or 2 s", math.Abs(off) <= max(0.15*is, 2)
		case shadow.SLOffered, shadow.SLPatient, shadow.SLWithGone, shadow.SLAnswered:
			target, ok = "0.05", math.Abs(off) <= 0.05
		}
		if !ok {
			target += ", MISSED"
			missed = errors.Join(missed, fmt.Errorf("%s is %.4g, the forecast %.4g", c.Name, is, *c.CTID))
		}
		fmt.Printf("| %s | %s | %s | %s | %.4g | %+.3g | %s |\n", c.Name, show(c.AppQueue), show(c.CTID), show(c.PlusMinus), is, off, target)
	}
	return missed
}
