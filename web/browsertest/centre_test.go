package browsertest

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ari/aritest"
	"ctid/store"
	"ctid/systemtest"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/chromedp/cdproto/input"
)

// centre is the built program on an Asterisk in memory, with a cutter between it and the pages. Its agents are a1001, a1002 and a1003
// of team north; a1003 is also a supervisor (sue), and one more (sam) is no agent; hall is a wallboard.
type centre struct {
	t   *testing.T
	pbx *aritest.Server
	rig *systemtest.Rig
	cut *cutter
	url string
}

const centreConfig = `web: {plain: true}
teams: [{name: north}]
dial_allow: [extensions, "+44"]
pause_codes: [{name: lunch, label: Lunch}]
dispositions: [{name: sold, label: Sold}, {name: question, label: A question}]
`

// openCentre starts it. queue are the keys of the queue that callers come to.
func openCentre(t *testing.T, queue string, change ...string) *centre {
	t.Helper()
	c := &centre{t: t, pbx: aritest.New(aritest.Options{User: asterisk.ARIUser(), Password: asterisk.ARIPassword()})}
	t.Cleanup(c.pbx.Close)
	srv := httptest.NewServer(c.pbx)
	t.Cleanup(srv.Close)
	for _, n := range asterisk.Agents()[:3] {
		c.pbx.Phone(n, aritest.AnswerAfter(50*time.Millisecond))
	}
	words := append([]string{"http://" + asterisk.HTTPAddr(), srv.URL, "desk: required", "team: north, pick: true, desk: required"}, change...)
	c.rig = systemtest.Start(t, systemtest.Options{Bin: program, PBX: asterisk, Agents: 3, Script: systemtest.QueueOnly, Queue: queue, Config: centreConfig,
		Change: strings.NewReplacer(words...).Replace, Seed: func(s *store.Store) error {
			if err := s.AddUser(t.Context(), store.User{Name: "sam", Roles: []ctid.Role{ctid.RoleSupervisor}}, password("sam")); err != nil {
				return err
			}
			if err := s.AddUser(t.Context(), store.User{Name: "hall", Roles: []ctid.Role{ctid.RoleWallboard}}, password("hall")); err != nil {
				return err
			}
			return s.AddUser(t.Context(), store.User{Name: "sue", Roles: []ctid.Role{ctid.RoleSupervisor, ctid.RoleAgent}, Agent: "a1003"}, password("sue"))
		}})
	c.cut = newCutter(t, strings.TrimPrefix(c.rig.Web, "http://"))
	c.url = "http://" + c.cut.ln.Addr().String() + "/desk/"
	return c
}

func password(user string) string { return "test-" + user + "-password" }

// page opens a browser and logs a user in; hash is the screen to begin with. What the page is told is noted.
func (c *centre) page(user, hash string) page {
	c.t.Helper()
	p := page{c.t, browser(c.t)}
	p.run(watched, chromedp.Navigate(c.url+hash), chromedp.WaitVisible(`input[name=user]`, chromedp.ByQuery),
		chromedp.SendKeys(`input[name=user]`, user, chromedp.ByQuery), chromedp.SendKeys(`input[name=password]`, password(user), chromedp.ByQuery))
	p.click(`form button`)
	p.until(`document.querySelector("#leave") && !document.querySelector("[data-line]")`)
	return p
}

// watched has a page look at itself from its beginning on.
var watched = chromedp.ActionFunc(func(ctx context.Context) error {
	_, err := cdppage.AddScriptToEvaluateOnNewDocument(witness).Do(ctx)
	return err
})

// tab opens another tab beside a page.
func (c *centre) tab(p page) page {
	c.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	c.t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the tab lives as long as the context of the first run
		c.t.Fatal(err)
	}
	other := page{c.t, ctx}
	other.run(watched, chromedp.Navigate(c.url), chromedp.WaitVisible(`#state`, chromedp.ByQuery))
	other.until(`!document.querySelector("[data-line]")`)
	return other
}

