package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"ctid"
)

func indexed(list string, i int, key string) string {
	if key == "" {
		return fmt.Sprintf("%s[%d]", list, i)
	}
	return fmt.Sprintf("%s[%d].%s", list, i, key)
}

// names are the things of one kind that others refer to.
type names struct {
	kind string
	at   map[string]Pos // by name
	list []string
}

// collect gathers the names of a list and reports the ones given twice; names that differ only in case count as the same.
func (d *decoder) collect(kind, path string, n int, name func(int) string) names {
	out := names{kind: kind, at: map[string]Pos{}}
	lower := map[string]string{}
	for i := range n {
		s := name(i)
		if s == "" {
			continue
		}
		at := d.pos(path + fmt.Sprintf("[%d].name", i))
		if first, ok := lower[strings.ToLower(s)]; ok {
			d.err(at, "CFG012", "%s %q is there already, at %s", kind, s, out.at[first])
			continue
		}
		lower[strings.ToLower(s)] = s
		out.at[s] = at
		out.list = append(out.list, s)
	}
	return out
}

// refer reports a name that nothing bears. An empty one is no reference.
func (d *decoder) refer(n names, name, path string) {
	if _, ok := n.at[name]; ok || name == "" || checkForm("name", name) != nil {
		return
	}
	d.err(d.pos(path), "CFG013", "no %s is named %q%s", n.kind, name, meant(name, n.list))
}

// check holds the parts of the configuration against one another.
func (d *decoder) check(c *Config) {
	queues := d.collect("queue", "queues", len(c.Queues), func(i int) string { return c.Queues[i].Name })
	teams := d.collect("team", "teams", len(c.Teams), func(i int) string { return c.Teams[i].Name })
	nodes := d.collect("node", "asterisk.nodes", len(c.Asterisk.Nodes), func(i int) string { return c.Asterisk.Nodes[i].Name })
	calendars := d.collect("calendar", "calendars", len(c.Calendars), func(i int) string { return c.Calendars[i].Name })
	d.collect("disposition", "dispositions", len(c.Dispositions), func(i int) string { return c.Dispositions[i].Name })
	d.collect("template", "screen.templates", len(c.Screen.Templates), func(i int) string { return c.Screen.Templates[i].Name })
	d.collect("voice for", "ivr.voices", len(c.IVR.Voices), func(i int) string { return c.IVR.Voices[i].Lang })
	d.checkVoices(c)
	d.checkAgents(c, queues, teams, nodes)
	d.checkNumbers(c, queues, calendars)
	d.checkTraffic(c, queues, calendars)
	d.checkQueues(c, queues)
	d.checkRouting(c, queues)
	d.checkPauses(c)
	d.checkWrapUps(c)
	d.checkMedia(c)
	d.checkPark(c)
	d.checkDialling(c)
	d.checkNodes(c)
	d.checkListen(c)
	d.checkScreen(c)
	d.checkCalendars(c)
	d.checkHolidays(c)
	d.checkWebPhones(c)
	d.checkScripting(c)
	d.refer(queues, c.IVR.LastResort.Queue, "ivr.last_resort.queue")
	for i, x := range c.Dispositions {
		for j, q := range x.Queues {
			d.refer(queues, q, indexed("dispositions", i, fmt.Sprintf("queues[%d]", j)))
		}
	}
}

func (d *decoder) checkAgents(c *Config, queues, teams, nodes names) {
	d.collect("agent", "agents", len(c.Agents), func(i int) string { return c.Agents[i].Name })
	phones := map[string]Pos{}
	for i, a := range c.Agents {
		d.refer(teams, a.Team, indexed("agents", i, "team"))
		d.refer(nodes, a.Device.Node, indexed("agents", i, "device.node"))
		served := map[string]bool{}
		for j, m := range a.Queues {
			at := indexed("agents", i, fmt.Sprintf("queues[%d]", j))
			d.refer(queues, m.Name, at)
			if served[m.Name] {
				d.err(d.pos(at), "CFG012", "agent %q has queue %q already", a.Name, m.Name)
			}
			served[m.Name] = true
		}
		if len(a.Queues) == 0 && a.Name != "" {
			d.warn(d.pos(indexed("agents", i, "")), "CFG052", "agent %q serves no queue", a.Name)
		}
		d.ownPhone(c, phones, a.Device.Node, a.Device.Endpoint, indexed("agents", i, "device.endpoint"))
		called := map[string]bool{}
		for j, t := range a.Devices {
			at := indexed("agents", i, fmt.Sprintf("devices[%d]", j))
			d.refer(nodes, t.Node, at+".node")
			d.ownPhone(c, phones, t.Node, t.Endpoint, at+".endpoint")
			if called[t.Name] || t.Name == "main" {
				d.err(d.pos(at+".name"), "CFG012", "agent %q has a telephone %q already", a.Name, t.Name)
			}
			called[t.Name] = true
		}
	}
}

