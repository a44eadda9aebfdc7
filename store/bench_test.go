package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"ctid"
	"ctid/store"
)

// benchRow is the same fact for both sides of the comparison; the plain one has nothing to seal.
func benchRow(seq uint64, sealed bool) ctid.LogEntry {
	e := ctid.LogEntry{Seq: seq, Epoch: "e1", At: time.UnixMicro(int64(seq)), Kind: "call.arrived", V: 1, Subject: fmt.Sprint("c_", seq/8), Person: "h_1"}
	n := ctid.Number{Kind: "mobile"}
	if sealed {
		n.E164, n.Raw, n.Shown = "+32470111222", "+32470111222", "0470 11 12 22"
	}
	e.Body = ctid.CallArrived{Dir: "in", ANI: n, DNIS: ctid.DNIS{Number: "+3225550100", Label: "sales"}, Trunk: "t1", PBX: "n1"}
	return e
}

// BenchmarkGroupCommit compares, with synchronous=FULL: the store with 16 callers who each wait for their row, one
// caller who waits for all his rows at the end, and raw SQLite with one row a transaction, and all rows in batches.
func BenchmarkGroupCommit(b *testing.B) {
	for _, sealed := range []bool{false, true} {
		b.Run(fmt.Sprintf("store/16-waiting/sealed=%v", sealed), func(b *testing.B) { benchWaiting(b, 16, sealed) })
		b.Run(fmt.Sprintf("store/streaming/sealed=%v", sealed), func(b *testing.B) { benchStreaming(b, sealed) })
	}
	b.Run("raw/one-row-a-commit", func(b *testing.B) { benchRaw(b, 1) })
	b.Run("raw/16-rows-a-commit", func(b *testing.B) { benchRaw(b, 16) })
	b.Run("raw/4096-rows-a-commit", func(b *testing.B) { benchRaw(b, 4096) })
}

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{DSN: "sqlite:" + filepath.Join(b.TempDir(), "ctid.db"), Backlog: 1 << 24, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return s
}

