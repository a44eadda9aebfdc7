// Package wsclient is the reference client of ctid's websocket protocol: small, so that it can be read beside
// docs/events.md. It answers ticks, acknowledges pops, keeps its position and checks that no event is missing.
package wsclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Protocol is the subprotocol this client speaks.
const Protocol = "ctid.v1"

// Config says where to connect and as whom. Of Ticket, HeaderToken and HelloToken one is given.
type Config struct {
	URL         string // ws://host:port/ws
	Ticket      string // bought by POST /api/v1/ws-tickets
	HeaderToken string // sent as Authorization: Bearer
	HelloToken  string // sent in the hello
	Origin      string // sent as the Origin header, if set
	Name        string // the program; default wsclient
	ID          string // one for each installation
	Topics      []string
	Types       []string // of events, for the topic "all"
	Resume      *Position
	NoTock      bool // leave ticks unanswered, as a frozen page does
	NoAck       bool // leave pops unacknowledged
	NoHello     bool // send nothing by itself; for tests of the handshake
	Buffer      int  // frames that may wait to be read (4096); beyond it the socket is not read
	NetDial     func(ctx context.Context, network, addr string) (net.Conn, error)
	// Alter, if set, sees each frame before anything else does, and may change it; false loses it. For tests of the rules.
	Alter func(f *Frame) bool
}

// ErrHole says that an event is missing: the client has closed with 4002 and must come back with its position.
var ErrHole = errors.New("an event is missing")

// Client is one connection.
type Client struct {
	// Frames carries every message of the server in order; it is closed when the connection ends.
	Frames chan Frame

	cfg  Config
	ws   *websocket.Conn
	stop chan struct{}
	once sync.Once
	done chan struct{}

	wmu sync.Mutex // one writer at a time

	mu     sync.Mutex
	pos    Position
	err    error
	nextID int
	asks   map[string]chan Frame
}

// Dial connects, says hello and starts reading. Close stops it.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Name == "" {
		cfg.Name = "wsclient"
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = 4096
	}
	d := websocket.Dialer{Subprotocols: []string{Protocol}, NetDialContext: cfg.NetDial, HandshakeTimeout: 10 * time.Second}
	if cfg.Ticket != "" {
		d.Subprotocols = append(d.Subprotocols, "ticket."+cfg.Ticket)
	}
	head := http.Header{}
	if cfg.HeaderToken != "" {
		head.Set("Authorization", "Bearer "+cfg.HeaderToken)
	}
	if cfg.Origin != "" {
		head.Set("Origin", cfg.Origin)
	}
	conn, res, err := d.DialContext(ctx, cfg.URL, head)
	if res != nil {
		defer func() { _ = res.Body.Close() }() // the answer to the handshake, not the connection
	}
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("websocket handshake: HTTP %d: %w", res.StatusCode, err)
		}
		return nil, fmt.Errorf("websocket handshake: %w", err)
	}
	c := &Client{Frames: make(chan Frame, cfg.Buffer), cfg: cfg, ws: conn, stop: make(chan struct{}), done: make(chan struct{}), asks: map[string]chan Frame{}}
	if cfg.Resume != nil {
		c.pos = *cfg.Resume
	}
	if !cfg.NoHello {
		if err := c.hello(); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	go c.read()
	return c, nil
}

func (c *Client) hello() error {
	h := map[string]any{"k": "hello", "client": map[string]string{"name": c.cfg.Name, "version": "1", "id": c.cfg.ID},
		"caps": []string{"pop.ack", "tock"}, "topics": c.cfg.Topics}
	if c.cfg.Resume != nil {
		h["resume"] = c.cfg.Resume
	}
	if c.cfg.Types != nil {
		h["types"] = c.cfg.Types
	}
	if c.cfg.HelloToken != "" {
		h["token"] = c.cfg.HelloToken
	}
	return c.Send(h)
}

// Send writes one frame of any shape.
func (c *Client) Send(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.SendRaw(websocket.TextMessage, b)
}

// SendRaw writes one message of any kind; for tests.
func (c *Client) SendRaw(kind int, b []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
	return c.ws.WriteMessage(kind, b)
}

// Pos returns the position to resume from.
func (c *Client) Pos() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pos
}

// Err returns why the connection ended: a *websocket.CloseError where the server said so.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// CloseCode returns the code the server closed with, or 0.
func (c *Client) CloseCode() int {
	var e *websocket.CloseError
	if errors.As(c.Err(), &e) {
		return e.Code
	}
	return 0
}

// Cut drops the connection without a word, as a lost network does, and waits for the reader.
func (c *Client) Cut() {
	c.once.Do(func() { close(c.stop) })
	_ = c.ws.Close()
	<-c.done
}

