package config

import (
	"fmt"
	"slices"
	"strings"
)

// checkWebPhones holds what a telephone in the page needs against what is there.
func (d *decoder) checkWebPhones(c *Config) {
	for i, a := range c.Agents {
		d.webPhone(c, a, a.Device.Kind, a.Device.Node, indexed("agents", i, "device.kind"))
		for j, t := range a.Devices {
			d.webPhone(c, a, t.Kind, t.Node, indexed("agents", i, fmt.Sprintf("devices[%d].kind", j)))
		}
	}
	d.checkICE(c)
}

// webPhone checks one telephone of an agent.
func (d *decoder) webPhone(c *Config, a Agent, kind, node, path string) {
	if kind != "web" {
		return
	}
	node = c.NodeOf(node)
	if i := slices.IndexFunc(c.Asterisk.Nodes, func(n Node) bool { return n.Name == node }); i >= 0 && c.Asterisk.Nodes[i].SIPURL == "" {
		d.err(d.pos(path), "CFG021", "the telephone of %q is in his page, and node %q has no `sip_url` for the page to register at", a.Name, node)
	}
	if a.Desk == "none" {
		d.err(d.pos(path), "CFG021", "the telephone of %q is in his page, and `desk: none` says that he has no page", a.Name)
	}
}

func (d *decoder) checkICE(c *Config) {
	for i, s := range c.Web.ICE {
		turn, full := strings.HasPrefix(s.URL, "turn"), s.User != "" && s.PasswordFile != ""
		switch at := d.pos(indexed("web.ice", i, "url")); {
		case turn && !full:
			d.err(at, "CFG021", "a TURN server needs `user` and `password_file`")
		case !turn && (s.User != "" || s.PasswordFile != ""):
			d.err(at, "CFG021", "a STUN server has neither `user` nor `password_file`")
		}
	}
}

// iceSecrets reads the passwords of the TURN servers.
func (d *decoder) iceSecrets(c *Config) {
	for i := range c.Web.ICE {
		if s := &c.Web.ICE[i]; s.PasswordFile != "" {
			s.Password = d.secretFile(d.pos(indexed("web.ice", i, "password_file")), s.PasswordFile)
		}
	}
}
