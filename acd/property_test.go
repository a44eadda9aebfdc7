package acd

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ctid"
)

// drawConfig makes a small centre, so that things meet.
func drawConfig(t *rapid.T) Config {
	sec := func(name string, max int) time.Duration {
		return time.Duration(rapid.IntRange(0, max).Draw(t, name)) * time.Second
	}
	cfg := Config{Epoch: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "epoch"), WrapMax: sec("wrap max", 60), DeskGrace: sec("grace", 20)}
	var ids []ctid.QueueID
	for i := range rapid.IntRange(1, 4).Draw(t, "queues") {
		q := Queue{ID: ctid.QueueID(fmt.Sprintf("q%d", rapid.IntRange(0, 5).Draw(t, "queue"))), Ring: sec("ring", 15), Wrap: sec("wrap", 20),
			RONA: rapid.SampledFrom([]string{"", "pause", "retry"}).Draw(t, "rona"), MaxMisses: rapid.IntRange(0, 3).Draw(t, "misses"),
			MaxWaiting: rapid.IntRange(0, 6).Draw(t, "room"), Priority: rapid.SampledFrom([]int{0, 20, 80}).Draw(t, "priority")}
		if slices.Contains(ids, q.ID) {
			continue
		}
		q.ForceCode = q.Wrap > 0 && i%2 == 0
		ids = append(ids, q.ID)
		cfg.Queues = append(cfg.Queues, q)
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "agents") {
		if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
			continue
		}
		a := Agent{ID: ctid.AgentID(fmt.Sprintf("a%d", i)), Desk: rapid.SampledFrom([]ctid.DeskRule{"", ctid.DeskOptional, ctid.DeskNone}).Draw(t, "desk")}
		for _, q := range ids {
			if rapid.Bool().Draw(t, "serves") {
				a.Queues = append(a.Queues, Membership{q, rapid.IntRange(0, 2).Draw(t, "rank")})
			}
		}
		cfg.Agents = append(cfg.Agents, a)
	}
	return cfg
}

// crowd draws events; most make sense, since it knows the offers, wrap-ups and conversations there are.
type crowd struct {
	offers []ctid.OfferID
	wraps  []ctid.WrapID
	talks  []ctid.TaskID
}

func (c *crowd) saw(cmds []Command) {
	for _, cmd := range cmds {
		switch x := cmd.(type) {
		case MakeOffer:
			c.offers = append(c.offers, x.Offer)
			c.talks = append(c.talks, x.Task)
		case AgentChanged:
			if x.View.Wrap != nil {
				c.wraps = append(c.wraps, x.View.Wrap.ID)
			}
		}
	}
}

func late[T any](t *rapid.T, list []T, name string, bogus T) T {
	if len(list) == 0 || rapid.IntRange(0, 19).Draw(t, "bogus "+name) == 0 {
		return bogus
	}
	back := min(rapid.IntRange(0, 5).Draw(t, name), len(list)-1)
	return list[len(list)-1-back]
}

func (c *crowd) draw(t *rapid.T, now time.Time) Event {
	agent := ctid.AgentID(fmt.Sprintf("a%d", rapid.IntRange(0, 6).Draw(t, "agent")))
	task := ctid.TaskID(fmt.Sprintf("c%d", rapid.IntRange(0, 12).Draw(t, "task")))
	by := ctid.By{Kind: "agent", ID: string(agent)}
	yes := rapid.IntRange(0, 3).Draw(t, "yes") > 0
	reason := rapid.SampledFrom([]string{"", "lunch", "training"}).Draw(t, "reason")
	switch n := rapid.IntRange(0, 49).Draw(t, "event"); {
	case n < 3:
		return AgentLogin{agent, by}
	case n < 4:
		return AgentLogout{agent, by}
	case n < 9:
		return AgentReady{agent, by}
	case n < 10:
		return AgentPause{agent, reason, by}
	case n < 11:
		return AgentCancelNext{agent, by}
	case n < 14:
		then := rapid.SampledFrom([]ctid.AgentState{"", ctid.Ready, ctid.Paused, ctid.Out, ctid.Talking}).Draw(t, "then")
		return WrapUpDone{agent, late(t, c.wraps, "wrap", "w_9"), yes, then, reason, by}
	case n < 16:
		return DeskChanged{agent, yes}
	case n < 19:
		return DeviceChanged{agent, yes}
	case n < 26:
		return Enqueue{task, ctid.QueueID(fmt.Sprintf("q%d", rapid.IntRange(0, 5).Draw(t, "queue"))), rapid.IntRange(-1, 101).Draw(t, "priority"),
			now.Add(time.Duration(rapid.IntRange(-100, 10).Draw(t, "entered")) * time.Second),
			time.Duration(rapid.IntRange(0, 30).Draw(t, "at most")) * time.Second}
	case n < 27:
		return Leave{task, rapid.SampledFrom(append([]ctid.QueueExit{"", "nonsense"}, ctid.QueueExits...)).Draw(t, "exit")}
	case n < 29:
		return TaskGone{task}
	case n < 34:
		return OfferUp{late(t, c.offers, "offer", "o_9")}
	case n < 37:
		return OfferFailed{late(t, c.offers, "offer", "o_9"), rapid.SampledFrom([]string{"rejected", "busy", "unreachable", "failed", "odd"}).Draw(t, "why")}
	case n < 42:
		return WorkEnded{agent, late(t, c.talks, "talk", "c9"), !yes, rapid.Bool().Draw(t, "dropped")}
	case n < 43:
		return Reconfigure{drawConfig(t)}
	case n < 44:
		return Restarted{}
	case n < 48:
		return LegGone{agent, late(t, c.offers, "offer", "o_9")}
	default:
		return Tick{}
	}
}

