package systemtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ctid/ws/wsclient"
)

// badFrame is a message that is none of the protocol, and the code that its socket is closed with.
type badFrame struct {
	name  string
	hello bool // said before
	kind  int
	data  []byte
	code  int
}

func badFrames() []badFrame {
	text := websocket.TextMessage
	return []badFrame{
		{"binary before hello", false, websocket.BinaryMessage, []byte{0, 0xff, 1}, 4400},
		{"binary", true, websocket.BinaryMessage, []byte(`{"k":"tock"}`), 4400},
		{"100 MB", true, text, []byte(strings.Repeat(" ", 100_000_000)), 1009},
		{"100 MB, binary", true, websocket.BinaryMessage, make([]byte, 100_000_000), 4400},
		{"JSON 100,000 deep", true, text, []byte(strings.Repeat("[", 100_000)), 1009},
		{"JSON 60,000 deep", true, text, []byte(`{"k":` + strings.Repeat("[", 60_000)), 4400},
		{"objects 10,000 deep", true, text, []byte(strings.Repeat(`{"k":`, 10_000)), 4400},
		{"no JSON", true, text, []byte("hello"), 4400},
		{"no object", true, text, []byte(`["k","req"]`), 4400},
		{"not UTF-8", true, text, []byte("{\"k\":\"\xff\"}"), 4400},
		{"another frame first", false, text, []byte(`{"k":"req","id":"r1","op":"snapshot"}`), 4402},
		{"hello again", true, text, []byte(`{"k":"hello"}`), 4402},
	}
}

// badAsk is a request that must come to nothing, and the code that it is answered with.
type badAsk struct {
	name, op string
	args     map[string]any
	idem     string
	code     string
}

// evil are texts that would be more than a number to Asterisk's Dial, its dialplan or a header.
var evil = []string{"1002&PJSIP/1001", "1002/n", "1002@evil.example", "1002,60,g", "-1002", "${SHELL(id)}", "1002\r\nX-Evil: yes", "+442079460018;x=y"}

func badAsks(call string) []badAsk {
	asks := []badAsk{
		{"an op that there is not", "call.fly", nil, "", "unknown_op"},
		{"the hub's own op", "desk.presence", map[string]any{"agent": "a1002", "awake": false}, "", "unknown_op"},
		{"a call that is over", "call.hangup", map[string]any{"call": "c_00000000000000000000000000"}, "", "call_over"},
		{"an offer of before", "call.reject", map[string]any{"offer": "o_1_1"}, "", "wrong_state"},
		{"a wrap-up of before", "agent.wrapup_done", map[string]any{"wrap": "w_1"}, "k-wrap", "not_found"},
		{"a pop of before", "pop.get", map[string]any{"pop": "p_1"}, "", "not_found"},
		{"a leg of nobody", "call.drop_party", map[string]any{"leg": "l_1"}, "", "wrong_state"},
		{"no key where one is owed", "call.set_data", map[string]any{"set": map[string]any{"a": 1}}, "", "bad_request"},
		{"a role that is not his: monitor", "monitor.start", map[string]any{"mode": "barge"}, "", "forbidden"},
		{"a role that is not his: force", "team.force_state", map[string]any{"agent": "a1002", "state": "out", "hard": true}, "", "forbidden"},
		{"a role that is not his: message", "message.send", map[string]any{"to": map[string]any{"kind": "agent", "id": "a1002"}, "text": "x"}, "k-msg", "forbidden"},
		{"line breaks as keys", "call.dtmf", map[string]any{"digits": "1\r\nX-Evil: yes"}, "", "bad_request"},
		{"a value of 5 KB", "call.set_data", map[string]any{"set": map[string]any{"a": strings.Repeat("x", 5000)}}, "k-big", "too_large"},
		{"a key that is none", "call.set_data", map[string]any{"set": map[string]any{"a\r\nb": 1}}, "k-key", "bad_request"},
	}
	return about(call, asks)
}

// badTargets are all the ways in which a text could come into a dial string.
func badTargets(call, text string) []badAsk {
	number, ext := map[string]any{"kind": "number", "e164": text}, map[string]any{"kind": "ext", "id": text}
	return about(call, []badAsk{
		{"", "call.consult", map[string]any{"to": number}, "", "no_route"},
		{"", "call.consult", map[string]any{"to": ext}, "", "no_route"},
		{"", "call.transfer_blind", map[string]any{"to": number}, "", "no_route"},
		{"", "call.transfer_blind", map[string]any{"to": agentTarget(text)}, "", "no_route"},
		{"", "call.transfer_blind", map[string]any{"to": map[string]any{"kind": "queue", "id": text}}, "", "no_route"},
		{"", "call.transfer_blind", map[string]any{"to": map[string]any{"kind": "ivr", "id": text}}, "", "no_route"},
		{"", "call.park", map[string]any{"back_to": ext}, "", "no_route"},
		{"", "call.dial", map[string]any{"to": number}, text, "no_route"},
	})
}

