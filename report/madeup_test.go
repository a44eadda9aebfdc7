package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the days of these tests are those of four places, on any machine

	"ctid"
)

// A day is made up here as a list of stays with all that is known of them afterwards, and told to the Fold as the events that tell of
// them. What the Fold says at any moment must be what a walk over the list gives.

// lived is one stay, as its maker knows it.
type lived struct {
	queue    ctid.QueueID
	from, to time.Time // equal where he was not let in
	exit     ctid.QueueExit
	callback bool
	undone   time.Time // when it came out that an answered one had heard nobody; zero: he had
}

// shift is a time that an agent was in a state.
type shift struct {
	state    ctid.AgentState
	from, to time.Time
}

// piece is a conversation with its wrap-up.
type piece struct {
	agent      ctid.AgentID
	queue      ctid.QueueID // empty: a callback
	took, over time.Time
	talk, wrap time.Duration
}

// days is what was made up.
type days struct {
	rnd    *rand.Rand
	events []ctid.Event
	stays  []lived
	shifts map[ctid.AgentID][]shift
	pieces []piece
	missed map[ctid.AgentID][]time.Time
	free   map[ctid.AgentID]time.Time
	n      int
}

var queues = []ctid.QueueID{"claims", "sales", "night"}

var places = []struct {
	zone string
	day  string // in which the clocks are set, or just any
}{{"Asia/Hong_Kong", "2026-05-04"}, {"America/New_York", "2026-03-08"}, {"Europe/Berlin", "2026-10-25"}, {"UTC", "2026-12-31"}}

func testConfig(t *testing.T, zone string, span time.Duration) Config {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Zone: loc, Interval: span, Queues: map[ctid.QueueID]Rules{"claims": {20 * time.Second, 5 * time.Second},
		"sales": {time.Minute, 10 * time.Second}, "night": {15 * time.Second, 0}}}
}

func (d *days) tell(at time.Time, ev ctid.Event) {
	ev.At = at
	d.events = append(d.events, ev)
}

// within is a random time of up to most, at least a millisecond.
func (d *days) within(most time.Duration) time.Duration {
	return time.Duration(1+d.rnd.Int64N(most.Milliseconds())) * time.Millisecond
}

func (d *days) queue() ctid.QueueID { return queues[d.rnd.IntN(len(queues))] }

// makeUp makes a day and a half of calls.
func makeUp(seed uint64, begins time.Time) *days {
	d := &days{rnd: rand.New(rand.NewPCG(seed, 7)), shifts: map[ctid.AgentID][]shift{}, missed: map[ctid.AgentID][]time.Time{}, free: map[ctid.AgentID]time.Time{}}
	for i := range 12 {
		a := ctid.AgentID(fmt.Sprint("a", i))
		d.become(a, begins.Add(d.within(2*time.Hour)), ctid.Ready)
	}
	times := make([]time.Duration, 400)
	for i := range times {
		times[i] = d.within(36 * time.Hour)
	}
	slices.Sort(times)
	for _, at := range times {
		d.n++
		d.call(ctid.CallID(fmt.Sprint("c_", d.n)), begins.Add(at))
	}
	slices.SortStableFunc(d.events, func(a, b ctid.Event) int { return a.At.Compare(b.At) })
	for i := range d.events {
		d.events[i].Seq = uint64(10 * (i + 1))
	}
	return d
}

// become tells of an agent's new state.
func (d *days) become(a ctid.AgentID, at time.Time, s ctid.AgentState) {
	list := d.shifts[a]
	if n := len(list); n > 0 {
		list[n-1].to = at
	}
	d.shifts[a] = append(list, shift{state: s, from: at})
	d.free[a] = at
	d.tell(at, ctid.Event{Agent: a, Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: a, State: s}}})
}

// agent is one who is ready at that moment and has nothing to do afterwards; empty: none is.
func (d *days) agent(at time.Time) ctid.AgentID {
	for i := range 12 {
		a := ctid.AgentID(fmt.Sprint("a", (i+d.n)%12))
		if last := d.shifts[a][len(d.shifts[a])-1]; last.state == ctid.Ready && d.free[a].Add(time.Minute).Before(at) {
			return a
		}
	}
	return ""
}

