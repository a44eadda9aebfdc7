package switchboard

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
	"ctid/ari/aritest"
	"ctid/ws/wsclient"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect")

// TestTranscripts plays each transcript of a call on the Asterisk in memory, in virtual time, and compares what happened
// with what it says. A transcript is text:
//
//	# words that say what it shows
//	| straight                        the script that answers: see callScripts
//	| ana's device is web             what it is, other than a phone answered by hand
//	| ana's phone ignores calls       how it is at the beginning
//	2s ana holds                      what somebody does, so long after the beginning
//	  2.00 mei: call.held … → held    what was told of the call, when, and the state that a desktop shows from it
//	  2.00 ana: call.hold done        an answer to a request
//	  = ana talking (hold) | mei: music   who does what, and who hears what, when all has settled
//	  mei's call: caller/hangup, …    the record's end
//
// The lines that begin with blanks are written by -update. After the last line nothing may be left of any call. What the queue_log says of it
// stands under the same name in testdata/queuelog/call.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/call/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			script, kind := callSetting(t, string(raw))
			inCentreWith(t, script, kind, func(t *testing.T, c *centre) {
				got = playCall(t, c, string(raw))
				c.queueLogIs(filepath.Base(file))
			})
			if *update && !t.Failed() {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(raw); got != want {
				t.Errorf("%s differs from what happens (go test ./switchboard -run Transcripts -update rewrites it; review the diff):\n%s",
					file, differs(want, got))
			}
		})
	}
}

// differs shows the first line that differs.
func differs(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		said, does := "(end)", "(end)"
		if i < len(w) {
			said = w[i]
		}
		if i < len(g) {
			does = g[i]
		}
		if said != does {
			return fmt.Sprintf("line %d\n  said: %s\n  does: %s", i+1, said, does)
		}
	}
	return ""
}

// callScripts are the scripts that a transcript can name.
var callScripts = map[string]string{
	"straight": straight, "menu": menu, "ring-all": ringAll, "overflow": hot,
	"dials outside": rungScript(`dial: "` + outsider + `"`), "dials ana": rungScript(`dial: {to: "1001", ring: 5s}`),
	"dials both, asking them": rungScript(`dial: {to: ["` + outsider + `", "1001"], screen: true, whisper: tell}`),
	"transfers outside":       rungScript(`transfer: "` + outsider + `"`),
	"shut":                    "version: 1\nnodes:\n  a: [{hangup: declined}]\n",
	"goodbye":                 "version: 1\nprompts: {bye: Goodbye.}\nnodes:\n  a: [{play: bye}, {hangup: normal}]\n",
}

// deviceIs is the beginning of the line that says what ana's telephone is.
const deviceIs = "ana's device is "

// callSetting reads which script answers, and what ana's telephone is.
func callSetting(t *testing.T, text string) (script, kind string) {
	t.Helper()
	kind = "phone"
	for line := range strings.Lines(text) {
		setting, ok := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if s := callScripts[setting]; ok && s != "" {
			script = s
		}
		if k, is := strings.CutPrefix(setting, deviceIs); ok && is {
			kind = k
		}
	}
	if script == "" {
		t.Fatal("no line names one of the scripts")
	}
	return script, kind
}

// callPlay is one transcript being played.
type callPlay struct {
	t       *testing.T
	c       *centre
	from    time.Time
	callers map[string]*aritest.Caller
	names   map[ctid.CallID]string // whose call it is
	fold    *wsclient.Fold         // what a desktop would show that is told everything
	told    int                    // of the centre's events
	ended   map[ctid.CallID]bool
	state   string
	out     strings.Builder
	drained chan error

	mu   sync.Mutex
	said []saying // answers to requests, not printed yet
}

// saying is a line of what happened.
type saying struct {
	at   time.Time
	text string
}

func playCall(t *testing.T, c *centre, text string) string {
	t.Helper()
	p := &callPlay{t: t, c: c, from: time.Now(), callers: map[string]*aritest.Caller{}, names: map[ctid.CallID]string{},
		fold: wsclient.NewFold(), ended: map[ctid.CallID]bool{}, state: nobody}
	p.fold.Me = "everybody"
	if err := p.fold.Apply(wsclient.Frame{K: "snap", Topic: "me", Part: 1, Last: true, Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	p.told = c.told()
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		line = strings.TrimSuffix(line, "\n")
		switch setting, isSetting := strings.CutPrefix(line, "| "); {
		case strings.HasPrefix(line, "  "):
		case line == "" || strings.HasPrefix(line, "#"):
			p.out.WriteString(line + "\n")
		case isSetting:
			p.out.WriteString(line + "\n")
			if callScripts[setting] == "" && !strings.HasPrefix(setting, deviceIs) {
				p.do(setting)
			}
		default:
			p.line(line)
		}
	}
	p.pass(time.Minute)
	if p.drained != nil {
		if err := <-p.drained; err != nil {
			t.Error(err)
		}
	}
	c.clean(c.begun())
	return p.out.String()
}

// told is how many events there have been.
func (c *centre) told() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.events)
}

