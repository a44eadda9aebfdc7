package switchboard

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// onARI takes one message of a node.
func (d *desk) onARI(now time.Time, n *ari.Node, m ari.Message) {
	st := d.nodes[n.Name()]
	switch m.Kind {
	case ari.KindEvent:
		if st.sweeping { // first what is there, then what is new
			st.held = append(st.held, m)
			return
		}
		d.onEvent(now, n, m.Event)
	case ari.KindUp:
		st.connected, st.why = true, "connected, its state is being read"
		d.link(now, st, "up", m.Version.Text, "")
		d.sweep(now, st) // which asks for the devices when it knows who talks
	case ari.KindGap:
		d.link(now, st, "recovering", "", "events between "+m.Since.UTC().Format(time.RFC3339)+" and now were not told")
	case ari.KindPhones:
		if !st.sweeping { // else they are asked behind the sweep
			d.askDevices(st)
		}
	case ari.KindDown:
		d.nodeGone(now, st, "down", m.Err)
		if st.away.IsZero() {
			st.away = now
		}
	case ari.KindReplaced:
		d.nodeGone(now, st, "taken", fmt.Errorf("another ctid took the app: %w", m.Err))
		d.giveUp(n, "app_taken")
	case ari.KindRefused:
		d.nodeGone(now, st, "refused", m.Err)
		d.giveUp(n, "pbx_refused")
	}
}

func (d *desk) link(now time.Time, st *nodeState, state, version, detail string) {
	st.since = now
	st.rev++
	d.fact(now, ctid.Event{By: ctid.BySystem, Rev: st.rev, Body: ctid.LinkChanged{PBX: ctid.NodeID(st.node.Name()),
		State: state, Since: now.UTC(), Version: version, Detail: detail}})
}

// nodeGone: nobody can be rung on that node until it is back. Its calls stay: Asterisk keeps them.
func (d *desk) nodeGone(now time.Time, st *nodeState, state string, err error) {
	st.up, st.connected, st.sweeping, st.held = false, false, false, nil
	if st.stopHome != nil {
		st.stopHome()
	}
	st.why = state
	if err != nil {
		st.why = state + ": " + err.Error()
	}
	d.sb.cfg.Log.Error("asterisk "+state, "node", st.node.Name(), "error", err)
	d.link(now, st, state, "", st.why)
	for _, a := range d.plan.ACD.Agents {
		if d.phoneIsAt(a.ID, st.node) {
			d.decide(now, acd.DeviceChanged{Agent: a.ID, Reachable: false})
		}
	}
}

// onEvent finds whose event it is.
func (d *desk) onEvent(now time.Time, n *ari.Node, ev ari.Event) {
	switch e := ev.(type) {
	case *ari.EndpointStateChange:
		d.nodes[n.Name()].heard[endpointOf(e.Endpoint)]++
		d.device(now, n, endpointOf(e.Endpoint), e.Endpoint.State != "offline")
		return
	case *ari.PhoneCalls:
		d.phoneCalls(now, n, endpointOf(e.Endpoint), e.Channels)
		return
	case *ari.ContactStatusChange:
		if e.Contact.Status == "NonQualified" {
			d.newContact(n, endpointOf(e.Endpoint))
		}
		return
	case *ari.StasisStart:
		if d.callOf(n, ev) == nil && d.nailAt(e.Channel.ID) == nil {
			d.entered(now, n, e)
			return
		}
	}
	if l := d.nailAt(ev.Subject().Channel); l != nil && l.node == n {
		d.nailEvent(now, l, ev)
		return
	}
	if k := d.callOf(n, ev); k != nil {
		k.post(func(now time.Time) { k.onEvent(now, ev) })
		return
	}
	d.orphanEvent(n, ev)
}

// callOf finds the call of an event: by the caller's channel, or by an id that we made (which has the call in it).
func (d *desk) callOf(n *ari.Node, ev ari.Event) *call {
	s := ev.Subject()
	for _, id := range [...]string{s.Channel, s.Playback, s.Bridge, s.Recording} {
		if id == "" {
			continue
		}
		k := d.byChan[id]
		if k == nil {
			k = d.calls[callInID(id)]
		}
		if k != nil && k.node == n {
			return k
		}
	}
	return nil
}

