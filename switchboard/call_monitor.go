package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// The ways a supervisor is in a call.
const (
	modeListen  = "listen"  // hears both
	modeWhisper = "whisper" // hears both, and the agent hears him
	modeBarge   = "barge"   // all hear each other
)

var modes = []string{modeListen, modeWhisper, modeBarge}

// roleMonitor is the role of a supervisor's leg.
const roleMonitor = "monitor"

// monitor is a supervisor in this call. Other than in barge he is in a bridge of his own with a channel that listens to
// the agent's.
type monitor struct {
	agent  ctid.AgentID
	leg    string
	mode   string // in force; empty: his phone is not up yet
	want   string
	snoop  string
	bridge string
	wish   *wish
}

// monitor lets a supervisor into a call: his own phone is rung.
func (d *desk) monitor(now time.Time, who ctid.Who, r ctid.MonitorStart, by ctid.By, reply func(ctid.Reply)) {
	if r.Call == "" {
		v, _ := d.core.AgentView(r.Agent)
		r.Call = v.Call
	}
	k := d.calls[r.Call]
	dev, phone := d.deviceOf(who.Agent)
	switch {
	case !slices.Contains(modes, r.Mode):
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "a mode is listen, whisper or barge", Fields: []string{"args.mode"}}))
		return
	case !phone:
		reply(failed(ctid.Refuse(ctid.Forbidden, "to monitor a call you need an agent record with a phone")))
		return
	case k == nil:
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
		return
	case string(dev.Node) != k.node.Name():
		reply(failed(ctid.Refuse(ctid.NoRoute, "your phone is on another Asterisk than this call")))
		return
	}
	if refused := d.asked(now, acd.WorkBegun{Agent: who.Agent, Task: ctid.TaskID(k.id), Doing: ctid.DoingMonitor, By: by}); refused != nil {
		reply(failed(refused))
		return
	}
	d.lend(who.Agent, k)
	reply(ctid.Reply{Phase: ctid.Started})
	m := &monitor{agent: who.Agent, want: r.Mode, wish: &wish{agent: who.Agent, by: by, op: r.Op(), reply: reply}}
	k.post(func(now time.Time) { k.monitorStart(now, m, dev) })
}

// monitorStart rings the supervisor.
func (k *call) monitorStart(now time.Time, m *monitor, dev Device) {
	m.leg = k.name("l")
	if k.talk == nil || !k.talk.joined || k.ended || k.talk.agent == m.agent {
		k.monitorOver(m, ctid.Refuse(ctid.CallOver, "nobody talks in this call"))
		return
	}
	k.monitors = append(k.monitors, m)
	if dev.nail != "" {
		m.leg = dev.nail
		l := k.nailed(now, m.agent, m.leg, ctid.OfferID(k.id))
		l.role = roleMonitor
		k.legUp(l)
		return
	}
	k.legs[m.leg] = &leg{id: m.leg, role: roleMonitor, agent: m.agent, offer: ctid.OfferID(k.id), born: now}
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: m.leg, Endpoint: dev.Endpoint, AppArgs: "leg," + string(k.id),
		CallerID: callerID(k.rec.ANI), Timeout: ownRings, Variables: k.legVariables(m.leg, dev, true)})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, m.leg)
		k.warn("ringing a supervisor failed", err)
		k.monitorOver(m, ctid.Refuse(ctid.DeviceUnreachable, "your phone cannot be rung"))
	}
}

// monitorOf is the supervisor's part by one of his channels, or by his name.
func (k *call) monitorOf(channel string, agent ctid.AgentID) *monitor {
	for _, m := range k.monitors {
		if channel != "" && (m.leg == channel || m.snoop == channel) || agent != "" && m.agent == agent {
			return m
		}
	}
	return nil
}

// setMode brings the supervisor's channels to where the mode that he wants has them.
func (k *call) setMode(m *monitor) *ctid.Error {
	k.leaveMode(m)
	if k.talk == nil {
		return ctid.Refuse(ctid.CallOver, "nobody talks in this call")
	}
	if m.want == modeBarge {
		k.stopCallersMusic() // he has somebody to speak with now
		if err := k.node.AddToBridge(k.ctx, k.bridge, m.leg); err != nil {
			return refusedBy(err)
		}
		k.modeIs(m)
		return nil
	}
	m.bridge, m.snoop = k.name("b"), k.name("s")
	if err := k.node.CreateBridge(k.ctx, m.bridge, "mixing", ""); err != nil {
		m.bridge, m.snoop = "", ""
		return refusedBy(err)
	}
	var whisper ari.Direction
	if m.want == modeWhisper {
		whisper = ari.DirectionOut
	}
	err := k.node.Snoop(k.ctx, ari.SnoopRequest{Channel: k.talk.leg, SnoopID: m.snoop, Spy: ari.DirectionBoth, Whisper: whisper, AppArgs: "snoop," + string(k.id)})
	if err != nil {
		m.snoop = ""
		return refusedBy(err)
	}
	return nil // its StasisStart is the next step: until then it cannot be put into a bridge
}

