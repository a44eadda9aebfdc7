package switchboard

import (
	"context"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// fromPhone: an agent has dialled on his own telephone. The dial rules hold for that too. While he has a caller it is a
// consultation; else a call of his own. Who is not on duty, or writes up a call, can call as well, without the core.
func (d *desk) fromPhone(now time.Time, n *ari.Node, e *ari.StasisStart) {
	agent := d.agentAt(n, endpointIn(e.Channel.Name))
	to, err := d.extension(reach{target: ctid.Target{Kind: "ext", ID: clip(e.Args[1], 32)}}, clip(e.Args[1], 32))
	v, _ := d.core.AgentView(agent)
	switch {
	case agent == "":
		err = ctid.Refuse(ctid.Forbidden, "the phone is no agent's")
	case err != nil:
	case to.agent == agent:
		err = ctid.Refuse(ctid.BadRequest, "he has dialled himself")
	case to.agent == "" && to.number == "":
		err = ctid.Refuse(ctid.NoRoute, "agents cannot dial the centre's own numbers")
	case v.State == ctid.Reserved:
		err = ctid.Refuse(ctid.AgentReserved, "he is being rung")
	}
	if err != nil {
		d.refusePhone(now, n, e, agent, err)
		return
	}
	if k := d.calls[v.Call]; v.State == ctid.Talking && k != nil {
		d.byChan[e.Channel.ID] = k
		k.aliases = append(k.aliases, e.Channel.ID)
		k.post(func(now time.Time) { k.phoneConsult(now, agent, e.Channel.ID, to) })
		return
	}
	d.phoneCall(now, n, e, agent, to)
}

// phoneCall is a call that an agent has begun on his phone.
func (d *desk) phoneCall(now time.Time, n *ari.Node, e *ari.StasisStart, agent ctid.AgentID, to reach) {
	id := ctid.CallID(d.sb.cfg.NewID("c_"))
	by := ctid.By{Kind: "phone", ID: string(agent)}
	v, _ := d.core.AgentView(agent)
	if v.State == ctid.Ready || v.State == ctid.Paused {
		if refused := d.asked(now, acd.WorkBegun{Agent: agent, Task: ctid.TaskID(id), Doing: ctid.DoingDialing, By: by}); refused != nil {
			d.refusePhone(now, n, e, agent, refused)
			return
		}
	}
	k := d.newCall(n, id, "", Route{})
	k.outbound(now, to, "")
	d.byChan[e.Channel.ID] = k
	k.aliases = append(k.aliases, e.Channel.ID)
	k.legs[e.Channel.ID] = &leg{id: e.Channel.ID, agent: agent, offer: ctid.OfferID(id), born: now, up: true}
	k.dialing = &dialing{agent: agent, own: e.Channel.ID, to: to, shown: k.shownAs(), wish: &wish{agent: agent, by: by, op: ctid.CallDial{}.Op()}}
	d.opened(now, k, by)
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) {
		k.watch(e.Channel.ID)
		k.ownUp(now)
	})
}

// refusePhone lets a phone hear that its call is not made.
func (d *desk) refusePhone(now time.Time, n *ari.Node, e *ari.StasisStart, agent ctid.AgentID, err *ctid.Error) {
	d.fact(now, ctid.Event{By: ctid.By{Kind: "phone", ID: string(agent)}, Agent: agent, Body: ctid.CallNote{What: "phone_call_refused",
		Data: map[string]any{"code": string(err.Code), "node": n.Name()}}})
	reason := "congestion"
	switch err.Code {
	case ctid.AgentReserved, ctid.TargetBusy:
		reason = "busy"
	case ctid.NoRoute:
		reason = "unallocated"
	}
	d.background(n, func(ctx context.Context) error { return n.Hangup(ctx, e.Channel.ID, reason, 0) })
}

