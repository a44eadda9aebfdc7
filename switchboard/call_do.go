package switchboard

import (
	"fmt"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// wish is a request about a call that is being carried out. It is answered once, with done or fail.
type wish struct {
	agent ctid.AgentID
	by    ctid.By
	op    string
	refer string // the agent's channel, whose phone asked by REFER
	reply func(ctid.Reply)
}

// done answers when all that was told so far is on disk.
func (k *call) wishDone(w *wish) {
	if w == nil || w.reply == nil {
		return
	}
	reply := w.reply
	w.reply = nil
	k.did[w.agent] = w.op
	k.desk.post(func(now time.Time) { k.desk.replyAfterCommit(now, k.id, w.op, reply) }) // behind the facts
}

func (k *call) wishFailed(w *wish, err *ctid.Error) {
	if w == nil || w.reply == nil {
		return
	}
	reply := w.reply
	w.reply = nil
	err.Can, err.Rev = k.canOf(w.agent), k.rev
	reply(failed(err))
}

// control carries out what an agent asks of a call that he is on. Of two who ask, the first wins; the other is told what
// is possible now. to is whom the request is about, where it names somebody.
func (k *call) control(now time.Time, a ctid.Action, to reach, w *wish) {
	can := k.canOf(w.agent)
	switch {
	case slices.Contains(can, w.op):
		w.reply(ctid.Reply{Phase: ctid.Started})
		k.perform(now, a, to, w)
	case k.already(w):
		w.reply(ctid.Reply{Phase: ctid.Done, Already: true})
	case k.ended:
		w.reply(failed(ctid.Refuse(ctid.CallOver, "this call is over")))
	case !k.hasBeenOn(w.agent):
		w.reply(failed(ctid.Refuse(ctid.NotYours, "this call is not yours")))
	default:
		k.wishFailed(w, ctid.Refuse(ctid.WrongState, fmt.Sprintf("%s is not possible now", w.op)))
	}
}

// already tells whether what is wished is so already: a second tab asked the same.
func (k *call) already(w *wish) bool {
	switch w.op {
	case (ctid.CallHold{}).Op():
		return k.hold != nil && k.talk != nil && k.talk.agent == w.agent
	case (ctid.CallRetrieve{}).Op():
		return k.hold == nil && k.talk != nil && k.talk.agent == w.agent
	case (ctid.CallAnswer{}).Op():
		if o := k.offerTo(w.agent); o != nil && o.wish != nil {
			return true // his phone is being called
		}
	}
	if o := k.offerTo(w.agent); o != nil && w.op == (ctid.CallAnswer{}).Op() {
		return o.wish != nil
	}
	return k.did[w.agent] == w.op
}

// perform does what was found possible.
func (k *call) perform(now time.Time, a ctid.Action, to reach, w *wish) {
	switch r := a.(type) {
	case ctid.CallAnswer:
		k.answerOffer(now, r, w)
	case ctid.CallReject:
		k.reject(r, w)
	case ctid.CallHold:
		k.holdWish(now, w)
	case ctid.CallRetrieve:
		k.retrieveWish(now, w)
	case ctid.CallHangup:
		k.hangupAgent(now, w)
	case ctid.CallDTMF:
		k.sendKeys(r, w)
	case ctid.CallConsult:
		k.consult(now, r, to, w)
	case ctid.CallTransferComplete:
		k.complete(now, w)
	case ctid.CallTransferCancel:
		k.cancelSide(now, w)
	case ctid.CallSwap:
		k.swap(now, w)
	case ctid.CallTransferBlind:
		k.transferBlind(now, r.OnFail, to, w)
	case ctid.CallConference:
		k.conference(now, w)
	case ctid.CallDropParty:
		k.dropParty(now, r.Leg, w)
	case ctid.CallPark:
		k.park(now, to, w)
	case ctid.CallSetData:
		k.setData(now, r, w)
	default:
		k.wishFailed(w, ctid.Refuse(ctid.UnknownOp, "there is no request "+a.Op()))
	}
}

// canOf lists what the agent may ask of this call now, in the order of ctid.ControlOps.
func (k *call) canOf(agent ctid.AgentID) []string {
	var ops []string
	add := func(a ctid.Action, ok bool) {
		if ok {
			ops = append(ops, a.Op())
		}
	}
	if k.inner != nil { // the caller is gone, and two agents talk on
		add(ctid.CallHangup{}, k.inner.has(agent))
		return ops
	}
	if k.ended || agent == "" {
		return nil
	}
	o := k.offerTo(agent)
	owner := k.talk != nil && k.talk.agent == agent && k.talk.joined
	guest, asked := k.guest(agent) != nil, k.side != nil && k.side.with != nil && k.side.with.agent == agent
	idle := owner && k.side == nil && k.saving == nil
	many := len(k.guests)+len(k.outside) > 0
	add(ctid.CallAnswer{}, o != nil && k.answerable(o))
	add(ctid.CallReject{}, o != nil)
	add(ctid.CallHold{}, idle && k.hold == nil)
	add(ctid.CallRetrieve{}, idle && k.hold != nil || k.parked != nil && k.parked.backTo.agent == agent)
	add(ctid.CallHangup{}, owner || guest || asked)
	add(ctid.CallDTMF{}, owner && k.saving == nil && (k.hold == nil || k.side != nil && k.side.up) || guest)
	add(ctid.CallConsult{}, idle)
	add(ctid.CallTransferComplete{}, owner && k.side != nil && k.side.up)
	add(ctid.CallTransferCancel{}, owner && k.side != nil)
	add(ctid.CallSwap{}, owner && k.side != nil && k.side.up && k.side.own == "")
	add(ctid.CallTransferBlind{}, idle && !many && k.xfer == nil)
	add(ctid.CallConference{}, owner && k.side != nil && k.side.up && k.side.own == "")
	add(ctid.CallDropParty{}, owner && many)
	add(ctid.CallPark{}, idle && !many && k.xfer == nil)
	add(ctid.CallSetData{}, owner || guest || asked)
	return ops
}

// agentsOn are those who are in the call now, the one who answers for it first.
func (k *call) agentsOn() []ctid.AgentID {
	var on []ctid.AgentID
	add := func(a ctid.AgentID) {
		if a != "" && !slices.Contains(on, a) {
			on = append(on, a)
		}
	}
	if k.talk != nil && k.talk.joined {
		add(k.talk.agent)
	}
	for _, g := range k.guests {
		add(g.agent)
	}
	if k.side != nil && k.side.with != nil {
		add(k.side.with.agent)
	}
	return on
}

// hasBeenOn tells whether the agent has, or had, to do with this call.
func (k *call) hasBeenOn(agent ctid.AgentID) bool {
	return k.offerTo(agent) != nil || slices.ContainsFunc(k.rec.Agents, func(p ctid.AgentPart) bool { return p.Agent == agent })
}

// offerTo is the open offer of this call to the agent.
func (k *call) offerTo(agent ctid.AgentID) *offer {
	for _, o := range k.openOffers() {
		if o.Agent == agent {
			return o
		}
	}
	return nil
}

// openOffers are the offers of the caller himself and that of a consultation.
func (k *call) openOffers() []*offer {
	open := slices.Clone(k.offers)
	if k.side != nil && k.side.offer != nil {
		open = append(open, k.side.offer)
	}
	return open
}

func (k *call) openOffer(id ctid.OfferID) *offer {
	for _, o := range k.openOffers() {
		if o.Offer == id {
			return o
		}
	}
	return nil
}

// doing tells the core what an agent does in this call.
func (k *call) doing(agent ctid.AgentID, what ctid.Doing, by ctid.By) {
	k.tellCore(acd.WorkDoing{Agent: agent, Task: ctid.TaskID(k.id), Doing: what, By: by})
}

// refusedBy says why Asterisk did not do what an agent asked.
func refusedBy(err error) *ctid.Error {
	switch {
	case ari.IsGone(err) || ari.IsUnprocessable(err):
		return ctid.Refuse(ctid.TargetGone, "one of the two has hung up")
	case ari.IsNoAnswer(err):
		return ctid.Refuse(ctid.Timeout, "Asterisk has not answered: watch the events to see what became of it")
	}
	return ctid.Refuse(ctid.PBXRefused, "Asterisk refused: "+err.Error())
}

// reject refuses an offer for the agent: it is not counted as missed, and the caller keeps his place.
func (k *call) reject(r ctid.CallReject, w *wish) {
	o := k.offerTo(w.agent)
	if r.Offer != "" && o.Offer != r.Offer {
		k.wishFailed(w, ctid.Refuse(ctid.OfferOver, "this offer is over"))
		return
	}
	k.hangupLegs(func(l *leg) bool { return l.id == o.leg })
	k.tellCore(acd.OfferFailed{Offer: o.Offer, Why: "rejected"})
	k.wishDone(w)
}

// answerable tells whether the agent can answer at his desktop now: a phone that answers by itself as long as it is not
// called, the one in his page while it rings.
func (k *call) answerable(o *offer) bool {
	l := k.legs[o.leg]
	if o.device.Kind == deviceWeb {
		return l != nil && !l.up && !l.asked && o.wish == nil
	}
	kept := o.Kind == ctid.OfferCallback && k.absent() && k.owed.ahead // for a customer who is called first
	return o.popped && o.device.answers() && l == nil && !kept
}

// answerOffer answers at the desktop: a device that answers by itself is rung now. The one in his page rings already and
// is picked up by the page; that the agent has answered is known when its leg is up.
func (k *call) answerOffer(now time.Time, r ctid.CallAnswer, w *wish) {
	o := k.offerTo(w.agent)
	if r.Offer != "" && o.Offer != r.Offer {
		k.wishFailed(w, ctid.Refuse(ctid.OfferOver, "this offer is over"))
		return
	}
	o.wish = w
	switch o.device.Kind {
	case deviceNailed:
		k.nailed(now, o.Agent, o.leg, o.Offer)
		k.tellCore(acd.OfferUp{Offer: o.Offer})
	case deviceAuto:
		k.originate(now, o)
	}
}
