package shadow

import (
	"fmt"
	"time"

	"ctid"
)

// say tells what was assumed, and what is to be known or put right.
func (w *Watch) say(r *Report, l *learned) {
	r.Assumed, r.Findings = []string{}, []string{}
	assume := func(format string, a ...any) { r.Assumed = append(r.Assumed, fmt.Sprintf(format, a...)) }
	w.assumePatience(l, assume)
	w.assumeTalk(assume)
	away := 0
	for _, st := range w.past {
		for _, s := range st.shifts {
			away += len(s.away())
		}
	}
	if away > 0 {
		assume("Rings in vain: a member who let his phone ring, once or several times on end (seen: %d), answers nobody here either until the last of these; then he is ready again", away)
	}
	assume("Rings: a phone is answered after as long as it usually is at that agent. Wrap-up lasts as long as ctid.yaml says")
	for _, id := range sorted(l.timeouts) {
		if w.ownLimit(id) == 0 {
			assume("Longest wait: %s has no at_most; its callers may wait for %v, the median of those whose time was over in app_queue", id, l.atMost(w.site.Core)[id].Round(time.Second))
		}
	}
	w.find(r)
}

func (w *Watch) ownLimit(id ctid.QueueID) time.Duration {
	for _, q := range w.site.Core.Queues {
		if q.ID == id {
			return q.AtMost
		}
	}
	return 0
}

func (w *Watch) assumePatience(l *learned, assume func(string, ...any)) {
	known, cut := 0, 0
	for _, s := range l.patience {
		known, cut = known+len(s.ended), cut+len(s.cut)
	}
	switch {
	case cut == 0:
	case known == 0:
		assume("Patience: nobody gave up, so nobody does here (callers: %d)", cut)
	default:
		assume("Patience: who gave up (%d) does so here after as long, if nobody has answered him; how long the others (%d) would have stayed is drawn from an estimate by both (Kaplan and Meier)", known, cut)
	}
}

func (w *Watch) assumeTalk(assume func(string, ...any)) {
	known, drawn := 0, 0
	for _, st := range w.past {
		for _, c := range st.calls {
			switch {
			case !c.over.IsZero():
				known++
			case !c.before || c.out.After(st.from):
				drawn++
			}
		}
	}
	if drawn > 0 {
		assume("Talk: a conversation whose end was seen (%d) lasts as long as it did; those of callers who had none, or of which no end was seen (%d), are drawn from them", known, drawn)
	}
}

// find tells what is to be put right.
func (w *Watch) find(r *Report) {
	find := func(format string, a ...any) { r.Findings = append(r.Findings, fmt.Sprintf(format, a...)) }
	for _, name := range sorted(w.queues) {
		q := w.queues[name]
		switch {
		case q.route == "" && q.calls > 0:
			find("queue %s is not in ctid.yaml: its calls (%d) are not compared; they keep their agents busy%s", name, q.calls, meant(name, w.names.listed))
		case q.route != "" && q.target > 0 && q.target != w.target(q.route):
			find("queue %s: app_queue's servicelevel is %v, the target of %s in ctid.yaml is %v: both sides are counted by that", name, q.target, q.route, w.target(q.route))
		}
		if q.ahead > 0 {
			find("queue %s: some callers entered before others who waited (%d, by QUEUE_PRIO or a position); here all are alike", name, q.ahead)
		}
	}
	for _, name := range w.opt.Queues {
		if w.queues[name] == nil {
			find("queue %s: nothing was seen of it%s", name, meant(name, sorted(w.queues)))
		}
	}
	w.findPeople(find)
	w.findTold(r, find)
}

// findPeople tells who is a member, and not an agent, or not of that queue.
func (w *Watch) findPeople(find func(string, ...any)) {
	serves := map[ctid.AgentID]map[ctid.QueueID]bool{}
	for _, a := range w.site.Core.Agents {
		serves[a.ID] = map[ctid.QueueID]bool{}
		for _, m := range a.Queues {
			serves[a.ID][m.Queue] = true
		}
	}
	told := map[*person]bool{}
	for _, key := range sorted(w.people) {
		p := w.people[key]
		if told[p] { // by another of his names
			continue
		}
		told[p] = true
		routed := false
		for _, name := range sorted(p.seats) {
			s, q := p.seats[name], w.queues[name]
			routed = routed || s.routed
			if p.agent != "" && s.routed && s.there && !serves[p.agent][q.route] {
				find("%s is a member of %s, and agent %s does not serve %s in ctid.yaml", key, name, p.agent, q.route)
			}
		}
		if p.agent == "" && routed {
			find("member %s (%s) is no agent in ctid.yaml: here nobody takes the calls that he answered (%d)%s", key, p.name, p.calls, meant(key, w.names.known))
		}
	}
}

// findTold tells where what is told may not be whole.
func (w *Watch) findTold(r *Report, find func(string, ...any)) {
	untold := w.missing
	for _, name := range sorted(w.queues) {
		untold += w.queues[name].counts.untold()
	}
	if untold > 0 {
		find("app_queue has done what was not told (at least %d things): does the manager's user have read=agent,call?", untold)
	}
	if w.back > 0 {
		find("the clock went back (seen: %d): what was told then counts as of the moment before", w.back)
	}
	if w.full {
		find("there is more than is kept (%d calls a stretch, %d queues, %d members): the rest is left out; watch for a shorter time", maxCalls, maxQueues, maxPeople)
	}
	if !w.opt.From.IsZero() && len(w.past) > 0 && w.past[0].from.After(w.opt.From) && !w.past[0].told {
		find("what was read begins at %s, after --from: name the files before it, too", w.past[0].from.Format(time.RFC3339))
	}
	if r.Unread > 0 {
		find("lines or events that could not be read are left out (%d), the first: %s", r.Unread, r.Unreads[0])
	}
}
