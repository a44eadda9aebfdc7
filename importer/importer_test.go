package importer

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	yaml "github.com/goccy/go-yaml"
)

// wrote is what is in the YAML.
type wrote struct {
	Park   wrotePark    `yaml:"park"`
	Queues []wroteQueue `yaml:"queues"`
	Agents []wroteAgent `yaml:"agents"`
}

type wrotePark struct {
	First int `yaml:"first"`
}

type wroteQueue struct {
	Name       string      `yaml:"name"`
	Label      string      `yaml:"label"`
	Strategy   string      `yaml:"strategy"`
	Ring       string      `yaml:"ring"`
	WrapUp     string      `yaml:"wrapup"`
	RONA       string      `yaml:"rona"`
	RetryGap   string      `yaml:"retry_gap"`
	Music      string      `yaml:"music"`
	MaxWaiting int         `yaml:"max_waiting"`
	Target     string      `yaml:"target"`
	Weight     int         `yaml:"weight"`
	JoinEmpty  []string    `yaml:"join_empty"`
	LeaveEmpty []string    `yaml:"leave_empty"`
	Steps      []wroteStep `yaml:"steps"`
}

type wroteStep struct {
	After   string `yaml:"after"`
	MinRank int    `yaml:"min_rank"`
	MaxRank int    `yaml:"max_rank"`
}

type wroteAgent struct {
	Name     string      `yaml:"name"`
	FullName string      `yaml:"full_name"`
	Desk     string      `yaml:"desk"`
	Device   wroteDevice `yaml:"device"`
	Queues   []wrotePart `yaml:"queues"`
}

type wroteDevice struct {
	Kind     string `yaml:"kind"`
	Endpoint string `yaml:"endpoint"`
}

type wrotePart struct {
	Name   string `yaml:"name"`
	Rank   int    `yaml:"rank"`
	Weight int    `yaml:"weight"`
}

var plain = Options{MaxPenalty: -1, MinPenalty: -1}

// imported imports a folder and reads what was written.
func imported(t *testing.T, files fstest.MapFS, o Options) (*Result, wrote) {
	t.Helper()
	r, err := Queues(files, o)
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r)
	return r, parsed(t, r)
}

func parsed(t *testing.T, r *Result) wrote {
	t.Helper()
	var w wrote
	if err := yaml.UnmarshalWithOptions(r.YAML(), &w, yaml.Strict()); err != nil {
		t.Fatalf("%v in\n%s", err, r.YAML())
	}
	queues, agents, _ := r.Count()
	if len(w.Queues) != queues || len(w.Agents) != agents {
		t.Fatalf("%d queues and %d agents are written of %d and %d:\n%s", len(w.Queues), len(w.Agents), queues, agents, r.YAML())
	}
	return w
}

// accounted holds that every line has been dealt with.
func accounted(t *testing.T, r *Result) {
	t.Helper()
	for _, l := range r.Lines {
		if !l.accounted() || slices.Contains(l.Lost, notRead) {
			t.Errorf("nothing became of %s", l)
		}
	}
}

// files makes a folder of pairs of name and text.
func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

func (w wrote) queue(t *testing.T, name string) wroteQueue {
	t.Helper()
	for _, q := range w.Queues {
		if q.Name == name {
			return q
		}
	}
	t.Fatalf("there is no queue %s among %v", name, w.Queues)
	return wroteQueue{}
}

func (w wrote) agent(t *testing.T, name string) wroteAgent {
	t.Helper()
	for _, a := range w.Agents {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("there is no agent %s among %v", name, w.Agents)
	return wroteAgent{}
}

// line returns the line of that text.
func line(t *testing.T, r *Result, text string) *Line {
	t.Helper()
	for _, l := range r.Lines {
		if l.Text == text {
			return l
		}
	}
	t.Fatalf("no line %q was read", text)
	return nil
}

// says holds that the list has one entry with these words.
func says(t *testing.T, l *Line, list []string, words string) {
	t.Helper()
	if !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, words) }) {
		t.Errorf("%s: %q is not said in to %q, same %q, notes %q, lost %q", l, words, l.To, l.Same, l.Notes, l.Lost)
	}
}

func centre(t *testing.T, o Options) (*Result, wrote) {
	t.Helper()
	r, err := Queues(os.DirFS("testdata/centre"), o)
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r)
	return r, parsed(t, r)
}

