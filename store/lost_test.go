package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/store"
)

// A database file that is moved away, or that another one replaces, is noticed at the next row; put back, all that
// waited is on disk.
func TestFileLost(t *testing.T) {
	for name, away := range map[string]func(path string) error{
		"is gone": func(string) error { return nil },
		"another file is in the place": func(path string) error {
			return os.WriteFile(path, []byte("something else"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ctid.db")
			s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			append1 := func(seq uint64) error {
				told := make(chan error, 1)
				s.Append(ctid.LogEntry{Seq: seq, Epoch: "e", At: time.Now(), Kind: "call.note", V: 1, Subject: "c_1",
					Body: ctid.CallNote{What: "x"}, Done: func(err error) { told <- err }})
				return <-told
			}
			if err := append1(1); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path, path+".away"); err != nil {
				t.Fatal(err)
			}
			if err := away(path); err != nil {
				t.Fatal(err)
			}
			if err := append1(2); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("a row was told %v", err)
			}
			if err := s.Healthy(); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), path) {
				t.Errorf("healthy says %v", err)
			}
			if err := os.Rename(path+".away", path); err != nil {
				t.Fatal(err)
			}
			awaitHealthy(t, s)
			if rows, err := s.ReadLog(t.Context(), store.LogQuery{}); err != nil || len(rows) != 2 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
}

// A store that fell sick over something else than a row finds out by itself that it is well again.
func TestHealthyWithoutRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctid.db")
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutCustomer(t.Context(), ctid.Customer{Name: "Ann"}); err == nil {
		t.Error("a customer was written into a file that is gone")
	}
	if s.Healthy() == nil {
		t.Error("healthy without a file")
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	awaitHealthy(t, s)
}

func awaitHealthy(t *testing.T, s *store.Store) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	give := time.After(20 * time.Second)
	for s.Healthy() != nil || s.Depth() > 0 {
		select {
		case <-tick.C:
		case <-give:
			t.Fatalf("not well after 20 s: %v", s.Healthy())
		}
	}
}
