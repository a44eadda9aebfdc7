package ws

import (
	"maps"
	"slices"
	"time"

	"ctid"
)

// view is what the published events fold to: the state a snapshot is taken from. Each viewer's part is folded from the
// events that viewer gets.
type view struct {
	site     Site
	agents   map[ctid.AgentID]ctid.AgentView
	mine     map[ctid.AgentID]callBook
	teams    map[string]callBook
	waiting  map[ctid.QueueID]waitingBook
	live     map[ctid.CallID]*liveCall
	pops     map[ctid.PopID]*popView
	seen     map[ctid.AgentID]ctid.CallID // the call whose pop an agent's page has shown, while his phone rings
	past     map[ctid.AgentID][]pastWrap  // oldest first
	messages map[reader][]messageView     // oldest first
	links    map[ctid.NodeID]linkView
	draining *ctid.ServerDraining
	config   *ctid.ConfigChanged
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

// messageView is a text that an agent has not acknowledged yet.
type messageView struct {
	ctid.MessageReceived
	Rev uint64   `json:"rev"`
	At  wireTime `json:"at"`
	By  ctid.By  `json:"by"`
	Can []string `json:"can"`
}

// reader is whose messages they are: an agent's, or those of the people who supervise a team.
type reader struct {
	agent ctid.AgentID
	team  string
}

// What is kept of a reader's messages: the newest so many, and one without an end for so long.
const (
	maxMessages = 100
	messageLife = 24 * time.Hour
)

func newView(site Site) view {
	return view{site: site, agents: map[ctid.AgentID]ctid.AgentView{}, mine: map[ctid.AgentID]callBook{}, teams: map[string]callBook{},
		waiting: map[ctid.QueueID]waitingBook{}, live: map[ctid.CallID]*liveCall{}, pops: map[ctid.PopID]*popView{},
		seen: map[ctid.AgentID]ctid.CallID{}, past: map[ctid.AgentID][]pastWrap{},
		messages: map[reader][]messageView{}, links: map[ctid.NodeID]linkView{}}
}

// apply folds one event in, and says which queues' watchers are told of it. Pops are opened and closed by the hub, which
// also stops their alarms.
func (v *view) apply(e ctid.Event) []ctid.QueueID {
	switch b := e.Body.(type) {
	case ctid.AgentStateChanged:
		v.wrapOver(e, b.AgentView)
		if b.State != ctid.Reserved {
			delete(v.seen, b.Agent)
		}
		v.agents[b.Agent] = tidyAgent(b.AgentView, e)
	case ctid.PopSeen:
		if b.What == "shown" {
			v.seen[e.Agent] = e.Call
		}
	case ctid.WrapUpSaved:
		v.wrapSaved(e, b)
	case ctid.LinkChanged:
		v.links[b.PBX] = linkView{b, e.Rev}
	case ctid.ServerDraining:
		v.draining = &b
	case ctid.ConfigChanged:
		v.config = &b
	case ctid.MessageReceived:
		v.addMessage(e, b)
	case ctid.MessageAcked:
		r := reader{agent: e.Agent}
		v.messages[r] = slices.DeleteFunc(v.messages[r], func(m messageView) bool { return m.Message == b.Message })
	case ctid.PopOffered, ctid.PopUpdated, ctid.PopClosed, ctid.CallNote, ctid.ClockStepped, ctid.CallbackScheduled, ctid.CallbackAttempted, ctid.CallbackClosed:
		// pops: see Hub.applyPop; the others change no state that a desktop shows
	default:
		return v.applyCall(e)
	}
	return nil
}

// applyCall folds an event about a call into the books of all who get it.
func (v *view) applyCall(e ctid.Event) []ctid.QueueID {
	queues := v.track(e)
	for i, a := range e.Agents {
		if !slices.Contains(e.Agents[:i], a) {
			book(v.mine, a).fold(e, []ctid.AgentID{a}, canOf(e, a))
		}
	}
	told := concerned(e)
	for _, t := range v.site.teams(told) {
		members := slices.DeleteFunc(slices.Clone(told), func(a ctid.AgentID) bool { return v.site.Agents[a].Team != t })
		book(v.teams, t).fold(e, members, nil)
	}
	for _, q := range queues {
		if v.waiting[q] == nil {
			v.waiting[q] = waitingBook{}
		}
		v.waiting[q].fold(e, q, v.aniOf(e))
	}
	return queues
}

func book[K comparable](books map[K]callBook, k K) callBook {
	if books[k] == nil {
		books[k] = callBook{}
	}
	return books[k]
}

// aniOf is the caller's number of the call that an event is about, or nil.
func (v *view) aniOf(e ctid.Event) *ctid.Number {
	if k := v.live[e.Call]; k != nil {
		return k.ani
	}
	return nil
}

// canOf is what an event says that an agent may now do: nil if it says nothing.
func canOf(e ctid.Event, a ctid.AgentID) []string {
	if can, told := e.Cans[a]; told {
		return orEmpty(can)
	}
	return e.Can
}

// addMessage keeps a text for each agent whom it went to, or for those who supervise a team.
func (v *view) addMessage(e ctid.Event, b ctid.MessageReceived) {
	add := func(r reader, can []string) {
		list := append(v.messagesOf(r, e.At), messageView{b, e.Rev, wireTime{e.At}, tidyBy(e.By), orEmpty(can)})
		v.messages[r] = list[max(0, len(list)-maxMessages):]
	}
	for i, a := range e.Agents {
		if !slices.Contains(e.Agents[:i], a) {
			add(reader{agent: a}, canOf(e, a))
		}
	}
	for _, t := range v.toldTeams(e) {
		add(reader{team: t}, nil)
	}
}

// toldTeams lists the teams whose watchers get an event.
func (v *view) toldTeams(e ctid.Event) []string {
	if b, ok := e.Body.(ctid.MessageReceived); ok && b.To.Kind == "supervisor" {
		return v.site.teams([]ctid.AgentID{ctid.AgentID(e.By.ID)})
	}
	if ofTeams(e.Body) {
		return v.site.teams(concerned(e))
	}
	return nil
}

// messagesOf returns the texts of a reader that still count at that moment.
func (v *view) messagesOf(r reader, now time.Time) []messageView {
	v.messages[r] = slices.DeleteFunc(v.messages[r], func(m messageView) bool {
		until := m.Until
		if until.IsZero() {
			until = m.At.Add(messageLife)
		}
		return !until.After(now)
	})
	return v.messages[r]
}

// agent returns an agent's view; one never heard of is out.
func (v *view) agent(a ctid.AgentID) ctid.AgentView {
	if x, ok := v.agents[a]; ok {
		return x
	}
	return ctid.AgentView{Agent: a, State: ctid.Out, Queues: []ctid.QueueID{}, Can: []string{ctid.AgentLogin{}.Op()}}
}

// team returns the views of a team's agents, by name.
func (v *view) team(team string) []ctid.AgentView {
	out := []ctid.AgentView{}
	for _, a := range v.site.byTeam[team] {
		out = append(out, v.agent(a))
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

// setSite puts another site in force. What a team saw is rebuilt from what its agents see of their calls.
func (v *view) setSite(site Site) {
	v.site = site
	v.teams = map[string]callBook{}
	for _, a := range slices.Sorted(maps.Keys(v.mine)) {
		t := site.Agents[a].Team
		if t == "" {
			continue
		}
		b := book(v.teams, t)
		for id, c := range v.mine[a] {
			own := *c
			own.Legs, own.Agents, own.Can = slices.Clone(c.Legs), slices.Clone(c.Agents), []string{}
			if old := b[id]; old != nil {
				own.Agents = append(slices.Clone(old.Agents), a)
				if old.Rev > own.Rev {
					both := *old
					both.Agents = own.Agents
					own = both
				}
			}
			b[id] = &own
		}
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func tidyBy(b ctid.By) ctid.By {
	if b.Kind == "" {
		return ctid.BySystem
	}
	return b
}
