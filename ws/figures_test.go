package ws_test

import (
	"context"
	"slices"
	"strings"
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
