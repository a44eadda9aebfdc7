package ws_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

func withTopics(topics ...string) func(*wsclient.Config) {
	return func(c *wsclient.Config) { c.Topics = topics }
}

// call publishes an event of a call.
func (r *rig) call(id ctid.CallID, rev uint64, b ctid.Body, agents ...ctid.AgentID) uint64 {
	e := ctid.Event{Rev: rev, Call: id, Agents: agents, Body: b}
	if len(agents) > 0 {
		e.Agent = agents[0]
	}
	return r.publish(e)
}

// A supervisor sees what befalls his team's agents and their calls, without attached values and without pops; another
// team's he does not see, and an agent sees no team.
func TestTeamTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		sam := r.dial("sam", withTopics("team:north", "team:south"))
		defer sam.Cut()
		fs := drain(sam)
		if got := fs[0].Refused; len(got) != 1 || got[0].Topic != "team:south" || got[0].Code != "not_yours" {
			t.Errorf("refused %+v", got)
		}
		snap := decode[struct{ Agents []ctid.AgentView }](t, kinds(fs, "snap")[1].Data)
		if len(snap.Agents) != 2 || snap.Agents[0].Agent != "ana" || snap.Agents[1].State != ctid.Out {
			t.Errorf("the team is %+v", snap.Agents)
		}
		r.agentState("ana", 1, ctid.Ready)
		r.agentState("cleo", 1, ctid.Ready)
		r.pop("ana", "p_1")
		r.call("c_1", 1, ctid.CallArrived{Dir: "in"}, "ana")
		r.call("c_1", 2, ctid.CallDataChanged{DataRev: 1, Set: []ctid.Attached{{Key: "policy", Value: ctid.PrivateValue{V: "HX-20931"}}}}, "ana")
		r.call("c_2", 1, ctid.CallArrived{Dir: "in"}, "cleo")
		r.call("c_1", 3, ctid.CallConsulted{State: "up", To: ctid.Target{Kind: "agent", ID: "cleo"}}, "cleo", "ana")
		got := ""
		for _, f := range drain(sam) {
			got += fmt.Sprintf("%s%v%v ", f.Type, f.Topics, f.Agents)
			if strings.Contains(string(f.Raw), "HX-20931") || f.Can != nil {
				t.Errorf("too much: %s", f.Raw)
			}
		}
		want := "agent.state_changed[team:north][] call.arrived[team:north][] call.data_changed[team:north][] call.consulted[team:north][cleo ana] "
		if got != want {
			t.Errorf("sam got\n%s, want\n%s", got, want)
		}
	})
}

// An event that comes by two topics comes once, names both and says all that the better one may say.
func TestTwoTopicsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) {
			site := centre()
			site.Agents["sam"] = ws.Member{Team: "north"}
			c.Site = site
		})
		defer r.stop()
		sam := r.dial("sam", withTopics("team:north"))
		defer sam.Cut()
		drain(sam)
		r.call("c_1", 1, ctid.CallDataChanged{DataRev: 1, Set: []ctid.Attached{{Key: "policy", Value: ctid.PrivateValue{V: "HX-20931"}}}}, "sam")
		fs := drain(sam)
		if len(fs) != 1 || fmt.Sprint(fs[0].Topics) != "[me team:north]" || !strings.Contains(string(fs[0].Raw), "HX-20931") {
			t.Errorf("got %+v", fs)
		}
	})
}

