package ws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// onTime checks that a session got its event without delay, whatever others do meanwhile.
func (r *rig) onTime(c *wsclient.Client, at time.Time) {
	r.t.Helper()
	if fs := kinds(drain(c), "event"); len(fs) != 1 || !fs[0].Arrived.Equal(at) || c.Err() != nil {
		r.t.Errorf("a session that did nothing wrong got %+v, %v", fs, c.Err())
	}
}

// badRequest is a request and the code that it is refused with.
type badRequest struct {
	op   string
	args any
	idem string
	want string
}

func badRequests() []badRequest {
	long := strings.Repeat("x", 5000)
	keys := map[string]int{}
	for i := range 65 {
		keys[fmt.Sprint("k", i)] = i
	}
	return []badRequest{
		{"call.fly", nil, "", "unknown_op"}, {"", nil, "", "unknown_op"}, {"desk.presence", map[string]any{"agent": "ben"}, "", "unknown_op"}, {"pop.ack", nil, "", "unknown_op"},
		{"call.hold", "c_1", "", "bad_request"}, {"call.hold", map[string]any{"call": []int{1}}, "", "bad_request"},
		{"call.dtmf", map[string]any{"call": "c_1", "digits": "12x"}, "", "bad_request"}, {"call.dtmf", map[string]any{"call": "c_1", "digits": strings.Repeat("1", 33)}, "", "bad_request"},
		{"call.consult", map[string]any{"call": "c_1", "to": map[string]string{"kind": "moon", "id": "x"}}, "", "bad_request"},
		{"call.consult", map[string]any{"call": "c_1", "to": map[string]string{"kind": "agent", "id": "ben"}, "share": "some"}, "", "bad_request"},
		{"call.transfer_blind", map[string]any{"call": "c_1", "to": map[string]string{"kind": "queue"}}, "", "bad_request"},
		{"call.transfer_blind", map[string]any{"call": "c_1", "to": map[string]string{"kind": "queue", "id": "sales"}, "on_fail": "cry"}, "", "bad_request"},
		{"call.park", map[string]any{"call": "c_1", "back_to": map[string]string{"kind": "ivr", "id": "main"}}, "", "bad_request"},
		{"call.pickup", map[string]any{}, "", "bad_request"}, {"call.pickup", map[string]any{"slot": "701", "call": "c_1"}, "", "bad_request"},
		{"call.set_data", map[string]any{"call": "c_1", "set": map[string]any{"Bad Key": 1}}, "a", "bad_request"},
		{"call.set_data", map[string]any{"call": "c_1", "unset": []string{"..."}}, "b", "bad_request"},
		{"call.set_data", map[string]any{"call": "c_1", "set": map[string]any{"k": long}}, "c", "too_large"},
		{"call.set_data", map[string]any{"call": "c_1", "set": map[string]any{"a": long[:4000], "b": long[:4000], "c": long[:4000], "d": long[:4000], "e": long[:4000]}}, "d", "too_large"},
		{"call.set_data", map[string]any{"call": "c_1", "set": keys}, "e", "too_large"},
		{"call.set_data", map[string]any{"call": "c_1"}, "", "bad_request"}, {"call.dial", map[string]any{"to": map[string]string{"kind": "number"}}, "f", "bad_request"},
		{"agent.extend_wrapup", map[string]any{"wrap": "w_1", "ms": -1}, "", "bad_request"}, {"agent.wrapup_done", map[string]any{"wrap": "w_1", "then": "dance"}, "g", "bad_request"},
		{"message.send", map[string]any{"to": map[string]string{"kind": "supervisor"}, "text": strings.Repeat("错", 501)}, "h", "too_large"},
		{"message.send", map[string]any{"to": map[string]string{"kind": "supervisor"}, "text": "x", "level": "loud"}, "i", "bad_request"},
		{"message.send", map[string]any{"to": map[string]string{"kind": "moon"}, "text": "x"}, "j", "bad_request"},
		{"queue.move", map[string]any{"call": "c_1", "queue": "sales"}, "", "forbidden"},
		{"pop.choose", map[string]any{"pop": "p_gone", "customer": "cu_1"}, "", "not_found"}, {"pop.choose", map[string]any{"pop": "p_ben", "customer": "cu_1"}, "", "not_yours"},
		{"pop.get", map[string]any{"pop": "p_ben"}, "", "not_yours"}, {"agent.ready", nil, long[:65], "bad_request"},
		{"snapshot", map[string]any{"topics": []string{"desk"}}, "", "not_found"},
	}
}

