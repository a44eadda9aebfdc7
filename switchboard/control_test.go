package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// A caller on hold hears music and nobody; taken back he hears his agent. The hold is counted once.
func TestHoldAndRetrieve(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ana", ctid.CallHold{Call: call})
		c.hears(p.ID(), c.leg("1001"), false)
		if !slices.Contains(p.Hears(), "moh:default") {
			t.Errorf("a held caller hears %v", p.Hears())
		}
		if r := c.ask("ana", ctid.CallHold{Call: call}); !r.Already {
			t.Errorf("a second hold: %+v", r)
		}
		c.refused("ben", ctid.CallHold{Call: call}, ctid.NotYours)
		c.settle(5 * time.Second)
		c.must("ana", ctid.CallRetrieve{Call: call})
		c.hears(p.ID(), c.leg("1001"), true)
		c.must("ana", ctid.CallDTMF{Call: call, Digits: "12#"})
		c.refused("ana", ctid.CallDTMF{Call: call, Digits: "12&"}, ctid.BadRequest)
		if p.Keys() != "12#" {
			t.Errorf("the caller got the keys %q", p.Keys())
		}
		c.must("ana", ctid.CallHold{Call: call})
		c.settle(3 * time.Second)
		p.Hangup()
		c.settle(time.Second)
		c.wantState("ana", "wrapup")
		rec := c.clean(1)[0]
		if hold := rec.HoldMS / 1000; hold != 8 {
			t.Errorf("%d s on hold, want 8", hold)
		}
	})
}

// Three hear each other; one is dropped, the owner leaves, and the next one owns.
func TestConference(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.must("ana", ctid.CallConsult{Call: call, To: toAgent("ben")})
		c.must("ana", ctid.CallConference{Call: call})
		c.settle(100 * time.Millisecond)
		ana, ben := c.leg("1001"), c.leg("1002")
		c.hears(p.ID(), ben, true)
		c.hears(p.ID(), ana, true)
		c.hears(ana, ben, true)
		c.must("ana", ctid.CallConsult{Call: call, To: toNumber()})
		c.hears(p.ID(), ben, true)
		c.hears(p.ID(), ana, false)
		c.must("ana", ctid.CallConference{Call: call})
		out := c.pbx.Outside(outsider).Leg()
		c.hears(p.ID(), out, true)
		c.hears(ben, out, true)
		c.must("ana", ctid.CallDropParty{Call: call, Leg: ctid.LegID(out)})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), ben, true)
		c.must("ana", ctid.CallHangup{Call: call})
		c.settle(5 * time.Second)
		c.hears(p.ID(), ben, true)
		c.wantState("ben", "talking")
		p.Hangup()
		c.settle(time.Second)
		c.wantState("ben", "wrapup")
		rec := c.clean(1)[0]
		if rec.End.Side != ctid.SideCaller || rec.Outcome != "answered" {
			t.Errorf("end %+v, %s", rec.End, rec.Outcome)
		}
	})
}

// A parked caller waits in his slot, is picked up by a colleague, or goes back to the one who parked him.
// A parked caller is in his slot after a restart, hears his music, and can be picked up there.
func TestParkOverRestart(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		c.must("ana", ctid.CallPark{Call: c.lastCall()})
		slot := body[ctid.CallParked](c).Slot
		c.settle(2 * time.Second)
		c.stop()
		c.settle(time.Second)
		c.history.Calls = []ctid.CallRecord{*c.records[len(c.records)-1]}
		c.boot(t, straight, 2)
		c.settle(time.Second)
		if !slices.Contains(p.Hears(), "moh:default") {
			t.Errorf("after the restart the parked caller hears %v", p.Hears())
		}
		c.ready("ben")
		c.must("ben", ctid.CallPickup{Slot: slot})
		c.settle(time.Second)
		c.hears(p.ID(), c.leg("1002"), true)
		p.Hangup()
		c.clean(1)
	})
}

func TestPark(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ana", ctid.CallPark{Call: call})
		c.settle(100 * time.Millisecond)
		slot := body[ctid.CallParked](c).Slot
		c.wantState("ana", "wrapup")
		c.refused("ben", ctid.CallPickup{Slot: "999"}, ctid.NotFound)
		c.must("ben", ctid.CallPickup{Slot: slot})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), c.leg("1002"), true)
		c.must("ben", ctid.CallPark{Call: call})
		c.settle(70 * time.Second) // longer than the slot has him
		c.wantState("ben", "talking")
		c.hears(p.ID(), c.leg("1002"), true)
		p.Hangup()
		c.clean(1)
	})
}

