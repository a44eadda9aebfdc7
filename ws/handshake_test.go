package ws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"
)

// Every way in, and every way that is not.
func TestCredentials(t *testing.T) {
	none := func(c *wsclient.Config) { c.HeaderToken = "" }
	for name, c := range map[string]struct {
		change func(*wsclient.Config)
		code   ws.CloseCode // 0: let in
	}{
		"header":           {nil, 0},
		"hello token":      {func(c *wsclient.Config) { none(c); c.HelloToken = "ana" }, 0},
		"ticket":           {func(c *wsclient.Config) { none(c); c.Ticket = "T1" }, 0},
		"wrong header":     {func(c *wsclient.Config) { c.HeaderToken = "wrong" }, ws.CloseExpired},
		"wrong token":      {func(c *wsclient.Config) { none(c); c.HelloToken = "wrong" }, ws.CloseExpired},
		"no token":         {none, ws.CloseNoHello},
		"wrong ticket":     {func(c *wsclient.Config) { none(c); c.Ticket = "T9" }, ws.CloseBadTicket},
		"ended token":      {func(c *wsclient.Config) { c.HeaderToken = "old" }, ws.CloseExpired},
		"no hello":         {func(c *wsclient.Config) { c.NoHello = true }, ws.CloseNoHello},
		"auth out of work": {func(c *wsclient.Config) { c.HeaderToken = "down" }, ws.CloseOverloaded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				defer r.stop()
				r.auth.tickets["T1"] = "ana"
				r.auth.tokens["old"] = ctid.Who{User: "ana", Agent: "ana", Until: time.Now().Add(-time.Second)}
				if name == "auth out of work" {
					r.auth.down = errors.New("store is down")
				}
				cl := r.dial("ana", c.change)
				defer cl.Cut()
				if c.code == 0 {
					if fs := drain(cl); len(fs) == 0 || fs[0].K != "welcome" {
						t.Errorf("got %+v", fs)
					}
					return
				}
				start := time.Now()
				fs := closedWith(t, cl, c.code)
				if len(fs) != 1 || fs[0].K != "bye" || fs[0].Code != int(c.code) || fs[0].Text == "" {
					t.Errorf("before the close came %+v", fs)
				}
				if c.code == ws.CloseOverloaded && (fs[0].RetryMS == 0 || fs[0].SpreadMS == 0) {
					t.Error("no advice when to come back")
				}
				if waited := time.Since(start); (name == "no hello") != (waited == 5*time.Second) {
					t.Errorf("closed after %v", waited)
				}
				if s := r.hub.Stats(); s.Sessions != 0 {
					t.Errorf("%d sessions", s.Sessions)
				}
			})
		})
	}
}

// A ticket is good once.
func TestTicketUsedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		r.auth.tickets["T1"] = "ana"
		with := func(c *wsclient.Config) { c.HeaderToken, c.Ticket = "", "T1" }
		first := r.dial("", with)
		defer first.Cut()
		if fs := drain(first); fs[0].K != "welcome" {
			t.Fatalf("got %+v", fs)
		}
		second := r.dial("", with)
		defer second.Cut()
		closedWith(t, second, ws.CloseBadTicket)
	})
}

// A page of another site is refused before the upgrade; the own host and listed origins are let in.
func TestOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *ws.Config) { c.Origins = []string{"https://crm.test"} })
		defer r.stop()
		for origin, ok := range map[string]bool{"": true, "https://desk.test": true, "https://crm.test": true,
			"https://evil.test": false, "null": false, "https://desk.test.evil.test": false, "https://crm.test:8443": false} {
			c, err := r.tryDial("ana", func(c *wsclient.Config) { c.Origin = origin })
			if (err == nil) != ok {
				t.Errorf("origin %q: %v", origin, err)
			}
			if err == nil {
				c.Cut()
			} else if !strings.Contains(err.Error(), "403") {
				t.Errorf("origin %q: %v, want 403", origin, err)
			}
		}
	})
}

