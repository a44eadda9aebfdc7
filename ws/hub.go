// Package ws is the websocket server that desktops hang on: it numbers what each session gets, resumes after a cut,
// holds every pop until a page has acknowledged it, and brings the agents' requests to the desk.
//
// One goroutine, the hub's, owns the ring, the folded view, the sessions and the requests. Each socket has a reader
// (the handler's own goroutine) and a writer; a writer that falls behind is cut off and comes back with its position.
// docs/events.md describes the wire.
package ws

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"ctid"
)

// Desk carries out what agents ask for. Do must not block, and calls reply from any goroutine: at most once with
// ctid.Started and exactly once with a final phase.
type Desk interface {
	Do(ctx context.Context, who ctid.Who, a ctid.Action, reply func(ctid.Reply))
}

// Auth turns credentials into a user. The calls may block; a refusal is a *ctid.Error with code unauthorized, any other
// error counts as "not now".
type Auth interface {
	// Ticket consumes a one-time ticket that was bought for origin.
	Ticket(ctx context.Context, text, origin string) (ctid.Who, error)
	// Token looks a bearer token up.
	Token(ctx context.Context, text string) (ctid.Who, error)
	// InUse says that the token of who is still in use, as his socket is open. It returns what he may do now, or a
	// refusal if the token is no good any more. It is called every few minutes for each socket.
	InUse(ctx context.Context, who ctid.Who) (ctid.Who, error)
}

// Config is what a Hub needs. Zero limits, timings and ring sizes mean the defaults.
type Config struct {
	Auth    Auth
	Desk    Desk
	Epoch   string       // changes at each start of the daemon
	Origins []string     // origins allowed besides the request's own host, as scheme://host[:port]
	Log     *slog.Logger // default: slog.Default
	Codes   Codes        // what desktops offer for choice; see SetCodes
	Site    Site         // who belongs where; see SetSite
	// QueueStats returns the figures of each queue, of any type that has JSON. The hub asks at most once a second, and
	// only while a desktop shows them. It may block until ctx ends. Nil: there are none.
	QueueStats func(ctx context.Context) map[ctid.QueueID]any
	// AgentStats does the same for these agents' days.
	AgentStats func(ctx context.Context, agents []ctid.AgentID) map[ctid.AgentID]any
	Limits     Limits
	Timings    Timings
	Ring       RingSize
}

// PauseCode is one reason an agent may pause for.
type PauseCode struct {
	Code   string `json:"code"`
	Label  string `json:"label"`
	MaxMin int    `json:"max_min,omitempty"`
	Paid   bool   `json:"paid,omitempty"`
}

// Disposition is one outcome an agent may give a call.
type Disposition struct {
	Code  string   `json:"code"`
	Label string   `json:"label"`
	Flags []string `json:"flags,omitempty"`
}

// Dispositions are the outcomes of one queue; Forced says that one is owed.
type Dispositions struct {
	Forced bool          `json:"forced"`
	Items  []Disposition `json:"items"`
}

// Codes is what welcome.codes tells a desktop.
type Codes struct {
	Pause       []PauseCode                     `json:"pause"`
	Disposition map[ctid.QueueID]Dispositions   `json:"disposition"`
	Devices     map[ctid.AgentID][]DeviceChoice `json:"-"` // welcome.devices has the agent's own
}

// DeviceChoice is one of an agent's telephones, for agent.set_device.
type DeviceChoice struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // phone, auto, web
}

// Hub is the websocket server. It is an http.Handler for /ws.
type Hub struct {
	cfg      Config
	box      mailbox
	gate     gate
	ctx      context.Context // ends when the hub closes; the desk's requests hang on it
	cancel   context.CancelFunc
	loopDone chan struct{}

	mu       sync.Mutex // guards closing, conns and the handlers' count
	closing  bool
	conns    map[*conn]struct{}
	handlers sync.WaitGroup
	workers  sync.WaitGroup // what the hub's goroutine has others do, as it may block

	*state // belongs to the hub's goroutine
}

// New starts a hub. Close stops it.
func New(cfg Config) *Hub {
	cfg = cfg.withDefaults()
	h := &Hub{cfg: cfg, loopDone: make(chan struct{}), conns: map[*conn]struct{}{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.box.init()
	h.gate.init(cfg.Limits)
	h.state = newState(h)
	go h.loop()
	return h
}

// Publish takes the next event. It never blocks; the desk calls it in the order of Seq. The event must not be changed afterwards.
func (h *Hub) Publish(e ctid.Event) { h.box.put(func() { h.publish(e) }) }

// PopWritten blocks until every socket of the agent has had its write of the pop event seq return, a snapshot that holds
// the pop counting as well. It says how many sockets had it; ok is false if ctx ended first. With no socket it returns
// 0, true at once. A socket that is cut while waited for no longer counts.
func (h *Hub) PopWritten(ctx context.Context, agent ctid.AgentID, seq uint64) (sockets int, ok bool) {
	w := &writeWaiter{agent: agent, seq: seq, done: make(chan int, 1)}
	h.box.put(func() { h.waitWritten(w) })
	select {
	case n := <-w.done:
		return n, true
	case <-ctx.Done():
	case <-h.loopDone:
	}
	h.box.put(func() { h.forgetWaiter(w) })
	return int(w.had.Load()), false
}

// SetCodes changes what later welcomes tell; a reload calls it.
func (h *Hub) SetCodes(c Codes) { h.box.put(func() { h.cfg.Codes = c }) }

// SetSite changes who belongs where; a reload calls it. Sessions lose what they may no longer have.
func (h *Hub) SetSite(site Site) { h.box.put(func() { h.setSite(site) }) }

// EndUser closes every session of a user, as when his credentials are revoked (CloseRevoked) or his role changed
// (CloseAccount).
func (h *Hub) EndUser(user string, code CloseCode, text string) {
	h.box.put(func() { h.endUser(user, code, text) })
}

// Stats says what the hub holds at this moment.
func (h *Hub) Stats() Stats {
	got := make(chan Stats, 1)
	h.box.put(func() { got <- h.stats() })
	select {
	case s := <-got:
		return s
	case <-h.loopDone:
		return Stats{}
	}
}

// Close tells every session to come back later (4100), closes them and waits for their goroutines, until ctx ends.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	h.box.put(h.endAll)
	idle := make(chan struct{})
	go func() { h.handlers.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
		h.cutAll()
		<-idle
	}
	h.cancel()
	h.workers.Wait()
	h.box.close()
	<-h.loopDone
	return ctx.Err()
}

func (h *Hub) cutAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		c.cut()
	}
}

// enter counts a handler in, unless the hub is closing.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.handlers.Add(1)
	return true
}

// ServeHTTP answers a websocket handshake. The session it begins goes on by itself, until it ends or the hub closes: what
// the HTTP server keeps for a request is let go.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		http.Error(w, "ctid is stopping", http.StatusServiceUnavailable)
		return
	}
	serve := h.handshake(w, r)
	if serve == nil {
		h.handlers.Done()
		return
	}
	go func() {
		defer h.handlers.Done()
		serve()
	}()
}
