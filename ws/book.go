package ws

import (
	"maps"
	"slices"
	"time"

	"ctid"
)

// callView is a call as one viewer sees it: an agent who is on it, or those who watch a team. It is what the events add up to that this
// viewer gets, and no more, so that a snapshot and a client that has folded the events agree.
type callView struct {
	Call      ctid.CallID    `json:"call"`
	Rev       uint64         `json:"rev"`
	State     string         `json:"state"` // arrived, queued, dialing, offered, talking, held, parked, consulting, rescue
	Dir       string         `json:"dir,omitempty"`
	To        *ctid.Target   `json:"to,omitempty"` // whom the agent has called
	Owner     ctid.AgentID   `json:"owner,omitempty"`
	Queue     ctid.QueueID   `json:"queue,omitempty"`
	Since     wireTime       `json:"since"` // when the state began
	Talking   wireTime       `json:"talking_since,omitzero"`
	Legs      []ctid.LegView `json:"legs"`
	Consult   *consultView   `json:"consult,omitempty"`
	Parked    *parkedView    `json:"parked,omitempty"`
	Monitored bool           `json:"monitored"`
	DataRev   int            `json:"data_rev,omitempty"`
	Agents    []ctid.AgentID `json:"agents,omitempty"` // the viewer's agents who are on it; left out of an agent's own
	Can       []string       `json:"can"`
}

// consultView is the side talk of a call.
type consultView struct {
	Leg    ctid.LegID  `json:"leg"`
	To     ctid.Target `json:"to"`
	State  string      `json:"state"` // ringing, up, swapped_main
	Shared ctid.Share  `json:"data_shared"`
}

// parkedView is where a parked call waits.
type parkedView struct {
	Slot   string      `json:"slot"`
	Until  wireTime    `json:"until"`
	BackTo ctid.Target `json:"back_to"`
}

// callBook is the calls of one viewer.
type callBook map[ctid.CallID]*callView

// fold takes in an event about a call that concerns these agents of the viewer. can, if not nil, is what they may now do.
func (b callBook) fold(e ctid.Event, told []ctid.AgentID, can []string) {
	if _, over := e.Body.(ctid.CallCleared); over {
		delete(b, e.Call)
		return
	}
	c := b[e.Call]
	if c == nil && !begins(e.Body) {
		return
	}
	if c == nil {
		c = &callView{Call: e.Call, Legs: []ctid.LegView{}, Can: []string{}}
		b[e.Call] = c
	}
	for _, a := range told {
		if !slices.Contains(c.Agents, a) {
			c.Agents = append(c.Agents, a)
		}
	}
	if can != nil {
		c.Can = can
	}
	gone := leaves(e, c.Legs)
	c.apply(e)
	if gone != "" {
		c.Agents = slices.DeleteFunc(c.Agents, func(a ctid.AgentID) bool { return a == gone })
		if c.Owner == gone {
			c.Owner = ""
		}
	}
	slices.Sort(c.Agents)
	if len(c.Agents) == 0 {
		delete(b, e.Call)
	}
}

// begins tells whether an event puts a call on the screen of whoever is told. One that only tells how something ended
// does not.
func begins(body ctid.Body) bool {
	switch b := body.(type) {
	case ctid.CallLeftQueue, ctid.CallWaitingChanged, ctid.CallDiverted, ctid.CallPartyLeft, ctid.CallDataChanged, ctid.CallProgress, ctid.CallFailed:
		return false
	case ctid.CallConsulted:
		return b.State != "over"
	case ctid.CallMonitoringChanged:
		return b.Mode != "none"
	}
	return true
}

// leaves names the agent whom an event takes off its call: it is gone from his screen.
func leaves(e ctid.Event, legs []ctid.LegView) ctid.AgentID {
	switch b := e.Body.(type) {
	case ctid.CallDiverted:
		return b.FromAgent
	case ctid.CallPartyLeft:
		return b.Agent
	case ctid.CallTransferred:
		if b.From.Kind == "agent" && b.From.ID != string(b.NowOwner) {
			return ctid.AgentID(b.From.ID)
		}
	case ctid.CallConsulted:
		switch a := agentOf(legs, b.Leg); {
		case b.State != "over":
		case a == "" && b.To.Kind == "agent":
			return ctid.AgentID(b.To.ID)
		default:
			return a
		}
	case ctid.CallMonitoringChanged:
		if b.Mode == "none" {
			return e.Agent
		}
	case ctid.CallFailed:
		return agentOf(legs, b.Leg)
	}
	return ""
}

