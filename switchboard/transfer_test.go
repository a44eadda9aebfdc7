package switchboard

import (
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// A consultation that is completed: the caller goes on with the one who was asked, and each has his time.
func TestConsultComplete(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.settle(5 * time.Second)
		end := c.begin("ana", ctid.CallConsult{Call: call, To: toAgent("ben")})
		c.settle(500 * time.Millisecond)
		c.wantState("ben", "reserved")
		if pop := body[ctid.PopOffered](c); pop.PopData.Kind != "consult" {
			t.Errorf("pop %+v", pop.PopData)
		}
		if r := end(); r.Phase != ctid.Done {
			t.Fatalf("consult: %+v", r)
		}
		ana, ben := c.leg("1001"), c.leg("1002")
		c.hears(ana, ben, true)
		c.hears(p.ID(), ana, false)
		c.hears(p.ID(), ben, false)
		c.settle(4 * time.Second)
		c.must("ana", ctid.CallSwap{Call: call})
		c.hears(p.ID(), ana, true)
		c.hears(ana, ben, false)
		c.must("ana", ctid.CallSwap{Call: call})
		c.hears(ana, ben, true)
		c.must("ana", ctid.CallTransferComplete{Call: call})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), ben, true)
		c.wantState("ana", "wrapup")
		c.wantState("ben", "talking")
		if r := c.ask("ana", ctid.CallTransferComplete{Call: call}); !r.Already {
			t.Errorf("a second completion: %+v", r)
		}
		c.refused("ana", ctid.CallTransferCancel{Call: call}, ctid.WrongState)
		c.settle(10 * time.Second)
		c.must("ben", ctid.CallHangup{Call: call})
		c.wantState("ben", "wrapup")
		rec := c.clean(1)[0]
		c.wantTalk(rec, map[string]int64{"ana": 11, "ben/consult": 4, "ben": 10})
		if tr := body[ctid.CallTransferred](c); tr.How != "consult" || tr.NowOwner != "ben" {
			t.Errorf("transferred %+v", tr)
		}
	})
}

// A consultation that is cancelled, refused, or not answered leaves the caller with his agent.
func TestConsultComesToNothing(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		end := c.begin("ana", ctid.CallConsult{Call: call, To: toAgent("ben")})
		c.settle(500 * time.Millisecond)
		c.must("ana", ctid.CallTransferCancel{Call: call})
		if r := end(); r.Err == nil || r.Err.Code != ctid.TargetGone {
			t.Errorf("a consultation that was cancelled: %+v", r)
		}
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), c.leg("1001"), true)
		c.wantState("ben", "ready")

		c.pbx.PhoneOf("1002").Behave(aritest.Refuses(time.Second, 486))
		c.refused("ana", ctid.CallConsult{Call: call, To: toAgent("ben")}, ctid.TargetBusy)
		c.hears(p.ID(), c.leg("1001"), false) // he stays held until he is taken back
		c.must("ana", ctid.CallRetrieve{Call: call})
		c.hears(p.ID(), c.leg("1001"), true)

		c.settle(10 * time.Second)
		c.pbx.PhoneOf("1002").Behave(aritest.Behaviour{Do: aritest.Ignore})
		c.refused("ana", ctid.CallConsult{Call: call, To: toAgent("ben")}, ctid.TargetNoAnswer)
		c.wantState("ben", "ready")
		c.refused("ana", ctid.CallConsult{Call: call, To: toAgent("ana")}, ctid.BadRequest)
		c.refused("ana", ctid.CallConsult{Call: call, To: ctid.Target{Kind: "number", E164: "+1900&1"}}, ctid.NoRoute)
		c.must("ana", ctid.CallHangup{Call: call})
		c.clean(1)
	})
}

