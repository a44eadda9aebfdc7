package switchboard

import (
	"context"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// MainDevice is the name of an agent's first telephone.
const MainDevice = "main"

// testRings is how long a telephone that is tested rings, in seconds.
const testRings = 8

// deviceOf is the telephone that an agent is rung at: the one he chose, else his first. One that the configuration no longer
// has is his first, too.
func (d *desk) deviceOf(agent ctid.AgentID) (dev Device, ok bool) {
	dev, ok = d.plan.Devices[agent]
	if v, known := d.core.AgentView(agent); known && v.Phone != "" {
		if other, there := d.plan.Others[agent][v.Phone]; there {
			dev, ok = other, true
		}
	}
	if l := d.nails[agent]; l != nil && l.up && dev.Kind == deviceNailed {
		dev.nail = l.channel
	}
	return dev, ok
}

// devicesOf are all telephones of an agent, his first one first.
func (d *desk) devicesOf(agent ctid.AgentID) []Device {
	var all []Device
	if dev, ok := d.plan.Devices[agent]; ok {
		all = append(all, dev)
	}
	for _, name := range sortedKeys(d.plan.Others[agent]) {
		all = append(all, d.plan.Others[agent][name])
	}
	return all
}

// isRungAt tells an agent's chosen telephone from his others.
func (d *desk) isRungAt(agent ctid.AgentID, endpoint string) bool {
	dev, _ := d.deviceOf(agent)
	return dev.Endpoint == endpoint
}

// phoneIsAt tells whether an agent's telephone is at a node.
func (d *desk) phoneIsAt(agent ctid.AgentID, n *ari.Node) bool {
	dev, _ := d.deviceOf(agent)
	return string(dev.Node) == n.Name()
}

// login puts an agent on duty, at the telephone that he names, if he names one.
func (d *desk) login(now time.Time, who ctid.Who, r ctid.AgentLogin, by ctid.By, reply func(ctid.Reply)) {
	if r.Device != "" {
		if err := d.chooseDevice(now, who.Agent, r.Device, by); err != nil && err.Code != ctid.AlreadyDone {
			reply(failed(err))
			return
		}
	}
	d.agent(now, who, acd.AgentLogin{Agent: who.Agent, By: by}, reply)
}

// setDevice changes the telephone that an agent is rung at, and rings it, if he wants to try it.
func (d *desk) setDevice(now time.Time, who ctid.Who, r ctid.AgentSetDevice, by ctid.By, reply func(ctid.Reply)) {
	err := d.chooseDevice(now, who.Agent, r.Device, by)
	already := err != nil && err.Code == ctid.AlreadyDone
	if err != nil && !already {
		reply(failed(err))
		return
	}
	if r.Test {
		d.testPhone(who.Agent)
	}
	seq := d.seq
	d.fact(now, ctid.Event{By: by, Agent: who.Agent, Body: ctid.CallNote{What: "device", Data: map[string]any{"device": r.Device, "test": r.Test}}}, func(e *ctid.LogEntry) {
		e.Done = func(err error) {
			reply(ctid.Reply{Phase: ctid.Done, Seq: seq, Already: already && !r.Test, Unsaved: err != nil})
		}
	})
}

// chooseDevice has the core note the telephone, and asks whether that one can be reached.
func (d *desk) chooseDevice(now time.Time, agent ctid.AgentID, name string, by ctid.By) *ctid.Error {
	if name == MainDevice {
		name = ""
	}
	if _, known := d.plan.Others[agent][name]; name != "" && !known {
		return &ctid.Error{Code: ctid.BadRequest, Text: "you have no telephone " + clip(name, 64), Fields: []string{"args.device"}}
	}
	if err := d.asked(now, acd.SetDevice{Agent: agent, Device: name, By: by}); err != nil {
		return err
	}
	d.decide(now, acd.DeviceChanged{Agent: agent, Reachable: false})
	d.withPhone(now, agent, func(time.Time) {})
	return nil
}

// testPhone rings an agent's telephone. Once answered it is hung up, as any leg whose call nobody knows.
func (d *desk) testPhone(agent ctid.AgentID) {
	dev, _ := d.deviceOf(agent)
	st := d.nodes[string(dev.Node)]
	if st == nil || !st.up {
		return
	}
	id := ctid.CallID(d.sb.cfg.NewID("c_"))
	d.background(st.node, func(ctx context.Context) error {
		err := st.node.Originate(ctx, ari.OriginateRequest{ChannelID: "ctid." + d.sb.cfg.Site + "." + string(id) + ".l1", Endpoint: dev.Endpoint,
			AppArgs: "leg," + string(id), CallerID: `"Test" <` + MainDevice + `>`, Timeout: testRings})
		if ari.IsAllocationFailed(err) { // that it is not registered his state says
			return nil
		}
		return err
	})
}
