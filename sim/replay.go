package sim

import (
	"cmp"
	"container/heap"
	"fmt"
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

// Replay gives a recorded span to the distributor under another configuration, and compares what came of it.
//
// What people did for reasons of their own stays: callers come when they came; who gave up does so after as long a wait, if
// nobody has answered him by then; agents log in, pause and say ready when they did. What followed from decisions is made
// anew: a phone is answered after as long as it rang for that call, and the conversation and its wrap-up last as long as they did;
// of a call that was never answered then, as long as half of its queue's. Nobody lets a phone ring in vain.
//
// Work that no queue gave (consultations, calls that agents made) is left out on both sides, and counted.
func Replay(start acd.Snapshot, inputs []Input, cfg acd.Config) (*Comparison, error) {
	past, err := learn(start, inputs)
	if err != nil {
		return nil, err
	}
	core, err := acd.Restore(start)
	if err != nil {
		return nil, err
	}
	r := &replay{past: past, core: core, now: start.Now, calls: map[ctid.TaskID]*replayed{}, figures: map[ctid.QueueID]*Figures{}, leftOut: map[string]int{}}
	if err := r.begin(cfg); err != nil {
		return nil, err
	}
	for _, in := range inputs {
		r.until(in.At)
		r.recorded(in)
	}
	r.finish()
	return compared(past, r, cfg), nil
}

// Figures are of one queue over the span. Wait is from entry to the offer that was taken; Level is answered within the target by offered.
type Figures struct {
	Offered   int           `json:"offered"`
	Answered  int           `json:"answered"`
	Abandoned int           `json:"abandoned"`
	Other     int           `json:"other"`
	Within    int           `json:"within_target"`
	Waits     time.Duration `json:"waits_ns"` // of the answered, together
	Longest   time.Duration `json:"longest_ns"`
}

// Level is the service level; 0 where nobody was offered.
func (f Figures) Level() float64 { return share(f.Within, f.Offered) }

// ASA is the mean wait of the answered.
func (f Figures) ASA() time.Duration {
	if f.Answered == 0 {
		return 0
	}
	return f.Waits / time.Duration(f.Answered)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// ended counts a task that has left its queue after so long.
func (f *Figures) ended(exit ctid.QueueExit, waited, target time.Duration) {
	f.Longest = max(f.Longest, waited)
	switch exit {
	case ctid.ExitAnswered:
		f.Answered++
		f.Waits += waited
		if waited <= target {
			f.Within++
		}
	case ctid.ExitAbandoned:
		f.Abandoned++
	default:
		f.Other++
	}
}

// Comparison is a span as it was and as it would have been.
type Comparison struct {
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to"`
	Queues  []QueueCompared `json:"queues"`
	LeftOut map[string]int  `json:"left_out,omitempty"` // recorded events that have no part in it, by kind
}

// QueueCompared is one queue.
type QueueCompared struct {
	Queue    ctid.QueueID `json:"queue"`
	Recorded Figures      `json:"recorded"`
	Replayed Figures      `json:"replayed"`
}

// replayed is a call on its way through the replay.
type replayed struct {
	queue   ctid.QueueID
	entered time.Time
	taken   bool
}

// act is something that the replay brings about by itself.
type act struct {
	at time.Time
	n  int
	do func(now time.Time)
}

type acts []act

func (a acts) Len() int { return len(a) }
func (a acts) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), cmp.Compare(a[i].n, a[j].n)) < 0
}
func (a acts) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *acts) Push(x any) { *a = append(*a, x.(act)) }

// Pop implements heap.Interface.
func (a *acts) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

type replay struct {
	past    *past
	core    *acd.State
	targets map[ctid.QueueID]time.Duration
	now     time.Time
	n       int
	acts    acts
	calls   map[ctid.TaskID]*replayed
	figures map[ctid.QueueID]*Figures
	leftOut map[string]int
}

