package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// lateEdits is how long after a wrap-up its agent may still edit the call's record.
const lateEdits = time.Hour

// wrapped is a wrap-up that is open, or has not been over for long.
type wrapped struct {
	agent ctid.AgentID
	call  ctid.CallID
	since time.Time
	over  time.Time // zero: it is open
}

// noteWrap remembers whose wrap-up it is, from what the core tells of an agent, and forgets what is too old to be edited.
func (d *desk) noteWrap(now time.Time, v ctid.AgentView) {
	if w := v.Wrap; w != nil && d.wraps[w.ID] == nil {
		d.wraps[w.ID] = &wrapped{agent: v.Agent, call: w.Call, since: now}
	}
	for id, w := range d.wraps {
		open := v.Wrap != nil && v.Wrap.ID == id
		switch {
		case w.over.IsZero() && w.agent == v.Agent && !open:
			w.over = now
		case !w.over.IsZero() && now.Sub(w.over) > lateEdits:
			delete(d.wraps, id)
		}
	}
}

// wrapUpDone saves the paperwork first, then lets the agent go on. Of a wrap-up that is over only the record is edited.
func (d *desk) wrapUpDone(now time.Time, who ctid.Who, r ctid.AgentWrapUpDone, by ctid.By, reply func(ctid.Reply)) {
	v, ok := d.core.AgentView(who.Agent)
	if !ok || who.Agent == "" {
		reply(failed(ctid.Refuse(ctid.Forbidden, "this user has no agent record")))
		return
	}
	fields, _, bad := changed(nil, ctid.CallSetData{Set: r.Fields}, "agent:"+string(who.Agent), d.wall(now))
	if bad != nil {
		reply(failed(bad))
		return
	}
	saved := ctid.WrapUpSaved{Wrap: r.Wrap, Disposition: r.Disposition, Notes: r.Notes, Fields: fields}
	d.noteWrap(now, v) // an earlier run may have begun it
	if v.Wrap == nil || v.Wrap.ID != r.Wrap {
		d.lateEdit(now, who, saved, by, reply)
		return
	}
	if !d.request(now, acd.WrapUpDone{Agent: who.Agent, Wrap: r.Wrap, Coded: r.Disposition != "", Then: r.Then, Reason: r.Reason, By: by}, reply) {
		return
	}
	saved.WrapMS = now.Sub(v.Since).Milliseconds()
	d.paperwork(now, who.Agent, v.Wrap.Call, saved, by, nil)
}

// lateEdit changes the record of a call whose wrap-up is over. A second press of the same button carries what is saved
// already, or nothing: that changes nothing.
func (d *desk) lateEdit(now time.Time, who ctid.Who, s ctid.WrapUpSaved, by ctid.By, reply func(ctid.Reply)) {
	w := d.wraps[s.Wrap]
	switch {
	case w == nil || w.agent != who.Agent || !w.over.IsZero() && now.Sub(w.over) > lateEdits:
		reply(failed(ctid.Refuse(ctid.NotFound, "this wrap-up is not yours, or it is too long ago to be edited")))
	case s.Disposition == "" && s.Notes == "" && len(s.Fields) == 0:
		reply(ctid.Reply{Phase: ctid.Done, Already: true})
	default:
		s.Late = true
		seq := d.seq
		d.paperwork(now, who.Agent, w.call, s, by, func(err error) {
			reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Already: true, Unsaved: err != nil})
		})
	}
}

// paperwork stamps what an agent has written up, and puts it into the record: of a call that goes on with somebody else, into
// that which the call itself keeps as well, or its next record would take it away again.
func (d *desk) paperwork(now time.Time, agent ctid.AgentID, call ctid.CallID, s ctid.WrapUpSaved, by ctid.By, done func(error)) {
	a := &ctid.Amendment{Call: call, Agent: agent, Disposition: s.Disposition, Notes: s.Notes, Fields: s.Fields, WrapMS: s.WrapMS}
	d.fact(now, ctid.Event{By: by, Call: call, Agent: agent, Agents: []ctid.AgentID{agent}, Body: s}, func(e *ctid.LogEntry) {
		e.Amend, e.Done = a, done
	})
	if k := d.calls[call]; k != nil && !k.filed {
		k.post(func(time.Time) { k.amended(a) })
	}
}

// amended: somebody who has left this call has written it up.
func (k *call) amended(a *ctid.Amendment) {
	if k.ended { // its last record may have passed the paperwork on the way
		k.desk.post(func(now time.Time) {
			k.desk.pending = append(k.desk.pending, ctid.LogEntry{Seq: k.desk.seq, Epoch: k.sb.cfg.Epoch, At: k.desk.wall(now), Subject: string(k.id), Amend: a})
			k.desk.seq++
		})
		return
	}
	k.rec.Agents = slices.Clone(k.rec.Agents)
	a.Apply(&k.rec)
	k.save()
}
