package ws

import (
	"encoding/json"
	"maps"
	"slices"

	"ctid"
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
		Who:    whoView{s.who.User, orEmpty(s.who.Roles), s.agent, s.who.Teams, wireTime{s.who.Until}},
		Topics: sortedTopics(s), Refused: refused,
		Limits:  limitsView{h.cfg.Limits.MsgBytes, h.cfg.Limits.ReqPerSec, h.cfg.Limits.ReqBurst, h.cfg.Limits.Outstanding, h.cfg.Limits.Topics},
		Timings: timingsView{h.cfg.Timings.Tick.Milliseconds(), h.cfg.Timings.Dead.Milliseconds()},
		Ops:     opsFor(s.who), Codes: h.cfg.Codes, Devices: h.cfg.Codes.Devices[s.agent], Notice: []string{},
	})
	if why != "" {
		h.counts.Snapshots++
		h.beginAll(s)
		return
	}
	h.counts.Resumed++
	s.prev, s.wroteUpTo = s.resume.Seq, s.resume.Seq
	for _, x := range replay {
		h.sendRow(s, x, h.sight(s, x), h.tryOf(x))
	}
	for _, t := range sortedTopics(s) {
		if isState(t) {
			h.sendLatest(s, t)
		}
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
	if p.Seq < h.ring.floor || h.outdated(s) {
		return nil, "too_old"
	}
	for _, x := range h.ring.since(p.Seq) {
		if h.sight(s, x).ok {
			missed = append(missed, x)
		}
	}
	if len(missed) > h.cfg.Limits.ReplayEvents {
		return nil, "too_many"
	}
	return missed, ""
}

// revs lists the rev of each entity the session should now know; those of another topic than "me" with its name before.
func (h *Hub) revs(s *session) map[string]uint64 {
	out := map[string]uint64{}
	agent := func(before string, a ctid.AgentView) {
		if a.Rev > 0 {
			out[before+"agent:"+string(a.Agent)] = a.Rev
		}
	}
	calls := func(before string, b callBook) {
		for id, c := range b {
			out[before+"call:"+string(id)] = c.Rev
		}
	}
	for t := range s.topics {
		switch kind, id := cutTopic(t); kind {
		case TopicMe:
			agent("", h.view.agent(s.agent))
			calls("", h.view.mine[s.agent])
			for _, p := range h.view.popsOf(s.agent) {
				out["pop:"+string(p.Pop)] = p.Rev
			}
		case topicTeam:
			for _, a := range h.view.team(id) {
				agent(t+"/", a)
			}
			calls(t+"/", h.view.teams[id])
		case topicWaiting:
			for call, w := range h.view.waiting[ctid.QueueID(id)] {
				out[t+"/call:"+string(call)] = w.Rev
			}
		}
	}
	return out
}

// beginAll sends what each topic of the session begins with.
func (h *Hub) beginAll(s *session) {
	for _, t := range sortedTopics(s) {
		h.begin(s, t)
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
	lists := []string{"links"}
	add := func(list string, v any) { items = append(items, snapItem{list, mustJSON(v)}) }
	switch kind, id := cutTopic(topic); kind {
	case TopicDesk:
		single["config"] = mustJSON(h.view.config)
	case topicTeam:
		lists = append(lists, "agents", "calls", "messages", "seen")
		for _, a := range h.view.team(id) {
			add("agents", wireTimes(a))
		}
		for _, c := range h.view.teams[id].list(false) {
			add("calls", c)
		}
		for _, m := range h.view.messagesOf(reader{team: id}, h.now) {
			add("messages", wireTimes(m))
		}
		for _, x := range h.view.seenIn(id) {
			add("seen", x)
		}
	case topicWaiting:
		lists = append(lists, "calls")
		for _, w := range h.view.waiting[ctid.QueueID(id)].list() {
			shown := *w
			if shown.ANI != nil && h.numbers(s, ctid.QueueID(id)) == classMasked {
				shown.ANI = new(maskNumber(*shown.ANI))
			}
			add("calls", shown)
		}
	case TopicMe:
		return single, append(lists, "calls", "pops", "wraps", "past_wraps", "leads", "callbacks", "messages"), h.snapMe(s, single, items)
	}
	return single, lists, items
}

// snapMe adds what an agent's own topic shows.
func (h *Hub) snapMe(s *session, single map[string]json.RawMessage, items []snapItem) []snapItem {
	a := h.view.agent(s.agent)
	single["agent"] = mustJSON(wireTimes(a))
	add := func(list string, v any) { items = append(items, snapItem{list, mustJSON(v)}) }
	for _, c := range h.view.mine[s.agent].list(true) {
		add("calls", c)
	}
	for _, p := range h.view.popsOf(s.agent) {
		add("pops", h.shownPop(p))
	}
	if a.Wrap != nil {
		add("wraps", wireTimes(*a.Wrap))
	}
	for _, p := range h.view.past[s.agent] {
		add("past_wraps", p)
	}
	for _, m := range h.view.messagesOf(reader{agent: s.agent}, h.now) {
		add("messages", wireTimes(m))
	}
	return items
}

// shownPop is a pop as it goes out.
func (h *Hub) shownPop(p *popView) popView {
	shown := *p
	shown.Data = wireTimes(tidyPop(p.Data)).(ctid.PopData)
	return shown
}
