package ws

import (
	"maps"
	"slices"

	"ctid"
)

// Site says who belongs where. It comes from the configuration and must not be changed once it is given.
type Site struct {
	Teams  []string
	Agents map[ctid.AgentID]Member
	Queues map[ctid.QueueID]QueueRules

	served map[string]map[ctid.QueueID]bool // which queues a team's agents serve
	byTeam map[string][]ctid.AgentID        // by name
}

// indexed returns the site with what is looked up often found beforehand.
func (p Site) indexed() Site {
	p.served, p.byTeam = map[string]map[ctid.QueueID]bool{}, map[string][]ctid.AgentID{}
	for _, a := range slices.Sorted(maps.Keys(p.Agents)) {
		m := p.Agents[a]
		if m.Team == "" {
			continue
		}
		p.byTeam[m.Team] = append(p.byTeam[m.Team], a)
		if p.served[m.Team] == nil {
			p.served[m.Team] = map[ctid.QueueID]bool{}
		}
		for _, q := range m.Queues {
			p.served[m.Team][q] = true
		}
	}
	return p
}

// Member is an agent's place in the centre.
type Member struct {
	Label  string // what people see; empty: his name
	Team   string // empty: none
	Queues []ctid.QueueID
	Pick   bool // he may see who waits in his queues
}

// QueueRules say what agents may know of a queue they serve.
type QueueRules struct {
	Label          string // what people see; empty: its name
	AgentsSeeStats bool
}

// verb is something that a role may do, each to its own reach.
type verb int

const (
	verbSession   verb = iota // about the session itself
	verbSelf                  // one's own state, calls, pops and wrap-ups
	verbPickUp                // a call that waits or rings elsewhere
	verbSee                   // other agents' states and calls, live
	verbControl               // other agents' calls: listen in, take over
	verbNumber                // full telephone numbers
	verbStats                 // a queue's figures
	verbDay                   // an agent's
	verbWaiting               // who waits in a queue
	verbForce                 // another agent's state
	verbHard                  // ending another agent's work with it
	verbMessage               // a text to an agent or a team
	verbMessageUp             // a text to one's supervisors
	verbEvents                // every event
	verbDesk                  // the health of the system
	verbDirectory             // who and what a call can go to
)

// reachOver is how many things a role reaches with a verb.
type reachOver int

const (
	reachNone  reachOver = iota
	reachOwn             // his own
	reachTeam            // those of the teams he supervises
	reachScope           // all, if his key has the scope
	reachAll
)

// permit is a row of the table: how far each role reaches, and the scope that an integration needs.
type permit struct {
	agent, supervisor, admin, wallboard reachOver
	scope                               string // empty: not for integrations
}

// permits is the one table of roles; docs/events.md shows it.
var permits = map[verb]permit{
	verbSession:   {reachAll, reachAll, reachAll, reachAll, ""},
	verbSelf:      {reachOwn, reachOwn, reachOwn, reachNone, ""},
	verbPickUp:    {reachOwn, reachTeam, reachAll, reachNone, ""},
	verbSee:       {reachNone, reachTeam, reachAll, reachNone, "calls:read"},
	verbControl:   {reachNone, reachTeam, reachAll, reachNone, "calls:control"},
	verbNumber:    {reachNone, reachTeam, reachAll, reachNone, "pii:read"},
	verbStats:     {reachOwn, reachTeam, reachAll, reachTeam, "queues:read"},
	verbDay:       {reachOwn, reachTeam, reachAll, reachNone, "calls:read"},
	verbWaiting:   {reachOwn, reachTeam, reachAll, reachNone, "calls:read"},
	verbForce:     {reachNone, reachTeam, reachAll, reachNone, "agents:write"},
	verbHard:      {reachNone, reachNone, reachAll, reachNone, ""},
	verbMessage:   {reachNone, reachTeam, reachAll, reachNone, "agents:write"},
	verbMessageUp: {reachOwn, reachAll, reachAll, reachNone, "agents:write"},
	verbEvents:    {reachNone, reachNone, reachNone, reachNone, "events:read"},
	verbDesk:      {reachNone, reachNone, reachAll, reachNone, ""},
	verbDirectory: {reachAll, reachAll, reachAll, reachNone, "calls:read"},
}

