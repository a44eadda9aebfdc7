package switchboard

import (
	"context"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/ari"
)

// orphan is a conversation that a ctid before this one has joined and left in Asterisk: it ended while they talked, or
// this one took its application. It is not disturbed; when one side goes, the other is hung up, for nobody else would.
// Until then the phones in it count as not reachable: their agents talk.
type orphan struct {
	node      *ari.Node
	bridge    string
	channels  []string
	endpoints []string
}

// giveUp lets go of all calls of a node that is no longer ours.
func (d *desk) giveUp(n *ari.Node, reason string) {
	for _, id := range sortedKeys(d.calls) {
		if k := d.calls[id]; k.node == n && !d.owed[id] {
			k.post(func(now time.Time) { k.letGo(now, reason) })
		}
	}
}

// keepOrphans finds the conversations among what a node has, watches them, and returns the ids of their channels and
// bridges.
func (d *desk) keepOrphans(now time.Time, n *ari.Node, f *found) map[string]bool {
	kept := map[string]bool{}
	for _, id := range sortedKeys(f.bridges) {
		d.keepOrphansOf(now, n, id, f, kept)
	}
	for id, o := range d.orphans { // what ended unseen is swept like anything else
		if o.node == n && !kept[id] {
			delete(d.orphans, id)
		}
	}
	return kept
}

func (d *desk) keepOrphansOf(now time.Time, n *ari.Node, call ctid.CallID, f *found, kept map[string]bool) {
	byID := f.channels
	for _, b := range f.bridges[call] {
		if d.calls[call] != nil || len(b.ChannelIDs) < 2 ||
			!slices.ContainsFunc(b.ChannelIDs, func(id string) bool { c, ok := byID[id]; return ok && d.ours(n, c) }) {
			continue
		}
		kept[b.ID] = true
		o := &orphan{node: n, bridge: b.ID, channels: b.ChannelIDs}
		for _, id := range b.ChannelIDs {
			kept[id] = true
			if e := endpointIn(byID[id].Name); e != "" {
				o.endpoints = append(o.endpoints, e)
			}
		}
		d.watch(now, o)
	}
}

// watch asks for the ends of an orphan's channels.
func (d *desk) watch(now time.Time, o *orphan) {
	if len(o.channels) == 0 || d.orphans[o.channels[0]] != nil {
		return
	}
	d.sb.cfg.Log.Info("a conversation of an earlier run goes on and is left alone", "node", o.node.Name(), "bridge", o.bridge)
	for _, id := range o.channels {
		d.orphans[id] = o
		d.background(o.node, func(ctx context.Context) error {
			err := o.node.SubscribeChannel(ctx, id)
			if ari.IsNotFound(err) || ari.IsUnprocessable(err) {
				d.post(func(time.Time) { d.orphanEnded(o) })
				return nil
			}
			return err
		})
	}
	for _, e := range o.endpoints {
		d.device(now, o.node, e, false)
	}
}

// inOrphan says whether a phone is in a conversation that is not ours.
func (d *desk) inOrphan(n *ari.Node, endpoint string) bool {
	for _, o := range d.orphans {
		if o.node == n && slices.Contains(o.endpoints, endpoint) {
			return true
		}
	}
	return false
}

// orphanEvent looks for the end of an orphan's channel.
func (d *desk) orphanEvent(n *ari.Node, ev ari.Event) {
	o := d.orphans[ev.Subject().Channel]
	if o == nil || o.node != n {
		return
	}
	switch ev.(type) {
	case *ari.ChannelDestroyed, *ari.ChannelHangupRequest, *ari.StasisEnd:
		d.orphanEnded(o)
	}
}

// orphanEnded leaves nothing of the conversation in Asterisk.
func (d *desk) orphanEnded(o *orphan) {
	for _, id := range o.channels {
		if d.orphans[id] != o {
			return
		}
		delete(d.orphans, id)
	}
	d.askDevices(d.nodes[o.node.Name()])
	d.background(o.node, func(ctx context.Context) error {
		for _, id := range o.channels {
			if err := o.node.Hangup(ctx, id, "normal", 0); err != nil && !ari.IsGone(err) {
				return err
			}
		}
		return o.node.DestroyBridge(ctx, o.bridge)
	})
}

// ours says whether a channel belongs to this ctid or an earlier run of it, not to another one on the same Asterisk: one
// in Stasis by its application, any other by the site in its id.
func (d *desk) ours(n *ari.Node, c ari.Channel) bool {
	if c.Dialplan.AppName == "Stasis" {
		app, _, _ := strings.Cut(c.Dialplan.AppData, ",")
		return app == n.App()
	}
	return d.ourSite(c.ID)
}

// ourSite says whether an id has our site in it, ctid.<site>.<call>.<kind><n>.
func (d *desk) ourSite(id string) bool {
	return strings.HasPrefix(id, "ctid."+d.sb.cfg.Site+".")
}
