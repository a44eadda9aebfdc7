package acd

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ctid"
)

// witness judges a centre by its commands alone: it knows nothing of how State works.
type witness struct {
	views  map[ctid.AgentID]ctid.AgentView
	open   map[ctid.OfferID]MakeOffer
	closed map[ctid.OfferID]bool
	tasks  map[ctid.TaskID]*inside
	queues func() map[ctid.QueueID]*queue // as they are in force
	// several are the queues that rang several agents before the event at hand: what was due then is done by those rules,
	// before a reload takes hold, or the last task of a removed queue goes.
	several map[ctid.QueueID]bool
}

// inside is what was told of a task that is in a queue.
type inside struct {
	queue    ctid.QueueID
	priority int
	entered  time.Time
	plain    bool // it wants what its queue wants, and its age counts from its entry
	rings    int  // at so many agents
}

// newWitness judges s from its beginning on.
func newWitness(s *State) *witness {
	return &witness{map[ctid.AgentID]ctid.AgentView{}, map[ctid.OfferID]MakeOffer{}, map[ctid.OfferID]bool{}, map[ctid.TaskID]*inside{},
		func() map[ctid.QueueID]*queue { return s.queues }, map[ctid.QueueID]bool{}}
}

// ringsSeveral tells whether a strategy does.
func ringsSeveral(strategy string) bool {
	by, _ := strategyNamed(strategy)
	return by.ring != ringOne
}

// judge says what is wrong with what an event gave.
func (w *witness) judge(now time.Time, ev Event, cmds []Command) error {
	var errs []error
	id, brings := w.brought(now, ev)
	_, picked := ev.(Pick)
	for _, cmd := range cmds {
		switch c := cmd.(type) {
		case MakeOffer:
			errs = append(errs, w.offered(now, c, picked))
		case EndOffer:
			errs = append(errs, w.offerEnded(c))
		case AgentChanged:
			errs = append(errs, w.view(c.View))
		case Refused:
			if c.Err.Code == "" || c.Err.Text == "" {
				errs = append(errs, fmt.Errorf("a refusal says nothing: %w", c.Err))
			}
		default:
			errs = append(errs, w.task(cmd, id, brings))
		}
	}
	if e, ok := ev.(OnLine); ok {
		w.onLine(now, e)
	}
	for _, o := range w.open {
		if late := now.Sub(o.Until); late > time.Second {
			errs = append(errs, fmt.Errorf("offer %s outlives its end by %v", o.Offer, late))
		}
	}
	clear(w.several)
	for id, q := range w.queues() {
		if ringsSeveral(q.cfg.Strategy) {
			w.several[id] = true
		}
	}
	return errors.Join(errs...)
}

// onLine: whoever is kept for a customer who is called first is rung for a whole ring time from his answer on.
func (w *witness) onLine(now time.Time, e OnLine) {
	for id, o := range w.open {
		q := w.queues()[o.Queue]
		if o.Task != e.Task || o.Kind != ctid.OfferCallback || q == nil {
			continue
		}
		if until := now.Add(q.cfg.Ring); until.After(o.Until) {
			o.Until = until
			w.open[id] = o
		}
	}
}

// brought is what an event says of the task that it puts into a queue.
func (w *witness) brought(now time.Time, ev Event) (ctid.TaskID, inside) {
	switch e := ev.(type) {
	case Enqueue:
		in := inside{entered: e.Entered, plain: len(e.Needs) == 0 && e.Prefer == "" && e.Arrived.IsZero()}
		if e.Entered.IsZero() || e.Entered.After(now) {
			in.entered = now
		}
		return e.Task, in
	case TakeCallback:
		if old := w.tasks[e.Task]; old != nil {
			in := *old
			in.rings = 0
			if e.Late {
				in.entered = now
			}
			return e.As, in
		}
	}
	return "", inside{}
}

