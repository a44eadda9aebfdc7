package switchboard

import (
	"context"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// offer is an open offer of this call to an agent.
type offer struct {
	acd.MakeOffer
	device  Device
	queue   string // its name for people
	decided time.Time
	leg     string
	popped  bool // its pop is on the screen
	rung    time.Time
	data    ctid.PopData
	rec     int   // index into rec.Offers
	wish    *wish // of the agent who answers at his desktop
}

// kind is why the agent is offered this call; empty: by a queue.
func (o *offer) kind() ctid.OfferKind { return o.Kind }

// shown tells whether its pop is on the way to the screen, or there.
func (o *offer) shown() bool { return o.data.Offer != "" }

// queued tells whether a queue offers the call, not an agent.
func (o *offer) queued() bool { return o.Kind == "" || o.Kind == ctid.OfferCallback }

// popKind is the same in the words of a pop.
func (o *offer) popKind() string {
	switch o.Kind {
	case "":
		return "inbound"
	case ctid.OfferConsult:
		return "consult"
	case ctid.OfferDirect, ctid.OfferCallback:
		return string(o.Kind)
	}
	return "transfer"
}

// offered: this call is to be offered to an agent. First his screen, then his phone.
func (k *call) offered(now time.Time, m acd.MakeOffer, dev Device, queue string) {
	k.unended[m.Offer] = true
	if !k.wantsOffer(m) {
		return
	}
	o := &offer{MakeOffer: m, device: dev, queue: queue, decided: now, leg: k.name("l"), rec: len(k.rec.Offers)}
	if dev.nail != "" {
		o.leg = dev.nail
	}
	if m.Kind == ctid.OfferConsult {
		k.side.offer, k.side.leg = o, o.leg
	} else {
		k.offers = append(k.offers, o)
	}
	if m.Kind == ctid.OfferDirect && k.rung != nil {
		k.rungOffered(o)
	}
	k.rec.Offers = append(k.rec.Offers, ctid.OfferRecord{Offer: m.Offer, Kind: m.Kind, Agent: m.Agent, At: k.sb.clock.wall(now), PopBeforeRing: "none", PopSeenMS: -1})
	if ringFirst() {
		k.ring(now, o)
	}
	show := func(now time.Time) {
		if k.openOffer(m.Offer) != o || o.shown() {
			return
		}
		k.trail(now)
		o.data = k.popData(now, o)
		data := o.data
		k.desk.post(func(now time.Time) { k.desk.offerPop(now, k, m, data, o.decided) })
	}
	if k.matched {
		show(now)
		k.release(now)
		return
	}
	k.waiting = append(k.waiting, show)
	k.release(now)
	k.aside(func(ctx context.Context) func(now time.Time) {
		t := time.NewTimer(k.sb.cfg.Limits.Lookup)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		return show // if the look-up is not back: the pop comes without, and is brought up to date by it
	})
}

// wantsOffer tells whether the call has a use for the offer. One that has none any more gives it back.
func (k *call) wantsOffer(m acd.MakeOffer) bool {
	ok := false
	switch m.Kind {
	case "":
		if k.callerGone || k.ended || k.queue == nil {
			k.tellCore(acd.TaskGone{Task: ctid.TaskID(k.id)})
			return false
		}
		return true
	case ctid.OfferCallback:
		if k.owed == nil || k.dialing != nil || k.ended || k.callerGone {
			k.tellCore(acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitRemoved})
			return false
		}
		return true
	case ctid.OfferConsult:
		ok = k.side != nil && k.side.offer == nil && !k.side.up && k.side.to.agent == m.Agent
	case ctid.OfferDirect:
		ok = k.dialing != nil && k.dialing.to.agent == m.Agent || k.wantsRung(m.Agent)
	default:
		ok = k.xfer != nil && k.xfer.to.agent == m.Agent && !k.callerGone
	}
	if !ok || k.ended {
		k.tellCore(acd.Revoke{Offer: m.Offer, Why: "caller_gone"})
		return false
	}
	return true
}

