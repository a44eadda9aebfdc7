package switchboard

import (
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari"
)

// lostDue is when the first of the nodes that are away has been away for too long; zero: none is.
func (d *desk) lostDue() time.Time {
	var due time.Time
	for _, st := range d.nodes {
		if !st.away.IsZero() {
			due = earliest(due, st.away.Add(d.sb.cfg.Limits.NodeLost))
		}
	}
	return due
}

// loseNodes ends the calls of each node that has been away for too long: nobody can say any more what became of them, and
// their agents may have phones on other nodes. If the node comes back with conversations, these are left alone.
func (d *desk) loseNodes(now time.Time) {
	for _, name := range sortedKeys(d.nodes) {
		st := d.nodes[name]
		if st.away.IsZero() || now.Sub(st.away) < d.sb.cfg.Limits.NodeLost {
			continue
		}
		st.away = time.Time{}
		d.loseNode(now, st.node)
	}
}

func (d *desk) loseNode(now time.Time, n *ari.Node) {
	lost := 0
	for _, id := range sortedKeys(d.calls) {
		k := d.calls[id]
		if k.node != n || d.owed[id] {
			continue
		}
		lost++
		// No longer known by its channel: if the node is back before the call's goroutine has ended, what is there then
		// is looked at anew.
		delete(d.calls, id)
		delete(d.byChan, k.channel)
		k.post(func(now time.Time) { k.letGo(now, "pbx_lost") })
	}
	for _, id := range sortedKeys(d.old) {
		if r := d.old[id]; string(r.Node) == n.Name() && !owes(r) {
			lost++
			delete(d.old, id)
			d.bury(now, r, "pbx_lost")
		}
	}
	d.endTalksOn(now, n)
	if lost > 0 {
		d.sb.cfg.Log.Error("an asterisk stays away: its calls are ended in the records, their agents are free", "node", n.Name(),
			"for", d.sb.cfg.Limits.NodeLost, "calls", lost)
	}
}

// endTalksOn ends the conversations that the core believes agents of a node to have in calls that nobody knows.
func (d *desk) endTalksOn(now time.Time, n *ari.Node) {
	for _, a := range d.plan.ACD.Agents {
		v, ok := d.core.AgentView(a.ID)
		if ok && v.State == ctid.Talking && d.calls[v.Call] == nil && !d.isOld(v.Call) && d.phoneIsAt(a.ID, n) {
			d.decide(now, acd.WorkEnded{Agent: a.ID, Task: ctid.TaskID(v.Call)})
		}
	}
}
