package sim

import (
	"testing"

	"ctid/acd"
)

// inside runs a model's first replications and tells how many of the estimates that were held against their outcome were inside
// their bands, and how often one could be told.
func inside(t *testing.T, m *Model, replications int) (share, told float64) {
	t.Helper()
	var c acd.Calibration
	said, asked := 0, 0
	for n := range replications {
		r, err := newReplication(m, n+1)
		if err != nil {
			t.Fatal(err)
		}
		r.begin()
		for i := 0; r.err == nil && !r.over(); i++ {
			r.step()
			if i%101 != 100 {
				continue
			}
			f := r.core.Figures(r.queues[0], r.moment(r.now))
			c.Outcomes += f.Calibration.Outcomes
			c.Inside += f.Calibration.Inside
			if f.Waiting > 0 {
				asked++
				if f.Estimate.Said {
					said++
				}
			}
		}
		if r.err != nil {
			t.Fatal(r.err)
		}
	}
	if c.Outcomes == 0 || asked == 0 {
		t.Fatal("nobody waited")
	}
	return float64(c.Inside) / float64(c.Outcomes), float64(said) / float64(asked)
}

// In a steady centre about eight in ten wait as long as they were told, and nearly always something is told.
func TestEstimatesComeTrue(t *testing.T) {
	for _, name := range []string{"erlang-c-12.yaml", "erlang-a-26.yaml"} {
		m := model(t, example(t, name))
		m.Calls, m.Warmup = 6000, 0
		share, told := inside(t, m, 8)
		t.Logf("%s: %.3f inside, told %.3f", name, share, told)
		if share < 0.65 || share > 0.95 {
			t.Errorf("%s: %.2f of the estimates came out inside their bands; about 0.8 should", name, share)
		}
		if told < 0.8 {
			t.Errorf("%s: only %.2f of those who waited could be told how long", name, told)
		}
	}
}

// Where a caller's wait has little to do with the queue before it, nothing is told: half of the agents' time goes to another queue that has more weight and
// comes in bursts.
func TestEstimatesFallSilent(t *testing.T) {
	m := model(t, `
calls: 8000
types:
  - {name: quiet, arrivals: {rate_per_hour: 60}, service: {dist: constant, mean_s: 60}, target_s: 20}
  - {name: bursts, arrivals: {periods: [{for: 50m, rate_per_hour: 1}, {for: 10m, rate_per_hour: 420}]}, service: {dist: constant, mean_s: 120}, target_s: 20}
groups:
  - {name: g1, agents: 4, skills: [bursts, quiet]}
routing: {next: primary-first}
`)
	share, told := inside(t, m, 4)
	t.Logf("%.3f inside, told %.3f", share, told)
	if share > 0.6 || told > 0.2 {
		t.Errorf("%.2f of the estimates were right where they cannot be, and %.2f were told", share, told)
	}
}
