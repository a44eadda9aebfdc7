package systemtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ctid"
	"ctid/ws/wsclient"
)

// readerVariable makes this test program a reader of desktops: a process that does nothing but read the sockets and say
// when each pop was there. So the moment is that of the network, and not that of a busy test program's scheduler.
const readerVariable = "SYSTEMTEST_READER"

// readerOrder is what a reader is told on its standard input.
type readerOrder struct {
	URL    string
	Tokens map[string]string // by agent
}

// popSeen is a line that a reader writes: the pop for the caller was read at that moment (nanoseconds since 1970).
type popSeen struct {
	Agent, Caller string
	At            int64
}

// readDesks is the reader's whole life; it ends with its standard input.
func readDesks(in io.Reader, out io.Writer) error {
	// A clock must not wait for the processor with those whom it times, nor collect garbage: it reads little and lives briefly.
	debug.SetGCPercent(-1)
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, -10) // where that is not permitted it reads as it can
	var order readerOrder
	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &order)
	}
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := json.NewEncoder(out)
	var wg sync.WaitGroup
	for agent, token := range order.Tokens {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		c, err := dialDesk(ctx, order.URL, agent, token)
		cancel()
		if err != nil {
			return err
		}
		defer c.Close()
		wg.Go(func() {
			for f := range c.Frames {
				var pop ctid.PopData
				if f.K != "event" || f.Type != "pop.offered" || f.Repeat || json.Unmarshal(f.Data, &pop) != nil {
					continue
				}
				mu.Lock()
				_ = say.Encode(popSeen{agent, string(pop.ANI.E164), f.Arrived.UnixNano()}) // the test sees a line that is missing
				mu.Unlock()
			}
		})
		for _, op := range []string{"agent.login", "agent.ready"} {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			_, err := c.Do(ctx, op, map[string]any{}, "")
			cancel()
			if err != nil {
				return fmt.Errorf("%s %s: %w", agent, op, err)
			}
		}
	}
	mu.Lock()
	_ = say.Encode(popSeen{Agent: "ready"})
	mu.Unlock()
	_, _ = io.Copy(io.Discard, input)
	return nil
}

// dialDesk logs a desktop in whose frames say when the network had brought them.
func dialDesk(ctx context.Context, url, agent, token string) (*wsclient.Client, error) {
	var conn *arrivalConn
	return wsclient.Dial(ctx, wsclient.Config{URL: url, HeaderToken: token, ID: "desk-" + agent,
		NetDial: func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
			conn, err = dialArrival(ctx, network, addr)
			return conn, err
		},
		Alter: func(f *wsclient.Frame) bool {
			f.Arrived = conn.at
			return true
		},
	})
}

// deskReader is a reader process beside a Rig.
type deskReader struct {
	t    *testing.T
	in   io.WriteCloser
	done chan struct{}
	mu   sync.Mutex
	pops map[string]time.Time // by the caller
}

// startReader logs all agents in and makes them ready, from a process of its own.
func startReader(t *testing.T, r *Rig) *deskReader {
	t.Helper()
	order := readerOrder{URL: "ws" + strings.TrimPrefix(r.Web, "http") + "/ws", Tokens: map[string]string{}}
	for _, a := range r.Agents() {
		order.Tokens["a"+a] = r.Token("a" + a)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// nice lets it have the machine before others do, where it may (only root may): a witness that is late to look says
	// nothing about what came first.
	c := exec.CommandContext(t.Context(), "nice", "-n", "-20", exe)
	c.Env = append(os.Environ(), readerVariable+"=1")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	rd := &deskReader{t: t, in: in, done: make(chan struct{}), pops: map[string]time.Time{}}
	ready := make(chan struct{})
	go func() {
		defer close(rd.done)
		for lines := json.NewDecoder(out); ; {
			var p popSeen
			if lines.Decode(&p) != nil {
				break
			}
			if p.Agent == "ready" {
				close(ready)
				continue
			}
			rd.mu.Lock()
			rd.pops[p.Caller] = time.Unix(0, p.At)
			rd.mu.Unlock()
		}
		_ = c.Wait() // what it had to say it has said
	}()
	if err := json.NewEncoder(in).Encode(order); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case <-rd.done:
		t.Fatal("the reader of the desktops has ended")
	case <-time.After(30 * time.Second):
		t.Fatal("the desktops are not ready")
	}
	return rd
}

// stop ends the reader and returns when the pop for each caller was read.
func (rd *deskReader) stop() map[string]time.Time {
	_ = rd.in.Close()
	<-rd.done
	return rd.pops
}
