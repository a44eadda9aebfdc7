package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// side is a consultation: the agent who has the caller speaks with a third party, while the caller is held.
type side struct {
	to      reach
	share   ctid.Share
	wish    *wish  // answered when the third party is up, or is not to be had
	offer   *offer // to an agent, until he has answered
	leg     string
	own     string // the agent's second line, where he has dialled on his phone
	bridge  string
	with    *talk // of an agent: his part
	up      bool
	swapped bool // the agent is with the caller, and the third party waits
}

// ownLeg is the channel that the agent speaks to the third party on.
func (s *side) ownLeg(k *call) string {
	if s.own != "" || k.talk == nil {
		return s.own
	}
	return k.talk.leg
}

// consult calls a third party beside the caller.
func (k *call) consult(now time.Time, r ctid.CallConsult, to reach, w *wish) {
	switch {
	case to.agent == w.agent:
		k.wishFailed(w, ctid.Refuse(ctid.BadRequest, "you cannot call yourself"))
		return
	case to.agent == "" && to.number == "":
		k.wishFailed(w, ctid.Refuse(ctid.NoRoute, "an agent or a number can be asked, not "+to.target.Kind))
		return
	}
	if k.hold == nil {
		if err := k.holdMain(now, w.by, ""); err != nil {
			k.wishFailed(w, err)
			return
		}
	}
	s := &side{to: to, share: r.Share, wish: w}
	k.side = s
	k.doing(w.agent, ctid.DoingConsult, w.by)
	if to.agent != "" {
		k.askAgent(to.agent, ctid.OfferConsult, w.by, func(now time.Time, err *ctid.Error) {
			if k.side == s {
				k.sideOver(now, err, "busy")
			}
		})
		return
	}
	l, err := k.dialParty(now, to, k.talk.leg)
	if err != nil {
		k.sideOver(now, ctid.Refuse(ctid.NoRoute, "this number cannot be reached"), "failed")
		return
	}
	s.leg = l.id
	k.sideRings()
}

// askAgent has the core offer this call to one agent; refused is called if it does not.
func (k *call) askAgent(agent ctid.AgentID, kind ctid.OfferKind, by ctid.By, refused func(now time.Time, err *ctid.Error)) {
	k.desk.post(func(now time.Time) {
		if err := k.desk.asked(now, acd.Direct{Task: ctid.TaskID(k.id), Agent: agent, Kind: kind, By: by}); err != nil {
			k.post(func(now time.Time) { refused(now, err) })
		}
	})
}

// sideRings: the third party's phone has been asked to ring. The bridge is made meanwhile.
func (k *call) sideRings() {
	s := k.side
	id := k.name("b")
	if err := k.node.CreateBridge(k.ctx, id, "mixing,dtmf_events", ""); err != nil {
		k.warn("making the bridge of a consultation failed", err)
		if ari.IsNoAnswer(err) {
			k.doubtful = append(k.doubtful, id)
		}
	} else {
		s.bridge = id
	}
	k.tellSide(k.talkBy(), "ringing", "")
}

// talkBy is the agent who has the caller, as a cause.
func (k *call) talkBy() ctid.By {
	if k.talk == nil {
		return ctid.BySystem
	}
	return ctid.By{Kind: "agent", ID: string(k.talk.agent)}
}

func (k *call) tellSide(by ctid.By, state, why string) {
	s := k.side
	k.fact(by, ctid.CallConsulted{Talk: "side", Leg: ctid.LegID(s.leg), To: s.to.target, State: state, Shared: s.share, Why: why})
}

// sideUp: the third party has answered.
func (k *call) sideUp(now time.Time, with *talk) {
	s := k.side
	err := errNoBridge
	if s.bridge != "" && k.talk != nil {
		if s.own != "" {
			k.warn("answering the agent's second line failed", k.node.Answer(k.ctx, s.own))
		}
		err = k.node.AddToBridge(k.ctx, s.bridge, s.ownLeg(k), s.leg)
	}
	if err != nil && !ari.IsGone(err) && !ari.IsUnprocessable(err) { // else the events say who of the two has gone
		k.warn("joining agent and third party failed", err)
		k.hangupLegs(func(l *leg) bool { return l.id == s.leg })
		if with != nil {
			k.tellCore(acd.WorkEnded{Agent: with.agent, Task: ctid.TaskID(k.id), NoWrap: true})
		}
		k.sideOver(now, refusedBy(err), "failed")
		return
	}
	s.up, s.offer = true, nil
	if with != nil {
		with.joined, with.since, with.rec = true, now, len(k.rec.Agents)
		k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: with.agent, Role: "consult", From: k.sb.clock.wall(now)})
		s.with = with
	}
	k.tellSide(ctid.BySystem, "up", "")
	k.wishDone(s.wish)
	k.save()
}

