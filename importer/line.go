package importer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Line is one line of the files that is neither empty nor a comment, and what became of it. One of its lists is never empty.
type Line struct {
	File string `json:"file"` // relative to the folder
	Line int    `json:"line"`
	Text string `json:"text"` // without comments; passwords are hidden

	To    []string `json:"to,omitempty"`    // the keys it went to, such as queues[sales].ring
	Same  []string `json:"same,omitempty"`  // there is nothing to carry over, and why
	Notes []string `json:"notes,omitempty"` // what there is to know about how it was carried over
	Lost  []string `json:"lost,omitempty"`  // not carried over, or decided otherwise: what ctid does instead

	over string // where another line takes its place, in one of the sections that have it
}

// maxText is how much of a line a report shows, in characters.
const maxText = 200

func (l *Line) at() string { return fmt.Sprintf("%s:%d", l.File, l.Line) }

// String writes file:line and the text.
func (l *Line) String() string { return l.at() + ": " + l.Text }

func add(list *[]string, format string, a ...any) {
	if s := fmt.Sprintf(format, a...); !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

func (l *Line) to(format string, a ...any)   { add(&l.To, format, a...) }
func (l *Line) same(format string, a ...any) { add(&l.Same, format, a...) }
func (l *Line) note(format string, a ...any) { add(&l.Notes, format, a...) }
func (l *Line) lost(format string, a ...any) { add(&l.Lost, format, a...) }

func (l *Line) accounted() bool { return len(l.To)+len(l.Same)+len(l.Notes)+len(l.Lost) > 0 }

// notRead is said of a line that nothing has looked at. It would be a mistake of this package: its tests look for it.
const notRead = "it was not read"

// close says what is left to say at the end.
func (l *Line) close() {
	switch {
	case l.accounted():
	case l.over != "":
		l.note("%s takes its place", l.over)
	default:
		l.lost("%s", notRead)
	}
}

// place is where a line stands.
type place struct {
	file string
	line int
}

// passwordRE finds the password of an agent of the old chan_agent: agent => ID,PASSWORD,NAME.
var passwordRE = regexp.MustCompile(`^(?i)(\\?agent\b[^,]*),[^,]*`)

// ledger holds each line once, however often its file is included.
type ledger struct {
	lines []*Line
	known map[place]*Line
}

func (b *ledger) line(file string, n int, text string) *Line {
	at := place{file, n}
	if l := b.known[at]; l != nil {
		return l
	}
	l := &Line{File: file, Line: n, Text: clip(clean(passwordRE.ReplaceAllString(text, "$1,***")), maxText)}
	b.known[at] = l
	b.lines = append(b.lines, l)
	return l
}

// clean returns text as it can stand in a report or in YAML: valid, on one line, without characters that cannot be seen.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?")))
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
