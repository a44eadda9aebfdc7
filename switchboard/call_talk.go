package switchboard

import (
	"errors"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// talk is the conversation of the caller with one agent.
type talk struct {
	agent ctid.AgentID
	leg   string
	since time.Time
	pop   ctid.PopData
	rec   int // index into rec.Agents
	held  map[string]time.Time
	// joined: both are in the bridge. A leg that ends before has given its caller nothing: he keeps his place.
	joined bool
}

// makeBridge makes the call's bridge while the phone rings, so that nothing but the join is left when it is answered.
func (k *call) makeBridge() {
	if k.bridge != "" {
		return
	}
	id := k.name("b")
	if err := k.node.CreateBridge(k.ctx, id, "mixing,dtmf_events", ""); err != nil {
		k.warn("making the bridge failed", err)
		if ari.IsNoAnswer(err) { // it may be there all the same
			k.doubtful = append(k.doubtful, id)
		}
		return
	}
	k.bridge = id
}

var errNoBridge = errors.New("asterisk made no bridge for them")

// connect joins caller and agent.
func (k *call) connect(now time.Time, o *offer, ringMS int64) {
	l := k.legs[o.leg]
	if l == nil || l.asked || k.callerGone || k.ended {
		k.unheard = k.callerGone
		k.hangupLegs(func(x *leg) bool { return x.offer == o.Offer })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true, Dropped: !k.callerGone})
		k.requeue(now)
		return
	}
	k.makeBridge()
	k.answerCaller()
	k.stopMusic()
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, k.channel, o.leg)
	}
	k.talk = &talk{agent: o.Agent, leg: o.leg, since: now, pop: o.data, rec: len(k.rec.Agents), joined: err == nil, held: map[string]time.Time{}}
	if err == nil {
		k.established(now, o, ringMS)
		return
	}
	k.warn("joining caller and agent failed", err)
	if !ari.IsGone(err) && !ari.IsUnprocessable(err) { // they would sit in silence; else the events say who of the two has gone
		k.hangupLegs(func(x *leg) bool { return x.id == o.leg })
	}
}

// established: the two hear each other.
func (k *call) established(now time.Time, o *offer, ringMS int64) {
	k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: o.Agent, From: k.sb.clock.wall(now)})
	if k.rec.Connected.IsZero() {
		k.rec.Connected = k.sb.clock.wall(now)
	}
	k.rec.Outcome = "answered"
	k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", WaitMS: now.Sub(o.Entered).Milliseconds(), RingMS: ringMS,
		Legs: []ctid.LegView{{Leg: ctid.LegID(k.channel), Role: "caller", State: "up"}, {Leg: ctid.LegID(o.leg), Role: "agent", Agent: o.Agent, State: "up"}}}, o.Agent)
	k.save()
}

// legEvent takes an event about an agent's leg.
func (k *call) legEvent(now time.Time, l *leg, ev ari.Event) {
	switch e := ev.(type) {
	case *ari.StasisStart:
		k.legUp(l)
	case *ari.ChannelDestroyed:
		k.legGone(now, l, e.Cause, e.TechCause)
	case *ari.ChannelHangupRequest:
		if l.up {
			l.asked = true // it goes by itself: a request for it would find it gone
			k.partnerLeft(now, l, e.Cause)
			k.legClear(l)
		}
	case *ari.ChannelHold:
		k.held(now, l.id, e.MusicClass)
	case *ari.ChannelUnhold:
		k.retrieved(now, l.id)
	}
}

// legUp: the agent has answered. Whether in time, the desk decides.
func (k *call) legUp(l *leg) {
	l.up = true
	if l.asked || k.callerGone {
		l.asked = false // the request that it go may have failed
		k.hangupLegs(func(x *leg) bool { return x == l })
		return
	}
	k.tellCore(acd.OfferUp{Offer: l.offer})
}

// legGone: the agent's channel is over.
func (k *call) legGone(now time.Time, l *leg, cause, sip int) {
	delete(k.legs, l.id)
	if l.up {
		k.partnerLeft(now, l, cause)
	} else if !l.asked {
		k.tellCore(acd.OfferFailed{Offer: l.offer, Why: refusal(cause, sip)})
	}
	k.legClear(l)
	k.cleanUp()
}

// legClear tells the core that the agent's phone is free of this leg.
func (k *call) legClear(l *leg) {
	if !l.clear && l.agent != "" {
		l.clear = true
		k.tellCore(acd.LegGone{Agent: l.agent, Offer: l.offer})
	}
}

