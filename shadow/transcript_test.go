package shadow

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
)

var update = flag.Bool("update", false, "rewrite the reports in testdata/shadow")

// A transcript is a site, what was observed, and behind a line of dashes the report. `queue NAME target=20s …` and
// `agent NAME ENDPOINT QUEUE…` make the site; a line with | is one of queue_log; `SECONDS KIND KEY=VALUE…` is an observation of a
// live watch, in the words of the tests.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/shadow/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want, _ := strings.Cut(string(b), "\n----\n")
			got := played(t, strings.Split(strings.TrimSuffix(in, "\n"), "\n"))
			if *update {
				if err := os.WriteFile(file, []byte(strings.TrimSuffix(in, "\n")+"\n----\n"+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("it says\n%s\nand not\n%s", got, want)
			}
		})
	}
}

func played(t *testing.T, in []string) string {
	t.Helper()
	site, opt := Site{Core: acd.Config{Epoch: "t"}}, Options{Source: "a transcript", Trials: 5}
	var w *Watch
	last := at(0)
	for _, line := range in {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#":
			continue
		case f[0] == "queue" || f[0] == "agent" || f[0] == "only" || f[0] == "from":
			setUp(t, &site, &opt, f)
			continue
		}
		if w == nil {
			w = New(site, opt)
		}
		o := observed(t, line, f)
		if o.Kind != Unread {
			last = later(last, o.At)
		}
		w.Take(o)
	}
	r, err := w.Report(last)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Table(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func setUp(t *testing.T, site *Site, opt *Options, f []string) {
	t.Helper()
	switch f[0] {
	case "only":
		opt.Queues = f[1:]
	case "from":
		s, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		opt.From = at(s)
	case "queue":
		q := acd.Queue{ID: ctid.QueueID(f[1]), Target: 20 * time.Second}
		for _, kv := range f[2:] {
			k, v, _ := strings.Cut(kv, "=")
			d, _ := time.ParseDuration(v)
			switch k {
			case "target":
				q.Target = d
			case "wrap":
				q.Wrap = d
			case "ring":
				q.Ring = d
			case "strategy":
				q.Strategy = v
			case "rona":
				q.RONA = v
			case "called":
				if site.Queues == nil {
					site.Queues = map[string]ctid.QueueID{}
				}
				site.Queues[v] = q.ID
			default:
				t.Fatalf("a queue has no %s", k)
			}
		}
		site.Core.Queues = append(site.Core.Queues, q)
	case "agent":
		a := acd.Agent{ID: ctid.AgentID(f[1]), Desk: ctid.DeskOptional}
		for n, q := range f[3:] {
			a.Queues = append(a.Queues, acd.Membership{Queue: ctid.QueueID(q), Rank: n + 1})
		}
		site.Core.Agents = append(site.Core.Agents, a)
		site.Agents = append(site.Agents, Agent{ID: a.ID, FullName: strings.ToUpper(f[1][:1]) + f[1][1:], Endpoints: []string{f[2]}})
	}
}

// observed reads one line of a transcript.
func observed(t *testing.T, line string, f []string) Observation {
	t.Helper()
	if strings.Contains(line, "|") || len(f) < 2 {
		o, err := ParseLine(line)
		if err != nil {
			return Observation{Kind: Unread, Text: "queue_log:1: " + err.Error()}
		}
		return o
	}
	s, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	o := Observation{At: at(s), Kind: -1}
	for k, word := range words {
		if word == f[1] {
			o.Kind = k
		}
	}
	for _, kv := range f[2:] {
		k, v, _ := strings.Cut(kv, "=")
		d, derr := time.ParseDuration(v)
		n, nerr := strconv.Atoi(v)
		ok := true
		switch k {
		case "q":
			o.Queue = v
		case "c":
			o.Call = v
		case "m":
			o.Member, o.Interface = v, v
		case "wait":
			o.Wait, ok = d, derr == nil
		case "ring":
			o.Ring, ok = d, derr == nil
		case "talk":
			o.Talk, ok = d, derr == nil
		case "at":
			o.Position, ok = n, nerr == nil
		case "paused":
			o.Paused = true
		case "busy":
			o.Device = DeviceBusy
		case "away":
			o.Device = DeviceAway
		case "completed":
			o.Counters.Completed, ok = n, nerr == nil
		case "gave":
			o.Counters.GivenUp, ok = n, nerr == nil
		case "target":
			o.Counters.Target, ok = d, derr == nil
		case "text":
			o.Text = v
		default:
			ok = false
		}
		if !ok || o.Kind < 0 {
			t.Fatalf("%s: %s", line, kv)
		}
	}
	return o
}
