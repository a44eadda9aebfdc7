package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"ctid"
)

// writer owns two goroutines. loop decides what goes down next and calls every Done; it never waits for the database.
// The committer's goroutine does, with one batch at a time. So a commit that hangs is seen, and told, in time.
type writer struct {
	s       *Store
	q       *queue
	work    chan *batch
	results chan *batch
	abandon chan struct{} // closed when Close's patience has ended
	stopped chan struct{} // closed when loop has returned
	once    sync.Once

	mu      sync.Mutex
	since   time.Time // zero while healthy
	cause   error
	atClose error // what stop returns
}

// batch is one transaction's worth of work, and what became of it.
type batch struct {
	items   []item
	jobs    []*job
	dones   []func(error) // by place in items; loop's own, the committer never looks at it
	refused map[int]error // by place in items
	err     error         // nothing of it is on disk
	took    time.Duration
	outbox  bool // it wrote outbox rows
	probe   bool // nothing waits: it only finds out whether the disk is good again
}

func startWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{s: s, q: newQueue(s.cfg.Backlog), work: make(chan *batch, 1), results: make(chan *batch, 1),
		abandon: make(chan struct{}), stopped: make(chan struct{})}
	c := newCommitter(s)
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	go func() {
		for b := range w.work {
			c.run(b)
			w.results <- b
		}
		if err := c.disconnect(); err != nil {
			s.cfg.Log.Warn("store: closing the write connection", "err", err)
		}
		close(w.results)
	}()
	go w.loop()
	return w, nil
}

