package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ivr"
)

// bookCallback has the caller called back, as his script has asked. For one who waits in a queue the script goes on when he is out of
// it; for any other, when the desk has said what came of it.
func (k *call) bookCallback(now time.Time, s ivr.BookCallback) {
	k.trail(now)
	o := owed{of: k.id, in: s.Queue, number: s.Number, n: 1, most: s.Tries, gap: s.Gap, ahead: s.First == "customer"}
	if s.Window > 0 {
		o.until = now.Add(s.Window)
	}
	stay, waits := queueStay{queue: s.Queue, entered: now, priority: -1}, k.queue != nil && !k.queue.over
	if k.priority != nil {
		stay.priority = *k.priority
	}
	if k.queue != nil && (waits || s.KeepPlace && k.queue.queue == s.Queue) {
		stay = queueStay{queue: k.queue.queue, entered: k.queue.entered, priority: k.queue.priority, skills: k.queue.skills}
		o.in = stay.queue
	}
	if !s.KeepPlace {
		stay.entered = now
	}
	a := k.attemptIn(o, stay)
	a.by = ctid.By{Kind: "caller"}
	k.desk.post(func(now time.Time) { k.desk.book(now, k, a, s, waits) })
}

// book makes a callback that a script has asked for. There is one for a number and queue at a time: who asks again has that one.
func (d *desk) book(now time.Time, from *call, a attempt, s ivr.BookCallback, waits bool) {
	answer := func(outcome, code string) {
		from.post(func(now time.Time) {
			from.input(now, ivr.DoneStep{ID: s.ID, Result: ivr.Result{Outcome: outcome, Code: code}})
		})
	}
	if err := d.mayCallBack(from, &a.owed, s.Allow); err != nil {
		outcome := "failed"
		if err.Code == ctid.NoRoute {
			outcome = "refused"
		}
		from.post(func(time.Time) { from.note("callback_refused", map[string]any{"queue": a.owed.in, "why": err.Text}) })
		answer(outcome, "callback."+string(err.Code))
		return
	}
	_, booked := d.booked[a.owed.at()]
	switch {
	case booked && waits: // the script hears of it when the core has let him out
		if err := d.asked(now, acd.Leave{Task: ctid.TaskID(from.id), Why: ctid.ExitCallback, By: a.by}); err != nil {
			answer("failed", "callback."+string(err.Code))
		}
	case booked:
		answer("booked", "")
	case waits:
		d.takeCallback(now, from, a, !s.KeepPlace, func(r ctid.Reply) {
			if r.Phase == ctid.Failed {
				answer("failed", "callback."+string(r.Err.Code))
			}
		})
	case d.newCallback(now, from, a):
		answer("booked", "")
	default:
		answer("failed", "callback.queue")
	}
}

// newCallback lets a callback wait for a caller who waits in no queue, and tells whether the queue takes it.
func (d *desk) newCallback(now time.Time, from *call, a attempt) bool {
	if a.stay.priority < 0 {
		a.stay.priority = d.priorityOf(a.stay.queue)
	}
	k := d.beginOwed(now, from.node, a)
	task := ctid.TaskID(k.id)
	d.decide(now, acd.Enqueue{Task: task, Queue: a.stay.queue, Priority: a.stay.priority, Entered: a.stay.entered, Arrived: from.born,
		Needs: needsOf(a.stay.skills), Callback: true, Ahead: a.owed.ahead})
	if _, in := d.core.QueueOf(task); !in {
		k.stop()
		d.forget(k)
		d.unbook(k.owed, k.id)
		return false
	}
	how := inTurn
	if a.stay.entered.Before(now) {
		how = keepsPlace
	}
	d.scheduled(now, from, k, a, how)
	return true
}

// priorityOf is that of a call in a queue for which nobody says another.
func (d *desk) priorityOf(id ctid.QueueID) int {
	for _, q := range d.plan.ACD.Queues {
		if q.ID == id && q.Priority > 0 {
			return q.Priority
		}
	}
	return usualPriority
}

// closesCallback tells the desk that an agent speaks with the caller, who need not be called back any more.
func (k *call) closesCallback() {
	if k.rec.Dir != "in" || k.rec.ANI.E164 == "" {
		return
	}
	queue, number := k.queueID(), string(k.rec.ANI.E164)
	k.desk.post(func(time.Time) { k.desk.reached(queue, number, k.id) })
}

// reached: an agent speaks with somebody who has called by himself. A callback of that queue that waits for him is closed.
func (d *desk) reached(queue ctid.QueueID, number string, by ctid.CallID) {
	id, booked := d.booked[bookedAt{queue, number}]
	k := d.calls[id]
	if !booked || k == nil || id == by {
		return
	}
	k.post(func(now time.Time) {
		switch {
		case !k.absent() || k.ended || k.dialing != nil || k.ahead != nil: // an attempt is under way
		case !k.owed.due.IsZero():
			k.dropped(now, ctid.BySystem, callbackTalked)
		case !k.queue.over:
			k.removed = &removal{how: ctid.RemoveHangup, by: ctid.BySystem, why: callbackTalked}
			k.tellCore(acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitRemoved})
		}
	})
}
