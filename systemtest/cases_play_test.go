package systemtest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ctid/pbxtest/phonetest"
)

// What is done in the cases, on either side by the same words.

// cli runs a command of Asterisk's console.
func (p *played) cli(command string) string {
	ctx, cancel := p.soon()
	defer cancel()
	out, err := p.b.r.PBX.CLI(ctx, p.fill(command))
	p.must(err)
	return out
}

// do asks for something at a desktop.
func (p *played) do(d *Desk, op string, args map[string]any) {
	ctx, cancel := p.soon()
	defer cancel()
	if args == nil {
		args = map[string]any{}
	}
	_, err := d.Do(ctx, op, args, "")
	p.must(err)
}

// pause lets agents pause, with a reason; nothing rings them from then on.
func (p *played) pause(who, reason string) {
	for _, w := range who {
		if !p.app {
			p.do(p.desks[byte(w)], "agent.pause", map[string]any{"reason": reason})
			continue
		}
		p.cli(fmt.Sprintf("queue pause member PJSIP/$%c queue $q reason %s", w, reason))
	}
}

func (p *played) unpause(who string) {
	for _, w := range who {
		if !p.app {
			p.do(p.desks[byte(w)], "agent.ready", nil)
			continue
		}
		p.cli(fmt.Sprintf("queue unpause member PJSIP/$%c queue $q", w))
	}
}

func (p *played) phone(who byte) *phonetest.Phone { return p.phones[who-'A'] }

// dial lets the next caller dial a line.
func (p *played) dial(line int) *caseCaller {
	n := len(p.callers) + 1
	c := &caseCaller{n: n, tone: caseTone, from: from(1000 + 40*p.n + n)}
	if p.app {
		c.from = from(5000 + 40*p.n + n)
	}
	ph, err := phonetest.New(phonetest.Config{Server: p.b.r.PBX.SIPAddr()})
	p.must(err)
	p.b.r.T.Cleanup(func() { _ = ph.Close() })
	ph.SetTone(c.tone)
	c.d, err = ph.Dial(p.number(line), phonetest.CallOptions{From: c.from})
	p.must(err)
	c.from = c.from[1:]
	p.callers = append(p.callers, c)
	return c
}

// dialFrom lets a telephone of the case call a line, as somebody in the house does.
func (p *played) dialFrom(who byte, line int) *caseCaller {
	c := &caseCaller{n: len(p.callers) + 1, from: p.ext[who-'A'], tone: float64(600 + 100*int(who-'A'))}
	var err error
	c.d, err = p.phone(who).Dial(p.inside(line), phonetest.CallOptions{})
	p.must(err)
	p.callers = append(p.callers, c)
	return c
}

// waits is dial, and returns when the caller is in the queue.
func (p *played) waits(line int) *caseCaller {
	c := p.dial(line)
	p.until("the entry in the queue_log", func() error {
		if p.entryOf(p.logged(), c) == "" {
			return fmt.Errorf("%d has none", c.n)
		}
		return nil
	})
	return c
}

// talks awaits that a telephone rings for a caller and is answered, and that the two hear each other, and notes who has whom.
func (p *played) talks() (c *caseCaller, leg *phonetest.Dialog) {
	var who int
	p.until("a telephone that is answered", func() error {
		for i, ph := range p.phones {
			for _, d := range ph.Calls() {
				if !d.Outgoing && !p.had[d] && !d.Times().Answered.IsZero() {
					who, leg = i, d
					return nil
				}
			}
		}
		return errors.New("there is none")
	})
	p.had[leg] = true
	for _, x := range p.callers {
		if strings.HasSuffix(leg.From, x.from) {
			c = x
		}
	}
	if c == nil {
		p.fatal("after %q, %s is rung for %s, who is none of the callers", p.outcome(), letter(who), leg.From)
	}
	p.hear(c.d, float64(600+100*who))
	p.hear(leg, c.tone)
	p.note("%d talks with %s", c.n, letter(who))
	return c, leg
}

// hear awaits a tone in a call.
func (p *played) hear(d *phonetest.Dialog, hz float64) {
	ctx, cancel := p.soon()
	defer cancel()
	p.must(d.AwaitHears(ctx, hz))
}

// hangUp ends a call, and awaits the ends of the others.
func (p *played) hangUp(d *phonetest.Dialog, others ...*phonetest.Dialog) {
	ctx, cancel := p.soon()
	defer cancel()
	p.must(d.Hangup(ctx))
	for _, o := range others {
		_, err := o.AwaitEnd(ctx)
		p.must(err)
	}
}

