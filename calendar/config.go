package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Config is a calendar as it is written.
type Config struct {
	Name     string
	Zone     string    // IANA name, such as Asia/Hong_Kong
	Open     []Hours   // weekly; a day not named is closed
	Special  []Special // dates with hours of their own, which go before holidays
	Holidays []Day     // dates without hours; of two with one date the first gives its name
	Closures []Closure // parts of days without hours
}

// Hours are the opening hours of some days of the week: Days as mon-fri, sat or "mon, wed"; Spans as 09:00-18:00, several with
// commas between, over midnight (22:00-06:00), until 24:00, or closed.
type Hours struct{ Days, Spans string }

// Special is a date, YYYY-MM-DD, or the dates from one to another, YYYY-MM-DD..YYYY-MM-DD, with their hours.
type Special struct{ Date, Spans string }

// Day is a date, YYYY-MM-DD, with what people call it.
type Day struct{ Date, Name string }

// Closure is the time from From up to, not with, To, with what people call it.
type Closure struct {
	From, To time.Time
	Name     string
}

// Error is one thing wrong in a Config. Part is zone, open, special or holidays, Index the entry in that list, Text the words
// that are wrong; whoever read the file adds where they stand. Before is the entry of the same list that it clashes
// with, counted from 1; 0: with none.
type Error struct {
	Part   string
	Index  int
	Text   string
	Why    string
	Before int
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %q: %s", e.Part, e.Text, e.Why) }

// New makes a Calendar. Its error joins one *Error for each thing that is wrong.
func New(cfg Config) (*Calendar, error) {
	c := &Calendar{name: cfg.Name, special: map[date][]span{}, holidays: map[date]string{}, closures: map[date][]Closure{}}
	var errs []error
	fail := func(e Error) { errs = append(errs, &e) }
	var err error
	if c.zone, err = time.LoadLocation(cfg.Zone); err != nil || cfg.Zone == "" || cfg.Zone == "Local" {
		fail(Error{Part: "zone", Text: cfg.Zone, Why: "is no time zone; use an IANA name such as Europe/London"})
	}
	c.addWeek(cfg.Open, fail)
	c.addSpecial(cfg.Special, fail)
	for i, h := range cfg.Holidays {
		d, err := parseDate(h.Date)
		if err != nil {
			fail(Error{Part: "holidays", Index: i, Text: h.Date, Why: err.Error()})
			continue
		}
		if _, twice := c.holidays[d]; !twice {
			c.holidays[d] = h.Name
		}
		c.keepLast(d)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	for _, x := range cfg.Closures {
		c.addClosure(x)
	}
	return c, nil
}

func (c *Calendar) keepLast(d date) {
	if c.last.before(d) {
		c.last = d
	}
}

// maxDays is the most days that one entry may stand for.
const maxDays = 366

// addClosure notes a closure with each day that it touches. One that is over before it begins closes nothing.
func (c *Calendar) addClosure(x Closure) {
	x.From, x.To = x.From.In(c.zone), x.To.In(c.zone)
	if !x.From.Before(x.To) {
		return
	}
	to := dateOf(x.To)
	for n, d := 0, dateOf(x.From); n <= maxDays+1 && !to.before(d); n, d = n+1, d.plus(1) {
		c.closures[d] = append(c.closures[d], x)
		c.keepLast(d)
	}
}

// addWeek reads the weekly hours; each day has them from one entry only.
func (c *Calendar) addWeek(open []Hours, fail func(Error)) {
	var named [7]int // by which entry, from 1 on
	for i, h := range open {
		days, err := parseDays(h.Days)
		if err != nil {
			fail(Error{Part: "open", Index: i, Text: h.Days, Why: err.Error()})
			continue
		}
		spans, err := parseSpans(h.Spans)
		if err != nil {
			fail(Error{Part: "open", Index: i, Text: h.Spans, Why: err.Error()})
			continue
		}
		for _, d := range days {
			if first := named[d]; first > 0 {
				fail(Error{Part: "open", Index: i, Text: h.Days, Before: first,
					Why: d.String() + " has hours already; write all of them in one place, with commas"})
			}
			named[d] = i + 1
			c.week[d] = spans
		}
	}
}

// addSpecial reads the special days; each date has its hours from one entry only, and none goes on into a date that
// another closes.
func (c *Calendar) addSpecial(list []Special, fail func(Error)) {
	named := map[date]int{} // by which entry, from 1 on
	for i, s := range list {
		days, err := parseDates(s.Date)
		if err != nil {
			fail(Error{Part: "special", Index: i, Text: s.Date, Why: err.Error()})
			continue
		}
		spans, err := parseSpans(s.Spans)
		if err != nil {
			fail(Error{Part: "special", Index: i, Text: s.Spans, Why: err.Error()})
		}
		for _, d := range days {
			if first := named[d]; first > 0 {
				fail(Error{Part: "special", Index: i, Text: s.Date, Before: first, Why: d.String() + " has hours already"})
				break
			}
			named[d] = i + 1
			c.special[d] = spans
		}
	}
	for i, s := range list {
		days, _ := parseDates(s.Date) // an error was told above
		for _, d := range days {
			next := d.plus(1)
			other, spans := named[next], c.special[d]
			if named[d] != i+1 || other == 0 || len(spans) == 0 || len(c.special[next]) > 0 || spans[len(spans)-1].to <= minutesADay {
				continue
			}
			fail(Error{Part: "special", Index: i, Text: s.Date, Before: other,
				Why: "its hours go on into " + next.String() + ", which another entry closes"})
			break
		}
	}
}

// parseDates reads a date, or a range of them.
func parseDates(text string) ([]date, error) {
	from, to, isRange := strings.Cut(text, "..")
	a, err := parseDate(strings.TrimSpace(from))
	b := a
	if err == nil && isRange {
		b, err = parseDate(strings.TrimSpace(to))
	}
	if err != nil {
		return nil, err
	}
	if b.before(a) {
		return nil, errors.New("ends before it begins")
	}
	var days []date
	for d := a; !b.before(d); d = d.plus(1) {
		if len(days) == maxDays {
			return nil, fmt.Errorf("has more than %d days", maxDays)
		}
		days = append(days, d)
	}
	return days, nil
}

func parseDate(text string) (date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return date{}, errors.New("is no date; write it as 2026-12-24, or a range as 2026-12-24..2026-12-31")
	}
	return dateOf(t), nil
}

// parseDays reads days of the week and ranges of them, which may go over Sunday.
func parseDays(text string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, ok := parseDay(from)
		b := a
		if ok && isRange {
			b, ok = parseDay(to)
		}
		if !ok {
			return nil, errors.New("is no day or range of days; write mon, mon-fri or sat,sun")
		}
		for d := a; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == b {
				break
			}
		}
	}
	return days, nil
}

