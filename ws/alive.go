package ws

import (
	"ctid"
)

// startAlive begins ticks, pings and the token's clock of a session.
func (h *Hub) startAlive(s *session) {
	t := h.cfg.Timings
	var tick, ping func()
	tick = func() {
		s.tickN++
		h.send(s, tickFrame{K: "tick", N: s.tickN, Seq: h.ring.head, At: wireTime{h.now}})
		s.alarms.tick = h.after(t.Tick, tick)
		s.alarms.tock.stop()
		s.alarms.tock = h.after(t.Tock, func() { h.noTock(s) })
	}
	ping = func() {
		h.push(s, frame{ping: true})
		s.alarms.ping = h.after(t.Ping, ping)
	}
	s.alarms.tick = h.after(t.Tick, tick)
	s.alarms.ping = h.after(t.Ping, ping)
	s.alarms.inUse = h.after(t.InUse, func() { h.sayInUse(s) })
	h.startToken(s)
}

// noTock counts a tick the page did not answer. After two it is asleep: the path may live, but nobody sees the screen.
func (h *Hub) noTock(s *session) {
	if s.missed++; s.missed >= 2 && !s.asleep {
		s.asleep, s.claims = true, false
		h.send(s, sessionFrame{K: "session", What: "asleep"})
		h.presence(s.agent)
		h.electFront(s.agent)
	}
}

// heard notes that the page's own code has sent something.
func (h *Hub) heard(s *session) {
	s.missed = 0
	if s.asleep {
		s.asleep = false
		h.send(s, sessionFrame{K: "session", What: "awake"})
		h.presence(s.agent)
		h.electFront(s.agent)
	}
}

// tock takes a page's answer to a tick.
func (h *Hub) tock(s *session, f inFrame) {
	if f.N == s.tickN {
		s.alarms.tock.stop()
	}
	if s.claims != f.Front {
		s.claims = f.Front
		h.electFront(s.agent)
	}
}

// presence tells the desk when an agent gains his first awake desktop or loses his last.
func (h *Hub) presence(a ctid.AgentID) {
	if a == "" {
		return
	}
	up := false
	for _, s := range h.byAgent[a] {
		up = up || !s.asleep
	}
	if h.awake[a] == up {
		return
	}
	if up {
		h.awake[a] = true
	} else {
		delete(h.awake, a)
	}
	h.cfg.Desk.Do(h.ctx, ctid.Who{User: "ctid", Agent: a}, ctid.DeskPresence{Agent: a, Awake: up}, func(ctid.Reply) {})
}

// electFront chooses the one session of an agent that opens windows and sounds: the awake one whose last tock claims it,
// the newest claim first, else the oldest awake one.
func (h *Hub) electFront(a ctid.AgentID) {
	if a == "" {
		return
	}
	var best *session
	for _, s := range h.byAgent[a] {
		if !s.asleep && (best == nil || s.claims) {
			best = s
		}
	}
	for _, s := range h.byAgent[a] {
		if is := s == best; s.front != is {
			s.front = is
			h.send(s, sessionFrame{K: "session", What: "front", Front: &is})
			if s.gone {
				return // it was cut off for being slow, and its end has held the election again
			}
		}
	}
}

// startToken arms the clocks of the session's token.
func (h *Hub) startToken(s *session) {
	s.alarms.expiring.stop()
	s.alarms.expire.stop()
	if s.who.Until.IsZero() {
		return
	}
	left := s.who.Until.Sub(h.now)
	s.alarms.expiring = h.after(max(0, left-h.cfg.Timings.Expiring), func() {
		h.send(s, sessionFrame{K: "session", What: "expiring", Until: wireTime{s.who.Until}})
	})
	s.alarms.expire = h.after(max(0, left), func() { h.expire(s) })
}

// expire ends a session whose token has ended; while the agent is on a call it waits, up to a limit.
func (h *Hub) expire(s *session) {
	over := h.now.Sub(s.who.Until)
	if over < h.cfg.Timings.Lapsed && s.agent != "" && len(h.view.mine[s.agent]) > 0 {
		s.alarms.expire = h.after(h.cfg.Timings.Tick, func() { h.expire(s) })
		return
	}
	h.end(s, refusal{CloseExpired, "the token has ended"})
}