// popData is all that the agent's screen shows.
func (k *call) popData(now time.Time, o *offer) ctid.PopData {
	return ctid.PopData{Kind: o.popKind(), Offer: o.Offer, Leg: ctid.LegID(o.leg), RingUntil: o.Until.UTC(),
		AckBy: o.decided.UTC().Add(2 * time.Second), ANI: k.rec.ANI, DNIS: k.rec.DNIS,
		Queue: ctid.PopQueue{ID: o.Queue, Name: o.queue, WaitMS: now.Sub(o.Entered).Milliseconds(), OffersBefore: o.OffersBefore, Priority: o.Priority},
		IVR:   k.rec.IVR, Attached: k.attachedFor(o.Agent), Card: k.rec.Card, Tags: k.rec.Tags,
		Match: k.match, Cases: orEmpty(k.match.Cases), Last: orEmpty(k.match.Last)}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// popAgain brings a pop on the screen up to date with a match that came late.
func (k *call) popAgain() {
	k.eachPop(func(agent ctid.AgentID, data *ctid.PopData) {
		data.Match, data.Cases, data.Last = k.match, orEmpty(k.match.Cases), orEmpty(k.match.Last)
		k.showPop(agent, "late_match", map[string]any{"match": data.Match, "cases": data.Cases, "last": data.Last}, *data)
	})
}

// popStamped: the pop has its number. When it has been written to the agent's sockets, or 100 ms later, his phone rings.
func (k *call) popStamped(_ time.Time, id ctid.OfferID, seq uint64) {
	o := k.openOffer(id)
	if o == nil || k.callerGone && o.Kind == "" {
		return
	}
	o.popped = true
	ctx, cancel := context.WithTimeout(k.ctx, k.sb.cfg.Limits.PopWait)
	sockets, written := k.sb.deps.Desktops.PopWritten(ctx, o.Agent, seq)
	cancel()
	now := k.sb.clock.steady()
	r := &k.rec.Offers[o.rec]
	r.PopMS = now.Sub(o.decided).Milliseconds()
	switch {
	case written && sockets > 0:
		r.PopBeforeRing = "true"
		k.sb.cfg.Meters.Popped(now.Sub(o.decided))
	case !written:
		r.PopBeforeRing = "false"
		k.note("pop_late", map[string]any{"agent": o.Agent, "waited_ms": r.PopMS})
	}
	if !ringFirst() {
		k.ring(now, o)
	}
}

// ring calls the agent's phone. One that answers by itself rings at the desktop, until the agent answers there.
func (k *call) ring(now time.Time, o *offer) {
	if o.Kind == ctid.OfferCallback && k.absent() && k.owed.ahead {
		k.callAhead(now)
		return
	}
	o.rung = now
	if o.device.answers() {
		k.fact(ctid.BySystem, ctid.CallDelivered{Leg: ctid.LegID(o.leg), Offer: o.Offer, Device: o.device.Kind, Alert: "desktop"}, o.Agent)
		k.besideRing(o)
		return
	}
	if k.originate(now, o) {
		k.fact(ctid.BySystem, ctid.CallDelivered{Leg: ctid.LegID(o.leg), Offer: o.Offer, Device: o.device.Kind, Alert: "ringing"}, o.Agent)
		k.besideRing(o)
	}
}

// besideRing makes while the phone rings what is needed when it is answered.
func (k *call) besideRing(o *offer) {
	switch o.Kind {
	case ctid.OfferConsult:
		k.sideRings()
	case ctid.OfferDirect:
		if k.dialing != nil {
			k.fact(ctid.BySystem, ctid.CallProgress{Leg: ctid.LegID(o.leg), What: "ringing"}, k.dialing.agent)
		}
		k.makeBridge()
	case ctid.OfferCallback:
		k.makeBridge()
	default:
		k.makeBridge()
		if !k.early() {
			k.answerCaller() // last: Asterisk lets it wait for the caller's first media
		}
	}
}

// originate makes the agent's leg, and tells whether it was made, or may have been.
func (k *call) originate(now time.Time, o *offer) bool {
	k.legs[o.leg] = &leg{id: o.leg, agent: o.Agent, offer: o.Offer, born: now}
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: o.leg, Endpoint: o.device.Endpoint, AppArgs: "leg," + string(k.id),
		Originator: k.beside(o), CallerID: callerID(k.rec.ANI), Timeout: int(o.Until.Sub(now).Seconds()) + 5, Variables: k.legVariables(o.leg, o.device, false)})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, o.leg)
		if ari.IsOriginatorGone(err) && k.beside(o) == k.channel { // no fault of the agent's; that the caller hung up is on its way
			k.lost(now, "hangup", 0)
			return false
		}
		why := "failed"
		if ari.IsAllocationFailed(err) {
			why = "unreachable"
			k.node.Unreachable(o.device.Endpoint)
		}
		k.warn("ringing the agent failed", err)
		k.tellCore(acd.OfferFailed{Offer: o.Offer, Why: why})
		return false
	}
	k.warn("ringing the agent: no answer from asterisk", err)
	return true
}

