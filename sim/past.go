package sim

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// past is what a recorded span teaches: how long phones rang, people talked and wrote up, and what came of it.
type past struct {
	from, to time.Time
	book     *book
	visits   map[ctid.TaskID][]*visit
	last     map[ctid.AgentID]*visit    // the conversation that each has had last
	rang     map[ctid.OfferID]time.Time // since when; the zero: since before the span
	waiting  []acd.InQueue              // at the beginning; so are the next three
	ringing  []acd.AtWork
	talking  []talking
	wraps    []ctid.WrapID
	rings    map[ctid.QueueID]time.Duration // medians of each queue
	talks    map[ctid.QueueID]time.Duration
}

// visit is a task's stay in the queues, from its entry until it leaves them, and the conversation that it left them for. A call
// has several if its script, or an agent, lets it enter again.
type visit struct {
	enter  acd.Enqueue // what brought it; of one that was there at the beginning, and of a callback, the zero
	at     time.Time   // of its entry, or the beginning
	queue  ctid.QueueID
	ended  time.Time // zero: it still waits at the end
	exit   ctid.QueueExit
	heldAt time.Time // of the daemon's new beginning from which it did not come back

	offer  ctid.OfferID // that was taken
	agent  ctid.AgentID
	rung   time.Time // since when it rang; zero: before the span
	up     time.Time
	over   time.Time // of the conversation; zero: it goes on at the end
	wrapUp time.Time // its end
}

// talking is an agent's work when the span begins; its visit is the task's own if a queue gave it.
type talking struct {
	task  ctid.TaskID
	visit *visit
}

// learn folds the record under its own configuration.
func learn(rec Record) (*past, error) {
	core, err := acd.Restore(rec.Start)
	if err != nil {
		return nil, err
	}
	p := &past{from: rec.From, to: rec.To, book: newBook(rec.Start.Config), visits: map[ctid.TaskID][]*visit{}, last: map[ctid.AgentID]*visit{},
		rang: map[ctid.OfferID]time.Time{}}
	p.underWay(rec.Start)
	for _, in := range rec.Inputs {
		if e, ok := in.Event.(acd.Reconfigure); ok {
			p.book.targets = targets(e.Config)
		}
		cmds := core.Decide(in.At, in.Event)
		p.brought(in, cmds)
		for _, cmd := range cmds {
			p.saw(in, cmd)
		}
		if e, ok := in.Event.(acd.WorkEnded); ok {
			p.ended(in.At, e)
		}
	}
	p.book.close()
	p.medians()
	return p, nil
}

// underWay notes who waits and who talks when the span begins. One who talks may wait as well: his agent hands him on.
func (p *past) underWay(start acd.Snapshot) {
	for _, w := range start.Talking() {
		v := &visit{at: p.from, queue: w.Queue, ended: p.from, exit: ctid.ExitAnswered, agent: w.Agent, offer: w.Offer, up: p.from}
		if w.Queue != "" && p.visits[w.Task] == nil {
			p.visits[w.Task] = []*visit{v}
		}
		p.talking = append(p.talking, talking{w.Task, v})
	}
	p.waiting = start.Waiting()
	for _, t := range p.waiting {
		p.visits[t.Task] = append(p.visits[t.Task], &visit{at: p.from, queue: t.Queue})
		p.book.enter(t.Task, t.Queue)
	}
	p.ringing, p.wraps = start.Ringing(), start.Wraps()
	for _, o := range p.ringing {
		p.rang[o.Offer] = time.Time{}
	}
}

// visit is the one that a task is in, or was last; nil: none is known.
func (p *past) visit(id ctid.TaskID) *visit {
	if list := p.visits[id]; len(list) > 0 {
		return list[len(list)-1]
	}
	return nil
}

// brought notes a task that enters, unless the core would not hear of it or it comes back to where it was.
func (p *past) brought(in Input, cmds []acd.Command) {
	if refused(cmds) {
		return
	}
	switch e := in.Event.(type) {
	case acd.Enqueue:
		if v := p.visit(e.Task); v != nil && !v.heldAt.IsZero() && v.queue == e.Queue {
			v.heldAt = time.Time{}
			return
		}
		p.visits[e.Task] = append(p.visits[e.Task], &visit{enter: e, at: in.At, queue: e.Queue})
	case acd.TakeCallback:
		if v := p.visit(e.Task); v != nil {
			p.visits[e.As] = append(p.visits[e.As], &visit{at: in.At, queue: v.queue})
		}
	}
}

