package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/suggest"
)

// Report is what a watch has come to.
type Report struct {
	Source   string        `json:"source"`
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Gaps     []Span        `json:"gaps"` // nothing was told then
	Queues   []QueueReport `json:"queues"`
	All      QueueReport   `json:"all"`
	Trials   int           `json:"trials"`
	LeftOut  LeftOut       `json:"left_out"`
	Unread   int           `json:"unread"`
	Unreads  []string      `json:"unread_first"`
	Assumed  []string      `json:"assumed"`
	Findings []string      `json:"findings"`
	Examples []Example     `json:"examples"`
}

// QueueReport is one queue, or all together.
type QueueReport struct {
	Queue    string       `json:"queue"` // as app_queue calls it
	CTID     ctid.QueueID `json:"ctid"`
	Target   float64      `json:"target_s"`
	Account  Figures      `json:"account"` // app_queue's own figures, of all who entered while we watched
	Judged   int          `json:"judged"`  // of them, those who are compared
	Compared []Compared   `json:"compared"`
	theirs   Figures      // of the judged
	trials   []Figures    // likewise, by trial
}

// LeftOut are callers who are not compared, by why.
type LeftOut struct {
	Before  int `json:"before"`   // they were there when the watch began, or began anew after a gap
	Waiting int `json:"waiting"`  // they waited when it ended
	OverGap int `json:"over_gap"` // nothing was told when they waited
}

// Example is a caller for whom ctid would have chosen another agent.
type Example struct {
	Queue    string    `json:"queue"`
	Call     string    `json:"call"`
	Entered  time.Time `json:"entered"`
	Rang     string    `json:"app_queue_rang"`
	RangAt   time.Time `json:"app_queue_rang_at"`
	Offered  string    `json:"ctid_offers"`
	At       time.Time `json:"ctid_offers_at"`
	Why      string    `json:"why"`     // of him whom ctid chose
	WhyNot   string    `json:"why_not"` // of him whom app_queue rang
	bothFree bool
}

// maxExamples are told.
const maxExamples = 8

// Report ends the watch at now, gives what was seen to ctid's distributor, and compares.
func (w *Watch) Report(now time.Time) (*Report, error) {
	if w.now.After(now) {
		now = w.now
	}
	if !w.opt.To.IsZero() && now.After(w.opt.To) {
		now = w.opt.To
	}
	if n := len(w.past); w.cur == nil && n > 0 && w.past[n-1].told && now.Sub(w.past[n-1].to) > grace {
		w.gaps = append(w.gaps, Span{w.past[n-1].to, now}) // the connection has not come back
	}
	w.end(now)
	r := &Report{Source: w.opt.Source, To: now, Gaps: listed(w.gaps), Unread: w.unread, Unreads: listed(w.unreads), Examples: []Example{}}
	r.From = cmp.Or(w.opt.From, r.To)
	if len(w.past) > 0 {
		r.From, r.To = later(w.opt.From, w.past[0].from), w.past[len(w.past)-1].to
	}
	byQueue := w.account(r)
	l := w.learn()
	if err := w.play(r, byQueue, l); err != nil {
		return nil, err
	}
	for _, q := range r.Queues {
		r.All.Account.add(q.Account)
		r.All.Judged += q.Judged
		r.All.theirs.add(q.theirs)
		r.All.trials = addAll(r.All.trials, q.trials)
	}
	r.All.Queue, r.All.Compared = "all", compare(r.All.theirs, r.All.trials)
	w.say(r, l)
	return r, nil
}

func addAll(to, list []Figures) []Figures {
	for i, f := range list {
		if i == len(to) {
			to = append(to, Figures{})
		}
		to[i].add(f)
	}
	return to
}

func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// account counts app_queue's own figures.
func (w *Watch) account(r *Report) map[string]*QueueReport {
	byQueue := map[string]*QueueReport{}
	for _, name := range sorted(w.queues) {
		if q := w.queues[name]; q.route != "" && w.wanted(name) {
			r.Queues = append(r.Queues, QueueReport{Queue: name, CTID: q.route, Target: w.target(q.route).Seconds()})
		}
	}
	for i := range r.Queues {
		byQueue[r.Queues[i].Queue] = &r.Queues[i]
	}
	for i, st := range w.past {
		for _, c := range st.calls {
			q := byQueue[c.place.queue]
			if q == nil || c.entered.Before(w.opt.From) {
				continue
			}
			w.accountOf(r, q, c, i < len(w.past)-1)
		}
	}
	return byQueue
}

