package shadow

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"ctid"
	"ctid/acd"
)

// scene is a stretch made ready to be played by ctid's distributor: what people did for reasons of their own, and how long things
// last of which too little was seen.
type scene struct {
	core   acd.Config
	from   time.Time
	to     time.Time
	roles  []role
	actors map[ctid.AgentID]*actor
	habits *habits
	atMost map[ctid.QueueID]time.Duration // the longest wait in each queue; none: no limit
}

// role is what a caller brings along.
type role struct {
	task    ctid.TaskID
	queue   ctid.QueueID
	at      time.Time // of his entry, or the beginning
	entered time.Time
	judged  bool
	was     *call

	leaves time.Time      // by his own wish, if nobody has answered him; zero: that was not seen
	how    ctid.QueueExit // then
	stays  time.Duration  // at least, before he leaves by his own wish

	talked bool          // how long the conversation lasted was seen
	talk   time.Duration // that, or the least that it did
	most   time.Duration // of one of which the end was not seen; 0: not known
}

// actor is an agent as he was seen.
type actor struct {
	wishes []turn[duty]
	away   []absence
	rings  life
}

// habits are the lives of what was not always seen to its end.
type habits struct {
	patience map[ctid.QueueID]life
	talk     map[ctid.QueueID]life
}

// usualRing is how long a phone rings where none was seen to be answered.
const usualRing = 3 * time.Second

// few is how many times must have been seen for an estimate of one queue, or one agent, alone. With fewer all are taken together.
const few = 10

// sample collects times.
type sample struct{ ended, cut []time.Duration }

func (s *sample) add(d time.Duration, ended bool) {
	if ended {
		s.ended = append(s.ended, d)
	} else {
		s.cut = append(s.cut, d)
	}
}

func (s *sample) join(o *sample) {
	s.ended, s.cut = append(s.ended, o.ended...), append(s.cut, o.cut...)
}

func (s *sample) life() life { return lifeOf(s.ended, s.cut) }

// samples are collected by queue or agent.
type samples[K cmp.Ordered] map[K]*sample

func (m samples[K]) of(k K) *sample {
	if m[k] == nil {
		m[k] = &sample{}
	}
	return m[k]
}

