package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The runbook can be followed with nothing else: what it has of ctid.yaml, with queues as they are imported, passes the check; and
// every command line in it is one that there is, with flags that it has.
func TestMigrationRunbook(t *testing.T) {
	b, err := os.ReadFile("../../docs/migration.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("secrets/ari", "swordfish\n")
	put("secrets/ami", "herring\n")
	conf := asteriskFiles(t, "queues.conf", "[general]\nautofill=yes\n[sales]\nstrategy=rrmemory\nservicelevel=20\nmember => PJSIP/1001,0,Ana\nmember => PJSIP/1002\n")
	if _, said, err := importQueues(t, conf, "--out", filepath.Join(dir, "queues.yaml")); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(b), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d parts of ctid.yaml", len(blocks))
	}
	put("ctid.yaml", blocks[0][1])
	check := func() {
		t.Helper()
		if status := execute([]string{"check", "-c", filepath.Join(dir, "ctid.yaml")}); status != statusGood {
			t.Errorf("ctid check ends with status %d", status)
		}
	}
	check()
	put("ctid.yaml", blocks[0][1]+blocks[1][1])
	check()
	put("queue_log", strings.ReplaceAll(strings.Join(shadowLines[:3], "\n"), "Ana Lee", "Ana")+"\n")
	out, said, err := runShadow(t.Context(), "-c", filepath.Join(dir, "ctid.yaml"), "--queue-log", filepath.Join(dir, "queue_log"))
	if err != nil || !strings.Contains(out, "1 answered") {
		t.Errorf("%v\n%s\n%s", err, out, said)
	}
	commands(t, string(b))
}

// commands holds the command lines of a document against the program: in blocks of code, and in code within the text.
func commands(t *testing.T, text string) {
	t.Helper()
	var lines []string
	block := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "```"):
			block = !block
		case block && strings.HasPrefix(line, "ctid "):
			lines = append(lines, line)
		case !block:
			for _, m := range regexp.MustCompile("`(ctid [a-z][^`]*)`").FindAllStringSubmatch(line, -1) {
				lines = append(lines, m[1])
			}
		}
	}
	if len(lines) < 12 {
		t.Fatalf("only %d command lines were found: the test does not see them", len(lines))
	}
	for _, line := range lines {
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " > ")
		c, rest, err := newRoot().Find(strings.Fields(line)[1:])
		if err != nil || !c.HasParent() {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if err := c.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
