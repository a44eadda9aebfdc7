package switchboard

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"ctid"
	"ctid/acd"
)

// supervise carries out a supervisor's request about a call that waits. That it waits, and for whom its phone may ring, the core
// knows; what it refuses is the answer.
func (d *desk) supervise(now time.Time, who ctid.Who, a ctid.Action, by ctid.By, reply func(ctid.Reply)) {
	switch r := a.(type) {
	case ctid.QueueMove:
		d.queueMove(now, r, by, reply)
	case ctid.QueuePrioritise:
		d.queuePrioritise(now, r, by, reply)
	case ctid.QueueRemove:
		d.queueRemove(now, r, by, reply)
	case ctid.QueuePick:
		d.queuePick(now, who, r, by, reply)
	}
}

// waits gives a live call, or answers that it is over.
func (d *desk) waits(id ctid.CallID, reply func(ctid.Reply)) *call {
	k := d.calls[id]
	if k == nil {
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
	}
	return k
}

// ofWaiting gives the core a supervisor's request about a live call. Where that does not wait, the answer says where it is.
func (d *desk) ofWaiting(now time.Time, k *call, ev acd.Event, reply func(ctid.Reply)) bool {
	if _, waits := d.core.QueueOf(ctid.TaskID(k.id)); waits {
		return d.request(now, ev, reply)
	}
	is := d.whereIs(k.id)
	return d.request(now, ev, func(r ctid.Reply) {
		if r.Phase == ctid.Failed {
			r.Err = is
		}
		reply(r)
	})
}

// whereIs says of a live call that waits in no queue what it is at.
func (d *desk) whereIs(id ctid.CallID) *ctid.Error {
	is := func(state, text string) *ctid.Error {
		return &ctid.Error{Code: ctid.WrongState, Text: "this call waits in no queue: " + text, Data: map[string]any{"state": state}}
	}
	for _, a := range d.plan.ACD.Agents {
		v, ok := d.core.AgentView(a.ID)
		if !ok || v.Call != id || v.State != ctid.Talking && v.State != ctid.Reserved {
			continue
		}
		err := is(string(v.State), fmt.Sprintf("agent %s is %s with it", a.ID, v.State))
		err.Data["agent"] = a.ID
		return err
	}
	switch {
	case d.isParked(id):
		return is("parked", "it is parked")
	case d.owed[id]:
		return is("owed", "it is a callback, and its next attempt is not due yet")
	}
	return is("elsewhere", "its script has it, or somebody outside, or it is about to end")
}

func (d *desk) queueMove(now time.Time, r ctid.QueueMove, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	switch {
	case k == nil:
	case !d.hasQueue(r.Queue):
		reply(failed(ctid.Refuse(ctid.NoRoute, "there is no queue "+strconv.Quote(clip(string(r.Queue), 64)))))
	default:
		d.ofWaiting(now, k, acd.Move{Task: ctid.TaskID(k.id), To: r.Queue, By: by}, reply)
	}
}

func (d *desk) queuePrioritise(now time.Time, r ctid.QueuePrioritise, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	switch {
	case k == nil:
	case r.Priority == nil:
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "the priority is missing", Fields: []string{"args.priority"}}))
	default:
		d.ofWaiting(now, k, acd.Prioritise{Task: ctid.TaskID(k.id), Priority: *r.Priority, By: by}, reply)
	}
}

// queueRemove takes a caller out of his queue. What becomes of him his call is told before it hears that he is out.
func (d *desk) queueRemove(now time.Time, r ctid.QueueRemove, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	if k == nil {
		return
	}
	_, waits := d.core.QueueOf(ctid.TaskID(k.id))
	if err := d.removable(k, r.How); err != nil {
		reply(failed(err))
		return
	}
	wish := &removal{how: r.How, by: by}
	switch {
	case d.owed[k.id] && !waits:
		k.post(func(now time.Time) { k.dropOwed(now, r, by, reply) })
	case r.How == ctid.RemoveCallback && !waits:
		reply(failed(d.whereIs(k.id)))
	case r.How == ctid.RemoveCallback:
		k.post(func(now time.Time) { k.leaveCallback(now, wish, reply) })
	default:
		k.post(func(time.Time) { k.removed = wish })
		if !d.ofWaiting(now, k, acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitRemoved, By: by}, reply) {
			k.post(func(time.Time) { k.removed = nil })
		}
	}
}

// removable says why a call cannot be taken out of its queue so, whether or not it waits; nil: it can.
func (d *desk) removable(k *call, how string) *ctid.Error {
	switch {
	case !slices.Contains(ctid.Removals, how):
		return &ctid.Error{Code: ctid.BadRequest, Text: "a caller can be removed by hangup, script or callback, not by " + strconv.Quote(clip(how, 64)),
			Fields: []string{"args.how"}}
	case d.owed[k.id] && how != ctid.RemoveHangup:
		return &ctid.Error{Code: ctid.BadRequest, Text: "nobody is on the line: a callback can only be dropped (how: hangup)", Fields: []string{"args.how"}}
	case d.owed[k.id] && d.draining:
		return ctid.Refuse(ctid.Draining, "ctid is stopping; the callback waits for the next run")
	}
	return nil
}

// queuePick has an agent offered a waiting call past its queue's order.
func (d *desk) queuePick(now time.Time, who ctid.Who, r ctid.QueuePick, by ctid.By, reply func(ctid.Reply)) {
	if r.Agent == "" {
		r.Agent = who.Agent
	}
	k := d.waits(r.Call, reply)
	_, known := d.core.AgentView(r.Agent)
	switch {
	case k == nil:
	case r.Agent == "":
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "you are no agent: agent names whom the caller is offered to", Fields: []string{"args.agent"}}))
	case !known:
		reply(failed(ctid.Refuse(ctid.NotFound, "there is no agent "+strconv.Quote(clip(string(r.Agent), 64)))))
	default:
		d.ofWaiting(now, k, acd.Pick{Task: ctid.TaskID(k.id), Agent: r.Agent, By: by}, reply)
	}
}
