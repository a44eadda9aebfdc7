package browsertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/store"
	"ctid/systemtest"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// What the agents of the real program may choose from, and a cookie, so that a second tab needs no log-in.
const realConfig = `web: {plain: true}
pause_codes:
  - {name: lunch, label: Lunch}
dispositions:
  - {name: sold, label: Sold}
  - {name: call_back, label: To be called back}
`

// office is the built program on a real Asterisk, an agent's phone and his page, with a cutter between page and program.
type office struct {
	page
	rig   *systemtest.Rig
	cut   *cutter
	phone *phonetest.Phone
	url   string
}

// listen notes each welcome that the page gets, and each acknowledgement and each wish for a snapshot that it sends.
const listen = `(() => {
  const Plain = WebSocket;
  window.heard = { welcomes: [], acks: 0, snapshots: 0 };
  window.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (m) => { const f = JSON.parse(m.data); if (f.k === "welcome") heard.welcomes.push(f); });
    }
    send(text) {
      const f = JSON.parse(text);
      if (f.k === "ack") heard.acks++;
      if (f.op === "snapshot") heard.snapshots++;
      super.send(text);
    }
  };
})()`

type heard struct {
	Welcomes []struct {
		Resumed bool   `json:"resumed"`
		Why     string `json:"why"`
		Replay  int    `json:"replay"`
	} `json:"welcomes"`
	Acks      int `json:"acks"`
	Snapshots int `json:"snapshots"` // asked for when revs differ after a replay
}

func (o *office) heard() (h heard) {
	o.t.Helper()
	o.eval(`window.heard`, &h)
	return h
}

// openOffice starts it all, and the agent logs in and is ready, by the page.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{rig: systemtest.Start(t, systemtest.Options{Bin: program, PBX: asterisk, Agents: 1, Script: systemtest.QueueOnly,
		Queue: "wrapup: 60s", Config: realConfig, Change: func(yaml string) string { return strings.ReplaceAll(yaml, "ring: 5s", "ring: 30s") }, Seed: func(s *store.Store) error {
			return s.PutSeed(t.Context(), store.Seed{Customers: []ctid.Customer{{ID: "cu_mei", Name: "Mei Tan", Numbers: []ctid.Private{"+442079460018"}}}})
		}})}
	o.cut = newCutter(t, strings.TrimPrefix(o.rig.Web, "http://"))
	o.url = "http://" + o.cut.ln.Addr().String() + "/desk/"
	o.phone = o.rig.Phone("1001")
	o.phone.SetPolicy(phonetest.Ring())
	o.page = page{t, browser(t)}
	o.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdppage.AddScriptToEvaluateOnNewDocument(listen).Do(ctx)
		return err
	}), chromedp.Navigate(o.url), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery),
		chromedp.SendKeys(`input[name=user]`, "a1001", chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, "test-a1001-password", chromedp.ByQuery))
	o.click(`form button`)
	o.text(`#state`, "Off duty")
	o.click(`#login`)
	o.text(`#state`, "Paused")
	o.click(`#ready`)
	o.text(`#state`, "Ready")
	return o
}

