package switchboard

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ivr"
	"ctid/phone"
)

// call is one call and its legs. Its goroutine alone changes it; everybody else posts to its box.
type call struct {
	desk    *desk
	sb      *Switchboard
	box     *box
	ctx     context.Context // ends with the switchboard, or when the call's goroutine does
	stop    context.CancelFunc
	id      ctid.CallID
	node    *ari.Node
	channel string // the caller's own
	born    time.Time
	route   Route

	rev     uint64
	rec     ctid.CallRecord
	machine *ivr.Machine
	tally   ivr.Tally // of the scripts before machine's
	inputs  int       // that scripts have taken
	names   int       // of the ids made for Asterisk

	callerGone bool
	last       *ctid.End // how the call ends whose caller has gone, once the script's on_hangup is through; else nil
	answered   bool
	unheard    bool // an agent had answered, and the caller was gone before they were joined
	ended      bool // rec.End is set and told
	away       bool // continued into the dialplan by us
	music      bool
	musicDue   time.Time // when the music that waits for an offer begins
	musicClass string
	musicLost  bool        // it could not be played
	musicOld   bool        // what plays is of an earlier run, if anything does
	silence    time.Time   // since when the music of a queue is off, for something is said; zero: it is not
	whispers   *whispering // to the agent, before the two are joined

	unanswered time.Time // until when the caller may hear something without being answered
	open       bool      // he hears what is played, answered or not

	plays   map[string]*playback // by the id in Asterisk
	match   ctid.Match
	matched bool // the look-up is back
	waiting []func(now time.Time)

	home   *homecoming // he was in the fallback queue; nil when that is used up
	queue  *queueStay
	offers []*offer // of the caller to agents: several where his queue rings them all
	talk   *talk    // with the agent who answers for the call
	bridge string

	removed *removal // a supervisor takes him out of his queue
	pressed string   // the key for which he has asked to leave his queue
	owed    *owed    // a callback whose customer has not been spoken with yet
	dials   string   // the number of a callback's customer, as it is dialled; it never changes
	ahead   *ahead   // he is being called, before his agent

	guests    []*talk   // the other agents of a conference
	outside   []string  // legs of those outside who are in the conversation
	outSince  time.Time // since when the caller speaks with one of them alone
	hold      *hold     // the caller waits for the agent
	hearsHold string    // the channel that hears music while its agent is elsewhere; empty: none
	side      *side     // a consultation
	xfer      *transfer // the caller is handed on
	parked    *parked
	message   *message // the caller leaves one
	needless  needless // after a message
	priority  *int     // that the script has given the call; nil: its queue's
	referring string   // the channel of a phone that asked by REFER and has had no answer, or a good one
	saving    *rescue  // of the agent who has the caller
	monitors  []*monitor
	dialing   *dialing // of a call that an agent makes
	inner     *inner   // two agents talk without a caller
	rung      *rung    // a dial or transfer step of the script
	moves     int      // how often it was sent to own numbers
	did       map[ctid.AgentID]string
	dataRev   int
	shown     string       // the number that others see of us
	wanted    ctid.QueueID // of a call that an agent makes: whose rules hold for it
	aliases   []string     // channels in desk.byChan beside the caller's; the desk's own
	filed     bool         // the desk has had the last record; the desk's own
	// doubtful are bridges of which it is not known whether Asterisk has made them.
	doubtful []string
	unended  map[ctid.OfferID]bool // offers whose end the desk has not told: their agents' phones are not free before
	legs     map[string]*leg       // by channel, until they are gone
	leave    time.Time             // when to ask again for what of an ended call has not gone
	tries    int                   // how often that was done
}

// arrive makes a new call of a channel that has entered, and starts its goroutine.
func (d *desk) arrive(now time.Time, n *ari.Node, e *ari.StasisStart, home *homecoming) {
	dnis := clip(e.Args[1], 32)
	route, ok := d.plan.Routes.Route(dnis)
	if !ok {
		d.refuse(now, n, e, "no entry in numbers for "+dnis)
		return
	}
	ani := number(e.Channel.Caller, d.plan.Country)
	route, said := d.routed(now, endpointIn(e.Channel.Name), dnis, ani, route)
	id := ctid.CallID(d.sb.cfg.NewID("c_"))
	k := d.newCall(n, id, e.Channel.ID, d.pinned(route, ani, id))
	k.rec = ctid.CallRecord{ID: k.id, Node: ctid.NodeID(n.Name()), Channel: e.Channel.ID, Trunk: said.Trunk, Dir: "in", Arrived: d.wall(now),
		ANI: ani, DNIS: ctid.DNIS{Number: dnis, Label: route.Label}, Scripted: k.route.scripted()}
	k.home, k.shown = home, d.plan.ShownAs
	k.unanswered = k.born.Add(d.unansweredFor(said.Trunk))
	k.arrivedWith(e.Args, k.rec.Arrived)
	rec := k.record()
	k.rev++
	d.fact(now, ctid.Event{By: ctid.By{Kind: "caller"}, Call: k.id, Rev: k.rev, Body: ctid.CallArrived{Dir: "in", Leg: ctid.LegID(k.channel),
		ANI: k.rec.ANI, DNIS: k.rec.DNIS, Trunk: k.rec.Trunk, PBX: k.rec.Node}}, k.person("", k.rec.ANI), func(le *ctid.LogEntry) { le.Record = rec })
	d.tellRoute(now, k, said)
	d.sb.wg.Go(k.run)
	k.post(k.start)
}

