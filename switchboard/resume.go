package switchboard

import (
	"time"

	"ctid"
	"ctid/ari"
	"ctid/ivr"
)

// namesAhead is how far the ids of an adopted call begin behind those that its record knows of: it may have made more.
const namesAhead = 1000

// resume goes on with a call of an earlier run where it stands.
func (k *call) resume(now time.Time, a adopted) {
	l := k.rec.Live
	k.rec.Live = nil
	k.inputs = l.Inputs + namesAhead
	k.priority = l.Priority
	k.names, k.answered, k.bridge = l.Names+namesAhead, l.Answered, a.bridge
	for _, id := range a.others {
		k.legs[id] = &leg{id: id, up: true, asked: true}
		k.hangupLeg(k.legs[id])
	}
	if err := k.node.SubscribeChannel(k.ctx, k.channel); ari.IsNotFound(err) || ari.IsUnprocessable(err) {
		k.lost(now, "lost_while_down", 0)
		return
	}
	k.restoreMachine(l)
	if l.Message != nil && k.machine == nil { // while it is recorded his channel does nothing else
		k.warn("ending a recording failed", k.node.StopRecording(k.ctx, l.Message.Name))
	}
	k.tallyBefore()
	k.lookupCaller(now)
	k.note("adopted", map[string]any{"talking": a.talking != nil, "waiting": l.Queue != nil && l.Talk == nil})
	if q := l.Queue; q != nil {
		k.queue = &queueStay{step: q.Step, music: q.Music, queue: q.Queue, entered: q.Entered, since: q.Entered, priority: q.Priority, until: q.Until, skills: q.Skills, early: q.Early}
	}
	if l.Callback != nil {
		o := owedOf(l.Callback)
		k.owed = &o
	}
	k.resumeOffers(a)
	k.resumeOthers(now, a)
	k.resumeRung(l)
	k.goOn(now, l, a)
	k.save()
}

// goOn takes up what the call was at.
func (k *call) goOn(now time.Time, l *ctid.Live, a adopted) {
	switch {
	case a.talking != nil:
		k.resumeTalk(now, l, a)
	case l.Parked != nil:
		k.resumeParked(now, l.Parked, a.backTo)
	case len(k.guests)+len(k.outside) > 0:
		if l.Talk != nil {
			k.closeTalk(now, l)
		}
		k.outSince = now
	case l.Talk != nil: // the agent hung up while nobody looked
		k.closeTalk(now, l)
		k.talkDone(now)
	case k.rung != nil: // the one whom the script had rung hung up while nobody looked
		k.rungDone(now)
	case k.rec.Dir == "out" && k.owed == nil: // whom he called has hung up, or he has
		k.hangupCaller("normal")
		k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: "lost_while_down"})
	case l.Queue != nil:
		k.music, k.musicOld = true, true // an agent may have him before the desk has said which it is to be
		k.musicFrom(k.queue)
		k.tellMachine(now, ivr.Waits{})
	case l.Machine != "" && k.machine != nil:
		k.input(now, ivr.Resume{})
		if l.Message != nil {
			k.resumeMessage(now, l.Message)
		}
	case k.route.Script == nil:
		k.sendToFallback(now, "lost_while_down")
	default:
		k.machine = ivr.NewMachine(k.route.Script, k.options())
		k.input(now, k.startInput())
	}
}

// resumeOffers ends in the record those offers of which the earlier run has not said what became of them.
func (k *call) resumeOffers(a adopted) {
	for i := range k.rec.Offers {
		switch o := &k.rec.Offers[i]; {
		case o.End != "":
		case a.talking != nil && o.Agent == a.agent:
			o.End = ctid.OfferAccepted
		default:
			o.End = ctid.OfferLost
		}
	}
}

// restoreMachine brings the script back to where it stood, if it is the same script still.
func (k *call) restoreMachine(l *ctid.Live) {
	if l.Machine == "" || k.route.Script == nil {
		return
	}
	m, err := ivr.Restore(k.route.Script, k.options(), []byte(l.Machine))
	if err != nil {
		k.sb.cfg.Log.Warn("the script has changed since this call began; it goes on without its place in the script", "call", k.id, "error", err)
		return
	}
	k.machine = m
}

