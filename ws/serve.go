package ws

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ctid"
)

// refusal is why a socket is closed, before or after it has a session.
type refusal struct {
	code CloseCode
	text string
}

// handshake answers the request for a websocket and returns the rest of the socket's life, or nil if there is none.
func (h *Hub) handshake(w http.ResponseWriter, r *http.Request) func() {
	if !isHandshake(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks websocket only", http.StatusUpgradeRequired)
		return nil
	}
	if !originOK(r, h.cfg.Origins) {
		http.Error(w, "origin not allowed: list it in web.origins", http.StatusForbidden)
		return nil
	}
	who, known, no := h.credentials(r)
	outside := func() {}
	if !known {
		addr := strings.Clone(hostOf(r.RemoteAddr))
		if !h.gate.enter(addr, time.Now()) {
			w.Header().Set("Retry-After", "5")
			http.Error(w, "too many sockets from this address that have not said who they are", http.StatusTooManyRequests)
			return nil
		}
		outside = sync1(func() { h.gate.leave(addr) })
	}
	c, err := upgrade(w, r, h.cfg)
	if err != nil {
		outside()
		h.cfg.Log.Debug("websocket handshake failed", "remote", r.RemoteAddr, "err", err)
		return nil
	}
	c.remote = strings.Clone(r.RemoteAddr)
	if no == nil && !slices.Contains(offered(r), Protocol) {
		no = &refusal{CloseVersion, "offer the subprotocol " + Protocol}
	}
	return func() { h.serve(c, who, no, outside) }
}

// serve is the life of one socket: hello, then its messages until it ends. outside is called once it has shown who it is,
// or is over; who is empty where the handshake did not tell.
func (h *Hub) serve(c *conn, who ctid.Who, no *refusal, outside func()) {
	defer outside()
	writer := make(chan struct{})
	go func() { defer close(writer); c.write() }()
	h.track(c, true)
	defer func() { close(c.readDone); <-writer; h.track(c, false) }()
	defer c.drain()
	defer h.caught(c)
	s := h.greet(c, who, who.User != "", no)
	if s == nil {
		return
	}
	outside()
	h.readAll(s)
}

// caught ends a socket whose reading has panicked, as net/http does with its handlers: one client's message must not end
// the calls of all.
func (h *Hub) caught(c *conn) {
	if p := recover(); p != nil {
		h.cfg.Log.Error("a bug: reading a websocket panicked", "remote", c.remote, "panic", p, "stack", string(debug.Stack()))
		h.box.put(func() {
			for _, s := range h.sessions {
				if s.conn == c {
					h.end(s, refusal{CloseBug, "a bug in the server"})
					return
				}
			}
			c.cut()
		})
	}
}

// sync1 makes f harmless to call twice, by one goroutine.
func sync1(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}

// credentials looks at what the handshake itself carries: a ticket among the subprotocols, else a bearer header.
// The refusal is told after the upgrade, since a browser hides the answer to a failed handshake.
func (h *Hub) credentials(r *http.Request) (who ctid.Who, known bool, no *refusal) {
	ctx, cancel := context.WithTimeout(r.Context(), h.cfg.Timings.Hello)
	defer cancel()
	for _, p := range offered(r) {
		if t, ok := strings.CutPrefix(p, "ticket."); ok {
			who, err := h.cfg.Auth.Ticket(ctx, t, r.Header.Get("Origin"))
			if err != nil {
				return who, false, h.authRefusal(err, CloseBadTicket, "the ticket is unknown, used or stale")
			}
			return who, true, nil
		}
	}
	if kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "Bearer") {
		who, err := h.cfg.Auth.Token(ctx, strings.TrimSpace(token))
		if err != nil {
			return who, false, h.authRefusal(err, CloseExpired, "the token is unknown or has ended")
		}
		return who, true, nil
	}
	return who, false, nil
}

// authRefusal tells a bad credential from an Auth that could not look.
func (h *Hub) authRefusal(err error, code CloseCode, text string) *refusal {
	var e *ctid.Error
	if errors.As(err, &e) && e.Code == ctid.Unauthorized {
		return &refusal{code, text}
	}
	h.cfg.Log.Error("credentials of a websocket could not be checked", "err", err)
	return &refusal{CloseOverloaded, "credentials cannot be checked now"}
}

