// Package systemtest runs the whole product from outside: the built program as a process of its own, a real Asterisk,
// SIP phones, websocket clients and the database file. Its tests see what a customer sees.
package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
	"ctid/store"
)

// Build builds the program into dir and returns its path. tags may be empty.
func Build(dir, tags string) (string, error) {
	out := filepath.Join(dir, "ctid")
	args := []string{"build", "-o", out}
	if raceEnabled {
		args = append(args, "-race")
	}
	if tags != "" {
		args = append(args, "-tags", tags)
	}
	cmd := exec.Command("go", append(args, "ctid/cmd/ctid")...) //nolint:noctx // a build has no caller who gives up
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, text)
	}
	return out, nil
}

// Options shape a Rig. The zero value is two queues, agents 1001 and 1002 with desktops, and a script that greets,
// asks and queues.
type Options struct {
	Bin    string
	PBX    *pbxtest.PBX
	Agents int                        // how many agents, from 1001; 2
	Desk   string                     // required (default), optional or none
	Script string                     // main.yaml; DefaultScript
	Files  map[string]string          // more files, by their path in the rig's folder
	Config string                     // more of ctid.yaml, top level
	Device string                     // the kind of the agents' telephones; phone
	Boss   string                     // the extension of an agent who is a supervisor too
	AMI    bool                       // with the manager interface
	Queue  string                     // more keys of queue sales, such as "wrapup: 5s"
	Env    []string                   // of the process
	Seed   func(s *store.Store) error // fills the database before the start
	Change func(yaml string) string   // the last word on ctid.yaml
}

// DefaultScript greets, asks, looks the caller up and queues him.
const DefaultScript = `version: 1
name: Test line
languages: [en]
vars: {account: digits}
prompts:
  hello: Welcome to the harbour trading company.
  choose: For sales press one. For support press two.
  wrong: That key is not on this menu.
  ask: Please enter your four digit account number.
  shut: All our agents are out for lunch today.
nodes:
  hello:
    - play: hello
    - customer: caller
    - menu: {1: sales, 2: support, prompt: choose, no_match: wrong, tries: 2, wait: 4s}
      then: {failed: hangup}
  sales:
    - collect: {into: account, digits: 4, prompt: ask, no_input: ask}
      then: {failed: line}
    - attach: {account: =vars.account}
    - goto: line
  line:
    queue: {name: sales, at_most: 1m}
    then: {otherwise: shut}
  support:
    queue: {name: support, at_most: 1m}
    then: {otherwise: shut}
  shut: [{play: shut}, {hangup: normal}]
`

// QueueOnly queues at once, without a word.
const QueueOnly = `version: 1
nodes:
  line: {queue: {name: sales, at_most: 5m}, then: {otherwise: hangup}}
`

// Rig is a running ctid with its folder.
type Rig struct {
	T        testing.TB
	PBX      *pbxtest.PBX
	Dir      string
	Web      string // http://127.0.0.1:port
	Metrics  string
	Media    string
	opt      Options
	cmd      *exec.Cmd
	up       chan string // the lines that say that the daemon is up
	PID      int         // of the daemon, not of its guard
	exited   chan struct{}
	exit     error
	logMu    sync.Mutex
	log      bytes.Buffer
	password map[string]string
}

// Number is what callers dial to reach the script; Straight goes to queue sales without a script.
const (
	Number   = "8001"
	Straight = "8002"
)

// Prepare makes the folder of a Rig without starting it.
func Prepare(t testing.TB, opt Options) *Rig {
	t.Helper()
	if opt.Agents == 0 {
		opt.Agents = 2
	}
	if opt.Script == "" {
		opt.Script = DefaultScript
	}
	r := &Rig{T: t, PBX: opt.PBX, Dir: t.TempDir(), opt: opt, password: map[string]string{}}
	r.Write("ari.secret", opt.PBX.ARIPassword())
	r.Write("ami.secret", opt.PBX.AMIPassword())
	r.Write("ivr/main.yaml", opt.Script)
	for name, text := range opt.Files {
		r.Write(name, text)
	}
	yaml := r.yaml()
	if opt.Change != nil {
		yaml = opt.Change(yaml)
	}
	r.Write("ctid.yaml", yaml)
	return r
}

// Agents are the agents' extensions; the agent of extension 1001 is a1001.
func (r *Rig) Agents() []string { return r.PBX.Agents()[:r.opt.Agents] }

// Write writes a file in the rig's folder.
func (r *Rig) Write(name, text string) {
	r.T.Helper()
	path := filepath.Join(r.Dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		r.T.Fatal(err)
	}
}

// Command is the program with arguments, in the rig's folder.
func (r *Rig) Command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, r.opt.Bin, args...)
	c.Dir = r.Dir
	c.Env = append(os.Environ(), r.opt.Env...)
	return c
}

