package switchboard

import (
	"context"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/traffic"
)

// phoneAt is an endpoint of a node.
type phoneAt struct {
	node     ctid.NodeID
	endpoint string
}

// setPlan puts a plan in force.
func (d *desk) setPlan(p Plan) {
	d.plan, d.whose = p, map[phoneAt]ctid.AgentID{}
	d.version = &Version{Set: p.Set, Answers: p.Answers, Scripts: p.Scripts}
	if d.traffic == nil {
		d.traffic = traffic.NewState(p.Traffic)
	} else {
		d.traffic.Use(p.Traffic)
	}
	for _, a := range p.ACD.Agents {
		for _, dev := range d.devicesOf(a.ID) {
			d.whose[phoneAt{dev.Node, dev.Endpoint}] = a.ID
		}
	}
}

// reload replaces the plan.
func (d *desk) reload(now time.Time, p Plan) {
	known := map[ctid.AgentID]bool{}
	for _, a := range d.plan.ACD.Agents {
		known[a.ID] = true
	}
	p.ACD.Epoch = d.plan.ACD.Epoch
	d.setPlan(p)
	d.fact(now, ctid.Event{By: ctid.BySystem, Body: ctid.ConfigChanged{Hash: p.Hash, What: "reload"}})
	d.decide(now, acd.Reconfigure{Config: p.ACD})
	var added []acd.Agent
	for _, a := range p.ACD.Agents {
		if !known[a.ID] {
			added = append(added, a)
		}
	}
	d.logIn(now, added)
	for _, n := range d.nodes {
		if n.up {
			d.hearPhones(n)
			d.askDevices(n)
		}
	}
}

// hearPhones has changes of those phones told at once that are rung again when they are lost in mid-call: a page that is
// loaded again is gone for less than the time between two looks at all phones. Asterisk then tells every event of their
// channels twice.
func (d *desk) hearPhones(st *nodeState) {
	for _, a := range d.plan.ACD.Agents {
		for _, dev := range d.devicesOf(a.ID) {
			if dev.rescued() && string(dev.Node) == st.node.Name() && !st.hears[dev.Endpoint] {
				d.hearPhone(st, dev.Endpoint)
			}
		}
	}
}

func (d *desk) hearPhone(st *nodeState, endpoint string) {
	st.hears[endpoint] = true
	d.background(st.node, func(ctx context.Context) error {
		err := st.node.Subscribe(ctx, "endpoint:"+endpoint)
		if err != nil {
			d.post(func(time.Time) { delete(st.hears, endpoint) })
		}
		return err
	})
}

// drain stops new calls and sends those who do not talk yet to the fallback.
func (d *desk) drain(now time.Time, why string) chan struct{} {
	if !d.draining {
		d.draining = true
		d.fact(now, ctid.Event{By: ctid.BySystem, Body: ctid.ServerDraining{Phase: "no_new_calls", Why: why, RetryMS: 2000, SpreadMS: 3000}})
		for _, id := range sortedKeys(d.calls) {
			if d.owed[id] { // it waits in the store for the next run
				d.decide(now, acd.Leave{Task: ctid.TaskID(id), Why: ctid.ExitRemoved})
				continue
			}
			k := d.calls[id]
			k.post(func(now time.Time) { k.sendToFallback(now, "drained") })
		}
	}
	empty := make(chan struct{})
	d.emptied = append(d.emptied, empty)
	d.signalIfEmpty()
	return empty
}

func (d *desk) signalIfEmpty() {
	if d.busy() > 0 {
		return
	}
	for _, c := range d.emptied {
		close(c)
	}
	d.emptied = nil
}

func (d *desk) status(now time.Time) Status {
	st := Status{Calls: d.busy(), Draining: d.draining, NodesUp: map[ctid.NodeID]bool{}, NodesWhy: map[ctid.NodeID]string{},
		Agents: map[ctid.AgentState]int{}, Queues: d.figures(now)}
	for name, n := range d.nodes {
		st.NodesUp[ctid.NodeID(name)], st.NodesWhy[ctid.NodeID(name)] = n.up, n.why
	}
	for _, a := range d.plan.ACD.Agents {
		if v, ok := d.core.AgentView(a.ID); ok {
			st.Agents[v.State]++
			st.AgentList = append(st.AgentList, v)
		}
	}
	return st
}

// figures are those of every queue.
func (d *desk) figures(now time.Time) map[ctid.QueueID]acd.QueueFigures {
	out := make(map[ctid.QueueID]acd.QueueFigures, len(d.plan.ACD.Queues))
	for _, q := range d.plan.ACD.Queues {
		out[q.ID] = d.core.Figures(q.ID, now)
	}
	return out
}
