package ctid

import "time"

// States of a Voicemail.
const (
	VoicemailRecording = "recording" // it is being left, or was and has not been fetched
	VoicemailStored    = "stored"    // it lies with us, and still at the node
	VoicemailKept      = "kept"      // it lies with us alone
	VoicemailGone      = "gone"      // it was deleted, and may still lie at the node
)

// Voicemail is a message that a caller leaves in a mailbox. Its row is there before anything is recorded, so that nothing
// that lies at a node is forgotten.
type Voicemail struct {
	ID      VoicemailID
	Mailbox string
	State   string
	Call    CallID
	Node    NodeID        // where it is recorded
	Name    string        // of the recording there
	At      time.Time     // when it was begun
	Least   time.Duration // a shorter one is none
	Length  time.Duration
	Size    int64  // of the file, in bytes
	SHA256  string // of the file, 64 hex digits
	Caller  Number // of whom nothing is known after he was erased
	Person  string // whose it is: a customer, the hash of a number, or s_ and the call
	Erased  bool   // he was erased: the message must go too
}
