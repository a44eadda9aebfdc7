package aritest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (a *app) json(s *Server) body {
	lists := map[string][]string{"channel": {}, "bridge": {}, "endpoint": {}, "deviceState": {}}
	for _, src := range slices.Sorted(maps.Keys(a.subs)) {
		kind, id, _ := strings.Cut(src, ":")
		lists[kind] = append(lists[kind], id)
	}
	for _, id := range s.order {
		ch := s.channels[id]
		if ch.app == a.name && ch.watched && !slices.Contains(lists["channel"], id) {
			lists["channel"] = append(lists["channel"], id)
		}
	}
	return body{
		"name": a.name, "channel_ids": lists["channel"], "bridge_ids": lists["bridge"], "endpoint_ids": lists["endpoint"],
		"device_names": lists["deviceState"], "events_allowed": types(a.allowed), "events_disallowed": types(a.disallowed),
	}
}

func types(set map[string]bool) []any {
	list := []any{}
	for _, t := range slices.Sorted(maps.Keys(set)) {
		list = append(list, body{"type": t})
	}
	return list
}

var noApp = fail(http.StatusNotFound, "Application not found")

func getApplication(s *Server, c *call) reply {
	if a := s.apps[c.PathValue("app")]; a != nil {
		return ok(a.json(s))
	}
	return noApp
}

func subscribe(s *Server, c *call) reply {
	a := s.apps[c.PathValue("app")]
	if a == nil {
		return noApp
	}
	source := c.q("eventSource")
	kind, id, named := strings.Cut(source, ":")
	if !named {
		return fail(http.StatusBadRequest, "Invalid eventSource")
	}
	there := true
	switch kind {
	case "channel":
		there = s.channels[id] != nil
	case "bridge":
		there = s.bridges[id] != nil
	case "endpoint":
		tech, number, one := strings.Cut(id, "/")
		there = tech == "PJSIP" && (!one || s.phones[number] != nil)
	case "deviceState":
	default:
		return fail(http.StatusBadRequest, "Invalid eventSource")
	}
	if !there {
		return fail(http.StatusUnprocessableEntity, "Event source does not exist")
	}
	a.subs[source] = true
	return ok(a.json(s))
}

func unsubscribe(s *Server, c *call) reply {
	a := s.apps[c.PathValue("app")]
	if a == nil {
		return noApp
	}
	if !a.subs[c.q("eventSource")] {
		return fail(http.StatusConflict, "Application not subscribed to event source")
	}
	delete(a.subs, c.q("eventSource"))
	return ok(a.json(s))
}

func setFilter(s *Server, c *call) reply {
	a := s.apps[c.PathValue("app")]
	if a == nil {
		return noApp
	}
	var f struct{ Allowed, Disallowed []struct{ Type string } }
	if json.Unmarshal(c.body, &f) != nil {
		return fail(http.StatusBadRequest, "Bad request")
	}
	a.allowed, a.disallowed = map[string]bool{}, map[string]bool{}
	for _, t := range f.Allowed {
		a.allowed[t.Type] = true
	}
	for _, t := range f.Disallowed {
		a.disallowed[t.Type] = true
	}
	return ok(a.json(s))
}

func userEvent(s *Server, c *call) reply {
	a := s.apps[c.q("application")]
	if a == nil {
		return noApp
	}
	s.emit(a, "ChannelUserevent", body{"eventname": c.PathValue("name"), "userevent": body{}}, "")
	return done()
}

func listEndpoints(s *Server, c *call) reply {
	list := []any{}
	if tech := c.PathValue("tech"); tech != "" && tech != "PJSIP" {
		return fail(http.StatusNotFound, "Endpoints not found")
	}
	for _, n := range s.phoneOrder {
		list = append(list, s.phones[n].json(s))
	}
	carrier := body{"technology": "PJSIP", "resource": "carrier", "state": "offline", "channel_ids": []string{}}
	return ok(append(list, carrier))
}

func getEndpoint(s *Server, c *call) reply {
	p := s.phones[c.PathValue("resource")]
	if c.PathValue("tech") != "PJSIP" || p == nil {
		return fail(http.StatusNotFound, "Endpoint not found")
	}
	return ok(p.json(s))
}

func sendMessage(s *Server, c *call) reply {
	p := s.phones[c.PathValue("resource")]
	if p == nil || !p.registered {
		return fail(http.StatusNotFound, "Endpoint not found")
	}
	p.texts = append(p.texts, c.q("body"))
	return reply{status: http.StatusAccepted}
}

func setDevice(s *Server, c *call) reply {
	name := c.PathValue("name")
	if !strings.HasPrefix(name, "Stasis:") {
		return fail(http.StatusConflict, "Uncontrolled device specified")
	}
	s.device(name, c.q("deviceState"))
	return done()
}

func deleteDevice(s *Server, c *call) reply {
	name := c.PathValue("name")
	if !strings.HasPrefix(name, "Stasis:") {
		return fail(http.StatusConflict, "Uncontrolled device specified")
	}
	delete(s.devices, name)
	return done()
}

// device sets a device's state and tells it if it is new.
func (s *Server) device(name, state string) {
	if s.devices[name] == state {
		return
	}
	s.devices[name] = state
	s.tellState("deviceState:"+name, "DeviceStateChanged", body{"device_state": body{"name": name, "state": state}})
}
