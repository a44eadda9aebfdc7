package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

var failureTests = []test{
	{"failure: on a full disk rows wait, callers are told, and nothing is lost", fullDisk},
	{"failure: a lock held over 2 s is told in time, and nothing is lost", heldLock},
	{"failure: who gives up while the lock is held leaves nothing behind", giveUp},
	{"failure: a full backlog drops row by row, records last, each named", fullBacklog},
	{"failure: close with a dead disk names what is lost", closeDead},
	{"concurrency: log, records, customers, reads and erasures at once", together},
}

// big is a row that fits on no page that is there already.
func big(seq uint64) ctid.LogEntry {
	e := row(seq, "c_1")
	e.Body = ctid.CallNote{What: strings.Repeat("x", 20_000)}
	return e
}

func fullDisk(t *testing.T, r Rig) {
	s := r.start(t)
	put(t, s, row(1, "c_1"))
	off := r.Full(t, s)
	a := newAcks()
	for i := uint64(2); i <= 20; i++ {
		e := big(i)
		e.Done = a.done(i)
		s.Append(e)
	}
	await(t, "all to be told", func() bool { return a.count() == 19 })
	for i := uint64(2); i <= 20; i++ {
		err := a.of(t, i)
		wantErr(t, err, store.ErrUnsaved)
	}
	if err := s.Healthy(); err == nil {
		t.Error("healthy while the disk is full")
	}
	late := big(21)
	late.Done = a.done(21)
	s.Append(late)
	await(t, "a newcomer to be told", func() bool { return a.count() == 20 })
	if d := s.Depth(); d != 20 {
		t.Errorf("%d rows wait, want 20", d)
	}
	if _, err := s.PutCustomer(t.Context(), ctid.Customer{Name: ctid.Private(strings.Repeat("y", 50_000))}); err == nil {
		t.Error("a customer was written on a full disk")
	}
	off()
	await(t, "the backlog to go down", func() bool { return s.Depth() == 0 && s.Healthy() == nil })
	if got := seqs(t, s); len(got) != 21 || !slices.IsSorted(got) {
		t.Errorf("the log has %v", got)
	}
	if n := a.count(); n != 20 {
		t.Errorf("%d answers to 20 rows: somebody was told twice", n)
	}
	sound(t, s)
}

func heldLock(t *testing.T, r Rig) {
	s := r.start(t)
	put(t, s, row(1, "c_1"))
	release := r.Hold(t)
	start := time.Now()
	a := newAcks()
	e := recordRow(2, ended(record("c_1", "+32470111222")))
	e.Done = a.done(2)
	s.Append(e)
	await(t, "the row to be told", func() bool { return a.count() == 1 })
	took := time.Since(start)
	err := a.of(t, 2)
	wantErr(t, err, store.ErrUnsaved)
	if took < 1900*time.Millisecond || took > 4*time.Second {
		t.Errorf("told after %v, want about 2 s", took)
	}
	if s.Healthy() == nil {
		t.Error("healthy while the lock is held")
	}
	start = time.Now()
	next := row(3, "c_1")
	next.Done = a.done(3)
	s.Append(next)
	await(t, "a newcomer to be told", func() bool { return a.count() == 2 })
	if took := time.Since(start); took > time.Second {
		t.Errorf("a newcomer was told after %v, want at once", took)
	}
	release()
	await(t, "recovery", func() bool { return s.Depth() == 0 && s.Healthy() == nil })
	if got := seqs(t, s); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("the log has %v", got)
	}
	sound(t, s)
}

// giveUp: a write whose caller has gone is not done afterwards.
func giveUp(t *testing.T, r Rig) {
	s := r.start(t)
	release := r.Hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := s.PutCustomer(ctx, ctid.Customer{ID: "cu_1", Name: "Ann"})
		gone <- err
	}()
	cancel()
	wantErr(t, <-gone, context.Canceled)
	release()
	must(s.PutCustomer(t.Context(), ctid.Customer{ID: "cu_2", Name: "Bob"}))(t)
	_, err := s.Customer(t.Context(), "cu_1")
	wantErr(t, err, store.ErrNotFound)
}

// lines is a log handler's writer that a test may read meanwhile.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) count(parts ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			n++
		}
	}
	return n
}