// parseDay reads mon, Mon or Monday.
func parseDay(text string) (time.Weekday, bool) {
	text = strings.TrimSpace(text)
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(text, d.String()) || strings.EqualFold(text, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

// parseSpans reads the hours of a day, in order and without overlap.
func parseSpans(text string) ([]span, error) {
	if strings.EqualFold(strings.TrimSpace(text), "closed") {
		return nil, nil
	}
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		s, err := parseSpan(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return nil, errors.New("has hours that overlap")
		}
	}
	return spans, nil
}

const (
	minutesADay = 24 * 60
	spanHelp    = "is no opening time; write 09:00-18:00, or closed"
)

func parseSpan(text string) (span, error) {
	from, to, ok := strings.Cut(text, "-")
	a, okA := parseClock(from)
	b, okB := parseClock(to)
	switch {
	case !ok || !okA || !okB || a == minutesADay:
		return span{}, errors.New(spanHelp)
	case a == b:
		return span{}, errors.New("begins and ends at one time; the whole day is 00:00-24:00")
	case b < a:
		b += minutesADay
	}
	return span{a, b}, nil
}

// parseClock reads HH:MM from 00:00 to 24:00 as minutes.
func parseClock(text string) (int, bool) {
	text = strings.TrimSpace(text)
	if text == "24:00" {
		return minutesADay, true
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}