func TestQueuesKeyByKey(t *testing.T) {
	_, w := centre(t, plain)
	want := []wroteQueue{
		{Name: "orders", Strategy: "longest-idle", Ring: "20s", WrapUp: "10s", RONA: "none", RetryGap: "3s", Music: "mailorder", MaxWaiting: 40,
			Target: "30s", Weight: 5, JoinEmpty: []string{"paused", "unreachable"}, LeaveEmpty: []string{"unreachable"},
			Steps: []wroteStep{{"0s", 0, 1}, {"30s", 0, 3}, {"1m", 2, 5}, {"90s", 4, 4}}},
		{Name: "returns", Strategy: "round-robin", Ring: "12s", WrapUp: "10s", RONA: "pause", RetryGap: "5s", Music: "mailorder",
			JoinEmpty: []string{"paused", "unreachable"}, LeaveEmpty: []string{"unreachable"}},
		{Name: "Night-shift", Label: "Night shift", Strategy: "top-down", Ring: "5m", RONA: "none", RetryGap: "5s",
			JoinEmpty: []string{"paused", "unreachable"}, LeaveEmpty: []string{"out"}},
		{Name: "lottery", Strategy: "weighted", Ring: "15s", RONA: "none", RetryGap: "5s", MaxWaiting: 9, Target: "15s"},
		{Name: "vip", Strategy: "ring-all", Ring: "15s", RONA: "none", RetryGap: "5s", Weight: 9},
	}
	for i, q := range want {
		if i >= len(w.Queues) || !reflect.DeepEqual(w.Queues[i], q) {
			t.Errorf("queue %d is\n%+v, not\n%+v", i, w.Queues[min(i, len(w.Queues)-1)], q)
		}
	}
	if len(w.Queues) != len(want) {
		t.Errorf("%d queues, not %d", len(w.Queues), len(want))
	}
}