// about makes the requests be about a call, where they name none.
func about(call string, asks []badAsk) []badAsk {
	for _, a := range asks {
		if a.args != nil && a.args["call"] == nil {
			a.args["call"] = call
		}
	}
	return asks
}

// Whatever a client sends, each thing here by its name: it is answered with the code of docs/events.md, nothing of it is carried
// out, and neither the conversation nor a colleague's desktop notices.
func TestRealBadClient(t *testing.T) {
	c := control(t, Options{})
	c.admin = c.r.Token("admin")
	originates := c.originates()
	from := c.ben.Len()
	for _, f := range badFrames() {
		t.Run(f.name, func(t *testing.T) {
			if code, err := closedBy(c.r, c.admin, f); err != nil || code != f.code {
				t.Errorf("closed with %d, %v; want %d", code, err, f.code)
			}
			c.promptly(t)
		})
	}
	for _, a := range badAsks(c.call) {
		t.Run(a.name, func(t *testing.T) {
			c.refused(t, c.ana, a)
			c.promptly(t)
		})
	}
	for i, text := range evil {
		t.Run(fmt.Sprintf("to dial %q", text), func(t *testing.T) {
			for _, a := range badTargets(c.call, text) {
				if a.op != "call.dial" || i < 3 { // which has a rate of its own, three at once
					c.refused(t, c.ana, a)
				}
			}
			c.promptly(t)
		})
	}
	t.Run("a key used for another request", func(t *testing.T) {
		c.do(c.ana, "agent.cancel_next", nil) // the keys of do are key-1, key-2 …
		c.refused(t, c.ana, badAsk{"", "agent.pause", map[string]any{"reason": "lunch"}, fmt.Sprint("key-", c.n), "idem_mismatch"})
	})
	t.Run("a colleague's call", func(t *testing.T) {
		for _, op := range []string{"call.hangup", "call.hold", "call.transfer_complete"} {
			c.refused(t, c.ben, badAsk{"", op, map[string]any{"call": c.call}, "", "not_yours"})
		}
	})
	t.Run("tickets and origins", c.strangers)
	t.Run("a token revoked in mid-session", c.revoked)

	if n := c.originates(); n != originates {
		t.Errorf("%v phones were rung", n-originates)
	}
	for _, f := range c.ben.from(from) {
		if f.Type == "pop.offered" {
			t.Errorf("a pop came: %s", f.Raw)
		}
	}
	c.together(c.caller, callerTone, c.anaLeg, anaTone)
	t.Run("line breaks in values", c.lineBreaks)
	c.record()
	if strings.Contains(c.r.Log(), "panic") || strings.Contains(c.r.Log(), "X-Evil") {
		t.Error(c.r.Log())
	}
}

// originates counts the phones that ctid has asked Asterisk to ring.
func (c *controlled) originates() float64 {
	n := c.r.Requests("originate")
	if n == 0 {
		c.r.T.Fatal("no originate is counted")
	}
	return n
}

// promptly holds that a colleague is answered as ever.
func (c *controlled) promptly(t *testing.T) {
	t.Helper()
	began := time.Now()
	if _, err := c.ben.Do(c.ctx, "snapshot", nil, ""); err != nil {
		t.Errorf("a colleague's request: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a colleague waited %v", took)
	}
	<-time.After(belowRate)
}

// belowRate is between two requests of one desktop, so that their rate is in nobody's way.
const belowRate = 55 * time.Millisecond

func (c *controlled) refused(t *testing.T, d *Desk, a badAsk) {
	t.Helper()
	_, err := d.Do(c.ctx, a.op, a.args, a.idem)
	var e *wsclient.Error
	if !errors.As(err, &e) || e.Code != a.code || e.Text == "" || e.Retry == "" {
		t.Errorf("%s %v: %v, want %s", a.op, a.args, err, a.code)
	}
	<-time.After(belowRate)
}

// closedBy sends a message that is wrong and returns what its socket is closed with.
func closedBy(r *Rig, token string, f badFrame) (int, error) {
	d := websocket.Dialer{Subprotocols: []string{"ctid.v1"}}
	c, res, err := d.Dial("ws"+strings.TrimPrefix(r.Web, "http")+"/ws", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer res.Body.Close()
	if f.hello {
		if err := c.WriteMessage(websocket.TextMessage, []byte(`{"k":"hello"}`)); err != nil {
			return 0, err
		}
	}
	written := make(chan struct{})
	go func() { defer close(written); _ = c.WriteMessage(f.kind, f.data) }() // it may fail: the server closes before it has all
	defer func() { _ = c.Close(); <-written }()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	bye := 0
	for {
		_, b, err := c.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed) && closed.Code != bye && closed.Code != websocket.CloseMessageTooBig:
			return closed.Code, fmt.Errorf("bye said %d", bye)
		case errors.As(err, &closed):
			return closed.Code, nil
		case err != nil:
			return bye, err
		}
		var said struct {
			K    string
			Code int
		}
		if json.Unmarshal(b, &said) == nil && said.K == "bye" {
			bye = said.Code
		}
	}
}

