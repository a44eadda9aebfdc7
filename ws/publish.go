package ws

import (
	"slices"
	"sync/atomic"
	"time"

	"ctid"
)

// publish stamps nothing: it encodes an event once, keeps it, folds it in and sends it to those who may see it.
func (h *Hub) publish(e ctid.Event) {
	h.counts.Events++
	to, err := reachOf(e.Body)
	if err != nil {
		h.cfg.Log.Error("event not published", "seq", e.Seq, "err", err)
		return
	}
	if to == toNobody {
		return
	}
	x, err := newRow(e, to, h.now, h.view.aniOf(e))
	if err != nil {
		h.cfg.Log.Error("event not published: it does not encode", "seq", e.Seq, "kind", e.Body.Kind(), "err", err)
		return
	}
	h.freeSeat(e)
	x.teams = h.view.toldTeams(e)
	x.queues = h.view.apply(e)
	h.ring.add(x)
	h.applyPop(e, x)
	h.deliver(x)
}

// deliver sends an event to all who may see it: the agents first, as one of them may be about to be rung.
func (h *Hub) deliver(x *row) {
	switch x.reach {
	case toEveryone:
		h.deliverTo(h.all(), x)
		return
	case toDesk:
		h.deliverTo(h.subs[TopicDesk], x)
	default:
		for i, a := range x.agents {
			if !slices.Contains(x.agents[:i], a) {
				h.deliverTo(h.byAgent[a], x)
			}
		}
		for _, t := range x.teams {
			h.deliverTo(h.subs[topicTeam+t], x)
		}
		for _, q := range x.queues {
			h.deliverTo(h.subs[topicWaiting+string(q)], x)
		}
	}
	h.deliverTo(h.subs[TopicAll], x)
}

func (h *Hub) deliverTo(list []*session, x *row) {
	for _, s := range list {
		if s.prev >= x.seq {
			continue // it got the event by another topic
		}
		if v := h.sight(s, x); v.ok {
			h.sendRow(s, x, v, h.tryOf(x))
		}
	}
}

// resendGaps are the pauses before a pop is sent again; the last repeats.
var resendGaps = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second}

// applyPop folds what concerns pops: they open, change, close, and are sent again until a page has shown them.
func (h *Hub) applyPop(e ctid.Event, x *row) {
	p := h.view.pops[e.Pop]
	switch b := e.Body.(type) {
	case ctid.PopOffered:
		if p != nil {
			p.again.stop()
		}
		p = &popView{Pop: e.Pop, Rev: e.Rev, Call: e.Call, Can: orEmpty(canOf(e, popAgent(e))), Data: b.PopData, agent: popAgent(e), row: x, try: 1}
		h.view.pops[e.Pop] = p
		h.armResend(p, 0)
	case ctid.PopUpdated:
		if p == nil {
			return
		}
		p.Rev, p.Data = e.Rev, b.Data
		if can := canOf(e, p.agent); can != nil {
			p.Can = can
		}
	case ctid.PopClosed:
		if p != nil {
			p.again.stop()
			delete(h.view.pops, e.Pop)
		}
	case ctid.CallCleared:
		for _, p := range h.view.pops {
			if p.Call == e.Call {
				p.again.stop()
			}
		}
	}
}

func popAgent(e ctid.Event) ctid.AgentID {
	if e.Agent == "" && len(e.Agents) > 0 {
		return e.Agents[0]
	}
	return e.Agent
}

func (h *Hub) armResend(p *popView, n int) {
	p.again = h.after(resendGaps[min(n, len(resendGaps)-1)], func() {
		sent := false
		for _, s := range h.byAgent[p.agent] {
			if s.asleep {
				continue // its page has the pop in its line already and will see it when it wakes
			}
			if !sent {
				sent = true
				p.try++
				h.counts.Resent++
			}
			h.sendRow(s, p.row, h.sight(s, p.row), p.try)
		}
		h.armResend(p, n+1)
	})
}

// tryOf is the number of times a pop has been sent, 0 for other events.
func (h *Hub) tryOf(x *row) int {
	if p := h.view.pops[x.pop]; p != nil && p.row == x {
		return p.try
	}
	return 0
}

// ackPop takes what a page says of a pop.
func (h *Hub) ackPop(s *session, f inFrame) {
	p := h.view.pops[f.Pop]
	if p == nil || p.agent != s.agent || s.agent == "" {
		return // it closed meanwhile, or was never his
	}
	switch f.What {
	case "shown":
		if p.Seen {
			return // the same pop in a second tab, or sent twice
		}
		p.Seen = true
		p.again.stop()
	case "opened", "failed":
	default:
		return // a later version's word
	}
	h.cfg.Desk.Do(h.ctx, s.who, ctid.PopAck{Pop: f.Pop, Rev: f.Rev, What: f.What, Detail: clip(f.Detail, 200)}, func(ctid.Reply) {})
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// writeWaiter is one call of PopWritten.
type writeWaiter struct {
	agent   ctid.AgentID
	seq     uint64
	pending map[*session]bool
	had     atomic.Int64 // sockets that have it; read by the caller when its time is over
	done    chan int
}

// waitWritten starts a wait: a socket that has the pop's position behind it counts at once.
func (h *Hub) waitWritten(w *writeWaiter) {
	w.pending = map[*session]bool{}
	if x := h.ring.find(w.seq); x != nil && x.pop != "" {
		for _, s := range h.byAgent[w.agent] {
			w.pending[s] = true
		}
	}
	h.waiters = append(h.waiters, w)
	h.checkWaiters()
}

// wrote notes that a pop, or a snapshot, has left through a socket.
func (h *Hub) wrote(s *session, upTo uint64) {
	s.wroteUpTo = max(s.wroteUpTo, upTo)
	h.checkWaiters()
}

func (h *Hub) checkWaiters() {
	h.waiters = slices.DeleteFunc(h.waiters, func(w *writeWaiter) bool {
		for s := range w.pending {
			if s.gone {
				delete(w.pending, s)
			} else if s.wroteUpTo >= w.seq {
				delete(w.pending, s)
				w.had.Add(1)
			}
		}
		if len(w.pending) > 0 {
			return false
		}
		w.done <- int(w.had.Load())
		return true
	})
}

func (h *Hub) forgetWaiter(w *writeWaiter) {
	h.waiters = slices.DeleteFunc(h.waiters, func(x *writeWaiter) bool { return x == w })
}