// refusal reads why a phone did not answer: the SIP status where the PBX tells it, else the Q.850 cause.
func refusal(cause, sip int) string {
	switch {
	case sip == 486 || sip == 600 || cause == 17:
		return "busy"
	case sip == 603 || sip == 403 || cause == 21:
		return "rejected"
	case sip == 404 || sip == 480 || sip == 410 || cause == 1 || cause == 19 || cause == 20 || cause == 18 || cause == 3 || cause == 22:
		return "unreachable"
	}
	return "failed"
}

// partnerLeft: an agent's leg that was up has ended.
func (k *call) partnerLeft(now time.Time, l *leg, cause int) {
	t := k.talk
	if t == nil || t.leg != l.id {
		if l.up && k.offer != nil && k.offer.leg == l.id { // up and gone before the desk has answered: it will be told so
			l.asked = true
		}
		return
	}
	k.endTalk(now)
	joined := t.joined
	k.fact(ctid.By{Kind: "phone", ID: string(l.agent)}, ctid.CallPartyLeft{Leg: ctid.LegID(l.id), Role: "agent", Agent: l.agent,
		End: ctid.End{Side: ctid.SideAgent, Reason: "hangup", Q850: cause}}, l.agent)
	k.tellCore(acd.WorkEnded{Agent: l.agent, Task: ctid.TaskID(k.id), NoWrap: !joined, Dropped: !joined && !k.callerGone})
	if !joined {
		k.requeue(now)
		return
	}
	if !k.callerGone && k.queue != nil {
		k.talkDone(now)
	}
}

// talkDone lets the script go on after the conversation.
func (k *call) talkDone(now time.Time) {
	k.queue.left = true
	if k.machine == nil { // it could not be restored: the conversation was all there was left to do
		k.endScript(now, ivr.End{})
		return
	}
	k.input(now, ivr.DoneStep{ID: k.queue.step, Result: ivr.Result{Outcome: "answered"}})
}

// endTalk closes the clocks of the conversation.
func (k *call) endTalk(now time.Time) {
	t := k.talk
	for leg := range t.held {
		k.retrieved(now, leg)
	}
	k.talk = nil
	if !t.joined {
		return
	}
	p := &k.rec.Agents[t.rec]
	p.TalkMS = now.Sub(t.since).Milliseconds() - p.HoldMS
	k.rec.TalkMS += p.TalkMS
	k.rec.HoldMS += p.HoldMS
}

// held: a phone has put its partner on hold; Asterisk plays him music.
func (k *call) held(now time.Time, channel, class string) {
	if k.talk == nil || !k.talk.joined {
		return
	}
	if _, twice := k.talk.held[channel]; twice {
		return
	}
	k.talk.held[channel] = now
	k.fact(ctid.By{Kind: "phone", ID: channel}, ctid.CallHeld{Leg: ctid.LegID(channel), Talk: "main", MOH: class}, k.talk.agent)
}

func (k *call) retrieved(now time.Time, channel string) {
	if k.talk == nil {
		return
	}
	since, ok := k.talk.held[channel]
	if !ok {
		return
	}
	delete(k.talk.held, channel)
	ms := now.Sub(since).Milliseconds()
	k.rec.Agents[k.talk.rec].HoldMS += ms
	k.fact(ctid.By{Kind: "phone", ID: channel}, ctid.CallRetrieved{Leg: ctid.LegID(channel), HeldMS: ms}, k.talk.agent)
}

// hangupAgent ends the talk at the agent's wish; as he is its sole owner, the call ends with it.
func (k *call) hangupAgent(now time.Time, agent ctid.AgentID, by ctid.By, reply func(ctid.Reply)) {
	t := k.talk
	if t == nil || t.agent != agent || !t.joined {
		reply(failed(ctid.Refuse(ctid.CallOver, "this talk is over")))
		return
	}
	k.rec.Outcome = "answered"
	k.hangupLegs(func(l *leg) bool { return l.id == t.leg })
	k.endTalk(now)
	k.fact(by, ctid.CallPartyLeft{Leg: ctid.LegID(t.leg), Role: "agent", Agent: agent, End: ctid.End{Side: ctid.SideAgent, Reason: "hangup", Q850: 16}}, agent)
	k.tellCore(acd.WorkEnded{Agent: agent, Task: ctid.TaskID(k.id)})
	k.talkDone(now)
	k.desk.post(func(now time.Time) { // behind the facts above
		k.desk.replyAfterCommit(now, k.id, reply)
	})
}
