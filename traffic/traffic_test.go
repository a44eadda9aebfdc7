package traffic

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the zones of these tests are those of the Go release, on any machine

	"pgregory.net/rapid"

	"ctid"
	"ctid/calendar"
)

// monday is 2026-11-16 10:30 in London, an hour at which the office is open.
var monday = time.Date(2026, 11, 16, 10, 30, 0, 0, time.UTC)

func table(t testing.TB, n Number) *Table {
	t.Helper()
	office, err := calendar.New(calendar.Config{Name: "office", Zone: "Europe/London", Open: []calendar.Hours{{Days: "mon-fri", Spans: "09:00-18:00"}},
		Holidays: []calendar.Day{{Date: "2026-12-25", Name: "Christmas Day"}}})
	if err != nil {
		t.Fatal(err)
	}
	if n.DNIS == "" {
		n.DNIS = "+442079460000"
	}
	out, err := New(Config{Zone: "Europe/London", Calendars: map[string]*calendar.Calendar{"office": office}, Numbers: []Number{n},
		Trunks: []Trunk{{Name: "north", Endpoints: []string{"PJSIP/north-1", "PJSIP/north-2"}, MaxCalls: 2}, {Name: "south", Endpoints: []string{"PJSIP/south"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func to(name string) Target { return Target{ToQueue, name} }

// Each condition: when it holds, when it does not, and what is said of it.
func TestConditions(t *testing.T) {
	queue := func(f Figures) Facts { return Facts{Queues: map[ctid.QueueID]Figures{"sales": f}} }
	for _, x := range []struct {
		name  string
		when  When
		at    time.Time
		facts Facts
		want  bool
		value string
	}{
		{"no condition", When{}, monday, Facts{}, true, "no condition"},
		{"open", When{Calendar: "office", Is: calendar.Open}, monday, Facts{}, true, "office is open, the route is for open"},
		{"not open", When{Calendar: "office", Is: calendar.Open}, monday.Add(12 * time.Hour), Facts{}, false, "office is closed"},
		{"closed", When{Calendar: "office", Is: calendar.Closed}, monday.Add(12 * time.Hour), Facts{}, true, "office is closed"},
		{"closed on a holiday", When{Calendar: "office", Is: calendar.Closed}, monday.AddDate(0, 0, 39), Facts{}, true, "office is holiday (Christmas Day)"},
		{"holiday", When{Calendar: "office", Is: calendar.Holiday}, monday.AddDate(0, 0, 39), Facts{}, true, "holiday"},
		{"no holiday", When{Calendar: "office", Is: calendar.Holiday}, monday.Add(12 * time.Hour), Facts{}, false, "office is closed, the route is for holiday"},
		{"this holiday", When{Calendar: "office", Holiday: "christmas day"}, monday.AddDate(0, 0, 39), Facts{}, true, "the holiday is christmas day"},
		{"another holiday", When{Calendar: "office", Holiday: "Easter"}, monday.AddDate(0, 0, 39), Facts{}, false, "the holiday is Easter"},
		{"in hours", When{Times: []string{"sat", "mon-fri 08:00-12:00"}}, monday, Facts{}, true, "mon-fri 08:00-12:00"},
		{"out of hours", When{Times: []string{"sat", "mon-fri 08:00-10:00"}}, monday, Facts{}, false, "Mon 10:30 is not in sat; mon-fri 08:00-10:00"},
		{"hours alone", When{Times: []string{"22:00-11:00"}}, monday, Facts{}, true, "22:00-11:00"},
		{"a day alone", When{Times: []string{"mon, wed"}}, monday, Facts{}, true, "mon, wed"},
		{"carrier", When{Carrier: []string{"south", "north"}}, monday, Facts{Endpoint: "PJSIP/north-2"}, true, "north"},
		{"another carrier", When{Carrier: []string{"south"}}, monday, Facts{Endpoint: "PJSIP/north-1"}, false, "north is none of south"},
		{"no carrier", When{Carrier: []string{"south"}}, monday, Facts{Endpoint: "PJSIP/1001"}, false, "no trunk of the table"},
		{"from a country", When{From: []string{"+44", "+852"}}, monday, Facts{From: Caller{E164: "+85223456789"}}, true, "+852"},
		{"from elsewhere", When{From: []string{"+44"}}, monday, Facts{From: Caller{E164: "+85223456789"}}, false, "none of +44"},
		{"from inside", When{From: []string{"20"}}, monday, Facts{From: Caller{Digits: "2001"}}, true, "20"},
		{"hidden", When{From: []string{"+44", Anonymous}}, monday, Facts{From: Caller{Withheld: true}}, true, "anonymous"},
		{"not hidden", When{From: []string{Anonymous}}, monday, Facts{From: Caller{E164: "+442079460001"}}, false, "none of anonymous"},
		{"few agents", When{StaffedBelow: Count{"sales", 3}}, monday, queue(Figures{Staffed: 2}), true, "sales has 2 agents on duty, the bound is 3"},
		{"agents", When{StaffedBelow: Count{"sales", 3}}, monday, queue(Figures{Staffed: 3}), false, "3 agents on duty"},
		{"nobody ready", When{ReadyBelow: Count{"sales", 1}}, monday, queue(Figures{Staffed: 9}), true, "0 agents ready"},
		{"somebody ready", When{ReadyBelow: Count{"sales", 1}}, monday, queue(Figures{Ready: 1}), false, "1 agents ready"},
		{"many waiting", When{WaitingAbove: Count{"sales", 5}}, monday, queue(Figures{Waiting: 6}), true, "sales has 6 waiting, the bound is 5"},
		{"few waiting", When{WaitingAbove: Count{"sales", 5}}, monday, queue(Figures{Waiting: 5}), false, "5 waiting"},
		{"a long wait", When{LongestAbove: Wait{"sales", time.Minute}}, monday, queue(Figures{Longest: 61 * time.Second}), true, "1m1s"},
		{"a short wait", When{LongestAbove: Wait{"sales", time.Minute}}, monday, queue(Figures{Longest: time.Minute}), false, "the bound is 1m0s"},
		{"no service yet", When{LevelBelow: Level{Queue: "sales", Percent: 100}}, monday, Facts{}, false, "nobody has left sales in the last 30m0s"},
		{"all must hold", When{Carrier: []string{"north"}, WaitingAbove: Count{"sales", 5}}, monday, Facts{Endpoint: "PJSIP/south"}, false, "south is none of north"},
	} {
		x.facts.DNIS = "442079460000" // without its plus
		s := NewState(table(t, Number{Own: true, Routes: []Route{{When: x.when, To: to("a")}}}))
		d := s.Route(x.at, x.facts)
		first := slices.IndexFunc(d.Why, func(w Why) bool { return w.Route == 1 })
		if (d.To == to("a")) != x.want || (d.Route == 1) != x.want || first < 0 {
			t.Errorf("%s: %+v", x.name, d)
			continue
		}
		if w := d.Why[first]; w.OK != x.want || !strings.Contains(w.Value, x.value) {
			t.Errorf("%s: %+v; want %q", x.name, w, x.value)
		}
		if !x.want && d.To != (Target{Kind: Own}) {
			t.Errorf("%s: it goes to %s", x.name, d.To)
		}
	}
}

// The service level counts what left the queue in the window, by the table of endings.
func TestServiceLevel(t *testing.T) {
	s := NewState(table(t, Number{Own: true, Routes: []Route{{When: When{LevelBelow: Level{Queue: "sales", Percent: 80, Within: 10 * time.Second}}, To: to("a")}}}))
	routed := func(at time.Time) string {
		d := s.Route(at, Facts{DNIS: "+442079460000"})
		return d.To.String() + ", " + d.Why[0].Value
	}
	left := func(n int, exit ctid.QueueExit, waited time.Duration) {
		for range n {
			s.Left(monday, "sales", exit, waited)
		}
	}
	left(7, ctid.ExitAnswered, 10*time.Second)
	left(1, ctid.ExitAnswered, 11*time.Second)
	left(5, ctid.ExitFull, 0) // shown, and not counted
	s.Left(monday, "other", ctid.ExitAbandoned, time.Hour)
	if got := routed(monday); !strings.HasPrefix(got, "own, sales has answered 7 of 8") { // 87.5 %
		t.Error(got)
	}
	left(1, ctid.ExitAbandoned, time.Second)
	if got := routed(monday); !strings.HasPrefix(got, "queue:a, sales has answered 7 of 9") { // 77.8 %
		t.Error(got)
	}
	if got := routed(monday.Add(Window)); !strings.HasPrefix(got, "own, nobody has left") {
		t.Error(got)
	}
	left(maxStays+10, ctid.ExitAnswered, 0)
	if n := len(s.left["sales"]); n != maxStays {
		t.Errorf("%d visits are kept", n)
	}
}

// The first route that takes the call, and what is said of those before it.
func TestFirstWins(t *testing.T) {
	closed := When{Calendar: "office", Is: calendar.Closed}
	s := NewState(table(t, Number{Own: true, Routes: []Route{{When: closed, To: Target{ToScript, "shut"}},
		{When: When{Carrier: []string{"north"}, From: []string{"+852"}}, To: to("hk")}, {To: to("all")}}}))
	if q := s.Queues("+442079460000"); len(q) != 0 {
		t.Errorf("it asks for the figures of %q", q)
	}
	d := s.Route(monday, Facts{DNIS: "+442079460000", Endpoint: "PJSIP/north-1", From: Caller{E164: "+442079460001"}})
	want := "[{0 trunks.max_calls 0 of 2 calls are here false} {1 calendar office is open, the route is for closed false} {2 carrier north true} {2 from the caller is none of +852 false} {3 always it has no condition true}]"
	if got := fmt.Sprint(d.Why); d.To != to("all") || d.Route != 3 || d.Trunk != "north" || got != want {
		t.Errorf("%+v\nwant %s", d, want)
	}
	if d = s.Route(monday, Facts{DNIS: "100"}); d.To.Kind != Own || len(d.Why) > 0 {
		t.Errorf("a number without rules: %+v", d)
	}
	if got := s.Queues("100"); got != nil {
		t.Errorf("and its queues: %v", got)
	}
}

func TestQueues(t *testing.T) {
	s := NewState(table(t, Number{Own: true, Routes: []Route{
		{When: When{StaffedBelow: Count{"a", 1}, ReadyBelow: Count{"b", 1}, WaitingAbove: Count{"c", 1}, LongestAbove: Wait{"a", 1}}, To: to("x")},
		{When: When{WaitingAbove: Count{"b", 1}}, To: to("x")}}}))
	if got := fmt.Sprint(s.Queues("+442079460000")); got != "[a b c]" {
		t.Error(got)
	}
}

// Limits: of the trunk, of the number; who is over one goes to over, who leaves makes room.
func TestLimits(t *testing.T) {
	s := NewState(table(t, Number{Own: true, MaxCalls: 3, Over: to("over"), Routes: []Route{{To: to("a")}}}))
	f := func(endpoint string) Decision {
		return s.Route(monday, Facts{DNIS: "442079460000", Endpoint: endpoint})
	}
	s.Began("c1", "north", "442079460000")
	s.Began("c2", "north", "+442079460000")
	s.Began("c2", "north", "+442079460000") // told twice
	if d := f("PJSIP/north-2"); d.To != to("over") || d.Route != 0 || d.Why[0].Value != "2 of 2 calls are here" || !d.Why[0].OK {
		t.Errorf("the trunk is full: %+v", d)
	}
	if d := f("PJSIP/south"); d.To != to("a") {
		t.Errorf("the other is not: %+v", d)
	}
	s.Began("c3", "south", "+442079460000")
	if d := f("PJSIP/south"); d.To != to("over") || d.Why[0].Rule != "max_calls" || d.Why[0].Value != "3 of 3 calls are here" {
		t.Errorf("the number is full: %+v", d)
	}
	s.Ended("c1")
	s.Ended("c1")
	s.Ended("nobody")
	if d := f("PJSIP/north-1"); d.To != to("a") {
		t.Errorf("there is room again: %+v", d)
	}
	s.Use(table(t, Number{Own: true, MaxCalls: 2}))
	if d := f("PJSIP/south"); d.To != (Target{ToHangup, "busy"}) {
		t.Errorf("without over: %+v", d)
	}
	s.Use(nil)
	if d := f("PJSIP/south"); d.To.Kind != Own {
		t.Errorf("without a table: %+v", d)
	}
	s.Ended("c2")
	s.Ended("c3")
	if len(s.calls)+len(s.trunk)+len(s.dnis) != 0 {
		t.Errorf("left over: %+v", s)
	}
}

// Of any hundred calls in a row each route of a group gets exactly its share, and what none gets goes on.
func TestShares(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := Number{Own: true, Routes: []Route{{When: When{Carrier: []string{"south"}}, To: to("south")}}}
		rest := 100
		want := map[string]int{}
		for i := range rapid.IntRange(1, 6).Draw(rt, "routes") {
			if rest == 0 {
				break
			}
			share := rapid.IntRange(1, rest).Draw(rt, "share")
			rest -= share
			name := fmt.Sprint("r", i)
			n.Routes, want[name] = append(n.Routes, Route{Share: share, To: to(name)}), share
		}
		if rest > 0 {
			n.Routes = append(n.Routes, Route{To: to("rest")})
			want["rest"] = rest
		}
		s := NewState(table(t, n))
		before := rapid.IntRange(0, 150).Draw(rt, "before")
		got := map[string]int{}
		for i := range before + 100 {
			if rapid.IntRange(0, 9).Draw(rt, "other") == 0 { // a call that does not come to the group
				s.Route(monday, Facts{DNIS: "+442079460000", Endpoint: "PJSIP/south"})
			}
			d := s.Route(monday, Facts{DNIS: "+442079460000"})
			if i >= before {
				got[d.To.ID]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A call that draws a route whose condition does not hold goes on behind the group, and takes nobody else's share.
func TestShareWithCondition(t *testing.T) {
	s := NewState(table(t, Number{Own: true, Routes: []Route{{Share: 30, When: When{ReadyBelow: Count{"b", 1}}, To: to("b")}, {Share: 50, To: to("c")}, {To: to("d")}}}))
	got := map[string]int{}
	for range 100 {
		got[s.Route(monday, Facts{DNIS: "+442079460000", Queues: map[ctid.QueueID]Figures{"b": {Ready: 1}}}).To.ID]++
	}
	if fmt.Sprint(got) != "map[c:50 d:50]" {
		t.Error(got)
	}
}

// The calls of a share are spread: half of them is every other call.
func TestSharesAreSpread(t *testing.T) {
	var got strings.Builder
	for _, i := range spread([]Route{{Share: 50}, {Share: 25}})[:8] {
		fmt.Fprint(&got, i)
	}
	if got.String() != "01200120" && got.String() != "02100210" {
		t.Error(got.String())
	}
}

func TestCheck(t *testing.T) {
	shut := When{Calendar: "office", Is: calendar.Closed}
	for _, x := range []struct {
		name   string
		n      Number
		route  int // -1: nothing is wrong
		before int
		why    string
	}{
		{"no routes", Number{Own: true}, -1, 0, ""},
		{"a last one", Number{Routes: []Route{{When: shut, To: to("a")}, {To: to("b")}}}, -1, 0, ""},
		{"a last group", Number{Routes: []Route{{When: shut, To: to("a")}, {Share: 40, To: to("b")}, {Share: 60, To: to("b")}}}, -1, 0, ""},
		{"an answer of its own", Number{Own: true, Routes: []Route{{When: shut, To: to("a")}, {Share: 40, To: to("b")}}}, -1, 0, ""},
		{"no way", Number{Routes: []Route{{When: shut, To: to("a")}}}, 0, -1, "has no way"},
		{"no way for some", Number{Routes: []Route{{Share: 50, To: to("a")}, {Share: 40, To: to("b")}}}, 1, -1, "has no way"},
		{"no way if it does not hold", Number{Routes: []Route{{Share: 50, To: to("a")}, {Share: 50, When: shut, To: to("b")}}}, 1, -1, "has no way"},
		{"never reached", Number{Routes: []Route{{To: to("a")}, {When: shut, To: to("b")}}}, 1, 0, "route 1 takes all"},
		{"behind a whole group", Number{Routes: []Route{{Share: 50, To: to("a")}, {Share: 50, To: to("b")}, {To: to("c")}}}, 2, 1, "route 2 takes all"},
		{"too many shares", Number{Own: true, Routes: []Route{{Share: 50, To: to("a")}, {Share: 40, To: to("b")}, {Share: 20, To: to("c")}}}, 2, 0, "more than 100 %"},
	} {
		errs := Check(x.n)
		if x.route < 0 {
			if len(errs) > 0 {
				t.Errorf("%s: %v", x.name, errs[0])
			}
			continue
		}
		if len(errs) != 1 || errs[0].Route != x.route || errs[0].Before != x.before || !strings.Contains(errs[0].Why, x.why) {
			t.Errorf("%s: %v", x.name, errs)
		}
		if _, err := New(Config{Zone: "UTC", Numbers: []Number{x.n}, Calendars: map[string]*calendar.Calendar{"office": {}}}); err == nil {
			t.Errorf("%s: New takes it", x.name)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, w := range []When{{Calendar: "nowhere", Is: calendar.Open}, {Times: []string{"someday"}}, {Times: []string{"mon 9-5"}}} {
		_, err := New(Config{Zone: "UTC", Numbers: []Number{{DNIS: "1", Own: true, Routes: []Route{{When: When{Carrier: []string{"north"}}, To: to("a")}, {When: w, To: to("b")}}}}})
		var e *Error
		if !errors.As(err, &e) || e.DNIS != "1" || e.Route != 1 || e.Error() == "" {
			t.Errorf("%+v: %v", w, err)
		}
	}
	for text, good := range map[string]bool{"mon-fri 08:00-12:00": true, "22:00-06:00": true, "sat,sun": true, "mon 08:00-10:00, 12:00-13:00": true,
		"": true, "tomorrow": false, "mon 8-10": false, "mon 08:00": false} {
		if err := CheckTimes(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Any rules and facts: a call always has a way, the route that took it is the first whose every rule held, and the log
// never has the caller's number.
func TestAlwaysAWay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.Custom(func(rt *rapid.T) Count {
			return Count{ctid.QueueID(rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(rt, "queue")), rapid.IntRange(0, 3).Draw(rt, "n")}
		})
		var n Number
		for range rapid.IntRange(0, 5).Draw(rt, "routes") {
			r := Route{Share: rapid.SampledFrom([]int{0, 0, 20}).Draw(rt, "share"), To: to(fmt.Sprint(len(n.Routes)))}
			r.When = When{StaffedBelow: count.Draw(rt, "staffed"), ReadyBelow: count.Draw(rt, "ready"), WaitingAbove: count.Draw(rt, "waiting"),
				From: rapid.SampledFrom([][]string{nil, {"+44", Anonymous}, {"7"}}).Draw(rt, "from")}
			n.Routes = append(n.Routes, r)
		}
		n.Own = len(n.Routes) == 0 || rapid.Bool().Draw(rt, "own")
		n.DNIS, n.MaxCalls = "8001", rapid.IntRange(0, 2).Draw(rt, "limit")
		tab, err := New(Config{Zone: "UTC", Numbers: []Number{n}})
		if err != nil {
			return // it is refused, and that is tested elsewhere
		}
		s := NewState(tab)
		for i := range 20 {
			f := Facts{DNIS: "8001", From: Caller{E164: "+447700900123", Digits: "7700900123"}, Queues: map[ctid.QueueID]Figures{}}
			for _, q := range s.Queues("8001") {
				f.Queues[q] = Figures{Waiting: rapid.IntRange(0, 3).Draw(rt, "waits"), Ready: rapid.IntRange(0, 3).Draw(rt, "free"), Staffed: rapid.IntRange(0, 3).Draw(rt, "in")}
			}
			d := s.Route(monday, f)
			if rapid.Bool().Draw(rt, "stays") {
				s.Began(ctid.CallID(fmt.Sprint(i)), d.Trunk, "8001")
			}
			explained(rt, n, d)
		}
	})
}

func explained(rt *rapid.T, n Number, d Decision) {
	failed := map[int]bool{}
	for _, w := range d.Why {
		failed[w.Route] = failed[w.Route] || !w.OK
		if strings.Contains(w.Value, "7700900123") {
			rt.Fatalf("the caller's number is told: %+v", w)
		}
	}
	switch {
	case d.Route > 0:
		for i := 1; i < d.Route; i++ {
			if !failed[i] {
				rt.Fatalf("route %d took it, and nothing was wrong with route %d: %+v", d.Route, i, d.Why)
			}
		}
		if failed[d.Route] || d.To != n.Routes[d.Route-1].To {
			rt.Fatalf("%+v", d)
		}
	case d.To.Kind == ToHangup:
		if w := d.Why[len(d.Why)-1]; w.Rule != "max_calls" || !w.OK {
			rt.Fatalf("%+v", d)
		}
	case d.To.Kind != Own || !n.Own:
		rt.Fatalf("it goes nowhere: %+v", d)
	}
}

func BenchmarkRoute(b *testing.B) {
	s := NewState(table(b, Number{Own: true, Routes: []Route{{When: When{Calendar: "office", Is: calendar.Closed}, To: to("a")},
		{When: When{Times: []string{"sat"}}, To: to("b")}, {Share: 50, To: to("c")}, {Share: 50, To: to("d")}}}))
	for b.Loop() {
		s.Route(monday, Facts{DNIS: "+442079460000"})
	}
}
