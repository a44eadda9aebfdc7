package ws

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// gate bounds the sockets of one address that have not yet shown who they are.
type gate struct {
	mu   sync.Mutex
	max  int
	rate float64
	by   map[string]*doorman
}

// doorman is one address: how many are inside unauthenticated, and its bucket of new ones.
type doorman struct {
	open   int
	bucket bucket
}

const maxAddresses = 4096 // beyond it, addresses with nobody inside are forgotten

func (g *gate) init(l Limits) {
	g.max, g.rate, g.by = l.Unauth, float64(l.UnauthPerSec), map[string]*doorman{}
}

// enter lets one more unauthenticated socket of addr in, or refuses.
func (g *gate) enter(addr string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.by[addr]
	if d == nil {
		g.forget()
		d = &doorman{bucket: bucket{rate: g.rate, burst: g.rate, have: g.rate, at: now}}
		g.by[addr] = d
	}
	if d.open >= g.max || !d.bucket.take(now) {
		return false
	}
	d.open++
	return true
}

func (g *gate) leave(addr string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d := g.by[addr]; d != nil {
		d.open--
	}
}

func (g *gate) forget() {
	if len(g.by) < maxAddresses {
		return
	}
	for a, d := range g.by {
		if d.open == 0 {
			delete(g.by, a)
		}
	}
}

// bucket is a token bucket.
type bucket struct {
	rate, burst, have float64
	at                time.Time
}

// take uses one token up, if there is one.
func (b *bucket) take(now time.Time) bool {
	b.have = min(b.burst, b.have+now.Sub(b.at).Seconds()*b.rate)
	b.at = now
	if b.have < 1 {
		return false
	}
	b.have--
	return true
}

// wait says how long until the next token.
func (b *bucket) wait() time.Duration {
	return time.Duration((1 - b.have) / b.rate * float64(time.Second))
}

// hostOf returns the address of a remote without its port.
func hostOf(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

// originOK tells whether the page that opened the socket may: none (no browser), our own host, or a listed one.
// A browser sends a websocket's Origin without asking anyone, so this is what keeps other sites out.
func originOK(r *http.Request, allowed []string) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	if slices.Contains(allowed, values[0]) {
		return true
	}
	u, err := url.Parse(values[0])
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
