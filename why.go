package ctid

import "time"

// WhyAnswer is what keeps each agent of a waiting call's queue from it, at a moment.
type WhyAnswer struct {
	Call   CallID         `json:"call"`
	Queue  QueueID        `json:"queue"`
	At     time.Time      `json:"at"`
	Agents []WhyAgent     `json:"agents"` // first those who are nearest to it
	Rules  map[string]int `json:"rules"`  // how many agents each rule keeps away, those left out too; ok: none does
	More   int            `json:"more"`   // agents left out
}

// WhyAgent is one of them. Value is a line of English; Facts are what it is made of, for a page that makes its own words.
type WhyAgent struct {
	Agent AgentID  `json:"agent"`
	OK    bool     `json:"ok"`
	Rule  string   `json:"rule,omitempty"`
	Value string   `json:"value,omitempty"`
	Facts WhyFacts `json:"facts,omitzero"`
}

// WhyFacts are the values of a rule that keeps an agent from a call: those that the rule has.
type WhyFacts struct {
	State  AgentState `json:"state,omitempty"`
	Reason string     `json:"reason,omitempty"` // of a pause
	Since  time.Time  `json:"since,omitzero"`   // of the state
	Until  time.Time  `json:"until,omitzero"`   // when what the rule wants, or forbids, changes by itself
	Skill  string     `json:"skill,omitempty"`
	Have   int        `json:"have,omitempty"` // his level of it, or his rank
	Want   int        `json:"want,omitempty"` // the least of it
	Most   int        `json:"most,omitempty"` // rank; 0: no limit
	Other  AgentID    `json:"other,omitempty"`
}
