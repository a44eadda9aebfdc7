package ami

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// No value becomes a line of its own: whatever holds a line end or another control character is not sent.
func TestNothingIsInjected(t *testing.T) {
	s := &server{}
	inBubble(t, s, func(t *testing.T, c *Client) {
		for _, bad := range []string{"a\r\nAction: Originate", "a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x7fb", "a\u0085b", "a\u2028b", strings.Repeat("x", maxValue+1)} {
			var v *ValueError
			if err := c.Redirect(t.Context(), bad, Place{"c", "s", 1}); !errors.As(err, &v) || v.Field != "Channel" || strings.Contains(err.Error(), bad) {
				t.Errorf("channel %q: %v", bad, err)
			}
			if err := c.Redirect(t.Context(), "a", Place{"c", bad, 1}); !errors.As(err, &v) || v.Field != "Exten" {
				t.Errorf("extension %q: %v", bad, err)
			}
			if _, err := c.QueueStatus(t.Context(), bad); !errors.As(err, &v) {
				t.Errorf("queue %q: %v", bad, err)
			}
		}
		if err := c.Ping(t.Context()); err != nil { // the connection is as good as before
			t.Error(err)
		}
	})
	if got := s.actions; !slices.Equal(got, []string{"Challenge", "Login", "Ping", "Logoff"}) {
		t.Errorf("actions %v", got)
	}
	for _, cfg := range []Config{
		{Address: "pbx", User: "u", Password: "p"}, {Address: "pbx:1", Password: "p"}, {Address: "pbx:1", User: "u"},
		{Address: "pbx:1", User: "u\r\nAction: x", Password: "p"}, {Address: "pbx:1", User: "u", Password: "p\n"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"a long line", "A: " + strings.Repeat("x", maxLine) + "\r\n\r\n"},
		{"a long message", strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 70) + "\r\n"},
		{"many lines without a colon", strings.Repeat("xxxxxxxxxxxxxxxx\r\n", 5000)},
	} {
		if _, err := readMessage(bufio.NewReaderSize(strings.NewReader(c.text), maxLine)); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	m, err := readMessage(bufio.NewReaderSize(strings.NewReader("\r\n\r\nA:b\r\nno colon\r\n C : d:e \n\r\n"), maxLine))
	if err != nil || fmt.Sprint(m) != "[{A b} {C d:e}]" {
		t.Errorf("%v, %v", m, err)
	}
}

func TestPasswordsStayHidden(t *testing.T) {
	cfg := Config{Password: "swordfish"}
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v %#v", cfg, cfg), cfg.Password.LogValue().String()} {
		if strings.Contains(text, "swordfish") {
			t.Error(text)
		}
	}
}

// Whatever a peer sends, the parser keeps to its bounds, and what it returns can be written back without a new line.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{"Response: Success\r\nActionID: 1\r\n\r\n", entry("1", "7", "PJSIP/b", "1.2"), "\r\n\r\n", "a", ":\n\n", "A:\x00b\r\r\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bufio.NewReaderSize(strings.NewReader(string(raw)), maxLine)
		for {
			m, err := readMessage(r)
			if err != nil {
				return
			}
			size := 0
			for _, x := range m {
				size += len(x.key) + len(x.value)
				if strings.Contains(x.key+x.value, "\n") {
					t.Fatalf("%q: a line end in %q", raw, x)
				}
			}
			if len(m) == 0 && !strings.Contains(string(raw), "\n") || size > maxMessage {
				t.Fatalf("%q gave %v", raw, m)
			}
			_, _ = callersOf("q", []message{m})
		}
	})
}
