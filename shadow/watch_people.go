package shadow

import (
	"cmp"
	"strings"
)

// person is the member that an observation names. Members of several names who are one agent of ctid are one.
func (w *Watch) person(o Observation) *person {
	name := cmp.Or(o.Interface, o.Member)
	if p := w.people[name]; p != nil {
		return p
	}
	if len(w.people) >= maxPeople {
		w.full, name = true, ""
		if p := w.people[name]; p != nil {
			return p
		}
	}
	name = strings.Clone(name)
	id := w.names.agent(o.Member, o.Interface)
	p := w.agents[id]
	if p == nil || id == "" {
		p = &person{name: strings.Clone(cmp.Or(o.Member, name)), agent: id, seats: map[string]*seat{}}
	}
	if id != "" {
		w.agents[id] = p
	}
	w.people[name] = p
	return p
}

// shift is what the member does in this stretch. It begins with the duty that he has.
func (w *Watch) shift(p *person) *shift {
	s := w.cur.shifts[p]
	if s == nil {
		s = &shift{person: p}
		if len(p.seats) > 0 {
			s.duties = change(s.duties, w.cur.from, p.duty())
		}
		w.cur.shifts[p] = s
	}
	return s
}

// seatOf is the member's place in a queue. Where nothing was known of it, it has been so since the beginning of the stretch, unless
// its state was told then.
func (w *Watch) seatOf(p *person, queue string, before duty) *seat {
	q := w.queue(queue)
	if s := p.seats[q.name]; s != nil {
		return s
	}
	s := &seat{there: before != off, paused: before == paused, routed: q.route != ""}
	p.seats[q.name] = s
	if x := w.shift(p); len(x.duties) == 0 || !w.cur.told && len(x.duties) == 1 && x.duties[0].at.Equal(w.cur.from) {
		x.duties = change(nil, w.cur.from, p.duty())
	}
	return s
}

// member: something about a member has changed, or is told.
func (w *Watch) member(o Observation) {
	p := w.person(o)
	switch o.Kind {
	case MemberAdded:
		s := w.seatOf(p, o.Queue, off)
		s.there, s.paused = true, false
	case MemberRemoved:
		w.seatOf(p, o.Queue, on).there = false
	case MemberIs:
		s := w.seatOf(p, o.Queue, off)
		s.there, s.paused = true, o.Paused
		p.state = o.Device
	case MemberPaused, MemberBack:
		w.pause(p, o)
	}
	s := w.shift(p)
	s.duties = change(s.duties, o.At, p.duty())
	s.states = change(s.states, o.At, p.state)
}

// pause: a member who is not paused any more was so before.
func (w *Watch) pause(p *person, o Observation) {
	is := o.Kind == MemberPaused
	if o.Queue != "" {
		before := paused
		if is {
			before = on
		}
		w.seatOf(p, o.Queue, before).paused = is
		return
	}
	for _, s := range p.seats {
		s.paused = is
	}
}
