package queuelog

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"ctid"
	"ctid/phone"
)

// Plan is what the configuration says of those whom lines name.
type Plan struct {
	Queues []ctid.QueueID // those that callers wait in
	Agents map[ctid.AgentID]Agent
}

// Agent is an agent as the file names him, and his rank in each of his queues; 1 is the best.
type Agent struct {
	Name  string
	Ranks map[ctid.QueueID]int
}

// State is what is known of the calls that are on and of the agents on duty. What of it outlives a run is what the lines
// say, so Recover finds it again in the file. It has no clock, and one caller at a time.
type State struct {
	plan    Plan
	next    *Plan                        // in force from the word of the reload on
	names   map[ctid.AgentID]string      // in the file; of agents who are gone too
	calls   map[ctid.CallID]*call        // until they are over
	owns    map[ctid.AgentID]ctid.CallID // which of those has connected him
	agents  map[string]*agent            // on duty, by their names in the file
	past    history
	orphans []*call   // that the lines of the run before left open, and nobody knows of
	until   time.Time // of the last of those lines
	out     []Line
}

// NewState is a state that knows of no call and no agent.
func NewState(p Plan) *State {
	s := &State{names: map[ctid.AgentID]string{}, calls: map[ctid.CallID]*call{}, owns: map[ctid.AgentID]ctid.CallID{},
		agents: map[string]*agent{}}
	s.install(time.Time{}, p)
	return s
}

// Use has another plan come into force with the fact that tells of the reload.
func (s *State) Use(p Plan) { s.next = &p }

// Take takes the next fact and returns the lines that it makes; most make none. Facts come in the order of their numbers.
func (s *State) Take(ev ctid.Event) []Line {
	s.out = nil
	switch b := ev.Body.(type) {
	case ctid.ConfigChanged:
		s.configChanged(ev.At, b)
	case ctid.AgentStateChanged:
		s.agentChanged(ev.At, b.AgentView)
	case ctid.WrapUpSaved:
		s.disposed(ev, b)
	case ctid.CallArrived:
		s.calls[ev.Call] = &call{id: ev.Call, name: callName(ev.Call, "in", string(b.Leg)), from: number(b.ANI)}
	case ctid.CallOriginated:
		s.originated(ev, b)
	case ctid.CallQueued:
		s.queued(ev, b)
	case ctid.CallCleared:
		s.cleared(ev, b)
	default:
		if c := s.calls[ev.Call]; c != nil {
			s.callTold(ev, c)
		}
	}
	return s.out
}

// tell adds a line. Call, queue and agent may be empty.
func (s *State) tell(at time.Time, call string, queue ctid.QueueID, agent, event string, params ...string) {
	s.out = append(s.out, Line{At: at, Call: call, Queue: string(queue), Agent: agent, Event: event, Params: params})
}

// configChanged: ctid has started, or read its configuration again.
func (s *State) configChanged(at time.Time, b ctid.ConfigChanged) {
	if b.What == "start" {
		s.tell(at, "", "", "", queueStart)
		s.closeOrphans(at)
		return
	}
	s.tell(at, "", "", "", configReload)
	if s.next != nil {
		p := *s.next
		s.next = nil
		s.install(at, p)
	}
}

// install puts a plan in force. Agents on duty whose rank has changed, or who bear another name, are told of.
func (s *State) install(at time.Time, p Plan) {
	before := s.plan
	s.plan = p
	for _, id := range slices.Sorted(maps.Keys(p.Agents)) {
		was, is := s.names[id], p.Agents[id]
		s.names[id] = is.Name
		a := s.agents[was]
		if a == nil {
			continue
		}
		if is.Name != was {
			s.renamed(at, was, is.Name)
		}
		for _, q := range a.queues {
			if old, rank := before.Agents[id].Ranks[q], is.Ranks[q]; old != rank && old > 0 && rank > 0 {
				s.tell(at, "", q, is.Name, penalty, strconv.Itoa(rank-1))
			}
		}
	}
}

// nameOf is how the file names an agent.
func (s *State) nameOf(id ctid.AgentID) string {
	if name := s.names[id]; name != "" {
		return name
	}
	return string(id)
}

// callName is how the file names a call: by its caller's channel, as app_queue does and as the call records of Asterisk
// have it. One that ctid makes has no channel yet when it begins to wait, and has its own id.
func callName(id ctid.CallID, dir, channel string) string {
	if dir == "out" || channel == "" {
		return string(id)
	}
	return channel
}

// number is a caller's number as Asterisk gave it; one who hides it has none.
func number(n ctid.Number) string {
	switch {
	case n.Kind == phone.Withheld:
		return ""
	case n.Raw != "":
		return string(n.Raw)
	}
	return string(n.E164)
}

// seconds is the time between two moments as app_queue counts it: the difference of their whole seconds, never negative.
func seconds(from, to time.Time) int64 { return max(0, to.Unix()-from.Unix()) }

func num(n int64) string { return strconv.FormatInt(n, 10) }

// maxPast is how many calls that are over are remembered for their dispositions.
const maxPast = 10_000

// history is where the last calls that are over were.
type history struct {
	calls map[ctid.CallID]pastCall
	order []ctid.CallID // a ring: next is the oldest once it is full
	next  int
}

type pastCall struct {
	name string
	last ctid.QueueID
	had  []had
}

func (h *history) add(id ctid.CallID, p pastCall) {
	if h.calls == nil {
		h.calls = map[ctid.CallID]pastCall{}
	}
	if len(h.order) < maxPast {
		h.order = append(h.order, id)
	} else {
		delete(h.calls, h.order[h.next])
		h.order[h.next] = id
		h.next = (h.next + 1) % maxPast
	}
	h.calls[id] = p
}

// disposed: an agent has said what a call came to.
func (s *State) disposed(ev ctid.Event, b ctid.WrapUpSaved) {
	p, ok := s.past.calls[ev.Call]
	if c := s.calls[ev.Call]; c != nil {
		p, ok = pastCall{c.name, c.last, c.had}, c.last != ""
	}
	if !ok || b.Disposition == "" {
		return
	}
	queue := p.last
	for _, h := range p.had {
		if h.agent == ev.Agent {
			queue = h.queue
		}
	}
	s.tell(ev.At, p.name, queue, s.nameOf(ev.Agent), callStatus, b.Disposition)
}
