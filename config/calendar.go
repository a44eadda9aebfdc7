package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ctid/calendar"
)

// calendar is the calendar as its package wants it; zone is for a calendar that names none.
func (k Calendar) calendar(zone string) calendar.Config {
	out := calendar.Config{Name: k.Name, Zone: or(k.Zone, zone), Holidays: k.days, Closures: k.closures}
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
		zone, err := time.LoadLocation(or(k.Zone, c.TimeZone))
		if err != nil {
			zone = time.UTC // said already
		}
		for j, file := range k.Holidays {
			d.holidays(indexed("calendars", i, fmt.Sprintf("holidays[%d]", j)), file, zone, k)
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
		at, other := d.pos(indexed("calendars", i, "")), ""
		var e *calendar.Error
		if errors.As(err, &e) {
			at = d.calendarPart(i, k, e.Part, e.Index)
			if e.Before > 0 {
				other = "; the other is at " + d.calendarPart(i, k, e.Part, e.Before-1).String()
			}
		}
		d.err(at, "CFG019", "calendar %q: %v%s", k.Name, err, other)
	}
}

// calendarPart is where an entry of a calendar stands.
func (d *decoder) calendarPart(i int, k *Calendar, part string, n int) Pos {
	switch {
	case part == "open" && n < len(k.Open):
		return d.pos(indexed("calendars", i, "open."+k.Open[n].Key))
	case part == "special" && n < len(k.Special):
		return d.pos(indexed("calendars", i, "special."+k.Special[n].Key))
	case part == "holidays":
		return d.pos(indexed("calendars", i, "holidays"))
	}
	return d.pos(indexed("calendars", i, ""))
}

// holidays adds what a file closes to a calendar. What of it is not understood is a warning at its line: one odd event
// must not keep the centre from starting.
func (d *decoder) holidays(path, file string, zone *time.Location, k *Calendar) {
	if file == "" {
		return
	}
	b, err := readFile(file)
	if err != nil {
		d.err(d.pos(path), "CFG014", "the holidays' file %s %v", file, err)
		return
	}
	read, err := calendar.ReadICS(b, zone)
	for _, n := range read.Notes {
		d.warn(Pos{file, n.Line, 1}, "CFG054", "%s", n.Text)
	}
	var why calendar.Note
	if errors.As(err, &why) {
		d.err(Pos{file, why.Line, 1}, "CFG019", "%s", why.Text)
	}
	k.days, k.closures = append(k.days, read.Days...), append(k.closures, read.Closures...)
}

// holidayNames are the names of the holidays that its files have, each once.
func (k Calendar) holidayNames() []string {
	var out []string
	add := func(name string) {
		if name != "" && !contains(out, name) {
			out = append(out, name)
		}
	}
	for _, x := range k.days {
		add(x.Name)
	}
	for _, x := range k.closures {
		add(x.Name)
	}
	return out
}
