package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ctid"
	"ctid/web"
	"ctid/ws"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// board opens a wallboard and logs its user in.
func board(t *testing.T, url, user, password string) page {
	t.Helper()
	p := page{t, browser(t)}
	p.run(chromedp.Navigate(url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery),
		chromedp.SendKeys(`input[name=user]`, user, chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, password, chromedp.ByQuery))
	p.click(`form button`)
	return p
}

// shows awaits a figure of a queue's tile.
func (p page) shows(queue, figure, want string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelector('[data-queue=%s] [data-figure=%s] b')?.textContent === %q`, queue, figure, want))
}

// A user who is a wallboard and nothing else sees the figures change as calls come. A cut is told, with the age of what is shown, and
// mended without anybody; today's figures outlive the daemon, and the log-in a reload.
func TestBrowserWallboard(t *testing.T) {
	c := openCentre(t, "wrapup: 0s, goal: 90")
	url := strings.Replace(c.url, "/desk/", "/wallboard/", 1)
	p := board(t, url, "hall", password("hall"))
	p.until(`document.querySelectorAll(".tile").length === 2`)
	p.text(`[data-queue=sales]`, "Nobody is on duty")
	p.text(`[data-queue=sales] [data-figure=level]`, "SL(a) in 20 s")
	p.shows("sales", "level", "–")
	ana := c.rig.Desk("1001")
	ana.Ready()
	p.until(`document.querySelector("[data-queue=sales] .agents [data-state=ready] b")?.textContent === "1"`)

	first := c.call()
	p.shows("sales", "answered", "1")
	p.shows("sales", "level", "100 %")
	p.until(`document.querySelector("[data-queue=sales] [data-figure=level][data-level=good]")`)
	p.until(`document.querySelector("[data-queue=sales] .agents [data-state=talking] b").textContent === "1"`)
	second := c.call()
	p.shows("sales", "waiting", "1")
	p.shows("sales", "longest", "0:02")
	second.Hangup()
	p.shows("sales", "waiting", "0")
	p.shows("sales", "abandoned", "1")
	p.shows("sales", "level", "50 %")
	p.until(`document.querySelector("[data-queue=sales] [data-figure=level][data-level=bad]")`)

	c.cut.cut(true)
	p.text(`[data-say=lost]`, "No connection. These figures are 0:0")
	p.until(`document.querySelector(".tiles[data-old]")`)
	first.Hangup()
	third := c.call()
	wait(t, "the third caller's agent", func() bool { return c.pbx.Hears(third.ID(), c.pbx.PhoneOf("1001").Leg()) })
	p.shows("sales", "answered", "1")
	c.cut.open()
	p.within(20*time.Second, `!document.querySelector(".say") && !document.querySelector(".tiles[data-old]")`)
	p.shows("sales", "answered", "2")
	p.shows("sales", "level", "66 %")

	if err := syscall.Kill(c.rig.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.text(`[data-say=lost]`, "No connection")
	c.rig.AwaitUp()
	c.cut.aim(strings.TrimPrefix(c.rig.Web, "http://"))
	p.within(30*time.Second, `!document.querySelector(".say") && !document.querySelector(".tiles[data-old]")`)
	p.shows("sales", "answered", "2")
	p.shows("sales", "abandoned", "1")
	p.shows("sales", "level", "66 %")
	third.Hangup()

	p.run(chromedp.Navigate(url + "#support"))
	p.run(chromedp.Reload())
	p.until(`document.querySelectorAll(".tile").length === 1 && document.querySelector("[data-queue=support]")`)
	p.run(chromedp.Navigate(url + "#support,marketing"))
	p.text(`[data-say=unknown]`, "There is no queue marketing")
	p.click(`#leave`)
	p.run(chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery))
}

