package switchboard

import (
	"context"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/traffic"
)

// desk is the one goroutine that holds the ACD core, stamps facts and routes events. It never does I/O.
type desk struct {
	sb       *Switchboard
	box      *box
	core     *acd.State
	plan     Plan     // by setPlan
	version  *Version // of the plan
	whose    map[phoneAt]ctid.AgentID
	seq      uint64 // of the next fact
	lastAt   time.Time
	ctx      context.Context // of Run: what calls are born under
	calls    map[ctid.CallID]*call
	byChan   map[string]*call // by the caller's own channel
	nodes    map[string]*nodeState
	pops     map[ctid.AgentID]*popState
	nails    map[ctid.AgentID]*nail            // lines that stay up between calls
	direct   map[ctid.AgentID]ctid.TaskID      // whose phones have calls past ctid
	reserved map[ctid.AgentID]acd.AgentChanged // told behind the pop that it is about
	orphans  map[string]*orphan                // conversations of a ctid before, by each of their channels
	old      map[ctid.CallID]ctid.CallRecord   // calls of an earlier run whose node has not been looked at yet
	snapSeq  uint64                            // of the last snapshot of the core, and when
	snapAt   time.Time
	slots    map[string]ctid.CallID // of parked calls
	owed     map[ctid.CallID]bool   // callbacks that wait for an agent
	booked   map[bookedAt]ctid.CallID
	lines    lines // to the customers who are called back
	unread   map[ctid.MessageID]*sent
	wraps    map[ctid.WrapID]*wrapped
	coming   map[string]*homecoming // fetched from the fallback queue, by channel
	draining bool
	traffic  *traffic.State  // by setPlan
	emptied  []chan struct{} // closed when no call is left
	pending  []ctid.LogEntry // entries of the letter in hand; they share a transaction
}

// nodeState is one Asterisk as the desk knows it.
type nodeState struct {
	node      *ari.Node
	connected bool
	up        bool              // connected, and its channels and phones have been read
	heard     map[string]uint64 // by endpoint: how many changes were told
	hears     map[string]bool   // the endpoints that were subscribed to; the node remembers that over its connects
	why       string
	since     time.Time
	rev       uint64
	away      time.Time // since when nobody knows what it has; zero while that is known, or when its calls were given up

	stopHome context.CancelFunc // ends the bringing home that may be under way; nil: there was none

	sweeping bool // what it has is being looked at; its events wait in held
	held     []ari.Message
	sweeps   int
}

func newDesk(s *Switchboard) (*desk, error) {
	core := reviveCore(s.cfg)
	if core == nil {
		var err error
		if core, err = acd.New(s.cfg.Plan.ACD); err != nil {
			return nil, err
		}
	}
	d := &desk{sb: s, box: newBox(), core: core, seq: s.cfg.NextSeq,
		calls: map[ctid.CallID]*call{}, byChan: map[string]*call{}, nodes: map[string]*nodeState{},
		orphans: map[string]*orphan{}, nails: map[ctid.AgentID]*nail{}, direct: map[ctid.AgentID]ctid.TaskID{}, pops: map[ctid.AgentID]*popState{}, reserved: map[ctid.AgentID]acd.AgentChanged{}}
	d.setPlan(s.cfg.Plan)
	d.old, d.coming, d.slots = map[ctid.CallID]ctid.CallRecord{}, map[string]*homecoming{}, map[string]ctid.CallID{}
	d.unread, d.wraps, d.owed = map[ctid.MessageID]*sent{}, map[ctid.WrapID]*wrapped{}, map[ctid.CallID]bool{}
	d.booked, d.lines = map[bookedAt]ctid.CallID{}, newLines()
	for _, r := range s.cfg.History.Calls {
		r.Live = shifted(r.Live, s.clock.ahead)
		d.old[r.ID] = r
	}
	for _, n := range s.cfg.Nodes {
		d.nodes[n.Name()] = &nodeState{node: n, why: "not connected yet", heard: map[string]uint64{}, hears: map[string]bool{}, since: s.clock.steady(), away: s.clock.steady()}
	}
	return d, nil
}

// post sends the desk something to do.
func (d *desk) post(do func(now time.Time)) {
	d.box.send(letter{d.sb.clock.steady(), do})
}