func fullBacklog(t *testing.T, r Rig) {
	out := &lines{}
	s := r.start(t, func(c *store.Config) { c.Backlog, c.Log = 10, slog.New(slog.NewTextHandler(out, nil)) })
	off := r.Full(t, s)
	a := newAcks()
	add := func(e ctid.LogEntry) {
		e.Done = a.done(e.Seq)
		s.Append(e)
	}
	for i := uint64(1); i <= 15; i++ {
		add(big(i))
	}
	await(t, "15 answers", func() bool { return a.count() == 15 && s.Depth() == 10 })
	for i := uint64(11); i <= 15; i++ {
		err := a.of(t, i)
		wantErr(t, err, store.ErrDropped)
	}
	for i := uint64(16); i <= 18; i++ { // each pushes out the newest plain row that waits
		add(recordRow(i, ended(record(ctid.CallID(fmt.Sprintf("c_%d", i)), "+32470111222"))))
	}
	await(t, "8 losses in all", func() bool { return s.Dropped() == 8 && out.count("is lost") == 8 })
	if n := out.count("is lost", "seq=11 ", "kind=call.note", "subject=c_1"); n != 1 {
		t.Errorf("the loss of row 11 is named %d times", n)
	}
	off()
	await(t, "recovery", func() bool { return s.Depth() == 0 && s.Healthy() == nil })
	got := seqs(t, s)
	if len(got) != 10 || !slices.Equal(got[7:], []uint64{16, 17, 18}) {
		t.Errorf("the log kept %v, want 7 plain rows and the records 16 to 18", got)
	}
	sound(t, s)
}

func closeDead(t *testing.T, r Rig) {
	out := &lines{}
	cfg := r.Config
	cfg.Log = slog.New(slog.NewTextHandler(out, nil))
	s := must(store.Open(t.Context(), cfg))(t)
	r.Full(t, s)
	a := newAcks()
	for i := uint64(1); i <= 3; i++ {
		e := big(i)
		e.Done = a.done(i)
		s.Append(e)
	}
	await(t, "three answers", func() bool { return a.count() == 3 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Close(ctx)
	if err == nil || !strings.Contains(err.Error(), "3 rows") {
		t.Errorf("close says %v, want that 3 rows were not written", err)
	}
	if n := out.count("is lost"); n != 3 {
		t.Errorf("%d losses named, want 3", n)
	}
}

// together runs under the race detector: everything at once, then everything is there.
func together(t *testing.T, r Rig) {
	s := r.start(t)
	var wg sync.WaitGroup
	errs := make(chan error, 1000)
	const calls = 150
	a := newAcks()
	wg.Go(func() {
		for i := uint64(0); i < calls; i++ {
			id := ctid.CallID(fmt.Sprintf("c_%d", i))
			open, end := recordRow(2*i+1, record(id, "+32470111222")), recordRow(2*i+2, ended(record(id, "+32470111222")))
			open.Done, end.Done = a.done(open.Seq), a.done(end.Seq)
			s.AppendAll([]ctid.LogEntry{open, end})
		}
	})
	for g := range 4 {
		wg.Go(func() {
			for i := range 15 {
				id := ctid.CustomerID(fmt.Sprintf("cu_%d", g))
				_, err := s.PutCustomer(t.Context(), ctid.Customer{ID: id, Name: "Ann", Numbers: []ctid.Private{"+32470111999"}})
				_, err2 := s.CustomersByNumber(t.Context(), "+32470111999")
				_, err3 := s.ReadLog(t.Context(), store.LogQuery{Limit: 50})
				_, err4 := s.OpenRecords(t.Context())
				errs <- errors.Join(err, err2, err3, err4)
				if g == 0 && i%5 == 0 {
					errs <- s.Erase(t.Context(), s.PersonHash("+32470111222"))
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		ok(t, err)
	}
	await(t, "all rows", func() bool { return a.count() == 2*calls })
	for i := uint64(1); i <= 2*calls; i++ {
		if err := a.of(t, i); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	if got := seqs(t, s); len(got) != 2*calls {
		t.Errorf("the log has %d rows, want %d", len(got), 2*calls)
	}
	if n := must(s.OutboxDepth(t.Context()))(t); n != calls {
		t.Errorf("the outbox has %d rows, want %d", n, calls)
	}
	sound(t, s)
}