// begin puts the other configuration in force. Whoever talks or waits at the beginning goes on.
func (r *replay) begin(cfg acd.Config) error {
	cfg.Epoch = "" // that of the record goes on
	r.targets = targets(cfg)
	for _, c := range r.core.Decide(r.now, acd.Reconfigure{Config: cfg}) {
		if no, ok := c.(acd.Refused); ok {
			return fmt.Errorf("the configuration cannot be put in force: %w", no.Err)
		}
	}
	for id, c := range r.past.before {
		if c.agent != "" {
			r.talk(r.now, id, c.agent, c.offer, c.left)
			continue
		}
		r.calls[id] = &replayed{queue: c.queue, entered: c.entered}
		r.of(c.queue).Offered++
	}
	for _, o := range r.past.ringing {
		r.plan(r.now.Add(r.past.ring(o.Task, o.Queue)), func(time.Time) { r.decide(acd.OfferUp{Offer: o.Offer}) })
	}
	return nil
}

func targets(cfg acd.Config) map[ctid.QueueID]time.Duration {
	out := map[ctid.QueueID]time.Duration{}
	for _, q := range cfg.Queues {
		out[q.ID] = cmp.Or(q.Target, defaultTarget)
	}
	return out
}

func (r *replay) of(q ctid.QueueID) *Figures {
	if r.figures[q] == nil {
		r.figures[q] = &Figures{}
	}
	return r.figures[q]
}

// until lets everything happen that is due before at.
func (r *replay) until(at time.Time) {
	for {
		next, mine := r.core.Deadline(), false
		if len(r.acts) > 0 && (next.IsZero() || !r.acts[0].at.After(next)) {
			next, mine = r.acts[0].at, true
		}
		if next.IsZero() || next.After(at) {
			return
		}
		if next.After(r.now) {
			r.now = next
		}
		if mine {
			heap.Pop(&r.acts).(act).do(r.now)
		} else {
			r.decide(acd.Tick{})
		}
	}
}

func (r *replay) plan(at time.Time, do func(now time.Time)) {
	r.n++
	heap.Push(&r.acts, act{at: at, n: r.n, do: do})
}

// recorded gives the core what somebody did for reasons of his own.
func (r *replay) recorded(in Input) {
	if in.At.After(r.now) {
		r.now = in.At
	}
	switch e := in.Event.(type) {
	case acd.Enqueue:
		if r.past.passes[e.Task] == nil {
			r.leftOut[e.EventKind()]++
			return
		}
		r.calls[e.Task] = &replayed{queue: e.Queue, entered: r.now}
		r.of(e.Queue).Offered++
		r.decide(e)
	case acd.TakeCallback:
		r.callback(e)
	case acd.TaskGone, acd.Leave, acd.Move, acd.Prioritise:
		if task := taskOf(e); r.calls[task] != nil && !r.calls[task].taken {
			r.decide(in.Event)
		}
	case acd.AgentLogin, acd.AgentLogout, acd.AgentReady, acd.AgentPause, acd.AgentCancelNext, acd.ForceState, acd.DeskChanged, acd.DeviceChanged, acd.SetDevice:
		r.decide(in.Event)
	case acd.WrapUpDone:
		if slices.Contains(r.past.wraps, e.Wrap) { // it had begun before
			r.decide(e)
		}
	case acd.OfferUp, acd.OfferFailed, acd.LegGone, acd.WorkEnded, acd.ExtendWrapUp, acd.Tick, acd.Reconfigure:
		// what followed from decisions is made anew; the configuration is the other one
	default:
		r.leftOut[in.Event.EventKind()]++
	}
}

// callback: who leaves one if he still waits is called back in his turn, by the task that then was.
func (r *replay) callback(e acd.TakeCallback) {
	k := r.calls[e.Task]
	if k == nil || k.taken {
		return
	}
	r.calls[e.As] = &replayed{queue: k.queue, entered: k.entered}
	r.of(k.queue).Offered++
	r.decide(e)
}

func taskOf(ev acd.Event) ctid.TaskID {
	switch e := ev.(type) {
	case acd.TaskGone:
		return e.Task
	case acd.Leave:
		return e.Task
	case acd.Move:
		return e.Task
	case acd.Prioritise:
		return e.Task
	}
	return ""
}

