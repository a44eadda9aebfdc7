package ctid

import "time"

// ScriptInput is an input of a script as one of its steps took it. They have a table of their own beside the log; a call
// can be fed through another version of its script with them.
type ScriptInput struct {
	N       int // in its call, rising
	At      time.Time
	Script  string // a subscript's own name while it runs
	Node    string
	Step    int // from 1
	Verb    string
	Kind    string // start, keys, silence, heard, answer, hangup
	Outcome string // what came of it: an outcome of the step
	Count   int    // of the keys; of a masked question it is all that is kept of them
	Masked  bool
	Told    ScriptTold
}

// ScriptTold is what of an input may tell something about the caller.
type ScriptTold struct {
	Keys   Private      `json:"keys,omitempty"`  // as they were pressed
	Asked  Private      `json:"asked,omitempty"` // what was asked: a statement, an address, a queue
	Answer PrivateValue `json:"answer,omitzero"` // what it gave; without secrets
	// Queues are the figures that the script's conditions saw.
	Queues PrivateValue `json:"queues,omitzero"`
}

// Kinds of a ScriptInput.
const (
	InputStart   = "start"
	InputKeys    = "keys"
	InputSilence = "silence"
	InputHeard   = "heard"
	InputAnswer  = "answer"
	InputHangup  = "hangup"
)

// Scripted is what a record keeps of the set of scripts its call began with, and of what went wrong in them.
type Scripted struct {
	Set        string `json:"set"`                   // 64 hex digits; the call stays on it to its end
	Errors     int    `json:"errors,omitempty"`      // steps that ended in an error
	Failed     int    `json:"failed,omitempty"`      // questions given up after their last try
	LastResort bool   `json:"last_resort,omitempty"` // the site's last resort was needed
}
