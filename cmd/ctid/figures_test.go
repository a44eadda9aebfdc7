package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/store"
)

// figuresRig tells facts as the daemon does: to who counts them, and to the log.
type figuresRig struct {
	t    *testing.T
	dir  string
	cfg  *config.Config
	st   *store.Store
	f    *figures
	open map[ctid.CallID]bool
	seq  uint64
}

// noon of a day in Hong Kong, where the site of these tests is.
var noon = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

func newFiguresRig(t *testing.T, more string) *figuresRig {
	t.Helper()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "not a secret")
	r := &figuresRig{t: t, dir: t.TempDir(), open: map[ctid.CallID]bool{}}
	r.cfg = r.load("goal: 90", more)
	r.start(noon)
	return r
}

func (r *figuresRig) load(queue, more string) *config.Config {
	r.t.Helper()
	file := filepath.Join(r.dir, "ctid.yaml")
	text := fmt.Sprintf(`asterisk: {nodes: [{name: pbx, url: "http://127.0.0.1:8088"}]}
time_zone: Asia/Hong_Kong
queues: [{name: sales, label: Sales, %s}]
agents: [{name: ana, queues: [sales], device: {endpoint: PJSIP/1001}}]
%s
`, queue, more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	c, found := config.Load(config.Options{File: file})
	if c == nil {
		r.t.Fatal(found)
	}
	return c
}

func (r *figuresRig) start(now time.Time) {
	r.t.Helper()
	var err error
	if r.st, err = store.Open(r.t.Context(), store.Config{DSN: "sqlite:" + filepath.Join(r.dir, "ctid.db"), Log: slog.New(slog.DiscardHandler)}); err != nil {
		r.t.Fatal(err)
	}
	var open []ctid.CallRecord
	for id := range r.open {
		open = append(open, ctid.CallRecord{ID: id})
	}
	if r.f, err = openFigures(r.t.Context(), r.cfg, r.st, open, now, slog.New(slog.DiscardHandler)); err != nil {
		r.t.Fatal(err)
	}
}

// stop ends the store, and with it what was not kept.
func (r *figuresRig) stop() {
	r.t.Helper()
	if err := r.st.Close(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *figuresRig) tell(after time.Duration, ev ctid.Event) {
	r.seq += 3
	ev.Seq, ev.Epoch, ev.At = r.seq, "e1", noon.Add(after)
	r.f.apply(ev)
	subject := string(ev.Call)
	if subject == "" {
		subject = string(ev.Agent)
	}
	r.st.Append(ctid.LogEntry{Seq: ev.Seq, Epoch: ev.Epoch, At: ev.At, Kind: ev.Body.Kind(), V: ctid.BodyVersion, Subject: subject, Queue: ev.Queue, Agent: ev.Agent, Body: ev.Body})
}

// caller waits for ten seconds, is answered by ana, and after a minute gone; the log has other rows between.
func (r *figuresRig) caller(id ctid.CallID, after time.Duration) {
	r.tell(after, ctid.Event{Call: id, Queue: "sales", Body: ctid.CallQueued{Position: 1}})
	r.tell(after, ctid.Event{Call: id, Body: ctid.CallNote{What: "tagged"}})
	r.tell(after+10*time.Second, ctid.Event{Agent: "ana", Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: "ana", State: ctid.Talking}}})
	r.tell(after+10*time.Second, ctid.Event{Call: id, Queue: "sales", Agent: "ana", Body: ctid.CallEstablished{Talk: "main"}})
	r.tell(after+70*time.Second, ctid.Event{Agent: "ana", Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: "ana", State: ctid.Ready}}})
	r.tell(after+70*time.Second, ctid.Event{Call: id, Queue: "sales", Body: ctid.CallCleared{Outcome: "answered"}})
}

