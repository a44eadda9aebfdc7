// Package ivrsim takes calls through a script in virtual time: no PBX, no database, no sound. It is what ctid ivr run and
// ctid ivr test work with. It is as pure as the scripts: the clock only moves when it is told to.
package ivrsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid"
	"ctid/ivr"
)

// Call is one call of the simulator. Nobody else may use it meanwhile.
type Call struct {
	// Ask, if set, is asked what a look-up gives that Given does not answer.
	Ask func(what string, kind string) (Answer, error)

	script *ivr.Script
	m      *ivr.Machine
	given  Given
	start  time.Time
	now    time.Time
	due    []due
	seq    int
	lines  []Line
	moves  []ivr.Move // since the last input
	taken  []ivr.Move // all
	steps  []ivr.Where
	asked  map[string]int // look-ups so far, by stub
	deeds  []deed
	acted  time.Time // of the last deed
	err    error     // a look-up that nothing answers

	waiting  *waiting // in a queue
	dialling *dialling
	mailbox  *pendingID // a message is being taken
	listen   string     // the open Listen
	mark     int        // lines up to here have been heard
	queued   []Queued
	attached map[string]any
	tags     []string
	dispo    string
	popped   []Popped
	sent     []string
	outcome  string // of the last queue, dial, transfer, voicemail …
	ended    string
	private  []string // what hidden looks into: log, attach, snapshots
	left     bool     // the other side has just hung up
	keys     int      // line of the keys being taken; -1: none
}

// due is an answer on its way.
type due struct {
	at   time.Time
	seq  int
	id   string
	in   ivr.Input
	busy bool // the call goes on by itself when it comes
}

type pendingID struct{ id, kind string }

type waiting struct {
	step     ivr.Enqueue
	answered bool
}

type dialling struct {
	id       string
	transfer bool
	mode     string
	answered bool
}

// Queued is one time that the call waited in a queue.
type Queued struct {
	Name     string
	Priority int
	Skills   []string
	Agent    string
	Attach   map[string]any
}

// Popped is one pop.
type Popped struct {
	Title, URL, Colour, Note string
	Fields                   []ivr.Field
}

// maxInputs bounds one call: a script that goes on for ever is stopped.
const maxInputs = 20000

// ErrGiven says that what is given for a call does not fit the script.
var ErrGiven = errors.New("given")

// New begins a call: the script has run up to where it first waits. The error, an ErrGiven, tells what in given does
// not fit the script.
func New(s *ivr.Script, given Given, ask func(what, kind string) (Answer, error), o ivr.Options) (*Call, error) {
	if given.At.IsZero() {
		given.At = DefaultAt(given.Zone)
	}
	c := &Call{Ask: ask, script: s, m: ivr.NewMachine(s, o), given: given, start: given.At, now: given.At, acted: given.At,
		asked: map[string]int{}, attached: map[string]any{}, keys: -1}
	if err := c.m.Preset(given.Vars); err != nil {
		return nil, fmt.Errorf("%w: vars: %w", ErrGiven, err)
	}
	if err := s.CheckContact(given.Contact); err != nil {
		return nil, fmt.Errorf("%w: contact: %w", ErrGiven, err)
	}
	c.m.Observe(ivr.Watch{Did: c.did, Took: c.took, Missed: c.missed, Key: c.key})
	c.next(ivr.Start{Call: c.info()})
	c.settle()
	return c, nil
}

// DefaultANI is who calls where a test says nothing else.
const DefaultANI = "+85291234567"

// DefaultAt is when a call is made that says nothing else: a Monday morning.
func DefaultAt(zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(2026, 3, 2, 10, 15, 0, 0, zone)
}

func (c *Call) info() ivr.CallInfo {
	return ivr.CallInfo{ANI: c.given.ANI, DNIS: c.given.DNIS, Language: c.given.Language, Priority: c.given.Priority,
		Contact: c.given.Contact}
}

// Over tells whether the call has ended.
func (c *Call) Over() bool { return c.m.Done() }

// Err is a look-up that nothing answered, or a script that never stops.
func (c *Call) Err() error { return c.err }

// Moves are all edges that the call took, and Steps all steps at which something happened.
func (c *Call) Moves() []ivr.Move { return c.taken }

// Visited are the nodes in the order in which they were entered.
func (c *Call) Visited() []string {
	var out []string
	for _, p := range c.m.Trail(c.now).Path {
		out = append(out, p.Node)
	}
	return out
}

// next gives one input to the machine.
func (c *Call) next(in ivr.Input) {
	c.moves = nil
	if c.seq++; c.seq > maxInputs && c.err == nil {
		c.err = errors.New("the script never comes to rest")
	}
	if f := c.given.figures(c.script.Queues()); len(f) > 0 {
		c.m.SetFigures(f)
	}
	c.m.Next(c.now, in)
	c.left = false
	if snap, err := c.m.Snapshot(); err == nil {
		c.private = append(c.private, snapshotTexts(snap)...)
	}
}

