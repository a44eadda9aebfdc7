package web

import (
	"container/list"
	"sync"
	"time"
)

// Log-in is slowed down per account and per address: after freeFails wrong passwords each further one doubles a delay
// in which no try is looked at. A name nobody has is counted like any other, so the answers tell nothing.
const (
	freeFails      = 5
	maxAccountWait = 30 * time.Second // short, so that nobody can be locked out of his account for long
	maxAddressWait = 5 * time.Minute
	failMemory     = 15 * time.Minute
	maxGuarded     = 10_000
	triesPerMinute = 10 // of one address, right or wrong
)

// guard is the bounded table of recent failures and tries.
type guard struct {
	mu    sync.Mutex
	rows  map[string]*list.Element
	order *list.List // of *guardRow, least recently used first
}

type guardRow struct {
	key   string
	fails int
	until time.Time // no try before
	last  time.Time
	tries []time.Time
}

func newGuard() *guard { return &guard{rows: map[string]*list.Element{}, order: list.New()} }

// wait says how long a try for user from addr must still wait; 0 lets it in and counts it.
func (g *guard) wait(user, addr string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, a := g.row("user:"+user, now), g.row("addr:"+addr, now)
	left := max(u.until.Sub(now), a.until.Sub(now))
	if left > 0 {
		return left
	}
	for len(a.tries) > 0 && now.Sub(a.tries[0]) >= time.Minute {
		a.tries = a.tries[1:]
	}
	if len(a.tries) >= triesPerMinute {
		return a.tries[0].Add(time.Minute).Sub(now)
	}
	a.tries = append(a.tries, now)
	return 0
}

// fail counts a wrong password.
func (g *guard) fail(user, addr string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.row("user:"+user, now).fail(now, maxAccountWait)
	g.row("addr:"+addr, now).fail(now, maxAddressWait)
}

// ok forgets an account's failures. The address keeps its own: one right password must not pay for many wrong ones.
func (g *guard) ok(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.rows["user:"+user]; e != nil {
		g.order.Remove(e)
		delete(g.rows, "user:"+user)
	}
}

func (r *guardRow) fail(now time.Time, most time.Duration) {
	r.fails++
	r.last = now
	if over := r.fails - freeFails; over >= 0 {
		r.until = now.Add(min(most, time.Second<<min(over, 20)))
	}
}

// row returns the row of a key, making it and dropping the least recently used one when the table is full.
func (g *guard) row(key string, now time.Time) *guardRow {
	if e := g.rows[key]; e != nil {
		g.order.MoveToBack(e)
		r := e.Value.(*guardRow)
		if now.Sub(r.last) > failMemory {
			r.fails = 0
		}
		return r
	}
	if g.order.Len() >= maxGuarded {
		old := g.order.Front()
		g.order.Remove(old)
		delete(g.rows, old.Value.(*guardRow).key)
	}
	r := &guardRow{key: key, last: now}
	g.rows[key] = g.order.PushBack(r)
	return r
}
