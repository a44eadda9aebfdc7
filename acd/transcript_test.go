package acd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect")

// TestTranscripts plays each transcript and compares what the centre did with what it says. A transcript is text:
//
//	# words that say what it shows
//	| queue sales ring 20s …          the centre, one queue or agent a line
//	| agent ana serves sales …
//	10:00:00 ana logs in              what happened, when
//	  → ana: paused (login), …        what the centre did about it; written by -update
//	  at 10:00:20                     what was due before the next line happens by itself, at its time
//	| phones slow                     a leg that ended goes only when a line says so; else it is gone at once
//	10:00:30 reload                   puts the | lines after it in force
//	10:00:40 look at ana | sales | c1 shows what outsiders may know
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/acd/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(raw))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(raw); got != want {
				t.Errorf("%s differs from what the centre does (go test ./acd -update rewrites it; review the diff):\n%s", file, firstDiff(want, got))
			}
		})
	}
}

func firstDiff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range g {
		if i >= len(w) || w[i] != g[i] {
			old := "(end)"
			if i < len(w) {
				old = w[i]
			}
			return fmt.Sprintf("line %d\n  said: %s\n  does: %s", i+1, old, g[i])
		}
	}
	return fmt.Sprintf("it goes on after line %d: %s", len(g), w[len(g)])
}

type player struct {
	t   *testing.T
	s   *State
	now time.Time
	cfg Config
	// slow: the legs of offers and conversations that end are gone only when the transcript says so.
	slow bool
	out  strings.Builder
}

const day = "2026-03-02 "

func clock(t *testing.T, text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04:05.999", day+text)
	if err != nil {
		t.Fatalf("%q is not a time of day: %v", text, err)
	}
	return at
}

func shown(t time.Time) string { return t.Format("15:04:05.999") }

// play runs a transcript and returns it with the centre's answers.
func play(t *testing.T, text string) string {
	p := &player{t: t}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		if !strings.HasPrefix(line, "|") {
			p.configured()
		}
		p.out.WriteString(line + "\n")
		switch {
		case strings.HasPrefix(line, "|"):
			p.config(strings.Fields(line)[1:])
		case line == "" || strings.HasPrefix(line, "#"):
		default:
			p.line(line)
		}
	}
	p.configured()
	return p.out.String()
}

// configured puts the | lines read so far in force.
func (p *player) configured() {
	if len(p.cfg.Queues)+len(p.cfg.Agents) == 0 {
		return
	}
	cfg := p.cfg
	p.cfg = Config{}
	if p.s != nil {
		p.decide(p.now, Reconfigure{cfg})
		return
	}
	cfg.Epoch = "A"
	s, err := New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.s = s
}

func (p *player) config(f []string) {
	dur := func(text string) time.Duration {
		d, err := time.ParseDuration(text)
		if err != nil {
			p.t.Fatal(err)
		}
		return d
	}
	num := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			p.t.Fatal(err)
		}
		return n
	}
	switch f[0] {
	case "phones":
		p.slow = true
	case "queue":
		q := Queue{ID: ctid.QueueID(f[1])}
		for rest := f[2:]; len(rest) > 0; {
			if rest[0] == "code" {
				q.ForceCode, rest = true, rest[1:]
				continue
			}
			v := rest[1]
			switch rest[0] {
			case "ring":
				q.Ring = dur(v)
			case "wrap":
				q.Wrap = dur(v)
			case "rona":
				q.RONA = v
			case "misses":
				q.MaxMisses = num(v)
			case "room":
				q.MaxWaiting = num(v)
			case "priority":
				q.Priority = num(v)
			default:
				p.t.Fatalf("a queue has no %q", rest[0])
			}
			rest = rest[2:]
		}
		p.cfg.Queues = append(p.cfg.Queues, q)
	case "agent":
		a := Agent{ID: ctid.AgentID(f[1])}
		for i := 2; i+1 < len(f); i += 2 {
			switch f[i] {
			case "desk":
				a.Desk = ctid.DeskRule(f[i+1])
			case "serves":
				for _, m := range strings.Split(f[i+1], ",") {
					id, rank, _ := strings.Cut(m, ":")
					if rank == "" {
						rank = "1"
					}
					a.Queues = append(a.Queues, Membership{ctid.QueueID(id), num(rank)})
				}
			default:
				p.t.Fatalf("an agent has no %q", f[i])
			}
		}
		p.cfg.Agents = append(p.cfg.Agents, a)
	default:
		p.t.Fatalf("a centre has no %q", f[0])
	}
}

