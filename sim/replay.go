package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// Input is one event as the distributor was given it.
type Input struct {
	At    time.Time
	Event acd.Event
}

// Record is a recorded span: the distributor as it stood at From, and what it was given from then on until To.
type Record struct {
	Start    acd.Snapshot
	From, To time.Time
	Inputs   []Input
}

// Replay gives a recorded span to the distributor under another configuration, and compares what came of it.
//
// What people did for reasons of their own stays: callers come when they came; who gave up does so at the same moment, if
// nobody has answered him by then; agents log in, pause and say ready when they did. What followed from decisions is made
// anew: a phone is answered after as long as it rang for that call, and the conversation and its wrap-up last as long as they did;
// of a call that was never answered then, as long as half of its queue's. Nobody lets a phone ring in vain. A call that entered
// a queue again, after its agent or its script had sent it on, does so as long after the conversation, or after it left the
// queue before, as it did then, if it came to the same.
//
// Work that no queue gave (consultations, calls that agents made) is left out and counted: agents are free meanwhile.
func Replay(rec Record, cfg acd.Config) (*Comparison, error) {
	past, err := learn(rec)
	if err != nil {
		return nil, err
	}
	core, err := acd.Restore(rec.Start)
	if err != nil {
		return nil, err
	}
	r := &replay{past: past, core: core, book: newBook(cfg), stays: map[ctid.TaskID]*stay{},
		took: map[ctid.AgentID]*visit{}, leftOut: map[string]int{}}
	r.course = NewCourse(core, rec.From, r.obey)
	if err := r.begin(cfg); err != nil {
		return nil, err
	}
	for _, in := range rec.Inputs {
		r.course.Until(in.At)
		r.recorded(in)
	}
	r.course.Until(rec.To)
	r.book.close()
	return &Comparison{From: rec.From, To: rec.To, Queues: compared(past.book, r.book), LeftOut: r.leftOut}, nil
}

// stay is a task on its way through the replay.
type stay struct {
	n       int  // which of its recorded visits it is at, or was at last
	waits   bool // in a queue
	had     bool // an agent has had it
	gone    bool // its caller has
	shifted bool // its times are no longer those of then: it followed on a visit
}

type replay struct {
	past    *past
	core    *acd.State
	course  *Course
	book    *book
	stays   map[ctid.TaskID]*stay
	took    map[ctid.AgentID]*visit // whom each has had last, as he was recorded
	leftOut map[string]int
}

// begin puts the other configuration in force. Whoever talks or waits at the beginning goes on.
func (r *replay) begin(cfg acd.Config) error {
	for _, t := range r.past.talking {
		v := t.visit
		r.took[v.agent] = v
		if v.queue != "" {
			r.stays[t.task] = &stay{had: true}
		}
		if !v.over.IsZero() { // else it outlasts the span
			r.talk(t.task, v.agent, v.offer, v.over.Sub(r.course.Now()))
		}
	}
	for _, t := range r.past.waiting {
		k := &stay{waits: true}
		if r.stays[t.Task] != nil {
			k.n, k.had = 1, true
		}
		r.stays[t.Task] = k
		r.book.enter(t.Task, t.Queue)
	}
	for _, id := range slices.Sorted(maps.Keys(r.stays)) {
		if !r.stays[id].waits {
			r.follow(id, ctid.ExitAnswered)
		}
	}
	for _, o := range r.past.ringing {
		after := r.past.rings[o.Queue]
		if v := r.visit(o.Task); v != nil && v.offer == o.Offer {
			after = v.up.Sub(r.course.Now())
		}
		r.plan(after, func() { r.course.Give(acd.OfferUp{Offer: o.Offer}) })
	}
	cfg.Epoch = "" // that of the record goes on
	for _, c := range r.course.Give(acd.Reconfigure{Config: cfg}) {
		if no, ok := c.(acd.Refused); ok {
			return fmt.Errorf("the configuration cannot be put in force: %w", no.Err)
		}
	}
	return nil
}

