package phonetest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ctid/pbx"
	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
)

// app is a connected Stasis application, the least that plays ctid's part here.
type app struct {
	t  *testing.T
	ws *websocket.Conn
}

type event struct {
	Type    string
	Args    []string
	Channel struct {
		ID     string
		Caller struct{ Number, Name string }
	}
}

func connect(t *testing.T) *app {
	t.Helper()
	head := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(asterisk.ARIUser()+":"+asterisk.ARIPassword()))}}
	ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+asterisk.HTTPAddr()+"/ari/events?app="+pbx.App, head)
	ok(t, err)
	_ = res.Body.Close()
	t.Cleanup(func() { disconnect(t, ws) })
	return &app{t: t, ws: ws}
}

// disconnect closes the socket and waits until Asterisk has closed its side, with which it has let go of the application: a call
// that came sooner would still enter it, and a socket opened sooner might lose it.
func disconnect(t *testing.T, ws *websocket.Conn) {
	defer func() { _ = ws.Close() }()
	ok(t, ws.SetReadDeadline(time.Now().Add(5*time.Second)))
	ok(t, ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}
	if _, err := io.Copy(io.Discard, ws.UnderlyingConn()); err != nil {
		t.Errorf("Asterisk has not let go of its application: %v", err)
	}
}

// start waits for the next StasisStart.
func (a *app) start() event {
	a.t.Helper()
	ok(a.t, a.ws.SetReadDeadline(time.Now().Add(10*time.Second)))
	for {
		_, frame, err := a.ws.ReadMessage()
		ok(a.t, err)
		var e event
		ok(a.t, json.Unmarshal(frame, &e))
		if e.Type == "StasisStart" {
			return e
		}
	}
}

// redirection is a Dial that goes elsewhere.
type redirection struct {
	Type            string
	Forward         string
	Peer, Forwarded struct{ ID string }
}

// forward waits for the next one.
func (a *app) forward() redirection {
	a.t.Helper()
	ok(a.t, a.ws.SetReadDeadline(time.Now().Add(10*time.Second)))
	for {
		_, frame, err := a.ws.ReadMessage()
		ok(a.t, err)
		var r redirection
		ok(a.t, json.Unmarshal(frame, &r))
		if r.Type == "Dial" && r.Forward != "" {
			return r
		}
	}
}

func (a *app) hangup(channel string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodDelete, asterisk.ARIURL()+"/channels/"+channel, nil)
	ok(a.t, err)
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	res, err := http.DefaultClient.Do(req)
	ok(a.t, err)
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		a.t.Fatalf("DELETE channel: %s", res.Status)
	}
}

func (a *app) post(path string, query url.Values) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, asterisk.ARIURL()+path+"?"+query.Encode(), nil)
	ok(a.t, err)
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	res, err := http.DefaultClient.Do(req)
	ok(a.t, err)
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		a.t.Fatalf("POST %s: %s", path, res.Status)
	}
}

func TestCallsReachTheApplication(t *testing.T) {
	a := connect(t)
	if _, err := phone(t, "").Dial("+4930555010", phonetest.CallOptions{From: "4930123456", Name: "Ada \"& Charles, ${X}",
		Headers: map[string]string{"User-to-User": "7765622d666f726d2d373731;encoding=hex, ${X})"}}); err != nil {
		t.Fatal(err)
	}
	e := a.start()
	if !slices.Equal(e.Args, []string{"in", "+4930555010", "7765622d666f726d2d373731%3Bencoding%3Dhex%2C%20%24%7BX%7D)"}) || e.Channel.Caller.Number != "4930123456" || !strings.Contains(e.Channel.Caller.Name, "Charles, ${X}") {
		t.Errorf("%+v", e)
	}
	if _, err := phone(t, "1001").Dial("*21", phonetest.CallOptions{}); err != nil {
		t.Fatal(err)
	}
	if e = a.start(); !slices.Equal(e.Args, []string{"phone", "*21"}) || e.Channel.Caller.Number != "1001" {
		t.Errorf("%+v", e)
	}
}

