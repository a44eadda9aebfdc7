package systemtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/ivr"
	"ctid/pbxtest/phonetest"
)

// outcomeTexts are what a caller hears for each outcome, and tell what the other party hears before the join.
var outcomeTexts = map[string]string{
	"answered":  "Welcome back to the harbour trading company.",
	"busy":      "The line is engaged at the moment.",
	"no_answer": "Nobody has picked up the telephone.",
	"failed":    "This number cannot be reached today.",
	"refused":   "We are not allowed to ring that country.",
	"tell":      "Here is a caller from the front desk.",
}

// outcomeScript is a script of one step, with a node for each of its outcomes. X and Y are its numbers outside.
func outcomeScript(n int, step string) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: Outcomes\nvars: {far: text = \"+85212345678\"}\nprompts:\n")
	for _, name := range []string{"answered", "busy", "no_answer", "failed", "refused", "tell"} {
		fmt.Fprintf(&b, "  %s: %s\n", name, outcomeTexts[name])
	}
	fmt.Fprintf(&b, "nodes:\n  a: {%s, then: {answered: answered, busy: busy, no_answer: no_answer, failed: failed, error: refused}}\n", outcomeNumbers(n, step))
	for _, name := range []string{"answered", "busy", "no_answer", "failed", "refused"} {
		fmt.Fprintf(&b, "  %s: [{play: %s}, {hangup: normal}]\n", name, name)
	}
	return b.String()
}

// outcomeNumbers writes a step with its numbers outside.
func outcomeNumbers(n int, step string) string {
	return strings.NewReplacer("X", `"`+outsideOf(n, 0)+`"`, "Y", `"`+outsideOf(n, 1)+`"`).Replace(step)
}

// person is one way in which those whom a script rings behave, and what comes of it.
type person struct {
	name, step string
	does       func(p *part)
	node       string   // where the script ends
	tries      []string // outcomes of the attempts
}

// The tones of callers and of those whom they are joined with.
const (
	callsHz = 440
	takesHz = 1000
)

// took answers a call to the number and holds that the two hear each other.
func (p *part) took(which int) *phonetest.Dialog {
	d := p.rings(which)
	d.SetTone(takesHz)
	p.must(d.Answer(p.ctx))
	p.talk(d, callsHz, takesHz)
	return d
}

// screenText is the built-in question whether he takes the call.
var screenText = ivr.ScreenPart("en").Text

