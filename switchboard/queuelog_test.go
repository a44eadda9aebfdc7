package switchboard

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/queuelog"
)

// queueLogPlan is the centre as a queue_log has it.
func queueLogPlan() queuelog.Plan {
	p := queuelog.Plan{Queues: []ctid.QueueID{"sales", "support", "all", "hot"}, Agents: map[ctid.AgentID]queuelog.Agent{}}
	for _, a := range agents() {
		x := queuelog.Agent{Name: string(a.ID), Ranks: map[ctid.QueueID]int{}}
		for _, m := range a.Queues {
			x.Ranks[m.Queue] = m.Rank
		}
		p.Agents[a.ID] = x
	}
	return p
}

// queueLog is what the queue_log says of what has happened since the event numbered from, by a state that knows of what was before.
func (c *centre) queueLog(s *queuelog.State, from int) []queuelog.Line {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []queuelog.Line
	for _, ev := range c.events[from:] {
		lines = append(lines, s.Take(ev)...)
	}
	return lines
}

// text is a queue_log as it lies on the disk.
func text(lines []queuelog.Line) string {
	var b []byte
	for _, l := range lines {
		b = l.Append(b)
	}
	return string(b)
}

// queueLogIs holds what the queue_log says of a transcript of a call against the file of its name.
func (c *centre) queueLogIs(name string) {
	c.t.Helper()
	file := "../testdata/queuelog/call/" + name
	lines := c.queueLog(queuelog.NewState(queueLogPlan()), 0)
	pairs(c.t, lines)
	got := text(lines)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			c.t.Error(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		c.t.Errorf("%s (-update rewrites it; review the diff): %v\n%s", file, err, differs(string(want), got))
	}
}

// stays are what a queue_log says of one call.
type stays struct {
	open               string // the event that the last one is at; empty: none is open
	answered, others   int
	abandoned, offered int
	hold, wait, talk   int64 // seconds
}

// pairs fails unless each stay in a queue has one entry and one end, and an answered one its connect between, and gives what was told of each call.
func pairs(t *testing.T, lines []queuelog.Line) map[string]*stays {
	t.Helper()
	calls := map[string]*stays{}
	for _, l := range lines {
		c := calls[l.Call]
		if c == nil {
			c = &stays{}
			calls[l.Call] = c
		}
		if l.Call != "" && l.Event != "CALLSTATUS" {
			c.line(t, l)
		}
	}
	for name, c := range calls {
		if c.open != "" {
			t.Errorf("%s is left at %s:\n%s", name, c.open, text(lines))
		}
		if c.offered != c.answered+c.abandoned+c.others {
			t.Errorf("%s: %+v", name, c)
		}
	}
	return calls
}

// param is a number among a line's parameters; i counts from the last.
func param(t *testing.T, l queuelog.Line, i int) int64 {
	t.Helper()
	at := len(l.Params) - 1 - i
	if at < 0 {
		t.Errorf("too few parameters: %+v", l)
		return 0
	}
	n, err := strconv.ParseInt(l.Params[at], 10, 64)
	if err != nil || n < 0 {
		t.Errorf("parameter %d of %+v: %v", at, l, err)
	}
	return n
}

func (c *stays) line(t *testing.T, l queuelog.Line) {
	t.Helper()
	from := map[string]string{"ENTERQUEUE": "", "CONNECT": "ENTERQUEUE", "RINGNOANSWER": "ENTERQUEUE", "RINGCANCELED": "ENTERQUEUE", "ABANDON": "ENTERQUEUE",
		"EXITWITHTIMEOUT": "ENTERQUEUE", "EXITEMPTY": "ENTERQUEUE", "EXITWITHKEY": "ENTERQUEUE", "COMPLETECALLER": "CONNECT", "COMPLETEAGENT": "CONNECT",
		"BLINDTRANSFER": "CONNECT", "ATTENDEDTRANSFER": "CONNECT"}
	if is, known := from[l.Event]; !known || is != c.open {
		t.Errorf("%s comes after %q: %+v", l.Event, c.open, l)
	}
	if agent := c.open == "CONNECT" || l.Event == "CONNECT" || strings.HasPrefix(l.Event, "RING"); agent != (l.Agent != "") {
		t.Errorf("whom is this about? %+v", l)
	}
	switch l.Event {
	case "ENTERQUEUE":
		c.offered++
		c.open = l.Event
	case "CONNECT":
		c.answered++
		c.open = l.Event
		c.hold += param(t, l, 2)
	case "RINGNOANSWER", "RINGCANCELED":
		param(t, l, 0)
	case "ABANDON":
		c.abandoned++
		c.open = ""
		c.wait += param(t, l, 0)
	case "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY":
		c.others++
		c.open = ""
		c.wait += param(t, l, 0)
	default:
		c.open = ""
		c.talk += param(t, l, 1)
	}
}