// callInID reads the call out of an id of ours, ctid.<site>.<call>.<kind><n>; empty for any other id.
func callInID(id string) ctid.CallID {
	p := strings.Split(id, ".")
	if len(p) != 4 || p[0] != "ctid" {
		return ""
	}
	return ctid.CallID(p[2])
}

// entered: a channel that no call knows has entered the application.
func (d *desk) entered(now time.Time, n *ari.Node, e *ari.StasisStart) {
	if callInID(e.Channel.ID) != "" { // a leg whose call is over
		d.background(n, func(ctx context.Context) error { return n.Hangup(ctx, e.Channel.ID, "normal", 0) })
		return
	}
	if len(e.Args) == 2 && e.Args[0] == "phone" {
		d.fromPhone(now, n, e)
		return
	}
	if len(e.Args) > 0 && (e.Args[0] == "forward" || e.Args[0] == "leg") { // what a phone has sent elsewhere is not followed
		d.background(n, func(ctx context.Context) error { return n.Hangup(ctx, e.Channel.ID, "normal", 0) })
		return
	}
	if len(e.Args) < 2 || e.Args[0] != "in" {
		d.sb.cfg.Log.Warn("channel entered the application with arguments that mean nothing here; it is hung up",
			"node", n.Name(), "channel", e.Channel.ID, "args", len(e.Args))
		d.background(n, func(ctx context.Context) error { return n.Hangup(ctx, e.Channel.ID, "congestion", 34) })
		return
	}
	late, home := d.box.oldest(), d.welcome(e.Channel.ID)
	switch {
	case d.draining:
		d.refuse(now, n, e, "draining")
	case d.busy() >= d.sb.cfg.Limits.Calls:
		d.refuse(now, n, e, "limits.calls reached")
	case d.sb.cfg.Healthy() != nil:
		d.refuse(now, n, e, "database")
	case !late.IsZero() && now.Sub(late) > d.sb.cfg.Limits.DeskDelay:
		d.refuse(now, n, e, "desk is behind")
	default:
		d.arrive(now, n, e, home)
	}
}

// refuse hands a new call to the fallback dialplan: the caller is better off there.
func (d *desk) refuse(now time.Time, n *ari.Node, e *ari.StasisStart, why string) {
	d.fact(now, ctid.Event{By: ctid.BySystem, Body: ctid.CallNote{What: "sent_to_fallback",
		Data: map[string]any{"why": why, "node": n.Name(), "channel": e.Channel.ID}}})
	d.sb.cfg.Log.Warn("new call handed to the fallback dialplan", "why", why, "node", n.Name())
	d.background(n, func(ctx context.Context) error { return toFallback(ctx, n, e.Channel.ID) })
}

// toFallback continues a channel in the shipped dialplan, which reads CTID_RETURN and sends it to its own queue.
func toFallback(ctx context.Context, n *ari.Node, channel string) error {
	if err := n.SetVariable(ctx, channel, "CTID_RETURN", "overload"); err != nil {
		return err
	}
	return n.Continue(ctx, channel, ari.Place{})
}

// background runs a short request that belongs to no call.
func (d *desk) background(n *ari.Node, f func(ctx context.Context) error) {
	ctx := d.ctx
	d.sb.wg.Go(func() {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			d.sb.cfg.Log.Warn("request to asterisk failed", "node", n.Name(), "error", err)
		}
	})
}

// ready: the node's state has been read since the connect that rev tells; calls may come and agents get ready.
func (d *desk) ready(st *nodeState, rev uint64) {
	if st.rev != rev || !st.connected {
		return
	}
	back := !st.up
	st.up, st.why = true, ""
	if back {
		d.bringHome(st)
	}
}

