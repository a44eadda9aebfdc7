package ivr

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What looks like something else to a YAML reader is what was typed: in texts, in keys and in what follows the call.
func TestTypedAsTyped(t *testing.T) {
	for _, scalar := range []string{"0123", "no", "yes", "on", "~x", "+85291234567", "12:30", "0x1F", "1_000", "2026-12-24", ".5", "5.", "007", "NaN", "TRUE"} {
		for _, quote := range []string{"", `"`, "'"} {
			text := fmt.Sprintf("version: 1\nvars: {a: text}\nnodes:\n  a:\n    - set: {a: %[1]s}\n    - attach: {a: =vars.a, b: %[1]s}\n    - hangup: normal\n", quote+scalar+quote)
			m := NewMachine(mustLoad(t, text), Options{})
			got := m.Next(time.Unix(0, 0), Start{})[0].(Attach).Values
			if got[0].Value.V != scalar || got[1].Value.V != scalar {
				t.Errorf("%s%s: %#v %#v", quote, scalar, got[0].Value.V, got[1].Value.V)
			}
		}
	}
	for scalar, want := range map[string]any{"5": 5.0, "-1.5e3": -1500.0, "0": 0.0, "true": true, "false": false} {
		text := "version: 1\nnodes:\n  a: [{attach: {a: " + scalar + `, b: "` + scalar + `"}}, {hangup: normal}]`
		got := NewMachine(mustLoad(t, text), Options{}).Next(time.Unix(0, 0), Start{})[0].(Attach).Values
		if got[0].Value.V != want || got[1].Value.V != scalar {
			t.Errorf("%s: %#v, quoted %#v", scalar, got[0].Value.V, got[1].Value.V)
		}
	}
}

// A file as Windows writes it is read as any other, with the same places.
func TestLineEndsAndMark(t *testing.T) {
	text := "version: 1\nname: |\n  Two\n  lines\nnodes:\n  a: {goto: b}\n"
	_, want := loadText(text)
	for name, other := range map[string]string{
		"a byte order mark": "\ufeff" + text, "CR LF": strings.ReplaceAll(text, "\n", "\r\n"),
		"both": "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")} {
		_, got := loadText(other)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(want) != 1 {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
}

// What cannot be a script is told so, at its place, with what to do about it.
func TestBadBytes(t *testing.T) {
	good := "version: 1\nnodes:\n  a: {hangup: busy}\n"
	bomb := "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i <= 'i'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", i-1), 9), ", "))
	}
	for _, c := range []struct{ name, text, want string }{
		{"alias bomb", bomb, "x.yaml:2:4: error IVR007: anchors (&) are not used here"},
		{"merge key", good + "x: {<<: y}\n", "x.yaml:4:5: error IVR007: merge keys (<<) are not used here"},
		{"tag", good + "name: !!binary aGVsbG8=\n", "x.yaml:4:7: error IVR007: tags (!) are not used here"},
		{"10 MB", good + strings.Repeat("# more of the same\n", 10<<20/19), "x.yaml:1:1: error IVR008: the file is too large"},
		{"duplicate key", good + "version: 1\n", `x.yaml:4:1: error IVR003: "version" is already defined at line 1`},
		{"duplicate option", "version: 1\nnodes:\n  a: {hangup: {cause: busy, cause: normal}}\n", `x.yaml:3:29: error IVR003: "cause" is already defined at line 3`},
		{"tab", "version: 1\nnodes:\n\ta: {hangup: busy}\n", "indent with spaces, not with tabs"},
		{"Latin-1", "version: 1\nname: Caf\xe9\n", "x.yaml:2:1: error IVR001: not YAML: this line is not UTF-8; save the file as UTF-8"},
		{"UTF-16", "\xff\xfev\x00e\x00r\x00", "save the file as UTF-8"},
		{"null byte", good + "name: a\x00b\n", "x.yaml:4:8: error IVR001: not YAML: a control character stands here"},
		{"a bare comment", "#: x", "x.yaml:1:1: error IVR008: the file holds nothing"},
		{"nothing", "", "x.yaml:1:1: error IVR008: the file holds nothing"},
		{"a list", "- version: 1\n", "a script begins with version: 1"},
		{"two documents", good + "---\n" + good, "IVR008: the file holds 2 documents, not one"},
		{"version 2", "version: 2\nnodes: {a: {hangup: busy}}\n", `version wants 1, the version of the language, not "2"`},
	} {
		began := time.Now()
		s, found := loadText(c.text)
		if s != nil || len(found) == 0 || !strings.Contains(found[0].String(), c.want) {
			t.Errorf("%s: %v", c.name, found[:min(2, len(found))])
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("%s took %s", c.name, d)
		}
	}
}

// A recording that is not one, or too large, and a folder that cannot be read, are findings.
func TestUnreadableParts(t *testing.T) {
	if set, found := LoadSet(folder(map[string]string{"lib": "a file"}), testSite()); set != nil || len(found) == 0 {
		t.Error(found)
	}
	big := folder(map[string]string{"a.yaml": "version: 1\nnodes: {a: {hangup: busy}}\n"})
	big["a.yaml"].Data = append(big["a.yaml"].Data, bytes.Repeat([]byte("#"), maxFile)...)
	if set, found := LoadSet(big, testSite()); set != nil || len(found) != 1 || found[0].ID != "IVR008" {
		t.Error(found)
	}
}
