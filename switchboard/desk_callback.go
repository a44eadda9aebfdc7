package switchboard

import (
	"cmp"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// Callbacks says how often a queue has a customer called back who is not to be had, and how long it leaves him alone between.
type Callbacks struct {
	Attempts int           // 0: 3
	Gap      time.Duration // 0: 5 min
}

// What a queue has that says nothing of callbacks.
const (
	callbackTimes = 3
	callbackGap   = 5 * time.Minute
)

// The kinds of a callback: it waits in the place of the caller who left it, or as one that came when it was asked for.
const (
	keepsPlace = "keeps_place"
	inTurn     = "in_turn"
)

// takeCallback lets a callback wait in a caller's place, or, late, behind all others. Its open record is how it outlives this run.
func (d *desk) takeCallback(now time.Time, from *call, a attempt, late bool, reply func(ctid.Reply)) bool {
	if err := d.mayCallBack(from, &a.owed, nil); err != nil {
		reply(failed(err))
		return false
	}
	k := d.beginOwed(now, from.node, a)
	if !d.ofWaiting(now, from, acd.TakeCallback{Task: ctid.TaskID(from.id), As: ctid.TaskID(k.id), By: a.by, Ahead: a.owed.ahead, Late: late}, reply) {
		k.stop()
		d.forget(k)
		return false
	}
	how := keepsPlace
	if late {
		how = inTurn
	}
	d.scheduled(now, from, k, a, how)
	return true
}

// mayCallBack says why a customer cannot be called back, by the rules in force; nil: he can. The number is then as it is dialled.
func (d *desk) mayCallBack(from *call, o *owed, allow []string) *ctid.Error {
	to, err := d.resolve(o.target())
	if err != nil {
		return err
	}
	_, own := d.ownNumber(o.number, to.number)
	_, noWay := from.endpointFor(to.number)
	switch {
	case own != nil:
		return ctid.Refuse(ctid.NoRoute, "this is one of our own numbers")
	case allow != nil && !d.allowedBy(o.number, allow):
		return ctid.Refuse(ctid.NoRoute, "the script does not allow calls to this number")
	case noWay != nil:
		return ctid.Refuse(ctid.PBXDown, noWay.Error())
	case d.draining:
		return ctid.Refuse(ctid.Draining, "ctid is stopping and takes no new callbacks")
	}
	o.number = to.number
	return nil
}

// scheduled tells of a new callback and begins its life.
func (d *desk) scheduled(now time.Time, from, k *call, a attempt, how string) {
	body := ctid.CallbackScheduled{Callback: k.owed.callback, How: how, To: a.owed.target(), Why: callbackRemoved, First: "agent"}
	if a.by.Kind == "caller" {
		body.Why = "asked"
	}
	if a.owed.ahead {
		body.First = "customer"
	}
	if !a.owed.until.IsZero() {
		body.Until = d.sb.clock.wall(a.owed.until)
	}
	d.fact(now, ctid.Event{By: a.by, Call: from.id, Queue: a.stay.queue, Body: body}, from.person(a.rec.Customer, a.rec.ANI))
	d.openOwed(now, k, a.by)
}

// attempted: an attempt came to nothing. The next one is begun, unless there were enough, or its time would be over. record adds
// that of the call that failed to the fact.
func (d *desk) attempted(now time.Time, n *ari.Node, from ctid.CallID, a attempt, result string, record ...func(*ctid.LogEntry)) {
	o := a.owed
	of := cmp.Or(o.most, d.plan.Callbacks[a.stay.queue].Attempts, callbackTimes)
	due := now.Add(d.pauseOf(o, a.stay.queue))
	body := ctid.CallbackAttempted{Callback: o.callback, N: o.n, Of: of, Result: result}
	why := ""
	switch {
	case o.n >= of:
		why = callbackAttempts
	case !o.until.IsZero() && due.After(o.until):
		why = callbackWindow
	}
	if why != "" {
		d.unbook(&o, from)
		d.fact(now, ctid.Event{By: a.by, Call: from, Queue: a.stay.queue, Body: body}, record...)
		d.fact(now, ctid.Event{By: a.by, Call: from, Queue: a.stay.queue, Body: ctid.CallbackClosed{Callback: o.callback, Why: why, Attempts: o.n}})
		return
	}
	a.owed.n, a.owed.due = o.n+1, due
	k := d.beginOwed(now, n, a)
	body.NextAt, body.NextCall = d.sb.clock.wall(due), k.id
	d.fact(now, ctid.Event{By: a.by, Call: from, Queue: a.stay.queue, Body: body}, record...)
	d.openOwed(now, k, a.by)
}

// pauseOf is how long a customer is left alone after an attempt.
func (d *desk) pauseOf(o owed, queue ctid.QueueID) time.Duration {
	return cmp.Or(o.gap, d.plan.Callbacks[queue].Gap, callbackGap)
}

// bookedAt is what there is one callback for at a time.
type bookedAt struct {
	queue  ctid.QueueID
	number string
}

func (o *owed) at() bookedAt { return bookedAt{o.in, o.number} }

// unbook forgets a callback that the call was made for, for it is closed.
func (d *desk) unbook(o *owed, call ctid.CallID) {
	if d.booked[o.at()] == call {
		delete(d.booked, o.at())
	}
}

// target is whom an attempt dials.
func (o *owed) target() ctid.Target {
	return ctid.Target{Kind: "number", E164: ctid.Private(o.number)}
}

// beginOwed makes the call of an attempt known; openOwed tells of it and starts its goroutine.
func (d *desk) beginOwed(now time.Time, n *ari.Node, a attempt) *call {
	k := d.newCall(n, ctid.CallID(d.sb.cfg.NewID("c_")), "", Route{})
	o, stay := a.owed, a.stay
	o.callback, o.in = cmp.Or(o.callback, ctid.CallbackID(k.id)), cmp.Or(o.in, stay.queue)
	stay.since = now
	k.rec, k.owed, k.queue, k.shown = a.rec, &o, &stay, d.plan.ShownAs
	k.rec.ID, k.rec.Arrived = k.id, d.wall(now)
	if o.due.IsZero() {
		k.rec.Queues = []ctid.QueueVisit{{Queue: stay.queue, Entered: k.rec.Arrived, Priority: stay.priority}}
	}
	d.owed[k.id], d.booked[o.at()], k.dials = true, k.id, o.number
	return k
}

// openOwed tells of the call of an attempt, and starts its goroutine.
func (d *desk) openOwed(now time.Time, k *call, by ctid.By) {
	rec := k.record()
	k.rev++
	d.fact(now, ctid.Event{By: by, Call: k.id, Queue: k.queue.queue, Rev: k.rev, Body: ctid.CallOriginated{Dir: "out", To: k.owed.target(),
		ShownAs: k.shownAs(), First: k.owed.first()}}, k.person(k.rec.Customer, k.rec.ANI), func(le *ctid.LogEntry) { le.Record = rec })
	if place, waits := d.core.Position(ctid.TaskID(k.id)); waits {
		k.owed.told = true
		k.rev++
		d.fact(now, ctid.Event{By: ctid.BySystem, Call: k.id, Queue: k.queue.queue, Rev: k.rev, Body: ctid.CallQueued{Position: place,
			Priority: k.queue.priority, From: k.rec.IVR.Script, Callback: true}})
	}
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.startOwed(now, nil) })
}

