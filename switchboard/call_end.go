package switchboard

import (
	"cmp"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// lost: the caller is gone. This beats all that stands behind it in the box. What of it, of an answer and of a ring time
// that is over was first the desk says: its word is in the box before the letter that it sends back.
func (k *call) lost(now time.Time, reason string, cause int) {
	if k.callerGone {
		k.cleanUp()
		return
	}
	if k.ahead != nil {
		k.channel = "" // nobody is on the line, as before
		k.aheadFailed("hung_up")
		return
	}
	k.callerGone = true
	k.music = false
	end := ctid.End{Side: ctid.SideCaller, Reason: reason, Q850: cause}
	if reason != "hangup" {
		end.Side = ctid.SideSystem
	}
	if k.ended || k.queue == nil || k.queue.over {
		k.gone(now, end)
		return
	}
	k.tellCore(acd.TaskGone{Task: ctid.TaskID(k.id)})
	k.desk.post(func(time.Time) { k.post(func(now time.Time) { k.gone(now, end) }) })
}

// gone ends the call of a caller who has gone.
func (k *call) gone(now time.Time, end ctid.End) {
	if k.ended { // we hung up, and now he is gone
		k.cleanUp()
		return
	}
	if k.whispers != nil {
		k.whispered(now)
	}
	k.messageParted()
	k.tellSent(now)
	k.tellScript(now, end, end.Q850)
	if k.parked != nil {
		k.unpark()
	}
	k.leftAlone(now)
	switch {
	case k.talkOn(now):
	case k.talk != nil:
		t := *k.talk
		k.holdOver(now)
		k.endTalk(now)
		k.hangupLegs(func(l *leg) bool { return l.id == t.leg })
		k.tellCore(acd.WorkEnded{Agent: t.agent, Task: ctid.TaskID(k.id), NoWrap: !t.joined})
		k.unheard = !t.joined
	case k.queue != nil && !k.queue.over:
		k.settleQueue(now)
	}
	k.settleTalk(now, &end)
	if k.machine != nil && !k.machine.Done() { // its on_hangup waits for an answer, for 10 s at most
		k.last = &end
		return
	}
	k.finish(now, end)
}

// lastThings ends a call whose caller has gone and whose script has done its last things.
func (k *call) lastThings(now time.Time) {
	if k.last != nil && k.machine.Done() {
		end := *k.last
		k.last = nil
		k.finish(now, end)
	}
}

// leftAlone takes those out of the call who are nothing in it without the caller: whom he was handed to, a consultation
// that had not come about, the rest of a conference.
func (k *call) leftAlone(now time.Time) {
	by := ctid.By{Kind: "caller"}
	if x := k.xfer; x != nil {
		k.xfer = nil
		k.revokeOffers(func(o *offer) bool { return !o.queued() })
		k.wishFailed(x.wish, ctid.Refuse(ctid.CallerGone, "the caller has hung up"))
	}
	k.rungCancelled(now)
	if k.side != nil && (!k.side.up || k.side.with == nil || k.side.swapped) {
		k.dropSide(now, by, "caller_gone")
	}
	for len(k.guests) > 0 {
		k.guestOut(now, k.guests[0], by, "caller_gone", 16)
	}
	k.endOutside(now)
	k.outside = nil
}

// settleTalk counts a caller as one who gave up waiting whose agent had answered, and who was gone before the two were
// joined or had talked for a moment.
func (k *call) settleTalk(now time.Time, end *ctid.End) {
	if end.Side != ctid.SideCaller || k.queue == nil || len(k.rec.Queues) == 0 {
		return
	}
	if k.unheard {
		k.waitedUntil(now)
		end.Reason = "before_talk"
	} else if k.rec.Outcome != "answered" {
		return
	}
	talked := time.Duration(k.rec.TalkMS+k.rec.HoldMS) * time.Millisecond
	if talked >= k.queue.short && (talked > 0 || !k.unheard) {
		k.rec.Outcome = "answered"
		return
	}
	k.rec.Outcome = "abandoned"
	k.rec.Queues[len(k.rec.Queues)-1].Exit = ctid.ExitAbandoned
}

// tellScript lets the script do its silent last things.
func (k *call) tellScript(now time.Time, end ctid.End, cause int) {
	if k.machine != nil && !k.machine.Done() {
		k.input(now, ivr.Hangup{Side: end.Side, Cause: cause})
	}
}

// settleQueue writes into the record how a stay in the queue ended of which the desk has said nothing.
func (k *call) settleQueue(now time.Time) {
	k.endVisit(now, ctid.ExitAbandoned)
	k.gaveUp()
	for _, o := range k.offers {
		k.offerOver(now, o, ctid.OfferCancelled)
	}
}

// revokeOffers takes those of the caller's open offers back that which names: he has gone.
func (k *call) revokeOffers(which func(*offer) bool) {
	for _, o := range k.offers {
		if which(o) {
			k.tellCore(acd.Revoke{Offer: o.Offer, Why: "caller_gone"})
		}
	}
}

// finish is the one end of a call: the fact, the record, its interaction and its outbox row go down together.
func (k *call) finish(now time.Time, end ctid.End) {
	if k.ended {
		return
	}
	k.attempted(end)                   // a callback that is owed still is tried again
	for _, o := range k.openOffers() { // nobody waits for what becomes of them
		if k.rec.Offers[o.rec].End == "" {
			k.offerOver(now, o, ctid.OfferCancelled)
		}
	}
	k.rungCancelled(now)
	for i := range k.rec.Parties {
		k.partyOutcome(i, rungDropped)
	}
	k.trail(now)
	k.ended = true
	if k.inner == nil {
		k.leave = now.Add(k.sb.cfg.Limits.Cleanup)
	}
	k.rec.Ended, k.rec.End = k.sb.clock.wall(now), &end
	if k.rec.Match == "" && k.match.State != ctid.MatchPending {
		k.rec.Match = k.match.State
	}
	k.rec.Match = cmp.Or(k.rec.Match, ctid.MatchNone) // nobody has asked about him, or nobody waits for the answer any more
	if k.rec.Outcome == "" {
		k.rec.Outcome = "script"
		if end.Side == ctid.SideCaller {
			k.rec.Outcome = "hangup_in_script"
		}
	}
	rec := k.record()
	k.rev++
	ev := ctid.Event{By: ctid.By{Kind: string(end.Side)}, Call: k.id, Rev: k.rev, Agents: k.allAgents(),
		Body: ctid.CallCleared{End: end, TalkMS: rec.TalkMS, HoldMS: rec.HoldMS, QueueMS: rec.WaitMS, Record: k.id, Outcome: rec.Outcome}}
	if k.queue != nil {
		ev.Queue = k.queue.queue
	}
	person := k.person(rec.Customer, rec.ANI)
	k.desk.post(func(now time.Time) {
		k.filed = true
		k.desk.fact(now, ev, person, func(e *ctid.LogEntry) { e.Record = rec })
	})
	k.cleanUp()
}

// allAgents are those who have talked in this call.
func (k *call) allAgents() []ctid.AgentID {
	var all []ctid.AgentID
	for _, a := range k.rec.Agents {
		if len(all) == 0 || all[len(all)-1] != a.Agent {
			all = append(all, a.Agent)
		}
	}
	return all
}

// trail brings the record's way through the script up to date.
func (k *call) trail(now time.Time) {
	k.tallied()
	if k.machine != nil {
		lang := k.rec.IVR.Lang
		k.rec.IVR = k.machine.Trail(now)
		if k.rec.IVR.Lang == "" {
			k.rec.IVR.Lang = lang
		}
	}
}

// hangupCaller ends the caller's channel. cause is a word of the script's: normal, busy, congestion, declined.
func (k *call) hangupCaller(cause string) {
	if k.channel == "" {
		return
	}
	reason := map[string]string{"": "normal", "normal": "normal", "busy": "busy", "congestion": "congestion", "declined": "rejected"}[cause]
	if err := k.node.Hangup(k.ctx, k.channel, reason, 0); err != nil {
		k.warn("hanging up the caller failed", err)
	}
}

// hangupLegs ends those of the agents' legs that which names. They leave the call when Asterisk says that they are gone.
func (k *call) hangupLegs(which func(*leg) bool) {
	for _, l := range k.legs {
		if which(l) && !l.asked {
			l.asked = true
			k.hangupLeg(l)
		}
	}
}

// hangupEvery is how long after a hang-up that Asterisk refused, or did not answer, it is asked for again.
const hangupEvery = time.Second

func (k *call) hangupLeg(l *leg) {
	if l.nail {
		k.giveBack(l)
		return
	}
	l.again = time.Time{}
	err := k.node.Hangup(k.ctx, l.id, "normal", 0)
	if err != nil && !ari.IsGone(err) {
		k.warn("hanging up an agent's leg failed", err)
		l.again = k.sb.clock.steady().Add(hangupEvery)
	}
}

// hangupAgain asks once more for the hang-ups that failed and are due, and tells whether there were any.
func (k *call) hangupAgain(now time.Time) (any bool) {
	for _, id := range sortedKeys(k.legs) {
		if l := k.legs[id]; !l.again.IsZero() && !now.Before(l.again) {
			any = true
			k.hangupLeg(l)
		}
	}
	return any
}

// cleanUp leaves nothing of an ended call in Asterisk.
func (k *call) cleanUp() {
	if !k.ended || k.inner != nil {
		return
	}
	k.hangupLegs(func(*leg) bool { return true })
	k.dropBridges()
}

// dropBridges destroys what bridges the call has. One that stays for an error is tried again when the call gives up.
func (k *call) dropBridges() {
	drop := func(id string) error {
		err := k.node.DestroyBridge(k.ctx, id)
		k.warn("destroying the bridge failed", err)
		return err
	}
	if k.bridge != "" && drop(k.bridge) == nil {
		k.bridge = ""
	}
	k.doubtful = slices.DeleteFunc(k.doubtful, func(id string) bool { return drop(id) == nil })
}

// dropBridge destroys one bridge, now or when the call ends.
func (k *call) dropBridge(id string) {
	if err := k.node.DestroyBridge(k.ctx, id); err != nil {
		k.warn("destroying a bridge failed", err)
		k.doubtful = append(k.doubtful, id)
	}
}

// givesUp is how often an ended call asks for what does not go; then the sweep after the next connect has to find it.
const givesUp = 12

// giveUp: channels of an ended call did not go in time. They are asked again and again for a while.
func (k *call) giveUp(now time.Time) {
	k.tries++
	k.leave = time.Time{}
	ask := func(what, id string) bool {
		err := k.node.Hangup(k.ctx, id, "normal", 0)
		k.warn(what, err)
		return err == nil || ari.IsGone(err) || k.tries >= givesUp
	}
	for id, l := range k.legs {
		if ask("hanging up an agent's leg failed", id) {
			k.legClear(l)
			delete(k.legs, id)
		}
	}
	if !k.callerGone && !k.away {
		k.callerGone = ask("hanging up the caller failed", k.channel)
	}
	k.dropBridges()
	if k.tries >= givesUp {
		k.bridge, k.doubtful = "", nil
		clear(k.unended)
	}
	if !k.finished() {
		k.leave = now.Add(k.sb.cfg.Limits.Cleanup)
	}
}

// letGo: the node is given up, and what is left of the call there is no longer ours to touch: the ctid that has it now
// serves the caller who waits, and a conversation goes on. Only a phone that still rings is told to stop.
func (k *call) letGo(now time.Time, reason string) {
	var ringing []string
	for _, id := range sortedKeys(k.legs) {
		if l := k.legs[id]; !l.up && !l.asked {
			ringing = append(ringing, id)
		}
	}
	defer func() { // behind the record's end, for a node that does not answer keeps this waiting
		for _, id := range ringing {
			k.warn("hanging up an agent's leg failed", k.node.Hangup(k.ctx, id, "normal", 0))
		}
	}()
	for _, id := range sortedKeys(k.legs) {
		k.legClear(k.legs[id])
	}
	k.callerGone, k.music = true, false
	k.legs, k.bridge, k.doubtful = map[string]*leg{}, "", nil
	if k.ended {
		return
	}
	if k.last != nil {
		k.finish(now, *k.last)
		return
	}
	end := ctid.End{Side: ctid.SideSystem, Reason: reason}
	k.tellScript(now, end, 0)
	switch {
	case k.talk != nil:
		agent := k.talk.agent
		k.endTalk(now)
		k.tellCore(acd.WorkEnded{Agent: agent, Task: ctid.TaskID(k.id)})
	case k.queue != nil && !k.queue.over:
		k.tellCore(acd.TaskGone{Task: ctid.TaskID(k.id)})
		k.settleQueue(now)
		k.rec.Queues[len(k.rec.Queues)-1].Exit = ctid.ExitRemoved
		k.rec.Outcome = "handed_over"
	}
	if k.rec.Outcome == "" {
		k.rec.Outcome = "handed_over"
	}
	k.attempted(end)
	k.finish(now, end)
}
