package aritest

import (
	"net/http"
	"slices"
	"time"
)

// Hears says whether who is at channel a hears who is at channel b now: in a bridge, past hold, mute and playbacks, and
// through snoops. A channel that is no more hears nothing.
func (s *Server) Hears(a, b string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, y := s.channels[a], s.channels[b]
	return x != nil && y != nil && x != y && slices.Contains(s.heardBy(x), y)
}

// HeardBy lists the ids of the channels that are heard at a channel, sorted.
func (s *Server) HeardBy(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	if ch := s.channels[id]; ch != nil {
		for _, v := range s.heardBy(ch) {
			out = append(out, v.id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// heardBy lists whom the person at a channel hears.
func (s *Server) heardBy(ch *channel) (out []*channel) {
	if !ch.listens() {
		return nil
	}
	if ch.playing == nil { // a playback of its own keeps the bridge out
		out = s.arriving(ch, map[*channel]bool{})
	}
	return append(out, s.whispered(ch, "out", map[*channel]bool{})...)
}

// arriving lists whose voices a channel's bridge gives it. seen are the channels whose mix is already being worked out: a
// snoop may stand in the bridge that it listens to.
func (s *Server) arriving(ch *channel, seen map[*channel]bool) (out []*channel) {
	if ch.bridge == nil || ch.bridge.typ == "holding" || seen[ch] {
		return nil
	}
	seen[ch] = true
	for _, m := range ch.bridge.members {
		if m != ch && !m.listener {
			out = append(out, s.given(m, seen)...)
		}
	}
	return out
}

// given lists whose voices a member gives to its bridge: its phone's, what is whispered to its partners, or what a snoop
// hears.
func (s *Server) given(m *channel, seen map[*channel]bool) (out []*channel) {
	if m.other != nil { // what is heard at one half of a Local channel is said at the other
		return s.arriving(m.other, seen)
	}
	if of := m.snoopOf; of != nil {
		if snoops(m.spy, "in") && of.speaks() {
			out = append(out, of)
		}
		if snoops(m.spy, "out") && of.playing == nil {
			out = append(out, s.arriving(of, seen)...)
		}
		return out
	}
	if m.speaks() && m.playing == nil { // while a channel has a playback, nothing of it is heard
		out = append(out, m)
	}
	return append(out, s.whispered(m, "in", seen)...)
}

// whispered lists whose voices the snoops of a channel put into one direction of it.
func (s *Server) whispered(ch *channel, direction string, seen map[*channel]bool) (out []*channel) {
	for _, id := range s.order {
		if sn := s.channels[id]; sn.snoopOf == ch && snoops(sn.whisper, direction) {
			out = append(out, s.arriving(sn, seen)...)
		}
	}
	return out
}

// rtpStatistics tells how many packets came from a phone: 50 a second, up to the moment when it vanished.
func rtpStatistics(s *Server, c *call) reply {
	ch := s.channels[c.PathValue("id")]
	switch {
	case ch == nil:
		return noChannel
	case ch.phone == nil && ch.snoopOf != nil || ch.other != nil:
		return fail(http.StatusNotFound, "RTP info not found")
	}
	until := time.Now()
	if ch.lost {
		until = ch.lostAt
	}
	return ok(body{"rxcount": int(until.Sub(ch.made) / (20 * time.Millisecond)), "channel_uniqueid": ch.id})
}

// snoops says whether the direction of a snoop is, or includes, one.
func snoops(of, direction string) bool { return of == direction || of == "both" }

// speaks: its phone's voice comes into Asterisk.
func (ch *channel) speaks() bool {
	return ch.person() && ch.state == "Up" && !ch.muted["in"] && !ch.muted["both"]
}

// listens: what Asterisk sends is heard at its phone.
func (ch *channel) listens() bool {
	return ch.person() && (ch.state == "Up" || ch.progress) && !ch.muted["out"] && !ch.muted["both"]
}

// person: there is somebody at its phone who has not put the call on hold.
func (ch *channel) person() bool {
	return !ch.dead && ch.snoopOf == nil && ch.other == nil && !ch.holding && !ch.lost
}