// Requests that make no sense, name what is over, or belong to somebody else: each has its code, the session lives, and
// nobody else is slowed. What is stale the desk is asked about: it alone knows the present.
func TestBadRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		r.pop("ben", "p_ben")
		c, ben := r.dial("ana", nil), r.dial("ben", nil)
		defer c.Cut()
		defer ben.Cut()
		drain(c)
		drain(ben)
		for i, x := range badRequests() {
			pass(2 * time.Second) // no rate is in the way
			drain(ben)
			r.desk.take()
			id := fmt.Sprint("r", i)
			_ = c.Send(map[string]any{"k": "req", "id": id, "op": x.op, "args": x.args, "idem": x.idem})
			at := time.Now()
			r.agentState("ben", uint64(i+1), ctid.Ready)
			r.onTime(ben, at)
			res := kinds(drain(c), "res")
			if len(res) != 1 || res[0].ID != id || res[0].Error == nil || res[0].Error.Code != x.want || res[0].Error.Text == "" {
				t.Errorf("%s %v: %+v, want %s", x.op, x.args, res, x.want)
			}
			if asked := r.desk.take(); len(asked) != 0 {
				t.Errorf("%s %v came to the desk", x.op, x.args)
			}
		}
		if c.Err() != nil {
			t.Errorf("the session ended: %v", c.Err())
		}
	})
}

// Whoever looks after a queue and asks something of a caller who has just left it is told that, and not that the caller is none of his.
func TestAskedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		sam := r.dial("sam", nil)
		defer sam.Cut()
		drain(sam)
		move := func(want string) {
			t.Helper()
			if got := r.ask(sam, "queue.move", `{"call":"c_1","queue":"sales"}`, "sam", ""); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		r.publish(ctid.Event{Rev: 1, Call: "c_1", Queue: "claims", Body: ctid.CallQueued{Position: 1}})
		move("ok")
		r.publish(ctid.Event{Rev: 2, Call: "c_1", Queue: "claims", Body: ctid.CallLeftQueue{Exit: ctid.ExitTimeout}})
		move("wrong_state")
		r.call("c_1", 3, ctid.CallEstablished{Talk: "main"}, "cleo")
		move("not_yours")
	})
}

// Old ids go to the desk, whose answer comes back as it is: an act on an old offer, a call that is over, a wrap-up of before.
func TestStaleIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		for _, x := range []struct {
			op   string
			args map[string]any
			code ctid.Code
			can  []string
		}{
			{"call.answer", map[string]any{"call": "c_1", "offer": "o_0"}, ctid.OfferOver, nil}, {"call.reject", map[string]any{"call": "c_1", "offer": "o_0"}, ctid.OfferOver, nil},
			{"call.hold", map[string]any{"call": "c_0"}, ctid.CallOver, nil}, {"call.swap", map[string]any{"call": "c_1"}, ctid.WrongState, []string{"call.hold"}},
			{"monitor.start", map[string]any{"call": "c_0", "mode": "listen"}, ctid.Forbidden, nil},
		} {
			r.desk.take()
			_ = c.Send(map[string]any{"k": "req", "id": "r-" + x.op, "op": x.op, "args": x.args})
			synctest.Wait()
			for _, a := range r.desk.take() {
				a.reply(ctid.Reply{Phase: ctid.Failed, Err: &ctid.Error{Code: x.code, Text: "over", Can: x.can}})
			}
			res := kinds(drain(c), "res")
			if len(res) != 1 || res[0].Error == nil || res[0].Error.Code != string(x.code) || res[0].Error.Retry != x.code.Row().Retry || !slices.Equal(res[0].Error.Can, x.can) {
				t.Errorf("%s: %+v, want %s", x.op, res, x.code)
			}
		}
	})
}

