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
	Holidays []Day     // dates without hours
}

// Hours are the opening hours of some days of the week: Days as mon-fri, sat or "mon, wed"; Spans as 09:00-18:00, several with
// commas between, over midnight (22:00-06:00), until 24:00, or closed.
type Hours struct{ Days, Spans string }

// Special is a date, YYYY-MM-DD, with its hours.
type Special struct{ Date, Spans string }

// Day is a date, YYYY-MM-DD, with what people call it.
type Day struct{ Date, Name string }

// Error is one thing wrong in a Config. Part is zone, open, special or holidays, Index the entry in that list, Text the words
// that are wrong; whoever read the file adds where they stand.
type Error struct {
	Part  string
	Index int
	Text  string
	Why   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %q: %s", e.Part, e.Text, e.Why) }

// New makes a Calendar. Its error joins one *Error for each thing that is wrong.
func New(cfg Config) (*Calendar, error) {
	c := &Calendar{name: cfg.Name, special: map[date][]span{}, holidays: map[date]string{}}
	var errs []error
	fail := func(part string, i int, text, why string) {
		errs = append(errs, &Error{Part: part, Index: i, Text: text, Why: why})
	}
	var err error
	if c.zone, err = time.LoadLocation(cfg.Zone); err != nil || cfg.Zone == "" || cfg.Zone == "Local" {
		fail("zone", 0, cfg.Zone, "is no time zone; use an IANA name such as Europe/London")
	}
	c.addWeek(cfg.Open, fail)
	for i, s := range cfg.Special {
		d, err := parseDate(s.Date)
		if err != nil {
			fail("special", i, s.Date, err.Error())
			continue
		}
		if _, twice := c.special[d]; twice {
			fail("special", i, s.Date, "has hours already")
		}
		if c.special[d], err = parseSpans(s.Spans); err != nil {
			fail("special", i, s.Spans, err.Error())
		}
	}
	for i, h := range cfg.Holidays {
		d, err := parseDate(h.Date)
		if err != nil {
			fail("holidays", i, h.Date, err.Error())
			continue
		}
		c.holidays[d] = h.Name
		if c.last.before(d) {
			c.last = d
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// addWeek reads the weekly hours; each day has them from one entry only.
func (c *Calendar) addWeek(open []Hours, fail func(part string, i int, text, why string)) {
	var named [7]bool
	for i, h := range open {
		days, err := parseDays(h.Days)
		if err != nil {
			fail("open", i, h.Days, err.Error())
			continue
		}
		spans, err := parseSpans(h.Spans)
		if err != nil {
			fail("open", i, h.Spans, err.Error())
			continue
		}
		for _, d := range days {
			if named[d] {
				fail("open", i, h.Days, d.String()+" has hours already; write all of them in one place, with commas")
			}
			named[d] = true
			c.week[d] = spans
		}
	}
}

func parseDate(text string) (date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return date{}, errors.New("is no date; write it as 2026-12-24")
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
