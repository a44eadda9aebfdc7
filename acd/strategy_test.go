package acd

import (
	"fmt"
	"testing"
	"time"

	"ctid"
)

// Random is even, and weighted is as even as its weights: 3,000 choices each, within four standard deviations.
func TestRandomIsEven(t *testing.T) {
	best := []*member{{weight: 1}, {weight: 3}, {weight: 6}}
	s := &State{cfg: Config{Seed: 7}}
	var even, weighed [3]int
	for s.tally.Offers < 3000 {
		even[random(s, nil, best)]++
		weighed[weighted(s, nil, best)]++
		s.tally.Offers++
	}
	for i, want := range []int{1000, 1000, 1000} {
		if d := even[i] - want; d < -104 || d > 104 {
			t.Errorf("random chose %v", even)
		}
	}
	for i, want := range []int{300, 900, 1800} {
		if d := weighed[i] - want; d < -108 || d > 108 {
			t.Errorf("weights 1, 3 and 6 were chosen %v", weighed)
		}
	}
}

// One who was rung last and is no longer configured leaves his place to who stood before him.
func TestRoundRobinWithoutTheLastOne(t *testing.T) {
	x := newScene(t, "round-robin", false)
	next := func(id ctid.TaskID, want ctid.AgentID) {
		t.Helper()
		x.after(time.Second, Enqueue{Task: id, Queue: "sales", Priority: -1})
		if o := x.ringing(); len(o) != 1 || o[0].Agent != want {
			t.Fatalf("%s rings at %+v, not at %s", id, o, want)
		}
		x.after(0, TaskGone{id})
		x.after(0, LegGone{want, x.s.lineOf(want)})
	}
	next("c1", "ana")
	next("c2", "ben")
	cfg := Config{Queues: []Queue{{ID: "sales", Strategy: "round-robin"}}}
	for _, id := range []ctid.AgentID{"dan", "ana", "cleo"} {
		cfg.Agents = append(cfg.Agents, Agent{ID: id, Desk: ctid.DeskOptional, Queues: []Membership{{Queue: "sales"}}})
	}
	x.after(0, Reconfigure{cfg})
	next("c3", "cleo")
	next("c4", "ana")
}

// While one agent after the other is rung the ringing need never end; once the caller's time is over, or he is to go on elsewhere, nobody
// more is rung for him.
func TestRingProgressivelyEnds(t *testing.T) {
	cfg := Config{Epoch: "E", Queues: []Queue{{ID: "sales", Strategy: "ring-progressively", Overflow: []Overflow{{After: 22 * time.Second, To: "support"}}},
		{ID: "support"}, {ID: "plain", Strategy: "ring-progressively"}}}
	for i := range 6 {
		cfg.Agents = append(cfg.Agents, Agent{ID: ctid.AgentID(fmt.Sprintf("a%d", i)), Desk: ctid.DeskNone, Queues: []Membership{{Queue: "sales"}, {Queue: "plain"}}})
	}
	for _, queue := range []ctid.QueueID{"sales", "plain"} {
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		x := &scene{s: s, now: nine}
		for _, a := range cfg.Agents {
			x.after(0, DeviceChanged{a.ID, true})
			x.after(0, AgentLogin{Agent: a.ID})
		}
		e := Enqueue{Task: "c1", Queue: queue, Priority: -1}
		if queue == "plain" {
			e.AtMost = 22 * time.Second
		}
		x.after(time.Second, e)
		x.wait(22*time.Second + defaultRing)
		if in, waits := s.QueueOf("c1"); in == queue {
			t.Errorf("42 s after he came to %s, with 22 s, he still waits there: %v", queue, waits)
		}
	}
}
