//go:build !nodemo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ctid"
	"ctid/ari/aritest"
	"ctid/demo"
)

// hurry is a centre in which nobody loses time.
var hurry = demo.Pace{Between: 150 * time.Millisecond, Think: 150 * time.Millisecond, Ring: 2500 * time.Millisecond,
	Talk: 400 * time.Millisecond, Wrap: 100 * time.Millisecond}

// stage is where a demo within the test plays.
func stage(t *testing.T) (c demo.Config, out, said *text) {
	t.Helper()
	// the client's idle connections go a moment after their last use
	t.Cleanup(func() { http.DefaultClient.CloseIdleConnections() })
	out, said = &text{}, &text{}
	return demo.Config{Dir: t.TempDir(), Out: out, Err: said, Pace: hurry, Seed: 11, Serve: serveDemo, JSON: true, Simulated: true}, out, said
}

// text is a buffer that one writes while another reads.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// until waits for a condition.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("%s did not come about", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// told reads the objects of --json, in the order in which the calls were made.
func told(t *testing.T, out string) []demo.Line {
	t.Helper()
	var lines []demo.Line
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var l demo.Line
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("standard output holds something else than objects: %v\n%s", err, out)
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b demo.Line) int { return a.N - b.N })
	return lines
}

// wantAnswered says that a call has everything that an answered one should.
func wantAnswered(t *testing.T, l demo.Line) {
	t.Helper()
	switch {
	case l.Call == nil || l.Record == nil || *l.Call != *l.Record:
		t.Errorf("call %d has no record with its end: %+v", l.N, l)
	case l.Outcome != "answered" || len(l.Lacks) > 0:
		t.Errorf("call %d ended as %s and lacks %v", l.N, l.Outcome, l.Lacks)
	case l.Queue == nil || l.Agent == nil || l.PopMS == nil || l.PopBeforeRing == nil || l.ConnectedMS == nil:
		t.Errorf("call %d lacks queue, agent, pop or conversation: %+v", l.N, l)
	case !*l.PopBeforeRing && *l.PopMS < 100: // longer no phone waits for its pop, on a machine that stands still
		t.Errorf("call %d: the phone rang %d ms behind the decision, before the pop was there", l.N, *l.PopMS)
	case l.TalkMS <= 0 || *l.ConnectedMS < l.WaitMS || l.Script == "" || l.DNIS != demo.Number:
		t.Errorf("call %d has impossible figures: %+v", l.N, l)
	}
}

// wantFirstFive says that the first callers were answered, and that those whom the centre knows were known.
func wantFirstFive(t *testing.T, lines []demo.Line) {
	t.Helper()
	for i, l := range lines[:5] {
		if l.N != i+1 {
			t.Fatalf("object %d is of call %d", i+1, l.N)
		}
		wantAnswered(t, l)
		if known := l.Customer != nil && l.CustomerName != nil; known != (l.N != 3) {
			t.Errorf("call %d: customer known %t", l.N, known)
		}
	}
	if lines[3].ANI != "withheld" || lines[2].ANI == "withheld" {
		t.Errorf("callers %s and %s, the fourth is to be withheld", lines[2].ANI, lines[3].ANI)
	}
}

func TestDemoSimulated(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	c, out, said := stage(t)
	c.Calls, c.Exit = 8, true
	if err := demo.Run(t.Context(), c); err != nil {
		t.Fatalf("%v\n%s%s", err, said, out)
	}
	lines := told(t, out.String())
	if len(lines) != 8 {
		t.Fatalf("%d objects, want 8:\n%s", len(lines), out)
	}
	wantFirstFive(t, lines)
	if l := lines[5]; l.Outcome != "hangup_in_script" || l.Record == nil || l.Queue != nil {
		t.Errorf("the sixth caller gives up in the script: %+v", l)
	}
	if l := lines[6]; l.Outcome != "abandoned" || l.Record == nil || l.Queue == nil || l.ConnectedMS != nil {
		t.Errorf("the seventh caller gives up in the queue: %+v", l)
	}
	for _, l := range lines {
		if !l.Simulated {
			t.Errorf("call %d does not say that it is simulated", l.N)
		}
	}
	if !strings.Contains(said.String(), "http://127.0.0.1:") || !regexp.MustCompile(`password +[a-z0-9]{12}`).MatchString(said.String()) {
		t.Errorf("the desktop's address and log-in are not told:\n%s", said)
	}
}

// Without --exit the centre stays open after its calls, and the end of the context is a good end.
func TestDemoStaysOpen(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	c, out, said := stage(t)
	c.Calls = 2
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- demo.Run(ctx, c) }()
	until(t, "the word after the last call", func() bool { return strings.Contains(said.String(), "2 calls were made") })
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, l := range told(t, out.String()) {
		wantAnswered(t, l)
		if *l.Agent == "ana" {
			t.Error("ana was offered a call although nobody sits at her desk")
		}
	}
}

