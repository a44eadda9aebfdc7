package systemtest

import (
	"fmt"
	"slices"
	"time"

	"ctid/pbxtest/hear"
	"ctid/pbxtest/phonetest"
)

// caseWhisper is what the agent of gosub_test is told before he has the caller.
const caseWhisper = "A call for the harbour office."

// talkCases are the cases of what becomes of a caller whom an agent has, or might have.
func talkCases() []*queueCase {
	one := "[$q]\nmember => PJSIP/$A\n"
	return []*queueCase{
		{
			name: "redirect",
			conf: one, keys: []string{""}, serve: []string{"[$q]"},
			play: func(p *played) {
				p.dial(0)
				c, leg := p.talks()
				p.cli("channel redirect " + p.channelOf(c) + " cases-on,s,1")
				p.goesOn("the caller", c.d, 1000, "is where he was sent")
				p.goesOn("A", leg, 1000, "is there too")
			},
			ctid: "1 talks with A; the caller is where he was sent; A is let go; queue_log: 1 CONNECT COMPLETECALLER",
		},
		{
			name: "transfer/caller_attended",
			conf: one, keys: []string{""}, serve: []string{"[$q]"}, more: 2,
			play: func(p *played) {
				p.dialFrom('B', 0)
				c, leg := p.talks()
				ctx, cancel := p.soon()
				defer cancel()
				p.must(c.d.Hold(ctx))
				consult, err := p.phone('B').Call(ctx, p.fill("2$C"), phonetest.CallOptions{})
				p.must(err)
				p.hear(consult, 800)
				p.must(c.d.ReferTo(ctx, consult))
				p.handedOn(c.d)
				p.goesOn("A", leg, 800, "talks with C")
				p.goesOn("C", p.phone('C').Calls()[0], 600, "with A")
			},
			ctid: "1 talks with A; A is let go; C is let go; queue_log: 1 CONNECT COMPLETECALLER",
			app:  "1 talks with A; A talks with C; C with A; queue_log: 1 CONNECT ATTENDEDTRANSFER or COMPLETECALLER or ATTENDEDTRANSFER COMPLETECALLER",
			why: "the caller has a telephone in the house (a carrier's endpoint may not transfer). In ctid agents hand callers on, callers nobody: it comes to nothing, and his agent writes him up. " +
				"If Asterisk says so in time (500), he hangs up here",
		},
		{
			name: "transfer/caller_blind",
			conf: one, keys: []string{""}, serve: []string{"[$q]"}, more: 2,
			play: func(p *played) {
				p.dialFrom('B', 0)
				c, leg := p.talks()
				ctx, cancel := p.soon()
				defer cancel()
				p.must(c.d.Hold(ctx))
				p.must(c.d.Refer(ctx, p.fill("2$C")))
				p.handedOn(c.d)
				p.goesOn("A", leg, 800, "talks with C")
			},
			ctid: "1 talks with A; A is let go; queue_log: 1 CONNECT COMPLETECALLER",
			app:  "1 talks with A; A talks with C; queue_log: 1 CONNECT BLINDTRANSFER or COMPLETECALLER",
			why:  "as caller_attended",
		},
		{
			name: "queue_transfer_callee",
			conf: one, keys: []string{""}, serve: []string{"[$q]"},
			lines: []caseLine{{"queue: $q", "Queue($q,F(cases-on^s^1))"}},
			play: func(p *played) {
				p.dial(0)
				c, leg := p.talks()
				p.hangUp(c.d)
				p.goesOn("A", leg, 1000, "is sent on in the dialplan")
			},
			ctid: "1 talks with A; A is let go; queue_log: 1 CONNECT COMPLETECALLER",
			app:  "1 talks with A; A is sent on in the dialplan; queue_log: 1 CONNECT COMPLETECALLER",
			why:  "the dialplan has no part in an agent's line here; what is to follow a talk is his wrap-up",
		},
		{
			name: "queue_member_forward",
			conf: "[$q]\nstrategy=ringall\ntimeout=2\nmember => PJSIP/$A\nmember => PJSIP/$B\n",
			keys: []string{", strategy: ring-all, ring: 2s, at_most: 3s"}, serve: []string{"[$q]", "[$q]"}, more: 1,
			lines: []caseLine{{"queue: $q", "Queue($q,,,,3)"}},
			play: func(p *played) {
				p.phone('A').SetPolicy(phonetest.RedirectAfter(100*time.Millisecond, p.fill("2$C")))
				p.phone('B').SetPolicy(phonetest.RedirectAfter(100*time.Millisecond, "nowhere"))
				p.phone('C').SetPolicy(phonetest.AnswerAfter(time.Second))
				c := p.dial(0)
				if p.app {
					p.talks()
					return
				}
				p.leaves(c)
			},
			ctid: "1 leaves unserved, A rang, B rang; queue_log: 1 EXITWITHTIMEOUT",
			app:  "1 talks with C; queue_log: 1 CONNECT COMPLETECALLER",
			why:  "a telephone decides nothing here (302): it counts as a rejection, and the caller goes to the next agent at his place; to send callers elsewhere is the queue's overflow, or the script's",
		},
		{
			name: "gosub_test",
			conf: "[$q]\nmembergosub=cases-gosub\nmember => PJSIP/$A\n", keys: []string{""}, serve: []string{"[$q]"}, tell: caseWhisper,
			lines: []caseLine{{"version: 1\nlanguages: [en]\nprompts: {tell: " + caseWhisper + "}\nnodes:\n  q: {queue: {name: $q, whisper: tell}, then: {otherwise: hangup}}\n", "Queue($q)"}},
			play: func(p *played) {
				p.dial(0)
				c, leg := p.talks()
				p.told(c.d, leg)
			},
			ctid: "1 talks with A; A was told something before, the caller was not; queue_log: 1 CONNECT COMPLETECALLER",
			why:  "membergosub is whisper in a script's node queue; what a Gosub would set for others to read is attached data",
		},
		{
			name: "reason_pause_ami",
			conf: one, keys: []string{", at_most: 2s"}, serve: []string{"[$q]"}, desk: "A", logs: "PAUSE",
			lines: []caseLine{{"queue: $q", "Queue($q,,,,2)"}},
			play: func(p *played) {
				p.pause("A", "lunch")
				p.shown('A', "lunch")
				p.leaves(p.dial(0))
				p.unpause("A")
				p.dial(0)
				p.talks()
			},
			ctid: "A is shown as paused for lunch; 1 leaves unserved, nobody rang; 2 talks with A; " +
				"queue_log: 1 EXITWITHTIMEOUT, 2 CONNECT COMPLETECALLER, A in q PAUSE lunch, A in q UNPAUSE",
		},
		{
			name: "queue_baseline",
			conf: one, keys: []string{""}, serve: []string{"[$q]"},
			play: func(p *played) {
				p.dial(0)
				p.serveAll(1)
			},
			ctid: "1 talks with A; queue_log: 1 CONNECT COMPLETEAGENT",
		},
	}
}

