package switchboard

import (
	"errors"
	"slices"
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

// connect joins caller and agent, when the agent has heard what the script says to him.
func (k *call) connect(now time.Time, o *offer, ringMS int64) {
	if !k.whisper(now, o, ringMS) {
		k.join(now, o, ringMS)
	}
}

// join joins caller and agent. What is said to the caller ends first: else Asterisk would wait for it.
func (k *call) join(now time.Time, o *offer, ringMS int64) {
	l := k.legs[o.leg]
	if l == nil || l.asked || k.callerGone || k.ended {
		k.unheard = k.callerGone
		k.hangupLegs(func(x *leg) bool { return x.offer == o.Offer })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true, Dropped: !k.callerGone})
		k.notJoined(now)
		return
	}
	k.tellMachine(now, ivr.Joined{})
	k.makeBridge()
	k.answerCaller()
	k.stopMusic()
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, k.channel, o.leg)
	}
	now = k.sb.clock.steady()
	k.talk = &talk{agent: o.Agent, leg: o.leg, since: now, pop: o.data, rec: len(k.rec.Agents), joined: err == nil, held: map[string]time.Time{}}
	if err == nil {
		k.established(now, o, ringMS)
		k.handedOver(o)
		return
	}
	k.warn("joining caller and agent failed", err)
	if !ari.IsGone(err) && !ari.IsUnprocessable(err) { // they would sit in silence; else the events say who of the two has gone
		k.hangupLegs(func(x *leg) bool { return x.id == o.leg })
	}
}

// handedOver: an agent to whom the caller was handed has him. The rules of the caller's queue hold for him.
func (k *call) handedOver(o *offer) {
	x := k.xfer
	if x == nil || o.kind() == "" {
		return
	}
	k.tellCore(acd.WorkOwned{Agent: o.Agent, Task: ctid.TaskID(k.id), Queue: k.queueID()})
	k.transferred(k.sb.clock.steady(), o.Agent)
	k.wishDone(x.wish)
}

// notJoined: an agent answered, and was gone before the two heard each other.
func (k *call) notJoined(now time.Time) {
	if k.xfer != nil && k.xfer.released {
		k.transferFailed(now, ctid.Refuse(ctid.TargetGone, "he answered, and was gone"), "gone")
		return
	}
	k.requeue(now)
}

// established: the two hear each other.
func (k *call) established(now time.Time, o *offer, ringMS int64) {
	k.waitedUntil(now)
	k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: o.Agent, From: k.sb.clock.wall(now)})
	if k.rec.Connected.IsZero() {
		k.rec.Connected = k.sb.clock.wall(now)
	}
	k.rec.Outcome = "answered"
	k.calledBack()
	k.closesCallback()
	k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", WaitMS: now.Sub(o.Entered).Milliseconds(), RingMS: ringMS,
		Legs: []ctid.LegView{{Leg: ctid.LegID(k.channel), Role: "caller", State: "up"}, {Leg: ctid.LegID(o.leg), Role: "agent", Agent: o.Agent, State: "up"}}}, o.Agent)
	k.save()
}