// decide gives the core an event and does what it wants done.
func (r *replay) decide(ev acd.Event) {
	for _, cmd := range r.core.Decide(r.now, ev) {
		switch c := cmd.(type) {
		case acd.MakeOffer:
			r.ring(c)
		case acd.EndOffer:
			r.offerOver(c)
		case acd.TaskMoved:
			if k := r.calls[c.Task]; k != nil {
				k.queue = c.To
			}
		case acd.TaskEnded:
			if k := r.calls[c.Task]; k != nil {
				k.taken = true
				r.of(c.Queue).ended(c.Exit, c.Waited, r.targets[c.Queue])
			}
		case acd.AgentChanged:
			r.wrap(c.View)
		}
	}
}

// fromQueue tells whether a queue made the offer: of a caller, or of one who is to be called back.
func fromQueue(c acd.MakeOffer) bool { return c.Kind == "" || c.Kind == ctid.OfferCallback }

// ring: the phone is answered after as long as it rang for that call.
func (r *replay) ring(c acd.MakeOffer) {
	if !fromQueue(c) {
		return
	}
	after := min(r.past.ring(c.Task, c.Queue), c.Until.Sub(r.now)-time.Millisecond)
	r.plan(r.now.Add(max(after, 0)), func(time.Time) { r.decide(acd.OfferUp{Offer: c.Offer}) })
}

// offerOver: of an accepted one the conversation lasts as long as it did; of any other nothing is left at the phone.
func (r *replay) offerOver(c acd.EndOffer) {
	if c.End != ctid.OfferAccepted {
		r.plan(r.now, func(time.Time) { r.decide(acd.LegGone{Agent: c.Agent, Offer: c.Offer}) })
		return
	}
	var q ctid.QueueID
	if k := r.calls[c.Task]; k != nil {
		q = k.queue
	}
	r.talk(r.now, c.Task, c.Agent, c.Offer, r.past.talk(c.Task, q))
}

func (r *replay) talk(now time.Time, task ctid.TaskID, agent ctid.AgentID, offer ctid.OfferID, lasts time.Duration) {
	r.plan(now.Add(lasts), func(time.Time) {
		r.decide(acd.LegGone{Agent: agent, Offer: offer})
		r.decide(acd.WorkEnded{Agent: agent, Task: task})
	})
}

// wrap: a wrap-up that begins lasts as long as the call's did, or until its own time is over.
func (r *replay) wrap(v ctid.AgentView) {
	if v.State != ctid.WrapUp || v.Wrap == nil || v.Was != ctid.Talking || !v.Since.Equal(r.now) {
		return
	}
	lasts, known := r.past.wrap(ctid.TaskID(v.Wrap.Call))
	if !known {
		return
	}
	id := v.Wrap.ID
	r.plan(r.now.Add(lasts), func(time.Time) {
		if now, ok := r.core.AgentView(v.Agent); ok && now.Wrap != nil && now.Wrap.ID == id {
			r.decide(acd.WrapUpDone{Agent: v.Agent, Wrap: id, Coded: true, By: ctid.BySystem})
		}
	})
}

// finish lets those who wait at the end be counted as they stand.
func (r *replay) finish() {
	for _, k := range r.calls {
		if !k.taken {
			r.of(k.queue).Other++
		}
	}
}

// compared puts both sides beside each other.
func compared(p *past, r *replay, cfg acd.Config) *Comparison {
	out := &Comparison{From: p.from, To: r.now, LeftOut: r.leftOut}
	ids := map[ctid.QueueID]bool{}
	for _, q := range cfg.Queues {
		ids[q.ID] = true
	}
	for id := range p.figures {
		ids[id] = true
	}
	for id := range ids {
		c := QueueCompared{Queue: id}
		if f := p.figures[id]; f != nil {
			c.Recorded = *f
		}
		if f := r.figures[id]; f != nil {
			c.Replayed = *f
		}
		out.Queues = append(out.Queues, c)
	}
	slices.SortFunc(out.Queues, func(a, b QueueCompared) int { return cmp.Compare(a.Queue, b.Queue) })
	return out
}