// queueLogAgrees fails unless the queue_log says of each call what its record does. It counts in whole seconds, so each of its times may
// be one off; what a request to Asterisk may take, late, is one more.
func (c *centre) queueLogAgrees(records []*ctid.CallRecord) {
	c.t.Helper()
	lines := c.queueLog(queuelog.NewState(queueLogPlan()), 0)
	calls := pairs(c.t, lines)
	for _, r := range records {
		got := calls[r.Channel]
		if got == nil {
			got = &stays{}
		}
		if (len(r.Queues) > 0) != (got.offered > 0) || len(r.Agents) != got.answered {
			c.t.Errorf("%s was in %d queues and with %d agents, in the queue_log %+v:\n%s", r.ID, len(r.Queues), len(r.Agents), got, text(lines))
		}
		for what, x := range map[string][2]int64{"waited": {r.WaitMS, got.hold + got.wait}, "talked": {r.TalkMS + r.HoldMS, got.talk}} {
			if off := time.Duration(x[0])*time.Millisecond - time.Duration(x[1])*time.Second; off.Abs() > time.Duration(1+got.offered)*time.Second {
				c.t.Errorf("%s %s %d ms, in the queue_log %d s:\n%s", r.ID, what, x[0], x[1], text(lines))
			}
		}
	}
}

// ctid is killed while callers wait, ring and talk, and its next run goes on with what the file says: each stay has one entry and one end all the
// same, and the times go over the restart.
func TestQueueLogOverRestart(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		talking, ringing, waiting := c.oneOfEach()
		before := c.queueLog(queuelog.NewState(queueLogPlan()), 0)
		c.stop()
		events := c.told()
		for _, r := range c.open() {
			c.history.Calls = append(c.history.Calls, *r)
		}
		c.settle(10 * time.Second)
		c.boot(t, straight, 2)
		c.settle(10 * time.Second)
		talking.Hangup()
		c.settle(time.Second)
		ringing.Hangup()
		waiting.Hangup()
		c.clean(3)

		s := queuelog.NewState(queueLogPlan())
		s.Recover(slices.Values(before), c.history.Calls)
		after := c.queueLog(s, events)
		all := slices.Concat(before, after)
		for name, x := range pairs(t, all) {
			if name != "" && (x.offered != 1 || x.answered+x.abandoned != 1) {
				t.Errorf("%s: %+v\n%s", name, x, text(all))
			}
		}
		if x := pairs(t, all)[talking.ID()]; x.talk < 20 {
			t.Errorf("the talk that went over the restart lasted %d s:\n%s", x.talk, text(all))
		}
		if n := strings.Count(text(all), "|QUEUESTART|"); n != 2 {
			t.Errorf("%d starts:\n%s", n, text(all))
		}
	})
}

// Whatever of the file was lost with the machine, what comes later has its entry and its end.
func TestQueueLogWithoutAPast(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		talking, ringing, waiting := c.oneOfEach()
		c.settle(5 * time.Second)
		for _, k := range []interface{ Hangup() }{talking, ringing, waiting} {
			k.Hangup()
			c.settle(time.Second)
		}
		c.clean(3)
		for from := range c.told() {
			pairs(t, c.queueLog(queuelog.NewState(queueLogPlan()), from))
		}
	})
}
