package systemtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ctid/pbxtest"
	"ctid/store"
)

// queueCase is one of the cases by which Asterisk's own test suite tries app_queue: how it is set up on either side, what is done there,
// and what comes of it, seen at the telephones and in the queue_log. In its texts $q and $r stand for its two queues and $A, $B …
// for the extensions of its telephones, those of agents first.
type queueCase struct {
	name  string
	conf  string     // queues.conf, for app_queue
	keys  []string   // of $q and $r in ctid.yaml, for ctid
	serve []string   // agents[].queues of A, B …
	desk  string     // whose agents have a desktop: letters. The others have a telephone and nothing else
	away  string     // whose telephones register later, if ever
	more  int        // telephones that are no agents'
	lines []caseLine // how callers get to the queues; without any there is one, to $q
	logs  string     // of members in the queue_log, what belongs to the outcome: PAUSE, PENALTY

	tell string // what the script's prompt of that name says

	play func(p *played)
	ctid string // what comes of it
	app  string // what comes of it on app_queue; empty: the same
	why  string // of a difference; or how the case was put into ctid's words
}

// caseLine is a number that callers dial.
type caseLine struct {
	ctid string // the keys that answer in ctid.yaml, or a script
	app  string // applications of the dialplan, with a bar between them
}

// caseBoard has the Asterisk with the queues of all cases, and ctid with the same ones beside it.
type caseBoard struct {
	ctx    context.Context
	r      *Rig
	wg     sync.WaitGroup
	config sync.Mutex // of both sides, while it is changed
	plays  []*played
	said   map[string][]int16 // the prompts of the scripts
}

// Every case of the queues of Asterisk's own test suite, by its name there, all at once: on ctid and on the app_queue of the same Asterisk,
// with telephones of its own on either side. What comes of it is the same, or differs as it says.
func TestRealQueueCases(t *testing.T) { playCases(t, append(waitCases(), talkCases()...)) }

func playCases(t *testing.T, cases []*queueCase) {
	t.Helper()
	b := newCases(t, cases)
	b.run()
	var table strings.Builder
	for i, c := range cases {
		ours, theirs := b.plays[2*i], b.plays[2*i+1]
		t.Run(c.name, func(t *testing.T) {
			ours.judge(t, c.ctid)
			if c.app == "" {
				c.app = c.ctid
			}
			theirs.judge(t, c.app)
		})
		fmt.Fprintf(&table, "\n%s\n  ctid:      %s\n  app_queue: %s\n", c.name, ours.outcome(), theirs.outcome())
		if c.why != "" {
			fmt.Fprintf(&table, "  %s\n", c.why)
		}
	}
	t.Logf("Asterisk %s, %d cases in %v:\n%s", b.r.PBX.Version(), len(cases), b.plays[0].took.Round(100*time.Millisecond), table.String())
}

// run plays every case on either side, all beside one another, until the last is over.
func (b *caseBoard) run() {
	b.r.T.Helper()
	began := time.Now()
	for _, p := range b.plays {
		b.wg.Go(p.run)
	}
	b.wg.Wait()
	for _, p := range b.plays {
		p.took = time.Since(began)
	}
	b.r.Clean()
	b.r.Stop()
	for _, p := range b.plays {
		p.guarded(p.read)
	}
}

// newCases starts an Asterisk with the queues of all cases, and ctid beside it, and waits until every agent and member can be
// rung.
func newCases(t *testing.T, cases []*queueCase) *caseBoard {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 75*time.Second)
	t.Cleanup(cancel)
	b := &caseBoard{ctx: ctx}
	next := 1003 // 1001 and 1002 are the rig's own
	for i, c := range cases {
		for _, app := range []bool{false, true} {
			p := &played{queueCase: c, b: b, n: i, app: app, had: map[any]bool{}, desks: map[byte]*Desk{}}
			for range len(c.serve) + c.more {
				p.ext = append(p.ext, fmt.Sprint(next))
				next++
			}
			b.plays = append(b.plays, p)
		}
	}
	pbx, err := pbxtest.Start(t.Context(), pbxtest.Config{Agents: next - 1001, RTPPorts: 960, Modules: []string{"res_clioriginate"}, Dialplan: b.dialplan(),
		Extra: map[string]string{"queues.conf": "[general](+)\nshared_lastcall=yes\n#include queues_cases.conf\n", "queues_cases.conf": b.queues()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pbx.Stop(); err != nil {
			t.Error(err)
		}
	})
	o := Options{Bin: program, PBX: pbx, Desk: "none", Change: b.yaml, Files: b.scripts(), Config: "queue_log: {file: queue_log, agents: phone, max_size: 0}\n", Seed: b.users}
	b.r = Prepare(t, o)
	b.r.Launch()
	for _, c := range cases {
		if c.tell != "" {
			b.said = b.r.spoken(map[string]string{"tell": c.tell})
		}
	}
	b.ready()
	return b
}

