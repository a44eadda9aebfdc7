package report

import (
	"slices"
	"time"

	"ctid"
)

// Rules are what a queue's figures are judged by.
type Rules struct {
	Target time.Duration // within which a call should be answered
	Short  time.Duration // who gives up before this hardly waited
}

// Config is what a Fold goes by.
type Config struct {
	Zone     *time.Location // whose midnight begins a day
	Interval time.Duration  // how far back the recent figures look, by whole minutes; at least one
	Queues   map[ctid.QueueID]Rules
}

// Fold counts. It is not safe for concurrent use.
type Fold struct {
	cfg    Config
	span   int64     // minutes of the interval
	seq    uint64    // of the last event
	begins time.Time // of the day
	ends   time.Time
	queues map[ctid.QueueID]*Queue
	calls  map[ctid.CallID]Stay
	agents map[ctid.AgentID]*Agent
}

// Queue is what is counted of a queue.
type Queue struct {
	Today   Counts   `json:"today,omitzero"`
	Minutes []Minute `json:"minutes,omitempty"` // those of the interval in which something ended, the oldest first
}

// Minute is what ended in one minute of Unix time.
type Minute struct {
	At int64 `json:"at"`
	Counts
}

// Stay is a call's last stay in a queue. When its call ends an answered one can yet turn out to be an abandoned one: he heard nobody.
type Stay struct {
	Queue    ctid.QueueID  `json:"queue"`
	Since    time.Time     `json:"since"`
	Callback bool          `json:"callback,omitempty"` // nobody is on the line: it is counted nowhere but as a callback that waits
	Answered time.Time     `json:"answered,omitzero"`  // zero: he waits
	Waited   time.Duration `json:"waited,omitempty"`   // until then
	In       bool          `json:"in,omitempty"`       // which was within the target of that time
}

// longestCall is after how long a call is forgotten of whose end nothing was heard.
const longestCall = 48 * time.Hour

// New begins with nothing counted, at a moment.
func New(cfg Config, now time.Time) *Fold {
	f := &Fold{queues: map[ctid.QueueID]*Queue{}, calls: map[ctid.CallID]Stay{}, agents: map[ctid.AgentID]*Agent{}}
	f.Use(cfg)
	f.begins, f.ends = f.dayOf(now)
	return f
}

// Use puts other rules in force. What was counted stays as it was counted.
func (f *Fold) Use(cfg Config) {
	f.cfg, f.span = cfg, max(1, int64(cfg.Interval/time.Minute))
	if f.cfg.Zone == nil {
		f.cfg.Zone = time.UTC
	}
	if !f.begins.IsZero() {
		_, f.ends = f.dayOf(f.begins)
	}
}

// dayOf is the day of the site that a moment is in.
func (f *Fold) dayOf(t time.Time) (begins, ends time.Time) {
	y, m, d := t.In(f.cfg.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, f.cfg.Zone), time.Date(y, m, d+1, 0, 0, 0, 0, f.cfg.Zone)
}

// Seq is the number of the last event that was counted.
func (f *Fold) Seq() uint64 { return f.seq }

// Day is when the day began that is counted.
func (f *Fold) Day() time.Time { return f.begins }

// dayBack is by how much a moment before the day shows that the clock was wrong when the day began.
const dayBack = time.Hour

// turn begins a new day, where now is in it.
func (f *Fold) turn(now time.Time) {
	if now.Before(f.ends) && !now.Before(f.begins.Add(-dayBack)) {
		return
	}
	f.begins, f.ends = f.dayOf(now)
	for _, q := range f.queues {
		q.Today = Counts{}
	}
	for id, a := range f.agents {
		a.Day = Day{}
		if a.State == ctid.Out && a.Work == nil {
			delete(f.agents, id)
		}
	}
	for id, s := range f.calls {
		if now.Sub(s.Since) > longestCall {
			delete(f.calls, id)
		}
	}
}

// Apply counts one event. Those of a number that was counted already are passed over.
func (f *Fold) Apply(ev ctid.Event) {
	if ev.Seq != 0 && ev.Seq <= f.seq {
		return
	}
	f.seq = ev.Seq
	f.turn(ev.At)
	switch b := ev.Body.(type) {
	case ctid.CallQueued:
		f.queued(ev, b.Callback)
	case ctid.CallWaitingChanged:
		f.moved(ev, b)
	case ctid.CallLeftQueue:
		f.leftQueue(ev, b)
	case ctid.CallEstablished:
		f.established(ev, b)
	case ctid.CallCleared:
		f.cleared(ev, b)
	case ctid.CallDiverted:
		if b.FromAgent != "" && b.Why == "no_answer" {
			f.agent(b.FromAgent, ev.At).Day.Missed++
		}
	case ctid.AgentStateChanged:
		f.agentChanged(ev.At, b.AgentView)
	case ctid.ConfigChanged:
		if b.What == "start" {
			f.restarted(ev.At)
		}
	}
}

// queued: the call waits. One that is told to wait where it waits has been there all the time: ctid was restarted, or its agent was gone
// before the two heard each other.
func (f *Fold) queued(ev ctid.Event, callback bool) {
	s, known := f.calls[ev.Call]
	if ev.Queue == "" || known && s.waits() && s.Queue == ev.Queue {
		return
	}
	if known && s.waits() { // its leaving was not told
		f.ended(s, ev.At, ctid.ExitRemoved)
	}
	f.calls[ev.Call] = Stay{Queue: ev.Queue, Since: ev.At, Callback: callback}
}

