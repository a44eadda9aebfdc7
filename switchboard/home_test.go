package switchboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/ari/aritest"
)

// fallback is the fallback queue of the Asterisk in memory, with its callers in order.
type fallback struct {
	mu      sync.Mutex
	calls   []*aritest.Caller
	since   []time.Time
	fetched []string
	fails   int              // how many looks fail first
	refused map[string]error // by channel: what a fetch says
}

func (f *fallback) join(c *aritest.Caller) *aritest.Caller {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.since = append(f.calls, c), append(f.since, time.Now())
	return c
}

func (f *fallback) Waiting(context.Context) ([]Stray, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails > 0 {
		f.fails--
		return nil, errors.New("the manager interface is down")
	}
	var out []Stray
	for i, c := range f.calls {
		if over, _ := c.Ended(); c.Fallback() && !over {
			out = append(out, Stray{Channel: c.ID(), Name: "PJSIP/carrier-" + c.ID(), Waited: time.Since(f.since[i]).Truncate(time.Second)})
		}
	}
	return out, nil
}

func (f *fallback) Fetch(_ context.Context, s Stray, dnis string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetched = append(f.fetched, s.Channel)
	if err := f.refused[s.Channel]; err != nil {
		return err
	}
	for _, c := range f.calls {
		if c.ID() == s.Channel && s.Name == "PJSIP/carrier-"+s.Channel {
			c.Redirect(dnis)
		}
	}
	return nil
}

// from makes a caller with a number of his own.
func from(n int) aritest.Caller {
	return aritest.Caller{Number: fmt.Sprintf("0207946%04d", n), DNIS: "8001"}
}

// away stops the centre, lets n callers go to the fallback, 200 ms apart, and starts it again a minute later.
func (c *centre) goAway(t *testing.T, script string, f *fallback, n int) {
	t.Helper()
	c.stop()
	c.settle(100 * time.Millisecond) // until the Asterisk has noticed
	for i := range n {
		f.join(c.pbx.Call(from(i)))
		c.settle(200 * time.Millisecond)
	}
	c.settle(time.Minute)
	c.home = f
	c.boot(t, script, 2)
}

// order is the callers in the order of their records' first offers.
func (c *centre) order() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := map[ctid.CallID]string{}
	var out []string
	for _, e := range c.events {
		if b, ok := e.Body.(ctid.CallArrived); ok {
			number[e.Call] = string(b.ANI.E164)
		}
		if _, ok := e.Body.(ctid.CallEstablished); ok {
			out = append(out, number[e.Call])
		}
	}
	return out
}

// Callers who went to the fallback while ctid was away come home: in their order, with the time they have waited, one
// record each; nobody who calls meanwhile gets before them.
func TestCameHome(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		f := &fallback{fails: 2}
		c.goAway(t, straight, f, 5)
		late := c.pbx.Call(from(5))
		c.settle(10 * time.Second)
		for i, k := range f.calls {
			if k.Fallback() {
				t.Errorf("caller %d is still in the fallback", i)
			}
		}
		st, err := c.sb.Status(t.Context())
		if err != nil || st.Queues["sales"].Waiting != 6 || st.Queues["sales"].Longest < time.Minute {
			t.Errorf("%+v, %v", st.Queues["sales"], err)
		}
		if note := body[ctid.CallNote](c); note.What != "came_home" || note.Data["from"] != "fallback" || note.Data["waited_ms"].(int64) < 60_000 {
			t.Errorf("note %+v", note)
		}
		c.ready("ana")
		for range 6 {
			c.settle(3 * time.Second)
			c.hangupTalker(f.calls, late)
			c.settle(time.Second)
			if v, ok := c.view("ana"); ok && v.Wrap != nil {
				c.must("ana", ctid.AgentWrapUpDone{Wrap: v.Wrap.ID})
			}
		}
		want := []string{"+442079460000", "+442079460001", "+442079460002", "+442079460003", "+442079460004", "+442079460005"}
		if got := c.order(); !slices.Equal(got, want) {
			t.Errorf("served %v", got)
		}
		for _, r := range c.clean(6) {
			wantEnd(t, r, ctid.SideCaller, "hangup", "answered")
			if home := r.ANI.E164 != "+442079460005"; home != (r.WaitMS > 60_000) || r.Queues[0].Entered.After(r.Arrived.Add(time.Second)) {
				t.Errorf("%s waited %d ms since %v, came at %v", r.ANI.E164, r.WaitMS, r.Queues[0].Entered, r.Arrived)
			}
		}
	})
}

