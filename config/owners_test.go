package config

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/calendar"
	"ctid/phone"
)

func TestACD(t *testing.T) {
	got := full(t).ACD("e1")
	if got.Epoch != "e1" || got.Seed == 0 || got.Seed == full(t).ACD("e2").Seed || got.DeskGrace != 45*time.Second || got.WrapMax != 15*time.Minute {
		t.Errorf("%+v", got)
	}
	var none []acd.Need
	want := acd.Queue{ID: "sales", Name: "Sales", Medium: ctid.Voice, Strategy: "round-robin", Ring: 15 * time.Second, Wrap: 90 * time.Second,
		ForceCode: true, Extends: 3, RONA: "retry", RetryGap: 8 * time.Second, MaxMisses: 2, Rejected: "pause", RejectGap: 10 * time.Second,
		MaxWaiting: 40, Priority: 60, Weight: 5, Share: 3, Target: 15 * time.Second, Needs: []acd.Need{{Skill: "claims", AtLeast: 3}, {Skill: "en", AtLeast: 1}},
		Steps:   []acd.Step{{After: 30 * time.Second, Needs: &[]acd.Need{{Skill: "claims", AtLeast: 1}}, MaxRank: 2}, {After: time.Minute, Needs: &none, MinRank: 1}},
		AgeFrom: "call", ProgressEvery: 10 * time.Second, JoinEmpty: []string{"paused", "unreachable"}, LeaveEmpty: []string{"out"},
		DivertWait: 15 * time.Minute, DivertRatio: 5, Resume: 3 * time.Minute, AtMost: 10 * time.Minute,
		Overflow: []acd.Overflow{{On: ctid.ExitFull, To: "operators"}, {After: 2 * time.Minute, To: "operators"}}}
	if !reflect.DeepEqual(got.Queues[0], want) {
		t.Errorf("want %+v, got %+v", want, got.Queues[0])
	}
	ana := acd.Agent{ID: "ana", Desk: ctid.DeskOptional, Media: []acd.Slots{{Medium: ctid.Voice}, {Medium: ctid.Chat, Max: 2}},
		Queues: []acd.Membership{{Queue: "sales", Rank: 1, Weight: 1}, {Queue: "operators", Rank: 1, Weight: 1},
			{Queue: "webchat", Rank: 1, Weight: 1}, {Queue: "support", Rank: 2, Weight: 3}},
		Skills: []acd.Skill{{Name: "claims", Level: 4}, {Name: "en", Level: 1}}}
	if !reflect.DeepEqual(got.Agents[0], ana) {
		t.Errorf("want %+v, got %+v", ana, got.Agents[0])
	}
	if !slices.Equal(got.Skills, []string{"claims", "en"}) || got.Next != "fair" || got.PointWorth != 2*time.Second {
		t.Errorf("skills %v, next %s, a point %v", got.Skills, got.Next, got.PointWorth)
	}
	if want := []acd.Pause{{Code: "lunch", Quota: 90 * time.Minute}, {Code: "training"}}; !slices.Equal(got.Pauses, want) || got.PauseReserved != "revoke" {
		t.Errorf("pauses %+v, while it rings %s", got.Pauses, got.PauseReserved)
	}
	media := []acd.Medium{{Name: ctid.Voice, Max: 1, Weight: 60, Blocks: []ctid.Medium{ctid.Email}}, {Name: ctid.Chat, Max: 4, Weight: 20, Blocks: []ctid.Medium{ctid.Email}}}
	if !reflect.DeepEqual(got.Media, media) {
		t.Errorf("media %+v", got.Media)
	}
}

// What call control takes from the configuration.
func TestCallControlKeys(t *testing.T) {
	c := full(t)
	if want := (Park{First: 801, Slots: 5, Time: Duration(2 * time.Minute)}); c.Park != want {
		t.Errorf("park %+v", c.Park)
	}
	if c.Asterisk.Nodes[0].Trunk != "PJSIP/{number}@carrier-1" || c.Asterisk.Nodes[1].Trunk != "" || c.Numbering.ShownAs != "+85231230000" {
		t.Errorf("trunks %q and %q, shown as %q", c.Asterisk.Nodes[0].Trunk, c.Asterisk.Nodes[1].Trunk, c.Numbering.ShownAs)
	}
	if !c.Agents[0].Pick || c.Agents[1].Pick || !c.Queues[0].ShowStats || c.Queues[1].ShowStats {
		t.Errorf("who may look: %+v %+v", c.Agents, c.Queues)
	}
}

// What the switchboard takes from a queue beside what the distributor does.
func TestQueueKeys(t *testing.T) {
	if q := full(t).Queues[0]; q.Sticky != "last-agent" || q.StickyFor.D() != 45*time.Second || q.Callbacks != 2 || q.CallbackGap.D() != 10*time.Minute {
		t.Errorf("sticky %s for %v, %d callbacks each %v", q.Sticky, q.StickyFor, q.Callbacks, q.CallbackGap)
	}
	if q := full(t).Queues[1]; q.Sticky != "none" || q.StickyFor.D() != 30*time.Second || q.Callbacks != 3 || q.CallbackGap.D() != 5*time.Minute {
		t.Errorf("without a word: sticky %s for %v, %d callbacks each %v", q.Sticky, q.StickyFor, q.Callbacks, q.CallbackGap)
	}
}

// What the distributor itself says of the full configuration: nothing.
func TestACDTakesIt(t *testing.T) {
	if _, err := acd.New(full(t).ACD("e1")); err != nil {
		t.Error(err)
	}
	f, _ := find(fields(reflect.TypeFor[Queue]()), "strategy")
	if !slices.Equal(f.enum, acd.Strategies()) {
		t.Errorf("strategies in the table %q, in the distributor %q", f.enum, acd.Strategies())
	}
}

func TestDialRules(t *testing.T) {
	rules, err := full(t).DialRules()
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]bool{"2001": true, "+852 3123 0000": true, "3123 0000": true, "+33 1 42 68 53 00": false} {
		if _, err := phone.Dial(number, rules); (err == nil) != want {
			t.Errorf("%s: %v", number, err)
		}
	}
}

func TestOpeningHours(t *testing.T) {
	hours, err := full(t).OpeningHours()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Hong_Kong")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]calendar.State{"2026-12-23 10:00": calendar.Open, "2026-12-23 13:30": calendar.Closed,
		"2026-12-24 14:30": calendar.Closed, "2026-12-31 10:00": calendar.Closed, "2027-01-01 10:00": calendar.Holiday} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := hours["office"].At(when).State; got != want {
			t.Errorf("%s: want %s, got %s", at, want, got)
		}
	}
}
