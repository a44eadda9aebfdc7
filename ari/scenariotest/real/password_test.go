package real

import (
	"context"
	"testing"
	"time"

	"ctid/ari"
)

// A telephone in a page has the password that was set last, and none when that was dropped.
func TestPhonePassword(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	node, err := ari.New((&realSite{t: t}).Config())
	if err != nil {
		t.Fatal(err)
	}
	const number, first, second = "1004", "first-password-of-1004", "second-password-of-1004"
	registers := func(password string, want bool) {
		t.Helper()
		err := phone(t, number, password).Register(ctx)
		if ctx.Err() != nil || (err == nil) != want {
			t.Errorf("with %q: %v; it should be let in: %t", password, err, want)
		}
	}
	registers(first, false)
	if err := node.SetPhonePassword(ctx, number, first); err != nil {
		t.Fatal(err)
	}
	registers(first, true)
	registers(second, false)
	if err := node.SetPhonePassword(ctx, number, second); err != nil {
		t.Fatal(err)
	}
	registers(first, false)
	registers(second, true)
	for range 2 {
		if err := node.DropPhonePassword(ctx, number); err != nil {
			t.Error(err)
		}
	}
	registers(second, false)
	for _, name := range []string{"", "a/b", "1001 or 1002"} {
		if err := node.SetPhonePassword(ctx, name, first); !ari.IsInvalid(err) {
			t.Errorf("a password for %q: %v", name, err)
		}
	}
	if err := node.SetPhonePassword(ctx, number, "short"); !ari.IsInvalid(err) {
		t.Errorf("a short password: %v", err)
	}
}
