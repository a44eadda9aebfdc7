package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/config"
	"ctid/ivr/canary"
	"ctid/store"
)

const versionsYAML = `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:9", password: secret}]}
listen: {web: "127.0.0.1:0", media: "127.0.0.1:0"}
store: {dsn: "sqlite:%s/ctid.db"}
media: {tts: none, cache: %[1]s/cache}
ivr: {dir: %[1]s/ivr, voices: [{lang: en, voice: en}]}
queues: [{name: sales}]
agents: [{name: ana, queues: [sales], device: {endpoint: PJSIP/1001}}]
numbers: [{dnis: "100", script: front}, {dnis: "200", queue: sales}]
`

const versionsScript = "version: 1\nprompts: {hello: %s}\nnodes:\n  start: [{play: hello}, {hangup: normal}]\n"

// versionsRig is a daemon without an Asterisk, its folder, and the commands that ask it.
type versionsRig struct {
	t   *testing.T
	dir string
	d   *daemon
}

func newVersionsRig(t *testing.T) *versionsRig {
	r := &versionsRig{t: t, dir: t.TempDir()}
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
	r.write("ctid.yaml", strings.Replace(fmt.Sprintf(versionsYAML, r.dir), ", password: secret", "", 1))
	r.script("one")
	r.start()
	return r
}

func (r *versionsRig) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *versionsRig) script(hello string) {
	r.write("ivr/front.yaml", fmt.Sprintf(versionsScript, hello))
}

func (r *versionsRig) load() (*config.Config, []string, error) {
	c, found := config.Load(config.Options{File: filepath.Join(r.dir, "ctid.yaml")})
	var said []string
	for _, f := range found {
		said = append(said, fmt.Sprint(f))
	}
	if c == nil {
		return nil, said, errFindings
	}
	return c, said, nil
}

func (r *versionsRig) start() {
	r.t.Helper()
	c, said, err := r.load()
	if err != nil {
		r.t.Fatal(said, err)
	}
	r.d, err = start(context.WithoutCancel(r.t.Context()), c, slog.New(slog.NewTextHandler(io.Discard, nil)), func(d *daemon) { d.load = r.load })
	if err != nil {
		r.t.Fatal(err)
	}
	d := r.d
	r.t.Cleanup(func() { _ = d.stop(nil) }) // stopped already where the test started another
}

