// Package ctid holds the nouns of the system: calls, legs, agents, queues, tasks, pops, records, actions, events
// and errors. It holds values only: nothing here does I/O, starts a goroutine or reads a clock.
package ctid

// Ids. Business ids are made by switchboard or store as a prefix and a ULID (c_, cu_, p_ …); ids made by a core are
// o_<epoch>_<n>; ids of queues and agents are the names the configuration gives them.
type (
	CallID      string // c_…
	LegID       string // ctid.<site>.<call>.<kind><n>; equals the channel id in Asterisk, or the caller's own channel id
	AgentID     string // the agent's name in the configuration
	QueueID     string // the queue's name in the configuration
	TaskID      string // the call id for a waiting call
	OfferID     string // o_<epoch>_<n>
	WrapID      string // w_<epoch>_<n>
	PopID       string // p_…
	CustomerID  string // cu_…
	MessageID   string // m_…
	CallbackID  string // the id of the first call that is made for it
	VoicemailID string // v_…
	NodeID      string // the name of an Asterisk in the configuration
)
