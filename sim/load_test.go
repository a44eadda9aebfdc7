package sim

import (
	"strings"
	"testing"
	"time"
)

// The model that the documents show, with everything in it.
func TestLoad(t *testing.T) {
	m := model(t, `
seed: 7
replications: 3            # a comment
calls: 2000000             # or horizon: 8h with start: empty and end: drain
warmup: 20000
# busyness: {dist: gamma, shape: 28.7}
types:
  - {name: sales, arrivals: {rate_per_hour: 200}, service: {dist: exponential, mean_s: 180}, patience: {dist: exponential, mean_s: 120}, target_s: 20.5}
  - {name: help, arrivals: {rate_per_hour: 1.5}, service: {dist: lognormal, mean_s: 90, cv: 1.1}}
groups:
  - {name: g1, agents: 12, skills: [sales, help]}
routing: {strategy: longest-idle, prefer: none, next: primary-first, trunks: 5}
ring_s: {dist: constant, mean_s: 0}
`)
	sales, help := m.Types[0], m.Types[1]
	switch {
	case m.Seed != 7 || m.Replications != 3 || m.Calls != 2_000_000 || m.Warmup != 20_000 || m.Horizon != 0 || m.Periods != nil:
		t.Errorf("%+v", m)
	case m.Routing != Routing{Strategy: "longest-idle", Prefer: PreferNone, Next: NextPrimaryFirst, Trunks: 5}:
		t.Errorf("%+v", m.Routing)
	case m.Ring != Dist{Kind: Constant} || m.Busyness != Dist{}:
		t.Errorf("%+v %+v", m.Ring, m.Busyness)
	case sales.Rates[0] != 200 || sales.Service[0] != Dist{Kind: Exponential, Mean: 180} || sales.Patience[0].Mean != 120:
		t.Errorf("%+v", sales)
	case sales.Target != 20500*time.Millisecond || help.Target != 20*time.Second || help.Patience[0] != Dist{Kind: None}:
		t.Errorf("%+v %+v", sales, help)
	case help.Service[0] != Dist{Kind: Lognormal, Mean: 90, CV: 1.1}:
		t.Errorf("%+v", help.Service)
	case m.Groups[0].Agents[0] != 12 || strings.Join(m.Groups[0].Skills, " ") != "sales help":
		t.Errorf("%+v", m.Groups)
	}
	m = model(t, `
horizon: 1d
start: empty
end: drain
warmup: 30m
busyness: {dist: lognormal, cv: 0.2}
ring_s: {dist: none}
types:
  - name: a
    arrivals:
      periods:
        - {for: 90m, rate_per_hour: 5}
        - for: 1h
          rate_per_hour: 6
    service: [{dist: constant, mean_s: 1}, {dist: uniform, min_s: 1, max_s: 2}]
groups:
  - name: g
    periods: [1, 2]
    skills:
      - a
`)
	if m.Horizon != 24*time.Hour || m.WarmupFor != 30*time.Minute || m.Busyness != (Dist{Kind: Lognormal, Mean: 1, CV: 0.2}) ||
		m.Ring != (Dist{Kind: Constant}) || m.cycle() != 150*time.Minute || m.Types[0].Rates[1] != 6 || m.Types[0].Service[1].Max != 2 ||
		m.Groups[0].Agents[1] != 2 || m.Seed != 1 || m.Routing.Prefer != PreferPrimary || m.Routing.Next != NextFirstCome {
		t.Errorf("%+v", m)
	}
}

const (
	goodTypes  = "types: [{name: a, arrivals: {rate_per_hour: 5}, service: {dist: constant, mean_s: 9}}]\n"
	goodGroups = "groups: [{name: g, agents: 1, skills: [a]}]\n"
	good       = "calls: 9\n" + goodTypes + goodGroups
)

