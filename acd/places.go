package acd

import (
	"slices"
	"time"

	"ctid"
)

// This file has the places of callers who hung up while they waited, and may call again.

// place is one that is kept: of Caller in Queue, as one who entered at Entered, until Until.
type place struct {
	Caller  string
	Queue   ctid.QueueID
	Entered time.Time
	Until   time.Time
}

// mostPlaces is how many are kept at most; the oldest go first.
const mostPlaces = 10_000

// keepPlace keeps the place of t's caller, who has given up, where its queue says so.
func (s *State) keepPlace(t *task) {
	long := t.queue.cfg.Resume
	if t.caller == "" || long <= 0 || t.callback {
		return
	}
	s.dropPlace(t.caller, t.queue.cfg.ID)
	s.places = append(s.places, place{t.caller, t.queue.cfg.ID, t.entered, s.now.Add(long)})
	if n := len(s.places) - mostPlaces; n > 0 {
		s.places = slices.Delete(s.places, 0, n)
	}
}

// placeKept is since when the caller of a task that enters q counts as waiting who gave up lately. It is his once.
func (s *State) placeKept(q *queue, e Enqueue) (time.Time, bool) {
	if e.Caller == "" || e.Again || e.Callback {
		return time.Time{}, false
	}
	for _, p := range s.places {
		if p.Caller == e.Caller && p.Queue == q.cfg.ID && !s.now.After(p.Until) {
			s.dropPlace(p.Caller, p.Queue)
			return p.Entered, true
		}
	}
	return time.Time{}, false
}

func (s *State) dropPlace(caller string, queue ctid.QueueID) {
	s.places = slices.DeleteFunc(s.places, func(p place) bool { return p.Caller == caller && p.Queue == queue })
}

// forgetPlaces drops those whose time is over. It looks at all of them only when the first is due, which is not always the next.
func (s *State) forgetPlaces() {
	if len(s.places) > 0 && s.now.After(s.places[0].Until) {
		s.places = slices.DeleteFunc(s.places, func(p place) bool { return s.now.After(p.Until) })
	}
}
