package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// yearly is a rule that a holiday repeats by (RFC 5545 §3.3.10, FREQ=YEARLY).
type yearly struct {
	interval int // years
	count    int // of occurrences, the first among them; 0: no end by it
	until    stamp
	ends     bool // by until
	months   []int
	days     []int // of the month; negative ones from its end
	weekdays []weekdayRule
}

// weekdayRule is a weekday, or the n-th of them in the month (in the year where no month is named); negative: from the end.
type weekdayRule struct {
	n   int // 0: each
	day time.Weekday
}

var weekdayNames = map[string]time.Weekday{"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday,
	"TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday}

// rule reads an event's RRULE. A part of it that is not understood makes an error of the whole: half a rule would close
// wrong days.
func (r *icsReader) rule(ev *event) (yearly, error) {
	out := yearly{interval: 1}
	freq := ""
	for part := range strings.SplitSeq(strings.TrimSpace(ev.rule.value), ";") {
		key, value, _ := strings.Cut(part, "=")
		key, value = strings.ToUpper(strings.TrimSpace(key)), strings.ToUpper(strings.TrimSpace(value))
		var err error
		switch key {
		case "FREQ":
			freq = value
		case "INTERVAL":
			out.interval, err = number(value, 1, 1000)
		case "COUNT":
			out.count, err = number(value, 1, maxClosed)
		case "UNTIL":
			out.until, err = r.stamp(ev.start, value)
			out.ends = true
		case "BYMONTH":
			out.months, err = numbers(value, 1, 12)
		case "BYMONTHDAY":
			out.days, err = numbers(value, -31, 31)
		case "BYDAY":
			out.weekdays, err = weekdays(value)
		case "WKST", "": // where the week begins changes nothing here
		default:
			err = errors.New("only BYMONTH, BYMONTHDAY, BYDAY, INTERVAL, COUNT and UNTIL are")
		}
		if err != nil {
			return out, fmt.Errorf("%s in RRULE is not understood (%w)", clip(part), err)
		}
	}
	if freq != "YEARLY" {
		return out, fmt.Errorf("FREQ=%s in RRULE is not followed, only YEARLY", clip(freq))
	}
	return out, nil
}

// number reads a whole number from lo to hi, but not 0.
func number(text string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi || n == 0 {
		return 0, fmt.Errorf("a number from %d to %d is expected", lo, hi)
	}
	return n, nil
}

func numbers(text string, lo, hi int) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := number(strings.TrimSpace(part), lo, hi)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// weekdays reads such as MO, 1MO, -1FR.
func weekdays(text string) ([]weekdayRule, error) {
	var out []weekdayRule
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		at := max(0, len(part)-2)
		day, ok := weekdayNames[part[at:]]
		if !ok {
			return nil, errors.New("a weekday such as MO, 1MO or -1FR is expected")
		}
		w := weekdayRule{day: day}
		if at > 0 {
			var err error
			if w.n, err = number(part[:at], -53, 53); err != nil {
				return nil, err
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// occurrences are the days of the rule from start on, which is the first whether the rule names it or not, up to its
// end, the last year that is followed, or the most that a file may close.
func (y yearly) occurrences(start stamp) []stamp {
	out := []stamp{start}
	for year := start.date.year; year <= lastYear; year += y.interval {
		for _, d := range y.in(year, start.date) {
			s := stamp{d, start.sec, start.zone}
			switch {
			case !start.date.before(d):
				continue
			case len(out) == y.count || len(out) > maxClosed || y.ends && y.isPast(s):
				return out
			}
			out = append(out, s)
		}
	}
	return out
}

// isPast tells whether an occurrence lies behind UNTIL, which itself still counts.
func (y yearly) isPast(s stamp) bool {
	if s.whole() || y.until.whole() {
		return y.until.date.before(s.date)
	}
	return s.time().After(y.until.time())
}

// in are the days of a year, in order, that the rule names; where it names none, the month and day of the first.
func (y yearly) in(year int, first date) []date {
	if len(y.days)+len(y.weekdays) == 0 {
		y.days = []int{first.day}
		if len(y.months) == 0 {
			y.months = []int{int(first.month)}
		}
	}
	var out []date
	for month := time.January; month <= time.December; month++ {
		if len(y.months) > 0 && !slices.Contains(y.months, int(month)) {
			continue
		}
		of := date{year, month, 1}.monthDays()
		for day := 1; day <= of; day++ {
			if d := (date{year, month, day}); y.onDay(day, of) && y.onWeekday(d, of) {
				out = append(out, d)
			}
		}
	}
	return out
}

// onDay tells whether the rule names a day of a month of so many days.
func (y yearly) onDay(day, of int) bool {
	return len(y.days) == 0 || slices.Contains(y.days, day) || slices.Contains(y.days, day-of-1)
}

// monthDays is how many days the month of d has.
func (d date) monthDays() int { return time.Date(d.year, d.month+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// onWeekday tells whether the rule names the weekday of d, whose month has so many days.
func (y yearly) onWeekday(d date, of int) bool {
	if len(y.weekdays) == 0 {
		return true
	}
	day := d.day
	if len(y.months) == 0 {
		newYear := date{d.year, time.January, 1}
		day, of = newYear.until(d)+1, newYear.until(date{d.year + 1, time.January, 1})
	}
	week := d.weekday()
	for _, w := range y.weekdays {
		if w.day == week && (w.n == 0 || w.n == (day-1)/7+1 || w.n == -((of-day)/7+1)) {
			return true
		}
	}
	return false
}
