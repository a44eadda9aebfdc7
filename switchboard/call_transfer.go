package switchboard

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// What becomes of a caller whom nobody takes where he was handed to.
const (
	failBack   = "back"
	failQueue  = "queue"
	failHangup = "hangup"
)

// transfer is a caller on his way from one to another.
type transfer struct {
	how      string // blind, pickup, park: for the word in call.transferred
	from     ctid.AgentID
	to       reach
	onFail   string
	by       ctid.By
	wish     *wish
	leg      string // of somebody outside
	released bool   // the one who handed him on is out
	back     bool   // on the way back to him
}

// transferBlind hands the caller on without asking. The agent is out as soon as it is sure that somebody is rung.
func (k *call) transferBlind(now time.Time, onFail string, to reach, w *wish) {
	switch onFail {
	case "":
		onFail = failBack
	case failBack, failQueue, failHangup:
	default:
		k.wishFailed(w, &ctid.Error{Code: ctid.BadRequest, Text: "on_fail is back, queue or hangup", Fields: []string{"args.on_fail"}})
		return
	}
	x := &transfer{how: "blind", from: k.talk.agent, to: to, onFail: onFail, by: w.by, wish: w}
	k.xfer = x
	switch {
	case to.agent == x.from:
		k.xfer = nil
		k.wishFailed(w, ctid.Refuse(ctid.BadRequest, "you have this call already"))
	case to.agent != "":
		k.askAgent(to.agent, ctid.OfferTransfer, w.by, func(now time.Time, err *ctid.Error) { k.transferRefused(x, err) })
	case to.queue != "":
		k.toQueue(x)
	case to.script != nil:
		k.toScript(now, x)
	case to.park:
		k.xfer = nil
		k.park(now, reach{}, w)
	default:
		k.toOutside(now, x)
	}
}

// transferRefused: nobody was rung, and nothing has changed.
func (k *call) transferRefused(x *transfer, err *ctid.Error) {
	if k.xfer == x && !x.released {
		k.xfer = nil
		k.wishFailed(x.wish, err)
	}
}

// release takes the agent who hands the caller on out, and lets the caller hear music.
func (k *call) release(now time.Time) {
	x := k.xfer
	if x == nil || x.released {
		return
	}
	x.released = true
	if k.talk == nil {
		return
	}
	k.holdOver(now)
	if x.wish != nil && x.wish.refer != "" {
		k.warn("telling a phone of its transfer failed", k.node.TransferProgress(k.ctx, x.wish.refer, ari.TransferAnswered))
	}
	k.ownerLeaves(now, x.by, "transferred", 16)
	if k.bridge != "" {
		k.dropBridge(k.bridge)
		k.bridge = ""
	}
	if !k.callerGone && !k.music {
		err := k.node.StartMOH(k.ctx, k.channel, k.musicClass)
		k.warn("music for a caller who is handed on failed", err)
		k.music = err == nil
	}
	k.save()
}

// holdOver closes the hold's clock without a word: the agent is not coming back to him.
func (k *call) holdOver(now time.Time) {
	if k.hold != nil && k.talk != nil && k.talk.joined {
		k.rec.Agents[k.talk.rec].HoldMS += now.Sub(k.hold.since).Milliseconds()
	}
	k.stopHoldMusic()
	k.hold = nil
}

// toQueue lets the caller wait in another queue. The agent is out when the queue has taken him.
func (k *call) toQueue(x *transfer) {
	k.desk.post(func(now time.Time) {
		err := k.desk.asked(now, acd.Enqueue{Task: ctid.TaskID(k.id), Queue: x.to.queue, Priority: -1, Entered: now, Arrived: k.born})
		if err != nil {
			k.post(func(time.Time) { k.transferRefused(x, err) })
		}
	})
}

// queueRefuses: the queue that the caller was handed to lets nobody in.
func (k *call) queueRefuses(now time.Time, exit ctid.QueueExit) {
	x, err := k.xfer, ctid.Refuse(ctid.TargetBusy, "the queue takes nobody: it is "+string(exit))
	if x.released {
		x.onFail = failHangup
		k.transferFailed(now, err, string(exit))
		return
	}
	k.transferRefused(x, err)
}

