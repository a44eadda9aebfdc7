package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// dialing is a call that an agent makes, until the other side has answered.
type dialing struct {
	agent ctid.AgentID
	own   string // the agent's leg
	leg   string // of the other side, once it is rung
	to    reach
	wish  *wish
	shown string
	pop   ctid.PopData // of a callback
}

// dial makes a call for an agent: his phone first, then the other side.
func (d *desk) dial(now time.Time, who ctid.Who, r ctid.CallDial, by ctid.By, reply func(ctid.Reply)) {
	to, err := d.resolve(r.To)
	dev, known := d.deviceOf(who.Agent)
	st := d.nodes[string(dev.Node)]
	switch {
	case err != nil:
	case !known:
		err = ctid.Refuse(ctid.Forbidden, "this user has no agent record")
	case to.agent == who.Agent:
		err = ctid.Refuse(ctid.BadRequest, "you cannot call yourself")
	case to.agent == "" && to.number == "":
		err = ctid.Refuse(ctid.NoRoute, "one can call an agent or a number, not "+r.To.Kind)
	case st == nil || !st.up:
		err = ctid.Refuse(ctid.PBXDown, "the Asterisk of your phone is not connected")
	case d.draining:
		err = ctid.Refuse(ctid.Draining, "ctid is stopping and makes no new calls")
	case r.Queue != "" && !d.hasQueue(r.Queue):
		err = ctid.Refuse(ctid.BadRequest, "there is no queue "+clip(string(r.Queue), 64))
	}
	if err != nil {
		reply(failed(err))
		return
	}
	id := ctid.CallID(d.sb.cfg.NewID("c_"))
	if refused := d.asked(now, acd.WorkBegun{Agent: who.Agent, Task: ctid.TaskID(id), Queue: r.Queue, Doing: ctid.DoingDialing, By: by}); refused != nil {
		reply(failed(refused))
		return
	}
	k := d.newCall(st.node, id, "", Route{})
	k.outbound(now, to, r.As)
	k.dialing = &dialing{agent: who.Agent, to: to, shown: k.shownAs(), wish: &wish{agent: who.Agent, by: by, op: r.Op(), reply: reply}}
	k.wanted = r.Queue
	attached, _, bad := changed(nil, ctid.CallSetData{Set: r.Data}, "agent:"+string(who.Agent), d.wall(now))
	if bad == nil {
		k.rec.Attached = attached
	}
	k.rec.Customer = r.Customer
	d.opened(now, k, by)
	d.lend(who.Agent, k)
	reply(ctid.Reply{Phase: ctid.Started})
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.ringOwn(now, dev) })
}

func (d *desk) hasQueue(id ctid.QueueID) bool {
	for _, q := range d.plan.ACD.Queues {
		if q.ID == id {
			return true
		}
	}
	return false
}

// outbound begins the record of a call that an agent makes.
func (k *call) outbound(now time.Time, to reach, as string) {
	number := to.number
	if number == "" {
		number = to.target.ID
	}
	k.shown = k.desk.plan.ShownAs
	if as != "" && as == k.desk.plan.ShownAs {
		k.shown = as
	}
	k.rec = ctid.CallRecord{ID: k.id, Node: ctid.NodeID(k.node.Name()), Dir: "out", Arrived: k.desk.wall(now),
		ANI: numberOf(number, k.desk.plan.Country), DNIS: ctid.DNIS{Number: number}}
	k.match, k.matched = ctid.Match{State: ctid.MatchNone, Asked: []string{}}, true
}

// opened stamps that the call is there; its record is opened with it.
func (d *desk) opened(now time.Time, k *call, by ctid.By) {
	rec := k.record()
	k.rev++
	x := k.dialing
	d.fact(now, ctid.Event{By: by, Call: k.id, Rev: k.rev, Agent: x.agent, Agents: []ctid.AgentID{x.agent},
		Body: ctid.CallOriginated{Dir: "out", To: x.to.target, ShownAs: x.shown, First: "agent"}}, k.person(k.rec.Customer, k.rec.ANI),
		func(le *ctid.LogEntry) { le.Record = rec })
}

// shownAs is the number that others see of a call that ctid makes.
func (k *call) shownAs() string {
	if k.shown == "" {
		return "anonymous"
	}
	return k.shown
}

