package wsclient

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Call is a call as a desktop shows it.
type Call struct {
	Call      string    `json:"call"`
	Rev       uint64    `json:"rev"`
	State     string    `json:"state"`
	Dir       string    `json:"dir"`
	To        *Target   `json:"to"` // whom the agent has called
	Owner     string    `json:"owner"`
	Queue     string    `json:"queue"`
	Since     time.Time `json:"since"`
	Talking   time.Time `json:"talking_since"`
	Legs      []Leg     `json:"legs"`
	Consult   *Consult  `json:"consult"`
	Parked    *Parked   `json:"parked"`
	Monitored bool      `json:"monitored"`
	DataRev   int       `json:"data_rev"`
	Agents    []string  `json:"agents"` // of a team's topic: its agents who are on the call
	Can       []string  `json:"can"`
}

// Leg is one party's line.
type Leg struct {
	Leg   string `json:"leg"`
	Role  string `json:"role"`
	Agent string `json:"agent"`
	State string `json:"state"`
	Mode  string `json:"mode"` // of one who listens in
}

// Target is whom a call goes to.
type Target struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	E164 string `json:"e164"`
}

// Consult is the side talk of a call.
type Consult struct {
	Leg    string `json:"leg"`
	To     Target `json:"to"`
	State  string `json:"state"`
	Shared any    `json:"data_shared"`
}

// Parked is where a call waits.
type Parked struct {
	Slot   string    `json:"slot"`
	Until  time.Time `json:"until"`
	BackTo Target    `json:"back_to"`
}

// callData is the data of every event about a call.
type callData struct {
	Dir       string          `json:"dir"`
	Leg       string          `json:"leg"`
	What      string          `json:"what"`
	Talk      string          `json:"talk"`
	Legs      []Leg           `json:"legs"`
	Since     time.Time       `json:"since"`
	Why       string          `json:"why"`
	Next      string          `json:"next"`
	FromAgent string          `json:"from_agent"`
	Agent     string          `json:"agent"`
	State     string          `json:"state"`
	Shared    any             `json:"data_shared"`
	To        Target          `json:"to"`
	From      json.RawMessage `json:"from"` // a target, or a text
	How       string          `json:"how"`
	NowOwner  string          `json:"now_owner"`
	Owner     string          `json:"owner"`
	Slot      string          `json:"slot"`
	Until     time.Time       `json:"until"`
	BackTo    Target          `json:"back_to"`
	Mode      string          `json:"mode"`
	DataRev   int             `json:"data_rev"`
	Position  int             `json:"position"`
	Priority  int             `json:"priority"`
	Callback  bool            `json:"callback"`
	ANI       Object          `json:"ani"`
}

// call takes in an event about a call that concerns these agents of the topic. can, if not nil, is what they may now do.
func (t *Topic) call(x Frame, told, can []string) error {
	if x.Type == "call.cleared" {
		delete(t.Calls, x.Call)
		return nil
	}
	if !strings.HasPrefix(x.Type, "call.") {
		return nil // nothing that changes a call
	}
	var d callData
	if err := json.Unmarshal(x.Data, &d); err != nil {
		return err
	}
	c := t.Calls[x.Call]
	if c == nil && !begins(x, d) {
		return nil
	}
	if c == nil {
		c = &Call{Call: x.Call, Legs: []Leg{}, Can: []string{}}
		t.Calls[x.Call] = c
	}
	on := append(slices.Clone(c.Agents), told...)
	if can != nil {
		c.Can = can
	}
	gone := leaves(x, d, c.Legs)
	c.apply(x, d)
	if gone != "" && c.Owner == gone {
		c.Owner = ""
	}
	slices.Sort(on)
	c.Agents = slices.DeleteFunc(slices.Compact(on), func(a string) bool { return a == "" || a == gone })
	if len(c.Agents) == 0 {
		delete(t.Calls, x.Call)
	}
	return nil
}

