package ari

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

// peer is the HTTP server that lanes lead to.
type peer struct {
	dial dialFunc
	addr string
	tls  string // the name in its certificate; empty: without TLS
	head string // the header fields that every request has
}

// peerOf is the server of base, to whom one says who he is.
func peerOf(dial dialFunc, base *url.URL, user, password string) *peer {
	who := http.Request{Header: http.Header{}}
	who.SetBasicAuth(user, password)
	p := &peer{dial: dial, head: "Host: " + base.Host + "\r\nUser-Agent: ctid\r\nAuthorization: " + who.Header.Get("Authorization") + "\r\n"}
	port := base.Port()
	if base.Scheme == "https" {
		p.tls = base.Hostname()
		port = cmp.Or(port, "443")
	}
	p.addr = net.JoinHostPort(base.Hostname(), cmp.Or(port, "80"))
	return p
}

func (p *peer) connect(ctx context.Context) (net.Conn, error) {
	c, err := p.dial(ctx, "tcp", p.addr)
	if err != nil || p.tls == "" {
		return c, err
	}
	t := tls.Client(c, &tls.Config{ServerName: p.tls, MinVersion: tls.VersionTLS12})
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// lane is one connection, made when it is first needed, and used by one request at a time. It writes and reads in the goroutine of
// who asks: net/http's client has two more for each connection, and waking those for the half a dozen requests of a call
// was a tenth of ctid's processor time.
type lane struct {
	peer   *peer
	conn   net.Conn // nil: not connected
	in     *bufio.Reader
	out    []byte
	last   time.Time
	beside bool // it is one of those beyond laneCount
}

// ask sends a request and reads its answer to the end, so that the connection can be used again. target is path and query, escaped.
// Of an error the connection is closed.
func (x *lane) ask(ctx context.Context, method, target string, body []byte) (status int, answer []byte, err error) {
	if x.conn != nil && left(x.conn) {
		x.hangUp()
	}
	if x.conn == nil {
		if x.conn, err = x.peer.connect(ctx); err != nil {
			return 0, nil, err
		}
		if x.in == nil {
			x.in = bufio.NewReader(nil)
		}
		x.in.Reset(x.conn)
	}
	conn := x.conn
	due, _ := ctx.Deadline()
	if err := conn.SetDeadline(due); err != nil {
		x.hangUp()
		return 0, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	status, answer, again, err := x.exchange(method, target, body)
	if !stop() || err != nil || !again {
		x.hangUp()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = context.DeadlineExceeded
	}
	return status, answer, err
}

// exchange also tells whether Asterisk keeps the connection.
func (x *lane) exchange(method, target string, body []byte) (status int, answer []byte, again bool, err error) {
	b := append(x.out[:0], method...)
	b = append(append(append(b, ' '), target...), " HTTP/1.1\r\n"...)
	b = append(b, x.peer.head...)
	if body != nil {
		b = append(b, "Content-Type: application/json\r\n"...)
	}
	if body != nil || method != http.MethodGet {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	x.out = append(append(b, "\r\n"...), body...)
	if _, err := x.conn.Write(x.out); err != nil {
		return 0, nil, false, err
	}
	resp, err := http.ReadResponse(x.in, nil) // nil: as of a GET; other methods differ only for HEAD
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err == nil && len(answer) > maxReply {
		err = fmt.Errorf("the answer is longer than %d bytes", maxReply)
	}
	return resp.StatusCode, answer, !resp.Close && x.in.Buffered() == 0, err
}

func (x *lane) hangUp() {
	if x.conn != nil {
		_ = x.conn.Close()
		x.conn = nil
	}
}

// left tells whether the other side has closed a connection that rested, or said something there without being asked. To ask on it would
// leave open whether the request was carried out.
func left(c net.Conn) bool {
	if n, ok := c.(*newConn); ok {
		c = n.Conn
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	silent := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = errors.Is(err, syscall.EAGAIN)
	})
	return err != nil || !silent
}
