package browsertest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/web"
	"ctid/ws"
)

// users knows one agent, ana, and a wallboard, hall.
type users struct {
	mu     sync.Mutex
	tokens map[string]ctid.Who
}

func (u *users) Authenticate(_ context.Context, user, password string) (ctid.Who, error) {
	if user == "hall" && password == "correct horse" {
		return ctid.Who{User: "hall", Roles: []ctid.Role{ctid.RoleWallboard}}, nil
	}
	if user != "ana" || password != "correct horse" {
		return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "wrong")
	}
	return ctid.Who{User: "ana", Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}}, nil
}

func (u *users) NewToken(_ context.Context, who ctid.Who, ttl time.Duration) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	who.Until = time.Now().Add(ttl)
	text := "ctid_u_test"
	if n := len(u.tokens); n > 0 {
		text += strconv.Itoa(n)
	}
	u.tokens[text] = who
	return text, nil
}

func (u *users) WhoByToken(_ context.Context, token string) (ctid.Who, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if w, ok := u.tokens[token]; ok {
		w.TokenID = token
		return w, nil
	}
	return ctid.Who{}, ctid.Refuse(ctid.Unauthorized, "unknown token")
}

// WhoByTokenID takes the tokens themselves for their ids.
func (u *users) WhoByTokenID(ctx context.Context, id string) (ctid.Who, error) {
	return u.WhoByToken(ctx, id)
}

func (u *users) Revoke(_ context.Context, token string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.tokens, token)
	return nil
}

// desk plays the switchboard for one agent: it does what it is asked and publishes what became of it.
type desk struct {
	mu    sync.Mutex
	hub   *ws.Hub
	seq   uint64
	view  ctid.AgentView
	asked []ctid.Action
	at    []time.Time
}

func (d *desk) Do(_ context.Context, _ ctid.Who, a ctid.Action, reply func(ctid.Reply)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked, d.at = append(d.asked, a), append(d.at, time.Now())
	switch a := a.(type) {
	case ctid.AgentLogin:
		d.become(ctid.Paused, ctid.ReasonLogin)
	case ctid.AgentReady:
		d.become(ctid.Ready, "")
	case ctid.AgentPause:
		d.become(ctid.Paused, a.Reason)
	case ctid.AgentLogout:
		d.become(ctid.Out, "")
	case ctid.CallHangup:
		d.end(a.Call)
	case ctid.AgentWrapUpDone:
		d.view.Wrap = nil
		d.publish(ctid.Event{Rev: 9, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopClosed{Why: "done"}})
		d.become(ctid.Ready, "")
	}
	reply(ctid.Reply{Phase: ctid.Done})
}

// can is what an agent may do in each state.
var can = map[ctid.AgentState][]string{
	ctid.Out: {"agent.login"}, ctid.Paused: {"agent.ready", "agent.pause", "agent.logout"},
	ctid.Ready: {"agent.pause", "agent.logout"}, ctid.Talking: {"agent.pause"}, ctid.Reserved: {}, ctid.WrapUp: {"agent.wrapup_done"},
}

// talkCan is what an agent who talks may do with his call.
var talkCan = []string{"call.hold", "call.hangup", "call.dtmf", "call.consult", "call.transfer_blind", "call.park", "call.set_data"}

func (d *desk) become(s ctid.AgentState, reason string) {
	d.view.Rev++
	d.view.Agent, d.view.State, d.view.Reason, d.view.Since, d.view.Can, d.view.Device = "ana", s, reason, time.Now(), can[s], true
	d.publish(ctid.Event{Rev: d.view.Rev, Agent: "ana", Body: ctid.AgentStateChanged{AgentView: d.view}})
}

func (d *desk) publish(e ctid.Event) uint64 {
	d.seq += 2
	e.Seq, e.Epoch, e.At, e.Agents = d.seq, "E1", time.Now(), []ctid.AgentID{"ana"}
	d.hub.Publish(e)
	return d.seq
}

const call ctid.CallID = "c_1"

// ring offers a call: the pop first, then, once it is on the socket, the phone.
func (d *desk) ring(t *testing.T, p ctid.PopData) time.Time {
	t.Helper()
	start := time.Now()
	d.mu.Lock()
	seq := d.publish(ctid.Event{Rev: 1, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopOffered{PopData: p}})
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if n, ok := d.hub.PopWritten(ctx, "ana", seq); n != 1 || !ok {
		t.Errorf("the pop was written on %d sockets, %v", n, ok)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.become(ctid.Reserved, "")
	d.publish(ctid.Event{Rev: 2, Call: call, Agent: "ana", Queue: "claims", Body: ctid.CallDelivered{Leg: "l_1", Offer: "o_1", Device: "phone", Alert: "ringing"}})
	return start
}

// set changes what the desk knows.
func (d *desk) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *desk) answer() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.publish(ctid.Event{Rev: 3, Call: call, Agent: "ana", Can: talkCan, Body: ctid.CallEstablished{Talk: "main",
		Legs: []ctid.LegView{{Leg: "l_0", Role: "caller", State: "up"}, {Leg: "l_1", Role: "agent", Agent: "ana", State: "up"}}}})
	d.become(ctid.Talking, "")
}

