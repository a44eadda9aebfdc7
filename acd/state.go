package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"ctid"
)

// State is the centre at one moment. It is not safe for concurrent use: one desk holds it.
type State struct {
	cfg    Config
	now    time.Time
	agents map[ctid.AgentID]*agent
	queues map[ctid.QueueID]*queue // those that drain included
	tasks  map[ctid.TaskID]*task
	offers map[ctid.OfferID]*offer // the open ones
	ended  map[ctid.OfferID]*ended // those that ended lately
	lately []*ended                // the same, oldest first
	timers timerHeap
	wraps  map[ctid.WrapID]*item   // of work other than calls
	revs   map[ctid.AgentID]uint64 // of agents who were removed: should one come back, his goes on rising
	tally  tally
	places []place // of callers who gave up lately, oldest first

	calm    time.Time // until then nobody has to leave an empty queue
	pass    int64     // Next fair: where the queue that was served last was before
	touched []*queue  // where a task or an agent became free in this event
	doubted []*queue  // that this event may have left without agents
	out     []Command // what this event asks for
	trace   func(Decision)
}

// tally counts what happens once to each offer and task. check holds it against what is there.
type tally struct {
	Offers    int
	Direct    int // accepted ones that came past the queues
	Wraps     int
	OfferEnds map[ctid.OfferEnd]int
	Entered   int
	Moves     int                    `json:",omitempty"` // from one queue into another
	Exits     map[ctid.QueueExit]int // of tasks that had entered
}

// New makes an idle centre: every agent is out, no phone is known to be reachable, no desktop awake. The shell tells
// those things by DeviceChanged, DeskChanged and AgentLogin, the last for agents with desk none at start too.
func New(cfg Config) (*State, error) {
	cfg, err := cfg.prepared()
	if err != nil {
		return nil, err
	}
	s := &State{
		agents: map[ctid.AgentID]*agent{}, queues: map[ctid.QueueID]*queue{}, tasks: map[ctid.TaskID]*task{},
		offers: map[ctid.OfferID]*offer{}, ended: map[ctid.OfferID]*ended{}, revs: map[ctid.AgentID]uint64{}, wraps: map[ctid.WrapID]*item{},
		tally: tally{OfferEnds: map[ctid.OfferEnd]int{}, Exits: map[ctid.QueueExit]int{}},
	}
	s.install(cfg)
	s.leaveEmpty()
	s.untouch()
	return s, nil
}

// Decide takes one event and returns what the world should do, in that order. What was due by now happens first, then the
// event, then free agents get waiting tasks. Times are used in whole microseconds, as the log keeps them; a now
// before the last one counts as the last one.
func (s *State) Decide(now time.Time, ev Event) []Command {
	s.out = nil
	if now = clean(now); now.After(s.now) {
		if s.now.IsZero() {
			s.calm = now.Add(PhoneReturn)
		}
		s.now = now
	}
	s.forget()
	for t := s.timers.dueTimer(s.now); t != nil; t = s.timers.dueTimer(s.now) {
		s.fire(t)
		s.serve()
	}
	s.apply(ev)
	s.serve()
	out := s.out
	s.out = nil
	return out
}

