package shadow

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// labels are what the figures are called for people.
var labels = map[string]string{
	Offered: "offered", AnsweredCalls: "answered", AbandonedCall: "abandoned", TimedOutCalls: "timed out", SentOffCalls: "sent off (queue empty)",
	OtherCalls: "left otherwise", MeanWait: "mean wait of the answered, s", LongestWait: "longest wait, s", AbandonShare: "abandoned / offered",
	SLOffered: "in time / offered", SLPatient: "in time / (offered - gone in time)", SLWithGone: "(in time + gone in time) / offered",
	SLAnswered: "in time / answered (app_queue's)",
}

// Table writes the report for people.
func (r *Report) Table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s, %s to %s\n", r.Source, r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	for _, g := range r.Gaps {
		fmt.Fprintf(t, "nothing was told from %s to %s\n", g.From.UTC().Format(time.RFC3339), g.To.UTC().Format(time.RFC3339))
	}
	for i := range r.Queues {
		r.Queues[i].table(t)
	}
	if len(r.Queues) != 1 {
		r.All.table(t)
	}
	r.tail(t)
	return t.Flush()
}

func (q *QueueReport) table(t io.Writer) {
	a := q.Account
	switch {
	case q.CTID == "":
		fmt.Fprintf(t, "\n%s queues", q.Queue)
	case string(q.CTID) == q.Queue:
		fmt.Fprintf(t, "\nqueue %s", q.Queue)
	default:
		fmt.Fprintf(t, "\nqueue %s (%s in ctid)", q.Queue, q.CTID)
	}
	fmt.Fprintf(t, ": %d offered, %d answered, %d abandoned, %d timed out, %d sent off, %d by key, %d otherwise, %d still wait; %d conversations over, %s s each\n",
		a.Offered, a.Answered, a.Abandoned, a.TimedOut, a.SentOff, a.Key, a.Left, a.Waiting, a.Talks, mean(a.Talk, a.Talks))
	target := ""
	if q.Target > 0 {
		target = fmt.Sprintf(", in time: %g s", q.Target)
	}
	fmt.Fprintf(t, "%d compared%s\tapp_queue\tctid\t±\tdifference\n", q.Judged, target)
	for _, c := range q.Compared {
		show, change := shown(c.Name)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", labels[c.Name], show(c.AppQueue), show(c.CTID), show(c.PlusMinus), change(c.Difference))
	}
}

func mean(sum time.Duration, n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", sum.Seconds()/float64(n))
}

// shown is how values of a figure are written, and how their differences are.
func shown(name string) (value, difference func(*float64) string) {
	unit, factor, count := "", 1.0, false
	switch name {
	case AbandonShare, SLOffered, SLPatient, SLWithGone, SLAnswered:
		unit, factor = " %", 100
	case MeanWait, LongestWait:
	default:
		count = true
	}
	write := func(sign string) func(*float64) string {
		return func(v *float64) string {
			switch {
			case v == nil:
				return "-"
			case count && *v == math.Trunc(*v):
				return fmt.Sprintf("%"+sign+".0f", *v)
			}
			return fmt.Sprintf("%"+sign+".1f", factor**v) + unit
		}
	}
	return write(""), write("+")
}

// tail writes what there is to know about the figures.
func (r *Report) tail(t io.Writer) {
	l := r.LeftOut
	fmt.Fprintf(t, "\nnot compared: %d callers who were there before, %d who still waited at the end, %d who waited when nothing was told\n", l.Before, l.Waiting, l.OverGap)
	fmt.Fprintf(t, "\nassumed (what was not seen is drawn %d times; 95 of 100 draws lie within ±):\n", r.Trials)
	for _, s := range r.Assumed {
		fmt.Fprintf(t, "  %s\n", s)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(t, "\nto be looked at:")
	}
	for _, s := range r.Findings {
		fmt.Fprintf(t, "  %s\n", s)
	}
	for i := 1; i < len(r.Unreads); i++ { // the first is among the findings
		fmt.Fprintf(t, "  %s\n", r.Unreads[i])
	}
	if len(r.Examples) > 0 {
		fmt.Fprintln(t, "\nctid would have rung another agent, for example:")
	}
	for _, e := range r.Examples {
		fmt.Fprintf(t, "  %s %s, call %s: app_queue rang %s after %.1f s, ctid would ring %s after %.1f s (%s), and not %s: %s\n", e.Entered.UTC().Format(time.TimeOnly),
			e.Queue, e.Call, e.Rang, e.RangAt.Sub(e.Entered).Seconds(), e.Offered, e.At.Sub(e.Entered).Seconds(), cmp.Or(e.Why, "free"), e.Rang, e.WhyNot)
	}
}
