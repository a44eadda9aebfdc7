package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// popState is the pop that an agent has on his screen: he has one at most, as he has one call at most.
type popState struct {
	id      ctid.PopID
	rev     uint64
	call    ctid.CallID
	offer   ctid.OfferID
	decided time.Time
	seen    bool
}

// popWhy is the word that closes the pop of an offer that led to no conversation.
func popWhy(c acd.EndOffer) string {
	switch c.End {
	case ctid.OfferMissed:
		return "missed"
	case ctid.OfferRejected:
		return "rejected"
	case ctid.OfferCancelled:
		if c.Why == "caller_gone" || c.Why == answeredElsewhere {
			return c.Why
		}
		return "revoked"
	}
	return "revoked"
}

// offerPop stamps the pop of an offer and tells the call its number.
func (d *desk) offerPop(now time.Time, k *call, m acd.MakeOffer, data ctid.PopData, decided time.Time) {
	if v, ok := d.core.AgentView(m.Agent); !ok || v.Offer != m.Offer {
		return // over already: the call is told by the end of the offer
	}
	d.closePop(now, m.Agent, "", "done") // of the conversation before: an offer that failed has closed its own
	p := &popState{id: ctid.PopID(d.sb.cfg.NewID("p_")), rev: 1, call: k.id, offer: m.Offer, decided: decided}
	d.pops[m.Agent] = p
	ev := d.fact(now, ctid.Event{By: ctid.BySystem, Call: k.id, Agent: m.Agent, Queue: m.Queue, Pop: p.id, Rev: p.rev,
		Agents: []ctid.AgentID{m.Agent}, Body: ctid.PopOffered{PopData: data}}, k.person(data.Match.Chosen, data.ANI))
	d.tellReserved(now, m.Agent)
	k.post(func(now time.Time) { k.popStamped(now, m.Offer, ev.Seq) })
}

// popAnew puts the pop of a conversation that an earlier run has joined back on the agent's screen.
func (d *desk) popAnew(now time.Time, k *call, agent ctid.AgentID, data ctid.PopData) {
	d.closePop(now, agent, "", "done")
	p := &popState{id: ctid.PopID(d.sb.cfg.NewID("p_")), rev: 1, call: k.id, offer: data.Offer, decided: now}
	d.pops[agent] = p
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: k.id, Agent: agent, Queue: data.Queue.ID, Pop: p.id, Rev: p.rev,
		Agents: []ctid.AgentID{agent}, Body: ctid.PopOffered{PopData: data}}, k.person(data.Match.Chosen, data.ANI))
}

// updatePop changes the pop of an offer, if it is still on the screen.
func (d *desk) updatePop(now time.Time, k *call, agent ctid.AgentID, why string, patch map[string]any, data ctid.PopData) {
	p := d.pops[agent]
	if p == nil || p.call != k.id {
		return
	}
	p.rev++
	d.fact(now, ctid.Event{By: ctid.By{Kind: "system", ID: "crm:main"}, Call: k.id, Agent: agent, Pop: p.id, Rev: p.rev,
		Agents: []ctid.AgentID{agent}, Body: ctid.PopUpdated{Why: why, Patch: patch, Data: data}}, k.person(data.Match.Chosen, data.ANI))
}

// closePop closes the agent's pop: the one of that offer, or with an empty offer whichever is open.
func (d *desk) closePop(now time.Time, agent ctid.AgentID, offer ctid.OfferID, why string) {
	p := d.pops[agent]
	if p == nil || (offer != "" && p.offer != offer) {
		return
	}
	delete(d.pops, agent)
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: p.call, Agent: agent, Pop: p.id, Rev: p.rev + 1,
		Agents: []ctid.AgentID{agent}, Body: ctid.PopClosed{Why: why}})
}

// popAcked notes when the page had shown the pop.
func (d *desk) popAcked(now time.Time, agent ctid.AgentID, a ctid.PopAck) {
	p := d.pops[agent]
	if p == nil || p.id != a.Pop {
		return
	}
	if a.What == "shown" {
		if p.seen {
			return
		}
		p.seen = true
	}
	ms := now.Sub(p.decided).Milliseconds()
	d.fact(now, ctid.Event{By: ctid.By{Kind: "agent", ID: string(agent)}, Call: p.call, Agent: agent, Pop: p.id, Rev: p.rev,
		Body: ctid.PopSeen{What: a.What, Detail: clip(a.Detail, 200), SeenMS: ms}})
	if k := d.calls[p.call]; k != nil && a.What == "shown" {
		offer := p.offer
		k.post(func(time.Time) { k.popSeen(offer, ms) })
	}
}

// clip cuts a text from outside to n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n]
}