// plan has do done after so long.
func (r *replay) plan(after time.Duration, do func()) { r.course.Plan(r.course.Now().Add(after), do) }

// recorded gives the core what somebody did for reasons of his own.
func (r *replay) recorded(in Input) {
	switch e := in.Event.(type) {
	case acd.Enqueue:
		r.enters(e, in.At)
	case acd.TakeCallback:
		r.callback(e)
	case acd.TaskGone:
		r.hangsUp(e.Task)
	case acd.Leave:
		r.ifWaits(e.Task, e)
	case acd.Move:
		r.ifWaits(e.Task, e)
	case acd.Prioritise:
		r.ifWaits(e.Task, e)
	case acd.AgentLogin, acd.AgentLogout, acd.AgentReady, acd.AgentPause, acd.AgentCancelNext, acd.ForceState, acd.DeskChanged, acd.DeviceChanged, acd.SetDevice:
		r.course.Give(in.Event)
	case acd.WrapUpDone:
		if slices.Contains(r.past.wraps, e.Wrap) { // it had begun before
			r.course.Give(e)
		}
	case acd.Restarted:
		r.leftOut[e.EventKind()]++
		r.anew(in.At)
	case acd.OfferUp, acd.OnLine, acd.OfferFailed, acd.LegGone, acd.WorkEnded, acd.ExtendWrapUp, acd.WaitTold, acd.Tick, acd.Reconfigure:
		// what followed from decisions is made anew; the configuration is the other one
	default:
		r.leftOut[in.Event.EventKind()]++
	}
}

// enters: the first time a task does, it does so by itself. All others follow on the visit before.
func (r *replay) enters(e acd.Enqueue, at time.Time) {
	list := r.past.visits[e.Task]
	switch {
	case len(list) == 0:
		r.leftOut[e.EventKind()]++
	case r.stays[e.Task] == nil && list[0].enter.Task != "" && list[0].at.Equal(at):
		r.stays[e.Task] = &stay{}
		if refused(r.course.Give(e)) {
			r.leftOut[e.EventKind()]++
		}
	}
}

// hangsUp: a caller is gone at the same moment, if nobody has answered him. follow sees to those who are there at another time.
func (r *replay) hangsUp(id ctid.TaskID) {
	switch k := r.stays[id]; {
	case k == nil || k.shifted:
	case k.waits:
		k.gone = true
		r.course.Give(acd.TaskGone{Task: id})
	case !k.had:
		k.gone = true
	}
}

func (r *replay) ifWaits(id ctid.TaskID, ev acd.Event) {
	if k := r.stays[id]; k != nil && k.waits {
		r.course.Give(ev)
	}
}

// callback: who leaves one, if he still waits, is called back in his turn, by the task that then was.
func (r *replay) callback(e acd.TakeCallback) {
	if k := r.stays[e.Task]; k == nil || !k.waits || len(r.past.visits[e.As]) == 0 {
		r.leftOut[e.EventKind()]++
		return
	}
	r.stays[e.As] = &stay{}
	r.course.Give(e)
}

// anew: whom the daemon did not find again when it had begun anew is gone here too.
func (r *replay) anew(at time.Time) {
	for _, id := range slices.Sorted(maps.Keys(r.stays)) {
		if k := r.stays[id]; k.waits && r.past.visits[id][k.n].heldAt.Equal(at) {
			r.course.Give(acd.Leave{Task: id, Why: ctid.ExitRemoved, By: ctid.BySystem})
			k.gone = true
		}
	}
}

// visit is the recorded visit that a task is at.
func (r *replay) visit(id ctid.TaskID) *visit {
	if k := r.stays[id]; k != nil {
		return r.past.visits[id][k.n]
	}
	return nil
}

