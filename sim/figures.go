package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// The names of the figures, as they stand in the output.
const (
	Offered    = "offered"     // calls that came to the queue; those that found no trunk not counted
	Blocked    = "blocked"     // calls that found no trunk
	Answered   = "answered"    // calls
	Abandoned  = "abandoned"   // calls
	PWait      = "p_wait"      // waited longer than nothing / offered
	ASA        = "asa_s"       // mean wait of the answered
	WaitMean   = "wait_mean_s" // mean wait of the offered
	SL         = "sl"          // answered within the target / offered
	SLAnswered = "sl_answered" // answered within the target / answered
	PAbandon   = "p_ab"        // abandoned / offered
	Occupancy  = "occupancy"   // of agents' time on duty, that in which they ring or talk
)

// Figure is one figure over all replications. A replication that does not have it, such as a mean over no calls, is left out.
type Figure struct {
	Name string
	Mean float64 // NaN if none has it
	SE   float64 // standard error of the mean
	N    int     // replications that have it
}

// CI95 is the half-width of the 95 % confidence interval by Student's t; infinite for less than two replications.
func (f Figure) CI95() float64 { return studentT95(f.N) * f.SE }

// Row is the figures of one type or group, or of all together.
type Row struct {
	Name    string
	Figures []Figure
}

// Get is the figure of that name; its mean is NaN if there is none.
func (r Row) Get(name string) Figure {
	for _, f := range r.Figures {
		if f.Name == name {
			return f
		}
	}
	return Figure{Name: name, Mean: math.NaN()}
}

// Result is what a model's run came to.
type Result struct {
	Replications int
	All          Row
	Types        []Row
	Groups       []Row
}

// Type is the row of a type.
func (r *Result) Type(name string) Row { return find(r.Types, name) }

// Group is the row of a group.
func (r *Result) Group(name string) Row { return find(r.Groups, name) }

func find(rows []Row, name string) Row {
	for _, r := range rows {
		if r.Name == name {
			return r
		}
	}
	return Row{Name: name}
}

// summarise makes the figures of what the replications counted.
func summarise(m *Model, tallies []*tally) *Result {
	r := &Result{Replications: len(tallies)}
	r.All = row("all", tallies, func(t *tally) []sample {
		var all counts
		var agents meter
		for _, c := range t.types {
			all.add(c)
		}
		for _, g := range t.groups {
			agents.atWork += g.atWork
			agents.dutyTime += g.dutyTime
		}
		return append(all.samples(), agents.sample())
	})
	for i := range m.Types {
		r.Types = append(r.Types, row(m.Types[i].Name, tallies, func(t *tally) []sample { return t.types[i].samples() }))
	}
	for i := range m.Groups {
		r.Groups = append(r.Groups, row(m.Groups[i].Name, tallies, func(t *tally) []sample { return []sample{t.groups[i].sample()} }))
	}
	return r
}

// sample is one figure of one replication; NaN if it has none.
type sample struct {
	name  string
	value float64
}

func (m *meter) sample() sample { return sample{Occupancy, m.atWork / m.dutyTime} }

func (c *counts) samples() []sample {
	offered, answered := float64(c.offered), float64(c.answered)
	return []sample{
		{Offered, offered}, {Blocked, float64(c.blocked)}, {Answered, answered}, {Abandoned, float64(c.abandoned)},
		{PWait, float64(c.waited) / offered}, {ASA, c.toAnswer / 1e6 / answered}, {WaitMean, c.waits / 1e6 / offered},
		{SL, float64(c.inTarget) / offered}, {SLAnswered, float64(c.inTarget) / answered}, {PAbandon, float64(c.abandoned) / offered},
	}
}

// row makes mean and standard error of each figure over the replications.
func row(name string, tallies []*tally, samples func(*tally) []sample) Row {
	r := Row{Name: name}
	each := make([][]sample, len(tallies))
	for i, t := range tallies {
		each[i] = samples(t)
	}
	for k, first := range each[0] {
		var values []float64
		for _, s := range each {
			if v := s[k].value; !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		r.Figures = append(r.Figures, figure(first.name, values))
	}
	return r
}

func figure(name string, values []float64) Figure {
	f := Figure{Name: name, N: len(values)}
	n := float64(f.N)
	for _, v := range values {
		f.Mean += v
	}
	f.Mean /= n // 0 / 0 is NaN
	for _, v := range values {
		f.SE += (v - f.Mean) * (v - f.Mean)
	}
	f.SE = math.Sqrt(f.SE / (n - 1) / n)
	return f
}

// MarshalJSON gives {"all": {…}, "types": {"sales": {…}}, "groups": {"g1": {…}}} in the order of the model. With more than
// one replication each figure x has x_ci95. What a replication does not have is null.
func (r *Result) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"all":`)
	if err := r.write(&b, r.All); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		rows []Row
	}{{"types", r.Types}, {"groups", r.Groups}} {
		fmt.Fprintf(&b, `,"%s":{`, part.name)
		for i, row := range part.rows {
			name, err := json.Marshal(row.Name)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(name)
			b.WriteByte(':')
			if err := r.write(&b, row); err != nil {
				return nil, err
			}
		}
		b.WriteByte('}')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (r *Result) write(b *bytes.Buffer, row Row) error {
	for i, f := range row.Figures {
		fmt.Fprintf(b, `%c"%s":%s`, "{,"[min(i, 1)], f.Name, number(f.Mean))
		if r.Replications > 1 {
			fmt.Fprintf(b, `,"%s_ci95":%s`, f.Name, number(f.CI95()))
		}
	}
	if len(row.Figures) == 0 {
		return fmt.Errorf("%s has no figures", row.Name)
	}
	b.WriteByte('}')
	return nil
}

// number is v as JSON has it, to nine digits; null for what is no number.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "null"
	}
	return strconv.FormatFloat(v, 'g', 9, 64)
}
