package switchboard

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari/aritest"
	"ctid/ivr"
	"ctid/traffic"
)

const supportScript = `version: 1
nodes:
  q: {queue: {name: support}, then: {otherwise: hangup}}
`

// route puts rules for the centre's number in force, and what else is changed. They may lead to queue:support.
func (c *centre) route(t *testing.T, n traffic.Number, change ...func(*Plan)) {
	t.Helper()
	n.DNIS, n.Own = "8001", true
	table, err := traffic.New(traffic.Config{Zone: "UTC", Numbers: []traffic.Number{n},
		Trunks: []traffic.Trunk{{Name: "north", Endpoints: []string{"PJSIP/carrier"}, MaxCalls: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	p := c.sb.cfg.Plan
	p.Traffic, p.Answers = table, map[string]*ivr.Script{"queue:support": c.script(t, supportScript)}
	for _, f := range change {
		f(&p)
	}
	c.sb.Reload(p)
	c.settle(100 * time.Millisecond)
}

// whyRouted are the reasons of the last decision.
func (c *centre) whyRouted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range slices.Backward(c.events) {
		if n, ok := e.Body.(ctid.CallNote); ok && n.What == "routed" {
			return n.Data["why"].([]string)
		}
	}
	return nil
}

// Each kind of target: a queue, the caller's cause, the dialplan's fallback, and what the number says itself.
func TestRoutes(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{Routes: []traffic.Route{
			{When: traffic.When{From: []string{"+852"}}, To: traffic.Target{Kind: traffic.ToQueue, ID: "support"}},
			{When: traffic.When{From: []string{traffic.Anonymous}}, To: traffic.Target{Kind: traffic.ToHangup, ID: "declined"}},
			{When: traffic.When{From: []string{"+33"}}, To: traffic.Target{Kind: traffic.ToFallback}}}})
		hk := c.pbx.Call(aritest.Caller{Number: "+85223456789", DNIS: "8001"})
		hidden := c.pbx.Call(aritest.Caller{Number: "anonymous", DNIS: "8001"})
		c.settle(time.Second)
		if over, cause := hidden.Ended(); !over || cause != 21 || hidden.Answered() {
			t.Errorf("a caller who hides his number: ended %v with cause %d", over, cause)
		}
		french := c.pbx.Call(aritest.Caller{Number: "+33142685300", DNIS: "8001"})
		c.settle(time.Second)
		if french.Variable("CTID_RETURN") != "overload" {
			t.Error("he was not sent to the fallback")
		}
		near := c.pbx.Call(caller)
		c.settle(time.Second)
		if why := strings.Join(c.whyRouted(), "; "); !strings.HasSuffix(why, "number: own: no route took it: the number's own answer: yes") || strings.Contains(why, "7946") {
			t.Error(why)
		}
		for _, k := range []*aritest.Caller{hk, french, near} {
			k.Hangup()
		}
		got := map[string]string{}
		for _, r := range c.clean(4) {
			queue := ""
			for _, v := range r.Queues {
				queue += " " + string(v.Queue)
			}
			got[string(r.ANI.Raw)] = r.Outcome + " " + r.End.Reason + queue
			if r.Trunk != "north" || r.Match != ctid.MatchNone {
				t.Errorf("%s came by trunk %q, and its customer is %q", r.ID, r.Trunk, r.Match)
			}
		}
		want := map[string]string{"+85223456789": "abandoned hangup support", "anonymous": "refused routed", "+33142685300": "fallback routed", caller.Number: "abandoned hangup sales"}
		for number, w := range want {
			if got[number] != w {
				t.Errorf("%s: %q, want %q", number, got[number], w)
			}
		}
	})
}

// A queue that sends its callers on after a time has not served them: its service level is as bad as it is.
func TestOverflowedIsNotServed(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{Routes: []traffic.Route{{When: traffic.When{LevelBelow: traffic.Level{Queue: "sales", Percent: 100}},
			To: traffic.Target{Kind: traffic.ToQueue, ID: "support"}}}}, func(p *Plan) {
			p.ACD.Queues = slices.Clone(p.ACD.Queues)
			p.ACD.Queues[0].Overflow = []acd.Overflow{{After: time.Minute, To: "support"}}
		})
		first := c.pbx.Call(from(1))
		c.settle(30 * time.Second)
		second := c.pbx.Call(from(2))
		c.settle(time.Second)
		second.Hangup()
		if why := strings.Join(c.whyRouted(), "; "); !strings.Contains(why, "nobody has left sales") {
			t.Error(why)
		}
		c.settle(40 * time.Second) // the second has abandoned, the first was sent on
		third := c.pbx.Call(from(3))
		c.settle(time.Second)
		if why := strings.Join(c.whyRouted(), "; "); !strings.Contains(why, "sales has answered 0 of 2 in time") {
			t.Error(why)
		}
		first.Hangup()
		third.Hangup()
		for _, r := range c.clean(3) {
			want := ctid.QueueID("support")
			if string(r.ANI.Raw) == from(2).Number {
				want = "sales"
			}
			if last := r.Queues[len(r.Queues)-1].Queue; last != want {
				t.Errorf("the call from %s ended in %s, want %s", r.ANI.Raw, last, want)
			}
		}
	})
}

// A trunk's limit counts those who are here; who is over hears busy, and who leaves makes room.
func TestTrunkLimit(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{})
		first, second := c.pbx.Call(from(1)), c.pbx.Call(from(2))
		c.settle(time.Second)
		third := c.pbx.Call(from(3))
		c.settle(time.Second)
		if over, cause := third.Ended(); !over || cause != 17 {
			t.Errorf("the third: ended %v with cause %d", over, cause)
		}
		first.Hangup()
		c.settle(time.Second)
		fourth := c.pbx.Call(from(4))
		c.settle(time.Second)
		if over, _ := fourth.Ended(); over {
			t.Error("there was room for the fourth")
		}
		second.Hangup()
		fourth.Hangup()
		c.clean(4)
	})
}

