package wsclient

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Object is a JSON object as it came.
type Object = map[string]any

// Fold is what a desktop shows: the state that snapshots and events add up to. It is not safe for concurrent use.
type Fold struct {
	Me       string            // the agent, if the session is one's
	Topics   map[string]*Topic // those whose snapshot came whole
	States   map[string]Object // the latest value of each state topic
	Links    map[string]Object // by PBX
	Draining Object
	Desync   int // times that a replay did not lead to where the server said it would

	parts  map[string]map[string]json.RawMessage
	lists  map[string]map[string][]json.RawMessage
	revs   map[string]uint64
	replay int
}

// Topic is what one topic shows. Which fields are used depends on the topic.
type Topic struct {
	Agents   map[string]Object
	Calls    map[string]*Call
	Waiting  map[string]*Waiting
	Pops     map[string]*Pop
	Messages map[string]Object
	Seen     map[string]string // of a team: the call whose pop is on the page of an agent whose phone rings
	Past     []Past            // of "me": wrap-ups that are over, oldest first
	Config   Object
}

// Past is a wrap-up that is over.
type Past struct {
	Wrap        string    `json:"wrap"`
	Call        string    `json:"call"`
	Queue       string    `json:"queue"`
	Over        time.Time `json:"over"`
	Disposition string    `json:"disposition"`
	Notes       string    `json:"notes"`
}

// Pop is an open pop.
type Pop struct {
	Pop  string   `json:"pop"`
	Rev  uint64   `json:"rev"`
	Call string   `json:"call"`
	Can  []string `json:"can"`
	Data Object   `json:"data"`
}

// Waiting is a call in a queue.
type Waiting struct {
	Call     string    `json:"call"`
	Rev      uint64    `json:"rev"`
	State    string    `json:"state"`
	Position int       `json:"position"`
	Priority int       `json:"priority"`
	From     string    `json:"from"`
	Callback bool      `json:"callback"` // nobody is on the line
	Since    time.Time `json:"since"`
	ANI      Object    `json:"ani"`
}

// NewFold returns one that knows nothing.
func NewFold() *Fold {
	return &Fold{Topics: map[string]*Topic{}, States: map[string]Object{}, Links: map[string]Object{},
		parts: map[string]map[string]json.RawMessage{}, lists: map[string]map[string][]json.RawMessage{}}
}

func newTopic() *Topic {
	return &Topic{Agents: map[string]Object{}, Calls: map[string]*Call{}, Waiting: map[string]*Waiting{}, Pops: map[string]*Pop{}, Messages: map[string]Object{}, Seen: map[string]string{}}
}

// Apply takes in one frame, in the order they came. A frame that does not fit the protocol is an error.
func (f *Fold) Apply(x Frame) error {
	switch x.K {
	case "welcome":
		f.welcome(x)
	case "snap":
		return f.snap(x)
	case "state":
		return json.Unmarshal(x.Data, into(f.States, x.Topic))
	case "session":
		if x.What == "resync" {
			f.Keep(x.Topics)
		}
	case "event":
		if x.Repeat {
			return nil
		}
		if err := f.event(x); err != nil {
			return fmt.Errorf("event %d, %s: %w", x.Seq, x.Type, err)
		}
		if f.replay > 0 {
			f.replay--
			f.compare()
		}
	}
	return nil
}

// into makes an empty object in m and returns a pointer for a decoder.
func into(m map[string]Object, key string) *Object {
	o := Object{}
	m[key] = o
	return &o
}

// Keep forgets all topics but these: the session has no others any more.
func (f *Fold) Keep(topics []string) {
	gone := func(t string) bool { return !slices.Contains(topics, t) }
	maps.DeleteFunc(f.Topics, func(t string, _ *Topic) bool { return gone(t) })
	maps.DeleteFunc(f.parts, func(t string, _ map[string]json.RawMessage) bool { return gone(t) })
	maps.DeleteFunc(f.lists, func(t string, _ map[string][]json.RawMessage) bool { return gone(t) })
	ofAll := func(t string) bool {
		return strings.HasPrefix(t, "queue.stats:") && slices.Contains(topics, "queue.stats:*")
	}
	maps.DeleteFunc(f.States, func(t string, _ Object) bool { return gone(t) && !ofAll(t) })
}

