package switchboard

import (
	"time"

	"ctid"
)

// parked is a caller who waits in a slot.
type parked struct {
	slot   string
	by     ctid.AgentID // who parked him
	until  time.Time
	backTo reach
	since  time.Time
}

// park puts the caller into a slot and takes the agent out. backTo is whom he goes to when nobody picks him up in time.
func (k *call) park(now time.Time, backTo reach, w *wish) {
	if backTo.agent == "" && backTo.queue == "" {
		backTo = reach{agent: w.agent, target: ctid.Target{Kind: "agent", ID: string(w.agent)}}
	}
	slot, long := "", time.Duration(0)
	if err := k.sb.ask(k.ctx, func(time.Time) { slot, long = k.desk.parkSlot(k) }); err != nil || slot == "" {
		k.wishFailed(w, ctid.Refuse(ctid.TargetBusy, "every slot is taken"))
		return
	}
	k.xfer = &transfer{how: "park", from: w.agent, by: w.by}
	k.release(now)
	k.xfer = nil
	k.parked = &parked{slot: slot, by: w.agent, until: now.Add(long), backTo: backTo, since: now}
	k.fact(w.by, ctid.CallParked{Slot: slot, Until: k.sb.clock.wall(k.parked.until), BackTo: backTo.target}, w.agent)
	k.wishDone(w)
	k.save()
}

// resumeParked: an earlier run has parked the caller, who hears music ever since.
func (k *call) resumeParked(now time.Time, l *ctid.LiveParked, backTo reach) {
	if k.queue != nil {
		k.queue.over = true
	}
	k.music = true
	k.parked = &parked{slot: l.Slot, by: l.By, until: l.Until, backTo: backTo, since: now}
	k.fact(ctid.BySystem, ctid.CallParked{Slot: l.Slot, Until: k.sb.clock.wall(l.Until), BackTo: l.BackTo}, l.By)
}

// parkOver: nobody has picked the caller up.
func (k *call) parkOver() {
	p := k.unpark()
	x := &transfer{how: "park", from: p.by, to: p.backTo, onFail: failQueue, by: ctid.By{Kind: "timer", ID: "park"}, released: true}
	k.xfer = x
	if p.backTo.queue != "" {
		k.toQueue(x)
		return
	}
	k.askAgent(p.backTo.agent, ctid.OfferTransfer, x.by, func(now time.Time, err *ctid.Error) {
		if k.xfer == x {
			k.transferFailed(now, err, "busy")
		}
	})
}

// unpark frees the slot.
func (k *call) unpark() *parked {
	p := k.parked
	k.parked = nil
	k.desk.post(func(time.Time) { k.desk.freeSlot(p.slot, k.id) })
	return p
}

// pickup gives the parked caller to the agent who asks for him: his phone is rung.
func (k *call) pickup(w *wish) {
	if k.parked == nil || k.ended {
		k.wishFailed(w, ctid.Refuse(ctid.CallOver, "this call is not parked any more"))
		return
	}
	w.reply(ctid.Reply{Phase: ctid.Started})
	p := k.unpark()
	x := &transfer{how: "pickup", from: p.backTo.agent, to: reach{agent: w.agent, target: ctid.Target{Kind: "agent", ID: string(w.agent)}},
		onFail: failBack, by: w.by, wish: w, released: true}
	k.xfer = x
	k.askAgent(w.agent, ctid.OfferPickup, w.by, func(now time.Time, err *ctid.Error) {
		if k.xfer != x {
			return
		}
		k.xfer, k.parked = nil, p                                           // he stays where he is
		_ = k.sb.ask(k.ctx, func(time.Time) { k.desk.takeSlot(p.slot, k) }) // fails only when all is over
		k.wishFailed(w, err)
	})
}