// ownPhone holds that a telephone is one agent's alone.
func (d *decoder) ownPhone(c *Config, phones map[string]Pos, node, endpoint, at string) {
	if endpoint == "" {
		return
	}
	key := c.NodeOf(node) + " " + endpoint
	if first, ok := phones[key]; ok {
		d.err(d.pos(at), "CFG016", "%s is another agent's telephone already, at %s", endpoint, first)
		return
	}
	phones[key] = d.pos(at)
}

// NodeOf is the node of a telephone: the one named, else the first.
func (c *Config) NodeOf(name string) string {
	if name == "" && len(c.Asterisk.Nodes) > 0 {
		return c.Asterisk.Nodes[0].Name
	}
	return name
}

func (d *decoder) checkNumbers(c *Config, queues, calendars names) {
	seen := map[string]Pos{}
	for i, n := range c.Numbers {
		at := func(key string) string { return indexed("numbers", i, key) }
		if first, ok := seen[n.DNIS]; ok && n.DNIS != "" {
			d.err(d.pos(at("dnis")), "CFG012", "number %q is there already, at %s", n.DNIS, first)
		}
		seen[n.DNIS] = d.pos(at("dnis"))
		switch {
		case n.Script == "" && n.Queue == "" && (len(n.Routes) == 0 || n.Closed != ""):
			d.err(d.pos(at("")), "CFG021", "number %q needs a `script` or a `queue`", n.DNIS)
		case n.Script != "" && n.Queue != "":
			d.err(d.pos(at("queue")), "CFG021", "number %q has a `script` (at %s) and a `queue`: only one can answer", n.DNIS, d.pos(at("script")))
		}
		if (n.Calendar == "") != (n.Closed == "") {
			d.err(d.pos(at("")), "CFG021", "number %q needs `calendar` and `closed` together: when it is shut, and what answers then", n.DNIS)
		}
		d.refer(queues, n.Queue, at("queue"))
		d.refer(calendars, n.Calendar, at("calendar"))
		d.script(c, n.Script, at("script"))
		d.script(c, n.Closed, at("closed"))
	}
}

