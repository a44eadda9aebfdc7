package ws_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
)

// Messages are shown until they are read or their time is over, to each of those they went to.
func TestMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		shown := func(token string) (ids []string) {
			c := r.dial(token, nil)
			defer c.Cut()
			for _, m := range decode[struct{ Messages []struct{ Message string } }](t, kinds(drain(c), "snap")[0].Data).Messages {
				ids = append(ids, m.Message)
			}
			return ids
		}
		send := func(id ctid.MessageID, until time.Time, to ...ctid.AgentID) {
			r.publish(ctid.Event{Rev: 1, Agents: to, By: ctid.By{Kind: "supervisor", ID: "sam"}, Can: []string{"message.ack"},
				Body: ctid.MessageReceived{Message: id, To: ctid.Target{Kind: "team", ID: "north"}, Text: "hello", Level: "info", Until: until}})
		}
		ben := r.dial("ben", nil)
		defer ben.Cut()
		drain(ben)
		send("m_1", time.Time{}, "ana", "ben")
		send("m_2", time.Now().Add(time.Hour), "ana", "ben")
		if f := drain(ben)[0]; f.Message != "m_1" || f.Type != "message.received" || !slices.Equal(f.Can, []string{"message.ack"}) {
			t.Errorf("ben got %s", f.Raw)
		}
		r.publish(ctid.Event{Rev: 2, Agent: "ana", Agents: []ctid.AgentID{"ana", "sam"}, Body: ctid.MessageAcked{Message: "m_1"}})
		if a, b := fmt.Sprint(shown("ana")), fmt.Sprint(shown("ben")); a != "[m_2]" || b != "[m_1 m_2]" {
			t.Errorf("ana is shown %s, ben %s", a, b)
		}
		sam := r.dial("sam", withTopics("team:north"))
		defer sam.Cut()
		drain(sam)
		up := ctid.Event{Rev: 1, By: ctid.By{Kind: "agent", ID: "ana"}, Body: ctid.MessageReceived{Message: "m_up", To: ctid.Target{Kind: "supervisor"}, Text: "help"}}
		r.publish(up)
		up.By.ID, up.Body = "cleo", ctid.MessageReceived{Message: "m_other", To: ctid.Target{Kind: "supervisor"}, Text: "help"}
		r.publish(up)
		if fs := drain(sam); len(fs) != 1 || fs[0].Message != "m_up" || fmt.Sprint(fs[0].Topics) != "[team:north]" {
			t.Errorf("of those to the supervisors sam got %+v", fs)
		}
		pass(61 * time.Minute)
		if a, b := fmt.Sprint(shown("ana")), fmt.Sprint(shown("ben")); a != "[]" || b != "[m_1]" {
			t.Errorf("an hour later ana is shown %s, ben %s", a, b)
		}
		pass(24 * time.Hour)
		for i := range 120 {
			send(ctid.MessageID(fmt.Sprint("m_", 100+i)), time.Time{}, "ben")
		}
		if ids := shown("ben"); len(ids) != 100 || ids[99] != "m_219" {
			t.Errorf("%d messages are kept, the last is %v", len(ids), ids[len(ids)-1])
		}
	})
}
