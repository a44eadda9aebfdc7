package config

import (
	"fmt"
	"strconv"
	"strings"
)

// This file holds the settings of call control and of the media of work against the rest.

const maxSlot = 99999

// refused tells whether a value was not taken: more said of it would only confuse.
func (d *decoder) refused(path string) bool {
	for _, f := range d.findings {
		if p, written := d.at[path]; written && f.Pos == p {
			return true
		}
	}
	return false
}

// checkPark: the slots are numbers that people see and dial beside other numbers.
func (d *decoder) checkPark(c *Config) {
	if d.refused("park.first") || d.refused("park.slots") {
		return
	}
	last := c.Park.First + c.Park.Slots - 1
	if last > maxSlot {
		d.err(d.pos("park.slots"), "CFG009", "`park.slots`: the last slot would be %d; the most is %d", last, maxSlot)
		return
	}
	slot := func(number string) bool {
		n, err := strconv.Atoi(number)
		return err == nil && strconv.Itoa(n) == number && n >= c.Park.First && n <= last
	}
	for i, n := range c.Numbers {
		if slot(n.DNIS) {
			d.err(d.pos(indexed("numbers", i, "dnis")), "CFG021", "%s is the number of a slot too (`park` has %d to %d): move the slots", n.DNIS, c.Park.First, last)
		}
	}
	hold := func(endpoint, path string) {
		if _, name, _ := strings.Cut(endpoint, "/"); slot(name) {
			d.err(d.pos(path), "CFG021", "%s is the number of a slot too (`park` has %d to %d): move the slots", name, c.Park.First, last)
		}
	}
	for i, a := range c.Agents {
		hold(a.Device.Endpoint, indexed("agents", i, "device.endpoint"))
		for j, t := range a.Devices {
			hold(t.Endpoint, indexed("agents", i, fmt.Sprintf("devices[%d].endpoint", j)))
		}
	}
}

// checkDialling: whoever may dial outside needs a way there, and the number that is shown needs a call to be shown in.
func (d *decoder) checkDialling(c *Config) {
	outside, trunk := false, false
	for _, r := range c.DialAllow {
		outside = outside || strings.HasPrefix(r, "+")
	}
	for _, n := range c.Asterisk.Nodes {
		trunk = trunk || n.Trunk != ""
	}
	if outside && !trunk {
		d.warn(d.pos("dial_allow"), "CFG053", "numbers outside may be dialled, and no Asterisk has a `trunk` to dial them by")
	}
	if c.Numbering.ShownAs != "" && !trunk {
		d.warn(d.pos("numbering.shown_as"), "CFG053", "no Asterisk has a `trunk`, so there is no call to show this number in")
	}
}

// checkWrapUps: what makes a wrap-up longer needs one. The default is for queues that have one.
func (d *decoder) checkWrapUps(c *Config) {
	for i, q := range c.Queues {
		at := indexed("queues", i, "wrapup_extends")
		if p, written := d.at[at]; written && q.Extends > 0 && q.WrapUp == 0 {
			d.warn(p, "CFG053", "queue %q has no `wrapup` that could be made longer", q.Name)
		}
	}
	for i, p := range c.PauseCodes {
		if p.Quota > 0 && p.Max > p.Quota {
			d.err(d.pos(indexed("pause_codes", i, "max")), "CFG021", "pause %q may last %s, and an agent has %s of it in a shift (`quota`)", p.Name, p.Max, p.Quota)
		}
	}
}

// checkMedia: work of a medium waits only where somebody has a place for it.
func (d *decoder) checkMedia(c *Config) {
	d.collect("medium", "blending", len(c.Blending), func(i int) string { return c.Blending[i].Name })
	for i, m := range c.Blending {
		d.oneVoice(m.Name, m.Max, indexed("blending", i, "max"))
		if len(m.Blocks) > 1 && (contains(m.Blocks, "all") || contains(m.Blocks, "none")) {
			d.err(d.pos(indexed("blending", i, "blocks")), "CFG021", "all and none stand alone in `blocks`")
		}
	}
	medium := map[string]string{}
	for _, q := range c.Queues {
		if checkForm("medium", q.Medium) == nil {
			medium[q.Name] = q.Medium
		}
	}
	for i, a := range c.Agents {
		d.collectMedia(i, a)
		for j, m := range a.Queues {
			if kind := medium[m.Name]; kind != "" && !a.worksIn(kind) {
				d.err(d.pos(indexed("agents", i, fmt.Sprintf("queues[%d]", j))), "CFG021", "queue %q is for %s, which agent %q does not work in: add it to `media`", m.Name, kind, a.Name)
			}
		}
	}
	d.onlyVoice(c, medium)
}

func (d *decoder) collectMedia(i int, a Agent) {
	seen := map[string]bool{}
	for j, m := range a.Media {
		at := indexed("agents", i, fmt.Sprintf("media[%d]", j))
		if seen[m.Name] {
			d.err(d.pos(at), "CFG012", "agent %q has medium %q already", a.Name, m.Name)
		}
		seen[m.Name] = true
		d.oneVoice(m.Name, m.Max, at+".max")
	}
}

// oneVoice: nobody talks on two calls.
func (d *decoder) oneVoice(medium string, most int, path string) {
	if medium == "voice" && most > 1 {
		d.err(d.pos(path), "CFG009", "an agent has one call at a time, not %d", most)
	}
}

func (a Agent) worksIn(medium string) bool {
	if len(a.Media) == 0 {
		return medium == "voice"
	}
	for _, m := range a.Media {
		if m.Name == medium {
			return true
		}
	}
	return false
}

// onlyVoice: callers cannot be sent where no call is taken.
func (d *decoder) onlyVoice(c *Config, medium map[string]string) {
	hold := func(queue, path string) {
		if m := medium[queue]; m != "" && m != "voice" {
			d.err(d.pos(path), "CFG021", "queue %q is for %s: a caller can wait only in one for voice", queue, m)
		}
	}
	for i, n := range c.Numbers {
		hold(n.Queue, indexed("numbers", i, "queue"))
		hold(n.Over.Queue, indexed("numbers", i, "over.queue"))
		for j, r := range n.Routes {
			hold(r.Queue, indexed("numbers", i, fmt.Sprintf("routes[%d].queue", j)))
		}
	}
	hold(c.IVR.LastResort.Queue, "ivr.last_resort.queue")
}
