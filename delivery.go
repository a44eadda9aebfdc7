package ctid

import "time"

// Amendment is the paperwork of a call that may be over already: an agent's disposition, his notes and the time he
// took. It changes the call's record without touching its end.
type Amendment struct {
	Call        CallID
	Agent       AgentID
	Disposition string
	Notes       Private
	WrapMS      int64
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