func agentOf(legs []ctid.LegView, id ctid.LegID) ctid.AgentID {
	for _, l := range legs {
		if l.Leg == id {
			return l.Agent
		}
	}
	return ""
}

// apply changes the call as the event says.
func (c *callView) apply(e ctid.Event) {
	was := c.State
	c.Rev = e.Rev
	if e.Queue != "" {
		c.Queue = e.Queue
	}
	var began time.Time
	switch b := e.Body.(type) {
	case ctid.CallArrived:
		c.State, c.Dir = "arrived", b.Dir
	case ctid.CallQueued:
		c.State, c.Parked = "queued", nil
	case ctid.CallLeftQueue:
		c.unlessJoined("arrived")
	case ctid.CallWaitingChanged:
		if b.From != "" { // in another queue
			c.unlessJoined("queued")
		}
	case ctid.CallOriginated:
		c.State, c.Dir, c.To, c.Owner = "dialing", b.Dir, &b.To, e.Agent
		if b.Leg != "" {
			c.setLeg(ctid.LegView{Leg: b.Leg, Role: roleAgent, Agent: e.Agent, State: "dialing"})
		}
	case ctid.CallProgress:
		c.setLeg(ctid.LegView{Leg: b.Leg, Role: "caller", State: b.What})
	case ctid.CallDelivered:
		c.unlessJoined("offered")
		c.setLeg(ctid.LegView{Leg: b.Leg, Role: roleAgent, Agent: e.Agent, State: "ringing"})
	case ctid.CallEstablished:
		began = c.established(e, b)
	case ctid.CallDiverted:
		c.Legs = slices.DeleteFunc(c.Legs, func(l ctid.LegView) bool { return l.Agent != "" && l.Agent == b.FromAgent })
		switch b.Next {
		case ringsElsewhere:
		case "script":
			c.unlessJoined("arrived")
		default:
			c.unlessJoined("queued")
		}
	case ctid.CallDataChanged:
		c.DataRev = b.DataRev
	default:
		c.applyTalk(e)
	}
	if c.Consult != nil && (c.State == "talking" || c.State == "held") {
		c.State = "consulting"
	}
	c.Monitored = slices.ContainsFunc(c.Legs, isMonitor)
	switch {
	case !began.IsZero():
		c.Since = wireTime{began}
	case c.State != was || c.Since.IsZero():
		c.Since = wireTime{e.At}
	}
}

// applyTalk changes a conversation as the event says.
func (c *callView) applyTalk(e ctid.Event) {
	switch b := e.Body.(type) {
	case ctid.CallHeld:
		c.State = "held"
		if b.Why == "rescue" {
			c.State = "rescue"
		}
	case ctid.CallRetrieved:
		c.State, c.Parked = "talking", nil
	case ctid.CallConsulted:
		c.consulted(b)
	case ctid.CallConferenced:
		c.State, c.Consult = "talking", nil
		c.replaceLegs(b.Legs)
		if b.Owner != "" {
			c.Owner = b.Owner
		}
	case ctid.CallTransferred:
		c.State, c.Owner, c.Consult = transferredState(b), b.NowOwner, nil
		for i := range c.Legs { // who listened in, or was asked, has the call now
			if b.NowOwner != "" && c.Legs[i].Agent == b.NowOwner {
				c.Legs[i].Role, c.Legs[i].Mode = roleAgent, ""
			}
		}
	case ctid.CallParked:
		c.State, c.Consult, c.Parked = "parked", nil, &parkedView{b.Slot, wireTime{b.Until}, b.BackTo}
	case ctid.CallFailed:
		c.dropLeg(b.Leg)
		switch b.Next {
		case "held":
			c.State = "held"
		case "back":
			c.State = "offered"
		case "queue":
			c.State = "queued"
		}
	case ctid.CallMonitoringChanged:
		if b.Mode == "none" {
			c.dropLeg(b.Leg)
		} else {
			c.setLeg(ctid.LegView{Leg: b.Leg, Role: roleMonitor, Agent: e.Agent, State: "up", Mode: b.Mode})
		}
	case ctid.CallPartyLeft:
		c.dropLeg(b.Leg)
	}
}

