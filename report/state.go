package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"ctid"
)

// Version rises when a Fold counts otherwise than before: a kept one is then put aside, and the day is folded again from the log.
const Version = 1

// State is a Fold as it is kept over a restart.
type State struct {
	V      int                     `json:"v"`
	Seq    uint64                  `json:"seq"` // of the last event counted
	Day    time.Time               `json:"day"`
	Queues map[ctid.QueueID]*Queue `json:"queues"`
	Calls  map[ctid.CallID]Stay    `json:"calls"`
	Agents map[ctid.AgentID]*Agent `json:"agents"`
}

// State is a copy that goes on as it is.
func (f *Fold) State() State {
	s := State{V: Version, Seq: f.seq, Day: f.begins, Queues: make(map[ctid.QueueID]*Queue, len(f.queues)), Calls: maps.Clone(f.calls),
		Agents: make(map[ctid.AgentID]*Agent, len(f.agents))}
	for id, q := range f.queues {
		s.Queues[id] = &Queue{Today: q.Today, Minutes: slices.Clone(q.Minutes)}
	}
	for id, a := range f.agents {
		b := *a
		if a.Work != nil {
			b.Work = new(*a.Work)
		}
		s.Agents[id] = &b
	}
	return s
}

// Restore goes on with what was kept, which the Fold has from then on. ok is false where that was counted by another version.
func Restore(cfg Config, s State) (f *Fold, ok bool) {
	if s.V != Version {
		return nil, false
	}
	f = New(cfg, s.Day)
	f.seq = s.Seq
	for id, q := range s.Queues {
		f.queues[id] = q
	}
	maps.Copy(f.calls, s.Calls)
	for id, a := range s.Agents {
		f.agents[id] = a
	}
	return f, true
}

// Keep forgets the calls that are not among these: their ends were lost with the process that was to tell them.
func (f *Fold) Keep(open map[ctid.CallID]bool) {
	maps.DeleteFunc(f.calls, func(id ctid.CallID, _ Stay) bool { return !open[id] })
}

// counted are the bodies of the events that a Fold counts.
var counted = []ctid.Body{ctid.CallQueued{}, ctid.CallWaitingChanged{}, ctid.CallLeftQueue{}, ctid.CallEstablished{}, ctid.CallCleared{},
	ctid.CallDiverted{}, ctid.AgentStateChanged{}, ctid.ConfigChanged{}}

// Kinds are the kinds of the log's rows that a Fold counts.
func Kinds() []string {
	out := make([]string, len(counted))
	for i, b := range counted {
		out[i] = b.Kind()
	}
	return out
}

// Body reads the body of a row of such a kind.
func Body(kind string, raw []byte) (ctid.Body, error) {
	i := slices.IndexFunc(counted, func(b ctid.Body) bool { return b.Kind() == kind })
	if i < 0 {
		return nil, fmt.Errorf("rows of kind %q are not counted", kind)
	}
	v := reflect.New(reflect.TypeOf(counted[i]))
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		return nil, fmt.Errorf("a row of kind %q cannot be read: %w", kind, err)
	}
	body, _ := v.Elem().Interface().(ctid.Body)
	return body, nil
}
