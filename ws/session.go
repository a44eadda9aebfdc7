package ws

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"ctid"
)

// session is one authenticated socket. After attach its fields belong to the hub's goroutine.
type session struct {
	id     string
	who    ctid.Who
	agent  ctid.AgentID
	client Client
	wants  []string // topics asked for in hello
	types  []string // the event types wanted of the topic all; none means every one
	resume *Position
	conn   *conn

	n         uint64 // age: lower is older
	topics    map[string]bool
	prev      uint64 // the last seq sent
	wroteUpTo uint64 // pops up to here have left through the socket
	front     bool   // it is the front session of its agent
	claims    bool   // its last tock claimed the front
	asleep    bool
	joining   bool // what is sent now is what a resume or a first snapshot owes
	gone      bool

	tickN   uint64 // number of the last tick
	missed  int    // ticks in a row without a tock
	alarms  sessionAlarms
	bucket  bucket
	buckets map[string]*bucket // of ops with a rate of their own
	strikes []time.Time        // refusals for rate
	open    map[string]*request
}

// sessionAlarms are a session's deadlines.
type sessionAlarms struct{ tick, tock, ping, expiring, expire, inUse *alarm }

func newSession(c *conn, who ctid.Who, hello inFrame) *session {
	s := &session{id: "s_" + rand.Text()[:10], who: who, agent: who.Agent, client: hello.Client, wants: hello.Topics, types: hello.Types,
		resume: hello.Resume, conn: c, topics: map[string]bool{}}
	if s.client.ID == "" {
		s.client.ID = s.id
	}
	s.who.Session = s.id
	return s
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("ws: a frame of ours does not encode: " + err.Error())
	}
	return b
}

// push queues a frame for the session and cuts it off when it reads too slowly.
func (h *Hub) push(s *session, f frame) {
	if s.gone {
		return
	}
	h.counts.Frames++
	f.free = s.joining
	if !s.conn.q.put(f) {
		h.counts.Slow++
		h.cfg.Log.Warn("a desktop reads too slowly and is cut off", "session", s.id, "user", s.who.User)
		h.endWith(s, refusal{CloseSlow, "too slow: come back with your position"}, true)
	}
}

func (h *Hub) send(s *session, v any) { h.push(s, frame{head: mustJSON(v)}) }

// sendRow sends one event, as much of it as the session may see.
func (h *Hub) sendRow(s *session, x *row, v sight, try int) {
	p := headParts{try: try, front: s.front && x.pop != "", topics: v.topics}
	if v.mine {
		p.can = x.canFor(s.agent)
	}
	f := frame{head: eventHead(nil, x.seq, s.prev, p), body: x.body(v.class)[1:]}
	if x.pop != "" {
		f.wrote = x.seq
	}
	s.prev = max(s.prev, x.seq)
	h.push(s, f)
}

// end says bye to a session and closes it.
func (h *Hub) end(s *session, no refusal) { h.endWith(s, no, false) }

// gone is the end of a session whose reader has ended.
func (h *Hub) gone(s *session, no refusal) { h.endWith(s, no, false) }

func (h *Hub) endWith(s *session, no refusal, drop bool) {
	if s.gone {
		return
	}
	s.gone = true
	if no.code == 0 {
		s.conn.q.abort()
	} else {
		s.conn.q.end(h.byeFrame(no), no.code, no.text, drop)
		h.cfg.Log.Info("websocket session ended", "session", s.id, "user", s.who.User, "code", int(no.code), "why", no.text)
	}
	for _, a := range []*alarm{s.alarms.tick, s.alarms.tock, s.alarms.ping, s.alarms.expiring, s.alarms.expire, s.alarms.inUse} {
		a.stop()
	}
	for _, r := range s.open {
		r.timeout.stop()
	}
	delete(h.sessions, s.id)
	h.dropTopics(s)
	if s.agent != "" {
		// A copy: this may run inside a loop over the old list, when a send finds its reader too slow.
		h.byAgent[s.agent] = slices.DeleteFunc(slices.Clone(h.byAgent[s.agent]), func(x *session) bool { return x == s })
		if len(h.byAgent[s.agent]) == 0 {
			delete(h.byAgent, s.agent)
		}
		h.presence(s.agent)
		h.electFront(s.agent)
	}
	h.checkWaiters()
}

func (h *Hub) endUser(user string, code CloseCode, text string) {
	for _, s := range h.all() {
		if s.who.User == user {
			h.end(s, refusal{code, text})
		}
	}
}

func (h *Hub) endAll() {
	h.ended = true
	for _, s := range h.all() {
		h.end(s, refusal{CloseDraining, "ctid is stopping"})
	}
}

// all returns the sessions, oldest first.
func (h *Hub) all() []*session {
	out := make([]*session, 0, len(h.sessions))
	for _, s := range h.sessions {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *session) int { return int(int64(a.n) - int64(b.n)) })
	return out
}
