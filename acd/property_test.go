package acd

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// TestAnyEvents plays any events, senseless ones too, on any centre. A second centre is told the same through the log's
// encoding, and is at times put away as a snapshot and restored: it must give the same commands, and be in the same state.
func TestAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		shadow, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := newWitness(s)
		c := crowd{size: small}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		var high time.Time
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			now = step(t, s, now)
			if now.After(high) {
				high = now
			}
			ev := c.draw(t, now)
			before := s.tally.Offers
			cmds := s.Decide(now, ev)
			if err := s.check(); err != nil {
				t.Fatalf("after %T%+v: %v", ev, ev, err)
			}
			if d := s.Deadline(); !d.IsZero() && !d.After(high) {
				t.Fatalf("a deadline of %v at %v", d, high)
			}
			if err := errors.Join(w.judge(high, ev, cmds), w.agree(s)); err != nil {
				t.Fatalf("%T%+v: %v", ev, ev, err)
			}
			c.saw(cmds)
			if s.tally.Offers < before {
				t.Fatal("offers went back")
			}
			shadow = follow(t, s, shadow, now, ev, cmds)
		}
	})
}

// step lets time pass: often little, sometimes to the very next timer, seldom backwards.
func step(t *rapid.T, s *State, now time.Time) time.Time {
	switch n := rapid.IntRange(0, 9).Draw(t, "time"); {
	case n < 3:
		return now
	case n < 5 && !s.Deadline().IsZero():
		return s.Deadline()
	case n == 9:
		return now.Add(-time.Second)
	}
	return now.Add(time.Duration(rapid.IntRange(1, 12000).Draw(t, "ms")) * time.Millisecond)
}

// follow tells shadow what s was told, which must give the same commands and leave the same state; at times it is restored.
func follow(t *rapid.T, s, shadow *State, now time.Time, ev Event, want []Command) *State {
	kind, body := EncodeEvent(ev)
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeEvent(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := shadow.Decide(now, again); !reflect.DeepEqual(got, want) {
		t.Fatalf("told again, %T gives\n%s\nnot\n%s", ev, list(got), list(want))
	}
	if rapid.IntRange(0, 9).Draw(t, "restore") > 0 {
		return shadow
	}
	raw, err = json.Marshal(shadow.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if own, err := json.Marshal(s.Snapshot()); err != nil || string(own) != string(raw) {
		t.Fatalf("folded, it is another (%v):\n%s\n%s", err, own, raw)
	}
	var sn Snapshot
	if err := json.Unmarshal(raw, &sn); err != nil {
		t.Fatal(err)
	}
	restored, err := Restore(sn)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(restored.Snapshot())
	if err != nil || string(twice) != string(raw) {
		t.Fatalf("restored, it is another (%v):\n%s\n%s", err, raw, twice)
	}
	return restored
}

func list(cmds []Command) (s string) {
	for _, c := range cmds {
		s += "  " + tell(c) + "\n"
	}
	return s
}

// TestCan: what a view says is possible is exactly what is not refused.
func TestCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		c := crowd{size: small}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = step(t, s, now)
			c.saw(s.Decide(now, c.draw(t, now)))
		}
		raw, err := json.Marshal(s.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range s.sortedAgents() {
			wrap := ctid.WrapID("none")
			if a.wrap != nil {
				wrap = a.wrap.ID
			} else if i := slices.IndexFunc(a.view().Work, func(w ctid.WorkItem) bool { return w.Wrap != nil }); i >= 0 {
				wrap = a.view().Work[i].Wrap.ID
			}
			for op, ev := range map[string]Event{
				opLogin: AgentLogin{Agent: a.id}, opLogout: AgentLogout{Agent: a.id}, opReady: AgentReady{Agent: a.id},
				opPause: AgentPause{Agent: a.id, Reason: "something new"}, opCancelNext: AgentCancelNext{Agent: a.id},
				opWrapUpDone: WrapUpDone{Agent: a.id, Wrap: wrap, Coded: true},
			} {
				var sn Snapshot
				if err := json.Unmarshal(raw, &sn); err != nil {
					t.Fatal(err)
				}
				trial, err := Restore(sn)
				if err != nil {
					t.Fatal(err)
				}
				done := true
				for _, cmd := range trial.Decide(s.now, ev) {
					if _, no := cmd.(Refused); no {
						done = false
					}
				}
				if can := slices.Contains(a.can(), op); can != done {
					t.Fatalf("%+v: %s can be asked %v, is done %v", a.view(), op, can, done)
				}
			}
		}
	})
}