// resumeTalk takes a conversation over, and joins the two where the earlier run had not come to it.
func (k *call) resumeTalk(now time.Time, l *ctid.Live, a adopted) {
	if k.queue == nil {
		k.queue = &queueStay{entered: now, since: now}
	}
	k.queue.over = true
	k.legs[a.talking.id] = a.talking
	if err := k.node.SubscribeChannel(k.ctx, a.talking.id); ari.IsNotFound(err) || ari.IsUnprocessable(err) {
		k.legGone(now, a.talking, 0, 0)
		k.talkDone(now)
		return
	}
	t := &talk{agent: a.agent, leg: a.talking.id, since: now, joined: true, held: map[string]time.Time{}, rec: k.partOf(a.agent)}
	if l.Talk != nil && l.Talk.Agent == a.agent {
		t.since = l.Talk.Since
	} else {
		t.rec = len(k.rec.Agents)
		k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: a.agent, From: k.sb.clock.wall(now)})
		k.closeVisit(now, ctid.ExitAnswered)
		k.rec.Outcome, k.rec.Connected = "answered", k.sb.clock.wall(now)
	}
	k.talk = t
	if l.Held && k.bridge != "" { // the one who held him has lost his consultation with the earlier run
		k.hearsHold = k.channel
		k.stopHoldMusic()
	}
	if !a.joined {
		k.music = true // it plays on from before
		k.stopMusic()
		k.makeBridge()
		k.warn("joining caller and agent failed", k.node.AddToBridge(k.ctx, k.bridge, k.channel, t.leg))
	}
	k.showAgain(t)
}

// partOf is the index of an agent's last part in the record.
func (k *call) partOf(agent ctid.AgentID) int {
	for i := len(k.rec.Agents) - 1; i > 0; i-- {
		if k.rec.Agents[i].Agent == agent {
			return i
		}
	}
	return 0
}

// resumeOthers takes those over who were in the conversation beside caller and agent.
func (k *call) resumeOthers(now time.Time, a adopted) {
	for _, g := range a.guests {
		id := string(g.Leg)
		k.legs[id] = &leg{id: id, agent: g.Agent, offer: ctid.OfferID(id), up: true}
		t := &talk{agent: g.Agent, leg: id, since: g.Since, joined: true, held: map[string]time.Time{}, rec: len(k.rec.Agents)}
		k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: g.Agent, Role: "conference", From: k.sb.clock.wall(now)})
		k.guests = append(k.guests, t)
	}
	for _, id := range a.outside {
		k.legs[id] = &leg{id: id, role: roleParty, up: true}
		k.outside = append(k.outside, id)
	}
}

// closeVisit closes the last stay in a queue in the record, where it is open.
func (k *call) closeVisit(now time.Time, exit ctid.QueueExit) {
	if len(k.rec.Queues) == 0 {
		return
	}
	if v := &k.rec.Queues[len(k.rec.Queues)-1]; v.Exit == "" {
		v.Exit, v.WaitMS = exit, max(0, now.Sub(k.queue.entered).Milliseconds())
		k.rec.WaitMS += v.WaitMS
	}
}

// closeTalk closes the clocks of a conversation that ended unseen.
func (k *call) closeTalk(now time.Time, l *ctid.Live) {
	if n := len(k.rec.Agents); n > 0 {
		k.talk = &talk{agent: l.Talk.Agent, since: l.Talk.Since, rec: n - 1}
		k.endTalk(now)
	}
}

// showAgain brings the call back to the agent's screen, with what is known of the caller, when that is known.
func (k *call) showAgain(t *talk) {
	show := func(now time.Time) {
		if k.talk != t {
			return
		}
		k.trail(now)
		o := &offer{decided: now, leg: t.leg}
		o.Queue, o.Entered, o.Agent = k.queue.queue, k.queue.entered, t.agent
		t.pop = k.popData(now, o)
		data := t.pop
		k.desk.post(func(now time.Time) { k.desk.popAnew(now, k, t.agent, data) })
		k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", WaitMS: k.rec.WaitMS, Since: k.sb.clock.wall(t.since), Legs: []ctid.LegView{
			{Leg: ctid.LegID(k.channel), Role: "caller", State: "up"}, {Leg: ctid.LegID(t.leg), Role: "agent", Agent: t.agent, State: "up"}}}, t.agent)
	}
	if k.matched {
		show(k.sb.clock.steady())
		return
	}
	k.waiting = append(k.waiting, show)
}
