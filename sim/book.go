package sim

import (
	"cmp"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
)

// Figures are of one queue over a span. A wait runs from the entry until an agent has answered: ringing is part of it, as in the
// records of calls. Of a call that came from another queue it goes on. Offered is answered, abandoned and other together.
type Figures struct {
	Offered   int           `json:"offered"` // that entered it
	Answered  int           `json:"answered"`
	Abandoned int           `json:"abandoned"`
	Other     int           `json:"other"`   // left otherwise, for another queue too, or wait at the end
	Refused   int           `json:"refused"` // that it never let in: it was full, closed, empty, or they would have waited too long. Not offered
	Within    int           `json:"within_target"`
	Waits     time.Duration `json:"waits_ns"`   // of the answered, together
	Longest   time.Duration `json:"longest_ns"` // of those who have left
}

// Level is the service level: answered within the target by offered; 0 where nobody was offered.
func (f Figures) Level() float64 {
	if f.Offered == 0 {
		return 0
	}
	return float64(f.Within) / float64(f.Offered)
}

// ASA is the mean wait of the answered.
func (f Figures) ASA() time.Duration {
	if f.Answered == 0 {
		return 0
	}
	return f.Waits / time.Duration(f.Answered)
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

// book counts what becomes of tasks, by what a core says. Both sides of a comparison are counted by one.
type book struct {
	targets map[ctid.QueueID]time.Duration
	figures map[ctid.QueueID]*Figures
	in      map[ctid.TaskID]ctid.QueueID // who waits, and where
	held    map[ctid.TaskID]ctid.QueueID // who waited when the daemon began anew, and has not come back yet
}

func newBook(cfg acd.Config) *book {
	return &book{targets: targets(cfg), figures: map[ctid.QueueID]*Figures{}, in: map[ctid.TaskID]ctid.QueueID{}, held: map[ctid.TaskID]ctid.QueueID{}}
}

func targets(cfg acd.Config) map[ctid.QueueID]time.Duration {
	out := map[ctid.QueueID]time.Duration{}
	for _, q := range cfg.Queues {
		out[q.ID] = cmp.Or(q.Target, defaultTarget)
	}
	return out
}

func (b *book) of(q ctid.QueueID) *Figures {
	if b.figures[q] == nil {
		b.figures[q] = &Figures{}
	}
	return b.figures[q]
}

// enter counts a task that a queue has let in. One that comes back to its place is counted already.
func (b *book) enter(task ctid.TaskID, q ctid.QueueID) {
	b.in[task] = q
	if was, back := b.held[task]; back {
		delete(b.held, task)
		if was == q {
			return
		}
		b.of(was).Other++
	}
	b.of(q).Offered++
}

func (b *book) saw(cmd acd.Command) {
	switch c := cmd.(type) {
	case acd.TaskQueued:
		b.enter(c.Task, c.Queue)
	case acd.TaskMoved:
		b.moved(c)
	case acd.TaskEnded:
		b.ended(c)
	}
}

// moved: it leaves a queue for another one, or comes to that because the one it was meant for does not let it in.
func (b *book) moved(c acd.TaskMoved) {
	_, back := b.held[c.Task]
	switch from, was := b.in[c.Task]; {
	case was:
		b.of(from).Other++
	case !back:
		b.of(c.From).Refused++
	}
	b.enter(c.Task, c.To)
}

func (b *book) ended(c acd.TaskEnded) {
	q, was := b.in[c.Task]
	if !was {
		q, was = b.held[c.Task]
	}
	delete(b.in, c.Task)
	delete(b.held, c.Task)
	switch {
	case !was:
		b.of(c.Queue).Refused++
	case c.Exit == ctid.ExitCallback: // he is one caller: the task that calls him back is counted in his place
		b.of(q).Offered--
	default:
		b.of(q).ended(c.Exit, c.Waited, b.targets[q])
	}
}

// hold: the daemon begins anew and has forgotten the task. If its caller is still there it comes back to its place.
func (b *book) hold(task ctid.TaskID) {
	if q, was := b.in[task]; was {
		delete(b.in, task)
		b.held[task] = q
	}
}

// close counts those who still wait.
func (b *book) close() {
	for _, q := range b.in {
		b.of(q).Other++
	}
	for _, q := range b.held {
		b.of(q).Other++
	}
}

// Comparison is a span as it was and as it would have been.
type Comparison struct {
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to"`
	Queues  []QueueCompared `json:"queues"`
	LeftOut map[string]int  `json:"left_out,omitempty"` // recorded events that have no part in it, by kind
	// Older: a part of the span was decided by an older version of the distributor, which may have decided otherwise.
	Older bool `json:"older,omitempty"`
}

// QueueCompared is one queue.
type QueueCompared struct {
	Queue    ctid.QueueID `json:"queue"`
	Recorded Figures      `json:"recorded"`
	Replayed Figures      `json:"replayed"`
}

// compared puts two books beside each other, by queue.
func compared(was, would *book) (out []QueueCompared) {
	ids := map[ctid.QueueID]bool{}
	for id := range would.targets { // a queue that nobody called is shown too
		ids[id] = true
	}
	for _, b := range []*book{was, would} {
		for id := range b.figures {
			ids[id] = true
		}
	}
	for id := range ids {
		out = append(out, QueueCompared{Queue: id, Recorded: *was.of(id), Replayed: *would.of(id)})
	}
	slices.SortFunc(out, func(a, b QueueCompared) int { return cmp.Compare(a.Queue, b.Queue) })
	return out
}
