package ws_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// A first hello gets welcome and a snapshot; later events follow it without a hole.
func TestWelcomeSnapshotThenEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		r.agentState("ana", 4, ctid.Ready)
		c := r.dial("ana", nil)
		defer c.Cut()
		fs := drain(c)
		if len(fs) != 2 || fs[0].K != "welcome" || fs[1].K != "snap" {
			t.Fatalf("got %d frames, want welcome and snap: %+v", len(fs), fs)
		}
		if fs[0].Resumed || fs[0].Why != "first" || fs[0].Epoch != "E1" || fs[0].Seq != r.seq || fs[0].Revs["agent:ana"] != 4 || !fs[0].Front {
			t.Errorf("welcome %s", fs[0].Raw)
		}
		snap := decode[struct{ Agent ctid.AgentView }](t, fs[1].Data)
		if fs[1].AsOf != r.seq || !fs[1].Last || snap.Agent.State != ctid.Ready {
			t.Errorf("snap %s", fs[1].Raw)
		}
		r.agentState("ben", 2, ctid.Paused)
		seq := r.agentState("ana", 5, ctid.Paused)
		fs = drain(c)
		if len(fs) != 1 || fs[0].Seq != seq || fs[0].Prev != seq-6 || fs[0].Type != "agent.state_changed" || c.Pos().Seq != seq {
			t.Errorf("got %+v, want only ana's event %d", fs, seq)
		}
	})
}

// The pop's write has returned before PopWritten does, and it names the sockets.
func TestPopWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		if n, ok := r.hub.PopWritten(context.Background(), "ana", r.pop("ana", "p_0")); n != 0 || !ok {
			t.Errorf("without a socket: %d %v, want 0 true", n, ok)
		}
		a, b := r.dial("ana", nil), r.dial("ana", nil)
		defer a.Cut()
		defer b.Cut()
		drain(a)
		drain(b)
		seq := r.pop("ana", "p_1")
		if n, ok := r.hub.PopWritten(context.Background(), "ana", seq); n != 2 || !ok {
			t.Errorf("with two sockets: %d %v, want 2 true", n, ok)
		}
		if n, ok := r.hub.PopWritten(context.Background(), "ana", seq); n != 2 || !ok {
			t.Errorf("asked again: %d %v, want 2 true", n, ok)
		}
	})
}

// A socket that does not take the write holds PopWritten until its context ends.
func TestPopWrittenStuckSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		good := r.dial("ana", nil)
		defer good.Cut()
		stuck := r.dial("ana", func(c *wsclient.Config) { c.Buffer = 2 }) // welcome and snap fill it: the pop is read, and no more
		defer stuck.Cut()
		drain(good)
		r.pop("ana", "p_1")
		synctest.Wait()
		seq := r.pop("ana", "p_2")
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		n, ok := r.hub.PopWritten(ctx, "ana", seq)
		if ok || n != 1 || time.Since(start) != 50*time.Millisecond {
			t.Errorf("got %d %v after %v, want 1 false after 50ms", n, ok, time.Since(start))
		}
	})
}

// A pop is sent again after 2, 4, 8 and then every 10 s with the same seq and a higher try, until a page has shown it.
func TestPopResend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", func(c *wsclient.Config) { c.NoAck = true })
		defer c.Cut()
		drain(c)
		start := time.Now()
		seq := r.pop("ana", "p_1")
		pass(45 * time.Second)
		var at []time.Duration
		for i, f := range kinds(drain(c), "event") {
			at = append(at, f.Arrived.Sub(start))
			if f.Seq != seq || f.Try != i+1 || f.Repeat != (i > 0) {
				t.Errorf("sending %d: seq %d try %d repeat %v", i+1, f.Seq, f.Try, f.Repeat)
			}
		}
		want := []int{0, 2, 6, 14, 24, 34, 44}
		if len(at) != len(want) {
			t.Fatalf("sent at %v, want seconds %v", at, want)
		}
		for i := range want {
			if at[i].Seconds() != float64(want[i]) {
				t.Errorf("sent at %v, want seconds %v", at, want)
			}
		}
		r.desk.take()
		_ = c.Send(map[string]any{"k": "ack", "pop": "p_1", "rev": 1, "what": "shown"})
		_ = c.Send(map[string]any{"k": "ack", "pop": "p_1", "rev": 1, "what": "shown"})
		_ = c.Send(map[string]any{"k": "ack", "pop": "p_1", "rev": 1, "what": "opened"})
		pass(time.Minute)
		if n := len(kinds(drain(c), "event")); n != 0 {
			t.Errorf("sent %d times after it was shown", n)
		}
		if acks := of[ctid.PopAck](r.desk.take()); len(acks) != 2 || acks[0].What != "shown" || acks[1].What != "opened" {
			t.Errorf("the desk got %+v, want one shown and one opened", acks)
		}
	})
}

