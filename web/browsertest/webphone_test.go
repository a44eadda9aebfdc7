package browsertest

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest"
	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
	"ctid/systemtest"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What each of them says all the time, in Hz.
const (
	callerHum    = 450.0
	agentHum     = 650.0
	colleagueHum = 1000.0
)

// booth is the built program on a real Asterisk and an agent whose telephone is in his page: his microphone hums. Between
// page and Asterisk is a cutter.
type booth struct {
	page
	ctx  context.Context
	rig  *systemtest.Rig
	sip  *cutter
	url  string
	asks chan cdppage.DialogType // what the page asked before it was left; it is answered with yes
}

// ear says what the page plays: the frequency that is loudest, 0 for silence. It also notes the passwords that the page
// is given.
const ear = `(() => {
  const plain = window.fetch;
  window.given = [];
  window.fetch = async (...args) => {
    const res = await plain(...args);
    if (String(args[0]).endsWith("/me/phone")) res.clone().json().then((a) => { if (a.password) given.push(a.password); });
    return res;
  };
  let had, look;
  window.ear = () => {
    const stream = ctidPhone.audio.srcObject;
    if (!stream) return 0;
    if (stream !== had) {
      had = stream;
      const sound = new AudioContext();
      look = sound.createAnalyser();
      look.fftSize = 8192;
      look.smoothingTimeConstant = 0;
      sound.createMediaStreamSource(stream).connect(look);
    }
    const db = new Float32Array(look.frequencyBinCount);
    look.getFloatFrequencyData(db);
    const best = db.reduce((b, v, i) => (v > db[b] ? i : b), 0);
    return db[best] < -60 ? 0 : best * look.context.sampleRate / look.fftSize;
  };
})()`

