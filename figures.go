package ctid

import "time"

// This file has the figures of queues and agents as desktops and wallboards get them; docs/figures.md has the formula of each. Durations
// are milliseconds, percentages have one decimal. A figure that divides by nothing is absent.

// QueueStats is a queue: what is so at the moment, and what became of those who called it, today and lately.
type QueueStats struct {
	Label     string      `json:"label,omitempty"`
	Waiting   int         `json:"waiting"`   // those whose call rings at an agent, and callbacks, are among them
	Callbacks int         `json:"callbacks"` // of those who wait: nobody is on the line
	LongestMS int64       `json:"longest_ms"`
	Ready     int         `json:"ready"`
	Talking   int         `json:"talking"` // with a call of this queue
	LoggedIn  int         `json:"logged_in"`
	Open      bool        `json:"open"`
	Agents    AgentCounts `json:"agents"` // all who serve it, whatever queue their call is of

	Wait        *WaitBand    `json:"wait,omitempty"` // of who would come now; absent where no estimate is good enough to be told
	Calibration *Calibration `json:"calibration,omitempty"`

	SL     ServiceLevel `json:"sl"` // of today
	Today  SpanStats    `json:"today"`
	Recent RecentStats  `json:"recent"`
}

// AgentCounts are agents by state.
type AgentCounts struct {
	Ready    int `json:"ready"`
	Reserved int `json:"reserved"`
	Talking  int `json:"talking"`
	WrapUp   int `json:"wrapup"`
	Paused   int `json:"paused"`
	Out      int `json:"out"`
}

// Add counts an agent.
func (c *AgentCounts) Add(s AgentState) {
	switch s {
	case Ready:
		c.Ready++
	case Reserved:
		c.Reserved++
	case Talking:
		c.Talking++
	case WrapUp:
		c.WrapUp++
	case Paused:
		c.Paused++
	case Out:
		c.Out++
	}
}

// In is how many are on duty, whatever they do.
func (c AgentCounts) In() int { return c.Ready + c.Reserved + c.Talking + c.WrapUp + c.Paused }

// WaitBand is within which eight in ten should be answered, and the likely wait.
type WaitBand struct {
	LowMS    int64 `json:"low_ms"`
	LikelyMS int64 `json:"likely_ms"`
	HighMS   int64 `json:"high_ms"`
}

// Calibration is how many of the latest estimates came out inside their bands; and of all bands that callers were told since the log began,
// and that came out, how many held.
type Calibration struct {
	Outcomes int `json:"outcomes"`
	Inside   int `json:"inside"`
	Told     int `json:"told"`
	Held     int `json:"held"`
}

// LevelStats are the four service levels, by their letters, and what they are made from.
type LevelStats struct {
	AnsweredIn  int      `json:"answered_in"`  // within the target
	AbandonedIn int      `json:"abandoned_in"` // likewise
	Late        int      `json:"late"`         // wait, and have waited for longer than the target
	A           *float64 `json:"a,omitempty"`
	B           *float64 `json:"b,omitempty"`
	C           *float64 `json:"c,omitempty"`
	D           *float64 `json:"d,omitempty"`
}

// Letters are the letters of the service levels, in their order.
var Letters = []string{"a", "b", "c", "d"}

// ServiceLevel says which of the four a site goes by, within which time, and how much it wants.
type ServiceLevel struct {
	Show       string  `json:"show"` // one of Letters
	ThresholdS float64 `json:"threshold_s"`
	Goal       int     `json:"goal"` // percent
	LevelStats
}

// SpanStats are what became of those who called a queue, since a moment.
type SpanStats struct {
	Since          time.Time `json:"since"`
	Offered        int       `json:"offered"`
	Answered       int       `json:"answered"`
	Abandoned      int       `json:"abandoned"`
	ShortAbandoned int       `json:"short_abandoned"` // of the abandoned
	Overflowed     int       `json:"overflowed"`      // sent on, or back to their scripts
	Callbacks      int       `json:"callbacks"`       // left to be called back
	Refused        int       `json:"refused"`         // never let in; not offered
	Handled        int       `json:"handled"`         // conversations that are over, with their wrap-ups
	ASAMS          *int64    `json:"asa_ms,omitempty"`
	AHTMS          *int64    `json:"aht_ms,omitempty"`
	Abandonment    *float64  `json:"abandonment,omitempty"`      // percent of the offered
	LongAbandoned  *float64  `json:"long_abandonment,omitempty"` // the same without the short ones
}

// RecentStats are those of the last interval, with its service levels.
type RecentStats struct {
	SpanStats
	SL LevelStats `json:"sl"`
}

// AgentStats are an agent's day so far. The time in the state that he is in is not in the sums before it ends.
type AgentStats struct {
	Agent      AgentID    `json:"agent"`
	Since      time.Time  `json:"since"` // the beginning of the day
	State      AgentState `json:"state"`
	StateSince time.Time  `json:"state_since"` // what is behind it is in no sum yet
	Taken      int        `json:"taken"`       // calls of queues
	Handled    int        `json:"handled"`     // of them, with their wrap-ups over
	Missed     int        `json:"missed"`      // offers that he did not answer
	TalkMS     int64      `json:"talk_ms"`
	WrapMS     int64      `json:"wrap_ms"`
	ReadyMS    int64      `json:"ready_ms"`
	PausedMS   int64      `json:"paused_ms"`
	AHTMS      *int64     `json:"aht_ms,omitempty"`
	Occupancy  *float64   `json:"occupancy,omitempty"` // percent
}
