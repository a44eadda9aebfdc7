package config

import (
	"fmt"
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