// run is the desk's life.
func (d *desk) run(ctx context.Context) {
	d.ctx = ctx
	alarm := newAlarm()
	defer alarm.t.Stop()
	d.begin(d.sb.clock.steady())
	for {
		for _, l := range d.box.take() {
			l.do(d.sb.clock.steady())
			d.flush()
		}
		now := d.sb.clock.steady()
		if by := d.sb.clock.step(); by != 0 {
			d.fact(now, ctid.Event{By: ctid.BySystem, Body: ctid.ClockStepped{StepMS: by.Milliseconds()}})
			for _, id := range sortedKeys(d.calls) { // what the next run needs of them is kept in wall time
				k := d.calls[id]
				k.post(func(time.Time) { k.save() })
			}
			d.sb.cfg.Log.Warn("the machine's clock was set: callers wait on by the time that has really passed, calendars go by the new one", "by", by)
			d.flush()
		}
		if d.snapshotDue(now) {
			d.snapshot(now)
			d.flush()
		}
		if due := d.core.Deadline(); !due.IsZero() && !now.Before(due) {
			d.decide(now, acd.Tick{})
			d.flush()
			continue
		}
		if due := d.lostDue(); !due.IsZero() && !now.Before(due) {
			d.loseNodes(now)
			d.flush()
			continue
		}
		alarm.set(now, earliest(earliest(d.core.Deadline(), d.lostDue()), now.Add(lookAtClock)))
		select {
		case <-d.box.wake:
		case <-alarm.t.C:
		case <-ctx.Done():
			d.end()
			return
		}
	}
}

// lookAtClock is how long it takes at most until a desk with nothing to do notices that the machine's clock was set.
const lookAtClock = 10 * time.Second

// begin tells of every agent as he is at the start, so that whoever folds the facts begins with a whole view, and logs
// in those who need no desktop.
func (d *desk) begin(now time.Time) {
	d.fact(now, ctid.Event{By: ctid.BySystem, Body: ctid.ConfigChanged{Hash: d.plan.Hash, What: "start"}})
	if d.sb.cfg.History.Core != nil {
		d.decide(now, acd.Reconfigure{Config: d.plan.ACD})
		d.decide(now, acd.Restarted{})
	}
	for _, a := range d.plan.ACD.Agents {
		if v, ok := d.core.AgentView(a.ID); ok {
			d.agentChanged(now, acd.AgentChanged{View: v, By: ctid.BySystem})
		}
	}
	d.snapshot(now)
	d.logIn(now, d.plan.ACD.Agents)
	d.flush()
}

func (d *desk) logIn(now time.Time, agents []acd.Agent) {
	for _, a := range agents {
		if a.Desk == ctid.DeskNone {
			d.decide(now, acd.AgentLogin{Agent: a.ID, By: ctid.BySystem})
		}
	}
}

// end lets the calls' goroutines finish what they have; ctx is over, so they do not wait.
func (d *desk) end() {
	for _, l := range d.box.take() {
		l.do(d.sb.clock.steady())
		d.flush()
	}
}

// stamp gives the event its number and time. at never goes back, so that the log can be read by time too.
func (d *desk) stamp(now time.Time, ev ctid.Event) ctid.Event {
	ev.Seq, ev.Epoch = d.seq, d.sb.cfg.Epoch
	d.seq++
	ev.At = d.wall(now)
	return ev
}

func (d *desk) wall(now time.Time) time.Time {
	at := d.sb.clock.wall(now).Truncate(time.Microsecond)
	if at.Before(d.lastAt) {
		return d.lastAt
	}
	d.lastAt = at
	return at
}

// fact stamps an event, gives it to the log and to the desktops, and returns it.
func (d *desk) fact(now time.Time, ev ctid.Event, extra ...func(*ctid.LogEntry)) ctid.Event {
	ev = d.stamp(now, ev)
	e := ctid.LogEntry{Seq: ev.Seq, Epoch: ev.Epoch, At: ev.At, Kind: ev.Body.Kind(), V: ctid.BodyVersion,
		Subject: subject(ev), Queue: ev.Queue, Agent: ev.Agent, Body: ev.Body}
	for _, f := range extra {
		f(&e)
	}
	d.pending = append(d.pending, e)
	d.sb.deps.Desktops.Publish(ev)
	return ev
}

// flush hands the letter's rows to the log in one piece.
func (d *desk) flush() {
	if len(d.pending) > 0 {
		d.sb.deps.Log.AppendAll(d.pending)
		d.pending = nil
	}
}

func subject(ev ctid.Event) string {
	switch {
	case ev.Call != "":
		return string(ev.Call)
	case ev.Agent != "":
		return string(ev.Agent)
	case ev.Pop != "":
		return string(ev.Pop)
	}
	if l, ok := ev.Body.(ctid.LinkChanged); ok {
		return string(l.PBX)
	}
	return ""
}

// decide gives the core an event that nobody waits for an answer to. A refusal says that the event came too late, as
// events do: what won is in the log.
func (d *desk) decide(now time.Time, ev acd.Event) {
	if refused := d.asked(now, ev); refused != nil {
		d.sb.cfg.Log.Debug("the acd refused an event", "event", ev.EventKind(), "why", refused)
	}
}

