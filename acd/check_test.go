package acd

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
)

// mixedCentre is the small centre with one more agent, eve, who has three chats: one that she is at, one that she writes up, one that is offered to her.
func mixedCentre(t testing.TB) *State {
	s := centre(t)
	cfg := s.cfg
	cfg.Queues = append(slices.Clone(cfg.Queues), Queue{ID: "chats", Medium: ctid.Chat, Wrap: time.Minute})
	cfg.Agents = append(slices.Clone(cfg.Agents), Agent{ID: "eve", Desk: ctid.DeskOptional, Media: []Slots{{Medium: ctid.Voice}, {Medium: ctid.Chat}},
		Queues: []Membership{{Queue: "chats"}}})
	for _, ev := range []Event{Reconfigure{cfg}, DeviceChanged{"eve", true}, AgentLogin{Agent: "eve"}, AgentReady{Agent: "eve"},
		Enqueue{Task: "w1", Queue: "chats"}, OfferUp{"o_A_3"}, Enqueue{Task: "w2", Queue: "chats"}, OfferUp{"o_A_4"},
		WorkEnded{Agent: "eve", Task: "w1"}, Enqueue{Task: "w3", Queue: "chats"}} {
		s.Decide(s.now, ev)
	}
	var states []ctid.ItemState
	for _, it := range s.agents["eve"].media.items {
		states = append(states, it.state)
	}
	if want := []ctid.ItemState{ctid.ItemWrapUp, ctid.ItemActive, ctid.ItemOffered}; !slices.Equal(states, want) {
		t.Fatalf("eve has %v", states)
	}
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	return s
}

type fault struct {
	name  string
	plant func(s *State)
	says  string
}

var agentFaults = []fault{
	{"reserved without an offer", func(s *State) { s.agents["ben"].offer = nil }, "is reserved: offer false"},
	{"another's offer", func(s *State) { s.agents["ben"].offer = &offer{id: "o_A_2", agent: s.agents["ben"]} }, "which is not his"},
	{"talking without work", func(s *State) { s.agents["ana"].work = nil }, "is talking: work false"},
	{"a wrap-up while he talks", func(s *State) { s.agents["ana"].wrap = &ctid.Wrap{} }, "is talking: wrap-up true"},
	{"a wrap-up without a timer", func(s *State) { s.agents["ana"].state, s.agents["ana"].wrap = ctid.WrapUp, &ctid.Wrap{} }, "wrap-up timer false"},
	{"a way back from nothing", func(s *State) { s.agents["cleo"].back = &back{} }, "has a state to return to"},
	{"locked and ready", func(s *State) { s.agents["cleo"].locked = true }, "is ready, and locked"},
	{"a wish without work", func(s *State) { s.agents["cleo"].next = &ctid.Next{State: ctid.Out} }, "waits for a next state"},
	{"paused without a reason", func(s *State) { s.agents["cleo"].state = ctid.Paused }, `with reason ""`},
	{"ready without a phone", func(s *State) { s.agents["cleo"].reachable = false }, "ready without a phone"},
	{"ready without a desktop", func(s *State) { s.agents["cleo"].desk = ctid.DeskRequired }, "ready without the desktop"},
	{"a state from the future", func(s *State) { s.agents["ana"].since = s.now.Add(time.Hour) }, "in his state since"},
	{"a removed agent without work", func(s *State) { s.agents["cleo"].removed = true }, "not configured, and has no work"},
	{"ready and not offered", func(s *State) { s.unlist(s.agents["cleo"]) }, "listed as free false"},
	{"a gap's timer without a gap", func(s *State) { s.timers.set(&s.agents["cleo"].gap, s.now.Add(time.Hour)) }, "left alone false, its timer true"},
	{"a line that nobody waits for", func(s *State) { s.agents["cleo"].line = "o_A_9" }, `line "o_A_9", its timer false`},
	{"a ring on another's line", func(s *State) { s.agents["ben"].line = "o_A_9" }, "on the line of o_A_9"},
	{"held and awake", func(s *State) { s.agents["cleo"].held = true }, "is held for a desktop"},
	{"waited for by one who does not", func(s *State) { s.agents["cleo"].wanted = []*task{s.tasks["c2"]} }, "which does not know it"},
	{"a member forgotten", func(s *State) { s.queues["support"].members = nil }, "does not have him"},
	{"free and not listed", func(s *State) { s.agents["cleo"].serves[0].listed = false }, "so listed in queue support: false"},
	{"a member without weight", func(s *State) { s.agents["cleo"].serves[0].weight = 0 }, "weight 0"},
	{"listed and in no class", func(s *State) { s.queues["support"].classes[0].free = nil }, "listed false in queue support for"},
}

