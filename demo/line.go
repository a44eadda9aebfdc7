package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"ctid"
)

// Line is what is told of one call. Times are in milliseconds; what a call never came to is null.
type Line struct {
	Call          *ctid.CallID     `json:"call"`
	N             int              `json:"n"` // the how-manieth the demo made; 0: somebody else's
	At            time.Time        `json:"at"`
	ANI           string           `json:"ani"` // E.164, or withheld
	DNIS          string           `json:"dnis"`
	Script        string           `json:"script"`
	Queue         *ctid.QueueID    `json:"queue"`
	Agent         *ctid.AgentID    `json:"agent"`
	WaitMS        int64            `json:"wait_ms"`
	PopMS         *int64           `json:"pop_ms"` // from the decision until the pop was written to the desktop
	PopBeforeRing *bool            `json:"pop_before_ring"`
	ConnectedMS   *int64           `json:"connected_ms"` // from the arrival until caller and agent were joined
	TalkMS        int64            `json:"talk_ms"`
	Outcome       string           `json:"outcome"`
	Record        *ctid.CallID     `json:"record"` // the call's id when its record with its end is in the store
	Customer      *ctid.CustomerID `json:"customer"`
	CustomerName  *string          `json:"customer_name"`
	Simulated     bool             `json:"simulated"`
	Lacks         []string         `json:"lacks"`

	shown string
}

// newLine tells a call by its record, which may be nil, and whoever called, nil for somebody unknown.
func newLine(g *guest, r *ctid.CallRecord, names map[ctid.CustomerID]string) *Line {
	l := &Line{ANI: "withheld", DNIS: Number, Outcome: "unknown", At: time.Now().UTC(), Lacks: []string{}}
	if g != nil {
		l.N, l.At = g.n, g.dialled.UTC()
		if g.number != "" {
			l.ANI = g.number
		}
	}
	if r == nil {
		return l
	}
	l.Call, l.At, l.DNIS, l.Script = &r.ID, r.Arrived, r.DNIS.Number, r.IVR.Script
	l.WaitMS, l.TalkMS, l.Outcome = r.WaitMS, r.TalkMS, r.Outcome
	if r.ANI.E164 != "" {
		l.ANI, l.shown = string(r.ANI.E164), string(r.ANI.Shown)
	}
	if n := len(r.Queues); n > 0 {
		l.Queue = &r.Queues[n-1].Queue
	}
	if o := lastOffer(r); o != nil {
		l.Agent, l.PopMS = &o.Agent, &o.PopMS
		if o.PopBeforeRing != "none" {
			before := o.PopBeforeRing == "true"
			l.PopBeforeRing = &before
		}
	}
	if !r.Connected.IsZero() {
		ms := r.Connected.Sub(r.Arrived).Milliseconds()
		l.ConnectedMS = &ms
	}
	if r.End != nil {
		l.Record = &r.ID
	}
	if r.Customer != "" {
		l.Customer = &r.Customer
		if name, ok := names[r.Customer]; ok {
			l.CustomerName = &name
		}
	}
	return l
}

// lastOffer is the offer that counts: the accepted one, else the last.
func lastOffer(r *ctid.CallRecord) *ctid.OfferRecord {
	if o := accepted(r); o != nil {
		return o
	}
	if n := len(r.Offers); n > 0 {
		return &r.Offers[n-1]
	}
	return nil
}

// title names the call for a person.
func (l *Line) title() string {
	if l.N == 0 {
		return "from " + l.ANI
	}
	return fmt.Sprintf("%d from %s", l.N, l.ANI)
}

// outcomes are the words for people.
var outcomes = map[string]string{
	"abandoned": "gave up waiting", "hangup_in_script": "hung up in the script", "unknown": "no record",
}

func (l *Line) write(out io.Writer, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(out).Encode(l) // nobody is left to tell
		return
	}
	fmt.Fprintln(out, l.text())
}

func (l *Line) text() string {
	var b strings.Builder
	if l.Simulated {
		b.WriteString("simulated  ")
	}
	number := l.shown
	if number == "" {
		number = l.ANI
	}
	who := "not a customer"
	if l.CustomerName != nil {
		who = *l.CustomerName
	}
	fmt.Fprintf(&b, "%s  %3d  %-15s  %-30.30s  %-8s %-6s ", l.At.Local().Format("15:04:05"), l.N, number, who, or(l.Queue), or(l.Agent))
	fmt.Fprintf(&b, "waited %4.1f s  ", float64(l.WaitMS)/1000)
	if l.PopBeforeRing != nil {
		pop := "after the ring"
		if *l.PopBeforeRing {
			pop = "first"
		}
		fmt.Fprintf(&b, "pop %s (%d ms)  ", pop, *l.PopMS)
	}
	if l.ConnectedMS != nil {
		fmt.Fprintf(&b, "talked %4.1f s  ", float64(l.TalkMS)/1000)
	}
	word := l.Outcome
	if w, ok := outcomes[word]; ok {
		word = w
	}
	b.WriteString(word)
	if len(l.Lacks) > 0 {
		b.WriteString("  LACKS " + strings.Join(l.Lacks, "; "))
	}
	return b.String()
}

// or writes a name that may not be there.
func or[T ~string](s *T) string {
	if s == nil {
		return "-"
	}
	return string(*s)
}
