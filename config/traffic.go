package config

import (
	"time"

	"ctid"
	"ctid/calendar"
	"ctid/traffic"
)

// This file holds the part of the table that says where an arriving call goes.

// Trunk is a carrier by which calls come.
type Trunk struct {
	Name       string   `cfg:"name" form:"name" need:"yes" doc:"Its name for routes, records and figures."`
	Endpoints  []string `cfg:"endpoints" form:"endpoint" short:"yes" need:"yes" doc:"Its endpoints in the Asterisks, PJSIP/NAME."`
	MaxCalls   int      `cfg:"max_calls" default:"0" max:"100000" doc:"Calls that came by it and are here at once; 0: no limit. What is over goes where over of the number says."`
	Unanswered Duration `cfg:"unanswered" default:"45s" max:"3m" doc:"How long a call may hear prompts and music before it is answered, where its script wants that (answer: {early: true}): then it is answered all the same, before the carrier cuts it. 0s: the carrier does not allow it."`
}

// Way is where a call goes: one of the four.
type Way struct {
	Script string `cfg:"script" form:"name" doc:"The script that answers."`
	Queue  string `cfg:"queue" form:"name" doc:"The queue that answers."`
	To     string `cfg:"to" form:"goto" doc:"fallback: the dialplan's fallback queue; or a number outside, such as \"+442079460000\", which is dialled by the Asterisk's trunk and must be allowed in dial_allow."`
	Hangup string `cfg:"hangup" enum:"busy|congestion|declined|normal" doc:"The caller is hung up with this cause, unanswered."`
}

// Route is a way for the calls for which its conditions hold.
type Route struct {
	When   When   `cfg:"when" doc:"Conditions that must all hold; without them it takes every call that comes to it."`
	Share  int    `cfg:"share" default:"0" max:"100" doc:"The percentage of the calls that it takes. Routes with shares that follow each other are a group, and together at most 100. 0: it has no share and takes all."`
	Script string `cfg:"script" form:"name" doc:"The script that answers."`
	Queue  string `cfg:"queue" form:"name" doc:"The queue that answers."`
	To     string `cfg:"to" form:"goto" doc:"fallback: the dialplan's fallback queue; or a number outside, such as \"+442079460000\", which is dialled by the Asterisk's trunk and must be allowed in dial_allow."`
	Hangup string `cfg:"hangup" enum:"busy|congestion|declined|normal" doc:"The caller is hung up with this cause, unanswered."`
}

func (r Route) way() Way { return Way{r.Script, r.Queue, r.To, r.Hangup} }

// When are the conditions of a route.
type When struct {
	Calendar     CalendarIs   `cfg:"calendar" doc:"What a calendar says now."`
	Time         []string     `cfg:"time" form:"times" short:"yes" doc:"Days, hours or both, in time_zone: mon-fri 08:00-12:00; one of them."`
	Carrier      []string     `cfg:"carrier" form:"name" short:"yes" doc:"One of these trunks brought the call."`
	From         []string     `cfg:"from" form:"caller" short:"yes" doc:"The caller's number begins so: with + of the public number, else as the carrier gave it; anonymous: he hides it. One of them."`
	StaffedBelow AgentsBelow  `cfg:"staffed_below" doc:"Fewer agents than this are on duty in a queue."`
	ReadyBelow   AgentsBelow  `cfg:"ready_below" doc:"Fewer agents than this are ready in a queue."`
	WaitingAbove CallsAbove   `cfg:"waiting_above" doc:"More calls than this wait in a queue."`
	LongestAbove WaitAbove    `cfg:"longest_wait_above" doc:"The first caller in a queue waits longer than this."`
	LevelBelow   ServiceBelow `cfg:"service_level_below" doc:"The service level of a queue over the last 30 minutes is lower. It is not before somebody has left the queue since the start."`
}

// CalendarIs is a condition about a calendar.
type CalendarIs struct {
	Name    string `cfg:"name" form:"name" need:"yes" doc:"One of calendars."`
	Is      string `cfg:"is" enum:"open|closed|holiday" doc:"closed: not open, a holiday or not."`
	Holiday string `cfg:"holiday" form:"text" doc:"The name of a holiday; instead of is."`
}

// AgentsBelow is a condition about a queue's agents.
type AgentsBelow struct {
	Queue  string `cfg:"queue" form:"name" need:"yes" doc:"One of queues."`
	Agents int    `cfg:"agents" need:"yes" min:"1" max:"100000" doc:"How many."`
}