// newCall makes the call of a channel known; its goroutine is still to be started.
func (d *desk) newCall(n *ari.Node, id ctid.CallID, channel string, route Route) *call {
	ctx, stop := context.WithCancel(d.ctx)
	k := &call{desk: d, sb: d.sb, box: newBox(), ctx: ctx, stop: stop, id: id, node: n, channel: channel, route: route,
		born: d.sb.clock.steady(), plays: map[string]*playback{}, legs: map[string]*leg{}, unended: map[ctid.OfferID]bool{}, match: ctid.Match{State: ctid.MatchPending}, did: map[ctid.AgentID]string{}}
	d.calls[id] = k
	if channel != "" {
		d.byChan[channel] = k
	}
	return k
}

// number reads who calls in each of its forms; whatever the PBX gave, something comes of it.
func number(c ari.CallerID, country string) ctid.Number {
	n := numberOf(c.Number, country)
	n.Name = ctid.Private(phone.Name(c.Name))
	return n
}

// numberOf reads a number in each of its forms.
func numberOf(raw, country string) ctid.Number {
	n := phone.Parse(raw, country)
	return ctid.Number{E164: ctid.Private(n.E164), Raw: ctid.Private(n.Raw), Shown: ctid.Private(n.Shown), Kind: n.Kind}
}

// post sends the call something to do.
func (k *call) post(do func(now time.Time)) { k.box.send(letter{k.sb.clock.steady(), do}) }

// run is the call's life. A fault in it ends this call alone: its caller goes to the fallback dialplan.
func (k *call) run() {
	defer k.desk.post(func(time.Time) { k.desk.forget(k) })
	defer k.stop()
	defer k.faulted()
	alarm := newAlarm()
	defer alarm.t.Stop()
	for {
		for _, l := range k.box.take() {
			l.do(k.sb.clock.steady())
		}
		if k.finished() {
			return
		}
		now := k.sb.clock.steady()
		if due := k.deadline(); !due.IsZero() && !now.Before(due) {
			k.timeUp(now)
			continue
		}
		alarm.set(now, k.deadline())
		select {
		case <-k.box.wake:
		case <-alarm.t.C:
		case <-k.ctx.Done():
			return
		}
	}
}

// faulted turns a fault in the code of this call into the end of this call.
func (k *call) faulted() {
	fault := recover()
	if fault == nil {
		return
	}
	k.sb.cfg.Log.Error("fault in a call; its caller goes to the fallback", "call", k.id, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(k.ctx), 5*time.Second)
	defer cancel()
	for id, l := range k.legs {
		_ = k.node.Hangup(ctx, id, "normal", 0)
		k.legClear(l)
	}
	if k.channel != "" {
		_ = toFallback(ctx, k.node, k.channel)
	}
	k.finish(k.sb.clock.steady(), ctid.End{Side: ctid.SideSystem, Reason: "internal"})
	if k.bridge != "" {
		_ = k.node.DestroyBridge(ctx, k.bridge)
	}
}

// finished: told of its end, and nothing of it is left in Asterisk (or it has been waited for long enough).
func (k *call) finished() bool {
	return k.ended && (k.callerGone || k.away) && len(k.legs)+len(k.unended) == 0 && k.bridge == "" && len(k.doubtful) == 0
}

// start asks who calls and starts the script. The caller's channel is not subscribed to: that he hangs up is told with its
// cause while he is in the application, and he leaves it only when we send him away.
func (k *call) start(now time.Time) {
	k.cameHome(now)
	if k.sentElsewhere(now) {
		return
	}
	k.lookupCaller(now)
	k.machine = ivr.NewMachine(k.route.Script, k.options())
	k.input(now, k.startInput())
}

func (k *call) startInput() ivr.Input {
	return ivr.Start{Call: ivr.CallInfo{ANI: string(k.rec.ANI.E164), DNIS: k.rec.DNIS.Number, DIDName: k.rec.DNIS.Label, Priority: usualPriority}}
}