// greet reads the hello and attaches the session; nil means the socket is being closed.
func (h *Hub) greet(c *conn, who ctid.Who, known bool, no *refusal) *session {
	if no != nil {
		h.bye(c, *no)
		return nil
	}
	if known {
		c.limit(h.cfg.Limits.MsgBytes)
	}
	c.helloBy(h.cfg.Timings.Hello)
	hello, no := h.readHello(c)
	if no == nil && !known {
		who, no = h.helloToken(hello.Token)
	}
	if no != nil {
		h.bye(c, *no)
		return nil
	}
	c.live(h.cfg.Limits.MsgBytes)
	s := newSession(c, who, hello)
	got := make(chan *refusal, 1)
	h.box.put(func() { got <- h.attach(s) })
	select {
	case no = <-got:
	case <-h.loopDone:
		no = &refusal{CloseDraining, "ctid is stopping"}
	}
	if no != nil {
		h.bye(c, *no)
		return nil
	}
	return s
}

func (h *Hub) readHello(c *conn) (inFrame, *refusal) {
	b, err := c.read()
	if err != nil {
		code, text := readFailure(err)
		if code == CloseSilent {
			code, text = CloseNoHello, "no hello came"
		}
		return inFrame{}, &refusal{code, text}
	}
	f, no := h.decode(b)
	if no == nil && f.K != "hello" {
		no = &refusal{CloseOutOfOrder, "the first frame must be a hello"}
	}
	return f, no
}

func (h *Hub) helloToken(token string) (ctid.Who, *refusal) {
	if token == "" {
		return ctid.Who{}, &refusal{CloseNoHello, "the hello carries no token, and the handshake had neither ticket nor header"}
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.cfg.Timings.Hello)
	defer cancel()
	who, err := h.cfg.Auth.Token(ctx, token)
	if err != nil {
		return who, h.authRefusal(err, CloseExpired, "the token is unknown or has ended")
	}
	return who, nil
}

// decode reads one frame; text, depth and shape are checked before a decoder sees it.
func (h *Hub) decode(b []byte) (inFrame, *refusal) {
	var f inFrame
	switch {
	case !utf8.Valid(b):
		return f, &refusal{CloseMalformed, "the message is not UTF-8"}
	case tooDeep(b, h.cfg.Limits.Depth):
		return f, &refusal{CloseMalformed, "the message is nested too deeply"}
	}
	if err := json.Unmarshal(b, &f); err != nil || f.K == "" {
		return f, &refusal{CloseMalformed, "the message is not a frame: one JSON object with a text k"}
	}
	return f, nil
}

// tooDeep tells whether JSON text nests deeper than limit, without building anything.
func tooDeep(b []byte, limit int) bool {
	depth, inText := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// bye tells a socket without a session why it is closed. A code of 0 means nobody listens any more.
func (h *Hub) bye(c *conn, no refusal) {
	if no.code == 0 {
		c.q.abort()
		return
	}
	c.q.end(h.byeFrame(no), no.code, no.text, false)
}

func (h *Hub) byeFrame(no refusal) []byte {
	f := byeFrame{K: "bye", Code: no.code, Text: no.text}
	if no.code.Advice() == AdviceLater {
		f.RetryMS, f.SpreadMS = h.cfg.Timings.Retry.Milliseconds(), h.cfg.Timings.Spread.Milliseconds()
	}
	return mustJSON(f)
}

// readAll brings the session's frames to the hub, one at a time: the next is read when the hub has taken the last, so
// that a flood fills the client's own line and not the hub's mailbox.
func (h *Hub) readAll(s *session) {
	taken := make(chan struct{}, 1)
	for {
		b, err := s.conn.read()
		if err != nil {
			code, text := readFailure(err)
			h.box.put(func() { h.gone(s, refusal{code, text}); taken <- struct{}{} })
			h.await(taken)
			return
		}
		f, no := h.decode(b)
		if no != nil {
			h.box.put(func() { h.gone(s, *no); taken <- struct{}{} })
			h.await(taken)
			return
		}
		var renewed *renewal
		if f.K == "req" && f.Op == opRenew {
			renewed = h.renew(f)
		}
		h.box.put(func() { h.take(s, f, renewed); taken <- struct{}{} })
		h.await(taken)
	}
}

func (h *Hub) await(taken <-chan struct{}) {
	select {
	case <-taken:
	case <-h.loopDone:
	}
}

// track keeps the open sockets, so that Close can cut those that do not go by themselves.
func (h *Hub) track(c *conn, open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if open {
		h.conns[c] = struct{}{}
	} else {
		delete(h.conns, c)
	}
}
