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

// oneEach says that each caller has one record, or is in the log of the fallback queue.
func (u *rush) oneEach() {
	u.t.Helper()
	records, fallen := map[string]int{}, u.fallen()
	u.r.Eventually("every record's end", func() error {
		clear(records)
		for _, rec := range u.r.Records() {
			records[string(rec.ANI.E164)]++
			if rec.End == nil { // the last one may be on its way to the disk
				return fmt.Errorf("the record of %s has no end", rec.ANI.E164)
			}
		}
		return nil
	})
	inCtid, inFallback := 0, 0
	for _, c := range u.all() {
		switch rec, fell := records[c.number], fallen[c.number]; {
		case rec == 1 && fell == 0:
			inCtid++
		case rec == 0 && fell == 1:
			inFallback++
		case rec == 0 && fell == 0 && c.d.Times().Answered.IsZero(): // gone before Asterisk had him: at the very end only
		default:
			u.t.Errorf("%s, dialled %s: %d records, %d times in the fallback queue", c.number, c.dialed.Format("15:04:05.000"), rec, fell)
		}
	}
	u.t.Logf("%d calls: %d with a record, %d in the fallback queue", len(u.all()), inCtid, inFallback)
}

// ring is one call of a phone.
type ring struct {
	phone int
	from  string
	span
	d *phonetest.Dialog
}

func (u *rush) allRings() []ring {
	var list []ring
	for n, p := range u.phones {
		for _, d := range p.Calls() {
			list = append(list, ring{n, d.From, span{d.Times().Invited, d.Times().Ended}, d})
		}
	}
	slices.SortFunc(list, func(a, b ring) int { return a.from0().Compare(b.from0()) })
	return list
}

func (r ring) from0() time.Time { return r.span.from }

// rings says that no phone rang for two callers, no caller rang two phones, and nobody was connected twice.
func (u *rush) rings() {
	u.t.Helper()
	list := u.allRings()
	answered := map[string]int{}
	for i, a := range list {
		// An agent who answers at the very instant of a kill is cut off at once, and his caller is offered again.
		if at := a.d.Times().Answered; !at.IsZero() && a.to.Sub(at) > 3*time.Second {
			answered[a.from]++
		}
		for _, b := range list[i+1:] {
			if b.span.from.After(a.to) {
				break
			}
			if a.phone == b.phone {
				u.t.Errorf("phone %d rang for %s and %s at once, %s", a.phone, a.from, b.from, b.span.from.Format("15:04:05.000"))
			}
			if a.from == b.from {
				u.t.Errorf("caller %s rang phones %d and %d at once, %s", a.from, a.phone, b.phone, b.span.from.Format("15:04:05.000"))
			}
		}
	}
	for number, n := range answered {
		if n > 1 {
			u.t.Errorf("%s was connected %d times", number, n)
		}
	}
	u.t.Logf("%d rings, %d callers connected", len(list), len(answered))
}

// order says that those who waited at a fault rang in the order in which they had come.
func (u *rush) order() {
	u.t.Helper()
	first := u.firstRings()
	var waited []*rushCaller
	for _, c := range u.all() {
		at, rang := first[c.number]
		for _, s := range u.blind {
			if c.dialed.Add(slack).Before(s.from) && (!rang || at.After(s.from)) && !c.d.Times().Answered.IsZero() {
				if rang {
					waited = append(waited, c)
				}
				break
			}
		}
	}
	for i, a := range waited {
		for _, b := range waited[i+1:] {
			if a.dialed.Add(slack).Before(b.dialed) && first[a.number].After(first[b.number].Add(slack)) {
				u.t.Errorf("%s came %v before %s and rang %v after him\n%s\n%s", a.number, b.dialed.Sub(a.dialed), b.number,
					first[a.number].Sub(first[b.number]), u.offers(a), u.offers(b))
			}
		}
	}
	u.t.Logf("%d callers who waited at a fault rang in the order of their entry", len(waited))
}

