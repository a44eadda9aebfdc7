package ws_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// pipes is a listener whose connections are net.Pipes: everything stays inside a synctest bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// asked is one action that reached the desk.
type asked struct {
	who   ctid.Who
	a     ctid.Action
	reply func(ctid.Reply)
}

// fakeDesk notes what it is asked; a test answers through reply.
type fakeDesk struct {
	mu    sync.Mutex
	asked []asked
	auto  bool // answer done at once
}

func (d *fakeDesk) Do(_ context.Context, who ctid.Who, a ctid.Action, reply func(ctid.Reply)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, asked{who, a, reply})
	if d.auto {
		reply(ctid.Reply{Phase: ctid.Done})
	}
}

// take returns and forgets what was asked.
func (d *fakeDesk) take() []asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.asked
	d.asked = nil
	return out
}

// of returns the actions of type A among what was asked, in order.
func of[A ctid.Action](as []asked) []A {
	var out []A
	for _, x := range as {
		if a, ok := x.a.(A); ok {
			out = append(out, a)
		}
	}
	return out
}

// fakeAuth knows a few tokens and tickets.
type fakeAuth struct {
	mu      sync.Mutex
	tokens  map[string]ctid.Who
	tickets map[string]string // ticket → token
	down    error
	used    []string // who was said to be in use
}

func (f *fakeAuth) Token(_ context.Context, text string) (ctid.Who, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return ctid.Who{}, f.down
	}
	if text == "boom" {
		panic("a bug")
	}
	if w, ok := f.tokens[text]; ok {
		w.TokenID = text
		return w, nil
	}
	return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "unknown token")
}

func (f *fakeAuth) InUse(ctx context.Context, who ctid.Who) (ctid.Who, error) {
	f.mu.Lock()
	f.used = append(f.used, who.User)
	f.mu.Unlock()
	return f.Token(ctx, who.TokenID)
}

func (f *fakeAuth) Ticket(ctx context.Context, text, _ string) (ctid.Who, error) {
	f.mu.Lock()
	token, ok := f.tickets[text]
	delete(f.tickets, text)
	f.mu.Unlock()
	if !ok {
		return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "unknown ticket")
	}
	return f.Token(ctx, token)
}

// rig is a hub behind a real http.Server on pipes.
type rig struct {
	t    *testing.T
	hub  *ws.Hub
	desk *fakeDesk
	auth *fakeAuth
	ln   *pipes
	srv  *http.Server
	seq  uint64
	wg   sync.WaitGroup
}

func newRig(t *testing.T, change func(*ws.Config)) *rig {
	r := &rig{t: t, desk: &fakeDesk{}, ln: &pipes{conns: make(chan net.Conn), done: make(chan struct{})}, seq: 100}
	r.auth = &fakeAuth{tokens: map[string]ctid.Who{
		"ana":  {User: "ana", Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}},
		"ben":  {User: "ben", Agent: "ben", Roles: []ctid.Role{ctid.RoleAgent}},
		"cleo": {User: "cleo", Agent: "cleo", Roles: []ctid.Role{ctid.RoleAgent}},
		"sam":  {User: "sam", Agent: "sam", Roles: []ctid.Role{ctid.RoleSupervisor}, Teams: []string{"north"}},
		"root": {User: "root", Roles: []ctid.Role{ctid.RoleAdmin}},
		"hall": {User: "hall", Roles: []ctid.Role{ctid.RoleWallboard}},
		"crm":  {User: "crm", Roles: []ctid.Role{ctid.RoleIntegration}, Scopes: []string{"events:read"}},
	}, tickets: map[string]string{}}
	cfg := ws.Config{Auth: r.auth, Desk: r.desk, Epoch: "E1", Log: slog.New(slog.DiscardHandler), Site: centre()}
	if change != nil {
		change(&cfg)
	}
	r.hub = ws.New(cfg)
	r.srv = &http.Server{Handler: r.hub}
	r.wg.Go(func() { _ = r.srv.Serve(r.ln) })
	return r
}