// call is the life of one call.
func (d *days) call(id ctid.CallID, at time.Time) {
	q := d.queue()
	if d.rnd.IntN(12) == 0 { // not let in
		exit := []ctid.QueueExit{ctid.ExitFull, ctid.ExitClosed, ctid.ExitJoinEmpty, ctid.ExitDiverted}[d.rnd.IntN(4)]
		d.stays = append(d.stays, lived{queue: q, from: at, to: at, exit: exit})
		d.tell(at, ctid.Event{Call: id, Queue: q, Body: ctid.CallLeftQueue{Exit: exit}})
		d.tell(at.Add(time.Second), ctid.Event{Call: id, Body: ctid.CallCleared{Outcome: "script"}})
		return
	}
	callback := d.rnd.IntN(10) == 0
	d.tell(at, ctid.Event{Call: id, Queue: q, Body: ctid.CallQueued{Callback: callback}})
	s := lived{queue: q, from: at, callback: callback}
	for d.rnd.IntN(5) == 0 { // on to another queue
		at = at.Add(d.within(90 * time.Second))
		to := d.queue()
		if to == s.queue {
			d.tell(at, ctid.Event{Call: id, Queue: to, Body: ctid.CallQueued{Callback: callback}}) // put back, or ctid was restarted
			continue
		}
		b := ctid.CallWaitingChanged{From: s.queue, What: "overflowed", Callback: callback}
		s.to, s.exit = at, ctid.ExitTimeout
		if d.rnd.IntN(2) == 0 {
			b.What, s.exit = "moved", ctid.ExitRemoved
		} else if d.rnd.IntN(2) == 0 {
			b.Why, s.exit = ctid.ExitLeaveEmpty, ctid.ExitLeaveEmpty
		}
		d.stays = append(d.stays, s)
		d.tell(at, ctid.Event{Call: id, Queue: to, Body: b})
		s = lived{queue: to, from: at, callback: callback}
	}
	d.ends(id, s, at.Add(d.within(2*time.Minute)))
}

// ends is how a call's last stay ends.
func (d *days) ends(id ctid.CallID, s lived, at time.Time) {
	s.to = at
	a := d.agent(at)
	switch n := d.rnd.IntN(10); {
	case n < 6 && a != "":
		s.exit = ctid.ExitAnswered
		d.talk(id, &s, a)
	case n < 8:
		s.exit = ctid.ExitAbandoned
		d.tell(at, ctid.Event{Call: id, Queue: s.queue, Body: ctid.CallCleared{Outcome: "abandoned"}})
	case n == 8:
		s.exit = []ctid.QueueExit{ctid.ExitTimeout, ctid.ExitKey, ctid.ExitCallback, ctid.ExitRemoved, ctid.ExitLeaveEmpty}[d.rnd.IntN(5)]
		d.tell(at, ctid.Event{Call: id, Queue: s.queue, Body: ctid.CallLeftQueue{Exit: s.exit}})
		d.tell(at.Add(d.within(time.Minute)), ctid.Event{Call: id, Body: ctid.CallCleared{Outcome: "script"}})
	default:
		s.exit = ctid.ExitRemoved
		d.tell(at, ctid.Event{Call: id, Queue: s.queue, Body: ctid.CallCleared{Outcome: "fallback"}})
	}
	d.stays = append(d.stays, s)
}

// talk is a conversation from its ring to the end of its wrap-up, sometimes behind a ring that another did not hear.
func (d *days) talk(id ctid.CallID, s *lived, a ctid.AgentID) {
	if missed := ctid.AgentID("a0"); d.rnd.IntN(6) == 0 && d.shifts[missed][0].from.Before(s.to.Add(-time.Second)) {
		d.missed[missed] = append(d.missed[missed], s.to.Add(-time.Millisecond/2))
		d.tell(s.to.Add(-time.Millisecond/2), ctid.Event{Call: id, Queue: s.queue, Agent: missed, Body: ctid.CallDiverted{FromAgent: missed, Why: "no_answer"}})
	}
	up := s.to.Add(-time.Millisecond / 4) // the core knows it before the two hear each other
	d.become(a, up.Add(-2*time.Second), ctid.Reserved)
	d.become(a, up, ctid.Talking)
	d.tell(s.to, ctid.Event{Call: id, Queue: s.queue, Agent: a, Body: ctid.CallEstablished{Talk: "main"}})
	over := s.to.Add(d.within(10 * time.Minute))
	outcome := "answered"
	if d.rnd.IntN(12) == 0 {
		over, outcome = s.to.Add(300*time.Millisecond), "abandoned"
		s.undone = over.Add(time.Millisecond)
	}
	p := piece{agent: a, queue: s.queue, took: s.to, talk: over.Sub(up)}
	if s.callback {
		p.queue, s.undone = "", time.Time{}
	}
	end := over
	if d.rnd.IntN(2) == 0 {
		p.wrap = d.within(time.Minute)
		d.become(a, over, ctid.WrapUp)
		end = over.Add(p.wrap)
	}
	d.become(a, end, []ctid.AgentState{ctid.Ready, ctid.Ready, ctid.Ready, ctid.Paused}[d.rnd.IntN(4)])
	if d.shifts[a][len(d.shifts[a])-1].state == ctid.Paused {
		d.become(a, end.Add(d.within(time.Minute)), ctid.Ready)
	}
	p.over = end
	d.pieces = append(d.pieces, p)
	d.tell(over.Add(time.Millisecond), ctid.Event{Call: id, Queue: s.queue, Body: ctid.CallCleared{Outcome: outcome}})
}