// line plays one line: what comes before it happens first.
func (p *callPlay) line(line string) {
	at, what, _ := strings.Cut(line, " ")
	d, err := time.ParseDuration(at)
	if err != nil {
		p.t.Fatalf("%q: %v", line, err)
	}
	p.pass(time.Until(p.from.Add(d)))
	p.out.WriteString(line + "\n")
	p.do(what)
	p.pass(0)
}

// pass lets time pass and tells what happened meanwhile.
func (p *callPlay) pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
	synctest.Wait()
	p.tell()
}

// do finds what a sentence means, and does it.
func (p *callPlay) do(what string) {
	for _, s := range callSentences {
		if m := s.re.FindStringSubmatch(what); m != nil {
			s.do(p, m)
			return
		}
	}
	p.t.Fatalf("nobody understands %q", what)
}

// caller is somebody who has called.
func (p *callPlay) caller(name string) *aritest.Caller {
	k := p.callers[name]
	if k == nil {
		p.t.Fatalf("%s has not called", name)
	}
	return k
}

// agents are the centre's, with the numbers of their phones.
var agentPhones = []struct {
	agent ctid.AgentID
	phone string
}{{"ana", "1001"}, {"ben", "1002"}}

func (p *callPlay) phone(agent string) *aritest.Phone {
	for _, a := range agentPhones {
		if string(a.agent) == agent {
			return p.c.pbx.PhoneOf(a.phone)
		}
	}
	p.t.Fatalf("%s is no agent", agent)
	return nil
}

// target reads whom a call is to go to.
func (p *callPlay) target(name string) ctid.Target {
	kind, id, two := strings.Cut(name, " ")
	switch {
	case two:
		return ctid.Target{Kind: map[string]string{"queue": "queue", "script": "ivr"}[kind], ID: id}
	case name == "outside":
		return toNumber()
	}
	return toAgent(ctid.AgentID(name))
}

// callOf is the call of somebody who has called; empty if he has not.
func (p *callPlay) callOf(name string) ctid.CallID {
	for id, n := range p.names {
		if n == name {
			return id
		}
	}
	return ""
}

// view is an agent as the desk has him.
func (p *callPlay) view(agent string) ctid.AgentView {
	v, ok := p.c.view(ctid.AgentID(agent))
	if !ok {
		p.t.Fatalf("%s is no agent", agent)
	}
	return v
}

// ask sends a request of an agent; its answer is told when it comes.
func (p *callPlay) ask(agent string, a ctid.Action) {
	p.askAs(agent, ctid.Who{User: agent, Agent: ctid.AgentID(agent), Session: "s", Req: "r"}, a)
}

// supervise sends a request of sam, who is no agent.
func (p *callPlay) supervise(a ctid.Action) {
	p.askAs("sam", ctid.Who{User: "sam", Roles: []ctid.Role{ctid.RoleSupervisor}, Session: "s", Req: "r"}, a)
}

func (p *callPlay) askAs(agent string, who ctid.Who, a ctid.Action) {
	p.c.sb.Do(p.t.Context(), who, a, func(r ctid.Reply) {
		if r.Phase == ctid.Started {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.said = append(p.said, saying{time.Now(), fmt.Sprintf("%s: %s %s", agent, a.Op(), word(r))})
	})
}

// tell writes what has happened since it was called last.
func (p *callPlay) tell() {
	p.c.mu.Lock()
	events, records := p.c.events[p.told:], slices.Clone(p.c.records)
	p.told = len(p.c.events)
	p.c.mu.Unlock()
	var lines []saying
	for _, e := range events {
		if text, ok := p.event(e); ok {
			lines = append(lines, saying{e.At, text})
		}
	}
	p.mu.Lock()
	slices.SortStableFunc(p.said, func(a, b saying) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.text, b.text)) })
	lines = append(lines, p.said...)
	p.said = nil
	p.mu.Unlock()
	slices.SortStableFunc(lines, func(a, b saying) int { return a.at.Compare(b.at) })
	for _, l := range lines {
		fmt.Fprintf(&p.out, "  %.2f %s\n", l.at.Sub(p.from).Seconds(), l.text)
	}
	if s := p.scene(); s != p.state {
		p.state = s
		fmt.Fprintf(&p.out, "  = %s\n", s)
	}
	for _, r := range records {
		if r.End != nil && !p.ended[r.ID] {
			p.ended[r.ID] = true
			fmt.Fprintf(&p.out, "  %s's call: %s\n", p.names[r.ID], recordWords(r))
		}
	}
}