// A phone that rings and says 302 gets no further than to the application, which is told whose channel it was.
func TestRedirectionReachesTheApplication(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	a, agent := connect(t), phone(t, "1001")
	agent.SetPolicy(phonetest.RedirectAfter(0, "4930777"))
	a.post("/channels", url.Values{"endpoint": {"PJSIP/1001"}, "app": {pbx.App}})
	e := a.start()
	defer a.hangup(e.Channel.ID)
	if len(e.Args) != 3 || !slices.Equal(e.Args[:2], []string{"forward", "4930777"}) || !strings.HasPrefix(e.Args[2], "PJSIP/1001-") {
		t.Errorf("args %q", e.Args)
	}
	in, err := agent.AwaitCall(ctx)
	ok(t, err)
	if end, err := in.AwaitEnd(ctx); err != nil || end.Code != 302 {
		t.Errorf("%+v, %v", end, err)
	}
}

// A phone may say 302 with what Asterisk takes for a dial string: whatever comes of it, the application is told where it goes
// before anybody answers.
func TestRedirectionToADialStringIsTold(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	a, agent, carrier := connect(t), phone(t, "1001"), phone(t, "carrier")
	carrier.SetPolicy(phonetest.Ring())
	agent.SetPolicy(phonetest.RedirectAfter(0, "PJSIP%2F4930888%40carrier"))
	a.post("/channels", url.Values{"endpoint": {"PJSIP/1001"}, "app": {pbx.App}})
	in, err := carrier.AwaitCall(ctx)
	ok(t, err)
	t.Logf("the carrier was called for %s", in.To)
	f := a.forward()
	if f.Forward != "PJSIP/4930888@carrier" || f.Forwarded.ID == "" || f.Peer.ID == "" {
		t.Errorf("told %+v", f)
	}
	a.hangup(f.Forwarded.ID)
	if end, err := in.AwaitEnd(ctx); err != nil || end.By != "peer" {
		t.Errorf("%+v, %v", end, err)
	}
}

// The headers that ask a phone to answer by itself arrive, and it does.
func TestAutoAnswerHeadersArrive(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	a, agent := connect(t), phone(t, "1001")
	agent.SetPolicy(phonetest.AutoAnswer())
	body := strings.NewReader(`{"variables":{"PJSIP_HEADER(add,Call-Info)":"<sip:ctid>;answer-after=0","PJSIP_HEADER(add,Alert-Info)":"<http://127.0.0.1>;info=alert-autoanswer"}}`)
	query := url.Values{"endpoint": {"PJSIP/1001"}, "app": {pbx.App}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, asterisk.ARIURL()+"/channels?"+query.Encode(), body)
	ok(t, err)
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	_ = res.Body.Close()
	a.start()
	in, err := agent.AwaitCall(ctx)
	ok(t, err)
	ok(t, in.AwaitAnswer(ctx))
	for name, want := range map[string]string{"Call-Info": "<sip:ctid>;answer-after=0", "Alert-Info": "<http://127.0.0.1>;info=alert-autoanswer"} {
		if h := in.Request.GetHeader(name); h == nil || h.Value() != want {
			t.Errorf("%s: %v", name, h)
		}
	}
}

func TestOverloadGoesToTheFallbackQueue(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	a, member := connect(t), phone(t, "1009")
	out, err := phone(t, "").Dial("4930555011", phonetest.CallOptions{From: "4930123456"})
	ok(t, err)
	e := a.start()
	a.post("/channels/"+e.Channel.ID+"/variable", url.Values{"variable": {"CTID_RETURN"}, "value": {"overload"}})
	a.post("/channels/"+e.Channel.ID+"/continue", nil)
	in, err := member.AwaitCall(ctx)
	ok(t, err)
	ok(t, in.AwaitAnswer(ctx), out.AwaitAnswer(ctx))
}

func TestHopThroughAMDComesBackWithCallAndStep(t *testing.T) {
	a := connect(t)
	out, err := phone(t, "").Dial("4930555012", phonetest.CallOptions{From: "4930123456"})
	ok(t, err)
	id := a.start().Channel.ID
	a.post("/channels/"+id+"/answer", nil)
	ok(t, out.AwaitAnswer(limit(t, 5*time.Second)))
	a.post("/channels/"+id+"/variable", url.Values{"variable": {"CTID_CALL"}, "value": {"c_1"}})
	a.post("/channels/"+id+"/variable", url.Values{"variable": {"CTID_STEP"}, "value": {"7"}})
	a.post("/channels/"+id+"/continue", url.Values{"context": {"ctid-hop"}, "extension": {"amd"}, "priority": {"1"}})
	// the phone is silent, which AMD calls a machine
	e := a.start()
	if len(e.Args) != 6 || !slices.Equal(e.Args[:5], []string{"hop", "c_1", "7", "amd", "MACHINE"}) || !strings.HasPrefix(e.Args[5], "INITIALSILENCE") {
		t.Errorf("args %q", e.Args)
	}
}

