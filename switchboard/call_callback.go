package switchboard

import (
	"cmp"
	"time"

	"ctid"
	"ctid/acd"
)

// owed is an attempt to call a customer back. Its call has nobody on the line: it waits in a queue in the place of the one who left
// it, is offered as any other, and dials him when an agent has it, or when one is kept for it.
type owed struct {
	callback ctid.CallbackID
	of       ctid.CallID   // the call that he left it from
	in       ctid.QueueID  // that it was booked in
	number   string        // as it is dialled
	n        int           // which attempt this is, from 1
	most     int           // attempts there are; 0: as its queue says
	gap      time.Duration // between two of them; 0: as its queue says
	due      time.Time     // nobody is offered it before; zero: it waits in its queue
	until    time.Time     // no attempt is begun later; zero: that is no matter
	ahead    bool          // the customer is called before an agent
	line     bool          // he has answered, and waits for an agent
	told     bool          // the desk has told that it waits
	behind   bool          // another call has the customer's line; it waits again when that is over
	result   string        // of the attempt to call him before an agent; empty: it has not failed
}

// live is what a restart needs of it, and owedOf reads that; kept makes a time of this run one for the next.
func (o *owed) live(kept func(time.Time) time.Time) *ctid.LiveCallback {
	return &ctid.LiveCallback{Callback: o.callback, Of: o.of, Number: ctid.Private(o.number), N: o.n, Due: kept(o.due), Queue: o.in, Most: o.most,
		GapMS: o.gap.Milliseconds(), Until: kept(o.until), Ahead: o.ahead, Line: o.line}
}

func owedOf(l *ctid.LiveCallback) owed {
	return owed{callback: l.Callback, of: l.Of, number: string(l.Number), n: l.N, due: l.Due, in: l.Queue, most: l.Most,
		gap: time.Duration(l.GapMS) * time.Millisecond, until: l.Until, ahead: l.Ahead, line: l.Line}
}

// absent tells whether the call is a callback of which nobody is on the line.
func (k *call) absent() bool { return k.owed != nil && !k.owed.line }

// Why a callback is closed.
const (
	callbackTalked   = "talked"
	callbackAttempts = "attempts"
	callbackRemoved  = "removed"
	callbackWindow   = "window" // the time in which he was to be called is over
)

// leaveCallback gives the caller, who waits, a callback in his place. His script goes on when the core has agreed.
func (k *call) leaveCallback(now time.Time, r *removal, reply func(ctid.Reply)) {
	number := string(k.rec.ANI.E164)
	switch {
	case k.queue == nil || k.queue.over || k.callerGone || k.ended:
		reply(failed(ctid.Refuse(ctid.WrongState, "this caller does not wait any more")))
		return
	case number == "":
		reply(failed(ctid.Refuse(ctid.NoRoute, "the caller's number is not known, so nobody can call him back")))
		return
	}
	k.trail(now)
	k.removed = r
	a := k.attempt(owed{of: k.id, in: k.queue.queue, number: number, n: 1})
	a.by = r.by
	k.desk.post(func(now time.Time) {
		if !k.desk.takeCallback(now, k, a, false, reply) {
			k.post(func(time.Time) { k.removed = nil })
		}
	})
}

// attempt is what a call is begun with that is made for a callback.
type attempt struct {
	rec  ctid.CallRecord
	owed owed
	stay queueStay
	by   ctid.By
}

// attempt is one for this call's customer, in this call's place.
func (k *call) attempt(o owed) attempt {
	return k.attemptIn(o, queueStay{queue: k.queue.queue, entered: k.queue.entered, priority: k.queue.priority, skills: k.queue.skills})
}

func (k *call) attemptIn(o owed, stay queueStay) attempt {
	o.line, o.told, o.behind, o.result = false, false, false, ""
	a := attempt{owed: o, by: ctid.BySystem, stay: stay}
	a.rec = ctid.CallRecord{Node: k.rec.Node, Dir: "out", ANI: k.rec.ANI, DNIS: ctid.DNIS{Number: o.number}, IVR: k.rec.IVR, Customer: k.rec.Customer}
	a.rec.Attached = append(a.rec.Attached, k.rec.Attached...)
	return a
}

