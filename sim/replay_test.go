package sim

import (
	"fmt"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

// morning is a recorded span: two agents, forty calls of 60 s to two queues that both serve, phones that ring for 2 s.
func morning(t *testing.T, cfg acd.Config) (acd.Snapshot, []Input) {
	t.Helper()
	core, err := acd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := origin
	var inputs []Input
	var give func(ev acd.Event)
	type planned struct {
		at time.Time
		ev acd.Event
	}
	var due []planned
	give = func(ev acd.Event) {
		inputs = append(inputs, Input{now, ev})
		for _, cmd := range core.Decide(now, ev) {
			switch c := cmd.(type) {
			case acd.MakeOffer:
				due = append(due, planned{now.Add(2 * time.Second), acd.OfferUp{Offer: c.Offer}})
			case acd.EndOffer:
				if c.End == ctid.OfferAccepted {
					due = append(due, planned{now.Add(time.Minute), acd.LegGone{Agent: c.Agent, Offer: c.Offer}},
						planned{now.Add(time.Minute), acd.WorkEnded{Agent: c.Agent, Task: c.Task}})
				}
			}
		}
	}
	for _, a := range cfg.Agents {
		core.Decide(now, acd.DeviceChanged{Agent: a.ID, Reachable: true})
	}
	start := core.Snapshot()
	for _, a := range cfg.Agents {
		give(acd.AgentLogin{Agent: a.ID, By: ctid.BySystem})
	}
	for n := range 40 {
		call := origin.Add(time.Duration(n) * 25 * time.Second)
		queue := []ctid.QueueID{"sales", "support"}[n%2]
		due = append(due, planned{call, acd.Enqueue{Task: ctid.TaskID(fmt.Sprintf("c%d", n)), Queue: queue, Priority: -1, Entered: call}})
		if n%7 == 3 {
			due = append(due, planned{call.Add(30 * time.Second), acd.TaskGone{Task: ctid.TaskID(fmt.Sprintf("c%d", n))}})
		}
	}
	for len(due) > 0 {
		next := 0
		for i := range due {
			if due[i].at.Before(due[next].at) {
				next = i
			}
		}
		p := due[next]
		due = append(due[:next], due[next+1:]...)
		now = p.at
		give(p.ev)
	}
	return start, inputs
}

func two(next string, weight int) acd.Config {
	both := []acd.Membership{{Queue: "sales", Rank: 1}, {Queue: "support", Rank: 1}}
	return acd.Config{Epoch: "A", Next: next, Queues: []acd.Queue{{ID: "sales", Weight: weight}, {ID: "support"}},
		Agents: []acd.Agent{{ID: "ana", Desk: ctid.DeskNone, Queues: both}, {ID: "ben", Desk: ctid.DeskNone, Queues: both}}}
}

// Under the rules of then it comes out as it did; with more weight for sales, sales waits less and support more.
func TestReplay(t *testing.T) {
	start, inputs := morning(t, two("", 0))
	same, err := Replay(start, inputs, two("", 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range same.Queues {
		if q.Recorded != q.Replayed || q.Recorded.Offered != 20 || q.Recorded.Answered == 0 {
			t.Errorf("%s: recorded %+v, replayed %+v", q.Queue, q.Recorded, q.Replayed)
		}
	}
	other, err := Replay(start, inputs, two("", 5))
	if err != nil {
		t.Fatal(err)
	}
	sales, support := other.Queues[0], other.Queues[1]
	if sales.Queue != "sales" || sales.Replayed.ASA() >= sales.Recorded.ASA() || support.Replayed.ASA() <= support.Recorded.ASA() {
		t.Errorf("sales %v, was %v; support %v, was %v", sales.Replayed.ASA(), sales.Recorded.ASA(), support.Replayed.ASA(), support.Recorded.ASA())
	}
	if _, err := Replay(start, inputs, acd.Config{Queues: []acd.Queue{{ID: "sales", Strategy: "nonsense"}}}); err == nil {
		t.Error("a configuration that is none was put in force")
	}
}
