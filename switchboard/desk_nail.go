package switchboard

import (
	"context"
	"strings"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// deviceNailed is a phone whose line stays up between calls: it is rung once, when its agent logs in, and joined to a caller
// when he answers at his desktop.
const deviceNailed = "nailed"

// nailRings is how long such a phone rings when its line is made, in seconds.
const nailRings = 30

// nail is the line to such a phone. Between calls it waits in a bridge of its own.
type nail struct {
	agent   ctid.AgentID
	node    *ari.Node
	channel string
	up      bool
	call    *call // that may have it
}

// bridge is where the line waits.
func (l *nail) bridge() string { return strings.TrimSuffix(l.channel, "l1") + "b1" }

// nailFor keeps the line of an agent in step with him: made when he comes on duty or lost it, hung up when he goes.
func (d *desk) nailFor(v ctid.AgentView) {
	dev, _ := d.deviceOf(v.Agent)
	l := d.nails[v.Agent]
	switch {
	case l != nil && (v.State == ctid.Out || dev.Kind != deviceNailed):
		d.background(l.node, func(ctx context.Context) error {
			if err := l.node.Hangup(ctx, l.channel, "normal", 0); !ari.IsGone(err) {
				return err
			}
			return nil
		})
	case l == nil && dev.Kind == deviceNailed && v.State == ctid.Paused && (v.Reason == ctid.ReasonLogin || v.Reason == ctid.ReasonDeviceUnreachable):
		d.makeNail(v.Agent, dev)
	}
}

// makeNail rings the phone whose line is to stay up.
func (d *desk) makeNail(agent ctid.AgentID, dev Device) {
	st := d.nodes[string(dev.Node)]
	if st == nil || !st.up || d.nails[agent] != nil {
		return
	}
	id := d.sb.cfg.NewID("n_")
	l := &nail{agent: agent, node: st.node, channel: "ctid." + d.sb.cfg.Site + "." + id + ".l1"}
	d.nails[agent] = l
	d.background(st.node, func(ctx context.Context) error {
		err := l.node.Originate(ctx, ari.OriginateRequest{ChannelID: l.channel, Endpoint: dev.Endpoint, AppArgs: "nail," + id,
			CallerID: callerID(ctid.Number{Name: "ctid"}), Timeout: nailRings})
		if err == nil || ari.IsNoAnswer(err) {
			return err
		}
		d.post(func(now time.Time) { d.nailGone(now, l) })
		if ari.IsAllocationFailed(err) { // that it is not registered his state says
			return nil
		}
		return err
	})
}

// nailAt is the line whose channel or bridge this is; nil: of none.
func (d *desk) nailAt(id string) *nail {
	if !strings.HasPrefix(string(callInID(id)), "n_") {
		return nil
	}
	for _, l := range d.nails {
		if l.channel == id || l.bridge() == id {
			return l
		}
	}
	return nil
}

// nailEvent takes an event about a line, for itself and for the call that may have it.
func (d *desk) nailEvent(now time.Time, l *nail, ev ari.Event) {
	switch ev.(type) {
	case *ari.StasisStart:
		d.nailWaits(l, func(now time.Time) {
			l.up = true
			d.nailTold(now, l)
		})
	case *ari.ChannelHangupRequest:
		if l.up {
			l.up = false
			d.nailTold(now, l)
		}
	case *ari.ChannelDestroyed:
		d.nailGone(now, l)
	}
	if k := l.call; k != nil {
		k.post(func(now time.Time) { k.onEvent(now, ev) })
	}
}

// nailTold tells the core whether the agent can be reached: by his line, whatever his phone's registration says.
func (d *desk) nailTold(now time.Time, l *nail) {
	if d.nails[l.agent] == l {
		d.decide(now, acd.DeviceChanged{Agent: l.agent, Reachable: l.up})
	}
}

func (d *desk) nailGone(now time.Time, l *nail) {
	if d.nails[l.agent] != l {
		return
	}
	was := l.up
	l.up = false
	if was {
		d.nailTold(now, l)
	}
	delete(d.nails, l.agent)
	d.background(l.node, func(ctx context.Context) error {
		if err := l.node.DestroyBridge(ctx, l.bridge()); !ari.IsGone(err) {
			return err
		}
		return nil
	})
}

// nailWaits puts a line where it waits for the next call, with music; then is called when it is there.
func (d *desk) nailWaits(l *nail, then func(now time.Time)) {
	d.background(l.node, func(ctx context.Context) error {
		_ = l.node.CreateBridge(ctx, l.bridge(), "holding", "") // it may be there: joining it tells
		err := l.node.AddToBridge(ctx, l.bridge(), l.channel)
		if err == nil {
			d.post(then)
		}
		if ari.IsGone(err) || ari.IsUnprocessable(err) { // its end is on its way
			return nil
		}
		return err
	})
}

// lend lets a call hear of the agent's line.
func (d *desk) lend(agent ctid.AgentID, k *call) {
	if l := d.nails[agent]; l != nil {
		l.call = k
	}
}

// nailed takes an agent's line into the call as his leg.
func (k *call) nailed(now time.Time, agent ctid.AgentID, channel string, offer ctid.OfferID) *leg {
	l := &leg{id: channel, agent: agent, offer: offer, born: now, up: true, nail: true}
	k.legs[channel] = l
	return l
}

// giveBack lets the agent's line wait for the next call. It is no leg of this one any more.
func (k *call) giveBack(l *leg) {
	delete(k.legs, l.id)
	k.legClear(l)
	k.desk.post(func(time.Time) {
		if n := k.desk.nails[l.agent]; n != nil && n.channel == l.id {
			if n.call == k {
				n.call = nil
			}
			k.desk.nailWaits(n, func(time.Time) {})
		}
	})
}