// legHeader tells the telephone in a page which leg a call to it is.
const legHeader = "X-Ctid-Leg"

// legVariables are set on an agent's channel. On a PBX that can, the phone's own transfers are ours to carry out. A phone
// that answers by itself is told so in each of the ways that brands know; a page's, where its agent has asked for the call.
func (k *call) legVariables(leg string, dev Device, wanted bool) map[string]string {
	v := map[string]string{}
	if k.node.Features().TransferHandling {
		v["PJSIP_TRANSFER_HANDLING()"] = "ari-only"
	}
	if dev.Kind == deviceWeb {
		v["PJSIP_HEADER(add,"+legHeader+")"] = leg
	}
	if dev.Kind == deviceAuto || dev.Kind == deviceWeb && wanted {
		v["PJSIP_HEADER(add,Alert-Info)"] = "<sip:ctid>;info=alert-autoanswer;delay=0"
		v["PJSIP_HEADER(add,Call-Info)"] = "<sip:ctid>;answer-after=0"
	}
	if len(v) == 0 {
		return nil
	}
	return v
}

// partyVariables are set on the channel of somebody outside.
func (k *call) partyVariables() map[string]string {
	if uui := writeUUI(k.rec.Attached); uui != "" {
		return map[string]string{"PJSIP_HEADER(add,User-to-User)": uui}
	}
	return nil
}

// beside is the channel that an agent is rung for: the caller's, or that of the agent who asks or calls.
func (k *call) beside(o *offer) string {
	switch {
	case o.Kind == ctid.OfferConsult && k.talk != nil:
		return k.talk.leg
	case o.Kind == ctid.OfferDirect && k.dialing != nil:
		return k.dialing.own
	}
	return k.channel
}

// maxCallerNumber is the longest number that is sent to a phone.
const maxCallerNumber = 64

// callerID is what the agent's phone shows: only characters that mean nothing to a SIP header.
func callerID(n ctid.Number) string {
	clean := func(s string, also string) string {
		out := make([]rune, 0, len(s))
		for _, r := range s {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(also, r) {
				out = append(out, r)
			}
		}
		return string(out)
	}
	number := clean(string(n.E164), "+")
	if number == "" {
		number = clean(string(n.Raw), "+*#")
	}
	if number == "" {
		number = "anonymous"
	}
	return `"` + clean(string(n.Name), " .-'") + `" <` + number[:min(len(number), maxCallerNumber)] + `>`
}

// popSeen: the page has shown the pop.
func (k *call) popSeen(id ctid.OfferID, ms int64) {
	for i := range k.rec.Offers {
		if k.rec.Offers[i].Offer == id {
			k.rec.Offers[i].PopSeenMS = ms
		}
	}
}
