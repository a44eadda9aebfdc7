package acd

import (
	"slices"
	"time"

	"ctid"
)

// ring-all offers a task to all free agents of the best rank together, and to one of that rank, or a better one, who becomes free
// while it rings for what is left of the time (but not for less than two seconds). Each has an offer of his own; the first whose
// phone is up gets the caller, the others' offers end cancelled (answered_elsewhere) without blame. app_queue's ringall rings whom it
// finds at the beginning of each round; mod_callcenter's ring-all too.
//
// Nobody is to blame for a call that another could have taken: its default for a miss is none.

// shortRing is how long a phone rings at least that is rung beside others: nobody could answer sooner, and would be left alone for a miss.
const shortRing = 2 * time.Second

// widen rings tasks that ring at all free agents also at those who have become free meanwhile. Who is free for tasks of several queues
// is rung for the one that would be next if they waited.
func (s *State) widen() {
	for {
		var best *task
		for _, q := range s.touched {
			if q.by.ring != ringAll {
				continue
			}
			i := slices.IndexFunc(q.ringing, s.widens)
			if i >= 0 && (best == nil || s.compareHeads(q.ringing[i], best) < 0) {
				best = q.ringing[i]
			}
		}
		if best == nil {
			return
		}
		s.ringFree(best)
	}
}

// widens tells whether t rings at all of its reach, and one of them is free.
func (s *State) widens(t *task) bool {
	left := t.until.Sub(s.now) // long gone, if it does not ring at all
	return left > 0 && left >= min(shortRing, t.queue.cfg.Ring) && len(t.class.free) > 0 && t.class.free[0].rank <= t.reach
}

// ringFree rings t at all who are free for it, of its reach.
func (s *State) ringFree(t *task) {
	for s.widens(t) {
		m := t.class.free[0]
		s.tellDecision(t, m)
		s.ringAt(t, m.agent, t.until.Sub(s.now))
	}
}

// answered takes t from all others at whom it rings.
func (s *State) answered(t *task, by *offer) {
	var others []*offer
	for len(t.open) > 0 {
		o := t.open[0]
		s.close(o, ctid.OfferCancelled, "answered_elsewhere")
		others = append(others, o)
	}
	s.exit(t, ctid.ExitAnswered, by.agent.id)
	for _, o := range others {
		s.freed(o, ctid.BySystem)
	}
}
