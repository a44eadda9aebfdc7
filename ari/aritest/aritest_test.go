package aritest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ctid/ari"
	"ctid/ari/aritest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told collects what a node tells, as "Type channel".
type told struct {
	node *ari.Node

	mu    sync.Mutex
	lines []string
}

// on runs f in a bubble with a connected node.
func on(t *testing.T, f func(t *testing.T, fake *aritest.Server, n *told)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake := aritest.New(aritest.Options{})
		node, err := ari.New(fake.Config())
		if err != nil {
			t.Fatal(err)
		}
		n := &told{node: node}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { _ = node.Run(ctx) }()
		go func() {
			defer close(ended)
			for m := range node.Events() {
				if m.Kind == ari.KindEvent && m.Event.Header().Application == "ctid" {
					n.mu.Lock()
					n.lines = append(n.lines, m.Event.Header().Type+" "+m.Event.Subject().Channel)
					n.mu.Unlock()
				}
			}
		}()
		synctest.Wait()
		f(t, fake, n)
		cancel()
		<-ended
		fake.Close()
	})
}

func (n *told) take() []string {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.lines
	n.lines = nil
	return out
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsOfEvents(t *testing.T) {
	for name, c := range map[string]struct {
		fault aritest.EventFault
		want  func(a, b string) []string
	}{
		"none": {aritest.EventFault{Type: "StasisEnd", Drop: true}, func(a, b string) []string { return []string{"StasisStart " + a, "StasisStart " + b} }},
		"drop": {aritest.EventFault{Type: "StasisStart", Times: 1, Drop: true}, func(_, b string) []string { return []string{"StasisStart " + b} }},
		"duplicate": {aritest.EventFault{Type: "StasisStart", Times: 1, Duplicate: true}, func(a, b string) []string {
			return []string{"StasisStart " + a, "StasisStart " + a, "StasisStart " + b}
		}},
		"swap": {aritest.EventFault{Type: "StasisStart", Times: 1, Swap: true}, func(a, b string) []string { return []string{"StasisStart " + b, "StasisStart " + a} }},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, func(t *testing.T, fake *aritest.Server, n *told) {
				fake.FaultEvents(c.fault)
				a, b := fake.Call(aritest.Caller{DNIS: "1"}), fake.Call(aritest.Caller{DNIS: "2"})
				if got, want := n.take(), c.want(a.ID(), b.ID()); !slices.Equal(got, want) {
					t.Errorf("told %v, want %v", got, want)
				}
			})
		})
	}
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		fake.FaultEvents(aritest.EventFault{Type: "StasisStart", Times: 1, Delay: time.Minute})
		c := fake.Call(aritest.Caller{DNIS: "1"})
		if got := n.take(); len(got) != 0 {
			t.Errorf("told at once: %v", got)
		}
		time.Sleep(time.Minute)
		if got := n.take(); !slices.Equal(got, []string{"StasisStart " + c.ID()}) {
			t.Errorf("told late: %v", got)
		}
	})
}

