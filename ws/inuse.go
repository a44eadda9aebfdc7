package ws

import (
	"context"
	"errors"

	"ctid"
)

// sayInUse has Auth told that the session's token is in use. One goroutine does so for all sessions, one after the other:
// thousands that came at once must not ask at once.
func (h *Hub) sayInUse(s *session) {
	h.uses = append(h.uses, s)
	if h.using {
		return
	}
	h.using = true
	h.workers.Go(h.sayAllInUse)
}

// sayAllInUse asks Auth about each session that is due, until none is left.
func (h *Hub) sayAllInUse() {
	next := make(chan *ctid.Who, 1)
	for {
		var s *session
		h.box.put(func() { s = h.nextInUse(); next <- whoOf(s) })
		who := <-next
		if who == nil {
			return
		}
		ctx, cancel := context.WithTimeout(h.ctx, h.cfg.Timings.Hello)
		now, err := h.cfg.Auth.InUse(ctx, *who)
		cancel()
		h.box.put(func() { h.saidInUse(s, *who, now, err) })
	}
}

func whoOf(s *session) *ctid.Who {
	if s == nil {
		return nil
	}
	return new(s.who)
}

// nextInUse takes the next session that is still here, or nil when there is none left.
func (h *Hub) nextInUse() *session {
	for len(h.uses) > 0 {
		s := h.uses[0]
		h.uses = h.uses[1:]
		if !s.gone && !h.ended {
			return s
		}
	}
	h.using = false
	return nil
}

// saidInUse takes what Auth said of a session's token.
func (h *Hub) saidInUse(s *session, asked, now ctid.Who, err error) {
	if s.gone {
		return
	}
	s.alarms.inUse = h.after(h.cfg.Timings.InUse, func() { h.sayInUse(s) })
	var e *ctid.Error
	switch {
	case s.who.TokenID != asked.TokenID:
		// it has been put on another token meanwhile
	case errors.As(err, &e) && e.Code == ctid.Unauthorized:
		if s.who.Until.IsZero() || s.who.Until.After(h.now) {
			h.end(s, refusal{CloseRevoked, "the token is no longer good"})
		}
	case err != nil:
		h.cfg.Log.Warn("a token in use could not be looked up", "session", s.id, "err", err)
	case now.User != s.who.User || now.Agent != s.agent:
		h.end(s, refusal{CloseAccount, "this user is another agent now"})
	default:
		h.setWho(s, now)
	}
}
