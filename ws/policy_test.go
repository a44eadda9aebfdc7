package ws

import (
	"testing"

	"ctid"
)

// How far each role reaches with each verb, over things of one's own, of the own team, of the other team.
func TestMay(t *testing.T) {
	site := Site{Teams: []string{"north", "south"}, Queues: map[ctid.QueueID]QueueRules{"claims": {AgentsSeeStats: true}, "sales": {}},
		Agents: map[ctid.AgentID]Member{
			"ana":  {Team: "north", Queues: []ctid.QueueID{"claims"}, Pick: true},
			"ben":  {Team: "north", Queues: []ctid.QueueID{"claims", "sales"}},
			"cleo": {Team: "south"},
			"finn": {},
		}}.indexed()
	ana := ctid.Who{Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}}
	ben := ctid.Who{Agent: "ben", Roles: []ctid.Role{ctid.RoleAgent}}
	north := ctid.Who{Roles: []ctid.Role{ctid.RoleSupervisor}, Teams: []string{"north"}}
	everywhere := ctid.Who{Roles: []ctid.Role{ctid.RoleSupervisor}}
	root := ctid.Who{Roles: []ctid.Role{ctid.RoleAdmin}}
	key := func(scopes ...string) ctid.Who {
		return ctid.Who{Roles: []ctid.Role{ctid.RoleIntegration}, Scopes: scopes}
	}
	hall := ctid.Who{Roles: []ctid.Role{ctid.RoleWallboard}}
	northHall := ctid.Who{Roles: []ctid.Role{ctid.RoleWallboard}, Teams: []string{"north"}}
	both := ctid.Who{Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent, ctid.RoleSupervisor}, Teams: []string{"north"}}
	on := func(agents ...ctid.AgentID) thing { return thing{agents: agents} }
	const ok, no, notYours = ctid.Code(""), ctid.Forbidden, ctid.NotYours
	for i, c := range []struct {
		who  ctid.Who
		verb verb
		what thing
		want ctid.Code
	}{
		{ana, verbSession, thing{}, ok}, {key(), verbSession, thing{}, ok},
		{ana, verbSelf, thing{}, ok}, {root, verbSelf, thing{}, no}, {key("agents:write"), verbSelf, thing{}, no},
		{ana, verbPickUp, thing{queue: "claims"}, ok}, {ana, verbPickUp, thing{queue: "sales"}, notYours},
		{ana, verbPickUp, on("ben"), ok}, {ana, verbPickUp, on("cleo"), notYours}, {ana, verbPickUp, on("finn"), notYours},
		{north, verbPickUp, thing{queue: "sales"}, ok}, {north, verbPickUp, on("cleo"), notYours}, {root, verbPickUp, on("cleo"), ok},
		{ana, verbSee, thing{team: "north"}, no}, {north, verbSee, thing{team: "north"}, ok}, {north, verbSee, thing{team: "south"}, notYours},
		{everywhere, verbSee, thing{team: "south"}, ok}, {root, verbSee, thing{team: "south"}, ok}, {key("calls:read"), verbSee, thing{team: "south"}, ok},
		{ana, verbControl, on("ana"), no}, {north, verbControl, on("cleo", "ben"), ok}, {north, verbControl, on("cleo"), notYours},
		{north, verbControl, on("finn"), notYours}, {everywhere, verbControl, on("finn"), ok}, {north, verbControl, on(), notYours},
		{ana, verbNumber, thing{queue: "claims"}, no}, {north, verbNumber, thing{queue: "claims"}, ok}, {key(), verbNumber, thing{}, no}, {key("pii:read"), verbNumber, thing{}, ok},
		{ana, verbStats, thing{queue: "claims"}, ok}, {ana, verbStats, thing{queue: "sales"}, notYours}, {ben, verbStats, thing{queue: "sales"}, no},
		{north, verbStats, thing{queue: "sales"}, ok}, {north, verbStats, thing{queue: "empty"}, notYours}, {key("queues:read"), verbStats, thing{queue: "sales"}, ok},
		{hall, verbStats, thing{queue: "sales"}, ok}, {northHall, verbStats, thing{queue: "sales"}, ok}, {northHall, verbStats, thing{queue: "empty"}, notYours},
		{hall, verbSession, thing{}, ok}, {hall, verbSelf, thing{}, no}, {hall, verbSee, thing{team: "north"}, no}, {hall, verbDay, on("ana"), no}, {hall, verbWaiting, thing{queue: "claims"}, no},
		{hall, verbDirectory, thing{}, no}, {hall, verbControl, on("ana"), no}, {hall, verbNumber, thing{queue: "claims"}, no}, {hall, verbMessageUp, thing{}, no}, {hall, verbEvents, thing{}, no},
		{ana, verbDay, on("ana"), ok}, {ana, verbDay, on("ben"), notYours}, {north, verbDay, on("ben"), ok}, {north, verbDay, on("cleo"), notYours}, {root, verbDay, on("cleo"), ok}, {key("calls:read"), verbDay, on("cleo"), ok}, {key(), verbDay, on("cleo"), no},
		{ana, verbWaiting, thing{queue: "claims"}, ok}, {ana, verbWaiting, thing{queue: "sales"}, notYours}, {ben, verbWaiting, thing{queue: "claims"}, no},
		{ana, verbForce, on("ben"), no}, {north, verbForce, on("ben"), ok}, {north, verbForce, on("cleo"), notYours}, {key("agents:write"), verbForce, on("cleo"), ok}, {key("calls:read"), verbForce, on("cleo"), no},
		{north, verbHard, on("ben"), no}, {everywhere, verbHard, on("ben"), no}, {root, verbHard, on("ben"), ok}, {key("agents:write"), verbHard, on("ben"), no},
		{ana, verbMessage, on("ben"), no}, {north, verbMessage, thing{team: "south"}, notYours}, {both, verbMessage, on("ben"), ok}, {both, verbMessage, on("cleo"), notYours},
		{ana, verbMessageUp, thing{}, ok}, {root, verbMessageUp, thing{}, ok},
		{root, verbEvents, thing{}, no}, {key("events:read"), verbEvents, thing{}, ok}, {key("pii:read"), verbEvents, thing{}, no},
		{root, verbDesk, thing{}, ok}, {everywhere, verbDesk, thing{}, no}, {key("events:read"), verbDesk, thing{}, no},
		{ctid.Who{}, verbSelf, thing{}, no},
	} {
		if got := site.may(c.who, c.verb, c.what); got != c.want {
			t.Errorf("row %d: %+v, verb %d, %+v: %q, want %q", i, c.who, c.verb, c.what, got, c.want)
		}
		if could := ever(c.who, c.verb); !could && c.want != no && c.verb != verbSession {
			t.Errorf("row %d: one who never may got %q", i, c.want)
		}
	}
	for v := range verbDesk {
		if _, ok := permits[v]; !ok {
			t.Errorf("verb %d has no row", v)
		}
	}
}

// The teams of agents, and the agents of teams.
func TestSiteTeams(t *testing.T) {
	site := Site{Agents: map[ctid.AgentID]Member{"a": {Team: "x"}, "b": {Team: "y"}, "c": {Team: "x"}, "d": {}}}.indexed()
	if got := site.teams([]ctid.AgentID{"c", "d", "b", "a"}); len(got) != 2 || got[0] != "x" || got[1] != "y" {
		t.Errorf("teams %v", got)
	}
	if got := site.byTeam["x"]; len(got) != 2 || got[0] != "a" || got[1] != "c" {
		t.Errorf("members %v", got)
	}
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{"+442079460018": "••18", "020 7946 0018": "••18", "7": "••7", "Mei Tan": "••", "••18": "••18", "a18": "••"} {
		if got := mask(text, false); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := mask("18", true); got != "••" {
		t.Errorf("an attached value: %q", got)
	}
	n := maskNumber(ctid.Number{E164: "+442079460018", Raw: "02079460018", Name: "Mei", Kind: "fixed"})
	if n != (ctid.Number{Shown: "••18", Kind: "fixed"}) {
		t.Errorf("%+v", n)
	}
}
