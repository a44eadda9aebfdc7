package importer

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"ctid/pbxtest"
)

// samples reads the configuration that comes with the real Asterisk.
func samples(t *testing.T) fstest.MapFS {
	t.Helper()
	root, _, err := pbxtest.Fetch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, name := range []string{queuesFile, rulesFile, agentsFile} {
		b, err := os.ReadFile(root.Path("usr/share/asterisk/conf/samples", name+".sample"))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = &fstest.MapFile{Data: b}
	}
	return out
}

// optionRE finds an option that the sample shows in a comment. A text of it has no such form.
var optionRE = regexp.MustCompile(`(?m)^;[ \t]?([a-z][a-z0-9_-]*)[ \t]*=>?[ \t]*(\S.*)?$`)

// The sample of the real Asterisk, as it is, and with every option that it shows switched on: each is known.
func TestRealSample(t *testing.T) {
	dir := samples(t)
	r, _ := imported(t, dir, plain)
	if lost := r.Lost(); len(lost) > 1 || len(lost) == 1 && !strings.HasPrefix(lost[0].Text, "persistentmembers") {
		t.Errorf("of the sample as it is, these are findings: %v", lost)
	}

	text := string(dir[queuesFile].Data)
	general, queue, ok := strings.Cut(text, ";[markq]")
	if !ok {
		t.Fatal("the sample has no queue markq")
	}
	shown := optionRE.FindAllString(queue, -1)
	if len(shown) < 40 {
		t.Fatalf("only %d options were found in the sample", len(shown))
	}
	general = optionRE.ReplaceAllStringFunc(general, func(s string) string { return strings.TrimLeft(s, "; \t") })
	queue = optionRE.ReplaceAllStringFunc(queue, func(s string) string { return strings.TrimLeft(s, "; \t") })
	rules := regexp.MustCompile(`(?m)^; (\[myrule\]|penaltychange => [0-9].*)$`).ReplaceAllString(string(dir[rulesFile].Data), "$1")
	dir[queuesFile] = &fstest.MapFile{Data: []byte(general + "[markq]" + queue)}
	dir[rulesFile] = &fstest.MapFile{Data: []byte(rules)}
	r, w := imported(t, dir, plain)
	q := w.queue(t, "markq")
	if len(r.Lines) < 60 || len(w.Agents) < 2 || len(q.Steps) < 4 {
		t.Errorf("%d lines, %d agents and %v came of the sample", len(r.Lines), len(w.Agents), q)
	}
	for _, l := range r.Lost() {
		if all := strings.Join(l.Lost, " "); strings.Contains(all, "no option") || strings.Contains(all, "no such setting") {
			t.Errorf("%s: %s", l, all)
		}
	}
}
