package importer

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// one imports a queue q with these lines and returns it.
func one(t *testing.T, lines ...string) (*Result, wroteQueue) {
	t.Helper()
	r, w := imported(t, files("queues.conf", "[q]\n"+strings.Join(lines, "\n")+"\n"), plain)
	return r, w.queue(t, "q")
}

func TestStrategies(t *testing.T) {
	for theirs, ours := range map[string]string{"ringall": "ring-all", "leastrecent": "longest-idle", "fewestcalls": "fewest-calls", "random": "random",
		"rrmemory": "round-robin", "RRordered": "round-robin", "linear": "top-down", "wrandom": "weighted", "roundrobin": "round-robin"} {
		if r, q := one(t, "strategy="+theirs); q.Strategy != ours || len(r.Lost()) > 0 {
			t.Errorf("%s is %s, with findings %v", theirs, q.Strategy, r.Lost())
		}
	}
	r, q := one(t, "strategy=best")
	if q.Strategy != "ring-all" || len(r.Lost()) != 1 {
		t.Errorf("an unknown one is %s, with findings %v", q.Strategy, r.Lost())
	}
}

// Numbers are read as Asterisk reads them, and cut to ctid's bounds, which is said.
func TestNumbers(t *testing.T) {
	for _, x := range []struct {
		line, got  string
		lost, note bool
	}{
		{"timeout=30", "30s", false, false},
		{"timeout=-1", "15s", false, true},
		{"timeout=30s", "30s", false, true},
		{"timeout=0", "5m", true, false},
		{"timeout=never", "5m", true, true},
		{"timeout=301", "5m", true, false},
		{"timeout=99999999999999999999", "5m", true, true},
	} {
		r, q := one(t, x.line, "ringinuse=no")
		l := line(t, r, x.line)
		if q.Ring != x.got || (len(l.Lost) > 0) != x.lost || (len(l.Notes) > 0) != x.note {
			t.Errorf("%s: %s, lost %q, notes %q", x.line, q.Ring, l.Lost, l.Notes)
		}
	}
	_, q := one(t, "retry=4000", "wrapuptime=90000", "maxlen=200000", "servicelevel=90000", "weight=3")
	if q.RetryGap != "1h" || q.WrapUp != "24h" || q.MaxWaiting != 100000 || q.Target != "24h" || q.Weight != 3 {
		t.Errorf("not cut to the bounds: %+v", q)
	}
	_, q = one(t, "retry=0", "wrapuptime=-5", "maxlen=-1", "servicelevel=0", "weight=")
	if q.RetryGap != "5s" || q.WrapUp != "" || q.MaxWaiting != 0 || q.Target != "" || q.Weight != 0 {
		t.Errorf("not as app_queue reads them: %+v", q)
	}
}

func TestJoinAndLeaveEmpty(t *testing.T) {
	for _, x := range []struct {
		value       string
		join, leave []string
	}{
		{"yes", nil, []string{"paused"}},
		{"no", []string{"paused"}, nil},
		{"strict", []string{"paused", "unreachable"}, []string{"paused", "unreachable"}},
		{"loose", []string{"out"}, []string{"out"}},
		{"penalty", []string{"out"}, []string{"out"}},
		{"inuse,ringing,wrapup", []string{"reserved", "talking", "wrapup"}, []string{"reserved", "talking", "wrapup"}},
		{"paused,unavailable,invalid,unknown", []string{"paused", "unreachable"}, []string{"paused", "unreachable"}},
		{"inuse,loose,paused", []string{"paused"}, []string{"paused"}},
		{"paused, inuse", []string{"paused"}, []string{"paused"}},
		{"", nil, nil},
	} {
		_, q := one(t, "joinempty="+x.value, "leavewhenempty="+x.value)
		if !slices.Equal(q.JoinEmpty, x.join) || !slices.Equal(q.LeaveEmpty, x.leave) {
			t.Errorf("%q is %q and %q, not %q and %q", x.value, q.JoinEmpty, q.LeaveEmpty, x.join, x.leave)
		}
	}
	if _, q := one(t, "joinempty=paused", "joinempty=inuse"); !slices.Equal(q.JoinEmpty, []string{"paused", "talking"}) {
		t.Errorf("two lines add up to %q", q.JoinEmpty)
	}
	r, _ := one(t, "joinempty=paused, inuse")
	says(t, line(t, r, "joinempty=paused, inuse"), r.Lost()[0].Lost, "does not know")
}

