package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ctid/config"
	"ctid/importer"
)

const mailOrder = "../../importer/testdata/centre"

// importQueues runs the command and returns what it wrote to standard output and to standard error.
func importQueues(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	var o, s bytes.Buffer
	root := newRoot()
	root.SetArgs(append([]string{"import", "queues"}, args...))
	root.SetOut(&o)
	root.SetErr(&s)
	err = root.ExecuteContext(t.Context())
	return o.String(), s.String(), err
}

// asteriskFiles makes a folder of pairs of name and text.
func asteriskFiles(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, pairs[i]), []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// everyStrategy is queues of all strategies, whose members have odd names and large penalties.
func everyStrategy() string {
	var large strings.Builder
	large.WriteString("[general]\nautofill=yes\n")
	for q := range 16 {
		strategy := []string{"ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"}[q%8]
		fmt.Fprintf(&large, "[Queue %d]\nstrategy=%s\nweight=%d\nservicelevel=%d\njoinempty=%s\nleavewhenempty=%s\nautopause=%s\nmaxlen=%d\ndefaultrule=widen\n",
			q, strategy, q, 10+q, []string{"yes", "no", "strict", "loose"}[q%4], []string{"yes", "no", "strict", "ringing,inuse,wrapup"}[q%4],
			[]string{"no", "yes", "all"}[q%3], q)
		for m := range 15 {
			n := (q*7 + m*11) % 300
			fmt.Fprintf(&large, "member => PJSIP/%d,%d,%s\n", 650+n, n%4*60, []string{"Agent: [" + fmt.Sprint(n) + "]", "no", "#" + fmt.Sprint(n), "", "日本 \"x\\\\"}[n%5])
		}
	}
	return large.String()
}

// What is imported passes the check of the configuration, beside the smallest part of a site.
func TestImportedQueuesPassTheCheck(t *testing.T) {
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "not a secret")
	for _, x := range []struct{ what, dir string }{
		{"the mail-order house", mailOrder},
		{"every strategy, and penalties beyond the ranks", asteriskFiles(t, "queues.conf", everyStrategy(),
			"queuerules.conf", "[widen]\npenaltychange => 0,1\npenaltychange => 30,+2\npenaltychange => 90,200,100\npenaltychange => 120,70,65\n")},
		{"agents without telephones", asteriskFiles(t, "queues.conf", "[q]\nmember => Agent/1\nmember => Local/2@x\n")},
		{"nothing", asteriskFiles(t, "queues.conf", "[general]\n")},
	} {
		t.Run(x.what, func(t *testing.T) {
			site := asteriskFiles(t, "ctid.yaml", "include: queues.yaml\nasterisk:\n  nodes:\n    - {name: pbx, url: \"http://127.0.0.1:8088\"}\n")
			written := filepath.Join(site, "queues.yaml")
			if _, said, err := importQueues(t, x.dir, "--out", written); err != nil && !errors.Is(err, errFindings) {
				t.Fatalf("%v\n%s", err, said)
			}
			if _, found := config.Load(config.Options{File: filepath.Join(site, "ctid.yaml")}); config.Failed(found) {
				b, _ := os.ReadFile(written)
				t.Fatalf("%v\n%s", found, b)
			}
		})
	}
}

func TestImportQueues(t *testing.T) {
	out, said, err := importQueues(t, mailOrder)
	if !errors.Is(err, errFindings) {
		t.Errorf("findings end with %v", err)
	}
	for _, words := range []string{"queues.conf:64: finding: wraputime = 5: ", "queues.d/10-lottery.conf:5: finding: #include queues.conf: ",
		": note: strategy=linear: ", "queue \"Night shift\" is called Night-shift\n", "lines not carried over wholly: 5 queues, 6 agents, 3 agents to complete by hand\n"} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is not said in\n%s", words, said)
		}
	}
	if !strings.Contains(out, "\n  - name: Night-shift\n") || strings.Contains(out, "finding") {
		t.Errorf("not the configuration alone:\n%s", out)
	}

	good := asteriskFiles(t, "queues.conf", "[q]\nringinuse=no\nmember => PJSIP/1001\n")
	out, said, err = importQueues(t, good)
	if err != nil || said != "good: 1 queues, 1 agents, 0 agents to complete by hand\n" || !strings.Contains(out, "PJSIP/1001") {
		t.Errorf("%v %s\n%s", err, said, out)
	}
}

