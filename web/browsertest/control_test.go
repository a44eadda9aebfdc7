package browsertest

import (
	"fmt"
	"testing"

	"ctid"
	"ctid/ws/wsclient"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ask opens the box to ask a colleague and asks him, all by keys.
func (p page) ask(agent string) {
	p.t.Helper()
	p.key("c")
	p.until(`document.activeElement?.matches(".transfer select")`)
	p.keys(kb.Tab)
	p.keys(agent)
	p.until(`document.querySelectorAll(".transfer [name=target]:not(:disabled)").length === 1`)
	p.keys(kb.Tab)
	p.keys(" ")
	p.keys(kb.Enter)
	p.until(`document.querySelector(".consult[data-state=up]")`)
}

// Hold, take back, ask a colleague, swap, back to the caller, talk together, take one out, hand over: all by the keyboard, and after
// each event the buttons are what the server says is possible.
func TestBrowserKeyboard(t *testing.T) {
	c := openCentre(t, "wrapup: 60s")
	p := c.agent("a1001")
	caller := c.call()
	p.text(`.call .phase`, "Talking")
	ben := c.rig.Desk("1002")
	ben.Ready()
	_, at := ben.State(0, "ready")
	free := func() { _, at = ben.State(at+1, "ready") }

	p.key("h")
	p.text(`.call .phase`, "On hold")
	p.key("h")
	p.text(`.call .phase`, "Talking")

	p.ask("1002")
	p.text(`.call .phase`, "Asking a colleague")
	p.key("s")
	p.until(`document.querySelector(".consult[data-state=swapped_main]")`)
	p.key("s")
	p.until(`document.querySelector(".consult[data-state=up]")`)
	p.key("z")
	p.until(`!document.querySelector(".consult")`)
	p.text(`.call .phase`, "Talking") // the caller is taken back with it

	free()
	p.ask("1002")
	p.key("m")
	p.until(`document.querySelectorAll(".parties li").length === 3`)
	p.text(`.call .phase`, "Talking")
	p.tabTo(`.call [data-op="call.drop_party"]`)
	p.keys(kb.Enter)
	p.until(`!document.querySelector(".parties")`)

	free()
	p.ask("1002")
	p.key("t")
	p.text(`#state`, "Wrap-up")
	p.until(`!document.querySelector(".call")`)
	wait(t, "caller and colleague to hear each other", func() bool { return c.pbx.Hears(caller.ID(), c.pbx.PhoneOf("1002").Leg()) })
	p.witnessed(20)
	var started int
	p.eval(`seen.started`, &started)
	if started < 9 {
		t.Errorf("%d requests were said to be under way, want one for each", started)
	}

	// The one switch: off, no key does anything.
	p.click(`.keyhelp summary`)
	p.click(`#keys`)
	p.key("r")
	p.click(`#keys`)
	p.until(`!document.querySelector(".next")`)
	p.key("r")
	p.text(`.next`, "then ready")
	caller.Hangup()
}

// An outcome that is owed keeps the agent in his wrap-up, over its time too; it is made longer as often as the queue allows; for an
// hour afterwards the record can still be edited, and that moves nobody.
func TestBrowserForcedOutcome(t *testing.T) {
	c := openCentre(t, "wrapup: 2s, disposition: forced, wrapup_extends: 2")
	p := c.agent("a1001")
	caller := c.call()
	p.text(`.call .phase`, "Talking")
	caller.Hangup()
	p.text(`.wrap`, "One minute more (2 left)")
	p.text(`.wrap`, "over time")
	p.text(`.wrap .countdown`, "+0:0")
	p.click(`.wrap button.go`)
	p.until(`document.querySelector(".wrap select:invalid")`)
	p.click(`#ready`)
	p.text(`.next`, "then ready")
	p.text(`#state`, "Wrap-up")
	p.click(`.wrap .extend`)
	p.text(`.wrap`, "One minute more (1 left)")
	p.text(`.wrap .countdown`, "0:5")
	p.run(chromedp.SetValue(`.wrap select`, "sold", chromedp.ByQuery), chromedp.SendKeys(`.wrap textarea`, "wants two", chromedp.ByQuery))
	p.click(`.wrap details summary`)
	p.run(chromedp.SendKeys(`.wrap [name=new-key]`, "order_no", chromedp.ByQuery), chromedp.SendKeys(`.wrap [name=new-value]`, "55-201", chromedp.ByQuery))
	p.click(`.wrap button.go`)
	p.text(`#state`, "Ready")
	c.saved(func(r ctid.CallRecord) bool {
		return r.Disposition == "sold" && r.Notes == "wants two" && len(r.Attached) == 1 && r.Attached[0].Key == "order_no" && r.Attached[0].Value.V == "55-201"
	})

	p.click(`.past summary`)
	p.text(`.past`, "Sold")
	p.click(`.past button`)
	p.run(chromedp.SetValue(`.past select`, "question", chromedp.ByQuery), chromedp.SetValue(`.past textarea`, "wants two, blue", chromedp.ByQuery))
	p.click(`.past button.main`)
	p.text(`[data-line=note]`, "The record has been changed.")
	p.text(`.past`, "A question")
	p.text(`#state`, "Ready")
	c.saved(func(r ctid.CallRecord) bool { return r.Disposition == "question" && r.Notes == "wants two, blue" })
	p.click(`.past summary`)
	p.until(`!document.querySelector("[data-line=note]")`)
	p.sameAsFresh(c.url)
}

// Two tabs answer at once: the phone is called once, and one of the two is told that it was done already.
func TestBrowserTwoTabsAnswer(t *testing.T) {
	c := openCentre(t, "wrapup: 0s", "kind: phone, endpoint: PJSIP/1001", "kind: auto, endpoint: PJSIP/1001")
	first := c.agent("a1001")
	second := c.tab(first)
	caller := c.call()
	for _, p := range []page{first, second} {
		p.until(`document.querySelector(".answer")`)
		p.eval(`(window.go = new BroadcastChannel("go")).onmessage = () => document.querySelector(".answer").click(), 0`, nil)
	}
	first.eval(`new BroadcastChannel("go").postMessage(0), 0`, nil)
	for _, p := range []page{first, second} {
		p.text(`.call .phase`, "Talking")
	}
	var a, b int
	first.eval(`seen.already`, &a)
	second.eval(`seen.already`, &b)
	if a+b != 1 {
		t.Errorf("%d and %d tabs were told that it was done already, want one", a, b)
	}
	if n := c.pbx.PhoneOf("1001").Most(); n != 1 {
		t.Errorf("the phone had %d calls at once", n)
	}
	first.witnessed(2)
	caller.Hangup()
	first.until(`!document.querySelector(".call")`)
}

// Two supervisors watch a team; after a cut in which much has happened, each sees what a fresh page sees. One listens in and takes the
// call, one sets a state, and what he writes to the team is shown to an agent until he has confirmed it.
func TestBrowserSupervisors(t *testing.T) {
	c := openCentre(t, "wrapup: 60s")
	ana, ben := c.rig.Desk("1001"), c.rig.Desk("1002")
	ana.Ready()
	ben.Ready()
	sue, sam := c.page("sue", "#team"), c.page("sam", "#team")
	is := func(p page, agent, state string) {
		t.Helper()
		p.text(`[data-agent=`+agent+`] .state`, state)
	}
	for _, p := range []page{sue, sam} {
		is(p, "a1001", "Ready")
		is(p, "a1003", "Off duty")
	}

	c.cut.cut(true)
	sam.text(`[data-line=waiting]`, "Reconnecting")
	if _, err := ben.Do(t.Context(), "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
		t.Fatal(err)
	}
	caller := c.call()
	ana.Event(0, "call.established")
	c.cut.open()
	for _, p := range []page{sue, sam} {
		is(p, "a1001", "On a call")
		is(p, "a1002", "Paused")
		p.text(`[data-agent=a1002] .what`, "Lunch")
		p.text(`[data-agent=a1001] .on`, "Talking")
		p.until(`!document.querySelector("[data-line]")`)
		p.sameAsFresh(c.url + "#team")
	}

	sam.look("team")

	sue.click(`#login`)
	is(sam, "a1003", "Paused")
	sue.choose(`[data-agent=a1001] [data-op="monitor.start"]`, "listen")
	sue.until(`document.querySelector(".monitor[data-mode=listen]")`)
	sam.text(`[data-agent=a1001] .on`, "Supervisor")
	sue.look("monitor")
	screenshot(t, sue, "team.png")
	sue.click(`[data-monitor=barge]`)
	sue.until(`document.querySelector(".monitor[data-mode=barge]")`)
	sue.click(`[data-monitor=takeover]`)
	sue.text(`.call .phase`, "Talking")
	is(sam, "a1001", "Wrap-up")
	is(sam, "a1003", "On a call")
	sue.witnessed(4)

	sam.choose(`[data-agent=a1002] [data-op="team.force_state"]`, "out")
	is(sue, "a1002", "Off duty")
	caller.Hangup()
}

// A supervisor moves a caller who waits, gives him another priority and to an agent who is paused, and takes another one out. What he is
// shown is what a fresh page shows.
func TestBrowserQueue(t *testing.T) {
	c := openCentre(t, "wrapup: 0s")
	ana := c.rig.Desk("1001")
	ana.Ready()
	if _, err := ana.Do(t.Context(), "agent.pause", map[string]any{"reason": "lunch"}, ""); err != nil {
		t.Fatal(err)
	}
	sam := c.page("sam", "#team")
	waiting := func(queue string, n int) {
		t.Helper()
		sam.until(fmt.Sprintf(`document.querySelectorAll("[data-queue=%s] [data-waits]").length === %d`, queue, n))
	}
	first := c.call()
	waiting("sales", 1)
	sam.choose(`[data-queue=sales] [data-op="queue.move"]`, "support")
	waiting("support", 1)
	waiting("sales", 0)
	sam.choose(`[data-queue=support] [data-op="queue.prioritise"]`, `"75"`)
	sam.text(`[data-queue=support] [data-waits]`, "priority 75")
	sam.sameAsFresh(c.url + "#team")
	sam.look("queue")
	sam.choose(`[data-queue=support] [data-op="queue.pick"]`, "a1001")
	ana.Event(0, "call.established")
	waiting("support", 0)

	second := c.call()
	waiting("sales", 1)
	sam.choose(`[data-queue=sales] [data-op="queue.remove"]`, "hangup")
	waiting("sales", 0)
	wait(t, "the end of the call that was taken out", func() bool { over, _ := second.Ended(); return over })
	if over, _ := first.Ended(); over {
		t.Error("the other caller was hung up as well")
	}
	first.Hangup()
}

// choose opens a menu and takes one of its choices.
func (p page) choose(menu, value string) {
	p.t.Helper()
	p.click(menu)
	p.click(`.menu .items [value=` + value + `]`)
}

// A message to the team is on each agent's screen until he has confirmed it, and its sender is told; what an agent writes to his
// supervisors is on theirs.
func TestBrowserMessages(t *testing.T) {
	c := openCentre(t, "wrapup: 0s")
	ana, sue := c.page("a1001", ""), c.page("sue", "#team")
	ben := c.rig.Desk("1002")
	sue.click(`.write summary`)
	sue.run(chromedp.SetValue(`.write [name=level]`, "urgent", chromedp.ByQuery), chromedp.SendKeys(`.write textarea`, hostile, chromedp.ByQuery))
	sue.click(`.write [name=needs_ack]`)
	sue.click(`.write button`)
	sue.text(`[data-line=note]`, "Sent.")
	ana.text(`.message[data-level=urgent]`, "<img src=x")
	ana.text(`.message .from`, "urgent: Message from a1003")
	ben.Await(0, "the message", func(f wsclient.Frame) bool { return f.Type == "message.received" })
	ana.click(`.message .ack`)
	ana.until(`!document.querySelector(".message")`)
	ana.run(chromedp.Reload())
	ana.until(`document.querySelector("#leave") && !document.querySelector("[data-line], .message")`)
	ana.click(`.write summary`)
	ana.run(chromedp.SendKeys(`.write textarea`, "may I go?", chromedp.ByQuery))
	ana.click(`.write button`)
	sue.text(`.fromagents`, "may I go?")
	var images int
	ana.eval(`document.querySelectorAll("img").length`, &images)
	if images != 0 {
		t.Error("a message became markup")
	}
}
