// Package calendar tells whether an office is open: weekly hours, special days and holidays in one time zone. It is pure:
// the caller gives the time. Hours belong to the day they begin on: a Friday night shift until 02:00 goes on into Saturday
// even if Saturday is closed or a holiday.
//
// Where they overlap, a special day goes before holidays, and those before the weekly hours: on a special day only its
// own hours count, and no holiday touches them; on a holiday no hours begin; an event with times, such as 24 December from
// 14:00 on, closes just that time, of hours that are under way too. Two special days of contrary hours are an error;
// two holidays of one day both close it, and it has the name of the first.
package calendar

import (
	"cmp"
	"slices"
	"time"
)

// State is what an office is at a moment.
type State string

// States.
const (
	Open    State = "open"
	Closed  State = "closed"
	Holiday State = "holiday" // not open, on a day of the holiday list
)

// Status is an office at a moment.
type Status struct {
	State State
	Name  string    // of the holiday, if it is one and has a name
	Next  time.Time // when State changes; zero: not within a year
	Opens time.Time // when it opens next; zero: it is open, or does not within a year
}

// Calendar is a set of opening hours. It never changes and may be used by many at once.
type Calendar struct {
	name     string
	zone     *time.Location
	week     [7][]span // by time.Weekday
	special  map[date][]span
	holidays map[date]string
	closures map[date][]Closure // by each day that one of them touches
	last     date               // the last holiday
}

// span is from one minute of a day to another; to may be on the next day, and is then over 1440.
type span struct{ from, to int }

// date is a day of the calendar, comparable.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

// plus is the date n days later.
func (d date) plus(n int) date {
	return dateOf(time.Date(d.year, d.month, d.day+n, 12, 0, 0, 0, time.UTC))
}

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC).Weekday()
}

func (d date) String() string {
	return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func (d date) before(e date) bool {
	return cmp.Or(cmp.Compare(d.year, e.year), cmp.Compare(d.month, e.month), cmp.Compare(d.day, e.day)) < 0
}

// horizon is how many days ahead At looks for a change.
const horizon = 370

// Name is what the configuration calls the calendar.
func (c *Calendar) Name() string { return c.name }

// Zone is the time zone of its hours.
func (c *Calendar) Zone() *time.Location { return c.zone }

// HolidaysEnd is the last date of the holiday list as YYYY-MM-DD, for warning that the list is an old one; empty without.
func (c *Calendar) HolidaysEnd() string {
	if c.last == (date{}) {
		return ""
	}
	return c.last.String()
}

// At tells the status at t. Opening and closing are exact to the minute and right over changes of summer time: where the
// clock skips a time, that time is the moment of the skip; where it shows one twice, hours begin at the first and end at
// the second.
func (c *Calendar) At(t time.Time) Status {
	t = t.In(c.zone)
	st := Status{State: c.state(t)}
	today := dateOf(t)
	if st.State == Holiday {
		st.Name, _ = c.holiday(t)
	}
	for n := -1; n <= horizon; n++ {
		for _, at := range c.moments(today.plus(n)) {
			if !at.After(t) {
				continue
			}
			s := c.state(at)
			if st.Next.IsZero() && s != st.State {
				st.Next = at
			}
			if s == Open && st.State != Open {
				st.Opens = at
			}
			if !st.Next.IsZero() && (st.State == Open || !st.Opens.IsZero()) {
				return st
			}
		}
	}
	return st
}

// StateAt is the part of At that costs little: the state, and of a holiday its name.
func (c *Calendar) StateAt(t time.Time) (State, string) {
	t = t.In(c.zone)
	s := c.state(t)
	if s != Holiday {
		return s, ""
	}
	name, _ := c.holiday(t)
	return s, name
}

// state tells whether t, in the zone, lies in the hours of its own day or of the one before.
func (c *Calendar) state(t time.Time) State {
	today := dateOf(t)
	_, shut := c.shut(t)
	for _, d := range [...]date{today.plus(-1), today} {
		if _, special := c.special[d]; shut && !special {
			continue
		}
		for _, s := range c.hours(d) {
			if !t.Before(c.first(d, s.from)) && t.Before(c.second(d, s.to)) {
				return Open
			}
		}
	}
	if _, ok := c.holiday(t); ok {
		return Holiday
	}
	return Closed
}

// hours are the spans that begin on d: a special day's own, none on a holiday, else those of the week.
func (c *Calendar) hours(d date) []span {
	if s, ok := c.special[d]; ok {
		return s
	}
	if _, ok := c.holidays[d]; ok {
		return nil
	}
	return c.week[d.weekday()]
}

// holiday is what is kept at t: the day's holiday, or the closure that t lies in. On a special day there is none.
func (c *Calendar) holiday(t time.Time) (name string, ok bool) {
	today := dateOf(t)
	if _, special := c.special[today]; special {
		return "", false
	}
	if name, ok = c.holidays[today]; ok {
		return name, true
	}
	return c.shut(t)
}

// shut finds the first closure that t lies in.
func (c *Calendar) shut(t time.Time) (name string, ok bool) {
	for _, x := range c.closures[dateOf(t)] {
		if !t.Before(x.From) && t.Before(x.To) {
			return x.Name, true
		}
	}
	return "", false
}

// moments are the times of d, in order, at which the state may change.
func (c *Calendar) moments(d date) []time.Time {
	begin, end := c.first(d, 0), c.first(d.plus(1), 0)
	at := []time.Time{begin}
	add := func(t time.Time) {
		if t.After(begin) && t.Before(end) {
			at = append(at, t)
		}
	}
	for _, e := range [...]date{d.plus(-1), d} {
		for _, s := range c.hours(e) {
			add(c.first(e, s.from))
			add(c.second(e, s.to))
		}
	}
	for _, x := range c.closures[d] {
		add(x.From)
		add(x.To)
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// first and second are the moments at which the clock shows that many minutes of d; they differ where it does so twice.
func (c *Calendar) first(d date, minutes int) time.Time {
	a, _ := c.instants(d, minutes)
	return a
}

func (c *Calendar) second(d date, minutes int) time.Time {
	_, b := c.instants(d, minutes)
	return b
}

// instants tries the offsets in force a day before and a day after; time.Date would choose for us where two or none fit.
func (c *Calendar) instants(d date, minutes int) (first, second time.Time) {
	wall := time.Date(d.year, d.month, d.day, 0, minutes, 0, 0, time.UTC)
	fits := func(day int) (time.Time, bool) {
		_, offset := wall.AddDate(0, 0, day).In(c.zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(c.zone)
		_, got := t.Zone()
		return t, got == offset
	}
	before, okBefore := fits(-1)
	after, okAfter := fits(1)
	switch {
	case okBefore && okAfter && after.Before(before):
		return after, before
	case okBefore && okAfter:
		return before, after
	case okBefore:
		return before, before
	case okAfter:
		return after, after
	}
	skip, _ := before.ZoneBounds() // with the old offset a skipped time lies after the skip
	return skip, skip
}
