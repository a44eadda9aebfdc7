package ctid

import "time"

// By says who caused an event.
type By struct {
	Kind string `json:"kind"` // system, agent, supervisor, phone, caller, timer, admin
	ID   string `json:"id,omitempty"`
	Req  string `json:"req,omitempty"` // <session>/<request id>
}

// BySystem is the cause of what ctid does by itself.
var BySystem = By{Kind: "system"}

// Event is one fact, stamped by the desk with the next number of the log.
type Event struct {
	Seq   uint64
	Epoch string
	At    time.Time
	By    By
	Rev   uint64   // rises with each event of the same entity (the call, the agent, the pop, the link)
	Call  CallID   // subject, where there is one
	Agent AgentID  // the agent concerned
	Queue QueueID  // the queue concerned
	Pop   PopID    // the pop concerned
	Can   []string // the requests now possible for the agents in the audience
	Body  Body

	Agents []AgentID // whose "me" topic carries it; computed once, when stamped
}

// Body is what an Event says: one of the types below. Kind is its name on the wire and in the log.
type Body interface{ Kind() string }

// Version of every event body below; it rises when a body changes so that readers of old rows can tell.
const BodyVersion = 1

// LegView is a leg as desktops see it.
type LegView struct {
	Leg   LegID   `json:"leg"`
	Role  string  `json:"role"` // caller, agent, consult, monitor
	Agent AgentID `json:"agent,omitempty"`
	State string  `json:"state"` // dialing, ringing, up, gone
}

// The event bodies.
type (
	// PopOffered tells an agent who is about to ring him. It leaves before the ring command.
	PopOffered struct{ PopData }
	// PopUpdated changes a pop; Patch is an RFC 7396 merge patch of its data, arrays whole.
	PopUpdated struct {
		Why   string         `json:"why"`
		Patch map[string]any `json:"patch"`
		Data  PopData        `json:"-"` // the whole after the patch, for the hub's own view
	}
	// PopClosed ends a pop: done, answered_elsewhere, rejected, missed, revoked, caller_gone, moved, taken_over, expired.
	PopClosed struct {
		Why string `json:"why"`
	}
	// PopSeen says that a page has acknowledged a pop; it is logged, and sent to nobody.
	PopSeen struct {
		What   string `json:"what"` // shown, opened, failed
		Detail string `json:"detail,omitempty"`
		SeenMS int64  `json:"seen_ms"`
	}
	// CallArrived: a call entered Stasis.
	CallArrived struct {
		Dir   string `json:"dir"`
		ANI   Number `json:"ani"`
		DNIS  DNIS   `json:"dnis"`
		Trunk string `json:"trunk,omitempty"`
		PBX   NodeID `json:"pbx"`
	}
	// CallQueued: the call waits in a queue.
	CallQueued struct {
		Position int    `json:"position"`
		Priority int    `json:"priority"`
		From     string `json:"from,omitempty"` // script/node
	}
	// CallLeftQueue: the call left a queue otherwise than to an agent.
	CallLeftQueue struct {
		Exit   QueueExit `json:"exit"`
		WaitMS int64     `json:"wait_ms"`
	}
	// CallDelivered: the agent's phone has been asked to ring.
	CallDelivered struct {
		Leg    LegID   `json:"leg"`
		Offer  OfferID `json:"offer"`
		Device string  `json:"device"`
		Alert  string  `json:"alert"`
	}
	// CallEstablished: caller and agent are in one bridge.
	CallEstablished struct {
		Talk   string    `json:"talk"`
		Legs   []LegView `json:"legs"`
		WaitMS int64     `json:"wait_ms"`
		RingMS int64     `json:"ring_ms"`
		Since  time.Time `json:"since,omitzero"` // when the conversation began, if an earlier run of the daemon joined it
	}
	// CallDiverted: an offer ended without a conversation; the call goes on as Next says.
	CallDiverted struct {
		FromAgent AgentID `json:"from_agent"`
		Why       string  `json:"why"`
		Next      string  `json:"next"`
	}
	// CallHeld and CallRetrieved: a party put the talk on hold and took it back.
	CallHeld struct {
		Leg  LegID  `json:"leg"`
		Talk string `json:"talk"`
		MOH  string `json:"moh"`
	}
	// CallRetrieved ends a hold.
	CallRetrieved struct {
		Leg    LegID  `json:"leg"`
		HeldMS int64  `json:"held_ms"`
		Why    string `json:"why,omitempty"`
	}
	// CallPartyLeft: a leg left the call.
	CallPartyLeft struct {
		Leg   LegID   `json:"leg"`
		Role  string  `json:"role"`
		Agent AgentID `json:"agent,omitempty"`
		End   End     `json:"end"`
	}
	// CallDataChanged: attached data changed.
	CallDataChanged struct {
		DataRev int        `json:"data_rev"`
		Set     []Attached `json:"set"`
		Unset   []string   `json:"unset"`
	}
	// CallCleared is the one end of a call.
	CallCleared struct {
		End     End    `json:"end"`
		TalkMS  int64  `json:"talk_ms"`
		HoldMS  int64  `json:"hold_ms"`
		QueueMS int64  `json:"queue_ms"`
		Record  CallID `json:"record"`
		Outcome string `json:"outcome"`
	}
	// CallNote is a fact about a call that desktops do not need: a prompt that failed, a late answer, a slow pop.
	CallNote struct {
		What string         `json:"what"`
		Data map[string]any `json:"data,omitempty"` // never personal
	}
	// AgentStateChanged carries the whole view of the agent after the change.
	AgentStateChanged struct{ AgentView }
	// WrapUpSaved: the paperwork of a call was handed in.
	WrapUpSaved struct {
		Wrap        WrapID  `json:"wrap"`
		Disposition string  `json:"disposition,omitempty"`
		Notes       Private `json:"notes,omitempty"`
		WrapMS      int64   `json:"wrap_ms"`
	}
	// LinkChanged: the connection to an Asterisk changed: up, down, recovering, refused, taken.
	LinkChanged struct {
		PBX     NodeID    `json:"pbx"`
		State   string    `json:"state"`
		Since   time.Time `json:"since"`
		Version string    `json:"version,omitempty"`
		Detail  string    `json:"detail,omitempty"`
		Kept    int       `json:"calls_kept"`
		Lost    int       `json:"calls_lost"`
	}
	// ServerDraining: no new calls are taken.
	ServerDraining struct {
		Phase    string `json:"phase"`
		Why      string `json:"why"`
		RetryMS  int64  `json:"retry_ms"`
		SpreadMS int64  `json:"spread_ms"`
	}
	// ConfigChanged: a new configuration is in force; its text lies in a table under Hash.
	ConfigChanged struct {
		Hash string `json:"hash"`
		What string `json:"what"`
	}
	// ClockStepped: the wall clock moved against the monotonic one by more than 2 s.
	ClockStepped struct {
		StepMS int64 `json:"step_ms"`
	}
)

