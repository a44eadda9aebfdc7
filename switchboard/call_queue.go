package switchboard

import (
	"context"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
)

// offer is the open offer of this call to an agent.
type offer struct {
	acd.MakeOffer
	device  Device
	queue   string // its name for people
	decided time.Time
	leg     string
	popped  bool // its pop is on the screen
	rung    time.Time
	data    ctid.PopData
	rec     int // index into rec.Offers
}

// enqueue puts the caller into a queue. What he hears there begins when the desk has answered: an agent who is free is
// rung first.
func (k *call) enqueue(now time.Time, s ivr.Enqueue) {
	entered := k.entry(now)
	k.queue = &queueStay{step: s.ID, music: s.Music, queue: s.Queue, entered: entered, since: entered, priority: s.Priority}
	if s.AtMost > 0 {
		k.queue.until = now.Add(s.AtMost).UTC()
	}
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: k.queue.queue, Entered: k.sb.clock.wall(entered), Priority: s.Priority})
	k.trail(now)
	k.tellCore(acd.Enqueue{Task: ctid.TaskID(k.id), Queue: k.queue.queue, Priority: s.Priority, Entered: entered, AtMost: s.AtMost})
	k.musicFrom(k.queue)
}

// requeue puts a caller back whose agent answered and was gone before they were joined: to the place he had.
func (k *call) requeue(now time.Time) {
	if k.callerGone || k.ended || k.queue == nil {
		return
	}
	last := k.rec.Queues[len(k.rec.Queues)-1]
	k.queue.over, k.queue.since = false, now
	k.rec.Queues = append(k.rec.Queues, ctid.QueueVisit{Queue: k.queue.queue, Entered: k.sb.clock.wall(now), Priority: last.Priority})
	k.rec.Outcome = ""
	k.tellCore(acd.Enqueue{Task: ctid.TaskID(k.id), Queue: k.queue.queue, Priority: last.Priority, Entered: k.queue.entered})
	k.musicFrom(k.queue)
}

// queued: the desk has taken the caller in.
func (k *call) queued(_ time.Time, c acd.TaskQueued) {
	k.settle()
	if k.queue == nil || k.callerGone {
		return
	}
	if n := len(k.rec.Queues); n > 0 {
		k.rec.Queues[n-1].Priority, k.queue.priority = c.Priority, c.Priority
	}
	k.fact(ctid.BySystem, ctid.CallQueued{Position: c.Position, Priority: c.Priority, From: k.rec.IVR.Script})
}

// musicFrom asks the desk for the queue's music, and for how long a talk must be to count. The answer stands behind what the desk says of the caller's entry.
func (k *call) musicFrom(q *queueStay) {
	k.desk.post(func(time.Time) {
		class, short := k.desk.plan.Music[q.queue], k.desk.plan.ShortTalk[q.queue]
		k.post(func(time.Time) {
			q.short = short
			k.startMusic(class)
		})
	})
}

// musicAfter is how long a caller whom an agent is offered at once does without music: a phone that answers by itself
// or is taken at once costs no music then.
const musicAfter = time.Second

// startMusic: a caller who waits hears music, from his entry until he is joined with an agent. class is the queue's own,
// for a script that names none.
func (k *call) startMusic(class string) {
	if k.queue == nil || k.queue.over || k.music || k.callerGone || k.ended {
		return
	}
	if k.queue.music != "" {
		class = k.queue.music
	}
	k.musicClass = class
	if k.offer != nil {
		k.musicDue = k.sb.clock.steady().Add(musicAfter)
		return
	}
	k.playMusic()
}

func (k *call) playMusic() {
	k.musicDue = time.Time{}
	if k.queue == nil || k.queue.over || k.music || k.callerGone || k.ended {
		return
	}
	k.answerCaller()
	err := k.node.StartMOH(k.ctx, k.channel, k.musicClass)
	k.warn("music failed", err)
	k.music = err == nil
}

// answerCaller answers the caller's channel, once.
func (k *call) answerCaller() {
	if k.answered {
		return
	}
	k.warn("answer failed", k.node.Answer(k.ctx, k.channel))
	k.answered, k.rec.Answered = true, k.sb.clock.wall(k.sb.clock.steady())
}

