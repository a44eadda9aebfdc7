package browsertest

import (
	"fmt"
	"testing"
	"time"

	"ctid"
	"ctid/web"
	"ctid/ws"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// open shows the page and logs ana in.
func open(t *testing.T, url string) page {
	t.Helper()
	p := page{t, browser(t)}
	p.run(chromedp.Navigate(url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery))
	p.login()
	return p
}

// tab opens another tab of the same browser.
func (p page) tab(url string) page {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the tab lives as long as the context of the first run
		p.t.Fatal(err)
	}
	other := page{p.t, ctx}
	other.run(chromedp.Navigate(url), chromedp.WaitVisible(`#state`, chromedp.ByQuery))
	return other
}

// A desktop that has missed more than the server keeps takes a snapshot, and then shows what a fresh one shows.
func TestBrowserCutPastTheRing(t *testing.T) {
	d, cut, url := serve(t, func(c *ws.Config, _ *web.Config) { c.Ring.Events = 4 })
	p := open(t, url)
	p.click(`#login`)
	p.click(`#ready`)
	p.text(`#state`, "Ready")
	cut.cut(true)
	p.text(`[data-line=waiting]`, "Reconnecting")
	d.set(func() {
		d.publish(ctid.Event{Rev: 1, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopOffered{PopData: popData()}})
	})
	d.set(func() { d.become(ctid.Reserved, "") })
	d.answer()
	d.tidy()
	for i := range 6 {
		d.set(func() {
			d.view.Next = &ctid.Next{State: ctid.Paused, Reason: []string{"lunch", "training"}[i%2]}
			d.become(ctid.Talking, "")
		})
	}
	cut.open()
	p.text(`.call h2`, "Mei Tan")
	p.text(`.next`, "then paused (Training)")
	p.until(`!document.querySelector("[data-line]")`)
	if s := d.hub.Stats(); s.Resumed != 0 || s.Snapshots != 2 {
		t.Errorf("%d resumes and %d snapshots, want 0 and 2", s.Resumed, s.Snapshots)
	}
	p.sameAsFresh(url)
}

// A caller who is not looked up yet is shown as such, and by name once he is.
func TestBrowserLateMatch(t *testing.T) {
	d, _, url := serve(t)
	p := open(t, url)
	p.click(`#login`)
	p.click(`#ready`)
	p.text(`#state`, "Ready")
	data := popData()
	data.ANI.Name, data.Attached = "M TAN", data.Attached[:2]
	found := data.Match
	data.Match = ctid.Match{State: ctid.MatchPending}
	d.ring(t, data)
	p.text(`.pop .match`, "Looking the caller up")
	p.text(`.call .pending`, "Looking the caller up")
	p.text(`.call h2`, "020 7946 0018")
	d.set(func() {
		data.Match = found
		d.publish(ctid.Event{Rev: 2, Pop: "p_1", Call: call, Agent: "ana", Body: ctid.PopUpdated{Why: "late_match", Patch: map[string]any{"match": found}, Data: data}})
	})
	p.text(`.pop h2`, "Mei Tan")
	p.text(`.call h2`, "Mei Tan")
	p.text(`#quiet`, "The caller is Mei Tan")
	p.until(`!document.querySelector(".pending")`)
	screenshot(t, p, "ringing.png")
}

// What was typed into a wrap-up is there after a reload, handed in once, and gone with the log-out; a pause after it has
// the reason that was chosen.
func TestBrowserDraft(t *testing.T) {
	d, _, url := serve(t)
	p := open(t, url)
	p.click(`#login`)
	p.click(`#ready`)
	p.text(`#state`, "Ready")
	d.ring(t, popData())
	d.answer()
	p.click(`.hangup`)
	p.text(`#state`, "Wrap-up")
	p.run(chromedp.SetValue(`.wrap select`, "question", chromedp.ByQuery), chromedp.SendKeys(`.wrap textarea`, "half a sente", chromedp.ByQuery))
	p.run(chromedp.Reload())
	p.text(`#state`, "Wrap-up")
	p.until(`document.querySelector(".wrap textarea").value === "half a sente" && document.querySelector(".wrap select").value === "question"`)
	p.run(chromedp.SendKeys(`.wrap textarea`, "nce", chromedp.ByQuery))
	p.click(`.wrap .menu > button`)
	p.click(`.wrap .menu [value=training]`)
	wait(t, "the wrap-up", func() bool { _, _, ok := find[ctid.AgentWrapUpDone](d); return ok })
	if a, _, _ := find[ctid.AgentWrapUpDone](d); a.Notes != "half a sentence" || a.Disposition != "question" || a.Then != ctid.Paused || a.Reason != "training" {
		t.Errorf("the desk got %+v", a)
	}
	p.until(`!Object.keys(sessionStorage).some((k) => k.startsWith("ctid.wrap."))`)

	d.set(func() {
		d.view.Wrap = &ctid.Wrap{ID: "w_2", Call: call, Until: time.Now().Add(30 * time.Second)}
		d.become(ctid.WrapUp, "")
	})
	p.run(chromedp.SendKeys(`.wrap textarea`, "a secret", chromedp.ByQuery))
	p.until(`Object.keys(sessionStorage).some((k) => k.startsWith("ctid.wrap.w_2"))`)
	p.click(`#leave`)
	p.run(chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery))
	p.until(`Object.keys(sessionStorage).length === 0`)
}

// Before the log-in ends the page asks for the password, and goes on with the new token on the same socket.
func TestBrowserRenew(t *testing.T) {
	const life = 12 * time.Second
	d, _, url := serve(t, func(c *ws.Config, w *web.Config) { c.Timings.Expiring, w.Session = 9*time.Second, life })
	p := open(t, url)
	began := time.Now()
	p.text(`[data-line=expiring]`, "Your log-in ends in 0:0")
	p.look("expiring")
	p.run(chromedp.SendKeys(`.renew input`, "wrong", chromedp.ByQuery))
	p.click(`.renew button`)
	p.text(`.renew .error`, "wrong")
	p.run(chromedp.SetValue(`.renew input`, "correct horse", chromedp.ByQuery))
	p.click(`.renew button`)
	p.until(`!document.querySelector("[data-line]")`)
	wait(t, "the end of the first token", func() bool { return time.Since(began) > life+500*time.Millisecond })
	p.text(`#state`, "Off duty")
	if s := d.hub.Stats(); s.Resumed != 0 || s.Snapshots != 1 || s.Sessions != 1 {
		t.Errorf("%d resumes, %d snapshots, %d sessions: the socket did not outlive its first token", s.Resumed, s.Snapshots, s.Sessions)
	}
}

// The front tab is one, the next one when it closes, and another one when the browser has frozen it.
func TestBrowserFrontTab(t *testing.T) {
	_, _, url := serve(t)
	first := open(t, url)
	first.until(`document.documentElement.dataset.front === "true"`)
	second := first.tab(url)
	second.until(`!document.querySelector("[data-line]")`)
	is := func(p page, want bool) {
		t.Helper()
		p.within(14*time.Second, fmt.Sprintf(`(document.documentElement.dataset.front === "true") === %v`, want))
	}
	is(second, false)
	first.run(cdppage.SetWebLifecycleState(cdppage.SetWebLifecycleStateStateFrozen))
	is(second, true)
	first.run(cdppage.SetWebLifecycleState(cdppage.SetWebLifecycleStateStateActive))
	is(first, false)
	is(second, true)
	second.run(chromedp.Navigate("about:blank"))
	is(first, true)
}