// sideOver: there is no consultation, or no longer. The caller stays held; the agent takes him back when he wants.
func (k *call) sideOver(now time.Time, err *ctid.Error, why string) {
	s := k.side
	k.tellSide(ctid.BySystem, "over", why)
	k.leaveSide()
	k.closeSide(now)
	if k.talk != nil {
		what := ctid.DoingHold
		if k.hold == nil && len(k.talk.held) == 0 {
			what = k.talkDoing()
		}
		k.doing(k.talk.agent, what, ctid.BySystem)
	}
	k.wishFailed(s.wish, err)
}

// closeSide forgets the consultation and its bridge. An agent who was asked has no more to do with the call.
func (k *call) closeSide(now time.Time) {
	s := k.side
	k.side = nil
	if s.bridge != "" {
		k.dropBridge(s.bridge)
	}
	if s.with != nil {
		k.endPart(now, s.with)
		k.tellCore(acd.WorkEnded{Agent: s.with.agent, Task: ctid.TaskID(k.id), NoWrap: true})
	}
	if s.offer != nil {
		k.offerOver(now, s.offer, ctid.OfferCancelled)
		k.tellCore(acd.Revoke{Offer: s.offer.Offer})
	}
	k.hangupLegs(func(l *leg) bool { return l.id == s.own })
}

// dropSide ends the consultation, whatever its state.
func (k *call) dropSide(now time.Time, by ctid.By, why string) {
	s := k.side
	k.tellSide(by, "over", why)
	k.leaveSide()
	k.hangupLegs(func(l *leg) bool { return l.id == s.leg && (s.up || l.role == roleParty) })
	k.closeSide(now)
	k.wishFailed(s.wish, ctid.Refuse(ctid.TargetGone, "the consultation is over: "+why))
}

func (k *call) cancelSide(now time.Time, w *wish) {
	k.dropSide(now, w.by, "cancelled")
	if k.hold != nil {
		if err := k.retrieveMain(now, w.by, ""); err != nil {
			k.wishFailed(w, err)
			return
		}
	}
	k.doing(w.agent, k.talkDoing(), w.by)
	k.wishDone(w)
}

// swap changes whom the agent speaks with.
func (k *call) swap(now time.Time, w *wish) {
	s, t := k.side, k.talk
	from, to, waits := k.bridge, s.bridge, k.channel
	if !s.swapped {
		from, to, waits = s.bridge, k.bridge, s.leg
	}
	k.stopHoldMusic()
	if err := k.move(from, to, t.leg); err != nil {
		k.wishFailed(w, refusedBy(err))
		return
	}
	if from == s.bridge || k.alone() {
		k.startHoldMusic(waits)
	}
	s.swapped = !s.swapped
	if s.swapped {
		k.endHold(now, w.by, "swap")
		k.tellSide(w.by, "swapped_main", "")
	} else {
		k.hold = &hold{now}
		k.fact(w.by, ctid.CallHeld{Leg: ctid.LegID(k.channel), Talk: "main", MOH: k.musicClass, Why: "swap"}, t.agent)
		k.tellSide(w.by, "up", "")
	}
	k.wishDone(w)
}

// complete joins the caller and the third party, and takes the agent out.
func (k *call) complete(now time.Time, w *wish) {
	from := k.talk.agent
	if err := k.joinSide(now, w.by, "transferred", 16); err != nil {
		k.wishFailed(w, err)
		return
	}
	k.did[from] = w.op
	k.wishDone(w)
}

// joinSide hands the caller to the third party, for the agent leaves: at his wish, or because his phone has gone.
func (k *call) joinSide(now time.Time, by ctid.By, reason string, cause int) *ctid.Error {
	s, t := k.side, k.talk
	k.stopHoldMusic()
	if err := k.move(s.bridge, k.bridge, s.leg); err != nil {
		return refusedBy(err)
	}
	k.side = nil
	k.endHold(now, by, "transferred")
	k.ownerLeaves(now, by, reason, cause)
	if s.with != nil {
		k.endPart(now, s.with)
		k.owns(now, s.with)
	} else {
		k.outside = append(k.outside, s.leg)
		k.outSince = now
	}
	k.fact(by, ctid.CallTransferred{How: "consult", From: ctid.Target{Kind: "agent", ID: string(t.agent)}, To: s.to.target, NowOwner: k.owner()}, t.agent)
	k.dropBridge(s.bridge)
	k.hangupLegs(func(l *leg) bool { return l.id == s.own })
	k.save()
	return nil
}

// owner is who answers for the call; empty: nobody.
func (k *call) owner() ctid.AgentID {
	if k.talk == nil {
		return ""
	}
	return k.talk.agent
}

// owns makes an agent who is in the call the one who answers for it.
func (k *call) owns(now time.Time, t *talk) {
	t.since, t.rec = now, len(k.rec.Agents)
	k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: t.agent, From: k.sb.clock.wall(now)})
	k.talk = t
	k.tellCore(acd.WorkOwned{Agent: t.agent, Task: ctid.TaskID(k.id), Queue: k.queueID()})
	k.doing(t.agent, k.talkDoing(), ctid.BySystem)
	t.pop.Kind, t.pop.Attached = "transfer", k.attachedFor(t.agent)
	k.showPop(t.agent, "transfer", map[string]any{"kind": t.pop.Kind, "attached": t.pop.Attached}, t.pop)
}

