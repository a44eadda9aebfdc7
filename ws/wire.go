package ws

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"ctid"
)

// wireTime is a time on the wire: RFC 3339, UTC, milliseconds.
type wireTime struct{ time.Time }

const wireFormat = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (t wireTime) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(wireFormat) + `"`), nil
}

// reach says whose sessions carry an event.
type reach int

const (
	toNobody   reach = iota // logged only
	toAgents                // the "me" topic of Event.Agents
	toDesk                  // the "desk" topic
	toEveryone              // every session: each page shows a banner for it
)

// reachOf is the audience of each event body. The test over ctid.Bodies catches a forgotten one.
func reachOf(b ctid.Body) (reach, error) {
	switch b.(type) {
	case ctid.PopOffered, ctid.PopUpdated, ctid.PopClosed,
		ctid.CallArrived, ctid.CallQueued, ctid.CallLeftQueue, ctid.CallDelivered, ctid.CallEstablished, ctid.CallDiverted,
		ctid.CallHeld, ctid.CallRetrieved, ctid.CallPartyLeft, ctid.CallDataChanged, ctid.CallCleared,
		ctid.CallOriginated, ctid.CallProgress, ctid.CallConsulted, ctid.CallConferenced, ctid.CallTransferred,
		ctid.CallParked, ctid.CallFailed, ctid.CallMonitoringChanged, ctid.CallWaitingChanged,
		ctid.CallbackScheduled, ctid.CallbackAttempted, ctid.CallbackClosed, // no agent is told of them: integrations are
		ctid.AgentStateChanged, ctid.WrapUpSaved, ctid.MessageReceived, ctid.MessageAcked,
		ctid.PopSeen: // it has no audience of agents: only those who watch the team get it
		return toAgents, nil
	case ctid.LinkChanged, ctid.ServerDraining:
		return toEveryone, nil
	case ctid.ConfigChanged, ctid.ClockStepped:
		return toDesk, nil
	case ctid.CallNote:
		return toNobody, nil
	}
	return toNobody, fmt.Errorf("event body %T has no place on the wire: add it to reachOf", b)
}

// ofTeams tells whether those who watch a team get an event about one of its agents.
func ofTeams(b ctid.Body) bool {
	switch b.(type) {
	case ctid.AgentStateChanged, ctid.PopSeen:
		return true
	}
	return strings.HasPrefix(b.Kind(), "call.")
}

// class is how much of an event's body a session gets.
type class int

const (
	classMasked class = iota // no attached values, of numbers the last two digits, no other text about people
	classTeam                // no attached values
	classWhole
	classes
)

// eventBody is the part of an event frame that is the same for all sessions of a class.
type eventBody struct {
	At      wireTime       `json:"at"`
	Type    string         `json:"type"`
	Pop     ctid.PopID     `json:"pop,omitempty"`
	Call    ctid.CallID    `json:"call,omitempty"`
	Agent   ctid.AgentID   `json:"agent,omitempty"`
	Agents  []ctid.AgentID `json:"agents,omitempty"` // who is told, where it is not agent alone
	Queue   ctid.QueueID   `json:"queue,omitempty"`
	PBX     ctid.NodeID    `json:"pbx,omitempty"`
	Message ctid.MessageID `json:"message,omitempty"`
	Rev     uint64         `json:"rev"`
	By      ctid.By        `json:"by"`
	Data    any            `json:"data"`
}

// queuedData is call.queued with the caller's number, for those who watch the queue.
type queuedData struct {
	ctid.CallQueued
	ANI *ctid.Number `json:"ani,omitempty"`
}

// waitingData is call.waiting_changed with the caller's number, for those who watch the queue that the call has come to.
type waitingData struct {
	ctid.CallWaitingChanged
	ANI *ctid.Number `json:"ani,omitempty"`
}

// encodeEvent writes the body of an event for a class of sessions: a JSON object. ani is the caller's number, if known.
func encodeEvent(e ctid.Event, c class, ani *ctid.Number) ([]byte, error) {
	e.Body = redact(e.Body, c)
	b := eventBody{At: wireTime{e.At}, Type: e.Body.Kind(), Pop: e.Pop, Call: e.Call, Agent: e.Agent, Queue: e.Queue,
		Rev: e.Rev, By: tidyBy(e.By), Data: e.Body}
	if len(e.Agents) > 1 || len(e.Agents) == 1 && e.Agents[0] != e.Agent {
		b.Agents = e.Agents
	}
	if ani != nil && c == classMasked {
		ani = new(maskNumber(*ani))
	}
	switch x := e.Body.(type) {
	case ctid.PopOffered:
		b.Data = tidyPop(x.PopData)
	case ctid.AgentStateChanged:
		b.Data = tidyAgent(x.AgentView, e)
	case ctid.LinkChanged:
		b.PBX = x.PBX
	case ctid.CallEstablished:
		x.Legs = orEmpty(x.Legs)
		b.Data = x
	case ctid.CallConferenced:
		x.Legs = orEmpty(x.Legs)
		b.Data = x
	case ctid.CallDataChanged:
		x.Set, x.Unset = orEmpty(x.Set), orEmpty(x.Unset)
		b.Data = x
	case ctid.CallQueued:
		b.Data = queuedData{x, ani}
	case ctid.CallWaitingChanged:
		b.Data = waitingData{x, ani}
	case ctid.MessageReceived:
		b.Message = x.Message
	case ctid.MessageAcked:
		b.Message = x.Message
	}
	b.Data = wireTimes(b.Data)
	return json.Marshal(b)
}

