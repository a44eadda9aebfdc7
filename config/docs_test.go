package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ctid/acd"
)

// distribution are the sections that docs/acd.md has every option of.
var distribution = []string{"trunks", "numbers", "calendars", "skills", "routing", "queues", "agents", "pause_codes", "blending", "seat"}

// optionRow is how the row of an option begins in docs/acd.md; behind it comes what app_queue has for it.
func optionRow(path string, t reflect.Type, f field) string {
	def, values := f.def, "–"
	switch {
	case f.need:
		def = "must be given"
	case def == "":
		def = "–"
	}
	switch {
	case f.enum != nil:
		values = strings.Join(f.enum, ", ")
	case t.Kind() == reflect.Bool:
		values = "true, false"
	case t == durationType:
		values = or(f.min, "0s") + "–" + or(f.max, "3650d")
	case t.Kind() == reflect.Int:
		values = or(f.min, "0") + "–" + or(f.max, "1000000000")
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | ", path, f.doc, def, values)
}

// optionRows are the rows of all options of the distribution, by path.
func optionRows() map[string]string {
	out := map[string]string{}
	var walk func(reflect.Type, string)
	walk = func(t reflect.Type, path string) {
		for _, f := range fields(t) {
			if path == "" && !slices.Contains(distribution, f.name) {
				continue
			}
			ft, at := t.Field(f.index).Type, path+f.name
			out[at] = optionRow(at, ft, f)
			in := at + "."
			if ft.Kind() == reflect.Slice {
				ft, in = ft.Elem(), at+"[]."
			}
			if ft.Kind() == reflect.Struct && ft != reflect.TypeFor[Pair]() {
				walk(ft, in)
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
	return out
}

// docs/acd.md has each option once, with its meaning, default and values as they are, and with app_queue's name for it or a dash.
func TestEveryOptionIsDocumented(t *testing.T) {
	const file = "../docs/acd.md"
	_, reference, ok := strings.Cut(read(t, file), "\n## Every option\n")
	if !ok {
		t.Fatalf("%s has no list of options", file)
	}
	want := optionRows()
	if len(want) < 120 {
		t.Errorf("only %d options were found: the test does not see them", len(want))
	}
	first := regexp.MustCompile("^\\| `([^`]+)` \\|")
	seen := map[string]bool{}
	for line := range strings.Lines(reference) {
		m := first.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		row, there := want[m[1]]
		switch rest, good := strings.CutPrefix(strings.TrimSpace(line), row); {
		case !there:
			t.Errorf("%s has `%s`, which is no option", file, m[1])
		case seen[m[1]]:
			t.Errorf("%s has `%s` twice", file, m[1])
		case !good:
			t.Errorf("%s: the row of `%s` must begin so:\n%s\nit is\n%s", file, m[1], row, line)
		case strings.TrimSpace(strings.TrimSuffix(rest, "|")) == "" || !strings.HasSuffix(rest, "|"):
			t.Errorf("%s does not say what app_queue has for `%s`: – if nothing", file, m[1])
		}
		seen[m[1]] = true
	}
	for path, row := range want {
		if !seen[path] {
			t.Errorf("%s lacks the row\n%s… |", file, row)
		}
	}
}

// Each strategy has its row in docs/acd.md, and each rule that ctid why can tell.
func TestStrategiesAndRulesAreDocumented(t *testing.T) {
	text := read(t, "../docs/acd.md")
	words := append(acd.Strategies(), acd.Nexts()...)
	words = append(words, acd.EmptyWords()...)
	words = append(words, acd.RuleOffered, acd.RulePreferred, acd.RuleRank, acd.RuleSkill, acd.RuleState, acd.RulePhone, acd.RuleGap, acd.RuleSeat, acd.RuleRoom, acd.RuleOrder)
	prose, _, _ := strings.Cut(text, "\n## Every option\n")
	for _, w := range words {
		if !strings.Contains(prose, "`"+w+"`") && !strings.Contains(prose, "**"+w+"**") {
			t.Errorf("docs/acd.md does not explain `%s`", w)
		}
	}
}

// around is what the examples of the documents leave out, by section.
var around = []struct{ section, text string }{
	{"asterisk", "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088', trunk: 'PJSIP/{number}@north'}]}\n"},
	{"numbering", "numbering: {country: HK}\n"},
	{"dial_allow", "dial_allow: [\"+44\"]\n"},
	{"calendars", "calendars: [{name: office, open: {mon-fri: 09:00-18:00}}]\n"},
	{"queues", "queues: [{name: sales}, {name: support}, {name: operators}]\n"},
	{"agents", "agents: [{name: ana, queues: [sales, support, operators], device: {endpoint: PJSIP/1001}}]\n"},
}

// examples are the configurations in a document's section: all of it from its heading up to the next one of its level.
func examples(t *testing.T, file, heading string) []string {
	t.Helper()
	_, text, ok := strings.Cut(read(t, file), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no %q", file, heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var out []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Errorf("%s has no example under %q", file, heading)
	}
	return out
}

// The examples that the documents give pass, without a warning, and show each condition and limit of routes, and what rules of queues
// are made of.
func TestExamplesPass(t *testing.T) {
	password(t)
	t.Setenv("CTID_IVR_DIR", mustAbs(t, data+"/ivr"))
	shown := ""
	for _, x := range []struct{ file, heading string }{{"../docs/acd.md", "An example"}, {"../docs/operations.md", "Where a call goes"}} {
		for _, text := range examples(t, x.file, x.heading) {
			shown += text
			for _, a := range around {
				if !strings.HasPrefix(text, a.section+":") && !strings.Contains(text, "\n"+a.section+":") {
					text += a.text
				}
			}
			file := filepath.Join(t.TempDir(), FileName)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if c, fs := Load(Options{File: file}); c == nil || len(fs) > 0 {
				t.Errorf("%s, %s: %v\n%s", x.file, x.heading, fs, text)
			}
		}
	}
	keys := []string{"max_calls", "over", "share", "to", "hangup", "needs", "steps", "sticky", "overflow", "skills", "callback_attempts", "rank"}
	for _, f := range fields(reflect.TypeFor[When]()) {
		keys = append(keys, f.name)
	}
	for _, k := range keys {
		if !regexp.MustCompile(`\b` + k + `:`).MatchString(shown) {
			t.Errorf("no example shows `%s`", k)
		}
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