// A number's limit counts those who have dialled it; who is over goes where it says, here to another queue, and is counted there no more
// than anywhere else. Of the number's routes none is asked then.
func TestNumberLimit(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{MaxCalls: 1, Over: traffic.Target{Kind: traffic.ToQueue, ID: "support"},
			Routes: []traffic.Route{{When: traffic.When{From: []string{"+33"}}, To: traffic.Target{Kind: traffic.ToFallback}}}})
		first := c.pbx.Call(from(1))
		c.settle(time.Second)
		second := c.pbx.Call(from(2))
		c.settle(time.Second)
		if why := c.whyRouted(); !slices.Equal(why, []string{"number: trunks.max_calls: 1 of 2 calls are here: no", "number: max_calls: 1 of 1 calls are here: yes"}) {
			t.Errorf("the second went on because %v", why)
		}
		first.Hangup()
		second.Hangup()
		c.settle(time.Second)
		third := c.pbx.Call(from(3))
		c.settle(time.Second)
		third.Hangup()
		c.wantQueues(3, "02079460001 sales", "02079460002 support", "02079460003 sales")
	})
}

// wantQueues fails unless there were so many calls, and they have waited in these queues, each as its number and the queue.
func (c *centre) wantQueues(calls int, want ...string) {
	c.t.Helper()
	var got []string
	for _, r := range c.clean(calls) {
		for _, v := range r.Queues {
			got = append(got, string(r.ANI.Raw)+" "+string(v.Queue))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		c.t.Errorf("they waited as %v, want %v", got, want)
	}
}

// Routes by the state of the queues at that moment: too few agents logged in, and too many who wait.
func TestRouteByQueue(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{Routes: []traffic.Route{
			{When: traffic.When{StaffedBelow: traffic.Count{Queue: "sales", N: 1}}, To: traffic.Target{Kind: traffic.ToHangup, ID: "congestion"}},
			{When: traffic.When{WaitingAbove: traffic.Count{Queue: "sales"}}, To: traffic.Target{Kind: traffic.ToQueue, ID: "support"}}}})
		early := c.pbx.Call(from(1))
		c.settle(time.Second)
		if over, cause := early.Ended(); !over || cause != 34 {
			t.Errorf("with nobody on duty: ended %v with cause %d", over, cause)
		}
		c.must("ana", ctid.AgentLogin{})
		first := c.pbx.Call(from(2))
		c.settle(time.Second)
		second := c.pbx.Call(from(3))
		c.settle(time.Second)
		first.Hangup()
		second.Hangup()
		c.wantQueues(3, "02079460002 sales", "02079460003 support")
	})
}

// A route to a number outside: the caller hears it ring, and is answered when it answers. Where it is not answered, he is
// hung up.
func TestRouteOutside(t *testing.T) {
	for _, x := range []struct {
		name   string
		takes  aritest.Behaviour
		joined bool
		reason string
	}{
		{"answered", aritest.AnswerAfter(2 * time.Second), true, "script"},
		{"busy", aritest.Refuses(time.Second, 486), false, "transfer_failed"},
	} {
		t.Run(x.name, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return x.takes })
				c.route(t, traffic.Number{Routes: []traffic.Route{{To: traffic.Target{Kind: traffic.ToNumber, ID: outsider}}}})
				c.matches["+442079460018"] = ctid.Match{State: ctid.MatchOne, Chosen: "cu_1"}
				k := c.pbx.Call(caller)
				c.settle(500 * time.Millisecond)
				if !slices.Contains(k.Hears(), "ringing") || k.Answered() {
					t.Errorf("he hears %v, answered %v", k.Hears(), k.Answered())
				}
				c.settle(3 * time.Second)
				if x.joined {
					c.hears(k.ID(), c.pbx.Outside(outsider).Leg(), true)
					c.pbx.Outside(outsider).Hangup()
				}
				rec := c.clean(1)[0]
				wantEnd(t, rec, map[bool]ctid.Side{true: ctid.SideScript, false: ctid.SideSystem}[x.joined], x.reason, outcomeSentOn)
				if rec.Customer != "cu_1" {
					t.Errorf("the record's customer is %q", rec.Customer)
				}
				if over, _ := k.Ended(); !over {
					t.Error("the caller is still there")
				}
			})
		})
	}
}

// After a restart a call is answered by what answered it before, whatever the rules say by then.
func TestRoutedBefore(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.route(t, traffic.Number{Routes: []traffic.Route{{To: traffic.Target{Kind: traffic.ToQueue, ID: "support"}}}})
		was := c.sb.desk.plan.Answers["queue:support"]
		for _, x := range []struct {
			live *ctid.Live
			want *ivr.Script
		}{{&ctid.Live{Route: "queue:support"}, was}, {&ctid.Live{Route: "script:gone"}, c.sb.desk.plan.Routes.(oneRoute).r.Script}, {nil, c.sb.desk.plan.Routes.(oneRoute).r.Script}} {
			if got := c.sb.desk.routedBefore(ctid.CallRecord{DNIS: ctid.DNIS{Number: "8001"}, Live: x.live}); got.Script != x.want {
				t.Errorf("%+v: %+v", x.live, got)
			}
		}
		k := c.pbx.Call(caller)
		c.settle(time.Second)
		c.mu.Lock()
		live := c.records[len(c.records)-1].Live
		c.mu.Unlock()
		if live == nil || live.Route != "queue:support" {
			t.Errorf("%+v", live)
		}
		k.Hangup()
		c.clean(1)
	})
}
