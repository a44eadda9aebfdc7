package ari

import "time"

// Kind says what a Message tells.
type Kind uint8

// Kinds of Message. The order in which they come on one node is:
//
//	Up (Event …)* Down  Gap Up (Event …)* Down  Gap Up … and at last perhaps Refused or Replaced.
//
// Phones comes once after each Up.
const (
	KindEvent    Kind = iota + 1 // Event holds what Asterisk told
	KindUp                       // connected, filtered and subscribed: Version and Features hold
	KindGap                      // connected again: what happened from Since to At was not told; compare with Channels and Bridges
	KindDown                     // no connection: Err says why, Since when it was last alive; told once an outage
	KindReplaced                 // another program took the application; this node is given up
	KindRefused                  // Err says what a person must change; this node is given up
	KindPhones                   // from here on each phone that comes or goes is told: what they are now is to be read
)

// String is the kind in a word, for logs.
func (k Kind) String() string {
	names := [...]string{"", "event", "up", "gap", "down", "replaced", "refused", "phones"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Message is one thing that a Node tells. All that a node tells comes in one order over one channel.
type Message struct {
	Node string
	Kind Kind
	At   time.Time // arrival at this process; Asterisk's own clock is Event.Head().Timestamp

	Event    Event    // KindEvent
	Version  Version  // KindUp
	Features Features // KindUp
	Since    time.Time
	Err      error
}
