package ami

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server plays a manager interface over pipes. answer makes the whole answer to one action after the log-in; an empty
// one leaves the client waiting, and "cut" closes the connection.
type server struct {
	t        *testing.T
	password string
	plain    bool // no challenge is offered
	refuse   int  // how many connections to refuse first
	answer   func(action string, m message) string

	mu      sync.Mutex
	dials   int
	logins  []string // how each log-in went: md5, plain, wrong
	actions []string
}

func (s *server) dial(ctx context.Context, _ string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if s.dials <= s.refuse {
		return nil, errors.New("refused")
	}
	ours, theirs := net.Pipe()
	go s.serve(theirs)
	return ours, ctx.Err()
}

const challenge = "8154711"

func (s *server) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // the client is what is tested
	r := bufio.NewReaderSize(conn, maxLine)
	say := func(format string, a ...any) {
		_, _ = conn.Write([]byte(strings.ReplaceAll(fmt.Sprintf(format, a...), "\n", "\r\n")))
	}
	say("Asterisk Call Manager/5.0.2\n")
	for {
		m, err := readMessage(r)
		if err != nil {
			return
		}
		action, id := m.get("Action"), m.get("ActionID")
		login, text := s.note(action, m)
		switch action {
		case "Challenge":
			if s.plain {
				say("Response: Error\nActionID: %s\nMessage: Must specify AuthType\n\n", id)
				continue
			}
			say("Response: Success\nActionID: %s\nChallenge: %s\n\n", id, challenge)
		case "Login":
			if login == "wrong" {
				say("Response: Error\nActionID: %s\nMessage: Authentication failed\n\n", id)
				return
			}
			say("Response: Success\nActionID: %s\nMessage: Authentication accepted\n\nEvent: FullyBooted\nStatus: Fully Booted\n\n", id)
		case "Logoff":
			say("Response: Goodbye\nActionID: %s\n\n", id)
			return
		default:
			if text == "cut" {
				return
			}
			say("%s", strings.ReplaceAll(text, "ID", "ActionID: "+id))
		}
	}
}

// note keeps what was asked, and says how a log-in went or what answers another action.
func (s *server) note(action string, m message) (login, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions = append(s.actions, action)
	switch action {
	case "Login":
		login = s.how(m)
		s.logins = append(s.logins, login)
	case "Challenge", "Logoff":
	default:
		text = s.answer(action, m)
	}
	return login, text
}

func (s *server) how(m message) string {
	key := md5.Sum([]byte(challenge + s.password))
	switch {
	case m.get("Key") == hex.EncodeToString(key[:]) && m.get("AuthType") == "MD5" && m.get("Secret") == "":
		return "md5"
	case m.get("Secret") == s.password:
		return "plain"
	}
	return "wrong"
}

