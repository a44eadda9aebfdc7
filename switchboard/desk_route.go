package switchboard

import (
	"fmt"
	"strings"
	"time"

	"ctid"
	"ctid/phone"
	"ctid/traffic"
)

// routed asks the rules of traffic where an arriving call goes. own is what its number says, which stands where the rules
// say nothing else.
func (d *desk) routed(now time.Time, endpoint, dnis string, from ctid.Number, own Route) (Route, traffic.Decision) {
	f := traffic.Facts{DNIS: dnis, Endpoint: endpoint, Queues: map[ctid.QueueID]traffic.Figures{},
		From: traffic.Caller{E164: string(from.E164), Digits: string(from.Raw), Withheld: from.Kind == phone.Withheld}}
	for _, q := range d.traffic.Queues(dnis) {
		v := d.core.Figures(q, now)
		f.Queues[q] = traffic.Figures{Waiting: v.Waiting, Longest: v.Longest, Ready: v.AgentsReady, Staffed: v.AgentsIn}
	}
	said := d.traffic.Route(d.wall(now), f)
	switch said.To.Kind {
	case traffic.Own:
	case traffic.ToScript, traffic.ToQueue:
		s := d.plan.Answers[said.To.String()]
		if s == nil { // the plan lacks what its own table names
			d.sb.cfg.Log.Error("a route leads to a script that is not there; the number answers itself", "to", said.To.String())
			break
		}
		own.Script, own.Key = s, said.To.String()
	default:
		own.Script, own.Key, own.To = nil, said.To.String(), said.To
	}
	return own, said
}

// tellRoute counts a call that stays here, and writes down why it goes where it goes, if there were rules for its number.
func (d *desk) tellRoute(now time.Time, k *call, said traffic.Decision) {
	if said.To.Kind != traffic.ToHangup && said.To.Kind != traffic.ToFallback {
		d.traffic.Began(k.id, said.Trunk, k.rec.DNIS.Number)
	}
	if len(said.Why) == 0 {
		return
	}
	why := make([]string, len(said.Why))
	for i, w := range said.Why {
		why[i] = routeWhy(w)
	}
	k.rev++
	d.fact(now, ctid.Event{By: ctid.BySystem, Call: k.id, Rev: k.rev, Body: ctid.CallNote{What: "routed",
		Data: map[string]any{"route": said.Route, "to": said.To.String(), "why": why}}})
}

// routeWhy writes one rule as a line: which route, the rule, what it was held against, and whether it held.
func routeWhy(w traffic.Why) string {
	mark := "no"
	if w.OK {
		mark = "yes"
	}
	if w.Route == 0 {
		return fmt.Sprintf("number: %s: %s: %s", w.Rule, w.Value, mark)
	}
	return fmt.Sprintf("route %d: %s: %s: %s", w.Route, w.Rule, w.Value, mark)
}

// routedBefore is the route of a call of an earlier run: what answered it then, if that is still there, whatever the rules
// would say now.
func (d *desk) routedBefore(r ctid.CallRecord) Route {
	route, _ := d.plan.Routes.Route(r.DNIS.Number)
	if r.Live == nil || r.Live.Route == "" {
		return route
	}
	if number, own := strings.CutPrefix(r.Live.Route, ownNumberKey); own { // a script has transferred it there
		route, _ = d.plan.Routes.Route(number)
		route, _ = d.versionOf(r.Scripted).pin(route)
		route.Key = r.Live.Route
		return route
	}
	on := route
	on.Key = r.Live.Route
	if on, ok := d.versionOf(r.Scripted).pin(on); ok {
		return on
	}
	return route
}
