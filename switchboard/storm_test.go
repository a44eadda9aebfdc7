package switchboard

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari/aritest"
	"ctid/ivr"
)

// The centre of a storm: a queue with more agents and callers than a test can look at one by one.
const (
	stormAgents = 200
	stormRing   = 10 * time.Second
	stormGap    = 5 * time.Second
)

func stormAgent(n int) ctid.AgentID { return ctid.AgentID(fmt.Sprintf("s%03d", n)) }

// ignoresCalls tells whether the n-th agent is one of the nine in ten who let every call ring.
func ignoresCalls(n int) bool { return n%10 != 0 }

// storm is a centre of one queue and so many agents, who are all ready. behave is how their phones take calls, set what else is to be said of the
// centre before it is booted; nil: nothing.
type storm struct {
	script string
	queue  acd.Queue
	agents int
	behave func(n int) aritest.Behaviour
	set    func(c *centre)
}

// run runs f in a bubble with that centre.
func (s storm) run(t *testing.T, f func(t *testing.T, c *centre)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &centre{t: t, kind: "phone", sockets: 1, matches: map[string]ctid.Match{}}
		c.change = func(cfg *Config) {
			queue := s.queue
			queue.ID, queue.Name = "sales", "Sales"
			p := &cfg.Plan
			p.ACD.Queues, p.ACD.Agents, p.Devices, p.Teams = []acd.Queue{queue}, nil, map[ctid.AgentID]Device{}, nil
			for n := range s.agents {
				id := stormAgent(n)
				p.ACD.Agents = append(p.ACD.Agents, acd.Agent{ID: id, Desk: ctid.DeskOptional, Queues: []acd.Membership{{Queue: "sales"}}})
				p.Devices[id] = Device{Kind: "phone", Endpoint: fmt.Sprintf("PJSIP/%d", 3000+n), Node: "a"}
			}
			p.Scripts = map[string]*ivr.Script{}
			cfg.Limits.Calls = 2000
		}
		if s.set != nil {
			s.set(c)
		}
		c.pbx = aritest.New(aritest.Options{})
		defer c.pbx.Close()
		for n := range s.agents {
			c.pbx.Phone(fmt.Sprint(3000+n), s.behave(n))
		}
		c.boot(t, s.script, 1)
		defer func() { c.stop() }()
		for n := range s.agents {
			c.ready(stormAgent(n))
		}
		f(t, c)
	})
}

// come has so many callers come, twenty a second.
func (c *centre) come(callers int) {
	for n := range callers {
		c.callers = append(c.callers, c.pbx.Call(aritest.Caller{Number: fmt.Sprintf("+44207947%04d", n), DNIS: "8001"}))
		c.settle(50 * time.Millisecond)
	}
}

// rung is when each phone rang, by its agent, and the callers in the order in which they first rang one, and in which they came.
func (c *centre) rung() (by map[ctid.AgentID][]time.Time, first, came []ctid.CallID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by = map[ctid.AgentID][]time.Time{}
	offered := map[ctid.CallID]bool{}
	for _, ev := range c.events {
		switch ev.Body.(type) {
		case ctid.CallQueued:
			came = append(came, ev.Call)
		case ctid.CallDelivered:
			by[ev.Agent] = append(by[ev.Agent], ev.At)
			if !offered[ev.Call] {
				offered[ev.Call] = true
				first = append(first, ev.Call)
			}
		}
	}
	return by, first, came
}

// Nine in ten agents let every call ring while hundreds of callers wait, and a thousand where nobody is paused for it. No phone rings
// more often than a ring time allows, callers are offered in the order in which they came, and of who ignores calls becomes what his
// queue says.
func TestRingStorm(t *testing.T) {
	for _, x := range []struct {
		rona    string
		callers int
		rings   int // of an agent who ignores them; 0: as many as there is time for
		state   string
	}{{"pause", 300, 1, "paused(no-answer)"}, {"retry", 300, 3, "paused(no-answer)"}, {"none", 1000, 0, ""}} {
		t.Run(x.rona, func(t *testing.T) {
			queue := acd.Queue{Ring: stormRing, RONA: x.rona, RetryGap: stormGap, MaxMisses: 3}
			behave := func(n int) aritest.Behaviour {
				if ignoresCalls(n) {
					return aritest.Behaviour{Do: aritest.Ignore}
				}
				return aritest.Behaviour{After: 2 * time.Second, Do: aritest.Answer, Talk: 20 * time.Second}
			}
			storm{script: straightLong, queue: queue, agents: stormAgents, behave: behave}.run(t, func(t *testing.T, c *centre) {
				began := time.Now()
				c.come(x.callers)
				c.settle(70 * time.Second)
				by, first, came := c.rung()
				c.wantBound(by, began, time.Now())
				for i, id := range first {
					if id != came[i] {
						t.Fatalf("the phone that rang as the %d-th for somebody new rang for %s, and %s had come as the %d-th", i+1, id, came[i], i+1)
					}
				}
				for n := range stormAgents {
					if id := stormAgent(n); ignoresCalls(n) {
						c.wantIgnored(id, by[id], x.rings, x.state)
					} else if len(by[id]) < 4 {
						t.Errorf("%s, who answers, was rung %d times", id, len(by[id]))
					}
				}
				t.Logf("%d callers, %d of them rang at once or more; %d phones rang %d times", len(came), len(first), len(by), rings(by))
				for _, p := range c.callers {
					p.Hangup()
				}
				answered := 0
				for _, r := range c.clean(x.callers) {
					if r.Outcome == "answered" {
						answered++
					}
				}
				if answered < 20*4 {
					t.Errorf("only %d callers were answered", answered)
				}
			})
		})
	}
}

// straightLong waits for an hour.
const straightLong = `version: 1
nodes:
  q: {queue: {name: sales, at_most: 1h}, then: {otherwise: hangup}}
`

func rings(by map[ctid.AgentID][]time.Time) (n int) {
	for _, list := range by {
		n += len(list)
	}
	return n
}

// wantBound holds that in no span of a ring time more phones rang than there are agents, and 5 %.
func (c *centre) wantBound(by map[ctid.AgentID][]time.Time, from, to time.Time) {
	c.t.Helper()
	for at := from; at.Before(to); at = at.Add(time.Second) {
		n := 0
		for _, list := range by {
			for _, rang := range list {
				if !rang.Before(at) && rang.Before(at.Add(stormRing)) {
					n++
				}
			}
		}
		if float64(n) > stormAgents*1.05 {
			c.t.Fatalf("in the %v from %v on phones rang %d times, of %d agents", stormRing, at.Sub(from), n, stormAgents)
		}
	}
}

// wantIgnored holds what becomes of an agent who ignores calls: so many rings, no two closer than a ring and the gap, and his state.
func (c *centre) wantIgnored(id ctid.AgentID, rang []time.Time, times int, state string) {
	c.t.Helper()
	if times > 0 && len(rang) != times || times == 0 && len(rang) < 5 {
		c.t.Errorf("%s, who ignores calls, was rung %d times", id, len(rang))
	}
	for i := 1; i < len(rang); i++ {
		if gap := rang[i].Sub(rang[i-1]); gap < stormRing+stormGap {
			c.t.Errorf("%s was rung again after %v", id, gap)
		}
	}
	if state != "" {
		c.wantState(id, state)
	}
}