// accountOf counts one call. gap: its stretch is not the last.
func (w *Watch) accountOf(r *Report, q *QueueReport, c *call, gap bool) {
	switch {
	case c.before:
		r.LeftOut.Before++
		return
	case !w.counts(c):
		return
	}
	target := w.target(q.CTID)
	f := Figures{Offered: 1}
	how := c.ended(w.results)
	switch {
	case how == stillIn:
		f.Waiting++
	default:
		f.out(how, c.waited(), target)
	}
	if !c.over.IsZero() {
		f.Talks, f.Talk = 1, c.talk
	}
	q.Account.add(f)
	switch {
	case how != stillIn:
		q.Judged++
		q.theirs.add(f)
	case gap:
		r.LeftOut.OverGap++
	default:
		r.LeftOut.Waiting++
	}
}

// target is what ctid counts a queue's service level by, on both sides.
func (w *Watch) target(id ctid.QueueID) time.Duration {
	for _, q := range w.site.Core.Queues {
		if q.ID == id && q.Target > 0 {
			return q.Target
		}
	}
	return defaultTarget
}

// defaultTarget is that of a queue that names none.
const defaultTarget = 20 * time.Second

// How often a watch is played: the fewer callers there are, the more chance has to say, and the less it costs.
const (
	leastTrials = 5
	mostTrials  = 40
	callsInAll  = 400_000
)

// play gives every stretch to ctid's distributor, several times.
func (w *Watch) play(r *Report, byQueue map[string]*QueueReport, l *learned) error {
	calls := 1
	for _, st := range w.past {
		calls += len(st.calls)
	}
	r.Trials = cmp.Or(w.opt.Trials, max(leastTrials, min(mostTrials, callsInAll/calls)))
	for _, q := range byQueue {
		q.trials = make([]Figures, r.Trials)
	}
	for _, st := range w.past {
		s := w.scene(st, l, w.site.Core)
		for n := range r.Trials {
			t, err := s.play(w.opt.Seed, n)
			if err != nil {
				return err
			}
			for i := range s.roles {
				role := &s.roles[i]
				if q := byQueue[role.was.place.queue]; q != nil && role.judged {
					end := t.ends[role.task]
					f := Figures{Offered: 1}
					f.out(exits[end.exit], end.waited, w.target(q.CTID))
					q.trials[n].add(f)
				}
			}
			if n == 0 {
				w.examples(r, t)
			}
		}
	}
	for _, q := range byQueue {
		q.Compared = compare(q.theirs, q.trials)
	}
	return nil
}

// examples are callers whom ctid would have offered to another agent. Those for whom both agents were free by its account say most.
func (w *Watch) examples(r *Report, t *trial) {
	for i := range t.scene.roles {
		role := &t.scene.roles[i]
		d, known := t.first[role.task]
		if !known || role.was.rang == nil || role.was.rang.agent == d.Agent {
			continue
		}
		e := Example{Queue: role.was.place.queue, Call: role.was.place.id, Entered: role.entered, Rang: cmp.Or(string(role.was.rang.agent), role.was.rang.name),
			RangAt: role.was.rangAt, Offered: string(d.Agent), At: d.At, WhyNot: "he is no agent of this queue in ctid"}
		for _, c := range d.Candidates {
			switch c.Agent {
			case d.Agent:
				e.Why = c.Value
			case role.was.rang.agent:
				e.WhyNot, e.bothFree = c.Value, c.Rule == acd.RuleOrder
			}
		}
		r.Examples = append(r.Examples, e)
	}
	slices.SortStableFunc(r.Examples, func(a, b Example) int {
		if a.bothFree != b.bothFree {
			return map[bool]int{true: -1, false: 1}[a.bothFree]
		}
		return a.Entered.Compare(b.Entered)
	})
	r.Examples = r.Examples[:min(len(r.Examples), maxExamples)]
}

// meant is what somebody may have meant, as the end of a sentence.
func meant(name string, names []string) string {
	if m := suggest.Among(name, names); m != "" {
		return fmt.Sprintf("; is it %q?", m)
	}
	return ""
}
