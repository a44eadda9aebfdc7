package ctid

import "time"

// Role is what a user may do; docs/events.md has the table.
type Role string

// Roles.
const (
	RoleAgent       Role = "agent"
	RoleSupervisor  Role = "supervisor"
	RoleAdmin       Role = "admin"
	RoleIntegration Role = "integration"
)

// Who asks: an authenticated user, his roles and, if he is one, his agent.
type Who struct {
	User    string
	Roles   []Role
	Agent   AgentID
	Session string    // of the websocket, or empty
	Req     string    // the request's id within the session
	Until   time.Time // when his token ends
}

// Has tells whether w holds the role.
func (w Who) Has(r Role) bool {
	for _, x := range w.Roles {
		if x == r {
			return true
		}
	}
	return false
}

// Action is a request to the desk: one of the types below. Op is its name on the wire.
type Action interface{ Op() string }

// The actions.
type (
	// AgentLogin puts the asking agent on duty, paused until he says ready.
	AgentLogin struct {
		Device   string `json:"device,omitempty"`
		Takeover bool   `json:"takeover,omitempty"`
	}
	// AgentLogout takes him off duty, at once or after the work in hand.
	AgentLogout struct{}
	// AgentReady makes him ready, at once or after the work in hand.
	AgentReady struct{}
	// AgentPause pauses him with a reason, at once or after the work in hand.
	AgentPause struct {
		Reason string  `json:"reason"`
		Note   Private `json:"note,omitempty"`
	}
	// AgentCancelNext drops the state asked for after the work in hand.
	AgentCancelNext struct{}
	// AgentWrapUpDone ends a wrap-up. Then is ready (default), paused or out.
	AgentWrapUpDone struct {
		Wrap        WrapID     `json:"wrap"`
		Disposition string     `json:"disposition,omitempty"`
		Notes       Private    `json:"notes,omitempty"`
		Then        AgentState `json:"then,omitempty"`
		Reason      string     `json:"reason,omitempty"`
	}
	// CallHangup hangs up the asking agent's leg; as sole owner that ends the call.
	CallHangup struct {
		Call CallID `json:"call"`
	}
	// PopAck says what a page did with a pop: shown, opened, failed.
	PopAck struct {
		Pop    PopID  `json:"pop"`
		Rev    uint64 `json:"rev"`
		What   string `json:"what"`
		Detail string `json:"detail,omitempty"`
	}
	// DeskPresence says whether the agent has an awake desktop; the websocket hub asks it, never a client.
	DeskPresence struct {
		Agent AgentID `json:"agent"`
		Awake bool    `json:"awake"`
	}
)

// Op implements Action; so do the methods below.
func (AgentLogin) Op() string      { return "agent.login" }
func (AgentLogout) Op() string     { return "agent.logout" }
func (AgentReady) Op() string      { return "agent.ready" }
func (AgentPause) Op() string      { return "agent.pause" }
func (AgentCancelNext) Op() string { return "agent.cancel_next" }
func (AgentWrapUpDone) Op() string { return "agent.wrapup_done" }
func (CallHangup) Op() string      { return "call.hangup" }
func (PopAck) Op() string          { return "pop.ack" }
func (DeskPresence) Op() string    { return "desk.presence" }

// Reply answers an action. Phase is started (stamped, acting), done or failed; the last two are final and come once.
type Reply struct {
	Phase   string         `json:"phase"`
	Seq     uint64         `json:"seq,omitempty"`
	Already bool           `json:"already,omitempty"`
	Unsaved bool           `json:"unsaved,omitempty"` // done, but the log could not be written yet
	Data    map[string]any `json:"data,omitempty"`
	Err     *Error         `json:"error,omitempty"`
}

// Phases of a Reply.
const (
	Started = "started"
	Done    = "done"
	Failed  = "failed"
)
