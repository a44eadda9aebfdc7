package ctid

import "time"

// LogEntry is one row for the numbered log, on its way to the writer: an input of a core exactly as it was given to it
// (kind in.<core>.<name>), or a fact (an event's kind). The desk stamps it; nobody changes it afterwards.
type LogEntry struct {
	Seq     uint64
	Epoch   string
	At      time.Time
	Kind    string
	V       int
	Subject string  // the call, agent or node it is about
	Queue   QueueID // of a fact, where there is one; so is Agent
	Agent   AgentID
	Body    any    // its Private values are sealed by the store for Person
	Person  string // a customer id, or the keyed hash of an unmatched caller's number; empty where nothing is personal

	// Record, if set, is upserted in the same transaction. A record with an End also writes its interaction and outbox row.
	// It must not change after it was handed over.
	Record *CallRecord
	// Amend, if set, adds paperwork to the record of its call in the same transaction.
	Amend *Amendment
	// Inputs, if any, are kept as what the script of the call took that Subject names.
	Inputs []ScriptInput
	// Done, if set, is called once from the writer's goroutine when the row is on disk (nil), or when it is known not
	// to be there yet (an error; the row stays in the backlog, unless the error says that it was refused or dropped). It must not block.
	Done func(error)
}
