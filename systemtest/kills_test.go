package systemtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

// What a run of kills is made of.
const (
	killAgents  = 6
	killWaiting = 10                     // callers who wait, at least, at each fault
	killTalking = 5                      // agents who talk, at least, at each fault
	slack       = 250 * time.Millisecond // entries and rings closer than this have no order that a phone could tell
	gapLimit    = 100 * time.Millisecond
)

// rush is a centre under a steady stream of callers, while faults befall it. Agents talk for a few seconds and hang up.
type rush struct {
	t      *testing.T
	r      *Rig
	rnd    *rand.Rand
	phones []*phonetest.Phone

	mu      sync.Mutex
	callers []*rushCaller // in the order of their dialling
	blind   []span        // from each fault to its recovery
	wg      sync.WaitGroup
	stop    func() // lets nobody else come
}

type rushCaller struct {
	number string // E.164
	dialed time.Time
	d      *phonetest.Dialog
}

type span struct{ from, to time.Time }

// faultsOf is how many faults a run has: 1, or in a long run what CTID_KILLS says.
func faultsOf(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(envOr("CTID_KILLS", "1"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ctid is killed at random instants, with callers waiting, talking and arriving.
func TestRealKills(t *testing.T) {
	n := faultsOf(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(n)*40*time.Second)
	defer cancel()
	u := newRush(ctx, t, 3000)
	u.faults(ctx, n, func() {
		u.r.Kill()
		<-time.After(time.Duration(u.rnd.IntN(2000)) * time.Millisecond)
		u.r.Launch()
	})
	u.finish(ctx)
}

// The line to Asterisk is cut at random instants, for 5 s each time.
func TestRealCuts(t *testing.T) {
	n := faultsOf(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(n)*(40*time.Second+cutFor(t)))
	defer cancel()
	d, through := throughDoor(t, asterisk)
	u := newRush(ctx, t, 6000, through)
	u.faults(ctx, n, func() {
		d.shut()
		<-time.After(cutFor(t))
		d.open()
		awaitReadyz(u.r, 200)
	})
	u.finish(ctx)
}

func newRush(ctx context.Context, t *testing.T, first int, change ...func(*Options)) *rush {
	t.Helper()
	opt := Options{Bin: program, PBX: asterisk, Agents: killAgents, Desk: "none", Script: QueueOnly}
	for _, f := range change {
		f(&opt)
	}
	seed, err := strconv.ParseUint(envOr("CTID_SEED", "1"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	u := &rush{t: t, r: Start(t, opt), rnd: rand.New(rand.NewPCG(seed, uint64(first)))}
	for _, a := range u.r.Agents() {
		p := u.r.Phone(a)
		p.SetPolicy(phonetest.AnswerAfter(300 * time.Millisecond))
		u.phones = append(u.phones, p)
	}
	t.Cleanup(u.wg.Wait)
	u.wg.Go(func() { u.talk(ctx) })
	arriving, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	u.stop = stop
	u.wg.Go(func() { u.arrive(arriving, first) })
	return u
}

// talk hangs up each agent's conversations after 6 to 10 s, until ctx ends.
func (u *rush) talk(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for _, p := range u.phones {
			for n, d := range p.Calls() {
				ti := d.Times()
				length := 6*time.Second + time.Duration(n*1700%4000)*time.Millisecond
				if !ti.Answered.IsZero() && ti.Ended.IsZero() && time.Since(ti.Answered) > length {
					u.wg.Go(func() { _ = d.Hangup(ctx) }) // it may be over
				}
			}
		}
	}
}

// arrive dials until ctx ends: quickly until enough wait, then one for each who is served, and one more at times.
func (u *rush) arrive(ctx context.Context, first int) {
	for n := first; ; n++ {
		pause := 350 * time.Millisecond
		if u.open() > killWaiting+killAgents+4 {
			pause = time.Second
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if u.open() > 2*killWaiting+killAgents { // the machine, not ctid, is the limit of this rig
			n--
			continue
		}
		d, err := u.r.Caller().Dial(Number, phonetest.CallOptions{From: from(n)})
		if err != nil {
			u.t.Error(err)
			return
		}
		u.mu.Lock()
		u.callers = append(u.callers, &rushCaller{number: e164(from(n)), dialed: time.Now(), d: d})
		u.mu.Unlock()
	}
}

func (u *rush) all() []*rushCaller {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.callers)
}

func (u *rush) open() int {
	n := 0
	for _, c := range u.all() {
		if !over(c.d) {
			n++
		}
	}
	return n
}

func over(d *phonetest.Dialog) bool {
	select {
	case <-d.Ended():
		return true
	default:
		return false
	}
}

// faults lets n faults happen, each when enough wait and talk, at a random instant.
func (u *rush) faults(ctx context.Context, n int, fault func()) {
	for i := range n {
		u.awaitFull()
		select {
		case <-time.After(time.Duration(u.rnd.IntN(3000)) * time.Millisecond):
		case <-ctx.Done():
			u.t.Fatal(ctx.Err())
		}
		s := span{from: time.Now()}
		fault()
		s.to = time.Now()
		u.mu.Lock()
		u.blind = append(u.blind, s)
		u.mu.Unlock()
		u.t.Logf("fault %d of %d, back after %v", i+1, n, s.to.Sub(s.from).Round(time.Millisecond))
		u.dropFallen(ctx)
	}
	u.awaitFull()
}

// awaitFull waits until as many wait and talk as there must be.
func (u *rush) awaitFull() {
	u.t.Helper()
	u.r.Eventually("enough callers", func() error { return u.full() })
}

func (u *rush) full() error {
	w, t := u.r.Metric(`ctid_queue_waiting{queue="sales"}`), u.r.Metric(`ctid_agent_state{state="talking"}`)
	if w < killWaiting || t < killTalking {
		return fmt.Errorf("%v wait and %v talk", w, t)
	}
	return nil
}

// fallen are the numbers that are in the fallback queue's log, as dialled.
func (u *rush) fallen() map[string]int {
	text, err := os.ReadFile(filepath.Join(u.r.PBX.Dir(), "log", "queue_log"))
	if err != nil && !os.IsNotExist(err) {
		u.t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if p := strings.Split(strings.TrimSpace(line), "|"); len(p) > 6 && p[2] == "ctid-fallback" && p[4] == "ENTERQUEUE" {
			seen[e164(p[6])]++
		}
	}
	return seen
}

// dropFallen lets those in the fallback queue hang up.
func (u *rush) dropFallen(ctx context.Context) {
	fallen := u.fallen()
	for _, c := range u.all() {
		if fallen[c.number] > 0 && !over(c.d) {
			u.wg.Go(func() { _ = c.d.Hangup(ctx) }) // he may be gone
		}
	}
}

// finish lets everybody hang up and judges the run.
func (u *rush) finish(ctx context.Context) {
	u.stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for u.r.Metric(`ctid_queue_waiting{queue="sales"}`) > 0 { // all who waited at the last fault are served
		select {
		case <-tick.C:
		case <-ctx.Done():
			u.t.Fatal("they wait for ever")
		}
	}
	for _, c := range u.all() {
		if !over(c.d) {
			u.wg.Go(func() { _ = c.d.Hangup(ctx) })
		}
	}
	u.r.Eventually("everybody gone", func() error {
		for _, c := range u.all() { // who came meanwhile goes too
			if !over(c.d) {
				u.wg.Go(func() { _ = c.d.Hangup(ctx) })
			}
		}
		if n := u.open(); n > 0 {
			return fmt.Errorf("%d callers are left", n)
		}
		return nil
	})
	u.r.Clean()
	u.r.Eventually("every agent free", func() error {
		if n := u.r.Metric(`ctid_agent_state{state="ready"}`); n != killAgents {
			return fmt.Errorf("%v of %d agents are ready", n, killAgents)
		}
		return nil
	})
	u.oneEach()
	u.rings()
	u.order()
	u.gaps()
}