// Data: limits, revisions, secrets, and what the one who is asked sees.
func TestSetData(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.talking()
		call := c.lastCall()
		set := func(key string, v any) ctid.CallSetData {
			return ctid.CallSetData{Call: call, Set: map[string]ctid.PrivateValue{key: {V: v}}}
		}
		c.must("ana", set("claim_no", "55-201"))
		c.must("ana", set("claim_no", "55-202"))
		if b := body[ctid.CallDataChanged](c); b.DataRev != 2 || b.Was["claim_no"].V != "55-201" || b.Set[0].Src != "agent:ana" {
			t.Errorf("data changed: %+v", b)
		}
		old := 1
		stale := set("x", 1)
		stale.IfRev = &old
		c.refused("ana", stale, ctid.RevConflict)
		c.refused("ana", set("Claim", 1), ctid.BadRequest)
		c.refused("ana", set("big", string(make([]byte, 5000))), ctid.TooLarge)
		c.must("ana", set("note", "for ana only"))
		c.must("ana", ctid.CallConsult{Call: call, To: toAgent("ben"), Share: ctid.Share{Keys: []string{"claim_no"}}})
		if pop := body[ctid.PopOffered](c); len(pop.Attached) != 1 || pop.Attached[0].Key != "claim_no" {
			t.Errorf("ben sees %+v", pop.Attached)
		}
		c.must("ana", ctid.CallTransferComplete{Call: call})
		if u := body[ctid.PopUpdated](c); len(u.Data.Attached) != 2 || u.Data.Kind != "transfer" {
			t.Errorf("after the transfer he sees %+v", u.Data)
		}
		c.must("ben", ctid.CallHangup{Call: call})
		rec := c.clean(1)[0]
		if len(rec.Attached) != 2 {
			t.Errorf("recorded: %+v", rec.Attached)
		}
	})
}

// An agent calls somebody: his phone first. Whoever does not answer, is busy, or hangs up leaves nothing.
func TestDial(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana", "ben")
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(2 * time.Second) })
		c.must("ana", ctid.CallDial{To: toNumber()})
		c.hears(c.leg("1001"), c.pbx.Outside(outsider).Leg(), true)
		c.wantState("ana", "talking")
		c.settle(5 * time.Second)
		c.pbx.Outside(outsider).Hangup()
		rec := c.clean(1)[0]
		if rec.Dir != "out" || rec.Outcome != "answered" || rec.TalkMS/1000 != 5 {
			t.Errorf("record %+v", rec)
		}
		c.wantState("ana", "ready")

		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.Refuses(time.Second, 486) })
		c.refused("ana", ctid.CallDial{To: toNumber()}, ctid.TargetBusy)
		c.clean(2)
		c.refused("ana", ctid.CallDial{To: ctid.Target{Kind: "number", E164: "+85212345678"}}, ctid.NoRoute)

		c.must("ana", ctid.CallDial{To: toAgent("ben")})
		c.hears(c.leg("1001"), c.leg("1002"), true)
		c.wantState("ben", "talking")
		c.pbx.PhoneOf("1001").Hangup()
		c.clean(3)
		c.wantState("ana", "ready")
		c.wantState("ben", "ready")

		c.pbx.PhoneOf("1001").Behave(aritest.Refuses(time.Second, 603))
		c.refused("ana", ctid.CallDial{To: toNumber()}, ctid.DeviceUnreachable)
		c.clean(4)
		c.wantState("ana", "ready")
	})
}

// A supervisor listens, whispers, joins, and takes the call over.
func TestMonitor(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ben", ctid.MonitorStart{Agent: "ana", Mode: "listen"})
		ana, ben := c.leg("1001"), c.leg("1002")
		if !c.pbx.Hears(ben, p.ID()) || !c.pbx.Hears(ben, ana) || c.pbx.Hears(ana, ben) || c.pbx.Hears(p.ID(), ben) {
			t.Error("who listens hears both, and nobody hears him")
		}
		c.must("ben", ctid.MonitorMode{Call: call, Mode: "whisper"})
		if !c.pbx.Hears(ana, ben) || c.pbx.Hears(p.ID(), ben) {
			t.Error("who whispers is heard by the agent alone")
		}
		c.must("ben", ctid.MonitorMode{Call: call, Mode: "barge"})
		c.hears(p.ID(), ben, true)
		c.must("ben", ctid.MonitorTakeover{Call: call})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), ben, true)
		c.wantState("ana", "wrapup")
		p.Hangup()
		c.settle(time.Second)
		c.wantState("ben", "wrapup")
		c.clean(1)
	})
}
