package systemtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ctid/pbxtest"
)

// Start prepares a Rig, makes a user for each agent, starts the program and waits until it is ready. The test's end
// stops it and checks that it ended well.
func Start(t testing.TB, opt Options) *Rig {
	t.Helper()
	r := Prepare(t, opt)
	r.Launch()
	return r
}

// Launch starts the program of a prepared Rig and waits until it is ready.
func (r *Rig) Launch() {
	r.T.Helper()
	r.Begin()
	r.Eventually("ready", func() error {
		code, body := r.Get(r.Web + "/readyz")
		if code != http.StatusOK {
			return fmt.Errorf("readyz: %d %s", code, body)
		}
		return nil
	})
}

// Begin starts the program of a prepared Rig and waits until its listeners are open, be it ready or not.
func (r *Rig) Begin() {
	r.T.Helper()
	if r.password["admin"] == "" {
		r.seed()
	}
	c := r.Command(context.WithoutCancel(r.T.Context()), "serve", "-c", "ctid.yaml")
	for name, tool := range map[string]string{"CTID_ESPEAK": "espeak-ng", "CTID_FLITE": "flite"} {
		words, env, err := pbxtest.Tool(r.T.Context(), tool)
		if err != nil {
			r.T.Fatal(err)
		}
		c.Env = append(c.Env, name+"="+strings.Join(words, "\n"), name+"_ENV="+strings.Join(env, "\n"))
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	errs, err := c.StderrPipe()
	if err != nil {
		r.T.Fatal(err)
	}
	if err := c.Start(); err != nil {
		r.T.Fatal(err)
	}
	r.cmd, r.exited = c, make(chan struct{})
	r.up = make(chan string, 100) // more starts than any test causes
	go r.read(errs)
	r.T.Cleanup(func() { r.Stop() })
	r.AwaitUp()
}

// IsUp says, without waiting, whether the daemon has come up since the last AwaitUp or IsUp, and learns its addresses.
func (r *Rig) IsUp() bool {
	select {
	case line := <-r.up:
		r.learn(line)
		return true
	default:
		return false
	}
}

func (r *Rig) learn(line string) {
	r.Web, r.Metrics, r.Media = "http://"+field(line, "web"), "http://"+field(line, "metrics"), "http://"+field(line, "media")
	r.PID, _ = strconv.Atoi(field(line, "pid"))
}

// AwaitUp waits until the daemon has come up, for the first time or again, and learns its addresses.
func (r *Rig) AwaitUp() {
	r.T.Helper()
	select {
	case line := <-r.up:
		r.learn(line)
	case <-r.exited:
		r.T.Fatalf("ctid ended: %v\n%s", r.exit, r.Log())
	case <-time.After(30 * time.Second):
		r.T.Fatalf("ctid is not up after 30 s\n%s", r.Log())
	}
}

func field(line, key string) string {
	m := regexp.MustCompile(key + `=(?:http://)?([0-9.:]+)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return m[1]
}

// read keeps the program's log and tells the line that says it is up; at the end of the log it collects the exit.
func (r *Rig) read(errs io.Reader) {
	s := bufio.NewScanner(errs)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		r.logMu.Lock()
		r.log.WriteString(s.Text() + "\n")
		r.logMu.Unlock()
		if strings.Contains(s.Text(), "ctid is up") {
			r.up <- s.Text()
		}
	}
	r.exit = r.cmd.Wait()
	close(r.exited)
}

// Log is what the program has said so far.
func (r *Rig) Log() string {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	return r.log.String()
}

// Signal sends the program a signal.
func (r *Rig) Signal(s os.Signal) {
	r.T.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.T.Error(err)
	}
}

// Kill ends the program as a power cut would.
func (r *Rig) Kill() {
	r.T.Helper()
	r.Signal(syscall.SIGKILL)
	<-r.exited
}

// Stop ends the program by SIGTERM and checks that it ended well. More calls do nothing.
func (r *Rig) Stop() {
	r.T.Helper()
	select {
	case <-r.exited:
		return
	default:
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.exited:
		if r.exit != nil {
			r.T.Errorf("ctid ended with %v\n%s", r.exit, r.Log())
		}
	case <-time.After(45 * time.Second):
		_ = r.cmd.Process.Signal(syscall.SIGQUIT)
		<-r.exited
		r.T.Errorf("ctid did not end\n%s", r.Log())
	}
	if log := r.Log(); strings.Contains(log, "DATA RACE") {
		r.T.Errorf("a data race:\n%s", log)
	}
	if r.T.Failed() {
		r.T.Logf("log of ctid:\n%s", r.Log())
	}
}

// Requests is how many requests of a kind this run of the program has made of its Asterisks, such as originate or play.
func (r *Rig) Requests(op string) (sum float64) {
	r.T.Helper()
	_, text := r.Get(r.Metrics + "/metrics")
	for line := range strings.Lines(text) {
		var v float64
		if rest, ok := strings.CutPrefix(line, "ctid_ari_request_seconds_count{"); ok && strings.Contains(rest, `op="`+op+`"`) {
			if _, err := fmt.Sscan(rest[strings.LastIndexByte(rest, ' ')+1:], &v); err != nil {
				r.T.Fatal(err)
			}
			sum += v
		}
	}
	return sum
}
