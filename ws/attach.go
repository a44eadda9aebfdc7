package ws

import (
	"encoding/json"
	"maps"
	"slices"

	"ctid"
)

// The topics.
const (
	TopicMe   = "me"
	TopicDesk = "desk"
)

// attach lets a session in: it checks the limits, decides between replay and snapshot and sends welcome and what follows.
// Subscribing and taking the snapshot are one act of the hub's goroutine, so nothing falls between them.
func (h *Hub) attach(s *session) *refusal {
	switch {
	case h.ended:
		return &refusal{CloseDraining, "ctid is stopping"}
	case len(h.sessions) >= h.cfg.Limits.Sessions:
		return &refusal{CloseOverloaded, "too many sessions"}
	case s.agent != "" && len(h.byAgent[s.agent]) >= h.cfg.Limits.PerAgent:
		return &refusal{CloseSessions, "this agent has too many sessions; close another one first"}
	case !s.who.Until.IsZero() && !s.who.Until.After(h.now):
		return &refusal{CloseExpired, "the token has ended"}
	}
	h.born++
	s.n = h.born
	s.bucket = bucket{rate: h.cfg.Limits.ReqPerSec, burst: float64(h.cfg.Limits.ReqBurst), have: float64(h.cfg.Limits.ReqBurst), at: h.now}
	s.conn.written = func(upTo uint64) { h.box.put(func() { h.wrote(s, upTo) }) }
	h.sessions[s.id] = s
	refused := h.addTopics(s, s.wants)
	if s.agent != "" {
		h.byAgent[s.agent] = append(h.byAgent[s.agent], s)
		h.takeFreeSeat(s)
	}
	h.welcome(s, refused)
	h.startAlive(s)
	if s.agent != "" {
		h.presence(s.agent)
		h.electFront(s.agent)
	}
	return nil
}

// addTopics subscribes the session to what it may have and returns the rest with the reason.
func (h *Hub) addTopics(s *session, topics []string) []refusedTopic {
	var refused []refusedTopic
	if s.agent != "" {
		s.topics[TopicMe] = true
	}
	for _, t := range topics {
		switch {
		case s.topics[t]:
		case t == TopicDesk && s.who.Has(ctid.RoleAdmin):
			s.topics[t] = true
		case t == TopicDesk || t == TopicMe:
			refused = append(refused, refusedTopic{t, ctid.Forbidden})
		default:
			refused = append(refused, refusedTopic{t, ctid.NotFound})
		}
		if len(refused) > h.cfg.Limits.Topics {
			break // a longer list is not worth an answer for each
		}
	}
	return refused
}

// welcome accepts the session, with either the events it missed or a snapshot of each topic.
func (h *Hub) welcome(s *session, refused []refusedTopic) {
	s.joining = true
	defer func() { s.joining = false }()
	replay, why := h.replay(s)
	first := len(h.byAgent[s.agent]) == 1 && s.agent != ""
	s.front = first
	h.send(s, welcomeFrame{
		K: "welcome", Session: s.id, Epoch: h.cfg.Epoch, Seq: h.ring.head, At: wireTime{h.now},
		Resumed: why == "", Why: why, Replay: len(replay), Revs: h.revs(s), Front: first,
		Who:    whoView{s.who.User, orEmpty(s.who.Roles), s.agent, wireTime{s.who.Until}},
		Topics: slices.Sorted(maps.Keys(s.topics)), Refused: refused,
		Limits:  limitsView{h.cfg.Limits.MsgBytes, h.cfg.Limits.ReqPerSec, h.cfg.Limits.ReqBurst, h.cfg.Limits.Outstanding, h.cfg.Limits.Topics},
		Timings: timingsView{h.cfg.Timings.Tick.Milliseconds(), h.cfg.Timings.Dead.Milliseconds()},
		Ops:     opsFor(s.who), Codes: h.cfg.Codes, Notice: []string{},
	})
	if why != "" {
		h.counts.Snapshots++
		h.snapAll(s)
		return
	}
	h.counts.Resumed++
	s.prev, s.wroteUpTo = s.resume.Seq, s.resume.Seq
	for _, x := range replay {
		h.sendRow(s, x, h.tryOf(x))
	}
}