// CallsAbove is a condition about a queue's callers.
type CallsAbove struct {
	Queue string `cfg:"queue" form:"name" need:"yes" doc:"One of queues."`
	Calls int    `cfg:"calls" default:"0" max:"100000" doc:"How many."`
}

// WaitAbove is a condition about a queue's longest wait.
type WaitAbove struct {
	Queue string   `cfg:"queue" form:"name" need:"yes" doc:"One of queues."`
	For   Duration `cfg:"for" need:"yes" min:"1s" max:"24h" doc:"How long."`
}

// ServiceBelow is a condition about a queue's service level.
type ServiceBelow struct {
	Queue   string   `cfg:"queue" form:"name" need:"yes" doc:"One of queues."`
	Percent int      `cfg:"percent" need:"yes" min:"1" max:"100" doc:"How much of those who left the queue had to be answered in time."`
	Within  Duration `cfg:"within" max:"1h" doc:"What is in time; without it the queue's target."`
}

// Target is where the way leads; the zero one if nothing is written.
func (w Way) Target() traffic.Target {
	switch {
	case w.Script != "":
		return traffic.Target{Kind: traffic.ToScript, ID: w.Script}
	case w.Queue != "":
		return traffic.Target{Kind: traffic.ToQueue, ID: w.Queue}
	case w.To == "fallback":
		return traffic.Target{Kind: traffic.ToFallback}
	case w.To != "":
		return traffic.Target{Kind: traffic.ToNumber, ID: w.To}
	case w.Hangup != "":
		return traffic.Target{Kind: traffic.ToHangup, ID: w.Hangup}
	}
	return traffic.Target{}
}

// Targets are where the routes of a number lead, in their order.
func (n Number) Targets() []traffic.Target {
	var out []traffic.Target
	for _, r := range n.Routes {
		out = append(out, r.way().Target())
	}
	return out
}

// Traffic is the table of where arriving calls go. Load has found it sound.
func (c *Config) Traffic() (*traffic.Table, error) {
	hours, err := c.OpeningHours()
	if err != nil {
		return nil, err
	}
	out := traffic.Config{Zone: c.TimeZone, Calendars: hours}
	for _, t := range c.Trunks {
		out.Trunks = append(out.Trunks, traffic.Trunk{Name: t.Name, Endpoints: t.Endpoints, MaxCalls: t.MaxCalls})
	}
	for _, n := range c.Numbers {
		x := n.traffic()
		for i := range x.Routes {
			if l := &x.Routes[i].When.LevelBelow; l.Queue != "" && l.Within == 0 {
				l.Within = c.target(l.Queue)
			}
		}
		out.Numbers = append(out.Numbers, x)
	}
	return traffic.New(out)
}

// target is within which a call of a queue should be answered.
func (c *Config) target(queue ctid.QueueID) time.Duration {
	for _, q := range c.Queues {
		if q.Name == string(queue) {
			return q.Target.D()
		}
	}
	return 0
}

func (n Number) traffic() traffic.Number {
	out := traffic.Number{DNIS: n.DNIS, Own: n.Script != "" || n.Queue != "", MaxCalls: n.MaxCalls, Over: n.Over.Target()}
	for _, r := range n.Routes {
		out.Routes = append(out.Routes, traffic.Route{When: r.When.traffic(), Share: r.Share, To: r.way().Target()})
	}
	return out
}

func (w When) traffic() traffic.When {
	return traffic.When{
		Calendar: w.Calendar.Name, Is: calendar.State(w.Calendar.Is), Holiday: w.Calendar.Holiday,
		Times: w.Time, Carrier: w.Carrier, From: w.From,
		StaffedBelow: traffic.Count{Queue: ctid.QueueID(w.StaffedBelow.Queue), N: w.StaffedBelow.Agents},
		ReadyBelow:   traffic.Count{Queue: ctid.QueueID(w.ReadyBelow.Queue), N: w.ReadyBelow.Agents},
		WaitingAbove: traffic.Count{Queue: ctid.QueueID(w.WaitingAbove.Queue), N: w.WaitingAbove.Calls},
		LongestAbove: traffic.Wait{Queue: ctid.QueueID(w.LongestAbove.Queue), For: w.LongestAbove.For.D()},
		LevelBelow:   traffic.Level{Queue: ctid.QueueID(w.LevelBelow.Queue), Percent: w.LevelBelow.Percent, Within: w.LevelBelow.Within.D()},
	}
}
