package systemtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

// killTexts are the prompts of the scripts that are killed at a step.
var killTexts = map[string]string{
	"answered": outcomeTexts["answered"],
	"long":     keyTexts["long"],
	"choose":   keyTexts["choose"],
	"further":  keyTexts["further"],
	"one":      keyTexts["one"],
	"sorry":    keyTexts["sorry"],
}

// killStep is a step at which ctid is killed while the caller is in it, and what he hears afterwards.
type killStep struct {
	name   string
	step   string                     // X is his number outside
	before func(p *killed)            // until he is in the step
	after  func(p *killed, at killAt) // what is held, once ctid is up again
}

// killAt is when ctid was killed.
type killAt struct{ since time.Time }

// killed is one caller over a kill.
type killed struct {
	*part
	other *phonetest.Dialog
	slow  *slowShop
}

// slowShop is a server that lets the first who asks wait for ever.
type slowShop struct {
	*httptest.Server
	asked chan struct{}
}

func newSlowShop(t *testing.T) *slowShop {
	s := &slowShop{asked: make(chan struct{})}
	var asked atomic.Bool
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if asked.CompareAndSwap(false, true) {
			close(s.asked)
			<-req.Context().Done() // until who asks is dead
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"state": "open"}`))
	}))
	t.Cleanup(s.Close)
	return s
}

// asks holds that the prompt is heard after the kill, to its end.
func (p *killed) asks(prompt string, at killAt) { p.part.again(prompt, at.since) }

// killSteps are the steps that wait for something.
func killSteps() []killStep {
	menu := "menu: {1: one, prompt: choose, wait: 30s}"
	pressed := func(p *killed) {
		p.must(p.call.SendDTMF(p.ctx, "1"))
		p.over("one")
	}
	rings := func(p *killed) { p.other = p.rings(0) }
	ringsAgain := func(p *killed, _ killAt) {
		if _, err := p.other.AwaitEnd(p.ctx); err != nil {
			p.fatal("the first ring goes on: %v", err)
		}
		d := p.took(0)
		p.must(d.Hangup(p.ctx))
		p.over("answered")
	}
	return []killStep{
		{"menu", menu, func(p *killed) { p.hears(p.call, "choose") }, func(p *killed, at killAt) {
			p.asks("choose", at)
			pressed(p)
		}},
		{"collect", "collect: {into: account, digits: 4, prompt: further, wait: 30s}", func(p *killed) {
			p.hears(p.call, "further")
			p.must(p.call.SendDTMF(p.ctx, "12"))
		}, func(p *killed, at killAt) {
			p.asks("further", at) // what was typed before is asked again with it
			p.must(p.call.SendDTMF(p.ctx, "1234"))
			p.over("answered")
		}},
		{"play before a menu", "play: long", func(p *killed) { p.begins("long") }, func(p *killed, at killAt) {
			p.asks("choose", at)
			pressed(p)
		}},
		{"wait", "wait: 6s", func(*killed) {}, func(p *killed, _ killAt) { p.over("answered") }},
		{"queue", "queue: sales", func(p *killed) { p.must(p.call.AwaitAnswer(p.ctx)) }, func(p *killed, _ killAt) {
			p.r.Eventually("the place in the queue", func() error {
				if n := p.r.Metric(`ctid_queue_waiting{queue="sales"}`); n != 1 {
					return fmt.Errorf("%v wait", n)
				}
				return nil
			})
			p.must(p.call.Hangup(p.ctx))
		}},
		{"dial, while it rings", "dial: {to: X, ring: 30s}", rings, ringsAgain},
		{"transfer, while it rings", "transfer: {to: X, ring: 30s}", rings, ringsAgain},
		{"a look-up", "http: {url: GET SHOP/state, within: 10s}", func(p *killed) {
			select {
			case <-p.slow.asked:
			case <-p.ctx.Done():
				p.fatal("nobody was asked")
			}
		}, func(p *killed, _ killAt) { p.over("answered") }},
		{"dial, in the talk", "dial: X", func(p *killed) { p.other = p.took(0) }, func(p *killed, _ killAt) {
			p.talk(p.other, callsHz, takesHz)
			p.must(p.other.Hangup(p.ctx))
			p.over("answered")
		}},
		{"transfer, in the talk", "transfer: X", func(p *killed) { p.other = p.took(0) }, func(p *killed, _ killAt) {
			p.talk(p.other, callsHz, takesHz)
			p.must(p.other.Hangup(p.ctx))
			p.over("answered")
		}},
	}
}

// killScript is a script of one step; good and bad ends say a word.
func killScript(n int, step, shop string) string {
	step = strings.Replace(step, "SHOP", shop, 1)
	text := "version: 1\nname: Killed\nvars: {account: digits}\nprompts:\n"
	for _, name := range []string{"answered", "long", "choose", "further", "one", "sorry"} {
		text += fmt.Sprintf("  %s: %q\n", name, killTexts[name])
	}
	then := "answered: answered, otherwise: sorry"
	switch step[:4] {
	case "menu":
		then = "failed: sorry"
	case "play":
		then = "done: b"
	case "wait":
		then = "done: answered"
	case "coll":
		then = "done: answered, failed: sorry"
	case "queu":
		then = "otherwise: sorry"
	case "http":
		then = "done: answered, otherwise: sorry"
	}
	text += "nodes:\n  a: {" + outcomeNumbers(n, step) + ", then: {" + then + "}}\n"
	if then == "done: b" {
		text += "  b: {menu: {1: one, prompt: choose, wait: 30s}, then: {failed: sorry}}\n"
	}
	return text + "  answered: [{play: answered}, {hangup: normal}]\n  one: [{play: one}, {hangup: normal}]\n  sorry: [{play: sorry}, {hangup: normal}]\n"
}

// ctid is killed while a caller is in each of the steps that wait: he hears the question again, keeps his place, or talks on, and
// the script goes on behind it. All callers are there at once, and it is one kill.
func TestRealKillAtSteps(t *testing.T) {
	steps, shop := killSteps(), newSlowShop(t)
	scripts := make([]string, len(steps))
	for n, x := range steps {
		scripts[n] = killScript(n, x.step, shop.URL)
	}
	s := startScripts(t, Options{Agents: 1, Desk: "none", Change: func(yaml string) string {
		return strings.Replace(yaml, "ivr: {", "ivr: {http_allow: [\""+shop.URL+"\"], ", 1)
	}}, scripts, killTexts)
	s.carrier()
	calls := make([]*killed, len(steps))
	for n, x := range steps {
		s.each(x.name, n, func(p *part) {
			calls[n] = &killed{part: p, slow: shop}
			p.dial(callsHz)
			x.before(calls[n])
			p.call, calls[n].part = nil, &part{scripted: s, name: x.name, n: n, call: p.call} // it goes on behind the kill
		})
	}
	s.wg.Wait()
	if t.Failed() {
		return
	}
	at := killAt{time.Now()}
	s.r.Kill()
	s.r.Launch()
	for n, x := range steps {
		s.each(x.name, n, func(p *part) {
			k := calls[n]
			p.call = k.call
			x.after(k, at)
		})
	}
	s.wg.Wait()
	s.r.Clean()
	if list := s.r.EndedRecords(); len(list) != len(steps) {
		t.Errorf("%d records of %d calls", len(list), len(steps))
	}
}
