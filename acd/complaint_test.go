package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ctid"
)

// What users of other call centres complain of (docs/complaints.md) is played here, each thing twice: on the core as it is,
// where nothing may be found, and on one with that fault planted, where the same look must find it.

// scene is a complaint being played in a queue with three agents, who are ready.
type scene struct {
	s      *State
	now    time.Time
	told   []Command
	faulty bool // the fault is to be planted
}

var crew = []ctid.AgentID{"ana", "ben", "cleo"}

// onBoth plays a complaint on the core as it is and on a faulty one. play returns what is wrong.
func onBoth(t *testing.T, strategy string, play func(x *scene) error) {
	t.Helper()
	for _, faulty := range []bool{false, true} {
		err := play(newScene(t, strategy, faulty))
		switch {
		case !faulty && err != nil:
			t.Error(err)
		case faulty && err == nil:
			t.Error("the fault was planted, and nothing was found")
		case faulty:
			t.Log("with the fault planted:", err)
		}
	}
}

func newScene(t *testing.T, strategy string, faulty bool) *scene {
	t.Helper()
	cfg := Config{Epoch: "E", Queues: []Queue{{ID: "sales", Strategy: strategy, Ring: 20 * time.Second}}}
	for _, id := range crew {
		cfg.Agents = append(cfg.Agents, Agent{ID: id, Desk: ctid.DeskOptional, Queues: []Membership{{Queue: "sales", Rank: 1}}})
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	x := &scene{s: s, now: nine, faulty: faulty}
	for _, id := range crew {
		x.after(0, DeviceChanged{Agent: id, Reachable: true})
		x.after(0, AgentLogin{Agent: id})
		x.after(0, AgentReady{Agent: id})
	}
	return x
}

// after lets an event happen so much later.
func (x *scene) after(d time.Duration, ev Event) {
	x.now = x.now.Add(d)
	x.told = append(x.told, x.s.Decide(x.now, ev)...)
}

// wait lets time pass; what is due happens at its time.
func (x *scene) wait(d time.Duration) {
	end := x.now.Add(d)
	for due := x.s.Deadline(); !due.IsZero() && !due.After(end); due = x.s.Deadline() {
		x.after(due.Sub(x.now), Tick{})
	}
	x.after(end.Sub(x.now), Tick{})
}

// ringing are the offers that are open, by what was told.
func (x *scene) ringing() (open []MakeOffer) {
	for _, c := range x.told {
		switch c := c.(type) {
		case MakeOffer:
			open = append(open, c)
		case EndOffer:
			open = slices.DeleteFunc(open, func(o MakeOffer) bool { return o.Offer == c.Offer })
		}
	}
	return open
}

// took lists the agents who were to be connected with a task, by what was told.
func (x *scene) took(id ctid.TaskID) (list []ctid.AgentID) {
	for _, c := range x.told {
		if e, ok := c.(EndOffer); ok && e.Task == id && e.End == ctid.OfferAccepted {
			list = append(list, e.Agent)
		}
	}
	return list
}

// in lists the agents who are in a state.
func (x *scene) in(state ctid.AgentState) (list []ctid.AgentID) {
	for _, id := range crew {
		if v, ok := x.s.AgentView(id); ok && v.State == state {
			list = append(list, id)
		}
	}
	return list
}

// Two agents whose phones ring for one caller answer 20 ms apart: the first has him, the other phone is let go. The fault: the
// answer of the one does not end the offer of the other.
func TestComplaintTwoAgentsOneCaller(t *testing.T) {
	onBoth(t, "ring-all", func(x *scene) error {
		x.after(time.Second, Enqueue{Task: "c1", Queue: "sales", Priority: -1})
		rings := x.ringing()
		if len(rings) != len(crew) {
			return fmt.Errorf("%d phones ring", len(rings))
		}
		other := x.s.offers[rings[1].Offer]
		x.after(time.Second, OfferUp{rings[0].Offer})
		if x.faulty {
			other.task = nil // which is gone
			x.s.offers[other.id] = other
			delete(x.s.ended, other.id)
		}
		x.after(20*time.Millisecond, OfferUp{rings[1].Offer})
		if who := x.took("c1"); len(who) != 1 {
			return fmt.Errorf("one caller is connected with %v", who)
		}
		if who := x.in(ctid.Talking); len(who) != 1 || len(x.in(ctid.Ready)) != len(crew)-1 {
			return fmt.Errorf("%v talk, %v are ready", who, x.in(ctid.Ready))
		}
		last := x.told[len(x.told)-1]
		if e, ok := last.(EndOffer); !ok || e.Offer != rings[1].Offer || e.Why != "late" {
			return fmt.Errorf("the second phone that answered is told %+v", last)
		}
		return nil
	})
}

// A phone of which nothing is ever heard: its agent is reserved no longer than the ring time, and a second. The fault: the ring
// time has no timer.
func TestComplaintReservedForHours(t *testing.T) {
	onBoth(t, "", func(x *scene) error {
		x.after(time.Second, Enqueue{Task: "c1", Queue: "sales", Priority: -1})
		first := x.ringing()[0]
		if x.faulty {
			x.s.timers.stop(&x.s.offers[first.Offer].ring)
		}
		for _, pass := range []time.Duration{22 * time.Second, time.Hour} {
			x.wait(pass)
			for _, o := range x.ringing() {
				if late := x.now.Sub(o.Until); late > time.Second {
					return fmt.Errorf("the phone of %s rings %v past its time", o.Agent, late)
				}
			}
		}
		if who := x.in(ctid.Reserved); len(who) != 0 {
			return fmt.Errorf("an hour later %v are reserved", who)
		}
		return nil
	})
}

// A customer asks for a callback twice, by two presses of a key or a request sent again: he is dialled by one agent. The fault:
// who has left a callback goes on waiting.
func TestComplaintCallbackTwice(t *testing.T) {
	onBoth(t, "", func(x *scene) error {
		for _, id := range crew {
			x.after(0, AgentPause{Agent: id, Reason: "lunch"})
		}
		x.after(time.Second, Enqueue{Task: "c1", Queue: "sales", Priority: -1})
		x.after(time.Second, TakeCallback{Task: "c1", As: "cb1"})
		if x.faulty {
			left := newTask("c1")
			left.entered = x.now
			x.s.tasks["c1"] = left
			x.s.join(left, x.s.queues["sales"], x.now, 0)
		}
		x.after(100*time.Millisecond, TakeCallback{Task: "c1", As: "cb2"})
		for _, id := range crew {
			x.after(time.Second, AgentReady{Agent: id})
		}
		for _, o := range x.ringing() {
			x.after(time.Second, OfferUp{o.Offer})
		}
		if who := append(x.took("cb1"), x.took("cb2")...); len(who) != 1 {
			return fmt.Errorf("one customer is dialled by %v", who)
		}
		return nil
	})
}

// The caller hangs up while a phone rings for him: at that moment it stops ringing, its agent is free without blame, and who answers
// all the same gets no dead line. The fault: the task has forgotten the offer.
func TestComplaintZombieCall(t *testing.T) {
	onBoth(t, "", func(x *scene) error {
		x.after(time.Second, Enqueue{Task: "c1", Queue: "sales", Priority: -1})
		first := x.ringing()[0]
		if x.faulty {
			x.s.tasks["c1"].open = nil
		}
		x.after(2*time.Second, TaskGone{"c1"})
		if open := x.ringing(); len(open) > 0 || len(x.in(ctid.Ready)) != len(crew) {
			return fmt.Errorf("nobody is on the line, and these ring: %+v", open)
		}
		x.after(10*time.Millisecond, OfferUp{first.Offer})
		if who := x.took("c1"); len(who) > 0 {
			return fmt.Errorf("%v talk to nobody", who)
		}
		if v, _ := x.s.AgentView(first.Agent); v.Misses != 0 {
			return fmt.Errorf("it is held against %s: %+v", v.Agent, v)
		}
		return nil
	})
}
