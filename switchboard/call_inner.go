package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// inner is a talk of two agents without a caller: he has hung up while one asked the other, or one has called the other.
type inner struct {
	first, second *talk // the second is the one who was asked or called
}

func (i *inner) has(agent ctid.AgentID) bool {
	return i.first.agent == agent || i.second.agent == agent
}

// innerOver: one of the two has gone, so both are free.
func (k *call) innerOver(now time.Time, by ctid.By, cause int) {
	i := k.inner
	k.inner = nil
	k.hangupLegs(func(l *leg) bool { return l.id == i.first.leg || l.id == i.second.leg })
	task := ctid.TaskID(k.id)
	if !k.ended {
		k.endPart(now, i.first)
		k.endPart(now, i.second)
		k.rec.TalkMS += k.rec.Agents[i.first.rec].TalkMS
	}
	k.tellCore(acd.WorkEnded{Agent: i.first.agent, Task: task})
	k.tellCore(acd.WorkEnded{Agent: i.second.agent, Task: task, NoWrap: true})
	if k.ended {
		k.leave = now.Add(k.sb.cfg.Limits.Cleanup)
		k.cleanUp()
		return
	}
	k.callerGone = true
	k.finish(now, ctid.End{Side: ctid.SideAgent, Reason: "hangup", Q850: cause})
	_ = by
}

// talkOn lets the agent who had the caller, and the one whom he asks, talk on when the caller is gone.
func (k *call) talkOn(now time.Time) bool {
	s, t := k.side, k.talk
	if s == nil || !s.up || s.with == nil || t == nil || s.swapped {
		return false
	}
	k.side = nil
	k.holdOver(now)
	k.endTalk(now)
	k.endPart(now, s.with)
	if k.bridge != "" {
		k.dropBridge(k.bridge)
	}
	k.bridge = s.bridge
	k.inner = &inner{t, s.with}
	return true
}

// colleagueUp: the colleague whom an agent called has answered.
func (k *call) colleagueUp(now time.Time, o *offer, ringMS int64) {
	x := k.dialing
	l := k.legs[o.leg]
	if x == nil || l == nil || l.asked || k.ended {
		k.hangupLegs(func(y *leg) bool { return y.id == o.leg })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true})
		return
	}
	k.makeBridge()
	k.takeOwn(x)
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, x.own, o.leg)
	}
	if err != nil {
		k.warn("joining the two failed", err)
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true})
		k.dialOver(now, refusedBy(err), ctid.End{Side: ctid.SideSystem, Reason: "pbx_refused"})
		return
	}
	part := func(agent ctid.AgentID, leg string) *talk {
		t := &talk{agent: agent, leg: leg, since: now, rec: len(k.rec.Agents), joined: true, held: map[string]time.Time{}}
		k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: agent, From: k.sb.clock.wall(now)})
		return t
	}
	k.dialing = nil
	k.inner = &inner{part(x.agent, x.own), part(o.Agent, o.leg)}
	k.inner.second.pop = o.data
	k.rec.Connected, k.rec.Outcome = k.sb.clock.wall(now), "answered"
	k.doing(x.agent, ctid.DoingTalk, ctid.BySystem)
	k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", RingMS: ringMS, Legs: []ctid.LegView{
		{Leg: ctid.LegID(x.own), Role: "agent", Agent: x.agent, State: "up"}, {Leg: ctid.LegID(o.leg), Role: "agent", Agent: o.Agent, State: "up"}}}, x.agent, o.Agent)
	k.wishDone(x.wish)
	k.save()
}