// partnerLeft: a leg that was up has ended.
func (k *call) partnerLeft(now time.Time, l *leg, cause int) {
	by := ctid.By{Kind: "phone", ID: string(l.agent)}
	c := k.candidate(l.id)
	switch t := k.talk; {
	case c != nil: // he has answered, and hangs up before he has the caller
		k.rungLost(now, c, rungBusy)
	case t != nil && t.leg == l.id && l.clear: // he is being rung again, or asked after
	case k.whispers != nil && k.whispers.offer.leg == l.id:
		k.whispered(now)
	case k.inner != nil && (k.inner.first.leg == l.id || k.inner.second.leg == l.id):
		k.innerOver(now, by, cause)
	case t != nil && t.leg == l.id && !t.joined:
		k.ownerLeaves(now, by, "hangup", cause)
		k.notJoined(now)
	case t != nil && t.leg == l.id && isLoss(cause):
		k.legLost(l, by, cause)
	case t != nil && t.leg == l.id:
		k.ownerOut(now, by, cause)
	case k.side != nil && k.side.own == l.id:
		k.dropSide(now, by, "cancelled")
		if k.talk != nil {
			k.doing(k.talk.agent, k.talkDoing(), by)
		}
	case l.role == roleOwn:
	case l.role == roleMonitor:
		if m := k.monitorOf(l.id, ""); m != nil {
			k.monitorEnds(m, by, nil)
		}
	case k.side != nil && k.side.leg == l.id && k.side.up:
		k.sideOver(now, ctid.Refuse(ctid.TargetGone, "the other side has hung up"), "gone")
	case k.dialing != nil && k.dialing.own == l.id:
		k.ownGone(now, cause)
	case slices.Contains(k.outside, l.id):
		k.outsideOut(now, l.id, ctid.BySystem, "hangup", cause)
	default:
		for _, g := range k.guests {
			if g.leg == l.id {
				k.guestOut(now, g, by, "hangup", cause)
				return
			}
		}
		for _, o := range k.openOffers() {
			if o.leg == l.id { // up and gone before the desk has answered: it will be told so
				l.asked = true
			}
		}
	}
}

// ownGone: the agent who dials has hung up before the other side answered.
func (k *call) ownGone(now time.Time, cause int) {
	x := k.dialing
	k.hangupLegs(func(l *leg) bool { return l.id == x.leg })
	k.revokeOffers(func(*offer) bool { return true })
	k.dialOver(now, ctid.Refuse(ctid.CallerGone, "you have hung up"), ctid.End{Side: ctid.SideAgent, Reason: "hangup", Q850: cause})
}

// ownerLeaves: the agent who answers for the call is out of it. His clocks are closed, and he writes up what it was.
func (k *call) ownerLeaves(now time.Time, by ctid.By, reason string, cause int) {
	t := k.talk
	k.hangupLegs(func(l *leg) bool { return l.id == t.leg })
	k.endTalk(now)
	k.fact(by, ctid.CallPartyLeft{Leg: ctid.LegID(t.leg), Role: "agent", Agent: t.agent,
		End: ctid.End{Side: ctid.SideAgent, Reason: reason, Q850: cause}}, t.agent)
	k.tellCore(acd.WorkEnded{Agent: t.agent, Task: ctid.TaskID(k.id), NoWrap: !t.joined, Dropped: !t.joined && !k.callerGone})
}

// ownerOut: the agent who answers for the call has hung up. Whom he leaves behind goes on: the one he asked, or the rest of a
// conference; a caller for whom somebody was only being rung waits again at the front; else the conversation is over.
func (k *call) ownerOut(now time.Time, by ctid.By, cause int) {
	s := k.side
	switch {
	case k.callerGone || k.ended:
		k.ownerLeaves(now, by, "hangup", cause)
	case s != nil && s.up && k.joinSide(now, by, "hangup", cause) == nil:
	case s != nil:
		k.dropSide(now, by, "cancelled")
		k.ownerLost(now, by, cause)
	case len(k.guests) > 0:
		k.ownerLeaves(now, by, "hangup", cause)
		next := k.guests[0]
		k.guests = k.guests[1:]
		k.endPart(now, next)
		k.owns(now, next)
		k.smaller(now)
	case len(k.outside) > 0:
		k.ownerLeaves(now, by, "hangup", cause)
		k.outSince = now
	default:
		k.holdOver(now)
		k.ownerLeaves(now, by, "hangup", cause)
		k.talkDone(now)
	}
	k.save()
}