// people are the scenarios; screen is what the one who is asked hears.
func people(screen map[string][]int16) []person {
	rejects := func(code int) func(p *part) {
		return func(p *part) { p.rings(0).Reject(code) }
	}
	press := func(send func(d *phonetest.Dialog, p *part, keys string) error) func(p *part) {
		return func(p *part) {
			d := p.rings(0)
			p.must(d.Answer(p.ctx))
			p.hears(d, "tell")
			p.hearsOf(d, "screen", screen)
			p.must(send(d, p, "1"))
			d.SetTone(takesHz)
			p.talk(d, callsHz, takesHz)
			p.must(d.Hangup(p.ctx))
		}
	}
	rfc := func(d *phonetest.Dialog, p *part, keys string) error { return d.SendDTMF(p.ctx, keys) }
	info := func(d *phonetest.Dialog, p *part, keys string) error { return d.SendInfo(p.ctx, keys) }
	return []person{
		{"dial: they talk, and the other hangs up", "dial: X", func(p *part) { p.must(p.took(0).Hangup(p.ctx)) }, "answered", []string{"answered"}},
		{"dial: the number shown", "dial: X", func(p *part) {
			d := p.took(0)
			if d.From != "+442079460000" {
				p.r.T.Errorf("outside sees %q", d.From)
			}
			p.must(d.Hangup(p.ctx))
		}, "answered", []string{"answered"}},
		{"dial: busy", "dial: X", rejects(486), "busy", []string{"busy"}},
		{"dial: declined", "dial: X", rejects(603), "busy", []string{"busy"}},
		{"dial: not there", "dial: X", rejects(480), "no_answer", []string{"no_answer"}},
		{"dial: nobody answers", "dial: {to: X, ring: 2s}", func(p *part) {
			d := p.rings(0)
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("it rings on: %v", err)
			}
		}, "no_answer", []string{"no_answer"}},
		{"dial: wrong number", "dial: X", rejects(404), "failed", []string{"failed"}},
		{"dial: out of order", "dial: X", rejects(503), "failed", []string{"failed"}},
		{"dial: forbidden", `dial: {to: "=vars.far", allow: ["+852"]}`, func(*part) {}, "refused", nil},
		{"dial: the longest talk", "dial: {to: X, max: 2s}", func(p *part) {
			d := p.took(0)
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("he talks on: %v", err)
			}
		}, "answered", []string{"answered"}},
		{"dial: told first", "dial: {to: X, whisper: tell}", func(p *part) {
			d := p.rings(0)
			p.must(d.Answer(p.ctx))
			p.hears(d, "tell")
			d.SetTone(takesHz)
			p.talk(d, callsHz, takesHz)
			p.deaf(p.call, "tell")
			p.must(d.Hangup(p.ctx))
		}, "answered", []string{"answered"}},
		{"dial: told, and hangs up", "dial: {to: X, whisper: tell}", func(p *part) {
			d := p.rings(0)
			p.must(d.Answer(p.ctx))
			p.must(d.AwaitAudio(p.ctx, 300*time.Millisecond))
			p.must(d.Hangup(p.ctx))
		}, "busy", []string{"busy"}},
		{"dial: asked, and takes it", "dial: {to: X, whisper: tell, screen: true}", press(rfc), "answered", []string{"answered"}},
		{"dial: asked, and takes it by INFO", "dial: {to: X, whisper: tell, screen: true}", press(info), "answered", []string{"answered"}},
		{"dial: asked, and does not take it", "dial: {to: X, screen: true}", func(p *part) {
			d := p.rings(0)
			p.must(d.Answer(p.ctx))
			p.hearsOf(d, "screen", screen)
			_ = d.SendDTMF(p.ctx, "2") // he may be hung up before the key is sent to its end
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("he is not hung up: %v", err)
			}
		}, "busy", []string{"busy"}},
		{"dial: two together", "dial: [X, Y]", func(p *part) {
			x := p.rings(0)
			p.must(p.took(1).Hangup(p.ctx))
			if _, err := x.AwaitEnd(p.ctx); err != nil {
				p.fatal("the other rings on: %v", err)
			}
		}, "answered", []string{"cancelled", "answered"}},
		{"dial: two in turn", "dial: {to: [X, Y], order: in_turn, ring: 2s}", func(p *part) {
			x := p.rings(0)
			p.quiet(1)
			y := p.rings(1)
			select {
			case <-x.Ended():
			default:
				if _, err := x.AwaitEnd(p.ctx); err != nil {
					p.fatal("the first rings on: %v", err)
				}
			}
			y.SetTone(takesHz)
			p.must(y.Answer(p.ctx))
			p.talk(y, callsHz, takesHz)
			p.must(y.Hangup(p.ctx))
		}, "answered", []string{"no_answer", "answered"}},
		{"dial: the caller hangs up while it rings", "dial: X", func(p *part) {
			d := p.rings(0)
			p.must(p.call.Hangup(p.ctx))
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("it rings on: %v", err)
			}
		}, "", []string{"cancelled"}},
		{"dial: the caller hangs up in the talk", "dial: X", func(p *part) {
			d := p.took(0)
			p.must(p.call.Hangup(p.ctx))
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("he is alone: %v", err)
			}
		}, "", []string{"answered"}},
		{"transfer: they talk, and the other hangs up", "transfer: X", func(p *part) { p.must(p.took(0).Hangup(p.ctx)) }, "answered", []string{"answered"}},
		{"transfer: the caller hangs up", "transfer: X", func(p *part) {
			d := p.took(0)
			p.must(p.call.Hangup(p.ctx))
			if _, err := d.AwaitEnd(p.ctx); err != nil {
				p.fatal("he is alone: %v", err)
			}
		}, "", []string{"answered"}},
		{"transfer: announced", "transfer: {to: X, mode: announced, announce: tell}", func(p *part) {
			d := p.rings(0)
			p.must(d.Answer(p.ctx))
			p.hears(d, "tell")
			d.SetTone(takesHz)
			p.talk(d, callsHz, takesHz)
			p.must(d.Hangup(p.ctx))
		}, "answered", []string{"answered"}},
		{"transfer: attended", "transfer: {to: X, mode: attended, announce: tell}", press(rfc), "answered", []string{"answered"}},
		{"transfer: busy", "transfer: X", rejects(486), "busy", []string{"busy"}},
		{"transfer: nobody answers", "transfer: {to: X, ring: 2s}", func(p *part) { p.rings(0) }, "no_answer", []string{"no_answer"}},
		{"transfer: wrong number", "transfer: X", rejects(404), "failed", []string{"failed"}},
		{"transfer: forbidden", `transfer: {to: "=vars.far", allow: ["+852"]}`, func(*part) {}, "refused", nil},
		{"transfer: to itself, for ever", "", func(*part) {}, "failed", nil},
		{"dial: an agent on duty", `dial: "1001"`, func(p *part) {
			p.must(p.call.AwaitHears(p.ctx, takesHz))
			p.r.Eventually("the agent's state", func() error {
				if n := p.r.Metric(`ctid_agent_state{state="talking"}`); n != 1 {
					return fmt.Errorf("%v agents talk", n)
				}
				return nil
			})
		}, "answered", []string{"answered"}},
	}
}