// Who waits: joined, moved, offered, left. The number is whole for the supervisor and cut for an agent.
func TestQueueCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		sam, ana := r.dial("sam", withTopics("queue.calls:claims")), r.dial("ana", withTopics("queue.calls:claims"))
		defer sam.Cut()
		defer ana.Cut()
		drain(sam)
		drain(ana)
		queued := func(call ctid.CallID, rev uint64, q ctid.QueueID, priority int) {
			r.publish(ctid.Event{Rev: rev, Call: call, Queue: q, Body: ctid.CallQueued{Position: 1, Priority: priority}})
		}
		for _, call := range []ctid.CallID{"c_1", "c_2", "c_3"} {
			r.call(call, 1, ctid.CallArrived{Dir: "in", ANI: ctid.Number{E164: "+442079460018", Name: "Mei Tan", Kind: "fixed"}})
			queued(call, 2, "claims", 50)
		}
		queued("c_3", 3, "claims", 60) // moved to the front
		r.call("c_1", 3, ctid.CallDelivered{Leg: "l_B", Offer: "o_1"}, "ben")
		queued("c_2", 3, "sales", 50) // moved away
		for name, c := range map[string]*wsclient.Client{"sam": sam, "ana": ana} {
			fs := drain(c)
			if n := len(fs); n != 6 {
				t.Errorf("%s got %d events", name, n)
			}
			for _, f := range fs {
				if f.Type == "call.queued" && strings.Contains(string(f.Raw), "+442079460018") != (name == "sam") || name == "ana" && strings.Contains(string(f.Raw), "Mei") {
					t.Errorf("%s got %s", name, f.Raw)
				}
			}
			again := r.dial(name, withTopics("queue.calls:claims"))
			defer again.Cut()
			snaps := kinds(drain(again), "snap")
			waiting := decode[struct{ Calls []wsclient.Waiting }](t, snaps[len(snaps)-1].Data).Calls
			if len(waiting) != 2 || waiting[0].Call != "c_3" || waiting[0].Priority != 60 || waiting[1].State != "offered" {
				t.Errorf("%s is shown %+v", name, waiting)
			}
			if shown := fmt.Sprint(waiting[0].ANI); name == "ana" && shown != "map[kind:fixed shown:••18]" || name == "sam" && waiting[0].ANI["e164"] != "+442079460018" {
				t.Errorf("%s sees the number as %s", name, shown)
			}
		}
		r.call("c_1", 4, ctid.CallEstablished{Talk: "main"}, "ben")
		r.publish(ctid.Event{Rev: 4, Call: "c_3", Queue: "claims", Body: ctid.CallLeftQueue{Exit: ctid.ExitTimeout}})
		r.call("c_3", 5, ctid.CallCleared{})
		if fs := drain(sam); len(fs) != 2 || fs[0].Type != "call.established" || fs[1].Type != "call.left_queue" {
			t.Errorf("at the end sam got %+v", fs)
		}
	})
}

// Who is moved to another queue by a supervisor is there with his number and since when he waits, and gone where he was; a call of
// which one offer has ended rings on elsewhere.
func TestQueueCallsMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		began := time.Now()
		root := r.dial("root", withTopics("queue.calls:claims", "queue.calls:sales"))
		ana := r.dial("ana", withTopics("queue.calls:claims"))
		defer root.Cut()
		defer ana.Cut()
		drain(root)
		drain(ana)
		moved := func(rev uint64, q ctid.QueueID, b ctid.CallWaitingChanged) {
			r.publish(ctid.Event{Rev: rev, Call: "c_1", Queue: q, By: ctid.By{Kind: "supervisor", ID: "sam"}, Body: b})
		}
		r.call("c_1", 1, ctid.CallArrived{Dir: "in", ANI: ctid.Number{E164: "+442079460018", Name: "Mei Tan", Kind: "fixed"}})
		r.publish(ctid.Event{Rev: 2, Call: "c_1", Queue: "sales", Body: ctid.CallQueued{Position: 1, Priority: 50}})
		moved(3, "claims", ctid.CallWaitingChanged{Position: 2, Priority: 50, What: "moved", From: "sales", Since: began})
		moved(4, "claims", ctid.CallWaitingChanged{Position: 1, Priority: 90, What: "prioritised", Since: began})
		r.call("c_1", 5, ctid.CallDelivered{Leg: "l_A", Offer: "o_1"}, "ana")
		r.call("c_1", 6, ctid.CallDelivered{Leg: "l_B", Offer: "o_2"}, "ben")
		r.call("c_1", 7, ctid.CallDiverted{FromAgent: "ben", Why: "rejected", Next: "ringing_elsewhere"}, "ben")
		for name, c := range map[string]*wsclient.Client{"root": root, "ana": ana} {
			for _, f := range drain(c) {
				if f.Type == "call.waiting_changed" && strings.Contains(string(f.Raw), "+442079460018") != (name == "root") {
					t.Errorf("%s got %s", name, f.Raw)
				}
			}
			topics := map[string][]string{"root": {"queue.calls:claims", "queue.calls:sales"}, "ana": {"queue.calls:claims"}}[name]
			again := r.dial(name, withTopics(topics...))
			defer again.Cut()
			for _, f := range kinds(drain(again), "snap") {
				if !strings.HasPrefix(f.Topic, "queue.calls:") {
					continue
				}
				waiting := decode[struct{ Calls []wsclient.Waiting }](t, f.Data).Calls
				if f.Topic == "queue.calls:sales" {
					if len(waiting) != 0 {
						t.Errorf("%s still sees %+v where it was", name, waiting)
					}
					continue
				}
				if len(waiting) != 1 || waiting[0].Priority != 90 || waiting[0].Position != 1 || waiting[0].State != "offered" || waiting[0].Since.Sub(began).Abs() > time.Millisecond {
					t.Errorf("%s is shown %+v", name, waiting)
				}
			}
		}
	})
}

