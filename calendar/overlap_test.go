package calendar

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What wins where entries overlap: a special day before holidays, those before the weekly hours.
func TestOverlaps(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	c, err := New(Config{Zone: "UTC",
		Open:     []Hours{{"mon-fri", "09:00-18:00"}, {"sat", "20:00-04:00"}},
		Special:  []Special{{"2026-12-28", "10:00-12:00"}, {"2026-12-29..2026-12-30", "closed"}},
		Holidays: []Day{{"2026-12-25", "Christmas"}, {"2026-12-25", "Noel"}, {"2026-12-28", "too late"}, {"2026-12-27", "after"}},
		Closures: []Closure{{at("2026-12-24 14:00"), at("2026-12-25 03:00"), "Eve"}, {at("2026-12-28 11:00"), at("2026-12-28 18:00"), "never"},
			{at("2026-12-20 02:00"), at("2026-12-20 03:00"), "clocks"}, {at("2026-12-21 12:00"), at("2026-12-21 12:00"), "no time"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		at    string
		state State
		name  string
		next  string
	}{
		{"2026-12-24 13:59", Open, "", "2026-12-24 14:00"},
		{"2026-12-24 14:00", Holiday, "Eve", "2026-12-26 00:00"}, // it goes over into Christmas
		{"2026-12-25 10:00", Holiday, "Christmas", "2026-12-26 00:00"},
		{"2026-12-25 02:00", Holiday, "Christmas", "2026-12-26 00:00"},
		{"2026-12-26 23:00", Open, "", "2026-12-27 04:00"}, // Saturday's night goes on into the holiday
		{"2026-12-27 05:00", Holiday, "after", "2026-12-28 00:00"},
		{"2026-12-28 09:30", Closed, "", "2026-12-28 10:00"}, // a special day: no holiday, no closure touches it
		{"2026-12-28 11:30", Open, "", "2026-12-28 12:00"},
		{"2026-12-29 10:00", Closed, "", "2026-12-31 09:00"},
		{"2026-12-30 23:59", Closed, "", "2026-12-31 09:00"},
		{"2026-12-20 01:59", Open, "", "2026-12-20 02:00"}, // a closure cuts a night that is under way
		{"2026-12-20 02:30", Holiday, "clocks", "2026-12-20 03:00"},
		{"2026-12-20 03:00", Open, "", "2026-12-20 04:00"},
		{"2026-12-21 12:00", Open, "", "2026-12-21 18:00"},
	} {
		st := c.At(at(x.at))
		if st.State != x.state || st.Name != x.name || show(st.Next) != x.next {
			t.Errorf("%s: %s %q until %q; want %s %q until %q", x.at, st.State, st.Name, show(st.Next), x.state, x.name, x.next)
		}
		if s, name := c.StateAt(at(x.at)); s != x.state || name != x.name {
			t.Errorf("%s: StateAt says %s %q", x.at, s, name)
		}
	}
	if c.HolidaysEnd() != "2026-12-28" {
		t.Errorf("holidays until %s", c.HolidaysEnd())
	}
}

// Entries with contrary hours for one moment are refused, and both are named.
func TestClashes(t *testing.T) {
	for _, x := range []struct {
		name   string
		cfg    Config
		part   string
		i      int
		before int
	}{
		{"two ranges", Config{Special: []Special{{"2026-12-20..2026-12-26", "closed"}, {"2026-12-24", "09:00-12:00"}}}, "special", 1, 1},
		{"a night into a closed day", Config{Special: []Special{{"2026-12-26", "closed"}, {"2026-12-25", "22:00-02:00"}}}, "special", 1, 1},
		{"one weekday twice", Config{Open: []Hours{{"sun", "10:00-11:00"}, {"mon-fri", "09:00-17:00"}, {"fri", "09:00-12:00"}}}, "open", 2, 2},
		{"back to front", Config{Special: []Special{{"2026-12-26..2026-12-24", "closed"}}}, "special", 0, 0},
		{"too long", Config{Special: []Special{{"2026-12-26..2028-12-24", "closed"}}}, "special", 0, 0},
	} {
		x.cfg.Zone = "UTC"
		_, err := New(x.cfg)
		var e *Error
		if !errors.As(err, &e) || e.Part != x.part || e.Index != x.i || e.Before != x.before {
			t.Errorf("%s: %v (%+v)", x.name, err, e)
		}
	}
	if _, err := New(Config{Zone: "UTC", Special: []Special{{"2026-12-25", "22:00-02:00"}, {"2026-12-26", "10:00-12:00"}}}); err != nil {
		t.Errorf("a night before a day with hours of its own: %v", err)
	}
}

// minuteModel is what an office is in each minute of some days, found minute by minute from the words of the rules and
// the clock on its wall alone.
type minuteModel struct {
	begin time.Time
	wall  []string // of each minute: 2006-01-02 15:04
	open  []bool
	state []State
}

// newMinuteModel looks at n minutes from begin on, the hours of the days around them included.
func newMinuteModel(cfg Config, begin time.Time, n int) *minuteModel {
	z, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		panic(err)
	}
	m := &minuteModel{begin: begin, open: make([]bool, n), state: make([]State, n)}
	for i := range n {
		m.wall = append(m.wall, begin.Add(time.Duration(i)*time.Minute).In(z).Format("2006-01-02 15:04"))
	}
	week, special, holiday := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, h := range cfg.Open {
		week[h.Days] = h.Spans
	}
	for _, s := range cfg.Special {
		special[s.Date] = s.Spans
	}
	for _, h := range cfg.Holidays {
		holiday[h.Date] = true
	}
	for d := begin.AddDate(0, 0, -2); d.Before(begin.Add(time.Duration(n)*time.Minute).AddDate(0, 0, 2)); d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		spans, isSpecial := special[day]
		if !isSpecial && !holiday[day] {
			spans = week[[]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[d.Weekday()]]
		}
		if spans == "" || spans == "closed" {
			continue
		}
		m.mark(d, spans, isSpecial, cfg.Closures)
	}
	for i := range m.state {
		day := m.wall[i][:10]
		_, isSpecial := special[day]
		switch {
		case m.open[i]:
			m.state[i] = Open
		case !isSpecial && (holiday[day] || within(cfg.Closures, m.at(i))):
			m.state[i] = Holiday
		default:
			m.state[i] = Closed
		}
	}
	return m
}

func (m *minuteModel) at(i int) time.Time { return m.begin.Add(time.Duration(i) * time.Minute) }

func within(list []Closure, at time.Time) bool {
	for _, x := range list {
		if !at.Before(x.From) && at.Before(x.To) {
			return true
		}
	}
	return false
}

// mark opens the minutes of a span that begins on day d: from the first minute whose wall clock has come to its begin,
// up to the last that shows its end; where the clock skips that end, up to the first behind it.
func (m *minuteModel) mark(d time.Time, span string, isSpecial bool, closures []Closure) {
	day, from, to := d.Format(time.DateOnly), span[:5], span[6:]
	next := d.AddDate(0, 0, 1).Format(time.DateOnly)
	begin, end := day+" "+from, day+" "+to
	if to == "24:00" {
		end = next + " 00:00"
	} else if to <= from {
		end = next + " " + to
	}
	first, last := -1, len(m.wall)
	for i, w := range m.wall {
		if first < 0 && w >= begin {
			first = i
		}
		if w == end {
			last = i
		}
		if last == len(m.wall) && w > end {
			last = i
		}
	}
	if first < 0 {
		return
	}
	for i := first; i < last; i++ {
		if isSpecial || !within(closures, m.at(i)) {
			m.open[i] = true
		}
	}
}

// The calendar agrees with the minutes, over changes of clocks and the overlap of all kinds of entries.
func TestAgreesWithMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.SampledFrom([]string{"00:00", "00:30", "01:00", "01:30", "02:00", "02:15", "03:00", "09:00", "17:00", "22:00", "23:30"})
		place := rapid.SampledFrom([]struct{ zone, day string }{{"Europe/London", "2026-03-28"}, {"Europe/London", "2026-10-24"}, {"America/New_York", "2026-03-07"},
			{"America/New_York", "2026-10-31"}, {"Australia/Lord_Howe", "2026-04-04"}, {"Australia/Lord_Howe", "2026-10-03"}, {"America/Havana", "2026-03-07"},
			{"America/Havana", "2026-10-31"}, {"Asia/Beirut", "2026-03-28"}, {"Asia/Hong_Kong", "2026-12-24"}}).Draw(t, "place")
		cfg := Config{Zone: place.zone}
		start, err := time.Parse(time.DateOnly, place.day)
		if err != nil {
			t.Fatal(err)
		}
		span := func(name string) string {
			from, to := clock.Draw(t, name+" from"), clock.Draw(t, name+" to")
			if from == to {
				return "closed"
			}
			if to == "00:00" && rapid.Bool().Draw(t, name+" all") {
				to = "24:00"
			}
			return from + "-" + to
		}
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
			cfg.Open = append(cfg.Open, Hours{day, span(day)})
		}
		for n := -1; n <= 2; n++ {
			day := start.AddDate(0, 0, n).Format(time.DateOnly)
			switch rapid.IntRange(0, 5).Draw(t, day) {
			case 0:
				cfg.Special = append(cfg.Special, Special{day, clock.Draw(t, "special") + "-24:00"})
			case 1:
				cfg.Holidays = append(cfg.Holidays, Day{Date: day, Name: "day"})
			case 2:
				from := start.AddDate(0, 0, n).Add(time.Duration(rapid.IntRange(0, 95).Draw(t, "closure")) * 15 * time.Minute)
				cfg.Closures = append(cfg.Closures, Closure{from, from.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "long")) * 15 * time.Minute), "part"})
			}
		}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		const seen = 6 * 24 * 60
		m := newMinuteModel(cfg, start.AddDate(0, 0, -3), seen)
		at := 3*24*60 - 12*60 + rapid.IntRange(0, 54*60).Draw(t, "minute")
		st := c.At(m.at(at))
		var next, opens time.Time
		for i := at; i < seen-24*60; i++ { // what begins after the last day seen may be missing at its end
			if next.IsZero() && m.state[i] != st.State {
				next = m.at(i)
			}
			if opens.IsZero() && m.state[i] == Open {
				opens = m.at(i)
			}
		}
		end := m.at(seen - 24*60)
		if st.State != m.state[at] {
			t.Fatalf("%s (%s): %s, by the minutes %s", m.at(at), m.wall[at], st.State, m.state[at])
		}
		if !same(st.Next, next, end) || st.State != Open && !same(st.Opens, opens, end) {
			t.Fatalf("%s (%s) is %s until %v, opens %v; by the minutes until %v, opens %v", m.at(at), m.wall[at], st.State, st.Next, st.Opens, next, opens)
		}
	})
}

// same: two times are the same, or both lie beyond what was looked at.
func same(got, want, end time.Time) bool {
	if want.IsZero() {
		return got.IsZero() || !got.Before(end)
	}
	return got.Equal(want)
}
