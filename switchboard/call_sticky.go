package switchboard

import (
	"cmp"
	"context"
	"time"

	"ctid"
	"ctid/acd"
)

// Sticky is which agent a queue offers a caller first, and for how long to him alone. By is StickyLast or StickyOwner; empty: none.
type Sticky struct {
	By  string
	For time.Duration // 0: 30 s
}

// Whom a caller can stick to.
const (
	StickyLast  = "last-agent" // who last spoke with this customer
	StickyOwner = "owner"      // who looks after him: the customer's own column owner
)

// stickyFor is how long a caller waits for one agent where nothing else is said.
const stickyFor = 30 * time.Second

// agent is the one whom a caller sticks to, by what is known of him; empty: nobody.
func (s Sticky) agent(m ctid.Match) ctid.AgentID {
	c := m.Customer()
	switch {
	case c == nil:
		return ""
	case s.By == StickyOwner:
		return ctid.AgentID(c.Fields["owner"])
	}
	for _, x := range m.Last { // the newest first
		if x.Agent != "" {
			return x.Agent
		}
	}
	return c.LastAgent
}

// enter tells the core that the caller is to wait. An agent whom the script names has him first; else where the queue has its callers
// stick to one, it is found out first who calls.
func (k *call) enter(q *queueStay, ev acd.Enqueue) {
	k.desk.post(func(now time.Time) {
		rule := k.desk.plan.Sticky[ev.Queue]
		switch {
		case ev.Prefer != "":
		case rule.By != "":
			ev.PreferFor = cmp.Or(rule.For, stickyFor)
			k.post(func(now time.Time) { k.enterSticky(now, q, ev, rule) })
			return
		}
		k.desk.decide(now, ev)
	})
}

// enterSticky waits for what is known of the caller, for as long as a pop does.
func (k *call) enterSticky(now time.Time, q *queueStay, ev acd.Enqueue, rule Sticky) {
	sent := false
	send := func(time.Time) {
		if sent || k.queue != q || q.over || k.callerGone || k.ended {
			return
		}
		sent = true
		if ev.Prefer = rule.agent(k.match); ev.Prefer == "" {
			ev.PreferFor = 0
		}
		k.tellCore(ev)
	}
	if k.matched {
		send(now)
		return
	}
	k.waiting = append(k.waiting, send)
	k.aside(func(ctx context.Context) func(now time.Time) {
		t := time.NewTimer(k.sb.cfg.Limits.Lookup)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		return send
	})
}
