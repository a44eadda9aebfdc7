package switchboard

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// History is what an earlier run has left in the log: where its ACD core stood, what that was given afterwards, and the
// records of calls that were not over. The zero value is a first start.
type History struct {
	Core   *acd.Snapshot
	Events []Past
	Calls  []ctid.CallRecord
	// Versions are the sets of scripts of those calls that are neither in force nor a canary, by their sums.
	Versions map[string]*Version
}

// Past is one event as the core of an earlier run was given it.
type Past struct {
	At    time.Time
	Event acd.Event
}

// KindSnapshot is the kind of the log rows that hold the ACD core's state.
const KindSnapshot = "snapshot.acd"

// snapshotRows and snapshotTime are how much may pass between two snapshots of the core.
const (
	snapshotRows = 10_000
	snapshotTime = 10 * time.Minute
)

// reviveCore folds the history into the core that the earlier run had when it ended.
func reviveCore(cfg Config) *acd.State {
	h := cfg.History
	if h.Core == nil {
		return nil
	}
	core, err := acd.Restore(*h.Core)
	if err != nil {
		cfg.Log.Error("the state of the earlier run cannot be read; every agent begins anew", "error", err)
		return nil
	}
	for _, p := range h.Events {
		core.Decide(p.At, p.Event)
	}
	return core
}

// snapshot puts the core's state into the log, so that a restart need not fold it all.
func (d *desk) snapshot(now time.Time) {
	d.snapSeq, d.snapAt = d.seq, now
	d.pending = append(d.pending, ctid.LogEntry{Seq: d.seq, Epoch: d.sb.cfg.Epoch, At: now.UTC().Truncate(time.Microsecond),
		Kind: KindSnapshot, V: acd.Version, Body: d.core.Snapshot()})
	d.seq++
}

func (d *desk) snapshotDue(now time.Time) bool {
	return d.seq-d.snapSeq > snapshotRows || now.Sub(d.snapAt) > snapshotTime && d.seq-d.snapSeq > 1
}

// found is what a node was seen to have.
type found struct {
	began    time.Time // when it was asked: what came later is not in it
	channels map[string]ari.Channel
	legs     map[ctid.CallID][]ari.Channel // channels with an id of ours
	bridges  map[ctid.CallID][]ari.BridgeData
}

func newFound(began time.Time, channels []ari.Channel, bridges []ari.BridgeData) *found {
	f := &found{began: began, channels: map[string]ari.Channel{}, legs: map[ctid.CallID][]ari.Channel{}, bridges: map[ctid.CallID][]ari.BridgeData{}}
	for _, c := range channels {
		f.channels[c.ID] = c
		if id := callInID(c.ID); id != "" {
			f.legs[id] = append(f.legs[id], c)
		}
	}
	for _, b := range bridges {
		if id := callInID(b.ID); id != "" {
			f.bridges[id] = append(f.bridges[id], b)
		}
	}
	return f
}

// reviveCalls takes over the calls of the earlier run that are still there, those who waited in the order in which they
// wait, and ends the others. Its agents' states follow what is really there.
func (d *desk) reviveCalls(now time.Time, n *ari.Node, f *found) (kept, lost int) {
	var mine []ctid.CallRecord
	for _, r := range d.old {
		if string(r.Node) == n.Name() {
			mine = append(mine, r)
		}
	}
	slices.SortFunc(mine, byPlace)
	for _, r := range mine {
		delete(d.old, r.ID)
		if owes(r) {
			d.reviveOwed(now, n, r, f)
			kept++
		} else if c, ok := f.channels[r.Channel]; ok && d.ours(n, c) {
			d.adopt(now, n, r, f)
			kept++
		} else {
			d.bury(now, r, "lost_while_down")
			d.lostOnLine(now, n, r)
			lost++
		}
	}
	d.endTalksOn(now, n)
	return kept, lost
}

func (d *desk) isOld(id ctid.CallID) bool { _, ok := d.old[id]; return ok }

// byPlace orders calls as they wait: by priority, then by when they entered, then by arrival.
func byPlace(a, b ctid.CallRecord) int {
	place := func(r ctid.CallRecord) (int, time.Time) {
		if r.Live != nil && r.Live.Queue != nil {
			return r.Live.Queue.Priority, r.Live.Queue.Entered
		}
		return -1, r.Arrived
	}
	ap, at := place(a)
	bp, bt := place(b)
	return cmp.Or(cmp.Compare(bp, ap), at.Compare(bt), cmp.Compare(a.ID, b.ID))
}

