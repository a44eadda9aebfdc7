package browsertest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ws"
	"ctid/ws/wsclient"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A picture is never the same twice, so writing it is not part of -update.
var screenshots = flag.Bool("screenshots", false, "write the pictures in docs/img")

// browser starts a headless Chromium that ends with the test. more are flags beside the usual ones.
func browser(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no Chromium: run scripts/browser.sh")
	}
	dir, err := os.MkdirTemp("", "ctid-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	// Its helpers write a moment longer than it lives.
	t.Cleanup(func() { wait(t, "the end of Chromium", func() bool { return os.RemoveAll(dir) == nil }) })
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900), chromedp.UserDataDir(dir))
	opts = append(opts, more...)
	quiet := func(string, ...any) {} // the driver does not know all of this Chromium's events
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithErrorf(quiet), chromedp.WithLogf(quiet))
	t.Cleanup(end)
	if err := chromedp.Run(ctx); err != nil { // the browser lives as long as the context of the first run
		t.Fatal(err)
	}
	return ctx
}

// page is the desktop under test.
type page struct {
	t   *testing.T
	ctx context.Context
}

func (p page) run(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 15*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var html string
		_ = chromedp.Run(p.ctx, chromedp.InnerHTML("body", &html))
		p.t.Fatalf("%v\npage: %.3000s", err, html)
	}
}

// until waits for a condition of the page, looked at often. It asks from here, one question at a time: an answer that the
// driver loses is only asked for again.
func (p page) until(js string) {
	p.t.Helper()
	p.within(10*time.Second, js)
}

func (p page) within(limit time.Duration, js string) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var err error
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
		var ok bool
		err = chromedp.Run(ctx, chromedp.Evaluate(`!!(`+js+`)`, &ok))
		cancel()
		if ok && err == nil {
			return
		}
	}
	var html string
	p.run(chromedp.InnerHTML("body", &html))
	p.t.Fatalf("never true within %v: %s (%v)\npage: %.3000s", limit, js, err, html)
}

func (p page) text(sel, want string) {
	p.t.Helper()
	p.until(`(document.querySelector(` + quote(sel) + `)?.textContent ?? "").includes(` + quote(want) + `)`)
}

// login is ana's.
func (p page) login() {
	p.t.Helper()
	p.run(chromedp.SendKeys(`input[name=user]`, "ana", chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, "correct horse", chromedp.ByQuery))
	p.click(`form button`)
	p.text(`#state`, "Off duty")
}

func (p page) click(sel string) {
	p.t.Helper()
	p.run(chromedp.Click(sel, chromedp.ByQuery))
}

