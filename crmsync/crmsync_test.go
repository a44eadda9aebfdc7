package crmsync_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ctid"
	"ctid/crmsync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is an outbox in memory with the states that the store's has.
type box struct {
	mu    sync.Mutex
	rows  []*entry
	ready chan struct{}
	fail  error // what every claim gives
}

type entry struct {
	d     ctid.Delivery
	state string
	due   time.Time
	ref   string
}

func newBox() *box { return &box{ready: make(chan struct{}, 1)} }

func (b *box) add(call ctid.CallID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, &entry{state: "due", due: time.Now(), d: ctid.Delivery{ID: int64(len(b.rows) + 1), Call: call, Kind: ctid.DeliverContact}})
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *box) ClaimDeliveries(_ context.Context, lease time.Duration, n int) (list []ctid.Delivery, next time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return nil, time.Time{}, b.fail
	}
	for _, e := range b.rows {
		if e.state != "due" && e.state != "claimed" {
			continue
		}
		if !e.due.After(time.Now()) {
			e.state, e.due = "claimed", time.Now().Add(lease)
			e.d.Attempt++
			if list = append(list, e.d); len(list) == n {
				return list, time.Now(), nil
			}
			continue
		}
		if next.IsZero() || e.due.Before(next) {
			next = e.due
		}
	}
	return list, next, nil
}

func (b *box) end(id int64, state, ref string, due time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.rows[id-1]
	e.state, e.ref, e.due = state, ref, due
	return nil
}

func (b *box) Delivered(_ context.Context, id int64, ref string) error {
	return b.end(id, "done", ref, time.Time{})
}
func (b *box) RetryDelivery(_ context.Context, id int64, at time.Time, _ error) error {
	return b.end(id, "due", "", at)
}
func (b *box) GiveUpDelivery(_ context.Context, id int64, _ error) error {
	return b.end(id, "given_up", "", time.Time{})
}
func (b *box) OutboxReady() <-chan struct{} { return b.ready }

func (b *box) states() (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.rows {
		out = append(out, e.state)
	}
	return out
}

func (b *box) setFail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// crm answers each delivery as the test says.
type crm struct {
	mu     sync.Mutex
	answer func(ctx context.Context, d ctid.Delivery) error
	got    []string
	at     []time.Time
}

func (*crm) Name() string { return "test" }

func (c *crm) Deliver(ctx context.Context, d ctid.Delivery) (string, error) {
	c.mu.Lock()
	c.got = append(c.got, fmt.Sprintf("%s/%d", d.Call, d.Attempt))
	c.at = append(c.at, time.Now())
	c.mu.Unlock()
	return "ref-" + string(d.Call), c.answer(ctx, d)
}

func (c *crm) log() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// run starts a Sync in the bubble and returns how to stop it.
func run(t *testing.T, b *box, c *crm) (stop func()) {
	t.Helper()
	s := crmsync.New(b, c, crmsync.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
}

func TestDeliversAndThenSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBox(), &crm{answer: func(context.Context, ctid.Delivery) error { return nil }}
		b.add("c_1")
		b.add("c_2")
		defer run(t, b, c)()
		synctest.Wait()
		b.add("c_3")
		synctest.Wait()
		if got := slices.Sorted(slices.Values(c.log())); !slices.Equal(got, []string{"c_1/1", "c_2/1", "c_3/1"}) {
			t.Errorf("delivered %v", got)
		}
		if b.rows[2].ref != "ref-c_3" {
			t.Errorf("the reference kept is %q", b.rows[2].ref)
		}
	})
}

func TestBacksOffAndPassesOthersBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := 4
		b := newBox()
		c := &crm{}
		c.answer = func(_ context.Context, d ctid.Delivery) error {
			if d.Call == "c_1" && d.Attempt <= fails {
				return errors.New("503")
			}
			return nil
		}
		b.add("c_1")
		b.add("c_2")
		defer run(t, b, c)()
		synctest.Wait()
		if got := slices.Sorted(slices.Values(c.log())); !slices.Equal(got, []string{"c_1/1", "c_2/1"}) {
			t.Fatalf("at first delivered %v: a failing contact must not hold up the next", got)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if got := b.states(); !slices.Equal(got, []string{"done", "done"}) {
			t.Fatalf("states are %v after %v", got, c.log())
		}
		var waits []time.Duration
		for i := 2; i < len(c.at); i++ {
			waits = append(waits, c.at[i].Sub(c.at[max(0, i-1)]))
		}
		// Each wait lies within half of 1, 1.5, 2.25, 3.375 s.
		want := time.Second
		for i, w := range waits {
			if w < want/2 || w > want*3/2 {
				t.Errorf("wait %d is %v, want about %v", i+1, w, want)
			}
			want = want * 3 / 2
		}
		if len(waits) != fails {
			t.Errorf("%d waits, want %d", len(waits), fails)
		}
	})
}

// A CRM that is slow with one contact is given others meanwhile, but no more than it is to have at once.
func TestDeliversSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		b, c := newBox(), &crm{answer: func(context.Context, ctid.Delivery) error { <-open; return nil }}
		for i := range 20 {
			b.add(ctid.CallID(fmt.Sprint("c_", i)))
		}
		defer run(t, b, c)()
		synctest.Wait()
		if n := len(c.log()); n != 16 {
			t.Errorf("%d deliveries are under way, want 16", n)
		}
		close(open)
		synctest.Wait()
		if n := len(c.log()); n != 20 || slices.ContainsFunc(b.states(), func(s string) bool { return s != "done" }) {
			t.Errorf("%d deliveries, %v", n, b.states())
		}
	})
}

func TestGivesUpOnPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBox(), &crm{answer: func(context.Context, ctid.Delivery) error { return crmsync.Permanent(errors.New("malformed")) }}
		b.add("c_1")
		defer run(t, b, c)()
		<-time.After(time.Hour)
		synctest.Wait()
		if got := b.states(); !slices.Equal(got, []string{"given_up"}) || len(c.log()) != 1 {
			t.Errorf("states are %v after %v", got, c.log())
		}
	})
}

func TestTimesOutAndStopsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBox(), &crm{answer: func(ctx context.Context, _ ctid.Delivery) error { <-ctx.Done(); return ctx.Err() }}
		b.add("c_1")
		stop := run(t, b, c)
		<-time.After(29 * time.Second)
		synctest.Wait()
		if got := b.states(); got[0] != "claimed" {
			t.Errorf("before the time-out the state is %s", got[0])
		}
		<-time.After(1500 * time.Millisecond)
		synctest.Wait()
		if n := len(c.log()); n < 1 || b.states()[0] == "done" {
			t.Errorf("after the time-out: %d attempts, state %s", n, b.states()[0])
		}
		stop()
	})
}

func TestOutboxInTroubleIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBox(), &crm{answer: func(context.Context, ctid.Delivery) error { return nil }}
		b.setFail(errors.New("locked"))
		b.add("c_1")
		defer run(t, b, c)()
		<-time.After(10 * time.Second)
		b.setFail(nil)
		<-time.After(time.Minute)
		synctest.Wait()
		if got := b.states(); got[0] != "done" {
			t.Errorf("state is %s", got[0])
		}
	})
}