// later puts an answer on its way.
func (c *Call) later(d time.Duration, id string, r ivr.Result) {
	c.seq++
	c.due = append(c.due, due{at: c.now.Add(d), seq: c.seq, id: id, in: ivr.DoneStep{ID: id, Result: r}, busy: true})
}

func (c *Call) cancel(id string) {
	c.due = slices.DeleteFunc(c.due, func(d due) bool { return d.id == id })
}

// first is the answer that comes next.
func (c *Call) first() (due, bool) {
	if len(c.due) == 0 {
		return due{}, false
	}
	return slices.MinFunc(c.due, func(a, b due) int {
		if !a.at.Equal(b.at) {
			return a.at.Compare(b.at)
		}
		return a.seq - b.seq
	}), true
}

// settle lets everything happen that happens now.
func (c *Call) settle() {
	for c.err == nil && !c.m.Done() {
		d, ok := c.first()
		switch dl := c.m.Deadline(); {
		case ok && !d.at.After(c.now):
			c.happen(d)
		case !dl.IsZero() && !dl.After(c.now):
			c.next(ivr.Tick{})
		default:
			return
		}
	}
}

func (c *Call) happen(d due) {
	c.due = slices.DeleteFunc(c.due, func(x due) bool { return x.seq == d.seq })
	if in, ok := d.in.(ivr.DoneStep); ok {
		c.answered(in)
	}
	c.next(d.in)
}

// answered keeps the books when a long step has its answer.
func (c *Call) answered(in ivr.DoneStep) {
	switch {
	case c.waiting != nil && c.waiting.step.ID == in.ID:
		c.waiting, c.outcome = nil, in.Result.Outcome
		c.cancel(in.ID)
	case c.dialling != nil && c.dialling.id == in.ID:
		c.dialling, c.outcome = nil, in.Result.Outcome
		c.cancel(in.ID)
	case c.mailbox != nil && c.mailbox.id == in.ID:
		c.mailbox, c.outcome = nil, in.Result.Outcome
		c.cancel(in.ID)
	}
}

// soonest is when something happens by itself next; ok is false if nothing ever does.
func (c *Call) soonest() (time.Time, bool) {
	at := c.m.Deadline()
	if d, ok := c.first(); ok && (at.IsZero() || d.at.Before(at)) {
		at = d.at
	}
	return at, !at.IsZero()
}

// until lets time pass.
func (c *Call) until(end time.Time) {
	for c.err == nil && !c.m.Done() {
		at, ok := c.soonest()
		if !ok || at.After(end) {
			break
		}
		if at.After(c.now) {
			c.now = at
		}
		c.settle()
	}
	if !c.m.Done() && end.After(c.now) {
		c.now = end
	}
}

// busy tells whether the call goes on by itself: a prompt is being said, an answer is on its way.
func (c *Call) busy() bool {
	return c.err == nil && !c.m.Done() && slices.ContainsFunc(c.due, func(d due) bool { return d.busy })
}

// rest lets what is being said be heard and what has been asked be answered, until done tells that it is enough.
func (c *Call) rest(done func() bool) bool {
	for !done() {
		if !c.busy() {
			return false
		}
		at, _ := c.soonest()
		c.until(at)
	}
	return true
}

func (c *Call) took(m ivr.Move) {
	c.keys = -1
	c.moves, c.taken = append(c.moves, m), append(c.taken, m)
}

func (c *Call) key(at ivr.Where, digit string, secret bool) {
	if secret {
		digit = "*"
	}
	if c.keys >= 0 && c.lines[c.keys].At == c.now.Sub(c.start) {
		c.lines[c.keys].Text += digit
		return
	}
	c.say(at, '>', digit)
	c.keys = len(c.lines) - 1
}

func (c *Call) missed(at ivr.Where, m ivr.Miss) {
	c.keys = -1
	why := ""
	switch {
	case m.Outcome == "no_input":
	case at.Verb == "listen":
		why = ": not one of the phrases"
	case at.Verb == "collect":
		why = ": not what is asked for"
	default:
		why = ": not one of the keys"
	}
	c.say(at, '✗', fmt.Sprintf("%s %d of %d%s", strings.ReplaceAll(m.Outcome, "_", "-"), m.N, m.Tries, why))
}

// Hangup of the caller.
func (c *Call) hangup(side ctid.Side) {
	c.ended = "caller"
	c.next(ivr.Hangup{Side: side, Cause: 16})
	c.settle()
}