// inBubble runs f with a client of the server; afterwards nothing may run on.
func inBubble(t *testing.T, s *server, f func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		if s.password == "" {
			s.password = "swordfish"
		}
		if s.answer == nil {
			s.answer = func(string, message) string { return "Response: Success\nID\nPing: Pong\n\n" }
		}
		c, err := New(Config{Name: "a", Address: "pbx:5038", User: "ctid", Password: "swordfish", Dial: s.dial})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		f(t, c)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestLogin(t *testing.T) {
	for _, c := range []struct {
		name string
		s    *server
		want []string
	}{
		{"by challenge", &server{}, []string{"md5"}},
		{"in plain text where no challenge is offered", &server{plain: true}, []string{"plain"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, c.s, func(t *testing.T, cl *Client) {
				if err := cl.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
			if !slices.Equal(c.s.logins, c.want) || c.s.actions[len(c.s.actions)-1] != "Logoff" {
				t.Errorf("log-ins %v, actions %v", c.s.logins, c.s.actions)
			}
		})
	}
}

// A refused log-in is tried again with growing pauses, never in a hurry; an action asked for meanwhile says that there is
// no connection.
func TestWrongPassword(t *testing.T) {
	s := &server{password: "other"}
	inBubble(t, s, func(t *testing.T, c *Client) {
		began := time.Now()
		if err := c.Ping(t.Context()); !errors.Is(err, ErrDown) {
			t.Errorf("ping without a connection: %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it waited %v", took)
		}
		<-time.After(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := len(s.logins); n < 5 || n > 16 {
			t.Errorf("%d log-ins in a minute", n)
		}
	})
}

func TestReconnects(t *testing.T) {
	cut := true
	s := &server{refuse: 2}
	s.answer = func(action string, _ message) string {
		if cut {
			cut = false
			return "cut"
		}
		return "Response: Success\nID\n\n"
	}
	inBubble(t, s, func(t *testing.T, c *Client) {
		if err := c.Ping(t.Context()); err == nil {
			t.Error("a cut connection answered")
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("after the reconnect: %v", err)
		}
	})
	if s.dials != 4 {
		t.Errorf("%d dials", s.dials)
	}
}

// An Asterisk that has stopped answering is found by the sign of life, and the connection is given up.
func TestSilentPeer(t *testing.T) {
	s := &server{answer: func(string, message) string { return "" }}
	inBubble(t, s, func(t *testing.T, _ *Client) {
		<-time.After(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dials < 3 {
			t.Errorf("%d dials in a minute of silence", s.dials)
		}
	})
}

func entry(position, wait, channel, id string) string {
	return "Event: QueueEntry\nID\nQueue: q\nPosition: " + position + "\nChannel: " + channel + "\nUniqueid: " + id + "\nCallerIDName: Response: Error\nWait: " + wait + "\n\n"
}

func TestQueueStatus(t *testing.T) {
	done := "Event: QueueStatusComplete\nID\nEventList: Complete\nListItems: 3\n\n"
	for _, c := range []struct {
		name, answer, want string
		bad                bool
	}{
		{"in order", "Response: Success\nID\nEventList: start\n\nEvent: QueueParams\nID\nQueue: q\n\nEvent: Newchannel\nChannel: stranger\n\n" +
			entry("2", "7", "PJSIP/b", "1.2") + entry("1", "65", "PJSIP/a", "1.1") + done, "[{PJSIP/a 1.1 1 1m5s} {PJSIP/b 1.2 2 7s}]", false},
		{"nobody", "Response: Success\nID\n\n" + done, "[]", false},
		{"no position", "Response: Success\nID\n\n" + entry("x", "7", "PJSIP/b", "1.2") + done, "[]", true},
		{"a negative wait", "Response: Success\nID\n\n" + entry("1", "-7", "PJSIP/b", "1.2") + done, "[]", true},
		{"no channel", "Response: Success\nID\n\n" + entry("1", "7", "", "1.2") + done, "[]", true},
		{"refused", "Response: Error\nID\nMessage: Permission denied\n\n", "[]", true},
		{"no response", "Event: QueueEntry\nID\n\n", "[]", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked message
			s := &server{answer: func(_ string, m message) string { asked = m; return c.answer }}
			inBubble(t, s, func(t *testing.T, cl *Client) {
				got, err := cl.QueueStatus(t.Context(), "q")
				if fmt.Sprint(got) != c.want || (err != nil) != c.bad {
					t.Errorf("%v, %v", got, err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if asked.get("Queue") != "q" {
					t.Errorf("asked for %v", asked)
				}
			})
		})
	}
}

func TestCoreShowChannels(t *testing.T) {
	s := &server{answer: func(string, message) string {
		return "Response: Success\nID\n\nEvent: CoreShowChannel\nID\nChannel: PJSIP/a-1\nUniqueid: 1.1\nApplication: Queue\nContext: ctid-fallback\nExten: s\n\nEvent: CoreShowChannelsComplete\nID\n\n"
	}}
	inBubble(t, s, func(t *testing.T, c *Client) {
		got, err := c.CoreShowChannels(t.Context())
		if want := []Channel{{"PJSIP/a-1", "1.1", "Queue", "ctid-fallback", "s"}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestRedirect(t *testing.T) {
	s := &server{answer: func(_ string, m message) string {
		if m.get("Channel") == "gone" {
			return "Response: Error\nID\nMessage: Channel does not exist\n\n"
		}
		return "Response: Success\nID\nMessage: Redirect " + m.get("Context") + m.get("Exten") + m.get("Priority") + "\n\n"
	}}
	inBubble(t, s, func(t *testing.T, c *Client) {
		to := Place{"ctid-arrive", "8001", 1}
		if err := c.Redirect(t.Context(), "PJSIP/a-1", to); err != nil {
			t.Error(err)
		}
		var refused *Error
		if err := c.Redirect(t.Context(), "gone", to); !errors.As(err, &refused) || refused.Action != "Redirect" {
			t.Errorf("a channel that is gone: %v", err)
		}
	})
	if got := s.actions[2:]; !slices.Equal(got, []string{"Redirect", "Redirect", "Logoff"}) {
		t.Errorf("actions %v", s.actions)
	}
}

// A caller who gives up ends the connection, for its answer would be taken for the next one's; the next action has a new one.
func TestGivenUp(t *testing.T) {
	answers := 0
	s := &server{}
	s.answer = func(string, message) string {
		if answers++; answers == 1 {
			return ""
		}
		return "Response: Success\nID\n\n"
	}
	inBubble(t, s, func(t *testing.T, c *Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if s.dials != 2 {
		t.Errorf("%d dials", s.dials)
	}
}