// shown is what a wallboard is told, and what ana is told of her day.
func (r *figuresRig) shown(after time.Duration) string {
	r.t.Helper()
	at := noon.Add(after)
	live := map[ctid.QueueID]acd.QueueFigures{"sales": {Waiting: 1, Open: true, Estimate: acd.Estimate{Low: time.Second, Mid: 2 * time.Second, High: 3 * time.Second, Said: true},
		Calibration: acd.Calibration{Outcomes: 10, Inside: 8, Told: 5, Held: 4}, Agents: ctid.AgentCounts{Ready: 1}, AgentsReady: 1, AgentsIn: 1}}
	all := map[string]any{}
	for q, x := range r.f.queueStats(live, at) {
		all[string(q)] = x
	}
	for a, x := range r.f.agentStats([]ctid.AgentID{"ana"}, at) {
		all[string(a)] = x
	}
	b, err := json.Marshal(all)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func wantAll(t *testing.T, text, want string) {
	t.Helper()
	for _, w := range strings.Fields(want) {
		if !strings.Contains(text, w) {
			t.Errorf("no %s in %s", w, text)
		}
	}
}

// Today's figures outlive the daemon however it ends: kept ones go on with what the log has had since, and where none were kept, or they
// cannot be read, the day is folded from the log. They are nobody's once midnight of the site has passed.
func TestFiguresOutliveTheDaemon(t *testing.T) {
	r := newFiguresRig(t, "")
	r.caller("c_1", 0)
	if err := r.f.keep(t.Context(), r.st); err != nil {
		t.Fatal(err)
	}
	r.caller("c_2", time.Minute)
	r.tell(3*time.Minute, ctid.Event{Call: "c_3", Queue: "sales", Body: ctid.CallQueued{}})
	r.tell(3*time.Minute, ctid.Event{Call: "c_4", Queue: "sales", Body: ctid.CallQueued{}})
	r.open["c_3"] = true
	wantAll(t, r.shown(4*time.Minute), `"offered":4 "answered":2 "asa_ms":10000 "aht_ms":60000 "late":2 "a":50 "show":"a" "threshold_s":20 "goal":90 "label":"Sales" "low_ms":1000 "inside":8 "taken":2`)

	same := ""
	for _, kept := range []string{"", `{"v":-1}`, `{"v":`} {
		if kept != "" {
			if err := r.st.PutFold(t.Context(), store.Fold{Name: dayFold, Body: []byte(kept)}); err != nil {
				t.Fatal(err)
			}
		}
		r.stop()
		r.start(noon.Add(4 * time.Minute))
		after := r.shown(4 * time.Minute)
		wantAll(t, after, `"offered":3 "answered":2 "asa_ms":10000 "aht_ms":60000 "late":1 "a":66.7 "taken":2`) // of c_4 nothing more will be heard
		if same == "" {
			same = after
		}
		if after != same {
			t.Errorf("with %q kept:\n%s\nwith what was kept:\n%s", kept, after, same)
		}
	}

	r.stop()
	r.start(noon.Add(12 * time.Hour)) // midnight in Hong Kong
	wantAll(t, r.shown(12*time.Hour), `"since":"2026-11-20T16:00:00Z" "answered":0 "taken":0`)
}

// A row that cannot be read costs its own figure, and no start.
func TestFiguresPassOverABadRow(t *testing.T) {
	r := newFiguresRig(t, "")
	r.caller("c_1", 0)
	r.seq += 3
	r.st.Append(ctid.LogEntry{Seq: r.seq, Epoch: "e1", At: noon.Add(time.Minute), Kind: ctid.CallQueued{}.Kind(), Subject: "c_2", Queue: "sales", Body: []int{1}})
	r.caller("c_3", 2*time.Minute)
	r.stop()
	r.start(noon.Add(5 * time.Minute))
	wantAll(t, r.shown(5*time.Minute), `"offered":2 "answered":2`)
}

// A reload puts another target, goal, label and letter in force.
func TestFiguresAfterAReload(t *testing.T) {
	r := newFiguresRig(t, "")
	r.caller("c_1", 0)
	r.f.use(r.load("goal: 60, target: 5s", "reports: {service_level: d, interval: 1m}"))
	r.caller("c_2", 10*time.Minute)
	got := r.shown(12 * time.Minute)
	wantAll(t, got, `"show":"d" "threshold_s":5 "goal":60 "answered_in":1 "answered":2 "d":50`)
	if !strings.Contains(got, `"recent":{"since":"2026-11-20T04:12:00Z","offered":0,`) {
		t.Errorf("the last minute is not empty: %s", got)
	}
}

// Every letter that may be shown is one that is sent.
func TestLettersAreSent(t *testing.T) {
	r := newFiguresRig(t, "")
	r.caller("c_1", 0)
	var all map[string]struct{ SL map[string]any }
	if err := json.Unmarshal([]byte(r.shown(2*time.Minute)), &all); err != nil {
		t.Fatal(err)
	}
	for _, l := range ctid.Letters {
		if _, sent := all["sales"].SL[l]; !sent {
			t.Errorf("%s is not among %v", l, all["sales"].SL)
		}
		r.load("goal: 80", "reports: {service_level: "+l+"}")
	}
}
