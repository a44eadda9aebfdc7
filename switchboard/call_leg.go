package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// legEvent takes an event about an agent's leg.
func (k *call) legEvent(now time.Time, l *leg, ev ari.Event) {
	switch e := ev.(type) {
	case *ari.StasisStart:
		if !l.up { // of a phone that is listened to for its contact all is told twice
			k.legUp(l)
		}
	case *ari.ChannelDestroyed:
		if !l.up && !l.asked && isForward(e.Cause, e.TechCause) {
			k.stopForward(l, e.Channel.Name)
		}
		k.legGone(now, l, e.Cause, e.TechCause)
	case *ari.ChannelHangupRequest:
		if l.up {
			l.asked = true // it goes by itself: a request for it would find it gone
			k.partnerLeft(now, l, e.Cause)
			k.legClear(l)
		}
	case *ari.ChannelDtmfReceived:
		if c := k.candidate(l.id); c != nil {
			k.candidateKey(now, c, e.Digit)
		}
	case *ari.PlaybackFinished:
		k.played(now, e.Playback.ID, e.Playback.State == "failed")
	case *ari.ChannelTransfer:
		k.transferByPhone(now, e)
	case *ari.ChannelHold:
		k.held(now, l.id, e.MusicClass)
	case *ari.ChannelUnhold:
		k.retrieved(now, l.id)
	}
}

// legUp: the agent has answered. Whether in time, the desk decides.
func (k *call) legUp(l *leg) {
	l.up = true
	if l.asked || k.callerGone && k.inner == nil && k.dialing == nil {
		l.asked = false // the request that it go may have failed
		k.hangupLegs(func(x *leg) bool { return x == l })
		return
	}
	now := k.sb.clock.steady()
	switch {
	case l.role == roleParty:
		k.partyUp(now, l)
		return
	case l.role == roleMonitor:
		if m := k.monitorOf(l.id, ""); m != nil {
			if err := k.setMode(m); err != nil {
				k.monitorEnds(m, ctid.BySystem, err)
			}
		}
		return
	case l.role == roleRescue:
		k.agentBack(now, l)
		return
	case k.dialing != nil && k.dialing.own == l.id:
		k.ownUp(now)
		return
	}
	k.tellCore(acd.OfferUp{Offer: l.offer})
}

// legGone: the agent's channel is over.
func (k *call) legGone(now time.Time, l *leg, cause, sip int) {
	delete(k.legs, l.id)
	switch {
	case l.up:
		k.partnerLeft(now, l, cause)
	case l.asked:
	case l.role == roleParty:
		k.partyFailed(now, l, cause, sip)
	case l.role == roleRescue:
		k.rescueRefused(now)
	case l.role == roleMonitor:
		if m := k.monitorOf(l.id, ""); m != nil {
			k.monitorEnds(m, ctid.By{Kind: "phone", ID: string(m.agent)}, targetError(refusal(cause, sip)))
		}
	case k.dialing != nil && k.dialing.own == l.id:
		k.dialOver(now, ctid.Refuse(ctid.DeviceUnreachable, "your phone did not take the call: "+refusal(cause, sip)),
			ctid.End{Side: ctid.SideAgent, Reason: refusal(cause, sip), Q850: cause})
	default:
		k.tellCore(acd.OfferFailed{Offer: l.offer, Why: refusal(cause, sip)})
	}
	k.legClear(l)
	k.cleanUp()
	k.rungLegGone(now)
}

// legClear tells the core that the agent's phone is free of this leg.
func (k *call) legClear(l *leg) {
	if !l.clear && l.agent != "" && l.role != roleOwn {
		l.clear = true
		k.tellCore(acd.LegGone{Agent: l.agent, Offer: l.offer})
	}
}

// refusal reads why a phone did not answer: the SIP status where the PBX tells it, else the Q.850 cause. Neither of them is
// told of a phone that has sent its call on, when Asterisk drops the channel before it reads the answer.
func refusal(cause, sip int) string {
	switch {
	case sip == 486 || sip == 600 || cause == 17:
		return "busy"
	case sip == 603 || sip == 403 || sip == 302 || cause == 21 || cause == 23 || sip == 0 && cause == 0:
		return "rejected"
	case sip == 404 || sip == 480 || sip == 410 || cause == 1 || cause == 19 || cause == 20 || cause == 18 || cause == 3 || cause == 22:
		return "unreachable"
	}
	return "failed"
}
