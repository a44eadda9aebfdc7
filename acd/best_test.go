package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// TestBestOfAll holds the indexes against a search through everything: who says ready gets the best task of his queues,
// and who enters gets the best free agent of his queue.
func TestBestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := busyCentre(t)
		c := crowd{size: small}
		for n := range 60 {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "s")) * time.Second)
			agent := ctid.AgentID(fmt.Sprintf("a%d", rapid.IntRange(0, 5).Draw(t, "agent")))
			var ev Event = AgentReady{Agent: agent}
			switch kind := rapid.IntRange(0, 9).Draw(t, "event"); {
			case kind < 4:
				ev = Enqueue{Task: ctid.TaskID(fmt.Sprintf("c%d", (n*7)%60)), Queue: ctid.QueueID(fmt.Sprintf("q%d", rapid.IntRange(0, 2).Draw(t, "queue"))),
					Priority: rapid.SampledFrom([]int{10, 50}).Draw(t, "priority"),
					Entered:  now.Add(-time.Duration(rapid.IntRange(0, 4).Draw(t, "since")) * time.Second)}
			case kind == 4:
				ev = AgentPause{Agent: agent, Reason: "lunch"}
			case kind == 5:
				ev = OfferFailed{late(t, c.offers, "offer", "o_9"), "unreachable"}
			case kind == 6:
				ev = TaskGone{late(t, c.talks, "task", "c99")}
			case kind == 7:
				ev = LegGone{agent, s.lineOf(agent)}
			}
			s.Decide(now, Tick{}) // so that nothing is due in the event that is judged
			want := expected(s, ev)
			cmds := s.Decide(now, ev)
			c.saw(cmds)
			var got []string
			for _, cmd := range cmds {
				if o, ok := cmd.(MakeOffer); ok {
					got = append(got, fmt.Sprintf("%s to %s", o.Task, o.Agent))
				}
			}
			if want != nil && !slices.Equal(got, want) {
				t.Fatalf("%T%+v offers %v; the best is %v", ev, ev, got, want)
			}
		}
	})
}

// busyCentre has three queues and six agents with phones, all logged in.
func busyCentre(t *rapid.T) (*State, time.Time) {
	cfg := Config{Queues: []Queue{{ID: "q0", Ring: time.Hour}, {ID: "q1", Ring: time.Hour}, {ID: "q2", Ring: time.Hour}}}
	for i := range 6 {
		a := Agent{ID: ctid.AgentID(fmt.Sprintf("a%d", i)), Desk: ctid.DeskOptional}
		for _, q := range cfg.Queues {
			if rapid.IntRange(0, 2).Draw(t, "serves") > 0 {
				a.Queues = append(a.Queues, Membership{Queue: q.ID, Rank: rapid.IntRange(1, 2).Draw(t, "rank")})
			}
		}
		cfg.Agents = append(cfg.Agents, a)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, a := range cfg.Agents {
		s.Decide(now, DeviceChanged{a.ID, true})
		s.Decide(now, AgentLogin{Agent: a.ID})
	}
	return s, now
}

// expected is what ev must offer, by plain search; nil if this does not judge ev.
func expected(s *State, ev Event) []string {
	serves := func(a *agent, id ctid.QueueID) (rank int, ok bool) {
		for _, m := range a.serves {
			if m.queue.cfg.ID == id {
				return m.rank, true
			}
		}
		return 0, false
	}
	switch e := ev.(type) {
	case AgentReady:
		a := s.agents[e.Agent]
		if a == nil || a.state != ctid.Paused || a.line != "" || !slices.Contains(a.can(), opReady) {
			return nil
		}
		var best *task
		for _, t := range s.tasks {
			if _, ok := serves(a, t.queue.cfg.ID); !ok || len(t.open) > 0 {
				continue
			}
			if best == nil || t.priority > best.priority || t.priority == best.priority && (t.entered.Before(best.entered) ||
				t.entered.Equal(best.entered) && t.id < best.id) {
				best = t
			}
		}
		if best == nil {
			return []string{}
		}
		return []string{fmt.Sprintf("%s to %s", best.id, a.id)}
	case Enqueue:
		q := s.queues[e.Queue]
		if q == nil || q.draining || s.tasks[e.Task] != nil || q.cfg.MaxWaiting > 0 && q.size() >= q.cfg.MaxWaiting {
			return []string{}
		}
		var best *agent
		bestRank := 0
		for _, a := range s.agents {
			rank, ok := serves(a, e.Queue)
			if !ok || a.state != ctid.Ready || a.until.After(s.now) || a.line != "" {
				continue
			}
			if best == nil || rank < bestRank || rank == bestRank && (a.idle.Before(best.idle) || a.idle.Equal(best.idle) && a.id < best.id) {
				best, bestRank = a, rank
			}
		}
		if best == nil {
			return []string{}
		}
		return []string{fmt.Sprintf("%s to %s", e.Task, best.id)}
	}
	return nil
}

// lineOf is the offer of which something may be left at an agent's phone.
func (s *State) lineOf(id ctid.AgentID) ctid.OfferID {
	if a := s.agents[id]; a != nil {
		return a.line
	}
	return ""
}