// The names on the wire.

// Kind implements Body; so do the methods below.
func (PopOffered) Kind() string        { return "pop.offered" }
func (PopUpdated) Kind() string        { return "pop.updated" }
func (PopClosed) Kind() string         { return "pop.closed" }
func (PopSeen) Kind() string           { return "pop.seen" }
func (CallArrived) Kind() string       { return "call.arrived" }
func (CallQueued) Kind() string        { return "call.queued" }
func (CallLeftQueue) Kind() string     { return "call.left_queue" }
func (CallDelivered) Kind() string     { return "call.delivered" }
func (CallEstablished) Kind() string   { return "call.established" }
func (CallDiverted) Kind() string      { return "call.diverted" }
func (CallHeld) Kind() string          { return "call.held" }
func (CallRetrieved) Kind() string     { return "call.retrieved" }
func (CallPartyLeft) Kind() string     { return "call.party_left" }
func (CallDataChanged) Kind() string   { return "call.data_changed" }
func (CallCleared) Kind() string       { return "call.cleared" }
func (CallNote) Kind() string          { return "call.note" }
func (AgentStateChanged) Kind() string { return "agent.state_changed" }
func (WrapUpSaved) Kind() string       { return "agent.wrapup_saved" }
func (LinkChanged) Kind() string       { return "link.changed" }
func (ServerDraining) Kind() string    { return "server.draining" }
func (ConfigChanged) Kind() string     { return "config.changed" }
func (ClockStepped) Kind() string      { return "clock.stepped" }

// Bodies is one zero value of each event body: the table that wire, log and docs are held against.
var Bodies = []Body{PopOffered{}, PopUpdated{}, PopClosed{}, PopSeen{}, CallArrived{}, CallQueued{}, CallLeftQueue{},
	CallDelivered{}, CallEstablished{}, CallDiverted{}, CallHeld{}, CallRetrieved{}, CallPartyLeft{}, CallDataChanged{},
	CallCleared{}, CallNote{}, AgentStateChanged{}, WrapUpSaved{}, LinkChanged{}, ServerDraining{}, ConfigChanged{}, ClockStepped{}}
