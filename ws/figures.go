package ws

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"ctid"
)

// figuresLimit is how long one look at the figures may take.
const figuresLimit = 5 * time.Second

// figures are the latest values of the state topics, and when they were looked at.
type figures struct {
	subs   int // subscriptions to a state topic
	asked  time.Time
	asking bool
	next   *alarm
	known  map[string]*latest // by topic
}

// look is what is to be found out for those who show figures.
type look struct {
	queues bool
	agents map[ctid.AgentID]bool     // whose own topics are shown
	teams  map[string][]ctid.AgentID // likewise, with their agents
	was    map[string]*latest        // what was found out before; nobody changes it any more
	asOf   uint64
	at     time.Time
}

// toLook says what the sessions show.
func (h *Hub) toLook() look {
	l := look{agents: map[ctid.AgentID]bool{}, teams: map[string][]ctid.AgentID{}, was: h.figures.known, asOf: h.ring.head, at: h.now}
	for t := range h.subs {
		switch kind, id := cutTopic(t); kind {
		case topicStats:
			l.queues = true
		case topicDay:
			l.agents[ctid.AgentID(id)] = true
		case topicDays:
			l.teams[id] = h.view.site.byTeam[id]
		}
	}
	return l
}

// wantFigures has the figures looked at that are shown, now or once the pause since the last look is over. Without
// subscriptions nobody looks.
func (h *Hub) wantFigures() {
	g := &h.figures
	if g.subs == 0 || g.asking || h.ended || h.cfg.QueueStats == nil && h.cfg.AgentStats == nil {
		return
	}
	g.next.stop()
	if wait := g.asked.Add(h.cfg.Timings.Figures).Sub(h.now); !g.asked.IsZero() && wait > 0 {
		g.next = h.after(wait, h.wantFigures)
		return
	}
	g.asking, g.asked = true, h.now
	l := h.toLook()
	h.workers.Go(func() {
		ctx, cancel := context.WithTimeout(h.ctx, figuresLimit)
		defer cancel()
		known := h.statesOf(ctx, l)
		h.box.put(func() { h.gotFigures(known) })
	})
}

// statesOf asks for the figures and makes each topic's frame, once for all sockets.
func (h *Hub) statesOf(ctx context.Context, l look) map[string]*latest {
	out := map[string]*latest{}
	if l.queues && h.cfg.QueueStats != nil {
		for q, data := range h.cfg.QueueStats(ctx) {
			h.frameOf(out, l, topicStats+string(q), data)
		}
	}
	if h.cfg.AgentStats == nil || len(l.agents)+len(l.teams) == 0 {
		return out
	}
	wanted := maps.Clone(l.agents)
	for _, members := range l.teams {
		for _, a := range members {
			wanted[a] = true
		}
	}
	days := h.cfg.AgentStats(ctx, slices.Sorted(maps.Keys(wanted)))
	for a := range l.agents {
		if data, ok := days[a]; ok {
			h.frameOf(out, l, topicDay+string(a), data)
		}
	}
	for t, members := range l.teams {
		list := []any{}
		for _, a := range members {
			if data, ok := days[a]; ok {
				list = append(list, data)
			}
		}
		h.frameOf(out, l, topicDays+t, map[string]any{"agents": list})
	}
	return out
}

// frameOf adds a topic's frame. Figures of agents stand still for most of the time: where they have not changed it is the frame before.
// Those of queues have the waits in them, and tell a wallboard that they are not stale.
func (h *Hub) frameOf(to map[string]*latest, l look, topic string, data any) {
	if old := l.was[topic]; old != nil && !strings.HasPrefix(topic, topicStats) && reflect.DeepEqual(old.of, data) {
		to[topic] = old
		return
	}
	b, err := json.Marshal(stateFrame{K: "state", Topic: topic, AsOf: l.asOf, At: wireTime{l.at}, Data: data})
	if err != nil {
		h.cfg.Log.Error("figures were not sent", "topic", topic, "err", err)
		return
	}
	to[topic] = &latest{topic: topic, msg: prepare(b), size: len(b), of: data}
}

// gotFigures sends the figures that are new to those who show them.
func (h *Hub) gotFigures(known map[string]*latest) {
	was := h.figures.known
	h.figures.asking, h.figures.known = false, known
	for _, topic := range slices.Sorted(maps.Keys(known)) {
		if known[topic] == was[topic] {
			continue
		}
		for _, s := range h.subs[topic] {
			h.sendLatest(s, topic)
		}
	}
	for _, s := range h.subs[topicStats+everyQueue] {
		h.sendLatest(s, topicStats+everyQueue)
	}
	h.wantFigures()
}

// sendLatest sends the newest values of a state topic, if there are any yet.
func (h *Hub) sendLatest(s *session, topic string) {
	if topic != topicStats+everyQueue {
		twice := strings.HasPrefix(topic, topicStats) && s.topics[topicStats+everyQueue]
		if v := h.figures.known[topic]; v != nil && !twice {
			h.pushState(s, v)
		}
		return
	}
	for _, t := range slices.Sorted(maps.Keys(h.figures.known)) {
		if id, ok := strings.CutPrefix(t, topicStats); ok && h.view.site.may(s.who, verbStats, thing{queue: ctid.QueueID(id)}) == "" {
			h.pushState(s, h.figures.known[t])
		}
	}
}

func (h *Hub) pushState(s *session, v *latest) { h.push(s, frame{state: &slot{latest: v}}) }