// call lets somebody call; it returns when the caller hears the queue.
func (o *office) call(ctx context.Context, from, name string) *phonetest.Dialog {
	o.t.Helper()
	d, err := o.rig.Caller().Call(ctx, systemtest.Number, phonetest.CallOptions{From: from, Name: name})
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

// answer picks the ringing phone up.
func (o *office) answer(ctx context.Context) {
	o.t.Helper()
	ring, err := o.phone.AwaitCall(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := ring.Answer(ctx); err != nil {
		o.t.Fatal(err)
	}
}

// wrapUp gives the conversation an outcome and notes, and is ready again.
func (o *office) wrapUp(outcome, notes string) {
	o.t.Helper()
	o.text(`#state`, "Wrap-up")
	o.run(chromedp.SetValue(`.wrap select`, outcome, chromedp.ByQuery), chromedp.SendKeys(`.wrap textarea`, notes, chromedp.ByQuery))
	o.click(`.wrap button.go`)
	o.text(`#state`, "Ready")
	o.until(`!document.querySelector(".pop, .call, .wrap")`)
}

// record is the one record there is, with its outcome, which is saved a moment after the page has its answer.
func (o *office) record(outcome string) ctid.CallRecord {
	o.t.Helper()
	o.rig.Clean()
	var list []ctid.CallRecord
	wait(o.t, "the outcome in the record", func() bool {
		list = o.rig.Records()
		return len(list) == 1 && list[0].Disposition == outcome
	})
	return list[0]
}

// One call on the real program, all by the page: the pop on the screen and acknowledged, talk, hang up, wrap-up; it all
// is in the record.
func TestBrowserRealCall(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	o := openOffice(t)
	o.call(ctx, "02079460018", "<img src=x onerror=pwned=1>")
	o.text(`.pop h2`, "Mei Tan")
	o.text(`.call .phase`, "Ringing")
	o.text(`.pop .ani`, "020 7946 0018")
	o.answer(ctx)
	o.text(`#state`, "On a call")
	o.text(`.call .phase`, "Talking")
	o.click(`.hangup`)
	o.wrapUp("sold", "wants two, <b>blue</b>")
	rec := o.record("sold")
	switch {
	case len(rec.Offers) != 1 || rec.Offers[0].PopSeenMS < 0 || rec.Offers[0].PopBeforeRing != "true":
		t.Errorf("offers: %+v", rec.Offers)
	case rec.Disposition != "sold" || rec.Notes != "wants two, <b>blue</b>" || rec.Outcome != "answered":
		t.Errorf("%s, %q, %q", rec.Outcome, rec.Disposition, rec.Notes)
	case rec.End == nil || rec.End.Side != ctid.SideAgent || rec.Customer != "cu_mei":
		t.Errorf("end %+v, customer %s", rec.End, rec.Customer)
	default:
		t.Logf("the pop was on the screen %d ms after the offer", rec.Offers[0].PopSeenMS)
	}
	var pwned any
	o.eval(`window.pwned ?? document.querySelector("img")`, &pwned)
	if pwned != nil {
		t.Error("a caller's name became markup")
	}
}

// A desktop that is cut off in mid-ring, before its acknowledgement got through, shows the pop once and acknowledges it
// in the end; one that is cut off for 5 s catches up by replay.
func TestBrowserRealCuts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	o := openOffice(t)
	o.eval(countPops, nil)
	o.cut.mute(true)
	o.call(ctx, "02079460018", "")
	o.text(`.pop h2`, "Mei Tan")
	o.until(`heard.acks === 1`)
	o.cut.cut(false)
	o.cut.mute(false)
	o.text(`[data-line=waiting]`, "Reconnecting")
	o.until(`!document.querySelector("[data-line]") && heard.acks === 2`) // sent again, 2 s after the first time or later
	o.sameAsFresh(o.url)

	o.cut.cut(true)
	cutAt := time.Now()
	o.text(`[data-line=waiting]`, "Reconnecting")
	o.answer(ctx)
	wait(t, "5 s without a line", func() bool { return time.Since(cutAt) > 5*time.Second })
	o.cut.open()
	o.within(25*time.Second, `document.querySelector("#state").textContent.includes("On a call")`) // the next try may be 20 s away
	o.until(`!document.querySelector("[data-line]")`)
	o.sameAsFresh(o.url)
	o.click(`.hangup`)
	o.wrapUp("sold", "")
	var shown, spoken int
	o.eval(`window.pops.size`, &shown)
	o.eval(`window.spoken`, &spoken)
	if shown != 1 || spoken != 1 {
		t.Errorf("%d pops were shown and %d calls announced, want one of each", shown, spoken)
	}
	h := o.heard()
	if n := len(h.Welcomes); n < 3 || h.Acks != 2 || h.Snapshots != 0 {
		t.Fatalf("%+v: want three welcomes, an acknowledgement on each side of the cut, and no revs that differ", h)
	}
	for _, w := range h.Welcomes[1:] {
		if !w.Resumed {
			t.Errorf("a snapshot where a replay was possible: %s", w.Why)
		}
	}
	if h.Welcomes[len(h.Welcomes)-1].Replay == 0 {
		t.Error("nothing was replayed after 5 s in which the call was answered")
	}
	if rec := o.record("sold"); len(rec.Offers) != 1 || rec.Offers[0].PopSeenMS < 1000 {
		t.Errorf("offers: %+v: the acknowledgement of before the cut was lost", rec.Offers)
	}
}

// countPops notes which pops the page ever shows, and how often it announces a call.
const countPops = `(() => {
  window.pops = new Set(); window.spoken = 0;
  const look = () => { for (const p of document.querySelectorAll(".pop")) window.pops.add(p.dataset.pop); };
  new MutationObserver(look).observe(document.querySelector("#app"), { childList: true, subtree: true });
  new MutationObserver(() => { if (document.querySelector("#loud").textContent.startsWith("Call from")) window.spoken++; })
    .observe(document.querySelector("#loud"), { childList: true, characterData: true, subtree: true });
  look();
})()`

// A ctid that is killed in a conversation and started again: the page comes back by itself, without a log-in, to the
// same customer and the same clock.
func TestBrowserRealKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
	defer cancel()
	o := openOffice(t)
	o.call(ctx, "02079460018", "")
	o.text(`.pop h2`, "Mei Tan")
	o.answer(ctx)
	began := time.Now()
	o.text(`.call .phase`, "Talking")
	wait(t, "3 s of talk", func() bool { return time.Since(began) > 3*time.Second })

	o.rig.Kill()
	o.text(`[data-line=waiting]`, "Your calls go on")
	o.text(`.call h2`, "Mei Tan") // what was known stays on the screen
	o.rig.Launch()
	o.cut.aim(strings.TrimPrefix(o.rig.Web, "http://"))
	o.until(`!document.querySelector("[data-line]") && !document.querySelector("#pause").disabled`)
	o.text(`#state`, "On a call")
	o.text(`.call .phase`, "Talking")
	o.text(`.call h2`, "Mei Tan")
	o.text(`.pop h2`, "Mei Tan")
	var now contents
	o.eval(content, &now)
	want := time.Since(began).Seconds()
	for i, c := range now.Clocks { // of the agent's state and of the talk
		if c < want-2 || c > want+2 {
			t.Errorf("clock %d says %v s after %.1f s of talk", i, c, want)
		}
	}
	if len(now.Clocks) != 2 {
		t.Errorf("%d clocks, want 2", len(now.Clocks))
	}
	o.sameAsFresh(o.url)
	o.click(`.hangup`)
	o.wrapUp("call_back", "after the restart")
	h := o.heard()
	if last := h.Welcomes[len(h.Welcomes)-1]; last.Resumed || last.Why != "new_epoch" {
		t.Errorf("the last welcome: %+v, want a snapshot for the new epoch", last)
	}
	if rec := o.record("call_back"); rec.Outcome != "answered" || rec.Disposition != "call_back" || rec.Notes != "after the restart" || rec.Customer != "cu_mei" {
		t.Errorf("record: %s, %s, %q, %s", rec.Outcome, rec.Disposition, rec.Notes, rec.Customer)
	}
}