func (p page) eval(js string, out any) {
	p.t.Helper()
	p.run(chromedp.Evaluate(js, out))
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// hostile is what a caller may send as a name or a script may attach.
const hostile = `<img src=x onerror="window.pwned=1">` + "\u202egnp.exe"

func popData() ctid.PopData {
	now := time.Now()
	return ctid.PopData{
		Kind: "inbound", Offer: "o_1", Leg: "l_1", RingUntil: now.Add(20 * time.Second), AckBy: now.Add(2 * time.Second),
		ANI:   ctid.Number{E164: "+442079460018", Shown: "020 7946 0018", Name: hostile, Kind: "fixed"},
		DNIS:  ctid.DNIS{Number: "+448081570123", Label: "Claims line"},
		Queue: ctid.PopQueue{ID: "claims", Name: "Claims", WaitMS: 74_200, OffersBefore: 1, Priority: 50},
		IVR: ctid.IVRTrail{Script: "main", Version: "14", Lang: "en-GB", Path: []ctid.PathStep{
			{Node: "welcome", MS: 3100}, {Node: "menu", Key: "2", MS: 5200}, {Node: "ask_pin", Key: "*masked*", MS: 9100}}},
		Attached: []ctid.Attached{
			{Key: "policy_no", Value: ctid.PrivateValue{V: "HX-20931"}, Src: "ivr:ask_policy", At: now},
			{Key: "pin", Masked: "••••", Secret: true, Src: "ivr:ask_pin", At: now},
			{Key: "note", Value: ctid.PrivateValue{V: hostile}, Src: "sip:User-to-User", At: now},
			{Key: "long", Value: ctid.PrivateValue{V: strings.Repeat("x", 10_000)}, Src: "sip:X-Long", At: now},
		},
		Match: ctid.Match{State: ctid.MatchMany, Asked: []string{"ani"}, TookMS: 83, Chosen: "cu_19", Customers: []ctid.Candidate{
			{Customer: ctid.Customer{ID: "cu_19", Name: "Mei Tan", Company: &ctid.Company{ID: "co_1", Name: "Tan & Daughters"}, Lang: "zh-CN", VIP: true, Tier: "gold", Tags: []string{"vip"}}, Score: 0.98, Why: []string{"policy_no exact", "ani exact"}},
			{Customer: ctid.Customer{ID: "cu_40", Name: "Tan household"}, Score: 0.61, Why: []string{"ani shared by 2"}},
		}},
		Cases: []ctid.Case{{ID: "cs_7", Title: "Water damage, kitchen", State: "open", AgeDays: 4, Owner: "ben"}},
		Last:  []ctid.Contact{{At: now.Add(-48 * time.Hour), Kind: "call", Dir: "in", Agent: "ben", Outcome: "callback promised", Note: "wants a surveyor date"}},
	}
}

// An agent's hour: log in, ready, a call with its pop on the screen before the phone, talk, hang up, wrap-up; then the
// network is cut and the desktop comes back where it was.
func TestBrowserDesktop(t *testing.T) {
	d, cut, url := serve(t)
	p := page{t, browser(t)}

	p.run(chromedp.Navigate(url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery))
	p.run(chromedp.SendKeys(`input[name=user]`, "ana", chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, "wrong", chromedp.ByQuery))
	p.click(`form button`)
	p.text(`.error`, "wrong")
	p.run(chromedp.SetValue(`input[name=password]`, "correct horse", chromedp.ByQuery))
	p.click(`form button`)
	p.text(`#state`, "Off duty")
	p.click(`#login`)
	p.text(`#state`, "Paused")
	p.text(`#reason`, "just logged in")
	p.click(`#ready`)
	p.text(`#state`, "Ready")

	checkRing(t, p, d)
	d.answer()
	p.text(`.call .phase`, "Talking")
	p.text(`#state`, "On a call")
	d.tidy()
	p.until(`!document.querySelector("[data-key=long]")`)
	p.text(`[data-key=claim_no]`, "55-201")
	screenshot(t, p, "desktop.png")
	p.click(`.hangup`)
	p.text(`#state`, "Wrap-up")
	screenshot(t, p, "wrap-up.png")
	checkWrapUp(t, p, d)
	checkReconnect(t, p, d, cut)
	checkDisplaced(t, p, d, url)

	var pwned, images any
	p.eval(`window.pwned ?? null`, &pwned)
	p.eval(`document.querySelectorAll("img").length || null`, &images)
	if pwned != nil || images != nil {
		t.Errorf("hostile text became markup: %v %v", pwned, images)
	}
}

// checkRing: the pop is on the screen, whole, within 500 ms, and acknowledged.
func checkRing(t *testing.T, p page, d *desk) {
	t.Helper()
	start := d.ring(t, popData())
	p.until(`!!document.querySelector(".pop h2")`)
	shown := time.Since(start)
	p.text(`.pop h2`, "Mei Tan")
	p.text(`.call h2`, "Mei Tan")
	if shown > 500*time.Millisecond {
		t.Errorf("the pop was on the screen after %v, want 500ms", shown)
	}
	t.Logf("pop on the screen after %v", shown)
	for sel, want := range map[string]string{
		".ani": "020 7946 0018", ".dnis": "+448081570123", ".pop .queue": "Claims", ".pop .wait": "1:14", ".company": "Tan & Daughters",
		".path ol": "menu", `[data-key=policy_no]`: "HX-20931", `[data-key=pin] .masked`: "••••", `[data-key=note]`: "<img src=x",
		".candidates": "61 %", ".cases": "Water damage", ".last": "callback promised", "#loud": "Call from Mei Tan",
	} {
		p.text(sel, want)
	}
	wait(t, "the pop's acknowledgement", func() bool {
		a, at, ok := find[ctid.PopAck](d)
		return ok && a.Pop == "p_1" && a.What == "shown" && at.Sub(start) < 500*time.Millisecond
	})
}

func checkWrapUp(t *testing.T, p page, d *desk) {
	t.Helper()
	p.text(`.wrap .countdown`, "0:")
	p.run(chromedp.SetValue(`.wrap select`, "new_claim", chromedp.ByQuery), chromedp.SendKeys(`.wrap textarea`, "sends photos", chromedp.ByQuery))
	p.click(`.wrap button.go`)
	p.text(`#state`, "Ready")
	p.until(`!document.querySelector(".pop")`)
	if a, _, ok := find[ctid.AgentWrapUpDone](d); !ok || a.Disposition != "new_claim" || a.Notes != "sends photos" || a.Wrap != "w_1" {
		t.Errorf("the desk got %+v", a)
	}
}

// checkReconnect: what happens while the line is cut is on the screen after it is back, by replay.
func checkReconnect(t *testing.T, p page, d *desk, cut *cutter) {
	t.Helper()
	cut.cut(true)
	p.text(`[data-line=waiting]`, "Reconnecting")
	p.until(`document.querySelector("#pause").disabled`)
	d.mu.Lock()
	d.become(ctid.Paused, "lunch")
	d.mu.Unlock()
	cut.open()
	p.text(`#reason`, "Lunch")
	p.until(`!document.querySelector("[data-line=waiting]")`)
	if s := d.hub.Stats(); s.Resumed != 1 || s.Snapshots != 1 {
		t.Errorf("%d resumes and %d snapshots, want 1 and 1", s.Resumed, s.Snapshots)
	}
	p.run(chromedp.Reload()) // the cookie stands in for the token
	p.text(`#state`, "Paused")
}

// checkDisplaced: when the agent moves to another desktop this one says so, and comes back only when a human says so.
func checkDisplaced(t *testing.T, p page, d *desk, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	other, err := wsclient.Dial(ctx, wsclient.Config{URL: strings.Replace(strings.TrimSuffix(url, "/desk/"), "http", "ws", 1) + "/ws",
		HeaderToken: "ctid_u_test", ID: "other", Name: "another desktop"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Do(ctx, "agent.ready", nil, ""); err == nil {
		t.Error("a second desktop acted without the seat")
	}
	if _, err := other.Do(ctx, "agent.login", map[string]any{"takeover": true}, ""); err != nil {
		t.Fatal(err)
	}
	p.text(`[data-line=human]`, "moved to another desktop")
	checkAdvice(t, p)
	if n := d.hub.Stats().Sessions; n != 1 {
		t.Errorf("%d sessions: the displaced page came back by itself", n)
	}
	p.click(`[data-line=human] button`)
	p.until(`!document.querySelector("[data-line=human]") && !document.querySelector("#pause").disabled`)
	if n := d.hub.Stats().Sessions; n != 2 {
		t.Errorf("%d sessions after the button, want 2", n)
	}
}

// checkAdvice: after each close code the page does what the server's table says.
func checkAdvice(t *testing.T, p page) {
	t.Helper()
	want := map[ws.Advice]string{ws.AdviceStop: "stop", ws.AdviceNow: "retry", ws.AdviceLater: "retry", ws.AdviceLogin: "retry",
		ws.AdviceHuman: "human", ws.AdviceBug: "bug", ws.AdviceBackoff: "retry"}
	for _, c := range ws.CloseCodes {
		var got string
		p.run(chromedp.Evaluate(fmt.Sprintf(`import("./client.js").then((m) => m.advice(%d, null, 0).what)`, c.Code), &got,
			func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
		expect := want[c.Code.Advice()]
		if c.Code == ws.CloseRevoked {
			expect = "login" // a new ticket would not help
		}
		if got != expect {
			t.Errorf("after %d the page does %q, want %q", c.Code, got, expect)
		}
	}
}

// wait polls a condition of the test's own side, for at most 15 s.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(15 * time.Second)
	defer limit.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%s did not come", what)
		}
	}
}

// screenshot writes a picture of the page for the documentation, with -screenshots.
func screenshot(t *testing.T, p page, name string) {
	t.Helper()
	screenshotOf(t, p, name, 1280, 800)
}

func screenshotOf(t *testing.T, p page, name string, width, height int64) {
	t.Helper()
	if !*screenshots {
		return
	}
	var png []byte
	p.run(chromedp.Evaluate(`scrollTo(0, 0)`, nil), emulation.SetDeviceMetricsOverride(width, height, 1, false), chromedp.CaptureScreenshot(&png))
	dir := filepath.Join("..", "..", "docs", "img")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