// Run runs the program to its end and returns its output and status.
func (r *Rig) Run(stdin string, args ...string) (string, int) {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(r.T.Context(), 20*time.Second)
	defer cancel()
	c := r.Command(ctx, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.T.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// seed makes the users, and what the test wants in the database.
func (r *Rig) seed() {
	r.T.Helper()
	ctx := r.T.Context()
	s := r.Store()
	add := func(u store.User) {
		r.password[u.Name] = "test-" + u.Name + "-password"
		if err := s.AddUser(ctx, u, r.password[u.Name]); err != nil {
			r.T.Fatal(err)
		}
	}
	add(store.User{Name: "admin", Roles: []ctid.Role{ctid.RoleAdmin}})
	if r.opt.Desk != "none" {
		for _, a := range r.Agents() {
			roles := []ctid.Role{ctid.RoleAgent}
			if a == r.opt.Boss {
				roles = append(roles, ctid.RoleSupervisor)
			}
			add(store.User{Name: "a" + a, Roles: roles, Agent: ctid.AgentID("a" + a)})
		}
	}
	if r.opt.Seed != nil {
		if err := r.opt.Seed(s); err != nil {
			r.T.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		r.T.Fatal(err)
	}
}

// Store opens the rig's database; the caller closes it. Reading works beside the running program.
func (r *Rig) Store() *store.Store {
	r.T.Helper()
	s, err := store.Open(r.T.Context(), store.Config{DSN: "sqlite:" + filepath.Join(r.Dir, "ctid.db"), KeyFile: filepath.Join(r.Dir, "ctid.key")})
	if err != nil {
		r.T.Fatal(err)
	}
	return s
}

// Records are the records of all calls in the database.
func (r *Rig) Records() []ctid.CallRecord {
	r.T.Helper()
	s := r.Store()
	defer s.Close(context.WithoutCancel(r.T.Context())) //nolint:errcheck // read only
	list, err := s.Records(r.T.Context(), store.RecordQuery{Limit: 100_000})
	if err != nil {
		r.T.Fatal(err)
	}
	return list
}

// EndedRecords are the records of all calls, once the database has the end of each: it gets there a moment after the call
// has gone.
func (r *Rig) EndedRecords() (list []ctid.CallRecord) {
	r.T.Helper()
	r.Eventually("the ends of all calls in the database", func() error {
		list = r.Records()
		for _, rec := range list {
			if rec.End == nil {
				return fmt.Errorf("record %s of %s has no end", rec.ID, rec.ANI.E164)
			}
		}
		return nil
	})
	return list
}

// Eventually asks f every 20 ms until it returns nil, for 20 s at most.
func (r *Rig) Eventually(what string, f func() error) {
	r.T.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	give := time.After(20 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-give:
			r.T.Fatalf("%s: %v", what, err)
		}
	}
}

// Get fetches a page.
func (r *Rig) Get(url string) (int, string) {
	r.T.Helper()
	req, err := http.NewRequestWithContext(r.T.Context(), http.MethodGet, url, nil)
	if err != nil {
		r.T.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// Metric is a figure of /metrics, with its labels as printed; -1 if there is none.
func (r *Rig) Metric(name string) float64 {
	r.T.Helper()
	_, text := r.Get(r.Metrics + "/metrics")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err == nil {
				return v
			}
		}
	}
	return -1
}

// Phone makes a telephone that is registered as the extension; the test's end closes it.
func (r *Rig) Phone(extension string) *phonetest.Phone {
	r.T.Helper()
	p, err := phonetest.New(phonetest.Config{User: extension, Password: r.PBX.PhonePassword(), Server: r.PBX.SIPAddr()})
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() { _ = p.Close() })
	if err := p.Register(r.T.Context()); err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = p.Unregister(ctx)
	})
	return p
}

// Caller makes a telephone in the outside world.
func (r *Rig) Caller() *phonetest.Phone {
	r.T.Helper()
	p, err := phonetest.New(phonetest.Config{Server: r.PBX.SIPAddr()})
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() { _ = p.Close() })
	return p
}

// Token logs a user in over REST.
func (r *Rig) Token(user string) string {
	r.T.Helper()
	body, _ := json.Marshal(map[string]string{"user": user, "password": r.password[user]})
	req, err := http.NewRequestWithContext(r.T.Context(), http.MethodPost, r.Web+"/api/v1/login", bytes.NewReader(body))
	if err != nil {
		r.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.T.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != http.StatusOK {
		r.T.Fatalf("login of %s: %d %v", user, res.StatusCode, err)
	}
	return out.Token
}

// Clean says that nothing is left of any call, in Asterisk and in ctid.
func (r *Rig) Clean() {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(r.T.Context(), 15*time.Second)
	defer cancel()
	if err := r.PBX.AwaitIdle(ctx); err != nil {
		r.T.Error(err)
	}
	r.Eventually("calls in ctid", func() error {
		if n := r.Metric("ctid_calls"); n != 0 {
			return fmt.Errorf("%v calls left", n)
		}
		return nil
	})
	r.Eventually("records on disk", func() error {
		for _, rec := range r.Records() {
			if rec.End == nil {
				return fmt.Errorf("the record of %s has no end", rec.ANI.E164)
			}
		}
		return nil
	})
	for _, s := range []string{"reserved", "talking"} {
		if n := r.Metric(`ctid_agent_state{state="` + s + `"}`); n != 0 {
			r.T.Errorf("%v agents are %s", n, s)
		}
	}
}
