package browsertest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/web"
	"ctid/ws"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var screens = flag.String("screens", "", "a folder for pictures of every screen, to be looked at")

// faults are what no screen may have, whatever a caller sends: wider than the window, text that is hard to read, a
// button too small to hit, a control without a name.
const faults = `(() => {
  const out = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".sr"));
    out.push("wider than the window: " + wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 80)).join(" | "));
  }
  const cv = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (c) => { cv.clearRect(0, 0, 1, 1); cv.fillStyle = c; cv.fillRect(0, 0, 1, 1); return [...cv.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255]; };
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const box = e.getBoundingClientRect();
    if (own && box.width > 1 && !e.closest(".sr, :disabled, noscript, script, option")) {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) out.push("contrast " + ratio.toFixed(1) + ": " + e.outerHTML.slice(0, 100));
    }
    if (e.matches("button, select, input, textarea, summary") && box.width > 0) {
      if (box.height < 24 || box.width < 24) out.push("too small: " + e.outerHTML.slice(0, 100));
      if (!(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim())) out.push("no name: " + e.outerHTML.slice(0, 100));
    }
  }
  return out;
})()`

// look checks the screen at each width and in both themes, and takes its pictures.
func (p page) look(name string) {
	p.t.Helper()
	p.run(chromedp.Evaluate(`scrollTo(0, 0)`, nil))
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 800, 1280} {
			p.run(emulation.SetDeviceMetricsOverride(width, 800, 1, false),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
			var found []string
			p.eval(faults, &found)
			for _, f := range found {
				p.t.Errorf("%s, %s, %d wide: %s", name, theme, width, f)
			}
			if *screens != "" {
				var png []byte
				p.run(chromedp.CaptureScreenshot(&png))
				if err := os.WriteFile(filepath.Join(*screens, fmt.Sprintf("%s-%s-%d.png", name, theme, width)), png, 0o644); err != nil {
					p.t.Fatal(err)
				}
			}
		}
	}
	p.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}))
}

// hostilePop is a call whose caller sends as much and as bad as he can.
func hostilePop() ctid.PopData {
	d := popData()
	long := hostile + " " + strings.Repeat("Wolfeschlegelsteinhausen", 40)
	secret := ctid.Private(long)
	d.ANI.Name, d.DNIS.Label, d.Queue.Name, d.IVR.Path[1].Node = secret, long, long, long
	first := &d.Match.Customers[0]
	first.Name, first.Company.Name, first.Tier = secret, secret, long
	d.Cases[0].Title, d.Last[0].Note = secret, secret
	return d
}

// colleagues are those of ana, one of them with a name that is no name.
func colleagues() ws.Site {
	long := hostile + strings.Repeat("Wolfeschlegelsteinhausen", 8)
	return ws.Site{Teams: []string{"north"}, Queues: map[ctid.QueueID]ws.QueueRules{"claims": {Label: "Claims", AgentsSeeStats: true}, "sales": {Label: long}},
		Agents: map[ctid.AgentID]ws.Member{"ana": {Team: "north", Queues: []ctid.QueueID{"claims"}, Pick: true}, "ben": {Label: "Ben Okafor", Team: "north"}, "cleo": {Label: long}}}
}

// checkBoxes looks at a call in which everything can be done, and at each box that it can open.
func checkBoxes(p page, d *desk) {
	p.t.Helper()
	d.set(func() {
		d.publish(ctid.Event{Rev: 4, Call: call, Agent: "ana", Can: ctid.ControlOps, Body: ctid.CallConferenced{Talk: "main", Owner: "ana", Legs: []ctid.LegView{
			{Leg: "l_0", Role: "caller", State: "up"}, {Leg: "l_1", Role: "agent", Agent: "ana", State: "up"}, {Leg: "l_2", Role: "agent", Agent: "cleo", State: "up"}, {Leg: "l_3", Role: "party", State: "up"}}}})
		d.publish(ctid.Event{Rev: 5, Call: call, Agent: "sue", Body: ctid.CallMonitoringChanged{Mode: "listen", Leg: "l_4", ToldAgent: true}})
		d.publish(ctid.Event{Rev: 1, By: ctid.By{Kind: "supervisor", ID: "sue"}, Can: []string{"message.ack"}, Body: ctid.MessageReceived{
			Message: "m_1", To: ctid.Target{Kind: "team", ID: "north"}, Text: ctid.Private(hostile + strings.Repeat("Wolfeschlegelsteinhausen", 16)), Level: "urgent", NeedsAck: true}})
	})
	p.text(`.message`, "Wolfe")
	for _, box := range []string{"call.consult", "call.dtmf", "call.set_data"} {
		p.click(`.call [data-op="` + box + `"]`)
		p.until(`document.querySelector('.call [data-op="` + box + `"][aria-expanded=true]')`)
		if box == "call.consult" {
			p.text(`.choose`, "Ben Okafor")
		}
		p.look("box-" + box)
	}
	p.eval(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`, nil)
	p.look("details")
	p.eval(`document.querySelectorAll("details").forEach((d) => { d.open = false; })`, nil)
	p.run(chromedp.KeyEvent(kb.Escape))
}

// Every screen, at three widths and in both themes: nothing is cut off, all can be read and hit.
func TestBrowserScreens(t *testing.T) {
	d, cut, url := serve(t, func(c *ws.Config, _ *web.Config) { c.Site = colleagues() })
	p := page{t, browser(t)}
	p.run(chromedp.Navigate(url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery))
	p.look("login")
	p.login()
	p.look("off-duty")
	p.click(`#login`)
	p.text(`#state`, "Paused")
	p.look("paused")
	p.click(`#pause`)
	p.text(`.menu .items`, "Lunch")
	p.look("pause-menu")
	p.run(chromedp.KeyEvent(kb.Escape))
	p.until(`!document.querySelector(".menu .items")`)
	p.click(`#ready`)
	p.text(`#state`, "Ready")
	p.look("ready")
	d.ring(t, hostilePop())
	p.text(`.call .phase`, "Ringing")
	p.look("ringing-hostile")
	d.answer()
	p.text(`.call .phase`, "Talking")
	d.set(func() {
		d.publish(ctid.Event{Rev: 2, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopUpdated{Why: "data", Patch: map[string]any{}, Data: popData()}})
	})
	p.look("talk-hostile")
	checkBoxes(p, d)
	p.click(`.hangup`)
	p.text(`#state`, "Wrap-up")
	p.look("wrap-up")
	cut.cut(true)
	p.text(`[data-line=waiting]`, "Reconnecting")
	p.look("reconnecting")
	cut.open()
	p.until(`!document.querySelector("[data-line]")`)
	d.set(func() {
		d.view.Wrap.Overrun, d.view.Wrap.Until = true, time.Now().Add(-time.Minute)
		d.become(ctid.WrapUp, "")
	})
	p.text(`.wrap`, "over time")
	p.look("overrun")
}