// first is who is rung first.
func (o *owed) first() string {
	if o.ahead {
		return "customer"
	}
	return "agent"
}

// busy is how many calls there are, without the callbacks for which nobody is on the line.
func (d *desk) busy() int { return len(d.calls) - len(d.owed) }

// owes tells whether an open record is that of a callback that no agent has had, and of which nobody is on the line.
func owes(r ctid.CallRecord) bool {
	return r.Live != nil && r.Live.Callback != nil && r.Live.Queue != nil && !r.Live.Callback.Line
}

// reviveOwed takes a callback of an earlier run over: it waits again, at its place, before those are let in who came later. What that run
// had begun to dial for it is hung up.
func (d *desk) reviveOwed(now time.Time, n *ari.Node, r ctid.CallRecord, f *found) {
	l, q := r.Live, r.Live.Queue
	r.Live = nil
	k := d.newCall(n, r.ID, "", Route{})
	k.rec, k.born, k.names, k.shown = r, earliest(k.born, r.Arrived), l.Names+namesAhead, d.plan.ShownAs
	o := owedOf(l.Callback)
	o.in = cmp.Or(o.in, q.Queue)
	if most := now.Add(d.pauseOf(o, q.Queue)); o.due.After(most) { // the clock was set back while no ctid ran
		o.due = most
	}
	if !now.Before(o.due) { // the pause ended while no ctid ran
		o.due = time.Time{}
	}
	k.owed = &o
	k.queue = &queueStay{queue: q.Queue, entered: q.Entered, since: q.Entered, priority: q.Priority, skills: q.Skills}
	if last := len(r.Queues) - 1; last >= 0 && r.Queues[last].Exit == "" {
		k.queue.since = d.sb.clock.began(r.Queues[last].Entered)
	} else if o.due.IsZero() { // an agent had it, and was lost with that run; or it was not due
		k.queue.since = now
		k.rec.Queues = append(slices.Clone(r.Queues), ctid.QueueVisit{Queue: q.Queue, Entered: d.wall(now), Priority: q.Priority})
	}
	for _, b := range f.bridges[r.ID] {
		k.doubtful = append(k.doubtful, b.ID)
	}
	var legs []string
	for _, c := range f.legs[r.ID] {
		legs = append(legs, c.ID)
	}
	d.owed[r.ID], d.booked[o.at()], k.dials = true, r.ID, o.number
	d.endTalks(now, r.ID, true)
	entry, waits := k.entryOwed(), o.due.IsZero() && !o.over(now) && !d.draining
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.startOwed(now, legs) })
	if waits {
		d.decide(now, entry)
	}
}

// lostOnLine: the customer who had answered was on the line when an earlier run ended, and is not any more. He is called again.
func (d *desk) lostOnLine(now time.Time, n *ari.Node, r ctid.CallRecord) {
	if r.Live == nil || r.Live.Callback == nil || r.Live.Queue == nil {
		return
	}
	o, q := owedOf(r.Live.Callback), r.Live.Queue
	o.in, o.line = cmp.Or(o.in, q.Queue), false
	a := attempt{owed: o, by: ctid.BySystem, stay: queueStay{queue: q.Queue, entered: q.Entered, priority: q.Priority, skills: q.Skills}}
	a.rec = ctid.CallRecord{Node: r.Node, Dir: "out", ANI: r.ANI, DNIS: r.DNIS, IVR: r.IVR, Customer: r.Customer, Attached: r.Attached}
	d.attempted(now, n, r.ID, a, "lost")
}
