package ari_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"ctid/ari"
)

// wire is an HTTP server that keeps what it was asked last, and answers as an Asterisk that is content.
type wire struct {
	mu    sync.Mutex
	n     int
	path  string
	query url.Values
	body  []byte
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.n++
	w.path, w.query, w.body = r.URL.Path, r.URL.Query(), body
	w.mu.Unlock()
	rw.WriteHeader(http.StatusNoContent)
}

// asked is how many requests there were, and the last one.
func (w *wire) asked() (n int, path string, query url.Values, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n, w.path, w.query, w.body
}

func wired(t testing.TB) (*ari.Node, *wire) {
	t.Helper()
	w := &wire{}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	node, err := ari.New(ari.Config{Name: "wire", URL: srv.URL, User: "ctid"})
	if err != nil {
		t.Fatal(err)
	}
	return node, w
}

// hostile are values from people who mean no good, or whose telephone does not.
var hostile = []string{
	"PJSIP/1001&PJSIP/1002", "PJSIP/1001,30", "PJSIP/00441632@carrier@other", "PJSIP/carrier/sip:0044@203.0.113.9", "SIP/1001",
	"Local/s@ctid-hop/n&PJSIP/1", "PJSIP/-1001", "PJSIP/", "PJSIP/1001\r\nX-Evil: 1", "PJSIP/${EXTEN}", "PJSIP/10\x0001", "PJSIP/" + strings.Repeat("1", 4000),
	"-1", "\r\n", "a\r\nContact: <sip:evil@203.0.113.9>", "a\nb", "${SHELL(id)}", "$[1+1]", "\x00", "\xff\xfe", "\x7f", "\u0085", strings.Repeat("x", 70000),
	`"a" <1>, "b" <2>`, `"a\" <1>`, `<1`, `"${X}" <1>`, "\"a\r\nb\" <1>", "a,b", "a/b", "a@b", "a&b", "../..", "..", ".", "", " ", "c1,c2",
	"PJSIP_HEADER(add,X)\r\n", "SHELL(id)", "FILE(/etc/passwd)", "DB(a/b)", "ODBC_X(y)", "PJSIP_HEADER(add,${X})",
}

func FuzzOriginate(f *testing.F) {
	f.Add("PJSIP/1001", `"Ann" <4420>`, "PJSIP_HEADER(add,X-Ctid)", "c_1", "leg,c_1", "ulaw")
	f.Add("PJSIP/+442079460000@carrier", "+442079460018", "PJSIP_TRANSFER_HANDLING()", "ari-only", "", "")
	f.Add("Local/1001@ctid-phones/n", "<anonymous>", "__CTID", `<sip:x>;info="alert-autoanswer"`, "a,b", "alaw,ulaw")
	for _, h := range hostile {
		f.Add(h, `"Ann" <4420>`, "X", "y", "", "")
		f.Add("PJSIP/1001", h, "X", "y", "", "")
		f.Add("PJSIP/1001", "1", h, "y", "", "")
		f.Add("PJSIP/1001", "1", "PJSIP_HEADER(add,X-Ctid)", h, "", "")
		f.Add("PJSIP/1001", "1", "X", "y", h, h)
	}
	node, w := wired(f)
	f.Fuzz(func(t *testing.T, endpoint, callerID, name, value, args, formats string) {
		before, _, _, _ := w.asked()
		err := node.Originate(t.Context(), ari.OriginateRequest{
			ChannelID: "l1", Endpoint: endpoint, CallerID: callerID, AppArgs: args, Formats: formats, Variables: map[string]string{name: value},
		})
		n, path, query, body := w.asked()
		if err != nil {
			if !ari.IsInvalid(err) || n != before {
				t.Fatalf("%v, after %d requests", err, n-before)
			}
			return
		}
		if n != before+1 || path != "/ari/channels" || len(query) != 0 {
			t.Fatalf("%d requests, the last for %s?%v", n-before, path, query)
		}
		var got struct {
			Endpoint, App, AppArgs, CallerID, ChannelID, Formats string
			Variables                                            map[string]string
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if got.Endpoint != endpoint || got.CallerID != callerID || got.AppArgs != args || got.Formats != formats || got.App != "ctid" ||
			!maps.Equal(got.Variables, map[string]string{name: value}) {
			t.Fatalf("asked for %q %q %q %q %q %q, sent %s", endpoint, callerID, name, value, args, formats, body)
		}
		sane(t, endpoint, callerID, name, value)
	})
}

// sane looks at what got through as the telephone world would.
func sane(t *testing.T, endpoint, callerID, name, value string) {
	t.Helper()
	tech, rest, _ := strings.Cut(endpoint, "/")
	rest = strings.TrimSuffix(rest, "/n")
	if tech != "PJSIP" && tech != "Local" || strings.Count(rest, "@") > 1 || strings.ContainsAny(rest, "&/,;${}[]()<>\" ") || strings.HasPrefix(rest, "-") {
		t.Errorf("dial string %q", endpoint)
	}
	for _, v := range []string{endpoint, callerID, name, value} {
		if strings.ContainsAny(v, "\r\n\x00") || strings.Contains(v, "${") || len(v) > 4096 {
			t.Errorf("%q got through", v)
		}
	}
	if f, _, isFunction := strings.Cut(name, "("); isFunction && (f == "SHELL" || f == "FILE" || f == "DB" || strings.HasPrefix(f, "ODBC")) {
		t.Errorf("function %q got through", name)
	}
}

// readCallerID reads a caller id as Asterisk does: the number is between the last angles, what is before it is the name,
// without the quotes around it and the backslashes in it.
func readCallerID(s string) (name, number string) {
	i := strings.LastIndexByte(s, '<')
	if i < 0 {
		return "", s
	}
	number, _, _ = strings.Cut(s[i+1:], ">")
	name = strings.TrimSpace(s[:i])
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		out.WriteByte(name[i])
	}
	return out.String(), number
}