// hum is a file with the microphone's voice: with short pauses, for the browser takes what never changes for noise.
func hum(t *testing.T) string {
	t.Helper()
	var pcm []int16
	for range 10 {
		pcm = append(append(pcm, pbxtest.Tone(agentHum, 3200)...), make([]int16, 800)...)
	}
	file := filepath.Join(t.TempDir(), "hum.wav")
	if err := os.WriteFile(file, pbxtest.WAV(pcm), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// openBooth has the agent on duty and ready, by his page, with his telephone in it.
func openBooth(t *testing.T) *booth {
	t.Helper()
	b := &booth{sip: newCutter(t, asterisk.HTTPAddr()), asks: make(chan cdppage.DialogType, 10)}
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	b.rig = systemtest.Start(t, systemtest.Options{Bin: program, PBX: asterisk, Agents: 3, Script: systemtest.QueueOnly,
		Queue: "wrapup: 60s", Config: realConfig, Change: b.config})
	b.url = b.rig.Web + "/desk/"
	b.page = page{t, browser(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-audio-capture", hum(t)), chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))}
	chromedp.ListenTarget(b.page.ctx, func(ev any) {
		if ask, ok := ev.(*cdppage.EventJavascriptDialogOpening); ok {
			b.asks <- ask.Type
			go func() { _ = chromedp.Run(b.page.ctx, cdppage.HandleJavaScriptDialog(true)) }() // it ends with the browser
		}
	})
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdppage.AddScriptToEvaluateOnNewDocument(ear).Do(ctx)
		return err
	}), chromedp.Navigate(b.url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery),
		chromedp.SendKeys(`input[name=user]`, "a1003", chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, "test-a1003-password", chromedp.ByQuery))
	b.click(`form button`)
	b.text(`#state`, "Off duty")
	b.click(`#login`)
	b.text(`#state`, "Paused")
	b.until(`document.querySelector("[data-phone=ready]")`)
	b.until(`!document.querySelector(".bar .warn")`)
	b.click(`#ready`)
	b.text(`#state`, "Ready")
	return b
}

func (b *booth) config(yaml string) string {
	for was, is := range map[string]string{"ring: 5s": "ring: 20s", "device: {kind: phone, endpoint: PJSIP/1003}": "device: {kind: web, endpoint: PJSIP/1003}",
		"{name: pbx, ": `{name: pbx, sip_url: "ws://` + b.sip.ln.Addr().String() + `/ws", `} {
		yaml = strings.ReplaceAll(yaml, was, is)
	}
	return yaml
}

// caller calls in; he is talking when the agent has answered.
func (b *booth) caller() *phonetest.Dialog {
	b.t.Helper()
	p := b.rig.Caller()
	p.SetTone(callerHum)
	d, err := p.Call(b.ctx, systemtest.Number, phonetest.CallOptions{From: "02079460018"})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// counters are the page's own.
type counters struct {
	Sent     int     `json:"sent"`
	Received int     `json:"received"`
	Lost     int     `json:"lost"`
	Energy   float64 `json:"energy"`
	Codec    string  `json:"codec"`
}

func (b *booth) counters() (c counters) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`ctidPhone.stats().then((s) => s ?? {})`, &c, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	return c
}

// plays waits until the page plays the tone and nothing louder.
func (b *booth) plays(hz float64) {
	b.t.Helper()
	js, _ := json.Marshal(hz) // a number always marshals
	b.until(`Math.abs(window.ear() - ` + string(js) + `) < 15`)
}

// hears waits until the telephone hears the tones.
func (b *booth) hears(d *phonetest.Dialog, tones ...float64) {
	b.t.Helper()
	for _, hz := range tones {
		if err := d.AwaitHears(b.ctx, hz); err != nil {
			b.t.Fatal(err)
		}
	}
}

// rtp is what Asterisk has counted on the channel of the page's telephone: received from it, and sent to it.
func (b *booth) rtp() (received, sent int) {
	b.t.Helper()
	var channels []struct{ ID, Name string }
	b.ari("/channels", &channels)
	i := slices.IndexFunc(channels, func(c struct{ ID, Name string }) bool { return strings.HasPrefix(c.Name, "PJSIP/1003-") })
	if i < 0 {
		b.t.Fatalf("no channel of the page among %v", channels)
	}
	var s struct {
		RX int `json:"rxcount"`
		TX int `json:"txcount"`
	}
	b.ari("/channels/"+channels[i].ID+"/rtp_statistics", &s)
	return s.RX, s.TX
}

func (b *booth) ari(path string, v any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, asterisk.ARIURL()+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		b.t.Fatalf("%s: %s: %v", path, res.Status, err)
	}
}

// flows holds that packets go both ways, counted at both ends, for as long as a hundred of them take.
func (b *booth) flows() {
	b.t.Helper()
	page, began := b.counters(), time.Now()
	in, out := b.rtp()
	wait(b.t, "a hundred packets each way", func() bool {
		now := b.counters()
		rx, tx := b.rtp()
		return now.Sent-page.Sent >= 100 && now.Received-page.Received >= 100 && rx-in >= 100 && tx-out >= 100
	})
	if took := time.Since(began); took > 5*time.Second {
		b.t.Errorf("a hundred packets of 20 ms each way took %v", took)
	}
	if now := b.counters(); now.Energy <= page.Energy {
		b.t.Error("what the page has received is silence")
	}
}

