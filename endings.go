package ctid

// QueueExit is how a task left a queue. docs/states.md has the table of endings; endings_test.go holds it total.
type QueueExit string

// Queue exits.
const (
	ExitAnswered   QueueExit = "answered"
	ExitAbandoned  QueueExit = "abandoned"
	ExitTimeout    QueueExit = "timeout"
	ExitFull       QueueExit = "full"
	ExitClosed     QueueExit = "closed"
	ExitJoinEmpty  QueueExit = "join_empty"
	ExitLeaveEmpty QueueExit = "leave_empty"
	ExitDiverted   QueueExit = "diverted"
	ExitKey        QueueExit = "key"
	ExitCallback   QueueExit = "callback"
	ExitRemoved    QueueExit = "removed"
)

// QueueExits lists every exit, in the order of the table.
var QueueExits = []QueueExit{ExitAnswered, ExitAbandoned, ExitTimeout, ExitFull, ExitClosed, ExitJoinEmpty,
	ExitLeaveEmpty, ExitDiverted, ExitKey, ExitCallback, ExitRemoved}

// Ending is a row of the table of endings: what one queue exit means to each of its readers.
type Ending struct {
	Task     string // how the ACD task ended: taken, abandoned, overflowed, expired, refused
	Outcome  string // the outcome of the script's queue step; empty where the script is over
	SLColumn string // the service-level column it counts in; empty where it is shown but not counted
	QueueLog string // the verb an app_queue reader expects; empty where app_queue writes nothing: who is not let in has not entered
}

// Endings maps every queue exit to its row.
func Endings(e QueueExit) (Ending, bool) {
	r, ok := endings[e]
	return r, ok
}

var endings = map[QueueExit]Ending{
	ExitAnswered:   {"taken", "answered", "answered", "CONNECT"},
	ExitAbandoned:  {"abandoned", "", "abandoned", "ABANDON"},
	ExitTimeout:    {"expired", "timeout", "overflowed", "EXITWITHTIMEOUT"},
	ExitFull:       {"refused", "full", "", ""},
	ExitClosed:     {"refused", "closed", "", ""},
	ExitJoinEmpty:  {"refused", "empty", "", ""},
	ExitLeaveEmpty: {"overflowed", "empty", "overflowed", "EXITEMPTY"},
	ExitDiverted:   {"refused", "timeout", "", ""},
	ExitKey:        {"overflowed", "key", "overflowed", "EXITWITHKEY"},
	ExitCallback:   {"overflowed", "callback", "callback", "EXITWITHKEY"},
	ExitRemoved:    {"overflowed", "timeout", "overflowed", "EXITWITHTIMEOUT"},
}

// OfferEnd is how an offer ended: every offer has exactly one.
type OfferEnd string

// Offer ends.
const (
	OfferAccepted  OfferEnd = "accepted"
	OfferMissed    OfferEnd = "missed"    // the ring time passed: RONA
	OfferRejected  OfferEnd = "rejected"  // the agent or his phone refused, or it was busy
	OfferCancelled OfferEnd = "cancelled" // the caller went, or the offer was revoked
	OfferLost      OfferEnd = "lost"      // the device or the PBX failed
)

// OfferKind is why an agent is offered a task otherwise than by a queue.
type OfferKind string

// Offer kinds. The empty one is an offer of a queue.
const (
	OfferConsult  OfferKind = "consult"  // a colleague asks
	OfferTransfer OfferKind = "transfer" // a colleague hands the call on
	OfferPickup   OfferKind = "pickup"   // he takes it himself: parked, waiting or ringing elsewhere
	OfferDirect   OfferKind = "direct"   // a call for him alone
	OfferCallback OfferKind = "callback" // somebody who wants to be called back; from a queue
)

// Side is who ended a call.
type Side string

// Sides of an end.
const (
	SideCaller Side = "caller"
	SideAgent  Side = "agent"
	SideScript Side = "script"
	SideSystem Side = "system"
)

// End says who ended a call and why: exactly one for each call.
type End struct {
	Side   Side   `json:"side"`
	Reason string `json:"reason"` // hangup, script, no_route, pbx_lost, overload, before_talk, error …
	Q850   int    `json:"q850,omitempty"`
}