func (w *witness) offered(now time.Time, c MakeOffer, picked bool) error {
	if w.closed[c.Offer] || w.open[c.Offer].Offer != "" {
		return fmt.Errorf("offer %s is made twice", c.Offer)
	}
	var q Queue
	if in := w.queues()[c.Queue]; in != nil {
		q = in.cfg
	}
	for _, o := range w.open {
		switch {
		case o.Agent == c.Agent && (o.Medium == "") == (c.Medium == ""):
			return fmt.Errorf("%s is in two offers: %+v and %+v", c.Agent, o, c)
		case o.Task == c.Task && fromQueue(o) && fromQueue(c) && !ringsSeveral(q.Strategy) && !w.several[c.Queue]:
			return fmt.Errorf("%s is offered to two agents: %+v and %+v", c.Task, o, c)
		}
	}
	w.open[c.Offer] = c
	if !c.Until.After(now) || c.Entered.After(now) {
		return fmt.Errorf("%+v at %v", c, now)
	}
	if !fromQueue(c) {
		return nil
	}
	t := w.tasks[c.Task]
	if t == nil || t.queue != c.Queue {
		return fmt.Errorf("%+v is of a task that does not wait there", c)
	}
	t.rings++
	if t.rings > 1 || picked || !t.plain || len(q.Steps) > 0 {
		return nil
	}
	return w.first(c, t)
}

// first tells whether nobody who wants the same has waited longer.
func (w *witness) first(c MakeOffer, t *inside) error {
	for id, o := range w.tasks {
		if o.queue == t.queue && o.plain && o.rings == 0 && o.priority == t.priority && cmp.Or(o.entered.Compare(t.entered), cmp.Compare(id, c.Task)) < 0 {
			return fmt.Errorf("%s is offered, and %s has waited longer in %s", c.Task, id, c.Queue)
		}
	}
	return nil
}

func (w *witness) offerEnded(c EndOffer) error {
	if c.Why == "late" {
		if w.open[c.Offer].Offer != "" || c.End == ctid.OfferAccepted {
			return fmt.Errorf("%+v is told as late", c)
		}
		return nil
	}
	o, ok := w.open[c.Offer]
	if !ok || o.Agent != c.Agent || o.Task != c.Task {
		return fmt.Errorf("%+v ends, it is open: %v", c, ok)
	}
	delete(w.open, c.Offer)
	w.closed[c.Offer] = true
	if t := w.tasks[c.Task]; t != nil && fromQueue(o) {
		t.rings--
	}
	return nil
}

// task judges what is told of tasks. brings is what the event says of the one that it puts into a queue.
func (w *witness) task(cmd Command, id ctid.TaskID, brings inside) error {
	switch c := cmd.(type) {
	case TaskQueued:
		if w.tasks[c.Task] != nil || c.Position < 1 || c.Task != id {
			return fmt.Errorf("%+v, it is inside already: %v", c, w.tasks[c.Task] != nil)
		}
		brings.queue, brings.priority = c.Queue, c.Priority
		if !c.Entered.IsZero() {
			if !c.Entered.Before(brings.entered) {
				return fmt.Errorf("%+v is no earlier place than of %v", c, brings.entered)
			}
			brings.entered = c.Entered
		}
		w.tasks[c.Task] = &brings
	case TaskMoved:
		t := w.tasks[c.Task]
		if c.Position < 1 || c.From == c.To || t == nil && (c.Why == "" || c.Task != id) || t != nil && (t.queue != c.From || t.rings > 0) || c.AtMost < 0 {
			return fmt.Errorf("%+v, it was told as %+v", c, t)
		}
		if t == nil {
			t = &brings
			w.tasks[c.Task] = t
		}
		t.queue, t.priority = c.To, c.Priority
	case TaskChanged:
		t := w.tasks[c.Task]
		if t == nil || t.queue != c.Queue || c.Position < 1 {
			return fmt.Errorf("%+v, it was told as %+v", c, t)
		}
		t.priority = c.Priority
	case TaskEnded:
		t := w.tasks[c.Task]
		refused := c.Exit == ctid.ExitFull || c.Exit == ctid.ExitClosed || c.Exit == ctid.ExitJoinEmpty || c.Exit == ctid.ExitDiverted
		if t == nil && !refused || t != nil && (t.queue != c.Queue || t.rings > 0) || c.Waited < 0 {
			return fmt.Errorf("%+v ends, it was told as %+v", c, t)
		}
		delete(w.tasks, c.Task)
	}
	return nil
}

