package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"ctid"
	"ctid/pbxtest/phonetest"
)

// hostile are callers who try what a From header can hold.
var hostile = []struct{ what, from, name string }{
	{"quotes", `%22%22%3B%22`, `"; DROP TABLE calls; -- '`},
	{"markup", `%3Cscript%3E`, `<script>alert(1)</script><img src=x onerror=y>`},
	{"line breaks", `123%0D%0AX-Evil%3A%20yes%0D%0A`, `Mei%0D%0AX-Evil: yes`},
	{"expansion", `$%7BSHELL(id)%7D`, `${SHELL(id)} $[1+1] ${GLOBAL(x)}`},
	{"dial string", `1001%40evil%26PJSIP%2F1002%2C60`, `PJSIP/1002&Local/s@x,60,g`},
	{"emoji", `02079460018`, `Mei 👩‍💻 Tän 陳`},
	{"turned", `02079460018`, "Mei \u202egnp.exe\u2066\u200f"},
	{"long", strings.Repeat("7", 200), strings.Repeat("Long ", 70)},
	{"not UTF-8", `02079460018`, "Mei \xff\xfe\xc3("},
	{"withheld", `anonymous`, `Anonymous`},
	{"nothing", ``, ``},
	{"of the carrier", `02079460018`, `Mei`},
}

// asserted is the carrier's word for who calls, as hostile as the rest.
var asserted = map[string]string{"P-Asserted-Identity": `"${SHELL(id)} <b>" <sip:%22%0D%0AX-Evil%3A1;x=y@127.0.0.1>`}

// Whatever a caller writes into his number and name, the call works, and what is shown and sent on is clean.
func TestRealHostileCallers(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Script: QueueOnly})
	phone := r.Phone("1001")
	d := r.Desk("1001")
	d.Ready()
	for _, tt := range hostile {
		t.Run(tt.what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			from := d.Len()
			o := phonetest.CallOptions{From: tt.from, Name: tt.name}
			if tt.what == "of the carrier" {
				o.Headers = asserted
			}
			call, err := r.Caller().Call(ctx, Number, o)
			if err != nil {
				t.Fatal(err)
			}
			f, at := d.Event(from, "pop.offered")
			var pop ctid.PopData
			if err := json.Unmarshal(f.Data, &pop); err != nil {
				t.Fatal(err)
			}
			for _, text := range []ctid.Private{pop.ANI.Raw, pop.ANI.Name, pop.ANI.Shown, pop.ANI.E164} {
				cleanText(t, string(text))
			}
			ring, err := phone.AwaitCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			harmless(t, ring)
			if err := ring.AwaitAnswer(ctx); err != nil {
				t.Fatal(err)
			}
			_, at = d.Event(at, "call.established") // he who goes before it has heard nobody
			if err := call.Hangup(ctx); err != nil {
				t.Fatal(err)
			}
			d.State(at, "ready")
		})
	}
	r.Clean()
	list := r.Records()
	if len(list) != len(hostile) {
		t.Fatalf("%d records of %d calls", len(list), len(hostile))
	}
	for _, rec := range list {
		if rec.End == nil || rec.Outcome != "answered" {
			t.Errorf("record %+v %s", rec.End, rec.Outcome)
		}
		cleanText(t, string(rec.ANI.Raw))
		cleanText(t, string(rec.ANI.Name))
	}
	if out, status := r.Run("", "db", "verify", "-c", "ctid.yaml"); status != 0 {
		t.Errorf("verify: %d %s", status, out)
	}
	for _, secret := range []string{"alert(1)", "DROP TABLE", "SHELL", "02079460018"} {
		if strings.Contains(r.Log(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// cleanText has no controls, no marks that turn writing, is UTF-8 and short.
func cleanText(t *testing.T, s string) {
	t.Helper()
	bad := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f
	})
	if bad >= 0 || !utf8.ValidString(s) || len(s) > 128 {
		t.Errorf("not clean: %q", s)
	}
}

// harmless says that the agent's INVITE holds nothing that the caller could have put there beside a plain text.
func harmless(t *testing.T, ring *phonetest.Dialog) {
	t.Helper()
	invite := ring.Request.String()
	head, _, _ := strings.Cut(invite, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if strings.Contains(strings.ToLower(name), "evil") {
			t.Errorf("a header was injected: %s", line)
		}
	}
	for _, header := range ring.Request.GetHeaders("From") {
		v := header.Value()
		for _, bad := range []string{"script", "SHELL(", "${", "\\", "%", "&", ";DROP", "\u202e"} {
			if strings.Contains(v, "<"+bad) || bad != "script" && strings.Contains(v, bad) {
				t.Errorf("From is %s", v)
			}
		}
		if len(v) > 600 || strings.Count(v, "\"") > 2 {
			t.Errorf("From is %s", v)
		}
	}
	if n := len(ring.Request.GetHeaders("From")); n != 1 {
		t.Errorf("%d From headers", n)
	}
}

// Rubbish at the listeners is refused, in bounds, and disturbs nobody.
func TestRealRubbishOverHTTP(t *testing.T) {
	r := Start(t, Options{Bin: program, PBX: asterisk, Agents: 1, Script: QueueOnly})
	phone := r.Phone("1001")
	d := r.Desk("1001")
	d.Ready()
	for _, tt := range []struct {
		method, url, body string
		want              []int
	}{
		{"GET", r.Web + "/api/v1/login", "", []int{404, 405}},
		{"DELETE", r.Web + "/readyz", "", []int{405}},
		{"POST", r.Web + "/ws", "x", []int{405, 400}},
		{"GET", r.Web + "/ws", "", []int{400, 401, 426}},
		{"BREW", r.Web + "/", "", []int{405}},
		{"GET", r.Web + "/api/v1/nothing", "", []int{404}},
		{"GET", r.Web + "/desk/../../etc/passwd", "", []int{404, 301, 307}},
		{"GET", r.Web + "/desk/%2e%2e/%2e%2e/ctid.yaml", "", []int{404, 301, 307, 400}},
		{"POST", r.Web + "/api/v1/login", strings.Repeat("x", 10<<20), []int{400, 413, 0}},
		{"POST", r.Web + "/api/v1/login", `{"user":"` + strings.Repeat("x", 10<<20) + `"}`, []int{400, 413, 0}},
		{"POST", r.Web + "/api/v1/login", "\x00\xff\x00", []int{400}},
		{"POST", r.Web + "/api/v1/login", `{"user":"admin","password":["a"]}`, []int{400}},
		{"POST", r.Web + "/api/v1/login", strings.Repeat("[", 10000), []int{400}},
		{"GET", r.Media + "/", "", []int{404}},
		{"GET", r.Media + "/m/" + strings.Repeat("0", 32) + "/" + strings.Repeat("0", 64) + ".wav", "", []int{404}},
		{"GET", r.Media + "/m/../../ctid.db", "", []int{404, 301, 307}},
		{"PUT", r.Media + "/m/x", "x", []int{405}},
		{"GET", r.Metrics + "/", "", []int{404}},
		{"POST", r.Metrics + "/metrics", "", []int{405}},
		{"GET", r.Metrics + "/debug/pprof/", "", []int{404}},
	} {
		if got := ask(t, tt.method, tt.url, tt.body); !slices.Contains(tt.want, got) {
			t.Errorf("%s %s with %d bytes: %d, want %v", tt.method, tt.url, len(tt.body), got, tt.want)
		}
	}
	elsewhere := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.Media+"/m/x/y.wav", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := elsewhere.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("media from elsewhere: %d %v", res.StatusCode, err)
	}
	for _, addr := range []string{r.Web, r.Media, r.Metrics} {
		rawBytes(t, strings.TrimPrefix(addr, "http://"))
	}
	rawFrames(t, r)
	if code, body := r.Get(r.Web + "/readyz"); code != 200 {
		t.Errorf("readyz: %d %s", code, body)
	}
	from := d.Len()
	talk(t, r, phone, Number) // the desk that was there all the while still works
	d.Event(from, "pop.offered")
	r.Clean()
	if strings.Contains(r.Log(), "panic") {
		t.Error(r.Log())
	}
}