// Dialling and messages have rates of their own, and what is over them counts as any other excess.
func TestRatesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		n := 0
		ask := func(op string, args any) string {
			n++
			f, err := c.Do(t.Context(), op, args, fmt.Sprint("k", n))
			if err == nil {
				return "ok"
			}
			if f.Error == nil || f.Error.RetryMS < 1 || f.Error.RetryMS > 1001 {
				t.Errorf("%s: %v", op, err)
				return err.Error()
			}
			return f.Error.Code
		}
		dial := map[string]any{"to": map[string]string{"kind": "number", "e164": "+442079460044"}}
		text := map[string]any{"to": map[string]string{"kind": "supervisor"}, "text": "help"}
		var got []string
		for range 4 {
			got = append(got, ask("call.dial", dial))
		}
		for range 3 {
			got = append(got, ask("message.send", text))
		}
		pass(time.Second)
		got = append(got, ask("call.dial", dial), ask("call.dial", dial), ask("message.send", text), ask("agent.ready", nil))
		want := []string{"ok", "ok", "ok", "rate_limited", "ok", "ok", "rate_limited", "ok", "rate_limited", "ok", "ok"}
		if !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A bug that one client's message finds ends that client's session, and no other.
func TestPanicEndsOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c, ben := r.dial("ana", nil), r.dial("ben", nil)
		defer c.Cut()
		defer ben.Cut()
		drain(c)
		drain(ben)
		_ = c.Send(map[string]any{"k": "req", "id": "r1", "op": "auth.renew", "args": map[string]string{"token": "boom"}})
		closedWith(t, c, ws.CloseBug)
		at := time.Now()
		r.agentState("ben", 1, ctid.Ready)
		r.onTime(ben, at)
		if s := r.hub.Stats(); s.Sessions != 1 || s.Awake != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

// Limits of sessions, sockets and requests.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) { c.Limits.Sessions = 6; c.Limits.Unauth = 3 })
		defer r.stop()
		for range 5 {
			c := r.dial("ana", nil)
			defer c.Cut()
			drain(c)
		}
		sixth := r.dial("ana", nil)
		defer sixth.Cut()
		closedWith(t, sixth, ws.CloseSessions)
		ben := r.dial("ben", nil)
		defer ben.Cut()
		drain(ben)
		root := r.dial("root", nil)
		defer root.Cut()
		closedWith(t, root, ws.CloseOverloaded)
		for i := range 4 {
			c, err := r.tryDial("", func(c *wsclient.Config) { c.NoHello = true })
			if (err == nil) != (i < 3) {
				t.Errorf("unauthenticated socket %d: %v", i+1, err)
			}
			if err == nil {
				defer c.Cut()
			} else if !strings.Contains(err.Error(), "429") {
				t.Errorf("got %v, want 429", err)
			}
		}
	})
}

// 40 requests at once are answered; the next five are refused with the time to wait, and then the session ends.
func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.desk.auto = true
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		for i := range 45 {
			_ = c.Send(map[string]any{"k": "req", "id": fmt.Sprint("r", i), "op": "agent.ready"})
		}
		done, limited := 0, 0
		for _, f := range closedWith(t, c, ws.CloseTooMany) {
			switch {
			case f.Phase == "done":
				done++
			case f.Error != nil && f.Error.Code == "rate_limited" && f.Error.RetryMS > 0:
				limited++
			}
		}
		if done != 40 || limited < 4 {
			t.Errorf("%d done and %d refused, want 40 and 4 or 5", done, limited)
		}
	})
}

// Of 64 requests without an answer the next is refused; an answer that never comes is a timeout.
func TestOutstandingAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) { c.Limits.Outstanding = 2 })
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		r.desk.take()
		for i := range 3 {
			_ = c.Send(map[string]any{"k": "req", "id": fmt.Sprint("r", i), "op": "agent.ready"})
		}
		if fs := drain(c); len(fs) != 1 || fs[0].ID != "r2" || fs[0].Error.Code != "rate_limited" {
			t.Errorf("got %+v", fs)
		}
		pass(61 * time.Second)
		fs := kinds(drain(c), "res")
		if len(fs) != 2 || fs[0].Error.Code != "timeout" || fs[1].Error.Code != "timeout" {
			t.Errorf("after a minute: %+v", fs)
		}
		for _, a := range r.desk.take() {
			a.reply(ctid.Reply{Phase: ctid.Done}) // too late: nobody hears of it
		}
		if fs := kinds(drain(c), "res"); len(fs) != 0 {
			t.Errorf("a second final reply: %+v", fs)
		}
	})
}