// witness judges a centre by its commands alone: it knows nothing of how State works.
type witness struct {
	views  map[ctid.AgentID]ctid.AgentView
	open   map[ctid.OfferID]MakeOffer
	closed map[ctid.OfferID]bool
	inside map[ctid.TaskID]bool
}

func (w *witness) judge(t *rapid.T, now time.Time, cmds []Command) {
	for _, cmd := range cmds {
		switch c := cmd.(type) {
		case MakeOffer:
			if w.closed[c.Offer] || w.open[c.Offer].Offer != "" {
				t.Fatalf("offer %s is made twice", c.Offer)
			}
			for _, o := range w.open {
				if o.Agent == c.Agent || o.Task == c.Task {
					t.Fatalf("%+v is made while %+v is open", c, o)
				}
			}
			if !w.inside[c.Task] || !c.Until.After(now) || c.Entered.After(now) {
				t.Fatalf("%+v at %v for a task that waits: %v", c, now, w.inside[c.Task])
			}
			w.open[c.Offer] = c
		case EndOffer:
			if c.Why == "late" {
				if w.open[c.Offer].Offer != "" || c.End == ctid.OfferAccepted {
					t.Fatalf("%+v is told as late", c)
				}
				continue
			}
			o, ok := w.open[c.Offer]
			if !ok || o.Agent != c.Agent || o.Task != c.Task {
				t.Fatalf("%+v ends, it is open: %v", c, ok)
			}
			delete(w.open, c.Offer)
			w.closed[c.Offer] = true
		case TaskQueued:
			if w.inside[c.Task] || c.Position < 1 {
				t.Fatalf("%+v, it is inside already: %v", c, w.inside[c.Task])
			}
			w.inside[c.Task] = true
		case TaskEnded:
			if refused := c.Exit == ctid.ExitFull || c.Exit == ctid.ExitClosed; !w.inside[c.Task] && !refused || c.Waited < 0 {
				t.Fatalf("%+v, it is inside: %v", c, w.inside[c.Task])
			}
			delete(w.inside, c.Task)
		case AgentChanged:
			w.view(t, c.View)
		case Refused:
			if c.Err.Code == "" || c.Err.Text == "" {
				t.Fatalf("%+v says nothing", c.Err)
			}
		}
	}
}

func (w *witness) view(t *rapid.T, v ctid.AgentView) {
	old, known := w.views[v.Agent]
	if known && v.Rev != old.Rev+1 || v.WasMS < 0 || v.Since.Before(old.Since) {
		t.Fatalf("view %+v after %+v", v, old)
	}
	if known && v.State != old.State && v.Was != old.State {
		t.Fatalf("view %+v was %s", v, old.State)
	}
	w.views[v.Agent] = v
}

// agree holds each view told last against what the State says now.
func (w *witness) agree(t *rapid.T, s *State) {
	for id, told := range w.views {
		v, ok := s.AgentView(id)
		if !ok {
			if told.State != ctid.Out {
				t.Fatalf("%s is gone, and was told last as %s", id, told.State)
			}
			continue // he may come back, and his rev goes on
		}
		if !reflect.DeepEqual(v, told) {
			t.Fatalf("the view of %s changed untold:\n%+v\n%+v", id, told, v)
		}
	}
}

