package acd

// ring-progressively offers it to the one who is first by longest-idle, and as long as nobody answers to one more after each
// ProgressEvery; each phone rings for the queue's full time. It is mod_callcenter's ring-progressively; app_queue has nothing like it.
//
// Nobody is to blame for a call that another could have taken: its default for a miss is none.

// another: t rings, and it is time to ring at one more agent, unless its queue has another strategy by now, or t leaves it as soon as
// nobody is rung any more.
func (s *State) another(t *task) {
	if t.queue.by.ring != ringMore || t.expired || t.overdue {
		return
	}
	if len(t.class.free) > 0 {
		m := s.choose(t)
		s.tellDecision(t, m)
		s.ringAt(t, m.agent, t.queue.cfg.Ring)
	}
	s.timers.set(&t.more, s.now.Add(t.queue.cfg.ProgressEvery))
}
