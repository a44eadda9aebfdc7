package ari

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
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

// Timeouts bounds everything a Node waits for. A zero field means its default.
type Timeouts struct {
	Request  time.Duration // one command, its retries included; 5 s. The caller's context may be shorter
	Connect  time.Duration // TCP and websocket handshake; 5 s
	Ping     time.Duration // between two pings on a socket; 5 s
	Silence  time.Duration // a socket on which nothing at all (not even a pong) came for so long is dead; 15 s
	RetryMin time.Duration // first pause before a new connection; 250 ms, doubled each time, with jitter
	RetryMax time.Duration // longest pause before a new connection; 5 s: callers wait in the fallback meanwhile
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		p   *time.Duration
		def time.Duration
	}{
		{&t.Request, 5 * time.Second}, {&t.Connect, 5 * time.Second}, {&t.Ping, 5 * time.Second},
		{&t.Silence, 15 * time.Second}, {&t.RetryMin, 250 * time.Millisecond}, {&t.RetryMax, 5 * time.Second},
	} {
		if *d.p <= 0 {
			*d.p = d.def
		}
	}
	return t
}

// defaultDisallowed are the event types that Asterisk is asked not to send: nothing here uses them, and they are about
// a third of what a call causes.
var defaultDisallowed = []string{
	"ApplicationRegistered", "BridgeCreated", "BridgeVideoSourceChanged", "ChannelCreated", "ChannelDialplan",
}

// Config describes one Asterisk.
type Config struct {
	Name     string   // the node's name in the configuration; it is in every Message and error
	URL      string   // http://host:8088 or https://…, with or without the final /ari
	User     string   // section name in ari.conf; must have read_only=no
	Password Password // never printed

	App string // Stasis application that the dialplan calls; "ctid"
	// Phones is how often the states of the phones are read (2 s when 0), those of technology Tech ("PJSIP").
	Phones time.Duration
	Tech   string
	// Disallow are event types that App does not want; nil means a fitting default, an empty slice none.
	Disallow []string

	Timeouts Timeouts
	// MaxFrame is the largest event in bytes that is decoded (8 MiB when 0); a larger one is counted and left out.
	MaxFrame int64
	// Dial replaces the network for HTTP and websocket alike; nil means TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log gets the node's own messages; nil discards them.
	Log *slog.Logger
	// Observe is told of each finished request: the operation's fixed name, the HTTP status (0 when there was no
	// answer) and how long it took. It is called from the goroutine of the request and must not block.
	Observe func(op string, status int, took time.Duration)
}

// base checks the configuration, fills in its defaults and returns the URL that ends in /ari.
func (c *Config) base() (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(c.URL, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("ari: node %q: url %q is not of the form http://host:8088", c.Name, redact(c.URL))
	}
	if u.User != nil {
		return nil, fmt.Errorf("ari: node %q: user and password do not belong into the url", c.Name)
	}
	if c.Name == "" || c.User == "" {
		return nil, errors.New("ari: a node needs a name and a user")
	}
	if !strings.HasSuffix(u.Path, "/ari") {
		u.Path += "/ari"
	}
	if c.App == "" {
		c.App = "ctid"
	}
	if c.Phones <= 0 {
		c.Phones = 2 * time.Second
	}
	if c.Tech == "" {
		c.Tech = "PJSIP"
	}
	if c.Disallow == nil {
		c.Disallow = defaultDisallowed
	}
	if c.MaxFrame <= 0 {
		c.MaxFrame = 8 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(string, int, time.Duration) {}
	}
	c.Timeouts = c.Timeouts.withDefaults()
	return u, nil
}

// redact cuts a user part out of something that may be a URL.
func redact(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "…" + s[i:]
	}
	return s
}