// queuedOn: the queue that the caller was handed to has taken him in.
func (k *call) queuedOn(now time.Time, c acd.TaskQueued) {
	x := k.xfer
	step, music := "", ""
	if k.queue != nil {
		step, music = k.queue.step, k.queue.music
	}
	k.release(now)
	handed := k.rung != nil
	if handed { // the step that rang the agent ends with this wait
		step, music = k.rung.step, ""
		k.rungClock(now)
		k.rung = nil
	}
	k.queue = &queueStay{step: step, handed: handed, music: music, queue: c.Queue, entered: now, since: now, priority: c.Priority}
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: c.Queue, Entered: k.sb.clock.wall(now), Priority: c.Priority})
	k.transferred(now, "")
	k.wishDone(x.wish)
	k.tellMachine(now, ivr.Waits{})
	k.musicFrom(k.queue)
}

// toScript lets another script have the caller.
func (k *call) toScript(now time.Time, x *transfer) {
	k.release(now)
	k.stopMusic()
	k.transferred(now, "")
	k.wishDone(x.wish)
	k.rungCancelled(now)
	k.queue, k.rec.Outcome = nil, ""
	k.nextScript(now, Route{Label: k.route.Label, Script: x.to.script, Key: x.to.key}, x.to.key)
}

// toOutside rings a number for the caller.
func (k *call) toOutside(now time.Time, x *transfer) {
	if x.to.number == "" {
		k.transferRefused(x, ctid.Refuse(ctid.NoRoute, "a call cannot be handed to "+x.to.target.Kind))
		return
	}
	l, err := k.dialParty(now, x.to, k.channel)
	if err != nil {
		k.transferRefused(x, ctid.Refuse(ctid.NoRoute, "this number cannot be reached"))
		return
	}
	x.leg = l.id
	k.release(now)
}

// transferred tells that the caller is there. A caller who came back to the one who had handed him on was not transferred,
// nor was one whom nobody has handed on.
func (k *call) transferred(_ time.Time, owner ctid.AgentID) {
	x := k.xfer
	k.xfer = nil
	if x.back || x.how == howRouted {
		return
	}
	k.fact(x.by, ctid.CallTransferred{How: x.how, From: ctid.Target{Kind: "agent", ID: string(x.from)}, To: x.to.target, NowOwner: owner}, x.from)
}

// transferFailed: nobody took the caller. He goes where on_fail says; if that fails too, to the front of his queue, and
// from one who was in none he is hung up.
func (k *call) transferFailed(now time.Time, err *ctid.Error, why string) {
	x := k.xfer
	if x == nil || k.callerGone || k.ended {
		return
	}
	next, onFail := x.onFail, x.onFail
	if x.back || next == failBack && x.from == "" {
		next = failQueue
	}
	if next == failQueue && !k.cameByQueue() {
		next = failHangup
	}
	var told []ctid.AgentID
	if x.from != "" {
		told = append(told, x.from)
	}
	k.fact(ctid.BySystem, ctid.CallFailed{Leg: ctid.LegID(x.leg), Step: "transfer", Reason: why, Next: next}, told...)
	k.wishFailed(x.wish, err)
	switch next {
	case failBack:
		k.xfer = &transfer{how: x.how, from: x.from, to: reach{agent: x.from, target: ctid.Target{Kind: "agent", ID: string(x.from)}}, onFail: failQueue,
			by: ctid.BySystem, released: true, back: true}
		again := k.xfer
		k.askAgent(x.from, ctid.OfferTransfer, ctid.BySystem, func(now time.Time, err *ctid.Error) {
			if k.xfer == again {
				k.transferFailed(now, err, "busy")
			}
		})
	case failQueue:
		k.xfer = nil
		k.toFront(now)
	default:
		k.xfer = nil
		if next == failHangup && onFail != failHangup && k.rung != nil { // a script had rung for him, and has him again
			k.rungDone(now)
			return
		}
		k.hangupCaller("normal")
		k.finish(now, ctid.End{Side: ctid.SideSystem, Reason: "transfer_failed"})
	}
}

// cameByQueue tells whether there is a queue that the caller can be put back into.
func (k *call) cameByQueue() bool { return k.queue != nil && k.queue.queue != "" }

// toFront puts the caller back into his queue, at the place that he had: in front of all who came later.
func (k *call) toFront(now time.Time) {
	k.queue.over, k.queue.left = true, false
	k.requeue(now)
}

