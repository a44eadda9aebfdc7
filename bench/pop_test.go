package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"

	"ctid"
	"ctid/acd"
	"ctid/ari"
	"ctid/ari/aritest"
	"ctid/ivr"
	"ctid/switchboard"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// The pop's targets, as multiples of the echo's.
const (
	idleDesktops = 1000
	popRounds    = 5
	popsARound   = 400
	popP50       = 5
	popP99       = 8
)

const straight = "version: 1\nnodes:\n  q: {queue: {name: sales, at_most: 2m}, then: {otherwise: hangup}}\n"

// world is all that a switchboard needs but its desktops: a log that is on disk at once, customers nobody knows.
type world struct{ script *ivr.Script }

func (world) AppendAll(group []ctid.LogEntry) {
	for _, e := range group {
		if e.Done != nil {
			e.Done(nil)
		}
	}
}

func (world) Lookup(context.Context, switchboard.Query) (ctid.Match, error) {
	return ctid.Match{State: ctid.MatchNone, Asked: []string{"ani"}}, nil
}

func (world) RememberLanguage(context.Context, ctid.CustomerID, string) error { return nil }

func (world) Prepare(context.Context, ctid.NodeID, []ivr.Part) ([]string, error) { return nil, nil }

func (w world) Route(string) (switchboard.Route, bool) {
	return switchboard.Route{Label: "Line", Script: w.script}, true
}

// everybody is who his token says.
type everybody struct{}

func (everybody) Token(_ context.Context, text string) (ctid.Who, error) {
	return ctid.Who{User: text, Agent: ctid.AgentID(text), Roles: []ctid.Role{ctid.RoleAgent}}, nil
}

func (everybody) InUse(_ context.Context, who ctid.Who) (ctid.Who, error) { return who, nil }

func (e everybody) Ticket(ctx context.Context, text, _ string) (ctid.Who, error) {
	return e.Token(ctx, text)
}

// office is a switchboard on an Asterisk in memory, its desktops on TCP, and an echo on the same HTTP server.
type office struct {
	b       *testing.B
	pbx     *aritest.Server
	addr    string
	decided atomic.Int64 // when the core's last decision was taken, in ns since 1970: another process compares
}

// newOffice has one agent who takes calls, "busy", and idle ones with a desktop each.
func newOffice(b *testing.B) *office {
	b.Helper()
	o := &office{b: b, pbx: aritest.New(aritest.Options{})}
	b.Cleanup(o.pbx.Close)
	o.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore})
	cfg := o.pbx.Config()
	cfg.Name = "a"
	node, err := ari.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	script, found := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(straight)}}, "main.yaml", ivr.Site{Queues: []string{"sales"}})
	if script == nil {
		b.Fatal(found)
	}
	w := world{script}
	sales := []acd.Membership{{Queue: "sales", Rank: 1}}
	core := acd.Config{Epoch: "E1", Queues: []acd.Queue{{ID: "sales", Name: "Sales"}}, Agents: []acd.Agent{{ID: "busy", Desk: ctid.DeskNone, Queues: sales}}}
	for n := range idleDesktops {
		core.Agents = append(core.Agents, acd.Agent{ID: idleAgent(n), Desk: ctid.DeskRequired, Queues: sales})
	}
	var ids atomic.Int64
	sb, err := switchboard.New(switchboard.Config{Site: "t", Epoch: "E1", NextSeq: 1, Nodes: []*ari.Node{node}, Log: slog.New(slog.DiscardHandler),
		Plan:   switchboard.Plan{ACD: core, Devices: map[ctid.AgentID]switchboard.Device{"busy": {Kind: "phone", Endpoint: "PJSIP/1001", Node: "a"}}, Routes: w, Country: "GB"},
		NewID:  func(p string) string { return fmt.Sprint(p, ids.Add(1)) },
		Meters: switchboard.Meters{Decided: func(time.Duration) { o.decided.Store(time.Now().UnixNano()) }}})
	if err != nil {
		b.Fatal(err)
	}
	hub := ws.New(ws.Config{Auth: everybody{}, Desk: sb, Epoch: "E1", Log: slog.New(slog.DiscardHandler), Limits: ws.Limits{Unauth: 10_000, UnauthPerSec: 10_000}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- sb.Run(ctx, switchboard.Deps{Log: w, Desktops: hub, Customers: w, Prompts: w})
	}()
	o.serve(hub)
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := hub.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return o
}

func idleAgent(n int) ctid.AgentID { return ctid.AgentID(fmt.Sprintf("idle%04d", n)) }

// serve puts the desktops' socket and the echo on one HTTP server.
func (o *office) serve(hub http.Handler) {
	o.b.Helper()
	ln, err := new(net.ListenConfig).Listen(o.b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		o.b.Fatal(err)
	}
	o.addr = ln.Addr().String()
	mux := http.NewServeMux()
	mux.Handle("/ws", hub)
	mux.HandleFunc("/echo", echo)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(ln) })
	o.b.Cleanup(func() { _ = srv.Close(); served.Wait() })
}

// echo sends back what it reads: what the library and the machine cost by themselves.
func echo(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, b, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, b) != nil {
			return
		}
	}
}

