package main

import (
	"strings"
	"time"

	"ctid"
	"ctid/config"
	"ctid/switchboard"
)

// trunks are the ways out of each Asterisk.
func trunks(c *config.Config) map[ctid.NodeID]string {
	out := map[ctid.NodeID]string{}
	for _, n := range c.Asterisk.Nodes {
		out[ctid.NodeID(n.Name)] = n.Trunk
	}
	return out
}

// extensions are how telephones inside are rung at each Asterisk.
func extensions(c *config.Config) map[ctid.NodeID]string {
	out := map[ctid.NodeID]string{}
	for _, n := range c.Asterisk.Nodes {
		out[ctid.NodeID(n.Name)] = n.Extensions
	}
	return out
}

// plan is the part of the configuration that the switchboard works by.
func plan(c *config.Config, epoch string, l *library) switchboard.Plan {
	p := switchboard.Plan{Hash: c.Hash(), ACD: c.ACD(epoch), Devices: map[ctid.AgentID]switchboard.Device{}, Routes: l, Country: c.Numbering.Country,
		Traffic: l.traffic, Answers: l.answers, Scripts: l.scripts, Set: l.sum(), ShownAs: c.Numbering.ShownAs, Park: switchboard.Park{First: c.Park.First, Slots: c.Park.Slots, Time: c.Park.Time.D()}}
	for _, h := range c.Screen.Hosts {
		p.ScreenHosts = append(p.ScreenHosts, strings.ToLower(h))
	}
	p.Unanswered = map[string]time.Duration{}
	for _, t := range c.Trunks {
		p.Unanswered[t.Name] = t.Unanswered.D()
	}
	p.Teams, p.Others = map[ctid.AgentID]string{}, map[ctid.AgentID]map[string]switchboard.Device{}
	p.DialRules, _ = c.DialRules() // they were read when the configuration was checked
	for _, a := range c.Agents {
		id := ctid.AgentID(a.Name)
		p.Teams[id] = a.Team
		p.Devices[id] = switchboard.Device{Kind: a.Device.Kind, Endpoint: a.Device.Endpoint, Node: ctid.NodeID(c.NodeOf(a.Device.Node))}
		for _, t := range a.Devices {
			if p.Others[id] == nil {
				p.Others[id] = map[string]switchboard.Device{}
			}
			p.Others[id][t.Name] = switchboard.Device{Kind: t.Kind, Endpoint: t.Endpoint, Node: ctid.NodeID(c.NodeOf(t.Node))}
		}
	}
	p.Music, p.ShortTalk = map[ctid.QueueID]string{}, map[ctid.QueueID]time.Duration{}
	p.Sticky, p.Callbacks = map[ctid.QueueID]switchboard.Sticky{}, map[ctid.QueueID]switchboard.Callbacks{}
	for _, q := range c.Queues {
		id := ctid.QueueID(q.Name)
		p.Music[id], p.ShortTalk[id] = q.Music, time.Duration(q.ShortTalk)
		p.Sticky[id] = sticky(q)
		p.Callbacks[id] = switchboard.Callbacks{Attempts: q.Callbacks, Gap: q.CallbackGap.D()}
	}
	return p
}

// sticky is whom a queue offers a caller first.
func sticky(q config.Queue) switchboard.Sticky {
	s := switchboard.Sticky{For: q.StickyFor.D()}
	switch q.Sticky {
	case switchboard.StickyLast, switchboard.StickyOwner:
		s.By = q.Sticky
	}
	return s
}
