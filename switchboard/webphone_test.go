package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

// inPage puts ana's telephone into her page; the page itself rings until the test picks it up.
func (c *centre) inPage() *aritest.Phone {
	c.t.Helper()
	p := c.sb.cfg.Plan
	p.Devices = map[ctid.AgentID]Device{"ana": {Kind: deviceWeb, Endpoint: "PJSIP/1001", Node: "a"}, "ben": p.Devices["ben"]}
	c.sb.Reload(p)
	page := c.pbx.Phone("1001", aritest.Behaviour{Do: aritest.Ignore, Auto: true})
	c.ready("ana")
	return page
}

// ringing has the page ring, and gives the call and what ana may do.
func (c *centre) ringing() (*aritest.Caller, ctid.CallID, []string) {
	c.t.Helper()
	caller := c.call()
	c.settle(time.Second)
	c.wantState("ana", "reserved")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range slices.Backward(c.events) {
		if _, ok := e.Body.(ctid.CallDelivered); ok {
			return caller, e.Call, e.Can
		}
	}
	c.t.Fatal("nothing was delivered")
	return nil, "", nil
}

// The page is called with the name of its leg and without being told to answer by itself. Answering is the page's to do:
// the request says who answered, is done when the leg is up, and a second tab's is so already.
func TestWebPhoneAnswers(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		page := c.inPage()
		caller, call, can := c.ringing()
		if !slices.Equal(can, []string{"call.answer", "call.reject"}) {
			t.Errorf("while it rings ana may %q", can)
		}
		if h := page.Invite().Headers; h[legHeader] != page.Leg() || h["Call-Info"] != "" || h["Alert-Info"] != "" {
			t.Errorf("the call to leg %s has the headers %v", page.Leg(), h)
		}
		end := c.begin("ana", ctid.CallAnswer{Call: call})
		c.settle(time.Second)
		if c.wantState("ana", "reserved"); !page.Ringing() {
			t.Error("the page does not ring any more, and nobody has picked it up")
		}
		if r := c.ask("ana", ctid.CallAnswer{Call: call}); !r.Already {
			t.Errorf("a second tab's answer: %+v", r)
		}
		page.Answer()
		if r := end(); r.Phase != ctid.Done {
			t.Fatalf("answer: %+v", r)
		}
		c.settle(time.Second)
		c.wantState("ana", "talking")
		c.hears(caller.ID(), page.Leg(), true)
		c.refused("ana", ctid.CallReject{Call: call}, ctid.WrongState)
		c.must("ana", ctid.CallHangup{Call: call})
		wantEnd(t, c.clean(1)[0], ctid.SideAgent, "hangup", "answered")
	})
}

// A call that is refused in the page stops ringing there, and its caller goes to the next agent.
func TestWebPhoneRejects(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		page := c.inPage()
		caller, call, _ := c.ringing()
		c.ready("ben")
		c.must("ana", ctid.CallReject{Call: call})
		c.settle(time.Second)
		if page.Ringing() || page.Leg() != "" {
			t.Error("the page rings on")
		}
		c.settle(2 * time.Second)
		c.wantState("ben", "talking")
		caller.Hangup()
		rec := c.clean(1)[0]
		if rec.Offers[0].End != ctid.OfferRejected || rec.Offers[1].End != ctid.OfferAccepted {
			t.Errorf("offers %+v", rec.Offers)
		}
	})
}

// An answer that the page does not carry out is refused when the ring time is over, as is one whose caller has gone.
func TestWebPhoneAnswerThatFails(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.inPage()
		caller, call, _ := c.ringing()
		end := c.begin("ana", ctid.CallAnswer{Call: call})
		if r := end(); r.Err == nil || r.Err.Code != ctid.OfferOver {
			t.Errorf("an answer without a page: %+v", r)
		}
		c.wantState("ana", "paused(no-answer)")
		c.must("ana", ctid.AgentReady{})
		c.settle(time.Second)
		c.wantState("ana", "reserved")
		end = c.begin("ana", ctid.CallAnswer{Call: call})
		c.settle(time.Second)
		caller.Hangup()
		if r := end(); r.Err == nil {
			t.Errorf("an answer to a caller who has gone: %+v", r)
		}
		c.clean(1)
	})
}

// Whom an agent calls from her page: her own leg is told to answer by itself, for she has asked for it.
func TestWebPhoneDials(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		page := c.inPage()
		c.ready("ben")
		c.must("ana", ctid.CallDial{To: toAgent("ben")})
		if h := page.Invite().Headers; h["Call-Info"] == "" || h["Alert-Info"] == "" || h[legHeader] != page.Leg() {
			t.Errorf("the call to leg %s has the headers %v", page.Leg(), h)
		}
		c.hears(page.Leg(), c.leg("1002"), true)
		c.must("ana", ctid.CallHangup{Call: c.lastCall()})
		c.clean(1)
	})
}
