package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// What a waiting call's change of place is called.
const (
	waitMoved       = "moved"       // a supervisor has put it into another queue
	waitOverflowed  = "overflowed"  // its queue has sent it on
	waitPrioritised = "prioritised" // a supervisor has given it another priority
)

// moved: the caller waits in another queue. The script's step goes on, and so does the time that
// he has waited; in the record the queue before has an end of its own.
func (k *call) moved(now time.Time, c acd.TaskMoved) {
	k.settle()
	if x := k.xfer; x != nil && x.to.queue == c.From && !k.callerGone { // it took him from the one who handed him on, and sent him on at once
		k.queuedOn(now, acd.TaskQueued{Task: c.Task, Queue: c.From, Position: c.Position, Priority: c.Priority})
	}
	if k.queue == nil || k.queue.over || k.callerGone || k.ended {
		return
	}
	k.endVisit(now, exitOf(c))
	stay := *k.queue
	stay.queue, stay.since, stay.priority, stay.over, stay.until = c.To, now, c.Priority, false, time.Time{}
	if c.AtMost > 0 {
		stay.until = now.Add(c.AtMost).UTC()
	}
	k.queue = &stay
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: c.To, Entered: k.sb.clock.wall(now), Priority: c.Priority})
	what := waitOverflowed
	if bySupervisor(c.By) {
		what = waitMoved
	}
	k.waitingChanged(c.By, ctid.CallWaitingChanged{Position: c.Position, Priority: c.Priority, What: what, From: c.From, Why: c.Why})
	if !k.absent() {
		k.musicFrom(k.queue)
	}
	k.save()
}

// reprioritised: a supervisor has given the waiting call another priority.
func (k *call) reprioritised(c acd.TaskChanged) {
	if k.queue == nil || k.queue.over || k.callerGone || k.ended {
		return
	}
	k.queue.priority = c.Priority
	if n := len(k.rec.Queues); n > 0 {
		k.rec.Queues[n-1].Priority = c.Priority
	}
	k.waitingChanged(c.By, ctid.CallWaitingChanged{Position: c.Position, Priority: c.Priority, What: waitPrioritised})
	k.save()
}

func (k *call) waitingChanged(by ctid.By, body ctid.CallWaitingChanged) {
	if by.Kind == "" {
		by = ctid.BySystem
	}
	body.Since, body.Callback = k.sb.clock.wall(k.queue.entered), k.absent()
	k.fact(by, body)
}

// exitOf is how a caller left the queue that he was moved out of: a queue that names no exit has sent him on after a time.
func exitOf(c acd.TaskMoved) ctid.QueueExit {
	switch {
	case c.Why != "":
		return c.Why
	case bySupervisor(c.By):
		return ctid.ExitRemoved
	}
	return ctid.ExitTimeout
}

func bySupervisor(by ctid.By) bool { return by.Kind == "supervisor" || by.Kind == "admin" }

// removedBy is who caused a caller's leaving of a queue.
func (k *call) removedBy(exit ctid.QueueExit) ctid.By {
	if k.removed != nil && (exit == ctid.ExitRemoved || exit == ctid.ExitCallback) {
		return k.removed.by
	}
	return ctid.BySystem
}

// hangupWaiting hangs up a caller who is out of his queue and has nowhere to go. outcome is the word for one who has spoken with nobody;
// empty: the usual one.
func (k *call) hangupWaiting(now time.Time, reason, outcome string) {
	k.rec.Outcome = "answered"
	if k.rec.Connected.IsZero() {
		k.rec.Outcome = outcome
	}
	k.hangupCaller("normal")
	k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: reason, Q850: 16})
}