func (k *call) stopMusic() {
	k.musicDue = time.Time{}
	if k.music {
		k.music = false
		if !k.callerGone {
			k.warn("stopping the music failed", k.node.StopMOH(k.ctx, k.channel))
		}
	}
}

// leftQueue: the desk says how the stay in the queue ended. The script goes on with its outcome, unless the caller is
// with an agent now (then it goes on after the talk) or gone.
func (k *call) leftQueue(now time.Time, c acd.TaskEnded) {
	if k.queue == nil || k.queue.over || c.Exit == ctid.ExitAnswered { // the end of the offer has said so
		return
	}
	waited := k.endVisit(now, c.Exit)
	if c.Exit == ctid.ExitAbandoned { // the end of the call says the rest
		k.rec.Outcome = "abandoned"
		return
	}
	k.queue.left = true
	k.fact(ctid.BySystem, ctid.CallLeftQueue{Exit: c.Exit, WaitMS: waited})
	k.stopMusic()
	row, _ := ctid.Endings(c.Exit)
	if k.callerGone || row.Outcome == "" {
		return
	}
	k.input(now, ivr.DoneStep{ID: k.queue.step, Result: ivr.Result{Outcome: row.Outcome}})
}

// endVisit closes the visit to the queue in the record, and says how long it was in ms.
func (k *call) endVisit(now time.Time, exit ctid.QueueExit) int64 {
	k.queue.over = true
	v := &k.rec.Queues[len(k.rec.Queues)-1]
	v.Exit, v.WaitMS = exit, max(0, now.Sub(k.queue.since).Milliseconds())
	k.rec.WaitMS += v.WaitMS
	return v.WaitMS
}

// offered: this call is to be offered to an agent. First his screen, then his phone.
func (k *call) offered(now time.Time, m acd.MakeOffer, dev Device, queue string) {
	if k.callerGone || k.ended || k.queue == nil {
		k.tellCore(acd.TaskGone{Task: ctid.TaskID(k.id)})
		return
	}
	o := &offer{MakeOffer: m, device: dev, queue: queue, decided: now, leg: k.name("l"), rec: len(k.rec.Offers)}
	k.offer = o
	k.rec.Offers = append(k.rec.Offers, ctid.OfferRecord{Offer: m.Offer, Agent: m.Agent, At: k.sb.clock.wall(now), PopBeforeRing: "none", PopSeenMS: -1})
	if ringFirst() {
		k.ring(now, o)
	}
	show := func(now time.Time) {
		if k.offer != o {
			return
		}
		k.trail(now)
		o.data = k.popData(now, o)
		data := o.data
		k.desk.post(func(now time.Time) { k.desk.offerPop(now, k, m, data, o.decided) })
	}
	if k.matched {
		show(now)
		return
	}
	k.waiting = append(k.waiting, show)
	k.aside(func(ctx context.Context) func(now time.Time) {
		t := time.NewTimer(k.sb.cfg.Limits.Lookup)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		return func(now time.Time) {
			if k.offer == o && o.data.Offer == "" { // the look-up is not back: the pop comes without
				show(now)
			}
		}
	})
}

