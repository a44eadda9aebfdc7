package ws

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Protocol is the websocket subprotocol spoken here.
const Protocol = "ctid.v1"

// writeBuffers are shared by all sockets: one is held only while a message is written.
var writeBuffers = &sync.Pool{}

// conn is one websocket: its reader is the handler's goroutine, its writer the one that serve starts.
type conn struct {
	ws       *websocket.Conn
	cork     *cork // below ws
	q        *sendq
	t        Timings
	remote   string            // the peer's address
	written  func(upTo uint64) // called by the writer when a frame with a position has been written
	readDone chan struct{}
}

// prepared is a message in the form in which it is written, made once for many sockets.
type prepared struct{ msg *websocket.PreparedMessage }

func prepare(text []byte) prepared {
	msg, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		panic("ws: a text message cannot be prepared: " + err.Error()) // only another type of message has an error
	}
	return prepared{msg}
}

var errBinary = errors.New("binary message")

// upgrade answers the handshake. It names our subprotocol only to those who offered it.
func upgrade(w http.ResponseWriter, r *http.Request, cfg Config) (*conn, error) {
	up := websocket.Upgrader{
		ReadBufferSize:  512,
		WriteBufferSize: 4096,
		WriteBufferPool: writeBuffers,
		Subprotocols:    []string{Protocol},
		CheckOrigin:     func(*http.Request) bool { return true }, // serve has checked it
	}
	corked := &corking{ResponseWriter: w}
	c, err := up.Upgrade(corked, r, nil)
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(int64(cfg.Limits.HelloBytes))
	return &conn{ws: c, cork: corked.cork, q: newSendq(cfg.Limits), t: cfg.Timings, written: func(uint64) {}, readDone: make(chan struct{})}, nil
}

// offered lists the subprotocols a client offers.
func offered(r *http.Request) []string { return websocket.Subprotocols(r) }

// isHandshake tells whether r asks for a websocket at all.
func isHandshake(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// helloBy bounds the time until the first message.
func (c *conn) helloBy(d time.Duration) { _ = c.ws.SetReadDeadline(time.Now().Add(d)) }

// limit bounds the size of a message.
func (c *conn) limit(bytes int) { c.ws.SetReadLimit(int64(bytes)) }

// drain reads on for a moment after the last message that counted: a socket closed with bytes unread is reset, and the
// peer would never see why.
func (c *conn) drain() {
	raw := c.ws.NetConn()
	_ = raw.SetReadDeadline(time.Now().Add(c.t.Close))
	_, _ = io.Copy(io.Discard, raw)
}

// cut closes the socket under reader and writer.
func (c *conn) cut() {
	c.q.abort()
	_ = c.ws.Close()
}

// live lifts the limits of the handshake: from now on any frame, a pong too, keeps the socket alive.
func (c *conn) live(msgBytes int) {
	c.limit(msgBytes)
	alive := func() { _ = c.ws.SetReadDeadline(time.Now().Add(c.t.Dead)) }
	alive()
	c.ws.SetPongHandler(func(string) error { alive(); return nil })
	ping := c.ws.PingHandler()
	c.ws.SetPingHandler(func(s string) error { alive(); return ping(s) })
}

// read returns the next text message. Errors end the connection; errBinary names a message that was not text.
func (c *conn) read() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, errBinary
	}
	b, err := io.ReadAll(r)
	if err == nil {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.t.Dead))
	}
	return b, err
}

// write is the writer: it empties the queue into the socket until the queue ends or a write fails.
func (c *conn) write() {
	defer func() { _ = c.ws.Close() }()
	var scratch []byte
	for {
		f, got, end := c.q.next()
		switch {
		case got:
			if !c.batch(f, &scratch) {
				return
			}
		case end.aborted:
			return
		case end.ended:
			c.sayClose(end.code, end.text)
			return
		default:
			<-c.q.wake
		}
	}
}

// batch sends f and all that waits behind it in one write, and then tells how far the peer has been written to.
func (c *conn) batch(f frame, scratch *[]byte) bool {
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.t.Write))
	c.cork.hold()
	upTo := uint64(0)
	for got := true; got; f, got, _ = c.q.next() {
		if !c.send(f, scratch) {
			return false
		}
		upTo = max(upTo, f.wrote)
	}
	if c.cork.release() != nil {
		return false
	}
	if upTo != 0 {
		c.written(upTo)
	}
	return true
}

func (c *conn) send(f frame, scratch *[]byte) bool {
	if f.ping {
		return c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.t.Write)) == nil
	}
	if f.state != nil {
		return c.ws.WritePreparedMessage(f.state.latest.msg.msg) == nil
	}
	msg := f.head
	if f.body != nil {
		*scratch = append(append((*scratch)[:0], f.head...), f.body...)
		msg = *scratch
	}
	return c.ws.WriteMessage(websocket.TextMessage, msg) == nil
}

// sayClose sends the close frame and gives the peer a moment to answer it.
func (c *conn) sayClose(code CloseCode, text string) {
	if len(text) > 120 {
		text = text[:120] // a control frame holds 125 bytes, two of them the code
	}
	msg := websocket.FormatCloseMessage(int(code), text)
	err := c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(c.t.Write))
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) { // of a message too big the library has told
		return
	}
	wait := time.NewTimer(c.t.Close)
	defer wait.Stop()
	select {
	case <-c.readDone:
	case <-wait.C:
	}
}

// readFailure turns an error of read into what to tell the peer: 0 if there is nobody left to tell.
func readFailure(err error) (CloseCode, string) {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errBinary):
		return CloseMalformed, "only text messages are understood"
	case errors.Is(err, websocket.ErrReadLimit):
		return CloseTooBig, "message too big"
	case errors.As(err, &timeout) && timeout.Timeout():
		return CloseSilent, "nothing was heard"
	}
	return 0, ""
}