func FuzzCallerID(f *testing.F) {
	f.Add("Ada Lovelace", "+442079460018")
	f.Add(`Ann "the \ boss" <1>`, "4420")
	for _, h := range hostile {
		f.Add(h, "1")
		f.Add("Ann", h)
	}
	node, w := wired(f)
	f.Fuzz(func(t *testing.T, name, number string) {
		err := node.Originate(t.Context(), ari.OriginateRequest{
			ChannelID: "l1", Endpoint: "PJSIP/1001", CallerID: ari.FormatCallerID(ari.CallerID{Name: name, Number: number}),
		})
		if err != nil {
			if !ari.IsInvalid(err) {
				t.Fatal(err)
			}
			return
		}
		_, _, _, body := w.asked()
		var got struct{ CallerID string }
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if n, num := readCallerID(got.CallerID); n != name || num != number {
			t.Errorf("%q <%s> became %q <%s>", name, number, n, num)
		}
	})
}

// Every command refuses what it can't say, sends nothing then, and what it sends is what was meant.
func FuzzCommands(f *testing.F) {
	for _, h := range append(hostile, "c1", "pbx-1795301980.1", "CTID_CALL", "12#", "Stasis:ana", "default") {
		f.Add(h)
	}
	node, w := wired(f)
	f.Fuzz(func(t *testing.T, v string) {
		ctx := t.Context()
		for name, c := range map[string]struct {
			do    func() error
			path  string // with v in it; "" when v is in the query
			query string
		}{
			"answer":    {do: func() error { return node.Answer(ctx, v) }, path: "/ari/channels/" + v + "/answer"},
			"add":       {do: func() error { return node.AddToBridge(ctx, "b", v) }, query: "channel"},
			"remove":    {do: func() error { return node.RemoveFromBridge(ctx, "b", v) }, query: "channel"},
			"moh":       {do: func() error { return node.StartBridgeMOH(ctx, "b", v) }, query: "mohClass"},
			"keys":      {do: func() error { return node.SendDTMF(ctx, "c", v) }, query: "dtmf"},
			"variable":  {do: func() error { return node.SetVariable(ctx, "c", "X", v) }, query: "value"},
			"read":      {do: func() error { _, err := node.Variable(ctx, "c", v); return err }, query: "variable"},
			"extension": {do: func() error { return node.Continue(ctx, "c", ari.Place{Extension: v}) }, query: "extension"},
			"snoop":     {do: func() error { return node.Snoop(ctx, ari.SnoopRequest{Channel: "c", SnoopID: v, Spy: ari.DirectionIn}) }, path: "/ari/channels/c/snoop/" + v},
			"whisper": {do: func() error {
				return node.Snoop(ctx, ari.SnoopRequest{Channel: "c", SnoopID: "s", Whisper: ari.Direction(v)})
			}, query: "whisper"},
			"lamp":     {do: func() error { return node.SetDeviceState(ctx, v, "INUSE") }, path: "/ari/deviceStates/" + v},
			"transfer": {do: func() error { return node.TransferProgress(ctx, "c", v) }, query: "states"},
		} {
			before, _, _, _ := w.asked()
			err := c.do()
			n, path, query, _ := w.asked()
			switch {
			case err != nil && (!ari.IsInvalid(err) || n != before):
				t.Errorf("%s %q: %v after %d requests", name, v, err, n-before)
			case err != nil:
			case n != before+1 || c.path != "" && path != c.path || c.query != "" && query.Get(c.query) != v:
				t.Errorf("%s %q: %d requests, the last for %s?%v", name, v, n-before, path, query)
			case strings.ContainsAny(v, "\r\n\x00") || c.query != "" && c.query != "channel" && strings.Contains(v, "${"):
				t.Errorf("%s: %q got through", name, v)
			}
		}
	})
}

