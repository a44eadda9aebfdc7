package switchboard

import (
	"context"
	"maps"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// endpointOf is the name that the configuration uses, PJSIP/NAME.
func endpointOf(e ari.EndpointData) string { return e.Technology + "/" + e.Resource }

// agentAt is whose phone an endpoint of a node is; empty: nobody's.
func (d *desk) agentAt(n *ari.Node, endpoint string) ctid.AgentID {
	return d.whose[phoneAt{ctid.NodeID(n.Name()), endpoint}]
}

func (d *desk) device(now time.Time, n *ari.Node, endpoint string, reachable bool) {
	agent := d.agentAt(n, endpoint)
	if agent == "" || !d.isRungAt(agent, endpoint) {
		return
	}
	reachable = reachable && !d.inOrphan(n, endpoint)
	if dev, _ := d.deviceOf(agent); dev.Kind == deviceNailed {
		reachable = dev.nail != ""
	}
	v, ok := d.core.AgentView(agent)
	back := reachable && v.Reason == ctid.ReasonDeviceUnreachable // a ring failed although the phone was thought to be there
	if ok && (v.Device != reachable || back) {
		d.decide(now, acd.DeviceChanged{Agent: agent, Reachable: reachable})
	}
	if k := d.calls[v.Call]; k != nil && v.Device != reachable {
		dev, _ := d.deviceOf(agent)
		k.post(func(now time.Time) { k.phoneChanged(now, agent, dev, reachable) })
	}
}

// newContact: a phone has come from another place, maybe before Asterisk saw it go. What it had there is asked after.
func (d *desk) newContact(n *ari.Node, endpoint string) {
	agent := d.agentAt(n, endpoint)
	v, _ := d.core.AgentView(agent)
	if k := d.calls[v.Call]; k != nil {
		dev, _ := d.deviceOf(agent)
		k.post(func(now time.Time) { k.phoneChanged(now, agent, dev, false) })
	}
}

// withPhone does what an agent asks for who needs his phone for it. One that counts as not reachable is looked at first: it
// may have come since the last look at all of them.
func (d *desk) withPhone(now time.Time, agent ctid.AgentID, do func(now time.Time)) {
	dev, _ := d.deviceOf(agent)
	st := d.nodes[string(dev.Node)]
	v, ok := d.core.AgentView(agent)
	if dev.Kind == deviceNailed && ok && v.State != ctid.Out {
		d.makeNail(agent, dev) // where there is none: he may have hung it up
	}
	if !ok || v.Device || st == nil || !st.up {
		do(now)
		return
	}
	d.background(st.node, func(ctx context.Context) error {
		e, err := st.node.Phone(ctx, dev.Endpoint)
		d.post(func(now time.Time) {
			if err == nil {
				d.device(now, st.node, dev.Endpoint, e.State != "offline")
			}
			do(now)
		})
		if ari.IsNotFound(err) { // check has said so
			return nil
		}
		return err
	})
}

// askDevices reads the state of all phones of a node. What was heard of a phone meanwhile is newer than the answer.
func (d *desk) askDevices(st *nodeState) {
	n, rev, heard := st.node, st.rev, maps.Clone(st.heard)
	d.background(n, func(ctx context.Context) error {
		list, err := n.Phones(ctx)
		d.post(func(now time.Time) {
			for _, e := range list {
				if name := endpointOf(e); st.heard[name] == heard[name] {
					d.device(now, n, name, e.State != "offline")
				}
			}
			d.ready(st, rev)
		})
		return err
	})
}
