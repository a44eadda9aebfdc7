package ws

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"ctid"
)

// figuresLimit is how long one look at the queues' figures may take.
const figuresLimit = 5 * time.Second

// figures are the latest values of the state topics, and when they were looked at.
type figures struct {
	subs   int // subscriptions to a state topic
	asked  time.Time
	asking bool
	next   *alarm
	known  map[ctid.QueueID]*latest
}

// wantFigures has the queues' figures looked at, now or once the pause since the last look is over. Without
// subscriptions nobody looks.
func (h *Hub) wantFigures() {
	g := &h.figures
	if g.subs == 0 || g.asking || h.cfg.QueueStats == nil || h.ended {
		return
	}
	g.next.stop()
	if wait := g.asked.Add(h.cfg.Timings.Figures).Sub(h.now); !g.asked.IsZero() && wait > 0 {
		g.next = h.after(wait, h.wantFigures)
		return
	}
	g.asking, g.asked = true, h.now
	asOf, at := h.ring.head, h.now
	h.workers.Go(func() {
		ctx, cancel := context.WithTimeout(h.ctx, figuresLimit)
		defer cancel()
		known := h.statesOf(h.cfg.QueueStats(ctx), asOf, at)
		h.box.put(func() { h.gotFigures(known) })
	})
}

// statesOf makes each queue's frame, once for all sockets.
func (h *Hub) statesOf(stats map[ctid.QueueID]any, asOf uint64, at time.Time) map[ctid.QueueID]*latest {
	out := map[ctid.QueueID]*latest{}
	for q, data := range stats {
		topic := topicStats + string(q)
		b, err := json.Marshal(stateFrame{K: "state", Topic: topic, AsOf: asOf, At: wireTime{at}, Data: data})
		if err != nil {
			h.cfg.Log.Error("the figures of a queue were not sent", "queue", q, "err", err)
			continue
		}
		out[q] = &latest{topic, prepare(b), len(b)}
	}
	return out
}

// gotFigures sends the figures to those who show them.
func (h *Hub) gotFigures(known map[ctid.QueueID]*latest) {
	h.figures.asking, h.figures.known = false, known
	for _, q := range slices.Sorted(maps.Keys(known)) {
		for _, s := range h.subs[topicStats+string(q)] {
			h.sendLatest(s, topicStats+string(q))
		}
	}
	for _, s := range h.subs[topicStats+everyQueue] {
		h.sendLatest(s, topicStats+everyQueue)
	}
	h.wantFigures()
}

// sendLatest sends the newest values of a state topic, if there are any yet.
func (h *Hub) sendLatest(s *session, topic string) {
	if _, id := cutTopic(topic); id != everyQueue {
		if v := h.figures.known[ctid.QueueID(id)]; v != nil && !s.topics[topicStats+everyQueue] {
			h.pushState(s, v)
		}
		return
	}
	for _, q := range slices.Sorted(maps.Keys(h.figures.known)) {
		if h.view.site.may(s.who, verbStats, thing{queue: q}) == "" {
			h.pushState(s, h.figures.known[q])
		}
	}
}

func (h *Hub) pushState(s *session, v *latest) { h.push(s, frame{state: &slot{latest: v}}) }