func TestAgentsKeyByKey(t *testing.T) {
	_, w := centre(t, plain)
	type row struct{ name, full, endpoint string }
	var got []row
	for _, a := range w.Agents {
		got = append(got, row{a.Name, a.FullName, a.Device.Endpoint})
		if a.Desk != "none" || a.Device.Kind != "" {
			t.Errorf("%+v: an imported agent has no desktop, and a plain telephone", a)
		}
	}
	want := []row{{"Ann-Lee", "Ann Lee", "PJSIP/1001"}, {"Ben-O-Neil", "Ben O'Neil", "PJSIP/1002"}, {"Chen-the-closer", "Chen: the closer", "PJSIP/1003"},
		{"1004", "", "PJSIP/1004"}, {"Dora", "", "PJSIP/2001"}, {"Eve", "", "PJSIP/3001"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("agents are\n%v, not\n%v", got, want)
	}
	for _, want := range []struct {
		name  string
		parts []wrotePart
	}{
		{"Ann-Lee", []wrotePart{{"orders", 1, 0}, {"returns", 2, 0}, {"Night-shift", 1, 0}, {"lottery", 1, 100}}},
		{"Ben-O-Neil", []wrotePart{{"orders", 1, 0}, {"lottery", 1, 33}, {"vip", 2, 0}}},
		{"Chen-the-closer", []wrotePart{{"orders", 3, 0}, {"returns", 1, 0}}},
		{"1004", []wrotePart{{"orders", 5, 0}}},
	} {
		if got := w.agent(t, want.name).Queues; !reflect.DeepEqual(got, want.parts) {
			t.Errorf("%s is in %v, not %v", want.name, got, want.parts)
		}
	}
}

func TestAgentsToBeCompletedAreComments(t *testing.T) {
	r, _ := centre(t, plain)
	if _, _, drafts := r.Count(); drafts != 3 {
		t.Errorf("%d agents are to be completed, not 3", drafts)
	}
	for _, part := range []string{"#   - name: Finn\n#     desk: none\n#     device: {endpoint: PJSIP/3002}\n#     queues:\n#       - {name: Night-shift, rank: 1}\n",
		"#     full_name: \"Gil Hart\"\n#     desk: none\n#     device: {kind: nailed, endpoint: PJSIP/}\n",
		"#   - name: Desk-phone\n#     full_name: \"Desk phone\"\n#     desk: none\n#     device: {endpoint: PJSIP/}\n#     queues:\n#       - {name: Night-shift, rank: 4}\n"} {
		if !strings.Contains(string(r.YAML()), part) {
			t.Errorf("this is not in the output:\n%s\nbut\n%s", part, r.YAML())
		}
	}
	_, w := centre(t, Options{Local: "PJSIP/{number}", MaxPenalty: -1, MinPenalty: -1})
	if a := w.agent(t, "Finn"); a.Device.Endpoint != "PJSIP/3002" {
		t.Errorf("with an endpoint for Local/ Finn has %+v", a.Device)
	}
}

func TestWhatBecameOfEachLine(t *testing.T) {
	r, _ := centre(t, plain)
	for _, p := range [][2]string{
		{"persistentmembers = no", "off"},
		{"autofill = yes", "at once"},
		{"force_longest_waiting_caller = prio", "highest priority"},
		{"ringinuse = no", "never rings"},
		{"announce-holdtime=no", "off"},
		{"announce-to-first-user = no", "off"},
		{"[desk](!)", "template"},
		{"[lottery](+)", "goes on"},
		{"#include queues.d/*.conf", "queues.d/10-lottery.conf is read"},
		{"#tryinclude queues_local.conf", "no queues_local.conf"},
		{"ackcall = no", "off"},
		{"penaltychange => 30,2", ""},
		{"member => PJSIP/1003", ""},
		{"periodic-announce = sorry;-please-wait", ""},
	} {
		if l := line(t, r, p[0]); p[1] != "" {
			says(t, l, l.Same, p[1])
		}
	}
	for _, p := range [][2]string{
		{"timeout = 20", "queues[orders].ring"},
		{"timeout = 12", "queues[returns].ring"},
		{"weight = 5", "queues[orders].weight"},
		{"joinempty = paused,unavailable", "queues[returns].join_empty"},
		{"maxlen = 9", "queues[lottery].max_waiting"},
		{"servicelevel = 15", "queues[lottery].target"},
		{"penaltychange => 60,+2,1", "queues[orders].steps"},
		{"defaultrule = widen", "queues[orders].steps"},
		{"member => PJSIP/1004,4", "agents[1004].queues[orders]"},
		{"member => PJSIP/1001,1", "agents[Ann-Lee].queues[returns]"},
		{"member => SIP/2001,0,Dora", "agents[Dora].queues[Night-shift]"},
		{"musicclass = mailorder", "queues[orders].music"},
		{"autopause = all", "queues[returns].rona"},
		{"member => Local/3001@agents/n,0,Eve,PJSIP/3001", "agents[Eve].queues[Night-shift]"},
	} {
		l := line(t, r, p[0])
		says(t, l, l.To, p[1])
	}
}

func TestFindings(t *testing.T) {
	r, _ := centre(t, plain)
	want := [][2]string{
		{"shared_lastcall = no", "all his queues"},
		{"defaultrule = widen", "--max-penalty"},
		{"member => PJSIP/1002", "again at queues.d/10-lottery.conf:7"},
		{"autopause = all", "desk: none"},
		{"timeout=0", "without end"},
		{"context=night-keys", "queue node"},
		{"announce-frequency=30", "says nothing"},
		{"strategy=linear", "order of the list agents"},
		{"wraputime = 5", "is wrapuptime meant?"},
		{"monitor-format = wav", "does not record"},
		{"#include queues_custom.conf", "there is no queues_custom.conf"},
		{"#include /elsewhere/queues.conf", "outside the folder"},
		{"#exec /usr/local/bin/make-queues", "program"},
		{"#include queues.conf", "include itself"},
		{"strategy = ringall", "second section"},
		{"periodic-announce = sorry;-please-wait", "says nothing"},
		{"[orders]", "second section"},
		{"penaltychange => 90,-1,+5,3", "RAISE"},
		{"penaltychange => soon", "seconds,max"},
		{"[never-used]", "no queue has this rule"},
		{"penaltychange => 10,5", "no queue has this rule"},
		{"wrapuptime = 5000", "the queue's"},
		{"[501](floor)", "to be completed"},
		{"fullname = Gil Hart", "to be completed"},
		{"[502](floor)", "member of no queue"},
		{"fullname = Hana Ito", "member of no queue"},
		{"autologoff = 15", "rona"},
		{"agent => 601,***,Ivo Jansen", "password"},
		{"member => Local/3001@agents/n,0,Eve,PJSIP/3001", "whose state is watched"},
		{"member => Local/3002@agents/n,0,Finn", "--local"},
		{"member => Agent/501", "nailed"},
		{"member => DAHDI/1,3,Desk phone", "PJSIP only"},
		{"member => PJSIP/1001,0,Ann Lee,,yes,30,yes", "30s, is not carried over"},
	}
	for _, p := range want {
		l := line(t, r, p[0])
		says(t, l, l.Lost, p[1])
	}
	for _, l := range r.Lost() {
		if !slices.ContainsFunc(want, func(p [2]string) bool { return p[0] == l.Text }) {
			t.Errorf("%s is a finding, for %q", l, l.Lost)
		}
	}
}

// What is in a comment, and only that, is no line.
func TestCommentsAreNoLines(t *testing.T) {
	r, _ := centre(t, plain)
	for _, l := range r.Lines {
		if strings.Contains(l.Text, "9999") || strings.Contains(l.Text, "gone") || strings.HasPrefix(l.Text, ";") {
			t.Errorf("%s is in a comment", l)
		}
	}
	if n := len(r.Lines); n != 88 {
		t.Errorf("%d lines were read; the files have 88", n)
	}
}

func TestPasswordsAreNeverShown(t *testing.T) {
	r, _ := imported(t, files("queues.conf", "[general]\n", "agents.conf",
		"agent => 1,4711\n[agents](!)\nagent => 2,4711,Two\n[agents]\nAGENT=3,4711,Three\nagent += ,4711\n\\agent => 4,4711,Four\n[x]\nagent 5,4711\n"), plain)
	for _, l := range r.Lines {
		if all := strings.Join(slices.Concat([]string{l.Text}, l.To, l.Same, l.Notes, l.Lost), " "); strings.Contains(all, "4711") {
			t.Errorf("a password is shown: %s", all)
		}
	}
	if strings.Contains(string(r.YAML()), "4711") {
		t.Error("a password is written")
	}
}