// begins tells whether an event puts a call on the screen; one that only tells how something ended does not.
func begins(x Frame, d callData) bool {
	switch x.Type {
	case "call.left_queue", "call.waiting_changed", "call.diverted", "call.party_left", "call.data_changed", "call.progress", "call.failed":
		return false
	case "call.consulted":
		return d.State != "over"
	case "call.monitoring_changed":
		return d.Mode != "none"
	}
	return true
}

// ringsElsewhere is how a call goes on that is still offered to others when one of its offers ends.
const ringsElsewhere = "ringing_elsewhere"

// leaves names the agent whom an event takes off its call.
func leaves(x Frame, d callData, legs []Leg) string {
	switch x.Type {
	case "call.diverted":
		return d.FromAgent
	case "call.party_left":
		return d.Agent
	case "call.transferred":
		var from Target
		if json.Unmarshal(d.From, &from) == nil && from.Kind == "agent" && from.ID != d.NowOwner {
			return from.ID
		}
	case "call.consulted":
		switch a := agentOf(legs, d.Leg); {
		case d.State != "over":
		case a == "" && d.To.Kind == "agent":
			return d.To.ID
		default:
			return a
		}
	case "call.monitoring_changed":
		if d.Mode == "none" {
			return x.Agent
		}
	case "call.failed":
		return agentOf(legs, d.Leg)
	}
	return ""
}

func agentOf(legs []Leg, id string) string {
	for _, l := range legs {
		if l.Leg == id {
			return l.Agent
		}
	}
	return ""
}

// apply changes the call as the event says.
func (c *Call) apply(x Frame, d callData) {
	was := c.State
	c.Rev = x.Rev
	if x.Queue != "" {
		c.Queue = x.Queue
	}
	switch x.Type {
	case "call.arrived":
		c.State, c.Dir = "arrived", d.Dir
	case "call.queued":
		c.State, c.Parked = "queued", nil
	case "call.left_queue":
		c.unlessJoined("arrived")
	case "call.waiting_changed":
		if len(d.From) > 0 { // in another queue
			c.unlessJoined("queued")
		}
	case "call.originated":
		c.State, c.Dir, c.To, c.Owner = "dialing", d.Dir, &d.To, x.Agent
		if d.Leg != "" {
			c.setLeg(Leg{d.Leg, "agent", x.Agent, "dialing", ""})
		}
	case "call.progress":
		c.setLeg(Leg{d.Leg, "caller", "", d.What, ""})
	case "call.delivered":
		c.unlessJoined("offered")
		c.setLeg(Leg{d.Leg, "agent", x.Agent, "ringing", ""})
	case "call.established":
		c.established(x, d)
	case "call.diverted":
		c.Legs = slices.DeleteFunc(c.Legs, func(l Leg) bool { return l.Agent != "" && l.Agent == d.FromAgent })
		switch d.Next {
		case ringsElsewhere:
		case "script":
			c.unlessJoined("arrived")
		default:
			c.unlessJoined("queued")
		}
	case "call.data_changed":
		c.DataRev = d.DataRev
	default:
		c.applyTalk(x, d)
	}
	if c.Consult != nil && (c.State == "talking" || c.State == "held") {
		c.State = "consulting"
	}
	c.Monitored = slices.ContainsFunc(c.Legs, isMonitor)
	switch {
	case x.Type == "call.established" && d.Talk != "side" && !d.Since.IsZero(): // joined by an earlier run of the daemon
		c.Since = d.Since
	case c.State != was || c.Since.IsZero():
		c.Since = x.At
	}
}