func benchWaiting(b *testing.B, callers int, sealed bool) {
	s := benchStore(b)
	var mu sync.Mutex
	var seq uint64
	var took []time.Duration
	next := func() (ctid.LogEntry, chan error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if seq >= uint64(b.N) {
			return ctid.LogEntry{}, nil, false
		}
		seq++
		done := make(chan error, 1)
		e := benchRow(seq, sealed)
		e.Done = func(err error) { done <- err }
		s.Append(e)
		return e, done, true
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				start := time.Now()
				_, done, more := next()
				if !more {
					return
				}
				if err := <-done; err != nil {
					b.Error(err)
				}
				d := time.Since(start)
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func benchStreaming(b *testing.B, sealed bool) {
	s := benchStore(b)
	var wg sync.WaitGroup
	wg.Add(b.N)
	b.ResetTimer()
	for i := range b.N {
		e := benchRow(uint64(i+1), sealed)
		e.Done = func(err error) {
			if err != nil {
				b.Error(err)
			}
			wg.Done()
		}
		s.Append(e)
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// The comparison with a bare loop: rounds of each, in turns, and ours at least commitTarget of its rows a second.
const (
	commitRounds = 5
	commitRows   = 40_000
	commitTarget = 0.8
)

// BenchmarkBesideBareLoop compares the store with the least that a group commit can be: one goroutine that takes all
// rows that wait, encodes them and writes them in one transaction. Rows, encoding, statement, schema and batches are
// the same; a row without private values needs no seal, so that neither has one to make.
func BenchmarkBesideBareLoop(b *testing.B) {
	var ours, bare, ratio []float64
	for range commitRounds {
		s := benchStore(b)
		o := rowsASecond(b, s.Append)
		l := startBareLoop(b)
		r := rowsASecond(b, func(e ctid.LogEntry) { l.rows <- e })
		ours, bare, ratio = append(ours, o), append(bare, r), append(ratio, o/r)
	}
	for _, list := range [][]float64{ours, bare, ratio} {
		slices.Sort(list)
	}
	mid := commitRounds / 2
	b.Logf("store %.0f (%.0f–%.0f) rows/s, bare loop %.0f (%.0f–%.0f), compared %.2f × (%.2f–%.2f)", ours[mid], ours[0], ours[commitRounds-1],
		bare[mid], bare[0], bare[commitRounds-1], ratio[mid], ratio[0], ratio[commitRounds-1])
	b.ReportMetric(ratio[mid], "x-bare-loop")
	if ratio[mid] < commitTarget {
		b.Errorf("MISSED: the store writes %.2f × the rows of a bare loop, at least %v ×", ratio[mid], commitTarget)
	}
}

// rowsASecond gives all rows at once and waits until the last is on disk.
func rowsASecond(b *testing.B, put func(e ctid.LogEntry)) float64 {
	b.Helper()
	var wg sync.WaitGroup
	wg.Add(commitRows)
	began := time.Now()
	for i := range commitRows {
		e := benchRow(uint64(i+1), false)
		e.Done = func(err error) {
			if err != nil {
				b.Error(err)
			}
			wg.Done()
		}
		put(e)
	}
	wg.Wait()
	return commitRows / time.Since(began).Seconds()
}

// bareLoop is a group commit without anything else.
type bareLoop struct {
	rows chan ctid.LogEntry
	db   *sqlx.DB
}

func startBareLoop(b *testing.B) *bareLoop {
	b.Helper()
	l := &bareLoop{rows: make(chan ctid.LogEntry, commitRows), db: rawDB(b)}
	st, err := l.db.Preparex("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, '', '')")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for e := range l.rows {
			group := []ctid.LogEntry{e}
			for len(group) < 4096 && len(l.rows) > 0 {
				group = append(group, <-l.rows)
			}
			err := l.commit(st, group)
			for _, e := range group {
				e.Done(err)
			}
		}
	})
	b.Cleanup(func() { close(l.rows); wg.Wait(); _ = st.Close(); _ = l.db.Close() })
	return l
}

func (l *bareLoop) commit(st *sqlx.Stmt, group []ctid.LogEntry) error {
	if _, err := l.db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, e := range group {
		body, err := json.Marshal(e.Body)
		if err != nil {
			return err
		}
		if _, err := st.Exec(int64(e.Seq), e.Epoch, e.At.UnixMicro(), e.Kind, e.V, e.Subject, e.Person, string(body)); err != nil {
			return err
		}
	}
	_, err := l.db.Exec("COMMIT")
	return err
}

// rawDB is a database with our settings and only the log.
func rawDB(b *testing.B) *sqlx.DB {
	b.Helper()
	db, err := sqlx.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_secure_delete=on")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	db.MustExec(`CREATE TABLE log (seq INTEGER PRIMARY KEY, epoch TEXT NOT NULL, at_us INTEGER NOT NULL, kind TEXT NOT NULL, v INTEGER NOT NULL,
 subject TEXT NOT NULL, person TEXT NOT NULL, personal INTEGER, body TEXT NOT NULL, queue TEXT NOT NULL, agent TEXT NOT NULL); CREATE INDEX log_subject ON log (subject, seq)`)
	return db
}

func benchRaw(b *testing.B, perCommit int) {
	db := rawDB(b)
	defer db.Close() //nolint:errcheck // the benchmark is over
	b.ResetTimer()
	for i := 0; i < b.N; {
		tx := db.MustBegin()
		st, err := tx.Prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, '', '')")
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < perCommit && i < b.N; n++ {
			i++
			e := benchRow(uint64(i), false)
			body, err := json.Marshal(e.Body)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := st.Exec(int64(e.Seq), e.Epoch, e.At.UnixMicro(), e.Kind, e.V, e.Subject, e.Person, string(body)); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