// idle connects as an agent.
func (o *office) idle(agent ctid.AgentID) *wsclient.Client {
	o.b.Helper()
	c, err := wsclient.Dial(o.b.Context(), wsclient.Config{URL: "ws://" + o.addr + "/ws", HeaderToken: string(agent), ID: string(agent)})
	if err != nil {
		o.b.Fatal(err)
	}
	o.b.Cleanup(c.Close)
	return c
}

// desktopEnv makes this program one agent's desktop at that address.
const desktopEnv = "CTID_BENCH_DESKTOP"

func TestMain(m *testing.M) {
	for name, run := range map[string]func(addr string) error{desktopEnv: desktop, desksEnv: desks} {
		addr := os.Getenv(name)
		if addr == "" {
			continue
		}
		if err := run(addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// desktop is the desktop of agent "busy", in a process of its own as desktops are: what the switchboard does next does
// not keep it from reading. It prints when a pop has been read, and once the agent is ready again how long the echo of
// the pop's bytes takes.
func desktop(addr string) error {
	c, err := wsclient.Dial(context.Background(), wsclient.Config{URL: "ws://" + addr + "/ws", HeaderToken: "busy", ID: "busy"})
	if err != nil {
		return err
	}
	defer c.Close()
	mirror, res, err := websocket.DefaultDialer.DialContext(context.Background(), "ws://"+addr+"/echo", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	defer mirror.Close()
	fmt.Println("ready", 0)
	var pop []byte
	for f := range c.Frames {
		switch {
		case f.Type == "pop.offered":
			pop = f.Raw
			fmt.Println("pop", f.Arrived.UnixNano())
		case isReady(f) && pop != nil:
			began := time.Now()
			err := mirror.WriteMessage(websocket.TextMessage, pop)
			_, b, err2 := mirror.ReadMessage()
			back := time.Since(began)
			if err != nil || err2 != nil || !bytes.Equal(b, pop) {
				return fmt.Errorf("the echo: %w %w %s", err, err2, b)
			}
			fmt.Println("echo", back.Nanoseconds())
			pop = nil
		}
	}
	return c.Err()
}

func isReady(f wsclient.Frame) bool {
	var v struct{ State string }
	return f.Type == "agent.state_changed" && json.Unmarshal(f.Data, &v) == nil && v.State == "ready"
}

// busyDesktop starts that process and returns a function that reads the next figure of the name.
func (o *office) busyDesktop() func(name string) int64 {
	o.b.Helper()
	self, err := os.Executable()
	if err != nil {
		o.b.Fatal(err)
	}
	cmd := exec.CommandContext(o.b.Context(), self)
	cmd.Env = append(os.Environ(), desktopEnv+"="+o.addr)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		o.b.Fatal(err)
	}
	o.b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	return func(name string) int64 {
		o.b.Helper()
		if !lines.Scan() {
			o.b.Fatal("the desktop has ended")
		}
		var got string
		var n int64
		if _, err := fmt.Sscan(lines.Text(), &got, &n); err != nil || got != name {
			o.b.Fatalf("the desktop says %q, not %s", lines.Text(), name)
		}
		return n
	}
}

// BenchmarkPop compares the time from an offer decided to its pop's frame read at the agent's desktop, 1,000 others
// being connected, with the round trip of the same bytes through an echo in the same process. The two take turns.
func BenchmarkPop(b *testing.B) {
	o := newOffice(b)
	for n := range idleDesktops {
		c := o.idle(idleAgent(n))
		go func() { // ends with the connection
			for f := range c.Frames {
				_ = f
			}
		}()
	}
	next := o.busyDesktop()
	next("ready")
	o.once(next) // warms both
	var ratio50, ratio99, pop50, pop99 []float64
	b.ResetTimer()
	for range popRounds {
		var pops, echoes []time.Duration
		for range popsARound {
			p, e := o.once(next)
			pops, echoes = append(pops, p), append(echoes, e)
		}
		slices.Sort(pops)
		slices.Sort(echoes)
		at := func(list []time.Duration, p float64) float64 {
			return float64(list[int(p*float64(len(list)))].Nanoseconds()) / 1000
		}
		pop50, pop99 = append(pop50, at(pops, 0.5)), append(pop99, at(pops, 0.99))
		ratio50 = append(ratio50, at(pops, 0.5)/at(echoes, 0.5))
		ratio99 = append(ratio99, at(pops, 0.99)/at(echoes, 0.99))
	}
	b.StopTimer()
	b.Logf("pop p50 %s µs, p99 %s µs; of the echo p50 %s ×, p99 %s ×", spread(pop50), spread(pop99), spread(ratio50), spread(ratio99))
	b.ReportMetric(median(ratio50), "x-echo-p50")
	b.ReportMetric(median(ratio99), "x-echo-p99")
	if median(ratio50) > popP50 || median(ratio99) > popP99 {
		b.Errorf("MISSED: pop p50 %.2f × the echo (at most %d), p99 %.2f × (at most %d)", median(ratio50), popP50, median(ratio99), popP99)
	}
}

// once measures one pop and one echo of its bytes.
func (o *office) once(next func(name string) int64) (pop, back time.Duration) {
	o.b.Helper()
	caller := o.pbx.Call(aritest.Caller{Number: "02079460018", Name: "Mei Tan", DNIS: "8001"})
	read := next("pop")
	// Nothing else is decided until the caller hangs up: the phone is rung for ever.
	pop = time.Duration(read - o.decided.Load())
	caller.Hangup()
	return pop, time.Duration(next("echo"))
}
