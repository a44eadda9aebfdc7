package switchboard

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// This file sees to it that a customer is called back by one call at a time, in however many queues he is booked.

// lines are those to customers who are called back. A call has the line to its customer from the moment when it is offered to an agent
// until nobody is about to dial any more, or it is over. The others step behind it.
type lines struct {
	has    map[string]ctid.CallID   // by number, as it is dialled
	behind map[string][]ctid.CallID // that wait for it
}

func newLines() lines {
	return lines{has: map[string]ctid.CallID{}, behind: map[string][]ctid.CallID{}}
}

// behindAgain is how long a callback waits for another of the same customer before it asks again. It is told when that is over; this
// is for a restart, which forgets who stood behind whom.
const behindAgain = time.Minute

// takeLine gives a callback the line to its customer, and tells whether it has it.
func (d *desk) takeLine(k *call) bool {
	by, taken := d.lines.has[k.dials]
	if !taken {
		d.lines.has[k.dials], by = k.id, k.id
	}
	return by == k.id
}

// freeLine takes the line from a call that dials nobody any more. Those who stood behind it wait for an agent again.
func (d *desk) freeLine(k *call) {
	if d.lines.has[k.dials] != k.id {
		return
	}
	delete(d.lines.has, k.dials)
	behind := d.lines.behind[k.dials]
	delete(d.lines.behind, k.dials)
	for _, id := range behind {
		if x := d.calls[id]; x != nil {
			x.post(x.lineFree)
		}
	}
}

// putBehind takes a callback out of its queue that was about to be offered, for another call has the line. No agent is to be rung for it.
func (d *desk) putBehind(now time.Time, k *call) {
	k.post(func(time.Time) {
		if k.owed != nil {
			k.owed.behind = true
		}
	})
	d.decide(now, acd.Leave{Task: ctid.TaskID(k.id), Why: ctid.ExitCallback})
}

// waitBehind: the callback is out of its queue, and keeps its place for when the line is free. It is no attempt.
func (k *call) waitBehind(now time.Time) {
	k.owed.due = now.Add(behindAgain)
	k.note("callback_behind", map[string]any{"callback": k.owed.callback, "n": k.owed.n})
	k.save()
	k.desk.post(func(time.Time) {
		d := k.desk
		if _, taken := d.lines.has[k.dials]; !taken {
			k.post(k.lineFree)
		} else if !slices.Contains(d.lines.behind[k.dials], k.id) {
			d.lines.behind[k.dials] = append(d.lines.behind[k.dials], k.id)
		}
	})
}

// lineFree lets a callback wait for an agent again that had stepped behind another.
func (k *call) lineFree(now time.Time) {
	if k.owed != nil && k.owed.behind && !k.owed.due.IsZero() && !k.ended {
		k.owedDue(now)
	}
}