// A callback waits like a call, with the number that will be dialled; when an agent has it and dials, it waits no more, whether or not the
// customer answers.
func TestQueueCallsCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		sam, ana := r.dial("sam", withTopics("queue.calls:claims")), r.dial("ana", withTopics("queue.calls:claims"))
		defer sam.Cut()
		defer ana.Cut()
		both := map[string]*wsclient.Client{"sam": sam, "ana": ana}
		shown := func(name string) []wsclient.Waiting {
			again := r.dial(name, withTopics("queue.calls:claims"))
			defer again.Cut()
			snaps := kinds(drain(again), "snap")
			return decode[struct{ Calls []wsclient.Waiting }](t, snaps[len(snaps)-1].Data).Calls
		}
		dials := ctid.CallOriginated{Dir: "out", To: ctid.Target{Kind: "number", E164: "+442079460018"}, First: "agent"}
		r.publish(ctid.Event{Rev: 1, Call: "c_9", Queue: "claims", Body: dials})
		r.publish(ctid.Event{Rev: 2, Call: "c_9", Queue: "claims", Body: ctid.CallQueued{Position: 1, Priority: 50, Callback: true}})
		for name, number := range map[string]string{"sam": "+442079460018", "ana": ""} {
			w := shown(name)
			if len(w) != 1 || !w[0].Callback {
				t.Errorf("%s is shown %+v", name, w)
				continue
			}
			if got, _ := w[0].ANI["e164"].(string); got != number {
				t.Errorf("%s sees the number %q", name, got)
			}
		}
		r.call("c_9", 3, ctid.CallDelivered{Leg: "l_B", Offer: "o_1"}, "ben")
		for _, c := range both {
			drain(c)
		}
		r.call("c_9", 4, dials, "ben")
		for name, c := range both {
			fs := drain(c)
			if len(fs) != 1 || fs[0].Type != "call.originated" || strings.Contains(string(fs[0].Raw), "+442079460018") != (name == "sam") {
				t.Errorf("%s got %+v", name, fs)
			}
			if w := shown(name); len(w) != 0 {
				t.Errorf("%s is still shown %+v", name, w)
			}
		}
	})
}

