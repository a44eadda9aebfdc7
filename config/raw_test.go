package config

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

// Numbers and extensions are texts: what was typed is what is kept.
func TestScalarsStayAsTyped(t *testing.T) {
	const file = "a: [0123, +85231230001, 1_000, 0x10, 09:00-13:00, http://x.example:80/z, 1:2:3, '07', 2026-12-24, true, {k: 1}, {k:1}]\n"
	want := []string{"0123", "+85231230001", "1_000", "0x10", "09:00-13:00", "http://x.example:80/z", "1:2:3", "07", "2026-12-24", "true", "", ""}
	m, fs := parse("x", []byte(file))
	if fs != nil {
		t.Fatal(fs)
	}
	for i, n := range m.Values[0].Value.(*ast.SequenceNode).Values {
		got, ok := scalar(n)
		if got != want[i] || ok != (want[i] != "") {
			t.Errorf("%d: want %q, got %q %v (%T)", i, want[i], got, ok, n)
		}
	}
}

func TestRawBounds(t *testing.T) {
	for what, file := range map[string]string{
		"too many bytes":  "a: " + strings.Repeat("x\n", maxFile),
		"a long line":     "a: " + strings.Repeat("x", maxLine),
		"deep brackets":   "a: " + strings.Repeat("[\n", maxDepth+1),
		"deep dashes":     strings.Repeat("- ", maxDepth+1) + "x",
		"deep indent":     strings.Repeat(" ", maxIndent+1) + "x: 1",
		"not UTF-8":       "a: \xff",
		"a NUL":           "a: \x00",
		"a line of 0x85":  "a: \u0085b",
		"a carriage home": "a: b\x08",
	} {
		if f, ok := rawCheck("x", []byte(file)); ok {
			t.Errorf("%s passed", what)
		} else if f.Code != "CFG002" && f.Code != "CFG003" {
			t.Errorf("%s: %v", what, f)
		}
	}
	if f, ok := rawCheck("x", []byte("a: 支持\r\nb: [1]\n")); !ok {
		t.Errorf("a good file: %v", f)
	}
}