// lives estimates each by itself, or by all together where there is too little of it.
func (m samples[K]) lives() (each map[K]life, all life) {
	together := &sample{}
	for _, k := range sorted(m) {
		together.join(m[k])
	}
	all, each = together.life(), map[K]life{}
	for k, s := range m {
		if each[k] = all; len(s.ended) >= few {
			each[k] = s.life()
		}
	}
	return each, all
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// learned is what all stretches together teach.
type learned struct {
	patience, talk samples[ctid.QueueID]
	rings          samples[ctid.AgentID]
	timeouts       map[ctid.QueueID][]time.Duration
}

// atMost is the longest wait in each queue: ctid's own, or where it has none, that which app_queue was seen to allow.
func (l *learned) atMost(core acd.Config) map[ctid.QueueID]time.Duration {
	out := map[ctid.QueueID]time.Duration{}
	for _, q := range core.Queues {
		list := slices.Sorted(slices.Values(l.timeouts[q.ID]))
		switch {
		case q.AtMost > 0:
			out[q.ID] = q.AtMost
		case len(list) > 0:
			out[q.ID] = list[len(list)/2].Round(time.Millisecond) // some end later, because a phone rings
		}
	}
	return out
}

// learn looks at every call and every ringing.
func (w *Watch) learn() *learned {
	l := &learned{patience: samples[ctid.QueueID]{}, talk: samples[ctid.QueueID]{}, rings: samples[ctid.AgentID]{}, timeouts: map[ctid.QueueID][]time.Duration{}}
	for _, st := range w.past {
		for _, c := range st.calls {
			w.learnCall(l, st, c)
		}
		for p, s := range st.shifts {
			for _, r := range s.rings {
				if r.end != rangInVain { // that is told by away
					l.rings.of(p.agent).add(r.To.Sub(r.From), r.end == pickedUp)
				}
			}
		}
	}
	return l
}

func (w *Watch) learnCall(l *learned, st *stretch, c *call) {
	switch c.ended(w.results) {
	case abandoned, byKey:
		l.patience.of(c.route).add(c.out.Sub(c.entered), true)
	case stillIn:
		l.patience.of(c.route).add(st.to.Sub(c.entered), false)
	case timedOut:
		l.timeouts[c.route] = append(l.timeouts[c.route], c.out.Sub(c.entered))
		fallthrough
	default:
		l.patience.of(c.route).add(c.out.Sub(c.entered), false)
	}
	switch {
	case c.up.IsZero() || c.alien:
	case !c.over.IsZero():
		l.talk.of(c.route).add(c.over.Sub(c.up), true)
	case c.until.IsZero():
		l.talk.of(c.route).add(st.to.Sub(c.up), false)
	}
}

// scene makes a stretch ready.
func (w *Watch) scene(st *stretch, l *learned, core acd.Config) *scene {
	s := &scene{core: core, from: st.from, to: st.to, actors: map[ctid.AgentID]*actor{}, habits: &habits{}, atMost: l.atMost(core)}
	s.habits.patience, _ = l.patience.lives()
	talk, all := l.talk.lives()
	s.habits.talk = talk
	for _, q := range core.Queues {
		if _, known := talk[q.ID]; !known {
			talk[q.ID] = all
		}
	}
	rings, ring := l.rings.lives()
	if len(ring.ends) == 0 { // nobody has answered, so nobody could be compared
		ring = lifeOf([]time.Duration{usualRing}, nil)
	}
	for p, x := range st.shifts {
		if p.agent == "" {
			continue
		}
		a := &actor{wishes: wishes(x, st.to), away: x.away(), rings: ring}
		if own, known := rings[p.agent]; known {
			a.rings = own
		}
		s.actors[p.agent] = a
	}
	for _, c := range st.calls {
		if c.route != "" {
			s.roles = append(s.roles, w.role(st, c))
		}
	}
	return s
}

// wishes are an agent's duties with the times when he was busy elsewhere as pauses.
func wishes(s *shift, until time.Time) []turn[duty] {
	busy := s.elsewhere(until)
	var cuts []time.Time
	for _, t := range s.duties {
		cuts = append(cuts, t.at)
	}
	for _, b := range busy {
		cuts = append(cuts, b.From, b.To)
	}
	slices.SortFunc(cuts, time.Time.Compare)
	var out []turn[duty]
	d, next := off, 0
	for _, at := range cuts {
		for next < len(s.duties) && !s.duties[next].at.After(at) {
			d = s.duties[next].to
			next++
		}
		to := d
		if d == on && slices.ContainsFunc(busy, func(b Span) bool { return !at.Before(b.From) && at.Before(b.To) }) {
			to = paused
		}
		out = change(out, at, to)
	}
	return out
}

// role is what is known of a caller.
func (w *Watch) role(st *stretch, c *call) role {
	how := c.ended(w.results)
	r := role{task: ctid.TaskID(c.place.queue + "/" + c.place.id + "/" + strconv.Itoa(c.n)), queue: c.route, at: later(c.entered, st.from), entered: c.entered,
		was: c, judged: w.judged(c)}
	switch how {
	case abandoned, byKey, takenOut:
		r.leaves, r.how = c.out, map[exit]ctid.QueueExit{abandoned: ctid.ExitAbandoned, byKey: ctid.ExitKey, takenOut: ctid.ExitRemoved}[how]
	case stillIn:
		r.stays = st.to.Sub(c.entered)
	default:
		r.stays = c.out.Sub(c.entered)
	}
	switch {
	case c.up.IsZero() || c.alien:
	case !c.over.IsZero():
		r.talked, r.talk = true, c.over.Sub(c.up)
	case !c.until.IsZero():
		r.most = c.until.Sub(c.up)
	default:
		r.talk = st.to.Sub(c.up)
	}
	return r
}

// judged tells whether what became of the caller was seen from his beginning to his end, and he is to be reported.
func (w *Watch) judged(c *call) bool {
	return w.counts(c) && !c.out.IsZero()
}

// counts tells whether the caller is in the account: he entered in the time that is reported, while we watched.
func (w *Watch) counts(c *call) bool {
	return !c.before && c.route != "" && !c.entered.Before(w.opt.From) && (w.opt.To.IsZero() || c.entered.Before(w.opt.To)) && w.wanted(c.place.queue)
}

// wanted tells whether a queue of app_queue is reported.
func (w *Watch) wanted(queue string) bool {
	return len(w.opt.Queues) == 0 || slices.Contains(w.opt.Queues, queue)
}