// Without tocks a session is asleep within 40 s though its socket lives; the desk hears of it, and of its waking.
func TestAsleepAndPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", func(c *wsclient.Config) { c.NoTock = true })
		defer c.Cut()
		synctest.Wait()
		if got := of[ctid.DeskPresence](r.desk.take()); len(got) != 1 || !got[0].Awake || got[0].Agent != "ana" {
			t.Fatalf("after hello the desk heard %+v", got)
		}
		pass(36 * time.Second)
		synctest.Wait()
		if got := of[ctid.DeskPresence](r.desk.take()); len(got) != 1 || got[0].Awake {
			t.Fatalf("after two missed tocks the desk heard %+v", got)
		}
		pass(5 * time.Minute) // pongs keep the path alive
		drain(c)
		if c.Err() != nil {
			t.Fatalf("the socket ended: %v", c.Err())
		}
		_ = c.Send(map[string]any{"k": "tock", "n": 1, "front": true})
		synctest.Wait()
		if got := of[ctid.DeskPresence](r.desk.take()); len(got) != 1 || !got[0].Awake {
			t.Fatalf("after waking the desk heard %+v", got)
		}
		c.Cut()
		synctest.Wait()
		if got := of[ctid.DeskPresence](r.desk.take()); len(got) != 1 || got[0].Awake {
			t.Fatalf("after the cut the desk heard %+v", got)
		}
	})
}

// A page that answers stays awake for half an hour of ticks and pings.
func TestStaysAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		pass(30 * time.Minute)
		fs := drain(c)
		if n := len(kinds(fs, "tick")); n < 119 || n > 120 {
			t.Errorf("%d ticks in 30 min, want one every 15 s", n)
		}
		if s := r.hub.Stats(); s.Sessions != 1 || s.Asleep != 0 || s.Awake != 1 || c.Err() != nil {
			t.Errorf("stats %+v, err %v", s, c.Err())
		}
	})
}

// A request goes to the desk with who asked; its two phases come back; a repeat with the same key is not done twice.
func TestRequestsAndIdem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		r.desk.take()
		req := func(id, op, idem string, args any) {
			_ = c.Send(map[string]any{"k": "req", "id": id, "op": op, "idem": idem, "args": args})
			synctest.Wait()
		}
		req("r1", "agent.wrapup_done", "k1", map[string]any{"wrap": "w_1", "disposition": "sale"})
		as := r.desk.take()
		if len(as) != 1 || as[0].a.(ctid.AgentWrapUpDone).Disposition != "sale" || as[0].who.Agent != "ana" || as[0].who.Session == "" || as[0].who.Req != "r1" {
			t.Fatalf("the desk got %+v", as)
		}
		as[0].reply(ctid.Reply{Phase: ctid.Started, Seq: 7})
		req("r2", "agent.wrapup_done", "k1", map[string]any{"disposition": "sale", "wrap": "w_1"})
		as[0].reply(ctid.Reply{Phase: ctid.Done, Seq: 9})
		synctest.Wait()
		req("r3", "agent.wrapup_done", "k1", map[string]any{"wrap": "w_1", "disposition": "sale"})
		req("r4", "agent.wrapup_done", "k1", map[string]any{"wrap": "w_1", "disposition": "none"})
		req("r5", "agent.wrapup_done", "", map[string]any{"wrap": "w_1"})
		req("r6", "agent.fly", "", nil)
		req("r7", "agent.pause", "", map[string]any{"reason": 5})
		if n := len(r.desk.take()); n != 0 {
			t.Errorf("the desk got %d more requests", n)
		}
		got := map[string][]string{}
		for _, f := range kinds(drain(c), "res") {
			word := f.Phase
			if f.Error != nil {
				word += " " + f.Error.Code + " " + f.Error.Retry
			}
			got[f.ID] = append(got[f.ID], word)
		}
		want := `{"r1":["started","done"],"r2":["started","done"],"r3":["started","done"],"r4":["failed idem_mismatch look"],` +
			`"r5":["failed bad_request never"],"r6":["failed unknown_op never"],"r7":["failed bad_request never"]}`
		if b, _ := json.Marshal(got); string(b) != want {
			t.Errorf("got  %s\nwant %s", b, want)
		}
		pass(11 * time.Minute)
		req("r8", "agent.wrapup_done", "k1", map[string]any{"wrap": "w_2"})
		if n := len(of[ctid.AgentWrapUpDone](r.desk.take())); n != 1 {
			t.Errorf("after 10 min a key is free again; the desk got %d", n)
		}
	})
}