// startOwed begins the life of a callback's call. legs are what is left of it in Asterisk from an earlier run.
func (k *call) startOwed(now time.Time, legs []string) {
	for _, id := range legs {
		k.legs[id] = &leg{id: id, up: true, asked: true}
		k.hangupLeg(k.legs[id])
	}
	k.lookupCaller(now)
	if k.owed.over(now) {
		k.dropped(now, ctid.BySystem, callbackWindow)
		return
	}
	k.save()
}

// over tells whether no attempt is begun any more.
func (o *owed) over(now time.Time) bool { return !o.until.IsZero() && now.After(o.until) }

// owedDue: the pause after an attempt is over, and the callback waits again, at its place.
func (k *call) owedDue(now time.Time) {
	q := k.queue
	k.owed.due, k.owed.behind, q.since, q.over = time.Time{}, false, now, false
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: q.queue, Entered: k.sb.clock.wall(now), Priority: q.priority})
	k.waitOwed()
	k.save()
}

// waitOwed lets the callback wait at its place.
func (k *call) waitOwed() {
	ev := k.entryOwed()
	k.desk.post(func(now time.Time) {
		if !k.desk.draining { // else the next run lets it wait
			k.desk.decide(now, ev)
		}
	})
}

// entryOwed is how the callback enters its queue, at its place.
func (k *call) entryOwed() acd.Enqueue {
	q := k.queue
	return acd.Enqueue{Task: ctid.TaskID(k.id), Queue: q.queue, Priority: q.priority, Entered: q.entered, Arrived: k.born, Callback: true,
		Ahead: k.owed.ahead, Again: true, Needs: needsOf(q.skills)}
}

// windowDue is when the time is over in which the customer was to be called; zero: it has no end, or he is being called.
func (k *call) windowDue() time.Time {
	if !k.absent() || k.ended || k.dialing != nil || k.ahead != nil || k.queue == nil || k.queue.over && k.owed.due.IsZero() {
		return time.Time{}
	}
	return k.owed.until
}

// windowOver closes the callback, which waits for an agent or for its next attempt.
func (k *call) windowOver(now time.Time) {
	k.owed.until = time.Time{}
	if k.owed.due.IsZero() && !k.queue.over {
		k.removed = &removal{how: ctid.RemoveHangup, by: ctid.BySystem, why: callbackWindow}
		k.tellCore(acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitRemoved})
		return
	}
	k.dropped(now, ctid.BySystem, callbackWindow)
}

// dropped ends a callback that does not wait.
func (k *call) dropped(now time.Time, by ctid.By, why string) {
	k.note("callback_dropped", map[string]any{"by": by.Kind, "id": by.ID, "why": why})
	k.callerGone, k.rec.Outcome = true, "removed"
	if k.queue != nil && !k.queue.over && k.owed.due.IsZero() {
		k.endVisit(now, ctid.ExitRemoved)
	}
	k.closeCallback(by, why, k.owed.n-1)
	k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: string(ctid.ExitRemoved)})
}

// owedLeft: the callback waits no more, and no agent has it. One that a supervisor has dropped is closed; a queue that takes none is
// asked again later. When ctid stops it is left as it is, for the next run.
func (k *call) owedLeft(now time.Time, c acd.TaskEnded) {
	if c.Exit == ctid.ExitRemoved && k.removed == nil {
		return
	}
	waited := k.endVisit(now, c.Exit)
	k.fact(k.removedBy(c.Exit), ctid.CallLeftQueue{Exit: c.Exit, WaitMS: waited})
	if k.owed.behind && c.Exit == ctid.ExitCallback {
		k.waitBehind(now)
		return
	}
	k.queue.left = true
	k.callerGone, k.rec.Outcome = true, "failed"
	end := ctid.End{Side: ctid.SideSystem, Reason: string(c.Exit)}
	if c.Exit == ctid.ExitRemoved {
		k.rec.Outcome = "removed"
		k.closeCallback(k.removed.by, cmp.Or(k.removed.why, callbackRemoved), k.owed.n-1)
	} else {
		end.Reason = cmp.Or(k.owed.result, end.Reason)
		k.attempted(end)
	}
	k.finish(now, end)
}

