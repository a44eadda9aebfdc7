//go:build long

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/loadtest"
	"ctid/systemtest"
)

// What the callers dial: Asterisk's own queue, or ctid by the number that the rig sends straight to a queue.
const (
	queueNumber = "9001"
	ctidNumber  = systemtest.Straight
)

// site is one Asterisk with agents' phones, and a ctid that is not started yet.
type site struct {
	t      *testing.T
	pbx    *pbxtest.PBX
	rig    *systemtest.Rig
	agents int
	port   int // of the phones
	way    way
	tokens []string      // of the desktops, once ctid has been started
	spare  time.Duration // for measurements that are made again
	said   float64       // how often ctid has told somebody something, in its runs that are over
}

// newSite starts the Asterisk. Its queue "beside" has every agent, and is loaded whoever is measured: with a fallback
// queue a site that runs ctid has one as well.
func newSite(t *testing.T, agents int, w way) *site {
	t.Helper()
	program, err := systemtest.Build(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	port, err := pbxtest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	var members strings.Builder
	members.WriteString("[beside]\nstrategy=rrmemory\nautofill=yes\nretry=1\ntimeout=15\nringinuse=no\njoinempty=yes\nleavewhenempty=no\nmusicclass=default\n" + w.queue)
	for n := range agents {
		fmt.Fprintf(&members, "member => PJSIP/%d\n", 1001+n)
	}
	pbx, err := pbxtest.Start(t.Context(), pbxtest.Config{Agents: agents, AgentContact: fmt.Sprintf("127.0.0.1:%d", port), RTPPorts: 2000 + 7*agents + 3*w.callers,
		Extra:    map[string]string{"queues.conf": members.String(), "musiconhold.conf": w.music},
		Dialplan: "[ctid-in]\n" + w.dialplan})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &site{t: t, pbx: pbx, agents: agents, port: port, way: w, spare: spareTime}
	o := systemtest.Options{Bin: program, PBX: pbx, Agents: agents, Desk: "none", Script: w.script, Config: "limits: {calls: 20000}\n" + w.config}
	s.withDesks(&o)
	s.rig = systemtest.Prepare(t, o)
	return s
}

// startCtid starts ctid, and the desktops that the agents have, and waits until every agent is ready. The function that it returns stops them.
func (s *site) startCtid() (stop func()) {
	s.t.Helper()
	s.rig.Launch()
	away := s.startDesks()
	s.rig.Eventually("all agents ready", func() error {
		if n := s.rig.Metric(`ctid_agent_state{state="ready"}`); int(n) != s.agents {
			return fmt.Errorf("%v of %d agents are ready", n, s.agents)
		}
		return nil
	})
	return func() {
		s.said += s.rig.Requests("play")
		away()
		s.rig.Stop()
	}
}

// load makes callers and phones; the test's end, or stop, ends them.
func (s *site) load(number string, talk time.Duration) (l *loadtest.Load, stop func()) {
	s.t.Helper()
	l, err := loadtest.Start(loadtest.Config{Server: s.pbx.SIPAddr(), Number: number, Port: s.port, Talk: talk,
		Most: 4*s.agents + 800})
	if err != nil {
		s.t.Fatal(err)
	}
	return l, l.Stop
}

// idle waits until Asterisk has no channel left, and ctid, where it runs, no call.
func (s *site) idle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.pbx.AwaitIdle(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// cpu is the processor time that a process has used, user and system, in ticks of 10 ms.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	f := strings.Fields(rest)
	var ticks int
	for _, i := range []int{11, 12} { // utime and stime, proc(5)
		n, err := strconv.Atoi(f[i])
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// rss is the memory of a process in MB.
func rss(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20)
}

// fds is how many files a process has open.
func fds(t *testing.T, pid int) float64 {
	t.Helper()
	list, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return float64(len(list))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
