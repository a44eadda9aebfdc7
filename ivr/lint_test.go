package ivr

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// wav makes a WAV file of silence.
func wav(rate, channels int, length time.Duration) []byte {
	data := make([]byte, int(length.Seconds()*float64(rate))*channels*2)
	var b bytes.Buffer
	le := func(vs ...any) {
		for _, v := range vs {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	b.WriteString("RIFF")
	le(uint32(36 + len(data)))
	b.WriteString("WAVEfmt ")
	le(uint32(16), uint16(1), uint16(channels), uint32(rate), uint32(rate*channels*2), uint16(channels*2), uint16(16))
	b.WriteString("data")
	le(uint32(len(data)))
	b.Write(data)
	return b.Bytes()
}

// exampleSite has all that the examples of the catalogue name.
func exampleFS(script string) fstest.MapFS {
	return fstest.MapFS{"x.yaml": {Data: []byte(script)},
		"sounds/en/studio.wav":    {Data: wav(44100, 2, 100*time.Millisecond)},
		"sounds/en/telephone.wav": {Data: wav(8000, 1, 100*time.Millisecond)}}
}

// TestExplanations: the wrong example of each finding raises it, the right one does not, and both raise nothing else that
// would stop them.
func TestExplanations(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			if back := parseRule(r.Text()); back != r {
				t.Error("the file is not of the form of Rule.Text")
			}
			for part, text := range map[string]string{"message": r.Message, "example": r.Example, "cure": r.Cure, "why": r.Why, "right": r.Right} {
				if strings.TrimSpace(text) == "" {
					t.Errorf("it has no %s", part)
				}
			}
			_, wrong := Load(exampleFS(r.Wrong), "x.yaml", testSite())
			if !slices.ContainsFunc(wrong, func(f Finding) bool { return f.ID == r.ID && f.Severity == r.Severity }) {
				t.Errorf("wrong does not raise it: %v", wrong)
			}
			for _, f := range wrong {
				if f.ID != r.ID {
					t.Errorf("wrong raises %v too", f)
				}
			}
			if s, right := Load(exampleFS(r.Right), "x.yaml", testSite()); s == nil || len(right) > 0 {
				t.Errorf("right is not clean: %v", right)
			}
		})
	}
	if _, ok := Explain("ivr035"); !ok {
		t.Error("ids are found in small letters too")
	}
	if _, ok := Explain("IVR999"); ok {
		t.Error("there is no IVR999")
	}
}

// table is the manual's list of findings.
func table() string {
	cell := strings.NewReplacer("|", `\|`)
	out := "| id | | message | example | cure |\n|---|---|---|---|---|\n"
	for _, r := range Rules() {
		out += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", r.ID, r.Severity, cell.Replace(r.Message), cell.Replace(r.Example), cell.Replace(r.Cure))
	}
	return out
}

// TestDocsListEveryFinding: the manual has the catalogue's message, example and cure of each finding.
func TestDocsListEveryFinding(t *testing.T) {
	const file = "../docs/ivr.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	old := regexp.MustCompile(`(?m)^\| id \| \| message.*\n(?:\|.*\n)+`)
	if !old.Match(b) {
		t.Fatal("docs/ivr.md has no list of findings")
	}
	golden(t, file, string(old.ReplaceAllLiteral(b, []byte(table()))))
}

func lintText(t *testing.T, site Site, script string) []Finding {
	t.Helper()
	_, found := Load(exampleFS(script), "x.yaml", site)
	return found
}

