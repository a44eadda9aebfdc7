package shadow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/sim"
)

// caller is one with all that he brings along. Times are seconds.
type caller struct{ comes, talk, patience, ring float64 }

// traffic draws callers: a Poisson process, lognormal talk, exponential patience, rings from 1 to 4 s.
func traffic(seed uint64, n int, perSecond, talk, patience float64) []caller {
	r := rand.New(rand.NewPCG(seed, 1))
	var out []caller
	now := 5.0
	for range n {
		now += r.ExpFloat64() / perSecond
		out = append(out, caller{now, talk * math.Exp(0.6*r.NormFloat64()-0.18), patience * r.ExpFloat64(), 1 + 3*r.Float64()})
	}
	return out
}

// staff is a queue with so many agents, longest idle first.
func staff(agents int) Site {
	s := Site{Core: acd.Config{Epoch: "t", Queues: []acd.Queue{{ID: "sales", Target: 20 * time.Second}}}}
	for n := range agents {
		id := fmt.Sprintf("a%d", 1001+n)
		s.Core.Agents = append(s.Core.Agents, acd.Agent{ID: ctid.AgentID(id), Desk: ctid.DeskNone, Queues: []acd.Membership{{Queue: "sales", Rank: 1}}})
		s.Agents = append(s.Agents, Agent{ID: ctid.AgentID(id), Endpoints: []string{phone(n)}})
	}
	return s
}

func phone(n int) string { return fmt.Sprintf("PJSIP/%d", 1001+n) }

// teller is told what a queue of the tests does, in order.
type teller interface {
	begins(agents int)
	enters(now float64, call int)
	rings(now float64, call, agent int)
	answers(now float64, call, agent int, c caller)
	ends(now float64, call, agent int, c caller, since float64)
	givesUp(now float64, call int, c caller)
	stops(now float64, agent int) // his phone does not ring any more
}

// live tells a watch as the manager interface would.
type live struct{ w *Watch }

func (l live) begins(agents int) {
	l.w.Take(Observation{At: at(0), Kind: Up})
	for n := range agents {
		l.w.Take(Observation{At: at(0), Kind: MemberIs, Queue: "sales", Member: phone(n), Interface: phone(n)})
	}
	l.w.Take(Observation{At: at(0), Kind: Listed})
}

func (l live) enters(now float64, call int) {
	l.w.Take(Observation{At: at(now), Kind: Entered, Queue: "sales", Call: fmt.Sprint(call)})
}

func (l live) rings(now float64, call, agent int) {
	l.w.Take(Observation{At: at(now), Kind: Rings, Queue: "sales", Call: fmt.Sprint(call), Member: phone(agent), Interface: phone(agent)})
	l.w.Take(Observation{At: at(now), Kind: MemberIs, Queue: "sales", Member: phone(agent), Interface: phone(agent), Device: DeviceBusy})
}

func (l live) answers(now float64, call, agent int, c caller) {
	l.w.Take(Observation{At: at(now), Kind: Left, Queue: "sales", Call: fmt.Sprint(call)})
	l.w.Take(Observation{At: at(now), Kind: Answered, Queue: "sales", Call: fmt.Sprint(call), Member: phone(agent), Interface: phone(agent),
		Wait: clock(c.comes, now), Ring: time.Duration(c.ring)*time.Second + time.Second/2})
}

func (l live) ends(now float64, call, agent int, c caller, since float64) {
	l.w.Take(Observation{At: at(now), Kind: HangsUp, Call: fmt.Sprint(call)})
	l.w.Take(Observation{At: at(now), Kind: Completed, Queue: "sales", Call: fmt.Sprint(call), Member: phone(agent), Interface: phone(agent),
		Wait: clock(c.comes, since), Talk: clock(since, now)})
	l.w.Take(Observation{At: at(now), Kind: MemberIs, Queue: "sales", Member: phone(agent), Interface: phone(agent)})
	l.w.Take(Observation{At: at(now), Kind: Gone, Call: fmt.Sprint(call)})
}

