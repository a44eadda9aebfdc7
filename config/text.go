package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ranked sorts memberships by rank; equal ranks stay as written.
func ranked(ms []Membership) []Membership {
	out := slices.Clone(ms)
	slices.SortStableFunc(out, func(a, b Membership) int { return a.Rank - b.Rank })
	return out
}

// Text is the whole effective configuration, defaults, flags and environment included, secrets left out: what the log
// keeps under Hash. It is JSON, one key a line, and Load reads it back.
func (c *Config) Text() string {
	var b bytes.Buffer
	write(&b, reflect.ValueOf(c).Elem(), "")
	b.WriteByte('\n')
	return b.String()
}

// Hash is 16 hexadecimal digits that change with anything in Text.
func (c *Config) Hash() string {
	sum := sha256.Sum256([]byte(c.Text()))
	return hex.EncodeToString(sum[:8])
}

func write(b *bytes.Buffer, v reflect.Value, indent string) {
	switch {
	case v.Type() == durationType:
		quote(b, Duration(v.Int()).String())
	case v.Type() == pairsType:
		writePairs(b, v.Interface().([]Pair))
	case v.Kind() == reflect.Struct:
		writeStruct(b, v, indent)
	case v.Kind() == reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			b.WriteString(comma(i) + "\n" + indent + " ")
			write(b, v.Index(i), indent+" ")
		}
		b.WriteByte(']')
	case v.Kind() == reflect.String:
		quote(b, v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func comma(i int) string {
	if i > 0 {
		return ","
	}
	return ""
}

// writeStruct leaves out what is empty, so that a key can be added to the table without changing old hashes.
func writeStruct(b *bytes.Buffer, v reflect.Value, indent string) {
	b.WriteByte('{')
	n := 0
	for _, f := range fields(v.Type()) {
		fv := v.Field(f.index)
		empty := fv.Kind() == reflect.String && fv.Len() == 0 || fv.Kind() == reflect.Slice && fv.Len() == 0
		if empty && f.def == "" && !f.need || fv.Kind() == reflect.Struct && notGiven(fv) {
			continue
		}
		b.WriteString(comma(n) + "\n" + indent + " ")
		quote(b, f.name)
		b.WriteString(": ")
		write(b, fv, indent+" ")
		n++
	}
	b.WriteByte('}')
}

// notGiven: a struct that holds nothing, or nothing under a key that it must have (its defaults mean nothing then).
func notGiven(v reflect.Value) bool {
	for _, f := range fields(v.Type()) {
		if f.need && v.Field(f.index).IsZero() {
			return true
		}
	}
	return v.IsZero()
}

func writePairs(b *bytes.Buffer, ps []Pair) {
	b.WriteByte('{')
	for i, p := range ps {
		b.WriteString(comma(i))
		quote(b, p.Key)
		b.WriteString(": [")
		for j, s := range p.Values {
			b.WriteString(comma(j))
			quote(b, s)
		}
		b.WriteByte(']')
	}
	b.WriteByte('}')
}

func quote(b *bytes.Buffer, s string) {
	q, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	b.Write(q)
}

// Change is one section in which two configurations differ.
type Change struct {
	Section string // listen, queues, …
	Restart bool   // it takes effect only when the daemon starts again
}

// Diff returns the sections in which two configurations differ, in the order of the table. Passwords count: a new one
// needs a new connection.
func Diff(before, after *Config) []Change {
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	var out []Change
	for _, f := range fields(a.Type()) {
		if !reflect.DeepEqual(a.Field(f.index).Interface(), b.Field(f.index).Interface()) {
			out = append(out, Change{f.name, f.restart})
		}
	}
	return out
}

// What is a sentence on the changes, for the fact config.changed and for the operator.
func What(cs []Change) string {
	if len(cs) == 0 {
		return "nothing changed"
	}
	var now, later []string
	for _, c := range cs {
		if c.Restart {
			later = append(later, c.Section)
		} else {
			now = append(now, c.Section)
		}
	}
	var parts []string
	if now != nil {
		parts = append(parts, "changed: "+strings.Join(now, ", "))
	}
	if later != nil {
		parts = append(parts, "takes effect at the next start: "+strings.Join(later, ", "))
	}
	return strings.Join(parts, "; ")
}