func TestGoodValuesAreSent(t *testing.T) {
	node, w := wired(t)
	for _, r := range []ari.OriginateRequest{
		{Endpoint: "PJSIP/1001", Originator: "pbx-1.2", CallerID: `"Ann" <4420>`, AppArgs: "leg,c_01J,l2", Timeout: 25},
		{Endpoint: "PJSIP/+442079460018@carrier-a.1", Formats: "alaw,ulaw", CallerID: ari.FormatCallerID(ari.CallerID{Name: `Zoë "Z"`, Number: "+441632960000"})},
		{Endpoint: "Local/1002@ctid-phones/n", OtherChannelID: "ctid.a.c.l3"},
		{Endpoint: "PJSIP/1001", Variables: map[string]string{
			"PJSIP_HEADER(add,Call-Info)": "<sip:ctid>;answer-after=0", "PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer",
			"PJSIP_TRANSFER_HANDLING()": "ari-only", "CHANNEL(language)": "zh", "__CTID_CALL": "c_01J, and/more@home",
		}},
		{Endpoint: "PJSIP/1001", Context: "ctid-hop", Extension: "amd", Priority: 1},
	} {
		r.ChannelID = "ctid.office.c_01J.l1"
		before, _, _, _ := w.asked()
		if err := node.Originate(t.Context(), r); err != nil {
			t.Errorf("%+v: %v", r, err)
			continue
		}
		n, _, _, body := w.asked()
		var got ari.OriginateRequest
		if err := json.Unmarshal(body, &got); err != nil || n != before+1 {
			t.Fatalf("%d requests, %v", n-before, err)
		}
		if got.App == "ctid" && r.Context == "" {
			got.App = ""
		}
		if got.Endpoint != r.Endpoint || got.CallerID != r.CallerID || !maps.Equal(got.Variables, r.Variables) || got.OtherChannelID != r.OtherChannelID ||
			got.Originator != r.Originator || got.Formats != r.Formats || got.Context != r.Context || got.App != "" {
			t.Errorf("asked for %+v, sent %s", r, body)
		}
	}
}

func TestInvalidSaysWhichFieldAndNotItsValue(t *testing.T) {
	node, _ := wired(t)
	err := node.Originate(t.Context(), ari.OriginateRequest{
		ChannelID: "l1", Endpoint: "PJSIP/1001", CallerID: "\"Jane\r\nDoe\" <1>",
	})
	if err == nil || err.Error() != "ari: node wire: originate: not sent: caller id has a control character, such as the end of a line" {
		t.Errorf("%v", err)
	}
	err = node.Originate(t.Context(), ari.OriginateRequest{ChannelID: "l1", Endpoint: "PJSIP/1001", Originator: "c", Formats: "ulaw"})
	if !ari.IsInvalid(err) || !strings.Contains(err.Error(), "formats") {
		t.Errorf("%v", err)
	}
}
