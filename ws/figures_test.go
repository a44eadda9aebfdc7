package ws_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// statsRig has a count of how often the figures were looked at.
func statsRig(t *testing.T) (*rig, *atomic.Int64) {
	var looks atomic.Int64
	return newRig(t, func(c *ws.Config) {
		c.QueueStats = func(context.Context) map[ctid.QueueID]any {
			n := looks.Add(1)
			return map[ctid.QueueID]any{"claims": map[string]int64{"look": n}, "sales": map[string]int64{"look": n}}
		}
	}), &looks
}

// Figures are looked at only while somebody shows them, at most once a second, and sent to those who may see them.
func TestQueueStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, looks := statsRig(t)
		defer r.stop()
		ana := r.dial("ana", nil)
		defer ana.Cut()
		pass(10 * time.Second)
		if n := looks.Load(); n != 0 {
			t.Errorf("looked at %d times for nobody", n)
		}
		for range 5 { // joining and leaving brings no more looks than one a second
			if _, err := ana.Do(t.Context(), "sub", map[string]any{"topics": []string{"queue.stats:*"}}, ""); err != nil {
				t.Fatal(err)
			}
			pass(10 * time.Millisecond)
			if _, err := ana.Do(t.Context(), "unsub", map[string]any{"topics": []string{"queue.stats:*"}}, ""); err != nil {
				t.Fatal(err)
			}
		}
		if n := looks.Load(); n != 1 {
			t.Errorf("looked at %d times within a second", n)
		}
		drain(ana)
		head := r.agentState("cleo", 1, ctid.Ready)
		root, sam := r.dial("root", withTopics("queue.stats:*", "queue.stats:sales")), r.dial("sam", withTopics("queue.stats:*"))
		defer root.Cut()
		defer sam.Cut()
		began := looks.Load()
		pass(10 * time.Second)
		if n := looks.Load() - began; n < 9 || n > 11 {
			t.Errorf("looked at %d times in 10 s", n)
		}
		for name, want := range map[string]string{"root": "queue.stats:claims queue.stats:sales", "sam": "queue.stats:claims"} {
			c := map[string]*wsclient.Client{"root": root, "sam": sam}[name]
			seen, last := map[string]float64{}, time.Time{}
			for _, f := range kinds(drain(c), "state") {
				look := decode[map[string]float64](t, f.Data)["look"]
				if look <= seen[f.Topic] || f.Arrived.Sub(last) < time.Second && !f.Arrived.Equal(last) {
					t.Errorf("%s: %s came twice or too soon", name, f.Raw)
				}
				seen[f.Topic], last = look, f.Arrived
				if f.AsOf != head {
					t.Errorf("%s: %s is not as of %d", name, f.Raw, head)
				}
			}
			if got := strings.Join(sortedKeys(seen), " "); got != want {
				t.Errorf("%s saw %s, want %s", name, got, want)
			}
		}
		if pos := root.Pos().Seq; pos != 0 { // no snapshot, no event, no tick yet
			t.Errorf("state frames have raised the position to %d", pos)
		}
	})
}

func sortedKeys(m map[string]float64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// To one who does not read, figures are not sent twice: the newest takes the place of the one that waits.
func TestStateNeverQueuedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, looks := statsRig(t)
		defer r.stop()
		root := r.dial("root", func(c *wsclient.Config) { c.Buffer, c.Topics = 1, []string{"queue.stats:claims"} })
		defer root.Cut()
		pass(3500 * time.Millisecond) // two are on the way: one in the client's hands, one in the writer's
		synctest.Wait()
		newest := looks.Load()
		var got []int64
		for _, f := range kinds(drainAll(root), "state") {
			got = append(got, int64(decode[map[string]float64](t, f.Data)["look"]))
		}
		if len(got) == 0 || len(got) > 3 || got[len(got)-1] != newest || !slices.IsSorted(got) {
			t.Errorf("got the looks %v, the newest is %d", got, newest)
		}
	})
}

// days are those of all agents, with how often a test has changed them, and who was asked for them.
type days struct {
	mu      sync.Mutex
	changed map[ctid.AgentID]int
	asked   []ctid.AgentID
	looks   int
}

func (d *days) stats(_ context.Context, agents []ctid.AgentID) map[ctid.AgentID]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = agents
	d.looks++
	out := map[ctid.AgentID]any{}
	for _, a := range agents {
		out[a] = map[string]any{"agent": a, "taken": d.changed[a]}
	}
	return out
}

func (d *days) change(a ctid.AgentID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed[a]++
}

func (d *days) seen() ([]ctid.AgentID, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked, d.looks
}

// An agent sees his own day, a supervisor those of his teams' agents, together or one by one: at once, and then only when they have
// changed, once a second at most. Only the days that somebody shows are asked for.
func TestAgentStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &days{changed: map[ctid.AgentID]int{}}
		r := newRig(t, func(c *ws.Config) { c.AgentStats = d.stats })
		defer r.stop()
		ana, sam := r.dial("ana", withTopics("agent.stats:ana")), r.dial("sam", withTopics("team.stats:north", "agent.stats:cleo"))
		defer ana.Cut()
		defer sam.Cut()
		pass(5 * time.Second)
		if got, n := d.seen(); !slices.Equal(got, []ctid.AgentID{"ana", "ben"}) || n > 6 {
			t.Errorf("asked %d times for the days of %v", n, got)
		}
		for c, want := range map[*wsclient.Client]string{ana: `agent.stats:ana {"agent":"ana","taken":0}`,
			sam: `team.stats:north {"agents":[{"agent":"ana","taken":0},{"agent":"ben","taken":0}]}`} {
			states := kinds(drain(c), "state")
			if len(states) != 1 || states[0].Topic+" "+string(states[0].Data) != want {
				t.Errorf("got %+v, want %s once", states, want)
			}
		}
		d.change("ben")
		pass(5 * time.Second)
		if got := kinds(drain(ana), "state"); len(got) != 0 {
			t.Errorf("ana was sent %s again", got[0].Raw)
		}
		if got := kinds(drain(sam), "state"); len(got) != 1 || !strings.Contains(string(got[0].Data), `"ben","taken":1`) {
			t.Errorf("of ben's change sam got %+v", got)
		}
		late := r.dial("root", withTopics("agent.stats:ana", "team.stats:north")) // who comes later is told what stands still, too
		defer late.Cut()
		pass(2 * time.Second)
		if got := kinds(drain(late), "state"); len(got) != 2 {
			t.Errorf("%d states for who came later, want 2", len(got))
		}
		ana.Cut()
		sam.Cut()
		late.Cut()
		pass(time.Second)
		_, before := d.seen()
		pass(10 * time.Second)
		if _, after := d.seen(); after != before {
			t.Error("days were asked for that nobody shows")
		}
	})
}

// What keeps agents from a call is asked of the desk each time anew, whatever key comes with it: an answer of a moment ago is not one.
func TestWhyIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		r.peopleAtWork("sam")
		sam := r.dial("sam", nil)
		defer sam.Cut()
		for range 3 {
			if _, err := sam.Do(t.Context(), "queue.why", map[string]any{"call": "c_waits"}, "same"); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(of[ctid.QueueWhy](r.desk.take())); n != 3 {
			t.Errorf("the desk was asked %d times, want 3", n)
		}
	})
}
