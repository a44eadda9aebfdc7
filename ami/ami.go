// Package ami speaks to Asterisk's manager interface, for the few things that ARI lacks. It knows a closed list of typed
// actions and no way to send any other: a value can't become a line, and so not an action, of its own. Asterisk 16 to 22.
//
// The interface is not encrypted: it belongs on loopback or on a network of its own.
package ami

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Password is a secret that no log line, error or %v ever shows.
type Password string

// String hides the secret.
func (Password) String() string { return "(hidden)" }

// GoString hides the secret from %#v.
func (Password) GoString() string { return "(hidden)" }

// LogValue hides the secret from slog.
func (Password) LogValue() slog.Value { return slog.StringValue("(hidden)") }

// MarshalText hides the secret from encoders.
func (Password) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// Config is what a Client is made from. Zero durations take the default in brackets.
type Config struct {
	Name     string // of the node, for the log
	Address  string // host:port of the manager interface
	User     string
	Password Password
	Request  time.Duration // an action and its whole answer (5 s); the caller's context may be shorter
	Connect  time.Duration // the connection and the log-in (5 s)
	Ping     time.Duration // between two signs of life when nothing else is sent (15 s)
	Look     time.Duration // of a listener: between two looks at the state of all queues (5 min)
	RetryMin time.Duration // first pause before a new connection (250 ms), doubled each time, with jitter
	RetryMax time.Duration // longest pause (15 s)
	Log      *slog.Logger
	Dial     func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		p   *time.Duration
		def time.Duration
	}{
		{&c.Request, 5 * time.Second}, {&c.Connect, 5 * time.Second}, {&c.Ping, 15 * time.Second}, {&c.Look, 5 * time.Minute},
		{&c.RetryMin, 250 * time.Millisecond}, {&c.RetryMax, 15 * time.Second},
	} {
		if *d.p <= 0 {
			*d.p = d.def
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
	}
	return c
}

// ErrDown means that there is no connection now; Run makes a new one.
var ErrDown = errors.New("ami: not connected")

// Error is a refusal by Asterisk.
type Error struct{ Action, Message string }

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("ami: asterisk refuses %s: %s", e.Action, e.Message)
}

// Caller waits in a queue, with nobody connected to him yet.
type Caller struct {
	Channel  string        // name, as Redirect wants it
	ID       string        // of the channel, the same as in ARI
	Position int           // 1 is the first
	Waited   time.Duration // whole seconds
}

// QueueStatus reads who waits in a queue, the first first. A queue that Asterisk does not know has nobody in it.
func (c *Client) QueueStatus(ctx context.Context, queue string) ([]Caller, error) {
	events, err := c.list(ctx, "QueueStatus", "QueueStatusComplete", field{"Queue", queue})
	if err != nil {
		return nil, err
	}
	return callersOf(queue, events)
}

// Channel is a channel with what it does in the dialplan.
type Channel struct{ Name, ID, Application, Context, Extension string }

// CoreShowChannels lists all channels there are.
func (c *Client) CoreShowChannels(ctx context.Context) ([]Channel, error) {
	events, err := c.list(ctx, "CoreShowChannels", "CoreShowChannelsComplete")
	if err != nil {
		return nil, err
	}
	var out []Channel
	for _, m := range events {
		if m.get("Event") == "CoreShowChannel" {
			out = append(out, Channel{m.get("Channel"), m.get("Uniqueid"), m.get("Application"), m.get("Context"), m.get("Exten")})
		}
	}
	return out, nil
}

// Place is a place in the dialplan.
type Place struct {
	Context, Extension string
	Priority           int
}

// Redirect sends one channel, by its name, to another place in the dialplan; whatever it does there ends.
func (c *Client) Redirect(ctx context.Context, channel string, to Place) error {
	return c.do(ctx, "Redirect", field{"Channel", channel}, field{"Context", to.Context},
		field{"Exten", to.Extension}, field{"Priority", fmt.Sprint(to.Priority)})
}

// Ping asks for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	return c.do(ctx, "Ping")
}