// ringOwn rings the agent who wants to call.
func (k *call) ringOwn(now time.Time, dev Device) {
	x := k.dialing
	if dev.nail != "" {
		x.own = k.nailed(now, x.agent, dev.nail, ctid.OfferID(k.id)).id
		k.ownUp(now)
		return
	}
	l := &leg{id: k.name("l"), agent: x.agent, offer: ctid.OfferID(k.id), born: now}
	x.own = l.id
	k.legs[l.id] = l
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: l.id, Endpoint: dev.Endpoint, AppArgs: "leg," + string(k.id),
		CallerID: callerID(k.rec.ANI), Timeout: ownRings, Variables: k.legVariables(l.id, dev, true)})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, l.id)
		if ari.IsAllocationFailed(err) {
			k.node.Unreachable(dev.Endpoint)
		}
		k.warn("ringing the agent who dials failed", err)
		k.dialOver(now, ctid.Refuse(ctid.DeviceUnreachable, "your phone cannot be rung"), ctid.End{Side: ctid.SideSystem, Reason: "device_unreachable"})
		k.legClear(l)
	}
}

// ownRings is how long the phone of an agent who dials is rung, in seconds.
const ownRings = 20

// ownUp: the agent who dials has his phone in hand; the other side is rung, and he hears that.
func (k *call) ownUp(now time.Time) {
	x := k.dialing
	k.warn("the ringing tone failed", k.node.Ring(k.ctx, x.own))
	if x.to.agent != "" {
		k.askAgent(x.to.agent, ctid.OfferDirect, x.wish.by, func(now time.Time, err *ctid.Error) {
			k.dialOver(now, err, ctid.End{Side: ctid.SideSystem, Reason: string(err.Code)})
		})
		return
	}
	l, err := k.dialParty(now, x.to, x.own)
	if err != nil {
		k.dialOver(now, ctid.Refuse(ctid.NoRoute, "this number cannot be reached"), ctid.End{Side: ctid.SideSystem, Reason: "no_route"})
		return
	}
	x.leg, k.channel = l.id, l.id
	k.fact(x.wish.by, ctid.CallProgress{Leg: ctid.LegID(l.id), What: "ringing"}, x.agent)
	k.makeBridge()
}

// dialled: the other side has answered. It is the call's caller from now on.
func (k *call) dialled(now time.Time, l *leg) {
	x := k.dialing
	delete(k.legs, l.id) // it is no side leg any more
	k.makeBridge()
	k.takeOwn(x)
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, l.id, x.own)
	}
	if err != nil {
		k.warn("joining the two failed", err)
		k.hangupCaller("normal")
		k.dialOver(now, refusedBy(err), ctid.End{Side: ctid.SideSystem, Reason: "pbx_refused"})
		return
	}
	k.answered, k.rec.Answered, k.rec.Channel = true, k.sb.clock.wall(now), l.id
	k.dialing = nil
	k.talk = &talk{agent: x.agent, leg: x.own, since: now, pop: x.pop, rec: len(k.rec.Agents), joined: true, held: map[string]time.Time{}}
	k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: x.agent, From: k.sb.clock.wall(now)})
	k.rec.Connected, k.rec.Outcome = k.sb.clock.wall(now), "answered"
	k.doing(x.agent, ctid.DoingTalk, ctid.BySystem)
	k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", RingMS: now.Sub(l.born).Milliseconds(), Legs: k.legViews()}, x.agent)
	k.wishDone(x.wish)
	k.calledBack()
	k.save()
}

// takeOwn ends what the agent who called has heard so far. A call that he began on his phone is answered.
func (k *call) takeOwn(x *dialing) {
	k.warn("stopping the ringing tone failed", k.node.StopRing(k.ctx, x.own))
	if callInID(x.own) == "" {
		k.warn("answering the agent's own call failed", k.node.Answer(k.ctx, x.own))
	}
}

// dialFailed: the other side did not answer.
func (k *call) dialFailed(now time.Time, l *leg, cause, sip int) {
	why := refusal(cause, sip)
	k.fact(ctid.BySystem, ctid.CallFailed{Leg: ctid.LegID(l.id), Step: "dial", Reason: why, Q850: cause, SIP: sip, Next: "cleared"}, k.dialing.agent)
	k.dialOver(now, targetError(why), ctid.End{Side: ctid.SideCaller, Reason: why, Q850: cause})
}

// dialOver ends a call that came to nothing.
func (k *call) dialOver(now time.Time, err *ctid.Error, end ctid.End) {
	x := k.dialing
	if x == nil || k.ended {
		return
	}
	k.dialing = nil
	k.wishFailed(x.wish, err)
	k.tellCore(acd.WorkEnded{Agent: x.agent, Task: ctid.TaskID(k.id), NoWrap: true})
	k.callerGone = true // his leg, if there is one, goes with the others
	k.rec.Outcome = "failed"
	k.attempted(end)
	k.finish(now, end)
}