// Each outcome of dial and transfer, as the caller and those who are rung hear it: many calls at once on one Asterisk.
func TestRealScriptPeople(t *testing.T) {
	screen := map[string][]int16{"screen": speak(t, screenText)}
	all := people(screen)
	scripts := make([]string, len(all))
	for n, x := range all {
		step := x.step
		if step == "" {
			step = fmt.Sprintf("transfer: %q", dnisOf(n))
		}
		scripts[n] = outcomeScript(n, step)
	}
	s := startScripts(t, Options{Agents: 1, Desk: "none"}, scripts, outcomeTexts)
	s.carrier()
	ana := s.r.Phone("1001")
	ana.SetTone(takesHz)
	ana.SetPolicy(phonetest.AnswerAfter(300 * time.Millisecond))
	s.r.Eventually("the agent", func() error {
		if n := s.r.Metric(`ctid_agent_state{state="ready"}`); n != 1 {
			return fmt.Errorf("%v agents are ready", n)
		}
		return nil
	})
	go func() { // she hangs up once they have talked for a while
		d, err := ana.AwaitCall(s.ctx)
		if err == nil && d.AwaitHears(s.ctx, callsHz) == nil {
			<-time.After(1500 * time.Millisecond)
			_ = d.Hangup(s.ctx)
		}
	}()
	for n, x := range all {
		s.each(x.name, n, func(p *part) {
			p.dial(callsHz)
			x.does(p)
			if x.node != "" {
				p.over(x.node)
			}
		})
	}
	s.wg.Wait()
	s.r.Clean()
	for n, x := range all {
		s.wantTries(n, x)
	}
}

// wantTries compares what the record says with what happened.
func (s *scripted) wantTries(n int, x person) {
	s.r.T.Helper()
	rec := s.recordOf(n)
	var got []string
	for _, p := range rec.Parties {
		got = append(got, p.Outcome)
	}
	node := ""
	if len(rec.IVR.Path) > 0 {
		node = rec.IVR.Path[len(rec.IVR.Path)-1].Node
	}
	want := x.node
	if want == "" {
		want = "a"
		if rec.End.Side != ctid.SideCaller {
			s.r.T.Errorf("%s: end %+v", x.name, rec.End)
		}
	}
	if x.tries != nil && strings.Join(got, " ") != strings.Join(x.tries, " ") || node != want {
		s.r.T.Errorf("%s: the record says %v and %s, want %v and %s", x.name, got, node, x.tries, want)
	}
}
