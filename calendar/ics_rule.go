package calendar

import (
	"errors"
	"fmt"
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

	// Which days of a year, each with whether the rule names any of the kind. They are sets, for a file may name one a thousand times.
	byMonth, byDay, byWeekday bool
	months                    [13]bool
	days                      [2*maxDay + 1]bool     // of the month, from the maxDay-th on; before that those counted from its end
	weekdays                  [7][2*maxWeek + 1]bool // the maxWeek-th: each; behind it the n-th of the month (of the year where no month is named), before it those from the end
}

const (
	maxDay  = 31
	maxWeek = 53
)

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
			out.byMonth, err = true, numbers(value, 1, 12, func(n int) { out.months[n] = true })
		case "BYMONTHDAY":
			out.byDay, err = true, numbers(value, -maxDay, maxDay, func(n int) { out.days[maxDay+n] = true })
		case "BYDAY":
			out.byWeekday, err = true, out.addWeekdays(value)
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

// numbers reads a list of them, and gives each to keep.
func numbers(text string, lo, hi int, keep func(int)) error {
	for part := range strings.SplitSeq(text, ",") {
		n, err := number(strings.TrimSpace(part), lo, hi)
		if err != nil {
			return err
		}
		keep(n)
	}
	return nil
}

// addWeekdays reads such as MO, 1MO, -1FR.
func (y *yearly) addWeekdays(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		at := max(0, len(part)-2)
		day, ok := weekdayNames[part[at:]]
		if !ok {
			return errors.New("a weekday such as MO, 1MO or -1FR is expected")
		}
		n := 0
		if at > 0 {
			var err error
			if n, err = number(part[:at], -maxWeek, maxWeek); err != nil {
				return err
			}
		}
		y.weekdays[day][maxWeek+n] = true
	}
	return nil
}

// occurrences are the days of the rule from start on, which is the first whether the rule names it or not, up to its
// end, the last year that is followed, or the most that a file may close. It takes the days that it looks at from left, and goes no
// further when there are none.
func (y *yearly) occurrences(start stamp, left *int) []stamp {
	if !y.byDay && !y.byWeekday { // it names none: the day of the first
		y.byDay, y.days[maxDay+start.date.day] = true, true
		if !y.byMonth {
			y.byMonth, y.months[start.date.month] = true, true
		}
	}
	out := []stamp{start}
	for year := start.date.year; year <= lastYear && *left > 0; year += y.interval {
		for _, d := range y.in(year, left) {
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
func (y *yearly) isPast(s stamp) bool {
	if s.whole() || y.until.whole() {
		return y.until.date.before(s.date)
	}
	return s.time().After(y.until.time())
}

// in are the days of a year, in order, that the rule names.
func (y *yearly) in(year int, left *int) []date {
	newYear := date{year, time.January, 1}
	week, ofYear := int(newYear.weekday()), newYear.until(date{year + 1, time.January, 1})
	var out []date
	before := 0 // days of the year before the month
	for month := time.January; month <= time.December; month++ {
		of := date{year, month, 1}.monthDays()
		if !y.byMonth || y.months[month] {
			*left -= of
			for day := 1; day <= of; day++ {
				nth, last := day, of
				if !y.byMonth {
					nth, last = before+day, ofYear
				}
				if y.onDay(day, of) && y.onWeekday((week+before+day-1)%7, nth, last) {
					out = append(out, date{year, month, day})
				}
			}
		}
		before += of
	}
	return out
}

// onDay tells whether the rule names a day of a month of so many days.
func (y *yearly) onDay(day, of int) bool {
	return !y.byDay || y.days[maxDay+day] || y.days[maxDay+day-of-1]
}

// onWeekday tells whether the rule names a weekday, which is that of the day-th of so many days.
func (y *yearly) onWeekday(week, day, of int) bool {
	named := &y.weekdays[week]
	return !y.byWeekday || named[maxWeek] || named[maxWeek+(day-1)/7+1] || named[maxWeek-(of-day)/7-1]
}

// monthDays is how many days the month of d has.
func (d date) monthDays() int { return time.Date(d.year, d.month+1, 0, 0, 0, 0, 0, time.UTC).Day() }
