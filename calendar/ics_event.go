package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

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
	days  int           // how long it is: so many days, by the clock on the wall,
	lasts time.Duration // and, of an event with times, so much more
}

// icsReader reads one file.
type icsReader struct {
	zone  *time.Location
	zones map[string]*time.Location // by TZID
	moved map[string]*stamps        // by UID: the occurrences that another event stands for
	left  int                       // days that rules may still be held against
	shut  int                       // days and closures so far
	onDay map[date]int              // closures that touch a day
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
	if !ev.from.inRange() {
		r.note(ev.start.line, "the event does not begin in the years %d to %d; it is left out", firstYear, lastYear)
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
		ev.days, ev.lasts = ev.from.upTo(to)
		line = ev.end.line
	case ev.length.line > 0:
		if ev.days, ev.lasts, err = duration(ev.length.value); err != nil {
			return ev.length.line, err
		}
		line = ev.length.line
	default:
		line = ev.start.line
	}
	if ev.from.whole() {
		ev.days, ev.lasts = ev.days+int(ev.lasts/(24*time.Hour)), 0
	}
	switch {
	case ev.days < 0 || ev.lasts < 0:
		return line, errors.New("the event ends before it begins")
	case ev.from.whole():
		ev.days = max(1, ev.days)
	case ev.days == 0 && ev.lasts == 0:
		return line, errors.New("the event ends when it begins, and closes nothing")
	}
	const day = 24 * time.Hour
	if time.Duration(ev.days)*day+ev.lasts > maxDays*day {
		r.note(line, "the event is longer than %d days; the rest of it is left out", maxDays)
		ev.days, ev.lasts = maxDays, 0
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
				at = rule.occurrences(ev.from, &r.left)
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
		if r.shut >= maxClosed {
			return false
		}
		r.close(ev, s)
	}
	return r.left > 0
}

// close notes one occurrence. What lasts from a midnight of the office's to another is whole days, however it is written.
func (r *icsReader) close(ev *event, s stamp) {
	first, after := s.date, s.date.plus(ev.days)
	if !s.whole() {
		from := s.time().In(r.zone)
		to := stamp{after, s.sec, s.zone}.time().Add(ev.lasts).In(r.zone)
		if !midnight(from) || !midnight(to) {
			r.closePart(ev, from, to)
			return
		}
		first, after = dateOf(from), dateOf(to)
	}
	for d := first; d.before(after); d = d.plus(1) {
		r.out.Days = append(r.out.Days, Day{Date: d.String(), Name: ev.name})
		r.shut++
	}
}

// closePart notes an occurrence that closes parts of days. Whoever asks the calendar looks through all that touch a day, so there are
// not more than can be.
func (r *icsReader) closePart(ev *event, from, to time.Time) {
	last := dateOf(to)
	for d := dateOf(from); !last.before(d); d = d.plus(1) {
		if r.onDay[d] >= maxOnDay {
			r.note(ev.line, "more than %d events are on %s; one of them is left out", maxOnDay, d)
			return
		}
	}
	for d := dateOf(from); !last.before(d); d = d.plus(1) {
		r.onDay[d]++
		r.shut++
	}
	r.out.Closures = append(r.out.Closures, Closure{From: from.UTC(), To: to.UTC(), Name: ev.name})
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
			if err == nil && !s.inRange() {
				err = fmt.Errorf("%q is not in the years %d to %d", clip(value), firstYear, lastYear)
			}
			if err != nil {
				r.note(p.line, "%v; it is left out", err)
				continue
			}
			out = append(out, s)
		}
	}
	return out
}
