package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// The guard's child is this test again: it writes down what clock it was given.
func TestGuardedDaemonHasACoarserClock(t *testing.T) {
	const told = "CTID_TEST_SLACK_FILE"
	if file := os.Getenv(told); file != "" {
		slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		if err == nil {
			err = os.WriteFile(file, []byte(strconv.Itoa(slack)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	file := filepath.Join(t.TempDir(), "slack")
	t.Setenv(told, file)
	args := os.Args
	defer func() { os.Args = args }()
	os.Args = []string{args[0], "-test.run=^" + t.Name() + "$"}
	if err := guard(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := strconv.FormatInt(timerSlack.Nanoseconds(), 10); string(got) != want {
		t.Errorf("the daemon's timers may be late by %s ns, want %s", got, want)
	}
}
