// Package ivr reads a YAML script, proves it sound, and steps through it one input at a time. It is pure: Next takes one
// Input and returns the Steps the world should carry out; no clock, no I/O beyond the fs.FS it loads from.
package ivr

import (
	"time"

	"ctid"
	"ctid/words"
)

// Input is one thing that happened to a session, one of the types below.
type Input interface{ InputKind() string }

// The inputs.
type (
	// Start begins the script for a call.
	Start struct{ Call CallInfo }
	// Key is one digit (0-9 * # A-D), reported when it was let go; Held is for how long it was pressed.
	Key struct {
		Digit string
		Held  time.Duration
	}
	// DoneStep answers the step with that ID. An answer whose ID is not open is dropped and counted.
	DoneStep struct {
		ID     string
		Result Result
	}
	// Tick lets timers act.
	Tick struct{}
	// Resume goes on after Restore: an open question is asked again, an open queue step stays open.
	Resume struct{}
	// Joined: an agent speaks with the caller whose Enqueue is open.
	Joined struct{}
	// Waits: he no longer does, and the caller stands in line again.
	Waits struct{}
	// Hangup: the caller has gone.
	Hangup struct {
		Side  ctid.Side
		Cause int
	}
)

// InputKind implements Input; so do the methods below.
func (Start) InputKind() string    { return "start" }
func (Key) InputKind() string      { return "key" }
func (DoneStep) InputKind() string { return "done" }
func (Tick) InputKind() string     { return "tick" }
func (Resume) InputKind() string   { return "resume" }
func (Joined) InputKind() string   { return "joined" }
func (Waits) InputKind() string    { return "waits" }
func (Hangup) InputKind() string   { return "hangup" }

// CallInfo is what a script may know of its call.
type CallInfo struct {
	ID       string // the call's own; the keys of idempotent requests are made of it
	ANI      string // E.164, or empty if withheld
	DNIS     string
	DIDName  string // the label of the number called
	Language string // empty: the script's first
	Priority int    // 0–100
	// Dialled is the number that an outbound call went to; empty: DNIS.
	Dialled string
	// Contact is the row of an outbound list, by column, as texts.
	Contact map[string]string
}

// Result is how a step went: Outcome is one of the step's outcomes (done, found, answered, timeout, error …).
type Result struct {
	Outcome  string
	Code     string // error.code, with outcome error
	Customer *ctid.Customer
	Value    map[string]any   // what a look-up gave
	Rows     []map[string]any // of a query: column → value (text, float64, bool, nil)
	Status   int              // of an HTTP answer
	Body     any              // of an HTTP answer, as JSON gives it; a text if it is none
}

// Step is one thing the world should do, one of the types below. Steps with an ID expect a DoneStep with that ID; the
// machine makes the ids, unique within the session.
type Step interface{ StepKind() string }

// Part is one piece of a prompt: a recording by name if the site has it in that language, else the text is spoken.
type Part struct {
	Name  string // prompt name, for finding sounds/<lang>/<file>.wav; empty for say and for a prompt with holes
	File  string // the recording's base name, if it is not Name
	Sum   string // the recording's SHA-256 in hex, in the script's set; empty: it has none
	Text  string // in Lang, holes filled
	Lang  string
	Voice string // empty: the site's voice for Lang
	// Private: the text has holes, and so may tell something about the caller; it must not be kept.
	Private bool
	Of      string // the prompt it is of, with holes or without; empty for say
	// Pieces are what Text is made of, if it has holes: so a recorded prompt is cut, and the values between are spoken.
	Pieces []Piece
}

// Piece is a fixed text of a prompt with holes, or what fills one of them.
type Piece struct {
	File  string      // the recording of a fixed text, balance.1; empty: a filled hole, signs alone, or a text of say
	Sum   string      // the recording's SHA-256 in hex, in the script's set; empty: it has none
	Text  string      // as written
	Value words.Value // what fills the hole; without a Kind it is a text
}