// Each mistake is told with its place, what is wrong and what to do; a file may have several.
func TestMistakes(t *testing.T) {
	model(t, good)
	typ := func(s string) string { return "calls: 9\ntypes:\n  - {name: a, " + s + "}\n" + goodGroups }
	for _, c := range []struct {
		text string
		want []string // each the beginning of a finding after the file's name, then what it says
	}{
		{"", []string{"1:1: error SIM004 | the file holds nothing"}},
		{"- a\n", []string{"1:1: error SIM005 | a model has keys of its own; found a list"}},
		{good + "cals: 3\n", []string{"4:1: error SIM003 | did you mean `calls`?"}},
		{good + "calls: 3\n", []string{"4:1: error SIM003 | given twice, first in line 1"}},
		{good + "seed:\n", []string{"4:1: error SIM005 | has no value"}},
		{good + "seed: x\n", []string{"4:7: error SIM005 | a whole number is due here, not \"x\""}},
		{good + "seed: -1\n", []string{"4:7: error SIM005 | -1 is not from 0"}},
		{good + "replications: 0\n", []string{"4:15: error SIM005 | 0 is not from 1"}},
		{good + "replications: 1.5\n", []string{"4:15: error SIM005 | a whole number"}},
		{good + "warmup: 9\n", []string{"4:1: error SIM008 | none of the 9 calls is counted"}},
		{good + "warmup: 9x\n", []string{"4:9: error SIM005 | a duration with its unit"}},
		{good + "horizon: 8\n", []string{"4:10: error SIM005 | a duration with its unit"}},
		{good + "horizon: 1us\n", []string{"4:10: error SIM005 | is not from 1s"}},
		{good + "horizon: 8h\n", []string{"4:1: error SIM008 | take one out"}},
		{good + "start: full\n", []string{"4:8: error SIM005 | is not empty"}},
		{good + "busyness: {dist: exponential, mean_s: 1}\n", []string{"4:18: error SIM005 | none of gamma, lognormal"}},
		{good + "busyness: {dist: gamma, shape: 0}\n", []string{"4:32: error SIM005 | 0 is not from"}},
		{good + "busyness: {dist: gamma, shape: 2, mean_s: 3}\n", []string{"4:35: error SIM008 | `mean_s` means nothing to gamma here"}},
		{good + "routing: {strategy: longest-idel}\n", []string{"4:21: error SIM005 | did you mean longest-idle?"}},
		{good + "routing: {trunks: -1}\n", []string{"4:19: error SIM005 | -1 is not from 0"}},
		{good + "ring_s: 5\n", []string{"4:9: error SIM005 | `ring_s` has keys of its own"}},
		{good + "seed: &a 1\n", []string{"4:7: error SIM002 | anchors"}},
		{good + "seed: [1\n", []string{"error SIM002 | not YAML"}},
		{good + "\tseed: 1\n", []string{"4:1: error SIM002 | a control character"}},
		{good + "seed: \xff\n", []string{"4:1: error SIM002 | not UTF-8"}},
		{good + strings.Repeat("[", 20) + "\n", []string{"4:1: error SIM001 | nested too deeply"}},
		{good + "---\nseed: 1\n", []string{"5:1: error SIM002 | a second document"}},
		{goodTypes + goodGroups, []string{"1:1: error SIM004 | Give `calls` or `horizon`"}},
		{"calls: 9\n" + goodTypes, []string{"1:1: error SIM004 | a model needs `groups`"}},
		{"calls: 9\ntypes: []\n" + goodGroups, []string{"2:8: error SIM005 | the list is empty"}},
		{"calls: 9\ntypes: {a: 1}\n" + goodGroups, []string{"2:8: error SIM005 | a list is due here, not keys"}},

		{typ("arrivals: {rate_per_hour: -5}, service: {dist: constant, mean_s: 9}"), []string{"3:41: error SIM005 | -5 is not from 0"}},
		{typ("arrivals: {}, service: {dist: constant, mean_s: 9}"), []string{"error SIM008 | either `rate_per_hour` or `periods`"}},
		{typ("arrivals: {rate_per_hour: 5}, service: {dist: none}"), []string{"3:61: error SIM005 | is none of exponential"}},
		{typ("arrivals: {rate_per_hour: 5}, service: {dist: gamma, mean_s: 4}"), []string{"error SIM004 | gamma needs `shape`"}},
		{typ("arrivals: {rate_per_hour: 5}, service: {dist: exponential, mean_s: 0}"), []string{"error SIM005 | the mean of exponential is above 0"}},
		{typ("arrivals: {rate_per_hour: 5}, service: {dist: exponential, mean_s: 4, cv: 1}"), []string{"3:85: error SIM008 | `cv` means nothing to exponential"}},
		{typ("arrivals: {rate_per_hour: 5}, service: {dist: uniform, min_s: 4, max_s: 3}"), []string{"error SIM005 | `max_s` is below `min_s`"}},
		{typ("arrivals: {rate_per_hour: 5}"), []string{"error SIM004 | a type needs `service`"}},
		{typ("arrivals: {rate_per_hour: 0}, service: {dist: constant, mean_s: 9}"), []string{"error SIM005 | no call ever comes"}},
		{typ("arrivals: {rate_per_hour: 0.00000001}, service: {dist: constant, mean_s: 9}"), []string{"1:1: error SIM005 | more than 100 years"}},
		{typ("arrivals: {rate_per_hour: 5}, service: [{dist: constant, mean_s: 9}, {dist: constant, mean_s: 8}]"), []string{"error SIM008 | 2 distributions for 1 periods"}},

		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: 1, skills: [b]}]\n", []string{"3:40: error SIM006 | there is no type \"b\" for this skill"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: 1, skills: [a, a]}]\n", []string{"3:43: error SIM006 | is there twice"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: 1, skills: [a]}, {name: g, agents: 1, skills: [a]}]\n", []string{"error SIM006 | group \"g\" is there twice"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: 0, skills: [a]}]\n", []string{"error SIM007 | no group with the skill \"a\" ever has an agent"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: 1, periods: [1], skills: [a]}]\n", []string{"error SIM008 | either `agents` or `periods`"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, periods: [1, 2], skills: [a]}]\n", []string{"error SIM008 | no type has periods"}},
		{"calls: 9\n" + goodTypes + "groups: [{name: g, agents: -1, skills: [a]}]\n", []string{"3:28: error SIM005 | -1 is not from 0"}},
		{"calls: 9\ntypes:\n  - {name: a, arrivals: {rate_per_hour: 5}, service: {dist: constant, mean_s: 9}}\n" +
			"  - {name: b, arrivals: {rate_per_hour: 5}, service: {dist: constant, mean_s: 9}}\n" + goodGroups,
			[]string{"4:5: error SIM007 | no group has the skill \"b\": give it to one"}},
		{"calls: 9\ntypes:\n  - {name: a, arrivals: {rate_per_hour: 5}, service: {dist: constant, mean_s: 9}}\n" +
			"  - {name: a, arrivals: {rate_per_hour: 5}, service: {dist: constant, mean_s: 9}}\n" + goodGroups,
			[]string{"4:5: error SIM006 | type \"a\" is there twice"}},
		{"calls: 9\ntypes:\n  - {name: a, arrivals: {periods: [{for: 1h, rate_per_hour: 5}]}, service: {dist: constant, mean_s: 9}}\n" +
			"  - {name: b, arrivals: {periods: [{for: 2h, rate_per_hour: 5}]}, service: {dist: constant, mean_s: 9}}\n" +
			"groups: [{name: g, periods: [1, 2], skills: [a, b]}]\n",
			[]string{"4:35: error SIM008 | last equally long", "5:29: error SIM008 | 2 numbers of agents for 1 periods"}},
		{"horizon: 2h\ntypes: [{name: a, arrivals: {periods: [{for: 1h, rate_per_hour: 5}, {for: 1h, rate_per_hour: 5}]}, service: {dist: constant, mean_s: 9}}]\n" +
			"groups: [{name: g, periods: [1, 0], skills: [a]}]\n", []string{"error SIM007 | at the horizon no agent has the skill \"a\""}},
		{"horizon: 2h\nwarmup: 2h\n" + goodTypes + goodGroups, []string{"2:1: error SIM008 | does not end before the horizon"}},
		{good + "sede: 1\nseed: x\n", []string{"4:1: error SIM003 | did you mean `seed`?", "5:7: error SIM005 | whole number"}},
	} {
		m, found := Load("m.yaml", []byte(c.text))
		if m != nil || len(found) != len(c.want) {
			t.Errorf("%s\ngives %v, want %q", c.text, found, c.want)
			continue
		}
		for i, want := range c.want {
			at, says, _ := strings.Cut(want, " | ")
			got := found[i].String()
			if !strings.HasPrefix(got, "m.yaml:") || !strings.Contains(got, at) || !strings.Contains(got, says) ||
				at[0] != 'e' && !strings.HasPrefix(got, "m.yaml:"+at) {
				t.Errorf("%s\ngives %s\nwant  %s", c.text, got, want)
			}
		}
	}
}

// Whatever the bytes, reading ends with a model or a finding.
func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Add("a: [\n")
	f.Add("horizon: 2h\ntypes: [{name: a, arrivals: {periods: [{for: 1h, rate_per_hour: 5}]}}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, found := Load("m.yaml", []byte(text))
		if (m == nil) != (len(found) > 0) {
			t.Errorf("model %v, findings %v", m, found)
		}
		if m != nil {
			m.Total()
		}
	})
}