// The desk topic is for admins; link and draining events reach every page.
func TestTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		ana := r.dial("ana", func(c *wsclient.Config) { c.Topics = []string{"desk", "moon"} })
		defer ana.Cut()
		root := r.dial("root", func(c *wsclient.Config) { c.Topics = []string{"desk"} })
		defer root.Cut()
		w := drain(ana)[0]
		refused := decode[struct {
			Refused []struct{ Topic, Code string }
		}](t, w.Raw).Refused
		if len(refused) != 2 || refused[0].Code != "forbidden" || refused[1].Code != "not_found" {
			t.Errorf("refused %+v", refused)
		}
		drain(root)
		r.publish(ctid.Event{Rev: 1, Body: ctid.ConfigChanged{Hash: "h", What: "reload"}})
		r.publish(ctid.Event{Rev: 2, Body: ctid.LinkChanged{PBX: "a", State: "down"}})
		r.publish(ctid.Event{Rev: 2, Call: "c_1", Agents: []ctid.AgentID{"ana"}, Body: ctid.CallNote{What: "late"}})
		if fs := drain(ana); len(fs) != 1 || fs[0].Type != "link.changed" {
			t.Errorf("ana got %+v", fs)
		}
		if fs := drain(root); len(fs) != 2 || fs[0].Type != "config.changed" || fs[1].Type != "link.changed" {
			t.Errorf("root got %+v", fs)
		}
		if _, err := root.Do(context.Background(), "agent.ready", nil, ""); err == nil {
			t.Error("one who is no agent became ready")
		}
	})
}

// Another client id must take the seat over; the one displaced is told and closed with 4300.
func TestSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		ctx := context.Background()
		one := r.dial("ana", nil)
		defer one.Cut()
		if _, err := one.Do(ctx, "agent.login", nil, ""); err != nil {
			t.Fatal(err)
		}
		two := r.dial("ana", func(c *wsclient.Config) { c.ID = "other" })
		defer two.Cut()
		for _, op := range []string{"agent.ready", "agent.login"} {
			if f, err := two.Do(ctx, op, nil, ""); err == nil || f.Error.Code != "seat_taken" {
				t.Errorf("%s from a second desktop: %v", op, err)
			}
		}
		if !r.hub.HoldsSeat(ctx, "ana", "browser-ana") || r.hub.HoldsSeat(ctx, "ana", "other") || r.hub.HoldsSeat(ctx, "ana", "third") || r.hub.HoldsSeat(ctx, "ben", "browser-ana") {
			t.Error("the seat is not the first desktop's alone")
		}
		if _, err := two.Do(ctx, "agent.login", map[string]any{"takeover": true}, ""); err != nil {
			t.Fatal(err)
		}
		if r.hub.HoldsSeat(ctx, "ana", "browser-ana") || !r.hub.HoldsSeat(ctx, "ana", "other") {
			t.Error("the seat was not taken over")
		}
		fs := closedWith(t, one, ws.CloseDisplaced)
		if s := kinds(fs, "session"); len(s) == 0 || s[len(s)-1].What != "displaced" {
			t.Errorf("the displaced desktop got %+v", s)
		}
		if _, err := two.Do(ctx, "agent.ready", nil, ""); err != nil {
			t.Error(err)
		}
	})
}

// News of an agent who is out, such as of his telephone, may cross with his login; his seat stays his. Leaving frees it.
func TestSeatStaysThroughNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		ask := func(c *wsclient.Client, op string) string {
			f, err := c.Do(context.Background(), op, nil, "")
			if err != nil && f.Error != nil {
				return f.Error.Code
			}
			return "ok"
		}
		one := r.dial("ana", nil)
		defer one.Cut()
		if got := ask(one, "agent.login"); got != "ok" {
			t.Fatal(got)
		}
		r.agentState("ana", 1, ctid.Out)
		two := r.dial("ana", func(c *wsclient.Config) { c.ID = "other" })
		defer two.Cut()
		drain(two) // it is in
		if a, b := ask(one, "agent.ready"), ask(two, "agent.ready"); a != "ok" || b != "seat_taken" {
			t.Errorf("the one who logged in: %s, the other: %s", a, b)
		}
		r.agentState("ana", 2, ctid.Ready)
		r.agentState("ana", 3, ctid.Out)
		if a, b := ask(two, "agent.login"), ask(one, "agent.ready"); a != "ok" || b != "seat_taken" {
			t.Errorf("after leaving: the other %s, the first %s", a, b)
		}
	})
}