// view is an agent as the core has him.
func (c *centre) view(agent ctid.AgentID) (ctid.AgentView, bool) {
	st, err := c.sb.Status(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	i := slices.IndexFunc(st.AgentList, func(v ctid.AgentView) bool { return v.Agent == agent })
	if i < 0 {
		return ctid.AgentView{}, false
	}
	return st.AgentList[i], true
}

// hangupTalker lets the caller hang up who hears an agent.
func (c *centre) hangupTalker(lists ...any) {
	hang := func(k *aritest.Caller) {
		if over, _ := k.Ended(); !over && slices.ContainsFunc(k.Hears(), func(s string) bool { return callInID(s) != "" }) {
			k.Hangup()
		}
	}
	for _, l := range lists {
		switch l := l.(type) {
		case *aritest.Caller:
			hang(l)
		case []*aritest.Caller:
			for _, k := range l {
				hang(k)
			}
		}
	}
}

// A menu comes again for those who come home, but their place counts from their entry into the fallback.
func TestCameHomeThroughMenu(t *testing.T) {
	inCentre(t, menu, func(t *testing.T, c *centre) {
		f := &fallback{}
		c.goAway(t, menu, f, 1)
		c.settle(5 * time.Second)
		f.calls[0].Press("1")
		c.settle(5 * time.Second)
		st, err := c.sb.Status(t.Context())
		if err != nil || st.Queues["sales"].Waiting != 1 || st.Queues["sales"].Longest < time.Minute {
			t.Errorf("%+v, %v", st.Queues["sales"], err)
		}
		f.calls[0].Hangup()
		c.clean(1)
	})
}

// Who cannot come home is left where he is, and holds nobody up.
func TestLeftInFallback(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(c *centre, f *fallback) *aritest.Caller
	}{
		{"a number that nothing answers", func(c *centre, f *fallback) *aritest.Caller {
			return f.join(c.pbx.Call(aritest.Caller{Number: "1", DNIS: "9999"}))
		}},
		{"no digits", func(c *centre, f *fallback) *aritest.Caller {
			return f.join(c.pbx.Call(aritest.Caller{Number: "1", DNIS: "8001,1\r\nAction: Originate"}))
		}},
		{"asterisk refuses", func(c *centre, f *fallback) *aritest.Caller {
			k := f.join(c.pbx.Call(from(7)))
			f.refused = map[string]error{k.ID(): errors.New("channel does not exist")}
			return k
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				c.stop()
				c.settle(100 * time.Millisecond) // until the Asterisk has noticed
				f := &fallback{}
				left := tt.make(c, f)
				home := f.join(c.pbx.Call(from(1)))
				c.home = f
				c.boot(t, straight, 2)
				c.settle(time.Minute)
				if !left.Fallback() || home.Fallback() {
					t.Errorf("in the fallback: %v, who should be home: %v", left.Fallback(), home.Fallback())
				}
				if n := len(f.fetched); n > 1+homeTries {
					t.Errorf("fetched %v", f.fetched)
				}
				left.Hangup()
				home.Hangup()
				c.clean(1)
			})
		})
	}
}

// The manager interface is not asked while the node is away, and again when it is back.
func TestHomeAfterCut(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		f := &fallback{}
		c.stop()
		c.settle(100 * time.Millisecond) // until the Asterisk has noticed
		c.home = f
		c.boot(t, straight, 2)
		c.pbx.CutSocket("ctid")
		k := f.join(c.pbx.Call(from(1)))
		if !k.Fallback() {
			t.Fatal("the cut let a call through")
		}
		c.settle(30 * time.Second)
		if k.Fallback() {
			t.Error("he did not come home after the cut")
		}
		k.Hangup()
		c.clean(1)
	})
}

// Nobody is fetched into a centre that is full; there is room for him later.
func TestNoRoomAtHome(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		d := &desk{sb: &Switchboard{cfg: Config{Limits: Limits{Calls: 1}}}, calls: map[ctid.CallID]*call{"c_1": nil},
			plan: Plan{Routes: c.routes(t, straight), ACD: acd.Config{}}, coming: map[string]*homecoming{}}
		if known, room := d.expect("1.1", "8001", &homecoming{}); !known || room || len(d.coming) != 0 {
			t.Errorf("full: %v %v", known, room)
		}
		d.calls = nil
		if known, room := d.expect("1.1", "8001", &homecoming{}); !known || !room || len(d.coming) != 1 {
			t.Errorf("empty: %v %v", known, room)
		}
		d.draining = true
		if _, room := d.expect("1.2", "8001", &homecoming{}); room {
			t.Error("a draining ctid has room")
		}
	})
}