// popData is all that the agent's screen shows.
func (k *call) popData(now time.Time, o *offer) ctid.PopData {
	return ctid.PopData{Kind: "inbound", Offer: o.Offer, Leg: ctid.LegID(o.leg), RingUntil: o.Until.UTC(),
		AckBy: o.decided.UTC().Add(2 * time.Second), ANI: k.rec.ANI, DNIS: k.rec.DNIS,
		Queue: ctid.PopQueue{ID: o.Queue, Name: o.queue, WaitMS: now.Sub(o.Entered).Milliseconds(), OffersBefore: o.OffersBefore, Priority: o.Priority},
		IVR:   k.rec.IVR, Attached: append([]ctid.Attached{}, k.rec.Attached...),
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
	agent, data := ctid.AgentID(""), ctid.PopData{}
	switch {
	case k.talk != nil:
		agent, data = k.talk.agent, k.talk.pop
	case k.offer != nil:
		agent, data = k.offer.Agent, k.offer.data
	}
	data.Match, data.Cases, data.Last = k.match, orEmpty(k.match.Cases), orEmpty(k.match.Last)
	patch := map[string]any{"match": data.Match, "cases": data.Cases, "last": data.Last}
	k.desk.post(func(now time.Time) { k.desk.updatePop(now, k, agent, "late_match", patch, data) })
}

// popStamped: the pop has its number. When it has been written to the agent's sockets, or 100 ms later, his phone rings.
func (k *call) popStamped(_ time.Time, id ctid.OfferID, seq uint64) {
	o := k.offer
	if o == nil || o.Offer != id || k.callerGone {
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

// ring calls the agent's phone.
func (k *call) ring(now time.Time, o *offer) {
	k.legs[o.leg] = &leg{id: o.leg, agent: o.Agent, offer: o.Offer, born: now}
	o.rung = now
	err := k.node.Originate(k.ctx, ari.OriginateRequest{ChannelID: o.leg, Endpoint: o.device.Endpoint, AppArgs: "leg," + string(k.id),
		Originator: k.channel, CallerID: callerID(k.rec.ANI), Timeout: int(o.Until.Sub(now).Seconds()) + 5, Variables: k.legVariables()})
	if err != nil && !ari.IsNoAnswer(err) {
		delete(k.legs, o.leg)
		if ari.IsOriginatorGone(err) { // no fault of the agent's; that the caller hung up is on its way
			k.lost(now, "hangup", 0)
			return
		}
		why := "failed"
		if ari.IsAllocationFailed(err) {
			why = "unreachable"
			k.node.Unreachable(o.device.Endpoint)
		}
		k.warn("ringing the agent failed", err)
		k.tellCore(acd.OfferFailed{Offer: o.Offer, Why: why})
		return
	}
	k.warn("ringing the agent: no answer from asterisk", err)
	k.fact(ctid.BySystem, ctid.CallDelivered{Leg: ctid.LegID(o.leg), Offer: o.Offer, Device: o.device.Kind, Alert: "ringing"}, o.Agent)
	k.makeBridge()
	k.answerCaller() // last: Asterisk lets it wait for the caller's first media
}

// legVariables are set on an agent's channel: on a PBX that can, the phone's own transfers are ours to carry out.
func (k *call) legVariables() map[string]string {
	if !k.node.Features().TransferHandling {
		return nil
	}
	return map[string]string{"PJSIP_TRANSFER_HANDLING()": "ari-only"}
}

// callerID is what the agent's phone shows: only characters that mean nothing to a SIP header.
func callerID(n ctid.Number) string {
	clean := func(s string, also string) string {
		out := make([]rune, 0, len(s))
		for _, r := range s {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || containsRune(also, r) {
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
	return `"` + clean(string(n.Name), " .-'") + `" <` + number + `>`
}

func containsRune(s string, r rune) bool {
	for _, x := range s {
		if x == r {
			return true
		}
	}
	return false
}

// popSeen: the page has shown the pop.
func (k *call) popSeen(id ctid.OfferID, ms int64) {
	for i := range k.rec.Offers {
		if k.rec.Offers[i].Offer == id {
			k.rec.Offers[i].PopSeenMS = ms
		}
	}
}

// offerEnded: the desk has ended the offer. Accepted: caller and agent are joined. Else the leg must go.
func (k *call) offerEnded(now time.Time, c acd.EndOffer) {
	o := k.offer
	if o == nil || o.Offer != c.Offer { // a late answer to an offer that is over: that leg must go
		k.dropLeg(c)
		return
	}
	k.offer = nil
	r := &k.rec.Offers[o.rec]
	r.End = c.End
	if !o.rung.IsZero() {
		r.RingMS = now.Sub(o.rung).Milliseconds()
	}
	if c.End == ctid.OfferAccepted {
		k.endVisit(now, ctid.ExitAnswered)
		k.connect(now, o, r.RingMS)
		return
	}
	k.dropLeg(c)
	if !k.musicDue.IsZero() {
		k.playMusic()
	}
	if !k.callerGone {
		k.fact(ctid.BySystem, ctid.CallDiverted{FromAgent: o.Agent, Why: c.Why, Next: "waiting_same_place"}, o.Agent)
	}
}

// dropLeg hangs up the leg of an offer that is over. Where it has none, its agent's phone is free.
func (k *call) dropLeg(c acd.EndOffer) {
	for _, l := range k.legs {
		if l.offer == c.Offer {
			k.hangupLegs(func(x *leg) bool { return x == l })
			return
		}
	}
	if c.Agent != "" {
		k.tellCore(acd.LegGone{Agent: c.Agent, Offer: c.Offer})
	}
}
