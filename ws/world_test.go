package ws_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ctid"
)

// world makes events at random: likely and unlikely ones, in any order. Hub and client must agree on all of them.
type world struct {
	rnd   *rand.Rand
	n     int
	revs  map[string]uint64
	calls []ctid.CallID
	pops  []*openPop
	texts []ctid.MessageID
}

type openPop struct {
	id    ctid.PopID
	agent ctid.AgentID
	data  ctid.PopData
}

func newWorld(rnd *rand.Rand) *world { return &world{rnd: rnd, revs: map[string]uint64{}} }

func (w *world) rev(name string) uint64 { w.revs[name]++; return w.revs[name] }

func pick[T any](w *world, from ...T) T { return from[w.rnd.IntN(len(from))] }

func (w *world) agent() ctid.AgentID { return pick[ctid.AgentID](w, "ana", "ben", "cleo", "sam") }

// can is what may be done now: nothing said, nothing possible, or something.
func (w *world) can() []string {
	return pick(w, nil, nil, []string{}, []string{"call.hold"}, []string{"call.hangup", "call.retrieve"})
}

func (w *world) event() ctid.Event {
	w.n++
	switch w.rnd.IntN(13) {
	case 12:
		a := w.agent()
		return pick(w, ctid.Event{Rev: 1, Agent: a, Agents: []ctid.AgentID{a}, Call: "c_pop", Body: ctid.WrapUpSaved{Wrap: pick[ctid.WrapID](w, "w_1", "w_2", "w_3"),
			Disposition: pick(w, "", "sold"), Notes: pick[ctid.Private](w, "", "call back")}},
			ctid.Event{Rev: 1, Agent: a, Call: "c_pop", Pop: "p_0", Body: ctid.PopSeen{What: pick(w, "shown", "opened")}})
	case 0:
		a := w.agent()
		rev := w.rev("agent:" + string(a))
		return ctid.Event{Rev: rev, Agent: a, Agents: []ctid.AgentID{a}, Can: w.can(), Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{
			Agent: a, State: pick(w, ctid.Ready, ctid.Reserved, ctid.WrapUp), Since: time.Now(),
			Wrap: pick(w, nil, &ctid.Wrap{ID: pick[ctid.WrapID](w, "w_1", "w_2", "w_3", "w_4", "w_5", "w_6"), Call: "c_pop", Queue: "claims", Until: time.Now()})}}}
	case 1, 2:
		return w.pop()
	case 3:
		return w.text()
	case 4:
		return pick(w, ctid.Event{Rev: w.rev("link"), Body: ctid.LinkChanged{PBX: pick[ctid.NodeID](w, "a", "b"), State: pick(w, "up", "down"), Since: time.Now()}},
			ctid.Event{Rev: w.rev("config"), Body: ctid.ConfigChanged{Hash: fmt.Sprint("h", w.n), What: "reload"}},
			ctid.Event{Rev: w.rev("drain"), Body: ctid.ServerDraining{Phase: "no_new_calls", RetryMS: int64(w.n)}})
	}
	return w.call()
}

// pop opens, changes or closes one.
func (w *world) pop() ctid.Event {
	if len(w.pops) == 0 || w.rnd.IntN(3) == 0 {
		p := &openPop{id: ctid.PopID(fmt.Sprint("p_", w.n)), agent: w.agent(), data: ctid.PopData{Kind: "inbound", Offer: "o_1"}}
		w.pops = append(w.pops, p)
		return w.popEvent(p, ctid.PopOffered{PopData: p.data})
	}
	i := w.rnd.IntN(len(w.pops))
	p := w.pops[i]
	if w.rnd.IntN(2) == 0 {
		w.pops = slices.Delete(w.pops, i, i+1)
		return w.popEvent(p, ctid.PopClosed{Why: "done"})
	}
	p.data.Kind, p.data.Match.State = fmt.Sprint("kind", w.n), ctid.MatchOne
	return w.popEvent(p, ctid.PopUpdated{Why: "late_match", Data: p.data,
		Patch: map[string]any{"kind": p.data.Kind, "match": map[string]any{"state": "one"}}})
}

func (w *world) popEvent(p *openPop, b ctid.Body) ctid.Event {
	return ctid.Event{Rev: w.rev(string(p.id)), Pop: p.id, Call: "c_pop", Agent: p.agent, Agents: []ctid.AgentID{p.agent}, Can: w.can(), Body: b}
}

// text sends a message, or has one read.
func (w *world) text() ctid.Event {
	if len(w.texts) > 0 && w.rnd.IntN(2) == 0 {
		a := w.agent()
		return ctid.Event{Rev: 2, Agent: a, Agents: []ctid.AgentID{a, "sam"}, Body: ctid.MessageAcked{Message: pick(w, w.texts...)}}
	}
	id := ctid.MessageID(fmt.Sprint("m_", w.n))
	if w.rnd.IntN(3) == 0 {
		return ctid.Event{Rev: 1, By: ctid.By{Kind: "agent", ID: string(w.agent())}, Body: ctid.MessageReceived{Message: id, To: ctid.Target{Kind: "supervisor"}, Text: "help"}}
	}
	w.texts = append(w.texts, id)
	return ctid.Event{Rev: 1, Agents: []ctid.AgentID{w.agent(), w.agent()}, By: ctid.By{Kind: "supervisor", ID: "sam"}, Can: []string{"message.ack"},
		Body: ctid.MessageReceived{Message: id, To: ctid.Target{Kind: "team", ID: "north"}, Text: "hello", Level: "info"}}
}