// strangers come with a ticket that is used or was never sold, with no token, or from a page elsewhere.
func (c *controlled) strangers(t *testing.T) {
	dial := func(change func(*wsclient.Config)) (int, error) {
		cfg := wsclient.Config{URL: "ws" + strings.TrimPrefix(c.r.Web, "http") + "/ws"}
		change(&cfg)
		cl, err := wsclient.Dial(c.ctx, cfg)
		if err != nil {
			return 0, err
		}
		defer cl.Cut()
		for f := range cl.Frames {
			if f.K == "welcome" {
				return 0, nil
			}
		}
		return cl.CloseCode(), nil
	}
	ticket := c.ticket(t)
	for _, x := range []struct {
		name   string
		change func(*wsclient.Config)
		code   int
		err    string
	}{
		{"a new ticket", func(w *wsclient.Config) { w.Ticket = ticket }, 0, ""},
		{"a used ticket", func(w *wsclient.Config) { w.Ticket = ticket }, 4201, ""},
		{"a ticket nobody sold", func(w *wsclient.Config) { w.Ticket = strings.Repeat("A", 43) }, 4201, ""},
		{"a ticket of another page", func(w *wsclient.Config) { w.Ticket, w.Origin = c.ticket(t), c.r.Web }, 4201, ""},
		{"a token that is none", func(w *wsclient.Config) { w.HeaderToken = "ctid_u_x" }, 4200, ""},
		{"no token", func(w *wsclient.Config) {}, 4403, ""},
		{"a page of another origin", func(w *wsclient.Config) { w.HeaderToken, w.Origin = c.admin, "https://evil.example" }, 0, "403"},
	} {
		code, err := dial(x.change)
		if code != x.code || (err == nil) != (x.err == "") || err != nil && !strings.Contains(err.Error(), x.err) {
			t.Errorf("%s: closed with %d, %v; want %d %s", x.name, code, err, x.code, x.err)
		}
	}
}

// ticket buys one, as a program without a page does.
func (c *controlled) ticket(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.r.Web+"/api/v1/ws-tickets", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.admin)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Ticket string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Ticket == "" {
		t.Fatalf("ticket: HTTP %d %v", res.StatusCode, err)
	}
	return answer.Ticket
}

// revoked: logging out ends the open socket of that user at once, and his token.
func (c *controlled) revoked(t *testing.T) {
	cl, err := wsclient.Dial(c.ctx, wsclient.Config{URL: "ws" + strings.TrimPrefix(c.r.Web, "http") + "/ws", HeaderToken: c.admin})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Cut()
	<-cl.Frames // welcome
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.r.Web+"/api/v1/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.admin)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
	defer cancel()
	for open := true; open; {
		select {
		case _, open = <-cl.Frames:
		case <-ctx.Done():
			t.Fatal("the socket stays open")
		}
	}
	if cl.CloseCode() != 4202 {
		t.Errorf("closed with %d", cl.CloseCode())
	}
}

// lineBreaks: a value with line breaks travels as a value; in the colleague's INVITE it makes no line.
func (c *controlled) lineBreaks(t *testing.T) {
	const uui = "00;encoding=hex\r\nX-Evil: yes\r\n\r\n"
	c.do(c.ana, "call.set_data", map[string]any{"set": map[string]any{"uui": uui}})
	c.do(c.ana, "call.consult", map[string]any{"to": agentTarget("a1002")})
	ben := c.leg(c.benP)
	harmless(t, ben)
	for _, h := range ben.Request.GetHeaders("User-to-User") {
		if strings.Trim(strings.TrimSuffix(h.Value(), ";encoding=hex"), "0123456789abcdef") != "" {
			t.Errorf("User-to-User is %q", h.Value())
		}
	}
	f, _ := c.ben.Event(0, "pop.offered")
	var pop struct{ Attached []struct{ Key, Value string } }
	if err := json.Unmarshal(f.Data, &pop); err != nil || len(pop.Attached) != 1 || pop.Attached[0].Value != uui {
		t.Errorf("the colleague is shown %s, %v", f.Data, err)
	}
	c.do(c.ana, "call.transfer_cancel", nil)
}