// asked gives the core one event and carries out what it says. It returns the refusal, if the core refused.
func (d *desk) asked(now time.Time, ev acd.Event, extra ...func(*ctid.LogEntry)) *ctid.Error {
	began := d.sb.clock.steady()
	commands := d.core.Decide(now, ev)
	d.sb.cfg.Meters.Decided(d.sb.clock.steady().Sub(began))
	// At is the time that the core was given, so that a replay decides the same.
	e := ctid.LogEntry{Seq: d.seq, Epoch: d.sb.cfg.Epoch, At: now.UTC().Truncate(time.Microsecond), Kind: "in.acd." + ev.EventKind(),
		V: acd.Version, Subject: acdSubject(ev), Body: ev}
	d.seq++
	for _, f := range extra {
		f(&e)
	}
	d.pending = append(d.pending, e)
	for _, c := range commands { // first, so that the change of state that follows does not close the pop as done
		if e, ok := c.(acd.EndOffer); ok && e.End != ctid.OfferAccepted {
			d.closePop(now, e.Agent, e.Offer, popWhy(e))
		}
	}
	var refused *ctid.Error
	for _, c := range commands {
		if r, ok := c.(acd.Refused); ok {
			refused = r.Err
			continue
		}
		d.carryOut(now, c)
	}
	return refused
}

func acdSubject(ev acd.Event) string {
	switch e := ev.(type) {
	case acd.Enqueue:
		return string(e.Task)
	case acd.Leave:
		return string(e.Task)
	case acd.Move:
		return string(e.Task)
	case acd.Prioritise:
		return string(e.Task)
	case acd.TakeCallback:
		return string(e.Task)
	case acd.OnLine:
		return string(e.Task)
	case acd.WaitTold:
		return string(e.Task)
	case acd.TaskGone:
		return string(e.Task)
	case acd.WorkEnded:
		return string(e.Task)
	case acd.WorkBegun:
		return string(e.Task)
	case acd.WorkOwned:
		return string(e.Task)
	case acd.WorkDoing:
		return string(e.Task)
	case acd.Direct:
		return string(e.Task)
	case acd.Pick:
		return string(e.Task)
	case acd.Revoke:
		return string(e.Offer)
	case acd.OfferUp:
		return string(e.Offer)
	case acd.OfferFailed:
		return string(e.Offer)
	case acd.LegGone:
		return string(e.Offer)
	}
	return ""
}

// carryOut sends a command of the core to the goroutine that it concerns.
func (d *desk) carryOut(now time.Time, cmd acd.Command) {
	switch c := cmd.(type) {
	case acd.MakeOffer:
		d.makeOffer(c)
	case acd.EndOffer:
		d.endOffer(c)
	case acd.TaskQueued:
		if k := d.calls[ctid.CallID(c.Task)]; k != nil {
			k.post(func(now time.Time) { k.queued(now, c) })
		}
	case acd.TaskMoved:
		d.traffic.Left(d.wall(now), c.From, exitOf(c), 0) // nobody has answered there, however long that took
		if k := d.calls[ctid.CallID(c.Task)]; k != nil {
			k.post(func(now time.Time) { k.moved(now, c) })
		}
	case acd.TaskChanged:
		if k := d.calls[ctid.CallID(c.Task)]; k != nil {
			k.post(func(time.Time) { k.reprioritised(c) })
		}
	case acd.TaskEnded:
		d.sb.cfg.Meters.Waited(c.Queue, c.Exit, c.Waited)
		d.traffic.Left(d.wall(now), c.Queue, c.Exit, c.Waited)
		if k := d.calls[ctid.CallID(c.Task)]; k != nil {
			k.post(func(now time.Time) { k.leftQueue(now, c) })
		}
	case acd.DropWork:
		if k := d.calls[ctid.CallID(c.Task)]; k != nil {
			k.post(func(now time.Time) { k.dropAgent(now, c) })
		}
	case acd.AgentChanged:
		d.agentChanged(now, c)
	}
}

// forget drops a call whose goroutine is about to end.
func (d *desk) forget(k *call) {
	delete(d.calls, k.id)
	delete(d.owed, k.id)
	d.freeLine(k)
	d.traffic.Ended(k.id)
	for _, id := range append(k.aliases, k.channel) {
		if d.byChan[id] == k {
			delete(d.byChan, id)
		}
	}
	for _, slot := range sortedKeys(d.slots) {
		d.freeSlot(slot, k.id)
	}
	d.signalIfEmpty()
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
