// Package storetest is the conformance suite that every database behind package store must pass.
package storetest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

// Rig is one empty database and the ways to hurt it.
type Rig struct {
	Config store.Config // complete, for Open
	// Full makes the database refuse to grow, as a full disk does, until off is called.
	Full func(t *testing.T, s *store.Store) (off func())
	// Hold takes the write lock from outside until release is called.
	Hold func(t *testing.T) (release func())
	// Holds tells whether any file of the database contains text.
	Holds func(t *testing.T, text string) bool
}

// Run runs the suite; open makes a new Rig for each test.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	for _, group := range [][]test{logTests, failureTests, personTests, customerTests, outboxTests, userTests, auditTests, ivrTests, voicemailTests} {
		for _, x := range group {
			t.Run(x.name, func(t *testing.T) { x.run(t, open(t)) })
		}
	}
}

type test struct {
	name string
	run  func(*testing.T, Rig)
}

// patience bounds every wait of the suite.
const patience = 20 * time.Second

// start opens the rig's database; it is closed when the test ends, if the test has not closed it.
func (r Rig) start(t *testing.T, change ...func(*store.Config)) *store.Store {
	t.Helper()
	cfg := r.Config
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("opening the store: %v", err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("closing the store: %v", err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// await polls until cond holds.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

// acks collects what Done was told, by seq, and in which order.
type acks struct {
	mu    sync.Mutex
	errs  map[uint64][]error
	order []uint64
}

func newAcks() *acks { return &acks{errs: map[uint64][]error{}} }

func (a *acks) done(seq uint64) func(error) {
	return func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.errs[seq] = append(a.errs[seq], err)
		a.order = append(a.order, seq)
	}
}

func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.order)
}

// of returns the one thing that seq was told; none, or a second one, fails the test.
func (a *acks) of(t *testing.T, seq uint64) error {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := a.errs[seq]; len(e) {
	case 1:
		return e[0]
	default:
		t.Fatalf("row %d was told %d times: %v", seq, len(e), e)
		return nil
	}
}

var day = time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)

// row is a fact about a call.
func row(seq uint64, subject string) ctid.LogEntry {
	return ctid.LogEntry{Seq: seq, Epoch: "e1", At: day.Add(time.Duration(seq) * time.Millisecond), Kind: "call.note", V: 1,
		Subject: subject, Body: ctid.CallNote{What: "test"}}
}

// record is an open call record of a caller.
func record(id ctid.CallID, number ctid.Private) ctid.CallRecord {
	return ctid.CallRecord{ID: id, Node: "n1", Channel: "PJSIP/trunk-1", Dir: "in", ANI: ctid.Number{E164: number, Kind: "mobile"},
		DNIS: ctid.DNIS{Number: "+3225550100"}, Arrived: day, Queues: []ctid.QueueVisit{}, Offers: []ctid.OfferRecord{},
		Agents: []ctid.AgentPart{}, Attached: []ctid.Attached{}, Match: ctid.MatchNone, IVR: ctid.IVRTrail{Path: []ctid.PathStep{}}}
}

// ended closes a record as answered by ana.
func ended(r ctid.CallRecord) ctid.CallRecord {
	r.Queues = []ctid.QueueVisit{{Queue: "sales", Entered: day, WaitMS: 4000, Exit: ctid.ExitAnswered}}
	r.Agents = []ctid.AgentPart{{Agent: "ana", From: day.Add(5 * time.Second), TalkMS: 55_000}}
	r.Ended, r.Outcome, r.WaitMS, r.TalkMS = day.Add(time.Minute), "answered", 4000, 55_000
	r.End = &ctid.End{Side: ctid.SideCaller, Reason: "hangup"}
	return r
}

// recordRow is the row that carries a record.
func recordRow(seq uint64, r ctid.CallRecord) ctid.LogEntry {
	e := row(seq, string(r.ID))
	e.Record = &r
	if r.End != nil {
		e.Kind, e.Body = "call.cleared", ctid.CallCleared{End: *r.End, Record: r.ID, Outcome: r.Outcome}
	} else {
		e.Kind, e.Body = "call.arrived", ctid.CallArrived{Dir: r.Dir, ANI: r.ANI, DNIS: r.DNIS, PBX: r.Node}
	}
	return e
}

// put appends rows and waits until each was told that it is on disk.
func put(t *testing.T, s *store.Store, rows ...ctid.LogEntry) {
	t.Helper()
	a := newAcks()
	for _, e := range rows {
		e.Done = a.done(e.Seq)
		s.Append(e)
	}
	await(t, "rows to be on disk", func() bool { return a.count() == len(rows) })
	for _, e := range rows {
		if err := a.of(t, e.Seq); err != nil {
			t.Fatalf("row %d: %v", e.Seq, err)
		}
	}
}

// seqs returns the numbers of all rows of the log.
func seqs(t *testing.T, s *store.Store) (out []uint64) {
	t.Helper()
	for from := uint64(0); ; {
		rows := must(s.ReadLog(t.Context(), store.LogQuery{From: from, Limit: 5000}))(t)
		for _, r := range rows {
			out = append(out, r.Seq)
		}
		if len(rows) == 0 {
			return out
		}
		from = rows[len(rows)-1].Seq + 1
	}
}

// sound fails the test when Verify finds anything.
func sound(t *testing.T, s *store.Store) {
	t.Helper()
	if findings := must(s.Verify(t.Context()))(t); len(findings) > 0 {
		t.Fatalf("the database is not sound: %q", findings)
	}
}
