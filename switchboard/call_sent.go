package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// This file has what follows when one whom the script rings has answered.

// candidateUp: he has answered. Who has to be told something, or must say that he takes the call, hears it first; of the
// others the first has the caller.
func (k *call) candidateUp(now time.Time, c *candidate) {
	r := k.rung
	if c.up || r.leg != "" {
		k.letGoOf(c, rungDropped)
		return
	}
	c.up = true
	if !r.screen {
		k.takes(c)
	}
	if len(r.whisper) == 0 && !r.screen {
		k.joinRung(now, c)
		return
	}
	c.until = now.Add(screenTime)
	parts := slices.Clone(r.whisper)
	if r.screen {
		parts = append(parts, ivr.ScreenPart(k.rec.IVR.Lang))
	}
	c.play = k.playOn(c.leg, parts, func(now time.Time) {
		c.play = ""
		if k.rung == r && r.leg == c.leg && !r.joined {
			k.joinRung(now, c)
		}
	})
}

// takes gives the caller to one of those who are rung; the others stop.
func (k *call) takes(c *candidate) {
	r := k.rung
	r.leg, r.part, r.left = c.leg, c.part, nil
	for _, other := range slices.Clone(r.cands) {
		if other != c {
			k.letGoOf(other, rungDropped)
		}
	}
}

// candidateKey: a key of one who is asked whether he takes the call. 1 takes it, any other refuses.
func (k *call) candidateKey(now time.Time, c *candidate, digit string) {
	r := k.rung
	if !r.screen || !c.up || r.leg != "" {
		return
	}
	if digit != "1" {
		k.candidateOver(now, c, rungBusy)
		return
	}
	k.takes(c)
	k.hushCandidate(c)
	k.joinRung(now, c)
}

// hushCandidate stops what is said to him: else the join would wait for its end.
func (k *call) hushCandidate(c *candidate) {
	if c.play != "" {
		k.stopPlayback(c.play)
		c.play = ""
	}
}

// joinRung joins the caller and the one who takes him.
func (k *call) joinRung(now time.Time, c *candidate) {
	r := k.rung
	l := k.legs[c.leg]
	if l == nil || l.asked || k.callerGone || k.ended {
		k.rungLost(now, c, rungFailed)
		return
	}
	k.makeBridge()
	k.warn("stopping the ringing tone failed", k.node.StopRing(k.ctx, k.channel))
	k.answerCaller()
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, k.channel, c.leg)
	}
	if err != nil {
		k.warn("joining the caller and the one whom the script has rung failed", err)
		if !c.late && (ari.IsGone(err) || ari.IsUnprocessable(err)) { // the events say who of the two has gone
			c.late, c.until = true, now.Add(joinAgain)
			return
		}
		if k.bridge != "" {
			_ = k.node.RemoveFromBridge(k.ctx, k.bridge, k.channel) // he may be in it alone
		}
		k.rungLost(now, c, rungFailed)
		return
	}
	r.cands, r.joined = nil, true
	if r.most > 0 {
		r.until = now.Add(r.most)
	}
	k.partyOutcome(c.part, rungAnswered)
	k.rungTalks(now, c)
	k.save()
}

// rungTalks opens the clocks of the talk: of an agent on duty as of any conversation, of others as of somebody outside.
func (k *call) rungTalks(now time.Time, c *candidate) {
	wall := k.sb.clock.wall(now)
	if k.rec.Connected.IsZero() {
		k.rec.Connected = wall
	}
	k.rec.Outcome = "answered"
	k.rung.since = now
	if c.goal.agent == "" {
		k.outside, k.outSince = append(k.outside, c.leg), now
		k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", Legs: k.legViews()})
		return
	}
	k.talk = &talk{agent: c.goal.agent, leg: c.leg, since: now, rec: len(k.rec.Agents), joined: true, held: map[string]time.Time{}}
	if c.offer != nil {
		k.talk.pop = c.offer.data
	}
	k.rec.Agents = append(k.rec.Agents, ctid.AgentPart{Agent: c.goal.agent, From: wall})
	k.doing(c.goal.agent, ctid.DoingTalk, ctid.BySystem)
	k.fact(ctid.BySystem, ctid.CallEstablished{Talk: "main", Legs: k.legViews()}, c.goal.agent)
}

// rungAccepted: an agent whom the script rings has answered in time.
func (k *call) rungAccepted(now time.Time, o *offer) {
	c := k.candidate(o.leg)
	l := k.legs[o.leg]
	if c == nil || l == nil || l.asked || k.callerGone || k.ended {
		k.hangupLegs(func(x *leg) bool { return x.id == o.leg })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true})
		if c != nil && !k.callerGone {
			k.candidateOver(now, c, rungFailed)
		}
		return
	}
	k.candidateUp(now, c)
}

// rungLost: one who had answered was gone before they were joined, or they could not be. If he had the caller already, nobody
// else rings any more.
func (k *call) rungLost(now time.Time, c *candidate, what string) {
	if k.rung.leg == c.leg {
		k.rung.leg = ""
	}
	k.candidateOver(now, c, what)
}

