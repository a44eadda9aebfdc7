package shadow

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// keep takes a caller in who is in a queue.
func (w *Watch) keep(c *call) {
	q := w.queue(c.place.queue)
	q.waiting++
	w.calls++
	c.n = w.calls
	w.open[c.place], w.channels[c.place.id] = c, c
	switch {
	case c.route == "" || w.tooEarly(w.now):
	case len(w.cur.calls) >= maxCalls:
		w.full = true
	default:
		w.cur.calls = append(w.cur.calls, c)
	}
}

func (w *Watch) newCall(o Observation) *call {
	q := w.queue(o.Queue)
	q.calls++
	return &call{place: place{q.name, strings.Clone(o.Call)}, route: q.route, entered: o.At}
}

func (w *Watch) entered(o Observation) {
	q := w.queue(o.Queue)
	if c := w.open[place{q.name, o.Call}]; c != nil {
		if c.before && c.out.IsZero() && w.cur.told { // the state told of him first
			c.before, c.entered = false, o.At
			return
		}
		w.leave(c, o.At)
		w.drop(c.place, c)
	}
	if o.Position > 0 && o.Position <= q.waiting {
		q.ahead++
	}
	w.keep(w.newCall(o))
}

// waits: a caller who waits is named by the state of the queues.
func (w *Watch) waits(o Observation) {
	at := place{w.queue(o.Queue).name, o.Call}
	c := w.open[at]
	if c == nil {
		c = w.earlier(o)
		if o.Wait > grace && c.entered.After(w.cur.from.Add(grace)) { // he has entered since we listen
			w.missing++
		}
	}
	w.listing[at] = true
}

// listed: who waits by our account, and not by that of the state that was told, has left untold.
func (w *Watch) listed() {
	for at, c := range w.open {
		if c.out.IsZero() && !w.listing[at] && w.now.Sub(c.entered) > grace {
			w.missing++
			w.leave(c, w.now)
			w.ringsNoMore(c, w.now)
		}
	}
	clear(w.listing)
}

// found is the caller an observation is about, even if he has left. One whose entry was not seen was there before.
func (w *Watch) found(o Observation) *call {
	at := place{w.queue(o.Queue).name, o.Call}
	if c := w.open[at]; c != nil {
		return c
	}
	if c := w.channels[o.Call]; c != nil && c.place == at {
		return c
	}
	return w.earlier(o)
}

// earlier takes a caller in who has waited for a while.
func (w *Watch) earlier(o Observation) *call {
	c := w.newCall(o)
	c.entered, c.before = o.At.Add(-o.Wait), true
	w.keep(c)
	return c
}

// leave takes a caller out of his queue, once. Phones that ring for him are left: he may just be answered.
func (w *Watch) leave(c *call, at time.Time) {
	if c.out.IsZero() {
		c.out = at
		w.queue(c.place.queue).waiting--
	}
}

func (w *Watch) rings(o Observation) {
	c, p := w.open[place{w.queue(o.Queue).name, o.Call}], w.person(o)
	if c == nil || !c.out.IsZero() {
		return
	}
	w.rang(c, p, o.At)
	c.ringing[p] = o.At
}

// rang notes whose phone rang for a caller, if he is the first.
func (w *Watch) rang(c *call, p *person, at time.Time) {
	if c.ringing == nil {
		c.ringing = map[*person]time.Time{}
	}
	if c.rang == nil {
		c.rang, c.rangAt = p, at
	}
}

// ringEnds: a phone does not ring any more, and was not answered.
func (w *Watch) ringEnds(o Observation) {
	p := w.person(o)
	w.seatOf(p, o.Queue, on)
	c := w.open[place{w.queue(o.Queue).name, o.Call}]
	if c == nil {
		return
	}
	from, known := c.ringing[p]
	if !known {
		if o.Kind == RingOver && o.Ring == 0 { // of one that was answered by half
			return
		}
		from = o.At.Add(-o.Ring)
		w.rang(c, p, from)
	}
	end := cutShort
	if o.Kind == Missed {
		end = rangInVain
	}
	w.rungOut(c, p, ringing{Span{from, o.At}, end})
}

// rungOut notes a ringing that is over.
func (w *Watch) rungOut(c *call, p *person, r ringing) {
	delete(c.ringing, p)
	s := w.shift(p)
	s.rings = append(s.rings, r)
	if r.end != pickedUp {
		s.busy(c, r.Span)
	}
}

// ringsNoMore: whatever phone rings for the caller stops, when he left at the latest.
func (w *Watch) ringsNoMore(c *call, at time.Time) {
	if !c.out.IsZero() && c.out.Before(at) {
		at = c.out
	}
	for _, p := range slices.SortedFunc(maps.Keys(c.ringing), func(a, b *person) int { return strings.Compare(a.name, b.name) }) {
		w.rungOut(c, p, ringing{Span{c.ringing[p], at}, cutShort})
	}
}

