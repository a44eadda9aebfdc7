package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// ics wraps the lines of events.
func ics(events ...string) []byte {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(strings.TrimSpace(e), "\n", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return []byte(b.String())
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// said writes what a file closes, up to the year 2031: a date with its name, or from–to in UTC.
func said(c ICS) string {
	var out []string
	for _, d := range c.Days {
		if d.Date < "2031" {
			out = append(out, d.Date+" "+d.Name)
		}
	}
	for _, x := range c.Closures {
		if x.From.Year() < 2031 {
			out = append(out, x.From.UTC().Format("2006-01-02 15:04")+"–"+x.To.UTC().Format("2006-01-02 15:04")+" "+x.Name)
		}
	}
	return strings.Join(out, "; ")
}

func TestReadICS(t *testing.T) {
	const day = "DTSTART;VALUE=DATE:20261225\nSUMMARY:Noel\n"
	for _, x := range []struct{ name, event, want string }{
		{"a day", day, "2026-12-25 Noel"},
		{"a day without its kind", "DTSTART:20261225\nSUMMARY:Noel", "2026-12-25 Noel"},
		{"an end on the same day", day + "DTEND;VALUE=DATE:20261225", "2026-12-25 Noel"},
		{"two days", day + "DTEND;VALUE=DATE:20261227", "2026-12-25 Noel; 2026-12-26 Noel"},
		{"a length", day + "DURATION:P2D", "2026-12-25 Noel; 2026-12-26 Noel"},
		{"a folded name", "DTSTART:20261225\nSUMMARY:Christmas\n  and after", "2026-12-25 Christmas and after"},
		{"escapes", `DTSTART:20261225` + "\n" + `SUMMARY:a\, b\; c\\d\ne`, `2026-12-25 a, b; c\d e`},
		{"free time", day + "TRANSP:TRANSPARENT", "2026-12-25 Noel"},
		{"with an alarm", day + "BEGIN:VALARM\nTRIGGER:-PT1H\nDURATION:P9D\nSUMMARY:no\nEND:VALARM", "2026-12-25 Noel"},
		{"UTC", "DTSTART:20261224T060000Z\nDTEND:20261224T100000Z\nSUMMARY:x", "2026-12-24 06:00–2026-12-24 10:00 x"},
		{"floating", "DTSTART:20261224T140000\nDTEND:20261224T180000\nSUMMARY:x", "2026-12-24 06:00–2026-12-24 10:00 x"},
		{"a zone", "DTSTART;TZID=\"Europe/London\":20261224T140000\nDURATION:PT4H30M\nSUMMARY:x", "2026-12-24 14:00–2026-12-24 18:30 x"},
		{"midnight to midnight", "DTSTART:20261225T000000\nDTEND:20261227T000000\nSUMMARY:x", "2026-12-25 x; 2026-12-26 x"},
		{"each year", day + "RRULE:FREQ=YEARLY", "2026-12-25 Noel; 2027-12-25 Noel; 2028-12-25 Noel; 2029-12-25 Noel; 2030-12-25 Noel"},
		{"each second year", day + "RRULE:FREQ=YEARLY;INTERVAL=2", "2026-12-25 Noel; 2028-12-25 Noel; 2030-12-25 Noel"},
		{"three times", day + "RRULE:FREQ=YEARLY;COUNT=3", "2026-12-25 Noel; 2027-12-25 Noel; 2028-12-25 Noel"},
		{"until", day + "RRULE:FREQ=YEARLY;UNTIL=20281225", "2026-12-25 Noel; 2027-12-25 Noel; 2028-12-25 Noel"},
		{"until, as a time", day + "RRULE:FREQ=YEARLY;UNTIL=20281224T235959Z", "2026-12-25 Noel; 2027-12-25 Noel"},
		{"the fourth Thursday", "DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\nSUMMARY:x", "2026-11-26 x; 2027-11-25 x; 2028-11-23 x"},
		{"the last Monday", "DTSTART:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3\nSUMMARY:x", "2026-05-25 x; 2027-05-31 x; 2028-05-29 x"},
		{"a day of two months", "DTSTART:20260101\nRRULE:FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1;COUNT=3\nSUMMARY:x", "2026-01-01 x; 2026-07-01 x; 2027-01-01 x"},
		{"the last day", "DTSTART:20270228\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=2\nSUMMARY:x", "2027-02-28 x; 2028-02-29 x"},
		{"Tuesday after the first Monday", "DTSTART:20261103\nRRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8\nSUMMARY:x", "2026-11-03 x; 2030-11-05 x"},
		{"the hundredth Monday is none, the 20th is", "DTSTART:20260518\nRRULE:FREQ=YEARLY;BYDAY=20MO;COUNT=2\nSUMMARY:x", "2026-05-18 x; 2027-05-17 x"},
		{"a leap day", "DTSTART:20240229\nRRULE:FREQ=YEARLY\nSUMMARY:x", "2024-02-29 x; 2028-02-29 x"},
		{"times by a rule", "DTSTART;TZID=Europe/London:20260630T140000\nDTEND;TZID=Europe/London:20260630T150000\nRRULE:FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=30;COUNT=2\nSUMMARY:x",
			"2026-06-30 13:00–2026-06-30 14:00 x; 2026-12-30 14:00–2026-12-30 15:00 x"},
		{"but not", day + "RRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20271225", "2026-12-25 Noel; 2028-12-25 Noel"},
		{"and besides", day + "RDATE;VALUE=DATE:20270101,20270106", "2026-12-25 Noel; 2027-01-01 Noel; 2027-01-06 Noel"},
		{"cancelled", "DTSTART:20261225\nSTATUS:CANCELLED\nSUMMARY:x", ""},
	} {
		got, err := ReadICS(ics(x.event), zone(t, "Asia/Hong_Kong"))
		if err != nil || said(got) != x.want || len(got.Notes) > 0 {
			t.Errorf("%s: %q, %v, %v; want %q", x.name, said(got), got.Notes, err, x.want)
		}
		unix, err := ReadICS([]byte(strings.ReplaceAll(string(ics(x.event)), "\r\n", "\n")), zone(t, "Asia/Hong_Kong"))
		if err != nil || said(unix) != x.want {
			t.Errorf("%s with the line ends of Unix: %q, %v", x.name, said(unix), err)
		}
	}
}

// An occurrence that was moved or cancelled has an event of its own, which may stand before the one it belongs to.
func TestReadICSMoved(t *testing.T) {
	moved := "UID:1\nRECURRENCE-ID;VALUE=DATE:20271225\nDTSTART:20271227\nSUMMARY:instead"
	off := "UID:1\nRECURRENCE-ID;VALUE=DATE:20281225\nDTSTART:20281225\nSTATUS:CANCELLED"
	all := "UID:1\nDTSTART:20261225\nRRULE:FREQ=YEARLY;COUNT=4\nSUMMARY:x"
	other := "UID:2\nDTSTART:20281225\nSUMMARY:other"
	got, err := ReadICS(ics(moved, all, off, other), time.UTC)
	if want := "2027-12-27 instead; 2026-12-25 x; 2029-12-25 x; 2028-12-25 other"; err != nil || said(got) != want || len(got.Notes) > 0 {
		t.Errorf("%q, %v, %v; want %q", said(got), got.Notes, err, want)
	}
}

// What is not understood is told with its line; the rest of the file counts.
func TestReadICSNotes(t *testing.T) {
	const good = "DTSTART:20260101\nSUMMARY:good"
	for _, x := range []struct {
		name, event string
		line        int
		note, want  string
	}{
		{"no start", "SUMMARY:x", 6, "no DTSTART", ""},
		{"no day", "DTSTART:soon", 7, `"soon" is no date`, ""},
		{"a zone of Outlook", "SUMMARY:x\nDTSTART;TZID=China Standard Time:20261224T140000\nDURATION:PT1H", 8, "read as Asia/Hong_Kong", "2026-12-24 06:00–2026-12-24 07:00 x"},
		{"each month", "SUMMARY:x\nDTSTART:20261225\nRRULE:FREQ=MONTHLY", 9, "FREQ=MONTHLY", "2026-12-25 x"},
		{"half a rule", "SUMMARY:x\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYSETPOS=1", 9, "BYSETPOS=1 in RRULE is not understood", "2026-12-25 x"},
		{"no weekday", "SUMMARY:x\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYDAY=XX", 9, "a weekday such as MO", "2026-12-25 x"},
		{"the zeroth", "SUMMARY:x\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTHDAY=0", 9, "a number from -31 to 31", "2026-12-25 x"},
		{"no end", "SUMMARY:x\nDTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=never", 9, `"NEVER" is no date`, "2026-12-25 x"},
		{"ends before", "DTSTART:20261225\nDTEND:20261224", 8, "ends before it begins", ""},
		{"no time at all", "DTSTART:20261225T100000\nSUMMARY:x", 7, "closes nothing", ""},
		{"day and time", "DTSTART:20261225\nDTEND:20261225T100000", 8, "not both", ""},
		{"no length", "DTSTART:20261225\nDURATION:-P1D", 8, "is no length", ""},
		{"no property", "SUMMARY:x\nDTSTART:20261225\nwhat is this", 9, "is no property", "2026-12-25 x"},
		{"a bad exception", "SUMMARY:x\nDTSTART:20261225\nEXDATE:x", 9, `"x" is no date`, "2026-12-25 x"},
		{"long ago", "DTSTART:18991225\nSUMMARY:x", 7, "the years 1900 to 2100", ""},
		{"a rule against another", "SUMMARY:x\nDTSTART:20261225\nEXRULE:FREQ=YEARLY", 9, "EXRULE", "2026-12-25 x"},
		{"from then on", "SUMMARY:x\nDTSTART:20261225\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261225", 9, "RANGE is not followed", "2026-12-25 x"},
	} {
		got, err := ReadICS(ics(good, x.event), zone(t, "Asia/Hong_Kong"))
		want := "2026-01-01 good"
		if x.want != "" {
			want += "; " + x.want
		}
		// The event begins in line 7, its first property stands in line 8.
		if err != nil || said(got) != want || len(got.Notes) != 1 || got.Notes[0].Line != x.line+1 || !strings.Contains(got.Notes[0].Text, x.note) {
			t.Errorf("%s: %q, %v, %v; want %q and in line %d %q", x.name, said(got), got.Notes, err, want, x.line+1, x.note)
		}
	}
}

func TestReadICSErrors(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "no event": []byte("BEGIN:VCALENDAR\nEND:VCALENDAR\n"), "an open end": []byte("BEGIN:VEVENT\nDTSTART:20261225\n"),
		"no event that is sound": ics("SUMMARY:x"), "too large": make([]byte, maxICS+1)} {
		_, err := ReadICS(b, time.UTC)
		var n Note
		if !errors.As(err, &n) || n.Line < 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A small file cannot stand for more than a bounded number of days, notes or bytes.
func TestReadICSBounds(t *testing.T) {
	var many []string
	for i := range 400 {
		many = append(many, fmt.Sprintf("UID:%d\nDTSTART:19000101\nDTEND:19010101\nRRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", i))
	}
	got, err := ReadICS(ics(many...), time.UTC)
	if err != nil || len(got.Days) > maxClosed+maxDays || len(got.Notes) != 1 || !strings.Contains(got.Notes[0].Text, "the rest of the file") {
		t.Errorf("%d days, %d notes, %v", len(got.Days), len(got.Notes), err)
	}
	many = slices.Repeat([]string{"DTSTART:20260101"}, maxEvents+5)
	if got, err = ReadICS(ics(many...), time.UTC); err != nil || len(got.Days) != maxEvents || len(got.Notes) != 1 {
		t.Errorf("%d days of %d events, %v, %v", len(got.Days), len(many), got.Notes, err)
	}
	long, err := ReadICS(ics("DTSTART:20260101\nDTEND:20290101"), time.UTC)
	if err != nil || len(long.Days) != maxDays || len(long.Notes) != 1 {
		t.Errorf("%d days, %v, %v", len(long.Days), long.Notes, err)
	}
	folded := ics("DTSTART:20260101\nSUMMARY:" + strings.Repeat("x\n ", 100_000))
	if got, err = ReadICS(folded, time.UTC); err != nil || len(got.Days) != 1 || len(got.Days[0].Name) != 200 {
		t.Errorf("%d days, %v", len(got.Days), err)
	}
	broken, err := ReadICS(ics("DTSTART:20260101\n"+strings.Repeat("junk\n", 500)), time.UTC)
	if err != nil || len(broken.Notes) != maxNotes {
		t.Errorf("%d notes, %v", len(broken.Notes), err)
	}
}

// A day of an event has 23 or 25 hours where clocks change, and so have those that it repeats on.
func TestReadICSClocks(t *testing.T) {
	for _, x := range []struct{ name, event, want string }{
		{"a length in days over the end of summer time", "DTSTART;TZID=Europe/London:20261024T000000\nDURATION:P2D\nSUMMARY:x", "2026-10-24 x; 2026-10-25 x"},
		{"a length in hours over it", "DTSTART;TZID=Europe/London:20261024T000000\nDURATION:PT48H\nSUMMARY:x", "2026-10-23 23:00–2026-10-25 23:00 x"},
		{"from midnight to midnight on a short day, and on the days of other years",
			"DTSTART;TZID=Europe/London:20260329T000000\nDTEND;TZID=Europe/London:20260330T000000\nRRULE:FREQ=YEARLY;COUNT=3\nSUMMARY:x",
			"2026-03-29 x; 2027-03-29 x; 2028-03-29 x"},
		{"over a night of another length", "DTSTART;TZID=Europe/London:20261024T180000\nDTEND;TZID=Europe/London:20261025T180000\nRRULE:FREQ=YEARLY;COUNT=2\nSUMMARY:x",
			"2026-10-24 17:00–2026-10-25 18:00 x; 2027-10-24 17:00–2027-10-25 17:00 x"},
		{"some hours of it, as long every year", "DTSTART;TZID=Europe/London:20261025T000000\nDTEND;TZID=Europe/London:20261025T030000\nRRULE:FREQ=YEARLY;COUNT=2\nSUMMARY:x",
			"2026-10-24 23:00–2026-10-25 03:00 x; 2027-10-24 23:00–2027-10-25 03:00 x"},
		{"another zone's days", "DTSTART;TZID=Asia/Hong_Kong:20261225T000000\nDURATION:P1D\nSUMMARY:x", "2026-12-24 16:00–2026-12-25 16:00 x"},
		{"days by its first time", "DTSTART;TZID=Europe/London:20261025T100000\nDURATION:P1DT30M\nSUMMARY:x", "2026-10-25 10:00–2026-10-26 10:30 x"},
	} {
		got, err := ReadICS(ics(x.event), zone(t, "Europe/London"))
		if err != nil || said(got) != x.want || len(got.Notes) > 0 {
			t.Errorf("%s: %q, %v, %v; want %q", x.name, said(got), got.Notes, err, x.want)
		}
	}
}

// A file that is made to keep us busy keeps us busy for a moment only, and its calendar answers at once.
func TestReadICSHostile(t *testing.T) {
	long := "DTSTART:19000101\nRRULE:FREQ=YEARLY;BYDAY=" + strings.TrimSuffix(strings.Repeat("53MO,", 3000), ",")
	rules := slices.Repeat([]string{"DTSTART:19000101\nRRULE:FREQ=YEARLY;BYDAY=53TU,-53TU;BYMONTHDAY=30"}, maxEvents)
	var moments strings.Builder
	at := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	for i := range 30_000 {
		fmt.Fprintf(&moments, ",%s", at.Add(time.Duration(i)*time.Second).Format("20060102T150405Z"))
		if i%900 == 899 {
			moments.WriteString("\nRDATE:" + at.Format("20060102T150405Z"))
		}
	}
	year := slices.Repeat([]string{"DTSTART:20260101T010000\nDURATION:P365D"}, maxEvents)
	var zones []string
	for i := range maxEvents {
		zones = append(zones, fmt.Sprintf("DTSTART;TZID=Nowhere/%d:20261224T100000\nDURATION:PT1H", i))
	}
	for _, x := range []struct {
		name   string
		events []string
		note   string
	}{
		{"rules with thousands of weekdays", slices.Repeat([]string{long}, 60), ""},
		{"a thousand rules that find nothing", rules, "the rest of the file"},
		{"each second of a day", []string{"DTSTART:20261224T000000Z\nDURATION:PT1S\nRDATE:20261224T000000Z" + moments.String()}, "more than 100 events are on 2026-12-24"},
		{"a thousand times a year", year, "the rest of the file"},
		{"a thousand zones", zones, "is no time zone"},
	} {
		b := ics(x.events...)
		if len(b) > maxICS {
			t.Errorf("%s: the file has %d bytes", x.name, len(b))
		}
		began := time.Now()
		got, err := ReadICS(b, time.UTC)
		if err != nil || len(got.Notes) > maxNotes || x.note != "" && !slices.ContainsFunc(got.Notes, func(n Note) bool { return strings.Contains(n.Text, x.note) }) {
			t.Errorf("%s: %v, notes %v; want one with %q", x.name, err, got.Notes, x.note)
		}
		c, err := New(Config{Zone: "UTC", Open: []Hours{{"mon-sun", "00:00-24:00"}}, Holidays: got.Days, Closures: got.Closures})
		if err != nil {
			t.Fatal(err)
		}
		entries := 0
		for _, list := range c.closures {
			entries += len(list)
		}
		if entries > maxClosed+maxDays+2 {
			t.Errorf("%s: the calendar holds %d entries", x.name, entries)
		}
		c.At(at)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it takes %v", x.name, took)
		}
	}
}

// Any bytes: no crash, bounds kept, and what comes out is a calendar.
func FuzzReadICS(f *testing.F) {
	f.Add(ics("DTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=-1TH\nEXDATE:20271225\nSUMMARY:x"))
	f.Add(ics("DTSTART;TZID=\"Europe/London\":20261224T140000\nDURATION:P1DT4H\nUID:1", "UID:1\nRECURRENCE-ID:20261224T140000Z\nDTSTART:20261224T150000Z\nDTEND:20261224T160000Z"))
	f.Add([]byte("BEGIN:VEVENT\n \n\tx\nBEGIN:VEVENT\nEND:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadICS(b, time.UTC)
		if len(got.Days)+len(got.Closures) > maxClosed+maxDays || len(got.Notes) > maxNotes {
			t.Errorf("%d days, %d closures, %d notes", len(got.Days), len(got.Closures), len(got.Notes))
		}
		for _, n := range got.Notes {
			if n.Line < 1 || n.Text == "" {
				t.Errorf("%+v", n)
			}
		}
		if err != nil {
			return
		}
		c, err := New(Config{Zone: "UTC", Holidays: got.Days, Closures: got.Closures})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got.Days[:min(len(got.Days), 3)] {
			at, err := time.Parse(time.DateOnly, d.Date)
			if err != nil {
				t.Fatal(err)
			}
			if s, _ := c.StateAt(at); s != Holiday {
				t.Errorf("%s is %s", d.Date, s)
			}
		}
	})
}
