// Package report folds the log's facts into the figures of a contact centre: of each queue what became of those who called it today and
// in the last interval, of each agent his day. It is pure: a Fold is given one event after the other and asked at a moment. docs/figures.md
// has the formula of each figure.
package report

import (
	"math"
	"time"

	"ctid"
)

// Counts are what became of stays in a queue that are over. A caller who comes to a queue again has another stay.
type Counts struct {
	Answered   int `json:"answered,omitempty"`
	Abandoned  int `json:"abandoned,omitempty"`
	Overflowed int `json:"overflowed,omitempty"` // sent on, or back to their scripts
	Callbacks  int `json:"callbacks,omitempty"`  // left to be called back: no abandonment
	Refused    int `json:"refused,omitempty"`    // never let in; shown, and in no other figure

	AnsweredIn  int           `json:"answered_in,omitempty"`  // within the target
	AbandonedIn int           `json:"abandoned_in,omitempty"` // likewise
	Short       int           `json:"short,omitempty"`        // abandoned so soon that they hardly waited
	Waited      time.Duration `json:"waited,omitempty"`       // by the answered

	Handled int           `json:"handled,omitempty"` // conversations that are over, with their wrap-ups
	Talk    time.Duration `json:"talk,omitempty"`    // in them, holds included
	Wrap    time.Duration `json:"wrap,omitempty"`
}

// add adds what another span has counted.
func (c *Counts) add(o Counts) {
	c.Answered += o.Answered
	c.Abandoned += o.Abandoned
	c.Overflowed += o.Overflowed
	c.Callbacks += o.Callbacks
	c.Refused += o.Refused
	c.AnsweredIn += o.AnsweredIn
	c.AbandonedIn += o.AbandonedIn
	c.Short += o.Short
	c.Waited += o.Waited
	c.Handled += o.Handled
	c.Talk += o.Talk
	c.Wrap += o.Wrap
}

// left is how many have left the queue whom it had let in.
func (c Counts) left() int { return c.Answered + c.Abandoned + c.Overflowed + c.Callbacks }

// Levels are the service levels by their four formulas:
//
//	a  answered in time / offered
//	b  answered in time / (offered − abandoned in time)
//	c  (answered in time + abandoned in time) / offered
//	d  answered in time / answered
//
// late is how many wait and have waited for longer than the target. Of the offered who still wait these alone count: of the others
// nobody knows yet.
func (c Counts) Levels(late int) ctid.LevelStats {
	offered := c.left() + late
	return ctid.LevelStats{AnsweredIn: c.AnsweredIn, AbandonedIn: c.AbandonedIn, Late: late,
		A: percent(c.AnsweredIn, offered), B: percent(c.AnsweredIn, offered-c.AbandonedIn),
		C: percent(c.AnsweredIn+c.AbandonedIn, offered), D: percent(c.AnsweredIn, c.Answered)}
}

// Span is what desktops are told of a span; waiting is how many wait at its end.
func (c Counts) Span(since time.Time, waiting int) ctid.SpanStats {
	offered := c.left() + waiting
	return ctid.SpanStats{Since: wire(since), Offered: offered, Answered: c.Answered, Abandoned: c.Abandoned, ShortAbandoned: c.Short,
		Overflowed: c.Overflowed, Callbacks: c.Callbacks, Refused: c.Refused, Handled: c.Handled,
		ASAMS: mean(c.Waited, c.Answered), AHTMS: mean(c.Talk+c.Wrap, c.Handled),
		Abandonment: percent(c.Abandoned, offered), LongAbandoned: percent(c.Abandoned-c.Short, offered-c.Short)}
}

// percent is a part of a whole, with one decimal; nil where there is no whole.
func percent(part, whole int) *float64 {
	if whole <= 0 {
		return nil
	}
	return share(float64(part), float64(whole))
}

func share(part, whole float64) *float64 {
	x := math.Round(1000*part/whole) / 10
	return &x
}

// mean is in milliseconds; nil where there is nothing to divide by.
func mean(sum time.Duration, n int) *int64 {
	if n <= 0 {
		return nil
	}
	ms := (sum / time.Duration(n)).Milliseconds()
	return &ms
}

// wire is a time as desktops get it.
func wire(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
