package systemtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/pbxtest/phonetest"
	"ctid/queuelog"
	"ctid/store"
)

// played is a case on one side.
type played struct {
	*queueCase
	b       *caseBoard
	n       int // of the case
	app     bool
	ext     []string // of its telephones
	phones  []*phonetest.Phone
	desks   map[byte]*Desk
	callers []*caseCaller
	had     map[any]bool // the rings that were noted
	notes   []string
	fault   error
	took    time.Duration
}

// caseCaller is the n-th caller of a case.
type caseCaller struct {
	n    int
	from string // the last digits of his number
	tone float64
	d    *phonetest.Dialog
}

// The tones of callers and of the world outside, in Hz; the telephones of a case have 600, 700 …, and what the dialplan plays is 1000.
const (
	caseTone    = 400
	carrierTone = 1200
)

func letter(i int) string { return string(rune('A' + i)) }

func (p *played) queue(i int) string {
	return fmt.Sprintf("%s%02d%s", map[bool]string{false: "k", true: "a"}[p.app], p.n, []string{"q", "r"}[i])
}

// number is what reaches the v-th line from outside, inside what an internal telephone dials for it.
func (p *played) number(v int) string {
	return fmt.Sprintf("%d%02d%d", map[bool]int{false: 8, true: 9}[p.app], 10+p.n, v)
}

func (p *played) inside(v int) string {
	if p.app {
		return p.number(v)
	}
	return "6" + p.number(v)[1:]
}

func (p *played) script(v int) string { return "case" + p.number(v) }

func (p *played) isScript(v int) bool { return strings.Contains(p.allLines()[v].ctid, "nodes:") }

func (p *played) allLines() []caseLine {
	if p.lines == nil {
		return []caseLine{{"queue: $q", "Queue($q)"}}
	}
	return p.lines
}

// fill puts the names of this side into a text of the case; 2$A is what telephones dial to reach that of $A past ctid.
func (p *played) fill(text string) string {
	pairs := []string{"$q", p.queue(0), "$r", p.queue(1)}
	for i, e := range p.ext {
		pairs = append(pairs, "2$"+letter(i), "2"+e[1:], "$"+letter(i), e)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// user makes the user of an agent with a desktop.
func (b *caseBoard) user(s *store.Store, ext string) error {
	name := "a" + ext
	b.r.password[name] = "test-" + name + "-password"
	return s.AddUser(b.r.T.Context(), store.User{Name: name, Roles: []ctid.Role{ctid.RoleAgent}, Agent: ctid.AgentID(name)}, b.r.password[name])
}

// ready registers the telephones, opens the desktops, and waits until both sides know of them.
func (b *caseBoard) ready() {
	b.r.T.Helper()
	withoutDesk := 0
	for _, p := range b.plays {
		for i, ext := range p.ext {
			var ph *phonetest.Phone
			if away := strings.Contains(p.away, letter(i)); away {
				ph = p.unregistered(ext)
			} else {
				ph = b.r.Phone(ext)
				if !p.app && i < len(p.serve) && !strings.Contains(p.desk, letter(i)) {
					withoutDesk++
				}
			}
			ph.SetTone(float64(600 + 100*i))
			ph.SetPolicy(phonetest.AnswerAfter(100 * time.Millisecond))
			p.phones = append(p.phones, ph)
			if !p.app && i < len(p.serve) && strings.Contains(p.desk, letter(i)) {
				p.desks[letter(i)[0]] = b.r.Desk(ext)
			}
		}
	}
	carrier := b.r.Phone("carrier")
	carrier.SetTone(carrierTone)
	carrier.SetPolicy(phonetest.AnswerAfter(time.Second))
	b.r.Eventually("agents ready", func() error { return (&crowd{r: b.r}).count("ready", withoutDesk) })
	b.r.Eventually("members free", func() error {
		out, err := b.r.PBX.CLI(b.ctx, "queue show")
		for _, p := range b.plays {
			for i, ext := range p.ext {
				if p.app && i < len(p.serve) && !strings.Contains(p.away, letter(i)) && !free(out, ext) {
					err = errors.Join(err, fmt.Errorf("%s is not free", ext))
				}
			}
		}
		return err
	})
}

// free says whether app_queue has a member's telephone as free, wherever it is a member.
func free(show, ext string) bool {
	for line := range strings.Lines(show) {
		if strings.Contains(line, "PJSIP/"+ext+" ") && !strings.Contains(line, "(Not in use)") {
			return false
		}
	}
	return true
}

// unregistered is a telephone that is not registered yet.
func (p *played) unregistered(ext string) *phonetest.Phone {
	r := p.b.r
	ph, err := phonetest.New(phonetest.Config{User: ext, Password: r.PBX.PhonePassword(), Server: r.PBX.SIPAddr()})
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() { _ = ph.Close() })
	return ph
}

// run plays the case, and lets whoever is left hang up.
func (p *played) run() {
	p.guarded(func() {
		for _, d := range p.desks {
			p.do(d, "agent.login", nil)
			p.do(d, "agent.ready", nil)
		}
		p.play(p)
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.b.ctx), 5*time.Second)
	defer cancel()
	for _, c := range p.callers {
		_ = c.d.Hangup(ctx)
	}
	for _, ph := range p.phones {
		for _, d := range ph.Calls() {
			_ = d.Hangup(ctx)
		}
	}
}

// guarded does a part of the case; where it goes wrong that part ends.
func (p *played) guarded(f func()) {
	defer func() {
		if fault := recover(); fault != nil {
			if _, ended := fault.(stop); !ended {
				panic(fault)
			}
		}
	}()
	f()
}

func (p *played) fatal(format string, args ...any) {
	p.fault = fmt.Errorf(format, args...)
	panic(stop{})
}

func (p *played) must(err error) {
	if err != nil {
		p.fatal("after %q: %w", strings.Join(p.notes, "; "), err)
	}
}

func (p *played) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// until asks f until it gives no error, for 15 s at most.
func (p *played) until(what string, f func() error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	give := time.After(15 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-give:
			p.fatal("after %q, %s: %w", strings.Join(p.notes, "; "), what, err)
		case <-p.b.ctx.Done():
			p.fatal("after %q, %s: %w", strings.Join(p.notes, "; "), what, err)
		}
	}
}