// script reports a script that has no file.
func (d *decoder) script(c *Config, name, path string) {
	if name == "" || checkForm("name", name) != nil {
		return
	}
	file := filepath.Join(c.IVR.Dir, name+".yaml")
	if st, err := os.Stat(file); err == nil && st.Mode().IsRegular() {
		return
	}
	var there []string
	files, _ := filepath.Glob(filepath.Join(c.IVR.Dir, "*.yaml")) // the only error is a bad pattern
	for _, f := range files {
		there = append(there, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	d.err(d.pos(path), "CFG014", "script %q has no file %s%s", name, file, meant(name, there))
}

func (d *decoder) checkQueues(c *Config, queues names) {
	served := map[string]bool{}
	for _, a := range c.Agents {
		for _, m := range a.Queues {
			served[m.Name] = true
		}
	}
	for i, q := range c.Queues {
		if _, ok := queues.at[q.Name]; ok && !served[q.Name] {
			d.warn(d.pos(indexed("queues", i, "")), "CFG052", "queue %q has no agents", q.Name)
		}
		if q.Disposition == "forced" && q.WrapUp == 0 {
			d.err(d.pos(indexed("queues", i, "disposition")), "CFG021", "queue %q forces a disposition but has no `wrapup` to give it in", q.Name)
		}
		if q.Disposition == "forced" && !offered(c, q.Name) {
			d.err(d.pos(indexed("queues", i, "disposition")), "CFG021", "queue %q forces a disposition, and `dispositions` has none for it", q.Name)
		}
	}
}

func offered(c *Config, queue string) bool {
	for _, x := range c.Dispositions {
		if len(x.Queues) == 0 || contains(x.Queues, queue) {
			return true
		}
	}
	return false
}

// systemReasons are the pauses that ctid itself sets.
var systemReasons = []string{ctid.ReasonLogin, ctid.ReasonNoAnswer, ctid.ReasonRejected, ctid.ReasonDeviceBusy,
	ctid.ReasonDeviceUnreachable, ctid.ReasonDesktopLost, ctid.ReasonNoDisposition}

func (d *decoder) checkPauses(c *Config) {
	d.collect("pause code", "pause_codes", len(c.PauseCodes), func(i int) string { return c.PauseCodes[i].Name })
	for i, p := range c.PauseCodes {
		if contains(systemReasons, p.Name) {
			d.err(d.pos(indexed("pause_codes", i, "name")), "CFG012", "%q is a reason that ctid itself pauses with: take another name", p.Name)
		}
	}
}

func (d *decoder) checkNodes(c *Config) {
	if _, written := d.at["asterisk.nodes"]; written && len(c.Asterisk.Nodes) == 0 {
		d.err(d.pos("asterisk.nodes"), "CFG011", "`asterisk.nodes` is empty: ctid needs one Asterisk at least")
	}
	type place struct{ url, app string }
	seen := map[place]Pos{}
	for i, n := range c.Asterisk.Nodes {
		at, p := d.pos(indexed("asterisk.nodes", i, "url")), place{strings.TrimRight(n.URL, "/"), n.App}
		if first, ok := seen[p]; ok && n.URL != "" {
			d.err(at, "CFG012", "this Asterisk is a node already, at %s: two connections with one app would take it from each other", first)
		}
		seen[p] = at
	}
}

func (d *decoder) checkListen(c *Config) {
	tls := c.Web.TLS.CertFile != ""
	if tls != (c.Web.TLS.KeyFile != "") {
		d.err(d.pos("web.tls"), "CFG021", "`web.tls` needs `cert_file` and `key_file` together")
	}
	if c.Listen.Web != "" && checkListen(c.Listen.Web) == nil && !loopback(c.Listen.Web) && !tls && !c.Web.Plain {
		d.err(d.pos("listen.web"), "CFG017", "%s can be reached from outside without TLS: give `web.tls`, or `web.plain: true` behind a proxy that does TLS", c.Listen.Web)
	}
	for _, f := range []struct{ path, name string }{{"web.tls.cert_file", c.Web.TLS.CertFile}, {"web.tls.key_file", c.Web.TLS.KeyFile}} {
		if f.name == "" || d.offline {
			continue
		}
		if st, err := os.Stat(f.name); err != nil || !st.Mode().IsRegular() {
			d.err(d.pos(f.path), "CFG014", "there is no file %s", f.name)
		}
	}
	seen := map[string]string{}
	for _, l := range []struct{ path, addr string }{{"listen.web", c.Listen.Web}, {"listen.metrics", c.Listen.Metrics}, {"listen.media", c.Listen.Media}} {
		if other, ok := seen[l.addr]; ok && l.addr != "" && !strings.HasSuffix(l.addr, ":0") {
			d.err(d.pos(l.path), "CFG017", "`%s` is the address of `%s` already", l.path, other)
		}
		seen[l.addr] = l.path
	}
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d *decoder) checkScreen(c *Config) {
	for i, t := range c.Screen.Templates {
		if checkForm("template", t.URL) != nil {
			continue // said already
		}
		u, err := url.Parse(placeRE.ReplaceAllString(t.URL, "x"))
		if err != nil || u.Host == "" || contains(c.Screen.Hosts, u.Hostname()) {
			continue
		}
		d.err(d.pos(indexed("screen.templates", i, "url")), "CFG013", "host %q is not in `screen.hosts`%s", u.Hostname(), meant(u.Hostname(), c.Screen.Hosts))
	}
}