// The telephone in the page, on a real Asterisk with real media: answered, held, taken back, a colleague asked and the
// caller handed over to him, all by the page's buttons.
func TestBrowserRealWebPhone(t *testing.T) {
	b := openBooth(t)
	colleague := b.rig.Phone("1001")
	colleague.SetTone(colleagueHum)
	colleague.SetPolicy(phonetest.AnswerAfter(200 * time.Millisecond))

	caller := b.caller()
	b.text(`.pop .ani`, "020 7946 0018")
	b.text(`.call .phase`, "Ringing")
	b.click(`.call .answer`)
	b.text(`#state`, "On a call")
	b.text(`.call .phase`, "Talking")
	b.hears(caller, agentHum)
	b.plays(callerHum)
	b.flows()
	t.Logf("%+v", b.counters())
	b.look("web-phone")

	b.click(`[data-op="call.hold"]`)
	b.hears(caller, pbxtest.HoldMusicLow, pbxtest.HoldMusicHigh)
	if caller.Hears(agentHum) {
		t.Error("a caller on hold hears the agent")
	}
	b.plays(0)
	b.click(`[data-op="call.retrieve"]`)
	b.hears(caller, agentHum)
	b.plays(callerHum)
	b.eval(`ctidPhone.keys("5#")`, nil)
	if err := caller.AwaitKeys(b.ctx, "5#"); err != nil {
		t.Errorf("keys pressed in the page: %v", err)
	}

	b.rig.Desk("1001").Ready()
	b.consult("a1001")
	b.text(`.consult`, "You speak with")
	asked, err := colleague.AwaitCall(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.hears(asked, agentHum)
	b.plays(colleagueHum)
	b.hears(caller, pbxtest.HoldMusicLow)
	b.click(`[data-op="call.transfer_complete"]`)
	b.text(`#state`, "Wrap-up")
	b.hears(caller, colleagueHum)
	b.hears(asked, callerHum)
	b.until(`!ctidPhone.talking && ctidPhone.calls.size === 0`)
	if err := asked.Hangup(b.ctx); err != nil {
		t.Error(err)
	}
	b.rig.Clean()
	b.keepsSecret()
	if rec := b.rig.EndedRecords(); len(rec) != 1 || rec[0].Agents[len(rec[0].Agents)-1].Agent != "a1001" || rec[0].Outcome != "answered" || rec[0].HoldMS == 0 {
		t.Errorf("%+v", rec)
	}
}

// consult asks a colleague by the page's transfer box.
func (b *booth) consult(agent string) {
	b.t.Helper()
	b.click(`.call [data-op="call.consult"]`)
	b.click(`.transfer [value="` + agent + `"]:not(:disabled)`)
	b.click(`.transfer button.main`)
}

// keepsSecret holds that the telephone's password is neither in what the page shows and keeps nor in ctid's log.
func (b *booth) keepsSecret() {
	b.t.Helper()
	var given []string
	var kept string
	b.eval(`given`, &given)
	b.eval(`document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie`, &kept)
	if len(given) == 0 || strings.Contains(kept+b.rig.Log(), given[0]) {
		b.t.Errorf("of %d passwords the first was shown, kept or logged", len(given))
	}
}

// A page that is loaded anew in a conversation, after it has warned, gets its caller back by itself.
func TestBrowserRealWebPhoneReload(t *testing.T) {
	b := openBooth(t)
	caller := b.caller()
	b.click(`.call .answer`)
	b.hears(caller, agentHum)
	b.plays(callerHum)

	began := time.Now()
	b.run(chromedp.Reload())
	select {
	case ask := <-b.asks:
		if ask != cdppage.DialogTypeBeforeunload {
			t.Errorf("the page asked %s", ask)
		}
	case <-b.ctx.Done():
		t.Fatal("the page did not warn that a call would be cut")
	}
	b.rescued(caller, began)
}

// A conversation whose way through the network is lost goes on by another one.
func TestBrowserRealWebPhoneNetwork(t *testing.T) {
	b := openBooth(t)
	caller := b.caller()
	b.click(`.call .answer`)
	b.hears(caller, agentHum)
	b.plays(callerHum)
	began := time.Now()
	b.eval(`(() => {
	  const [call] = ctidPhone.calls;
	  window.lost = call.session.connection;
	  Object.defineProperty(lost, "iceConnectionState", { get: () => "failed" });
	  lost.dispatchEvent(new Event("iceconnectionstatechange"));
	})()`, nil)
	b.until(`![...ctidPhone.calls].some((c) => c.session.connection === lost)`)
	b.rescued(caller, began)
}

// rescued holds that caller and agent hear each other again in time, by the page as it is now, and ends it all.
func (b *booth) rescued(caller *phonetest.Dialog, began time.Time) {
	t := b.t
	t.Helper()
	b.within(20*time.Second-time.Since(began), `document.querySelector("#state")?.textContent.includes("On a call") && window.ctidPhone?.talking`)
	b.hears(caller, agentHum)
	b.plays(callerHum)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the two heard each other again after %v, want 20s at most", took)
	} else {
		t.Logf("the two heard each other again after %v", took)
	}
	if !music(caller.HeardSince(began)) {
		t.Error("the caller heard no music while his agent was away")
	}
	b.flows()
	b.click(`.hangup`)
	b.text(`#state`, "Wrap-up")
	b.rig.Clean()
	if rec := b.rig.EndedRecords(); len(rec) != 1 || rec[0].End.Side != ctid.SideAgent || len(rec[0].Offers) != 1 {
		t.Errorf("%+v", rec)
	}
}

