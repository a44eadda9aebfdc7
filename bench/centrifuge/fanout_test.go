// Package centrifuge holds ctid's websocket hub beside the centrifuge library: the same payload to as many sockets. It is a
// module of its own, so that ctid does not depend on what it is compared with.
package centrifuge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gorilla/websocket"

	"ctid"
	"ctid/ws"
)

// The measurement and its targets.
const (
	sockets      = 5000
	payloadBytes = 1024
	rounds       = 40 // messages to every socket in one turn
	turns        = 5  // of each side, one after the other
	leastRate    = 0.8
	mostMemory   = 1.2
)

// clientsEnv makes this program the clients of the server at that address: "ctid host:port" or "centrifuge host:port".
const clientsEnv = "CTID_FANOUT_CLIENTS"

func TestMain(m *testing.M) {
	if side, addr, ok := strings.Cut(os.Getenv(clientsEnv), " "); ok {
		if err := clients(side, addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// clients opens the sockets, each in a goroutine that reads and throws away, and prints a line when all are subscribed
// and one when all have had the next message.
func clients(side, addr string) error {
	hello := `{"k":"hello","client":{"name":"bench","version":"1"},"topics":["queue.stats:claims"]}`
	header, protocols := http.Header{"Authorization": {"Bearer x"}}, []string{ws.Protocol}
	if side == "centrifuge" {
		hello, header, protocols = `{"id":1,"connect":{}}`, nil, nil
	}
	d := websocket.Dialer{Subprotocols: protocols, ReadBufferSize: 2048, WriteBufferSize: 512}
	var got atomic.Int64
	full := make(chan struct{}, rounds)
	failed := make(chan error, sockets)
	opened := make(chan struct{}, 100)
	var joined sync.WaitGroup
	for range sockets {
		opened <- struct{}{}
		joined.Add(1)
		go func() {
			c, res, err := d.Dial("ws://"+addr+"/ws", header)
			if err == nil {
				defer res.Body.Close()
				defer c.Close()
				err = c.WriteMessage(websocket.TextMessage, []byte(hello))
			}
			if err == nil {
				_, _, err = c.ReadMessage() // welcome, or the answer to connect
			}
			<-opened
			joined.Done()
			for err == nil {
				var b []byte
				if _, b, err = c.ReadMessage(); err == nil && len(b) >= payloadBytes && got.Add(1)%sockets == 0 {
					full <- struct{}{}
				}
			}
			failed <- err
		}()
	}
	joined.Wait()
	fmt.Println("joined")
	for {
		select {
		case <-full:
			fmt.Println("full")
		case err := <-failed:
			return err
		}
	}
}

// side is a server with its clients in another process.
type side struct {
	b       *testing.B
	next    func(n int) // sends message n to every socket
	lines   *bufio.Scanner
	perConn float64 // memory of the server for each connection, kB
}

// start serves h, connects the clients and measures what they cost.
func start(b *testing.B, name string, h http.Handler, next func(n int)) *side {
	b.Helper()
	before := memory()
	ln, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(ln) })
	b.Cleanup(func() { _ = srv.Close(); served.Wait() })
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), clientsEnv+"="+name+" "+ln.Addr().String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s := &side{b: b, next: next, lines: bufio.NewScanner(out)}
	s.await("joined")
	s.round(0) // warms up
	s.perConn = float64(int64(memory())-int64(before)) / sockets / 1024
	return s
}

func (s *side) await(word string) {
	s.b.Helper()
	if !s.lines.Scan() || s.lines.Text() != word {
		s.b.Fatalf("the clients say %q, not %s: %v", s.lines.Text(), word, s.lines.Err())
	}
}

// round sends one message to every socket and waits until each has it.
func (s *side) round(n int) {
	s.next(n)
	s.await("full")
}

// rate measures how many messages a second arrive.
func (s *side) rate(turn int) float64 {
	began := time.Now()
	for n := range rounds {
		s.round(1 + turn*rounds + n)
	}
	return sockets * rounds / time.Since(began).Seconds()
}

