package ivr

import (
	"slices"
	"strings"
	"time"
)

// Site is what a script may count on at the place where it runs: the loader checks the script against it, and the
// machine asks it for the opening hours. Its functions must be pure and safe for concurrent use.
type Site struct {
	// Unknown: nothing is known of the site, so what depends on it is noted, not checked.
	Unknown        bool
	Queues         []string // the queues that exist
	Calendars      []string // the calendars that exist
	Voices         []string // languages with a voice; without one, every prompt of that language needs a recording
	AnyVoice       bool     // every language has a voice: for a list of what could be recorded
	NumberSounds   []string // languages whose numbers, dates and amounts Asterisk's own sounds can say
	CustomerFields []string // the site's own columns of a customer, texts
	Mailboxes      []string
	Skills         []string
	Tags           []string
	Dispositions   []string
	Databases      []string // names of databases[]
	Statements     []Statement
	Secrets        []string // names of the site's secret store
	HTTPAllow      []string // https://host or https://host:port that scripts may ask
	DialAllow      []string // prefixes, and the word extensions
	Premium        []string // prefixes of numbers that cost extra; never dialled unless DialAllow names them
	Country        string   // calling code without +, such as 852
	Lifted         []Lift   // errors of IVR07x that the site allows
	Limits         Limits   // of every session
	// Sounds are the recordings of a set that was stored, by path, with their SHA-256: they are not looked for; nil: they are.
	Sounds     map[string]string
	LastResort string // queue when even on_error fails; empty: apologise and hang up
	Zone       *time.Location
	// Hours tells whether the calendar is open, closed or on holiday at the time; ok is false if there is no such calendar.
	Hours func(name string, at time.Time) (outcome string, ok bool)
	// CalendarZone is the zone of a calendar; nil: Zone holds for all.
	CalendarZone func(name string) *time.Location
	// HolidaysEnd is the last day the calendar's holidays cover; zero: it has none that end.
	HolidaysEnd func(calendar string) time.Time
	// Now is the day the site is checked at, for holidays that end; zero: they are not checked.
	Now time.Time
	// ValidPhone tells whether the text is a telephone number; nil: 3 to 15 digits, a plus before them allowed.
	ValidPhone func(number string) bool
}

func (s Site) location() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

func (s Site) zoneOf(calendar string) *time.Location {
	if s.CalendarZone != nil {
		if z := s.CalendarZone(calendar); z != nil {
			return z
		}
	}
	return s.location()
}

func (s Site) hours(name string, at time.Time) (string, bool) {
	if s.Hours == nil {
		return "open", s.Unknown // of its calendars nothing is known: they are open
	}
	return s.Hours(name, at)
}

func (s Site) hasCalendar(name string) bool {
	if slices.Contains(s.Calendars, name) {
		return true
	}
	_, ok := s.hours(name, time.Unix(0, 0))
	return ok
}

func (s Site) hasVoice(lang string) bool {
	return s.Unknown || s.AnyVoice || slices.Contains(s.Voices, lang)
}

func (s Site) validPhone(n string) bool {
	if s.ValidPhone != nil {
		return s.ValidPhone(n)
	}
	d := strings.TrimPrefix(n, "+")
	return len(d) >= 3 && len(d) <= 15 && digitsText.MatchString(d)
}

// saysValues tells whether a number, a date or an amount can be heard in the language.
func (s Site) saysValues(lang string) bool {
	return s.hasVoice(lang) || slices.Contains(s.NumberSounds, lang)
}

// Statement is SQL that the site gives a name; the only way a script can write.
type Statement struct {
	Name   string
	DB     string // empty: the only database
	SQL    string
	Params []string // the :names in SQL
	Write  bool     // it is not a SELECT
}

// Lift allows one finding of IVR070 to IVR079 in one script, for a reason.
type Lift struct{ ID, Script, Reason string }