func (l live) givesUp(now float64, call int, c caller) {
	l.w.Take(Observation{At: at(now), Kind: HangsUp, Call: fmt.Sprint(call)})
	l.w.Take(Observation{At: at(now), Kind: GivenUp, Queue: "sales", Call: fmt.Sprint(call), Wait: clock(c.comes, now)})
	l.w.Take(Observation{At: at(now), Kind: Left, Queue: "sales", Call: fmt.Sprint(call)})
	l.w.Take(Observation{At: at(now), Kind: Gone, Call: fmt.Sprint(call)})
}

func (l live) stops(now float64, agent int) {
	l.w.Take(Observation{At: at(now), Kind: MemberIs, Queue: "sales", Member: phone(agent), Interface: phone(agent)})
}

// clock is a time as app_queue's clock, which has whole seconds, sees it.
func clock(from, to float64) time.Duration {
	return time.Duration(math.Floor(to)-math.Floor(from)) * time.Second
}

// logged writes a queue_log.
type logged struct {
	t     *testing.T
	w     *Watch
	lines []string
}

func (l *logged) line(now float64, format string, a ...any) {
	text := fmt.Sprintf("%d|", at(now).Unix()) + fmt.Sprintf(format, a...)
	l.lines = append(l.lines, text)
	o, err := ParseLine(text)
	if err != nil {
		l.t.Fatalf("%s: %v", text, err)
	}
	l.w.Take(o)
}

func secs(d time.Duration) int { return int(d / time.Second) }

func (l *logged) begins(int) { l.line(0, "NONE|NONE|NONE|QUEUESTART|") }
func (l *logged) enters(now float64, call int) {
	l.line(now, "%d|sales|NONE|ENTERQUEUE||+85251230000|1", call)
}
func (l *logged) rings(float64, int, int) {}
func (l *logged) stops(float64, int)      {}
func (l *logged) answers(now float64, call, agent int, c caller) {
	l.line(now, "%d|sales|%s|CONNECT|%d|x|%d", call, phone(agent), secs(clock(c.comes, now)), int(c.ring))
}
func (l *logged) ends(now float64, call, agent int, c caller, since float64) {
	l.line(now, "%d|sales|%s|COMPLETECALLER|%d|%d|1", call, phone(agent), secs(clock(c.comes, since)), secs(clock(since, now)))
}
func (l *logged) givesUp(now float64, call int, c caller) {
	l.line(now, "%d|sales|NONE|ABANDON|1|1|%d", call, secs(clock(c.comes, now)))
}

// agenda is what will happen. Of one moment the first planned is first.
type agenda struct {
	now  float64
	acts []planned
}

type planned struct {
	at float64
	do func()
}

func (a *agenda) plan(at float64, do func()) {
	i, _ := slices.BinarySearchFunc(a.acts, at, func(p planned, at float64) int {
		if p.at <= at {
			return -1
		}
		return 1
	})
	a.acts = slices.Insert(a.acts, i, planned{at, do})
}

func (a *agenda) run() {
	for len(a.acts) > 0 {
		p := a.acts[0]
		a.acts = a.acts[1:]
		a.now = p.at
		p.do()
	}
}

// appQueue plays callers as app_queue does: each looks once a second whether it is his turn, and only then is the next member
// rung, in turns.
type appQueue struct {
	agenda
	tell    teller
	callers []caller
	busy    []bool
	next    int
	waiting []int       // in order
	pending map[int]int // who has an agent's phone ringing
	lost    map[int]bool
}

func playAppQueue(callers []caller, agents int, tell teller) {
	q := &appQueue{tell: tell, callers: callers, busy: make([]bool, agents), pending: map[int]int{}, lost: map[int]bool{}}
	tell.begins(agents)
	for i, c := range callers {
		q.plan(c.comes, func() {
			tell.enters(q.now, i)
			q.waiting = append(q.waiting, i)
			q.plan(q.now+c.patience, func() { q.givesUp(i) })
			q.looks(i)
		})
	}
	q.run()
}

func (q *appQueue) givesUp(i int) {
	if at := slices.Index(q.waiting, i); at >= 0 {
		q.waiting = slices.Delete(q.waiting, at, at+1)
		q.lost[i] = true
		q.tell.givesUp(q.now, i, q.callers[i])
		if agent, rings := q.pending[i]; rings {
			q.busy[agent] = false
			q.tell.stops(q.now, agent)
		}
	}
}