// handedOn awaits what becomes of a caller's transfer. One that is refused leaves him with his agent, and he hangs up.
func (p *played) handedOn(d *phonetest.Dialog) {
	p.until("the end of the transfer", func() error {
		if over(d) || slices.ContainsFunc(d.Notified(), func(status int) bool { return status >= 200 }) {
			return nil
		}
		return fmt.Errorf("so far it is %v", d.Notified())
	})
	if slices.ContainsFunc(d.Notified(), func(status int) bool { return status >= 300 }) {
		p.hangUp(d)
	}
}

// told notes whether an agent heard something that his caller did not: a tone of the dialplan, or words of the script.
func (p *played) told(caller, leg *phonetest.Dialog) {
	heard := func(d *phonetest.Dialog) bool {
		if !p.app {
			return hear.Expect(d.Heard(), "tell", p.b.said) == nil
		}
		const n = 1600 // 200 ms
		for pcm := d.Heard(); len(pcm) >= n; pcm = pcm[n/2:] {
			if hear.Tone(pcm[:n], 1000) >= hear.PureTone {
				return true
			}
		}
		return false
	}
	switch {
	case heard(leg) && !heard(caller):
		p.note("A was told something before, the caller was not")
	default:
		p.note("A was told: %v, the caller was: %v", heard(leg), heard(caller))
	}
}
