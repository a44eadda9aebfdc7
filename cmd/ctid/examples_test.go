//go:build !nodemo

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid/demo"
	"ctid/ws/wsclient"
)

// The three example desktops, each as a program of its own, at the demo's simulated centre: each shows a pop and acknowledges
// it, holds the call, loses its line in mid-request, resumes without a loss, takes the caller back, hangs up, does the
// paperwork and ends in order.
func TestExamples(t *testing.T) {
	c, _, said := stage(t)
	c.Pace = demo.Pace{Between: 200 * time.Millisecond, Think: 100 * time.Millisecond, Ring: 200 * time.Millisecond,
		Talk: time.Minute, Wrap: 100 * time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- demo.Run(ctx, c) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	login := regexp.MustCompile(`desktop +http://(\S+)/desk/\n +log in as +(\S+)\n +password +(\S+)`)
	until(t, "the log-in", func() bool { return login.MatchString(said.String()) })
	m := login.FindStringSubmatch(said.String())
	office := &office{server: m[1], user: m[2], password: m[3]}
	office.token = office.logIn(t)
	for name, args := range exampleCommands(t) {
		t.Run(name, func(t *testing.T) { office.work(t, args) })
	}
}

// exampleCommands are the command lines of the examples, but for their arguments.
func exampleCommands(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"go":         {goExample(t)},
		"javascript": append(node(t), "../../examples/js/desktop.mjs"),
		"python":     {"python3", "-B", "../../examples/python/desktop.py"},
	}
}

func goExample(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "desktop")
	if text, err := exec.Command("go", "build", "-o", bin, "ctid/examples/go").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return bin
}

// node is the command line of Node.js with a websocket: from 22 on it is there, before it is behind a flag.
func node(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Fatalf("node: %v: scripts/examples.sh gets it", err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 22 {
		return []string{"node", "--experimental-websocket", "--no-warnings"}
	}
	return []string{"node"}
}

// office is the server with the person's log-in.
type office struct{ server, user, password, token string }

func (o *office) logIn(t *testing.T) string {
	t.Helper()
	res, err := http.Post("http://"+o.server+"/api/v1/login", "application/json",
		strings.NewReader(`{"user":"`+o.user+`","password":"`+o.password+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("log-in: HTTP %d, %v", res.StatusCode, err)
	}
	return answer.Token
}

// work is a call's length at one of the desktops.
func (o *office) work(t *testing.T, args []string) {
	path := newCutter(t, o.server)
	c := openConsole(t, append(slices.Clone(args), "http://"+path.ln.Addr().String(), o.user), "CTID_PASSWORD="+o.password)
	c.await(`^connected resumed=false`)
	c.do("agent.login")
	beside := o.watch(t)
	until(t, "ready", func() bool { return c.try("agent.ready") }) // the PBX may not have told yet that the phone is there
	call := c.await(`^call:(\S+) established can=\S*call\.hold`)[1]
	beside.seen(c.last(`^pop:(\S+) inbound: .+ to Harbour Trading for \S+ can=`)) // some give up before they are answered

	path.hold()
	c.enter("call.hold")
	beside.event("call.held", call)
	path.cut()
	c.await(`^r\d+ call\.hold: not sure`)
	c.await(`^closed \d+: back in \d+ ms`)
	if owed := c.await(`^connected resumed=true replay=(\d+)`)[1]; owed == "0" {
		t.Error("no event was owed after the cut")
	}
	c.await(`^call:` + call + ` held can=\S*call\.retrieve`)

	c.do("call.retrieve")
	c.do("call.hangup")
	c.await(`^agent:ana wrapup can=\S*agent\.wrapup_done`)
	c.do(`agent.wrapup_done {"disposition":"callback","then":"out"}`)
	c.await(`^agent:ana out can=`)
	if c.try("call.retrieve") {
		t.Error("a call that is over was taken back")
	}
	c.close()
	if text := c.text(); strings.Contains(text, "not what the server said") || !strings.HasSuffix(text, "\nended\n") {
		t.Errorf("it did not end as it should:\n%s", text)
	}
}

// cutter stands between a desktop and the server: it can hold back what the server says, and cut.
type cutter struct {
	ln net.Listener
	wg sync.WaitGroup

	mu      sync.Mutex
	holding bool
	conns   []net.Conn
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &cutter{ln: ln}
	x.wg.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			x.mu.Lock()
			x.conns = append(x.conns, near, far)
			x.mu.Unlock()
			x.wg.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
			x.wg.Go(func() { x.down(near, far); _ = near.Close() })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); x.cut(); x.wg.Wait() })
	return x
}

// down brings the server's words to the desktop; those that come while it holds are lost with the line.
func (x *cutter) down(near, far net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := far.Read(b)
		if err != nil {
			return
		}
		x.mu.Lock()
		holding := x.holding
		x.mu.Unlock()
		if holding {
			continue
		}
		if _, err := near.Write(b[:n]); err != nil {
			return
		}
	}
}

func (x *cutter) hold() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.holding = true
}

// cut ends all connections without a word; new ones get through.
func (x *cutter) cut() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.conns {
		_ = c.Close()
	}
	x.conns, x.holding = nil, false
}

