package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// offerEnded: the desk has ended the offer. Accepted: caller and agent are joined. Else the leg must go.
func (k *call) offerEnded(now time.Time, c acd.EndOffer) {
	delete(k.unended, c.Offer)
	o := k.openOffer(c.Offer)
	if o == nil { // a late answer to an offer that is over: that leg must go
		k.dropLeg(c)
		return
	}
	if k.side != nil && k.side.offer == o {
		k.side.offer = nil
	} else {
		k.offers = slices.DeleteFunc(k.offers, func(x *offer) bool { return x == o })
	}
	r := k.offerOver(now, o, c.End)
	if c.End == ctid.OfferAccepted {
		k.accepted(now, o, r.RingMS)
		return
	}
	k.dropLeg(c)
	k.wishFailed(o.wish, ctid.Refuse(ctid.OfferOver, "this offer is over: "+string(c.End)))
	if !o.queued() {
		k.nobodyCame(now, o, c)
		return
	}
	if !k.musicDue.IsZero() && len(k.offers) == 0 {
		k.playMusic()
	}
	if !k.callerGone {
		k.fact(ctid.BySystem, ctid.CallDiverted{FromAgent: o.Agent, Why: c.Why, Next: k.afterOffer(c)}, o.Agent)
	}
}

// answeredElsewhere is why an offer ended of which another agent has what was offered.
const answeredElsewhere = "answered_elsewhere"

// afterOffer says how a caller goes on one of whose offers has ended without a conversation.
func (k *call) afterOffer(c acd.EndOffer) string {
	switch {
	case c.Why == answeredElsewhere:
		return "answered"
	case len(k.offers) > 0:
		return "ringing_elsewhere"
	}
	return "waiting_same_place"
}

// afterDirect says how a call goes on whose one agent did not take it: where a script had him rung, the script goes on.
func (k *call) afterDirect(o *offer) string {
	switch {
	case o.Kind != ctid.OfferDirect || k.candidate(o.leg) == nil:
		return "asked_elsewhere"
	case len(k.rung.cands) > 1:
		return "ringing_elsewhere"
	}
	return "script"
}

// offerOver writes into the record how an offer ended.
func (k *call) offerOver(now time.Time, o *offer, end ctid.OfferEnd) *ctid.OfferRecord {
	r := &k.rec.Offers[o.rec]
	r.End = end
	if !o.rung.IsZero() {
		r.RingMS = now.Sub(o.rung).Milliseconds()
	}
	return r
}

// accepted: the agent has answered in time.
func (k *call) accepted(now time.Time, o *offer, ringMS int64) {
	switch o.Kind {
	case ctid.OfferConsult:
		k.sideAnswered(now, o)
	case ctid.OfferDirect:
		if k.rung != nil || k.dialing == nil && k.channel != "" {
			k.rungAccepted(now, o)
			break
		}
		k.colleagueUp(now, o, ringMS)
	case "":
		k.endVisit(now, ctid.ExitAnswered)
		k.connect(now, o, ringMS)
	case ctid.OfferCallback:
		k.endVisit(now, ctid.ExitAnswered)
		if k.absent() {
			k.callbackTaken(o)
		} else {
			k.connect(now, o, ringMS)
		}
	default:
		k.connect(now, o, ringMS)
	}
	k.wishDone(o.wish)
}

// sideAnswered: the agent who is asked has answered.
func (k *call) sideAnswered(now time.Time, o *offer) {
	l := k.legs[o.leg]
	if k.side == nil || l == nil || l.asked || k.talk == nil {
		k.hangupLegs(func(x *leg) bool { return x.id == o.leg })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true})
		if k.side != nil {
			k.sideOver(now, ctid.Refuse(ctid.TargetGone, "he answered, and was gone"), "gone")
		}
		return
	}
	k.sideUp(now, &talk{agent: o.Agent, leg: o.leg, pop: o.data, held: map[string]time.Time{}})
}

// nobodyCame: the one agent who was asked, called, or to whom the caller was handed, did not take it.
func (k *call) nobodyCame(now time.Time, o *offer, c acd.EndOffer) {
	if !k.ended {
		k.fact(ctid.BySystem, ctid.CallDiverted{FromAgent: o.Agent, Why: c.Why, Next: k.afterDirect(o)}, o.Agent)
	}
	err := targetError(c.Why)
	switch {
	case o.Kind == ctid.OfferDirect && k.candidate(o.leg) != nil:
		k.candidateOver(now, k.candidate(o.leg), offerOutcome(c.End, c.Why))
	case o.Kind == ctid.OfferConsult && k.side != nil:
		k.sideOver(now, err, c.Why)
	case o.Kind == ctid.OfferDirect && k.dialing != nil:
		x := k.dialing
		k.hangupLegs(func(l *leg) bool { return l.id == x.own })
		k.dialOver(now, err, ctid.End{Side: ctid.SideAgent, Reason: c.Why})
	case k.xfer != nil && k.xfer.to.agent == o.Agent:
		k.transferFailed(now, err, c.Why)
	}
}

// dropLeg hangs up the leg of an offer that is over. Where it has none, its agent's phone is free.
func (k *call) dropLeg(c acd.EndOffer) {
	for _, l := range k.legs {
		if l.offer == c.Offer {
			k.hangupLegs(func(x *leg) bool { return x == l })
			return
		}
	}
	if c.Agent != "" {
		k.tellCore(acd.LegGone{Agent: c.Agent, Offer: c.Offer})
	}
}