// The integration gets every event by "all", or those of the types it names, with personal texts cut.
func TestAllTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		every, some := r.dial("crm", withTopics("all")), r.dial("crm", func(c *wsclient.Config) {
			c.Topics, c.Types = []string{"all"}, []string{"call.arrived", "link.changed"}
		})
		defer every.Cut()
		defer some.Cut()
		drain(every)
		drain(some)
		r.call("c_1", 1, ctid.CallArrived{Dir: "in", ANI: ctid.Number{E164: "+442079460018", Name: "Mei Tan"}})
		r.pop("ana", "p_1")
		r.agentState("cleo", 1, ctid.Ready)
		r.publish(ctid.Event{Agent: "ana", Call: "c_1", Agents: []ctid.AgentID{"ana"}, Body: ctid.WrapUpSaved{Wrap: "w_1", Notes: "she is ill"}})
		r.publish(ctid.Event{Rev: 1, Body: ctid.LinkChanged{PBX: "a", State: "down"}})
		r.publish(ctid.Event{Rev: 1, Body: ctid.ConfigChanged{Hash: "h"}})
		got := func(c *wsclient.Client) (types []string) {
			for _, f := range drain(c) {
				types = append(types, f.Type)
				for _, private := range []string{"79460018", "Mei", "ill"} {
					if strings.Contains(string(f.Raw), private) {
						t.Errorf("too much: %s", f.Raw)
					}
				}
			}
			return types
		}
		if g := got(every); !slices.Equal(g, []string{"call.arrived", "pop.offered", "agent.state_changed", "agent.wrapup_saved", "link.changed", "config.changed"}) {
			t.Errorf("every: %v", g)
		}
		if g := got(some); !slices.Equal(g, []string{"call.arrived", "link.changed"}) {
			t.Errorf("some: %v", g)
		}
	})
}

// Who may no longer have a topic is told what is left: after a reload, and with a token that allows less.
func TestLosingATopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		ana, sam := r.dial("ana", withTopics("queue.calls:claims")), r.dial("sam", withTopics("team:north", "queue.calls:claims"))
		defer ana.Cut()
		defer sam.Cut()
		drain(ana)
		drain(sam)
		site := centre()
		site.Agents["ana"] = ws.Member{Team: "south", Queues: []ctid.QueueID{"sales"}}
		r.hub.SetSite(site)
		resync := kinds(drain(ana), "session")
		if len(resync) != 1 || resync[0].What != "resync" || fmt.Sprint(resync[0].Topics) != "[me]" {
			t.Errorf("ana was told %+v", resync)
		}
		fs := drain(sam)
		if s := kinds(fs, "snap"); len(kinds(fs, "session")) != 0 || len(s) != 2 || strings.Contains(string(s[1].Data), `"ana"`) {
			t.Errorf("sam got %+v", fs)
		}
		r.auth.tokens["less"] = ctid.Who{User: "sam", Agent: "sam", Roles: []ctid.Role{ctid.RoleAgent}}
		if _, err := sam.Do(t.Context(), "auth.renew", map[string]string{"token": "less"}, ""); err != nil {
			t.Fatal(err)
		}
		resync = kinds(drain(sam), "session")
		if len(resync) != 1 || resync[0].What != "resync" || fmt.Sprint(resync[0].Topics) != "[me]" {
			t.Errorf("sam was told %+v", resync)
		}
		r.agentState("ben", 1, ctid.Ready)
		if fs := drain(sam); len(fs) != 0 {
			t.Errorf("sam still gets %+v", fs)
		}
	})
}

// A session has at most 64 topics; what it asks for beyond is refused by name.
func TestTooManyTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) {
			site := centre()
			for i := range 100 {
				site.Teams = append(site.Teams, fmt.Sprint("t", i))
			}
			c.Site = site
		})
		defer r.stop()
		root := r.dial("root", nil)
		defer root.Cut()
		drain(root)
		ask := func(from, to int) (topics int, refused []string) {
			var list []string
			for i := from; i < to; i++ {
				list = append(list, fmt.Sprint("team:t", i))
			}
			f, err := root.Do(t.Context(), "sub", map[string]any{"topics": list}, "")
			if err != nil {
				return 0, []string{err.Error()}
			}
			var data struct {
				Topics  []string
				Refused []struct{ Code string }
			}
			if err := json.Unmarshal(f.Data, &data); err != nil {
				t.Fatal(err)
			}
			for _, x := range data.Refused {
				refused = append(refused, x.Code)
			}
			return len(data.Topics), refused
		}
		if n, refused := ask(0, 60); n != 60 || refused != nil {
			t.Errorf("60: %d, refused %v", n, refused)
		}
		if n, refused := ask(60, 66); n != 64 || !slices.Equal(refused, []string{"too_large", "too_large"}) {
			t.Errorf("66: %d, refused %v", n, refused)
		}
		if _, refused := ask(0, 65); len(refused) != 1 || !strings.Contains(refused[0], "too_large") {
			t.Errorf("65 at once: %v", refused)
		}
	})
}
