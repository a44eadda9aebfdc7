package ws_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

func resumeAt(p wsclient.Position) func(*wsclient.Config) {
	return func(c *wsclient.Config) { c.Resume = &p }
}

// A cut session gets exactly what it missed, with the seq it first had; others' events leave no hole.
func TestResumeReplays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", nil)
		drain(c)
		r.agentState("ana", 1, ctid.Ready)
		drain(c)
		c.Cut()
		var missed []uint64
		for i := range 10 {
			r.agentState("ben", uint64(i+1), ctid.Ready)
			if i%3 == 0 {
				missed = append(missed, r.agentState("ana", uint64(i+2), ctid.Paused))
			}
		}
		c = r.dial("ana", resumeAt(c.Pos()))
		defer c.Cut()
		fs := drain(c)
		if !fs[0].Resumed || fs[0].Replay != len(missed) || fs[0].Revs["agent:ana"] != 11 {
			t.Errorf("welcome %s", fs[0].Raw)
		}
		for i, f := range fs[1:] {
			if i >= len(missed) || f.K != "event" || f.Seq != missed[i] {
				t.Errorf("frame %d: %s %d, want event of %v", i+1, f.K, f.Seq, missed)
			}
		}
		if c.Err() != nil || c.Pos().Seq != missed[len(missed)-1] {
			t.Errorf("at %+v, %v", c.Pos(), c.Err())
		}
	})
}

// Whatever cannot be replayed whole is a snapshot, with the reason.
func TestResumeRefused(t *testing.T) {
	for want, c := range map[string]struct {
		change func(*ws.Config)
		pos    func(r *rig, p wsclient.Position) wsclient.Position
	}{
		"new_epoch": {nil, func(_ *rig, p wsclient.Position) wsclient.Position { p.Epoch = "E0"; return p }},
		"ahead":     {nil, func(r *rig, p wsclient.Position) wsclient.Position { p.Seq = r.seq + 1; return p }},
		"too_many":  {func(c *ws.Config) { c.Limits.ReplayEvents = 4 }, nil},
		"too_old":   {func(c *ws.Config) { c.Ring.Events = 4 }, nil},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.change)
				defer r.stop()
				cl := r.dial("ana", nil)
				drain(cl)
				cl.Cut()
				for i := range 5 {
					r.agentState("ana", uint64(i+1), ctid.Ready)
				}
				pos := cl.Pos()
				if c.pos != nil {
					pos = c.pos(r, pos)
				}
				cl = r.dial("ana", resumeAt(pos))
				defer cl.Cut()
				fs := drain(cl)
				if len(fs) != 2 || fs[0].Resumed || fs[0].Why != want || fs[1].K != "snap" || fs[1].AsOf != r.seq {
					t.Errorf("got %+v", fs)
				}
			})
		})
	}
}

// Events older than ten minutes leave the ring.
func TestRingAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		first := r.agentState("ana", 1, ctid.Ready)
		r.agentState("ana", 2, ctid.Paused)
		for _, after := range []struct {
			d   time.Duration
			why string
		}{{9 * time.Minute, ""}, {2 * time.Minute, "too_old"}} {
			pass(after.d)
			c := r.dial("ana", resumeAt(wsclient.Position{Epoch: "E1", Seq: first}))
			if fs := drain(c); fs[0].Why != after.why {
				t.Errorf("after %v: %q, want %q", after.d, fs[0].Why, after.why)
			}
			c.Cut()
		}
	})
}

// A reader that does not read is cut off with 4001 and does not hold up others; it comes back by its position.
func TestSlowReaderIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) { c.Limits.QueueFrames = 20 })
		defer r.stop()
		slow := r.dial("ana", func(c *wsclient.Config) { c.Buffer = 2 })
		good := r.dial("ana", nil)
		defer good.Cut()
		synctest.Wait()
		start := time.Now()
		for i := range 30 {
			r.agentState("ana", uint64(i+1), ctid.Ready)
			synctest.Wait()
		}
		if n := len(kinds(drain(good), "event")); n != 30 || time.Since(start) != 0 {
			t.Errorf("the good reader got %d events after %v", n, time.Since(start))
		}
		if s := r.hub.Stats(); s.Slow != 1 || s.Sessions != 1 {
			t.Errorf("stats %+v", s)
		}
		got := kinds(closedWith(t, slow, ws.CloseSlow), "event")
		slow.Cut()
		back := r.dial("ana", resumeAt(slow.Pos()))
		defer back.Cut()
		fs := drain(back)
		if n := len(kinds(fs, "event")); !fs[0].Resumed || len(got)+n != 30 {
			t.Errorf("%d events before the cut, %d after, want 30 in all (%s)", len(got), n, fs[0].Raw)
		}
	})
}

// A socket whose peer takes nothing at all ends by the write's deadline.
func TestDeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", func(c *wsclient.Config) { c.Buffer = 1 })
		defer c.Cut()
		pass(50 * time.Second)
		synctest.Wait()
		if s := r.hub.Stats(); s.Sessions != 0 || s.Awake != 0 {
			t.Errorf("still there: %+v", s)
		}
	})
}

// A snapshot larger than a part comes in several; together they hold everything once.
func TestSnapshotParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) { c.Limits.SnapPartBytes = 4000 })
		defer r.stop()
		for i := range 12 {
			r.publish(ctid.Event{Rev: 1, Agent: "ana", Call: "c_1", Pop: ctid.PopID(fmt.Sprintf("p_%02d", i)), Agents: []ctid.AgentID{"ana"},
				Body: ctid.PopOffered{PopData: ctid.PopData{Attached: []ctid.Attached{{Key: "k", Value: ctid.PrivateValue{V: strings.Repeat("v", 900)}}}}}})
		}
		c := r.dial("ana", nil)
		defer c.Cut()
		parts, pops := kinds(drain(c), "snap"), 0
		for i, f := range parts {
			d := decode[struct{ Pops []struct{ Pop string } }](t, f.Data)
			for _, p := range d.Pops {
				if want := fmt.Sprintf("p_%02d", pops); p.Pop != want {
					t.Errorf("part %d: %s, want %s", i+1, p.Pop, want)
				}
				pops++
			}
			if f.Part != i+1 || f.Last != (i == len(parts)-1) || len(f.Raw) > 5000 {
				t.Errorf("part %d: number %d, last %v, %d bytes", i+1, f.Part, f.Last, len(f.Raw))
			}
		}
		if len(parts) < 3 || pops != 12 {
			t.Errorf("%d parts with %d pops", len(parts), pops)
		}
	})
}