// clean makes t fit for comparing with a time that was stored: UTC, microseconds, no monotonic reading.
func clean(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Deadline is when the next Tick is due; zero if nothing is.
func (s *State) Deadline() time.Time {
	if len(s.timers) == 0 {
		return time.Time{}
	}
	return s.timers[0].due
}

// apply does what one event says.
func (s *State) apply(ev Event) {
	switch e := ev.(type) {
	case AgentLogin:
		s.asked(e.Agent, e.By, s.login)
	case SetDevice:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.setDevice(a, e) })
	case AgentLogout:
		s.asked(e.Agent, e.By, s.logout)
	case AgentReady:
		s.asked(e.Agent, e.By, s.ready)
	case AgentPause:
		s.asked(e.Agent, e.By, func(a *agent, by ctid.By) { s.pause(a, e.Reason, by) })
	case AgentCancelNext:
		s.asked(e.Agent, e.By, s.cancelNext)
	case WrapUpDone:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.wrapUpDone(a, e) })
	case DeskChanged:
		s.asked(e.Agent, ctid.BySystem, func(a *agent, by ctid.By) { s.deskChanged(a, e.Awake, e.Seen, by) })
	case DeviceChanged:
		s.asked(e.Agent, byPhone, func(a *agent, by ctid.By) { s.deviceChanged(a, e.Reachable, by) })
	case ExtendWrapUp:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.extendWrapUp(a, e) })
	case ForceState:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.force(a, e) })
	case Direct:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.direct(a, e) })
	case Pick:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.pick(a, e) })
	case WorkBegun:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.workBegun(a, e) })
	case WorkOwned:
		s.asked(e.Agent, ctid.BySystem, func(a *agent, _ ctid.By) { s.workOwned(a, e) })
	case WorkDoing:
		s.asked(e.Agent, e.By, func(a *agent, _ ctid.By) { s.workDoing(a, e) })
	case WorkEnded:
		s.asked(e.Agent, ctid.BySystem, func(a *agent, by ctid.By) { s.workEnded(a, e, by) })
	case Reconfigure:
		s.reconfigure(e.Config)
	case Restarted:
		s.restarted()
	case Adopt:
		s.asked(e.Agent, ctid.BySystem, func(a *agent, by ctid.By) { s.adopt(a, e, by) })
	case Tick:
	default:
		s.applyToTask(ev)
	}
}

// applyToTask does what an event about a task or an offer says.
func (s *State) applyToTask(ev Event) {
	switch e := ev.(type) {
	case Enqueue:
		s.enqueue(e)
	case Leave:
		s.leave(e)
	case TaskGone:
		s.taskGone(e)
	case Move:
		s.moved(e)
	case Prioritise:
		s.prioritise(e)
	case TakeCallback:
		s.takeCallback(e)
	case OnLine:
		s.onLine(e)
	case WaitTold:
		s.waitTold(e)
	case LegGone:
		s.legGone(e)
	case Revoke:
		s.revoked(e)
	case OfferUp:
		s.offerUp(e)
	case OfferFailed:
		s.offerFailed(e)
	default:
		s.refuse(ctid.BadRequest, nil, fmt.Sprintf("acd knows no event of type %T", ev))
	}
}

// asked hands the agent named by an event to do, or refuses if there is none.
func (s *State) asked(id ctid.AgentID, by ctid.By, do func(*agent, ctid.By)) {
	a := s.agents[id]
	if a == nil {
		s.refuse(ctid.NotFound, nil, fmt.Sprintf("there is no agent %q", id))
		return
	}
	do(a, by)
}

// fire does what a timer that is due stands for.
func (s *State) fire(t *timer) {
	switch t.kind {
	case ringOver:
		s.missed(s.offers[ctid.OfferID(t.id)])
	case waitOver:
		s.waitedEnough(s.tasks[ctid.TaskID(t.id)])
	case wrapOver:
		s.wrapTimeOver(s.agents[ctid.AgentID(t.id)])
	case deskGone:
		s.deskStaysAway(s.agents[ctid.AgentID(t.id)])
	case lineOver:
		s.lineClear(s.agents[ctid.AgentID(t.id)])
	case gapOver:
		s.list(s.agents[ctid.AgentID(t.id)])
	case itemWrapOver:
		s.itemWrapTimeOver(s.wraps[ctid.WrapID(t.id)])
	case slotGap:
		s.restOver(t.id)
	case loosenDue:
		s.loosened(s.tasks[ctid.TaskID(t.id)])
	case stickOver:
		s.unstick(s.tasks[ctid.TaskID(t.id)])
	case overDue:
		s.overflowDue(s.tasks[ctid.TaskID(t.id)])
	case moreDue:
		s.another(s.tasks[ctid.TaskID(t.id)])
	case awayOver:
		s.doubtQueue(s.queues[ctid.QueueID(t.id)])
	}
}