func (r *versionsRig) restart() {
	r.t.Helper()
	if err := r.d.stop(nil); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

// ctid runs a command and returns what it printed and its error.
func (r *versionsRig) ctid(args ...string) (string, error) {
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(append(append([]string{"ivr"}, args...), "-c", filepath.Join(r.dir, "ctid.yaml")))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(r.t.Context())
	return out.String(), err
}

func (r *versionsRig) good(args ...string) string {
	r.t.Helper()
	out, err := r.ctid(args...)
	if err != nil {
		r.t.Fatalf("ctid ivr %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (r *versionsRig) refused(want string, args ...string) {
	r.t.Helper()
	out, err := r.ctid(args...)
	if err == nil || !strings.Contains(out+err.Error(), want) {
		r.t.Errorf("ctid ivr %s: %v, want %q in\n%s", strings.Join(args, " "), err, want, out)
	}
}

// hears is what a new call hears, and what all calls do.
func (r *versionsRig) hears(want string) {
	r.t.Helper()
	rt, _ := r.d.lib.Route("100")
	for _, p := range rt.Script.FixedParts() {
		if p.Name == "hello" && p.Text != want {
			r.t.Errorf("callers hear %q, want %q", p.Text, want)
		}
	}
}

func TestReloadAndRollback(t *testing.T) {
	r := newVersionsRig(t)
	r.hears("one")
	r.script("two")
	if out := r.good("reload"); !strings.Contains(out, "new calls hear it") {
		t.Errorf("reload says %q", out)
	}
	r.hears("two")
	r.write("ivr/front.yaml", "version: 1\nnodes:\n  start: {goto: nowhere}\n")
	r.refused("front.yaml:3:", "reload")
	r.refused("nothing has changed", "reload")
	r.hears("two")
	r.script("three")
	r.good("reload")
	r.good("rollback")
	r.hears("two")
	if out := r.good("reload"); !strings.Contains(out, "it was rolled back") {
		t.Errorf("a reload after a rollback says %q", out)
	}
	r.hears("two")
	r.good("rollback") // further back
	r.hears("one")
	r.refused("there is no set before", "rollback")
	r.restart()
	r.hears("one")
	r.good("rollback", r.sum("previous")) // by its digits
	r.refused("no set of scripts", "rollback", "0123abcd")
	r.script("four")
	r.good("reload")
	r.hears("four")
	r.good("rollback")
	r.good("reload", "--force")
	r.hears("four")
}

// sum is the short sum of the first set that is in a state.
func (r *versionsRig) sum(state string) string {
	r.t.Helper()
	var sets []setShown
	if err := json.Unmarshal([]byte(r.good("sets", "--json")), &sets); err != nil {
		r.t.Fatal(err)
	}
	for _, s := range sets {
		if s.State == state {
			return shortSum(s.Sum)
		}
	}
	r.t.Fatalf("no set is %s: %+v", state, sets)
	return ""
}

// A daemon whose folder is broken goes on with what was in force.
func TestRestartWithBrokenScripts(t *testing.T) {
	r := newVersionsRig(t)
	r.write("ivr/front.yaml", "version: 1\nnodes: {start: {goto: nowhere}}\n")
	r.restart()
	r.hears("one")
}

func TestFirstStartWithBrokenScriptsIsRefused(t *testing.T) {
	r := &versionsRig{t: t, dir: t.TempDir()}
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "secret")
	r.write("ctid.yaml", strings.Replace(fmt.Sprintf(versionsYAML, r.dir), ", password: secret", "", 1))
	r.write("ivr/front.yaml", "version: 1\nnodes: {start: {goto: nowhere}}\n")
	c, _, err := r.load()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := start(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil {
		_ = d.stop(nil)
		t.Error("it serves with scripts that have errors")
	}
}

// ended puts ended calls of a set into the store, each of another caller.
func (r *versionsRig) ended(from, n int, set string, bad func(i int) bool) {
	r.t.Helper()
	done := make(chan error, n)
	for i := range n {
		at := time.Now()
		rec := &ctid.CallRecord{ID: ctid.CallID(fmt.Sprint("c_", set[:4], from+i)), Node: "pbx", Dir: "in", Arrived: at, Ended: at, Outcome: "script",
			ANI: ctid.Number{E164: ctid.Private(fmt.Sprintf("+4420%s%06d", set[:2], from+i))}, Scripted: &ctid.Scripted{Set: set}, End: &ctid.End{Side: ctid.SideScript}}
		if bad(i) {
			rec.Scripted.Errors = 1
		}
		r.d.st.Append(ctid.LogEntry{Subject: string(rec.ID), Record: rec, Done: func(err error) { done <- err }})
	}
	for range n {
		if err := <-done; err != nil {
			r.t.Fatal(err)
		}
	}
}

func never(int) bool { return false }

func TestCanaryPromotedAndRestarted(t *testing.T) {
	r := newVersionsRig(t)
	r.refused("no canary", "canary", "promote")
	r.refused("is the one in force already", "canary", "start", "--percent", "20")
	r.script("two")
	r.good("canary", "start", "--percent", "20")
	r.refused("runs already", "canary", "start", "--percent", "20")
	r.hears("one")
	trial, stable := r.d.vers.state.Set, r.d.lib.sum()
	r.ended(0, 50, stable, never)
	r.ended(0, 12, trial, never)
	if out := r.good("canary", "status"); !strings.Contains(out, "running") || !strings.Contains(out, "12") {
		t.Errorf("status says %q", out)
	}
	r.restart()
	r.hears("one")
	r.ended(50, 3, trial, never)
	if out := r.good("canary", "status"); !strings.Contains(out, "15") {
		t.Errorf("after a restart it says %q", out)
	}
	if p := r.d.plan(); p.Canary == nil || p.Canary.Percent != 20 || p.Canary.Version.Set != trial || p.Canary.Version.Answers["script:front"] == nil {
		t.Errorf("the plan's canary is %+v", p.Canary)
	}
	if out := r.good("reload"); !strings.Contains(out, "on trial") {
		t.Errorf("a reload beside a canary says %q", out)
	}
	r.hears("one")
	r.script("three")
	r.refused("a canary runs", "reload")
	r.good("canary", "promote")
	r.hears("two")
	r.restart() // the folder has a third version, which is not on trial
	r.hears("three")
}

func TestCanaryStopsItself(t *testing.T) {
	r := newVersionsRig(t)
	r.script("two")
	r.good("canary", "start", "--percent", "20")
	trial, stable := r.d.vers.state.Set, r.d.lib.sum()
	for round := range 20 {
		r.ended(40*round, 40, stable, never)
		r.ended(10*round, 10, trial, func(i int) bool { return i%3 == 0 })
		if err := r.d.look(); err != nil {
			t.Fatal(err)
		}
	}
	out := r.good("canary", "status")
	if r.d.vers.state.Phase != canary.Stopped || !strings.Contains(out, "it is worse than the stable set: calls with an error") {
		t.Errorf("status says %s", out)
	}
	if r.d.plan().Canary != nil {
		t.Error("callers still hear it")
	}
	r.restart()
	r.hears("one")
	if out := r.good("reload"); !strings.Contains(out, "it was stopped as a canary") {
		t.Errorf("a reload says %q", out)
	}
}

// A set that only an open call needs lives through a restart, and goes with its last call.
func TestSetsOfOpenCalls(t *testing.T) {
	r := newVersionsRig(t)
	first := r.d.lib.sum()
	open := &ctid.CallRecord{ID: "c_open", Node: "pbx", Dir: "in", Arrived: time.Now(), Scripted: &ctid.Scripted{Set: first}}
	done := make(chan error, 1)
	r.d.st.Append(ctid.LogEntry{Subject: "c_open", Record: open, Done: func(err error) { done <- err }})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := range keptVersions + 1 {
		r.script(fmt.Sprint("version ", i))
		r.good("reload")
	}
	kept := func() bool {
		t.Helper()
		if err := r.d.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := r.d.st.Scripts(t.Context(), first)
		return err == nil
	}
	if !kept() {
		t.Error("the set of an open call is gone")
	}
	old := *open
	old.Arrived = time.Now().Add(-keptCalls - time.Hour)
	if v := r.d.versionsOf([]ctid.CallRecord{*open, old}); len(v) != 1 || v[first] == nil || v[first].Answers["script:front"] == nil {
		t.Errorf("the versions of open calls are %v", v)
	}
	over := *open
	over.End, over.Ended, over.Outcome = &ctid.End{Side: ctid.SideScript}, time.Now(), "script"
	r.d.st.Append(ctid.LogEntry{Subject: "c_open", Record: &over, Done: func(err error) { done <- err }})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if kept() {
		t.Error("a set that nothing needs is kept")
	}
}

func TestControlSocket(t *testing.T) {
	r := newVersionsRig(t)
	path := filepath.Join(r.dir, "ctid.db.control")
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 || st.Mode().Type() != os.ModeSocket {
		t.Fatalf("%v %v", st, err)
	}
	for _, bad := range []string{"", "{", "[]", `{"op":"x"}`, `{"op":"sets","more":1}`, strings.Repeat("x", 10_000)} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, bad) // it may be hung up on before all is out
		if err := c.(*net.UnixConn).CloseWrite(); err != nil {
			t.Log(err)
		}
		var resp controlResponse
		if err := json.NewDecoder(c).Decode(&resp); err == nil && resp.Error == "" {
			t.Errorf("%.20q was taken: %+v", bad, resp)
		}
		_ = c.Close()
	}
	r.good("sets")
	if err := r.d.stop(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
	r.refused("no ctid serves", "sets")
	r.write("ctid.db.control", "a file of somebody")
	c, _, err := r.load()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := start(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("%v: what lies there was removed", err)
		if err == nil {
			_ = d.stop(nil)
		}
	}
}

func TestReplayCommand(t *testing.T) {
	r := newVersionsRig(t)
	at := time.Now().Add(-time.Hour)
	rec := &ctid.CallRecord{ID: "c_1", Node: "pbx", Dir: "in", Arrived: at, Ended: at, Outcome: "script", Scripted: &ctid.Scripted{Set: r.d.lib.sum()},
		IVR: ctid.IVRTrail{Script: "front", Path: []ctid.PathStep{{Node: "start"}}}, End: &ctid.End{Side: ctid.SideScript}}
	start := ctid.ScriptInput{N: 1, At: at, Script: "front", Kind: ctid.InputStart, Told: ctid.ScriptTold{Answer: ctid.PrivateValue{V: map[string]any{"ANI": "+442079460018"}}}}
	done := make(chan error, 1)
	r.d.st.Append(ctid.LogEntry{Subject: "c_1", Record: rec, Inputs: []ctid.ScriptInput{start}, Done: func(err error) { done <- err }})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if out := r.good("replay"); !strings.Contains(out, "1 calls") || !strings.Contains(out, "1 the same, 0 elsewhere") {
		t.Errorf("the same scripts: %s", out)
	}
	r.write("new/front.yaml", "version: 1\nprompts: {hello: Hello.}\nnodes:\n  start: [{play: hello}, {goto: end}]\n  end: {hangup: normal}\n")
	out, err := r.ctid("replay", "--dir", filepath.Join(r.dir, "new"), "--since", "2h")
	if err == nil || !strings.Contains(out, "after start it ended, now it goes on to end") {
		t.Errorf("%v: %s", err, out)
	}
	r.refused("--since", "replay", "--since", "-1h")
}

func TestBefore(t *testing.T) {
	v := func(list ...string) (out []store.ScriptVersion) {
		for _, s := range list {
			sum, why, _ := strings.Cut(s, " ")
			out = append(out, store.ScriptVersion{Sum: sum, Why: why})
		}
		return out
	}
	for _, x := range []struct {
		was  []store.ScriptVersion
		want string
	}{
		{nil, ""},
		{v("a start"), ""},
		{v("b reload", "a start"), "a"},
		{v("b rollback", "c reload", "b reload", "a start"), "a"},
		{v("a rollback", "b rollback", "c reload", "b reload", "a start"), ""},
		{v("d reload", "a rollback", "b reload", "a start"), "a"},
	} {
		if got := before(x.was); got != x.want {
			t.Errorf("before %v is %q, want %q", x.was, got, x.want)
		}
	}
}
