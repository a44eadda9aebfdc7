package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// model loads a model that has to be sound.
func model(t *testing.T, text string) *Model {
	t.Helper()
	m, found := Load("model.yaml", []byte(text))
	for _, f := range found {
		t.Error(f)
	}
	if m == nil {
		t.FailNow()
	}
	return m
}

func run(t *testing.T, m *Model) *Result {
	t.Helper()
	r, err := Run(t.Context(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func asJSON(t *testing.T, r *Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// model is the vector as a model.
func (v vector) model(t *testing.T, calls, warmup, replications int) *Model {
	t.Helper()
	patience := "{dist: none}"
	if v.patience > 0 {
		patience = fmt.Sprintf("{dist: exponential, mean_s: %g}", v.patience)
	}
	return model(t, fmt.Sprintf(`
calls: %d
warmup: %d
replications: %d
types:
  - {name: sales, arrivals: {rate_per_hour: %g}, service: {dist: exponential, mean_s: %g}, patience: %s, target_s: %g}
groups:
  - {name: g1, agents: %d, skills: [sales]}
`, calls, warmup, replications, 2*v.calls, v.service, patience, v.target, v.agents))
}

// claim is what theory says of a figure.
type claim struct {
	figure string
	want   float64
}

func (v vector) claims() []claim {
	t := v.theory()
	if v.patience == 0 {
		return []claim{{PWait, t.PWait}, {SL, t.SL}, {ASA, t.Wait}, {Occupancy, t.Occupancy}}
	}
	return []claim{{PWait, t.PWait}, {SL, t.SL}, {WaitMean, t.Wait}, {PAbandon, t.PAbandon}, {Occupancy, t.Occupancy}}
}

// disagree tells where theory lies further than so many standard errors from the mean.
func (v vector) disagree(r *Result, k float64) (out []string) {
	for _, c := range v.claims() {
		f := r.All.Get(c.figure)
		if !(math.Abs(f.Mean-c.want) <= k*f.SE) {
			out = append(out, fmt.Sprintf("%s: %s is %.5g ± %.2g, theory %.5g", v.name, c.figure, f.Mean, k*f.SE, c.want))
		}
	}
	return out
}

// fault is a mistake planted in a model, or in what the core is told.
type fault struct {
	name  string
	model func(*Model)
	place func(arrived int64, n int) int64
}

// lifo tells the core that who came last has waited longest.
func lifo(_ int64, n int) int64 { return -int64(n) }

func slower(by float64) func(*Model) {
	return func(m *Model) { m.Types[0].Service[0].Mean *= by }
}

func fewer(m *Model) { m.Groups[0].Agents[0]-- }

func (f fault) run(t *testing.T, m *Model) *Result {
	t.Helper()
	if f.model != nil {
		f.model(m)
	}
	tallies, err := runAll(t.Context(), m, Options{}, f.place)
	if err != nil {
		t.Fatal(err)
	}
	return summarise(m, tallies)
}

// small are queues of few agents, which forget soon, so that few calls say much. Their theory is theory's own.
var small = []vector{
	{name: "C3", calls: 60, service: 60, agents: 3, target: 20},
	{name: "A3", calls: 90, service: 60, patience: 60, agents: 3, target: 15},
}

// A small run agrees with theory within a wide margin, and one with a fault does not; the long runs do it closely.
func TestAgreesWithErlang(t *testing.T) {
	for _, v := range small {
		for _, said := range v.disagree(run(t, v.model(t, 6000, 200, 8)), 6) {
			t.Error(said)
		}
	}
	v := small[1]
	for _, f := range []fault{{"service + 20 %", slower(1.2), nil}, {"last come, first served", nil, lifo}, {"one agent fewer", fewer, nil}} {
		if r := f.run(t, v.model(t, 6000, 200, 8)); len(v.disagree(r, 6)) == 0 {
			t.Errorf("%s is not noticed: %s", f.name, asJSON(t, r))
		}
	}
}

// Who comes last and is served first changes the distribution of the waits and not their mean: that is why SL is compared.
func TestLastComeFirstServedKeepsTheMean(t *testing.T) {
	v := small[1]
	r := fault{place: lifo}.run(t, v.model(t, 6000, 200, 8))
	for _, c := range v.claims() {
		f := r.All.Get(c.figure)
		if same := math.Abs(f.Mean-c.want) <= 6*f.SE; same != (c.figure != SL) {
			t.Errorf("%s is %v ± %v, in order of arrival %v", c.figure, f.Mean, f.SE, c.want)
		}
	}
}

// With as many trunks as agents nobody waits and Erlang B holds, whatever the distribution of the time that a call takes:
// ringing and service together.
func TestTrunksAndRingTime(t *testing.T) {
	r := run(t, model(t, `
replications: 8
calls: 6000
warmup: 200
types: [{name: sales, arrivals: {rate_per_hour: 150}, service: {dist: lognormal, mean_s: 100, cv: 0.8}}]
groups: [{name: g1, agents: 6, skills: [sales]}]
routing: {trunks: 6}
ring_s: {dist: uniform, min_s: 10, max_s: 30}
`))
	blocked, offered := r.All.Get(Blocked), r.All.Get(Offered)
	want := ErlangB(5, 6)
	near(t, "blocked", blocked.Mean/5800, want, 6*blocked.SE/5800)
	near(t, "offered and blocked", offered.Mean+blocked.Mean, 5800, 1e-6)
	occupancy := r.All.Get(Occupancy)
	near(t, "occupancy", occupancy.Mean, 5*(1-want)/6, 6*occupancy.SE+0.001)
	for _, name := range []string{PWait, ASA, WaitMean, Abandoned} {
		near(t, name, r.All.Get(name).Mean, 0, 0)
	}
	near(t, "answered", r.All.Get(Answered).Mean, offered.Mean, 0)
}

// A caller may give up while the phone rings. He has waited until it rang, the agent's time is gone, and he takes the next.
func TestGivingUpWhileThePhoneRings(t *testing.T) {
	r := run(t, model(t, `
calls: 500
types: [{name: sales, arrivals: {rate_per_hour: 36}, service: {dist: constant, mean_s: 10}, patience: {dist: constant, mean_s: 10}}]
groups: [{name: g1, agents: 40, skills: [sales]}]
ring_s: {dist: constant, mean_s: 30}
`))
	for name, want := range map[string]float64{Offered: 500, Abandoned: 500, Answered: 0, WaitMean: 0, PAbandon: 1} {
		near(t, name, r.All.Get(name).Mean, want, 0)
	}
	near(t, "occupancy", r.All.Get(Occupancy).Mean, 0.1/40, 0.0006)
	if asa := r.All.Get(ASA).Mean; !math.IsNaN(asa) || !strings.Contains(asJSON(t, r), `"asa_s":null`) {
		t.Errorf("the mean wait of nobody is %v", asa)
	}
}

// Rates, agents and service follow the periods; who is at work when his time is over finishes first.
func TestPeriods(t *testing.T) {
	r := run(t, model(t, `
replications: 30
horizon: 4h
types: [{name: sales, arrivals: {periods: [{for: 1h, rate_per_hour: 360}, {for: 1h, rate_per_hour: 0}]}, service: {dist: constant, mean_s: 10}, patience: {dist: constant, mean_s: 600}}]
groups: [{name: g1, periods: [4, 0], skills: [sales]}]
`))
	offered, occupancy := r.All.Get(Offered), r.All.Get(Occupancy)
	near(t, "offered", offered.Mean, 720, 6*offered.SE)
	near(t, "occupancy of those on duty", occupancy.Mean, 0.25, 6*occupancy.SE+0.002)

	r = run(t, model(t, `
calls: 200
types: [{name: sales, arrivals: {periods: [{for: 1h, rate_per_hour: 10}, {for: 1h, rate_per_hour: 0}]}, service: {dist: constant, mean_s: 1800}}]
groups: [{name: g1, periods: [8, 0], skills: [sales]}]
`))
	near(t, "answered", r.All.Get(Answered).Mean, 200, 0)
	if o := r.All.Get(Occupancy).Mean; !(o > 0.4 && o < 1) {
		t.Errorf("those who finish in the time off are busy for %v of their time", o)
	}

	r = run(t, model(t, `
replications: 8
calls: 4000
types: [{name: sales, arrivals: {periods: [{for: 30m, rate_per_hour: 360}, {for: 30m, rate_per_hour: 360}]}, service: [{dist: constant, mean_s: 10}, {dist: constant, mean_s: 100}]}]
groups: [{name: g1, agents: 100, skills: [sales]}]
`))
	occupancy = r.All.Get(Occupancy)
	near(t, "occupancy with two services", occupancy.Mean, 0.055, 6*occupancy.SE+0.001)
}

// Busy days and quiet ones: the number of calls varies more than chance alone would have it.
func TestBusyness(t *testing.T) {
	f := run(t, model(t, `
replications: 200
horizon: 1h
busyness: {dist: gamma, shape: 4}
types: [{name: sales, arrivals: {rate_per_hour: 60}, service: {dist: constant, mean_s: 10}}]
groups: [{name: g1, agents: 5, skills: [sales]}]
`)).All.Get(Offered)
	near(t, "offered", f.Mean, 60, 6*f.SE)
	near(t, "its spread", f.SE*math.Sqrt(200)/f.Mean, math.Sqrt(0.25+1.0/60), 0.12)
}

const twoSkills = `
replications: 4
calls: 4000
warmup: 200
types:
  - {name: a, arrivals: {rate_per_hour: %d}, service: {dist: constant, mean_s: 36}}
  - {name: b, arrivals: {rate_per_hour: %d}, service: {dist: constant, mean_s: 36}}
`

// A call goes first to those who prefer it, unless all are alike.
func TestPrefersPrimary(t *testing.T) {
	for prefer, apart := range map[string]bool{PreferPrimary: true, PreferNone: false} {
		r := run(t, model(t, fmt.Sprintf(twoSkills, 10, 0)+`
groups: [{name: own, agents: 1, skills: [a, b]}, {name: other, agents: 1, skills: [b, a]}]
routing: {prefer: `+prefer+`}`))
		own, other := r.Group("own").Get(Occupancy).Mean, r.Group("other").Get(Occupancy).Mean
		if apart != (other < own/3) || !apart && other < own/2 || other <= 0 {
			t.Errorf("prefer %s: those of their own skill work %v, the others %v", prefer, own, other)
		}
	}
}

// What a free agent takes first shows in the waits. For one agent with priority theory is Cobham's: with load 0.4 of each
// type and a remaining service of 14.4 s, the preferred waits 14.4/0.6 and the other 14.4/0.6/0.2; 14.4/0.2 in one queue.
func TestNextOfTwoSkills(t *testing.T) {
	for next, want := range map[string][2]float64{NextFirstCome: {72, 72}, NextPrimaryFirst: {24, 120}} {
		r := run(t, model(t, fmt.Sprintf(twoSkills, 40, 40)+`
groups: [{name: g1, agents: 1, skills: [a, b]}]
routing: {next: `+next+`}`))
		for i, name := range []string{"a", "b"} {
			f := r.Type(name).Get(WaitMean)
			near(t, next+", wait of "+name, f.Mean, want[i], 8*f.SE+0.1*want[i])
		}
	}
}

// The same model gives the same bytes on however many cores, and another seed others. One replication is the first of many.
func TestDeterministic(t *testing.T) {
	text := example(t, "day.yaml")
	text = strings.Replace(text, "replications: 20", "replications: 3", 1)
	m := model(t, text)
	var outs []string
	for _, workers := range []int{1, 3} {
		r, err := Run(t.Context(), m, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		outs = append(outs, asJSON(t, r))
	}
	if outs[0] != outs[1] {
		t.Errorf("on one core\n%s\non three\n%s", outs[0], outs[1])
	}
	m.Seed = 2
	if other := asJSON(t, run(t, m)); other == outs[0] {
		t.Error("another seed changes nothing")
	}
}

// Variants of a model meet the same calls: more agents, another routing or a type beside change nothing of them.
func TestCommonRandomNumbers(t *testing.T) {
	const text = `
horizon: 20h
types:
  - {name: a, arrivals: {rate_per_hour: 50}, service: {dist: exponential, mean_s: 100}}
  - {name: b, arrivals: {rate_per_hour: %d}, service: {dist: exponential, mean_s: 100}}
groups: [{name: g1, agents: %d, skills: [a, b]}]
`
	few, many := run(t, model(t, fmt.Sprintf(text, 0, 3))), run(t, model(t, fmt.Sprintf(text, 50, 400)))
	if x, y := few.Type("a").Get(Offered).Mean, many.Type("a").Get(Offered).Mean; x != y || x < 500 {
		t.Errorf("%v calls of type a, and %v beside another type", x, y)
	}
	// With room for all, the agents' work is the services alone: that of a is what it was.
	alone, beside := run(t, model(t, fmt.Sprintf(text, 0, 400))), run(t, model(t, fmt.Sprintf(text, 0, 200)))
	near(t, "work", beside.All.Get(Occupancy).Mean*200, alone.All.Get(Occupancy).Mean*400, 1e-6)
}

// The output has the names that programs read, and nothing in the groups but their occupancy.
func TestOutput(t *testing.T) {
	text := `
calls: 300
replications: %d
types: [{name: sales, arrivals: {rate_per_hour: 200}, service: {dist: exponential, mean_s: 180}, patience: {dist: exponential, mean_s: 120}}]
groups: [{name: g1, agents: 12, skills: [sales]}]
`
	names := []string{"offered", "answered", "abandoned", "blocked", "p_wait", "asa_s", "wait_mean_s", "sl", "sl_answered", "p_ab"}
	for _, replications := range []int{1, 2} {
		r := run(t, model(t, fmt.Sprintf(text, replications)))
		var out struct {
			All    map[string]float64            `json:"all"`
			Types  map[string]map[string]float64 `json:"types"`
			Groups map[string]map[string]float64 `json:"groups"`
		}
		if err := json.Unmarshal([]byte(asJSON(t, r)), &out); err != nil {
			t.Fatal(err)
		}
		if len(out.All) != replications*(len(names)+1) || len(out.Types["sales"]) != replications*len(names) || len(out.Groups["g1"]) != replications {
			t.Errorf("%d replications: %s", replications, asJSON(t, r))
		}
		for _, name := range append(names, "occupancy") {
			_, mean := out.All[name]
			_, half := out.All[name+"_ci95"]
			if !mean || half != (replications > 1) {
				t.Errorf("%d replications, %s: %s", replications, name, asJSON(t, r))
			}
		}
		if out.All["offered"] != 300 || out.All["answered"]+out.All["abandoned"] != 300 || out.All["sl_answered"] < out.All["sl"] {
			t.Errorf("%s", asJSON(t, r))
		}
		var table strings.Builder
		if err := r.Table(&table); err != nil || !strings.Contains(table.String(), "sl_answered") ||
			strings.Contains(table.String(), "±") != (replications > 1) {
			t.Errorf("%v\n%s", err, table.String())
		}
	}
}

func example(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "sim", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every example is sound; made short, each runs.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../testdata/sim/*.yaml")
	if err != nil || len(files) < 9 {
		t.Fatalf("%q: %v", files, err)
	}
	for _, file := range files {
		m := model(t, example(t, filepath.Base(file)))
		m.Replications = 2
		if m.Calls > 0 {
			m.Calls, m.Warmup = 1500, 100
		}
		if o := run(t, m).All.Get(Occupancy).Mean; !(o > 0.3 && o <= 1) {
			t.Errorf("%s: occupancy %v", file, o)
		}
	}
}
