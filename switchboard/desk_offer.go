package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
)

// makeOffer gives the offer to its call, or back to the core where there is no such call or device.
func (d *desk) makeOffer(c acd.MakeOffer) {
	k := d.calls[ctid.CallID(c.Task)]
	dev, _ := d.deviceOf(c.Agent)
	name := string(c.Queue)
	for _, q := range d.plan.ACD.Queues {
		if q.ID == c.Queue && q.Name != "" {
			name = q.Name
		}
	}
	if k == nil {
		d.post(func(now time.Time) { d.decide(now, acd.OfferFailed{Offer: c.Offer, Why: "failed"}) })
		return
	}
	if c.Kind == ctid.OfferCallback && !d.takeLine(k) {
		d.post(func(now time.Time) { d.putBehind(now, k) })
		return
	}
	d.lend(c.Agent, k)
	k.post(func(now time.Time) { k.offered(now, c, dev, name) })
}

func (d *desk) endOffer(c acd.EndOffer) {
	if k := d.calls[ctid.CallID(c.Task)]; k != nil {
		if s, _ := d.core.Standing(c.Task); c.End != ctid.OfferAccepted && d.owed[k.id] && !s.Rings {
			d.freeLine(k) // and nobody had begun to dial
		}
		k.post(func(now time.Time) { k.offerEnded(now, c) })
		return
	}
	if c.Agent != "" { // a call is forgotten when its legs are gone
		d.post(func(now time.Time) { d.decide(now, acd.LegGone{Agent: c.Agent, Offer: c.Offer}) })
	}
	for _, k := range d.calls { // the core no longer knows whose it was; the call does, and hangs its leg up
		k.post(func(now time.Time) { k.offerEnded(now, c) })
	}
}

// agentChanged publishes the agent's new view, and closes his pop when the work that it was for is done. That he is
// reserved is told behind the pop of the offer: nothing may stand on his sockets before the pop.
func (d *desk) agentChanged(now time.Time, c acd.AgentChanged) {
	d.nailFor(c.View)
	d.noteWrap(now, c.View)
	d.tellReserved(now, c.View.Agent)
	if c.View.State == ctid.Reserved && c.View.Offer != "" && d.popOf(c.View) == nil {
		d.reserved[c.View.Agent] = c
		return
	}
	d.publishAgent(now, c)
}

// popOf is the pop that the agent has for the offer that he is reserved for.
func (d *desk) popOf(v ctid.AgentView) *popState {
	if p := d.pops[v.Agent]; p != nil && p.offer == v.Offer {
		return p
	}
	return nil
}

// tellReserved publishes what was held back for the pop.
func (d *desk) tellReserved(now time.Time, agent ctid.AgentID) {
	if c, ok := d.reserved[agent]; ok {
		delete(d.reserved, agent)
		d.publishAgent(now, c)
	}
}

func (d *desk) publishAgent(now time.Time, c acd.AgentChanged) {
	v := c.View
	d.fact(now, ctid.Event{By: c.By, Rev: v.Rev, Agent: v.Agent, Agents: []ctid.AgentID{v.Agent}, Can: v.Can,
		Body: ctid.AgentStateChanged{AgentView: v}})
	if v.State != ctid.Reserved && v.State != ctid.Talking && v.State != ctid.WrapUp {
		d.closePop(now, v.Agent, "", "done")
	}
}
