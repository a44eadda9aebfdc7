package sim

import (
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// past is what a recorded span teaches: how long phones rang, people talked and wrote up, and what came of it.
type past struct {
	from    time.Time
	passes  map[ctid.TaskID]*pass
	last    map[ctid.AgentID]*pass // the conversation that each has had last
	before  map[ctid.TaskID]begun  // what was under way at the beginning
	ringing []acd.AtWork           // then too
	wraps   []ctid.WrapID          // then too
	figures map[ctid.QueueID]*Figures
	rings   map[ctid.QueueID]time.Duration // medians of each queue
	talks   map[ctid.QueueID]time.Duration
}

// pass is one call's way through a queue.
type pass struct {
	queue  ctid.QueueID
	offer  ctid.OfferID // that was taken
	agent  ctid.AgentID
	rung   time.Time
	up     time.Time
	over   time.Time // of the conversation
	wrapUp time.Time // its end
}

// begun is a call that waits, or that an agent has, at the beginning.
type begun struct {
	queue   ctid.QueueID
	entered time.Time
	agent   ctid.AgentID
	offer   ctid.OfferID
	left    time.Duration // of the conversation
}

// learn folds the record under its own configuration.
func learn(start acd.Snapshot, inputs []Input) (*past, error) {
	core, err := acd.Restore(start)
	if err != nil {
		return nil, err
	}
	p := &past{from: start.Now, passes: map[ctid.TaskID]*pass{}, last: map[ctid.AgentID]*pass{}, before: map[ctid.TaskID]begun{}, figures: map[ctid.QueueID]*Figures{}}
	p.underWay(start)
	goal := targets(start.Config)
	for _, in := range inputs {
		if e, ok := in.Event.(acd.Enqueue); ok {
			p.passes[e.Task] = &pass{queue: e.Queue}
			p.of(e.Queue).Offered++
		}
		if e, ok := in.Event.(acd.TakeCallback); ok {
			if q, waits := core.QueueOf(e.Task); waits {
				p.passes[e.As] = &pass{queue: q}
				p.of(q).Offered++
			}
		}
		if e, ok := in.Event.(acd.Reconfigure); ok {
			goal = targets(e.Config)
		}
		for _, cmd := range core.Decide(in.At, in.Event) {
			p.saw(in.At, cmd, goal)
		}
		if e, ok := in.Event.(acd.WorkEnded); ok {
			p.ended(in.At, e)
		}
	}
	p.medians()
	return p, nil
}

// underWay notes who waits and who talks when the span begins.
func (p *past) underWay(start acd.Snapshot) {
	for _, t := range start.Waiting() {
		p.passes[t.Task] = &pass{queue: t.Queue}
		p.before[t.Task] = begun{queue: t.Queue, entered: t.Entered}
		p.of(t.Queue).Offered++
	}
	p.ringing, p.wraps = start.Ringing(), start.Wraps()
	for _, w := range start.Talking() {
		p.passes[w.Task] = &pass{queue: w.Queue, agent: w.Agent, offer: w.Offer, up: start.Now}
		p.before[w.Task] = begun{queue: w.Queue, agent: w.Agent, offer: w.Offer}
	}
}

func (p *past) of(q ctid.QueueID) *Figures {
	if p.figures[q] == nil {
		p.figures[q] = &Figures{}
	}
	return p.figures[q]
}

func (p *past) saw(at time.Time, cmd acd.Command, goal map[ctid.QueueID]time.Duration) {
	switch c := cmd.(type) {
	case acd.MakeOffer:
		if w := p.passes[c.Task]; w != nil && fromQueue(c) {
			w.rung = at
		}
	case acd.EndOffer:
		if w := p.passes[c.Task]; w != nil && c.End == ctid.OfferAccepted {
			w.offer, w.agent, w.up = c.Offer, c.Agent, at
		}
	case acd.TaskMoved:
		if w := p.passes[c.Task]; w != nil {
			w.queue = c.To
		}
	case acd.TaskEnded:
		if p.passes[c.Task] != nil {
			p.of(c.Queue).ended(c.Exit, c.Waited, goal[c.Queue])
		}
	case acd.AgentChanged:
		if c.View.Was != ctid.WrapUp {
			return
		}
		if w := p.last[c.View.Agent]; w != nil && w.wrapUp.IsZero() {
			w.wrapUp = at
		}
	}
}

func (p *past) ended(at time.Time, e acd.WorkEnded) {
	w := p.passes[e.Task]
	if w == nil || w.agent != e.Agent || !w.over.IsZero() {
		return
	}
	w.over, p.last[e.Agent] = at, w
	if b, ok := p.before[e.Task]; ok && b.agent == e.Agent {
		b.left = at.Sub(p.from)
		p.before[e.Task] = b
	}
}

// medians are for calls of which too little was seen.
func (p *past) medians() {
	rings, talks := map[ctid.QueueID][]time.Duration{}, map[ctid.QueueID][]time.Duration{}
	for _, w := range p.passes {
		if !w.up.IsZero() && !w.rung.IsZero() {
			rings[w.queue] = append(rings[w.queue], w.up.Sub(w.rung))
		}
		if !w.over.IsZero() {
			talks[w.queue] = append(talks[w.queue], w.over.Sub(w.up))
		}
	}
	p.rings, p.talks = halves(rings), halves(talks)
	for id, b := range p.before {
		if b.agent != "" && b.left == 0 {
			b.left = p.talks[b.queue]
			p.before[id] = b
		}
	}
}

func halves(lists map[ctid.QueueID][]time.Duration) map[ctid.QueueID]time.Duration {
	out := map[ctid.QueueID]time.Duration{}
	for q, list := range lists {
		slices.Sort(list)
		out[q] = list[len(list)/2]
	}
	return out
}

func (p *past) ring(id ctid.TaskID, q ctid.QueueID) time.Duration {
	if w := p.passes[id]; w != nil && !w.up.IsZero() && !w.rung.IsZero() {
		return w.up.Sub(w.rung)
	}
	return p.rings[q]
}

func (p *past) talk(id ctid.TaskID, q ctid.QueueID) time.Duration {
	if w := p.passes[id]; w != nil && !w.over.IsZero() {
		return w.over.Sub(w.up)
	}
	return p.talks[q]
}

// wrap is how long the wrap-up of a call lasted, if that was seen.
func (p *past) wrap(id ctid.TaskID) (time.Duration, bool) {
	w := p.passes[id]
	if w == nil || w.over.IsZero() || w.wrapUp.IsZero() {
		return 0, false
	}
	return w.wrapUp.Sub(w.over), true
}