// replay returns the events a resuming session missed, or why it must take a snapshot.
func (h *Hub) replay(s *session) (missed []*row, why string) {
	p := s.resume
	switch {
	case p == nil:
		return nil, "first"
	case p.Epoch != h.cfg.Epoch:
		return nil, "new_epoch"
	case p.Seq > h.ring.head:
		return nil, "ahead"
	}
	h.ring.trim(h.now)
	if p.Seq < h.ring.floor {
		return nil, "too_old"
	}
	for _, x := range h.ring.since(p.Seq) {
		if h.visible(s, x) {
			missed = append(missed, x)
		}
	}
	if len(missed) > h.cfg.Limits.ReplayEvents {
		return nil, "too_many"
	}
	return missed, ""
}

// visible tells whether a session gets an event: the audience is of then, the permission of now.
func (h *Hub) visible(s *session, x *row) bool {
	switch x.reach {
	case toEveryone:
		return true
	case toDesk:
		return s.topics[TopicDesk]
	case toAgents:
		return s.topics[TopicMe] && slices.Contains(x.agents, s.agent)
	}
	return false
}

// revs lists the rev of each entity the session should now know.
func (h *Hub) revs(s *session) map[string]uint64 {
	out := map[string]uint64{}
	if s.agent == "" {
		return out
	}
	if a := h.view.agent(s.agent); a.Rev > 0 {
		out["agent:"+string(s.agent)] = a.Rev
	}
	for _, c := range h.view.callsOf(s.agent) {
		out["call:"+string(c.Call)] = c.Rev
	}
	for _, p := range h.view.popsOf(s.agent) {
		out["pop:"+string(p.Pop)] = p.Rev
	}
	return out
}

// snapAll sends a snapshot of each topic of the session.
func (h *Hub) snapAll(s *session) {
	for _, t := range slices.Sorted(maps.Keys(s.topics)) {
		h.snap(s, t)
	}
}

// snapItem is one entry of a list in a snapshot.
type snapItem struct {
	list string
	json json.RawMessage
}

// snap sends the state of one topic as of the head, in parts: each list goes on in the next part.
func (h *Hub) snap(s *session, topic string) {
	single, lists, items := h.snapData(s, topic)
	part, size := 0, 0
	data := single
	flush := func(last bool) {
		part++
		for _, l := range lists {
			if data[l] == nil {
				data[l] = json.RawMessage("[]")
			}
		}
		f := frame{head: mustJSON(snapFrame{K: "snap", Topic: topic, AsOf: h.ring.head, Part: part, Last: last, Data: data})}
		if last && topic == TopicMe {
			f.wrote = h.ring.head
		}
		h.push(s, f)
		data, size = map[string]json.RawMessage{}, 0
	}
	open := map[string][]json.RawMessage{}
	pack := func() {
		for l, js := range open {
			data[l] = mustJSON(js)
		}
		open = map[string][]json.RawMessage{}
	}
	for _, it := range items {
		if size > 0 && size+len(it.json) > h.cfg.Limits.SnapPartBytes {
			pack()
			flush(false)
		}
		open[it.list] = append(open[it.list], it.json)
		size += len(it.json)
	}
	pack()
	flush(true)
	s.prev = max(s.prev, h.ring.head)
}

// snapData returns a topic's single values, the names of its lists, and their items in order.
func (h *Hub) snapData(s *session, topic string) (map[string]json.RawMessage, []string, []snapItem) {
	single := map[string]json.RawMessage{}
	var items []snapItem
	for _, id := range slices.Sorted(maps.Keys(h.view.links)) {
		items = append(items, snapItem{"links", mustJSON(wireTimes(h.view.links[id]))})
	}
	single["draining"] = mustJSON(h.view.draining)
	if topic == TopicDesk {
		single["config"] = mustJSON(h.view.config)
		return single, []string{"links"}, items
	}
	a := h.view.agent(s.agent)
	single["agent"] = mustJSON(wireTimes(a))
	for _, c := range h.view.callsOf(s.agent) {
		items = append(items, snapItem{"calls", mustJSON(c)})
	}
	for _, p := range h.view.popsOf(s.agent) {
		items = append(items, snapItem{"pops", mustJSON(h.shownPop(p))})
	}
	if a.Wrap != nil {
		items = append(items, snapItem{"wraps", mustJSON(wireTimes(*a.Wrap))})
	}
	return single, []string{"links", "calls", "pops", "wraps", "leads", "callbacks", "messages"}, items
}

// shownPop is a pop as it goes out.
func (h *Hub) shownPop(p *popView) popView {
	shown := *p
	shown.Data = wireTimes(tidyPop(p.Data)).(ctid.PopData)
	return shown
}