// watch has the end of a channel told that we did not make.
func (k *call) watch(channel string) {
	k.aside(func(ctx context.Context) func(now time.Time) {
		err := k.node.SubscribeChannel(ctx, channel)
		return func(now time.Time) {
			if l := k.legs[channel]; l != nil && (ari.IsNotFound(err) || ari.IsUnprocessable(err)) {
				k.legGone(now, l, 0, 0)
			}
		}
	})
}

// phoneConsult: the agent has held his caller on his phone, and dials beside him.
func (k *call) phoneConsult(now time.Time, agent ctid.AgentID, channel string, to reach) {
	l := &leg{id: channel, role: roleOwn, agent: agent, born: now, up: true}
	k.legs[channel] = l
	k.watch(channel)
	if k.talk == nil || k.talk.agent != agent || k.side != nil || k.ended {
		l.asked = true
		k.hangupLeg(l)
		return
	}
	s := &side{to: to, own: channel}
	k.side = s
	by := ctid.By{Kind: "phone", ID: string(agent)}
	k.doing(agent, ctid.DoingConsult, by)
	k.warn("the ringing tone failed", k.node.Ring(k.ctx, channel))
	if to.agent != "" {
		k.askAgent(to.agent, ctid.OfferConsult, by, func(now time.Time, err *ctid.Error) {
			if k.side == s {
				k.sideOver(now, err, "busy")
			}
		})
		return
	}
	p, err := k.dialParty(now, to, channel)
	if err != nil {
		k.sideOver(now, ctid.Refuse(ctid.NoRoute, "this number cannot be reached"), "failed")
		return
	}
	s.leg = p.id
	k.sideRings()
}

// transferByPhone: a phone asks by REFER. It gets the same transfers as a desktop, under the same rules.
func (k *call) transferByPhone(now time.Time, e *ari.ChannelTransfer) {
	if e.State != "" { // the echo of our own word
		return
	}
	source := e.ReferredBy.Source.ID
	if k.referring == source { // told twice, as everything of a phone whose endpoint is subscribed to
		return
	}
	k.referring = source
	w := &wish{by: ctid.By{Kind: "phone"}, refer: source, reply: func(r ctid.Reply) {
		if r.Phase == ctid.Failed {
			k.post(func(time.Time) {
				k.referring = ""
				k.warn("telling a phone of its transfer failed", k.node.TransferProgress(k.ctx, source, ari.TransferDeclined))
			})
		}
	}}
	l := k.legs[source]
	if l == nil || k.talk == nil || k.talk.leg != source {
		w.reply(failed(ctid.Refuse(ctid.WrongState, "the phone has no caller to transfer")))
		return
	}
	w.agent, w.by.ID = l.agent, string(l.agent)
	if e.Attended() {
		w.op = ctid.CallTransferComplete{}.Op()
		if k.side == nil || !k.side.up || e.ReferTo.Destination.ID != k.side.ownLeg(k) {
			k.wishFailed(w, ctid.Refuse(ctid.WrongState, "there is no consultation to join"))
			return
		}
		k.warn("telling a phone of its transfer failed", k.node.TransferProgress(k.ctx, source, ari.TransferAnswered))
		k.complete(now, w)
		return
	}
	w.op = ctid.CallTransferBlind{}.Op()
	if !slices.Contains(k.canOf(l.agent), w.op) {
		k.wishFailed(w, ctid.Refuse(ctid.WrongState, "the call cannot be handed on now"))
		return
	}
	k.desk.post(func(time.Time) {
		ext := clip(e.ReferTo.Requested.Destination, 32)
		to, err := k.desk.extension(reach{target: ctid.Target{Kind: "ext", ID: ext}}, ext)
		k.post(func(now time.Time) {
			switch {
			case err != nil:
				k.wishFailed(w, err)
			case !slices.Contains(k.canOf(l.agent), w.op):
				k.wishFailed(w, ctid.Refuse(ctid.WrongState, "the call cannot be handed on now"))
			default:
				k.transferBlind(now, "", to, w)
			}
		})
	})
}
