package shadow

import (
	"time"

	"ctid"
)

// exit is how a caller left app_queue's queue.
type exit string

// Exits.
const (
	stillIn   exit = "" // he waits, or it was not seen
	answered  exit = "answered"
	abandoned exit = "abandoned"
	timedOut  exit = "timeout"
	sentOff   exit = "empty"
	byKey     exit = "key"
	takenOut  exit = "left" // otherwise: by the dialplan, a redirection, or it was not seen how
)

// place is a caller's place: one channel may be in several queues one after the other.
type place struct{ queue, id string }

// call is one stay of a caller in a queue of app_queue, and the conversation that he left it for.
type call struct {
	n       int
	place   place
	route   ctid.QueueID // ctid's queue; empty: it has none
	entered time.Time
	before  bool          // he was there when the stretch began: his beginning was not seen
	alien   bool          // the two talk since before the stretch
	wait    time.Duration // as app_queue tells it, in whole seconds
	out     time.Time     // of the queue; zero: he waits
	exit    exit

	ringing map[*person]time.Time // whose phones ring for him, and since when
	rangAt  time.Time             // the first of them
	rang    *person
	by      *person // who answered
	ring    time.Duration
	up      time.Time // since when the two talk
	over    time.Time // zero: not seen
	until   time.Time // where it was not seen, when it was over at the latest; zero: not known
	talk    time.Duration

	hungUp bool   // he hung up while he waited
	gaveUp bool   // app_queue said that nobody will answer him
	result string // QUEUESTATUS
}

// ended is how the caller left the queue. Where app_queue only said that nobody will answer him, it is told by QUEUESTATUS,
// if that is told (results), and else by whether he had hung up.
func (c *call) ended(results bool) exit {
	switch {
	case c.exit != stillIn || c.out.IsZero():
		return c.exit
	case c.result == "TIMEOUT":
		return timedOut
	case c.result == "LEAVEEMPTY" || c.result == "LEAVEUNAVAIL":
		return sentOff
	case c.gaveUp && (c.hungUp || results):
		return abandoned
	case c.gaveUp:
		return timedOut
	}
	return takenOut
}

// waited is the caller's wait as app_queue counts it; where it told none, by the seconds of its clock.
func (c *call) waited() time.Duration {
	if c.exit == answered || c.exit != stillIn && c.exit != takenOut || c.gaveUp {
		return c.wait
	}
	return time.Duration(c.out.Unix()-c.entered.Unix()) * time.Second
}

// stretch is a time without gaps in what is told.
type stretch struct {
	from, to time.Time
	told     bool // the state at its beginning was told
	calls    []*call
	shifts   map[*person]*shift
}

// Span is a time with a beginning and an end.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}