// console is an example desktop at work.
type console struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	wg   sync.WaitGroup
	n    int // requests so far
	from int // lines that have been looked at

	mu    sync.Mutex
	lines []string
	news  chan struct{} // closed and made anew with each line
}

func openConsole(t *testing.T, args []string, env string) *console {
	t.Helper()
	c := &console{t: t, cmd: exec.CommandContext(t.Context(), args[0], args[1:]...), news: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = c.cmd.Stdout // after StdoutPipe: both are one stream
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); c.wg.Wait(); _ = c.cmd.Wait() })
	c.wg.Go(func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			c.mu.Lock()
			c.lines = append(c.lines, s.Text())
			close(c.news)
			c.news = make(chan struct{})
			c.mu.Unlock()
		}
	})
	return c
}

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n") + "\n"
}

// await returns the next line that matches, with the parts in brackets, and passes over those before it.
func (c *console) await(pattern string) (parts []string) {
	c.t.Helper()
	parts, c.from = c.find(c.from, pattern)
	return parts
}

// find returns the first line after from that matches, and the number of those up to it.
func (c *console) find(from int, pattern string) (parts []string, to int) {
	c.t.Helper()
	re, deadline := regexp.MustCompile(pattern), time.After(20*time.Second)
	for {
		c.mu.Lock()
		for from < len(c.lines) {
			from++
			if m := re.FindStringSubmatch(c.lines[from-1]); m != nil {
				c.mu.Unlock()
				return m, from
			}
		}
		news := c.news
		c.mu.Unlock()
		select {
		case <-news:
		case <-deadline:
			c.t.Fatalf("no line is like %s:\n%s", pattern, c.text())
		}
	}
}

// last returns the part in brackets of the last line, up to where it has come, that matches.
func (c *console) last(pattern string) string {
	c.t.Helper()
	re := regexp.MustCompile(pattern)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range slices.Backward(c.lines[:c.from]) {
		if m := re.FindStringSubmatch(l); m != nil {
			return m[1]
		}
	}
	c.t.Fatalf("no line is like %s: %q", pattern, c.lines)
	return ""
}

func (c *console) enter(line string) {
	c.t.Helper()
	c.n++
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// try makes a request and says whether it was done. An event that came before the answer can still be awaited.
func (c *console) try(line string) bool {
	c.t.Helper()
	c.enter(line)
	op, _, _ := strings.Cut(line, " ")
	parts, _ := c.find(0, `^r`+strconv.Itoa(c.n)+` `+regexp.QuoteMeta(op)+`: (done|failed)`)
	return parts[1] == "done"
}

func (c *console) do(line string) {
	c.t.Helper()
	if !c.try(line) {
		c.t.Fatalf("%s was refused:\n%s", line, c.text())
	}
}

// close ends the input, and waits for the program.
func (c *console) close() {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Fatal(err)
	}
	if err := c.wait(); err != nil {
		c.t.Errorf("%v:\n%s", err, c.text())
	}
}

// wait returns how the program has ended.
func (c *console) wait() error {
	c.t.Helper()
	ended := make(chan struct{})
	go func() { c.wg.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		c.t.Fatalf("it does not end:\n%s", c.text())
	}
	return c.cmd.Wait()
}

// watcher is a second desktop of the same person that only looks: it shows what the server knows.
type watcher struct {
	t *testing.T
	c *wsclient.Client
}

func (o *office) watch(t *testing.T) *watcher {
	t.Helper()
	c, err := wsclient.Dial(t.Context(), wsclient.Config{URL: "ws://" + o.server + "/ws", HeaderToken: o.token, ID: "watcher", NoAck: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &watcher{t, c}
}

// frame returns the next frame that is right.
func (w *watcher) frame(what string, right func(f wsclient.Frame) bool) {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case f, ok := <-w.c.Frames:
			if !ok {
				w.t.Fatalf("%s: %v", what, w.c.Err())
			}
			if right(f) {
				return
			}
		case <-deadline:
			w.t.Fatalf("no %s", what)
		}
	}
}

func (w *watcher) event(kind, call string) {
	w.t.Helper()
	w.frame(kind, func(f wsclient.Frame) bool { return f.Type == kind && f.Call == call })
}

// seen waits until the server says that the pop was acknowledged.
func (w *watcher) seen(pop string) {
	w.t.Helper()
	ask := func() {
		if err := w.c.Send(map[string]any{"k": "req", "id": "s", "op": "snapshot"}); err != nil {
			w.t.Fatal(err)
		}
	}
	ask()
	w.frame("acknowledgement of "+pop, func(f wsclient.Frame) bool {
		if f.K != "snap" {
			return false
		}
		var d struct {
			Pops []struct {
				Pop  string
				Seen bool
			}
		}
		if err := json.Unmarshal(f.Data, &d); err != nil {
			w.t.Fatal(err)
		}
		for _, p := range d.Pops {
			if p.Pop == pop && p.Seen {
				return true
			}
		}
		<-time.After(100 * time.Millisecond) // the rate of requests is bounded
		ask()
		return false
	})
}