// sweep compares what a node has with what we hold, after each connect: calls of an earlier run are taken over, calls
// whose channel is gone are told so, and channels and bridges of ours that no call knows are ended. Events wait for it.
func (d *desk) sweep(now time.Time, st *nodeState) {
	n := st.node
	st.sweeping, st.held = true, nil
	st.sweeps++
	sweep := st.sweeps
	live := map[ctid.CallID]bool{}
	for id := range d.calls {
		live[id] = true
	}
	owing := map[ctid.CallID]bool{}
	for id, r := range d.old {
		owing[id] = owes(r)
	}
	d.background(n, func(ctx context.Context) error {
		channels, err := n.Channels(ctx)
		if err == nil {
			channels, err = hushLegs(ctx, n, channels, d.sb.cfg.Site, live, owing)
		}
		var bridges []ari.BridgeData
		if err == nil {
			bridges, err = n.Bridges(ctx)
		}
		d.post(func(at time.Time) {
			if st.sweeps != sweep || !st.sweeping {
				return // the connection was lost meanwhile: the next one brings a sweep of its own
			}
			if err != nil { // events go on waiting
				time.AfterFunc(sweepAgain, func() { d.post(func(now time.Time) { d.sweepAnew(now, st, sweep) }) })
				return
			}
			d.compare(at, n, newFound(now, channels, bridges))
			d.swept(at, st)
		})
		return err
	})
}

// sweepAgain is how long after a failed look at a node the next one follows.
const sweepAgain = time.Second

func (d *desk) sweepAnew(now time.Time, st *nodeState, failed int) {
	if st.sweeping && st.sweeps == failed {
		held := st.held
		d.sweep(now, st)
		st.held = held
	}
}

// swept lets the events through that came during the sweep.
func (d *desk) swept(now time.Time, st *nodeState) {
	held := st.held
	st.sweeping, st.held, st.away = false, nil, time.Time{}
	d.hearPhones(st)
	d.askDevices(st)
	for _, m := range held {
		d.onEvent(now, st.node, m.Event)
	}
}

func (d *desk) compare(now time.Time, n *ari.Node, f *found) {
	kept, lost := d.reviveCalls(now, n, f)
	if kept+lost > 0 {
		st := d.nodes[n.Name()]
		st.rev++
		d.fact(now, ctid.Event{By: ctid.BySystem, Rev: st.rev, Body: ctid.LinkChanged{PBX: ctid.NodeID(n.Name()), State: "up",
			Since: now.UTC(), Version: n.Version().Text, Kept: kept, Lost: lost}})
		d.sb.cfg.Log.Info("calls of the run before", "node", n.Name(), "taken_over", kept, "ended_meanwhile", lost)
	}
	left := d.keepOrphans(now, n, f)
	for _, l := range d.nails {
		if _, there := f.channels[l.channel]; l.node == n && !there {
			d.nailGone(now, l)
		}
	}
	byAge := slices.SortedFunc(maps.Values(f.channels), func(a, b ari.Channel) int {
		return cmp.Or(a.Created.Time().Compare(b.Created.Time()), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	for _, c := range byAge { // who came first is taken in first
		id := c.ID
		if left[id] {
			continue
		}
		if call := callInID(id); call != "" {
			if d.calls[call] == nil && d.nailAt(id) == nil && d.ours(n, c) {
				d.background(n, func(ctx context.Context) error { return n.Hangup(ctx, id, "normal", 0) })
			}
		} else if d.byChan[id] == nil {
			d.takeIn(now, n, c)
		}
	}
	for call, list := range f.bridges {
		for _, b := range list {
			if d.calls[call] == nil && !left[b.ID] && d.nailAt(b.ID) == nil && d.ourSite(b.ID) {
				d.background(n, func(ctx context.Context) error { return n.DestroyBridge(ctx, b.ID) })
			}
		}
	}
	for _, id := range sortedKeys(d.calls) {
		if k := d.calls[id]; k.node == n {
			k.post(func(now time.Time) { k.reconcile(now, f) })
		}
	}
}

// takeIn gives a channel that waits in our application, but whose call we do not know, a new call: its caller must not
// be left in silence.
func (d *desk) takeIn(now time.Time, n *ari.Node, c ari.Channel) {
	if c.Dialplan.AppName != "Stasis" {
		return
	}
	if p := strings.Split(c.Dialplan.AppData, ","); len(p) >= 3 && p[0] == n.App() && p[1] == "in" {
		d.entered(now, n, &ari.StasisStart{Channel: c, Args: p[1:]})
	}
}