// reach is how far a role reaches with a verb.
func (v verb) reach(r ctid.Role) reachOver {
	p := permits[v]
	switch r {
	case ctid.RoleAgent:
		return p.agent
	case ctid.RoleSupervisor:
		return p.supervisor
	case ctid.RoleAdmin:
		return p.admin
	case ctid.RoleWallboard:
		return p.wallboard
	case ctid.RoleIntegration:
		if p.scope != "" {
			return reachScope
		}
	}
	return reachNone
}

// thing is what a request or a topic is about; the fields that are set say whose it is.
type thing struct {
	agents []ctid.AgentID // the agent, or those on the call
	team   string
	queue  ctid.QueueID
}

// may decides whether who may do v to t: an empty code if so, forbidden if none of his roles ever may, not_yours if one
// may, but not to this thing.
func (p Site) may(who ctid.Who, v verb, t thing) ctid.Code {
	if v == verbSession {
		return ""
	}
	refused := ctid.Forbidden
	for _, r := range who.Roles {
		code := ctid.Forbidden
		switch v.reach(r) {
		case reachAll:
			code = ""
		case reachTeam:
			code = p.inTeams(who, t)
		case reachOwn:
			code = p.owns(who, v, t)
		case reachScope:
			if slices.Contains(who.Scopes, permits[v].scope) {
				code = ""
			}
		case reachNone:
		}
		if code == "" {
			return ""
		}
		if code == ctid.NotYours {
			refused = code
		}
	}
	return refused
}

// ever tells whether who may do v to anything at all.
func ever(who ctid.Who, v verb) bool {
	for _, r := range who.Roles {
		switch v.reach(r) {
		case reachAll, reachTeam, reachOwn:
			return true
		case reachScope:
			if slices.Contains(who.Scopes, permits[v].scope) {
				return true
			}
		case reachNone:
		}
	}
	return v == verbSession
}

// inTeams tells whether a supervisor's teams reach the thing.
func (p Site) inTeams(who ctid.Who, t thing) ctid.Code {
	if len(who.Teams) == 0 {
		return ""
	}
	for _, a := range t.agents {
		if m := p.Agents[a]; m.Team != "" && slices.Contains(who.Teams, m.Team) {
			return ""
		}
	}
	if t.team != "" && slices.Contains(who.Teams, t.team) {
		return ""
	}
	for _, team := range who.Teams {
		if t.queue != "" && p.served[team][t.queue] {
			return ""
		}
	}
	return ctid.NotYours
}

// owns tells whether an agent reaches the thing as his own: he is on it, or serves the queue, or it rings in his team.
func (p Site) owns(who ctid.Who, v verb, t thing) ctid.Code {
	if who.Agent == "" {
		return ctid.Forbidden
	}
	me := p.Agents[who.Agent]
	serves := t.queue != "" && slices.Contains(me.Queues, t.queue)
	switch v {
	case verbSelf, verbMessageUp:
		return ""
	case verbStats:
		if serves && !p.Queues[t.queue].AgentsSeeStats {
			return ctid.Forbidden
		}
	case verbWaiting:
		if !me.Pick {
			return ctid.Forbidden
		}
	case verbPickUp:
		for _, a := range t.agents {
			if me.Team != "" && p.Agents[a].Team == me.Team {
				return ""
			}
		}
	default:
		serves = serves || slices.Contains(t.agents, who.Agent)
	}
	if serves {
		return ""
	}
	return ctid.NotYours
}

// teams lists the teams of agents, each once and in their order.
func (p Site) teams(agents []ctid.AgentID) []string {
	var out []string
	for _, a := range agents {
		if t := p.Agents[a].Team; t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