func TestAutoPause(t *testing.T) {
	for value, want := range map[string]string{"no": "none", "yes": "pause", "all": "pause", "maybe": "none", "": "none"} {
		if r, q := one(t, "autopause="+value); q.RONA != want || (len(r.Lost()) > 0) != (want == "pause") {
			t.Errorf("%q is %s, with findings %v", value, q.RONA, r.Lost())
		}
	}
}

// Every option that app_queue knows is known here, and none is lost where it is off.
func TestEveryOption(t *testing.T) {
	for _, o := range queueOptions {
		for _, value := range []string{"", "0", "no", "yes", "1", "5", "a,b", "limit"} {
			r, _ := one(t, o.name+"="+value)
			for _, l := range r.Lost() {
				if strings.Contains(strings.Join(l.Lost, " "), "no option") {
					t.Errorf("%s is not known", l)
				}
				if o.off != nil && o.off(value) {
					t.Errorf("%s is lost although it is off: %q", l, l.Lost)
				}
			}
			if l := line(t, r, strings.TrimSpace(o.name+"="+value)); o.off != nil && o.take == nil && !o.off(value) && len(l.Lost) == 0 {
				t.Errorf("%s is not lost", l)
			}
		}
	}
	for _, o := range generalOptions {
		for _, value := range []string{"no", "yes"} {
			r, _ := imported(t, files("queues.conf", "[general]\n"+o.name+"="+value+"\n"), plain)
			if l := r.Lines[1]; len(l.Same)+len(l.Lost) != 1 {
				t.Errorf("%s: %+v", l, l)
			}
		}
	}
	r, _ := imported(t, files("queues.conf", "[general]\ntimeout=3\nmember=PJSIP/1\nshared=1\n"), plain)
	for i, words := range []string{"section only", "section only", "no such setting"} {
		says(t, r.Lines[i+1], r.Lines[i+1].Lost, words)
	}
}

func TestRules(t *testing.T) {
	const two = "member=PJSIP/1\nmember=PJSIP/2,5\n"
	for _, x := range []struct {
		what, changes string
		high, low     int
		lost          bool // where the rule begins is not known
		want          []wroteStep
	}{
		{"absolute", "30,2|60,5", -1, -1, true, []wroteStep{{"0s", 0, 1}, {"30s", 0, 3}, {"1m", 0, 6}}},
		{"relative, from what the dialplan sets", "30,+2|60,-1", 3, -1, false, []wroteStep{{"0s", 0, 4}, {"30s", 0, 6}, {"1m", 0, 5}}},
		{"never below 0", "30,-2", 1, -1, false, []wroteStep{{"0s", 0, 2}, {"30s", 0, 1}}},
		{"the least only", "30,,2|60,,+1", -1, -1, true, []wroteStep{{"30s", 3, 0}, {"1m", 4, 0}}},
		{"the least only, from what the dialplan sets", "30,,2|60,,+1", -1, 1, false, []wroteStep{{"0s", 2, 0}, {"30s", 3, 0}, {"1m", 4, 0}}},
		{"both, of which one is known", "30,2,1", 1, -1, true, []wroteStep{{"0s", 0, 2}, {"30s", 2, 3}}},
		{"the least is never above the most", "30,2,9", -1, -1, true, []wroteStep{{"0s", 0, 1}, {"30s", 3, 3}}},
		{"from the beginning", "0,4", -1, -1, true, []wroteStep{{"0s", 0, 5}}},
		{"twice at a time", "30,1|30,+1", -1, -1, true, []wroteStep{{"0s", 0, 1}, {"30s", 0, 3}}},
		{"in order of time", "60,+1|30,3", -1, -1, true, []wroteStep{{"0s", 0, 1}, {"30s", 0, 4}, {"1m", 0, 5}}},
		{"beyond all ranks", "30,1000", -1, -1, true, []wroteStep{{"0s", 0, 1}, {"30s", 0, 0}}},
		{"with a least of the dialplan's", "30,3", 2, 1, false, []wroteStep{{"0s", 2, 3}, {"30s", 2, 4}}},
	} {
		rule := "[r]\npenaltychange=>" + strings.ReplaceAll(x.changes, "|", "\npenaltychange=>") + "\n"
		r, w := imported(t, files("queues.conf", "[q]\ndefaultrule=r\n"+two, "queuerules.conf", rule), Options{MaxPenalty: x.high, MinPenalty: x.low})
		if got := w.queue(t, "q").Steps; !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %v, not %v", x.what, got, x.want)
		}
		if (len(r.Lost()) > 0) != x.lost {
			t.Errorf("%s: findings %v", x.what, r.Lost())
		}
	}
	r, q := one(t, "defaultrule=nobodys")
	if len(q.Steps) > 0 || len(r.Lost()) != 1 {
		t.Errorf("a rule that there is not: %+v %v", q, r.Lost())
	}
	r, w := imported(t, files("queues.conf", "[q]\nstrategy=wrandom\ndefaultrule=r\n"+two, "queuerules.conf", "[r]\npenaltychange=>5,5\n"), plain)
	if len(w.queue(t, "q").Steps) > 0 || len(r.Lost()) != 2 {
		t.Errorf("a rule in a queue of weights: %v", r.Lost())
	}
}

