package ivr

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// section returns the part of the manual under a heading.
func section(t *testing.T, manual, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(manual, "\n"+heading+"\n")
	if !ok {
		t.Errorf("docs/ivr.md has no %q", heading)
		return ""
	}
	level := strings.Repeat("#", strings.Count(heading, "#"))
	if i := regexp.MustCompile(`(?m)^#{2,` + string('0'+rune(len(level))) + `} `).FindStringIndex(rest); i != nil {
		rest = rest[:i[0]]
	}
	return rest
}

// TestDocsNameEveryVerb holds the manual to the table of verbs: each option with its default, each outcome.
func TestDocsNameEveryVerb(t *testing.T) {
	b, err := os.ReadFile("../docs/ivr.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(b)
	shared := section(t, manual, "### Questions")
	for _, vb := range verbTable() {
		text := section(t, manual, "### "+vb.name)
		if vb.asks() {
			text += shared
		}
		for _, o := range vb.options {
			if !strings.Contains(text, "`"+o.name+"`") {
				t.Errorf("%s: option %s is not in the manual", vb.name, o.name)
			}
			if o.def != "" && !strings.Contains(text, "`"+o.def+"`") && !strings.Contains(text, o.def) && !strings.Contains(text, "prompt named like the node") {
				t.Errorf("%s: default %s of %s is not in the manual", vb.name, o.def, o.name)
			}
		}
		for _, o := range vb.outcomes {
			if !strings.Contains(text, "`"+o.name+"`") {
				t.Errorf("%s: outcome %s is not in the manual", vb.name, o.name)
			}
		}
	}
	for _, k := range fileKeys {
		if !strings.Contains(section(t, manual, "## The file"), "`"+k+"`") {
			t.Errorf("key %s is not in the manual", k)
		}
	}
	for _, f := range functionTable() {
		if !regexp.MustCompile(`\b` + f.name + `\b`).MatchString(section(t, manual, "## Expressions")) {
			t.Errorf("function %s is not in the manual", f.name)
		}
	}
}

// TestDocsNameEveryFinding: the ids in the code, in the manual and among the bad files are the same.
func TestDocsNameEveryFinding(t *testing.T) {
	id := regexp.MustCompile(`IVR\d{3}`)
	inCode, inManual := map[string]bool{}, map[string]bool{}
	for _, f := range files(t, "*.go") {
		if strings.HasSuffix(f, "_test.go") || f == "finding.go" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(IVR\d{3})"`).FindAllStringSubmatch(string(b), -1) {
			inCode[m[1]] = true
		}
	}
	b, err := os.ReadFile("../docs/ivr.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range id.FindAllString(section(t, string(b), "## Findings"), -1) {
		inManual[m] = true
	}
	var bad []string
	for _, d := range files(t, testdata+"/bad/IVR*") {
		bad = append(bad, filepath.Base(d))
	}
	for m := range inCode {
		if !inManual[m] || !slices.Contains(bad, m) {
			t.Errorf("%s: in the manual %v, has a bad file %v", m, inManual[m], slices.Contains(bad, m))
		}
	}
	for m := range inManual {
		if !inCode[m] {
			t.Errorf("%s is in the manual, and nothing reports it", m)
		}
	}
}

// TestDocsExampleLoads: the manual's own script is sound.
func TestDocsExampleLoads(t *testing.T) {
	b, err := os.ReadFile("../docs/ivr.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	if s, found := loadText(text); s == nil || len(found) > 0 {
		t.Error(found)
	}
}

// What a caller hears is told in docs/acd.md with each option and its default, and its script is sound.
func TestDocsTellWhatACallerHears(t *testing.T) {
	b, err := os.ReadFile("../docs/acd.md")
	if err != nil {
		t.Fatal(err)
	}
	text := section(t, string(b), "## What a caller hears")
	for _, o := range slices.Concat(announceOptions, stayOptions, []option{{"music", "", false}, {"whisper", "", false}, {"callback", "", false}, {"after", "60s", false}}) {
		if !strings.Contains(text, "`"+o.name) && !strings.Contains(text, "."+o.name+"`") {
			t.Errorf("docs/acd.md does not tell of %s", o.name)
		}
		if o.def != "" && !strings.Contains(text, "| "+o.def) && !strings.Contains(text, "`"+o.def+"`") {
			t.Errorf("docs/acd.md does not tell the default %s of %s", o.def, o.name)
		}
	}
	_, rest, _ := strings.Cut(text, "```yaml\n")
	script, _, _ := strings.Cut(rest, "```")
	site := testSite()
	site.Queues = append(site.Queues, "claims")
	s, found := Load(fstest.MapFS{"main.yaml": {Data: []byte(script)}}, "main.yaml", site)
	if s == nil || len(found) > 0 {
		t.Error(found)
	}
}