// adopted is what of a call was found in Asterisk.
type adopted struct {
	talking *leg
	agent   ctid.AgentID
	guests  []ctid.LiveTalk
	outside []string
	others  []string // legs that do not belong to a conversation: they are hung up
	bridge  string
	joined  bool
	backTo  reach // of a parked caller
}

// adopt makes the call of an earlier run one of ours.
func (d *desk) adopt(now time.Time, n *ari.Node, r ctid.CallRecord, f *found) {
	if r.Live == nil {
		r.Live = &ctid.Live{}
	}
	k := d.newCall(n, r.ID, r.Channel, d.routedBefore(r))
	k.rec, k.born, k.shown = r, earliest(k.born, r.Arrived), d.plan.ShownAs
	if r.Dir == "in" {
		d.traffic.Began(k.id, r.Trunk, r.DNIS.Number)
		k.unanswered, k.open = k.born.Add(d.unansweredFor(r.Trunk)), true
	}
	a := d.whoTalks(n, r, f)
	if b := f.bridges[r.ID]; len(b) > 0 {
		a.bridge = b[0].ID
		a.joined = a.talking != nil && slices.Contains(b[0].ChannelIDs, r.Channel) && slices.Contains(b[0].ChannelIDs, a.talking.id)
	}
	if p := r.Live.Parked; p != nil {
		d.slots[p.Slot] = r.ID
		a.backTo, _ = d.resolve(p.BackTo) // where it is no longer known he goes to his queue
	}
	if cb := r.Live.Callback; cb != nil { // the customer is on the line
		o := owedOf(cb)
		d.booked[o.at()] = r.ID
	}
	if r.Dir == "out" && len(r.Queues) > 0 {
		k.dials = r.DNIS.Number
		d.takeLine(k)
	}
	d.sb.wg.Go(k.run)
	k.post(func(now time.Time) { k.resume(now, a) })
	task := ctid.TaskID(r.ID)
	q := r.Live.Queue
	switch {
	case a.talking != nil || len(a.guests)+len(a.outside) > 0:
		queue := ctid.QueueID("")
		if q != nil {
			queue = q.Queue
		}
		if a.talking != nil {
			d.decide(now, acd.Adopt{Agent: a.agent, Task: task, Queue: queue, Offer: a.talking.offer})
		}
		for _, g := range a.guests {
			d.decide(now, acd.Adopt{Agent: g.Agent, Task: task, Offer: ctid.OfferID(g.Leg)})
		}
	case r.Live.Parked != nil:
	case q != nil:
		d.endTalks(now, r.ID, r.Live.Talk == nil)
		if r.Live.Talk == nil {
			atMost := time.Duration(0)
			if !q.Until.IsZero() {
				atMost = max(q.Until.Sub(now), time.Millisecond)
			}
			d.decide(now, acd.Enqueue{Task: task, Queue: q.Queue, Priority: q.Priority, Entered: q.Entered, AtMost: atMost, Arrived: r.Arrived, Again: true, Needs: needsOf(q.Skills)})
		}
	}
}

// endTalks ends the conversation that the core believes some agent to have in a call.
func (d *desk) endTalks(now time.Time, call ctid.CallID, noWrap bool) {
	for _, a := range d.plan.ACD.Agents {
		if v, ok := d.core.AgentView(a.ID); ok && v.State == ctid.Talking && v.Call == call {
			d.decide(now, acd.WorkEnded{Agent: a.ID, Task: ctid.TaskID(call), NoWrap: noWrap})
		}
	}
}

// whoTalks finds the agent's leg among a call's channels: up, and preferably the one that the record names.
func (d *desk) whoTalks(n *ari.Node, r ctid.CallRecord, f *found) adopted {
	var a adopted
	legs := f.legs[r.ID]
	if t := r.Live.Talk; t != nil && callInID(string(t.Leg)) != r.ID { // a line that stays up
		if c, there := f.channels[string(t.Leg)]; there && callInID(c.ID) != "" {
			legs = append(slices.Clone(legs), c)
			d.nails[t.Agent] = &nail{agent: t.Agent, node: n, channel: c.ID, up: true, call: d.calls[r.ID]}
		}
	}
	for _, c := range legs {
		if c.ID == r.Channel || c.State == "Up" && a.stays(r.Live, c.ID) {
			continue
		}
		agent := d.agentAt(n, endpointIn(c.Name))
		named := r.Live.Talk != nil && string(r.Live.Talk.Leg) == c.ID
		if c.State != "Up" || agent == "" || a.talking != nil && !named {
			a.others = append(a.others, c.ID)
			continue
		}
		if a.talking != nil {
			a.others = append(a.others, a.talking.id)
		}
		a.talking, a.agent = &leg{id: c.ID, agent: agent, offer: ctid.OfferID(c.ID), up: true, nail: callInID(c.ID) != r.ID}, agent
	}
	return a
}

