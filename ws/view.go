package ws

import (
	"maps"
	"slices"

	"ctid"
)

// view is what the published events fold to: the state a snapshot is taken from.
type view struct {
	agents   map[ctid.AgentID]ctid.AgentView
	calls    map[ctid.CallID]*callView
	pops     map[ctid.PopID]*popView
	links    map[ctid.NodeID]linkView
	draining *ctid.ServerDraining
	config   *ctid.ConfigChanged
}

// callView is a call as its agents see it.
type callView struct {
	Call    ctid.CallID    `json:"call"`
	Rev     uint64         `json:"rev"`
	State   string         `json:"state"` // arrived, queued, offered, talking, held
	Dir     string         `json:"dir,omitempty"`
	Owner   ctid.AgentID   `json:"owner,omitempty"`
	Queue   ctid.QueueID   `json:"queue,omitempty"`
	Since   wireTime       `json:"since"` // when the state began
	Talking wireTime       `json:"talking_since,omitzero"`
	Legs    []ctid.LegView `json:"legs"`
	DataRev int            `json:"data_rev,omitempty"`
	Can     []string       `json:"can"`

	on map[ctid.AgentID]share // the agents on the call
}

// share is an agent's side of a call: what he may do, and the rev of the last event he was told.
type share struct {
	can []string
	rev uint64
}

// popView is a pop that is open.
type popView struct {
	Pop  ctid.PopID   `json:"pop"`
	Rev  uint64       `json:"rev"`
	Call ctid.CallID  `json:"call,omitempty"`
	Seen bool         `json:"seen"`
	Can  []string     `json:"can"`
	Data ctid.PopData `json:"data"`

	agent ctid.AgentID
	row   *row // the offer's event, for sending it again
	try   int
	again *alarm
}

type linkView struct {
	ctid.LinkChanged
	Rev uint64 `json:"rev"`
}

func newView() view {
	return view{agents: map[ctid.AgentID]ctid.AgentView{}, calls: map[ctid.CallID]*callView{},
		pops: map[ctid.PopID]*popView{}, links: map[ctid.NodeID]linkView{}}
}

// apply folds one event in. Pops are closed by the hub, which also stops their alarms.
func (v *view) apply(e ctid.Event) {
	switch b := e.Body.(type) {
	case ctid.AgentStateChanged:
		a := b.AgentView
		a.Rev = max(a.Rev, e.Rev)
		if e.Can != nil {
			a.Can = e.Can
		}
		v.agents[a.Agent] = a
	case ctid.LinkChanged:
		v.links[b.PBX] = linkView{b, e.Rev}
	case ctid.ServerDraining:
		v.draining = &b
	case ctid.ConfigChanged:
		v.config = &b
	case ctid.CallCleared:
		delete(v.calls, e.Call)
	case ctid.PopOffered, ctid.PopUpdated, ctid.PopClosed, ctid.PopSeen, ctid.CallNote, ctid.WrapUpSaved, ctid.ClockStepped:
		// pops: see Hub.applyPop; the others change no state that a desktop shows
	default:
		v.applyCall(e)
	}
}

func (v *view) applyCall(e ctid.Event) {
	c := v.calls[e.Call]
	if c == nil {
		c = &callView{Call: e.Call, Legs: []ctid.LegView{}, on: map[ctid.AgentID]share{}}
		v.calls[e.Call] = c
	}
	if e.Queue != "" {
		c.Queue = e.Queue
	}
	for _, a := range e.Agents {
		mine := c.on[a]
		mine.rev = e.Rev
		if e.Can != nil {
			mine.can = e.Can
		}
		c.on[a] = mine
	}
	was := c.State
	switch b := e.Body.(type) {
	case ctid.CallArrived:
		c.State, c.Dir = "arrived", b.Dir
	case ctid.CallQueued:
		c.State = "queued"
	case ctid.CallLeftQueue:
		c.State = "arrived"
	case ctid.CallDelivered:
		c.State = "offered"
	case ctid.CallEstablished:
		c.State, c.Owner, c.Legs = "talking", e.Agent, slices.Clone(b.Legs)
		if c.Talking.IsZero() {
			c.Talking = wireTime{e.At}
		}
		if !b.Since.IsZero() {
			c.Talking = wireTime{b.Since}
		}
	case ctid.CallHeld:
		c.State = "held"
	case ctid.CallRetrieved:
		c.State = "talking"
	case ctid.CallDiverted:
		c.leave(b.FromAgent)
		c.State = "queued"
	case ctid.CallPartyLeft:
		c.Legs = slices.DeleteFunc(slices.Clone(c.Legs), func(l ctid.LegView) bool { return l.Leg == b.Leg })
		c.leave(b.Agent)
	case ctid.CallDataChanged:
		c.DataRev = b.DataRev
	}
	if b, ok := e.Body.(ctid.CallEstablished); ok && !b.Since.IsZero() {
		c.Since = wireTime{b.Since} // an earlier run of the daemon joined it
	} else if c.State != was || c.Since.IsZero() {
		c.Since = wireTime{e.At}
	}
}

func (c *callView) leave(a ctid.AgentID) {
	delete(c.on, a)
	if c.Owner == a {
		c.Owner = ""
	}
}

// forAgent returns the call as the agent sees it, or nil if he is not on it.
func (c *callView) forAgent(a ctid.AgentID) *callView {
	mine, on := c.on[a]
	if !on {
		return nil
	}
	own := *c
	own.Can, own.Rev = orEmpty(mine.can), mine.rev
	return &own
}

// agent returns an agent's view; one never heard of is out.
func (v *view) agent(a ctid.AgentID) ctid.AgentView {
	if x, ok := v.agents[a]; ok {
		x.Can, x.Queues = orEmpty(x.Can), orEmpty(x.Queues)
		return x
	}
	return ctid.AgentView{Agent: a, State: ctid.Out, Queues: []ctid.QueueID{}, Can: []string{ctid.AgentLogin{}.Op()}}
}

// callsOf returns the calls an agent is on, by id, which rises with time.
func (v *view) callsOf(a ctid.AgentID) []*callView {
	var out []*callView
	for _, id := range slices.Sorted(maps.Keys(v.calls)) {
		if c := v.calls[id].forAgent(a); c != nil {
			out = append(out, c)
		}
	}
	return out
}

// popsOf returns an agent's open pops, by id.
func (v *view) popsOf(a ctid.AgentID) []*popView {
	var out []*popView
	for _, id := range slices.Sorted(maps.Keys(v.pops)) {
		if p := v.pops[id]; p.agent == a {
			out = append(out, p)
		}
	}
	return out
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
