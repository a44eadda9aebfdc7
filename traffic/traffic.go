// Package traffic decides where an arriving call goes before anything answers it: by calendar, time, carrier, caller and
// the state of the queues, in shares, and within limits on trunks and numbers. It is pure: the table of rules never
// changes, and the State holds only what has to be counted. Every decision says why.
//
// The routes of a number are looked at in order, and the first whose conditions all hold takes the call. Routes that stand
// one behind the other and have shares are a group: each call that comes to it draws one of them, or, where the shares do
// not add up to 100, none. Of any hundred calls in a row that come to a group each route draws exactly its share. A call that drew
// none, or a route whose conditions do not hold, goes on behind the group. What no route takes, the number itself answers.
// No route leads to another number of the table, so there are no loops.
package traffic

import (
	"cmp"
	"time"

	"ctid"
	"ctid/calendar"
)

// Kind is what a Target is.
type Kind string

// Kinds of targets.
const (
	Own        Kind = "own"      // what the number itself says: its script or queue, by its calendar
	ToScript   Kind = "script"   // ID is its name
	ToQueue    Kind = "queue"    // ID is its name
	ToNumber   Kind = "number"   // ID is the number outside, with +
	ToFallback Kind = "fallback" // the dialplan goes on
	ToHangup   Kind = "hangup"   // ID is the cause: busy, congestion, declined or normal
)

// Target is where a call goes.
type Target struct {
	Kind Kind
	ID   string
}

// String writes it as one word, such as queue:sales.
func (t Target) String() string {
	if t.ID == "" {
		return string(t.Kind)
	}
	return string(t.Kind) + ":" + t.ID
}

// Config is the table as it is written.
type Config struct {
	Zone      string // IANA name; of When.Times
	Trunks    []Trunk
	Numbers   []Number
	Calendars map[string]*calendar.Calendar // by name; those that conditions name
}

// Trunk is a way in from a carrier.
type Trunk struct {
	Name      string
	Endpoints []string // such as PJSIP/carrier
	MaxCalls  int      // that are here at once; 0: no limit
}

// Number is a number that people call.
type Number struct {
	DNIS     string
	Own      bool   // it has a script or queue of its own, for what no route takes
	MaxCalls int    // that are here at once; 0: no limit
	Over     Target // of a call over a limit; zero: it hears busy
	Routes   []Route
}

// Route takes the calls for which When holds: all of them, or Share of each hundred.
type Route struct {
	When  When
	Share int // percent; 0: the route is in no group
	To    Target
}

// When are conditions that must all hold; a zero field is none.
type When struct {
	Calendar     string         // the calendar that Is and Holiday are about
	Is           calendar.State // open, holiday, or closed: not open, a holiday or not
	Holiday      string         // the name of the holiday, whatever its letters' case
	Times        []string       // one of them: days and hours, such as mon-fri 08:00-12:00
	Carrier      []string       // one of these trunks
	From         []string       // one of: leading digits of the caller's number, with + of the public one; anonymous
	StaffedBelow Count          // fewer agents logged in
	ReadyBelow   Count          // fewer agents ready
	WaitingAbove Count          // more calls waiting
	LongestAbove Wait           // the first caller waits longer
	LevelBelow   Level          // a lower service level
}

// Count is a bound on a number of agents or calls of a queue; without a queue there is none.
type Count struct {
	Queue ctid.QueueID
	N     int
}

// Wait is a bound on the longest wait in a queue; without a queue there is none.
type Wait struct {
	Queue ctid.QueueID
	For   time.Duration
}

// Level is a bound on a queue's service level over the last Window: the part, in percent, that was answered within Within, of all
// who left the queue; without a queue there is none.
type Level struct {
	Queue   ctid.QueueID
	Percent int
	Within  time.Duration // 0: 20 s
}

// Window is how far back a service level looks.
const Window = 30 * time.Minute

const defaultWithin = 20 * time.Second

// Anonymous stands in When.From for callers who hide their number.
const Anonymous = "anonymous"

// Facts are what a decision is made from.
type Facts struct {
	DNIS     string // as it was dialled
	Endpoint string // that the call came by, such as PJSIP/carrier
	From     Caller
	Queues   map[ctid.QueueID]Figures // at least those that State.Queues names
}