// Close says that the page is going (1001) and closes.
func (c *Client) Close() {
	msg := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(time.Second))
	c.Cut()
}

// Do makes a request and waits for its final reply; a refusal is returned as *Error. idem may be empty.
func (c *Client) Do(ctx context.Context, op string, args any, idem string) (Frame, error) {
	c.mu.Lock()
	c.nextID++
	id := "r" + strconv.Itoa(c.nextID)
	ask := make(chan Frame, 4)
	c.asks[id] = ask
	c.mu.Unlock()
	defer func() { c.mu.Lock(); delete(c.asks, id); c.mu.Unlock() }()
	req := map[string]any{"k": "req", "id": id, "op": op, "args": args}
	if idem != "" {
		req["idem"] = idem
	}
	if err := c.Send(req); err != nil {
		return Frame{}, err
	}
	for {
		select {
		case f := <-ask:
			switch {
			case f.Phase == "failed" && f.Error != nil:
				return f, f.Error
			case f.Phase != "started":
				return f, nil
			}
		case <-c.done:
			return Frame{}, fmt.Errorf("the connection ended before the reply: %w", c.Err())
		case <-ctx.Done():
			return Frame{}, ctx.Err()
		}
	}
}

func (c *Client) read() {
	defer close(c.done)
	defer close(c.Frames)
	defer func() { _ = c.ws.Close() }()
	for {
		_, b, err := c.ws.ReadMessage()
		if err == nil {
			err = c.handle(b)
		}
		if err != nil {
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
			return
		}
	}
}

// handle applies the protocol's rules to one message and passes it on.
func (c *Client) handle(b []byte) error {
	before := c.Pos()
	f := Frame{Arrived: time.Now(), Raw: b}
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("a message of the server is not a frame: %w", err)
	}
	if c.cfg.Alter != nil && !c.cfg.Alter(&f) {
		return nil
	}
	if err := c.advance(&f); err != nil {
		return err
	}
	c.mu.Lock()
	ask := c.asks[f.ID]
	c.mu.Unlock()
	if f.K == "res" && ask != nil {
		select {
		case ask <- f:
		default: // more replies than the protocol allows
		}
	}
	if !c.deliver(f) {
		c.mu.Lock()
		c.pos = before // it was not had, so it must come again
		c.mu.Unlock()
		return net.ErrClosed
	}
	return c.answer(f)
}

// deliver passes a frame on; false says that the client was cut before anyone could take it.
func (c *Client) deliver(f Frame) bool {
	select {
	case c.Frames <- f:
		return true
	default:
	}
	select {
	case c.Frames <- f:
		return true
	case <-c.stop:
		return false
	}
}

// advance moves the position: an event at or below it is a repeat, one whose prev lies above it proves a hole.
func (c *Client) advance(f *Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch f.K {
	case "welcome":
		if !f.Resumed {
			c.pos = Position{Epoch: f.Epoch}
		}
	case "event":
		if f.Seq <= c.pos.Seq {
			f.Repeat = true
			return nil
		}
		if f.Prev > c.pos.Seq {
			msg := websocket.FormatCloseMessage(4002, "hole")
			_ = c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(time.Second))
			return fmt.Errorf("%w: event %d follows %d, but the position is %d", ErrHole, f.Seq, f.Prev, c.pos.Seq)
		}
		c.pos.Seq = f.Seq
	case "tick":
		c.pos.Seq = max(c.pos.Seq, f.Seq)
	case "snap":
		if f.Last {
			c.pos.Seq = max(c.pos.Seq, f.AsOf)
		}
	}
	return nil
}

// answer sends what the protocol expects back.
func (c *Client) answer(f Frame) error {
	switch {
	case f.K == "tick" && !c.cfg.NoTock:
		return c.Send(map[string]any{"k": "tock", "n": f.N, "visible": true, "front": true})
	case f.K == "event" && f.Type == "pop.offered" && !c.cfg.NoAck:
		return c.ack(f.Pop, f.Rev)
	case f.K == "snap" && f.Topic == "me" && !c.cfg.NoAck:
		var data struct {
			Pops []struct {
				Pop  string `json:"pop"`
				Rev  uint64 `json:"rev"`
				Seen bool   `json:"seen"`
			} `json:"pops"`
		}
		if err := json.Unmarshal(f.Data, &data); err != nil {
			return err
		}
		for _, p := range data.Pops {
			if !p.Seen {
				if err := c.ack(p.Pop, p.Rev); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *Client) ack(pop string, rev uint64) error {
	return c.Send(map[string]any{"k": "ack", "pop": pop, "rev": rev, "what": "shown"})
}
