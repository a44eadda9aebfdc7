package systemtest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"ctid/ws/wsclient"
)

// Desk is an agent's desktop: a websocket client whose frames are kept with their times of arrival.
type Desk struct {
	*wsclient.Client
	r     *Rig
	Agent string
	mu    sync.Mutex
	seen  []wsclient.Frame
	news  chan struct{} // closed and made anew with each frame
}

// Desk opens the desktop of the agent of an extension.
func (r *Rig) Desk(extension string) *Desk {
	r.T.Helper()
	c, err := wsclient.Dial(r.T.Context(), wsclient.Config{URL: "ws" + strings.TrimPrefix(r.Web, "http") + "/ws",
		HeaderToken: r.Token("a" + extension), ID: "desk-" + extension})
	if err != nil {
		r.T.Fatal(err)
	}
	d := &Desk{Client: c, r: r, Agent: "a" + extension, news: make(chan struct{})}
	go func() {
		for f := range c.Frames {
			d.mu.Lock()
			d.seen = append(d.seen, f)
			close(d.news)
			d.news = make(chan struct{})
			d.mu.Unlock()
		}
	}()
	r.T.Cleanup(c.Close)
	return d
}

// Ready logs the agent in and makes him ready.
func (d *Desk) Ready() {
	d.r.T.Helper()
	for _, op := range []string{"agent.login", "agent.ready"} {
		if _, err := d.Do(d.r.T.Context(), op, map[string]any{}, ""); err != nil {
			d.r.T.Fatalf("%s %s: %v", d.Agent, op, err)
		}
	}
}

// Await returns the first frame after the from-th for which match holds, and its place.
func (d *Desk) Await(from int, what string, match func(f wsclient.Frame) bool) (wsclient.Frame, int) {
	d.r.T.Helper()
	give := time.After(20 * time.Second)
	for {
		d.mu.Lock()
		for ; from < len(d.seen); from++ {
			if match(d.seen[from]) {
				defer d.mu.Unlock()
				return d.seen[from], from
			}
		}
		news := d.news
		d.mu.Unlock()
		select {
		case <-news:
		case <-give:
			d.r.T.Fatalf("%s: no %s", d.Agent, what)
		}
	}
}

// Event awaits an event of a type after the from-th frame.
func (d *Desk) Event(from int, kind string) (wsclient.Frame, int) {
	d.r.T.Helper()
	return d.Await(from, kind, func(f wsclient.Frame) bool { return f.K == "event" && f.Type == kind })
}

// State awaits the agent's state after the from-th frame.
func (d *Desk) State(from int, state string) (wsclient.Frame, int) {
	d.r.T.Helper()
	return d.Await(from, "state "+state, func(f wsclient.Frame) bool {
		var v struct{ State, Reason string }
		return f.K == "event" && f.Type == "agent.state_changed" && json.Unmarshal(f.Data, &v) == nil && v.State == state
	})
}

// from are the frames after the n-th.
func (d *Desk) from(n int) []wsclient.Frame {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.seen[n:])
}

// Len is how many frames have come so far.
func (d *Desk) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.seen)
}