// onEvent takes an event of Asterisk about one of the call's channels, playbacks or bridges.
func (k *call) onEvent(now time.Time, ev ari.Event) {
	s := ev.Subject()
	if l := k.legs[s.Channel]; l != nil {
		k.legEvent(now, l, ev)
		return
	}
	switch e := ev.(type) {
	case *ari.StasisStart:
		if m := k.monitorOf(s.Channel, ""); m != nil && m.snoop == s.Channel {
			k.snoopUp(m)
		}
	case *ari.ChannelHangupRequest:
		if s.Channel == k.channel {
			k.lost(now, "hangup", e.Cause)
		}
	case *ari.ChannelDestroyed:
		if s.Channel == k.channel {
			k.lost(now, "hangup", e.Cause)
		}
	case *ari.StasisEnd:
		if s.Channel == k.channel && !k.away {
			k.lost(now, "left_application", 0)
		}
	case *ari.ChannelDtmfReceived:
		if s.Channel == k.channel && k.message != nil {
			k.messageKey(now, e.Digit)
		} else if s.Channel == k.channel && k.aheadKey(now, e.Digit) {
			return
		} else if s.Channel == k.channel && k.listens() && !k.needlessKey(now, e.Digit) {
			k.input(now, ivr.Key{Digit: e.Digit, Held: time.Duration(e.DurationMS) * time.Millisecond})
		}
	case *ari.PlaybackFinished:
		k.played(now, e.Playback.ID, e.Playback.State == "failed")
	case *ari.RecordingFinished:
		k.messageEvent(now, s.Recording, false)
	case *ari.RecordingFailed:
		k.messageEvent(now, s.Recording, true)
	case *ari.ChannelHold:
		k.held(now, k.channel, e.MusicClass)
	case *ari.ChannelUnhold:
		k.retrieved(now, k.channel)
	}
}

// listens tells whether the script has the caller, who speaks with nobody and is not on his way to anybody.
func (k *call) listens() bool {
	return k.talk == nil && k.xfer == nil && k.parked == nil && k.inner == nil && k.dialing == nil && len(k.outside) == 0
}

// name makes an id for Asterisk: kind is l (leg), b (bridge), p (playback), r (recording) or s (snoop).
func (k *call) name(kind string) string {
	k.names++
	return fmt.Sprintf("ctid.%s.%s.%s%d", k.sb.cfg.Site, k.id, kind, k.names)
}

// fact tells the desk a fact of this call.
func (k *call) fact(by ctid.By, body ctid.Body, agents ...ctid.AgentID) {
	k.rev++
	ev := ctid.Event{By: by, Call: k.id, Rev: k.rev, Agents: agents, Body: body}
	if k.queue != nil {
		ev.Queue = k.queue.queue
	}
	if len(agents) > 0 {
		ev.Agent = agents[0]
	}
	for _, a := range k.agentsOn() {
		if !slices.Contains(ev.Agents, a) {
			ev.Agents = append(ev.Agents, a)
		}
	}
	k.tellCan(&ev)
	person := k.person(k.rec.Customer, k.rec.ANI)
	k.desk.post(func(now time.Time) { k.desk.fact(now, ev, person) })
}

// tellCan writes what each agent who is told may ask now.
func (k *call) tellCan(ev *ctid.Event) {
	switch len(ev.Agents) {
	case 0:
	case 1:
		ev.Can = append([]string{}, k.canOf(ev.Agents[0])...) // nothing is possible, which is not the same as nothing told
	default:
		ev.Cans = make(map[ctid.AgentID][]string, len(ev.Agents))
		for _, a := range ev.Agents {
			ev.Cans[a] = append([]string{}, k.canOf(a)...)
		}
	}
}

// note tells a fact that only the log keeps.
func (k *call) note(what string, data map[string]any) {
	k.fact(ctid.BySystem, ctid.CallNote{What: what, Data: data})
}

// person names whose personal values a row holds.
func (k *call) person(customer ctid.CustomerID, ani ctid.Number) func(*ctid.LogEntry) {
	p := string(customer)
	if p == "" && k.sb.cfg.Person != nil {
		number := ani.E164
		if number == "" {
			number = ani.Raw
		}
		p = k.sb.cfg.Person(string(number))
	}
	return func(e *ctid.LogEntry) { e.Person = p }
}

// tellCore posts an event of this call to the ACD core.
func (k *call) tellCore(ev acd.Event) {
	k.desk.post(func(now time.Time) { k.desk.decide(now, ev) })
}

// warn writes a failed request to the log, unless the thing was merely gone already.
func (k *call) warn(what string, err error) {
	if err != nil && !ari.IsGone(err) && k.ctx.Err() == nil {
		k.sb.cfg.Log.Warn(what, "call", k.id, "node", k.node.Name(), "error", err)
	}
}