// ask returns the status of a request; 0 when the server has cut it off.
func ask(t *testing.T, method, url, body string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			t.Errorf("%s %s: no answer in 10 s", method, url)
		}
		return 0
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); bytes.Contains(b, []byte("goroutine ")) || bytes.Contains(b, []byte("root:")) {
		t.Errorf("%s %s: %s", method, url, b)
	}
	return res.StatusCode
}

// rawBytes sends what is no HTTP at all; the server hangs up.
func rawBytes(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // over
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write(append(bytes.Repeat([]byte{0, 0xff, '\r', '\n', 0x80}, 2000), "\r\n\r\n"...))
	b, err := io.ReadAll(c)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Errorf("%s keeps a connection of rubbish open", addr)
	}
	if len(b) > 0 && !bytes.Contains(b, []byte(" 400 ")) {
		t.Errorf("%s answers rubbish with %q", addr, b)
	}
}

// rawFrames sends what is no message of the protocol over websockets; each is closed with a reason.
func rawFrames(t *testing.T, r *Rig) {
	t.Helper()
	token := r.Token("admin")
	for name, f := range map[string]struct {
		kind int
		data []byte
	}{
		"binary":        {websocket.BinaryMessage, bytes.Repeat([]byte{0, 0xff}, 500)},
		"no JSON":       {websocket.TextMessage, []byte("hello")},
		"JSON of sorts": {websocket.TextMessage, []byte(`[[[[{"k":null}]]]]`)},
		"too large":     {websocket.TextMessage, []byte(`{"k":"hello","client":"` + strings.Repeat("x", 4<<20) + `"}`)},
		"not UTF-8":     {websocket.TextMessage, []byte("{\"k\":\"\xff\xfe\"}")},
	} {
		if err := oneFrame(r, token, f.kind, f.data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func oneFrame(r *Rig, token string, kind int, data []byte) error {
	ctx, cancel := context.WithTimeout(r.T.Context(), 10*time.Second)
	defer cancel()
	d := websocket.Dialer{Subprotocols: []string{"ctid.v1"}}
	c, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(r.Web, "http")+"/ws", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return err
	}
	defer c.Close()
	defer res.Body.Close()
	_ = c.WriteMessage(kind, data)
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	for {
		_, _, err := c.ReadMessage()
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return errors.New("it stays open")
		}
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			if closed.Code == websocket.CloseInternalServerErr || closed.Code == websocket.CloseAbnormalClosure && kind == websocket.BinaryMessage {
				return fmt.Errorf("closed with %d %s", closed.Code, closed.Text)
			}
			return nil
		}
		if err != nil {
			return nil
		}
	}
}
