package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
)

// amendments are what was put into records so far.
func (c *centre) amendments() []ctid.Amendment {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []ctid.Amendment
	for _, e := range c.rows {
		if e.Amend != nil {
			out = append(out, *e.Amend)
		}
	}
	return out
}

// wrapped has ana hand in the wrap-up of a call, and returns its id.
func (c *centre) wrapped(done ctid.AgentWrapUpDone) ctid.WrapID {
	c.t.Helper()
	v, _ := c.view("ana")
	if v.Wrap == nil {
		c.t.Fatal("ana is in no wrap-up")
	}
	done.Wrap = v.Wrap.ID
	c.must("ana", done)
	return done.Wrap
}

// For an hour after a wrap-up its agent may edit the record, and nobody else; his state stays. Without anything to save, the request
// is the second press of the same button.
func TestLateEdit(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		p.Hangup()
		c.settle(time.Second)
		if v, _ := c.view("ana"); v.Wrap == nil || v.Wrap.Queue != "sales" {
			t.Errorf("the wrap-up is %+v", v.Wrap)
		}
		wrap := c.wrapped(ctid.AgentWrapUpDone{Disposition: "sold", Fields: map[string]ctid.PrivateValue{"order_no": {V: "55"}}})
		c.wantState("ana", "ready")
		if r := c.ask("ana", ctid.AgentWrapUpDone{Wrap: wrap}); r.Phase != ctid.Done || !r.Already {
			t.Errorf("handed in twice: %+v", r)
		}
		c.settle(59 * time.Minute)
		if r := c.ask("ana", ctid.AgentWrapUpDone{Wrap: wrap, Notes: "two, blue"}); r.Phase != ctid.Done || !r.Already {
			t.Errorf("an edit after 59 minutes: %+v", r)
		}
		c.wantState("ana", "ready")
		if s := body[ctid.WrapUpSaved](c); !s.Late || s.Notes != "two, blue" || s.Disposition != "" {
			t.Errorf("told: %+v", s)
		}
		c.refused("ben", ctid.AgentWrapUpDone{Wrap: wrap, Notes: "mine"}, ctid.NotFound)
		c.refused("ana", ctid.AgentWrapUpDone{Wrap: wrap, Fields: map[string]ctid.PrivateValue{"No Key": {V: 1}}}, ctid.BadRequest)
		c.settle(2 * time.Minute)
		c.refused("ana", ctid.AgentWrapUpDone{Wrap: wrap, Notes: "too late"}, ctid.NotFound)
		a := c.amendments()
		if len(a) != 2 || a[0].Disposition != "sold" || len(a[0].Fields) != 1 || a[0].Fields[0].Src != "agent:ana" || a[1].Notes != "two, blue" || a[1].WrapMS != 0 {
			t.Errorf("amendments: %+v", a)
		}
		c.clean(1)
	})
}

// What an agent writes up of a call that goes on with a colleague is still there when that call ends.
func TestPaperworkOfALiveCall(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p, call := c.consulting()
		c.must("ana", ctid.CallTransferComplete{Call: call})
		c.settle(100 * time.Millisecond)
		c.wantState("ana", "wrapup")
		c.wrapped(ctid.AgentWrapUpDone{Disposition: "sold", Notes: "to ben", Fields: map[string]ctid.PrivateValue{"order_no": {V: "55"}}})
		c.settle(time.Second)
		p.Hangup()
		rec := c.clean(1)[0]
		i := slices.IndexFunc(rec.Agents, func(a ctid.AgentPart) bool { return a.Agent == "ana" })
		if rec.Disposition != "sold" || rec.Notes != "to ben" || len(rec.Attached) != 1 || i < 0 || rec.Agents[i].WrapMS == 0 {
			t.Errorf("the last record has %q, %q, %+v, %+v", rec.Disposition, rec.Notes, rec.Attached, rec.Agents)
		}
	})
}

// A parked call stays on the screen of the one who parked it, who can take it back; when a colleague has it, it is gone there.
func TestParkedCan(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ana", ctid.CallPark{Call: call})
		c.settle(100 * time.Millisecond)
		c.mu.Lock()
		last := c.events[len(c.events)-1]
		for _, e := range c.events {
			if e.Body.Kind() == (ctid.CallParked{}).Kind() {
				last = e
			}
		}
		c.mu.Unlock()
		if !slices.Equal(last.Can, []string{ctid.CallRetrieve{}.Op()}) || !slices.Equal(last.Agents, []ctid.AgentID{"ana"}) {
			t.Errorf("of the parked call %v are told %v", last.Agents, last.Can)
		}
		c.must("ben", ctid.CallPickup{Call: call})
		c.settle(100 * time.Millisecond)
		if x := body[ctid.CallTransferred](c); x.From.ID != "ana" || x.NowOwner != "ben" {
			t.Errorf("told: %+v", x)
		}
		p.Hangup()
		c.clean(1)
	})
}

// Each agent whom a message went to may say that he has read it, and its sender is told; who waits too long may not any more.
func TestMessagesRead(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana", "ben")
		c.must("ben", ctid.MessageSend{To: ctid.Target{Kind: "team", ID: "north"}, Text: "hello"})
		c.mu.Lock()
		ev := c.events[len(c.events)-1]
		c.mu.Unlock()
		m := body[ctid.MessageReceived](c)
		if !slices.Equal(ev.Can, []string{ctid.MessageAck{}.Op()}) || m.Level != "info" {
			t.Errorf("told: %+v, can %v", m, ev.Can)
		}
		c.must("ana", ctid.MessageAck{Message: m.Message})
		c.mu.Lock()
		ev = c.events[len(c.events)-1]
		c.mu.Unlock()
		if ev.Agent != "ana" || !slices.Equal(ev.Agents, []ctid.AgentID{"ana", "ben"}) {
			t.Errorf("that ana has read it is told to %v", ev.Agents)
		}
		if r := c.ask("ana", ctid.MessageAck{Message: m.Message}); !r.Already {
			t.Errorf("read twice: %+v", r)
		}
		c.settle(25 * time.Hour)
		c.must("ben", ctid.MessageSend{To: ctid.Target{Kind: "agent", ID: "ana"}, Text: "and again"}) // the old ones are forgotten by then
		if r := c.ask("ben", ctid.MessageAck{Message: m.Message}); !r.Already {
			t.Errorf("a message of yesterday: %+v", r)
		}
		c.clean(0)
	})
}