// queueID is the queue that the call came from; empty: none.
func (k *call) queueID() ctid.QueueID {
	if k.queue == nil {
		return k.wanted
	}
	return k.queue.queue
}

// conference lets all hear each other.
func (k *call) conference(now time.Time, w *wish) {
	s := k.side
	k.stopHoldMusic()
	if err := k.move(s.bridge, k.bridge, k.talk.leg, s.leg); err != nil {
		k.wishFailed(w, refusedBy(err))
		return
	}
	k.side = nil
	k.endHold(now, w.by, "conference")
	if s.with != nil {
		k.endPart(now, s.with)
		s.with.since, s.with.rec = now, len(k.rec.Agents)
		k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: s.with.agent, Role: "conference", From: k.sb.clock.wall(now)})
		k.guests = append(k.guests, s.with)
	} else {
		k.outside = append(k.outside, s.leg)
	}
	k.dropBridge(s.bridge)
	for _, a := range k.agentsOn() {
		k.doing(a, ctid.DoingConference, w.by)
	}
	k.fact(w.by, ctid.CallConferenced{Talk: "main", Legs: k.legViews(), Owner: k.owner()})
	k.wishDone(w)
	k.save()
}

// legViews are those who hear each other.
func (k *call) legViews() []ctid.LegView {
	v := []ctid.LegView{{Leg: ctid.LegID(k.channel), Role: "caller", State: "up"}}
	if k.talk != nil {
		v = append(v, ctid.LegView{Leg: ctid.LegID(k.talk.leg), Role: "agent", Agent: k.talk.agent, State: "up"})
	}
	for _, g := range k.guests {
		v = append(v, ctid.LegView{Leg: ctid.LegID(g.leg), Role: "agent", Agent: g.agent, State: "up"})
	}
	for _, id := range k.outside {
		v = append(v, ctid.LegView{Leg: ctid.LegID(id), Role: roleParty, State: "up"})
	}
	return v
}

// dropParty takes one out of the conference.
func (k *call) dropParty(now time.Time, id ctid.LegID, w *wish) {
	for _, g := range k.guests {
		if g.leg == string(id) {
			k.guestOut(now, g, w.by, "dropped", 16)
			k.wishDone(w)
			return
		}
	}
	if slices.Contains(k.outside, string(id)) {
		k.outsideOut(now, string(id), w.by, "dropped", 16)
		k.wishDone(w)
		return
	}
	k.wishFailed(w, ctid.Refuse(ctid.NotFound, "no such party is in this conference"))
}

// guest is the part of an agent in the conference who does not answer for the call.
func (k *call) guest(agent ctid.AgentID) *talk {
	for _, g := range k.guests {
		if g.agent == agent {
			return g
		}
	}
	return nil
}

// guestOut: an agent leaves the conference.
func (k *call) guestOut(now time.Time, g *talk, by ctid.By, reason string, cause int) {
	k.guests = slices.DeleteFunc(k.guests, func(x *talk) bool { return x == g })
	k.hangupLegs(func(l *leg) bool { return l.id == g.leg })
	k.endPart(now, g)
	k.fact(by, ctid.CallPartyLeft{Leg: ctid.LegID(g.leg), Role: "agent", Agent: g.agent, End: ctid.End{Side: ctid.SideAgent, Reason: reason, Q850: cause}}, g.agent)
	k.tellCore(acd.WorkEnded{Agent: g.agent, Task: ctid.TaskID(k.id), NoWrap: true})
	k.smaller(now)
}

// outsideOut: somebody from outside leaves the conversation.
func (k *call) outsideOut(now time.Time, id string, by ctid.By, reason string, cause int) {
	k.outside = slices.DeleteFunc(k.outside, func(x string) bool { return x == id })
	k.hangupLegs(func(l *leg) bool { return l.id == id })
	k.fact(by, ctid.CallPartyLeft{Leg: ctid.LegID(id), Role: roleParty, End: ctid.End{Side: ctid.SideSystem, Reason: reason, Q850: cause}})
	k.smaller(now)
}

// smaller: one less is in the conversation. The caller alone is none.
func (k *call) smaller(now time.Time) {
	switch {
	case k.ended || k.callerGone:
	case k.talk == nil && len(k.guests) == 0 && len(k.outside) == 0:
		k.endOutside(now)
		k.talkDone(now)
	case k.talk != nil && k.talkDoing() == ctid.DoingTalk && k.side == nil && k.hold == nil:
		k.doing(k.talk.agent, ctid.DoingTalk, ctid.BySystem)
	}
	k.save()
}

// endOutside closes the clock of a caller who spoke with somebody outside alone.
func (k *call) endOutside(now time.Time) {
	if !k.outSince.IsZero() {
		k.rec.TalkMS += now.Sub(k.outSince).Milliseconds()
		k.outSince = time.Time{}
	}
}
