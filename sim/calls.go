package sim

import (
	"strconv"

	"ctid"
	"ctid/acd"
)

// take finds a place for a new call.
func (r *replication) take() int32 {
	if n := len(r.free); n > 0 {
		k := r.free[n-1]
		r.free = r.free[:n-1]
		return k
	}
	k := int32(len(r.calls))
	id := ctid.TaskID("c_" + strconv.Itoa(int(k)))
	r.calls = append(r.calls, call{id: id})
	r.tasks[id] = k
	return k
}

// release gives the place of a call that is over back.
func (r *replication) release(k int32) {
	c := &r.calls[k]
	*c = call{id: c.id, gen: c.gen + 1}
	r.free = append(r.free, k)
}

// watch plans the moment when the caller gives up. One whom an agent has before is not worth an event.
func (r *replication) watch(k int32) {
	c := &r.calls[k]
	if c.watched || c.leaves == forever {
		return
	}
	c.watched = true
	r.plan(event{at: c.leaves, what: giveUp, who: k, gen: c.gen})
}

// leave: the caller hangs up while he waits, or while a phone rings for him.
func (r *replication) leave(k int32) {
	c := &r.calls[k]
	wait := r.now - c.arrived
	if c.rings > 0 {
		wait = c.offered - c.arrived
	}
	r.tally.abandon(c, wait)
	r.decide(acd.TaskGone{Task: c.id})
	if c.rings > 0 {
		r.fail("%d phones ring on for %s, whose caller has gone", c.rings, c.id)
	}
	r.there--
	r.release(k)
}

// finish: the conversation of the agent is over.
func (r *replication) finish(who int32) {
	a := &r.agents[who]
	k := a.call
	a.call = -1
	r.tally.idle(a.group, r.now)
	r.decide(acd.LegGone{Agent: a.id, Offer: a.offer})
	r.decide(acd.WorkEnded{Agent: a.id, Task: r.calls[k].id, NoWrap: true})
	r.there--
	r.release(k)
}

// close ends the time in which agents' time is counted; no call comes afterwards.
func (r *replication) close() {
	if !r.closed {
		r.closed = true
		r.tally.end(r.now)
	}
}

func (r *replication) changePeriod() {
	if r.m.Horizon > 0 && r.now >= r.m.Horizon.Microseconds() {
		return // the last one stays until all are served
	}
	r.period = (r.period + 1) % len(r.m.Periods)
	r.plan(event{at: r.now + r.m.length(r.period), what: newPeriod})
	r.staff(r.period)
}

// staff brings each group's agents of a period on duty, and sends the others home when their work is over.
func (r *replication) staff(period int) {
	for g := range r.m.Groups {
		want := at(r.m.Groups[g].Agents, period)
		for n := range r.m.Groups[g].most() {
			r.duty(&r.agents[r.first[g]+n], n < want)
		}
	}
}

func (r *replication) duty(a *agent, want bool) {
	switch {
	case want && !a.on:
		a.on = true
		r.tally.on(a.group, r.now)
		r.decide(acd.AgentLogin{Agent: a.id, By: ctid.BySystem})
	case want && a.leaving:
		a.leaving = false
		r.decide(acd.AgentCancelNext{Agent: a.id, By: ctid.BySystem})
	case !want && a.on && !a.leaving:
		a.leaving = true
		r.decide(acd.AgentLogout{Agent: a.id, By: ctid.BySystem})
	}
}