// A prompt served over HTTP, through Asterisk and a telephone's ear.
func TestPromptByURLIsRecognised(t *testing.T) {
	ctx := limit(t, 30*time.Second)
	prompts := map[string][]int16{}
	for _, text := range []string{"Please enter your account number.", "Please enter your order number.", "Goodbye and thank you for calling."} {
		pcm, err := pbxtest.Speak(ctx, "en", text)
		ok(t, err)
		prompts[text] = pcm
	}
	const said = "Please enter your account number."
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = w.Write(pbxtest.WAV(prompts[said]))
	}))
	t.Cleanup(server.Close)
	a := connect(t)
	out, err := phone(t, "").Dial("4930555013", phonetest.CallOptions{From: "4930123456"})
	ok(t, err)
	id := a.start().Channel.ID
	a.post("/channels/"+id+"/answer", nil)
	ok(t, out.AwaitAnswer(ctx))
	// Asterisk cuts the path of the fetched file to about the URL's length: a
	// URL shorter than that path is never played.
	path := "/m/" + strings.Repeat("0123456789abcdef", 4) + ".wav"
	a.post("/channels/"+id+"/play", url.Values{"media": {"sound:" + server.URL + path}})
	ok(t, out.AwaitPause(ctx, time.Time{}, time.Second))
	ok(t, hear.Expect(out.Heard(), said, prompts))
	for _, m := range hear.Recognise(out.Heard(), prompts) {
		t.Logf("%.2f %s", m.Score, m.Name)
	}
}

func TestPromptFromAFileIsCutByAKey(t *testing.T) {
	ctx := limit(t, 30*time.Second)
	const said = "Welcome to the harbour office. For timetables press one, for lost property press two."
	pcm, err := pbxtest.Speak(ctx, "en", said)
	ok(t, err)
	path := filepath.Join(asterisk.Dir(), "spool", "menu")
	ok(t, os.WriteFile(path+".wav", pbxtest.WAV(pcm), 0o644))
	for _, step := range []string{"1,Read(X," + path + ",1)", "2,Wait(1)"} {
		if out, err := asterisk.CLI(ctx, "dialplan add extension 9300,"+step+" into ctid-in"); err != nil {
			t.Fatal(err, out)
		}
	}
	d, err := phone(t, "").Call(ctx, "9300", phonetest.CallOptions{From: "4930123456"})
	ok(t, err)
	ok(t, d.AwaitAudio(ctx, 2*time.Second), d.SendDTMF(ctx, "1"))
	if _, err := d.AwaitEnd(ctx); err != nil {
		t.Error(err)
	}
	prompts := map[string][]int16{said: pcm}
	ok(t, hear.ExpectCut(d.Heard(), said, 1800*time.Millisecond, prompts))
	if err := hear.Expect(d.Heard(), said, prompts); err == nil {
		t.Error("a prompt that was cut is taken for whole")
	}
}

// Calls out over the trunk reach whoever registered as "carrier".
func TestCarrierTakesCallsOut(t *testing.T) {
	ctx := limit(t, 10*time.Second)
	a, carrier := connect(t), phone(t, "carrier")
	a.post("/channels", url.Values{"endpoint": {"PJSIP/4930777@carrier"}, "app": {pbx.App}, "callerId": {"4930555"}})
	in, err := carrier.AwaitCall(ctx)
	ok(t, err)
	ok(t, in.AwaitAnswer(ctx))
	if in.To != "4930777" || in.From != "4930555" {
		t.Errorf("the carrier was asked for %q by %q", in.To, in.From)
	}
	ok(t, in.Hangup(ctx))
}

func TestAWrongPasswordDoesNotRegister(t *testing.T) {
	p, err := phonetest.New(phonetest.Config{User: "1002", Password: "wrong", Server: asterisk.SIPAddr()})
	ok(t, err)
	t.Cleanup(func() { ok(t, p.Close()) })
	if err := p.Register(limit(t, 5*time.Second)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Register: %v", err)
	}
}
