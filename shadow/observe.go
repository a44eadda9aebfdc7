// Package shadow stands beside a live app_queue: it keeps an exact account of that queue's own figures, gives the same calls to
// ctid's own distributor in virtual time, and says what it would have done with them. What it knows comes from Asterisk's
// queue_log or from its manager interface; it changes nothing there.
package shadow

import "time"

// Observation is one thing that app_queue was seen to do. What a kind does not have is zero.
type Observation struct {
	At        time.Time
	Kind      Kind
	Queue     string // as app_queue calls it
	Call      string // the unique id of the caller's channel
	Member    string // as app_queue names him: a name, or his interface
	Interface string // of the member, where it is told beside his name
	Position  int    // 1 is the first
	Wait      time.Duration
	Ring      time.Duration
	Talk      time.Duration
	Paused    bool
	Device    Device
	Text      string // of Result: QUEUESTATUS; of Unread: what it is, where it stands and why it cannot be read
	Counters  Counters
}

// Kind says what was observed.
type Kind int

// What can be observed. A queue_log does not tell Rings, Device and what follows it; the manager interface does not tell the
// three ways out of a queue by name, but GivenUp and Left, and the reader works out which it was.
const (
	Other      Kind = iota // nothing that matters here
	Entered                // a caller has entered: Position, 0 where it is not told
	Rings                  // Member's phone rings for him
	Missed                 // it was not answered, or was busy: Ring is how long it rang
	RingOver               // it stopped ringing, for no fault of the member's: Ring
	Answered               // the two talk: Wait, Ring
	Completed              // they do not talk any more, or the member has handed the caller on: Wait, Talk
	Abandoned              // the caller hung up: Wait
	TimedOut               // his time in the queue was over: Wait
	SentOff                // the queue had nobody left for him (leavewhenempty): Wait
	KeyPressed             // he left by a key: Wait

	MemberAdded
	MemberRemoved
	MemberPaused // in Queue; in all of them where it is empty
	MemberBack   // not paused any more, likewise
	Began        // app_queue has begun anew: nobody waits any more

	Up     // from here on everything is told, beginning with the state of all queues
	Down   // nothing is told any more
	Listed // the state of all queues has been told
	Counted
	Waits    // a caller who waits, of that state: Wait, Position
	MemberIs // a member as he is now: Paused, Device
	Left     // the caller is out of the queue; Answered may follow
	GivenUp  // nobody will answer him: Abandoned, TimedOut or SentOff: Wait
	HangsUp  // the channel Call hangs up, of a caller or not
	Gone     // the channel Call is no more
	Result   // Text is QUEUESTATUS of the channel Call
	Unread   // something that could not be read
)

// Device is the state of a member's telephone as far as it matters.
type Device int

// Devices.
const (
	DeviceFree Device = iota // or not known
	DeviceBusy               // rings or talks, for whomever
	DeviceAway               // cannot be reached
)

// Counters are what app_queue itself has counted for one queue since it began, or was told to begin anew.
type Counters struct {
	Completed int // conversations that are over
	GivenUp   int // callers whom nobody answered
	Target    time.Duration
}