// stop flushes and ends both goroutines; ctx bounds the flush.
func (w *writer) stop(ctx context.Context) error {
	w.once.Do(func() {
		w.q.close()
		select {
		case <-w.stopped:
		case <-ctx.Done():
			close(w.abandon)
			<-w.stopped
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.atClose
}

// loopState is what loop remembers between two turns.
type loopState struct {
	flying  *batch
	slow    *time.Timer
	retry   *time.Timer
	linger  *time.Timer
	backOff *backoff.ExponentialBackOff
	waiting bool // for the retry timer
	company bool // rows that nobody waits for are held back for the linger timer
}

// Rows that nobody waits for are held back for lingerTime, or until there are lingerRows, so that more of them share a commit.
const (
	lingerTime = 20 * time.Millisecond
	lingerRows = 256
)

func newLoopState() *loopState {
	st := &loopState{slow: time.NewTimer(time.Hour), retry: time.NewTimer(time.Hour), linger: time.NewTimer(time.Hour),
		backOff: backoff.NewExponentialBackOff()}
	st.slow.Stop()
	st.retry.Stop()
	st.linger.Stop()
	st.backOff.InitialInterval = 50 * time.Millisecond
	st.backOff.MaxInterval = 2 * time.Second
	return st
}

func (w *writer) loop() {
	defer close(w.stopped)
	st := newLoopState()
	abandon := w.abandon
	for {
		w.nameLost()
		w.tellIfUnhealthy()
		if st.flying == nil && !st.waiting && !w.lingers(st) {
			w.launch(st)
		}
		if rows, jobs, closed := w.q.state(); closed && st.flying == nil && rows == 0 && jobs == 0 {
			break
		}
		select {
		case <-w.q.wake:
		case b := <-w.results:
			w.landed(st, b)
		case <-st.slow.C:
			w.setUnhealthy(fmt.Errorf("a commit has taken over %v", slowCommit))
			if st.flying != nil {
				st.flying.tellUnsaved(ErrUnsaved)
			}
		case <-st.retry.C:
			st.waiting = false
		case <-st.linger.C:
			if st.company = false; st.flying == nil && !st.waiting {
				w.launch(st)
			}
		case <-abandon:
			abandon = nil
			w.giveUp(st)
		}
	}
	close(w.work)
	for range w.results { // the committer has closed its connection when this is closed
	}
	w.nameLost()
}

// lingers tells whether what waits may wait for company.
func (w *writer) lingers(st *loopState) bool {
	if w.isUnhealthy() || !w.q.patient() {
		st.company = false
		st.linger.Stop()
		return false
	}
	if !st.company {
		st.company = true
		st.linger.Reset(lingerTime)
	}
	return true
}

func (w *writer) launch(st *loopState) {
	items, jobs := w.q.take()
	nothing := len(items) == 0 && len(jobs) == 0
	if nothing && !w.isUnhealthy() {
		return
	}
	b := &batch{items: items, jobs: jobs, probe: nothing, dones: make([]func(error), len(items))}
	for i := range items {
		b.dones[i], items[i].e.Done = items[i].e.Done, nil
	}
	st.flying = b
	st.slow.Reset(slowCommit)
	w.work <- b
}

// landed takes in what became of a batch.
func (w *writer) landed(st *loopState, b *batch) {
	st.flying = nil
	st.slow.Stop()
	if b.err != nil {
		w.failed(st, b)
	} else {
		w.committed(st, b)
	}
	if w.isAbandoned() {
		w.giveUp(st)
	}
}

func (w *writer) failed(st *loopState, b *batch) {
	w.setUnhealthy(w.s.d.explain(b.err))
	b.tellUnsaved(fmt.Errorf("%w: %w", ErrUnsaved, b.err))
	w.q.landed(b.items)
	w.endJobs(b, b.err)
	st.waiting = true
	st.retry.Reset(st.backOff.NextBackOff())
}

func (w *writer) committed(st *loopState, b *batch) {
	w.q.landed(nil)
	st.backOff.Reset()
	w.setHealthy()
	w.s.cfg.OnCommit(b.took, len(b.items)-len(b.refused))
	w.tellCommitted(b)
	w.endJobs(b, nil)
	if b.outbox {
		w.s.wakeOutbox()
	}
}

func (w *writer) tellCommitted(b *batch) {
	for i, it := range b.items {
		err := b.refused[i]
		if err != nil {
			w.s.cfg.Log.Error("store: a row of the log was refused and is not kept", rowAttrs(it.e, "err", err)...)
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if done := b.dones[i]; done != nil {
			done(err)
		}
	}
}

// tellUnsaved tells those waiting for b that it is not on disk; nobody is told twice.
func (b *batch) tellUnsaved(err error) {
	for i, done := range b.dones {
		if done != nil {
			done(err)
		}
		b.dones[i] = nil
	}
}

func (w *writer) endJobs(b *batch, err error) {
	for _, j := range b.jobs {
		if j.err == nil {
			j.err = err
		}
		j.done <- j.err
	}
}

// tellIfUnhealthy answers newcomers at once while rows don't reach the disk.
func (w *writer) tellIfUnhealthy() {
	w.mu.Lock()
	bad, cause := !w.since.IsZero(), w.cause
	w.mu.Unlock()
	if !bad {
		return
	}
	for _, done := range w.q.takeDones() {
		done(fmt.Errorf("%w: %w", ErrUnsaved, cause))
	}
}

func (w *writer) setUnhealthy(cause error) {
	w.mu.Lock()
	first := w.since.IsZero()
	if first {
		w.since = w.s.cfg.Now()
	}
	w.cause = cause
	w.mu.Unlock()
	if first {
		w.s.cfg.Log.Error("store: the log can't be written; rows wait in memory and are tried again", "err", cause)
	}
}

func (w *writer) setHealthy() {
	w.mu.Lock()
	since := w.since
	w.since, w.cause = time.Time{}, nil
	w.mu.Unlock()
	if !since.IsZero() {
		w.s.cfg.Log.Info("store: the log is written again", "after", w.s.cfg.Now().Sub(since), "waiting", w.q.depth())
	}
}

func (w *writer) isUnhealthy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.since.IsZero()
}

func (w *writer) healthy() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return nil
	}
	return fmt.Errorf("store: the log can't be written since %s, %d rows wait in memory: %w",
		w.since.UTC().Format(time.RFC3339), w.q.depth(), w.cause)
}

// nameLost names each dropped row in the program's log.
func (w *writer) nameLost() {
	for _, e := range w.q.takeLost() {
		w.s.cfg.Log.Error("store: a row of the log is lost", rowAttrs(e, "lost_total", w.q.droppedTotal())...)
		if e.Done != nil {
			e.Done(ErrDropped)
		}
	}
}

func rowAttrs(e ctid.LogEntry, more ...any) []any {
	attrs := []any{slog.Uint64("seq", e.Seq), slog.String("epoch", e.Epoch), slog.String("kind", e.Kind), slog.String("subject", e.Subject)}
	if e.Record != nil {
		attrs = append(attrs, slog.String("record", string(e.Record.ID)), slog.Bool("ended", e.Record.End != nil))
	}
	return append(attrs, more...)
}

func (w *writer) isAbandoned() bool {
	select {
	case <-w.abandon:
		return true
	default:
		return false
	}
}

// giveUp drops what can't be written before Close must return. A batch under way is still waited for: SQLite's own
// time-out bounds it.
func (w *writer) giveUp(st *loopState) {
	if st.flying != nil {
		return
	}
	st.waiting = false
	rows, _, _ := w.q.state()
	for _, j := range w.q.abandon() {
		j.done <- ErrClosed
	}
	w.nameLost()
	if rows > 0 {
		w.mu.Lock()
		w.atClose = errors.Join(w.atClose, fmt.Errorf("store: closed with %d rows of the log not written: each is named in the program's log", rows))
		w.mu.Unlock()
	}
}

// do runs a write in the next commit and waits until that is on disk. Where do returns an error, nothing of it is kept.
func (w *writer) do(ctx context.Context, do func(*tx) error) error {
	return w.run(ctx, &job{do: do, done: make(chan error, 1)})
}

// doInCompany is do for a write that may wait for others to share its commit.
func (w *writer) doInCompany(ctx context.Context, do func(*tx) error) error {
	return w.run(ctx, &job{do: do, done: make(chan error, 1), patient: true})
}

func (w *writer) run(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !w.q.addJob(j) {
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return w.s.d.explain(err)
	case <-ctx.Done():
		if j.leave() {
			return ctx.Err()
		}
		return w.s.d.explain(<-j.done) // its transaction is under way
	}
}

// later runs a write in some commit; nobody waits for it, and it is lost when that fails.
func (w *writer) later(do func(*tx) error) {
	w.q.addJob(&job{do: do, done: make(chan error, 1)})
}