// centre has two teams: ana and ben in the north, who serve claims, and cleo in the south, who serves sales. sam supervises the north.
func centre() ws.Site {
	return ws.Site{Teams: []string{"north", "south"},
		Queues: map[ctid.QueueID]ws.QueueRules{"claims": {AgentsSeeStats: true}, "sales": {}},
		Agents: map[ctid.AgentID]ws.Member{
			"ana":  {Team: "north", Queues: []ctid.QueueID{"claims"}, Pick: true},
			"ben":  {Team: "north", Queues: []ctid.QueueID{"claims"}},
			"cleo": {Team: "south", Queues: []ctid.QueueID{"sales"}, Pick: true},
			"sam":  {},
		}}
}

// stop ends everything; a test calls it last, in its bubble.
func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := r.hub.Close(ctx); err != nil {
		r.t.Errorf("the hub did not close: %v", err)
	}
	_ = r.srv.Close()
	r.wg.Wait()
}

// dial connects as the holder of a header token.
func (r *rig) dial(token string, change func(*wsclient.Config)) *wsclient.Client {
	r.t.Helper()
	c, err := r.tryDial(token, change)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) tryDial(token string, change func(*wsclient.Config)) (*wsclient.Client, error) {
	cfg := wsclient.Config{URL: "ws://desk.test/ws", HeaderToken: token, ID: "browser-" + token, NetDial: r.ln.dial}
	if change != nil {
		change(&cfg)
	}
	return wsclient.Dial(context.Background(), cfg)
}

// publish stamps and publishes an event.
func (r *rig) publish(e ctid.Event) uint64 {
	r.seq += 3 // other rows of the log lie between
	e.Seq, e.Epoch, e.At = r.seq, "E1", time.Now()
	r.hub.Publish(e)
	return r.seq
}

func (r *rig) pop(agent ctid.AgentID, id ctid.PopID) uint64 {
	call := ctid.CallID("c_" + string(id))
	return r.publish(ctid.Event{Rev: 1, Call: call, Agent: agent, Pop: id, Agents: []ctid.AgentID{agent},
		Body: ctid.PopOffered{PopData: ctid.PopData{Kind: "inbound", Offer: "o_1"}}})
}

func (r *rig) agentState(agent ctid.AgentID, rev uint64, s ctid.AgentState) uint64 {
	return r.publish(ctid.Event{Rev: rev, Agent: agent, Agents: []ctid.AgentID{agent},
		Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: agent, Rev: rev, State: s, Can: []string{"agent.pause"}}}})
}

// pass lets time go by; in a bubble it costs nothing.
func pass(d time.Duration) { <-time.After(d) }

// drain returns the frames that have come so far.
func drain(c *wsclient.Client) []wsclient.Frame {
	synctest.Wait()
	var out []wsclient.Frame
	for {
		select {
		case f, ok := <-c.Frames:
			if !ok {
				return out
			}
			out = append(out, f)
		default:
			return out
		}
	}
}

func kinds(fs []wsclient.Frame, k string) []wsclient.Frame {
	var out []wsclient.Frame
	for _, f := range fs {
		if f.K == k {
			out = append(out, f)
		}
	}
	return out
}

// closedWith waits up to a minute for the end of the connection and compares its code.
func closedWith(t *testing.T, c *wsclient.Client, code ws.CloseCode) []wsclient.Frame {
	t.Helper()
	var got []wsclient.Frame
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		select {
		case f, ok := <-c.Frames:
			if ok {
				got = append(got, f)
				continue
			}
			if c.CloseCode() != int(code) {
				t.Errorf("closed with %d (%v), want %d", c.CloseCode(), c.Err(), code)
			}
			return got
		case <-limit.C:
			t.Fatalf("still open, want close %d", code)
		}
	}
}

func decode[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}
