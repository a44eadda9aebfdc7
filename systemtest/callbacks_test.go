package systemtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

// The scene of callbacks: so many callers wait, three in ten take the offer of a call back, half of those are not to be had at the first
// attempt.
const (
	sceneCallers = 20
	sceneAgents  = 4
	sceneMissed  = 2 // the second who waits, hangs up and calls again
	sceneGap     = 2 * time.Second
	sceneTalk    = 1200 * time.Millisecond
)

// offerScript offers a call back by a key; first is who is rung first.
func offerScript(first string) string {
	return `version: 1
prompts: {offer: Press one for a call back., booked: We will call you back., no: Please call again.}
nodes:
  q:
    - queue: {name: sales, at_most: 5m, callback: {offer: offer, key: 1, after: 1s, confirm: false, tries: 6, gap: 2s, window: 10m, first: ` + first + `}}
      then: {callback: booked, otherwise: no}
  booked: [{play: booked}, {hangup: normal}]
  no: [{play: no}, {hangup: normal}]
`
}

// backCaller is a caller of the scene.
type backCaller struct {
	place  int
	number string // E.164
	d      *phonetest.Dialog
	takes  bool // the offer
	ahead  bool // and is to be called before an agent
	status int  // the SIP status with which the first call to him ends; 0: he answers
}

// backScene is the scene on a real Asterisk.
type backScene struct {
	*scripted
	line    *phonetest.Phone // all telephones outside
	phones  []*phonetest.Phone
	callers []*backCaller // of all rounds

	mu     sync.Mutex
	rung   map[string]int // how often each number outside has been rung
	hoping sync.WaitGroup // those who are being called back
}

func startScene(t *testing.T) *backScene {
	t.Helper()
	s := &backScene{rung: map[string]int{}}
	s.scripted = startScripts(t, Options{Agents: sceneAgents, Desk: "none", Queue: "resume: 30s"}, []string{offerScript("agent"), offerScript("customer")}, nil)
	var err error
	if s.line, err = phonetest.New(phonetest.Config{User: "carrier", Server: s.r.PBX.SIPAddr()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.line.Close() })
	if err := s.line.Register(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.line.SetPolicy(phonetest.Ring())
	go func() {
		for {
			d, err := s.line.AwaitCall(t.Context())
			if err != nil {
				return
			}
			s.hoping.Go(func() { s.calledBack(d) })
		}
	}()
	t.Cleanup(s.hoping.Wait)
	for _, e := range s.r.Agents() { // they come on duty when all have decided
		p, err := phonetest.New(phonetest.Config{User: e, Password: s.r.PBX.PhonePassword(), Server: s.r.PBX.SIPAddr()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		p.SetTone(takesHz)
		p.SetPolicy(phonetest.AnswerAfter(100 * time.Millisecond))
		s.phones = append(s.phones, p)
	}
	return s
}

// calledBack is what a customer does whose telephone rings.
func (s *backScene) calledBack(d *phonetest.Dialog) {
	c := s.callerOf(d.To)
	if c == nil {
		s.r.T.Errorf("%s was called, who has never called", d.To)
		d.Reject(404)
		return
	}
	s.mu.Lock()
	s.rung[c.number]++
	first := s.rung[c.number] == 1
	s.mu.Unlock()
	if first && c.status > 0 {
		<-time.After(200 * time.Millisecond)
		d.Reject(c.status)
		return
	}
	if d.Answer(s.ctx) != nil {
		return // who called has given up
	}
	if c.ahead {
		press, stop := context.WithCancel(s.ctx)
		defer stop()
		s.hoping.Go(func() { pressUntil(press, d) })
	}
	if s.hearsAgent(d) {
		_ = d.Hangup(s.ctx) // the agent may have been faster
	}
}

// pressUntil presses the key every other second until ctx or the call ends.
func pressUntil(ctx context.Context, d *phonetest.Dialog) {
	for d.AwaitAudio(ctx, 200*time.Millisecond) == nil {
		_ = d.SendDTMF(ctx, "1") // its error is the call's end
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-d.Ended():
			return
		case <-ctx.Done():
			return
		}
	}
}

// hearsAgent waits until an agent has been heard for a moment; false: the call is over.
func (s *backScene) hearsAgent(d *phonetest.Dialog) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := 0; n < 5; {
		select {
		case <-tick.C:
		case <-d.Ended():
			return false
		case <-s.ctx.Done():
			return false
		}
		if n++; !d.Hears(takesHz) {
			n = 0
		}
	}
	return true
}

func (s *backScene) callerOf(number string) *backCaller {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.callers {
		if c.number == number {
			return c
		}
	}
	return nil
}

// come has callers call in who have not been there before, one after the other.
func (s *backScene) come() []*backCaller {
	s.r.T.Helper()
	base, taken := len(s.callers), 0
	for i := range sceneCallers {
		c := &backCaller{place: base + i, number: e164(from(500 + base + i)), takes: i%10 == 1 || i%10 == 4 || i%10 == 7}
		dnis := i % 2
		if c.takes {
			c.ahead = taken == 1 || taken == 2 || taken == 5
			c.status = []int{486, 0, 480, 0, 603, 0}[taken]
			if dnis = 0; c.ahead {
				dnis = 1
			}
			taken++
		}
		s.mu.Lock()
		s.callers = append(s.callers, c)
		s.mu.Unlock()
		c.d = s.dialIn(c, dnis)
	}
	return s.callers[base:]
}

func (s *backScene) dialIn(c *backCaller, dnis int) *phonetest.Dialog {
	s.r.T.Helper()
	d, err := s.r.Caller().Call(s.ctx, dnisOf(dnis), phonetest.CallOptions{From: "0" + c.number[3:]})
	if err != nil {
		s.r.T.Fatal(err)
	}
	return d
}

// decide lets those press the key who take the offer. When they are gone the agents come on duty, and the others talk with them.
func (s *backScene) decide(now []*backCaller) error {
	var takers sync.WaitGroup
	for _, c := range now {
		if c.takes {
			takers.Go(func() { pressUntil(s.ctx, c.d) })
			continue
		}
		s.wg.Go(func() {
			if s.hearsAgent(c.d) {
				<-time.After(sceneTalk)
				_ = c.d.Hangup(s.ctx) // the agent may have been lost
			} else {
				s.r.T.Errorf("%s, number %d, was lost: %+v", c.number, c.place, c.d.End())
			}
		})
	}
	takers.Wait()
	var errs []error
	for _, p := range s.phones {
		errs = append(errs, p.Register(s.ctx))
	}
	return errors.Join(errs...)
}

// served waits until nobody waits any more, on the line or to be called back.
func (s *backScene) served() {
	s.r.T.Helper()
	s.wg.Wait()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		open := s.booked()
		if len(open) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.r.T.Fatalf("callbacks are open: %+v", open)
		}
	}
}