// line plays one event. What is due before it happens first, at its own time.
func (p *player) line(line string) {
	at, what, ok := strings.Cut(line, " ")
	if !ok {
		p.t.Fatalf("line %q has no event", line)
	}
	now := clock(p.t, at)
	for d := p.s.Deadline(); !d.IsZero() && d.Before(now); d = p.s.Deadline() {
		fmt.Fprintf(&p.out, "  at %s\n", shown(d))
		p.decide(d, Tick{})
	}
	p.now = now
	if subject, ok := strings.CutPrefix(what, "look at "); ok {
		p.look(subject)
		return
	}
	if what == "reload" {
		return
	}
	p.decide(now, p.event(what))
}

func (p *player) decide(now time.Time, ev Event) {
	for _, c := range p.s.Decide(now, ev) {
		fmt.Fprintf(&p.out, "  → %s\n", tell(c))
	}
	if err := p.s.check(); err != nil {
		p.t.Fatalf("after %#v: %v", ev, err)
	}
	for _, a := range p.s.sortedAgents() {
		if a.clear.index > 0 && !p.slow {
			p.decide(now, LegGone{a.id, a.line})
		}
	}
}

// sentences is the language of events.
var sentences = []struct {
	re   *regexp.Regexp
	make func(p *player, m []string) Event
}{
	say(`(\w+) logs in`, func(_ *player, m []string) Event { return AgentLogin{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) logs out`, func(_ *player, m []string) Event { return AgentLogout{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) says ready`, func(_ *player, m []string) Event { return AgentReady{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) asks for a pause(?: \((.+)\))?`, func(_ *player, m []string) Event { return AgentPause{agentID(m[1]), m[2], byAgent(m[1])} }),
	say(`(\w+) takes the wish back`, func(_ *player, m []string) Event { return AgentCancelNext{agentID(m[1]), byAgent(m[1])} }),
	say(`(\w+) hands in wrap-up (\d+)( with a code)?(?: then (\w+)(?: \((.+)\))?)?`, func(_ *player, m []string) Event {
		return WrapUpDone{Agent: agentID(m[1]), Wrap: ctid.WrapID("w_A_" + m[2]), Coded: m[3] != "", Then: ctid.AgentState(m[4]), Reason: m[5], By: byAgent(m[1])}
	}),
	say(`(\w+)'s desktop is (awake|lost)`, func(_ *player, m []string) Event { return DeskChanged{agentID(m[1]), m[2] == "awake"} }),
	say(`(\w+)'s phone is (reachable|unreachable)`, func(_ *player, m []string) Event { return DeviceChanged{agentID(m[1]), m[2] == "reachable"} }),
	say(`(\w+)'s talk with (\w+) ends( without wrap-up| before it began)?`, func(_ *player, m []string) Event {
		return WorkEnded{agentID(m[1]), ctid.TaskID(m[2]), m[3] != "", m[3] == " before it began"}
	}),
	say(`(\w+) enters (\w+)(?: with priority (\d+))?(?: since ([\d:.]+))?(?: for at most (\w+))?`, func(p *player, m []string) Event {
		e := Enqueue{Task: ctid.TaskID(m[1]), Queue: ctid.QueueID(m[2]), Priority: -1, Entered: p.now}
		if m[3] != "" {
			e.Priority, _ = strconv.Atoi(m[3])
		}
		if m[4] != "" {
			e.Entered = clock(p.t, m[4])
		}
		if m[5] != "" {
			e.AtMost, _ = time.ParseDuration(m[5])
		}
		return e
	}),
	say(`(\w+) leaves \((\w+)\)`, func(_ *player, m []string) Event { return Leave{ctid.TaskID(m[1]), ctid.QueueExit(m[2])} }),
	say(`(\w+) hangs up`, func(_ *player, m []string) Event { return TaskGone{ctid.TaskID(m[1])} }),
	say(`offer (\d+) is answered`, func(_ *player, m []string) Event { return OfferUp{ctid.OfferID("o_A_" + m[1])} }),
	say(`offer (\d+) fails \((\w+)\)`, func(_ *player, m []string) Event { return OfferFailed{ctid.OfferID("o_A_" + m[1]), m[2]} }),
	say(`(\w+)'s leg of offer (\d+) is gone`, func(_ *player, m []string) Event { return LegGone{agentID(m[1]), ctid.OfferID("o_A_" + m[2])} }),
	say(`time passes`, func(*player, []string) Event { return Tick{} }),
}

func say(text string, make func(*player, []string) Event) struct {
	re   *regexp.Regexp
	make func(p *player, m []string) Event
} {
	return struct {
		re   *regexp.Regexp
		make func(p *player, m []string) Event
	}{regexp.MustCompile("^" + text + "$"), make}
}

func agentID(name string) ctid.AgentID { return ctid.AgentID(name) }
func byAgent(name string) ctid.By      { return ctid.By{Kind: "agent", ID: name} }

func (p *player) event(what string) Event {
	for _, s := range sentences {
		if m := s.re.FindStringSubmatch(what); m != nil {
			return s.make(p, m)
		}
	}
	p.t.Fatalf("nobody understands %q", what)
	return nil
}

// tell says one command in words.
func tell(c Command) string {
	switch c := c.(type) {
	case MakeOffer:
		s := fmt.Sprintf("offer %s: %s from %s (since %s, priority %d) rings %s until %s", short(string(c.Offer)), c.Task, c.Queue,
			shown(c.Entered), c.Priority, c.Agent, shown(c.Until))
		if c.OffersBefore > 0 {
			s += fmt.Sprintf("; offers before: %d", c.OffersBefore)
		}
		return s
	case EndOffer:
		s := fmt.Sprintf("offer %s ends: %s", short(string(c.Offer)), c.End)
		if c.Why != "" {
			s += " (" + c.Why + ")"
		}
		return s + fmt.Sprintf(", %s with %s", c.Agent, c.Task)
	case TaskQueued:
		return fmt.Sprintf("%s is number %d in %s with priority %d", c.Task, c.Position, c.Queue, c.Priority)
	case TaskEnded:
		s := fmt.Sprintf("%s leaves %s: %s", c.Task, c.Queue, c.Exit)
		if c.Agent != "" {
			s += " by " + string(c.Agent)
		}
		return s + fmt.Sprintf(" after %v", c.Waited)
	case AgentChanged:
		return tellView(c.View) + "; by " + strings.TrimSpace(c.By.Kind+" "+c.By.ID)
	case Refused:
		s := fmt.Sprintf("refused, %s: %s", c.Err.Code, c.Err.Text)
		if c.Err.Can != nil {
			s += fmt.Sprintf(" (can: %s)", strings.Join(c.Err.Can, ", "))
		}
		return s
	}
	return fmt.Sprintf("%#v", c)
}

func short(id string) string { return id[strings.LastIndex(id, "_")+1:] }

func tellView(v ctid.AgentView) string {
	s := fmt.Sprintf("%s: %s", v.Agent, v.State)
	if v.Reason != "" {
		s += " (" + v.Reason + ")"
	}
	if v.Offer != "" {
		s += " offer " + short(string(v.Offer))
	}
	if v.Wrap != nil {
		s += fmt.Sprintf(" %s until %s", short(string(v.Wrap.ID)), shown(v.Wrap.Until))
		if v.Wrap.Forced {
			s += ", code owed"
		}
		if v.Wrap.Overrun {
			s += ", overrun"
		}
	}
	if v.Call != "" {
		s += " on " + string(v.Call)
	}
	if v.Next != nil {
		s += ", next " + string(v.Next.State)
		if v.Next.Reason != "" {
			s += " (" + v.Next.Reason + ")"
		}
	}
	if v.Misses > 0 {
		s += fmt.Sprintf(", %d missed", v.Misses)
	}
	if !v.Device {
		s += ", no phone"
	}
	if v.Desk {
		s += ", desktop"
	}
	if v.Was != "" {
		s += fmt.Sprintf("; was %s for %v", v.Was, time.Duration(v.WasMS)*time.Millisecond)
	}
	return s
}

// look shows an agent, a queue or a task as outsiders see it.
func (p *player) look(subject string) {
	if v, ok := p.s.AgentView(ctid.AgentID(subject)); ok {
		fmt.Fprintf(&p.out, "  → %s; since %s, rev %d, serves %v, can: %s\n", tellView(v), shown(v.Since), v.Rev, v.Queues, strings.Join(v.Can, ", "))
		return
	}
	if n, ok := p.s.Position(ctid.TaskID(subject)); ok {
		fmt.Fprintf(&p.out, "  → %s is number %d\n", subject, n)
		return
	}
	f := p.s.Figures(ctid.QueueID(subject), p.now)
	fmt.Fprintf(&p.out, "  → %s: %d waiting, longest %v, %d of %d agents ready, %d talking, open %v\n", subject, f.Waiting, f.Longest,
		f.AgentsReady, f.AgentsIn, f.Talking, f.Open)
}
