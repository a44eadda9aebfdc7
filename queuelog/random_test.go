package queuelog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// drawn are facts in any order, about few calls, agents and queues, so that they meet.
type drawn struct {
	t  *rapid.T
	at time.Time
}

func one[T any](d *drawn, of ...T) T { return rapid.SampledFrom(of).Draw(d.t, "one") }

// fact is any of the facts that a State reads.
func (d *drawn) fact() ctid.Event {
	d.at = d.at.Add(time.Duration(rapid.IntRange(0, 3000).Draw(d.t, "ms")) * time.Millisecond)
	ev := ctid.Event{At: d.at, Call: one[ctid.CallID](d, "c_1", "c_2", "c_3"), Agent: one[ctid.AgentID](d, "ana", "ben", ""), Queue: one[ctid.QueueID](d, "sales", "support")}
	agent := ctid.Target{Kind: "agent", ID: "ben"}
	ev.Body = one[ctid.Body](d,
		ctid.CallArrived{Leg: ctid.LegID("pbx-" + string(ev.Call))}, ctid.CallOriginated{To: ctid.Target{E164: "+442079460018"}, Leg: "l"},
		ctid.CallQueued{Position: 1, Priority: 50}, ctid.CallQueued{Position: 2, Priority: 10, Callback: true},
		ctid.CallWaitingChanged{Position: 1, From: one[ctid.QueueID](d, "", "sales", "support"), Why: one(d, ctid.QueueExits...)},
		ctid.CallLeftQueue{Exit: one(d, ctid.QueueExits...), Key: "1"}, ctid.CallDelivered{},
		ctid.CallDiverted{FromAgent: one[ctid.AgentID](d, "ana", "ben"), Why: one(d, "no_answer", "revoked", "answered_elsewhere", "busy")},
		ctid.CallEstablished{Talk: "main", RingMS: 1200}, ctid.CallPartyLeft{Role: "agent", Agent: ev.Agent, End: ctid.End{Reason: one(d, "hangup", "transferred", "taken_over")}},
		ctid.CallConsulted{State: one(d, "ringing", "up", "over")}, ctid.CallConferenced{}, ctid.CallParked{Slot: "701"}, ctid.CallFailed{Step: "transfer"},
		ctid.CallTransferred{How: one(d, "blind", "consult", "takeover", "park"), To: agent}, ctid.WrapUpSaved{Disposition: "sold"},
		ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: "ana", State: one(d, ctid.Out, ctid.Ready, ctid.Talking, ctid.Paused, ctid.WrapUp), Call: ev.Call,
			Reason: one(d, "login", "lunch"), Queues: one(d, []ctid.QueueID{"sales"}, []ctid.QueueID{"support", "sales"}, nil)}},
		ctid.ConfigChanged{What: "reload"}, ctid.CallCleared{End: ctid.End{Side: one(d, ctid.SideAgent, ctid.SideCaller, ctid.SideSystem)}, Outcome: one(d, "answered", "abandoned"), QueueMS: 1000})
	return ev
}

// grammar fails unless lines are about stays that begin once and end once, members who are added once and removed once, and pauses likewise. It
// gives the calls whose stay is open.
func grammar(t *rapid.T, lines []Line) (open []string) {
	at, on, paused := map[string]string{}, map[string]bool{}, map[string]bool{}
	for i, l := range lines {
		member := l.Queue + " " + l.Agent
		was, ok := at[l.Call], true
		switch l.Event {
		case enterQueue:
			ok, at[l.Call] = was == "", l.Event
		case connect:
			ok, at[l.Call] = was == enterQueue && l.Agent != "", l.Event
		case ringNoAnswer, ringCanceled:
			ok = was != "" && l.Agent != ""
		case abandon, exitEmpty, exitWithTimeout, exitWithKey:
			ok = was == enterQueue
			delete(at, l.Call)
		case completeAgent, completeCaller, blindTransfer, attendedTransfer:
			ok = was == connect && l.Agent != ""
			delete(at, l.Call)
		case addMember:
			ok, on[member] = !on[member], true
		case removeMember:
			ok, on[member], paused[member] = on[member], false, false
		case pause:
			ok, paused[member] = on[member] && !paused[member], true
		case unpause:
			ok, paused[member] = on[member] && paused[member], false
		}
		if !ok {
			t.Fatalf("line %d: %s", i, text(lines))
		}
	}
	for name := range at {
		open = append(open, name)
	}
	slices.Sort(open)
	return open
}

func text(lines []Line) string {
	var b []byte
	for _, l := range lines {
		b = l.Append(b)
	}
	return "\n" + string(b)
}

// Whatever is told in whatever order, and wherever ctid is killed and starts again: each stay has one entry and one end, and each log-in
// and pause too; when all calls are over none is open.
func TestWhateverIsTold(t *testing.T) {
	plan := Plan{Queues: []ctid.QueueID{"sales", "support"}, Agents: map[ctid.AgentID]Agent{"ana": {Name: "ana"}, "ben": {Name: "ben"}}}
	rapid.Check(t, func(t *rapid.T) {
		d, s := &drawn{t, began}, NewState(plan)
		dir := map[ctid.CallID]ctid.CallRecord{}
		var lines []Line
		take := func(ev ctid.Event) {
			switch b := ev.Body.(type) {
			case ctid.CallArrived:
				dir[ev.Call] = ctid.CallRecord{ID: ev.Call, Dir: "in", Channel: string(b.Leg)}
			case ctid.CallOriginated:
				if _, known := dir[ev.Call]; !known {
					dir[ev.Call] = ctid.CallRecord{ID: ev.Call, Dir: "out"}
				}
			case ctid.CallQueued:
				if _, known := dir[ev.Call]; !known {
					return // a call that waits has begun
				}
			case ctid.CallCleared:
				delete(dir, ev.Call)
			}
			lines = append(lines, s.Take(ev)...)
		}
		for range rapid.IntRange(1, 120).Draw(t, "facts") {
			ev := d.fact()
			if _, arrived := ev.Body.(ctid.CallArrived); arrived && dir[ev.Call].ID != "" {
				continue // a call begins once
			}
			take(ev)
			if rapid.IntRange(0, 40).Draw(t, "killed") == 0 {
				s = NewState(plan)
				var open []ctid.CallRecord
				for _, id := range []ctid.CallID{"c_1", "c_2", "c_3"} {
					if r, is := dir[id]; is && rapid.Bool().Draw(t, "still there") {
						open = append(open, r)
					} else {
						delete(dir, id)
					}
				}
				s.Recover(slices.Values(lines), open)
				take(ctid.Event{At: d.at, Body: ctid.ConfigChanged{What: "start"}})
			}
		}
		grammar(t, lines)
		for _, id := range []ctid.CallID{"c_1", "c_2", "c_3"} {
			take(ctid.Event{At: d.at, Call: id, Body: ctid.CallCleared{End: ctid.End{Side: ctid.SideCaller}}})
		}
		if open := grammar(t, lines); len(open) > 0 {
			t.Fatalf("open: %v%s", open, text(lines))
		}
		if n := len(s.calls) + len(s.owns); n > 0 {
			t.Fatal(fmt.Sprint(n, " things are remembered of calls that are over"))
		}
	})
}
