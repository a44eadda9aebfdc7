package systemtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ctid/pbxtest/phonetest"
)

// Agents who decide by their telephones, and configurations that change under them: nobody who waits loses his place or comes
// elsewhere.
func TestRealByThePhone(t *testing.T) { playCases(t, phoneCases()) }

// phoneCases are played as those of Asterisk's test suite are, on either side.
func phoneCases() []*queueCase {
	const two = "[$q]\nstrategy=linear\ntimeout=3\nmember => PJSIP/$A\nmember => PJSIP/$B\n"
	const linear = ", strategy: linear, ring: 3s"
	forward := func(name, to, app, why string) *queueCase {
		return &queueCase{
			name: "forwards to " + name, conf: two, keys: []string{linear}, serve: []string{"[$q]", "[$q]"}, more: 1,
			play: func(p *played) {
				p.phone('A').SetPolicy(phonetest.RedirectAfter(100*time.Millisecond, p.fill(to)))
				p.phone('C').SetPolicy(phonetest.AnswerAfter(time.Second))
				p.arrives(p.dial(0))
			},
			ctid: "1 talks with B; queue_log: 1 CONNECT COMPLETECALLER",
			app:  app + "; queue_log: 1 CONNECT COMPLETECALLER",
			why:  why,
		}
	}
	return []*queueCase{
		forward("a colleague", "2$C", "1 talks with C", "a telephone decides nothing in ctid: a 302 is a rejection, wherever it leads"),
		forward("a number outside", caseOutside, "1 is outside", "as above"),
		forward("a voicemail", caseVoicemail, "1 is in the voicemail", "as above: the caller of a queue is answered by its agents or by nobody"),
		forward("himself", "2$A", "1 talks with B", ""),
		{
			name: "busy and declined",
			conf: "[$q]\nstrategy=linear\ntimeout=3\nmember => PJSIP/$A\nmember => PJSIP/$B\nmember => PJSIP/$C\n",
			keys: []string{linear}, serve: []string{"[$q]", "[$q]", "[$q]"},
			play: func(p *played) {
				p.phone('A').SetPolicy(phonetest.RejectAfter(100*time.Millisecond, 486))
				p.phone('B').SetPolicy(phonetest.RejectAfter(100*time.Millisecond, 603))
				p.dial(0)
				c, leg := p.talks()
				p.note("before, %s", p.rung())
				p.waits(0)
				p.hangUp(leg, c.d)
				p.serveAll(1)
			},
			ctid: "1 talks with C; before, A rang, B rang; 2 talks with C; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT",
		},
		{
			name: "do not disturb",
			conf: "[$q]\nstrategy=linear\ntimeout=3\nmember => PJSIP/$A\n", keys: []string{linear}, serve: []string{"[$q]"}, desk: "A",
			play: doNotDisturb,
			ctid: "A rang 3 times, and is paused; 1 talks with A; 2 talks with A; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT",
			app:  "A rings over and over; 1 talks with A; 2 talks with A; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT",
			why:  "without a desktop ctid leaves him alone for 5 s each time and pauses nobody; app_queue has autopausebusy, by default off",
		},
		{
			name: "signs off while it rings",
			conf: "[$q]\nstrategy=linear\ntimeout=3\nmember => PJSIP/$A\n", keys: []string{linear}, serve: []string{"[$q]"},
			play: func(p *played) {
				a := p.phone('A')
				a.SetPolicy(phonetest.Ring())
				p.waits(0)
				p.waits(0)
				p.until("the ring", func() error {
					if len(a.Calls()) == 0 {
						return errors.New("it does not ring")
					}
					return nil
				})
				ctx, cancel := p.soon()
				defer cancel()
				p.must(a.Unregister(ctx))
				_, err := a.Calls()[0].AwaitEnd(ctx)
				p.must(err)
				p.note("%s", p.rung())
				a.SetPolicy(phonetest.AnswerAfter(100 * time.Millisecond))
				p.must(a.Register(ctx))
				p.serveAll(2)
			},
			ctid: "A rang; 1 talks with A; 2 talks with A; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT",
		},
		{
			name: "reload while it rings",
			conf: "[$q]\nstrategy=linear\ntimeout=9\nmember => PJSIP/$A\n\n[$r]\nmember => PJSIP/$B\n", keys: []string{", ring: 9s", ""}, serve: []string{"[$q]", "[$r]"},
			play: reloadRinging,
			ctid: "1 talks with A; 2 talks with B; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT",
		},
	}
}

// arrives notes where a caller comes: to a telephone of the case, outside, or into the voicemail.
func (p *played) arrives(c *caseCaller) {
	talks := false
	p.until("the caller comes somewhere", func() error {
		switch {
		case c.d.Hears(1000):
			p.note("%d is in the voicemail", c.n)
		case c.d.Hears(carrierTone):
			p.note("%d is outside", c.n)
		case c.d.Hears(600), c.d.Hears(700), c.d.Hears(800):
			talks = true
		default:
			return errors.New("he waits")
		}
		return nil
	})
	if talks {
		p.talks()
	}
	ctx, cancel := p.soon()
	defer cancel()
	for _, d := range p.phone('C').Calls() {
		if p.had[d] {
			continue
		}
		_, err := d.AwaitEnd(ctx)
		p.must(err)
		if !d.Times().Answered.IsZero() {
			p.note("C has answered, and nobody is there")
		}
	}
}

// doNotDisturb: a telephone refuses every call, and then no more. Two callers wait meanwhile.
func doNotDisturb(p *played) {
	a := p.phone('A')
	a.SetPolicy(phonetest.RejectAfter(50*time.Millisecond, 486))
	p.waits(0)
	p.waits(0)
	p.until("three refusals", func() error {
		switch n := len(a.Calls()); {
		case p.app && n > 3:
			p.note("A rings over and over")
		case p.app:
			return fmt.Errorf("%d", n)
		default:
			says, err := p.desks['A'].mine()
			if err != nil || says != "paused(device-busy)" {
				return fmt.Errorf("he is %s, after %d rings: %w", says, n, err)
			}
			p.note("%s, and is paused", p.rung())
		}
		return nil
	})
	a.SetPolicy(phonetest.AnswerAfter(100 * time.Millisecond))
	if !p.app {
		p.unpause("A")
	}
	p.serveAll(2)
}

// reloadRinging: while a telephone rings, its agent is taken out of the queue and another is put into it. He may still answer; who
// waits behind goes to the other.
func reloadRinging(p *played) {
	a := p.phone('A')
	a.SetPolicy(phonetest.Ring())
	p.waits(0)
	p.until("the ring", func() error {
		if len(a.Calls()) == 0 {
			return errors.New("it does not ring")
		}
		return nil
	})
	p.phone('B').SetPolicy(phonetest.AnswerAfter(time.Second))
	if p.app {
		conf := p.fill("member => PJSIP/$A\n")
		p.confIn(conf, strings.Replace(conf, p.ext[0], p.ext[1], 1))
	} else {
		p.yamlIn(p.agent(0, "[$q]")+p.agent(1, "[$r]"), p.agent(0, "[]")+p.agent(1, "[$q]"))
	}
	ctx, cancel := p.soon()
	defer cancel()
	p.must(a.Calls()[0].Answer(ctx))
	p.serveAll(1)
	p.dial(0)
	p.serveAll(1)
}