// dropOwed: a supervisor wants no more of a callback whose next attempt is not due yet.
func (k *call) dropOwed(now time.Time, r ctid.QueueRemove, by ctid.By, reply func(ctid.Reply)) {
	switch {
	case k.owed == nil || k.ended:
		reply(failed(ctid.Refuse(ctid.WrongState, "this callback is under way, or over")))
	case k.owed.due.IsZero(): // it has begun to wait meanwhile, and the core knows it by the time this is read
		k.desk.post(func(now time.Time) { k.desk.queueRemove(now, r, by, reply) })
	default:
		k.dropped(now, by, callbackRemoved)
		k.desk.post(func(now time.Time) { k.desk.replyAfterCommit(now, k.id, r.Op(), reply) })
	}
}

// callbackTaken: an agent has the callback, and his phone in hand. Whether the customer may be dialled, the rules in force now say.
func (k *call) callbackTaken(o *offer) {
	number := ctid.Private(k.owed.number)
	k.desk.post(func(time.Time) {
		delete(k.desk.owed, k.id)
		to, err := k.desk.resolve(ctid.Target{Kind: "number", E164: number})
		k.post(func(now time.Time) { k.callBack(now, o, to, err) })
	})
}

// callBack dials the customer for the agent who has the callback.
func (k *call) callBack(now time.Time, o *offer, to reach, err *ctid.Error) {
	if k.owed == nil || k.ended {
		return
	}
	if l := k.legs[o.leg]; l == nil || l.asked { // his phone was gone before: it waits again
		k.hangupLegs(func(x *leg) bool { return x.offer == o.Offer })
		k.tellCore(acd.WorkEnded{Agent: o.Agent, Task: ctid.TaskID(k.id), NoWrap: true, Dropped: true})
		k.desk.post(func(time.Time) {
			k.desk.owed[k.id] = true
			k.desk.freeLine(k)
		})
		k.requeue(now)
		return
	}
	k.dialing = &dialing{agent: o.Agent, own: o.leg, to: to, shown: k.shownAs(), pop: o.data,
		wish: &wish{agent: o.Agent, by: ctid.BySystem, op: ctid.CallDial{}.Op()}}
	if err != nil {
		k.dialOver(now, err, ctid.End{Side: ctid.SideSystem, Reason: "no_route"})
		return
	}
	k.doing(o.Agent, ctid.DoingDialing, ctid.BySystem)
	k.fact(ctid.BySystem, ctid.CallOriginated{Dir: "out", Leg: ctid.LegID(o.leg), To: to.target, ShownAs: k.dialing.shown, First: "agent"}, o.Agent)
	k.ownUp(now)
}

// calledBack: the customer has answered, so nothing is owed any more.
func (k *call) calledBack() {
	if k.owed != nil {
		k.closeCallback(ctid.BySystem, callbackTalked, k.owed.n)
	}
}

// closeCallback ends the callback after so many attempts.
func (k *call) closeCallback(by ctid.By, why string, made int) {
	o := k.owed
	k.owed = nil
	queue, record := k.queueID(), k.owesNothing()
	k.desk.post(func(now time.Time) {
		k.desk.unbook(o, k.id)
		k.desk.fact(now, ctid.Event{By: by, Call: k.id, Queue: queue, Body: ctid.CallbackClosed{Callback: o.callback, Why: why, Attempts: made}},
			record)
	})
}

// attempted: the customer was not to be had. He is called again after a while, as often as his queue says, by a call of its own.
func (k *call) attempted(end ctid.End) {
	if k.owed == nil {
		return
	}
	a, result := k.attempt(*k.owed), attemptResult(end)
	k.owed = nil
	record := k.owesNothing()
	k.desk.post(func(now time.Time) { k.desk.attempted(now, k.node, k.id, a, result, record) })
}

// owesNothing adds to a fact the record of a call that owes nothing any more. So it gets to the disk with the end of the callback, or with
// its next attempt; if ctid is killed, no run finds both.
func (k *call) owesNothing() func(*ctid.LogEntry) {
	rec := k.record()
	person := k.person(rec.Customer, rec.ANI)
	return func(le *ctid.LogEntry) {
		le.Record = rec
		person(le)
	}
}

// attemptResult is the word for how an attempt ended.
func attemptResult(end ctid.End) string {
	switch end.Reason {
	case "hangup":
		return "agent_gone"
	case "no_route", "pbx_refused":
		return "failed"
	}
	return end.Reason
}
