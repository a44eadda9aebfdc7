package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// ringer is one agent of a queue that rings all: his telephone with a tone of its own, and his page.
type ringer struct {
	name  string
	phone *phonetest.Phone
	tone  float64
	desk  *Desk
	mark  int // of his page's frames, those before this caller
	leg   *phonetest.Dialog
}

// ringTeam makes n agents, ready.
func ringTeam(r *Rig) (team []*ringer) {
	r.T.Helper()
	for i, extension := range r.Agents() {
		x := &ringer{name: "a" + extension, phone: r.Phone(extension), tone: float64(700 + 150*i), desk: r.Desk(extension)}
		x.phone.SetTone(x.tone)
		x.phone.SetPolicy(phonetest.Ring())
		x.desk.Ready()
		x.desk.becomes(0, "ready")
		team = append(team, x)
	}
	return team
}

// Five telephones ring for one caller and are answered within 20 ms, each of them first in turn: one of them talks, the others are let
// go and end cancelled, and their agents are free again at once, without blame. It is counted once for each.
func TestRealRingAll(t *testing.T) {
	const agents, callers = 5, 5
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	r := Start(t, Options{Bin: program, PBX: asterisk, Agents: agents, Desk: "optional", Script: QueueOnly, Queue: "strategy: ring-all"})
	team := ringTeam(r)
	won := map[string]string{} // who talked with which caller
	for n := range callers {
		won[from(n)] = oneOfAll(ctx, r, team, n)
	}
	r.Clean()
	list := r.EndedRecords()
	if len(list) != callers {
		t.Errorf("%d records of %d calls", len(list), callers)
	}
	for n := range callers {
		wantOneOfAll(t, recordOf(t, list, from(n)), won[from(n)], agents)
	}
	if n := r.Metric(`ctid_call_wait_seconds_count{exit="answered",queue="sales"}`); n != callers {
		t.Errorf("%v stays in the queue were counted as answered, not %d", n, callers)
	}
	for _, x := range team {
		if n := len(x.phone.Calls()); n != callers {
			t.Errorf("the phone of %s rang %d times for %d callers", x.name, n, callers)
		}
	}
	t.Logf("figures: %v", won)
}

// oneOfAll lets the n-th caller call and all telephones answer him, and gives the agent who has him.
func oneOfAll(ctx context.Context, r *Rig, team []*ringer, n int) string {
	t := r.T
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	line := r.Caller()
	line.SetTone(callerTone)
	for _, x := range team {
		x.mark = x.desk.Len()
	}
	call, err := line.Dial(Number, phonetest.CallOptions{From: from(n)})
	must(err)
	for _, x := range team {
		x.leg, err = x.phone.AwaitCall(ctx)
		must(err)
	}
	allAnswer(ctx, team, n)
	r.Eventually("all but one let go", func() error { return letGo(team, len(team)-1) })
	var winner *ringer
	for _, x := range team {
		if !over(x.leg) {
			winner = x
			continue
		}
		if end := x.leg.End(); end.By != "peer" {
			t.Errorf("caller %d: the phone of %s was not let go, its call ended by %q", n, x.name, end.By)
		}
	}
	if winner == nil {
		t.Fatalf("caller %d: nobody talks", n)
		return ""
	}
	must(winner.leg.AwaitAnswer(ctx))
	must(call.AwaitHears(ctx, winner.tone))
	must(winner.leg.AwaitHears(ctx, callerTone))
	for _, x := range team {
		x.told(winner)
	}
	winner.mark = winner.desk.Len()
	must(call.Hangup(ctx))
	winner.desk.becomes(winner.mark, "ready")
	must(asterisk.AwaitIdle(ctx))
	return winner.name
}

// allAnswer has every telephone answer, 5 ms apart; the n-th goes first. An error is the hang-up that came before.
func allAnswer(ctx context.Context, team []*ringer, n int) {
	var all sync.WaitGroup
	defer all.Wait()
	for i := range team {
		x, due := team[(n+i)%len(team)], time.After(time.Duration(i)*5*time.Millisecond)
		all.Go(func() {
			<-due
			_ = x.leg.Answer(ctx)
		})
	}
}

// letGo says whether so many of the legs are over.
func letGo(team []*ringer, want int) error {
	gone := 0
	for _, x := range team {
		if over(x.leg) {
			gone++
		}
	}
	if gone != want {
		return fmt.Errorf("%d of %d are", gone, want)
	}
	return nil
}

// told holds what an agent's page was told of the caller: of the winner that he talks, of the others that it is over, at once and
// without blame.
func (x *ringer) told(winner *ringer) {
	t := x.desk.r.T
	t.Helper()
	want := "reserved talking"
	if x != winner {
		want = "reserved ready"
		if why, _ := x.desk.closedAs(x.mark); why != "answered_elsewhere" {
			t.Errorf("the pop of %s was closed as %s", x.name, why)
		}
	}
	_, last, _ := strings.Cut(want, " ")
	f, _ := x.desk.State(x.mark, last)
	talks, _ := winner.desk.State(winner.mark, "talking")
	if late := f.Arrived.Sub(talks.Arrived); late > time.Second {
		t.Errorf("%s is %s %v after the caller was answered", x.name, last, late)
	}
	var states []string
	for _, f := range x.desk.from(x.mark) {
		var v ctid.AgentView
		if f.K != "event" || f.Type != "agent.state_changed" {
			continue
		}
		if err := json.Unmarshal(f.Data, &v); err != nil || v.Misses != 0 {
			t.Errorf("%s: %d misses, %v", x.name, v.Misses, err)
		}
		states = append(states, string(v.State))
	}
	if got := strings.Join(slices.Compact(states), " "); got != want {
		t.Errorf("%s was %s, want %s", x.name, got, want)
	}
}

// wantOneOfAll holds a caller's record: an offer for each agent, the winner's accepted, the others' cancelled.
func wantOneOfAll(t *testing.T, rec *ctid.CallRecord, winner string, agents int) {
	t.Helper()
	who := map[ctid.AgentID]ctid.OfferEnd{}
	for _, o := range rec.Offers {
		who[o.Agent] = o.End
		want := ctid.OfferCancelled
		if string(o.Agent) == winner {
			want = ctid.OfferAccepted
		}
		if o.End != want {
			t.Errorf("%s: the offer to %s ended %s, want %s", rec.ANI.E164, o.Agent, o.End, want)
		}
	}
	if len(rec.Offers) != agents || len(who) != agents {
		t.Errorf("%s: %d offers to %d agents", rec.ANI.E164, len(rec.Offers), len(who))
	}
	if rec.Outcome != "answered" || len(rec.Agents) != 1 || string(rec.Agents[0].Agent) != winner {
		t.Errorf("%s: %s by %+v, want %s", rec.ANI.E164, rec.Outcome, rec.Agents, winner)
	}
}