// shownFigures are six queues, each in another trouble.
func shownFigures(n int64) map[ctid.QueueID]any {
	f := func(x float64) *float64 { return &x }
	moved := time.Duration(n%2) * time.Second
	tile := func(label string, waiting int, longest time.Duration, level float64, agents ctid.AgentCounts, answered, abandoned int) ctid.QueueStats {
		x := ctid.QueueStats{Label: label, Waiting: waiting, LongestMS: longest.Milliseconds(), Open: true, Agents: agents,
			SL:    ctid.ServiceLevel{Show: "a", ThresholdS: 20, Goal: 80, LevelStats: ctid.LevelStats{A: f(level)}},
			Today: ctid.SpanStats{Answered: answered, Abandoned: abandoned}}
		x.Recent.Since, x.Recent.SL.A = time.Now().Add(-30*time.Minute), f(level-3)
		return x
	}
	claims := tile("Claims", 4, 74*time.Second+moved, 71.3, ctid.AgentCounts{Ready: 1, Reserved: 1, Talking: 6, WrapUp: 2, Paused: 3}, 377, 29)
	claims.Wait = &ctid.WaitBand{LowMS: 60_000, LikelyMS: 100_000, HighMS: 190_000}
	claims.Callbacks = 1
	night := tile("Night line", 12, 11*time.Minute, 38, ctid.AgentCounts{}, 12, 19)
	fresh := tile("Complaints", 0, 0, 0, ctid.AgentCounts{Ready: 2}, 0, 0)
	fresh.SL.A, fresh.Recent.SL.A = nil, nil
	return map[ctid.QueueID]any{"claims": claims, "night": night, "fresh": fresh,
		"sales":   tile("Sales", 0, 0, 94.2, ctid.AgentCounts{Ready: 5, Talking: 9, WrapUp: 1}, 512, 11),
		"renew":   tile("Renewals and cancellations of contracts", 2, 25*time.Second, 78.8, ctid.AgentCounts{Talking: 3, Paused: 1}, 140, 9),
		"support": tile("Support", 1, 8*time.Second, 88.4, ctid.AgentCounts{Ready: 1, Talking: 14, WrapUp: 3, Paused: 4}, 1203, 98)}
}