func (w *witness) view(v ctid.AgentView) error {
	old, known := w.views[v.Agent]
	w.views[v.Agent] = v
	if known && v.Rev != old.Rev+1 || v.WasMS < 0 || v.Since.Before(old.Since) {
		return fmt.Errorf("view %+v after %+v", v, old)
	}
	if known && v.State != old.State && v.Was != old.State {
		return fmt.Errorf("view %+v was %s", v, old.State)
	}
	return nil
}

// agree holds each view told last against what the State says now.
func (w *witness) agree(s *State) error {
	for id, told := range w.views {
		v, ok := s.AgentView(id)
		if !ok {
			if told.State != ctid.Out {
				return fmt.Errorf("%s is gone, and was told last as %s", id, told.State)
			}
			continue // he may come back, and his rev goes on
		}
		if !reflect.DeepEqual(v, told) {
			return fmt.Errorf("the view of %s changed untold:\n%+v\n%+v", id, told, v)
		}
	}
	return nil
}

// fromQueue tells an offer of a queue from one past the queues.
func fromQueue(o MakeOffer) bool { return o.Kind == "" || o.Kind == ctid.OfferCallback }

// witnessFaults are what a core could do wrong. first is what happens before the fault is planted, then what shows it.
var witnessFaults = []struct {
	name  string
	first []Event
	plant func(s *State)
	then  []Event
	says  string
}{
	{"one number for two offers", nil, func(s *State) { s.tally.Offers-- }, []Event{Enqueue{Task: "c9", Queue: "support"}}, "is made twice"},
	{"an agent rung for two", nil, func(s *State) {
		ben := s.agents["ben"]
		ben.state, ben.offer, ben.line = ctid.Ready, nil, ""
		s.list(ben)
	}, []Event{Tick{}}, "ben is in two offers"},
	{"a task rung at two", nil, func(s *State) {
		t := s.tasks["c1"]
		t.open, t.queue.ringing = nil, nil
		s.waitIn(t)
	}, anaIsFree, "c1 is offered to two agents"},
	{"a ring time that is over", nil, func(s *State) { s.queues["sales"].cfg.Ring = -time.Second }, anaIsFree, "Until:2026-03-02 09:00:02"},
	{"a caller from the future", nil, func(s *State) { s.tasks["c2"].entered = nine.Add(time.Hour) }, anaIsFree, "Entered:2026-03-02 10:00:00"},
	{"one who has gone is offered", []Event{TaskGone{"c2"}}, ghost, anaIsFree, "that does not wait there"},
	{"last come, first served", nil, func(s *State) {
		k := s.queues["sales"].classes[0].waiting
		k[0], k[1] = k[1], k[0]
	}, anaIsFree, "c2 has waited longer"},
	{"an open offer is told as late", nil, func(s *State) {
		delete(s.offers, "o_A_2")
		s.ended["o_A_2"] = &ended{id: "o_A_2", task: "c1", agent: "ben", end: ctid.OfferMissed, at: s.now}
	}, []Event{OfferUp{"o_A_2"}}, "is told as late"},
	{"an offer ends twice", []Event{OfferFailed{"o_A_2", "busy"}}, func(s *State) {
		s.offers["o_A_2"] = &offer{id: "o_A_2", kind: ctid.OfferDirect, agent: s.agents["ben"], work: work{task: "c1"}}
	}, []Event{Revoke{Offer: "o_A_2"}}, "ends, it is open: false"},
	{"a ring time without a timer", nil, func(s *State) { s.timers.stop(&s.offers["o_A_2"].ring) }, []Event{Direct{Task: "x", Agent: "dan", Ring: time.Minute}, Tick{}},
		"offer o_A_2 outlives its end"},
	{"in a queue twice", nil, func(s *State) { delete(s.tasks, "c2") }, []Event{Enqueue{Task: "c2", Queue: "sales"}}, "it is inside already"},
	{"moved to where it is", nil, func(s *State) { s.queues["support"].cfg.ID = "sales" }, []Event{Move{Task: "c2", To: "support"}}, "From:sales To:sales"},
	{"one who has gone is changed", []Event{TaskGone{"c2"}}, ghost, []Event{Prioritise{Task: "c2", Priority: 90}}, "it was told as <nil>"},
	{"a task ends twice", []Event{TaskGone{"c2"}}, ghost, []Event{TaskGone{"c2"}}, "ends, it was told as <nil>"},
	{"gone, and it rings on", nil, func(s *State) { s.tasks["c1"].open = nil }, []Event{TaskGone{"c1"}}, "ends, it was told as"},
	{"a negative wait", nil, func(s *State) { s.tasks["c2"].entered = nine.Add(time.Hour) }, []Event{TaskGone{"c2"}}, "Waited:-"},
	{"a view that was not told", nil, func(s *State) { s.agents["cleo"].rev++ }, []Event{AgentPause{Agent: "cleo", Reason: "lunch"}}, "view"},
	{"time goes back", nil, func(s *State) { s.now = nine.Add(-time.Hour) }, []Event{AgentPause{Agent: "cleo", Reason: "lunch"}}, "view"},
	{"a state that was not told", nil, func(s *State) {
		cleo := s.agents["cleo"]
		s.unlist(cleo)
		cleo.state, cleo.reason = ctid.Paused, "lunch"
	}, []Event{AgentLogout{Agent: "cleo"}}, "was ready"},
	{"a figure that was not told", nil, func(s *State) { s.agents["cleo"].misses = 3 }, []Event{Tick{}}, "changed untold"},
}

