package ivr

import (
	"strings"
	"time"
)

// hoursStep asks a calendar of the site.
type hoursStep struct {
	calendar string
	at       *value // nil: now
}

func loadHours(l *loader, _ *step, o *opts) action {
	a := &hoursStep{}
	if v, ok := o.scalar("calendar"); ok {
		a.calendar = v.text
		l.calendarIs(v.at, v.text)
	}
	if v, ok := o.scalar("at"); ok && v.text != "now" {
		a.at = l.value(v, typ{kind: kText}, "at", "shown")
		if a.at != nil && a.at.exp == nil && a.at.tmpl == nil {
			if _, err := moment(v.text, time.Unix(0, 0), time.UTC); err != nil {
				l.errorf(v.at, "IVR004", "at wants a time such as 17:30, or 2026-12-24 17:30, not %q", v.text)
			}
		}
	}
	return a
}

// moment reads 17:30 as that time of today, and 2026-12-24 17:30 as it stands, in the zone.
func moment(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02 15:04", s, zone); err == nil {
		return t, nil
	}
	return time.ParseInLocation("2006-01-02 15:04", now.In(zone).Format(time.DateOnly)+" "+strings.TrimSpace(s), zone)
}

func (a *hoursStep) start(m *Machine) {
	at := m.x.wall
	if a.at != nil {
		v, err := a.at.get(&m.x)
		if err != nil {
			m.failWith(err)
			return
		}
		if at, err = moment(textOf(v), m.x.wall, m.s.site.zoneOf(a.calendar)); err != nil {
			m.fail("hours.not_a_time")
			return
		}
	}
	o, ok := m.s.site.hours(a.calendar, at)
	if !ok {
		m.fail("hours.unknown")
		return
	}
	m.leave(o)
}
