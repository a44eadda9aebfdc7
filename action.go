package ctid

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Role is what a user may do; docs/events.md has the table.
type Role string

// Roles.
const (
	RoleAgent       Role = "agent"
	RoleSupervisor  Role = "supervisor"
	RoleAdmin       Role = "admin"
	RoleIntegration Role = "integration"
	RoleWallboard   Role = "wallboard" // sees the figures of queues, and nothing else
)

// Roles lists every role.
var Roles = []Role{RoleAgent, RoleSupervisor, RoleAdmin, RoleIntegration, RoleWallboard}

// Who asks: an authenticated user, his roles and, if he is one, his agent.
type Who struct {
	User    string
	Roles   []Role
	Agent   AgentID
	Teams   []string  // those he supervises; for a supervisor, and a wallboard, none means all
	Scopes  []string  // what an integration's key allows, such as events:read
	Session string    // of the websocket, or empty
	Req     string    // the request's id within the session
	Until   time.Time // when his token ends
	TokenID string    // what the issuer knows his token by; it opens nothing
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

// OnlyWatches tells whether w is a wallboard and nothing else: it sees figures, and can do nothing.
func (w Who) OnlyWatches() bool { return len(w.Roles) == 1 && w.Roles[0] == RoleWallboard }

// Target is whom a call or a message goes to. Kind is agent, queue, number, ext, ivr, park; of messages agent, team, supervisor.
// ID names it, except a number, which is in E164.
type Target struct {
	Kind string  `json:"kind"`
	ID   string  `json:"id,omitempty"`
	E164 Private `json:"e164,omitempty"`
}

// Share is which attached data a consulted party sees: "all" (and nothing, the default), "none", or a list of keys.
type Share struct {
	None bool
	Keys []string
}

// UnmarshalJSON reads the three forms.
func (s *Share) UnmarshalJSON(b []byte) error {
	var word string
	if json.Unmarshal(b, &word) == nil {
		switch word {
		case "", "all":
			*s = Share{}
			return nil
		case "none":
			*s = Share{None: true}
			return nil
		}
		return fmt.Errorf("share is %q; use all, none or a list of keys", word)
	}
	s.None = false
	return json.Unmarshal(b, &s.Keys)
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (s Share) MarshalJSON() ([]byte, error) {
	switch {
	case s.None:
		return []byte(`"none"`), nil
	case s.Keys == nil:
		return []byte(`"all"`), nil
	}
	return json.Marshal(s.Keys)
}

// IsZero tells whether s is the default.
func (s Share) IsZero() bool { return !s.None && s.Keys == nil }

// Sees tells whether a consulted party sees the key.
func (s Share) Sees(key string) bool { return s.IsZero() || slices.Contains(s.Keys, key) }

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
	// AgentWrapUpDone ends a wrap-up. Fields are values to attach to the call. Then is ready (default), paused or out. For an hour
	// after the wrap-up is over it edits the call's record and nothing else.
	AgentWrapUpDone struct {
		Wrap        WrapID                  `json:"wrap"`
		Disposition string                  `json:"disposition,omitempty"`
		Notes       Private                 `json:"notes,omitempty"`
		Fields      map[string]PrivateValue `json:"fields,omitempty"`
		Then        AgentState              `json:"then,omitempty"`
		Reason      string                  `json:"reason,omitempty"`
	}
	// AgentSetDevice changes which of his devices the agent is rung at, while he is paused. Test rings it.
	AgentSetDevice struct {
		Device string `json:"device"`
		Test   bool   `json:"test,omitempty"`
	}
	// AgentExtendWrapUp makes a wrap-up longer by MS milliseconds.
	AgentExtendWrapUp struct {
		Wrap WrapID `json:"wrap"`
		MS   int64  `json:"ms"`
	}
	// CallAnswer answers an offer at the desktop, where the device can be answered from there.
	CallAnswer struct {
		Call  CallID  `json:"call"`
		Offer OfferID `json:"offer"`
	}
	// CallReject refuses an offer; the caller keeps his place.
	CallReject struct {
		Call  CallID  `json:"call"`
		Offer OfferID `json:"offer"`
		Why   string  `json:"why,omitempty"`
	}
	// CallHold puts the others of the talk on hold.
	CallHold struct {
		Call CallID `json:"call"`
	}
	// CallRetrieve takes a held or parked call back.
	CallRetrieve struct {
		Call CallID `json:"call"`
	}
	// CallHangup hangs up the asking agent's leg; as sole owner that ends the call.
	CallHangup struct {
		Call CallID `json:"call"`
	}
	// CallDTMF sends keys to the others of the talk: 0-9, A-D, * and #, 32 at most. Secret ones are never logged.
	CallDTMF struct {
		Call   CallID  `json:"call"`
		Digits Private `json:"digits"`
		Secret bool    `json:"secret,omitempty"`
	}
	// CallConsult holds the caller and calls a third party. Share is which attached data that party sees: all (default),
	// none, or keys.
	CallConsult struct {
		Call  CallID `json:"call"`
		To    Target `json:"to"`
		Share Share  `json:"share,omitzero"`
	}
	// CallTransferComplete joins the caller and the consulted party, and takes the asking agent out.
	CallTransferComplete struct {
		Call CallID `json:"call"`
	}
	// CallTransferCancel ends the consultation and takes the caller back.
	CallTransferCancel struct {
		Call CallID `json:"call"`
	}
	// CallSwap changes between the caller and the consulted party.
	CallSwap struct {
		Call CallID `json:"call"`
	}
	// CallTransferBlind hands the call on without asking. OnFail is what becomes of a caller whom nobody takes there: back
	// (default), queue or hangup.
	CallTransferBlind struct {
		Call   CallID `json:"call"`
		To     Target `json:"to"`
		OnFail string `json:"on_fail,omitempty"`
	}
	// CallConference lets caller, agent and consulted party hear each other.
	CallConference struct {
		Call CallID `json:"call"`
	}
	// CallDropParty takes one party out of a conference.
	CallDropParty struct {
		Call CallID `json:"call"`
		Leg  LegID  `json:"leg"`
	}
	// CallPark parks the call in a slot. BackTo is where it goes when nobody picks it up in time; by default the asking agent.
	CallPark struct {
		Call   CallID  `json:"call"`
		BackTo *Target `json:"back_to,omitempty"`
	}
	// CallPickup takes a call that is parked, waits or rings elsewhere; one of the three names it.
	CallPickup struct {
		Call  CallID  `json:"call,omitempty"`
		Offer OfferID `json:"offer,omitempty"`
		Slot  string  `json:"slot,omitempty"`
	}
	// CallSetData attaches values to the call. With IfRev it does so only if that is still the data's revision.
	CallSetData struct {
		Call  CallID                  `json:"call"`
		Set   map[string]PrivateValue `json:"set,omitempty"`
		Unset []string                `json:"unset,omitempty"`
		IfRev *int                    `json:"if_rev,omitempty"`
	}
	// CallDial calls somebody: first the asking agent's phone, then the other side. As is the number shown, if allowed.
	CallDial struct {
		To       Target                  `json:"to"`
		As       string                  `json:"as,omitempty"`
		Queue    QueueID                 `json:"queue,omitempty"`
		Customer CustomerID              `json:"customer,omitempty"`
		Data     map[string]PrivateValue `json:"data,omitempty"`
	}
	// PopChoose says who of the candidates the caller is; empty: nobody of them.
	PopChoose struct {
		Pop      PopID      `json:"pop"`
		Customer CustomerID `json:"customer"`
	}
	// MonitorStart lets a supervisor into a call: by its id, or by the agent who talks. Mode: listen, whisper, barge.
	MonitorStart struct {
		Call  CallID  `json:"call,omitempty"`
		Agent AgentID `json:"agent,omitempty"`
		Mode  string  `json:"mode"`
	}
	// MonitorMode changes how the asking supervisor is in the call.
	MonitorMode struct {
		Call CallID `json:"call"`
		Mode string `json:"mode"`
	}
	// MonitorStop takes him out again.
	MonitorStop struct {
		Call CallID `json:"call"`
	}
	// MonitorTakeover makes him the call's owner; the agent's part is over.
	MonitorTakeover struct {
		Call CallID `json:"call"`
	}
	// TeamForceState changes an agent's state as if he had asked. Hard also ends his work, and is for admins only.
	TeamForceState struct {
		Agent  AgentID    `json:"agent"`
		State  AgentState `json:"state"`
		Reason string     `json:"reason,omitempty"`
		Hard   bool       `json:"hard,omitempty"`
	}
	// QueueMove puts a waiting call into another queue. The time that it has waited goes with it.
	QueueMove struct {
		Call  CallID  `json:"call"`
		Queue QueueID `json:"queue"`
	}
	// QueuePrioritise gives a waiting call another priority, 0 to 100.
	QueuePrioritise struct {
		Call     CallID `json:"call"`
		Priority *int   `json:"priority"`
	}
	// QueueRemove takes a waiting call out of its queue. How is what becomes of the caller: one of Removals.
	QueueRemove struct {
		Call CallID `json:"call"`
		How  string `json:"how"`
	}
	// QueuePick offers a waiting call to an agent past its queue's order; without one, to the agent who asks.
	QueuePick struct {
		Call  CallID  `json:"call"`
		Agent AgentID `json:"agent,omitempty"`
	}
	// QueueWhy asks what keeps each agent of a waiting call's queue from it. It changes nothing.
	QueueWhy struct {
		Call CallID `json:"call"`
	}
	// MessageSend sends a short text to an agent, a team or, from an agent, his supervisors.
	MessageSend struct {
		To       Target    `json:"to"`
		Text     Private   `json:"text"`
		Level    string    `json:"level,omitempty"` // info (default), warn, urgent
		NeedsAck bool      `json:"needs_ack,omitempty"`
		Until    time.Time `json:"until,omitzero"`
	}
	// MessageAck says that the message has been read.
	MessageAck struct {
		Message MessageID `json:"message"`
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

// What becomes of a caller who is removed from a queue.
const (
	RemoveHangup   = "hangup"   // he is hung up
	RemoveScript   = "script"   // his script goes on as if he had waited for too long
	RemoveCallback = "callback" // he is called back in his turn, and his script goes on with callback
)

// Removals lists what can become of a caller who is removed from a queue.
var Removals = []string{RemoveHangup, RemoveScript, RemoveCallback}

// ControlOps are the requests about one call whose possibility the call itself tells (can).
var ControlOps = []string{CallAnswer{}.Op(), CallReject{}.Op(), CallHold{}.Op(), CallRetrieve{}.Op(), CallHangup{}.Op(), CallDTMF{}.Op(),
	CallConsult{}.Op(), CallTransferComplete{}.Op(), CallTransferCancel{}.Op(), CallSwap{}.Op(), CallTransferBlind{}.Op(),
	CallConference{}.Op(), CallDropParty{}.Op(), CallPark{}.Op(), CallSetData{}.Op()}

// Op implements Action; so do the methods below.
func (AgentLogin) Op() string      { return "agent.login" }
func (AgentLogout) Op() string     { return "agent.logout" }
func (AgentReady) Op() string      { return "agent.ready" }
func (AgentPause) Op() string      { return "agent.pause" }
func (AgentCancelNext) Op() string { return "agent.cancel_next" }
func (AgentWrapUpDone) Op() string { return "agent.wrapup_done" }

// The requests about wrap-ups, calls, monitoring, teams, queues and messages.

func (AgentSetDevice) Op() string       { return "agent.set_device" }
func (AgentExtendWrapUp) Op() string    { return "agent.extend_wrapup" }
func (CallAnswer) Op() string           { return "call.answer" }
func (CallReject) Op() string           { return "call.reject" }
func (CallHold) Op() string             { return "call.hold" }
func (CallRetrieve) Op() string         { return "call.retrieve" }
func (CallHangup) Op() string           { return "call.hangup" }
func (CallDTMF) Op() string             { return "call.dtmf" }
func (CallConsult) Op() string          { return "call.consult" }
func (CallTransferComplete) Op() string { return "call.transfer_complete" }
func (CallTransferCancel) Op() string   { return "call.transfer_cancel" }
func (CallSwap) Op() string             { return "call.swap" }
func (CallTransferBlind) Op() string    { return "call.transfer_blind" }
func (CallConference) Op() string       { return "call.conference" }
func (CallDropParty) Op() string        { return "call.drop_party" }
func (CallPark) Op() string             { return "call.park" }
func (CallPickup) Op() string           { return "call.pickup" }
func (CallSetData) Op() string          { return "call.set_data" }
func (CallDial) Op() string             { return "call.dial" }
func (PopChoose) Op() string            { return "pop.choose" }
func (MonitorStart) Op() string         { return "monitor.start" }
func (MonitorMode) Op() string          { return "monitor.mode" }
func (MonitorStop) Op() string          { return "monitor.stop" }
func (MonitorTakeover) Op() string      { return "monitor.takeover" }
func (TeamForceState) Op() string       { return "team.force_state" }
func (QueueMove) Op() string            { return "queue.move" }
func (QueuePrioritise) Op() string      { return "queue.prioritise" }
func (QueueRemove) Op() string          { return "queue.remove" }
func (QueuePick) Op() string            { return "queue.pick" }
func (QueueWhy) Op() string             { return "queue.why" }
func (MessageSend) Op() string          { return "message.send" }
func (MessageAck) Op() string           { return "message.ack" }
func (PopAck) Op() string               { return "pop.ack" }
func (DeskPresence) Op() string         { return "desk.presence" }

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