// refused tells whether the core would not do what it was asked.
func refused(cmds []acd.Command) bool {
	return slices.ContainsFunc(cmds, func(c acd.Command) bool {
		_, no := c.(acd.Refused)
		return no
	})
}

func (p *past) saw(in Input, cmd acd.Command) {
	if c, ok := cmd.(acd.TaskEnded); ok {
		p.left(in, c)
		return
	}
	p.book.saw(cmd)
	switch c := cmd.(type) {
	case acd.MakeOffer:
		if fromQueue(c) {
			p.rang[c.Offer] = in.At
		}
	case acd.EndOffer:
		since, queued := p.rang[c.Offer]
		if v := p.visit(c.Task); v != nil && queued && accepted(c) {
			v.offer, v.agent, v.rung, v.up = c.Offer, c.Agent, since, in.At
		}
	case acd.TaskMoved:
		if v := p.visit(c.Task); v != nil {
			v.queue = c.To
		}
	case acd.AgentChanged:
		if v := p.last[c.View.Agent]; v != nil && c.View.Was == ctid.WrapUp && v.wrapUp.IsZero() {
			v.wrapUp = in.At
		}
	}
}

// accepted tells whether the offer was taken just now; an answer to one that is over is told of too.
func accepted(c acd.EndOffer) bool { return c.End == ctid.OfferAccepted && c.Why != "late" }

// left notes how a visit has ended. What a new beginning of the daemon has forgotten is held: it comes back if it can.
func (p *past) left(in Input, c acd.TaskEnded) {
	v := p.visit(c.Task)
	if _, anew := in.Event.(acd.Restarted); anew && v != nil {
		v.heldAt = in.At
		p.book.hold(c.Task)
		return
	}
	p.book.saw(c)
	if v != nil && v.ended.IsZero() {
		v.ended, v.exit, v.queue = in.At, c.Exit, c.Queue
	}
}

func (p *past) ended(at time.Time, e acd.WorkEnded) {
	for _, v := range slices.Backward(p.visits[e.Task]) {
		if v.agent == e.Agent && v.over.IsZero() {
			v.over, p.last[e.Agent] = at, v
			return
		}
	}
	for _, t := range p.talking {
		if t.task == e.Task && t.visit.agent == e.Agent && t.visit.over.IsZero() {
			t.visit.over, p.last[e.Agent] = at, t.visit
		}
	}
}

// medians are for calls of which too little was seen.
func (p *past) medians() {
	rings, talks := map[ctid.QueueID][]time.Duration{}, map[ctid.QueueID][]time.Duration{}
	for _, list := range p.visits {
		for _, v := range list {
			if !v.up.IsZero() && !v.rung.IsZero() {
				rings[v.queue] = append(rings[v.queue], v.up.Sub(v.rung))
			}
			if !v.over.IsZero() && v.up.After(p.from) {
				talks[v.queue] = append(talks[v.queue], v.over.Sub(v.up))
			}
		}
	}
	p.rings, p.talks = halves(rings), halves(talks)
}

func halves(lists map[ctid.QueueID][]time.Duration) map[ctid.QueueID]time.Duration {
	out := map[ctid.QueueID]time.Duration{}
	for q, list := range lists {
		slices.Sort(list)
		out[q] = list[len(list)/2]
	}
	return out
}

// ring is how long a phone rings for a visit before it is answered.
func (p *past) ring(v *visit, q ctid.QueueID) time.Duration {
	if v == nil || v.up.IsZero() || v.rung.IsZero() {
		return p.rings[q]
	}
	return v.up.Sub(v.rung)
}

// talk is how long the conversation of a visit lasts. One that goes on at the end lasts at least until then.
func (p *past) talk(v *visit, q ctid.QueueID) time.Duration {
	switch {
	case v == nil || v.up.IsZero():
		return p.talks[q]
	case v.over.IsZero():
		return max(p.talks[q], p.to.Sub(v.up))
	}
	return v.over.Sub(v.up)
}

// wrap is how long the wrap-up of a visit lasted, if that was seen.
func (v *visit) wrap() (time.Duration, bool) {
	if v == nil || v.over.IsZero() || v.wrapUp.IsZero() {
		return 0, false
	}
	return v.wrapUp.Sub(v.over), true
}