// stays keeps a leg in the conversation that was more than caller and agent, if it was one of those.
func (a *adopted) stays(l *ctid.Live, id string) bool {
	for _, g := range l.Guests {
		if string(g.Leg) == id {
			a.guests = append(a.guests, g)
			return true
		}
	}
	if slices.Contains(l.Outside, ctid.LegID(id)) {
		a.outside = append(a.outside, id)
		return true
	}
	return false
}

// endpointIn is the endpoint in a channel's name: PJSIP/1001 in PJSIP/1001-00000012.
func endpointIn(channel string) string {
	if i := strings.LastIndexByte(channel, '-'); i > 0 {
		return channel[:i]
	}
	return ""
}

// EndDead ends the open record of a call that went while nobody looked: its clocks run until at.
func EndDead(r ctid.CallRecord, at time.Time, reason string) ctid.CallRecord {
	r.Queues, r.Agents = slices.Clone(r.Queues), slices.Clone(r.Agents)
	if l := r.Live; l != nil {
		switch {
		case l.Talk != nil && len(r.Agents) > 0:
			p := &r.Agents[len(r.Agents)-1]
			p.TalkMS = max(0, at.Sub(l.Talk.Since).Milliseconds()-p.HoldMS)
			r.TalkMS += p.TalkMS
		case l.Queue != nil && len(r.Queues) > 0 && r.Queues[len(r.Queues)-1].Exit == "":
			v := &r.Queues[len(r.Queues)-1]
			v.Exit, v.WaitMS = ctid.ExitAbandoned, at.Sub(l.Queue.Entered).Milliseconds()
			r.WaitMS += v.WaitMS
			r.Outcome = "abandoned"
		}
	}
	if r.Outcome == "" {
		r.Outcome = "hangup_in_script"
	}
	if r.Match == "" {
		r.Match = ctid.MatchNone
	}
	r.Ended, r.End, r.Live = at, &ctid.End{Side: ctid.SideSystem, Reason: reason}, nil
	return r
}

// Cleared is the fact that tells of a record's end.
func Cleared(r ctid.CallRecord) ctid.CallCleared {
	return ctid.CallCleared{End: *r.End, TalkMS: r.TalkMS, HoldMS: r.HoldMS, QueueMS: r.WaitMS, Record: r.ID, Outcome: r.Outcome}
}

// bury ends the record of a call whose caller went while nobody looked.
func (d *desk) bury(now time.Time, r ctid.CallRecord, reason string) {
	r.Live = shifted(r.Live, -d.sb.clock.ahead)
	r = EndDead(r, d.wall(now), reason)
	d.endTalks(now, r.ID, false)
	person := string(r.Customer)
	if person == "" && d.sb.cfg.Person != nil {
		person = d.sb.cfg.Person(string(cmp.Or(r.ANI.E164, r.ANI.Raw)))
	}
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: r.ID, Body: Cleared(r)}, func(e *ctid.LogEntry) { e.Record, e.Person = &r, person })
}

// hushLegs hangs up the legs of earlier runs that still ring and waits until they are gone, before anything new may ring: no phone rings for two
// callers, no caller rings two phones. live are the calls of this run, owing those of callbacks: their customers are called anew, so a leg
// that is up goes too. It gives the channels that are left.
func hushLegs(ctx context.Context, n *ari.Node, channels []ari.Channel, site string, live, owing map[ctid.CallID]bool) ([]ari.Channel, error) {
	var hushed []string
	var left []ari.Channel
	for _, c := range channels {
		if id := callInID(c.ID); id == "" || live[id] || c.State == "Up" && !owing[id] || !strings.HasPrefix(c.ID, "ctid."+site+".") {
			left = append(left, c)
			continue
		}
		if err := n.Hangup(ctx, c.ID, "normal", 0); err != nil && !ari.IsGone(err) {
			return nil, err
		}
		hushed = append(hushed, c.ID)
	}
	ctx, cancel := context.WithTimeout(ctx, acd.LineLimit)
	defer cancel()
	for _, id := range hushed {
		if err := gone(ctx, n, id); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// gone waits until a channel that was hung up is no longer there, or as long as ctx lets it.
func gone(ctx context.Context, n *ari.Node, id string) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if _, err := n.Channel(ctx, id); err != nil {
			if ari.IsGone(err) || ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}
