package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runIVR carries out a command line and returns what it printed and its exit status.
func runIVR(t *testing.T, args ...string) (string, int) {
	t.Helper()
	return runIVRWith(t, "", args...)
}

// runIVRWith is runIVR with what is typed.
func runIVRWith(t *testing.T, in string, args ...string) (string, int) {
	t.Helper()
	root := newRoot()
	root.SetIn(strings.NewReader(in))
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"ivr"}, args...))
	err := root.ExecuteContext(t.Context())
	var usage usageError
	switch {
	case err == nil:
		return out.String(), statusGood
	case errors.As(err, &usage):
		return out.String() + err.Error(), statusUsage
	}
	return out.String(), statusFindings
}

func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Without a ctid.yaml the names of the site are noted, not refused; with one they are checked.
func TestIVRLint(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
	writeAll(t, dir, map[string]string{
		"ivr/good.yaml":    "version: 1\nnodes:\n  a: [{call: lib/sub}, {queue: sales, then: {otherwise: hangup}}]\n",
		"ivr/warn.yaml":    "version: 1\nnodes:\n  a: {queue: {name: sales, at_most: 9h}, then: {otherwise: hangup}}\n",
		"ivr/lib/sub.yaml": "version: 1\nkind: subscript\nnodes:\n  a: [{attach: {seen: true}}, {return: done}]\n",
		"other/bad.yaml":   "version: 1\nnodes:\n  a: {goto: b}\n",
	})
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"lint", statusGood, "note IVR055: queue \"sales\" is not checked"},
		{"lint", statusGood, "3 scripts: 0 errors, 1 warnings"},
		{"lint --strict", statusFindings, filepath.Join("ivr", "warn.yaml") + ":3:37: warning IVR040"},
		{"lint --strict ivr/good.yaml", statusGood, "1 scripts: 0 errors, 0 warnings"},
		{"lint ivr/lib/sub.yaml ivr/good.yaml", statusGood, "2 scripts"},
		{"lint other", statusFindings, filepath.Join("other", "bad.yaml") + ":3:13: error IVR020"},
		{"lint --format github other", statusFindings, "::error file=other/bad.yaml,line=3"},
		{"lint --format sarif other", statusFindings, "\"version\": \"2.1.0\""},
		{"lint --format json ivr/good.yaml", statusGood, "\"severity\": \"note\""},
		{"lint --format xml", statusUsage, "there is no format"},
		{"lint nowhere", statusUsage, "nowhere"},
		{"lint ivr/none.yaml", statusUsage, "none.yaml"},
		{"lint ivr other", statusUsage, "name one folder, or files"},
		{"explain ivr035", statusGood, "IVR035 warning: "},
		{"explain IVR999", statusUsage, "there is no finding"},
		{"explain", statusUsage, ""},
	} {
		out, status := runIVR(t, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, want %d and %q:\n%s", c.args, status, c.status, c.says, out)
		}
	}
	writeAll(t, dir, map[string]string{"ctid.yaml": `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
queues: [{name: support}]
agents: [{name: ana, queues: [support], device: {endpoint: PJSIP/1001}}]
`})
	if out, status := runIVR(t, "lint"); status != statusFindings || !strings.Contains(out, `error IVR055: the site has no queue "sales"`) {
		t.Errorf("with a site: %d\n%s", status, out)
	}
	if out, status := runIVR(t, "lint", "-c", "none.yaml"); status != statusFindings || !strings.Contains(out, "CFG001") {
		t.Errorf("a configuration that is not there: %d\n%s", status, out)
	}
}