// serve lets those leave whose queue has nobody left, and gives waiting tasks to free agents, until there is neither: an agent who
// is being rung may be one who no longer counts as there.
func (s *State) serve() {
	for again := true; again; again = len(s.doubted) > 0 {
		s.leaveEmpty()
		s.match()
	}
}

// match gives waiting tasks to free agents, the best task first, until no queue that was touched has both. Queues that
// were not touched had not both before, and have not now.
func (s *State) match() {
	for {
		var best *task
		for _, q := range s.touched {
			for _, c := range q.classes {
				if len(c.waiting) > 0 && len(c.free) > 0 && (best == nil || s.compareHeads(c.waiting[0], best) < 0) {
					best = c.waiting[0]
				}
			}
		}
		if best == nil {
			break
		}
		m := s.choose(best)
		if s.cfg.Next == nextPrimary {
			best, m = s.primary(best, m)
		}
		s.makeOffer(best, m)
	}
	s.widen()
	s.untouch()
}

// primary is the task that m's agent is to have, who was chosen for t, and his place in its queue: of those that he may take and for
// which he is the one, weight and priority being the same, one of a queue where his rank is better goes first.
func (s *State) primary(t *task, m *member) (*task, *member) {
	for _, o := range m.agent.serves {
		if !o.listed {
			continue
		}
		for _, c := range o.queue.classes {
			if len(c.waiting) == 0 || !c.takes(o) {
				continue
			}
			x := c.waiting[0]
			before := cmp.Or(cmp.Compare(t.queue.cfg.Weight, x.queue.cfg.Weight), cmp.Compare(t.order, x.order), cmp.Compare(o.rank, m.rank),
				s.compareHeads(x, t)) < 0
			if before && s.choose(x) == o {
				t, m = x, o
			}
		}
	}
	return t, m
}

func (s *State) untouch() {
	for _, q := range s.touched {
		q.touched = false
	}
	s.touched = s.touched[:0]
}

func (s *State) touch(q *queue) {
	if !q.touched {
		q.touched = true
		s.touched = append(s.touched, q)
	}
}

// list puts a into the free lists of his queues, if he is free; one whose gap is not over, or whose phone, is not.
func (s *State) list(a *agent) {
	if a.media != nil {
		s.mix(a)
		return
	}
	if a.inFree || a.state != ctid.Ready || a.held || a.line != "" || a.until.After(s.now) {
		return
	}
	s.listCall(a)
}

// listCall puts a into the free lists of his queues of calls.
func (s *State) listCall(a *agent) {
	a.inFree = true
	for _, m := range a.serves {
		if m.queue.voice {
			s.listIn(m, a.idle, a.ready)
		}
	}
}

// unlist takes a out of the free lists of his queues.
func (s *State) unlist(a *agent) {
	if a.media != nil {
		s.unmix(a)
	}
	if a.inFree {
		s.unlistCall(a)
	}
}

func (s *State) unlistCall(a *agent) {
	a.inFree = false
	for _, m := range a.serves {
		if m.queue.voice {
			s.unlistIn(m)
		}
	}
}

func (s *State) emit(c Command) { s.out = append(s.out, c) }

// refuse says that the event was not possible, and what is, if it is about an agent.
func (s *State) refuse(code ctid.Code, a *agent, text string) {
	err := ctid.Refuse(code, text)
	if a != nil {
		err.Can, err.Rev = a.can(), a.rev
	}
	s.emit(Refused{Err: err})
}

// sortedAgents lists the agents by id.
func (s *State) sortedAgents() []*agent {
	return slices.SortedFunc(maps.Values(s.agents), compareAgents)
}
