package calendar

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the zones of these tests are those of the Go release, on any machine

	"pgregory.net/rapid"
)

func office(t testing.TB) *Calendar {
	c, err := New(Config{Name: "office", Zone: "Europe/London",
		Open:     []Hours{{"mon-thu", "09:00-12:00, 13:00-18:00"}, {"Fri", "09:00-17:00"}, {"saturday", "22:00-02:00"}},
		Special:  []Special{{"2026-12-24", "09:00-13:00"}, {"2026-12-29", "closed"}, {"2026-12-31", "20:00-24:00"}, {"2027-01-01", "00:00-01:00"}},
		Holidays: []Day{{"2026-12-25", "Christmas Day"}, {"2026-12-28", ""}, {"2027-01-01", "New Year"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAt: each line is a moment with what the office is, when that changes and when it opens.
func TestAt(t *testing.T) {
	c := office(t)
	cases := []struct{ at, state, next, opens string }{
		{"2026-11-16 08:59", "closed", "2026-11-16 09:00", "2026-11-16 09:00"},
		{"2026-11-16 09:00", "open", "2026-11-16 12:00", ""},
		{"2026-11-16 11:59", "open", "2026-11-16 12:00", ""},
		{"2026-11-16 12:00", "closed", "2026-11-16 13:00", "2026-11-16 13:00"},
		{"2026-11-16 18:00", "closed", "2026-11-17 09:00", "2026-11-17 09:00"},
		{"2026-11-20 16:00", "open", "2026-11-20 17:00", ""},
		{"2026-11-20 17:00", "closed", "2026-11-21 22:00", "2026-11-21 22:00"},
		{"2026-11-21 23:00", "open", "2026-11-22 02:00", ""},
		{"2026-11-22 01:59", "open", "2026-11-22 02:00", ""},
		{"2026-11-22 02:00", "closed", "2026-11-23 09:00", "2026-11-23 09:00"},
		{"2026-12-24 12:00", "open", "2026-12-24 13:00", ""},
		{"2026-12-24 13:00", "closed", "2026-12-25 00:00", "2026-12-26 22:00"},
		{"2026-12-25 10:00", "holiday", "2026-12-26 00:00", "2026-12-26 22:00"},
		{"2026-12-27 01:00", "open", "2026-12-27 02:00", ""},
		{"2026-12-28 10:00", "holiday", "2026-12-29 00:00", "2026-12-30 09:00"},
		{"2026-12-29 10:00", "closed", "2026-12-30 09:00", "2026-12-30 09:00"},
		{"2026-12-31 23:59", "open", "2027-01-01 01:00", ""}, // 24:00 and 00:00 join
		{"2027-01-01 02:00", "closed", "2027-01-02 22:00", "2027-01-02 22:00"},
	}
	for _, x := range cases {
		st := c.At(local(t, c, x.at))
		if string(st.State) != x.state || show(st.Next) != x.next || show(st.Opens) != x.opens {
			t.Errorf("%s: %s until %q, opens %q; want %s until %q, opens %q", x.at, st.State, show(st.Next), show(st.Opens), x.state, x.next, x.opens)
		}
	}
	if st := c.At(local(t, c, "2026-12-25 10:00")); st.Name != "Christmas Day" {
		t.Errorf("the holiday is %q", st.Name)
	}
	if c.HolidaysEnd() != "2027-01-01" || c.Name() != "office" || c.Zone().String() != "Europe/London" {
		t.Errorf("%s in %s has holidays until %q", c.Name(), c.Zone(), c.HolidaysEnd())
	}
}

func local(t testing.TB, c *Calendar, text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, c.zone)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func show(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// TestSummerTime: in 2026 London's clocks skip 01:00–02:00 on 29 March and show 01:00–02:00 twice on 25 October.
func TestSummerTime(t *testing.T) {
	c, err := New(Config{Zone: "Europe/London", Open: []Hours{{"sun", "01:30-03:00"}, {"sat", "20:00-24:00"}, {"mon", "00:15-01:30"}}})
	if err != nil {
		t.Fatal(err)
	}
	late, err := New(Config{Zone: "Europe/London", Open: []Hours{{"sun", "00:30-01:30"}}})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		cal   *Calendar
		at    string // UTC
		state State
		next  string // UTC
	}{
		{c, "2026-03-29T00:30:00Z", Closed, "2026-03-29T01:00:00Z"}, // 01:30 is skipped: it opens at the skip
		{c, "2026-03-29T01:00:00Z", Open, "2026-03-29T02:00:00Z"},
		{c, "2026-10-25T00:00:00Z", Closed, "2026-10-25T00:30:00Z"}, // 01:30 by summer time
		{c, "2026-10-25T00:30:00Z", Open, "2026-10-25T03:00:00Z"},   // on through the second 01:30
		{late, "2026-10-25T00:45:00Z", Open, "2026-10-25T01:30:00Z"},
		{late, "2026-03-29T00:45:00Z", Open, "2026-03-29T01:00:00Z"}, // its end is skipped
		{c, "2026-03-28T23:00:00Z", Open, "2026-03-29T00:00:00Z"},
		{c, "2026-07-06T00:00:00Z", Open, "2026-07-06T00:30:00Z"},
	}
	for _, x := range cases {
		at, err := time.Parse(time.RFC3339, x.at)
		if err != nil {
			t.Fatal(err)
		}
		st := x.cal.At(at)
		if got := st.Next.UTC().Format(time.RFC3339); st.State != x.state || got != x.next {
			t.Errorf("%s: %s until %s; want %s until %s", x.at, st.State, got, x.state, x.next)
		}
	}
}

func TestAlwaysAndNever(t *testing.T) {
	always, err := New(Config{Zone: "UTC", Open: []Hours{{"fri-thu", "00:00-24:00"}}})
	if err != nil {
		t.Fatal(err)
	}
	never, err := New(Config{Zone: "Asia/Hong_Kong"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if st := always.At(now); st != (Status{State: Open}) {
		t.Errorf("always: %+v", st)
	}
	if st := never.At(now); st != (Status{State: Closed}) {
		t.Errorf("never: %+v", st)
	}
	if never.HolidaysEnd() != "" {
		t.Errorf("holidays end on %q", never.HolidaysEnd())
	}
}

func TestErrors(t *testing.T) {
	cases := []struct {
		cfg  Config
		part string
		i    int
		text string
		why  string
	}{
		{Config{Zone: "Mars/Olympus"}, "zone", 0, "Mars/Olympus", "is no time zone"},
		{Config{}, "zone", 0, "", "is no time zone"},
		{Config{Zone: "Local"}, "zone", 0, "Local", "is no time zone"},
		{Config{Zone: "UTC", Open: []Hours{{"mon", "9-18"}}}, "open", 0, "9-18", "is no opening time"},
		{Config{Zone: "UTC", Open: []Hours{{"mon", "9:00-18:00"}}}, "open", 0, "9:00-18:00", "is no opening time"},
		{Config{Zone: "UTC", Open: []Hours{{"mon", "24:00-25:00"}}}, "open", 0, "24:00-25:00", "is no opening time"},
		{Config{Zone: "UTC", Open: []Hours{{"mon", ""}}}, "open", 0, "", "is no opening time"},
		{Config{Zone: "UTC", Open: []Hours{{"mon", "09:00-09:00"}}}, "open", 0, "09:00-09:00", "the whole day is 00:00-24:00"},
		{Config{Zone: "UTC", Open: []Hours{{"sun", "10:00-11:00"}, {"mon", "09:00-12:00, 11:00-13:00"}}}, "open", 1, "09:00-12:00, 11:00-13:00", "overlap"},
		{Config{Zone: "UTC", Open: []Hours{{"mon-fri", "closed"}, {"fri", "09:00-12:00"}}}, "open", 1, "fri", "Friday has hours already"},
		{Config{Zone: "UTC", Open: []Hours{{"mo-fr", "09:00-12:00"}}}, "open", 0, "mo-fr", "is no day"},
		{Config{Zone: "UTC", Open: []Hours{{"mon-", "09:00-12:00"}}}, "open", 0, "mon-", "is no day"},
		{Config{Zone: "UTC", Special: []Special{{"24.12.2026", "closed"}}}, "special", 0, "24.12.2026", "is no date"},
		{Config{Zone: "UTC", Special: []Special{{"2026-12-24", "shut"}}}, "special", 0, "shut", "is no opening time"},
		{Config{Zone: "UTC", Special: []Special{{"2026-12-24", "closed"}, {"2026-12-24", "closed"}}}, "special", 1, "2026-12-24", "already"},
		{Config{Zone: "UTC", Holidays: []Day{{"2026-02-29", ""}}}, "holidays", 0, "2026-02-29", "is no date"},
	}
	for _, x := range cases {
		_, err := New(x.cfg)
		var e *Error
		if !errors.As(err, &e) || e.Part != x.part || e.Index != x.i || e.Text != x.text || !strings.Contains(e.Error(), x.why) {
			t.Errorf("%+v: %v (%+v)", x.cfg, err, e)
		}
	}
	_, err := New(Config{Zone: "x", Open: []Hours{{"x", "y"}, {"mon", "z"}}, Special: []Special{{"x", "y"}}, Holidays: []Day{{"x", ""}}})
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 5 {
		t.Errorf("%d errors of 5: %v", n, err)
	}
}

// TestNextIsNext: between a moment and its Next the state is the same, and at Next it is another; Opens is the first
// open moment. Any zone, any hours.
func TestNextIsNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.SampledFrom([]string{"00:00", "00:30", "01:00", "01:30", "02:15", "03:00", "12:00", "23:30", "24:00"})
		cfg := Config{Zone: rapid.SampledFrom([]string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Hong_Kong", "America/St_Johns"}).Draw(t, "zone")}
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
			from, to := clock.Draw(t, "from"), clock.Draw(t, "to")
			if from != "24:00" && from != to {
				cfg.Open = append(cfg.Open, Hours{day, from + "-" + to})
			}
		}
		cfg.Holidays = []Day{{"2026-03-29", ""}, {"2026-11-01", ""}}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		start := rapid.SampledFrom([]string{"2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"}).Draw(t, "start")
		day, err := time.ParseInLocation(time.DateOnly, start, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		const quarter = 15 * time.Minute // all that is drawn, and all changes of clocks, fall on quarters
		at := day.Add(time.Duration(rapid.IntRange(0, 3*96).Draw(t, "quarter")) * quarter)
		st := c.At(at)
		opens := time.Time{}
		for m := at.Add(quarter); m.Before(at.AddDate(0, 0, 9)); m = m.Add(quarter) {
			s := c.state(m.In(c.zone))
			if opens.IsZero() && s == Open && st.State != Open {
				opens = m
			}
			if !st.Next.IsZero() && m.Before(st.Next) != (s == st.State) && !m.After(st.Next) {
				t.Fatalf("%v is %s; at %v it is %s, Next is %v", at, st.State, m, s, st.Next)
			}
			if s != st.State && (st.Next.IsZero() || st.Next.After(m)) {
				t.Fatalf("%v is %s until %v; at %v it is %s", at, st.State, st.Next, m, s)
			}
		}
		if !opens.Equal(st.Opens) {
			t.Fatalf("%v opens %v, not %v", at, opens, st.Opens)
		}
	})
}

func BenchmarkAt(b *testing.B) {
	c := office(b)
	at := time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC)
	for b.Loop() {
		c.At(at)
	}
}
