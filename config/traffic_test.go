package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/traffic"
)

// The routes of the full configuration, as they decide.
func TestTraffic(t *testing.T) {
	table, err := full(t).Traffic()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Hong_Kong")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	busy := map[ctid.QueueID]traffic.Figures{"sales": {Waiting: 21, Longest: 301 * time.Second, Staffed: 5}}
	for _, x := range []struct {
		at    string
		facts traffic.Facts
		want  string
		route int
		trunk string
	}{
		{"2027-01-01 10:00", traffic.Facts{DNIS: "+85231230000"}, "script:shut", 1, ""},
		{"2026-12-01 10:00", traffic.Facts{DNIS: "85231230000", Endpoint: "PJSIP/south", From: traffic.Caller{Withheld: true}}, "hangup:declined", 2, "south"},
		{"2026-12-01 10:00", traffic.Facts{DNIS: "+85231230000", Endpoint: "PJSIP/north-2", From: traffic.Caller{Withheld: true}, Queues: busy}, "fallback", 3, "north"},
		{"2026-12-01 20:00", traffic.Facts{DNIS: "+85231230000"}, "queue:operators", 6, ""},
		{"2026-12-01 20:00", traffic.Facts{DNIS: "+85231230000", Queues: map[ctid.QueueID]traffic.Figures{"sales": {Staffed: 2}}}, "own", 0, ""},
		{"2026-12-01 20:00", traffic.Facts{DNIS: "0124"}, "script:front_desk", 1, ""},
		{"2026-12-01 20:00", traffic.Facts{DNIS: "0123"}, "own", 0, ""},
	} {
		d := traffic.NewState(table).Route(at(x.at), x.facts)
		if d.To.String() != x.want || d.Route != x.route || d.Trunk != x.trunk {
			t.Errorf("%s %+v: %+v; want %s by route %d", x.at, x.facts, d, x.want, x.route)
		}
	}
	s := traffic.NewState(table)
	for i := range 30 {
		s.Began(ctid.CallID(fmt.Sprint(i)), "", "+85231230000")
	}
	if d := s.Route(at("2026-12-01 10:00"), traffic.Facts{DNIS: "+85231230000"}); d.To.String() != "queue:operators" || d.Route != 0 {
		t.Errorf("over the limit: %+v", d)
	}
}

// A condition on a service level without a time of its own means the queue's target.
func TestServiceLevelWithinTarget(t *testing.T) {
	password(t)
	text := "asterisk: {nodes: [{name: pbx, url: 'http://127.0.0.1:8088'}]}\n" +
		"queues: [{name: sales, target: 45s}]\nagents: [{name: ana, queues: [sales], device: {endpoint: PJSIP/1001}}]\n" +
		"numbers:\n  - {dnis: '1', queue: sales, routes: [{when: {service_level_below: {queue: sales, percent: 50, within: 10s}}, hangup: busy}]}\n" +
		"  - {dnis: '2', queue: sales, routes: [{when: {service_level_below: {queue: sales, percent: 50}}, hangup: busy}]}\n"
	file := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := load(t, file).Traffic()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	for waited, want := range map[time.Duration][2]string{10 * time.Second: {"own", "own"}, 45 * time.Second: {"hangup:busy", "own"}, 46 * time.Second: {"hangup:busy", "hangup:busy"}} {
		s := traffic.NewState(table)
		s.Left(now, "sales", ctid.ExitAnswered, waited)
		for i, dnis := range []string{"1", "2"} {
			if d := s.Route(now, traffic.Facts{DNIS: dnis}); d.To.String() != want[i] {
				t.Errorf("one waited %v, number %s: %+v; want %s", waited, dnis, d, want[i])
			}
		}
	}
}

// A route for a holiday that the calendar does not have is doubtful, and the nearest name is told.
func TestUnknownHoliday(t *testing.T) {
	dir := copied(t)
	file := filepath.Join(dir, "full.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(read(t, file), "holiday: New Year}", "holiday: New Yaer}", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, fs := Load(Options{File: file})
	if c == nil || len(fs) != 1 || fs[0].Code != "CFG053" || fs[0].Severity != Warning || fs[0].Pos.Line < 2 || !strings.Contains(fs[0].Message, `did you mean "New Year"?`) {
		t.Errorf("%v", fs)
	}
}
