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
		entered, answers := c.toldOf(r.ID)
		for _, v := range noticed(r, entered, answers) {
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

// toldOf is how often it was told that a call waits, and how often that an agent and its waiting caller came to hear each other.
func (c *centre) toldOf(call ctid.CallID) (entered, answers int) {
	waits := false
	for _, ev := range c.events {
		if ev.Call != call {
			continue
		}
		switch b := ev.Body.(type) {
		case ctid.CallQueued, ctid.CallWaitingChanged:
			waits = true
			entered++
		case ctid.CallEstablished:
			if waits && b.Talk == "main" {
				waits = false
				answers++
			}
		}
	}
	return entered, answers
}

// noticed are a record's visits without those of which callers notice nothing, and which are in no figure: one that ended with an agent who
// was gone before the two heard each other, so that he waits on; one of no time at all behind a conversation, of a caller who hung up
// about when his agent was lost.
func noticed(r *ctid.CallRecord, entered, answers int) (out []ctid.QueueVisit) {
	answered := 0
	for _, v := range r.Queues {
		if v.Exit == ctid.ExitAnswered {
			answered++
		}
	}
	for i, v := range r.Queues {
		again := i+1 < len(r.Queues) && r.Queues[i+1].Queue == v.Queue
		switch {
		case v.Exit == ctid.ExitAnswered && again && answered > answers:
			answered--
		case v.Exit == ctid.ExitAbandoned && v.WaitMS == 0 && entered < len(r.Queues) && i > 0 && r.Queues[i-1].Exit == ctid.ExitAnswered:
		default:
			out = append(out, v)
		}
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
