package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bounds of an iCalendar file. It comes from elsewhere, and a few bytes of it can stand for many days.
const (
	maxICS     = 1 << 20  // bytes of the file
	maxICSLine = 16 << 10 // bytes of a line, unfolded
	maxEvents  = 1000
	maxClosed  = 20000 // days and closures that come of it, a closure once for each day that it touches
	maxOnDay   = 100   // closures that touch one day
	maxLooked  = 20e6  // days that rules are held against
	maxZones   = 100   // names of time zones
	maxNotes   = 50
	firstYear  = 1900 // no event begins before,
	lastYear   = 2100 // and none after; no rule is followed further
)

// ICS is what an iCalendar file (RFC 5545) says about when an office is closed.
type ICS struct {
	Days     []Day     // whole days
	Closures []Closure // events with times
	Notes    []Note    // what was not understood, and left out or read otherwise
}

// Note is a remark about a line of a file. As an error it says why nothing could be read.
type Note struct {
	Line int
	Text string
}

func (n Note) Error() string { return n.Text }

// ReadICS reads the events of an iCalendar file as times at which an office in zone is closed: dates as whole days, times
// of a day as just that time, those without a zone of their own in the office's. It follows yearly rules (RRULE with
// BYMONTH, BYMONTHDAY, BYDAY, INTERVAL, COUNT, UNTIL), RDATE, EXDATE and events that stand for one occurrence of another
// (RECURRENCE-ID). Cancelled events close nothing; whether an event marks its time as busy does not matter, for public
// holidays seldom do. The error is a Note: the file is too large, or has no event that could be read.
func ReadICS(b []byte, zone *time.Location) (ICS, error) {
	if len(b) > maxICS {
		return ICS{}, Note{1, fmt.Sprintf("the file has more than %d bytes", maxICS)}
	}
	r := &icsReader{zone: zone, zones: map[string]*time.Location{}, moved: map[string]*stamps{}, left: maxLooked, onDay: map[date]int{}}
	lines := unfold(b)
	events := r.events(lines)
	if len(events) == 0 {
		last := 1
		if len(lines) > 0 {
			last = lines[len(lines)-1].n
		}
		return r.out, Note{last, "no whole event: an iCalendar file with a VEVENT for each holiday is expected"}
	}
	var sound []*event
	for _, ev := range events {
		if r.when(ev) {
			sound = append(sound, ev)
		}
	}
	for _, ev := range sound {
		if !r.expand(ev) {
			r.note(ev.line, "the events up to here stand for more than %d days and times, or take too long to find: the rest of the file is left out", maxClosed)
			break
		}
	}
	if len(sound) == 0 {
		return r.out, Note{events[0].line, "no event of the file could be read"}
	}
	return r.out, nil
}

// icsLine is a line as it was before it was folded; n is where it begins.
type icsLine struct {
	n    int
	text []byte
}

// unfold joins lines with those that go on behind a space or tab (RFC 5545 §3.1). What is over the bound of a line is cut.
func unfold(b []byte) []icsLine {
	var out []icsLine
	n := 0
	for l := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		n++
		l = strings.TrimRight(l, "\r\n")
		if l != "" && (l[0] == ' ' || l[0] == '\t') && len(out) > 0 {
			last := &out[len(out)-1]
			last.text = append(last.text, l[1:min(len(l), 1+max(0, maxICSLine-len(last.text)))]...)
			continue
		}
		if l != "" {
			out = append(out, icsLine{n, []byte(l[:min(len(l), maxICSLine)])})
		}
	}
	return out
}

// prop is a property: a name, parameters and a value.
type prop struct {
	line   int // 0: there is none
	name   string
	params map[string]string
	value  string
}

// property reads a line; false: it is none.
func property(l icsLine) (prop, bool) {
	text := string(l.text)
	cut := cutOutside(text, ':')
	if len(cut) < 2 {
		return prop{}, false
	}
	head := cutOutside(cut[0], ';')
	p := prop{line: l.n, name: strings.ToUpper(strings.TrimSpace(head[0])), value: text[len(cut[0])+1:]}
	for _, x := range head[1:] {
		key, value, _ := strings.Cut(x, "=")
		if p.params == nil {
			p.params = map[string]string{}
		}
		p.params[strings.ToUpper(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return p, p.name != ""
}

// cutOutside cuts a text where the byte stands outside quotes.
func cutOutside(text string, at byte) []string {
	var out []string
	quoted, from := false, 0
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == at && !quoted:
			out = append(out, text[from:i])
			from = i + 1
		}
	}
	return append(out, text[from:])
}

// plain is a text for people: escapes resolved, no controls, not too long.
func plain(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == 'n' || text[i] == 'N' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteByte(text[i])
	}
	runes := []rune(strings.ToValidUTF8(b.String(), "\ufffd"))
	runes = slices.DeleteFunc(runes, func(r rune) bool { return unicode.IsControl(r) && r != '\t' })
	if len(runes) > 200 {
		runes = runes[:200]
	}
	return strings.TrimSpace(strings.ReplaceAll(string(runes), "\t", " "))
}

// clip cuts a text for a message.
func clip(text string) string {
	if r := []rune(strings.ToValidUTF8(text, "\ufffd")); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
