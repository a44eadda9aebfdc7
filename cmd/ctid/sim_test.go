package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ctidSim runs the command line and returns what it writes.
func ctidSim(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	root := newRoot()
	root.SetOut(&o)
	root.SetErr(&e)
	root.SetArgs(append([]string{"sim"}, args...))
	err = root.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

const simModel = `
calls: 400
types: [{name: sales, arrivals: {rate_per_hour: 200}, service: {dist: exponential, mean_s: 180}}]
groups: [{name: g1, agents: 12, skills: [sales]}]
`

func TestSimACD(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model.yaml")
	if err := os.WriteFile(file, []byte(simModel), 0o600); err != nil {
		t.Fatal(err)
	}
	out, said, err := ctidSim(t, "acd", file, "--json")
	var r struct {
		All    struct{ Offered, Answered, Occupancy float64 }
		Types  map[string]struct{ Offered float64 }
		Groups map[string]struct{ Occupancy float64 }
	}
	if err != nil || said != "" || json.Unmarshal([]byte(out), &r) != nil {
		t.Fatalf("%v\n%s\n%s", err, out, said)
	}
	if r.All.Offered != 400 || r.All.Answered != 400 || r.Types["sales"].Offered != 400 || r.Groups["g1"].Occupancy != r.All.Occupancy || r.All.Occupancy < 0.5 {
		t.Errorf("%s", out)
	}
	again, _, err := ctidSim(t, "acd", file, "--json")
	if err != nil || again != out {
		t.Errorf("the same model gives\n%s\nand then\n%s", out, again)
	}
	out, _, err = ctidSim(t, "acd", file)
	if err != nil || !strings.Contains(out, "offered") || !strings.Contains(out, "sales") || strings.Contains(out, "{") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A mistake in a model has its place and ends with status 1, a wrong command line with 2.
func TestSimACDMistakes(t *testing.T) {
	bad := "../../testdata/sim/bad/unserved.yaml"
	out, said, err := ctidSim(t, "acd", bad)
	if !errors.Is(err, errFindings) || out != "" || !strings.HasPrefix(said, bad+":4:5: error SIM007 ") {
		t.Errorf("%v\n%s\n%s", err, out, said)
	}
	for args, status := range map[string]int{"acd " + bad: statusFindings, "acd no-such.yaml": statusFindings, "acd": statusUsage, "": statusUsage,
		"acd a b": statusUsage, "acb": statusUsage, "acd --jason " + bad: statusUsage} {
		if got := execute(append([]string{"sim"}, strings.Fields(args)...)); got != status {
			t.Errorf("ctid sim %s ends with status %d, want %d", args, got, status)
		}
	}
}

// Who sits at a terminal sees how far it is, but not of what is done at once; the line is gone in the end.
func TestWatchShare(t *testing.T) {
	for _, c := range []struct {
		takes time.Duration
		want  string
	}{
		{1900 * time.Millisecond, ""},
		{2700 * time.Millisecond, "\r 25 % \r 25 % \r       \r"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			stop := watchShare(&b, func() float64 { return 0.25 })
			time.Sleep(c.takes)
			stop()
			if b.String() != c.want {
				t.Errorf("after %v: %q, want %q", c.takes, b.String(), c.want)
			}
		})
	}
}
