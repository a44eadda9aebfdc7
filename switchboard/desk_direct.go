package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// phoneCalls: a phone has the channels for a while now. One that ctid did not bring is a call past it, by the PBX's own
// dialplan: its agent is not to be rung meanwhile, and is afterwards where he was before.
func (d *desk) phoneCalls(now time.Time, n *ari.Node, endpoint string, channels []string) {
	agent := d.agentAt(n, endpoint)
	v, known := d.core.AgentView(agent)
	if !known {
		return
	}
	past := ""
	for _, id := range channels {
		if callInID(id) == "" && d.byChan[id] == nil && d.orphans[id] == nil {
			past = id
			break
		}
	}
	_, busy := d.direct[agent]
	switch {
	case past != "" && !busy && (v.State == ctid.Ready || v.State == ctid.Paused):
		task := ctid.TaskID(d.sb.cfg.NewID("d_"))
		if d.asked(now, acd.WorkBegun{Agent: agent, Task: task, Doing: ctid.DoingDirect, By: ctid.By{Kind: "phone", ID: string(agent)}}) == nil {
			d.direct[agent] = task
		}
	case past == "" && busy:
		d.directOver(now, agent)
	}
}

// directOver: an agent's call past ctid is over.
func (d *desk) directOver(now time.Time, agent ctid.AgentID) {
	task := d.direct[agent]
	delete(d.direct, agent)
	d.decide(now, acd.WorkEnded{Agent: agent, Task: task, NoWrap: true})
	d.decide(now, acd.LegGone{Agent: agent, Offer: ctid.OfferID(task)})
}