// Frames that are none end the session with the code for a client's bug, a message too big with 1009.
func TestMalformed(t *testing.T) {
	deep := []byte(strings.Repeat("[", 60_000))
	for name, c := range map[string]struct {
		kind int
		msg  []byte
		code ws.CloseCode
	}{
		"binary":        {websocket.BinaryMessage, []byte(`{"k":"tock"}`), ws.CloseMalformed},
		"no json":       {websocket.TextMessage, []byte(`hello`), ws.CloseMalformed},
		"no kind":       {websocket.TextMessage, []byte(`{"id":"r1"}`), ws.CloseMalformed},
		"not utf-8":     {websocket.TextMessage, []byte("{\"k\":\"\xff\"}"), ws.CloseMalformed},
		"depth bomb":    {websocket.TextMessage, deep, ws.CloseMalformed},
		"depth 100,000": {websocket.TextMessage, []byte(strings.Repeat("[", 100_000)), ws.CloseTooBig},
		"object bomb":   {websocket.TextMessage, []byte(strings.Repeat(`{"k":`, 10_000)), ws.CloseMalformed},
		"hello again":   {websocket.TextMessage, []byte(`{"k":"hello"}`), ws.CloseOutOfOrder},
		"over 64 KiB":   {websocket.TextMessage, bytes.Repeat([]byte(" "), 64<<10+1), ws.CloseTooBig},
		"100 MB":        {websocket.TextMessage, bytes.Repeat([]byte(" "), 100_000_000), ws.CloseTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				defer r.stop()
				cl, ben := r.dial("ana", nil), r.dial("ben", nil)
				defer cl.Cut()
				defer ben.Cut()
				drain(cl)
				drain(ben)
				_ = cl.SendRaw(c.kind, c.msg) // fails when the server closes before it has read all
				at := time.Now()
				r.agentState("ben", 1, ctid.Ready)
				r.onTime(ben, at)
				closedWith(t, cl, c.code)
				at = time.Now()
				r.agentState("ben", 2, ctid.Paused)
				r.onTime(ben, at)
			})
		})
	}
}

// An open socket is use of its token: Auth is told every few minutes, for one after the other. A token that has become
// worthless ends its session; an Auth that cannot look ends nobody's.
func TestTokenInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		r.auth.tickets["T1"] = "ben"
		ana, ben := r.dial("ana", nil), r.dial("", func(c *wsclient.Config) { c.HeaderToken, c.Ticket, c.ID = "", "T1", "b" })
		defer ana.Cut()
		defer ben.Cut()
		used := func() []string {
			synctest.Wait()
			r.auth.mu.Lock()
			defer r.auth.mu.Unlock()
			out := r.auth.used
			r.auth.used = nil
			slices.Sort(out)
			return out
		}
		pass(4 * time.Minute)
		if got := used(); len(got) != 0 {
			t.Errorf("too early: %v", got)
		}
		pass(6*time.Minute + time.Second)
		if got := used(); !slices.Equal(got, []string{"ana", "ana", "ben", "ben"}) {
			t.Errorf("in 10 min: %v", got)
		}
		r.auth.mu.Lock()
		r.auth.down = errors.New("store is down")
		r.auth.mu.Unlock()
		pass(5 * time.Minute)
		r.auth.mu.Lock()
		r.auth.down = nil
		delete(r.auth.tokens, "ben")
		r.auth.mu.Unlock()
		drain(ana)
		if drain(ben); ana.Err() != nil || ben.Err() != nil {
			t.Fatalf("the store's trouble ended a session: %v, %v", ana.Err(), ben.Err())
		}
		pass(5 * time.Minute)
		closedWith(t, ben, ws.CloseRevoked)
		if drain(ana); ana.Err() != nil {
			t.Errorf("ana's ended too: %v", ana.Err())
		}
	})
}

