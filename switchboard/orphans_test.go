package switchboard

import (
	"slices"
	"testing"
	"time"

	"ctid"
	"ctid/ari"
	"ctid/ari/aritest"
)

func channelOf(id, app, data string) ari.Channel {
	c := ari.Channel{ID: id}
	c.Dialplan.AppName, c.Dialplan.AppData = app, data
	return c
}

// Another ctid takes the application: every call is let go at once, nothing of it is touched in Asterisk but the phone
// that rings, and each record says why it ends.
func TestTakenAppLetsGo(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		talking, ringing, waiting := c.oneOfEach()
		before := len(c.pbx.Requests())
		c.pbx.ReplaceApp("ctid")
		c.settle(time.Second)
		st, err := c.sb.Status(t.Context())
		if err != nil || st.Calls != 0 || st.NodesUp["a"] || st.NodesWhy["a"][:len("taken: another ctid took the app")] != "taken: another ctid took the app" {
			t.Errorf("status: %+v, %v", st, err)
		}
		for _, k := range []interface{ Ended() (bool, int) }{talking, ringing, waiting} {
			if over, _ := k.Ended(); over {
				t.Error("a call was dropped")
			}
		}
		if hears := talking.Hears(); !slices.ContainsFunc(hears, func(s string) bool { return callInID(s) != "" }) {
			t.Errorf("the conversation was cut: he hears %v", hears)
		}
		for _, r := range c.pbx.Requests()[before:] {
			if r.Method == "DELETE" && callInID(r.Path[len("/channels/"):]) == "" {
				t.Errorf("it was fought for: %s", r.Line())
			}
		}
		ends := map[string]int{}
		for _, r := range c.records {
			if r.End != nil {
				ends[r.Outcome+"/"+r.End.Reason]++
			}
		}
		if ends["answered/app_taken"] != 1 || ends["handed_over/app_taken"] != 2 || len(ends) != 2 {
			t.Errorf("ends: %v", ends)
		}
		for _, k := range []interface{ Hangup() }{talking, ringing, waiting} {
			k.Hangup()
		}
	})
}

// A conversation that an earlier run has left goes on; its agent is not rung; when one side goes, so does the other.
func TestOrphanConversation(t *testing.T) {
	for _, who := range []string{"caller", "agent"} {
		t.Run(who, func(t *testing.T) {
			inCentre(t, straight, func(t *testing.T, c *centre) {
				c.ready("ana")
				k := c.pbx.Call(caller)
				c.settle(2 * time.Second)
				c.wantState("ana", "talking")
				c.stop()
				c.boot(t, straight, 2)
				c.must("ana", ctid.AgentLogin{})
				if r := c.ask("ana", ctid.AgentReady{}); r.Err == nil {
					t.Error("an agent who talks was made ready")
				}
				if over, _ := k.Ended(); over || len(c.pbx.Bridges()) != 1 {
					t.Fatalf("the conversation was cut: %v", c.pbx.Bridges())
				}
				if who == "caller" {
					k.Hangup()
				} else {
					for _, ch := range c.pbx.Channels() {
						if callInID(ch.ID) != "" {
							c.pbx.Phone("1001", aritest.AnswerAfter(time.Second)).Hangup()
						}
					}
				}
				c.settle(time.Second)
				if left, bridges := c.pbx.Channels(), c.pbx.Bridges(); len(left) > 0 || len(bridges) > 0 {
					t.Errorf("left: %v %v", left, bridges)
				}
				c.must("ana", ctid.AgentReady{})
			})
		})
	}
}

// What another ctid, of another application, has on the same Asterisk is none of ours.
func TestSweepLeavesOthersAlone(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		d := c.sb.desk
		n := c.sb.cfg.Nodes[0]
		for _, tt := range []struct {
			id, app, data string
			want          bool
		}{
			{"ctid.t.c_9.l1", "Stasis", "ctid,leg,c_9", true},
			{"ctid.t.c_9.l1", "Stasis", "other,leg,c_9", false},
			{"ctid.t.c_9.l1", "", "", true},
			{"ctid.u.c_9.l1", "", "", false},
			{"ctid.u.c_9.l1", "Stasis", "ctid,leg,c_9", true},
		} {
			ch := channelOf(tt.id, tt.app, tt.data)
			if got := d.ours(n, ch); got != tt.want {
				t.Errorf("%+v: ours is %v", tt, got)
			}
		}
	})
}

// An answer that comes late says nothing about what was seen after it.
func TestStaleDeviceAnswer(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.ready("ana")
		phone := c.pbx.Phone("1001", aritest.AnswerAfter(time.Second))
		c.pbx.Fault(aritest.Fault{Match: "GET /endpoints/PJSIP", Times: 1, Late: 2 * time.Second})
		c.sb.desk.post(func(time.Time) { c.sb.desk.askDevices(c.sb.desk.nodes["a"]) })
		c.settle(0)
		phone.Unregister()
		c.settle(5 * time.Second)
		c.wantState("ana", "paused(device-unreachable)")
	})
}

// A node is in use when its channels and phones have been read, not before.
func TestNodeIsUpWhenRead(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.Fault(aritest.Fault{Match: "GET /channels", Times: 1, Late: 3 * time.Second})
		c.pbx.CutSocket("ctid")
		c.settle(2 * time.Second)
		st, err := c.sb.Status(t.Context())
		if err != nil || st.NodesUp["a"] || st.NodesWhy["a"] != "connected, its state is being read" {
			t.Errorf("%v %v %v", st.NodesUp, st.NodesWhy, err)
		}
		c.settle(5 * time.Second)
		if st, err = c.sb.Status(t.Context()); err != nil || !st.NodesUp["a"] || st.NodesWhy["a"] != "" {
			t.Errorf("%v %v %v", st.NodesUp, st.NodesWhy, err)
		}
	})
}
