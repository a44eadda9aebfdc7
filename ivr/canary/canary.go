// Package canary says which callers hear a new version of the scripts before all others do, and whether that version is
// worse than the one in force. It is pure: it counts what it is told and looks when it is told to.
package canary

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Chosen tells whether a caller hears the canary. The same caller is always on the same side of one set, and on a side of
// its own chance of the next. caller is whatever stands for him; a call without a number has its own id there.
func Chosen(caller, set string, percent int) bool {
	sum := sha256.Sum256([]byte(set + "\x00" + caller))
	return uint64(binary.BigEndian.Uint32(sum[:4]))*100>>32 < uint64(max(0, percent))
}

// Phase is where a canary stands.
type Phase string

// The phases.
const (
	Running  Phase = "running"
	Stopped  Phase = "stopped"  // by itself or by hand; calls on it finish on it
	Promoted Phase = "promoted" // it is in force for everybody
)

// Outcome is what went wrong in one call while the script had it.
type Outcome struct {
	Error      bool // a step ended in an error
	Failed     bool // a question was given up after its last try
	HungUp     bool // the caller hung up in the script
	LastResort bool // not even on_error could help
}

func (o Outcome) has(m int) bool { return [metrics]bool{o.Error, o.Failed, o.HungUp, o.LastResort}[m] }

// metrics is how many things are watched; they have their order from Outcome.
const metrics = 4

var names = [metrics]string{"calls with an error", "questions without an answer", "hang-ups in the script", "calls to last_resort"}

// Counts are the ended calls of one side. Bad counts in the order of Outcome.
type Counts struct {
	Calls   int          `json:"calls"`
	Callers int          `json:"callers"` // of whom the test has taken the first call
	Bad     [metrics]int `json:"bad"`     // of all calls
}

// tally is what the test has taken of one side: one call of each caller.
type tally struct {
	N   int          `json:"n"`
	Bad [metrics]int `json:"bad"`
}

func (t *tally) add(o Outcome) {
	t.N++
	for m := range t.Bad {
		if o.has(m) {
			t.Bad[m]++
		}
	}
}

func (t *tally) addAll(o tally) {
	t.N += o.N
	for m := range t.Bad {
		t.Bad[m] += o.Bad[m]
	}
}

// State is one canary. As JSON it outlives a restart.
type State struct {
	Set     string    `json:"set"`    // on trial
	Stable  string    `json:"stable"` // what everybody else hears
	Percent int       `json:"percent"`
	Phase   Phase     `json:"phase"`
	Since   time.Time `json:"since"`
	Ended   time.Time `json:"ended,omitzero"`
	Why     string    `json:"why,omitempty"` // it has ended

	New Counts `json:"new"` // calls on trial
	Old Counts `json:"old"` // calls on the stable set in the same time

	Past     [2]tally                 `json:"past"`     // stable and new, of closed blocks
	Block    [2]tally                 `json:"block"`    // stable and new, since the last closed block
	Evidence [metrics][stakes]float64 `json:"evidence"` // natural logarithm of what each bet has come to
}

// Start begins a canary.
func Start(now time.Time, set, stable string, percent int) (State, error) {
	switch {
	case set == stable:
		return State{}, errors.New("the set on trial is the one in force already")
	case percent < 1 || percent > 99:
		return State{}, fmt.Errorf("a canary takes 1 to 99 percent of the callers, not %d", percent)
	}
	return State{Set: set, Stable: stable, Percent: percent, Phase: Running, Since: now.UTC()}, nil
}

// Add counts a call that has ended. isNew: it was on the set on trial. again: an earlier call of its caller was counted
// already: callers are what is drawn by lot, so each has one voice.
func (s *State) Add(isNew, again bool, o Outcome) {
	c, side := &s.Old, 0
	if isNew {
		c, side = &s.New, 1
	}
	c.Calls++
	for m := range c.Bad {
		if o.has(m) {
			c.Bad[m]++
		}
	}
	if !again {
		c.Callers++
		s.Block[side].add(o)
	}
}

// Stop ends a canary that runs.
func (s *State) Stop(now time.Time, why string) { s.end(now, Stopped, why) }

// Promote ends a canary that runs because its set is the stable one from now on.
func (s *State) Promote(now time.Time, why string) { s.end(now, Promoted, why) }

func (s *State) end(now time.Time, p Phase, why string) {
	if s.Phase == Running {
		s.Phase, s.Ended, s.Why = p, now.UTC(), why
	}
}