// Whole names the topics whose snapshot came whole: what a hello with a position may ask for.
func (f *Fold) Whole() []string { return slices.Sorted(maps.Keys(f.Topics)) }

func (f *Fold) welcome(x Frame) {
	if !x.Resumed {
		desync := f.Desync
		*f = *NewFold()
		f.Desync = desync
	}
	f.Me = x.Who.Agent
	f.parts, f.lists = map[string]map[string]json.RawMessage{}, map[string]map[string][]json.RawMessage{}
	f.Keep(x.Topics)
	f.revs, f.replay = nil, 0
	if x.Resumed {
		f.revs, f.replay = x.Revs, x.Replay
		f.compare()
	}
}

// compare holds the revs after a replay against those the server named.
func (f *Fold) compare() {
	if f.revs == nil || f.replay > 0 {
		return
	}
	if !maps.Equal(f.Revs(), f.revs) {
		f.Desync++
	}
	f.revs = nil
}

// Revs are the revs of all that is shown, by the names that welcome gives them.
func (f *Fold) Revs() map[string]uint64 {
	out := map[string]uint64{}
	for name, t := range f.Topics {
		before := name + "/"
		if name == "me" {
			before = ""
		}
		for id, a := range t.Agents {
			if rev := number(a["rev"]); rev > 0 {
				out[before+"agent:"+id] = rev
			}
		}
		for id, c := range t.Calls {
			out[before+"call:"+id] = c.Rev
		}
		for id, w := range t.Waiting {
			out[before+"call:"+id] = w.Rev
		}
		for id, p := range t.Pops {
			out[before+"pop:"+id] = p.Rev
		}
	}
	return out
}

func number(v any) uint64 {
	n, _ := v.(float64)
	return uint64(n)
}

// snap collects the parts of a snapshot; the last makes it count.
func (f *Fold) snap(x Frame) error {
	var data map[string]json.RawMessage
	if err := json.Unmarshal(x.Data, &data); err != nil {
		return err
	}
	if x.Part == 1 {
		f.parts[x.Topic], f.lists[x.Topic] = map[string]json.RawMessage{}, map[string][]json.RawMessage{}
	}
	single, lists := f.parts[x.Topic], f.lists[x.Topic]
	if single == nil {
		return fmt.Errorf("part %d of the snapshot of %s has nothing before it", x.Part, x.Topic)
	}
	for name, raw := range data {
		var items []json.RawMessage
		if strings.HasPrefix(string(raw), "[") {
			if err := json.Unmarshal(raw, &items); err != nil {
				return err
			}
			lists[name] = append(lists[name], items...)
			continue
		}
		single[name] = raw
	}
	if !x.Last {
		return nil
	}
	delete(f.parts, x.Topic)
	delete(f.lists, x.Topic)
	return f.whole(x.Topic, single, lists)
}

// whole puts a snapshot in the place of what was known of its topic.
func (f *Fold) whole(topic string, single map[string]json.RawMessage, lists map[string][]json.RawMessage) error {
	t := newTopic()
	err := each(lists["links"], func(o Object) { f.Links[text(o["pbx"])] = o })
	f.Draining = nil
	if raw := single["draining"]; err == nil && raw != nil {
		err = json.Unmarshal(raw, &f.Draining)
	}
	if raw := single["config"]; err == nil && raw != nil {
		err = json.Unmarshal(raw, &t.Config)
	}
	if raw := single["agent"]; err == nil && raw != nil {
		err = each([]json.RawMessage{raw}, func(o Object) { t.Agents[text(o["agent"])] = o })
	}
	if err == nil {
		err = each(lists["agents"], func(o Object) { t.Agents[text(o["agent"])] = o })
	}
	if err == nil && strings.HasPrefix(topic, "queue.calls:") {
		err = each(lists["calls"], func(w *Waiting) { t.Waiting[w.Call] = w })
	} else if err == nil {
		err = each(lists["calls"], func(c *Call) {
			if topic == "me" {
				c.Agents = []string{f.Me}
			}
			t.Calls[c.Call] = c
		})
	}
	if err == nil {
		err = each(lists["pops"], func(p *Pop) { t.Pops[p.Pop] = p })
	}
	if err == nil {
		err = each(lists["messages"], func(o Object) { t.Messages[text(o["message"])] = o })
	}
	if err == nil {
		err = each(lists["seen"], func(o Object) { t.Seen[text(o["agent"])] = text(o["call"]) })
	}
	if err == nil {
		err = each(lists["past_wraps"], func(p Past) { t.Past = append(t.Past, p) })
	}
	f.Topics[topic] = t
	return err
}

