package shadow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ctid"
)

// Options say what of a watch is reported.
type Options struct {
	Source   string    // what is watched, for the report
	From, To time.Time // callers who entered then are in the account; zero: no bound
	Queues   []string  // app_queue's names; none: all that ctid has too
	Trials   int       // how often what was not seen is drawn; 0: as many as make sense
	Seed     uint64    // of the draws
}

const (
	warmUp    = time.Hour // of what was before Options.From, so much is followed, for who waits and talks then
	maxCalls  = 1_000_000 // that are kept; so are the next two
	maxPeople = 100_000
	maxQueues = 10_000
	maxUnread = 20               // that are told in full
	sweepEach = 4096             // observations
	forgotten = 10 * time.Minute // after it, a caller of whom nothing more was heard is dropped
	grace     = 5 * time.Second  // a caller must have been there for so long before the lack of him says anything
)

// Watch makes an account of what is observed. It has one caller. Report ends it.
type Watch struct {
	site  Site
	names *names
	opt   Options

	now      time.Time
	seen     int
	cur      *stretch // nil: nothing is told
	past     []*stretch
	gaps     []Span
	calls    int
	people   map[string]*person // by what app_queue calls them
	agents   map[ctid.AgentID]*person
	queues   map[string]*queue
	open     map[place]*call  // who waits, or talks afterwards
	channels map[string]*call // the newest of each channel
	results  bool             // QUEUESTATUS is told
	listing  map[place]bool   // callers named by the state that is being told
	missing  int              // callers whose entry or leaving was not told
	unread   int
	unreads  []string
	back     int  // observations whose time is before that of one before
	full     bool // a bound was reached
}

// queue is a queue of app_queue.
type queue struct {
	name    string
	route   ctid.QueueID // ctid's; empty: none
	calls   int
	waiting int
	ahead   int           // callers who entered before others who waited
	target  time.Duration // app_queue's; 0: not told
	counts  counts
}

// counts hold app_queue's own counters against what was told.
type counts struct {
	known bool
	base  Counters // at the first look
	heard Counters // events since then
	short [2]int   // how many more app_queue has counted, at the last look and at the one before
}

// New begins a watch.
func New(site Site, opt Options) *Watch {
	return &Watch{site: site, names: namesOf(site), opt: opt, people: map[string]*person{}, agents: map[ctid.AgentID]*person{},
		queues: map[string]*queue{}, open: map[place]*call{}, channels: map[string]*call{}}
}

// Take takes one observation. They come in the order of their times.
func (w *Watch) Take(o Observation) {
	if o.Kind == Unread {
		w.unread++
		if len(w.unreads) < maxUnread {
			w.unreads = append(w.unreads, o.Text)
		}
		return
	}
	if o.At.Before(w.now) {
		w.back++
		o.At = w.now
	}
	if !w.opt.To.IsZero() && !o.At.Before(w.opt.To) && w.cur != nil {
		w.end(w.opt.To)
	}
	w.now = o.At
	if !w.opt.To.IsZero() && !o.At.Before(w.opt.To) {
		return
	}
	w.seen++
	if w.seen%sweepEach == 0 {
		w.sweep()
	}
	switch o.Kind {
	case Up:
		w.begin(o.At, true)
		return
	case Down:
		w.end(o.At)
		return
	}
	if w.cur == nil {
		w.begin(o.At, false)
	}
	w.enterWindow(o.At)
	w.take(o)
}

// Progress says in a few words where the watch is, for whoever looks on.
func (w *Watch) Progress() string {
	offered, waiting := 0, 0
	for _, q := range w.queues {
		if q.route != "" {
			offered, waiting = offered+q.calls, waiting+q.waiting
		}
	}
	return fmt.Sprintf("%d callers so far, %d wait", offered, waiting)
}

// tooEarly tells whether a moment is so long before the time that is reported that it has no part in it.
func (w *Watch) tooEarly(at time.Time) bool {
	return !w.opt.From.IsZero() && at.Before(w.opt.From.Add(-warmUp))
}

// enterWindow drops what is too early.
func (w *Watch) enterWindow(at time.Time) {
	if !w.tooEarly(at) && w.tooEarly(w.cur.from) {
		w.renew(at, true)
		w.past, w.gaps = nil, nil
	}
}