// announced is how much longer than the ring time a connection may take for nobody to have been told anything before it.
const announced = time.Second

func (w *Watch) answered(o Observation) {
	c, p := w.found(o), w.person(o)
	w.seatOf(p, o.Queue, on)
	if !c.up.IsZero() {
		return
	}
	c.ring = o.Ring
	if since, known := c.ringing[p]; known && o.At.Sub(since) < o.Ring+announced { // to the ms; not while an announcement is made to the agent
		c.ring = o.At.Sub(since)
	}
	from := o.At.Add(-c.ring)
	w.rang(c, p, from)
	w.rungOut(c, p, ringing{Span{from, o.At}, pickedUp})
	w.leave(c, o.At)
	if was := p.talks; was != nil { // its end was not told, or is told later: some agents have two calls at once
		was.until = from
	}
	c.exit, c.wait, c.up, c.by = answered, o.Wait, o.At, p
	p.talks = c
	p.calls++
	w.ringsNoMore(c, o.At)
}

// talked: two have talked until then, as far as is known.
func (w *Watch) talked(c *call, until time.Time) {
	if !c.until.IsZero() {
		until = c.until
	}
	w.shift(c.by).busy(c, Span{c.up.Add(-c.ring), later(c.up, until)})
	if c.by.talks == c {
		c.by.talks = nil
	}
}

func (w *Watch) completed(o Observation) {
	p := w.person(o)
	q := w.queue(o.Queue)
	q.counts.heard.Completed++
	c := w.open[place{q.name, o.Call}]
	if c == nil || c.by == nil { // a channel may have been replaced by another one meanwhile
		c = p.talks
	}
	if c == nil || c.place.queue != q.name {
		w.seatOf(p, o.Queue, on)
		if !w.cur.told { // the two have talked since before
			s := w.shift(p)
			s.alien = append(s.alien, Span{w.cur.from, o.At})
		}
		return
	}
	c.over, c.until, c.talk = o.At, time.Time{}, o.Talk
	w.talked(c, o.At)
	w.drop(c.place, c)
}

// exited: the caller is out of the queue, and it is said how. What is said twice of one caller counts once.
func (w *Watch) exited(o Observation) {
	c := w.found(o)
	if c.exit == stillIn {
		c.exit, c.wait = map[Kind]exit{Abandoned: abandoned, TimedOut: timedOut, SentOff: sentOff, KeyPressed: byKey}[o.Kind], o.Wait
		w.leave(c, o.At)
		w.ringsNoMore(c, o.At)
	}
	delete(w.open, c.place) // his channel is remembered for a while
}

// left: the caller is out of the queue; how, is told otherwise.
func (w *Watch) left(o Observation) {
	if o.Kind == GivenUp {
		w.queue(o.Queue).counts.heard.GivenUp++
	}
	c := w.open[place{w.queue(o.Queue).name, o.Call}]
	switch {
	case c == nil && o.Kind == Left, c != nil && c.exit != stillIn:
		return
	case c == nil:
		c = w.found(o)
	}
	w.leave(c, o.At)
	if o.Kind == GivenUp && !c.gaveUp {
		c.gaveUp, c.wait = true, o.Wait
		w.ringsNoMore(c, o.At)
	}
}

// channel: something has happened to a channel, which may be a caller's.
func (w *Watch) channel(o Observation) {
	w.results = w.results || o.Kind == Result
	c := w.channels[o.Call]
	switch {
	case c == nil:
	case o.Kind == HangsUp:
		c.hungUp = c.hungUp || c.out.IsZero()
	case o.Kind == Result:
		c.result = strings.Clone(o.Text)
	case c.up.IsZero() && !c.out.IsZero(): // Gone; the end of a conversation may be told later
		w.drop(c.place, c)
	}
}

// counted holds app_queue's own counters against what was told of the queue. What has happened in this moment may be told only
// next, so one look alone says nothing.
func (w *Watch) counted(o Observation) {
	q := w.queue(o.Queue)
	q.target = o.Counters.Target
	n := &q.counts
	if reset := o.Counters.Completed < n.base.Completed || o.Counters.GivenUp < n.base.GivenUp; !n.known || reset {
		*n = counts{known: true, base: o.Counters}
		return
	}
	theirs := o.Counters.Completed - n.base.Completed + o.Counters.GivenUp - n.base.GivenUp
	n.short = [2]int{theirs - n.heard.Completed - n.heard.GivenUp, n.short[0]}
}

// untold is how many more events app_queue has counted than were told, at least.
func (n *counts) untold() int { return max(0, min(n.short[0], n.short[1])) }
