package switchboard

import (
	"context"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// roleRescue is the role of the leg that rings an agent again whose phone was lost in mid-call.
const roleRescue = "rescue"

// rescue is the way back of an agent whose phone was lost in mid-call. His caller hears music meanwhile.
type rescue struct {
	dev   Device
	began time.Time
	until time.Time // when it is given up
	next  time.Time // when he is rung again; zero: he is being rung
	offer ctid.OfferID
	cause int
}

// rescueEvery is how long after a ring that came to nothing he is rung again.
const rescueEvery = time.Second

// silence is for how long no media must have come from a phone that has gone from the registrar, to call it lost.
const silence = 600 * time.Millisecond

// rescued tells whether an agent's device is rung again when it is lost in mid-call: it answers without his hand.
func (d Device) rescued() bool { return d.Kind == deviceAuto || d.Kind == deviceWeb }

// isLoss tells a leg that was lost from one that was hung up, by its Q.850 cause. 0 is what Asterisk says of some BYEs.
func isLoss(cause int) bool { return cause != 0 && cause != 16 && cause != 31 && cause != 127 }

// legLost: the leg of the agent who has the caller is gone, and nobody hung up. If his device can be rung again, it is;
// else he is out.
func (k *call) legLost(l *leg, by ctid.By, cause int) {
	t := k.talk
	l.clear = true // he stays at work
	k.desk.post(func(time.Time) {
		dev, _ := k.desk.deviceOf(t.agent)
		k.post(func(now time.Time) {
			switch {
			case k.talk != t || k.saving != nil:
				k.tellCore(acd.LegGone{Agent: l.agent, Offer: l.offer})
			case dev.rescued() && k.side == nil && k.sb.cfg.Limits.Rescue > 0:
				k.rescueAgent(now, dev, l, cause)
			default:
				k.ownerOut(now, by, cause)
				k.tellCore(acd.LegGone{Agent: l.agent, Offer: l.offer})
			}
		})
	})
}

// phoneChanged: an agent's phone has gone from the registrar, or is there again. One that has gone and says nothing any more is
// lost: Asterisk by itself tells nothing of its leg. One that only registers anew goes on speaking.
func (k *call) phoneChanged(now time.Time, agent ctid.AgentID, dev Device, reachable bool) {
	t := k.talk
	switch {
	case t == nil || !t.joined || t.agent != agent || !dev.rescued():
	case reachable && k.saving != nil && !k.saving.next.IsZero():
		k.saving.next = now
	case !reachable && k.saving != nil && k.saving.next.IsZero(): // he was rung where his phone no longer is
		k.hangupLegs(func(l *leg) bool { return l.role == roleRescue })
		k.rescueRefused(now)
	case !reachable && k.saving == nil && k.side == nil && k.sb.cfg.Limits.Rescue > 0:
		id := t.leg
		k.aside(func(ctx context.Context) func(now time.Time) {
			mute := k.isSilent(ctx, id)
			return func(now time.Time) {
				if l := k.legs[id]; mute && l != nil && k.talk == t && k.saving == nil && k.side == nil {
					k.rescueAgent(now, dev, l, 0)
				}
			}
		})
	}
}

// isSilent tells whether no media comes from a leg's phone any more. That of a leg that is gone is for its end to say.
func (k *call) isSilent(ctx context.Context, id string) bool {
	before, err := k.node.PacketsReceived(ctx, id)
	if err != nil {
		return false
	}
	t := time.NewTimer(silence)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	after, err := k.node.PacketsReceived(ctx, id)
	return err == nil && after == before
}

// rescueAgent lets the caller hear music, drops what is left of the agent's leg, and rings him again.
func (k *call) rescueAgent(now time.Time, dev Device, l *leg, cause int) {
	t := k.talk
	k.saving = &rescue{dev: dev, began: now, until: now.Add(k.sb.cfg.Limits.Rescue), offer: l.offer, cause: cause}
	l.clear = true
	k.hangupLegs(func(x *leg) bool { return x == l })
	if k.hold == nil && k.alone() {
		k.startHoldMusic(k.channel)
	}
	k.fact(ctid.BySystem, ctid.CallHeld{Leg: ctid.LegID(t.leg), Talk: "main", MOH: k.musicClass, Why: "rescue"}, t.agent)
	k.doing(t.agent, ctid.DoingRescue, ctid.BySystem)
	k.note("agent_lost", map[string]any{"agent": t.agent, "q850": cause})
	k.ringLost(now)
	k.save()
}

// ringLost rings the lost agent once. His phone is told to answer by itself.
func (k *call) ringLost(now time.Time) {
	s, t := k.saving, k.talk
	s.next = time.Time{}
	l := &leg{id: k.name("l"), role: roleRescue, agent: t.agent, offer: s.offer, born: now, clear: true}
	k.legs[l.id] = l
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: l.id, Endpoint: s.dev.Endpoint, AppArgs: "leg," + string(k.id),
		Originator: k.channel, CallerID: callerID(k.rec.ANI), Timeout: max(1, int(s.until.Sub(now).Seconds())), Variables: k.legVariables(l.id, s.dev, true)})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, l.id)
		s.next = now.Add(rescueEvery)
		if !ari.IsAllocationFailed(err) { // that he is not registered is what was to be expected
			k.warn("ringing an agent who was lost failed", err)
		}
	}
}

