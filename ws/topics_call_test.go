package ws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ctid"
	"ctid/ws/wsclient"
)

// Each agent in the audience of an event is told what he himself may now do, and a snapshot says the same to each.
func TestCanOfEachAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		cans := map[ctid.AgentID][]string{"ana": {"call.swap"}, "ben": {}}
		told := map[string][]string{"ana": {"call.swap"}, "ben": {}, "cleo": {"call.hangup"}}
		clients := map[string]*wsclient.Client{}
		for name := range told {
			clients[name] = r.dial(name, nil)
			defer clients[name].Cut()
			drain(clients[name])
		}
		r.publish(ctid.Event{Rev: 1, Call: "c_1", Agent: "ana", Agents: []ctid.AgentID{"ana", "ben", "cleo"}, Can: []string{"call.hangup"}, Cans: cans,
			Body: ctid.CallConsulted{Talk: "side", Leg: "l_B", To: ctid.Target{Kind: "agent", ID: "ben"}, State: "up"}})
		for name, want := range told {
			f := drain(clients[name])[0]
			if f.Can == nil || !slices.Equal(f.Can, want) || strings.Count(string(f.Raw), `"can"`) != 1 {
				t.Errorf("%s was told %s", name, f.Raw)
			}
			again := r.dial(name, nil)
			fold := wsclient.NewFold()
			for _, f := range drain(again) {
				if err := fold.Apply(f); err != nil {
					t.Error(err)
				}
			}
			again.Cut()
			if c := fold.Topics["me"].Calls["c_1"]; c == nil || c.State != "consulting" || !slices.Equal(c.Can, want) || c.Consult == nil || len(c.Legs) != 1 || c.Legs[0].Agent != "ben" {
				t.Errorf("the snapshot of %s shows %+v", name, c)
			}
		}
	})
}

// foldStep is an event of a call, whom it is told, and what each sees of the call afterwards.
type foldStep struct {
	body       ctid.Body
	told       []ctid.AgentID
	ana, ben   string // the state each sees; empty: the call is not on his screen
	legs       int    // that ana sees
	owner      string
	supervised string
}

func foldSteps() []foldStep {
	caller, ana, ben := ctid.LegView{Leg: "l_C", Role: "caller", State: "up"}, ctid.LegView{Leg: "l_A", Role: "agent", Agent: "ana", State: "up"}, ctid.LegView{Leg: "l_B", Role: "agent", Agent: "ben", State: "up"}
	toBen := ctid.Target{Kind: "agent", ID: "ben"}
	both := []ctid.AgentID{"ana", "ben"}
	consult := func(state string) ctid.CallConsulted {
		return ctid.CallConsulted{Talk: "side", Leg: "l_B", To: toBen, State: state}
	}
	return []foldStep{
		{ctid.CallDelivered{Leg: "l_A", Offer: "o_1"}, []ctid.AgentID{"ana"}, "offered", "", 1, "", "offered"},
		{ctid.CallEstablished{Talk: "main", Legs: []ctid.LegView{caller, ana}}, []ctid.AgentID{"ana"}, "talking", "", 2, "ana", "talking"},
		{ctid.CallHeld{Leg: "l_C", Talk: "main"}, []ctid.AgentID{"ana"}, "held", "", 2, "ana", "held"},
		{consult("ringing"), []ctid.AgentID{"ana"}, "consulting", "", 3, "ana", "consulting"},
		{ctid.CallDelivered{Leg: "l_B", Offer: "o_2"}, []ctid.AgentID{"ben"}, "consulting", "offered", 3, "ana", "consulting"},
		{consult("up"), both, "consulting", "consulting", 3, "ana", "consulting"},
		{consult("swapped_main"), both, "consulting", "consulting", 3, "ana", "consulting"},
		{ctid.CallConferenced{Talk: "main", Legs: []ctid.LegView{caller, ana, ben}, Owner: "ana"}, both, "talking", "talking", 3, "ana", "talking"},
		{ctid.CallMonitoringChanged{Mode: "listen", Leg: "l_M", ToldAgent: true}, []ctid.AgentID{"sam", "ana", "ben"}, "talking", "talking", 4, "ana", "talking"},
		{ctid.CallMonitoringChanged{Mode: "none", Leg: "l_M", ToldAgent: true}, []ctid.AgentID{"sam", "ana", "ben"}, "talking", "talking", 3, "ana", "talking"},
		{ctid.CallPartyLeft{Leg: "l_B", Role: "agent", Agent: "ben"}, both, "talking", "", 2, "ana", "talking"},
		{ctid.CallHeld{Leg: "l_A", Why: "rescue"}, []ctid.AgentID{"ana"}, "rescue", "", 2, "ana", "rescue"},
		{ctid.CallRetrieved{Leg: "l_A", Why: "rescued"}, []ctid.AgentID{"ana"}, "talking", "", 2, "ana", "talking"},
		{consult("ringing"), []ctid.AgentID{"ana"}, "consulting", "", 3, "ana", "consulting"},
		{consult("over"), both, "held", "", 2, "ana", "held"},
		{ctid.CallRetrieved{Leg: "l_C"}, []ctid.AgentID{"ana"}, "talking", "", 2, "ana", "talking"},
		{ctid.CallParked{Slot: "701", BackTo: ctid.Target{Kind: "agent", ID: "ana"}}, []ctid.AgentID{"ana"}, "parked", "", 2, "ana", "parked"},
		{ctid.CallRetrieved{Leg: "l_C"}, []ctid.AgentID{"ana"}, "talking", "", 2, "ana", "talking"},
		{ctid.CallTransferred{How: "consult", From: ctid.Target{Kind: "agent", ID: "ana"}, To: toBen, NowOwner: "ben"}, both, "", "talking", 0, "ben", "talking"},
		{ctid.CallCleared{}, both, "", "", 0, "", ""},
	}
}

// The way of a call through everything that may befall it, as its agents and its team's supervisor see it.
func TestCallFolded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		folds := map[string]*wsclient.Fold{}
		clients := map[string]*wsclient.Client{"ana": r.dial("ana", nil), "ben": r.dial("ben", nil), "sam": r.dial("sam", withTopics("team:north"))}
		for name, c := range clients {
			defer c.Cut()
			folds[name] = wsclient.NewFold()
		}
		for i, s := range foldSteps() {
			r.call("c_1", uint64(i+1), s.body, s.told...)
			for name, c := range clients {
				for _, f := range drain(c) {
					if err := folds[name].Apply(f); err != nil {
						t.Fatal(err)
					}
				}
			}
			at := fmt.Sprintf("step %d, %s", i+1, s.body.Kind())
			see := func(name, topic, state string) *wsclient.Call {
				t.Helper()
				c := folds[name].Topics[topic].Calls["c_1"]
				if got := stateOf(c); got != state {
					t.Errorf("%s: %s sees %q, want %q", at, name, got, state)
				}
				return c
			}
			own := see("ana", "me", s.ana)
			see("ben", "me", s.ben)
			watched := see("sam", "team:north", s.supervised)
			if own != nil && (len(own.Legs) != s.legs || own.Monitored != (s.legs == 4)) {
				t.Errorf("%s: ana sees the legs %+v, monitored %v", at, own.Legs, own.Monitored)
			}
			if watched != nil && watched.Owner != s.owner {
				t.Errorf("%s: the owner is %q, want %q", at, watched.Owner, s.owner)
			}
		}
	})
}

func stateOf(c *wsclient.Call) string {
	if c == nil {
		return ""
	}
	return c.State
}
