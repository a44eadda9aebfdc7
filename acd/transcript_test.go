package acd

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
//	10:00:40 why c1 | ana             says of each agent, or of each task, what keeps them apart
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

// config reads a line of the configuration.
func (p *player) config(f []string) {
	switch f[0] {
	case "phones":
		p.slow = true
	case "medium":
		p.medium(f)
	case "pause":
		p.cfg.Pauses = append(p.cfg.Pauses, Pause{Code: f[1]})
		if len(f) > 3 && f[2] == "quota" {
			p.cfg.Pauses[len(p.cfg.Pauses)-1].Quota = p.dur(f[3])
		}
	case "centre":
		for i := 1; i+1 < len(f); i += 2 {
			p.centre(f[i], f[i+1])
		}
	case "queue":
		p.queue(f)
	case "agent":
		p.agent(f)
	default:
		p.t.Fatalf("no line begins with %q", f[0])
	}
}

func (p *player) medium(f []string) {
	m := Medium{Name: ctid.Medium(f[1])}
	for i := 2; i+1 < len(f); i += 2 {
		switch f[i] {
		case "max":
			m.Max = p.num(f[i+1])
		case "weight":
			m.Weight = p.num(f[i+1])
		case "blocks":
			for _, b := range strings.Split(f[i+1], ",") {
				m.Blocks = append(m.Blocks, ctid.Medium(b))
			}
		default:
			p.t.Fatalf("a medium has no %q", f[i])
		}
	}
	p.cfg.Media = append(p.cfg.Media, m)
}

func (p *player) centre(key, v string) {
	switch key {
	case "pause_reserved":
		p.cfg.PauseReserved = v
	case "wrap_max":
		p.cfg.WrapMax = p.dur(v)
	case "desk_grace":
		p.cfg.DeskGrace = p.dur(v)
	case "next":
		p.cfg.Next = v
	case "point_worth":
		p.cfg.PointWorth = p.dur(v)
	case "skills":
		p.cfg.Skills = strings.Split(v, ",")
	case "seed":
		p.cfg.Seed = uint64(p.num(v))
	default:
		p.t.Fatalf("a centre has no %q", key)
	}
}

func (p *player) queue(f []string) {
	q := Queue{ID: ctid.QueueID(f[1])}
	for rest := f[2:]; len(rest) > 0; {
		if rest[0] == "code" {
			q.ForceCode, rest = true, rest[1:]
			continue
		}
		v := rest[1]
		switch rest[0] {
		case "ring":
			q.Ring = p.dur(v)
		case "wrap":
			q.Wrap = p.dur(v)
		case "medium":
			q.Medium = ctid.Medium(v)
		case "rona":
			q.RONA = v
		case "misses":
			q.MaxMisses = p.num(v)
		case "extends":
			q.Extends = p.num(v)
		case "rejected":
			q.Rejected = v
		case "room":
			q.MaxWaiting = p.num(v)
		case "priority":
			q.Priority = p.num(v)
		default:
			p.rule(&q, rest[0], v)
		}
		rest = rest[2:]
	}
	p.cfg.Queues = append(p.cfg.Queues, q)
}

func (p *player) agent(f []string) {
	a := Agent{ID: ctid.AgentID(f[1])}
	for i := 2; i+1 < len(f); i += 2 {
		switch f[i] {
		case "desk":
			a.Desk = ctid.DeskRule(f[i+1])
		case "media":
			for _, m := range strings.Split(f[i+1], ",") {
				name, most, _ := strings.Cut(m, ":")
				a.Media = append(a.Media, Slots{ctid.Medium(name), p.num(cmp.Or(most, "0"))})
			}
		case "serves":
			for _, m := range strings.Split(f[i+1], ",") {
				id, rank, _ := strings.Cut(m, ":")
				rank, weight, _ := strings.Cut(rank, ":")
				a.Queues = append(a.Queues, Membership{Queue: ctid.QueueID(id), Rank: p.num(cmp.Or(rank, "1")), Weight: p.num(cmp.Or(weight, "0"))})
			}
		case "skills":
			for _, n := range p.needs(f[i+1]) {
				a.Skills = append(a.Skills, Skill{n.Skill, n.AtLeast})
			}
		default:
			p.t.Fatalf("an agent has no %q", f[i])
		}
	}
	p.cfg.Agents = append(p.cfg.Agents, a)
}

// rule sets one of a queue's rules of routing.
func (p *player) rule(q *Queue, key, v string) {
	switch key {
	case "strategy":
		q.Strategy = v
	case "weight":
		q.Weight = p.num(v)
	case "share":
		q.Share = p.num(v)
	case "target":
		q.Target = p.dur(v)
	case "needs":
		q.Needs = p.needs(v)
	case "age":
		q.AgeFrom = v
	case "progress":
		q.ProgressEvery = p.dur(v)
	case "join_empty":
		q.JoinEmpty = strings.Split(v, ",")
	case "leave_empty":
		q.LeaveEmpty = strings.Split(v, ",")
	case "divert_wait":
		q.DivertWait = p.dur(v)
	case "divert_ratio":
		q.DivertRatio = float64(p.num(v))
	case "moved":
		q.AtMost = p.dur(v)
	case "resume":
		q.Resume = p.dur(v)
	case "step": // 30s/claims>=1/1-2
		part := strings.Split(v, "/")
		st := Step{After: p.dur(part[0])}
		if part[1] != "" {
			needs := p.needs(strings.TrimPrefix(part[1], "none"))
			st.Needs = &needs
		}
		if len(part) > 2 {
			low, high, _ := strings.Cut(part[2], "-")
			st.MinRank, st.MaxRank = p.num(low), p.num(high)
		}
		q.Steps = append(q.Steps, st)
	case "overflow": // full:operators, 2m:operators
		on, to, _ := strings.Cut(v, ":")
		o := Overflow{To: ctid.QueueID(to)}
		if d, err := time.ParseDuration(on); err == nil {
			o.After = d
		} else {
			o.On = ctid.QueueExit(on)
		}
		q.Overflow = append(q.Overflow, o)
	default:
		p.t.Fatalf("a queue has no %q", key)
	}
}

func (p *player) dur(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *player) num(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// needs reads claims>=3,en.
func (p *player) needs(text string) (out []Need) {
	if text == "" {
		return nil
	}
	for _, w := range strings.Split(text, ",") {
		name, level, _ := strings.Cut(w, ">=")
		out = append(out, Need{name, p.num(cmp.Or(level, "1"))})
	}
	return out
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
	if subject, ok := strings.CutPrefix(what, "why "); ok {
		p.why(subject)
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
