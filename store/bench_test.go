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

func benchRaw(b *testing.B, perCommit int) {
	db, err := sqlx.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_secure_delete=on")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the benchmark is over
	db.SetMaxOpenConns(1)
	db.MustExec(`CREATE TABLE log (seq INTEGER PRIMARY KEY, epoch TEXT NOT NULL, at_us INTEGER NOT NULL, kind TEXT NOT NULL, v INTEGER NOT NULL,
 subject TEXT NOT NULL, person TEXT NOT NULL, personal INTEGER, body TEXT NOT NULL); CREATE INDEX log_subject ON log (subject, seq)`)
	b.ResetTimer()
	for i := 0; i < b.N; {
		tx := db.MustBegin()
		st, err := tx.Prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)")
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
