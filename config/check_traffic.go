package config

import (
	"fmt"
	"slices"
	"strings"

	"ctid/phone"
	"ctid/traffic"
)

// This file holds the routes of numbers, and the trunks, against the rest.

// checkTraffic: every route can be reached, leads somewhere that there is, and names what there is.
func (d *decoder) checkTraffic(c *Config, queues, calendars names) {
	trunks := d.collect("trunk", "trunks", len(c.Trunks), func(i int) string { return c.Trunks[i].Name })
	d.checkTrunks(c)
	for i, n := range c.Numbers {
		at := func(key string) string { return indexed("numbers", i, key) }
		if p, written := d.at[at("over")]; written {
			if n.Over.count() != 1 {
				d.err(p, "CFG021", "number %q: `over` needs one of `script`, `queue`, `to` and `hangup`", n.DNIS)
			}
			if n.MaxCalls == 0 && !limited(c) {
				d.warn(p, "CFG053", "number %q has `over`, and neither it nor a trunk has `max_calls`", n.DNIS)
			}
			d.way(c, n.Over, queues, at("over"))
		}
		sound := true
		for j, r := range n.Routes {
			route := at(fmt.Sprintf("routes[%d]", j))
			if r.way().count() != 1 {
				d.err(d.pos(route), "CFG021", "number %q, route %d needs one of `script`, `queue`, `to` and `hangup`", n.DNIS, j+1)
			}
			d.way(c, r.way(), queues, route)
			d.when(r.When, queues, calendars, trunks, route+".when")
			sound = sound && r.Share <= 100 // else it was said already
		}
		if !sound {
			continue
		}
		for _, e := range traffic.Check(n.traffic()) {
			other := ""
			if e.Before >= 0 {
				other = " (at " + d.pos(at(fmt.Sprintf("routes[%d]", e.Before))).String() + ")"
			}
			d.err(d.pos(at(fmt.Sprintf("routes[%d]", e.Route))), "CFG022", "number %q, route %d: %s%s", n.DNIS, e.Route+1, e.Why, other)
		}
	}
}

func limited(c *Config) bool {
	for _, t := range c.Trunks {
		if t.MaxCalls > 0 {
			return true
		}
	}
	return false
}

func (d *decoder) checkTrunks(c *Config) {
	seen := map[string]Pos{}
	for i, t := range c.Trunks {
		if _, written := d.at[indexed("trunks", i, "endpoints")]; written && len(t.Endpoints) == 0 {
			d.err(d.pos(indexed("trunks", i, "endpoints")), "CFG011", "trunk %q has no endpoint: no call could come by it", t.Name)
		}
		for j, e := range t.Endpoints {
			at := d.pos(indexed("trunks", i, fmt.Sprintf("endpoints[%d]", j)))
			if first, ok := seen[e]; ok {
				d.err(at, "CFG012", "endpoint %s is in a trunk already, at %s", e, first)
				continue
			}
			seen[e] = at
		}
	}
}

// count is how many ways are written where one must be.
func (w Way) count() int {
	n := 0
	for _, s := range []string{w.Script, w.Queue, w.To, w.Hangup} {
		if s != "" {
			n++
		}
	}
	return n
}

// way: where a call is sent there must be something, and it must not come back.
func (d *decoder) way(c *Config, w Way, queues names, path string) {
	d.refer(queues, w.Queue, path+".queue")
	d.script(c, w.Script, path+".script")
	if w.To == "" || w.To == "fallback" || checkForm("goto", w.To) != nil {
		return
	}
	for i, n := range c.Numbers {
		if n.DNIS == w.To || phone.Parse(n.DNIS, c.Numbering.Country).E164 == w.To {
			d.err(d.pos(path+".to"), "CFG021", "%s is a number of this centre (at %s): the call would come back; name its script or queue", w.To, d.pos(indexed("numbers", i, "dnis")))
			return
		}
	}
	rules, err := c.DialRules()
	if err != nil {
		return // said already
	}
	if _, err := phone.Dial(w.To, rules); err != nil {
		d.err(d.pos(path+".to"), "CFG021", "%s cannot be dialled: %v; see `dial_allow`", w.To, err)
	}
	for _, n := range c.Asterisk.Nodes {
		if n.Trunk != "" {
			return
		}
	}
	d.warn(d.pos(path+".to"), "CFG053", "no Asterisk has a `trunk` to dial %s by: callers who are sent there hear congestion", w.To)
}

// when: what conditions name must be there.
func (d *decoder) when(w When, queues, calendars, trunks names, path string) {
	if k := w.Calendar; k.Name != "" {
		d.refer(calendars, k.Name, path+".calendar.name")
		if (k.Is == "") == (k.Holiday == "") {
			d.err(d.pos(path+".calendar"), "CFG021", "a condition on a calendar needs one of `is` and `holiday`")
		}
	}
	for i, name := range w.Carrier {
		d.refer(trunks, name, path+fmt.Sprintf(".carrier[%d]", i))
	}
	for _, x := range []struct{ key, queue string }{{"staffed_below", w.StaffedBelow.Queue}, {"ready_below", w.ReadyBelow.Queue},
		{"waiting_above", w.WaitingAbove.Queue}, {"longest_wait_above", w.LongestAbove.Queue}, {"service_level_below", w.LevelBelow.Queue}} {
		d.refer(queues, x.queue, path+"."+x.key+".queue")
	}
}

// checkHolidays: a route for a holiday that its calendar does not have takes no call. That is doubtful and no error, for the file of
// another year may have it.
func (d *decoder) checkHolidays(c *Config) {
	for i, n := range c.Numbers {
		for j, r := range n.Routes {
			is := r.When.Calendar
			k := slices.IndexFunc(c.Calendars, func(k Calendar) bool { return k.Name == is.Name })
			if is.Holiday == "" || k < 0 {
				continue
			}
			known := c.Calendars[k].holidayNames()
			if !slices.ContainsFunc(known, func(name string) bool { return strings.EqualFold(name, is.Holiday) }) {
				d.warn(d.pos(indexed("numbers", i, fmt.Sprintf("routes[%d].when.calendar.holiday", j))), "CFG053",
					"no holiday of calendar %q is named %q%s: the route takes no call", is.Name, is.Holiday, meant(is.Holiday, known))
			}
		}
	}
}