// soon is a context for one step.
func (p *played) soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.b.ctx, 15*time.Second)
}

// judge holds what came of the case against what should.
func (p *played) judge(t *testing.T, want string) {
	t.Helper()
	side := map[bool]string{false: "ctid", true: "app_queue"}[p.app]
	if p.fault != nil {
		t.Errorf("%s: %v", side, p.fault)
	}
	if got := p.outcome(); got != either(want, got) {
		t.Errorf("%s:\n     %s\nwant %s", side, got, want)
	}
}

// either is which outcome is meant: the end of a text may be "this or that or another", where app_queue tells one or the other by chance.
func either(want, got string) string {
	all := strings.Split(want, " or ")
	same := all[0][:strings.LastIndex(all[0], " ")+1]
	for _, end := range all[1:] {
		if got == same+end {
			return got
		}
	}
	return all[0]
}

func (p *played) outcome() string { return strings.Join(p.notes, "; ") }

// logged is what this side's queue_log says of the case's queues.
func (p *played) logged() (mine []queuelog.Line) {
	file := filepath.Join(p.b.r.PBX.Dir(), "log", "queue_log")
	if !p.app {
		file = filepath.Join(p.b.r.Dir, "queue_log")
	}
	text, err := os.ReadFile(file)
	p.must(err)
	for line := range strings.Lines(string(text)) {
		l, ok := queuelog.Parse(line)
		if ok && strings.HasSuffix(line, "\n") && (l.Queue == p.queue(0) || l.Queue == p.queue(1)) {
			mine = append(mine, l)
		}
	}
	return mine
}

// read adds what the queue_log says of the case's callers and, where it matters, of its members.
func (p *played) read() {
	var says []string
	mine := p.logged()
	for _, c := range p.callers {
		var events []string
		call := p.entryOf(mine, c)
		for _, l := range mine {
			if call != "" && l.Call == call && l.Event != "ENTERQUEUE" && !strings.HasPrefix(l.Event, "RING") {
				events = append(events, l.Event)
			}
		}
		if events != nil {
			says = append(says, fmt.Sprintf("%d %s", c.n, strings.Join(events, " ")))
		}
	}
	says = append(says, p.membersIn(mine)...)
	p.note("queue_log: %s", strings.Join(says, ", "))
}

// entryOf is the id of a caller's channel, by his entry; empty: he was not let in.
func (p *played) entryOf(lines []queuelog.Line, c *caseCaller) string {
	for _, l := range lines {
		if l.Event == "ENTERQUEUE" && strings.HasSuffix(l.Params[1], c.from) {
			return l.Call
		}
	}
	return ""
}

// membersIn is what the queue_log says of members, where it matters, without the pause that a log-in at a desktop begins with.
func (p *played) membersIn(lines []queuelog.Line) (says []string) {
	login := map[string]bool{}
	for _, l := range lines {
		key := l.Queue + l.Agent
		switch {
		case l.Event == "PAUSE" && l.Params[0] == "login":
			login[key] = true
			continue
		case l.Event == "UNPAUSE" && login[key]:
			login[key] = false
			continue
		case p.logs == "" || strings.TrimPrefix(l.Event, "UN") != p.logs:
			continue
		}
		text := l.Event
		if len(l.Params) > 0 && l.Params[0] != "" {
			text += " " + l.Params[0]
		}
		who := letter(slices.Index(p.ext, strings.TrimPrefix(l.Agent, "PJSIP/")))
		says = append(says, fmt.Sprintf("%s in %s %s", who, l.Queue[len(l.Queue)-1:], text))
	}
	return says
}

// edit changes a file of the configuration of one side and has it read again.
func (p *played) edit(file string, change func(string) string, reload func()) {
	p.b.config.Lock()
	defer p.b.config.Unlock()
	text, err := os.ReadFile(file)
	p.must(err)
	p.must(os.WriteFile(file, []byte(change(string(text))), 0o600))
	reload()
}

// yamlIn changes ctid.yaml while calls wait and talk, and has it read again.
func (p *played) yamlIn(pairs ...string) {
	p.edit(filepath.Join(p.b.r.Dir, "ctid.yaml"), with(pairs...), func() { hup(p.b.r, "reloaded") })
}

// confIn does the same with queues.conf.
func (p *played) confIn(pairs ...string) {
	p.edit(filepath.Join(p.b.r.PBX.Dir(), "etc", "queues_cases.conf"), with(pairs...), func() { p.cli("queue reload all $q") })
}
