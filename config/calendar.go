package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func (d *decoder) checkCalendars(c *Config) {
	for i, k := range c.Calendars {
		for _, p := range k.Open {
			at := d.pos(indexed("calendars", i, "open."+p.Key))
			if err := checkDays(p.Key); err != nil {
				d.err(at, "CFG019", "%v", err)
			}
			d.hours(at, p, false)
		}
		for _, p := range k.Special {
			at := d.pos(indexed("calendars", i, "special."+p.Key))
			if _, err := time.Parse(time.DateOnly, p.Key); err != nil {
				d.err(at, "CFG019", "%q is not a day, such as 2026-12-24", clip(p.Key))
			}
			d.hours(at, p, true)
		}
		for j, f := range k.Holidays {
			if st, err := os.Stat(f); f != "" && (err != nil || !st.Mode().IsRegular()) {
				d.err(d.pos(indexed("calendars", i, fmt.Sprintf("holidays[%d]", j))), "CFG014", "there is no file %s", f)
			}
		}
	}
}

// checkDays reads mon, mon-fri, or several of them with commas.
func checkDays(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		from, to, span := strings.Cut(strings.TrimSpace(part), "-")
		if !contains(weekdays, from) || span && !contains(weekdays, to) {
			return fmt.Errorf("%q is not days; write mon … sun, such as mon-fri or \"sat,sun\"", clip(s))
		}
	}
	return nil
}

func (d *decoder) hours(at Pos, p Pair, shut bool) {
	last := -1
	for _, v := range p.Values {
		if shut && v == "closed" && len(p.Values) == 1 {
			return
		}
		from, to, ok := parseHours(v)
		switch {
		case !ok:
			d.err(at, "CFG019", "%q is not hours, such as 09:00-18:00, from 00:00 to 24:00 and forwards", clip(v))
		case from < last:
			d.err(at, "CFG019", "%q begins before the hours ahead of it end", v)
		}
		last = to
	}
	if len(p.Values) == 0 {
		d.err(at, "CFG019", "%q has no hours", clip(p.Key))
	}
}

// parseHours reads HH:MM-HH:MM into minutes of the day.
func parseHours(s string) (from, to int, ok bool) {
	a, b, _ := strings.Cut(s, "-")
	from, ok1 := minutes(a)
	to, ok2 := minutes(b)
	return from, to, ok1 && ok2 && from < to
}

func minutes(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	h, err1 := strconv.Atoi(s[:2])
	m, err2 := strconv.Atoi(s[3:])
	n := h*60 + m
	return n, err1 == nil && err2 == nil && h >= 0 && m >= 0 && m < 60 && n <= 24*60
}
