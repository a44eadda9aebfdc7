package ari

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socket is one websocket of events. Only this file knows the websocket library.
type socket struct {
	conn    *websocket.Conn
	ping    time.Duration
	silence time.Duration
	max     int64
	alive   time.Time // of the last frame or pong; only the reading goroutine touches it
}

// dialSocket opens the socket of one application. Asterisk creates the application with it.
func (n *Node) dialSocket(ctx context.Context, app string) (*socket, error) {
	t := n.cfg.Timeouts
	ctx, cancel := context.WithTimeout(ctx, t.Connect)
	defer cancel()
	dial := n.cfg.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	d := websocket.Dialer{NetDialContext: dial, HandshakeTimeout: t.Connect, ReadBufferSize: 16 << 10, WriteBufferSize: 512}
	scheme := "ws"
	if n.base.Scheme == "https" {
		scheme = "wss"
	}
	u := scheme + "://" + n.base.Host + n.base.EscapedPath() + "/events?" + url.Values{"app": {app}}.Encode()
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(n.cfg.User, string(n.cfg.Password))
	conn, resp, err := d.DialContext(ctx, u, req.Header)
	if err != nil {
		e := &Error{Node: n.cfg.Name, Op: "events", Target: app, Err: err}
		if resp != nil { // the body of a refused handshake is already read
			e.Status, e.Message = resp.StatusCode, http.StatusText(resp.StatusCode)
		}
		return nil, e
	}
	return &socket{conn: conn, ping: t.Ping, silence: t.Silence, max: n.cfg.MaxFrame, alive: time.Now()}, nil
}

func (s *socket) close() { _ = s.conn.Close() }

// lastAlive may be called once read has returned.
func (s *socket) lastAlive() time.Time { return s.alive }

// read gives each frame to handle, in order, until the socket is lost, handle refuses or ctx ends.
func (s *socket) read(ctx context.Context, handle func([]byte) error) error {
	done := make(chan struct{})
	var pinger sync.WaitGroup
	defer pinger.Wait()
	defer close(done)
	pinger.Go(func() { s.pings(ctx, done) })

	s.conn.SetPongHandler(func(string) error { return s.heard() })
	if err := s.heard(); err != nil {
		return err
	}
	var buf bytes.Buffer
	for {
		typ, r, err := s.conn.NextReader()
		if err != nil {
			return fmt.Errorf("event socket lost: %w", err)
		}
		buf.Reset()
		if _, err := io.Copy(&buf, io.LimitReader(r, s.max+1)); err != nil {
			return fmt.Errorf("event socket lost: %w", err)
		}
		if err := s.heard(); err != nil {
			return err
		}
		if typ != websocket.TextMessage {
			continue
		}
		if err := handle(s.frame(&buf)); err != nil {
			return err
		}
	}
}

// frame cuts one that is too large down to nothing, which is no event; its rest is skipped by the next NextReader.
func (s *socket) frame(buf *bytes.Buffer) []byte {
	if int64(buf.Len()) > s.max {
		return nil
	}
	return buf.Bytes()
}

// heard notes a sign of life and allows for the next silence.
func (s *socket) heard() error {
	s.alive = time.Now()
	return s.conn.SetReadDeadline(s.alive.Add(s.silence))
}

// pings keeps both ends sure of each other, and closes the connection when ctx ends, which ends the read.
func (s *socket) pings(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(s.ping)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			_ = s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(100*time.Millisecond))
			s.close()
			return
		case <-tick.C:
			err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.ping))
			if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
				s.close()
				return
			}
		}
	}
}