// The steps.
type (
	// Answer answers the channel. It precedes the first step with sound unless the script said otherwise.
	Answer struct{ ID string }
	// Play plays the parts one after the other; done when the last has ended, or failed.
	Play struct {
		ID    string
		Parts []Part
	}
	// Stop ends a Play at once; its DoneStep still comes, and is dropped.
	Stop struct{ ID string }
	// Lookup asks who the customer is: by Number, Account or Customer. Answer: found, several, unknown, error.
	Lookup struct {
		ID      string
		Number  string
		Account string
		Cust    ctid.CustomerID
		Within  time.Duration
	}
	// Enqueue puts the caller into a queue. Answer: answered (when the conversation is over and the agent left first),
	// timeout, full, closed, empty, callback, key, no_input. While it is open the machine tells the caller by Play what he is to hear
	// there, and may ask for a BookCallback; booked takes him out of the queue. Joined and Waits say when he is spoken to.
	Enqueue struct {
		ID       string
		Queue    ctid.QueueID
		Priority int // negative: the call's
		AtMost   time.Duration
		Music    string
		Prefer   ctid.AgentID // who is to have him first; empty: as the queue says
		// PreferWait is how long he waits for that agent alone; 0: as the queue says.
		PreferWait time.Duration
		Skills     []Need // all must hold
		// Early: the caller has not been answered, and need not be before an agent is there.
		Early bool
	}
	// Need is a skill an agent must have: at least Level, 0 for any.
	Need struct {
		Skill string
		Level int
	}
	// Standing asks where the caller stands in the queue. Answer: waits, with Value position (from 1), low and high (of the wait
	// to be expected, s) and proven (it may be told); rings, while he is offered to an agent; error. Wait: he is told the wait if it
	// is proven, so that it is to be held against what comes of it.
	Standing struct {
		ID   string
		Wait bool
	}
	// Leave asks to take the caller out of the queue again, for the Key that he has pressed; the Enqueue is then answered with key.
	// Without one he was silent when he was asked whether he stays: it is answered with no_input. Or the ask is ignored, for an agent has him.
	Leave struct {
		ID  string // the Enqueue's
		Key string
	}
	// Attach adds values to the call's data.
	Attach struct{ Values []ctid.Attached }
	// SetLanguage says that the call's language changed; Remember: to be kept with the customer.
	SetLanguage struct {
		Lang     string
		Remember bool
	}
	// Mask says that from now on keys are secret, or no longer are: a masked question is the next one possible. While it
	// is on, keys stay out of logs, events, pops and recordings.
	Mask struct{ On bool }
	// Log is a line about the script for whoever reads the call's record: a skipped prompt, a dropped key.
	Log struct{ Code, Text string }
	// End ends the script: the channel is hung up with Cause (normal, busy, congestion, declined), but not after a Transfer that
	// was answered with gone: Why is then transferred.
	End struct {
		Cause string
		Why   string // script, caller, error code …
	}
)

// StepKind implements Step; so do the methods below.
func (Answer) StepKind() string      { return "answer" }
func (Play) StepKind() string        { return "play" }
func (Stop) StepKind() string        { return "stop" }
func (Lookup) StepKind() string      { return "lookup" }
func (Enqueue) StepKind() string     { return "enqueue" }
func (Standing) StepKind() string    { return "standing" }
func (Leave) StepKind() string       { return "leave" }
func (Attach) StepKind() string      { return "attach" }
func (SetLanguage) StepKind() string { return "language" }
func (Mask) StepKind() string        { return "mask" }
func (Log) StepKind() string         { return "log" }
func (End) StepKind() string         { return "end" }

// Figures are the queue figures a script may ask for, by queue.
type Figures struct {
	Waiting     int
	Longest     time.Duration
	Expected    time.Duration // wait of who would come now; 0 where it is not known
	AgentsReady int
	AgentsIn    int
	Open        bool
}