func TestHeldEventsKeepTheirChannelsOrder(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		fake.FaultEvents(aritest.EventFault{Type: "StasisStart", Times: 1, Swap: true})
		a := fake.Call(aritest.Caller{DNIS: "1"})
		a.Press("1")
		if got := n.take(); len(got) != 0 {
			t.Errorf("told before another channel: %v", got)
		}
		b := fake.Call(aritest.Caller{DNIS: "2"})
		want := []string{"StasisStart " + b.ID(), "StasisStart " + a.ID(), "ChannelDtmfReceived " + a.ID()}
		if got := n.take(); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestPhonesBehave(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		p := fake.Phone("1001", aritest.Behaviour{Ring: time.Second, After: 2 * time.Second, Talk: 5 * time.Second})
		must(t, n.node.Originate(t.Context(), ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001"}))
		if p.Ringing() || p.Leg() != "l1" {
			t.Error("it rings before its time, or not at all")
		}
		time.Sleep(1500 * time.Millisecond)
		if !p.Ringing() {
			t.Error("it does not ring")
		}
		time.Sleep(2 * time.Second)
		if chans := fake.Channels(); len(chans) != 1 || chans[0].State != "Up" || chans[0].App != "ctid" {
			t.Errorf("channels %+v", chans)
		}
		time.Sleep(5 * time.Second)
		if chans := fake.Channels(); len(chans) != 0 {
			t.Errorf("left: %+v", chans)
		}
		got := n.take()
		if last := got[len(got)-1]; last != "ChannelDestroyed l1" {
			t.Errorf("the last told is %s", last)
		}
	})
}

func TestTransferByPhone(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		p := fake.Phone("1001", aritest.AnswerAfter(time.Second))
		fake.Phone("1002", aritest.AnswerAfter(time.Second))
		c := fake.Call(aritest.Caller{DNIS: "1"})
		ctx := t.Context()
		must(t, n.node.Originate(ctx, ari.OriginateRequest{
			ChannelID: "l1", Endpoint: "PJSIP/1001", Variables: map[string]string{"PJSIP_TRANSFER_HANDLING()": "ari-only"},
		}))
		time.Sleep(2 * time.Second)
		must(t, n.node.Answer(ctx, c.ID()), n.node.CreateBridge(ctx, "b1", ari.BridgeMixing, ""), n.node.AddToBridge(ctx, "b1", c.ID(), "l1"))
		n.take()
		p.Refer("1002")
		if got := n.take(); !slices.Equal(got, []string{"ChannelTransfer l1"}) {
			t.Fatalf("told %v", got)
		}
		must(t, n.node.Originate(ctx, ari.OriginateRequest{ChannelID: "l2", Endpoint: "PJSIP/1002"}))
		time.Sleep(2 * time.Second)
		must(t, n.node.AddToBridge(ctx, "b1", "l2"), n.node.TransferProgress(ctx, "l1", ari.TransferAnswered))
		synctest.Wait()
		if got := fake.Bridges()["b1"]; !slices.Equal(got, []string{"l2", c.ID()}) {
			t.Errorf("in the bridge: %v", got)
		}
	})
}

func TestWhatACallerHears(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		c, ctx := fake.Call(aritest.Caller{DNIS: "1"}), t.Context()
		hears := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if got := c.Hears(); !slices.Equal(got, want) {
				t.Errorf("hears %v, want %v", got, want)
			}
		}
		hears()
		must(t, n.node.Ring(ctx, c.ID()))
		hears("ringing")
		must(t, n.node.Answer(ctx, c.ID()), n.node.StartMOH(ctx, c.ID(), "jazz"))
		hears("moh:jazz")
		must(t, n.node.Play(ctx, ari.OnlyChannel(c.ID()), ari.PlayRequest{ID: "p", Media: []string{"sound:a", "digits:12"}}))
		hears("sound:a")
		time.Sleep(time.Second)
		hears("digits:12")
		time.Sleep(time.Second)
		hears("moh:jazz")
		if !c.HeardAny("digits") || !slices.Equal(c.Heard(), []string{"sound:a", "digits:12"}) {
			t.Errorf("heard %v", c.Heard())
		}
	})
}

func TestUntilWaitsForAChange(t *testing.T) {
	on(t, func(t *testing.T, fake *aritest.Server, n *told) {
		c := fake.Call(aritest.Caller{DNIS: "1"})
		time.AfterFunc(time.Hour, c.Hangup)
		began := time.Now()
		must(t, fake.Until(t.Context(), func() bool { over, _ := c.Ended(); return over }))
		if d := time.Since(began); d != time.Hour {
			t.Errorf("waited %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := fake.Until(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

// Close ends requests that wait, timers and sockets.
func TestCloseWhileAllIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := aritest.New(aritest.Options{})
		node, err := ari.New(fake.Config())
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- node.Run(ctx) }()
		go func() {
			for range node.Events() {
			}
		}()
		synctest.Wait()
		c := fake.Call(aritest.Caller{DNIS: "1"})
		must(t, node.Play(ctx, ari.OnlyChannel(c.ID()), ari.PlayRequest{ID: "p", Media: []string{"tone:ring"}}))
		go func() { ended <- node.Answer(ctx, c.ID()) }()
		synctest.Wait()
		fake.Close()
		if err := <-ended; !ari.IsNoAnswer(err) {
			t.Errorf("the waiting answer: %v", err)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
}