func (s Stay) waits() bool { return s.Answered.IsZero() }

// moved: the call waits in another queue than before, or in another than the one that it was meant for.
func (f *Fold) moved(ev ctid.Event, b ctid.CallWaitingChanged) {
	if b.From == "" || b.From == ev.Queue || ev.Queue == "" {
		return
	}
	exit := b.Why
	switch {
	case exit != "":
	case b.What == "moved":
		exit = ctid.ExitRemoved
	default: // its queue sends callers on after a time
		exit = ctid.ExitTimeout
	}
	s, known := f.calls[ev.Call]
	if !known || !s.waits() {
		s = Stay{Queue: b.From, Since: ev.At, Callback: b.Callback}
	}
	f.ended(s, ev.At, exit)
	f.calls[ev.Call] = Stay{Queue: ev.Queue, Since: ev.At, Callback: b.Callback}
}

// leftQueue: it waits no more, and no agent has it; or it was not let in.
func (f *Fold) leftQueue(ev ctid.Event, b ctid.CallLeftQueue) {
	s, known := f.calls[ev.Call]
	if !known || !s.waits() {
		s = Stay{Queue: ev.Queue, Since: ev.At}
	}
	f.ended(s, ev.At, b.Exit)
	delete(f.calls, ev.Call)
}

// established: if the call waited, an agent has it now.
func (f *Fold) established(ev ctid.Event, b ctid.CallEstablished) {
	s, known := f.calls[ev.Call]
	if !known || !s.waits() || b.Talk != "main" {
		return
	}
	s.Answered = ev.At
	if !b.Since.IsZero() && b.Since.Before(ev.At) { // an earlier run of the daemon had joined them
		s.Answered = b.Since
	}
	s.Waited = max(0, s.Answered.Sub(s.Since))
	f.took(ev.Agent, s)
	s.In = s.Waited <= f.cfg.Queues[s.Queue].Target
	f.calls[ev.Call] = s
	if s.Callback {
		return
	}
	f.count(s.Queue, s.Answered, func(c *Counts) { c.answered(s, 1) })
}

// cleared: the call is over.
func (f *Fold) cleared(ev ctid.Event, b ctid.CallCleared) {
	s, known := f.calls[ev.Call]
	delete(f.calls, ev.Call)
	switch {
	case s.Callback:
	case !known && b.Outcome == "abandoned": // he was gone before it was told that he waits
		f.ended(Stay{Queue: ev.Queue, Since: ev.At.Add(-time.Duration(b.QueueMS) * time.Millisecond)}, ev.At, ctid.ExitAbandoned)
	case !known:
	case s.waits() && (b.Outcome == "fallback" || b.Outcome == "handed_over" || b.Outcome == "removed"): // he waits on, elsewhere
		f.ended(s, ev.At, ctid.ExitRemoved)
	case s.waits():
		f.ended(s, ev.At, ctid.ExitAbandoned)
	case b.Outcome == "abandoned": // the agent had answered, and they did not hear each other
		f.count(s.Queue, s.Answered, func(c *Counts) {
			c.answered(s, -1)
			c.abandoned(s.Waited, f.cfg.Queues[s.Queue])
		})
	}
}

// ended counts a stay that ended otherwise than with an agent.
func (f *Fold) ended(s Stay, at time.Time, exit ctid.QueueExit) {
	row, ok := ctid.Endings(exit)
	if s.Callback || !ok || s.Queue == "" {
		return
	}
	f.count(s.Queue, at, func(c *Counts) {
		switch row.SLColumn {
		case "abandoned":
			c.abandoned(max(0, at.Sub(s.Since)), f.cfg.Queues[s.Queue])
		case "overflowed":
			c.Overflowed++
		case "callback":
			c.Callbacks++
		case "":
			c.Refused++
		}
	})
}

// answered counts an answered stay in, or out again.
func (c *Counts) answered(s Stay, by int) {
	c.Answered += by
	c.Waited += time.Duration(by) * s.Waited
	if s.In {
		c.AnsweredIn += by
	}
}

func (c *Counts) abandoned(waited time.Duration, r Rules) {
	c.Abandoned++
	if waited <= r.Target {
		c.AbandonedIn++
	}
	if waited < r.Short {
		c.Short++
	}
}

// count changes what is counted of a queue at a moment: of the day, if that is in it, and of its minute.
func (f *Fold) count(id ctid.QueueID, at time.Time, change func(*Counts)) {
	q := f.queues[id]
	if q == nil {
		q = &Queue{}
		f.queues[id] = q
	}
	if !at.Before(f.begins) {
		change(&q.Today)
	}
	if m := q.minute(at.Unix()/60, f.span); m != nil {
		change(&m.Counts)
	}
}

// minute is the place of a minute, made where it is not there. What is older than the interval is dropped; nil: it is older itself.
func (q *Queue) minute(at, span int64) *Minute {
	i := len(q.Minutes)
	for i > 0 && q.Minutes[i-1].At >= at {
		i--
	}
	switch last := len(q.Minutes) - 1; {
	case i <= last && q.Minutes[i].At == at:
	case i <= last && q.Minutes[last].At-at >= span:
		return nil
	default:
		q.Minutes = slices.Insert(q.Minutes, i, Minute{At: at})
		newest := q.Minutes[len(q.Minutes)-1].At
		n := len(q.Minutes)
		q.Minutes = slices.DeleteFunc(q.Minutes, func(m Minute) bool { return newest-m.At >= span })
		i -= n - len(q.Minutes)
	}
	return &q.Minutes[i]
}
