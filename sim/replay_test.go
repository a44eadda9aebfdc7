package sim

import (
	"fmt"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

// morning is a recorded span: two agents, forty calls of 60 s to two queues that both serve, phones that ring for 2 s.
func morning(t *testing.T, cfg acd.Config) Record {
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
	return Record{Start: start, From: origin, To: now, Inputs: inputs}
}

func two(next string, weight int) acd.Config {
	both := []acd.Membership{{Queue: "sales", Rank: 1}, {Queue: "support", Rank: 1}}
	return acd.Config{Epoch: "A", Next: next, Queues: []acd.Queue{{ID: "sales", Weight: weight}, {ID: "support"}},
		Agents: []acd.Agent{{ID: "ana", Desk: ctid.DeskNone, Queues: both}, {ID: "ben", Desk: ctid.DeskNone, Queues: both}}}
}

// Under the rules of then it comes out as it did; with more weight for sales, sales waits less and support more.
func TestReplay(t *testing.T) {
	rec := morning(t, two("", 0))
	same, err := Replay(rec, two("", 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range same.Queues {
		if q.Recorded != q.Replayed || q.Recorded.Offered != 20 || q.Recorded.Answered == 0 {
			t.Errorf("%s: recorded %+v, replayed %+v", q.Queue, q.Recorded, q.Replayed)
		}
	}
	other, err := Replay(rec, two("", 5))
	if err != nil {
		t.Fatal(err)
	}
	sales, support := other.Queues[0], other.Queues[1]
	if sales.Queue != "sales" || sales.Replayed.ASA() >= sales.Recorded.ASA() || support.Replayed.ASA() <= support.Recorded.ASA() {
		t.Errorf("sales %v, was %v; support %v, was %v", sales.Replayed.ASA(), sales.Recorded.ASA(), support.Replayed.ASA(), support.Recorded.ASA())
	}
	if _, err := Replay(rec, acd.Config{Queues: []acd.Queue{{ID: "sales", Strategy: "nonsense"}}}); err == nil {
		t.Error("a configuration that is none was put in force")
	}
}

// tape records what a core is given, some seconds after origin.
type tape struct {
	t    *testing.T
	core *acd.State
	rec  Record
}

func newTape(t *testing.T, cfg acd.Config) *tape {
	t.Helper()
	core, err := acd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range cfg.Agents {
		core.Decide(origin, acd.DeviceChanged{Agent: a.ID, Reachable: true})
	}
	p := &tape{t: t, core: core}
	p.begins(0)
	return p
}

func second(n int) time.Time { return origin.Add(time.Duration(n) * time.Second) }

// begins lets the record begin now.
func (p *tape) begins(at int) {
	p.rec = Record{Start: p.core.Snapshot(), From: second(at)}
}

// give gives the core an event and returns the offer that it makes, if any.
func (p *tape) give(at int, ev acd.Event) (offer ctid.OfferID) {
	p.rec.Inputs = append(p.rec.Inputs, Input{second(at), ev})
	for _, cmd := range p.core.Decide(second(at), ev) {
		switch c := cmd.(type) {
		case acd.MakeOffer:
			offer = c.Offer
		case acd.Refused:
			p.t.Fatalf("at %d %s is refused: %v", at, ev.EventKind(), c.Err)
		}
	}
	return offer
}

func (p *tape) login(at int, who ctid.AgentID) ctid.OfferID {
	return p.give(at, acd.AgentLogin{Agent: who, By: ctid.BySystem})
}

func (p *tape) enter(at int, task ctid.TaskID, q ctid.QueueID) ctid.OfferID {
	return p.give(at, acd.Enqueue{Task: task, Queue: q, Priority: -1, Entered: second(at)})
}

// over ends a conversation, and returns the offer that follows at once.
func (p *tape) over(at int, task ctid.TaskID, who ctid.AgentID, offer ctid.OfferID) ctid.OfferID {
	p.give(at, acd.LegGone{Agent: who, Offer: offer})
	return p.give(at, acd.WorkEnded{Agent: who, Task: task})
}

// replays compares the record until then with what cfg makes of it.
func (p *tape) replays(to int, cfg acd.Config) *Comparison {
	p.t.Helper()
	p.rec.To = second(to)
	c, err := Replay(p.rec, cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	if !c.From.Equal(p.rec.From) || !c.To.Equal(p.rec.To) {
		p.t.Errorf("the span is %v to %v", c.From, c.To)
	}
	return c
}

// alike holds that a queue's figures are these on both sides.
func alike(t *testing.T, c *Comparison, want map[ctid.QueueID]Figures) {
	t.Helper()
	for _, q := range c.Queues {
		if q.Recorded != want[q.Queue] || q.Replayed != want[q.Queue] {
			t.Errorf("%s: recorded %+v\nreplayed %+v\nwanted   %+v", q.Queue, q.Recorded, q.Replayed, want[q.Queue])
		}
	}
}

// needing is a centre whose queue sales wants claims at a level; ana serves both queues, ben support alone.
func needing(level int) acd.Config {
	cfg := acd.Config{Epoch: "A", Skills: []string{"claims"}, Queues: []acd.Queue{{ID: "sales"}, {ID: "support"}},
		Agents: []acd.Agent{{ID: "ana", Desk: ctid.DeskNone, Skills: []acd.Skill{{Name: "claims", Level: 5}}, Queues: []acd.Membership{{Queue: "sales"}, {Queue: "support"}}},
			{ID: "ben", Desk: ctid.DeskNone, Queues: []acd.Membership{{Queue: "support"}}}}}
	if level > 0 {
		cfg.Queues[0].Needs = []acd.Need{{Skill: "claims", AtLeast: level}}
	}
	return cfg
}

// Who talks and who waits at the beginning goes on, and who still waits at the end is counted on both sides; a conversation that outlasts the
// span keeps its agent until then.
func TestReplayOfPartOfADay(t *testing.T) {
	p := newTape(t, needing(0))
	p.login(0, "ana")
	first := p.enter(1, "c1", "sales")
	p.give(3, acd.OfferUp{Offer: first})
	p.enter(10, "c2", "sales")
	p.begins(30)
	next := p.over(63, "c1", "ana", first)
	p.give(65, acd.OfferUp{Offer: next})
	p.enter(70, "c3", "sales")
	alike(t, p.replays(100, needing(0)), map[ctid.QueueID]Figures{"sales": {Offered: 2, Answered: 1, Other: 1, Waits: 55 * time.Second, Longest: 55 * time.Second}})
}

// What is due after the last recorded event happens in the replay until the end of the span.
func TestReplayGoesOnToTheEnd(t *testing.T) {
	p := newTape(t, needing(9))
	p.login(0, "ana")
	p.enter(1, "c1", "sales")
	c := p.replays(60, needing(0)).Queues[0]
	if c.Recorded != (Figures{Offered: 1, Other: 1}) || c.Replayed != (Figures{Offered: 1, Answered: 1, Within: 1}) {
		t.Errorf("%+v", c)
	}
}

// A call that its agent hands on enters the other queue as long after it was answered as it did, and is given up there after as long a wait; one
// that is never answered is not handed on.
func TestReplayOfACallHandedOn(t *testing.T) {
	p := newTape(t, needing(0))
	p.login(0, "ana")
	p.login(0, "ben")
	first := p.enter(2, "c1", "sales")
	p.give(4, acd.OfferUp{Offer: first})
	then := p.enter(30, "c1", "support")
	p.over(31, "c1", "ana", first)
	p.give(33, acd.OfferUp{Offer: then})
	p.give(35, acd.AgentPause{Agent: "ana", Reason: "lunch", By: ctid.BySystem})
	p.over(60, "c1", "ben", then)
	c := p.replays(90, needing(0))
	alike(t, c, map[ctid.QueueID]Figures{"sales": {Offered: 1, Answered: 1, Within: 1, Waits: 2 * time.Second, Longest: 2 * time.Second},
		"support": {Offered: 1, Answered: 1, Within: 1, Waits: 3 * time.Second, Longest: 3 * time.Second}})
	if len(c.LeftOut) > 0 {
		t.Errorf("left out: %v", c.LeftOut)
	}
	if q := p.replays(90, needing(9)).Queues; q[0].Replayed != (Figures{Offered: 1, Other: 1}) || q[1].Replayed != (Figures{}) {
		t.Errorf("never answered in sales: %+v", q)
	}
}

func TestReplayOfACallHandedOnAndGivenUp(t *testing.T) {
	p := newTape(t, needing(0))
	p.login(0, "ana")
	first := p.enter(2, "c1", "sales")
	p.give(4, acd.OfferUp{Offer: first})
	p.give(20, acd.AgentPause{Agent: "ana", Reason: "lunch", By: ctid.BySystem})
	p.enter(30, "c1", "support")
	p.over(31, "c1", "ana", first)
	p.give(45, acd.TaskGone{Task: "c1"})
	gone := Figures{Offered: 1, Abandoned: 1, Longest: 15 * time.Second}
	alike(t, p.replays(90, needing(0)), map[ctid.QueueID]Figures{"support": gone,
		"sales": {Offered: 1, Answered: 1, Within: 1, Waits: 2 * time.Second, Longest: 2 * time.Second}})
	later := needing(9)
	later.Queues[0].Steps = []acd.Step{{After: 10 * time.Second, Needs: &[]acd.Need{}}}
	if q := p.replays(90, later).Queues; q[0].Replayed.Waits != 12*time.Second || q[1].Replayed != gone {
		t.Errorf("answered ten seconds later: %+v", q)
	}
	if q := p.replays(50, later).Queues; q[1].Replayed != (Figures{Offered: 1, Other: 1}) {
		t.Errorf("he waits in support from 40 s to 55 s: %+v", q)
	}
}

// Who waits when the daemon begins anew is one caller, whether he is found again or not.
func TestReplayOverANewBeginning(t *testing.T) {
	p := newTape(t, needing(0))
	p.enter(1, "c1", "sales")
	p.enter(2, "c2", "sales")
	p.give(20, acd.Restarted{})
	p.give(21, acd.Enqueue{Task: "c1", Queue: "sales", Priority: -1, Entered: second(1)})
	p.give(52, acd.OfferUp{Offer: p.login(50, "ana")})
	c := p.replays(80, needing(0))
	alike(t, c, map[ctid.QueueID]Figures{"sales": {Offered: 2, Answered: 1, Other: 1, Waits: 51 * time.Second, Longest: 51 * time.Second}})
	if len(c.LeftOut) != 1 || c.LeftOut["restarted"] != 1 {
		t.Errorf("left out: %v", c.LeftOut)
	}
}

// A queue's offered calls are those that it let in.
func TestReplayOfAFullQueue(t *testing.T) {
	full := needing(0)
	full.Queues[0].MaxWaiting = 1
	p := newTape(t, full)
	p.enter(1, "c1", "sales")
	p.enter(2, "c2", "sales")
	alike(t, p.replays(9, full), map[ctid.QueueID]Figures{"sales": {Offered: 1, Other: 1, Refused: 1}})
	if q := p.replays(9, needing(0)).Queues[0]; q.Replayed != (Figures{Offered: 2, Other: 2}) {
		t.Errorf("with room for all: %+v", q)
	}
	full.Queues[0].Overflow = []acd.Overflow{{On: ctid.ExitFull, To: "support"}}
	if q := p.replays(9, full).Queues; q[0].Replayed != (Figures{Offered: 1, Other: 1, Refused: 1}) || q[1].Replayed != (Figures{Offered: 1, Other: 1}) {
		t.Errorf("with an overflow: %+v", q)
	}
}

// An answer to an offer that is over, and work that no queue gave, change nothing of what calls teach.
func TestReplayOfAConsultation(t *testing.T) {
	p := newTape(t, needing(0))
	p.login(0, "ana")
	p.login(0, "ben")
	first := p.enter(1, "c1", "sales")
	p.give(3, acd.OfferUp{Offer: first})
	ask := p.give(10, acd.Direct{Task: "c1", Agent: "ben", Kind: ctid.OfferConsult, By: ctid.BySystem})
	p.give(14, acd.OfferUp{Offer: ask})
	p.over(20, "c1", "ben", ask)
	p.enter(25, "c2", "sales")
	next := p.over(63, "c1", "ana", first)
	p.give(65, acd.OfferUp{Offer: next})
	p.over(70, "c2", "ana", next)
	c := p.replays(90, needing(0))
	alike(t, c, map[ctid.QueueID]Figures{"sales": {Offered: 2, Answered: 2, Within: 1, Waits: 42 * time.Second, Longest: 40 * time.Second}})
	if len(c.LeftOut) != 1 || c.LeftOut["direct"] != 1 {
		t.Errorf("left out: %v", c.LeftOut)
	}
}

// Who leaves a callback is one caller, who keeps his place.
func TestReplayOfACallback(t *testing.T) {
	p := newTape(t, needing(0))
	p.enter(1, "c1", "sales")
	p.give(10, acd.TakeCallback{Task: "c1", As: "back"})
	p.give(11, acd.TaskGone{Task: "c1"})
	p.give(52, acd.OfferUp{Offer: p.login(50, "ana")})
	alike(t, p.replays(80, needing(0)), map[ctid.QueueID]Figures{"sales": {Offered: 1, Answered: 1, Waits: 51 * time.Second, Longest: 51 * time.Second}})
}