// rescueRefused: the lost agent's phone did not take the call. It is rung again while there is time.
func (k *call) rescueRefused(now time.Time) {
	if k.saving != nil {
		k.saving.next = now.Add(rescueEvery)
	}
}

// agentBack: the lost agent's phone has answered.
func (k *call) agentBack(now time.Time, l *leg) {
	s, t := k.saving, k.talk
	if s == nil || t == nil || k.ended {
		k.hangupLegs(func(x *leg) bool { return x == l })
		return
	}
	if k.hold == nil {
		k.stopHoldMusic()
		if err := k.node.AddToBridge(k.ctx, k.bridge, l.id); err != nil {
			k.warn("joining an agent who was lost failed", err)
			k.hangupLegs(func(x *leg) bool { return x == l })
			k.rescueRefused(now)
			return
		}
	}
	l.role, l.clear = "", false
	t.leg, k.saving = l.id, nil
	ms := now.Sub(s.began).Milliseconds()
	if k.hold == nil {
		k.rec.Agents[t.rec].HoldMS += ms
	}
	k.fact(ctid.BySystem, ctid.CallRetrieved{Leg: ctid.LegID(l.id), HeldMS: ms, Why: "rescued"}, t.agent)
	what := k.talkDoing()
	if k.hold != nil {
		what = ctid.DoingHold
		k.fact(ctid.BySystem, ctid.CallHeld{Leg: ctid.LegID(k.channel), Talk: "main", MOH: k.musicClass}, t.agent)
	}
	k.doing(t.agent, what, ctid.BySystem)
	k.note("agent_rescued", map[string]any{"agent": t.agent, "after_ms": ms})
	k.sb.cfg.Meters.Rescued(true)
	k.save()
}

// rescueOver: the agent did not come back in time. A caller of a queue waits again, in front; what was left of a conference
// goes on without him.
func (k *call) rescueOver(now time.Time) {
	by, cause := ctid.By{Kind: "timer", ID: "rescue"}, k.saving.cause
	k.sb.cfg.Meters.Rescued(false)
	if len(k.guests)+len(k.outside) > 0 {
		k.ownerOut(now, by, cause)
		return
	}
	k.ownerLost(now, by, cause)
}

// endRescue gives the agent's way back up, for the conversation is over. Since he was lost nobody has talked.
func (k *call) endRescue(now time.Time) {
	if k.saving == nil {
		return
	}
	if k.hold == nil && k.talk.joined {
		k.rec.Agents[k.talk.rec].HoldMS += now.Sub(k.saving.began).Milliseconds()
	}
	k.tellCore(acd.LegGone{Agent: k.talk.agent, Offer: k.saving.offer})
	k.saving = nil
	k.stopHoldMusic()
	k.hangupLegs(func(l *leg) bool { return l.role == roleRescue })
}