// What a telephone of a case may call besides, past ctid: a number outside, and a voicemail, which answers at once with a tone.
const (
	caseOutside   = "3000"
	caseVoicemail = "4000"
)

// dialplan has the lines of all cases, which can be dialled from outside and by any telephone, and where a telephone of theirs may call:
// 2xxx is the telephone 1xxx, past ctid.
func (b *caseBoard) dialplan() string {
	var lines, inside strings.Builder
	for _, p := range b.plays {
		for v, l := range p.allLines() {
			if !p.app {
				fmt.Fprintf(&inside, "exten => %s,1,Goto(ctid-arrive,%s,1)\n", p.inside(v), p.number(v))
				continue
			}
			apps := strings.ReplaceAll("Answer()|"+l.app+"|Hangup()", "|", "\n same => n,")
			fmt.Fprintf(&lines, "exten => %s,1,%s\n", p.number(v), p.fill(apps))
		}
	}
	return "[ctid-in]\n" + lines.String() + "[ctid-phones]\n" + lines.String() + "exten => _2XXX,1,Dial(PJSIP/1${EXTEN:1},10)\n same => n,Hangup()\n" + inside.String() +
		"exten => " + caseOutside + ",1,Dial(PJSIP/02079461234@carrier,10)\n same => n,Hangup()\nexten => " + caseVoicemail + ",1,Goto(cases-on,s,1)\n" +
		"[cases-on]\nexten => s,1,Answer()\n same => n,Playtones(1000)\n same => n,Wait(20)\n same => n,Hangup()\n" +
		"[cases-gosub]\nexten => s,1,Playtones(1000)\n same => n,Wait(1)\n same => n,StopPlaytones()\n same => n,Return()\n"
}

// queues is queues.conf: each queue with what makes app_queue as quick as it can be.
func (b *caseBoard) queues() string {
	var s strings.Builder
	for _, p := range b.plays {
		if p.app {
			s.WriteString(p.fill(strings.ReplaceAll(p.conf, "]\n", "]\nautofill=yes\nretry=1\nringinuse=no\njoinempty=yes\n")) + "\n")
		}
	}
	return s.String()
}

// yaml adds the cases to the rig's ctid.yaml.
func (b *caseBoard) yaml(yaml string) string {
	var numbers, queues, agents strings.Builder
	for _, p := range b.plays {
		if p.app {
			continue
		}
		for v, l := range p.allLines() {
			to := p.fill(l.ctid)
			if p.isScript(v) {
				to = "script: " + p.script(v)
			}
			fmt.Fprintf(&numbers, "  - {dnis: \"%s\", label: %s, %s}\n", p.number(v), p.name, to)
		}
		for i, keys := range p.keys {
			fmt.Fprintf(&queues, "  - {name: %s, short_talk: 0s%s}\n", p.queue(i), p.fill(keys))
		}
		for i, serve := range p.serve {
			agents.WriteString(p.agent(i, serve))
		}
	}
	return with("queues:\n", numbers.String()+"queues:\n", "agents:\n", queues.String()+"agents:\n"+agents.String())(yaml)
}

// agent is the line of the i-th agent in ctid.yaml.
func (p *played) agent(i int, serve string) string {
	desk := "none"
	if strings.Contains(p.desk, letter(i)) {
		desk = "optional"
	}
	return fmt.Sprintf("  - {name: a%s, queues: %s, desk: %s, device: {endpoint: PJSIP/%s}}\n", p.ext[i], p.fill(serve), desk, p.ext[i])
}

func (b *caseBoard) scripts() map[string]string {
	files := map[string]string{}
	for _, p := range b.plays {
		for v, l := range p.allLines() {
			if !p.app && p.isScript(v) {
				files["ivr/"+p.script(v)+".yaml"] = p.fill(l.ctid)
			}
		}
	}
	return files
}

// users makes those who have a desktop.
func (b *caseBoard) users(s *store.Store) error {
	for _, p := range b.plays {
		for i := range p.serve {
			if p.app || !strings.Contains(p.desk, letter(i)) {
				continue
			}
			if err := b.user(s, p.ext[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