// Caller is who calls.
type Caller struct {
	E164     string // with +; empty: it has no public number
	Digits   string // as the carrier gave it
	Withheld bool
}

// Figures are a queue at the moment.
type Figures struct {
	Waiting int
	Longest time.Duration
	Ready   int // agents
	Staffed int // agents logged in, whatever they do
}

// Decision is where a call goes, and why.
type Decision struct {
	Trunk string // that it came by; empty: an endpoint of none
	Route int    // which of the number's routes took it, from 1 on; 0: none
	To    Target
	Why   []Why // what was looked at, in order
}

// Why is one rule that was looked at: of a route, from 1 on, or of the number (0).
type Why struct {
	Route int
	Rule  string // its name in the configuration, such as waiting_above
	Value string // what it was held against; never the caller's number
	OK    bool   // it holds; of a limit: the call is over it
}

// State counts what the table's rules are about. It is not safe for concurrent use.
type State struct {
	table *Table
	calls map[ctid.CallID]place
	trunk map[string]int // calls that are here, by trunk
	dnis  map[string]int // … by number
	turns map[string]int // calls that have come to a group of shares
	left  map[ctid.QueueID][]stay
}

// place is by which trunk, for which number a call is here.
type place struct{ trunk, dnis string }

// stay is a visit to a queue that is over.
type stay struct {
	at       time.Time
	waited   time.Duration
	answered bool
}

// maxStays is how many visits of a queue are kept for its service level: with more in a Window, the last of them count.
const maxStays = 4096

// NewState starts with nothing counted. A nil table has no rules.
func NewState(t *Table) *State {
	s := &State{calls: map[ctid.CallID]place{}, trunk: map[string]int{}, dnis: map[string]int{}, turns: map[string]int{},
		left: map[ctid.QueueID][]stay{}}
	s.Use(t)
	return s
}

// Use puts another table in force. What was counted stays: calls keep the trunk that they came by.
func (s *State) Use(t *Table) {
	if t == nil {
		t = &Table{}
	}
	s.table = t
	for key := range s.turns {
		if !t.groups[key] {
			delete(s.turns, key)
		}
	}
}

// Queues are the queues whose figures a decision on this number needs.
func (s *State) Queues(dnis string) []ctid.QueueID {
	if n := s.table.find(dnis); n != nil {
		return n.queues
	}
	return nil
}

// Began counts a call that is here: against the limits of its trunk and of the number it dialled.
func (s *State) Began(id ctid.CallID, trunk, dnis string) {
	s.Ended(id)
	if n := s.table.find(dnis); n != nil {
		dnis = n.DNIS
	}
	s.calls[id] = place{trunk, dnis}
	s.trunk[trunk]++
	s.dnis[dnis]++
}

// Ended counts a call out. One that was not counted is no mistake.
func (s *State) Ended(id ctid.CallID) {
	p, ok := s.calls[id]
	if !ok {
		return
	}
	delete(s.calls, id)
	down(s.trunk, p.trunk)
	down(s.dnis, p.dnis)
}

func down(m map[string]int, key string) {
	if m[key]--; m[key] == 0 {
		delete(m, key)
	}
}

// Left counts a visit to a queue that has ended, for its service level. Those that no service level counts are left out.
func (s *State) Left(now time.Time, queue ctid.QueueID, exit ctid.QueueExit, waited time.Duration) {
	if row, ok := ctid.Endings(exit); !ok || row.SLColumn == "" {
		return
	}
	list := append(s.recent(now, queue), stay{now, waited, exit == ctid.ExitAnswered})
	if len(list) > maxStays {
		list = list[len(list)-maxStays:]
	}
	s.left[queue] = list
}

// recent are the visits that ended in the last Window.
func (s *State) recent(now time.Time, queue ctid.QueueID) []stay {
	list := s.left[queue]
	from := 0
	for from < len(list) && now.Sub(list[from].at) >= Window {
		from++
	}
	return list[from:]
}

// level is how many of the recent visits were answered in time, and of how many.
func (s *State) level(now time.Time, l Level) (good, of int) {
	list := s.recent(now, l.Queue)
	for _, x := range list {
		if x.answered && x.waited <= cmp.Or(l.Within, defaultWithin) {
			good++
		}
	}
	return good, len(list)
}
