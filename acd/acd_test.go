package acd

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ctid"
)

var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// centre is a small centre at work: ana talks, ben is rung, cleo is free for a queue of her own, two callers wait.
func centre(t testing.TB) *State {
	s, _ := watched(t)
	return s
}

// watched is the same with a witness who has seen it from its beginning on.
func watched(t testing.TB) (*State, *witness) {
	opt := func(id ctid.AgentID, queues ...ctid.QueueID) Agent {
		a := Agent{ID: id, Desk: ctid.DeskOptional}
		for _, q := range queues {
			a.Queues = append(a.Queues, Membership{Queue: q, Rank: 1})
		}
		return a
	}
	s, err := New(Config{Epoch: "A", Queues: []Queue{{ID: "sales", Wrap: time.Minute}, {ID: "support"}},
		Agents: []Agent{opt("ana", "sales"), opt("ben", "sales"), opt("cleo", "support"), opt("dan", "support")}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWitness(s)
	give := func(now time.Time, ev Event) {
		t.Helper()
		if err := errors.Join(w.judge(now, ev, s.Decide(now, ev)), s.check()); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []ctid.AgentID{"ana", "ben", "cleo", "dan"} {
		give(nine, DeviceChanged{id, true})
		give(nine, AgentLogin{Agent: id})
		give(nine, AgentReady{Agent: id})
	}
	for i := range 4 {
		give(nine, Enqueue{Task: ctid.TaskID(fmt.Sprintf("c%d", i)), Queue: "sales", Priority: -1, AtMost: time.Hour})
	}
	give(nine.Add(time.Second), OfferUp{"o_A_1"})
	return s, w
}

func TestSameEventsSameCommands(t *testing.T) {
	a, b := centre(t), centre(t)
	x, err := json.Marshal(a.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Fatalf("the same events gave\n%s\n%s", x, y)
	}
	at := nine.Add(time.Hour)
	if p, q := a.Decide(at, Tick{}), b.Decide(at, Tick{}); !reflect.DeepEqual(p, q) || len(p) == 0 {
		t.Fatalf("the same tick gave\n%s\n%s", list(p), list(q))
	}
}

func TestRestoreRefuses(t *testing.T) {
	faults := map[string]func(*Snapshot){
		"newer version":   func(sn *Snapshot) { sn.Version = Version + 1 },
		"unknown queue":   func(sn *Snapshot) { sn.Tasks[0].Queue = "nowhere" },
		"unknown agent":   func(sn *Snapshot) { sn.Offers[0].Agent = "nobody" },
		"agent's queue":   func(sn *Snapshot) { sn.Agents[0].Serves[0].Queue = "nowhere" },
		"bad strategy":    func(sn *Snapshot) { sn.Config.Queues[0].Strategy = "dice" },
		"drained":         func(sn *Snapshot) { sn.Drained = []Queue{{ID: "old", Strategy: "dice"}} },
		"counter":         func(sn *Snapshot) { sn.Tally.Entered++ },
		"missing agent":   func(sn *Snapshot) { sn.Agents = sn.Agents[:1] },
		"free beside one": func(sn *Snapshot) { sn.Tasks[3].Queue = "support" },
	}
	for name, plant := range faults {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(centre(t).Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			var sn Snapshot
			if err := json.Unmarshal(raw, &sn); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(sn); err != nil {
				t.Fatal(err)
			}
			if name == "free beside one" {
				sn.Tasks = append(sn.Tasks, taskSnap{ID: "c8"})
				sn.Tally.Entered++
			}
			plant(&sn)
			if _, err := Restore(sn); err == nil {
				t.Error("it is restored")
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	q := Queue{ID: "sales"}
	cases := []struct {
		says string
		cfg  Config
	}{
		{`queue "sales" stands twice`, Config{Queues: []Queue{q, q}}},
		{`agent "ana" stands twice`, Config{Agents: []Agent{{ID: "ana"}, {ID: "ana"}}}},
		{`there is no strategy "dice"; use one of [longest-idle longest-ready`, Config{Queues: []Queue{{ID: "sales", Strategy: "dice"}}}},
		{`rona is "never"`, Config{Queues: []Queue{{ID: "sales", RONA: "never"}}}},
		{"a time is negative", Config{Queues: []Queue{{ID: "sales", Ring: -1}}}},
		{"a limit is negative", Config{Queues: []Queue{{ID: "sales", MaxWaiting: -1}}}},
		{"needs a wrap-up time", Config{Queues: []Queue{{ID: "sales", ForceCode: true}}}},
		{"priority is 101", Config{Queues: []Queue{{ID: "sales", Priority: 101}}}},
		{"it has no name", Config{Queues: []Queue{{}}}},
		{`agent "": it has no name`, Config{Agents: []Agent{{}}}},
		{`desk is "maybe"`, Config{Agents: []Agent{{ID: "ana", Desk: "maybe"}}}},
		{`there is no queue "lost"`, Config{Agents: []Agent{{ID: "ana", Queues: []Membership{{Queue: "lost"}}}}}},
		{"is named twice", Config{Queues: []Queue{q}, Agents: []Agent{{ID: "ana", Queues: []Membership{{Queue: "sales"}, {Queue: "sales"}}}}}},
		{"rank -1", Config{Queues: []Queue{q}, Agents: []Agent{{ID: "ana", Queues: []Membership{{Queue: "sales", Rank: -1}}}}}},
		{"cannot be negative", Config{WrapMax: -1}},
		{`which task comes next is "dice"`, Config{Next: "dice"}},
		{"cannot be worth a negative time", Config{PointWorth: -1}},
		{`skill "en" has no name, or stands twice`, Config{Skills: []string{"en", "en"}}},
		{`there is no skill "claims"`, Config{Queues: []Queue{{ID: "sales", Needs: []Need{{"claims", 1}}}}}},
		{`"en" is wanted at level 11`, Config{Skills: []string{"en"}, Queues: []Queue{{ID: "sales", Needs: []Need{{"en", 11}}}}}},
		{`"en" is wanted twice`, Config{Skills: []string{"en"}, Queues: []Queue{{ID: "sales", Needs: []Need{{"en", 1}, {"en", 2}}}}}},
		{`he has skill "en" at level 11`, Config{Skills: []string{"en"}, Agents: []Agent{{ID: "ana", Skills: []Skill{{"en", 11}}}}}},
		{`agent "ana": there is no skill "en"`, Config{Agents: []Agent{{ID: "ana", Skills: []Skill{{"en", 1}}}}}},
		{"his weight in queue", Config{Queues: []Queue{q}, Agents: []Agent{{ID: "ana", Queues: []Membership{{Queue: "sales", Weight: 101}}}}}},
		{"its weight is 101", Config{Queues: []Queue{{ID: "sales", Weight: 101}}}},
		{"its share is -1", Config{Queues: []Queue{{ID: "sales", Share: -1}}}},
		{"a time or ratio is negative", Config{Queues: []Queue{{ID: "sales", DivertRatio: -1}}}},
		{`age counts from "birth"`, Config{Queues: []Queue{{ID: "sales", AgeFrom: "birth"}}}},
		{`an agent cannot be "asleep"`, Config{Queues: []Queue{{ID: "sales", JoinEmpty: []string{"asleep"}}}}},
		{"in the order of their times", Config{Queues: []Queue{{ID: "sales", Steps: []Step{{After: time.Minute}, {After: time.Second}}}}}},
		{"no agent has a rank from 3 to 2", Config{Queues: []Queue{{ID: "sales", Steps: []Step{{MinRank: 3, MaxRank: 2}}}}}},
		{`it overflows to "lost", which is not there`, Config{Queues: []Queue{{ID: "sales", Overflow: []Overflow{{On: ctid.ExitFull, To: "lost"}}}}}},
		{"which is of another medium", Config{Queues: []Queue{{ID: "sales", Overflow: []Overflow{{On: ctid.ExitFull, To: "web"}}}, {ID: "web", Medium: ctid.Chat}}}},
		{`nothing overflows on "key"`, Config{Queues: []Queue{q, {ID: "web", Overflow: []Overflow{{On: ctid.ExitKey, To: "sales"}}}}}},
		{"needs a reason or a time, and not both", Config{Queues: []Queue{q, {ID: "web", Overflow: []Overflow{{To: "sales"}}}}}},
		{"lead back to it: [sales web sales]", Config{Queues: []Queue{{ID: "sales", Overflow: []Overflow{{On: ctid.ExitFull, To: "web"}}},
			{ID: "web", Overflow: []Overflow{{After: time.Minute, To: "sales"}}}}}},
	}
	for _, c := range cases {
		if _, err := New(c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("New says %v; want %q", err, c.says)
		}
	}
}

func TestDecodeEventErrors(t *testing.T) {
	for _, d := range decoders {
		if _, err := DecodeEvent(d.kind, []byte("{")); err == nil || !strings.Contains(err.Error(), d.kind) {
			t.Errorf("DecodeEvent(%s) of rubbish says %v", d.kind, err)
		}
	}
	if _, err := DecodeEvent("agent_vanished", []byte("{}")); err == nil {
		t.Error("an unknown kind is decoded")
	}
	if len(decoders) != 33 {
		t.Errorf("%d events can be decoded; there are 33", len(decoders))
	}
}

// odd is an event that acd does not know.
type odd struct{}

func (odd) EventKind() string { return "odd" }

func TestUnknownEventIsRefused(t *testing.T) {
	cmds := centre(t).Decide(nine.Add(2*time.Second), odd{})
	if len(cmds) != 1 {
		t.Fatalf("it gives %v", cmds)
	}
	if r, ok := cmds[0].(Refused); !ok || r.Err.Code != ctid.BadRequest {
		t.Errorf("it gives %+v", cmds[0])
	}
}

// TestLateAnswersAreForgotten: what is known of ended offers is bounded by time.
func TestLateAnswersAreForgotten(t *testing.T) {
	s := centre(t)
	s.Decide(nine.Add(time.Hour), Tick{})
	s.Decide(nine.Add(2*time.Hour), Tick{})
	if n := len(s.ended) + len(s.lately); n != 0 {
		t.Errorf("%d ended offers are known two hours later", n)
	}
}