// snoopUp: the channel that listens is there.
func (k *call) snoopUp(m *monitor) {
	if err := k.node.AddToBridge(k.ctx, m.bridge, m.leg, m.snoop); err != nil {
		k.warn("joining a supervisor failed", err)
		k.monitorEnds(m, ctid.BySystem, refusedBy(err))
		return
	}
	k.modeIs(m)
}

// modeIs tells that the supervisor is in the call as he wanted.
func (k *call) modeIs(m *monitor) {
	was := m.mode
	m.mode = m.want
	k.fact(ctid.By{Kind: "supervisor", ID: string(m.agent)}, ctid.CallMonitoringChanged{Mode: m.mode, Was: was, Leg: ctid.LegID(m.leg), ToldAgent: true}, m.agent)
	k.wishDone(m.wish)
}

// leaveMode takes the supervisor's leg out of where it is, and destroys what he listened with.
func (k *call) leaveMode(m *monitor) {
	where := m.bridge
	if m.mode == modeBarge {
		where = k.bridge
	}
	if where != "" && k.legs[m.leg] != nil {
		k.takeOut(where, m.leg)
	}
	if m.snoop != "" {
		k.warn("ending a listening channel failed", k.node.Hangup(k.ctx, m.snoop, "normal", 0))
		m.snoop = ""
	}
	if m.bridge != "" {
		k.dropBridge(m.bridge)
		m.bridge = ""
	}
}

// monitorWish changes or ends the supervisor's part, or makes the call his.
func (k *call) monitorWish(now time.Time, a ctid.Action, w *wish) {
	m := k.monitorOf("", w.agent)
	if m == nil || m.mode == "" {
		k.wishFailed(w, ctid.Refuse(ctid.WrongState, "you are not in this call"))
		return
	}
	w.reply(ctid.Reply{Phase: ctid.Started})
	switch r := a.(type) {
	case ctid.MonitorMode:
		if !slices.Contains(modes, r.Mode) {
			k.wishFailed(w, &ctid.Error{Code: ctid.BadRequest, Text: "a mode is listen, whisper or barge", Fields: []string{"args.mode"}})
			return
		}
		m.want, m.wish = r.Mode, w
		if err := k.setMode(m); err != nil {
			k.monitorEnds(m, w.by, err)
		}
	case ctid.MonitorStop:
		k.monitorEnds(m, w.by, nil)
		k.wishDone(w)
	case ctid.MonitorTakeover:
		k.takeOver(now, m, w)
	}
}

// monitorEnds takes the supervisor out of the call.
func (k *call) monitorEnds(m *monitor, by ctid.By, err *ctid.Error) {
	k.leaveMode(m)
	k.hangupLegs(func(l *leg) bool { return l.id == m.leg })
	if m.mode != "" {
		k.fact(by, ctid.CallMonitoringChanged{Mode: "none", Was: m.mode, Leg: ctid.LegID(m.leg), ToldAgent: true}, m.agent)
	}
	k.monitorOver(m, err)
}

// monitorOver forgets the supervisor's part; he is free.
func (k *call) monitorOver(m *monitor, err *ctid.Error) {
	k.monitors = slices.DeleteFunc(k.monitors, func(x *monitor) bool { return x == m })
	k.tellCore(acd.WorkEnded{Agent: m.agent, Task: ctid.TaskID(k.id), NoWrap: true})
	if k.legs[m.leg] == nil {
		k.tellCore(acd.LegGone{Agent: m.agent, Offer: ctid.OfferID(k.id)})
	}
	if err != nil {
		k.wishFailed(m.wish, err)
	}
}

// monitorsEnd: with the agent whom they listened to the supervisors are out too.
func (k *call) monitorsEnd(by ctid.By) {
	for len(k.monitors) > 0 {
		k.monitorEnds(k.monitors[0], by, ctid.Refuse(ctid.CallOver, "the talk is over"))
	}
}

// takeOver makes the call the supervisor's: the agent is out, and writes up his part.
func (k *call) takeOver(now time.Time, m *monitor, w *wish) {
	if k.talk == nil || k.side != nil {
		k.wishFailed(w, ctid.Refuse(ctid.WrongState, "the call cannot be taken over now"))
		return
	}
	from := k.talk.agent
	if m.mode != modeBarge {
		k.leaveMode(m)
		if err := k.node.AddToBridge(k.ctx, k.bridge, m.leg); err != nil {
			k.monitorEnds(m, w.by, refusedBy(err))
			k.wishFailed(w, refusedBy(err))
			return
		}
	}
	if k.hold != nil {
		k.endHold(now, w.by, "taken_over")
	}
	k.monitors = slices.DeleteFunc(k.monitors, func(x *monitor) bool { return x == m })
	k.legs[m.leg].role = ""
	k.ownerLeaves(now, w.by, "taken_over", 16)
	k.owns(now, &talk{agent: m.agent, leg: m.leg, joined: true, held: map[string]time.Time{}})
	k.fact(w.by, ctid.CallTransferred{How: "takeover", From: ctid.Target{Kind: "agent", ID: string(from)}, To: ctid.Target{Kind: "agent", ID: string(m.agent)}, NowOwner: m.agent}, from)
	k.wishDone(w)
	k.save()
}