// tidy updates the pop: a late answer replaces what the caller sent.
func (d *desk) tidy() {
	d.mu.Lock()
	defer d.mu.Unlock()
	data := popData()
	data.ANI.Name = "M TAN"
	data.Attached = []ctid.Attached{data.Attached[0], data.Attached[1], {Key: "claim_no", Value: ctid.PrivateValue{V: "55-201"}, Src: "crm:main", At: time.Now()}}
	d.publish(ctid.Event{Rev: 2, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopUpdated{Why: "data",
		Patch: map[string]any{"ani": map[string]any{"name": "M TAN"}, "attached": data.Attached}, Data: data}})
}

func (d *desk) end(c ctid.CallID) {
	d.publish(ctid.Event{Rev: 4, Call: c, Agent: "ana", Body: ctid.CallCleared{End: ctid.End{Side: ctid.SideAgent, Reason: "hangup"}}})
	d.view.Wrap = &ctid.Wrap{ID: "w_1", Call: c, Until: time.Now().Add(30 * time.Second), Forced: true}
	d.become(ctid.WrapUp, "")
}

// find returns the first action of type A, and when it came.
func find[A ctid.Action](d *desk) (a A, at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, x := range d.asked {
		if a, ok := x.(A); ok {
			return a, d.at[i], true
		}
	}
	return a, at, false
}

// cutter passes TCP on to a server until it is told to cut.
type cutter struct {
	ln    net.Listener
	to    string
	mu    sync.Mutex
	conns map[net.Conn]bool
	shut  bool // refuse new connections
	dumb  bool // what the near side says is lost
	wg    sync.WaitGroup
}

func newCutter(t *testing.T, to string) *cutter {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{ln: ln, to: to, conns: map[net.Conn]bool{}}
	c.wg.Go(c.accept)
	t.Cleanup(func() { _ = ln.Close(); c.cut(true); c.wg.Wait() })
	return c
}

func (c *cutter) accept() {
	for {
		near, err := c.ln.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.target())
		if err != nil || !c.add(near, far) {
			_ = near.Close()
			if far != nil {
				_ = far.Close()
			}
			continue
		}
		pass := func(dst, src net.Conn) { _, _ = io.Copy(dst, src); _ = dst.Close(); _ = src.Close() }
		c.wg.Go(func() { pass(near, far) })
		c.wg.Go(func() { pass(far, listener{near, c}) })
	}
}

// listener loses what it reads while its cutter is muted.
type listener struct {
	net.Conn
	c *cutter
}

func (l listener) Read(b []byte) (int, error) {
	for {
		n, err := l.Conn.Read(b)
		l.c.mu.Lock()
		dumb := l.c.dumb
		l.c.mu.Unlock()
		if err != nil || !dumb {
			return n, err
		}
	}
}

// mute loses what clients say from now on, until it is called with false; what servers say passes.
func (c *cutter) mute(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dumb = on
}

// aim sends new connections to another address.
func (c *cutter) aim(to string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = to
}

func (c *cutter) target() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.to
}

func (c *cutter) add(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range conns {
		if !c.shut {
			c.conns[x] = true
		}
	}
	return !c.shut
}

// cut drops all connections; with shut no new one is let through until open.
func (c *cutter) cut(shut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = shut
	for x := range c.conns {
		_ = x.Close()
		delete(c.conns, x)
	}
}

func (c *cutter) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = false
}

// setting changes how hub and web server are set up.
type setting func(*ws.Config, *web.Config)

// serve starts hub and web server and returns the desk, the cutter before them and the page's address.
func serve(t *testing.T, set ...setting) (*desk, *cutter, string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	u, tickets, d := &users{tokens: map[string]ctid.Who{}}, web.NewTickets(), &desk{seq: 10}
	hub := ws.Config{Auth: web.Auth{Users: u, Tickets: tickets}, Desk: d, Epoch: "E1", Log: log, Codes: ws.Codes{
		Pause:       []ws.PauseCode{{Code: "lunch", Label: "Lunch"}, {Code: "training", Label: "Training"}},
		Disposition: map[ctid.QueueID]ws.Dispositions{"claims": {Forced: true, Items: []ws.Disposition{{Code: "new_claim", Label: "New claim"}, {Code: "question", Label: "Question answered"}}}},
	}}
	site := web.Config{Users: u, Tickets: tickets, Ready: func() []string { return nil }, Log: log, Plain: true}
	for _, f := range set {
		f(&hub, &site)
	}
	d.hub = ws.New(hub)
	site.Hub = d.hub
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := web.NewServer(web.New(site), log)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.hub.Close(ctx); err != nil {
			t.Errorf("hub: %v", err)
		}
		_ = srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("server: %v", err)
		}
	})
	c := newCutter(t, ln.Addr().String())
	return d, c, "http://" + c.ln.Addr().String() + "/desk/"
}
