package switchboard

import (
	"time"

	"ctid"
	"ctid/traffic"
)

// howRouted is a way to somebody outside that no agent has begun.
const howRouted = "route"

// outcomeSentOn is the outcome of a call that a route has sent to a number outside.
const outcomeSentOn = "sent_on"

// sentElsewhere carries out a route that leads out of the centre, and tells whether the call has one. A call whose number
// has nothing that answers goes to the fallback too.
func (k *call) sentElsewhere(now time.Time) bool {
	switch to := k.route.To; {
	case to.Kind == traffic.ToHangup:
		k.turnAway(now, to.ID, "routed")
	case to.Kind == traffic.ToNumber:
		k.sendOutside(now, to.ID)
	case to.Kind == traffic.ToFallback:
		k.sendToFallback(now, "routed")
	case k.route.Script == nil:
		k.sendToFallback(now, "no_route")
	default:
		return false
	}
	return true
}

// turnAway hangs up on a caller who is not let in. He pays nothing, for he was not answered.
func (k *call) turnAway(now time.Time, cause, reason string) {
	k.rec.Outcome = "refused"
	k.hangupCaller(cause)
	k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: reason, Q850: q850[cause]})
}

// q850 are the causes that hangupCaller's words stand for (ITU-T Q.850).
var q850 = map[string]int{"normal": 16, "busy": 17, "declined": 21, "congestion": 34}

// sendOutside rings a number outside for the caller, who hears that.
func (k *call) sendOutside(now time.Time, number string) {
	k.rec.Outcome = outcomeSentOn
	k.lookupCaller(now)
	x := &transfer{how: howRouted, to: reach{target: ctid.Target{Kind: "number", E164: ctid.Private(number)}, number: number}, onFail: failHangup,
		by: ctid.BySystem, released: true}
	k.xfer = x
	l, err := k.dialParty(now, x.to, k.channel)
	if err != nil {
		k.xfer = nil
		k.turnAway(now, "congestion", "no_route")
		return
	}
	x.leg = l.id
	k.warn("the ringing tone failed", k.node.Ring(k.ctx, k.channel))
	k.save()
}