// music tells whether the music on hold is anywhere in what was heard.
func music(pcm []int16) bool {
	const window = pbxtest.Rate / 5
	for at := 0; at+window <= len(pcm); at += window / 4 {
		if hear.Tone(pcm[at:at+window], pbxtest.HoldMusicLow) >= hear.MixedTone {
			return true
		}
	}
	return false
}

// Only the front tab is the telephone. An answer pressed in another one is carried out there, a rejection ends its
// ringing, and when it is closed the next one takes its place.
func TestBrowserRealWebPhoneTabs(t *testing.T) {
	b := openBooth(t)
	second := b.tab(b.url)
	second.text(`#state`, "Ready")
	second.until(`ctidPhone.state === "off" && !document.querySelector("[data-phone]")`)

	caller := b.caller()
	second.click(`.call .answer`)
	b.text(`#state`, "On a call")
	b.hears(caller, agentHum)
	b.plays(callerHum)
	second.until(`!ctidPhone.talking`)
	second.click(`.hangup`)
	b.text(`#state`, "Wrap-up")
	b.until(`ctidPhone.calls.size === 0`)
	b.run(chromedp.SetValue(`.wrap select`, "sold", chromedp.ByQuery))
	b.click(`.wrap button.go`)
	b.text(`#state`, "Ready")

	caller = b.caller()
	b.until(`ctidPhone.bell.sound`)
	b.click(`.call .reject`)
	b.until(`ctidPhone.calls.size === 0 && !ctidPhone.bell.sound`)
	if err := caller.Hangup(b.ctx); err != nil {
		t.Error(err)
	}
	b.rig.Clean()

	b.run(chromedp.Navigate("about:blank"))
	second.within(20*time.Second, `ctidPhone.state === "ready"`)
	second.text(`#state`, "Ready")
}

// A telephone whose line is cut comes back by itself, also when its password is no good any more by then. The
// conversation goes on meanwhile, for its voice goes another way.
func TestBrowserRealWebPhoneCut(t *testing.T) {
	b := openBooth(t)
	b.sip.cut(true)
	b.until(`document.querySelector("[data-phone=lost]")`)
	b.text(`#state`, "Paused")
	b.text(`#reason`, "phone not reachable")
	b.forget()
	b.sip.open()
	b.until(`document.querySelector("[data-phone=ready]")`)
	b.text(`#state`, "Ready")

	caller := b.caller()
	b.click(`.call .answer`)
	b.hears(caller, agentHum)
	b.sip.cut(false)
	b.until(`document.querySelector("[data-phone=lost]")`)
	b.until(`document.querySelector("[data-phone=ready]")`)
	b.hears(caller, agentHum)
	b.plays(callerHum)
	b.text(`#state`, "On a call")
	if err := caller.Hangup(b.ctx); err != nil {
		t.Error(err)
	}
	b.text(`#state`, "Wrap-up")
	b.until(`ctidPhone.calls.size === 0`) // its farewell may have gone to the line that was cut
	b.rig.Clean()
}

// forget takes the telephone's password away, as a restart of Asterisk does.
func (b *booth) forget() {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodDelete, asterisk.ARIURL()+"/asterisk/config/dynamic/res_pjsip/auth/1003", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.SetBasicAuth(asterisk.ARIUser(), asterisk.ARIPassword())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		b.t.Errorf("taking the password away: %s", res.Status)
	}
}