func (w *Watch) take(o Observation) {
	switch o.Kind {
	case Entered:
		w.entered(o)
	case Waits:
		w.waits(o)
	case Rings:
		w.rings(o)
	case Missed, RingOver:
		w.ringEnds(o)
	case Answered:
		w.answered(o)
	case Completed:
		w.completed(o)
	case Abandoned, TimedOut, SentOff, KeyPressed:
		w.exited(o)
	case Left, GivenUp:
		w.left(o)
	case HangsUp, Gone, Result:
		w.channel(o)
	case MemberAdded, MemberRemoved, MemberPaused, MemberBack, MemberIs:
		w.member(o)
	case Began:
		w.renew(o.At, false)
	case Listed:
		w.listed()
	case Counted:
		w.counted(o)
	}
}

// begin begins a stretch; told: the state of all queues is told next, so nothing is known but that.
func (w *Watch) begin(at time.Time, told bool) {
	if n := len(w.past); n > 0 && told {
		w.gaps = append(w.gaps, Span{w.past[n-1].to, at})
	}
	w.cur = &stretch{from: at, told: told, shifts: map[*person]*shift{}}
	w.listing = map[place]bool{}
	for _, p := range w.people {
		if told {
			clear(p.seats)
			p.state = DeviceFree
		}
		p.talks = nil
	}
	for _, q := range w.queues {
		q.waiting, q.counts.known = 0, false
	}
}

// end ends the stretch. Whoever waits or talks is left to his fate.
func (w *Watch) end(at time.Time) {
	if w.cur == nil {
		return
	}
	for _, c := range w.opened() {
		if !c.up.IsZero() {
			w.talked(c, at)
		}
		w.ringsNoMore(c, at)
	}
	w.cur.to = at
	w.past = append(w.past, w.cur)
	w.cur = nil
	clear(w.open)
	clear(w.channels)
}

// renew ends the stretch and begins another one at once, with the same members. keep: with those who wait and talk, too.
func (w *Watch) renew(at time.Time, keep bool) {
	open := w.opened()
	w.end(at)
	w.begin(at, false)
	for _, p := range w.people {
		if len(p.seats) > 0 {
			w.shift(p) // begins with the duty that he has
		}
	}
	for _, c := range open {
		switch {
		case !keep:
		case c.out.IsZero():
			w.keep(&call{place: c.place, route: c.route, entered: c.entered, before: true})
		case !c.up.IsZero():
			again := *c
			again.alien, again.up, again.ring, again.ringing = true, at, 0, nil
			w.open[c.place], w.channels[c.place.id], c.by.talks = &again, &again, &again
		}
	}
}

// opened are those who wait or talk, in the order of their coming.
func (w *Watch) opened() []*call {
	return slices.SortedFunc(maps.Values(w.open), func(a, b *call) int { return a.n - b.n })
}

// queue is app_queue's queue of that name. Past the limit, all that come have one in common, which ctid does not have.
func (w *Watch) queue(name string) *queue {
	if q := w.queues[name]; q != nil {
		return q
	}
	if len(w.queues) >= maxQueues {
		w.full, name = true, ""
	}
	if w.queues[name] == nil {
		w.queues[name] = &queue{name: strings.Clone(name), route: w.names.queue(name)}
	}
	return w.queues[name]
}

// sweep forgets callers of whom nothing more will be heard, and what is too early.
func (w *Watch) sweep() {
	if w.cur != nil && w.tooEarly(w.now) {
		w.renew(w.now, true)
		w.past, w.gaps = nil, nil
	}
	for _, c := range w.channels {
		if w.over(c) {
			w.drop(c.place, c)
		}
	}
}

// over tells whether a caller has left so long ago that nothing more will be told of him.
func (w *Watch) over(c *call) bool {
	talks := !c.up.IsZero() && w.open[c.place] == c
	return !c.out.IsZero() && !talks && w.now.Sub(c.out) > forgotten
}

func (w *Watch) drop(at place, c *call) {
	w.ringsNoMore(c, w.now)
	if w.open[at] == c {
		delete(w.open, at)
	}
	if w.channels[at.id] == c {
		delete(w.channels, at.id)
	}
}
