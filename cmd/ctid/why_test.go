package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/sim"
	"ctid/store"
	"ctid/switchboard"
)

// whyConfig has a queue that wants more than ana can until a caller has waited for half a minute; %NEEDS% is for another one.
const whyConfig = `asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
skills: [claims]
queues: [{name: sales, %NEEDS%}]
agents:
  - {name: ana, queues: [sales], skills: ["claims = 1"], desk: none, device: {endpoint: PJSIP/1001}}
  - {name: ben, queues: [sales], skills: ["claims = 5"], desk: none, device: {endpoint: PJSIP/1002}}
`

const (
	wantsMuch    = `needs: ["claims >= 3"], steps: [{after: 30s, needs: ["claims >= 1"]}]`
	wantsNothing = `wrapup: 0s`
)

// whySite writes a configuration and returns its file.
func whySite(t *testing.T, dir, name, needs string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(strings.Replace(whyConfig, "%NEEDS%", needs, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// nine is when the recorded morning begins.
var nine = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// recorder writes what a core is given as the daemon does.
type recorder struct {
	core *acd.State
	rows []ctid.LogEntry
}

func (r *recorder) row(at time.Time, kind, subject string, body any) {
	r.rows = append(r.rows, ctid.LogEntry{Seq: uint64(len(r.rows) + 1), Epoch: "e1", At: at, Kind: kind, V: acd.Version, Subject: subject, Body: body})
}

// give gives the core an event, so many seconds after nine, and returns the offer that it makes, if any.
func (r *recorder) give(after int, subject string, ev acd.Event) (offer ctid.OfferID) {
	at := nine.Add(time.Duration(after) * time.Second)
	r.row(at, "in.acd."+ev.EventKind(), subject, ev)
	for _, c := range r.core.Decide(at, ev) {
		if o, ok := c.(acd.MakeOffer); ok {
			offer = o.Offer
		}
	}
	return offer
}

// recordedMorning is a log in which ana is on duty alone, and c_1 waits from 10 s past nine until she may have him, 30 s later.
func recordedMorning(t *testing.T) (file string) {
	t.Helper()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "not a secret")
	file = whySite(t, t.TempDir(), "ctid.yaml", wantsMuch)
	c, found := config.Load(config.Options{File: file})
	if c == nil {
		t.Fatal(found)
	}
	core, err := acd.New(c.ACD("e1"))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{core: core}
	core.Decide(nine, acd.DeviceChanged{Agent: "ana", Reachable: true})
	core.Decide(nine, acd.DeviceChanged{Agent: "ben", Reachable: true})
	r.row(nine, switchboard.KindSnapshot, "", core.Snapshot())
	r.give(5, "", acd.AgentLogin{Agent: "ana", By: ctid.BySystem})
	r.give(10, "c_1", acd.Enqueue{Task: "c_1", Queue: "sales", Priority: -1, Entered: nine.Add(10 * time.Second)})
	offer := r.give(40, "", acd.Tick{})
	if offer == "" {
		t.Fatal("after half a minute ana is not offered the call")
	}
	r.give(42, string(offer), acd.OfferUp{Offer: offer})
	r.give(100, string(offer), acd.LegGone{Agent: "ana", Offer: offer})
	r.give(100, "c_1", acd.WorkEnded{Agent: "ana", Task: "c_1"})
	s, err := store.Open(t.Context(), store.Config{DSN: c.Store.DSN, KeyFile: c.Store.KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	s.AppendAll(r.rows)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return file
}

// commanded runs the command line and returns what it writes to standard output.
func commanded(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, said bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&said)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// whyOf runs ctid why and reads its answer.
func whyOf(t *testing.T, file string, args ...string) (a whyAnswer) {
	t.Helper()
	out, err := commanded(t, append([]string{"why"}, append(args, "--config", file, "--json")...)...)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return a
}

// rules are the rules that keep a call from agents, by agent; "-": none does.
func rules(list []acd.Why) map[ctid.AgentID]string {
	out := map[ctid.AgentID]string{}
	for _, w := range list {
		if out[w.Agent] = w.Rule; w.OK {
			out[w.Agent] = "-"
		}
	}
	return out
}

func TestWhy(t *testing.T) {
	file := recordedMorning(t)
	waiting := whyOf(t, file, "call", "c_1", "--at", "2026-11-20T09:00:20Z")
	if got := rules(waiting.Now); len(got) != 2 || got["ana"] != acd.RuleSkill || got["ben"] != acd.RuleState || len(waiting.Decisions) != 0 || waiting.Older {
		t.Errorf("while he waits: %+v", waiting)
	}
	after := whyOf(t, file, "call", "c_1")
	if len(after.Decisions) != 1 || after.Decisions[0].Agent != "ana" || !after.Decisions[0].At.Equal(nine.Add(40*time.Second)) {
		t.Fatalf("afterwards: %+v", after)
	}
	if got := rules(after.Decisions[0].Candidates); got["ana"] != "-" || got["ben"] != acd.RuleState {
		t.Errorf("when he was offered: %v", got)
	}
	ben := whyOf(t, file, "agent", "ben", "--at", "2026-11-20T09:00:20Z")
	if len(ben.Now) != 1 || ben.Now[0].Task != "c_1" || ben.Now[0].Rule != acd.RuleState {
		t.Errorf("ben: %+v", ben)
	}
	out, err := commanded(t, "why", "call", "c_1", "--at", "2026-11-20T09:00:20Z", "-c", file)
	if err != nil || !strings.Contains(out, "claims >= 3 is wanted, he has 1; that changes at 09:00:40") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What cannot be answered is said; a command line that is none ends with status 2.
func TestWhyNot(t *testing.T) {
	file := recordedMorning(t)
	for args, words := range map[string]string{"call c_9": "knows nothing of call c_9", "agent zoe --at 2026-11-20T09:00:20Z": "no agent \"zoe\"",
		"call c_1 --at 2026-11-19T09:00:00Z": "no snapshot"} {
		_, err := commanded(t, append([]string{"why", "-c", file}, strings.Fields(args)...)...)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", args, err, words)
		}
	}
	for _, args := range []string{"why", "why call", "why call c_1 --at yesterday", "why queue sales", "sim replay -c x.yaml", "sim replay --from soon -c x.yaml",
		"sim replay --from 10:00:00 --to 09:00:00 -c x.yaml", "sim replay x.yaml"} {
		_, err := commanded(t, strings.Fields(args)...)
		var usage usageError
		if !errors.As(err, &usage) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// Under rules that want nothing of agents the same morning has no wait but the ringing. The other configuration names the same database, or --log does.
func TestSimReplay(t *testing.T) {
	file := recordedMorning(t)
	beside, elsewhere := whySite(t, filepath.Dir(file), "other.yaml", wantsNothing), whySite(t, t.TempDir(), "other.yaml", wantsNothing)
	span := []string{"sim", "replay", "--from", "2026-11-20T09:00:01Z", "--to", "2026-11-20T09:05:00Z"}
	for _, args := range [][]string{{"-c", beside}, {"-c", elsewhere, "--log", file}} {
		args = slices.Concat(span, args)
		out, err := commanded(t, append(args, "--json")...)
		if err != nil {
			t.Fatal(err)
		}
		var r sim.Comparison
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if len(r.Queues) != 1 || len(r.LeftOut) != 0 || r.Older || !r.From.Equal(nine.Add(time.Second)) || !r.To.Equal(nine.Add(5*time.Minute)) {
			t.Fatalf("%+v", r)
		}
		q := r.Queues[0]
		if q.Recorded.Offered != 1 || q.Recorded.Answered != 1 || q.Recorded.ASA() != 32*time.Second || q.Recorded.Within != 0 {
			t.Errorf("recorded: %+v", q.Recorded)
		}
		if q.Replayed.Offered != 1 || q.Replayed.Answered != 1 || q.Replayed.ASA() != 2*time.Second || q.Replayed.Within != 1 {
			t.Errorf("replayed: %+v", q.Replayed)
		}
		out, err = commanded(t, args...)
		if err != nil || !strings.Contains(out, "recorded") || !strings.Contains(out, "replayed") || !strings.Contains(out, "32.0") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if _, err := commanded(t, append(span, "-c", elsewhere)...); err == nil || !strings.Contains(err.Error(), "--log") {
		t.Errorf("without a log: %v", err)
	}
}
