package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ivr"
)

// This file has customers who are called back before an agent's telephone rings. While an agent is kept for him the customer is rung, and
// asked to press a key: so an answering machine is no customer. Then he waits as any caller does, and the agent's telephone rings.

// ahead is a customer who is being called before his agent.
type ahead struct {
	leg   string
	asks  int    // how often he has been asked to press the key
	play  string // what he is asked with, while he is
	until time.Time
}

const (
	aheadRings  = 25 * time.Second // how long the customer is rung
	aheadWaits  = 8 * time.Second  // for the key
	aheadAsks   = 2
	aheadTakes  = "1"
	notAnswered = "no_answer"
)

// callAhead rings the customer, unless he is being rung already: who is kept for him may have changed.
func (k *call) callAhead(now time.Time) {
	if k.ahead != nil {
		return
	}
	k.ahead = &ahead{until: now.Add(aheadRings)}
	number := ctid.Private(k.owed.number)
	k.desk.post(func(now time.Time) {
		if !k.desk.takeLine(k) { // the agent whom it was kept for had gone for a moment
			k.post(func(time.Time) { k.ahead = nil })
			k.desk.putBehind(now, k)
			return
		}
		delete(k.desk.owed, k.id)
		to, err := k.desk.resolve(ctid.Target{Kind: "number", E164: number})
		k.post(func(now time.Time) { k.ringAhead(now, to, err) })
	})
}

func (k *call) ringAhead(now time.Time, to reach, err *ctid.Error) {
	if k.ahead == nil || k.ended {
		return
	}
	if err != nil {
		k.aheadFailed("failed")
		return
	}
	l, failed := k.dialParty(now, to, "")
	if failed != nil {
		k.aheadFailed("failed")
		return
	}
	k.ahead.leg, k.ahead.until = l.id, now.Add(aheadRings)
	k.fact(ctid.BySystem, ctid.CallOriginated{Dir: "out", Leg: ctid.LegID(l.id), To: to.target, ShownAs: k.shownAs(), First: "customer"}, k.offeredTo()...)
	k.save()
}

// offeredTo are the agents who are kept for the call.
func (k *call) offeredTo() []ctid.AgentID {
	var out []ctid.AgentID
	for _, o := range k.offers {
		out = append(out, o.Agent)
	}
	return out
}

// aheadUp: the customer's telephone was answered. His channel is the call's from now on.
func (k *call) aheadUp(now time.Time, l *leg) {
	delete(k.legs, l.id)
	k.channel, k.answered, k.rec.Answered, k.rec.Channel = l.id, true, k.sb.clock.wall(now), l.id
	k.askAhead()
}

// askAhead asks the customer to press the key, or has asked often enough.
func (k *call) askAhead() {
	a := k.ahead
	if a.asks >= aheadAsks {
		k.aheadFailed("no_confirm")
		return
	}
	a.asks++
	a.until = time.Time{}
	a.play = k.playThen(ivr.Play{Parts: []ivr.Part{ivr.CallbackPart(k.rec.IVR.Lang)}}, func(now time.Time) {
		a.play = ""
		if k.ahead == a {
			a.until = now.Add(aheadWaits)
		}
	})
}

// aheadKey takes a key of the customer, and tells whether it was about the call back.
func (k *call) aheadKey(now time.Time, digit string) bool {
	a := k.ahead
	if a == nil || a.asks == 0 {
		return false
	}
	if digit != aheadTakes {
		return true
	}
	if a.play != "" {
		k.stopPlayback(a.play)
	}
	k.ahead = nil
	k.owed.line = true
	k.fact(ctid.BySystem, ctid.CallProgress{Leg: ctid.LegID(k.channel), What: "answered"}, k.offeredTo()...)
	k.tellCore(acd.OnLine{Task: ctid.TaskID(k.id)})
	k.musicFrom(k.queue)
	for _, o := range k.offers {
		k.ring(now, o)
	}
	k.save()
	return true
}

// aheadDue: the customer has not answered, or not pressed the key.
func (k *call) aheadDue() {
	if k.ahead.asks == 0 {
		k.aheadFailed(notAnswered)
		return
	}
	k.askAhead()
}

// aheadFailed: this attempt came to nothing. The agent who was kept for it is free when the core has let it go, and what becomes of the
// callback follows on that.
func (k *call) aheadFailed(why string) {
	a := k.ahead
	k.ahead = nil
	if a.play != "" {
		k.stopPlayback(a.play)
	}
	k.hangupLegs(func(l *leg) bool { return l.id == a.leg })
	if k.channel != "" {
		k.hangupCaller("normal")
	}
	k.owed.result = why
	k.tellCore(acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitCallback})
}
