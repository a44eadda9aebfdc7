package sim

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h eventHeap
	var want []event
	for round := range 50 {
		for range r.IntN(40) {
			e := event{at: r.Int64N(20), seq: uint64(len(want) + 1000*round), who: r.Int32()}
			want = append(want, e)
			h.push(e)
		}
		slices.SortFunc(want, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
		for range r.IntN(40) {
			if len(want) == 0 {
				break
			}
			if got := h.pop(); got != want[0] {
				t.Fatalf("round %d: %+v comes before %+v", round, got, want[0])
			}
			want = want[1:]
		}
	}
}

func TestDistributions(t *testing.T) {
	for _, c := range []struct {
		d              Dist
		mean, variance float64
	}{
		{Dist{Kind: Exponential, Mean: 100}, 100, 1e4},
		{Dist{Kind: Gamma, Mean: 100, Shape: 28.7}, 100, 1e4 / 28.7},
		{Dist{Kind: Gamma, Mean: 100, Shape: 0.5}, 100, 2e4},
		{Dist{Kind: Lognormal, Mean: 100, CV: 1.2}, 100, 1.44e4},
		{Dist{Kind: Uniform, Min: 40, Max: 160}, 100, 1200},
		{Dist{Kind: Constant, Mean: 100}, 100, 0},
	} {
		r := stream(1, 1, "test", c.d.Kind)
		const n = 200_000
		sum, squares := 0.0, 0.0
		for range n {
			v := c.d.sample(r)
			if v < 0 {
				t.Fatalf("%+v gives %v", c.d, v)
			}
			sum += v
			squares += (v - c.mean) * (v - c.mean)
		}
		near(t, c.d.Kind+" mean", sum/n, c.mean, 2)
		near(t, c.d.Kind+" variance", squares/n, c.variance, 0.1*c.variance)
	}
	if v := (Dist{Kind: None}).sample(stream(1, 1, "test", "none")); !math.IsInf(v, 1) {
		t.Errorf("without patience: %v", v)
	}
}

// Streams of different uses have nothing in common.
func TestStreams(t *testing.T) {
	seen := map[uint64]string{}
	for _, name := range []string{"1 1 arrivals a", "1 1 arrivals b", "1 1 service a", "1 2 arrivals a", "2 1 arrivals a"} {
		p := strings.Fields(name)
		r := stream(uint64(p[0][0]-'0'), int(p[1][0]-'0'), p[2], p[3])
		for range 1000 {
			v := r.Uint64()
			if first, again := seen[v]; again {
				t.Fatalf("%s repeats %s", name, first)
			}
			seen[v] = name
		}
	}
}

// The rate follows the periods, round after round, and none comes where it is 0.
func TestArrivalsFollowTheirRates(t *testing.T) {
	m := &Model{Seed: 1, Periods: []time.Duration{time.Hour, 2 * time.Hour, time.Hour}}
	kind := &Type{Name: "a", Rates: []float64{300, 0, 100}}
	a := newArrivals(m, kind, 1, 2)
	var counts [3]float64
	const days = 200
	limit := (days * m.cycle()).Microseconds()
	last := int64(0)
	for {
		at, ok := a.next(limit)
		if !ok {
			break
		}
		if at < last || at >= limit || m.periodAt(time.Duration(at)*time.Microsecond) != a.period {
			t.Fatalf("a call at %v in period %d, after one at %v", at, a.period, last)
		}
		last = at
		counts[a.period]++
	}
	near(t, "first period", counts[0]/days, 600, 12)
	near(t, "second period", counts[1], 0, 0)
	near(t, "third period", counts[2]/days, 200, 7)
	near(t, "expected", kind.expected(m, days*m.cycle()), days*400, 1e-3)
	near(t, "expected of part of a day", kind.expected(m, m.cycle()+90*time.Minute), 700, 1e-6)
}

// A run that is given up ends soon and says why.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := vectors[0].model(t, 1_000_000, 0, 2)
	if _, err := Run(ctx, m, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// Whoever watches sees every call.
func TestArrivedAreTold(t *testing.T) {
	var arrived atomic.Int64
	m := vectors[1].model(t, 700, 0, 3)
	if _, err := Run(t.Context(), m, Options{Arrived: &arrived}); err != nil {
		t.Fatal(err)
	}
	if arrived.Load() != 2100 || m.Total() != 2100 {
		t.Errorf("%d calls are told, of %v", arrived.Load(), m.Total())
	}
}

// What the core would do beyond the model ends the run: here it is told of a call twice.
func TestCoreThatRefusesEndsTheRun(t *testing.T) {
	m := vectors[0].model(t, 10, 0, 1)
	r, err := newReplication(m, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.begin()
	for r.there < 1 {
		r.step()
	}
	r.decide(acd.AgentLogin{Agent: r.agents[0].id, By: ctid.BySystem})
	if r.err == nil || !strings.Contains(r.err.Error(), "the core refused agent_login") {
		t.Errorf("it goes on: %v", r.err)
	}
}

// Callers whom nobody can serve do not make a run endless.
func TestNobodyServes(t *testing.T) {
	m := vectors[0].model(t, 10, 0, 1)
	m.Groups[0].Agents[0] = 0
	if _, err := Run(t.Context(), m, Options{}); err == nil || !strings.Contains(err.Error(), "nobody will ever serve them") {
		t.Errorf("ended with %v", err)
	}
}

// Every strategy serves all who wait long enough, with phones that ring for different times and callers who give up meanwhile.
func TestEveryStrategy(t *testing.T) {
	for _, strategy := range acd.Strategies() {
		r := run(t, model(t, `
calls: 800
types:
  - {name: a, arrivals: {rate_per_hour: 150}, service: {dist: exponential, mean_s: 100}, patience: {dist: exponential, mean_s: 40}}
  - {name: b, arrivals: {rate_per_hour: 60}, service: {dist: exponential, mean_s: 100}, patience: {dist: exponential, mean_s: 40}}
groups: [{name: g1, agents: 4, skills: [a, b]}, {name: g2, agents: 2, skills: [b, a]}]
ring_s: {dist: uniform, min_s: 2, max_s: 25}
routing: {strategy: `+strategy+`}`))
		offered, answered, abandoned := r.All.Get(Offered).Mean, r.All.Get(Answered).Mean, r.All.Get(Abandoned).Mean
		if o := r.All.Get(Occupancy).Mean; offered != 800 || answered+abandoned != 800 || answered < 300 || abandoned < 20 || !(o > 0.3 && o <= 1) {
			t.Errorf("%s: %s", strategy, asJSON(t, r))
		}
	}
}