// serveAll has the agents take n callers, one after the other, each for a moment.
func (p *played) serveAll(n int) {
	for range n {
		c, leg := p.talks()
		p.agentEnds(c, leg)
	}
}

// agentEnds ends a talk by the agent's telephone, and awaits that the queue knows: app_queue learns it a moment later.
func (p *played) agentEnds(c *caseCaller, leg *phonetest.Dialog) {
	before := p.completed()
	p.hangUp(leg, c.d)
	p.until("the end in the queue_log", func() error {
		if p.completed() == before {
			return errors.New("it is not there")
		}
		return nil
	})
}

// completed counts the talks that agents have ended.
func (p *played) completed() (n int) {
	for _, l := range p.logged() {
		if l.Event == "COMPLETEAGENT" {
			n++
		}
	}
	return n
}

// leaves awaits that the queue lets a caller go, and notes how often the agents' telephones have rung meanwhile.
func (p *played) leaves(c *caseCaller) {
	ctx, cancel := p.soon()
	defer cancel()
	_, err := c.d.AwaitEnd(ctx)
	p.must(err)
	p.note("%d leaves unserved, %s", c.n, p.rung())
}

// rung are the rings of agents' telephones that were not noted yet.
func (p *played) rung() string {
	var says []string
	for i, ph := range p.phones[:len(p.serve)] {
		n := 0
		for _, d := range ph.Calls() {
			if !d.Outgoing && !p.had[d] {
				p.had[d] = true
				n++
			}
		}
		switch {
		case n == 1:
			says = append(says, letter(i)+" rang")
		case n > 1:
			says = append(says, fmt.Sprintf("%s rang %d times", letter(i), n))
		}
	}
	if says == nil {
		return "nobody rang"
	}
	return strings.Join(says, ", ")
}

// rested notes whether a telephone was left alone for so long after a call; app_queue counts whole seconds.
func (p *played) rested(over, next *phonetest.Dialog, rest time.Duration) {
	gap := next.Times().Invited.Sub(over.Times().Ended)
	if gap < rest-time.Second || gap > rest+2500*time.Millisecond {
		p.note("after %v", gap.Round(100*time.Millisecond))
		return
	}
	p.note("after his wrap-up")
}

// shown notes what a supervisor sees of an agent's pause.
func (p *played) shown(who byte, reason string) {
	p.until("the reason", func() error {
		var says string
		var err error
		if p.app {
			says = p.cli("queue show $q")
		} else if says, err = p.desks[who].mine(); err != nil {
			return err
		}
		if !strings.Contains(says, "paused") || !strings.Contains(says, reason) {
			return fmt.Errorf("%s is not paused for %s: %s", string(who), reason, says)
		}
		return nil
	})
	p.note("%s is shown as paused for %s", string(who), reason)
}

// busy awaits that either side knows of a call of an agent's own.
func (p *played) busy(who byte) {
	p.until("his own call", func() error {
		if p.app {
			if free(p.cli("queue show $q"), p.ext[who-'A']) {
				return errors.New("he is free")
			}
			return nil
		}
		says, err := p.desks[who].mine()
		if err == nil && !strings.HasPrefix(says, "talking") {
			err = fmt.Errorf("he is %s", says)
		}
		return err
	})
}

// channelOf is the name of a caller's channel in Asterisk.
func (p *played) channelOf(c *caseCaller) (name string) {
	p.until("the caller's channel", func() error {
		for line := range strings.Lines(p.cli("core show channels concise")) {
			f := strings.Split(line, "!")
			if strings.HasPrefix(f[0], "PJSIP/carrier-") && len(f) > 7 && strings.HasSuffix(f[7], c.from) {
				name = f[0]
				return nil
			}
		}
		return errors.New("there is none")
	})
	return name
}

// goesOn notes whether a telephone hears within two seconds what the dialplan plays to it, or another telephone; or that it is let go.
func (p *played) goesOn(who string, d *phonetest.Dialog, hz float64, what string) {
	p.until(who+" goes on, or is let go", func() error {
		switch {
		case over(d):
			p.note("%s is let go", who)
		case d.Hears(hz):
			p.note("%s %s", who, what)
		default:
			return errors.New("neither")
		}
		return nil
	})
}