// agent opens the page of an agent and makes him ready.
func (c *centre) agent(user string) page {
	c.t.Helper()
	p := c.page(user, "")
	p.click(`#login`)
	p.text(`#state`, "Paused")
	p.click(`#ready`)
	p.text(`#state`, "Ready")
	return p
}

// call lets somebody call in; the agent who is free answers by himself.
func (c *centre) call() *aritest.Caller {
	return c.pbx.Call(aritest.Caller{Number: "02079460018", Name: "Mei Tan", DNIS: systemtest.Number})
}

// witness folds what the page is told a second time, and after each event holds the buttons of each call against what the server
// says is possible. It also counts how often a request was answered with "already", and replies of each phase.
const witness = `(() => {
  const Plain = WebSocket;
  const frames = [];
  let state, reduce;
  window.seen = { checked: 0, wrong: [], already: 0, started: 0 };
  const check = () => {
    for (const c of Object.values(state.calls)) {
      const card = document.querySelector('.call[data-call="' + c.call + '"]');
      const shown = card ? [...new Set([...card.querySelectorAll("button[data-op]")].map((b) => b.dataset.op))].sort().join() : "no card";
      seen.checked++;
      if (shown !== [...c.can].sort().join()) seen.wrong.push(c.state + ": can " + [...c.can].sort() + "; buttons " + shown);
    }
  };
  const take = (f) => {
    if (f.k === "res" && f.already) seen.already++;
    if (f.k === "res" && f.phase === "started") seen.started++;
    if (f.k === "welcome" && !f.resumed) state = undefined;
    state = reduce(state ?? initial(), f);
  };
  let initial;
  const run = () => {
    if (!reduce || frames.length === 0) return;
    while (frames.length > 0) take(frames.shift());
    check();
  };
  addEventListener("DOMContentLoaded", () => import("/desk/client.js").then((m) => { [initial, reduce] = [m.initial, m.reduce]; run(); }));
  window.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (m) => {
        frames.push(JSON.parse(m.data));
        setTimeout(run); // after the page has had it
      });
    }
  };
})()`

// witnessed fails if buttons and can ever differed, or if too little was looked at to say so.
func (p page) witnessed(least int) {
	p.t.Helper()
	var seen struct {
		Checked int
		Wrong   []string
	}
	p.eval(`seen`, &seen)
	for _, w := range seen.Wrong {
		p.t.Error(w)
	}
	if seen.Checked < least {
		p.t.Errorf("only %d looks at the buttons", seen.Checked)
	}
}

// key presses Alt+Shift and a key.
func (p page) key(k string) {
	p.t.Helper()
	// A key presses its button: while a request is under way that is not ready, and the key would do nothing.
	p.until(`document.querySelector('[aria-keyshortcuts="Alt+Shift+` + strings.ToUpper(k) + `"]:not(:disabled):not([aria-busy="true"])')`)
	p.run(chromedp.KeyEvent(strings.ToUpper(k), chromedp.KeyModifiers(input.ModifierAlt, input.ModifierShift)))
}

// keys types, with the focus where it is.
func (p page) keys(text string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(text))
}

// tab moves the focus on until it is on what the selector names.
func (p page) tabTo(sel string) {
	p.t.Helper()
	for range 80 {
		var there bool
		p.eval(`!!document.activeElement?.matches(`+quote(sel)+`)`, &there)
		if there {
			return
		}
		p.keys(kb.Tab)
	}
	p.t.Fatalf("the focus never came to %s", sel)
}

// saved awaits the one record with an outcome.
func (c *centre) saved(ok func(r ctid.CallRecord) bool) {
	c.t.Helper()
	wait(c.t, "what was written in the record", func() bool {
		list := c.rig.Records()
		return len(list) == 1 && ok(list[0])
	})
}