func each[T any](items []json.RawMessage, take func(T)) error {
	for _, raw := range items {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		take(v)
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// event takes in one event for each of the topics that carry it.
func (f *Fold) event(x Frame) error {
	var data Object
	if err := json.Unmarshal(x.Data, &data); err != nil {
		return err
	}
	switch x.Type {
	case "link.changed":
		data["rev"] = float64(x.Rev)
		f.Links[x.PBX] = data
		return nil
	case "server.draining":
		f.Draining = data
		return nil
	case "config.changed":
		if t := f.Topics["desk"]; t != nil {
			t.Config = data
		}
		return nil
	}
	topics := x.Topics
	if topics == nil {
		topics = []string{"me"}
	}
	for _, name := range topics {
		t := f.Topics[name]
		if t == nil {
			continue
		}
		var err error
		switch kind, _, _ := strings.Cut(name, ":"); kind {
		case "me":
			err = f.mine(t, x, data)
		case "team":
			err = t.team(x, data)
		case "queue.calls":
			err = t.waiting(x, strings.TrimPrefix(name, "queue.calls:"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mine takes in an event of the agent's own topic.
func (f *Fold) mine(t *Topic, x Frame, data Object) error {
	switch x.Type {
	case "agent.state_changed":
		t.wrapOver(x, data)
		t.Agents[text(data["agent"])] = data
	case "agent.wrapup_saved":
		t.wrapSaved(x, data)
	case "pop.offered":
		t.Pops[x.Pop] = &Pop{Pop: x.Pop, Rev: x.Rev, Call: x.Call, Can: orEmpty(x.Can), Data: data}
	case "pop.updated":
		if p := t.Pops[x.Pop]; p != nil {
			p.Rev = x.Rev
			if x.Can != nil {
				p.Can = x.Can
			}
			p.Data, _ = mergePatch(p.Data, data["patch"]).(Object)
		}
	case "pop.closed":
		delete(t.Pops, x.Pop)
	case "message.received":
		t.message(x, data, x.Can)
	case "message.acked":
		if x.Agent == f.Me {
			delete(t.Messages, x.Message)
		}
	default:
		return t.call(x, []string{f.Me}, x.Can)
	}
	return nil
}

// team takes in an event about a team's agents.
func (t *Topic) team(x Frame, data Object) error {
	switch x.Type {
	case "agent.state_changed":
		if data["state"] != "reserved" {
			delete(t.Seen, text(data["agent"]))
		}
		t.Agents[text(data["agent"])] = data
		return nil
	case "pop.seen":
		if data["what"] == "shown" {
			t.Seen[x.Agent] = x.Call
		}
		return nil
	case "message.received":
		t.message(x, data, nil)
		return nil
	}
	told := slices.DeleteFunc(append(slices.Clone(x.Agents), x.Agent), func(a string) bool { return t.Agents[a] == nil })
	return t.call(x, told, nil)
}

func (t *Topic) message(x Frame, data Object, can []string) {
	data = maps.Clone(data)
	data["rev"], data["at"], data["by"], data["can"] = float64(x.Rev), x.At.Format("2006-01-02T15:04:05.000Z"), x.By, list(can)
	t.Messages[x.Message] = data
}
