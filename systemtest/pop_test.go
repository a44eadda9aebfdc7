package systemtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

// offersSeen places n calls, as many at once as there are agents, and says for how many offers the desktop had read the
// pop before the phone had read the INVITE. Both times are taken outside of ctid, on one clock.
func offersSeen(t *testing.T, n int, env ...string) (offers, popFirst int) {
	t.Helper()
	const agents = 10
	r := Start(t, Options{Bin: program, PBX: asterisk, Agents: agents, Script: QueueOnly, Env: env})
	phones := map[string]*phonetest.Phone{}
	for _, a := range r.Agents() {
		phones[a] = r.Phone(a)
		phones[a].SetPolicy(phonetest.AnswerAfter(0))
	}
	desks := startReader(t, r)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range agents / 3 { // most of them are free at any time, so that each offer goes to a desktop at rest
		wg.Go(func() {
			caller := r.Caller()
			for i := range jobs {
				if err := oneTalk(ctx, caller, fmt.Sprintf("0207946%04d", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range n {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	r.Clean()
	pops := desks.stop()
	for a, p := range phones {
		for _, call := range p.Calls() {
			offers++
			at, ok := pops[call.From]
			if ok && at.Before(call.Times().Invited) {
				popFirst++
				continue
			}
			t.Logf("agent %s, caller %s: pop %v (there is one: %v), INVITE %v", a, call.From, at.Format(clock), ok, call.Times().Invited.Format(clock))
		}
	}
	return offers, popFirst
}

// oneTalk calls, is connected, hears the agent's line for a moment and hangs up.
func oneTalk(ctx context.Context, caller *phonetest.Phone, from string) error {
	call, err := caller.Call(ctx, Number, phonetest.CallOptions{From: from})
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	if err := call.AwaitAudio(ctx, 200*time.Millisecond); err != nil {
		return fmt.Errorf("no audio: %w", err)
	}
	return call.Hangup(ctx)
}

const clock = "15:04:05.000000"

// The pop is on the agent's screen before his phone rings.
func TestRealPopBeforeRing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		calls int
		env   []string
	}{
		{"as it is", 200, nil},
		{"with 30 ms of delay in each write", 200, []string{"CTID_FAULT_WRITE_DELAY=30ms"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			offers, first := offersSeen(t, tt.calls, tt.env...)
			t.Logf("pop first in %d of %d offers", first, offers)
			if offers < tt.calls || first != offers {
				t.Errorf("pop first in %d of %d offers", first, offers)
			}
		})
	}
}

// The check above can fail: a build that rings first is found out.
func TestRealRingFirstIsFound(t *testing.T) {
	offers, first := offersSeen(t, 20, "CTID_FAULT_RING_FIRST=1", "CTID_FAULT_WRITE_DELAY=30ms")
	if offers < 20 || first == offers {
		t.Errorf("the phone rang first, and the check says that the pop was first in %d of %d offers", first, offers)
	}
}