// A blind transfer: to a colleague, to a queue, outside, and back where nobody takes it.
func TestBlindTransfer(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ana", ctid.CallTransferBlind{Call: call, To: toAgent("ben")})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), c.leg("1002"), true)
		c.wantState("ana", "wrapup")
		c.settle(11 * time.Second)
		c.wantState("ana", "ready")
		c.must("ben", ctid.CallTransferBlind{Call: call, To: ctid.Target{Kind: "queue", ID: "support"}})
		c.settle(2 * time.Second)
		c.hears(p.ID(), c.leg("1001"), true)

		c.settle(10 * time.Second)
		c.pbx.PhoneOf("1002").Behave(aritest.Behaviour{Do: aritest.Ignore})
		c.refused("ana", ctid.CallTransferBlind{Call: call, To: toAgent("ben")}, ctid.TargetNoAnswer)
		c.settle(2 * time.Second)
		c.wantState("ana", "talking")
		c.hears(p.ID(), c.leg("1001"), true)

		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.must("ana", ctid.CallTransferBlind{Call: call, To: toNumber()})
		c.settle(100 * time.Millisecond)
		c.hears(p.ID(), c.pbx.Outside(outsider).Leg(), true)
		c.settle(5 * time.Second)
		c.pbx.Outside(outsider).Hangup()
		rec := c.clean(1)[0]
		if ended, _ := p.Ended(); !ended || rec.Outcome != "answered" || len(rec.Queues) != 2 || rec.Queues[1].Queue != "support" {
			t.Errorf("record %+v", rec)
		}
	})
}

// A caller who hangs up while he is handed on: nobody rings on for him.
func TestTransferCallerGone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.pbx.PhoneOf("1002").Behave(aritest.Behaviour{Do: aritest.Ignore})
		end := c.begin("ana", ctid.CallTransferBlind{Call: call, To: toAgent("ben")})
		c.settle(3 * time.Second)
		p.Hangup()
		if r := end(); r.Err == nil || r.Err.Code != ctid.CallerGone {
			t.Errorf("the transfer ended with %+v", r)
		}
		c.settle(100 * time.Millisecond)
		c.wantState("ben", "ready")
		c.wantState("ana", "wrapup")
		c.clean(1)
	})
}

// The caller hangs up while two agents speak: they speak on, and write up afterwards.
func TestConsultCallerGone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		p := c.talking()
		call := c.lastCall()
		c.must("ana", ctid.CallConsult{Call: call, To: toAgent("ben")})
		ana, ben := c.leg("1001"), c.leg("1002")
		p.Hangup()
		c.settle(8 * time.Second)
		c.hears(ana, ben, true)
		c.wantState("ana", "talking")
		c.pbx.PhoneOf("1002").Hangup()
		c.settle(100 * time.Millisecond)
		c.wantState("ana", "wrapup")
		c.wantState("ben", "ready")
		c.clean(1)
	})
}

// Phones do what desktops do: transfers by REFER, blind and attended, calls of their own.
func TestByPhone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.twoLines = true
		p := c.talking()
		c.pbx.PhoneOf("1001").Refer("1002")
		c.settle(2 * time.Second)
		c.hears(p.ID(), c.leg("1002"), true)
		c.wantState("ana", "wrapup")
		c.settle(10 * time.Second)

		ben := c.pbx.PhoneOf("1002")
		ben.Hold()
		ben.Dial("1001")
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		legs := ben.Legs()
		c.hears(legs[len(legs)-1], c.leg("1001"), true)
		ben.ReferTo(legs[len(legs)-1])
		c.settle(time.Second)
		c.hears(p.ID(), c.leg("1001"), true)
		c.wantState("ben", "wrapup")
		p.Hangup()
		rec := c.clean(1)[0]
		if rec.Outcome != "answered" {
			t.Errorf("record %+v", rec)
		}
		c.settle(10 * time.Second)

		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.pbx.PhoneOf("1001").Dial(outsider)
		c.settle(3 * time.Second)
		c.wantState("ana", "talking")
		c.hears(c.leg("1001"), c.pbx.Outside(outsider).Leg(), true)
		c.pbx.PhoneOf("1001").Hangup()
		c.clean(2)
		c.pbx.PhoneOf("1001").Dial("+85212345678") // the dial rules hold for phones too
		c.clean(2)
		c.wantState("ana", "ready")
	})
}