var mixedFaults = []fault{
	{"calls without a slot", func(s *State) { s.agents["eve"].media.voice = false }, "his slots say otherwise"},
	{"shown as another", func(s *State) { s.agents["eve"].media.voice = false }, "and shown as"},
	{"out and at work", func(s *State) { s.agents["eve"].state = ctid.Out }, "is out, and has work"},
	{"a gap without a timer", func(s *State) { s.agents["eve"].media.slot(ctid.Chat).until = s.now.Add(time.Hour) }, "left alone with chat"},
	{"a call as a chat", func(s *State) { s.agents["eve"].media.slot(ctid.Voice).inFree = true }, "listed as one of another medium"},
	{"an item on the phone", func(s *State) { s.agents["eve"].media.items[1].medium = ctid.Voice }, "or no slot for it"},
	{"offered without an offer", func(s *State) { s.agents["eve"].media.items[1].state = ctid.ItemOffered }, "is offered: offer false"},
	{"another's item", func(s *State) { s.agents["eve"].media.items[2].offer.item = nil }, "an offer that is not its own"},
	{"an item's wrap-up without end", func(s *State) { s.timers.stop(&s.agents["eve"].media.items[0].wrapEnd) }, "is wrapup: wrap-up true"},
}

var queueFaults = []fault{
	{"ringing out of order", func(s *State) {
		q := s.queues["sales"]
		q.ringing = []*task{s.tasks["c2"], s.tasks["c1"]}
	}, "ringing tasks out of order"},
	{"members out of order", func(s *State) { m := s.queues["support"].members; m[0], m[1] = m[1], m[0] }, "members out of order"},
	{"a removed queue without tasks", func(s *State) { s.queues["support"].draining = true }, "not configured, and empty"},
	{"left touched", func(s *State) { s.queues["support"].touched = true }, "is left touched"},
	{"nobody is there", func(s *State) {
		s.calm = time.Time{}
		s.queues["sales"].cfg.LeaveEmpty = []string{emptyTalking, emptyReserved}
	}, "by leave_empty nobody is there"},
	{"nobody looks", func(s *State) { s.queues["sales"].cfg.LeaveEmpty = []string{emptyTalking, emptyReserved} }, "nobody looks whether"},
	{"without its class", func(s *State) { s.queues["support"].cfg.Needs = []Need{{"en", 1}} }, "the class that it always has"},
	{"agents at work counted wrong", func(s *State) { s.queues["sales"].working++ }, "it counts 3"},
	{"a class for nobody", func(s *State) { s.queues["sales"].class(want{min: 2}, nil) }, "keeps a class for nobody"},
	{"a class twice", func(s *State) {
		q := s.queues["support"]
		q.classes = append(q.classes, &class{want: q.classes[0].want})
	}, "has a class twice"},
	{"rings in another queue", func(s *State) { s.queues["support"].ringing = []*task{s.tasks["c1"]} }, "rings in queue support, which is not its place"},
	{"free beside waiting", func(s *State) {
		t := newTask("c9")
		t.queue, t.entered, t.joined = s.queues["support"], s.now, s.now
		s.sort(t)
		s.enterClass(t)
		s.tasks[t.id], t.class.waiting, s.tally.Entered = t, []*task{t}, s.tally.Entered+1
	}, "waits beside a free agent"},
	{"out of order", func(s *State) { w := s.queues["sales"].classes[0].waiting; w[0], w[1] = w[1], w[0] }, "waiting tasks out of order"},
	{"free agents out of order", func(s *State) { f := s.queues["support"].classes[0].free; f[0], f[1] = f[1], f[0] }, "free agents out of order"},
	{"a task in a wrong class", func(s *State) { s.tasks["c3"].needs = []Need{{"claims", 3}} }, "stands in a class for"},
	{"a class that counts wrong", func(s *State) { s.tasks["c3"].class.tasks++ }, "a class counts"},
	{"waits in another queue", func(s *State) {
		k := s.queues["support"].classes[0]
		k.waiting = append(k.waiting, s.tasks["c2"])
	}, "waits in queue support, which is not its place"},
	{"free and not serving", func(s *State) {
		k := s.queues["support"].classes[0]
		k.free = append(k.free, &member{agent: s.agents["ana"], queue: s.queues["support"], rank: 9})
	}, "does not serve it"},
}

