package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"ctid"
	"ctid/store"
)

// TestUnknownUserCostsTheSame: an unknown and a disabled user wait for a place to hash as a known one does.
func TestUnknownUserCostsTheSame(t *testing.T) {
	s, err := open(t, filepath.Join(t.TempDir(), "ctid.db"))
	check(t, err)
	roles := []ctid.Role{ctid.RoleAgent}
	check(t, s.AddUser(t.Context(), store.User{Name: "ana", Roles: roles}, "correct horse"))
	check(t, s.AddUser(t.Context(), store.User{Name: "off", Roles: roles, Disabled: true}, "correct horse"))
	free := s.FillHashSlots()
	defer free()
	for _, user := range []string{"ana", "off", "ghost"} {
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error, 1)
		go func() {
			_, err := s.Authenticate(ctx, user, "correct horse")
			answer <- err
		}()
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("%s was answered without hashing: %v", user, err)
		}
	}
}

// TestRowThatIsThereAfterAll: a commit can reach the disk and still be reported as failed. Tried again, its rows are
// acknowledged and written once; a different row under the same number is refused.
func TestRowThatIsThereAfterAll(t *testing.T) {
	s, err := open(t, filepath.Join(t.TempDir(), "ctid.db"))
	check(t, err)
	done := make(chan error, 1)
	e := ctid.LogEntry{Seq: 1, Epoch: "e1", Kind: "call.cleared", Subject: "c_1", Done: func(err error) { done <- err },
		Record: &ctid.CallRecord{ID: "c_1", End: &ctid.End{Side: ctid.SideCaller}}}
	s.Append(e)
	check(t, <-done)
	s.Again(e)
	if err := <-done; err != nil {
		t.Errorf("the row that is there was told %v", err)
	}
	other := e
	other.Epoch = "e2"
	s.Again(other)
	if err := <-done; !errors.Is(err, store.ErrRefused) {
		t.Errorf("another row under its number was told %v", err)
	}
	rows, err := s.ReadLog(t.Context(), store.LogQuery{})
	if err != nil || len(rows) != 1 || rows[0].Epoch != "e1" {
		t.Errorf("the log has %+v, %v", rows, err)
	}
	if n, err := s.OutboxDepth(t.Context()); err != nil || n != 1 {
		t.Errorf("the outbox has %d rows, %v", n, err)
	}
}