// rungDone lets the script go on behind a talk that is over. It waits for the legs: where caller and partner leave the bridge
// at one moment, Asterisk 16 keeps it.
func (k *call) rungDone(now time.Time) {
	r := k.rung
	k.rungClock(now)
	if len(k.legs) > 0 && !r.over {
		r.over, r.until = true, now.Add(legsTime)
		return
	}
	k.rung = nil
	if k.bridge != "" {
		k.takeOut(k.bridge, k.channel)
		k.dropBridge(k.bridge)
		k.bridge = ""
	}
	k.input(now, ivr.DoneStep{ID: r.step, Result: ivr.Result{Outcome: rungAnswered}})
}

// rungLegGone: a leg of the call has gone. Was it the last of a talk that is over, the script goes on.
func (k *call) rungLegGone(now time.Time) {
	if k.rung != nil && k.rung.over && len(k.legs) == 0 && !k.callerGone && !k.ended {
		k.rungDone(now)
	}
}

// rungDue is when something of the step has lasted for long enough.
func (k *call) rungDue() (due time.Time) {
	if k.rung == nil || k.ended {
		return due
	}
	due = k.rung.until
	for _, c := range k.rung.cands {
		due = earliest(due, c.until)
	}
	return due
}

// rungTimeUp: somebody has rung, been asked or talked for long enough.
func (k *call) rungTimeUp(now time.Time) {
	r := k.rung
	for _, c := range slices.Clone(r.cands) {
		switch {
		case k.rung != r || c.until.IsZero() || now.Before(c.until):
		case r.leg == c.leg && c.up: // what he is told does not end, or it is not known who of the two has gone
			c.until = time.Time{}
			k.hushCandidate(c)
			k.joinRung(now, c)
		default:
			k.candidateOver(now, c, rungNoAnswer)
		}
	}
	if k.rung != r || r.until.IsZero() || now.Before(r.until) {
		return
	}
	r.until = time.Time{}
	switch {
	case r.over:
		k.rungDone(now)
	case k.talk != nil && k.talk.leg == r.leg:
		k.note("talk_limit", nil)
		k.ownerOut(now, ctid.BySystem, 16)
	case slices.Contains(k.outside, r.leg):
		k.note("talk_limit", nil)
		k.outsideOut(now, r.leg, ctid.BySystem, "limit", 16)
	}
}

// mostMoves is how often one call may be sent to the centre's own numbers: a script that transfers to its own number, or two
// that transfer to each other, end there.
const mostMoves = 8

// toOwnNumber: the script has named one of the centre's own numbers. A transfer goes to what answers there, without ringing;
// what is to come back cannot be rung there.
func (k *call) toOwnNumber(now time.Time, c *candidate) {
	r, route := k.rung, c.goal.own
	switch {
	case r.verb != "transfer" || route.Script == nil:
		r.code = codeNoRoute
	case k.moves >= mostMoves:
		r.code = codeMoves
		k.note("moves_limit", map[string]any{"most": mostMoves})
	default:
		k.moves++
		k.partyOutcome(c.part, rungAnswered)
		k.rung = nil
		k.warn("stopping the ringing tone failed", k.node.StopRing(k.ctx, k.channel))
		k.nextScript(now, *route, ownNumberKey+c.goal.number)
		return
	}
	k.partyOutcome(c.part, rungFailed)
}

// ownNumberKey is before the number in the key of a route that a script has transferred to, so that a restart finds it again.
const ownNumberKey = "number:"

// playOn plays something to one of the call's legs; then is called when it is over, however.
func (k *call) playOn(channel string, parts []ivr.Part, then func(now time.Time)) string {
	id := k.name("p")
	k.plays[id] = &playback{on: channel, then: then}
	k.prepare(id, parts)
	return id
}

// stopPlayback ends a playback, begun or not.
func (k *call) stopPlayback(id string) {
	if p := k.plays[id]; p != nil && !p.stopped {
		p.stopped = true
		if p.begun {
			k.warn("stopping a prompt failed", k.node.StopPlayback(k.ctx, id))
		}
	}
}

// resumeRung takes a step over that an earlier run had begun. What only rang is hung up, and rung anew by the script.
func (k *call) resumeRung(l *ctid.Live) {
	k.moves = l.Moves
	for i := range k.rec.Parties {
		k.partyOutcome(i, rungDropped)
	}
	if r := l.Rung; r != nil && k.machine != nil {
		k.rung = &rung{step: r.Step, verb: r.Verb, leg: string(r.Leg), joined: true, since: r.Since, until: r.Until, part: min(r.Part, len(k.rec.Parties)-1)}
	}
}

// tellSent tells the script that the caller whom it has transferred hung up first.
func (k *call) tellSent(now time.Time) {
	if r := k.rung; r != nil && r.joined && r.verb == "transfer" && !r.over {
		k.input(now, ivr.DoneStep{ID: r.step, Result: ivr.Result{Outcome: "gone"}})
	}
}
