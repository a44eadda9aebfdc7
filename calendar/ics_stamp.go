package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stamp is a DATE, or a DATE-TIME in a zone.
type stamp struct {
	date date
	sec  int // of the day; -1 of a DATE
	zone *time.Location
}

func (s stamp) whole() bool { return s.sec < 0 }

func (s stamp) inRange() bool { return s.date.year >= firstYear && s.date.year <= lastYear }

// time is the moment it means; of a DATE midnight in UTC, which is good for counting days.
func (s stamp) time() time.Time {
	if s.whole() {
		return time.Date(s.date.year, s.date.month, s.date.day, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(s.date.year, s.date.month, s.date.day, 0, 0, s.sec, 0, s.zone)
}

// upTo is how long it is from s to a later stamp of its kind: in days by the clock on the wall where both show one time of it, for such
// days have 23 or 25 hours where clocks change; else as it passes.
func (s stamp) upTo(e stamp) (days int, lasts time.Duration) {
	lasts = e.time().Sub(s.time())
	if s.sec == e.sec && (s.whole() || s.zone.String() == e.zone.String()) {
		return s.date.until(e.date), 0
	}
	return 0, lasts
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
	if len(r.zones) >= maxZones { // looking for a zone takes a while
		r.note(line, "more than %d time zones; times in %q are read as %s", maxZones, clip(id), r.zone)
		return r.zone
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

// duration reads a length (RFC 5545 §3.3.6): weeks and days are such by the clock on the wall, the rest is as it passes.
func duration(text string) (days int, rest time.Duration, err error) {
	m := durationRE.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, 0, fmt.Errorf("%q is no length, such as P1D or PT4H", clip(text))
	}
	n := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // digits, or nothing
		return n
	}
	return 7*n(1) + n(2), time.Duration(n(3))*time.Hour + time.Duration(n(4))*time.Minute + time.Duration(n(5))*time.Second, nil
}