func TestImportQueuesAsJSON(t *testing.T) {
	out, said, err := importQueues(t, mailOrder, "--json", "--max-penalty", "2", "--local", "PJSIP/{number}")
	if !errors.Is(err, errFindings) || said != "" {
		t.Fatalf("%v %s", err, said)
	}
	var r importReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Queues != 5 || r.Agents != 7 || r.ToComplete != 2 || r.Lines != 88 || len(r.Findings) < 20 || len(r.Notes) == 0 || len(r.Names) == 0 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(r.YAML, "{after: 30s, min_rank: 0, max_rank: 3}") || !strings.Contains(r.YAML, "{after: 0s, min_rank: 0, max_rank: 3}") {
		t.Errorf("the penalty to begin with is not 2:\n%s", r.YAML)
	}
	for _, l := range r.Findings {
		if l.File == "" || l.Line < 1 || l.Text == "" || len(l.Lost) == 0 {
			t.Errorf("%+v", *l)
		}
	}

	file := filepath.Join(t.TempDir(), "queues.yaml")
	out, _, _ = importQueues(t, asteriskFiles(t, "queues.conf", "[q]\nringinuse=no\n"), "--json", "--out", file)
	var fine importReport
	if err := json.Unmarshal([]byte(out), &fine); err != nil || fine.YAML != "" || fine.Findings == nil || len(fine.Findings) != 0 {
		t.Errorf("%v %+v", err, fine)
	}
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), "- name: q\n") {
		t.Errorf("%v %s", err, b)
	}
}

func TestImportQueuesWrongly(t *testing.T) {
	there := asteriskFiles(t, "queues.conf", "[q]\n", "queues.yaml", "mine")
	for _, args := range [][]string{{}, {"a", "b"}, {filepath.Join(there, "none")}, {filepath.Join(there, "queues.conf")}, {t.TempDir()},
		{there, "--max-penalty", "-1"}, {there, "--min-penalty", "x"}, {there, "--local", "SIP/{number}"}, {there, "--local", "PJSIP/1"},
		{there, "--out", filepath.Join(there, "queues.yaml")}, {there, "--colour"}} {
		_, _, err := importQueues(t, args...)
		var usage usageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(there, "queues.yaml")); err != nil || string(b) != "mine" {
		t.Errorf("a file that was there is now %q, %v", b, err)
	}
}

// Neither a name nor a link leads out of the folder.
func TestImportStaysInItsFolder(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.conf")
	if err := os.WriteFile(outside, []byte("[found]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := asteriskFiles(t, "inside.conf", "[inside]\n")
	text := fmt.Sprintf("#include link.conf\n#include %s\n#include ../secret.conf\n#include %s\n", outside, filepath.Join(dir, "inside.conf"))
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "queues.conf"), []byte(text), 0o600), os.Symlink(outside, filepath.Join(dir, "link.conf"))); err != nil {
		t.Fatal(err)
	}
	out, _, err := importQueues(t, dir, "--json")
	var r importReport
	if jerr := json.Unmarshal([]byte(out), &r); jerr != nil || !errors.Is(err, errFindings) {
		t.Fatal(jerr, err)
	}
	if r.Queues != 1 || len(r.Findings) != 3 || !strings.Contains(r.YAML, "inside") || strings.Contains(r.YAML, "found") {
		t.Errorf("%+v", r)
	}
}

// The report holds what the lines hold.
func TestImportReportKeepsLines(t *testing.T) {
	b, err := json.Marshal(importer.Line{File: "queues.conf", Line: 3, Text: "timeout=0", Lost: []string{"why"}})
	if err != nil || string(b) != `{"file":"queues.conf","line":3,"text":"timeout=0","lost":["why"]}` {
		t.Errorf("%s %v", b, err)
	}
}
