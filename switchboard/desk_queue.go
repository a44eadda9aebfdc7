package switchboard

import (
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

func (d *desk) queueMove(now time.Time, r ctid.QueueMove, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	switch {
	case k == nil:
	case !d.hasQueue(r.Queue):
		reply(failed(ctid.Refuse(ctid.NoRoute, "there is no queue "+strconv.Quote(clip(string(r.Queue), 64)))))
	default:
		d.request(now, acd.Move{Task: ctid.TaskID(k.id), To: r.Queue, By: by}, reply)
	}
}

func (d *desk) queuePrioritise(now time.Time, r ctid.QueuePrioritise, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	switch {
	case k == nil:
	case r.Priority == nil:
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "the priority is missing", Fields: []string{"args.priority"}}))
	default:
		d.request(now, acd.Prioritise{Task: ctid.TaskID(k.id), Priority: *r.Priority, By: by}, reply)
	}
}

// queueRemove takes a caller out of his queue. What becomes of him his call is told before it hears that he is out.
func (d *desk) queueRemove(now time.Time, r ctid.QueueRemove, by ctid.By, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	if k == nil {
		return
	}
	if d.owed[k.id] && r.How != ctid.RemoveHangup {
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "nobody is on the line: a callback can only be dropped (how: hangup)", Fields: []string{"args.how"}}))
		return
	}
	wish := &removal{how: r.How, by: by}
	switch r.How {
	case ctid.RemoveCallback:
		k.post(func(now time.Time) { k.leaveCallback(now, wish, reply) })
		return
	case ctid.RemoveHangup, ctid.RemoveScript:
	default:
		reply(failed(&ctid.Error{Code: ctid.BadRequest, Text: "a caller can be removed by hangup, script or callback, not by " + strconv.Quote(clip(r.How, 64)),
			Fields: []string{"args.how"}}))
		return
	}
	k.post(func(time.Time) { k.removed = wish })
	if !d.request(now, acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitRemoved, By: by}, reply) {
		k.post(func(time.Time) { k.removed = nil })
	}
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
		d.request(now, acd.Pick{Task: ctid.TaskID(k.id), Agent: r.Agent, By: by}, reply)
	}
}
