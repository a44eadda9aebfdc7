package ctid

import (
	"slices"
	"time"
)

// Amendment is the paperwork of a call that may be over already: an agent's disposition, his notes, values that he attaches and
// the time he took. It changes the call's record without touching its end; what is empty changes nothing.
type Amendment struct {
	Call        CallID
	Agent       AgentID
	Disposition string
	Notes       Private
	Fields      []Attached
	WrapMS      int64 // 0: as it was
}

// Apply changes a record. A secret of the script's keeps its value.
func (a *Amendment) Apply(r *CallRecord) {
	if a.Disposition != "" {
		r.Disposition = a.Disposition
	}
	if a.Notes != "" {
		r.Notes = a.Notes
	}
	r.Attached = slices.Clone(r.Attached)
	for _, f := range a.Fields {
		switch i := slices.IndexFunc(r.Attached, func(x Attached) bool { return x.Key == f.Key }); {
		case i < 0:
			r.Attached = append(r.Attached, f)
		case !r.Attached[i].Secret:
			r.Attached[i] = f
		}
	}
	for i := len(r.Agents) - 1; i >= 0 && a.WrapMS > 0; i-- {
		if r.Agents[i].Agent == a.Agent {
			r.Agents[i].WrapMS = a.WrapMS
			return
		}
	}
}

// Kinds of a Delivery.
const (
	DeliverContact     = "contact"     // a call is over
	DeliverDisposition = "disposition" // its paperwork came after the end
)

// Delivery is one thing a CRM has still to be told. (Call, Kind) names it for ever: a connector that is given the same
// pair twice must act once.
type Delivery struct {
	ID      int64
	Call    CallID
	Kind    string
	Created time.Time
	Attempt int // 1 at the first claim
	Record  CallRecord
}
