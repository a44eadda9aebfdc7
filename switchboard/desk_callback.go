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

// keepsPlace is the kind of a callback that waits in the place of the caller who left it.
const keepsPlace = "keeps_place"

// takeCallback lets a callback wait in a caller's place. Its open record is how it outlives this run.
func (d *desk) takeCallback(now time.Time, from *call, a attempt, reply func(ctid.Reply)) bool {
	to := a.owed.target()
	_, err := d.resolve(to)
	switch {
	case err != nil:
	case d.sb.cfg.Trunks[a.rec.Node] == "":
		err = ctid.Refuse(ctid.NoRoute, errNoTrunk.Error())
	case d.draining:
		err = ctid.Refuse(ctid.Draining, "ctid is stopping and takes no new callbacks")
	}
	if err != nil {
		reply(failed(err))
		return false
	}
	k := d.beginOwed(now, from.node, a)
	if !d.ofWaiting(now, from, acd.TakeCallback{Task: ctid.TaskID(from.id), As: ctid.TaskID(k.id), By: a.by}, reply) {
		k.stop()
		d.forget(k)
		return false
	}
	d.fact(now, ctid.Event{By: a.by, Call: from.id, Queue: a.stay.queue, Body: ctid.CallbackScheduled{Callback: k.owed.callback,
		How: keepsPlace, To: to, Why: callbackRemoved}}, from.person(a.rec.Customer, a.rec.ANI))
	d.openOwed(now, k, a.by)
	return true
}

// attempted: an attempt came to nothing. The next one is begun, unless there were enough.
func (d *desk) attempted(now time.Time, from *call, a attempt, result string) {
	rule := d.plan.Callbacks[a.stay.queue]
	of, o := cmp.Or(rule.Attempts, callbackTimes), a.owed
	body := ctid.CallbackAttempted{Callback: o.callback, N: o.n, Of: of, Result: result}
	if o.n >= of {
		d.fact(now, ctid.Event{By: a.by, Call: from.id, Queue: a.stay.queue, Body: body})
		d.fact(now, ctid.Event{By: a.by, Call: from.id, Queue: a.stay.queue, Body: ctid.CallbackClosed{Callback: o.callback, Why: callbackAttempts, Attempts: o.n}})
		return
	}
	a.owed.n, a.owed.due = o.n+1, now.Add(cmp.Or(rule.Gap, callbackGap))
	k := d.beginOwed(now, from.node, a)
	body.NextAt, body.NextCall = d.sb.clock.wall(a.owed.due), k.id
	d.fact(now, ctid.Event{By: a.by, Call: from.id, Queue: a.stay.queue, Body: body})
	d.openOwed(now, k, a.by)
}

// target is whom an attempt dials.
func (o *owed) target() ctid.Target {
	return ctid.Target{Kind: "number", E164: ctid.Private(o.number)}
}

// beginOwed makes the call of an attempt known; openOwed tells of it and starts its goroutine.
func (d *desk) beginOwed(now time.Time, n *ari.Node, a attempt) *call {
	k := d.newCall(n, ctid.CallID(d.sb.cfg.NewID("c_")), "", Route{})
	o, stay := a.owed, a.stay
	o.callback = cmp.Or(o.callback, ctid.CallbackID(k.id))
	stay.since = now
	k.rec, k.owed, k.queue, k.shown = a.rec, &o, &stay, d.plan.ShownAs
	k.rec.ID, k.rec.Arrived = k.id, d.wall(now)
	if o.due.IsZero() {
		k.rec.Queues = []ctid.QueueVisit{{Queue: stay.queue, Entered: k.rec.Arrived, Priority: stay.priority}}
	}
	d.owed[k.id] = true
	return k
}

// openOwed tells of the call of an attempt, and starts its goroutine.
func (d *desk) openOwed(now time.Time, k *call, by ctid.By) {
	rec := k.record()
	k.rev++
	d.fact(now, ctid.Event{By: by, Call: k.id, Queue: k.queue.queue, Rev: k.rev, Body: ctid.CallOriginated{Dir: "out", To: k.owed.target(),
		ShownAs: k.shownAs(), First: "agent"}}, k.person(k.rec.Customer, k.rec.ANI), func(le *ctid.LogEntry) { le.Record = rec })
	if place, waits := d.core.Position(ctid.TaskID(k.id)); waits {
		k.owed.told = true
		k.rev++
		d.fact(now, ctid.Event{By: ctid.BySystem, Call: k.id, Queue: k.queue.queue, Rev: k.rev, Body: ctid.CallQueued{Position: place,
			Priority: k.queue.priority, From: k.rec.IVR.Script, Callback: true}})
	}
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.startOwed(now, nil) })
}

// busy is how many calls there are, without the callbacks for which nobody is on the line.
func (d *desk) busy() int { return len(d.calls) - len(d.owed) }

// owes tells whether an open record is that of a callback that no agent has had.
func owes(r ctid.CallRecord) bool {
	return r.Live != nil && r.Live.Callback != nil && r.Live.Queue != nil
}

// reviveOwed takes a callback of an earlier run over: it waits again, at its place. What that run had begun to dial for it is hung up.
func (d *desk) reviveOwed(now time.Time, n *ari.Node, r ctid.CallRecord, f *found) {
	l, q := r.Live, r.Live.Queue
	r.Live = nil
	k := d.newCall(n, r.ID, "", Route{})
	k.rec, k.born, k.names, k.shown = r, earliest(k.born, r.Arrived), l.Names+namesAhead, d.plan.ShownAs
	k.owed = &owed{callback: l.Callback.Callback, of: l.Callback.Of, number: string(l.Callback.Number), n: l.Callback.N, due: l.Callback.Due}
	k.queue = &queueStay{queue: q.Queue, entered: q.Entered, since: q.Entered, priority: q.Priority, skills: q.Skills}
	if last := len(r.Queues) - 1; last >= 0 && r.Queues[last].Exit == "" {
		k.queue.since = r.Queues[last].Entered
	} else if l.Callback.Due.IsZero() { // an agent had it, and was lost with that run
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
	d.owed[r.ID] = true
	d.endTalks(now, r.ID, true)
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.startOwed(now, legs) })
	if l.Callback.Due.IsZero() {
		d.decide(now, acd.Enqueue{Task: ctid.TaskID(r.ID), Queue: q.Queue, Priority: q.Priority, Entered: q.Entered, Arrived: r.Arrived, Callback: true, Again: true, Needs: needsOf(q.Skills)})
	}
}
