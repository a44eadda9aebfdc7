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
	// Cans are the requests now possible by agent, where they differ: an event about a call that several agents are on.
	Cans map[AgentID][]string
	Body Body

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
	State string  `json:"state"`          // dialing, ringing, up, gone
	Mode  string  `json:"mode,omitempty"` // of a monitor: listen, whisper, barge
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
	// CallArrived: a call entered Stasis. Leg is the caller's own channel, by whose id the records of Asterisk know the call.
	CallArrived struct {
		Dir   string `json:"dir"`
		Leg   LegID  `json:"leg"`
		ANI   Number `json:"ani"`
		DNIS  DNIS   `json:"dnis"`
		Trunk string `json:"trunk,omitempty"`
		PBX   NodeID `json:"pbx"`
	}
	// CallQueued: the call waits in a queue. Of a callback nobody is on the line.
	CallQueued struct {
		Position int    `json:"position"`
		Priority int    `json:"priority"`
		From     string `json:"from,omitempty"` // script/node
		Callback bool   `json:"callback,omitempty"`
	}
	// CallLeftQueue: the call left a queue otherwise than to an agent. Key is what the caller pressed for it, if he did.
	CallLeftQueue struct {
		Exit   QueueExit `json:"exit"`
		WaitMS int64     `json:"wait_ms"`
		Key    string    `json:"key,omitempty"`
	}
	// CallWaitingChanged: a waiting call has another place: What is moved or prioritised, by a supervisor, or overflowed: its queue
	// has sent it on. From is the queue before, where that is another one, Why what sent it on, Since when it began to wait.
	CallWaitingChanged struct {
		Position int       `json:"position"`
		Priority int       `json:"priority"`
		What     string    `json:"what"`
		From     QueueID   `json:"from,omitempty"`
		Why      QueueExit `json:"why,omitempty"`
		Since    time.Time `json:"since,omitzero"`
		Callback bool      `json:"callback,omitempty"`
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
	// CallDiverted: an offer ended without a conversation; the call goes on as Next says: waiting_same_place, ringing_elsewhere
	// (at others of whom one may have it), answered (by one of those), asked_elsewhere, script (which had him rung).
	CallDiverted struct {
		FromAgent AgentID `json:"from_agent"`
		Why       string  `json:"why"`
		Next      string  `json:"next"`
	}
	// CallHeld and CallRetrieved: a party put the talk on hold and took it back. Why is empty, or rescue: the agent's phone
	// was lost and is rung again.
	CallHeld struct {
		Leg  LegID  `json:"leg"`
		Talk string `json:"talk"`
		MOH  string `json:"moh"`
		Why  string `json:"why,omitempty"`
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
	// CallOriginated: an agent has made a call. First says whose phone is rung first: agent.
	CallOriginated struct {
		Dir     string `json:"dir"`
		Leg     LegID  `json:"leg"`
		To      Target `json:"to"`
		ShownAs string `json:"shown_as,omitempty"`
		First   string `json:"first"`
	}
	// CallProgress: the other side of a call that ctid makes rings.
	CallProgress struct {
		Leg        LegID  `json:"leg"`
		What       string `json:"what"` // ringing
		EarlyMedia bool   `json:"early_media"`
	}
	// CallConsulted: the agent asks a third party beside the call. State is ringing, up, swapped_main (he is with the caller)
	// or over; Why says how it was over: cancelled, busy, no_answer, rejected, gone.
	CallConsulted struct {
		Talk   string `json:"talk"`
		Leg    LegID  `json:"leg"`
		To     Target `json:"to"`
		State  string `json:"state"`
		Shared Share  `json:"data_shared"`
		Why    string `json:"why,omitempty"`
	}
	// CallConferenced: all who are in Legs hear each other.
	CallConferenced struct {
		Talk  string    `json:"talk"`
		Legs  []LegView `json:"legs"`
		Owner AgentID   `json:"owner,omitempty"`
	}
	// CallTransferred: the call has gone on from one to another. How is blind, consult, takeover, pickup, park; Seen is after where the phone
	// did it and ctid was told afterwards; Merged is the other call of two that became one.
	CallTransferred struct {
		How      string  `json:"how"`
		From     Target  `json:"from"`
		To       Target  `json:"to"`
		NowOwner AgentID `json:"now_owner,omitempty"`
		Merged   CallID  `json:"merged,omitempty"`
		Seen     string  `json:"seen,omitempty"`
	}
	// CallParked: the caller waits in a slot.
	CallParked struct {
		Slot   string    `json:"slot"`
		Until  time.Time `json:"until"`
		BackTo Target    `json:"back_to"`
	}
	// CallFailed: a leg that ctid made did not come up. Step is dial, consult, transfer, monitor; Next is cleared, held, back, queue, script.
	CallFailed struct {
		Leg    LegID  `json:"leg"`
		Step   string `json:"step"`
		Reason string `json:"reason"` // busy, no_answer, rejected, unreachable, failed, refused by the dial rules
		Q850   int    `json:"q850,omitempty"`
		SIP    int    `json:"sip,omitempty"`
		Next   string `json:"next"`
	}
	// CallMonitoringChanged: a supervisor listens, whispers, has joined or has left (mode none).
	CallMonitoringChanged struct {
		Mode      string `json:"mode"`
		Was       string `json:"was,omitempty"`
		Leg       LegID  `json:"leg"`
		ToldAgent bool   `json:"told_agent"`
	}
	// CallDataChanged: attached data changed.
	CallDataChanged struct {
		DataRev int        `json:"data_rev"`
		Set     []Attached `json:"set"`
		Unset   []string   `json:"unset"`
		// Was are the values before, of the keys that had one and no secret.
		Was map[string]PrivateValue `json:"was,omitempty"`
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
	// CallbackScheduled: the caller is to be called back. How is keeps_place: in the turn of the place that he had in the queue, or
	// in_turn: behind those who wait already. Callback is also the id of the first call that is made for it. Why is asked (by him) or
	// removed (by a supervisor). First is who is rung first, agent or customer. Until is when the last attempt may begin.
	CallbackScheduled struct {
		Callback CallbackID `json:"callback"`
		How      string     `json:"kind"`
		To       Target     `json:"to"`
		Why      string     `json:"why"`
		First    string     `json:"first"`
		Until    time.Time  `json:"until,omitzero"`
	}
	// CallbackAttempted: an attempt to call somebody back came to nothing. Result is busy, rejected, unreachable, failed,
	// agent_gone, no_answer, no_confirm (nobody took the call who was asked to), hung_up, lost (ctid or its Asterisk was), or why its queue did not take it; NextAt is when the next begins, by a call of the id NextCall; without one it was the last.
	CallbackAttempted struct {
		Callback CallbackID `json:"callback"`
		N        int        `json:"n"`
		Of       int        `json:"of"`
		Result   string     `json:"result"`
		NextAt   time.Time  `json:"next_at,omitzero"`
		NextCall CallID     `json:"next_call,omitempty"`
	}
	// CallbackClosed ends a callback. Why is talked, attempts (none is left), window (its time is over) or removed.
	CallbackClosed struct {
		Callback CallbackID `json:"callback"`
		Why      string     `json:"why"`
		Attempts int        `json:"attempts"`
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
		// Fields are the values that the agent has attached with it.
		Fields []Attached `json:"fields,omitempty"`
		WrapMS int64      `json:"wrap_ms"`
		Late   bool       `json:"late,omitempty"` // after the wrap-up was over
	}
	// MessageReceived: a short text between people.
	MessageReceived struct {
		Message  MessageID `json:"message"`
		To       Target    `json:"to"`
		Text     Private   `json:"text"`
		Level    string    `json:"level"`
		NeedsAck bool      `json:"needs_ack"`
		Until    time.Time `json:"until,omitzero"`
	}
	// MessageAcked: one of those it went to has read it.
	MessageAcked struct {
		Message MessageID `json:"message"`
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
func (PopOffered) Kind() string      { return "pop.offered" }
func (PopUpdated) Kind() string      { return "pop.updated" }
func (PopClosed) Kind() string       { return "pop.closed" }
func (PopSeen) Kind() string         { return "pop.seen" }
func (CallArrived) Kind() string     { return "call.arrived" }
func (CallQueued) Kind() string      { return "call.queued" }
func (CallLeftQueue) Kind() string   { return "call.left_queue" }
func (CallDelivered) Kind() string   { return "call.delivered" }
func (CallEstablished) Kind() string { return "call.established" }
func (CallDiverted) Kind() string    { return "call.diverted" }
func (CallHeld) Kind() string        { return "call.held" }
func (CallRetrieved) Kind() string   { return "call.retrieved" }
func (CallPartyLeft) Kind() string   { return "call.party_left" }
func (CallDataChanged) Kind() string { return "call.data_changed" }
func (CallOriginated) Kind() string  { return "call.originated" }
func (CallProgress) Kind() string    { return "call.progress" }
func (CallConsulted) Kind() string   { return "call.consulted" }
func (CallConferenced) Kind() string { return "call.conferenced" }
func (CallTransferred) Kind() string { return "call.transferred" }
func (CallParked) Kind() string      { return "call.parked" }
func (CallFailed) Kind() string      { return "call.failed" }
func (MessageReceived) Kind() string { return "message.received" }
func (MessageAcked) Kind() string    { return "message.acked" }

// Kind implements Body; so do the methods below.
func (CallWaitingChanged) Kind() string    { return "call.waiting_changed" }
func (CallbackScheduled) Kind() string     { return "callback.scheduled" }
func (CallbackAttempted) Kind() string     { return "callback.attempted" }
func (CallbackClosed) Kind() string        { return "callback.closed" }
func (CallMonitoringChanged) Kind() string { return "call.monitoring_changed" }
func (CallCleared) Kind() string           { return "call.cleared" }
func (CallNote) Kind() string              { return "call.note" }
func (AgentStateChanged) Kind() string     { return "agent.state_changed" }
func (WrapUpSaved) Kind() string           { return "agent.wrapup_saved" }
func (LinkChanged) Kind() string           { return "link.changed" }
func (ServerDraining) Kind() string        { return "server.draining" }
func (ConfigChanged) Kind() string         { return "config.changed" }
func (ClockStepped) Kind() string          { return "clock.stepped" }

// Bodies is one zero value of each event body: the table that wire, log and docs are held against.
var Bodies = []Body{PopOffered{}, PopUpdated{}, PopClosed{}, PopSeen{}, CallArrived{}, CallQueued{}, CallLeftQueue{},
	CallDelivered{}, CallEstablished{}, CallDiverted{}, CallHeld{}, CallRetrieved{}, CallPartyLeft{}, CallDataChanged{},
	CallOriginated{}, CallProgress{}, CallConsulted{}, CallConferenced{}, CallTransferred{}, CallParked{}, CallFailed{},
	CallMonitoringChanged{}, CallWaitingChanged{}, CallbackScheduled{}, CallbackAttempted{}, CallbackClosed{}, MessageReceived{}, MessageAcked{},
	CallCleared{}, CallNote{}, AgentStateChanged{}, WrapUpSaved{}, LinkChanged{}, ServerDraining{}, ConfigChanged{}, ClockStepped{}}