// follow: a task that has left its queue as it did then enters again as it did then, as long afterwards. Who gave up there does so
// after as long a wait.
func (r *replay) follow(id ctid.TaskID, exit ctid.QueueExit) {
	k, list := r.stays[id], r.past.visits[id]
	if k.n+1 >= len(list) || exit == ctid.ExitAbandoned {
		return
	}
	was, next := list[k.n], list[k.n+1]
	if (exit == ctid.ExitAnswered) != (was.exit == ctid.ExitAnswered) || was.ended.IsZero() || next.enter.Task == "" {
		r.leftOut[acd.Enqueue{}.EventKind()]++
		return
	}
	r.plan(next.at.Sub(was.ended), func() {
		if k.gone {
			return
		}
		now := r.course.Now()
		k.n, k.shifted = k.n+1, true
		again := next.enter
		if !again.Entered.IsZero() {
			again.Entered = now.Add(again.Entered.Sub(next.at))
		}
		n := k.n
		if next.exit == ctid.ExitAbandoned {
			r.plan(next.ended.Sub(next.at), func() {
				if k.waits && k.n == n {
					r.course.Give(acd.TaskGone{Task: id})
				}
			})
		}
		r.course.Give(again)
	})
}

// obey does what the core wants done.
func (r *replay) obey(cmds []acd.Command) {
	for _, cmd := range cmds {
		r.book.saw(cmd)
		switch c := cmd.(type) {
		case acd.MakeOffer:
			r.ring(c)
		case acd.EndOffer:
			r.offerOver(c)
		case acd.TaskQueued:
			r.stays[c.Task].waits = true
		case acd.TaskMoved:
			r.stays[c.Task].waits = true
		case acd.TaskEnded:
			k := r.stays[c.Task]
			k.waits, k.had = false, k.had || c.Exit == ctid.ExitAnswered
			r.follow(c.Task, c.Exit)
		case acd.AgentChanged:
			r.wrap(c.View)
		}
	}
}

// fromQueue tells whether a queue made the offer: of a caller, or of one who is to be called back.
func fromQueue(c acd.MakeOffer) bool { return c.Kind == "" || c.Kind == ctid.OfferCallback }

// ring: the phone is answered after as long as it rang for that call.
func (r *replay) ring(c acd.MakeOffer) {
	after := min(r.past.ring(r.visit(c.Task), c.Queue), c.Until.Sub(r.course.Now())-time.Millisecond)
	r.plan(after, func() { r.course.Give(acd.OfferUp{Offer: c.Offer}) })
}

// offerOver: of an accepted one the conversation lasts as long as it did; of any other nothing is left at the phone.
func (r *replay) offerOver(c acd.EndOffer) {
	if !accepted(c) {
		r.plan(0, func() { r.course.Give(acd.LegGone{Agent: c.Agent, Offer: c.Offer}) })
		return
	}
	v := r.visit(c.Task)
	r.took[c.Agent] = v
	r.talk(c.Task, c.Agent, c.Offer, r.past.talk(v, r.book.in[c.Task]))
}

func (r *replay) talk(task ctid.TaskID, agent ctid.AgentID, offer ctid.OfferID, lasts time.Duration) {
	r.plan(lasts, func() {
		r.course.Give(acd.LegGone{Agent: agent, Offer: offer})
		r.course.Give(acd.WorkEnded{Agent: agent, Task: task})
	})
}

// wrap: a wrap-up that begins lasts as long as the call's did, or until its own time is over.
func (r *replay) wrap(v ctid.AgentView) {
	if v.State != ctid.WrapUp || v.Wrap == nil || v.Was != ctid.Talking || !v.Since.Equal(r.course.Now()) {
		return
	}
	lasts, known := r.took[v.Agent].wrap()
	if !known {
		return
	}
	id := v.Wrap.ID
	r.plan(lasts, func() {
		if now, ok := r.core.AgentView(v.Agent); ok && now.Wrap != nil && now.Wrap.ID == id {
			r.course.Give(acd.WrapUpDone{Agent: v.Agent, Wrap: id, Coded: true, By: ctid.BySystem})
		}
	})
}
