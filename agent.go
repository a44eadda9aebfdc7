package ctid

import "time"

// AgentState is what an agent is doing for the ACD: his voice slot's state, or that of his strongest work if he has none.
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

// Doing is what an agent who is talking does in it.
type Doing string

// What a talking agent can be doing.
const (
	DoingTalk       Doing = "talk"
	DoingHold       Doing = "hold"       // his caller is on hold
	DoingConsult    Doing = "consult"    // he asks a colleague, or is asked by one
	DoingConference Doing = "conference" // three or more hear each other
	DoingDialing    Doing = "dialing"    // a call that he makes is not answered yet
	DoingDirect     Doing = "direct"     // a call that his phone made or got past ctid
	DoingMonitor    Doing = "monitor"    // a supervisor who listens in
	DoingRescue     Doing = "rescue"     // his phone was lost in mid-call and is rung again
)

// Medium is a kind of work. An agent's state is that of his voice slot; work of other media stands beside it.
type Medium string

// Media.
const (
	Voice Medium = "voice"
	Chat  Medium = "chat"
	Email Medium = "email"
)

// Media lists every medium.
var Media = []Medium{Voice, Chat, Email}

// SlotUse is how many pieces of work of a medium an agent has, of how many. Paused says why he is offered none of it.
type SlotUse struct {
	Max    int    `json:"max"`
	Used   int    `json:"used"`
	Paused string `json:"paused,omitempty"`
}

// MediaUse is an agent's slots by medium; a medium that he does not work in is left out.
type MediaUse struct {
	Voice SlotUse `json:"voice,omitzero"`
	Chat  SlotUse `json:"chat,omitzero"`
	Email SlotUse `json:"email,omitzero"`
}

// Of is the place of a medium, nil for one that there is not.
func (u *MediaUse) Of(m Medium) *SlotUse {
	switch m {
	case Voice:
		return &u.Voice
	case Chat:
		return &u.Chat
	case Email:
		return &u.Email
	}
	return nil
}

// ItemState is where a piece of work other than a call stands.
type ItemState string

// Item states.
const (
	ItemOffered ItemState = "offered"
	ItemActive  ItemState = "active"
	ItemWrapUp  ItemState = "wrapup"
)

// WorkItem is a piece of work other than a call that an agent has. Its wrap-up names the task where a call's names the call.
type WorkItem struct {
	Task   TaskID    `json:"task"`
	Medium Medium    `json:"medium"`
	Queue  QueueID   `json:"queue"`
	State  ItemState `json:"state"`
	Since  time.Time `json:"since"`
	Offer  OfferID   `json:"offer,omitempty"` // while it is offered
	Wrap   *Wrap     `json:"wrap"`            // while it is written up
}

// Next is the state an agent has asked for and gets when his work is over.
type Next struct {
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	By     string     `json:"by,omitempty"`
	Locked bool       `json:"locked,omitempty"` // a supervisor's, which he cannot change
}

// Wrap is one wrap-up: the time after a call that belongs to its paperwork.
type Wrap struct {
	ID      WrapID    `json:"id"`
	Call    CallID    `json:"call"`
	Queue   QueueID   `json:"queue,omitempty"` // whose outcomes are to choose from
	Until   time.Time `json:"until"`
	Forced  bool      `json:"forced"` // a disposition is owed
	Overrun bool      `json:"overrun"`
	Late    bool      `json:"late,omitempty"` // it overruns by more than a minute: supervisors are to know
	Extends int       `json:"extends_left"`
}

// AgentView is everything an outsider may know of an agent's state. Times are UTC, durations milliseconds.
type AgentView struct {
	Agent  AgentID    `json:"agent"`
	Rev    uint64     `json:"rev"`
	State  AgentState `json:"state"`
	Was    AgentState `json:"was,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Doing  Doing      `json:"doing,omitempty"`
	Since  time.Time  `json:"since"`
	WasMS  int64      `json:"was_ms"`
	Next   *Next      `json:"next"`
	Offer  OfferID    `json:"offer,omitempty"`
	Call   CallID     `json:"call,omitempty"`
	Wrap   *Wrap      `json:"wrap"`
	Locked bool       `json:"locked,omitempty"` // a supervisor paused him, and only one can end it
	Misses int        `json:"misses"`
	Device bool       `json:"device_ok"`
	Phone  string     `json:"phone,omitempty"` // which of his telephones is meant; empty: the first
	Desk   bool       `json:"desk_awake"`
	Queues []QueueID  `json:"queues"`
	Media  MediaUse   `json:"media,omitzero"`
	Work   []WorkItem `json:"work,omitempty"` // other than the call
	Can    []string   `json:"can"`
}
