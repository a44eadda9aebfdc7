package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written with units: 90s, 1h30m, 30d. Units are ms, s, m, h, d (24 h) and w.
type Duration time.Duration

// D returns it as a time.Duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

var units = []struct {
	name string
	size time.Duration
}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"ms", time.Millisecond}, {"m", time.Minute}, {"s", time.Second}}

const durationPattern = `^([0-9]+(ms|w|d|h|m|s))+$`

var errNoUnit = errors.New("a duration needs a unit: ms, s, m, h, d or w, such as 20s or 1h30m")

// ParseDuration reads a duration as ctid.yaml writes it. A bare number, a sign or a fraction is an error.
func ParseDuration(s string) (Duration, error) {
	if s == "" {
		return 0, errNoUnit
	}
	var sum time.Duration
	for rest := s; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > 9 {
			return 0, fmt.Errorf("%q is not a duration; write whole numbers with units, such as 20s or 1h30m", s)
		}
		n, _ := strconv.Atoi(rest[:digits]) // digits only, at most nine
		size, after, ok := cutUnit(rest[digits:])
		if !ok {
			return 0, fmt.Errorf("%q: %w", s, errNoUnit)
		}
		sum += time.Duration(n) * size
		if sum < 0 || sum > 100*365*24*time.Hour || time.Duration(n) > 100*365*24*time.Hour/size {
			return 0, fmt.Errorf("%q is longer than a hundred years", s)
		}
		rest = after
	}
	return Duration(sum), nil
}

func cutUnit(s string) (time.Duration, string, bool) {
	for _, u := range units {
		if after, ok := strings.CutPrefix(s, u.name); ok {
			return u.size, after, true
		}
	}
	return 0, s, false
}

// String writes it with the fewest units that hold it exactly.
func (d Duration) String() string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	rest := time.Duration(d)
	for _, u := range []int{1, 2, 4, 5, 3} { // d h m s ms
		if n := rest / units[u].size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, units[u].name)
			rest %= units[u].size
		}
	}
	return b.String()
}

// MarshalText writes it as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Secret is a password or key. Nothing prints it: fmt, JSON, YAML and slog write [hidden]. Reveal gives its text.
type Secret struct{ text string }

const hidden = "[hidden]"

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text itself, for the one place that sends it.
func (s Secret) Reveal() string { return s.text }

// Empty tells whether there is none.
func (s Secret) Empty() bool { return s.text == "" }

// String implements fmt.Stringer without telling anything.
func (Secret) String() string { return hidden }

// Format keeps every verb from telling it, %d and %#v too.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) } //nolint:errcheck // fmt has no way to report it

// MarshalText keeps JSON and YAML from telling it.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON keeps JSON from telling it.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// LogValue keeps slog from telling it.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Pair is a key with its values, of a map whose keys are days.
type Pair struct {
	Key    string
	Values []string
}

// Pos is a place in a configuration file, or, with Line 0, an environment variable or flag.
type Pos struct {
	File         string
	Line, Column int
}

// String writes file:line:column.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity says whether a finding stops ctid.
type Severity string

// Severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing that is wrong, or doubtful, and where.
type Finding struct {
	Pos      Pos
	Severity Severity
	Code     string // CFG001 …
	Message  string
}

// String writes file:line:column: severity CODE: message.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s %s: %s", f.Pos, f.Severity, f.Code, f.Message)
}

// Failed tells whether an error is among the findings.
func Failed(fs []Finding) bool {
	for _, f := range fs {
		if f.Severity == Error {
			return true
		}
	}
	return false
}