// What is unknown is answered or passed over, and the session lives.
func TestUnknownIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		c := r.dial("ana", nil)
		defer c.Cut()
		drain(c)
		for _, f := range []string{`{"k":"wink"}`, `{"k":"wink","id":"r1"}`, `{"k":"tock","n":99,"later":{"a":1}}`, `{"k":"ack","pop":"p_9","what":"shown"}`,
			`{"k":"req","id":"r2","op":"snapshot","args":{"topics":["moon"]}}`, `{"k":"req","op":"agent.ready"}`, `{"k":"req","id":"r3","op":"pop.get","args":{"pop":"p_9"}}`} {
			_ = c.SendRaw(websocket.TextMessage, []byte(f))
		}
		got := ""
		for _, f := range drain(c) {
			got += f.ID + ":" + f.Error.Code + " "
		}
		if want := "r1:bad_request r2:not_found :bad_request r3:not_found "; got != want || c.Err() != nil {
			t.Errorf("got %q, %v", got, c.Err())
		}
	})
}

// A session ends with its token, is told a minute before, and can put itself on a new one; a live call holds it.
func TestTokenEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		r.auth.tokens["ana"] = ctid.Who{User: "ana", Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}, Until: time.Now().Add(5 * time.Minute)}
		r.auth.tokens["ana2"] = ctid.Who{User: "ana", Agent: "ana", Roles: []ctid.Role{ctid.RoleAgent}, Until: time.Now().Add(10 * time.Minute)}
		c := r.dial("ana", nil)
		defer c.Cut()
		pass(4*time.Minute + time.Second)
		if s := kinds(drain(c), "session"); len(s) != 1 || s[0].What != "expiring" {
			t.Fatalf("a minute before the end: %+v", s)
		}
		if _, err := c.Do(context.Background(), "auth.renew", map[string]string{"token": "ben"}, ""); err == nil {
			t.Error("renewed with another user's token")
		}
		if _, err := c.Do(context.Background(), "auth.renew", map[string]string{"token": "ana2"}, ""); err != nil {
			t.Fatal(err)
		}
		call := func(body ctid.Body) {
			r.publish(ctid.Event{Rev: 1, Call: "c_1", Agent: "ana", Agents: []ctid.AgentID{"ana"}, Body: body})
		}
		call(ctid.CallEstablished{Talk: "main"})
		pass(7 * time.Minute)
		drain(c)
		if c.Err() != nil {
			t.Fatalf("ended during a call: %v", c.Err())
		}
		call(ctid.CallCleared{})
		closedWith(t, c, ws.CloseExpired)
	})
}

// Revoking ends the user's sessions and no others; closing the hub tells everyone to come back later.
func TestEndUserAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		ana, ben := r.dial("ana", nil), r.dial("ben", nil)
		defer ana.Cut()
		defer ben.Cut()
		drain(ana)
		drain(ben)
		r.hub.EndUser("ana", ws.CloseRevoked, "revoked")
		closedWith(t, ana, ws.CloseRevoked)
		if drain(ben); ben.Err() != nil {
			t.Errorf("ben's session ended too: %v", ben.Err())
		}
		r.stop()
		fs := closedWith(t, ben, ws.CloseDraining)
		if last := fs[len(fs)-1]; last.K != "bye" || last.RetryMS != 4000 || last.SpreadMS != 8000 {
			t.Errorf("bye %+v", last)
		}
	})
}

// What is not a websocket is told so, and another protocol's version is refused with its code.
func TestNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		defer r.stop()
		tr := &http.Transport{DialContext: r.ln.dial, DisableKeepAlives: true}
		res, err := (&http.Client{Transport: tr}).Get("http://desk.test/ws")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUpgradeRequired {
			t.Errorf("plain GET: %d", res.StatusCode)
		}
		d := websocket.Dialer{NetDialContext: r.ln.dial, Subprotocols: []string{"ctid.v2"}}
		c, res, err := d.Dial("ws://desk.test/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		defer func() { _ = c.Close() }()
		_, b, err := c.ReadMessage()
		var bye struct{ Code int }
		if json.Unmarshal(b, &bye) != nil || bye.Code != int(ws.CloseVersion) || c.Subprotocol() != "" {
			t.Errorf("got %s %v", b, err)
		}
		_, _, err = c.ReadMessage()
		if !websocket.IsCloseError(err, int(ws.CloseVersion)) {
			t.Errorf("closed with %v", err)
		}
	})
}
