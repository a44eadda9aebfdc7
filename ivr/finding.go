package ivr

import (
	"fmt"
	"slices"
	"strings"

	"ctid/suggest"
)

// Severity of a finding.
type Severity string

// Severities: an error stops the load, a warning does not, and a note says what could not be checked.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one thing the loader has to say about a script. Line and Col count from 1; Col counts characters.
type Finding struct {
	File     string
	Line     int
	Col      int
	Severity Severity
	ID       string // IVR001 …; docs/ivr.md lists them
	Message  string
}

// String prints the finding as file:line:col: severity ID: message.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s %s: %s", f.File, f.Line, f.Col, f.Severity, f.ID, f.Message)
}

// HasErrors tells whether one of the findings stops the load.
func HasErrors(fs []Finding) bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Severity == Error })
}

// place is where something stands in the source; both count from 1.
type place struct{ line, col int }

// report collects findings and hands them out in the order of the file.
type report struct {
	file  string
	found []Finding
	seen  map[Finding]bool
}

func newReport(file string) *report { return &report{file: file, seen: map[Finding]bool{}} }

func (r *report) errorf(at place, id, format string, args ...any) {
	r.add(at, Error, id, fmt.Sprintf(format, args...))
}

func (r *report) warnf(at place, id, format string, args ...any) {
	r.add(at, Warning, id, fmt.Sprintf(format, args...))
}

func (r *report) notef(at place, id, format string, args ...any) {
	r.add(at, Note, id, fmt.Sprintf(format, args...))
}

func (r *report) add(at place, sev Severity, id, msg string) {
	f := Finding{r.file, max(at.line, 1), max(at.col, 1), sev, id, msg}
	if !r.seen[f] {
		r.seen[f] = true
		r.found = append(r.found, f)
	}
}

func (r *report) failed() bool { return HasErrors(r.found) }

func (r *report) sorted() []Finding {
	out := slices.Clone(r.found)
	slices.SortStableFunc(out, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Col != b.Col {
			return a.Col - b.Col
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// near returns `; did you mean "y"?` for the name among names that x was probably meant to be, or nothing. What prefix is
// given is shown before the name.
func near(x string, names []string, prefix ...string) string {
	best := suggest.Among(x, names)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", strings.Join(prefix, "")+best)
}
