package report

import (
	"time"

	"ctid"
)

// Agent is what is counted of an agent.
type Agent struct {
	State ctid.AgentState `json:"state"`
	Since time.Time       `json:"since"` // what is behind it is in no sum yet
	Work  *Work           `json:"work,omitempty"`
	Day   Day             `json:"day,omitzero"`
}

// Day is an agent's day so far.
type Day struct {
	Taken   int           `json:"taken,omitempty"`
	Handled int           `json:"handled,omitempty"`
	Missed  int           `json:"missed,omitempty"`
	Handle  time.Duration `json:"handle,omitempty"` // talk, hold and wrap-up of the handled
	Talk    time.Duration `json:"talk,omitempty"`   // in the states of these names
	Wrap    time.Duration `json:"wrap,omitempty"`
	Ready   time.Duration `json:"ready,omitempty"`
	Paused  time.Duration `json:"paused,omitempty"`
}

// Work is a conversation that a queue has given him, or its wrap-up. Queue is empty for a callback, which no queue's figures count.
type Work struct {
	Queue ctid.QueueID  `json:"queue,omitempty"`
	Talk  time.Duration `json:"talk,omitempty"`
	Wrap  time.Duration `json:"wrap,omitempty"`
}

func (f *Fold) agent(id ctid.AgentID, now time.Time) *Agent {
	a := f.agents[id]
	if a == nil {
		a = &Agent{State: ctid.Out, Since: now}
		f.agents[id] = a
	}
	return a
}

// took: the agent has a caller of a queue.
func (f *Fold) took(id ctid.AgentID, s Stay) {
	if id == "" {
		return
	}
	a := f.agent(id, s.Answered)
	a.Day.Taken++
	f.finish(a, s.Answered)
	a.Work = &Work{}
	if !s.Callback {
		a.Work.Queue = s.Queue
	}
}

// agentChanged: a talk and its wrap-up are one piece of work, which ends with the first state that is neither.
func (f *Fold) agentChanged(at time.Time, v ctid.AgentView) {
	a := f.agent(v.Agent, at)
	f.pass(a, at)
	a.State = v.State
	if v.State != ctid.Talking && v.State != ctid.WrapUp {
		f.finish(a, at)
	}
}

// pass adds the time since the last look to the state that he was in: all of it to his work, to his day what is of today.
func (f *Fold) pass(a *Agent, at time.Time) {
	whole := max(0, at.Sub(a.Since))
	today := whole
	if a.Since.Before(f.begins) {
		today = max(0, at.Sub(f.begins))
	}
	a.Since = at
	switch a.State {
	case ctid.Talking:
		a.Day.Talk += today
		if a.Work != nil {
			a.Work.Talk += whole
		}
	case ctid.WrapUp:
		a.Day.Wrap += today
		if a.Work != nil {
			a.Work.Wrap += whole
		}
	case ctid.Ready:
		a.Day.Ready += today
	case ctid.Paused:
		a.Day.Paused += today
	}
}

// finish ends the work that he has in hand, if any.
func (f *Fold) finish(a *Agent, at time.Time) {
	w := a.Work
	if w == nil {
		return
	}
	a.Work = nil
	a.Day.Handled++
	a.Day.Handle += w.Talk + w.Wrap
	if w.Queue != "" {
		f.count(w.Queue, at, func(c *Counts) {
			c.Handled++
			c.Talk += w.Talk
			c.Wrap += w.Wrap
		})
	}
}

// restarted: nobody knows what agents did while ctid was away, so that time is nobody's.
func (f *Fold) restarted(at time.Time) {
	for _, a := range f.agents {
		a.Since = at
	}
}

// Agent is an agent's day so far; one of whom nothing was heard is off duty.
func (f *Fold) Agent(id ctid.AgentID, now time.Time) ctid.AgentStats {
	f.turn(now)
	a := f.agents[id]
	if a == nil {
		a = &Agent{State: ctid.Out, Since: f.begins}
	}
	since := a.Since
	if since.Before(f.begins) {
		since = f.begins
	}
	d := a.Day
	out := ctid.AgentStats{Agent: id, Since: wire(f.begins), State: a.State, StateSince: wire(since), Taken: d.Taken, Handled: d.Handled, Missed: d.Missed,
		TalkMS: d.Talk.Milliseconds(), WrapMS: d.Wrap.Milliseconds(), ReadyMS: d.Ready.Milliseconds(), PausedMS: d.Paused.Milliseconds(),
		AHTMS: mean(d.Handle, d.Handled)}
	if busy := d.Talk + d.Wrap; busy+d.Ready > 0 {
		out.Occupancy = share(busy.Seconds(), (busy + d.Ready).Seconds())
	}
	return out
}
