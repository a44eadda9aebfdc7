package ws

import (
	"maps"
	"slices"
	"strings"

	"ctid"
)

// waitingView is a call that waits in a queue, as those see it who may know who waits.
type waitingView struct {
	Call     ctid.CallID  `json:"call"`
	Rev      uint64       `json:"rev"`
	State    string       `json:"state"`    // waiting, or offered to an agent
	Position int          `json:"position"` // when it joined, or was moved
	Priority int          `json:"priority"`
	From     string       `json:"from,omitempty"`
	Callback bool         `json:"callback,omitempty"` // nobody is on the line: who is in ANI is to be called back
	Since    wireTime     `json:"since"`
	ANI      *ctid.Number `json:"ani,omitempty"`
}

// waitingBook is the calls that wait in one queue.
type waitingBook map[ctid.CallID]*waitingView

// fold takes in an event about a call that waits in the queue, or comes to wait there.
func (b waitingBook) fold(e ctid.Event, queue ctid.QueueID, ani *ctid.Number) {
	w := b[e.Call]
	switch x := e.Body.(type) {
	case ctid.CallQueued:
		if e.Queue != queue {
			delete(b, e.Call)
			return
		}
		if w == nil {
			w = &waitingView{Call: e.Call, Since: wireTime{e.At}, ANI: ani}
			b[e.Call] = w
		}
		w.State, w.Position, w.Priority, w.From, w.Callback = "waiting", x.Position, x.Priority, x.From, x.Callback
	case ctid.CallWaitingChanged:
		if e.Queue != queue {
			delete(b, e.Call)
			return
		}
		if w == nil {
			w = &waitingView{Call: e.Call, State: "waiting", Callback: x.Callback, Since: wireTime{x.Since}, ANI: ani}
			if x.Since.IsZero() {
				w.Since = wireTime{e.At}
			}
			b[e.Call] = w
		}
		w.Position, w.Priority = x.Position, x.Priority
	case ctid.CallDelivered:
		if w != nil {
			w.State = "offered"
		}
	case ctid.CallDiverted:
		if w != nil && x.Next != ringsElsewhere {
			w.State = "waiting"
		}
	default:
		delete(b, e.Call) // everything else that is told here ends the wait
		return
	}
	if w != nil {
		w.Rev = e.Rev
	}
}

// ringsElsewhere is how a call goes on that is still offered to others when one of its offers ends.
const ringsElsewhere = "ringing_elsewhere"

// list returns the waiting calls, the first to be served first as far as priority and time say.
func (b waitingBook) list() []*waitingView {
	return slices.SortedFunc(maps.Values(b), func(x, y *waitingView) int {
		switch {
		case x.Priority != y.Priority:
			return y.Priority - x.Priority
		case !x.Since.Equal(y.Since.Time):
			return x.Since.Compare(y.Since.Time)
		}
		return strings.Compare(string(x.Call), string(y.Call))
	})
}

// ofQueues tells whether an event about a waiting call is told to those who watch its queue.
func ofQueues(b ctid.Body) bool {
	switch b.(type) {
	case ctid.CallQueued, ctid.CallWaitingChanged, ctid.CallDelivered, ctid.CallDiverted, ctid.CallOriginated,
		ctid.CallLeftQueue, ctid.CallEstablished, ctid.CallTransferred, ctid.CallParked, ctid.CallCleared:
		return true
	}
	return false
}

// liveCall is what the hub must know of each call beside what its viewers see.
type liveCall struct {
	agents  []ctid.AgentID // on it, whoever they belong to
	ani     *ctid.Number
	waiting ctid.QueueID // the queue it waits in, or empty
	parked  bool
}

// track keeps what is needed of the call and returns the queues whose watchers are told of this event: where it waited
// before, and where it waits now.
func (v *view) track(e ctid.Event) []ctid.QueueID {
	if _, over := e.Body.(ctid.CallCleared); over {
		k := v.live[e.Call]
		delete(v.live, e.Call)
		if k == nil || k.waiting == "" {
			return nil
		}
		return []ctid.QueueID{k.waiting}
	}
	k := v.live[e.Call]
	if k == nil {
		k = &liveCall{}
		v.live[e.Call] = k
	}
	was := k.waiting
	k.take(e)
	if !ofQueues(e.Body) {
		return nil
	}
	var out []ctid.QueueID
	for _, q := range []ctid.QueueID{was, k.waiting} {
		if q != "" && !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return out
}

func (k *liveCall) take(e ctid.Event) {
	for _, a := range concerned(e) {
		if !slices.Contains(k.agents, a) {
			k.agents = append(k.agents, a)
		}
	}
	if gone := leaves(e, nil); gone != "" {
		k.agents = slices.DeleteFunc(k.agents, func(a ctid.AgentID) bool { return a == gone })
	}
	switch b := e.Body.(type) {
	case ctid.CallArrived:
		k.ani = new(b.ANI)
	case ctid.CallOriginated:
		if e.Agent != "" { // an agent has it, and the other side is rung
			k.waiting, k.parked = "", false
		} else { // a callback: who is to be called waits
			k.ani = &ctid.Number{E164: b.To.E164}
		}
	case ctid.CallQueued, ctid.CallWaitingChanged:
		k.waiting, k.parked = e.Queue, false
	case ctid.CallParked:
		k.waiting, k.parked = "", true
	case ctid.CallEstablished:
		k.waiting, k.parked = "", false
	case ctid.CallRetrieved:
		k.parked = false
	case ctid.CallLeftQueue, ctid.CallTransferred:
		k.waiting = ""
	}
}

// concerned lists the agents whom an event is about or told to, each once.
func concerned(e ctid.Event) []ctid.AgentID {
	out := make([]ctid.AgentID, 0, len(e.Agents)+1)
	for _, a := range e.Agents {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if e.Agent != "" && !slices.Contains(out, e.Agent) {
		out = append(out, e.Agent)
	}
	return out
}
