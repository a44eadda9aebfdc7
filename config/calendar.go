package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"ctid/calendar"
)

// calendar is the calendar as its package wants it; zone is for a calendar that names none.
func (k Calendar) calendar(zone string) calendar.Config {
	out := calendar.Config{Name: k.Name, Zone: or(k.Zone, zone), Holidays: k.days}
	for _, p := range k.Open {
		out.Open = append(out.Open, calendar.Hours{Days: p.Key, Spans: strings.Join(p.Values, ",")})
	}
	for _, p := range k.Special {
		out.Special = append(out.Special, calendar.Special{Date: p.Key, Spans: strings.Join(p.Values, ",")})
	}
	return out
}

// OpeningHours returns the calendars by name. Load has found each of them sound.
func (c *Config) OpeningHours() (map[string]*calendar.Calendar, error) {
	out := map[string]*calendar.Calendar{}
	for _, k := range c.Calendars {
		cal, err := calendar.New(k.calendar(c.TimeZone))
		if err != nil {
			return nil, fmt.Errorf("calendar %q: %w", k.Name, err)
		}
		out[k.Name] = cal
	}
	return out, nil
}

func (d *decoder) checkCalendars(c *Config) {
	for i := range c.Calendars {
		k := &c.Calendars[i]
		for j, file := range k.Holidays {
			k.days = append(k.days, d.holidays(indexed("calendars", i, fmt.Sprintf("holidays[%d]", j)), file)...)
		}
		cfg := k.calendar(c.TimeZone)
		if checkZone(cfg.Zone) != nil {
			cfg.Zone = "UTC" // said already
		}
		if _, err := calendar.New(cfg); err != nil {
			d.calendarErrors(i, k, err)
		}
	}
}

// calendarErrors puts each part of the calendar's error at the place of its key.
func (d *decoder) calendarErrors(i int, k *Calendar, err error) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		path := indexed("calendars", i, "")
		var e *calendar.Error
		if errors.As(err, &e) {
			switch {
			case e.Part == "open" && e.Index < len(k.Open):
				path = indexed("calendars", i, "open."+k.Open[e.Index].Key)
			case e.Part == "special" && e.Index < len(k.Special):
				path = indexed("calendars", i, "special."+k.Special[e.Index].Key)
			case e.Part == "holidays":
				path = indexed("calendars", i, "holidays")
			}
		}
		d.err(d.pos(path), "CFG019", "calendar %q: %v", k.Name, err)
	}
}

func (d *decoder) holidays(path, file string) []calendar.Day {
	if file == "" {
		return nil
	}
	b, err := readFile(file)
	if err != nil {
		d.err(d.pos(path), "CFG014", "the holidays' file %s %v", file, err)
		return nil
	}
	days, line, err := readICS(b)
	if err != nil {
		d.err(Pos{file, line, 1}, "CFG019", "%v", err)
	}
	return days
}

// event is what is read of a VEVENT (RFC 5545 §3.6.1).
type event struct {
	from, to time.Time // to is the first day that does not belong to it
	name     string
}

// readICS reads the days of an ICS file (RFC 5545): each event's days, from DTSTART up to, not with, DTEND. Repeating
// events are refused: a holiday's rule is often wrong the year after, so the days must be listed.
func readICS(b []byte) (days []calendar.Day, line int, err error) {
	var ev *event
	if len(b) > maxFile {
		return nil, 1, fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n "), nil) // unfold: §3.1
	for l := range strings.Lines(string(b)) {
		line++
		head, value, _ := strings.Cut(strings.TrimRight(l, "\n"), ":")
		name, _, _ := strings.Cut(strings.ToUpper(head), ";")
		switch {
		case name == "BEGIN" && value == "VEVENT":
			ev = &event{}
		case ev == nil:
		case name == "END" && value == "VEVENT":
			if ev.from.IsZero() {
				return nil, line, errors.New("an event without DTSTART")
			}
			days = append(days, ev.days()...)
			ev = nil
		default:
			if err := ev.property(name, value); err != nil {
				return nil, line, err
			}
		}
		if len(days) > 10000 {
			return nil, line, errors.New("more than 10000 days")
		}
	}
	if ev != nil || len(days) == 0 {
		return nil, max(line, 1), errors.New("no whole event: an ICS file with a VEVENT for each holiday is expected")
	}
	return days, 0, nil
}

func (ev *event) property(name, value string) error {
	var err error
	switch name {
	case "DTSTART":
		ev.from, err = icsDay(value)
	case "DTEND":
		ev.to, err = icsDay(value)
	case "SUMMARY":
		ev.name = strings.ReplaceAll(value, `\,`, ",")
	case "RRULE", "RDATE", "DURATION":
		err = fmt.Errorf("%s is not read: list each day as an event of its own", name)
	}
	return err
}

func icsDay(value string) (time.Time, error) {
	day, err := time.Parse("20060102", value[:min(8, len(value))])
	if err != nil {
		return day, fmt.Errorf("%q is not a day, such as 20261224", clip(value))
	}
	return day, nil
}

func (ev *event) days() []calendar.Day {
	out := []calendar.Day{{Date: ev.from.Format(time.DateOnly), Name: ev.name}}
	for d := ev.from.AddDate(0, 0, 1); d.Before(ev.to) && len(out) < 366; d = d.AddDate(0, 0, 1) {
		out = append(out, calendar.Day{Date: d.Format(time.DateOnly), Name: ev.name})
	}
	return out
}