// Penalties that are no ranks keep their order, also against the limits of a rule.
func TestLargePenalties(t *testing.T) {
	s := newScale([]int{0, 500, 20, 500})
	for _, x := range []struct{ penalty, rank, most, least int }{{0, 2, 2, 0}, {20, 3, 3, 3}, {500, 4, 4, 4}, {10, 3, 2, 3}, {100, 4, 3, 4}, {1000, 5, 4, 5}} {
		if r, m, l := s.rank(x.penalty), s.atMost(x.penalty), s.atLeast(x.penalty); r != x.rank || m != x.most || l != x.least {
			t.Errorf("%d: rank %d, at most %d, at least %d; not %+v", x.penalty, r, m, l, x)
		}
	}
	if s := newScale([]int{20, 500}); s.atMost(0) != 1 {
		t.Errorf("a limit below all members lets in rank %d", s.atMost(0))
	}
	_, w := imported(t, files("queues.conf", "[q]\ndefaultrule=r\nmember=PJSIP/1,60\nmember=PJSIP/2,120\n", "queuerules.conf", "[r]\npenaltychange=>5,70,65\n"), plain)
	if got, want := w.queue(t, "q").Steps, []wroteStep{{"0s", 0, 1}, {"5s", 1, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("limits that nobody is within are %v, not %v", got, want)
	}
	var lines []string
	for i := range 150 {
		lines = append(lines, fmt.Sprintf("member=PJSIP/%d,%d", 1000+i, 7*i))
	}
	r, w := imported(t, files("queues.conf", "[q]\nringinuse=no\n"+strings.Join(lines, "\n")), plain)
	last := 0
	for _, a := range w.Agents {
		rank := a.Queues[0].Rank
		if rank < last || rank < 1 || rank > 100 {
			t.Errorf("%s has rank %d after %d", a.Name, rank, last)
		}
		last = rank
	}
	if n := len(r.Lost()); n != 52 { // ranks 2 to 99 are one penalty's each
		t.Errorf("%d members are said to have no rank of their own", n)
	}
}

// The weights of wrandom are how often each comes first there: the least of draws below 1, 2, 3 … times 1000.
func TestShares(t *testing.T) {
	for _, x := range []struct{ penalties, want []int }{
		{nil, []int{}}, {[]int{3}, []int{1}}, {[]int{2, 2}, []int{1, 1}},
		// 3/4 and 1/4; 7/12, 5/24 and 5/24
		{[]int{0, 1}, []int{100, 33}},
		{[]int{0, 1, 1}, []int{100, 36, 36}},
		{[]int{0, 999}, []int{100, 1}},
	} {
		if got := shares(x.penalties); !slices.Equal(got, x.want) {
			t.Errorf("penalties %v have weights %v, not %v", x.penalties, got, x.want)
		}
	}
}

func TestWeights(t *testing.T) {
	_, w := imported(t, files("queues.conf", "[a]\nweight=1000\n[b]\n[c]\nweight=-5\n[d]\nweight=20\n"), plain)
	for name, want := range map[string]int{"a": 3, "b": 1, "c": 0, "d": 2} {
		if got := w.queue(t, name).Weight; got != want {
			t.Errorf("%s has weight %d, not %d", name, got, want)
		}
	}
}

func TestMembers(t *testing.T) {
	for _, x := range []struct {
		member, endpoint, full, lost string
		rank                         int
	}{
		{"PJSIP/1001", "PJSIP/1001", "", "", 1},
		{"pjsip/a.b_c-d,2,Ann", "PJSIP/a.b_c-d", "Ann", "", 3},
		{"SIP/1001", "PJSIP/1001", "", "", 1},
		{" PJSIP/1001 , 4 , Ann Lee , PJSIP/1001 , no , 0 , no ", "PJSIP/1001", "Ann Lee", "", 5},
		{`PJSIP/1001,0,"Lee, Ann"`, "PJSIP/1001", "Lee, Ann", "", 1},
		{`PJSIP/1001,0,Lee\, Ann`, "PJSIP/1001", "Lee, Ann", "", 1},
		{"PJSIP/1001,0,Ann (a, b)", "PJSIP/1001", "Ann (a, b)", "", 1},
		{"PJSIP/1001,high", "PJSIP/1001", "", "no number", 1},
		{"PJSIP/1001,-3", "PJSIP/1001", "", "", 1},
		{"PJSIP/1001,,,PJSIP/1002", "PJSIP/1001", "", "another device", 1},
		{"PJSIP/1001,,,,yes", "PJSIP/1001", "", "on a call", 1},
		{"PJSIP/1001,,,,perhaps", "PJSIP/1001", "", "no value for ringinuse", 1},
		{"PJSIP/1001,,,,,20", "PJSIP/1001", "", "20s, is not carried over", 1},
		{"PJSIP/1001,,,,,soon", "PJSIP/1001", "", "no time", 1},
		{"PJSIP/1001,,,,,,yes", "PJSIP/1001", "", "nobody is paused", 1},
		{"PJSIP/1001,,,,,,perhaps", "PJSIP/1001", "", "no value for paused", 1},
		{"PJSIP/1001,,,,,,,more", "PJSIP/1001", "", "seventh comma", 1},
		{"Local/7@x,0,Ann,SIP/1007", "PJSIP/1007", "Ann", "state is watched", 1},
		{"Local/7@x,0,Ann,hint:7@y", "", "Ann", "--local", 1},
		{"PJSIP/1001@carrier", "", "", "one endpoint", 1},
		{"PJSIP/1001&PJSIP/1002", "", "", "one endpoint", 1},
		{"Agent/1001", "", "", "app_agent_pool", 1},
		{"IAX2/1001", "", "", "PJSIP only", 1},
		{"nonsense", "", "", "PJSIP only", 1},
	} {
		r, w := imported(t, files("queues.conf", "[q]\nmember => "+x.member+"\n"), plain)
		l := r.Lines[1]
		if x.lost != "" {
			says(t, l, l.Lost, x.lost)
		} else if len(l.Lost) > 0 {
			t.Errorf("%s: %q", l, l.Lost)
		}
		if _, agents, drafts := r.Count(); (agents == 1) != (x.endpoint != "") || agents+drafts != 1 {
			t.Errorf("%s: %d agents, %d to be completed", x.member, agents, drafts)
		}
		if x.endpoint == "" {
			continue
		}
		if a := w.Agents[0]; a.Device.Endpoint != x.endpoint || x.full != "" && a.FullName != x.full && a.Name != x.full || a.Queues[0].Rank != x.rank {
			t.Errorf("%s: %+v", x.member, a)
		}
	}
	r, _ := imported(t, files("queues.conf", "[q]\nmember =>\nmember => ,5\n"), plain)
	if len(r.Lost()) != 2 || len(r.agents) != 0 {
		t.Errorf("members without an interface: %v", r.Lost())
	}
}

func TestNames(t *testing.T) {
	r, w := imported(t, files("queues.conf", "[Café & Bar]\n[-- Caf & Bar --]\n[日本]\n["+strings.Repeat("x", 70)+"]\n["+strings.Repeat("x", 71)+"]\n"+
		"[q]\nmember => PJSIP/1,0,no\nmember => PJSIP/2,0,NO\nmember => PJSIP/3,0,a [b] {c}\n"), plain)
	var names []string
	for _, q := range w.Queues {
		names = append(names, q.Name)
	}
	for _, a := range w.Agents {
		names = append(names, a.Name)
	}
	want := []string{"Caf-Bar", "Caf-Bar-2", "queue", strings.Repeat("x", 64), strings.Repeat("x", 62) + "-2", "q", "no", "NO-2", "a-b-c"}
	if !slices.Equal(names, want) {
		t.Errorf("names are %q, not %q", names, want)
	}
	if w.Queues[0].Label != "Café & Bar" || w.Queues[2].Label != "日本" || w.Agents[2].FullName != "a (b) (c)" {
		t.Errorf("labels are %q, %q and %q", w.Queues[0].Label, w.Queues[2].Label, w.Agents[2].FullName)
	}
	if len(r.Names) != 7 {
		t.Errorf("%d names were changed: %v", len(r.Names), r.Names)
	}
}

// The default slots for parked callers would be refused beside telephones of the same numbers.
func TestParkMovesFromTelephones(t *testing.T) {
	for members, want := range map[string]int{"700 721": 0, "701": 801, "720 805 901": 1001} {
		text := "[q]\n"
		for m := range strings.FieldsSeq(members) {
			text += "member => PJSIP/" + m + "\n"
		}
		if _, w := imported(t, files("queues.conf", text), plain); w.Park.First != want {
			t.Errorf("with %s the first slot is %d, not %d", members, w.Park.First, want)
		}
	}
}