// anaIsFree: ana, who talks, has done with it.
var anaIsFree = []Event{WorkEnded{Agent: "ana", Task: "c0", NoWrap: true}, LegGone{"ana", "o_A_1"}}

// ghost puts c2, who has gone, back without a word.
func ghost(s *State) {
	t := newTask("c2")
	t.queue, t.priority, t.entered, t.joined = s.queues["sales"], 50, nine, nine
	s.sort(t)
	s.enterClass(t)
	s.waitIn(t)
	s.tasks[t.id] = t
}

// TestWitnessFindsFaults plants each fault in a core, which then goes on deciding: what it does must give it away.
func TestWitnessFindsFaults(t *testing.T) {
	for _, f := range witnessFaults {
		t.Run(f.name, func(t *testing.T) {
			s, w := watched(t)
			now := s.now
			give := func(events []Event) (errs []error) {
				for _, ev := range events {
					now = now.Add(time.Second)
					if d, direct := ev.(Direct); direct { // and time passes
						now = now.Add(d.Ring)
					}
					if s.now.Before(nine) {
						now = s.now
					}
					errs = append(errs, w.judge(now, ev, s.Decide(now, ev)), w.agree(s))
				}
				return errs
			}
			if err := errors.Join(give(f.first)...); err != nil {
				t.Fatalf("before anything is wrong it says %v", err)
			}
			f.plant(s)
			if err := errors.Join(give(f.then)...); err == nil || !strings.Contains(err.Error(), f.says) {
				t.Errorf("it says %v; want %q", err, f.says)
			}
		})
	}
	_, w := watched(t)
	if w.judge(nine, Tick{}, []Command{Refused{Err: &ctid.Error{}}}) == nil {
		t.Error("a refusal that says nothing is let pass")
	}
}
