package switchboard

import (
	"strconv"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ivr"
	"ctid/phone"
)

// reach is a target as the plan in force reads it: one of agent, queue, script, number and park is set.
type reach struct {
	target ctid.Target
	agent  ctid.AgentID
	queue  ctid.QueueID
	script *ivr.Script
	key    string // of script among the plan's Answers
	number string // of somebody outside
	park   bool
}

// resolve finds what a target means, or says why it cannot be reached.
func (d *desk) resolve(t ctid.Target) (reach, *ctid.Error) {
	r := reach{target: t}
	switch t.Kind {
	case "agent":
		if _, ok := d.core.AgentView(ctid.AgentID(t.ID)); !ok {
			return r, ctid.Refuse(ctid.NoRoute, "there is no agent "+strconv.Quote(clip(t.ID, 64)))
		}
		r.agent = ctid.AgentID(t.ID)
	case "queue":
		for _, q := range d.plan.ACD.Queues {
			if q.ID == ctid.QueueID(t.ID) {
				r.queue = q.ID
				return r, nil
			}
		}
		return r, ctid.Refuse(ctid.NoRoute, "there is no queue "+strconv.Quote(clip(t.ID, 64)))
	case "ivr":
		if r.script = d.plan.Scripts[t.ID]; r.script == nil {
			return r, ctid.Refuse(ctid.NoRoute, "there is no script "+strconv.Quote(clip(t.ID, 64)))
		}
		r.key = "script:" + t.ID
	case "park":
		r.park = true
	case "number":
		return d.outside(r, string(t.E164))
	case "ext":
		return d.extension(r, t.ID)
	default:
		return r, &ctid.Error{Code: ctid.BadRequest, Text: "a target is an agent, queue, number, ext, ivr or park", Fields: []string{"args.to.kind"}}
	}
	return r, nil
}

// extension finds what a number dialled inside means: a colleague's phone, one of the centre's own numbers, or a number
// that the dial rules allow.
func (d *desk) extension(r reach, ext string) (reach, *ctid.Error) {
	for _, a := range d.plan.ACD.Agents {
		for _, dev := range d.devicesOf(a.ID) {
			if _, name, _ := strings.Cut(dev.Endpoint, "/"); name == ext && ext != "" {
				r.agent = a.ID
				return r, nil
			}
		}
	}
	if route, ok := d.plan.Routes.Route(ext); ok && route.Script != nil {
		r.script, r.key = route.Script, route.Key
		return r, nil
	}
	return d.outside(r, ext)
}

// outside reads a number to dial under the dial rules.
func (d *desk) outside(r reach, raw string) (reach, *ctid.Error) {
	n, err := phone.Dial(raw, d.plan.DialRules)
	if err != nil {
		return r, ctid.Refuse(ctid.NoRoute, err.Error())
	}
	r.number = n.String()
	return r, nil
}

// control hands a request about a call to the call, with what its target means.
func (d *desk) control(who ctid.Who, a ctid.Action, id ctid.CallID, to *ctid.Target, by ctid.By, reply func(ctid.Reply)) {
	k := d.calls[id]
	if k == nil {
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
		return
	}
	var r reach
	if to != nil {
		var err *ctid.Error
		if r, err = d.resolve(*to); err != nil {
			reply(failed(err))
			return
		}
	}
	k.post(func(now time.Time) { k.control(now, a, r, &wish{agent: who.Agent, by: by, op: a.Op(), reply: reply}) })
}

// pickup finds the call that an agent wants to pick up.
func (d *desk) pickup(now time.Time, who ctid.Who, r ctid.CallPickup, by ctid.By, reply func(ctid.Reply)) {
	if id, ok := d.slots[r.Slot]; ok && r.Slot != "" {
		r.Call = id
	}
	k := d.calls[r.Call]
	if r.Offer != "" {
		task, _ := d.core.TaskOf(r.Offer)
		k = d.calls[ctid.CallID(task)]
	}
	switch {
	case k == nil && r.Slot != "":
		reply(failed(ctid.Refuse(ctid.NotFound, "nobody is parked in slot "+clip(r.Slot, 16))))
	case k == nil:
		reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
	case d.isParked(k.id):
		k.post(func(time.Time) {
			k.pickup(&wish{agent: who.Agent, by: by, op: r.Op(), reply: reply})
		})
	case !d.mayPick(who, k.id):
		reply(failed(ctid.Refuse(ctid.Forbidden, "you do not serve the queue that this caller waits in")))
	default:
		d.request(now, acd.Pick{Task: ctid.TaskID(k.id), Agent: who.Agent, By: by}, reply)
	}
}

// mayPick: who serves a caller's queue, or supervises, may take him out of it.
func (d *desk) mayPick(who ctid.Who, call ctid.CallID) bool {
	queue, waits := d.core.QueueOf(ctid.TaskID(call))
	if !waits || who.Has(ctid.RoleSupervisor) || who.Has(ctid.RoleAdmin) {
		return true // who waits nowhere cannot be picked: the core says so
	}
	v, _ := d.core.AgentView(who.Agent)
	for _, q := range v.Queues {
		if q == queue {
			return true
		}
	}
	return false
}

// parkSlot gives a call the first slot that is free, and says for how long; empty: none is.
func (d *desk) parkSlot(k *call) (string, time.Duration) {
	for i := range d.plan.Park.Slots {
		slot := strconv.Itoa(d.plan.Park.First + i)
		if _, taken := d.slots[slot]; !taken {
			d.slots[slot] = k.id
			return slot, d.plan.Park.Time
		}
	}
	return "", 0
}

func (d *desk) takeSlot(slot string, k *call) { d.slots[slot] = k.id }

func (d *desk) freeSlot(slot string, id ctid.CallID) {
	if d.slots[slot] == id {
		delete(d.slots, slot)
	}
}

func (d *desk) isParked(id ctid.CallID) bool {
	for _, c := range d.slots {
		if c == id {
			return true
		}
	}
	return false
}
