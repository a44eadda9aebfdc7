package sim

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// Table writes the figures for people: a line for each figure, a column for all and one for each type, then the groups.
func (r *Result) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	columns := append([]Row{r.All}, r.Types...)
	line := []string{""}
	for _, c := range columns {
		line = append(line, c.Name)
	}
	fmt.Fprintln(t, strings.Join(line, "\t"))
	for _, f := range r.All.Figures {
		line = []string{f.Name}
		for _, c := range columns {
			line = append(line, r.cell(c.Get(f.Name)))
		}
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "group\t"+Occupancy)
	for _, g := range r.Groups {
		fmt.Fprintln(t, g.Name+"\t"+r.cell(g.Get(Occupancy)))
	}
	if r.Replications > 1 {
		fmt.Fprintf(t, "\n%d replications; ± is half of a 95 %% confidence interval\n", r.Replications)
	}
	return t.Flush()
}

// cell shows a figure with the digits that its kind deserves.
func (r *Result) cell(f Figure) string {
	if math.IsNaN(f.Mean) {
		return "–"
	}
	digits := 4
	switch f.Name {
	case Offered, Blocked, Answered, Abandoned:
		digits = 0
		if r.Replications > 1 {
			digits = 1
		}
	case ASA, WaitMean:
		digits = 2
	}
	s := fmt.Sprintf("%.*f", digits, f.Mean)
	if r.Replications > 1 && f.N > 1 {
		s += fmt.Sprintf(" ± %.*f", digits, f.CI95())
	}
	return s
}
