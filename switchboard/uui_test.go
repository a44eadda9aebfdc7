package switchboard

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
)

var sendable = regexp.MustCompile(`^[0-9a-f]+;encoding=hex$`)

func TestReadUUI(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"", ""},
		{"7765622d666f726d2d373731;encoding=hex", "web-form-771"},
		{"7765622D666F726D2D373731", "web-form-771"},
		{"7765622d666f726d2d373731;purpose=isdn-uui;encoding=\"hex\";content=isdn-uui", "web-form-771"},
		{"e4bda0e5a5bd ; encoding=HEX", "你好"},
		{"04c8ff00;encoding=hex", "04c8ff00"},
		{"410d0a56696120;encoding=hex", "410d0a56696120"}, // a line break is not text
		{"plain words;encoding=text", "plain words"},
		{"\"plain words\";encoding=text", "plain words"},
		{"a\r\nVia: x;encoding=text", ""},
		{"xyz;encoding=hex", ""},
		{strings.Repeat("41", uuiBytes), strings.Repeat("A", uuiBytes)},
		{strings.Repeat("41", uuiBytes+1), ""},
		{strings.Repeat("41", 10_000), ""},
	} {
		if got, ok := readUUI(url.PathEscape(c.header)); got != c.want || ok != (c.want != "") {
			t.Errorf("%.40q: %q, %v; want %q", c.header, got, ok, c.want)
		}
	}
	if got, ok := readUUI("%zz"); ok {
		t.Errorf("rubbish gave %q", got)
	}
}

// Whatever comes in, what goes out is hexadecimal digits, and reads as it was.
func FuzzUUI(f *testing.F) {
	for _, s := range []string{"41;encoding=hex", "a\r\nb;encoding=text", "%0d%0a", ";;;=", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		text, ok := readUUI(arg)
		if !ok {
			return
		}
		if strings.ContainsAny(text, "\r\n\x00") || !isText(text) {
			t.Fatalf("%q gave %q", arg, text)
		}
		out := writeUUI([]ctid.Attached{{Key: uuiKey, Value: ctid.PrivateValue{V: text}}})
		if out == "" && len(text) <= uuiBytes {
			t.Fatalf("%q is not sent", text)
		}
		if out != "" && !sendable.MatchString(out) {
			t.Fatalf("%q is sent as %q", text, out)
		}
	})
}

// What the exchange before said of the call is attached to it, and goes on with it to somebody outside; what an agent has
// made of it meanwhile goes instead.
func TestUUITravels(t *testing.T) {
	inCentre(t, straight, func(t *testing.T, c *centre) {
		c.pbx.OnCall(func(aritest.Dialled) aritest.Behaviour { return aritest.AnswerAfter(time.Second) })
		c.ready("ana")
		in := caller
		in.Args = []string{"in", in.DNIS, url.PathEscape("7765622d666f726d2d373731;encoding=hex")}
		p := c.pbx.Call(in)
		c.callers = append(c.callers, p)
		c.settle(2 * time.Second)
		call := c.lastCall()
		pop := body[ctid.PopOffered](c)
		if a := pop.Attached; len(a) != 1 || a[0].Key != "uui" || a[0].Value.V != "web-form-771" || a[0].Src != uuiSrc {
			t.Errorf("the pop has %+v", a)
		}
		c.must("ana", ctid.CallConsult{Call: call, To: toNumber()})
		if h := c.pbx.Outside(outsider).Invite().Headers["User-to-User"]; h != "7765622d666f726d2d373731;encoding=hex" {
			t.Errorf("User-to-User: %q", h)
		}
		c.must("ana", ctid.CallTransferCancel{Call: call})
		c.must("ana", ctid.CallSetData{Call: call, Set: map[string]ctid.PrivateValue{"uui": {V: "case-9\r\nVia: x"}}})
		c.must("ana", ctid.CallConsult{Call: call, To: toNumber()})
		if h := c.pbx.Outside(outsider).Invite().Headers["User-to-User"]; !sendable.MatchString(h) {
			t.Errorf("User-to-User: %q", h)
		}
		p.Hangup()
		c.clean(1)
	})
}
