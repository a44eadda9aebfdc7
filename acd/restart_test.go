package acd

import (
	"testing"
	"time"

	"ctid"
)

// After a restart nobody is offered a call before his desktop is back; who waited is offered in order of entry again.
func TestRestarted(t *testing.T) {
	s, err := New(Config{Epoch: "E", Queues: []Queue{{ID: "q"}}, Agents: []Agent{{ID: "ana", Queues: []Membership{{Queue: "q", Rank: 1}}},
		{ID: "ben", Queues: []Membership{{Queue: "q", Rank: 1}}}}})
	if err != nil {
		t.Fatal(err)
	}
	now := nine
	decide := func(ev Event) []Command {
		t.Helper()
		now = now.Add(time.Second)
		out := s.Decide(now, ev)
		if err := s.check(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, a := range []ctid.AgentID{"ana", "ben"} {
		decide(DeviceChanged{Agent: a, Reachable: true})
		decide(DeskChanged{Agent: a, Awake: true})
		decide(AgentLogin{Agent: a})
		decide(AgentReady{Agent: a})
	}
	decide(Enqueue{Task: "c1", Queue: "q", Priority: -1, Entered: now})
	first := now
	decide(OfferUp{Offer: "o_E_1"})
	decide(Enqueue{Task: "c2", Queue: "q", Priority: -1, Entered: now}) // rings at the second agent when the process dies
	decide(Restarted{})
	if v, _ := s.AgentView("ana"); v.State != ctid.Talking {
		t.Errorf("ana is %s", v.State)
	}
	out := decide(Enqueue{Task: "c2", Queue: "q", Priority: -1, Entered: first})
	for _, c := range out {
		if _, ok := c.(MakeOffer); ok {
			t.Error("an offer to an agent whose desktop is not back")
		}
	}
	out = decide(DeskChanged{Agent: "ben", Awake: true})
	if m, ok := out[len(out)-1].(MakeOffer); !ok || m.Task != "c2" || m.Agent != "ben" || !m.Entered.Equal(first) {
		t.Errorf("%+v", out)
	}
	decide(Restarted{})
	now = now.Add(SeatReturn)
	decide(Tick{})
	if v, _ := s.AgentView("ben"); v.State != ctid.Paused || v.Reason != ctid.ReasonDesktopLost {
		t.Errorf("ben is %s (%s)", v.State, v.Reason)
	}
	decide(Adopt{Agent: "ben", Task: "c2", Queue: "q"})
	if v, _ := s.AgentView("ben"); v.State != ctid.Talking || v.Call != "c2" {
		t.Errorf("ben is %s", v.State)
	}
}
