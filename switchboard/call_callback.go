package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// owed is an attempt to call a customer back. Its call has nobody on the line: it waits in a queue in the place of the one who left
// it, is offered as any other, and dials him when an agent has it.
type owed struct {
	callback ctid.CallbackID
	of       ctid.CallID // the call that he left it from
	number   string      // as it is dialled
	n        int         // which attempt this is, from 1
	due      time.Time   // nobody is offered it before; zero: it waits in its queue
	told     bool        // the desk has told that it waits
}

// Why a callback is closed.
const (
	callbackTalked   = "talked"
	callbackAttempts = "attempts"
	callbackRemoved  = "removed"
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
	a := k.attempt(owed{of: k.id, number: number, n: 1})
	a.by = r.by
	k.desk.post(func(now time.Time) {
		if !k.desk.takeCallback(now, k, a, reply) {
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
	a := attempt{owed: o, by: ctid.BySystem, stay: queueStay{queue: k.queue.queue, entered: k.queue.entered, priority: k.queue.priority, skills: k.queue.skills}}
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
	k.save()
}

// owedDue: the pause after an attempt is over, and the callback waits again, at its place.
func (k *call) owedDue(now time.Time) {
	q := k.queue
	k.owed.due, q.since = time.Time{}, now
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: q.queue, Entered: k.sb.clock.wall(now), Priority: q.priority})
	ev := acd.Enqueue{Task: ctid.TaskID(k.id), Queue: q.queue, Priority: q.priority, Entered: q.entered, Arrived: k.born, Callback: true, Again: true, Needs: needsOf(q.skills)}
	k.desk.post(func(now time.Time) {
		if !k.desk.draining { // else the next run lets it wait
			k.desk.decide(now, ev)
		}
	})
	k.save()
}

// owedLeft: the callback waits no more, and no agent has it. One that a supervisor has dropped is closed; a queue that takes none is
// asked again later. When ctid stops it is left as it is, for the next run.
func (k *call) owedLeft(now time.Time, c acd.TaskEnded) {
	if c.Exit == ctid.ExitRemoved && k.removed == nil {
		return
	}
	waited := k.endVisit(now, c.Exit)
	k.queue.left = true
	k.fact(k.removedBy(c.Exit), ctid.CallLeftQueue{Exit: c.Exit, WaitMS: waited})
	k.callerGone, k.rec.Outcome = true, "failed"
	end := ctid.End{Side: ctid.SideSystem, Reason: string(c.Exit)}
	if c.Exit == ctid.ExitRemoved {
		k.rec.Outcome = "removed"
		k.closeCallback(k.removed.by, callbackRemoved)
	} else {
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
		k.note("callback_dropped", map[string]any{"by": by.Kind, "id": by.ID})
		k.callerGone, k.rec.Outcome = true, "removed"
		k.closeCallback(by, callbackRemoved)
		k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: string(ctid.ExitRemoved)})
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
		k.desk.post(func(time.Time) { k.desk.owed[k.id] = true })
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
		k.closeCallback(ctid.BySystem, callbackTalked)
	}
}

func (k *call) closeCallback(by ctid.By, why string) {
	o, made := k.owed, k.owed.n
	if why == callbackRemoved { // nobody has been dialled for this attempt
		made--
	}
	k.owed = nil
	queue := k.queueID()
	k.desk.post(func(now time.Time) {
		k.desk.fact(now, ctid.Event{By: by, Call: k.id, Queue: queue, Body: ctid.CallbackClosed{Callback: o.callback, Why: why, Attempts: made}})
	})
}

// attempted: the customer was not to be had. He is called again after a while, as often as his queue says, by a call of its own.
func (k *call) attempted(end ctid.End) {
	if k.owed == nil {
		return
	}
	a, result := k.attempt(*k.owed), attemptResult(end)
	k.owed = nil
	k.desk.post(func(now time.Time) { k.desk.attempted(now, k, a, result) })
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