// call makes an event of a call, of a new one now and then.
func (w *world) call() ctid.Event {
	if len(w.calls) == 0 || len(w.calls) < 6 && w.rnd.IntN(6) == 0 {
		w.calls = append(w.calls, ctid.CallID(fmt.Sprintf("c_%04d", w.n)))
	}
	i := w.rnd.IntN(len(w.calls))
	e := ctid.Event{Call: w.calls[i], Rev: w.rev(string(w.calls[i])), Queue: pick[ctid.QueueID](w, "", "claims", "claims", "sales"), Can: w.can()}
	for range w.rnd.IntN(3) {
		e.Agents = append(e.Agents, w.agent())
	}
	if len(e.Agents) > 0 && w.rnd.IntN(4) > 0 {
		e.Agent = e.Agents[0]
	}
	if w.rnd.IntN(3) == 0 {
		e.Cans = map[ctid.AgentID][]string{w.agent(): w.can(), w.agent(): w.can()}
	}
	if e.Body = w.queueBody(); w.rnd.IntN(3) > 0 {
		e.Body = w.talkBody()
	}
	if _, over := e.Body.(ctid.CallCleared); over {
		w.calls = slices.Delete(w.calls, i, i+1)
	}
	return e
}

func (w *world) leg() ctid.LegID { return pick[ctid.LegID](w, "l_C", "l_A", "l_B", "l_M") }

func (w *world) legs() []ctid.LegView {
	return pick(w, nil, []ctid.LegView{{Leg: "l_C", Role: "caller", State: "up"}},
		[]ctid.LegView{{Leg: "l_C", Role: "caller", State: "up"}, {Leg: "l_A", Role: "agent", Agent: w.agent(), State: "up"}})
}

func (w *world) target() ctid.Target {
	return pick(w, ctid.Target{Kind: "agent", ID: string(w.agent())}, ctid.Target{Kind: "queue", ID: "sales"},
		ctid.Target{Kind: "number", E164: "+442079460044"}, ctid.Target{Kind: "ivr", ID: "main"})
}

// queueBody is something that befalls a call before anybody talks.
func (w *world) queueBody() ctid.Body {
	return pick[ctid.Body](w,
		ctid.CallArrived{Dir: "in", ANI: ctid.Number{E164: "+442079460018", Shown: "020 7946 0018", Kind: "fixed"}},
		ctid.CallQueued{Position: w.n % 5, Priority: w.n % 3, From: "main/q"}, ctid.CallQueued{Position: 1, Priority: 50, Callback: pick(w, false, true)},
		ctid.CallLeftQueue{Exit: ctid.ExitTimeout}, ctid.CallDelivered{Leg: w.leg(), Offer: "o_1", Alert: "ringing"},
		ctid.CallDiverted{FromAgent: w.agent(), Why: "no_answer", Next: pick(w, "waiting_same_place", "ringing_elsewhere", "script")},
		ctid.CallWaitingChanged{Position: w.n % 4, Priority: w.n % 7, What: "prioritised"},
		ctid.CallWaitingChanged{Position: 1, Priority: 50, What: "moved", Callback: pick(w, false, true), From: pick[ctid.QueueID](w, "claims", "sales"), Since: pick(w, time.Time{}, time.Now().Add(-time.Minute))},
		ctid.CallOriginated{Dir: "out", Leg: w.leg(), To: w.target(), First: "agent"}, ctid.CallProgress{Leg: w.leg(), What: "ringing"})
}

// talkBody is something that befalls a conversation.
func (w *world) talkBody() ctid.Body {
	return pick[ctid.Body](w,
		ctid.CallEstablished{Talk: pick(w, "main", "main", "side"), Legs: w.legs(), Since: pick(w, time.Time{}, time.Now().Add(-time.Minute))},
		ctid.CallHeld{Leg: w.leg(), Why: pick(w, "", "rescue")}, ctid.CallRetrieved{Leg: w.leg()},
		ctid.CallPartyLeft{Leg: w.leg(), Agent: pick(w, "", w.agent())}, ctid.CallDataChanged{DataRev: w.n, Unset: []string{"key"}},
		ctid.CallConsulted{Talk: "side", Leg: w.leg(), To: w.target(), State: pick(w, "ringing", "up", "swapped_main", "over")},
		ctid.CallConferenced{Talk: "main", Legs: w.legs(), Owner: pick(w, "", w.agent())},
		ctid.CallTransferred{How: pick(w, "blind", "consult", "takeover"), From: w.target(), To: w.target(), NowOwner: pick(w, "", w.agent())},
		ctid.CallParked{Slot: "701", Until: time.Now(), BackTo: w.target()},
		ctid.CallFailed{Leg: w.leg(), Step: "consult", Reason: "busy", Next: pick(w, "cleared", "held", "back", "queue")},
		ctid.CallMonitoringChanged{Mode: pick(w, "listen", "whisper", "barge", "none"), Leg: w.leg()},
		ctid.CallCleared{})
}
