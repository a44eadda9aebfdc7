package ivrsim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid/ivr"
)

const worked = "../../testdata/ivr/worked"

var hongKong = time.FixedZone("HKT", 8*3600)

// workedSite is what the worked scripts count on.
func workedSite() ivr.Site {
	return ivr.Site{
		Queues: []string{"sales", "support", "tellers", "operators", "bookings"}, Calendars: []string{"office"}, Voices: []string{"en", "zh"},
		Mailboxes: []string{"front_desk", "support"}, Skills: []string{"support", "general", "billing", "technical"},
		Dispositions: []string{"confirmed", "do_not_call", "left_message", "no_reply"},
		Databases:    []string{"bank"}, DialAllow: []string{"extensions", "+852"}, Country: "852", LastResort: "operators", Zone: hongKong,
		Statements: []ivr.Statement{
			{Name: "pin_ok", DB: "bank", SQL: "select 1 from pins where account = :account and pin = :pin", Params: []string{"account", "pin"}},
			{Name: "confirm_visit", DB: "bank", SQL: "update visits set confirmed = true where id = :visit", Params: []string{"visit"}, Write: true},
			{Name: "stop_calls", DB: "bank", SQL: "insert into stop (number) values (:number)", Params: []string{"number"}, Write: true},
		},
		Hours: func(name string, at time.Time) (string, bool) {
			at = at.In(hongKong)
			switch {
			case name != "office":
				return "", false
			case at.Format(time.DateOnly) == "2026-12-25":
				return "holiday", true
			case at.Weekday() == time.Sunday || at.Hour() < 9 || at.Hour() >= 18:
				return "closed", true
			}
			return "open", true
		},
	}
}

func workedSet(t *testing.T) *ivr.Set {
	t.Helper()
	set, found := ivr.LoadSet(os.DirFS(worked+"/ivr"), workedSite())
	for _, f := range found {
		t.Log(f)
	}
	if set == nil {
		t.Fatal("the worked scripts do not load")
	}
	return set
}

func readTests(t *testing.T, file string) *File {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, found := Read(filepath.Base(file), src, hongKong)
	if f == nil {
		t.Fatal(strings.Join(found, "\n"))
	}
	return f
}

func TestWorked(t *testing.T) {
	set := workedSet(t)
	tests, _ := filepath.Glob(worked + "/tests/*.test.yaml")
	if len(tests) == 0 {
		t.Fatal("no tests")
	}
	for _, file := range tests {
		f := readTests(t, file)
		s := set.Script(f.Script)
		if s == nil {
			t.Fatalf("%s: no script %s", file, f.Script)
		}
		for _, o := range f.Run(s, ivr.Options{}) {
			if len(o.Failures) > 0 {
				t.Errorf("%s\n%s", strings.Join(o.Failures, "\n"), o.Transcript)
			}
		}
	}
}

// The figures of the balance script with the two cases of its file.
func TestCoverage(t *testing.T) {
	f := readTests(t, worked+"/tests/balance.test.yaml")
	s := workedSet(t).Script("balance")
	c := NewCover(s)
	for _, o := range f.Run(s, ivr.Options{}) {
		c.Add(o.Moves)
	}
	const want = "nodes 6/6   edges 16/28 (57 %)   first not covered: account no_input (line 14)"
	if c.String() != want {
		t.Errorf("%s\nwant %s", c, want)
		for i, e := range c.Edges {
			t.Log(e.From, e.From.Verb, e.Outcome, c.Taken[i])
		}
	}
}