// tidyPop turns absent lists into empty ones, so that a page can walk them without asking.
func tidyPop(d ctid.PopData) ctid.PopData {
	d.IVR.Path, d.Attached = orEmpty(d.IVR.Path), orEmpty(d.Attached)
	d.Match.Asked, d.Match.Customers = orEmpty(d.Match.Asked), orEmpty(d.Match.Customers)
	d.Cases, d.Last = orEmpty(d.Cases), orEmpty(d.Last)
	return d
}

func tidyAgent(a ctid.AgentView, e ctid.Event) ctid.AgentView {
	a.Rev = max(a.Rev, e.Rev)
	if e.Can != nil {
		a.Can = e.Can
	}
	a.Can, a.Queues = orEmpty(a.Can), orEmpty(a.Queues)
	return a
}

var timeType = reflect.TypeFor[time.Time]()

// wireTimes returns v with every time in UTC and cut to milliseconds; v itself stays as it is.
func wireTimes(v any) any {
	src := reflect.ValueOf(v)
	if !holdsTimes(src.Type()) {
		return v
	}
	dst := reflect.New(src.Type()).Elem()
	copyTimes(dst, src)
	return dst.Interface()
}

var timed sync.Map // reflect.Type: whether its values can hold times

func holdsTimes(t reflect.Type) bool {
	if holds, ok := timed.Load(t); ok {
		return holds.(bool)
	}
	holds := findsTimes(t, map[reflect.Type]bool{})
	timed.Store(t, holds)
	return holds
}

// findsTimes takes a type that it is already within for one without.
func findsTimes(t reflect.Type, within map[reflect.Type]bool) bool {
	if t == timeType {
		return true
	}
	if within[t] {
		return false
	}
	within[t] = true
	defer delete(within, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return findsTimes(t.Elem(), within)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && findsTimes(f.Type, within) {
				return true
			}
		}
	}
	return false
}

// copyTimes is for values of types that hold times, of which what a pointer or a list leads to is one, too.
func copyTimes(dst, src reflect.Value) {
	if src.Type() == timeType {
		t := src.Interface().(time.Time)
		if !t.IsZero() {
			t = t.UTC().Truncate(time.Millisecond)
		}
		dst.Set(reflect.ValueOf(t))
		return
	}
	dst.Set(src)
	switch src.Kind() {
	case reflect.Pointer:
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			copyTimes(dst.Elem(), src.Elem())
		}
	case reflect.Struct:
		for i := range src.NumField() {
			if dst.Field(i).CanSet() && holdsTimes(src.Field(i).Type()) {
				copyTimes(dst.Field(i), src.Field(i))
			}
		}
	case reflect.Slice:
		if !src.IsNil() {
			dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
			for i := range src.Len() {
				copyTimes(dst.Index(i), src.Index(i))
			}
		}
	}
}

// headParts are the parts of an event's head that only some frames have.
type headParts struct {
	try    int
	front  bool
	can    []byte   // JSON; nil: not told
	topics []string // the session's topics that carry it, where that is not "me" alone
}

// eventHead writes the part of an event frame that is a session's own, up to the body's first field.
func eventHead(buf []byte, seq, prev uint64, p headParts) []byte {
	buf = append(buf, `{"k":"event","seq":`...)
	buf = strconv.AppendUint(buf, seq, 10)
	buf = append(buf, `,"prev":`...)
	buf = strconv.AppendUint(buf, prev, 10)
	if p.try > 0 {
		buf = append(buf, `,"try":`...)
		buf = strconv.AppendInt(buf, int64(p.try), 10)
	}
	if p.front {
		buf = append(buf, `,"front":true`...)
	}
	if p.can != nil {
		buf = append(append(buf, `,"can":`...), p.can...)
	}
	if p.topics != nil {
		buf = append(append(buf, `,"topics":`...), mustJSON(p.topics)...)
	}
	return append(buf, ',')
}
