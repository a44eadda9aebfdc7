package ami

import (
	"bufio"
	"context"
	"crypto/md5" //nolint:gosec // the manager interface knows no other challenge
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Client is a connection to one manager interface that comes back by itself. Its actions may be called from any
// goroutine; they go one after the other.
type Client struct {
	cfg Config

	turn chan struct{} // held while an action is under way

	mu      sync.Mutex
	session *session      // nil: not connected
	changed chan struct{} // closed and made anew when session changes
}

// session is one connection after its log-in. Who holds the client's turn uses it.
type session struct {
	conn net.Conn
	r    *bufio.Reader
	ids  uint64
	over chan struct{} // closed when it is of no more use
	once sync.Once
}

// good: nothing has ended it yet.
func (s *session) good() bool {
	select {
	case <-s.over:
		return false
	default:
		return true
	}
}

func (s *session) close() {
	s.once.Do(func() { close(s.over); _ = s.conn.Close() })
}

// New makes a client; Run connects it.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.prepared()
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, turn: make(chan struct{}, 1), changed: make(chan struct{})}, nil
}

// prepared is c with its defaults, or what is wrong with it.
func (c Config) prepared() (Config, error) {
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return c, fmt.Errorf("ami: the address %q is not host:port", c.Address)
	}
	if c.User == "" || c.Password == "" {
		return c, errors.New("ami: a user and a password are needed")
	}
	if _, err := write("Login", field{"Username", c.User}, field{"Secret", string(c.Password)}); err != nil {
		return c, err
	}
	return c.withDefaults(), nil
}

// Run keeps the connection until ctx ends, and then logs off. It returns ctx's error.
func (c *Client) Run(ctx context.Context) error { return c.cfg.keep(ctx, c.live) }

// keep runs one connection after the other, from its beginning to its loss, with growing pauses between them, until ctx ends.
func (c Config) keep(ctx context.Context, live func(context.Context) error) error {
	pause := c.RetryMin
	for {
		began := time.Now()
		err := live(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > c.RetryMax {
			pause = c.RetryMin
		}
		wait := pause/2 + rand.N(pause/2+1) //nolint:gosec // jitter, lest all come back at once
		c.Log.Warn("no connection to the manager interface", "node", c.Name, "error", err, "retry_in", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		pause = min(2*pause, c.RetryMax)
	}
}

// live is one connection from its beginning to its loss.
func (c *Client) live(ctx context.Context) error {
	s, err := c.cfg.connect(ctx, "off")
	if err != nil {
		return err
	}
	defer s.close()
	c.put(s)
	defer c.put(nil)
	c.cfg.Log.Info("connected to the manager interface", "node", c.cfg.Name)
	tick := time.NewTicker(c.cfg.Ping)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.logoff(s)
			return ctx.Err()
		case <-s.over:
			return ErrDown
		case <-tick.C:
			if err := c.Ping(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (c *Client) put(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
	close(c.changed)
	c.changed = make(chan struct{})
}

// logoff says good-bye; what comes of it does not matter, the connection is closed next.
func (c *Client) logoff(s *session) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		_, _ = s.exchange(ctx, "Logoff", "")
	case <-ctx.Done():
	}
}

// connect dials and logs in: by a challenge, so that the password does not cross the line, or in plain text where the
// server offers none. events are the classes of events that are wanted, as Login takes them; what the user may not read never comes.
func (c Config) connect(ctx context.Context, events string) (_ *session, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Connect)
	defer cancel()
	conn, err := c.Dial(ctx, c.Address)
	if err != nil {
		return nil, fmt.Errorf("ami: connect to %s: %w", c.Address, err)
	}
	s := &session{conn: conn, r: bufio.NewReaderSize(conn, maxLine), over: make(chan struct{})}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	greeting, err := readLine(s.r)
	if err != nil {
		return nil, fmt.Errorf("ami: %s says nothing: %w", c.Address, err)
	}
	if !strings.HasPrefix(greeting, "Asterisk Call Manager/") {
		return nil, fmt.Errorf("ami: %s is not a manager interface", c.Address)
	}
	fields := []field{{"Username", c.User}, {"Events", events}}
	m, err := s.exchange(ctx, "Challenge", "", field{"AuthType", "MD5"})
	switch refused := (*Error)(nil); {
	case err == nil && m[0].get("Challenge") != "":
		key := md5.Sum([]byte(m[0].get("Challenge") + string(c.Password))) //nolint:gosec // as above
		fields = append(fields, field{"AuthType", "MD5"}, field{"Key", hex.EncodeToString(key[:])})
	case err == nil || errors.As(err, &refused):
		fields = append(fields, field{"Secret", string(c.Password)})
	default:
		return nil, err
	}
	_, err = s.exchange(ctx, "Login", "", fields...)
	return s, err
}

// do carries out an action that is answered by one response.
func (c *Client) do(ctx context.Context, action string, fields ...field) error {
	_, err := c.act(ctx, action, "", fields)
	return err
}

// list carries out an action that is answered by a response and events up to the last one.
func (c *Client) list(ctx context.Context, action, last string, fields ...field) ([]message, error) {
	m, err := c.act(ctx, action, last, fields)
	if err != nil {
		return nil, err
	}
	return m[1:], nil
}

// act waits for a connection and the turn, and for the answer: for Request in all, or until ctx ends.
func (c *Client) act(ctx context.Context, action, last string, fields []field) ([]message, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Request)
	defer cancel()
	s, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("ami: %s: %w", action, ctx.Err())
	}
	return s.exchange(ctx, action, last, fields...)
}

// current is the connection there is, or the next.
func (c *Client) current(ctx context.Context) (*session, error) {
	for {
		c.mu.Lock()
		s, changed := c.session, c.changed
		c.mu.Unlock()
		if s != nil && s.good() {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrDown, ctx.Err())
		}
	}
}

// maxList bounds the events of one answer: an Asterisk has fewer channels.
const maxList = 100_000

// exchange sends an action and reads its answer. An answer that breaks off, or none in time, ends the connection: what
// comes later would be taken for the next one's.
func (s *session) exchange(ctx context.Context, action, last string, fields ...field) ([]message, error) {
	s.ids++
	id := strconv.FormatUint(s.ids, 10)
	text, err := write(action, append([]field{{"ActionID", id}}, fields...)...)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	out, err := s.converse(text, id, last)
	if refused := (*Error)(nil); errors.As(err, &refused) {
		refused.Action = action
		return nil, err
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("ami: %s: %w", action, errors.Join(ctx.Err(), err))
	}
	return out, nil
}

func (s *session) converse(text, id, last string) ([]message, error) {
	if _, err := s.conn.Write([]byte(text)); err != nil {
		return nil, err
	}
	var out []message
	for {
		m, err := readMessage(s.r)
		if err != nil {
			return nil, err
		}
		if m.get("ActionID") != id {
			continue // an event that belongs to no action
		}
		switch response := m.get("Response"); {
		case len(out) == 0 && (response == "Success" || response == "Goodbye" || response == "Follows"):
			out = append(out, m)
		case len(out) == 0 && response == "Error":
			return nil, &Error{Message: m.get("Message")}
		case len(out) == 0:
			return nil, errors.New("an answer without a response")
		default:
			out = append(out, m)
		}
		if last == "" || m.get("Event") == last {
			return out, nil
		}
		if len(out) > maxList {
			return nil, fmt.Errorf("%w: a list of more than %d", errTooLong, maxList)
		}
	}
}