// dialParty rings somebody outside. beside is the channel that he is rung for.
func (k *call) dialParty(now time.Time, to reach, beside string) (*leg, error) {
	endpoint, err := k.endpointFor(to.number)
	if err != nil {
		return nil, err
	}
	l := &leg{id: k.name("l"), role: roleParty, born: now}
	k.legs[l.id] = l
	err = k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: l.id, Endpoint: endpoint, AppArgs: "leg," + string(k.id),
		Originator: beside, CallerID: `"" <` + k.shownAs() + `>`, Timeout: partyRings, Variables: k.partyVariables()})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, l.id)
		k.warn("ringing somebody outside failed", err)
		return nil, err
	}
	return l, nil
}

// endpointFor is how a number that the dial rules allow is rung: a public one by the trunk, an extension as the node says.
func (k *call) endpointFor(number string) (string, error) {
	way := k.sb.cfg.Trunks[ctid.NodeID(k.node.Name())]
	if !strings.HasPrefix(number, "+") {
		way = cmp.Or(k.sb.cfg.Extensions[ctid.NodeID(k.node.Name())], "PJSIP/{number}")
	}
	if way == "" {
		return "", errNoTrunk
	}
	return strings.ReplaceAll(way, "{number}", number), nil
}

var errNoTrunk = errors.New("this Asterisk has no trunk to dial out by (asterisk.nodes[].trunk)")

// partyRings is how long somebody outside is rung, in seconds.
const partyRings = 45

// partyUp: somebody outside has answered.
func (k *call) partyUp(now time.Time, l *leg) {
	c := k.candidate(l.id)
	switch {
	case c != nil:
		k.candidateUp(now, c)
	case k.side != nil && k.side.leg == l.id:
		k.sideUp(now, nil)
	case k.xfer != nil && k.xfer.leg == l.id:
		k.joinOutside(now, l)
	case k.dialing != nil && k.dialing.leg == l.id:
		k.dialled(now, l)
	case k.ahead != nil && k.ahead.leg == l.id:
		k.aheadUp(now, l)
	default:
		k.hangupLegs(func(x *leg) bool { return x == l })
	}
}

// joinOutside joins the caller and the one outside to whom he was handed.
func (k *call) joinOutside(now time.Time, l *leg) {
	x := k.xfer
	k.makeBridge()
	k.stopMusic()
	k.answerCaller()
	err := errNoBridge
	if k.bridge != "" {
		err = k.node.AddToBridge(k.ctx, k.bridge, k.channel, l.id)
	}
	if err != nil {
		k.warn("joining the caller and the one he was handed to failed", err)
		k.hangupLegs(func(y *leg) bool { return y == l })
		k.transferFailed(now, refusedBy(err), "failed")
		return
	}
	k.outside, k.outSince = append(k.outside, l.id), now
	k.transferred(now, "")
	k.wishDone(x.wish)
	k.save()
}

// partyFailed: somebody outside did not answer.
func (k *call) partyFailed(now time.Time, l *leg, cause, sip int) {
	why := refusal(cause, sip)
	err, c := targetError(why), k.candidate(l.id)
	switch {
	case c != nil:
		k.candidateOver(now, c, dialOutcome(cause, sip))
	case k.side != nil && k.side.leg == l.id:
		k.sideOver(now, err, why)
	case k.xfer != nil && k.xfer.leg == l.id:
		k.transferFailed(now, err, why)
	case k.dialing != nil && k.dialing.leg == l.id:
		k.dialFailed(now, l, cause, sip)
	case k.ahead != nil && k.ahead.leg == l.id:
		k.aheadFailed(why)
	}
}

// targetError is the refusal that stands for why somebody did not answer.
func targetError(why string) *ctid.Error {
	switch why {
	case "busy":
		return ctid.Refuse(ctid.TargetBusy, "busy")
	case "rejected":
		return ctid.Refuse(ctid.TargetRejected, "the call was refused")
	case "unreachable", "no_answer", "missed":
		return ctid.Refuse(ctid.TargetNoAnswer, "nobody answered")
	case "caller_gone":
		return ctid.Refuse(ctid.CallerGone, "the caller has hung up")
	}
	return ctid.Refuse(ctid.NoRoute, "nobody could be reached there")
}