// far holds a board of 1920 by 1080 against what can be read from across a room, and takes its picture.
func (p page) far(name string) {
	p.t.Helper()
	p.run(emulation.SetDeviceMetricsOverride(1920, 1080, 1, false))
	var seen struct {
		Overflows, Cut, Small []string
		Key                   float64
	}
	p.eval(`(() => {
  const out = { overflows: [], cut: [], small: [], key: 1e9 };
  const page = document.documentElement;
  if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) out.overflows.push(page.scrollWidth + " by " + page.scrollHeight);
  for (const t of document.querySelectorAll(".tile .in")) if (t.scrollHeight > t.clientHeight + 1 || t.scrollWidth > t.clientWidth + 1) out.cut.push(t.innerText.slice(0, 40) + " " + t.scrollHeight + " in " + t.clientHeight);
  for (const e of document.querySelectorAll(".figure b")) out.key = Math.min(out.key, parseFloat(getComputedStyle(e).fontSize));
  const says = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !e.closest(".sr");
  for (const e of document.querySelectorAll(".tile *")) if (says(e) && parseFloat(getComputedStyle(e).fontSize) < 20) out.small.push(e.outerHTML.slice(0, 80));
  return out;
})()`, &seen)
	if len(seen.Overflows)+len(seen.Cut)+len(seen.Small) > 0 || seen.Key < 60 {
		p.t.Errorf("%s: the page is %q; cut off are %q, too small %q; the smallest large figure has %v px", name, seen.Overflows, seen.Cut, seen.Small, seen.Key)
	}
	if *screens != "" {
		var png []byte
		p.run(chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(filepath.Join(*screens, name+"-1920.png"), png, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// What every tile can show can be read from across a room on a large screen, and on a telephone; figures that stop coming are called old.
func TestBrowserWallboardTiles(t *testing.T) {
	var n atomic.Int64
	var silent atomic.Bool
	_, _, url := serve(t, func(c *ws.Config, _ *web.Config) {
		c.Site = ws.Site{Queues: map[ctid.QueueID]ws.QueueRules{}}
		for q := range shownFigures(0) {
			c.Site.Queues[q] = ws.QueueRules{}
		}
		c.QueueStats = func(context.Context) map[ctid.QueueID]any {
			if silent.Load() {
				return nil
			}
			return shownFigures(n.Add(1))
		}
	})
	p := board(t, strings.Replace(url, "/desk/", "/wallboard/", 1), "hall", "correct horse")
	p.until(`document.querySelectorAll(".tile").length === 6`)
	p.text(`[data-queue=claims]`, "expected 1–3 min")
	p.text(`[data-queue=claims] [data-figure=callbacks]`, "1 to call back")
	p.text(`[data-queue=night] .unmanned`, "Nobody is on duty")
	for sel, level := range map[string]string{"night] [data-figure=longest": "bad", "night] [data-figure=level": "bad", "claims] [data-figure=longest": "bad",
		"claims] [data-figure=level": "watch", "sales] [data-figure=level": "good", "renew] [data-figure=longest": "watch", "renew] [data-figure=level": "watch"} {
		p.until(`document.querySelector("[data-queue=` + sel + `]").dataset.level === "` + level + `"`)
	}
	p.until(`document.querySelectorAll(".shape").length > 5 && [...document.querySelectorAll("[data-level] .sr")].every((e) => e.textContent.length > 2)`)
	p.far("wallboard")
	screenshotOf(t, p, "wallboard.png", 1920, 1080)
	p.look("wallboard")
	p.run(chromedp.Evaluate(`location.hash = "claims,sales"`, nil))
	p.until(`[...document.querySelectorAll(".tile")].map((x) => x.dataset.queue).join() === "claims,sales"`)
	p.far("wallboard-two")
	p.run(chromedp.Evaluate(`location.hash = "claims"`, nil))
	p.until(`document.querySelectorAll(".tile").length === 1`)
	p.far("wallboard-one")
	p.run(chromedp.Evaluate(`location.hash = ""`, nil))
	p.until(`document.querySelectorAll(".tile").length === 6`)
	silent.Store(true)
	p.text(`[data-say=stale]`, "No figures have come for 0:0")
	p.until(`document.querySelector(".tiles[data-old]")`)
	p.far("wallboard-stale")
	silent.Store(false)
	p.until(`!document.querySelector(".say") && !document.querySelector(".tiles[data-old]")`)
}

// An agent who looks at the wallboard is not at his desktop there: a call that is offered to him is not called seen.
func TestBrowserWallboardIsNoDesktop(t *testing.T) {
	d, _, url := serve(t, func(c *ws.Config, _ *web.Config) {
		c.Site = colleagues()
		c.QueueStats = func(context.Context) map[ctid.QueueID]any {
			return map[ctid.QueueID]any{"claims": shownFigures(1)["claims"]}
		}
	})
	p := board(t, strings.Replace(url, "/desk/", "/wallboard/", 1), "ana", "correct horse")
	p.until(`document.querySelectorAll(".tile").length === 1`)
	d.set(func() { d.become(ctid.Ready, "") })
	d.ring(t, popData())
	p.until(`document.querySelector("[data-queue=claims]")`)
	wait(t, "the pop to be sent again", func() bool { return d.hub.Stats().Resent > 0 })
	if _, _, acked := find[ctid.PopAck](d); acked {
		t.Error("the pop was acknowledged by a page that does not show it")
	}
}

// A supervisor asks of a caller who waits why nobody has him: each agent's reason in words, which changes as the agents do.
func TestBrowserWhy(t *testing.T) {
	c := openCentre(t, "wrapup: 0s")
	ana, ben := c.rig.Desk("1001"), c.rig.Desk("1002")
	ana.Ready()
	if _, err := ana.Do(t.Context(), "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
		t.Fatal(err)
	}
	sam := c.page("sam", "#team")
	caller := c.call()
	sam.until(`document.querySelectorAll("[data-queue=sales] [data-waits]").length === 1`)
	sam.click(`[data-op="queue.why"]`)
	sam.text(`[data-why=a1001]`, "Paused: Lunch, for 0:0")
	sam.text(`[data-why=a1002]`, "Off duty")
	sam.until(`document.querySelector("[data-why]").dataset.why === "a1001"`) // who is on duty stands first
	sam.look("why")
	if _, err := ben.Do(t.Context(), "agent.login", nil, ""); err != nil {
		t.Fatal(err)
	}
	sam.text(`[data-why=a1002]`, "Paused: just logged in")
	if _, err := ben.Do(t.Context(), "agent.ready", nil, ""); err != nil {
		t.Fatal(err)
	}
	sam.until(`!document.querySelector("[data-waits]")`)
	caller.Hangup()
	sam.until(`!document.querySelector("[data-why]")`)
	sam.text(`[data-agent=a1002] .what`, "calls today: 1")
	sam.text(`[data-queue=sales] .figures`, "% in 20 s")
}
