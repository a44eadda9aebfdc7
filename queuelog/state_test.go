package queuelog

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect")

// TestTranscripts plays each transcript and compares the lines that its facts make with what it says. A transcript is text:
//
//	# words that say what it shows
//	| sales support: ana 1 2, ben 1       the queues, and the agents' ranks in them; later: what a reload brings
//	0.2 call.queued call=c1 queue=sales {"position":1}   a fact, so many seconds after the beginning
//	100 restart without c2                the run ends here, and another one begins with the lines so far and the open calls but c2
//	  1767225600|…                        the lines, written by -update
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/queuelog/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d transcripts: %v", len(files), err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &player{t: t, open: map[ctid.CallID]ctid.CallRecord{}}
			got := p.play(string(raw))
			for _, l := range p.lines {
				seen[l.Event] = true
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(raw) {
				t.Errorf("%s differs from what happens (go test ./queuelog -update rewrites it; review the diff):\n%s", file, got)
			}
		})
	}
	for _, event := range events {
		if !seen[event] {
			t.Errorf("no transcript has a line of %s", event)
		}
	}
}

// events are all that a line can tell.
var events = []string{queueStart, configReload, enterQueue, connect, completeAgent, completeCaller, blindTransfer, attendedTransfer, abandon,
	exitEmpty, exitWithTimeout, exitWithKey, ringNoAnswer, ringCanceled, addMember, removeMember, pause, unpause, pauseAll, unpauseAll, penalty, callStatus}

// began is when transcripts begin.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type player struct {
	t     *testing.T
	s     *State
	plan  Plan
	open  map[ctid.CallID]ctid.CallRecord
	lines []Line // all
	out   strings.Builder
}

func (p *player) play(text string) string {
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		p.out.WriteString(line + "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "| "):
			p.configured(line[2:])
		default:
			p.happens(line)
		}
	}
	return p.out.String()
}

// configured reads a plan: the first one, or one that a reload brings.
func (p *player) configured(text string) {
	queues, agents, _ := strings.Cut(text, ": ")
	p.plan = Plan{Agents: map[ctid.AgentID]Agent{}}
	for q := range strings.FieldsSeq(queues) {
		p.plan.Queues = append(p.plan.Queues, ctid.QueueID(q))
	}
	for one := range strings.SplitSeq(agents, ", ") {
		f := strings.Fields(one)
		id, name, _ := strings.Cut(f[0], "=") // ana, or ana=PJSIP/1001
		a := Agent{Name: cmp.Or(name, id), Ranks: map[ctid.QueueID]int{}}
		for i, rank := range f[1:] {
			n, err := strconv.Atoi(rank)
			if err != nil {
				p.t.Fatal(err)
			}
			a.Ranks[p.plan.Queues[i]] = n
		}
		p.plan.Agents[ctid.AgentID(id)] = a
	}
	if p.s == nil {
		p.s = NewState(p.plan)
	} else {
		p.s.Use(p.plan)
	}
}

// happens takes one fact, or a restart.
func (p *player) happens(line string) {
	at, rest, _ := strings.Cut(line, " ")
	seconds, err := strconv.ParseFloat(at, 64)
	if err != nil {
		p.t.Fatalf("%q: %v", line, err)
	}
	if gone, restarts := strings.CutPrefix(rest, "restart"); restarts {
		for _, id := range strings.Fields(strings.TrimPrefix(gone, " without")) {
			delete(p.open, ctid.CallID(id))
		}
		p.restart()
		return
	}
	ev := ctid.Event{At: began.Add(time.Duration(seconds * float64(time.Second)).Round(time.Millisecond))}
	words, data, _ := strings.Cut(rest, "{")
	f := strings.Fields(words)
	for _, w := range f[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "call":
			ev.Call = ctid.CallID(value)
		case "queue":
			ev.Queue = ctid.QueueID(value)
		case "agent":
			ev.Agent = ctid.AgentID(value)
		default:
			p.t.Fatalf("%q: what is %s?", line, key)
		}
	}
	ev.Body = p.body(f[0], "{"+cmp.Or(data, "}"))
	p.known(ev)
	for _, l := range p.s.Take(ev) {
		p.lines = append(p.lines, l)
		fmt.Fprintf(&p.out, "  %s", l.Append(nil))
	}
}

// body reads what a fact says.
func (p *player) body(kind, data string) ctid.Body {
	for _, b := range ctid.Bodies {
		if b.Kind() != kind {
			continue
		}
		v := reflect.New(reflect.TypeOf(b))
		if err := json.Unmarshal([]byte(data), v.Interface()); err != nil {
			p.t.Fatalf("%s %s: %v", kind, data, err)
		}
		body, ok := v.Elem().Interface().(ctid.Body)
		if !ok {
			p.t.Fatalf("%s is no body", kind)
		}
		return body
	}
	p.t.Fatalf("there is no fact %s", kind)
	return nil
}

// known keeps the open records, as the store does.
func (p *player) known(ev ctid.Event) {
	switch b := ev.Body.(type) {
	case ctid.CallArrived:
		p.open[ev.Call] = ctid.CallRecord{ID: ev.Call, Dir: "in", Channel: string(b.Leg), ANI: b.ANI, Arrived: ev.At}
	case ctid.CallOriginated:
		p.open[ev.Call] = ctid.CallRecord{ID: ev.Call, Dir: "out", Arrived: ev.At}
	case ctid.CallCleared:
		delete(p.open, ev.Call)
	}
}

// restart goes on with what the file says and with the open records.
func (p *player) restart() {
	var text []byte
	for _, l := range p.lines {
		text = l.Append(text)
	}
	var open []ctid.CallRecord
	for _, r := range p.open {
		open = append(open, r)
	}
	slices.SortFunc(open, func(a, b ctid.CallRecord) int { return cmp.Compare(a.ID, b.ID) })
	p.s = NewState(p.plan)
	p.s.Recover(linesOf(text), open)
}