// offers is what the record of a caller says of his offers.
func (u *rush) offers(c *rushCaller) string {
	out := "  " + c.number
	for _, rec := range u.r.Records() {
		if string(rec.ANI.E164) == c.number {
			out += fmt.Sprintf(": queues %+v, offers %+v", rec.Queues, rec.Offers)
		}
	}
	return out
}

// silence is a time in which a phone got no audio.
type silence struct {
	who   string
	begin time.Time
	long  time.Duration
}

func (s silence) meets(o silence) bool {
	return o.begin.Before(s.begin.Add(s.long)) && s.begin.Before(o.begin.Add(o.long))
}

func silences(who string, d *phonetest.Dialog, least time.Duration, from, to time.Time) []silence {
	var list []silence
	var last time.Time
	for _, f := range d.Frames() {
		if f.At.Before(from) || f.At.After(to) {
			continue
		}
		if long := f.At.Sub(last); !last.IsZero() && long > least {
			list = append(list, silence{who, last, long})
		}
		last = f.At
	}
	return list
}

// machines tells whether a silence is the machine's: half of those who waited just then, to whose music nothing happens
// in a fault, had one as well.
func (u *rush) machines(s silence, first map[string]time.Time) bool {
	witnesses, silent := 0, 0
	for _, c := range u.all() {
		ti := c.d.Times()
		end := ti.Ended
		if rang, ok := first[c.number]; ok {
			end = rang
		}
		if ti.Answered.IsZero() || ti.Answered.Add(500*time.Millisecond).After(s.begin) || end.Before(s.begin.Add(s.long)) {
			continue
		}
		witnesses++
		for _, o := range silences(c.number, c.d, s.long/2, s.begin.Add(-time.Second), s.begin.Add(s.long+time.Second)) {
			if s.meets(o) {
				silent++
				break
			}
		}
	}
	return witnesses >= 3 && 2*silent >= witnesses
}

// gaps says that no talker in a fault heard a silence that is longer, by over the limit, than those without a fault.
func (u *rush) gaps() {
	u.t.Helper()
	first := u.firstRings()
	var calm, during time.Duration
	talkers, stalls := 0, 0
	for _, r := range u.allRings() {
		ti := r.d.Times()
		if ti.Answered.IsZero() || ti.Ended.IsZero() {
			continue
		}
		begin, end := ti.Answered.Add(time.Second), ti.Ended.Add(-300*time.Millisecond)
		if !end.After(begin) {
			continue
		}
		hit := slices.ContainsFunc(u.blind, func(s span) bool { return !s.to.Before(begin) && !s.from.After(end) })
		gap := min(gapLimit, r.d.LargestGap(begin, end))
		for _, s := range silences(r.from, r.d, gapLimit, begin, end) {
			if u.machines(s, first) {
				stalls++
				continue
			}
			gap = max(gap, s.long)
			u.t.Logf("the agent of %s heard nothing for %v, in a fault: %v", s.who, s.long, hit)
		}
		if hit {
			talkers++
			during = max(during, gap)
		} else {
			calm = max(calm, gap)
		}
	}
	u.t.Logf("%d talkers in a fault: the largest gap is %v; without a fault %v; %d gaps were those of the whole machine",
		talkers, during.Round(time.Millisecond), calm.Round(time.Millisecond), stalls)
	if during > calm+gapLimit {
		u.t.Errorf("a talker heard nothing for %v; without a fault the most is %v", during, calm)
	}
	if talkers == 0 {
		u.t.Error("nobody talked at a fault")
	}
}

// firstRings is when an agent's phone first rang for each caller.
func (u *rush) firstRings() map[string]time.Time {
	first := map[string]time.Time{}
	for _, r := range u.allRings() {
		if _, ok := first[r.from]; !ok {
			first[r.from] = r.span.from
		}
	}
	return first
}
