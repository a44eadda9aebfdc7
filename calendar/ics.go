package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Bounds of an iCalendar file. It comes from elsewhere, and a few bytes of it can stand for many days.
const (
	maxICS     = 1 << 20  // bytes of the file
	maxICSLine = 16 << 10 // bytes of a line, unfolded
	maxEvents  = 2000
	maxClosed  = 20000 // days and closures that come of it
	maxNotes   = 50
	firstYear  = 1900 // no event begins before
	lastYear   = 2100 // no rule is followed further
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
	r := &icsReader{zone: zone, zones: map[string]*time.Location{}, moved: map[string]*stamps{}}
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
			r.note(ev.line, "more than %d days and times: the rest of the file is left out", maxClosed)
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

// event is a VEVENT.
type event struct {
	line      int
	uid, name string
	cancelled bool
	start     prop
	end       prop
	length    prop
	instead   prop // RECURRENCE-ID: it stands for that occurrence of the event with its UID
	rule      prop
	more      []prop // RDATE
	except    []prop // EXDATE

	from  stamp
	days  int           // how long it is, of an event of whole days
	lasts time.Duration // of an event with times
}

// icsReader reads one file.
type icsReader struct {
	zone  *time.Location
	zones map[string]*time.Location // by TZID
	moved map[string]*stamps        // by UID: the occurrences that another event stands for
	out   ICS
}

func (r *icsReader) note(line int, format string, a ...any) {
	if len(r.out.Notes) < maxNotes {
		r.out.Notes = append(r.out.Notes, Note{line, fmt.Sprintf(format, a...)})
	}
}

// events collects the events; what else the file holds, such as alarms in them, is nothing to us.
func (r *icsReader) events(lines []icsLine) []*event {
	var out []*event
	var ev *event
	inner := 0 // how deep in a component within the event
	for _, l := range lines {
		p, ok := property(l)
		opens := p.name == "BEGIN"
		switch {
		case !ok && ev != nil:
			r.note(l.n, "%q is no property; the line is left out", clip(string(l.text)))
		case !ok:
		case opens && strings.EqualFold(strings.TrimSpace(p.value), "VEVENT"):
			if ev != nil {
				r.note(ev.line, "the event has no END; it is left out")
			}
			if len(out) == maxEvents {
				r.note(l.n, "more than %d events: the rest of the file is left out", maxEvents)
				return out
			}
			ev, inner = &event{line: l.n}, 0
		case ev == nil:
		case opens:
			inner++
		case p.name == "END" && inner > 0:
			inner--
		case p.name == "END":
			out, ev = append(out, ev), nil
		case inner == 0:
			r.set(ev, p)
		}
	}
	if ev != nil {
		r.note(ev.line, "the event has no END; it is left out")
	}
	return out
}

// set keeps a property of an event.
func (r *icsReader) set(ev *event, p prop) {
	switch p.name {
	case "DTSTART":
		ev.start = p
	case "DTEND":
		ev.end = p
	case "DURATION":
		ev.length = p
	case "RECURRENCE-ID":
		ev.instead = p
		if p.params["RANGE"] != "" {
			r.note(p.line, "RANGE is not followed: the event stands for one occurrence alone")
		}
	case "RRULE":
		if ev.rule.line > 0 {
			r.note(p.line, "a second RRULE is not followed")
			return
		}
		ev.rule = p
	case "EXRULE":
		r.note(p.line, "EXRULE is not followed: list the days in EXDATE")
	case "RDATE":
		ev.more = append(ev.more, p)
	case "EXDATE":
		ev.except = append(ev.except, p)
	case "UID":
		ev.uid = p.value
	case "SUMMARY":
		ev.name = plain(p.value)
	case "STATUS":
		ev.cancelled = strings.EqualFold(strings.TrimSpace(p.value), "CANCELLED")
	}
}

// when reads when an event begins and how long it is; false: that cannot be told, and the event is left out.
func (r *icsReader) when(ev *event) bool {
	if ev.start.line == 0 {
		r.note(ev.line, "the event has no DTSTART; it is left out")
		return false
	}
	var err error
	if ev.from, err = r.stamp(ev.start, ev.start.value); err != nil {
		r.note(ev.start.line, "%v; the event is left out", err)
		return false
	}
	if ev.from.date.year < firstYear {
		r.note(ev.start.line, "the event begins before %d; it is left out", firstYear)
		return false
	}
	if at, err := r.measure(ev); err != nil {
		r.note(at, "%v; the event is left out", err)
		return false
	}
	if ev.instead.line > 0 {
		of, err := r.stamp(ev.instead, ev.instead.value)
		if err != nil {
			r.note(ev.instead.line, "%v; the event is left out", err)
			return false
		}
		if r.moved[ev.uid] == nil {
			r.moved[ev.uid] = newStamps()
		}
		r.moved[ev.uid].add(of)
	}
	return true
}

// measure reads how long an event is, and says at which line it could not.
func (r *icsReader) measure(ev *event) (line int, err error) {
	switch {
	case ev.end.line > 0:
		to, err := r.stamp(ev.end, ev.end.value)
		if err != nil {
			return ev.end.line, err
		}
		if to.whole() != ev.from.whole() {
			return ev.end.line, errors.New("DTSTART and DTEND are not both dates or both times")
		}
		ev.days, ev.lasts, line = ev.from.date.until(to.date), to.time().Sub(ev.from.time()), ev.end.line
	case ev.length.line > 0:
		if ev.lasts, err = duration(ev.length.value); err != nil {
			return ev.length.line, err
		}
		ev.days, line = int(ev.lasts/(24*time.Hour)), ev.length.line
	default:
		ev.days, line = 1, ev.start.line
	}
	switch {
	case ev.days < 0 || ev.lasts < 0:
		return line, errors.New("the event ends before it begins")
	case ev.from.whole():
		ev.days = max(1, ev.days)
	case ev.lasts == 0:
		return line, errors.New("the event ends when it begins, and closes nothing")
	}
	if most := maxDays * 24 * time.Hour; ev.days > maxDays || ev.lasts > most {
		r.note(line, "the event is longer than %d days; the rest of it is left out", maxDays)
		ev.days, ev.lasts = min(ev.days, maxDays), min(ev.lasts, most)
	}
	return 0, nil
}

// expand closes each occurrence of an event; false: there are too many.
func (r *icsReader) expand(ev *event) bool {
	if ev.cancelled {
		return true
	}
	at, gone := []stamp{ev.from}, newStamps()
	if ev.instead.line == 0 {
		if ev.rule.line > 0 {
			rule, err := r.rule(ev)
			if err != nil {
				r.note(ev.rule.line, "%v: only the first day of the event is kept", err)
			} else {
				at = rule.occurrences(ev.from)
			}
		}
		at = append(at, r.list(ev.more)...)
		for _, x := range r.list(ev.except) {
			gone.add(x)
		}
	}
	for _, s := range at {
		if s.whole() != ev.from.whole() || gone.has(s) || ev.instead.line == 0 && ev.uid != "" && r.moved[ev.uid].has(s) {
			continue
		}
		if len(r.out.Days)+len(r.out.Closures) >= maxClosed {
			return false
		}
		r.close(ev, s)
	}
	return true
}

// close notes one occurrence. What lasts from a midnight of the office's to another is whole days, however it is written.
func (r *icsReader) close(ev *event, s stamp) {
	first, after := s.date, s.date.plus(ev.days)
	if !s.whole() {
		from := s.time().In(r.zone)
		to := from.Add(ev.lasts)
		if !midnight(from) || !midnight(to) {
			r.out.Closures = append(r.out.Closures, Closure{From: from.UTC(), To: to.UTC(), Name: ev.name})
			return
		}
		first, after = dateOf(from), dateOf(to)
	}
	for d := first; d.before(after); d = d.plus(1) {
		r.out.Days = append(r.out.Days, Day{Date: d.String(), Name: ev.name})
	}
}

func midnight(t time.Time) bool {
	h, m, s := t.Clock()
	return h+m+s == 0
}

// list reads the values of RDATE or EXDATE.
func (r *icsReader) list(props []prop) []stamp {
	var out []stamp
	for _, p := range props {
		for value := range strings.SplitSeq(p.value, ",") {
			s, err := r.stamp(p, value)
			if err != nil {
				r.note(p.line, "%v; it is left out", err)
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

// stamp is a DATE, or a DATE-TIME in a zone.
type stamp struct {
	date date
	sec  int // of the day; -1 of a DATE
	zone *time.Location
}

func (s stamp) whole() bool { return s.sec < 0 }

// time is the moment it means; of a DATE midnight in UTC, which is good for counting days.
func (s stamp) time() time.Time {
	if s.whole() {
		return time.Date(s.date.year, s.date.month, s.date.day, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(s.date.year, s.date.month, s.date.day, 0, 0, s.sec, 0, s.zone)
}

// until counts the days from d to e.
func (d date) until(e date) int {
	return int(stamp{date: e, sec: -1}.time().Sub(stamp{date: d, sec: -1}.time()) / (24 * time.Hour))
}

// stamp reads a date or time of a property.
func (r *icsReader) stamp(p prop, value string) (stamp, error) {
	value = strings.TrimSpace(value)
	if t, err := time.Parse("20060102", value); err == nil {
		return stamp{date: dateOf(t), sec: -1}, nil
	}
	zone := r.zone
	text, utc := strings.CutSuffix(value, "Z")
	if id := p.params["TZID"]; utc {
		zone = time.UTC
	} else if id != "" {
		zone = r.zoneOf(id, p.line)
	}
	t, err := time.Parse("20060102T150405", text)
	if err != nil {
		return stamp{}, fmt.Errorf("%q is no date or time, such as 20261224 or 20261224T140000", clip(value))
	}
	return stamp{dateOf(t), t.Hour()*3600 + t.Minute()*60 + t.Second(), zone}, nil
}

// zoneOf finds a zone by its IANA name. Others, such as those of Outlook, are read as the office's own.
func (r *icsReader) zoneOf(id string, line int) *time.Location {
	if z := r.zones[id]; z != nil {
		return z
	}
	z, err := time.LoadLocation(id)
	if err != nil || id == "Local" {
		r.note(line, "%q is no time zone by its IANA name; its times are read as %s", clip(id), r.zone)
		z = r.zone
	}
	r.zones[id] = z
	return z
}

// stamps is a set of dates and times. A date stands for all times of its day, and a time, beside whole days, for its day.
type stamps struct {
	days, timed map[date]bool
	times       map[int64]bool
}

func newStamps() *stamps {
	return &stamps{days: map[date]bool{}, timed: map[date]bool{}, times: map[int64]bool{}}
}

func (x *stamps) add(s stamp) {
	if s.whole() {
		x.days[s.date] = true
		return
	}
	x.timed[s.date], x.times[s.time().Unix()] = true, true
}

// has may be asked of none.
func (x *stamps) has(s stamp) bool {
	switch {
	case x == nil:
		return false
	case s.whole():
		return x.days[s.date] || x.timed[s.date]
	}
	return x.days[s.date] || x.times[s.time().Unix()]
}

var durationRE = regexp.MustCompile(`^\+?P(?:([0-9]{1,3})W|(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?)$`)

// duration reads a length (RFC 5545 §3.3.6).
func duration(text string) (time.Duration, error) {
	m := durationRE.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, fmt.Errorf("%q is no length, such as P1D or PT4H", clip(text))
	}
	var sum time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // digits, or nothing
		sum += time.Duration(n) * unit
	}
	return sum, nil
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
