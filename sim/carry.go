package sim

import (
	"errors"
	"fmt"
	"time"

	"ctid"
	"ctid/acd"
)

// decide puts one event to the core and carries out what it says.
func (r *replication) decide(ev acd.Event) {
	for _, c := range r.core.Decide(r.moment(r.now), ev) {
		switch c := c.(type) {
		case acd.MakeOffer:
			r.offered(c)
		case acd.EndOffer:
			r.offerOver(c)
		case acd.TaskEnded:
			if c.Exit != ctid.ExitAnswered && c.Exit != ctid.ExitAbandoned {
				r.fail("the core ended %s as %s", c.Task, c.Exit)
			}
		case acd.AgentChanged:
			if c.View.State == ctid.Out {
				r.out(c.View.Agent)
			}
		case acd.Refused:
			r.fail("the core refused %s: %w", ev.EventKind(), c.Err)
		}
	}
}

// fail ends the replication: what the core does is not what the model asks for.
func (r *replication) fail(format string, a ...any) {
	r.err = errors.Join(r.err, fmt.Errorf(format, a...))
}

func (r *replication) moment(us int64) time.Time {
	return origin.Add(time.Duration(us) * time.Microsecond)
}

// offered: the agent's phone begins to ring, and is answered after the time that the model says.
func (r *replication) offered(o acd.MakeOffer) {
	who, known := r.byID[o.Agent]
	k, waits := r.tasks[o.Task]
	if !known || !waits || r.agents[who].call >= 0 {
		r.fail("the core offers %s to %s, who has a call or is not there", o.Task, o.Agent)
		return
	}
	a, c := &r.agents[who], &r.calls[k]
	a.gen++
	a.call, a.offer, a.since = k, o.Offer, r.now
	r.tally.busy(a.group, r.now)
	if c.rings == 0 {
		c.offered = r.now
	}
	c.rings++
	ring := c.ring
	if c.rung {
		ring = r.sources[c.kind].ringAgain()
	}
	c.rung = true
	r.plan(event{at: r.now + ring, what: pickUp, who: who, gen: a.gen})
	if c.leaves < r.now+ring {
		r.watch(k)
	}
}

// offerOver: the two talk, or the phone stops ringing.
func (r *replication) offerOver(o acd.EndOffer) {
	who, known := r.byID[o.Agent]
	if !known || r.agents[who].offer != o.Offer || r.agents[who].call < 0 {
		r.fail("the core ends offer %s, which there is not", o.Offer)
		return
	}
	a := &r.agents[who]
	c := &r.calls[a.call]
	a.gen++
	c.rings--
	if o.End == ctid.OfferAccepted {
		c.talking = true
		r.tally.answer(c, a.since-c.arrived)
		r.plan(event{at: r.now + c.service, what: serviceOver, who: who, gen: a.gen})
		return
	}
	a.call = -1
	r.tally.idle(a.group, r.now)
	r.plan(event{at: r.now, what: legOver, who: who})
}

// out: the agent is off duty.
func (r *replication) out(id ctid.AgentID) {
	who, known := r.byID[id]
	if !known || !r.agents[who].on {
		return
	}
	a := &r.agents[who]
	a.on, a.leaving = false, false
	r.tally.off(a.group, r.now)
}
