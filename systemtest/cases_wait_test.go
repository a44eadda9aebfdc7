package systemtest

import (
	"strings"
	"time"

	"ctid/pbxtest"
	"ctid/pbxtest/phonetest"
)

// casePriority is a script that does no more than to wait with a priority.
func casePriority(priority string) string {
	return "version: 1\nnodes:\n  q: {queue: {name: $q, priority: " + priority + "}, then: {otherwise: hangup}}\n"
}

// casePlace is what stands in Queue() between the queue and the place that a caller wants: of old there was a macro among it.
func casePlace() string {
	return strings.Repeat(",", map[bool]int{false: 8, true: 9}[pbxtest.TestSuite == pbxtest.SuiteOldest])
}

// waitCases are the cases of who waits for whom.
func waitCases() []*queueCase {
	return []*queueCase{
		{
			name: "position_priority_maxlen",
			conf: "[$q]\nmaxlen=6\nmember => PJSIP/$A\n",
			keys: []string{", max_waiting: 6"}, serve: []string{"[$q]"}, desk: "A",
			lines: []caseLine{
				{casePriority("50"), "Queue($q)"}, {casePriority("60"), "Set(QUEUE_PRIO=1)|Queue($q)"}, {casePriority("70"), "Set(QUEUE_PRIO=2)|Queue($q)"},
				{casePriority("50"), "Queue($q" + casePlace() + "1)"},
			},
			play: func(p *played) {
				p.pause("A", "lunch")
				for _, line := range []int{0, 0, 1, 1, 2, 3} {
					p.waits(line)
				}
				p.leaves(p.dial(2))
				p.phone('A').SetPolicy(phonetest.AnswerAfter(0))
				p.unpause("A")
				p.serveAll(6)
			},
			ctid: "7 leaves unserved, nobody rang; 5 talks with A; 3 talks with A; 4 talks with A; 1 talks with A; 2 talks with A; 6 talks with A; " +
				"queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, 3 CONNECT COMPLETEAGENT, 4 CONNECT COMPLETEAGENT, 5 CONNECT COMPLETEAGENT, 6 CONNECT COMPLETEAGENT",
			app: "7 leaves unserved, nobody rang; 5 talks with A; 3 talks with A; 4 talks with A; 6 talks with A; 1 talks with A; 2 talks with A; " +
				"queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, 3 CONNECT COMPLETEAGENT, 4 CONNECT COMPLETEAGENT, 5 CONNECT COMPLETEAGENT, 6 CONNECT COMPLETEAGENT",
			why: "caller 6 asks for place 1: ctid has priorities and no places to ask for, and within a priority it is first come, first served",
		},
		{
			name: "queue_all_paused_no_answer",
			conf: "[$q]\nstrategy=ringall\ntimeout=2\nmember => PJSIP/$A\nmember => PJSIP/$B\n",
			keys: []string{", strategy: ring-all, ring: 2s, at_most: 3s"}, serve: []string{"[$q]", "[$q]"}, desk: "AB",
			lines: []caseLine{{"queue: $q", "Queue($q,,,,3)"}},
			play: func(p *played) {
				p.pause("AB", "lunch")
				p.leaves(p.dial(0))
			},
			ctid: "1 leaves unserved, nobody rang; queue_log: 1 EXITWITHTIMEOUT",
		},
		{
			name: "queue_one_paused_no_answer",
			conf: "[$q]\nstrategy=ringall\ntimeout=2\nmember => PJSIP/$A\nmember => PJSIP/$B\n",
			keys: []string{", strategy: ring-all, ring: 2s, at_most: 3s"}, serve: []string{"[$q]", "[$q]"}, desk: "AB",
			lines: []caseLine{{"queue: $q", "Queue($q,,,,3)"}},
			play: func(p *played) {
				p.phone('B').SetPolicy(phonetest.Ring())
				p.pause("A", "lunch")
				p.leaves(p.dial(0))
			},
			ctid: "1 leaves unserved, B rang; queue_log: 1 EXITWITHTIMEOUT",
		},
		{
			name: "queue_no_answer",
			conf: "[$q]\nstrategy=ringall\ntimeout=2\nmember => PJSIP/$A\nmember => PJSIP/$B\n",
			keys: []string{", strategy: ring-all, ring: 2s, at_most: 3s"}, serve: []string{"[$q]", "[$q]"}, desk: "AB", logs: "PAUSE",
			lines: []caseLine{{"queue: $q", "Queue($q,,,,3)"}},
			play: func(p *played) {
				p.phone('A').SetPolicy(phonetest.Ring())
				p.phone('B').SetPolicy(phonetest.Ring())
				p.leaves(p.dial(0))
			},
			ctid: "1 leaves unserved, A rang, B rang; queue_log: 1 EXITWITHTIMEOUT",
			why:  "where several ring together neither pauses whom that was too many for; where one rings ctid pauses him (ringinuse_and_pause)",
		},
		{
			name: "queue_penalty_outside_range",
			conf: "[$q]\nmember => PJSIP/$A,0\nmember => PJSIP/$B,1\n",
			keys: []string{", at_most: 3s, steps: [{after: 0s, max_rank: 1}]"}, serve: []string{"[$q]", "[{name: $q, rank: 2}]"}, away: "A",
			lines: []caseLine{{"queue: $q", "Set(QUEUE_MIN_PENALTY=0)|Set(QUEUE_MAX_PENALTY=0)|Queue($q,,,,3)"}},
			play:  func(p *played) { p.leaves(p.dial(0)) },
			ctid:  "1 leaves unserved, nobody rang; queue_log: 1 EXITWITHTIMEOUT",
			why:   "A is not there; a queue all of whose agents are always outside is refused by ctid when the configuration is read (CFG021)",
		},
		{
			name: "ringinuse_and_pause",
			conf: "[$q]\nautopause=yes\ntimeout=1\nmember => PJSIP/$A\n\n[$r]\nringinuse=yes\nautopause=yes\ntimeout=1\nmember => PJSIP/$A\n",
			keys: []string{", ring: 1s, at_most: 2s", ", ring: 1s, at_most: 2s"}, serve: []string{"[$q, $r]"}, desk: "A", more: 1, logs: "PAUSE",
			lines: []caseLine{{"queue: $q", "Queue($q,,,,2)"}, {"queue: $r", "Queue($r,,,,2)"}},
			play:  inUseAndPause,
			ctid: "1 leaves unserved, nobody rang; 2 leaves unserved, nobody rang; 3 talks with A; 4 leaves unserved, A rang; " +
				"queue_log: 1 EXITWITHTIMEOUT, 2 EXITWITHTIMEOUT, 3 CONNECT COMPLETEAGENT, 4 EXITWITHTIMEOUT, A in q PAUSE no-answer, A in r PAUSE no-answer",
			app: "1 leaves unserved, nobody rang; 2 leaves unserved, A rang; 3 talks with A; 4 leaves unserved, nobody rang; " +
				"queue_log: 1 EXITWITHTIMEOUT, 2 EXITWITHTIMEOUT, 3 CONNECT COMPLETEAGENT, 4 EXITWITHTIMEOUT, A in r PAUSE Auto-Pause",
			why: "ctid has no ringinuse=yes: who talks is not rung, and so not paused for it. A miss pauses the agent, not his membership of one queue",
		},
		{
			name: "wrapup_time",
			conf: "[$q]\nstrategy=linear\nwrapuptime=4\nmember => PJSIP/$A\nmember => PJSIP/$B\n\n[$r]\nstrategy=linear\nwrapuptime=4\nmember => PJSIP/$A\nmember => PJSIP/$B\n",
			keys: []string{", strategy: linear, wrapup: 4s", ", strategy: linear, wrapup: 4s"}, serve: []string{"[$q, $r]", "[$q, $r]"},
			lines: []caseLine{{"queue: $q", "Queue($q)"}, {"queue: $r", "Queue($r)"}},
			play: func(p *played) {
				p.dial(0)
				c, first := p.talks()
				p.agentEnds(c, first)
				p.dial(0)
				p.talks()
				p.dial(1)
				_, again := p.talks()
				p.rested(first, again, wrapTime)
			},
			ctid: "1 talks with A; 2 talks with B; 3 talks with A; after his wrap-up; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETECALLER, 3 CONNECT COMPLETECALLER",
			why:  "with shared_lastcall=yes, as in Asterisk's second part of the case; without it app_queue rings A for the other queue at once (TestRealComplaintWrapUpSkipped)",
		},
		{
			name: "wrapup_time_per_member",
			conf: "[$q]\nstrategy=linear\nwrapuptime=2\nmember => PJSIP/$A,,,,,8\nmember => PJSIP/$B\n",
			keys: []string{", strategy: linear, wrapup: 2s"}, serve: []string{"[$q]", "[$q]"},
			play: func(p *played) {
				for range 2 {
					p.dial(0)
					p.serveAll(1)
				}
				p.dial(0)
				p.talks()
			},
			ctid: "1 talks with A; 2 talks with B; 3 talks with A; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, 3 CONNECT COMPLETECALLER",
			app:  "1 talks with A; 2 talks with B; 3 talks with B; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, 3 CONNECT COMPLETECALLER",
			why:  "A has 8 s on app_queue. In ctid the wrap-up is the queue's; who needs longer makes it longer at his desktop, and ends it when he is done",
		},
		{
			name: "reload_queue_members",
			conf: "[$q]\nmember => PJSIP/$A\nmember => PJSIP/$B\n\n[$r]\nmember => PJSIP/$C\n",
			keys: []string{"", ""}, serve: []string{"[$q]", "[$q]", "[$r]"}, away: "AB",
			play: reloadMembers,
			ctid: "1 talks with C; 2 talks with C; 3 talks with C; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, 3 CONNECT COMPLETEAGENT",
			why:  "the file is read by queue reload all: queue reload members forgets what [general] says, such as shared_lastcall",
		},
		{
			name: "set_penalty",
			conf: "[$q]\nmember => PJSIP/$A,5\nmember => PJSIP/$B,0\n",
			keys: []string{", steps: [{after: 0s, max_rank: 1}]"}, serve: []string{"[{name: $q, rank: 6}]", "[{name: $q, rank: 1}]"}, away: "B", logs: "PENALTY",
			lines: []caseLine{{"queue: $q", "Set(QUEUE_MAX_PENALTY=0)|Queue($q)"}},
			play: func(p *played) {
				p.waits(0)
				p.waits(0)
				if p.app {
					p.cli("queue set penalty 0 on PJSIP/$A in $q")
				} else {
					p.yamlIn(p.agent(0, p.serve[0]), p.agent(0, "[{name: $q, rank: 1}]"))
				}
				p.serveAll(2)
			},
			ctid: "1 talks with A; 2 talks with A; queue_log: 1 CONNECT COMPLETEAGENT, 2 CONNECT COMPLETEAGENT, A in q PENALTY 0",
			why:  "ctid's rank is changed in ctid.yaml and read again (SIGHUP), which keeps who waits; app_queue's penalty by a command, until its next reload",
		},
	}
}

