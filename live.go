package ctid

import "time"

// Live is what a restart needs of a call that is not over. It is part of its open record, and gone from the closed one.
type Live struct {
	Machine  Private     `json:"machine,omitempty"` // the script's session, as the script engine stored it
	Route    string      `json:"route,omitempty"`   // what answered, such as script:front_desk; empty: what the number says
	Names    int         `json:"names"`             // ids made for Asterisk so far
	Inputs   int         `json:"inputs,omitempty"`  // of its scripts, kept so far
	Answered bool        `json:"answered"`
	Bridge   string      `json:"bridge,omitempty"`
	Queue    *LiveQueue  `json:"queue,omitempty"` // while the script's queue step is open: waiting, offered or talking
	Talk     *LiveTalk   `json:"talk,omitempty"`
	Guests   []LiveTalk  `json:"guests,omitempty"`  // the other agents of a conference
	Outside  []LegID     `json:"outside,omitempty"` // others in the conversation who are no agents
	Held     bool        `json:"held,omitempty"`    // he hears music in the bridge
	Parked   *LiveParked `json:"parked,omitempty"`
	// Rung is a dial or transfer step of the script whose caller has been joined with somebody.
	Rung     *LiveRung    `json:"rung,omitempty"`
	Moves    int          `json:"moves,omitempty"`    // how often it was sent to own numbers
	Priority *int         `json:"priority,omitempty"` // that the script has given the call
	Message  *LiveMessage `json:"message,omitempty"`  // while the caller leaves one
	// Callback is what a call is made for that has not been dialled yet; its Queue says where it waits.
	Callback *LiveCallback `json:"callback,omitempty"`
}

// LiveCallback is an attempt to call a customer back. Of is the call that he left it from.
type LiveCallback struct {
	Callback CallbackID `json:"callback"`
	Of       CallID     `json:"of"`
	Number   Private    `json:"number"`       // as it is dialled
	N        int        `json:"n"`            // which attempt this is, from 1
	Due      time.Time  `json:"due,omitzero"` // nobody is offered it before
	// Queue is the one that it was booked in; empty: where it waits. Most attempts are made, GapMS apart, none after Until; zero: as
	// the queue says, and as long as it takes.
	Queue QueueID   `json:"queue,omitempty"`
	Most  int       `json:"most,omitempty"`
	GapMS int64     `json:"gap_ms,omitempty"`
	Until time.Time `json:"until,omitzero"`
	Ahead bool      `json:"ahead,omitempty"` // the customer is called before his agent
	Line  bool      `json:"line,omitempty"`  // he has answered, and waits
}

// LiveParked is a slot in which the caller waits. BackTo is whom he goes to when nobody picks him up by Until.
type LiveParked struct {
	Slot   string    `json:"slot"`
	By     AgentID   `json:"by"`
	Until  time.Time `json:"until"`
	BackTo Target    `json:"back_to"`
}

// LiveMessage is a message that the caller is leaving. Step is the script's own step.
type LiveMessage struct {
	Step      Private     `json:"step"`
	Voicemail VoicemailID `json:"voicemail"`
	Name      string      `json:"name"` // of the recording
	Stage     string      `json:"stage"`
	Again     int         `json:"again,omitempty"` // how often he has recorded another instead
}

// LiveQueue is a stay in a queue. Until is when the script's longest wait ends; zero: never.
type LiveQueue struct {
	Step     string    `json:"step"`
	Queue    QueueID   `json:"queue"`
	Music    string    `json:"music,omitempty"`
	Priority int       `json:"priority"`
	Entered  time.Time `json:"entered"`
	Until    time.Time `json:"until,omitzero"`
	Skills   []Skilled `json:"skills,omitempty"` // that the script asks for
	Early    bool      `json:"early,omitempty"`  // he need not be answered before an agent is there
}

// Skilled is a skill and the least level of it; 0 is any.
type Skilled struct {
	Skill   string `json:"skill"`
	AtLeast int    `json:"at_least,omitempty"`
}

// LiveTalk is a conversation with an agent.
type LiveTalk struct {
	Agent AgentID   `json:"agent"`
	Leg   LegID     `json:"leg"`
	Since time.Time `json:"since"`
}

// LiveRung is a talk that a step of the script began. Part is its index in the record's parties, -1 for none; Until is when the
// longest talk is over, zero for never.
type LiveRung struct {
	Step  string    `json:"step"`
	Verb  string    `json:"verb"`
	Leg   LegID     `json:"leg"`
	Part  int       `json:"part"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until,omitzero"`
}
