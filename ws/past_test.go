package ws_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// Who and what a call can go to: all agents with their states, all queues; how many wait is for those who may know.
func TestDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) {
			site := centre()
			site.Agents["ana"] = ws.Member{Label: "Ana Silva", Team: "north", Queues: []ctid.QueueID{"claims"}, Pick: true}
			site.Queues["claims"] = ws.QueueRules{Label: "Claims", AgentsSeeStats: true}
			c.Site = site
		})
		defer r.stop()
		r.agentState("ben", 1, ctid.Ready)
		r.publish(ctid.Event{Rev: 1, Call: "c_1", Queue: "claims", Body: ctid.CallQueued{Position: 1}})
		ask := func(token string) (agents, queues string, teams []string) {
			c := r.dial(token, nil)
			defer c.Cut()
			drain(c)
			f, err := c.Do(context.Background(), "directory.get", nil, "")
			if err != nil {
				t.Fatal(err)
			}
			d := decode[struct {
				Agents []struct{ Agent, Label, Team, State string }
				Queues []struct {
					Queue, Label string
					Waiting      *int
					Watch        bool
				}
				Teams []string
			}](t, f.Data)
			for _, a := range d.Agents {
				agents += fmt.Sprintf("%s/%s/%s/%s ", a.Agent, a.Label, a.Team, a.State)
			}
			for _, q := range d.Queues {
				n := "-"
				if q.Waiting != nil {
					n = fmt.Sprint(*q.Waiting)
				}
				queues += fmt.Sprintf("%s/%s/%s/%v ", q.Queue, q.Label, n, q.Watch)
			}
			return agents, queues, d.Teams
		}
		agents, queues, teams := ask("ana")
		if want := "ana/Ana Silva/north/out ben//north/ready cleo//south/out sam///out "; agents != want {
			t.Errorf("agents %s, want %s", agents, want)
		}
		if want := "claims/Claims/1/true sales//-/false "; queues != want || len(teams) != 0 {
			t.Errorf("ana: queues %s, teams %v, want %s and none", queues, teams, want)
		}
		if _, queues, teams = ask("sam"); queues != "claims/Claims/1/true sales//-/false " || fmt.Sprint(teams) != "[north]" {
			t.Errorf("sam: queues %s, teams %v", queues, teams)
		}
		if _, queues, teams = ask("root"); queues != "claims/Claims/1/true sales//0/true " || fmt.Sprint(teams) != "[north south]" {
			t.Errorf("root: queues %s, teams %v", queues, teams)
		}
	})
}

// Those who watch a team know whose page shows who rings him, until he is not rung any more; a snapshot says the same.
func TestPopSeenByTeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		sam, ana := r.dial("sam", withTopics("team:north")), r.dial("ana", nil)
		defer sam.Cut()
		defer ana.Cut()
		fold := wsclient.NewFold()
		look := func(want string) {
			t.Helper()
			for _, f := range drain(sam) {
				if err := fold.Apply(f); err != nil {
					t.Fatal(err)
				}
			}
			fresh := wsclient.NewFold()
			c := r.dial("sam", withTopics("team:north"))
			for _, f := range drain(c) {
				if err := fresh.Apply(f); err != nil {
					t.Fatal(err)
				}
			}
			c.Cut()
			if got, again := fmt.Sprint(fold.Topics["team:north"].Seen), fmt.Sprint(fresh.Topics["team:north"].Seen); got != want || again != want {
				t.Errorf("seen: %s, and fresh %s, want %s", got, again, want)
			}
		}
		drain(ana)
		r.agentState("ana", 1, ctid.Reserved)
		look("map[]")
		r.publish(ctid.Event{Rev: 1, Call: "c_1", Agent: "ana", Pop: "p_1", Body: ctid.PopSeen{What: "opened"}})
		look("map[]")
		r.publish(ctid.Event{Rev: 1, Call: "c_1", Agent: "ana", Pop: "p_1", Body: ctid.PopSeen{What: "shown", SeenMS: 80}})
		look("map[ana:c_1]")
		r.agentState("ana", 2, ctid.Talking)
		look("map[]")
		for _, f := range drain(ana) {
			if f.Type == "pop.seen" {
				t.Errorf("the agent himself was told: %s", f.Raw)
			}
		}
	})
}

// An agent's wrap-ups that are over stay on his screen with what was handed in, the newest five.
func TestPastWraps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		ana := r.dial("ana", nil)
		defer ana.Cut()
		state := func(rev uint64, w *ctid.Wrap) {
			r.publish(ctid.Event{Rev: rev, Agent: "ana", Agents: []ctid.AgentID{"ana"}, Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: "ana", Rev: rev, State: ctid.WrapUp, Wrap: w}}})
		}
		for i := range uint64(7) {
			state(2*i+1, &ctid.Wrap{ID: ctid.WrapID(fmt.Sprint("w_", i)), Call: "c_1", Queue: "claims"})
			state(2*i+2, &ctid.Wrap{ID: ctid.WrapID(fmt.Sprint("w_", i)), Call: "c_1", Queue: "claims", Overrun: true})
			pass(time.Second)
		}
		state(20, nil)
		save := func(w ctid.WrapID, d string, n ctid.Private) {
			r.publish(ctid.Event{Rev: 1, Agent: "ana", Call: "c_1", Agents: []ctid.AgentID{"ana"}, Body: ctid.WrapUpSaved{Wrap: w, Disposition: d, Notes: n}})
		}
		save("w_6", "sold", "two")
		save("w_6", "", "two, blue")
		folded, fresh := wsclient.NewFold(), wsclient.NewFold()
		again := r.dial("ana", nil)
		defer again.Cut()
		for fold, c := range map[*wsclient.Fold]*wsclient.Client{folded: ana, fresh: again} {
			for _, f := range drain(c) {
				if err := fold.Apply(f); err != nil {
					t.Fatal(err)
				}
			}
			past := fold.Topics["me"].Past
			if len(past) != 5 || past[0].Wrap != "w_2" || past[4].Wrap != "w_6" || past[4].Disposition != "sold" || past[4].Notes != "two, blue" || past[0].Queue != "claims" {
				t.Errorf("past: %+v", past)
			}
		}
		if what := wsclient.Difference(folded, fresh); what != "" {
			t.Error(what)
		}
	})
}