// applyTalk changes a conversation as the event says.
func (c *Call) applyTalk(x Frame, d callData) {
	switch x.Type {
	case "call.held":
		c.State = "held"
		if d.Why == "rescue" {
			c.State = "rescue"
		}
	case "call.retrieved":
		c.State, c.Parked = "talking", nil
	case "call.consulted":
		c.consulted(d)
	case "call.conferenced":
		c.State, c.Consult = "talking", nil
		c.replaceLegs(d.Legs)
		if d.Owner != "" {
			c.Owner = d.Owner
		}
	case "call.transferred":
		c.State, c.Owner, c.Consult = transferred(d), d.NowOwner, nil
		for i := range c.Legs { // who listened in, or was asked, has the call now
			if d.NowOwner != "" && c.Legs[i].Agent == d.NowOwner {
				c.Legs[i].Role, c.Legs[i].Mode = "agent", ""
			}
		}
	case "call.parked":
		c.State, c.Consult, c.Parked = "parked", nil, &Parked{d.Slot, d.Until, d.BackTo}
	case "call.failed":
		c.dropLeg(d.Leg)
		if next, ok := map[string]string{"held": "held", "back": "offered", "queue": "queued"}[d.Next]; ok {
			c.State = next
		}
	case "call.monitoring_changed":
		if d.Mode == "none" {
			c.dropLeg(d.Leg)
		} else {
			c.setLeg(Leg{d.Leg, "monitor", x.Agent, "up", d.Mode})
		}
	case "call.party_left":
		c.dropLeg(d.Leg)
	}
}

func (c *Call) established(x Frame, d callData) {
	if d.Talk == "side" {
		c.State = "consulting"
		for _, l := range d.Legs {
			c.setLeg(l)
		}
		return
	}
	c.State, c.Owner, c.Consult, c.Parked = "talking", x.Agent, nil, nil
	c.replaceLegs(d.Legs)
	switch {
	case !d.Since.IsZero():
		c.Talking = d.Since
	case c.Talking.IsZero():
		c.Talking = x.At
	}
}

func (c *Call) consulted(d callData) {
	if d.State == "over" {
		c.dropLeg(d.Leg)
		c.Consult = nil
		if c.State == "consulting" {
			c.State = "held"
		}
		return
	}
	c.Consult, c.State = &Consult{d.Leg, d.To, d.State, d.Shared}, "consulting"
	l := Leg{Leg: d.Leg, Role: "consult", State: "up"}
	if d.To.Kind == "agent" {
		l.Agent = d.To.ID
	}
	if d.State == "ringing" {
		l.State = "ringing"
	}
	c.setLeg(l)
}

func transferred(d callData) string {
	switch {
	case d.How != "blind" || d.NowOwner != "":
		return "talking"
	case d.To.Kind == "queue":
		return "queued"
	case d.To.Kind == "ivr":
		return "arrived"
	}
	return "offered"
}

func (c *Call) unlessJoined(state string) {
	if !slices.Contains([]string{"talking", "held", "consulting", "rescue"}, c.State) {
		c.State = state
	}
}

func isMonitor(l Leg) bool { return l.Role == "monitor" }

// replaceLegs takes the legs of a talk as they now are; who listens in may not be among them, and stays.
func (c *Call) replaceLegs(legs []Leg) {
	next := append([]Leg{}, legs...)
	for _, l := range c.Legs {
		if isMonitor(l) && !slices.ContainsFunc(next, func(x Leg) bool { return x.Leg == l.Leg }) {
			next = append(next, l)
		}
	}
	c.Legs = next
}

func (c *Call) setLeg(l Leg) {
	for i := range c.Legs {
		if c.Legs[i].Leg == l.Leg {
			c.Legs[i].State, c.Legs[i].Mode = l.State, l.Mode
			return
		}
	}
	c.Legs = append(c.Legs, l)
}

func (c *Call) dropLeg(id string) {
	c.Legs = slices.DeleteFunc(c.Legs, func(l Leg) bool { return l.Leg == id })
	if c.Consult != nil && c.Consult.Leg == id {
		c.Consult = nil
		if c.State == "consulting" {
			c.State = "held"
		}
	}
}