// established joins a talk. What it returns, if not zero, is since when: an earlier run of the daemon joined it.
func (c *callView) established(e ctid.Event, b ctid.CallEstablished) time.Time {
	if b.Talk == "side" {
		c.State = "consulting"
		for _, l := range b.Legs {
			c.setLeg(l)
		}
		return time.Time{}
	}
	c.State, c.Owner, c.Consult, c.Parked = "talking", e.Agent, nil, nil
	c.replaceLegs(b.Legs)
	switch {
	case !b.Since.IsZero():
		c.Talking = wireTime{b.Since}
	case c.Talking.IsZero():
		c.Talking = wireTime{e.At}
	}
	return b.Since
}

func (c *callView) consulted(b ctid.CallConsulted) {
	if b.State == "over" {
		c.dropLeg(b.Leg)
		c.Consult = nil
		if c.State == "consulting" {
			c.State = "held"
		}
		return
	}
	c.Consult, c.State = &consultView{b.Leg, b.To, b.State, b.Shared}, "consulting"
	l := ctid.LegView{Leg: b.Leg, Role: "consult", State: "up"}
	if b.To.Kind == "agent" {
		l.Agent = ctid.AgentID(b.To.ID)
	}
	if b.State == "ringing" {
		l.State = "ringing"
	}
	c.setLeg(l)
}

// transferredState is what a call does once it has been handed on; what comes next says more.
func transferredState(b ctid.CallTransferred) string {
	switch {
	case b.How != "blind" || b.NowOwner != "":
		return "talking"
	case b.To.Kind == "queue":
		return "queued"
	case b.To.Kind == "ivr":
		return "arrived"
	}
	return "offered"
}

// unlessJoined sets the state of a call that is in no conversation.
func (c *callView) unlessJoined(state string) {
	switch c.State {
	case "talking", "held", "consulting", "rescue":
	default:
		c.State = state
	}
}

// Roles of a leg that mean something here.
const (
	roleAgent   = "agent"
	roleMonitor = "monitor"
)

func isMonitor(l ctid.LegView) bool { return l.Role == roleMonitor }

// replaceLegs takes the legs of a talk as they now are. Who listens in may not be among them, and stays.
func (c *callView) replaceLegs(legs []ctid.LegView) {
	next := append([]ctid.LegView{}, legs...)
	for _, l := range c.Legs {
		if isMonitor(l) && !slices.ContainsFunc(next, func(x ctid.LegView) bool { return x.Leg == l.Leg }) {
			next = append(next, l)
		}
	}
	c.Legs = next
}

// setLeg changes the state of a leg, and how it listens, or adds the leg.
func (c *callView) setLeg(l ctid.LegView) {
	for i := range c.Legs {
		if c.Legs[i].Leg == l.Leg {
			c.Legs[i].State, c.Legs[i].Mode = l.State, l.Mode
			return
		}
	}
	c.Legs = append(c.Legs, l)
}

// dropLeg takes a leg out, and with it the side talk that it was.
func (c *callView) dropLeg(id ctid.LegID) {
	c.Legs = slices.DeleteFunc(c.Legs, func(l ctid.LegView) bool { return l.Leg == id })
	if c.Consult != nil && c.Consult.Leg == id {
		c.Consult = nil
		if c.State == "consulting" {
			c.State = "held"
		}
	}
}

// list returns the calls by id, which rises with time. With own the viewer's agents are left out.
func (b callBook) list(own bool) []callView {
	out := make([]callView, 0, len(b))
	for _, id := range slices.Sorted(maps.Keys(b)) {
		c := *b[id]
		if own {
			c.Agents = nil
		}
		out = append(out, c)
	}
	return out
}
