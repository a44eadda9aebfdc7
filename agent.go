package ctid

import "time"

// AgentState is what an agent is doing for the ACD (the voice slot).
type AgentState string

// Agent states. Only acd.State moves an agent between them.
const (
	Out      AgentState = "out"
	Ready    AgentState = "ready"
	Reserved AgentState = "reserved"
	Talking  AgentState = "talking"
	WrapUp   AgentState = "wrapup"
	Paused   AgentState = "paused"
)

// Reasons the system itself pauses an agent with; the centre's own pause codes stand beside them.
const (
	ReasonLogin             = "login"
	ReasonNoAnswer          = "no-answer"
	ReasonRejected          = "rejected"
	ReasonDeviceBusy        = "device-busy"
	ReasonDeviceUnreachable = "device-unreachable"
	ReasonDesktopLost       = "desktop-lost"
	ReasonNoDisposition     = "no-disposition"
)

// DeskRule says whether an agent needs an awake desktop to be ready.
type DeskRule string

// Desk rules; required is the default.
const (
	DeskRequired DeskRule = "required"
	DeskOptional DeskRule = "optional"
	DeskNone     DeskRule = "none"
)

// Next is the state an agent has asked for and gets when his work is over.
type Next struct {
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	By     string     `json:"by,omitempty"`
}

// Wrap is one wrap-up: the time after a call that belongs to its paperwork.
type Wrap struct {
	ID      WrapID    `json:"id"`
	Call    CallID    `json:"call"`
	Until   time.Time `json:"until"`
	Forced  bool      `json:"forced"` // a disposition is owed
	Overrun bool      `json:"overrun"`
}

// AgentView is everything an outsider may know of an agent's state. Times are UTC, durations milliseconds.
type AgentView struct {
	Agent  AgentID    `json:"agent"`
	Rev    uint64     `json:"rev"`
	State  AgentState `json:"state"`
	Was    AgentState `json:"was,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Doing  string     `json:"doing,omitempty"` // within talking: talk, hold, consult …
	Since  time.Time  `json:"since"`
	WasMS  int64      `json:"was_ms"`
	Next   *Next      `json:"next"`
	Offer  OfferID    `json:"offer,omitempty"`
	Call   CallID     `json:"call,omitempty"`
	Wrap   *Wrap      `json:"wrap"`
	Misses int        `json:"misses"`
	Device bool       `json:"device_ok"`
	Desk   bool       `json:"desk_awake"`
	Queues []QueueID  `json:"queues"`
	Can    []string   `json:"can"`
}