var taskFaults = []fault{
	{"in two places", func(s *State) {
		k := s.queues["support"].classes[0]
		k.waiting = append(k.waiting, s.tasks["c2"])
	}, "is in 2 places"},
	{"in no place", func(s *State) { k := s.queues["sales"].classes[0]; k.waiting = k.waiting[1:] }, "is in 0 places"},
	{"rings and waits", func(s *State) { s.tasks["c2"].open = slices.Clone(s.tasks["c1"].open) }, "rings false, its offers 1"},
	{"a caller from the future", func(s *State) { s.tasks["c3"].entered = s.now.Add(time.Hour) }, "entered at"},
	{"a priority that there is not", func(s *State) { s.tasks["c3"].priority = 101 }, "has priority 101"},
	{"expired and waiting", func(s *State) { s.tasks["c3"].expired = true }, "only one that rings has"},
	{"for one alone, for ever", func(s *State) { s.tasks["c3"].only = "ana" }, `for "ana" alone, its timer false`},
	{"waited for, and does not know it", func(s *State) { s.tasks["c3"].only = "ana" }, "who is not there for it"},
	{"a step without a timer", func(s *State) { s.queues["sales"].cfg.Steps = []Step{{After: time.Minute}} }, "is at step 0, its timer false"},
	{"an offer that nobody knows", func(s *State) { delete(s.offers, "o_A_2") }, "of task c1 is not open"},
	{"an offer that never ends", func(s *State) { s.timers.stop(&s.offers["o_A_2"].ring) }, "o_A_2 rings without end"},
	{"an agent's offer that never ends", func(s *State) { s.timers.stop(&s.offers["o_A_2"].ring) }, "is not its agent's, or rings without end"},
	{"two offers for one agent", func(s *State) {
		t := s.tasks["c2"]
		o := &offer{id: "o_A_9", task: t, agent: s.agents["ben"]}
		s.offers[o.id], t.open = o, append(t.open, o)
	}, "in two offers"},
	{"an offer of nothing", func(s *State) { s.tasks["c1"].open = nil }, "offer o_A_2 is not its task's"},
	{"an offer open and ended", func(s *State) {
		e := &ended{id: "o_A_2"}
		s.ended[e.id], s.lately = e, append(s.lately, e)
	}, "open and ended"},
	{"an end that is never forgotten", func(s *State) { s.ended["o_A_8"] = &ended{id: "o_A_8"} }, "offers ended lately"},
	{"a counter moved twice", func(s *State) { s.tally.OfferEnds[ctid.OfferAccepted]++ }, "offers made"},
	{"a task counted twice", func(s *State) { s.tally.Exits[ctid.ExitAbandoned]++ }, "tasks entered"},
	{"answered without an offer", func(s *State) { s.tally.Exits[ctid.ExitAnswered]++; s.tally.Entered++ }, "tasks answered"},
	{"an overdue timer", func(s *State) { s.timers[0].due = s.now }, "was due"},
	{"a timer that is lost", func(s *State) { s.timers[0].index = 7 }, "lost in the heap"},
	{"a timer out of order", func(s *State) { s.timers[len(s.timers)-1].due = s.now.Add(time.Microsecond) }, "is before its parent"},
}

// TestCheckFindsFaults plants one fault at a time, and wants all that check asks to have been broken once: an invariant that nothing can break is not one.
func TestCheckFindsFaults(t *testing.T) {
	fired := map[string]bool{}
	for _, f := range slices.Concat(agentFaults, mixedFaults, queueFaults, taskFaults) {
		t.Run(f.name, func(t *testing.T) {
			s := mixedCentre(t)
			f.plant(s)
			c := checker{asked: map[string]bool{}, broken: map[string]bool{}}
			c.all(s)
			if err := errors.Join(c.errs...); err == nil || !strings.Contains(err.Error(), f.says) {
				t.Errorf("check says %v; want %q", err, f.says)
			}
			for format := range c.asked {
				fired[format] = fired[format] || c.broken[format]
			}
		})
	}
	for _, format := range slices.Sorted(maps.Keys(fired)) {
		if !fired[format] {
			t.Errorf("no fault breaks %q", format)
		}
	}
	t.Logf("%d invariants", len(fired))
}