// looks is one look of a caller at his turn.
func (q *appQueue) looks(i int) {
	if q.lost[i] {
		return
	}
	free, ahead := 0, 0
	for _, b := range q.busy {
		if !b {
			free++
		}
	}
	for _, o := range q.waiting {
		if o == i {
			break
		}
		if _, rings := q.pending[o]; !rings {
			ahead++
		}
	}
	if ahead >= free {
		q.plan(q.now+1, func() { q.looks(i) })
		return
	}
	for q.busy[q.next%len(q.busy)] {
		q.next++
	}
	agent := q.next % len(q.busy)
	q.next++
	q.busy[agent], q.pending[i] = true, agent
	q.tell.rings(q.now, i, agent)
	c := q.callers[i]
	q.plan(q.now+c.ring, func() {
		if q.lost[i] {
			return
		}
		q.waiting = slices.Delete(q.waiting, slices.Index(q.waiting, i), slices.Index(q.waiting, i)+1)
		q.tell.answers(q.now, i, agent, c)
		since := q.now
		q.plan(q.now+c.talk, func() {
			q.tell.ends(q.now, i, agent, c, since)
			q.busy[agent] = false
		})
	})
}

// playCTID plays callers as ctid does, with its own distributor, and tells the figures.
func playCTID(t *testing.T, site Site, callers []caller, tell teller) Figures {
	t.Helper()
	core, err := acd.New(site.Core)
	if err != nil {
		t.Fatal(err)
	}
	var f Figures
	var c *sim.Course
	task := func(i int) ctid.TaskID { return ctid.TaskID(fmt.Sprint(i)) }
	number := func(id ctid.TaskID) (i int) {
		_, _ = fmt.Sscan(string(id), &i)
		return i
	}
	agent := func(id ctid.AgentID) (n int) {
		_, _ = fmt.Sscanf(string(id), "a%d", &n)
		return n - 1001
	}
	now := func() float64 { return c.Now().Sub(at(0)).Seconds() }
	obey := func(cmds []acd.Command) {
		for _, cmd := range cmds {
			switch x := cmd.(type) {
			case acd.MakeOffer:
				if tell != nil {
					tell.rings(now(), number(x.Task), agent(x.Agent))
				}
				c.Plan(at(now()+callers[number(x.Task)].ring), func() { c.Give(acd.OfferUp{Offer: x.Offer}) })
			case acd.EndOffer:
				if x.End != ctid.OfferAccepted {
					if tell != nil && x.Why != "late" {
						tell.stops(now(), agent(x.Agent))
					}
					c.Plan(c.Now(), func() { c.Give(acd.LegGone{Agent: x.Agent, Offer: x.Offer}) })
					break
				}
				i, who, since := number(x.Task), agent(x.Agent), now()
				if tell != nil {
					tell.answers(since, i, who, callers[i])
				}
				c.Plan(at(since+callers[i].talk), func() {
					if tell != nil {
						tell.ends(now(), i, who, callers[i], since)
					}
					c.Give(acd.LegGone{Agent: x.Agent, Offer: x.Offer})
					c.Give(acd.WorkEnded{Agent: x.Agent, Task: x.Task})
				})
			case acd.TaskEnded:
				f.Offered++
				f.out(exits[x.Exit], x.Waited, 20*time.Second)
				if tell != nil && x.Exit == ctid.ExitAbandoned {
					tell.givesUp(now(), number(x.Task), callers[number(x.Task)])
				}
			}
		}
	}
	c = sim.NewCourse(core, at(0), obey)
	if tell != nil {
		tell.begins(len(site.Agents))
	}
	for _, a := range site.Core.Agents {
		c.Give(acd.DeviceChanged{Agent: a.ID, Reachable: true})
		c.Give(acd.AgentLogin{Agent: a.ID, By: ctid.BySystem})
	}
	for i, x := range callers {
		c.Plan(at(x.comes), func() {
			if tell != nil {
				tell.enters(now(), i)
			}
			c.Give(acd.Enqueue{Task: task(i), Queue: "sales", Priority: -1, Entered: c.Now()})
		})
		c.Plan(at(x.comes+x.patience), func() { c.Give(acd.TaskGone{Task: task(i)}) })
	}
	c.Until(at(callers[len(callers)-1].comes + 7200))
	return f
}
