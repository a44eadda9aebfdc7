package switchboard

import (
	"fmt"
	"time"

	"ctid"
	"ctid/report"
)

// columns are the counts of a queue by what became of its callers.
type columns struct{ offered, answered, abandoned, overflowed, callbacks, refused int }

// figuresAgree holds what is folded from the facts against the records of all calls, now that they are over: the two are told by different
// hands.
func (c *centre) figuresAgree(records []*ctid.CallRecord) {
	c.t.Helper()
	f := report.New(report.Config{Interval: time.Hour, Queues: map[ctid.QueueID]report.Rules{}}, c.events[0].At)
	back := map[ctid.CallID]bool{} // those with nobody on the line
	queues := map[ctid.QueueID]bool{}
	for _, ev := range c.events {
		f.Apply(ev)
		switch b := ev.Body.(type) {
		case ctid.CallQueued:
			back[ev.Call] = back[ev.Call] || b.Callback
		case ctid.CallWaitingChanged:
			back[ev.Call] = back[ev.Call] || b.Callback
		}
	}
	want := map[ctid.QueueID]columns{}
	for _, r := range records {
		for _, v := range noticed(r, c.entries(r.ID)) {
			queues[v.Queue] = true
			if !back[r.ID] {
				want[v.Queue] = want[v.Queue].with(v)
			}
		}
	}
	var ids []ctid.QueueID
	for q := range queues {
		ids = append(ids, q)
	}
	for q, x := range f.Queues(ids, c.events[len(c.events)-1].At) {
		d := x.Today
		if got := (columns{d.Offered, d.Answered, d.Abandoned, d.Overflowed, d.Callbacks, d.Refused}); got != want[q] {
			c.t.Errorf("the facts give of %s %+v, the records %+v:\n%s", q, got, want[q], visits(records))
		}
	}
}

// entries is how often it was told that a call waits.
func (c *centre) entries(call ctid.CallID) (n int) {
	for _, ev := range c.events {
		switch ev.Body.(type) {
		case ctid.CallQueued, ctid.CallWaitingChanged:
			if ev.Call == call {
				n++
			}
		}
	}
	return n
}

// noticed are a record's visits without those of which callers notice nothing, and which are in no figure: one of no time at all behind a
// conversation, of a caller who hung up about when his agent was lost.
func noticed(r *ctid.CallRecord, entered int) (out []ctid.QueueVisit) {
	for i, v := range r.Queues {
		if v.Exit == ctid.ExitAbandoned && v.WaitMS == 0 && entered < len(r.Queues) && i > 0 && r.Queues[i-1].Exit == ctid.ExitAnswered {
			continue
		}
		out = append(out, v)
	}
	return out
}

// with counts a visit.
func (x columns) with(v ctid.QueueVisit) columns {
	row, _ := ctid.Endings(v.Exit)
	switch row.SLColumn {
	case "answered":
		x.answered++
	case "abandoned":
		x.abandoned++
	case "overflowed":
		x.overflowed++
	case "callback":
		x.callbacks++
	case "":
		x.refused++
		return x
	}
	x.offered++
	return x
}

func visits(records []*ctid.CallRecord) (out string) {
	for _, r := range records {
		out += fmt.Sprintf("%s %s:", r.ID, r.Outcome)
		for _, v := range r.Queues {
			out += fmt.Sprintf(" %s %s %d ms;", v.Queue, v.Exit, v.WaitMS)
		}
		out += "\n"
	}
	return out
}
