package switchboard

import (
	"time"

	"ctid"
)

// roleParty is the role of a leg to somebody who is neither caller nor agent.
const roleParty = "party"

// roleOwn is the role of a second line of an agent's phone, on which he has dialled himself.
const roleOwn = "own"

// leg is a channel that we made: an agent's, or that of somebody outside whom an agent has called.
type leg struct {
	id    string
	role  string // roleParty, or empty for an agent's
	agent ctid.AgentID
	offer ctid.OfferID
	born  time.Time
	up    bool
	asked bool      // a hang-up was asked for
	nail  bool      // a line that stays up: it is given back, not hung up
	clear bool      // the core knows that his phone is free of it
	again time.Time // when to ask again, for the request failed; zero: it did not
}

// playback is a prompt on its way or playing.
type playback struct {
	step    string // the machine's id
	stopped bool
	begun   bool
	on      string              // the leg that hears it; empty: the caller does
	then    func(now time.Time) // what follows, instead of the word to the script; nil: that
}

// removal is what a supervisor wants of a caller whom he takes out of a queue.
type removal struct {
	how string // one of ctid.Removals
	by  ctid.By
	why string // a callback is closed; empty: removed
}

// queueStay is the call's stay in one queue.
type queueStay struct {
	step     string // the machine's id of the enqueue
	music    string
	queue    ctid.QueueID
	entered  time.Time
	short    time.Duration // a talk shorter than this counts as none
	since    time.Time     // when this visit began: later than entered for a caller who was put back to his place
	priority int
	until    time.Time // when the longest wait is over; zero: never
	over     bool      // the desk has taken him out, to an agent or otherwise
	left     bool      // the script has gone on
	early    bool      // he need not be answered before an agent is there
	silent   bool      // he did not say that he goes on waiting
	handed   bool      // an agent whom the script rang has sent him here: to the script he was answered
	skills   []ctid.Skilled
}