// ownerLost: the agent is gone while his caller was held for somebody who had not answered. The caller did not end it.
func (k *call) ownerLost(now time.Time, by ctid.By, cause int) {
	k.holdOver(now)
	k.ownerLeaves(now, by, "hangup", cause)
	if !k.cameByQueue() {
		k.talkDone(now)
		return
	}
	k.note("agent_lost", nil)
	if k.bridge != "" {
		k.dropBridge(k.bridge)
		k.bridge = ""
	}
	k.toFront(now)
}

// talkDone lets the script go on after the conversation. A call that no script has is over.
func (k *call) talkDone(now time.Time) {
	if k.rung != nil && k.machine != nil {
		k.rungDone(now)
		return
	}
	if k.queue != nil {
		k.queue.left = true
	}
	if k.machine == nil || k.queue == nil { // it could not be restored: the conversation was all there was left to do
		k.endScript(now, ivr.End{})
		return
	}
	k.input(now, ivr.DoneStep{ID: k.queue.step, Result: ivr.Result{Outcome: "answered"}})
}

// endTalk closes the clocks of the conversation.
func (k *call) endTalk(now time.Time) {
	t := k.talk
	k.endRescue(now)
	k.monitorsEnd(ctid.BySystem)
	for leg := range t.held {
		k.retrieved(now, leg)
	}
	k.talk = nil
	if !t.joined {
		return
	}
	k.endPart(now, t)
	p := &k.rec.Agents[t.rec]
	k.rec.TalkMS += p.TalkMS
	k.rec.HoldMS += p.HoldMS
}

// endPart closes the clock of one agent's part. A caller who was on hold for longer than the part lasted was so twice at once.
func (k *call) endPart(now time.Time, t *talk) {
	p := &k.rec.Agents[t.rec]
	all := now.Sub(t.since).Milliseconds()
	p.HoldMS = min(p.HoldMS, all)
	p.TalkMS = all - p.HoldMS
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

// hangupAgent takes the agent out at his wish. As the only one who has the caller he ends the call with that.
func (k *call) hangupAgent(now time.Time, w *wish) {
	switch g := k.guest(w.agent); {
	case k.inner != nil:
		k.innerOver(now, w.by, 16)
	case g != nil:
		k.guestOut(now, g, w.by, "hangup", 16)
	case k.side != nil && k.side.with != nil && k.side.with.agent == w.agent:
		id := k.side.leg
		k.sideOver(now, ctid.Refuse(ctid.TargetGone, "the other side has hung up"), "gone")
		k.hangupLegs(func(l *leg) bool { return l.id == id })
	default:
		k.ownerOut(now, w.by, 16)
	}
	k.wishDone(w)
}

// dropAgent takes an agent out of the call whose work a supervisor ends. The caller does not suffer for it: he waits again, in front.
func (k *call) dropAgent(now time.Time, c acd.DropWork) {
	g := k.guest(c.Agent)
	m := k.monitorOf("", c.Agent)
	switch {
	case m != nil:
		k.monitorEnds(m, c.By, ctid.Refuse(ctid.CallOver, "a supervisor has ended it"))
	case k.ended && k.inner == nil:
	case k.inner != nil && k.inner.has(c.Agent):
		k.innerOver(now, c.By, 16)
	case g != nil:
		k.guestOut(now, g, c.By, "dropped", 16)
	case k.dialing != nil && k.dialing.agent == c.Agent:
		k.ownGone(now, 16)
	case k.side != nil && k.side.with != nil && k.side.with.agent == c.Agent:
		id := k.side.leg
		k.sideOver(now, ctid.Refuse(ctid.TargetGone, "a supervisor has ended it"), "gone")
		k.hangupLegs(func(l *leg) bool { return l.id == id })
	case k.talk != nil && k.talk.agent == c.Agent && k.cameByQueue() && k.side == nil && len(k.guests)+len(k.outside) == 0:
		k.ownerLost(now, c.By, 16)
	case k.talk != nil && k.talk.agent == c.Agent:
		k.ownerOut(now, c.By, 16)
	}
}