// inUseAndPause: a telephone that is in use is called by either queue, then answers, and then lets it ring.
func inUseAndPause(p *played) {
	ctx, cancel := p.soon()
	defer cancel()
	own, err := p.phone('A').Call(ctx, p.fill("2$B"), phonetest.CallOptions{})
	p.must(err)
	p.had[p.phone('B').Calls()[0]] = true
	p.busy('A')
	p.phone('A').SetPolicy(phonetest.Ring())
	p.leaves(p.dial(0))
	p.leaves(p.dial(1))
	p.hangUp(own)
	p.phone('A').SetPolicy(phonetest.AnswerAfter(0))
	p.dial(0)
	p.serveAll(1)
	p.phone('A').SetPolicy(phonetest.Ring())
	p.leaves(p.dial(1))
}

// reloadMembers: two wait for agents who are not there, and another becomes a member. Who is no member any more is not rung.
func reloadMembers(p *played) {
	p.waits(0)
	p.waits(0)
	if p.app {
		conf := p.fill("member => PJSIP/$A\nmember => PJSIP/$B\n")
		p.confIn(conf, strings.Replace(conf, p.ext[1], p.ext[2], 1))
	} else {
		p.yamlIn(p.agent(1, "[$q]")+p.agent(2, "[$r]"), p.agent(1, "[]")+p.agent(2, "[$q]"))
	}
	p.serveAll(2)
	ctx, cancel := p.soon()
	defer cancel()
	p.must(p.phone('B').Register(ctx))
	p.phone('C').SetPolicy(phonetest.AnswerAfter(time.Second))
	p.dial(0)
	p.serveAll(1)
}
