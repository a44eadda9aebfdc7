package ivr

import (
	"slices"
	"time"
)

// siteHas sees that the site has what a script names; kind is queue, mailbox, skill, tag, disposition or statement.
func (l *loader) siteHas(at place, kind, name string, known []string) bool {
	switch {
	case l.site.Unknown:
		l.unchecked(at, "IVR055", kind, name)
	case !slices.Contains(known, name):
		l.errorf(at, "IVR055", "the site has no %s %q%s", kind, name, near(name, known))
		return false
	}
	return true
}

// calendarIs sees that the site has the calendar.
func (l *loader) calendarIs(at place, name string) {
	switch {
	case l.site.Unknown:
		l.unchecked(at, "IVR056", "calendar", name)
	case !l.site.hasCalendar(name):
		l.errorf(at, "IVR056", "there is no calendar %q%s", name, near(name, l.site.Calendars))
	case l.site.HolidaysEnd != nil && !l.site.Now.IsZero():
		// After the last holiday of a year the list is still good for the rest of it.
		if end := l.site.HolidaysEnd(name); !end.IsZero() && end.Year() < l.site.Now.In(l.site.zoneOf(name)).Year() {
			l.errorf(at, "IVR056", "the holidays of calendar %q end on %s; get a newer holidays file", name, end.Format(time.DateOnly))
		}
	}
}

// unchecked notes, once a name, what needs the site to be checked.
func (l *loader) unchecked(at place, id, kind, name string) {
	if l.noted == nil {
		l.noted = map[string]bool{}
	}
	if key := kind + " " + name; !l.noted[key] {
		l.noted[key] = true
		l.notef(at, id, "%s %q is not checked: there is no ctid.yaml that says what the site has", kind, name)
	}
}