// TestAnyEvents plays any events, senseless ones too, on any centre. A second centre is told the same through the log's
// encoding, and is at times put away as a snapshot and restored: it must give the same commands.
func TestAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		shadow, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := witness{map[ctid.AgentID]ctid.AgentView{}, map[ctid.OfferID]MakeOffer{}, map[ctid.OfferID]bool{}, map[ctid.TaskID]bool{}}
		c := crowd{}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		var high time.Time
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			now = step(t, s, now)
			if now.After(high) {
				high = now
			}
			ev := c.draw(t, now)
			before := s.tally.Offers
			cmds := s.Decide(now, ev)
			if err := s.check(); err != nil {
				t.Fatalf("after %T%+v: %v", ev, ev, err)
			}
			if d := s.Deadline(); !d.IsZero() && !d.After(high) {
				t.Fatalf("a deadline of %v at %v", d, high)
			}
			w.judge(t, high, cmds)
			w.agree(t, s)
			c.saw(cmds)
			if s.tally.Offers < before {
				t.Fatal("offers went back")
			}
			shadow = follow(t, shadow, now, ev, cmds)
		}
	})
}

// step lets time pass: often little, sometimes to the very next timer, seldom backwards.
func step(t *rapid.T, s *State, now time.Time) time.Time {
	switch n := rapid.IntRange(0, 9).Draw(t, "time"); {
	case n < 3:
		return now
	case n < 5 && !s.Deadline().IsZero():
		return s.Deadline()
	case n == 9:
		return now.Add(-time.Second)
	}
	return now.Add(time.Duration(rapid.IntRange(1, 12000).Draw(t, "ms")) * time.Millisecond)
}

func follow(t *rapid.T, shadow *State, now time.Time, ev Event, want []Command) *State {
	kind, body := EncodeEvent(ev)
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeEvent(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := shadow.Decide(now, again); !reflect.DeepEqual(got, want) {
		t.Fatalf("told again, %T gives\n%s\nnot\n%s", ev, list(got), list(want))
	}
	if rapid.IntRange(0, 9).Draw(t, "restore") > 0 {
		return shadow
	}
	raw, err = json.Marshal(shadow.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var sn Snapshot
	if err := json.Unmarshal(raw, &sn); err != nil {
		t.Fatal(err)
	}
	restored, err := Restore(sn)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(restored.Snapshot())
	if err != nil || string(twice) != string(raw) {
		t.Fatalf("restored, it is another (%v):\n%s\n%s", err, raw, twice)
	}
	return restored
}

func list(cmds []Command) (s string) {
	for _, c := range cmds {
		s += "  " + tell(c) + "\n"
	}
	return s
}

// TestCan: what a view says is possible is exactly what is not refused.
func TestCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		c := crowd{}
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = step(t, s, now)
			c.saw(s.Decide(now, c.draw(t, now)))
		}
		raw, err := json.Marshal(s.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range s.sortedAgents() {
			wrap := ctid.WrapID("none")
			if a.wrap != nil {
				wrap = a.wrap.ID
			}
			for op, ev := range map[string]Event{
				opLogin: AgentLogin{Agent: a.id}, opLogout: AgentLogout{Agent: a.id}, opReady: AgentReady{Agent: a.id},
				opPause: AgentPause{Agent: a.id, Reason: "something new"}, opCancelNext: AgentCancelNext{Agent: a.id},
				opWrapUpDone: WrapUpDone{Agent: a.id, Wrap: wrap, Coded: true},
			} {
				var sn Snapshot
				if err := json.Unmarshal(raw, &sn); err != nil {
					t.Fatal(err)
				}
				trial, err := Restore(sn)
				if err != nil {
					t.Fatal(err)
				}
				done := true
				for _, cmd := range trial.Decide(s.now, ev) {
					if _, no := cmd.(Refused); no {
						done = false
					}
				}
				if can := slices.Contains(a.can(), op); can != done {
					t.Fatalf("%+v: %s can be asked %v, is done %v", a.view(), op, can, done)
				}
			}
		}
	})
}

// TestBestOfAll holds the indexes against a search through everything: who says ready gets the best task of his queues,
// and who enters gets the best free agent of his queue.
func TestBestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := busyCentre(t)
		c := crowd{}
		for n := range 60 {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "s")) * time.Second)
			agent := ctid.AgentID(fmt.Sprintf("a%d", rapid.IntRange(0, 5).Draw(t, "agent")))
			var ev Event = AgentReady{Agent: agent}
			switch kind := rapid.IntRange(0, 9).Draw(t, "event"); {
			case kind < 4:
				ev = Enqueue{ctid.TaskID(fmt.Sprintf("c%d", (n*7)%60)), ctid.QueueID(fmt.Sprintf("q%d", rapid.IntRange(0, 2).Draw(t, "queue"))),
					rapid.SampledFrom([]int{10, 50}).Draw(t, "priority"), now.Add(-time.Duration(rapid.IntRange(0, 4).Draw(t, "since")) * time.Second), 0}
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
				a.Queues = append(a.Queues, Membership{q.ID, rapid.IntRange(1, 2).Draw(t, "rank")})
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
			if _, ok := serves(a, t.queue.cfg.ID); !ok || t.offer != nil {
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
