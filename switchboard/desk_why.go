package switchboard

import (
	"cmp"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// maxWhys is how many agents an answer to queue.why names; of the others it tells how many each rule keeps away.
const maxWhys = 100

// nearness orders the rules by how soon what they forbid may be over: who stands first in an answer.
var nearness = []string{"", acd.RuleOffered, acd.RuleOrder, acd.RulePreferred, acd.RuleGap, acd.RulePhone, acd.RuleSeat, acd.RuleRoom, acd.RuleState,
	acd.RuleRank, acd.RuleSkill}

// why answers what keeps each agent of a waiting call's queue from it, those first who are nearest to it.
func (d *desk) why(now time.Time, r ctid.QueueWhy, reply func(ctid.Reply)) {
	k := d.waits(r.Call, reply)
	if k == nil {
		return
	}
	queue, _ := d.core.QueueOf(ctid.TaskID(k.id))
	list, waits := d.core.WhyTask(ctid.TaskID(k.id))
	if !waits {
		reply(failed(d.whereIs(k.id)))
		return
	}
	rules := map[string]int{}
	for _, w := range list {
		rules[cmp.Or(w.Rule, "ok")]++
	}
	slices.SortStableFunc(list, func(a, b acd.Why) int {
		return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(slices.Index(nearness, a.Rule), slices.Index(nearness, b.Rule)))
	})
	a := ctid.WhyAnswer{Call: k.id, Queue: queue, At: d.wall(now).Truncate(time.Millisecond), Agents: []ctid.WhyAgent{}, Rules: rules, More: max(0, len(list)-maxWhys)}
	for _, w := range list[:len(list)-a.More] {
		a.Agents = append(a.Agents, whyOf(w))
	}
	reply(ctid.Reply{Phase: ctid.Done, Data: map[string]any{"why": a}})
}

// off is 1 for one who is off duty: whatever else may keep him away, he is named behind the others.
func off(w acd.Why) int {
	if w.Facts.State == ctid.Out {
		return 1
	}
	return 0
}

func whyOf(w acd.Why) ctid.WhyAgent {
	f := w.Facts
	f.Since, f.Until = f.Since.UTC().Truncate(time.Millisecond), f.Until.UTC().Truncate(time.Millisecond)
	return ctid.WhyAgent{Agent: w.Agent, OK: w.OK, Rule: w.Rule, Value: w.Value, Facts: f}
}