// Twenty callers wait, six of them take the offer of a call back by its key, three with their own telephone first and three with the
// agent's; of each three some are busy, not there or reject the first call. One who waits hangs up and calls again. All are served in the order of their coming.
func TestRealCallbacks(t *testing.T) {
	s := startScene(t)
	now := s.come()
	back := now[sceneMissed]
	if err := back.d.Hangup(s.ctx); err != nil {
		t.Fatal(err)
	}
	s.r.Eventually("one place free", func() error {
		if n := s.r.Metric(`ctid_queue_waiting{queue="sales"}`); n >= sceneCallers {
			return fmt.Errorf("%v wait", n)
		}
		return nil
	})
	back.d = s.dialIn(back, 0)
	if err := s.decide(now); err != nil {
		t.Fatal(err)
	}
	s.served()
	s.r.Clean()
	s.oneDialEach()
	s.order(0)
	s.again()
	s.attempts()
	if n, want := len(s.r.EndedRecords()), sceneCallers+1+6+3; n != want {
		t.Errorf("%d records, want %d", n, want)
	}
}

// The same, round after round, while ctid is killed and started again at random instants: nobody is dialled by two calls at once, each
// callback is closed with its reason, and nobody loses his place or is forgotten. Each round has two kills.
func TestRealCallbackKills(t *testing.T) {
	kills, seed := faultsOf(t), uint64(1)
	if n, err := strconv.ParseUint(envOr("CTID_SEED", "1"), 10, 64); err == nil {
		seed = n
	}
	rnd := rand.New(rand.NewPCG(seed, 500))
	s := startScene(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Duration(kills)*45*time.Second)
	t.Cleanup(cancel)
	s.ctx = ctx
	for done := 0; done < kills; {
		first := len(s.callers)
		now := s.come()
		decided := make(chan error, 1)
		began := time.Now()
		go func() { decided <- s.decide(now) }()
		for i := range min(2, kills-done) { // the offers take about 4 s, the rest 8 s
			done++
			<-time.After(time.Duration(rnd.IntN([]int{7000, 3500}[i])) * time.Millisecond)
			at := time.Since(began)
			s.r.Kill()
			<-time.After(time.Duration(rnd.IntN(1500)) * time.Millisecond)
			s.r.Launch()
			t.Logf("fault %d of %d, %v after the round's begin, back after %v", done, kills, at.Round(time.Millisecond), (time.Since(began) - at).Round(time.Millisecond))
		}
		if err := <-decided; err != nil {
			t.Fatal(err)
		}
		s.served()
		s.r.Clean()
		s.order(first)
		for _, p := range s.phones {
			if err := p.Unregister(s.ctx); err != nil {
				t.Fatal(err)
			}
		}
		s.r.Eventually("the agents gone", func() error {
			if n := s.r.Metric(`ctid_agent_state{state="ready"}`); n > 0 {
				return fmt.Errorf("%v are ready", n)
			}
			return nil
		})
	}
	s.oneDialEach()
	s.reached()
}