// An end amid the calls leaves nothing, and the calls that it cuts have their records.
func TestDemoInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	c, out, _ := stage(t)
	c.Pace.Talk = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Serve = func(ctx context.Context, s demo.Start) (demo.Daemon, error) {
		d, err := serveDemo(ctx, s)
		go func() {
			defer cancel()
			for ctx.Err() == nil && !talking(ctx, d) {
				<-time.After(10 * time.Millisecond)
			}
		}()
		return d, err
	}
	if err := demo.Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	lines := told(t, out.String())
	if len(lines) == 0 {
		t.Fatal("no call was told")
	}
	for _, l := range lines {
		if l.Record == nil {
			t.Errorf("call %d was cut and has no record with its end", l.N)
		}
	}
}

// talking is true also when there is nobody to ask.
func talking(ctx context.Context, d demo.Daemon) bool {
	x, ok := d.(demoDaemon)
	if !ok {
		return true
	}
	st, err := x.sb.Status(ctx)
	return err != nil || st.Agents[ctid.Talking] > 0
}

func TestDemoPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, _, _ := stage(t)
	c.Listen = l.Addr().String()
	if err := demo.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), c.Listen) || !strings.Contains(err.Error(), "another port") {
		t.Errorf("a taken port gave %v", err)
	}
}

// On a machine that cannot fetch packages the demo says so, and why, and goes on with the simulated Asterisk.
func TestDemoWithoutPackages(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	c, out, said := stage(t)
	c.Simulated, c.Calls, c.Exit = false, 1, true
	if err := demo.Run(t.Context(), c); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if !strings.Contains(said.String(), "No real Asterisk could be fetched: ") || !strings.Contains(said.String(), "apt-get") {
		t.Errorf("it does not say why: %s", said)
	}
	lines := told(t, out.String())
	if len(lines) != 1 || !lines[0].Simulated {
		t.Fatalf("told %+v", lines)
	}
	wantAnswered(t, lines[0])
}

// On somebody's own Asterisk nobody is called, but each call is told.
func TestDemoAttached(t *testing.T) {
	pbx := aritest.New(aritest.Options{User: "op", Password: "hunter22"})
	defer pbx.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: pbx}
	defer func() { _ = srv.Close() }()
	go func() { _ = srv.Serve(l) }() // ends by Close
	c, out, said := stage(t)
	c.Simulated, c.Asterisk, c.User, c.Password = false, "http://"+l.Addr().String(), "op", "hunter22"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- demo.Run(ctx, c) }()
	until(t, "the word what to dial", func() bool { return strings.Contains(said.String(), demo.Number+"@ctid-in") })
	k := pbx.Call(aritest.Caller{Number: "+442079460101", DNIS: demo.Number})
	if err := pbx.Until(ctx, k.Answered); err != nil {
		t.Fatal(err)
	}
	k.Hangup()
	until(t, "the line of the call", func() bool { return strings.Contains(out.String(), "hangup_in_script") })
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if lines := told(t, out.String()); len(lines) != 1 || lines[0].N != 0 || lines[0].Record == nil {
		t.Errorf("told %+v", lines)
	}
}

func TestDemoUsage(t *testing.T) {
	t.Setenv(demoPasswordEnv, "")
	for _, args := range []string{"--exit", "--calls -1", "--asterisk http://127.0.0.1:1", "--asterisk http://127.0.0.1:1 --simulated", "now"} {
		if got := execute(append([]string{"demo"}, strings.Fields(args)...)); got != statusUsage {
			t.Errorf("demo %s: status %d, want %d", args, got, statusUsage)
		}
	}
}

// built is the program as users have it.
func built(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "ctid")
	if text, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return bin
}

// program starts the built demo with a temporary folder of its own.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, tmp string, out, said *text) {
	t.Helper()
	tmp, err := os.MkdirTemp("", "ctid-dt-") // t.TempDir's path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	out, said = &text{}, &text{}
	cmd = exec.Command(built(t), append([]string{"demo", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, tmp, out, said
}

// wantClean says that the program has left nothing behind but the locks of ports.
func wantClean(t *testing.T, tmp string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(tmp, "ctid-[^p]*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	cmdlines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range cmdlines {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(tmp)) {
			t.Errorf("still runs: %s", bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
		}
	}
}

func TestRealDemo(t *testing.T) {
	cmd, tmp, out, said := program(t, "--calls", "5", "--exit")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s%s", err, said, out)
	}
	lines := told(t, out.String())
	if len(lines) != 5 {
		t.Fatalf("%d objects, want 5:\n%s", len(lines), out)
	}
	wantFirstFive(t, lines)
	for _, l := range lines {
		if l.Simulated {
			t.Errorf("call %d was simulated:\n%s", l.N, said)
		}
	}
	wantClean(t, tmp)
}

// Ctrl-C amid the calls: a good end, and nothing is left.
func TestRealDemoInterrupted(t *testing.T) {
	cmd, tmp, out, said := program(t)
	until(t, "the log-in", func() bool { return strings.Contains(said.String(), "password") })
	until(t, "a call's first seconds", func() bool {
		logs, err := filepath.Glob(filepath.Join(tmp, "ctid-demo-*", "centre", "demo.db-wal"))
		return err == nil && len(logs) == 1
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s%s", err, said, out)
	}
	wantClean(t, tmp)
}
