package ws

import (
	"maps"
	"slices"

	"ctid"
)

// maxPast is how many of an agent's wrap-ups that are over are kept: what he may still edit.
const maxPast = 5

// pastWrap is a wrap-up that is over, with what was handed in.
type pastWrap struct {
	Wrap        ctid.WrapID  `json:"wrap"`
	Call        ctid.CallID  `json:"call"`
	Queue       ctid.QueueID `json:"queue,omitempty"`
	Over        wireTime     `json:"over"`
	Disposition string       `json:"disposition"`
	Notes       ctid.Private `json:"notes"`
}

// wrapOver notes that an agent's wrap-up is over, if the new view of him says so.
func (v *view) wrapOver(e ctid.Event, now ctid.AgentView) {
	w := v.agents[now.Agent].Wrap
	if w == nil || now.Wrap != nil && now.Wrap.ID == w.ID {
		return
	}
	v.pastOf(now.Agent, pastWrap{Wrap: w.ID, Call: w.Call, Queue: w.Queue, Over: wireTime{e.At}})
}

// wrapSaved notes what an agent has handed in. An empty text leaves what was handed in before.
func (v *view) wrapSaved(e ctid.Event, b ctid.WrapUpSaved) {
	p := v.pastOf(e.Agent, pastWrap{Wrap: b.Wrap, Call: e.Call, Over: wireTime{e.At}})
	if b.Disposition != "" {
		p.Disposition = b.Disposition
	}
	if b.Notes != "" {
		p.Notes = b.Notes
	}
}

// pastOf is the agent's wrap-up that is over, put there if it is new.
func (v *view) pastOf(a ctid.AgentID, fresh pastWrap) *pastWrap {
	list := v.past[a]
	i := slices.IndexFunc(list, func(p pastWrap) bool { return p.Wrap == fresh.Wrap })
	if i < 0 {
		list = append(list, fresh)
		list = slices.Clone(list[max(0, len(list)-maxPast):])
		v.past[a] = list
		i = len(list) - 1
	}
	return &list[i]
}

// seenView says which call's pop the page of an agent has shown whose phone rings.
type seenView struct {
	Agent ctid.AgentID `json:"agent"`
	Call  ctid.CallID  `json:"call"`
}

// seenIn lists them of a team, by agent.
func (v *view) seenIn(team string) []seenView {
	out := []seenView{}
	for _, a := range v.site.byTeam[team] {
		if call, ok := v.seen[a]; ok {
			out = append(out, seenView{a, call})
		}
	}
	return out
}

// directoryAgent is a colleague, as everybody may see him who may hand a call to him.
type directoryAgent struct {
	Agent ctid.AgentID    `json:"agent"`
	Label string          `json:"label,omitempty"`
	Team  string          `json:"team,omitempty"`
	State ctid.AgentState `json:"state"`
	Doing ctid.Doing      `json:"doing,omitempty"`
	Since wireTime        `json:"since"`
	Phone bool            `json:"device_ok"`
}

// directoryQueue is a queue; how many wait is for those who may see its figures.
type directoryQueue struct {
	Queue   ctid.QueueID `json:"queue"`
	Label   string       `json:"label,omitempty"`
	Waiting *int         `json:"waiting,omitempty"`
	Watch   bool         `json:"watch"` // the asking user may see who waits
}

// doDirectory answers with everybody and everything a call can go to, and the teams that the asking user may watch.
func (h *Hub) doDirectory(s *session, _ inFrame, _ *renewal) ctid.Reply {
	site := h.view.site
	agents := []directoryAgent{}
	for _, a := range slices.Sorted(maps.Keys(site.Agents)) {
		v := h.view.agent(a)
		agents = append(agents, directoryAgent{a, site.Agents[a].Label, site.Agents[a].Team, v.State, v.Doing, wireTime{v.Since}, v.Device})
	}
	queues := []directoryQueue{}
	for _, q := range slices.Sorted(maps.Keys(site.Queues)) {
		x := directoryQueue{Queue: q, Label: site.Queues[q].Label, Watch: site.may(s.who, verbWaiting, thing{queue: q}) == ""}
		if site.may(s.who, verbStats, thing{queue: q}) == "" {
			x.Waiting = new(len(h.view.waiting[q]))
		}
		queues = append(queues, x)
	}
	teams := []string{}
	for _, t := range site.Teams {
		if site.may(s.who, verbSee, thing{team: t}) == "" {
			teams = append(teams, t)
		}
	}
	return done(map[string]any{"agents": agents, "queues": queues, "teams": teams})
}