func said(found []Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// TestAllow: a comment with a reason silences a warning on the line below it, and nothing else.
func TestAllow(t *testing.T) {
	script := func(above string) string {
		return "version: 1\nprompts: {main: Press 1.}\ndefaults: {failed: sales}\nnodes:\n  main:\n" + above +
			"    menu: {1: sales, wait: 300ms}\n  sales: {queue: sales, then: {otherwise: hangup}}\n"
	}
	for _, c := range []struct{ name, above, want string }{
		{"without", "", "x.yaml:6:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
		{"silenced", "    # ctid: allow IVR040 because it only lets a trunk settle\n", ""},
		{"two above one line", "    # ctid: allow IVR040 because it only lets a trunk settle\n    # ctid: allow IVR035 because of nothing\n",
			"x.yaml:7:7: warning IVR009: allow \"IVR035\" is never used: there is no such finding on the line below; take it out\n"},
		{"another comment between", "    # ctid: allow IVR040 because it only lets a trunk settle\n    # in March\n", ""},
		{"without a reason", "    # ctid: allow IVR040\n", "x.yaml:6:7: error IVR004: allow needs a reason: # ctid: allow IVR040 because …\n" +
			"x.yaml:7:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
		{"an error", "    # ctid: allow IVR020 because I say so\n", "x.yaml:6:7: error IVR002: IVR020 is an error and cannot be allowed; cure it\n" +
			"x.yaml:7:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
		{"an error of 07x", "    # ctid: allow IVR070 because I say so\n", "x.yaml:6:7: error IVR002: IVR070 is an error; only ivr.allow in ctid.yaml can lift it\n" +
			"x.yaml:7:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
		{"no id", "    # ctid: allow it because I say so\n",
			"x.yaml:6:7: error IVR004: allow needs the id of a warning, as in # ctid: allow IVR035 because the keys are printed on the card\n" +
				"x.yaml:7:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
		{"no such id", "    # ctid: allow IVR999 because I say so\n", "x.yaml:6:7: error IVR002: there is no finding IVR999 to allow\n" +
			"x.yaml:7:28: warning IVR040: wait 300ms is outside 1s to 30s; callers hardly cope with it\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := said(lintText(t, testSite(), script(c.above))); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

// TestLifted: the site alone allows an error of IVR07x, in one script, and it stays in sight; the script then runs.
func TestLifted(t *testing.T) {
	rule, _ := Explain("IVR070")
	site := testSite()
	site.Lifted = []Lift{{"IVR070", "x", "a test line that nobody else hears"}}
	s, found := Load(exampleFS(rule.Wrong), "x.yaml", site)
	if s == nil || len(found) != 1 || found[0].Severity != Note || !strings.HasSuffix(found[0].Message, "; ctid.yaml allows it: a test line that nobody else hears") {
		t.Errorf("lifted: %v", found)
	}
	for _, other := range []Lift{{"IVR070", "y", "another script"}, {"IVR071", "x", "another finding"}} {
		site.Lifted = []Lift{other}
		if s, found := Load(exampleFS(rule.Wrong), "x.yaml", site); s != nil {
			t.Errorf("%v lifts it: %v", other, found)
		}
	}
	site.Lifted = []Lift{{"IVR020", "x", "no"}}
	rule, _ = Explain("IVR020")
	if s, found := Load(exampleFS(rule.Wrong), "x.yaml", site); s != nil {
		t.Errorf("only IVR07x can be lifted: %v", found)
	}
	site.Lifted = []Lift{{"IVR070", "x", "compared in a test"}}
	used := strings.Replace(rule.Right, "nodes:", "vars: {pin: secret}\nnodes:\n  ask: [{collect: {into: pin, mask: true, prompt: hello}, then: {failed: main}}, "+
		"{goto: main, if: vars.pin == '1'}, {attach: {pin: =vars.pin}}, {goto: main}]", 1)
	if s, found := Load(exampleFS(used), "x.yaml", site); s == nil || len(found) != 2 {
		t.Errorf("a lifted secret is compared and shown: %v", found)
	}
}

// TestUnknownSite: without a site nothing that depends on it is an error; it is noted once a name.
func TestUnknownSite(t *testing.T) {
	found := lintText(t, Site{Unknown: true}, `version: 1
languages: [fr]
prompts: {no_input: Rien., no_match: Non., main: Tapez 1.}
nodes:
  main:
    - {hangup: busy, if: 'queue("night").waiting > 3 and customer.region == "x" and hours("late") == "open"'}
    - menu: {1: sales}
      then: {failed: sales}
  sales: {queue: sales, then: {otherwise: again}}
  again: {queue: sales, then: {otherwise: hangup}}
`)
	want := `x.yaml:6:33: note IVR055: queue "night" is not checked: there is no ctid.yaml that says what the site has
x.yaml:6:91: note IVR056: calendar "late" is not checked: there is no ctid.yaml that says what the site has
x.yaml:9:18: note IVR055: queue "sales" is not checked: there is no ctid.yaml that says what the site has
`
	if got := said(found); got != want {
		t.Errorf("got:\n%s", got)
	}
}

// TestLengths: a recording's own length goes before the estimate from the text.
func TestLengths(t *testing.T) {
	script := "version: 1\nprompts: {main: Press 1.}\ndefaults: {failed: sales}\nnodes:\n  main: {menu: {1: sales}}\n  sales: {queue: sales, then: {otherwise: hangup}}\n"
	site := testSite()
	fsys := exampleFS(script)
	if _, found := Load(fsys, "x.yaml", site); len(found) > 0 {
		t.Error(found)
	}
	fsys["sounds/en/main.wav"] = &fstest.MapFile{Data: wav(8000, 1, 26*time.Second)}
	if _, found := Load(fsys, "x.yaml", site); len(found) != 1 || found[0].ID != "IVR036" || !strings.Contains(found[0].Message, "lasts 26 s") {
		t.Error(found)
	}
	for text, want := range map[string]float64{"": 0, strings.Repeat("a", 28): 2, "欢迎致电海港贸": 1.75, "按 1": 0.25 + 2.0/14} {
		if got := seconds(text); got < want-0.001 || got > want+0.001 {
			t.Errorf("%q: %g s, want %g", text, got, want)
		}
	}
	for name, b := range map[string][]byte{"empty": {}, "no riff": []byte("RIFX....WAVE"), "cut": wav(8000, 1, time.Second)[:30], "no sound": wav(8000, 1, 0)[:36]} {
		fsys["bad.wav"] = &fstest.MapFile{Data: b}
		if w, err := readWAV(fsys, "bad.wav"); err == nil {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// TestCanMatch: the walk over a pattern's states says no only where no answer of that length matches.
func TestCanMatch(t *testing.T) {
	digits := "0123456789"
	for _, c := range []struct {
		pattern   string
		low, high int
		want      bool
	}{
		{`^\d{6}$`, 4, 4, false}, {`^\d{6}$`, 4, 6, true}, {`^85`, 4, 6, true}, {`85$`, 1, 1, false}, {`^(12|345)$`, 3, 3, true},
		{`^(12|345)$`, 4, 20, false}, {`[a-z]`, 1, 20, false}, {`^\d+$`, 1, 64, true}, {`^1?$`, 2, 2, false}, {``, 1, 1, true}, {`^$`, 1, 3, false},
		{`(?i)A`, 1, 9, false}, {`^(?:0|1){3}2{2,}$`, 5, 5, true}, {`\b1`, 1, 1, true}, {`(`, 1, 1, true},
	} {
		if got := canMatch(c.pattern, digits, c.low, c.high); got != c.want {
			t.Errorf("%s of %d to %d digits: %v", c.pattern, c.low, c.high, got)
		}
	}
}

// sarifShape is what SARIF 2.1.0 (sections 3.13 to 3.30 and 3.49) wants of the properties we write.
type sarifShape struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct {
					ID                     string
					ShortDescription, Help *struct{ Text string }
					DefaultConfiguration   struct{ Level string }
				}
			}
		}
		ColumnKind string
		Results    []struct {
			RuleID    string
			RuleIndex *int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine, StartColumn int }
				}
			}
		}
	}
}

func TestFormats(t *testing.T) {
	found := []Finding{{"ivr/a b.yaml", 3, 7, Error, "IVR020", `there is no node "x"`}, {"ivr/c,d.yaml", 4, 1, Warning, "IVR035", "9% of\nit"},
		{"ivr/a b.yaml", 9, 2, Note, "IVR055", "not checked"}}
	out := func(format string) string {
		var b bytes.Buffer
		if err := WriteFindings(&b, format, found); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := out("github"); got != "::error file=ivr/a b.yaml,line=3,col=7,title=IVR020::there is no node \"x\"\n"+
		"::warning file=ivr/c%2Cd.yaml,line=4,col=1,title=IVR035::9%25 of%0Ait\n::notice file=ivr/a b.yaml,line=9,col=2,title=IVR055::not checked\n" {
		t.Errorf("github:\n%s", got)
	}
	if got := out("text"); !strings.HasPrefix(got, `ivr/a b.yaml:3:7: error IVR020: there is no node "x"`+"\n") {
		t.Errorf("text:\n%s", got)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(out("json")), &list); err != nil || len(list) != 3 || list[1]["column"] != 1.0 || list[0]["id"] != "IVR020" {
		t.Errorf("json: %v %v", list, err)
	}
	var s sarifShape
	dec := json.NewDecoder(strings.NewReader(out("sarif")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		t.Fatal(err)
	}
	holdSARIF(t, s, len(found))
	if err := WriteFindings(&bytes.Buffer{}, "xml", nil); err == nil {
		t.Error("there is no format xml")
	}
	found = nil
	if got := out("json"); got != "[]\n" {
		t.Errorf("no findings: %s", got)
	}
	if got := out("sarif"); !strings.Contains(got, `"results": []`) || !strings.Contains(got, `"rules": []`) {
		t.Errorf("no findings: %s", got)
	}
}

func holdSARIF(t *testing.T, s sarifShape, n int) {
	t.Helper()
	if s.Version != "2.1.0" || !strings.Contains(s.Schema, "sarif-2.1.0") || len(s.Runs) != 1 {
		t.Fatalf("%+v", s)
	}
	run := s.Runs[0]
	levels := []string{"none", "note", "warning", "error"}
	if run.Tool.Driver.Name == "" || run.ColumnKind != "unicodeCodePoints" || len(run.Results) != n {
		t.Errorf("%+v", run)
	}
	seen := map[string]bool{}
	for _, r := range run.Tool.Driver.Rules {
		if seen[r.ID] || r.ShortDescription == nil || r.Help == nil || r.Help.Text == "" || !slices.Contains(levels, r.DefaultConfiguration.Level) {
			t.Errorf("rule %+v", r)
		}
		seen[r.ID] = true
	}
	for _, r := range run.Results {
		if r.RuleIndex == nil || *r.RuleIndex < 0 || *r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("the rule of %+v", r)
			continue
		}
		if r.Message.Text == "" || !slices.Contains(levels, r.Level) || len(r.Locations) != 1 {
			t.Errorf("result %+v", r)
			continue
		}
		at := r.Locations[0].PhysicalLocation
		if u, err := url.Parse(at.ArtifactLocation.URI); err != nil || strings.Contains(at.ArtifactLocation.URI, " ") || u.Path == "" || at.Region.StartLine < 1 || at.Region.StartColumn < 1 {
			t.Errorf("place %+v", at)
		}
	}
}

// TestSecretIn: each form is put together here, so that no scanner takes this file for one that holds secrets.
func TestSecretIn(t *testing.T) {
	for _, c := range []struct {
		text   string
		secret bool
	}{
		{"Bearer " + "abcdefgh", true}, {"token\t" + "abc.def~gh", true}, {"key AKIA" + "ABCDEFGH1234", true}, {"akia" + "abcdefgh1234", true},
		{"sk_live" + "_abcdefgh", true}, {"ghp" + "_abcdefghijklmnop", true}, {"xoxb" + "-abcdefgh", true}, {"eyJ" + "abcdef.x", true},
		{"a://b" + ":c@", true}, {"see ftp://me" + ":pw@host", true}, {"-----BEGIN " + "RSA PRIVATE KEY-----", true},
		{"Bearer abc", false}, {"https://host/a:b", false}, {"AKIA", false}, {"Please key in your token after the tone.", false}, {"", false},
	} {
		if got := secretIn(c.text); got != c.secret {
			t.Errorf("%q: secret %v, want %v", c.text, got, c.secret)
		}
	}
}

// TestRulesHaveABadFolder holds catalogue, code and folders together.
func TestRulesHaveABadFolder(t *testing.T) {
	var bad, rules []string
	for _, d := range files(t, testdata+"/bad/IVR*") {
		bad = append(bad, filepath.Base(d))
	}
	for _, r := range Rules() {
		rules = append(rules, r.ID)
	}
	if !slices.Equal(bad, rules) {
		t.Errorf("folders %v\ncatalogue %v", bad, rules)
	}
}
