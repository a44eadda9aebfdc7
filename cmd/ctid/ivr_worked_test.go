package main

import (
	"strings"
	"testing"
)

// The longer scripts of testdata, as they lie there: linted, run, tested and checked without a password.
func TestWorkedScripts(t *testing.T) {
	t.Chdir("../../testdata/ivr/worked")
	if out, status := runIVR(t, "lint", "--strict"); status != statusGood || !strings.Contains(out, "5 scripts: 0 errors, 0 warnings") {
		t.Errorf("lint: %d\n%s", status, out)
	}
	out, status := runIVR(t, "test")
	for _, want := range []string{"balance  2 passed, 0 failed   nodes 6/6   edges 16/28 (57 %)   first not covered: account no_input (line 14)", "front_desk  6 passed, 0 failed",
		"reminder  5 passed, 0 failed", "support  1 passed, 0 failed"} {
		if status != statusGood || !strings.Contains(out, want) {
			t.Errorf("test: %d, want %q\n%s", status, want, out)
		}
	}
	for script, want := range map[string]string{"front_desk": "♪ Welcome to Harbour Trading.", "balance": "♪ Please enter your ten digit account number.", "support": "♪ Thank you for calling Harbour support.",
		"reminder": "♪ This is Harbour Clinic."} {
		if out, status := runIVRWith(t, "\n", "run", script); status != statusGood || !strings.Contains(out, want) {
			t.Errorf("run %s: %d, want %q\n%s", script, status, want, out)
		}
	}
	if out, err := commanded(t, "check", "--offline"); err != nil || !strings.HasPrefix(out, "good: 2 numbers") {
		t.Errorf("check: %v\n%s", err, out)
	}
}
