package switchboard

import (
	"time"

	"ctid"
)

// save puts the open record down as it is now, so that a restart finds the call where it stands. It goes by the desk, so
// that an older state never overwrites a newer one.
func (k *call) save() {
	if k.ended {
		return
	}
	k.tallied()
	rec := k.record()
	person := k.person(rec.Customer, rec.ANI)
	k.desk.post(func(now time.Time) {
		e := ctid.LogEntry{Seq: k.desk.seq, Epoch: k.sb.cfg.Epoch, At: k.desk.wall(now), Subject: string(k.id), Record: rec}
		person(&e)
		k.desk.seq++
		k.desk.pending = append(k.desk.pending, e)
	})
}

// record is a copy of the record that others may keep.
func (k *call) record() *ctid.CallRecord {
	r := k.rec
	r.Queues = append([]ctid.QueueVisit(nil), k.rec.Queues...)
	r.Offers = append([]ctid.OfferRecord(nil), k.rec.Offers...)
	r.Agents = append([]ctid.AgentPart(nil), k.rec.Agents...)
	r.Attached = append([]ctid.Attached(nil), k.rec.Attached...)
	r.Parties = append([]ctid.PartyPart(nil), k.rec.Parties...)
	r.Tags = append([]string(nil), k.rec.Tags...)
	r.Live = k.live()
	return &r
}

// live is what a restart needs of the call.
func (k *call) live() *ctid.Live {
	if k.ended {
		return nil
	}
	kept := k.sb.clock.kept
	l := &ctid.Live{Names: k.names, Answered: k.answered, Bridge: k.bridge, Route: k.route.Key, Inputs: k.inputs}
	if k.machine != nil && !k.machine.Done() {
		if b, err := k.machine.Snapshot(); err == nil { // an error says only that it has not begun
			l.Machine = ctid.Private(b)
		}
	}
	if q := k.queue; q != nil && !q.left {
		l.Queue = &ctid.LiveQueue{Step: q.step, Queue: q.queue, Music: q.music, Priority: q.priority, Entered: kept(q.entered), Until: kept(q.until), Skills: q.skills, Early: q.early}
	}
	l.Moves = k.moves
	if r := k.rung; r != nil && r.joined {
		l.Rung = &ctid.LiveRung{Step: r.step, Verb: r.verb, Leg: ctid.LegID(r.leg), Part: r.part, Since: kept(r.since), Until: kept(r.until)}
	}
	if o := k.owed; o != nil {
		l.Callback = o.live(kept)
	}
	l.Held, l.Message, l.Priority = k.hold != nil, k.liveMessage(), k.priority
	if p := k.parked; p != nil {
		l.Parked = &ctid.LiveParked{Slot: p.slot, By: p.by, Until: kept(p.until), BackTo: p.backTo.target}
	}
	for _, g := range k.guests {
		l.Guests = append(l.Guests, ctid.LiveTalk{Agent: g.agent, Leg: ctid.LegID(g.leg), Since: kept(g.since)})
	}
	for _, id := range k.outside {
		l.Outside = append(l.Outside, ctid.LegID(id))
	}
	if t := k.talk; t != nil && t.joined {
		l.Talk = &ctid.LiveTalk{Agent: t.agent, Leg: ctid.LegID(t.leg), Since: kept(t.since)}
	}
	return l
}