// memory is what the program uses for heap and stacks, after two collections: what a pool held goes with the second.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// payload is about 1 KB of a queue's figures.
func payload(n int) map[string]string {
	return map[string]string{"n": strconv.Itoa(n), "fill": strings.Repeat("x", payloadBytes)}
}

// nobody lets everyone in, as a supervisor.
type nobody struct{}

func (nobody) Token(context.Context, string) (ctid.Who, error) {
	return ctid.Who{User: "x", Roles: []ctid.Role{ctid.RoleSupervisor}}, nil
}
func (a nobody) Ticket(ctx context.Context, text, _ string) (ctid.Who, error) {
	return a.Token(ctx, text)
}
func (nobody) InUse(_ context.Context, who ctid.Who) (ctid.Who, error) { return who, nil }

// Do does nothing.
func (nobody) Do(_ context.Context, _ ctid.Who, _ ctid.Action, reply func(ctid.Reply)) {
	reply(ctid.Reply{Phase: ctid.Done})
}

// ctidSide is a hub that looks at the figures when the next message is due.
func ctidSide(b *testing.B) *side {
	due := make(chan int, 1)
	hub := ws.New(ws.Config{Auth: nobody{}, Desk: nobody{}, Epoch: "E1", Log: slog.New(slog.DiscardHandler), Timings: ws.Timings{Figures: time.Nanosecond},
		Site: ws.Site{Queues: map[ctid.QueueID]ws.QueueRules{"claims": {}}},
		QueueStats: func(ctx context.Context) map[ctid.QueueID]any {
			select {
			case n := <-due:
				return map[ctid.QueueID]any{"claims": payload(n)}
			case <-ctx.Done():
				return nil
			}
		}})
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := hub.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			b.Error(err)
		}
	})
	return start(b, "ctid", hub, func(n int) { due <- n })
}

// centrifugeSide is a node of the library that subscribes each client to one channel.
func centrifugeSide(b *testing.B) *side {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone})
	if err != nil {
		b.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "x"},
			Subscriptions: map[string]centrifuge.SubscribeOptions{"queue.stats:claims": {}}}, nil
	})
	if err := node.Run(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := node.Shutdown(ctx); err != nil {
			b.Error(err)
		}
	})
	h := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{ReadBufferSize: 512, UseWriteBufferPool: true,
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: -1}}) // nor are ours answered
	return start(b, "centrifuge", h, func(n int) {
		data, err := json.Marshal(map[string]any{"k": "state", "topic": "queue.stats:claims", "as_of": 0, "at": "2026-11-21T09:11:00.000Z", "data": payload(n)})
		if err == nil {
			_, err = node.Publish("queue.stats:claims", data)
		}
		if err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkFanOut sends a state frame of 1 KB to 5,000 sockets through ctid's hub and through centrifuge, in turns.
func BenchmarkFanOut(b *testing.B) {
	theirs, ours := centrifugeSide(b), ctidSide(b)
	var their, our, ratio []float64
	b.ResetTimer()
	for turn := range turns {
		t, o := theirs.rate(turn), ours.rate(turn)
		their, our, ratio = append(their, t), append(our, o), append(ratio, o/t)
	}
	b.StopTimer()
	memory := ours.perConn / theirs.perConn
	b.Logf("messages/s: ctid %s, centrifuge %s, %s ×; memory a connection: ctid %.1f kB, centrifuge %.1f kB, %.2f ×",
		spread(our), spread(their), spread(ratio), ours.perConn, theirs.perConn, memory)
	b.ReportMetric(median(ratio), "x-centrifuge-rate")
	b.ReportMetric(memory, "x-centrifuge-memory")
	if median(ratio) < leastRate || memory > mostMemory {
		b.Errorf("MISSED: %.2f × the messages (at least %v), %.2f × the memory (at most %v)", median(ratio), leastRate, memory, mostMemory)
	}
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}

func spread(list []float64) string {
	return fmt.Sprintf("%.4g (%.4g–%.4g)", median(list), slices.Min(list), slices.Max(list))
}
