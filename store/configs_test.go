package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"ctid/store"
)

func TestConfigTextIsKeptOnce(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "c.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context()) //nolint:errcheck // the test is over
	for _, text := range []string{"site: a\n", "site: b\n"} {
		if err := s.PutConfig(t.Context(), "h1", text); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.ConfigText(t.Context(), "h1"); err != nil || got != "site: a\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.ConfigText(t.Context(), "h2"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}
