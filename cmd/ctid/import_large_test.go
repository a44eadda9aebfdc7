package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ctid/config"
	"ctid/importer"
	"ctid/pbxtest"
)

// asteriskFile is a file of an Asterisk's configuration, of which it is known which lines ctid cannot carry over.
type asteriskFile struct {
	name  string
	lines []string
	lost  []string // file:line
}

func (f *asteriskFile) put(format string, a ...any) {
	f.lines = append(f.lines, fmt.Sprintf(format, a...))
}

// drop puts a line that has no counterpart in ctid.
func (f *asteriskFile) drop(format string, a ...any) {
	f.put(format, a...)
	f.lost = append(f.lost, fmt.Sprintf("%s:%d", f.name, len(f.lines)))
}

// largeCentre is a centre of 40 queues with contexts, 300 members in two queues each, and rules of penalties.
func largeCentre() []*asteriskFile {
	q, r, a := &asteriskFile{name: "queues.conf"}, &asteriskFile{name: "queuerules.conf"}, &asteriskFile{name: "agents.conf"}
	q.put("[general]")
	q.drop("persistentmembers = yes")
	q.put("autofill = yes")
	q.put("; a comment")
	q.put("")
	q.put("[base](!)")
	q.put("timeout = 20")
	q.put("retry = 3")
	q.put("ringinuse = no")
	q.put("joinempty = paused,unavailable")
	q.drop("announce-frequency = 30 ; heard by who waits")
	for n := range 40 {
		q.put("[Queue %d](base)", n)
		q.put("strategy = %s", []string{"leastrecent", "fewestcalls", "random", "rrmemory", "ringall"}[n%5])
		q.put("weight = %d", n)
		q.put("servicelevel = %d", 10+n)
		q.put("maxlen = %d", 20+n)
		q.put("wrapuptime = %d", n)
		q.put("musicclass = music%d", n)
		q.put("defaultrule = rule%d", n%8)
		q.drop("context = keys-%d", n)
		if n%4 == 0 {
			q.drop("autopause = yes")
		}
		for m := range 300 {
			switch {
			case m%40 == n:
				q.put("member => PJSIP/%d,%d,Agent %d", 3000+m, m%4, m)
			case (7*m+3)%40 == n:
				q.put("member => PJSIP/%d,%d", 3000+m, m%3)
			}
		}
	}
	r.put("[general]")
	for n := range 8 {
		r.put("[rule%d]", n)
		r.put("penaltychange => 30,+%d", 1+n%2)
		r.put("penaltychange => 60,,+1")
		if n%2 == 0 {
			r.drop("penaltychange => 90,10,2,3 ; raises the better ones")
		}
	}
	r.drop("[spare]")
	r.drop("penaltychange => 10,5")
	a.put("[general]")
	a.drop("[500]")
	a.drop("fullname = Not A. Member")
	return []*asteriskFile{q, r, a}
}

// checked imports a folder, holds that ctid check accepts the result beside the smallest part of a site, and returns both.
func checked(t *testing.T, dir string, args ...string) (r importReport, c *config.Config) {
	t.Helper()
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "not a secret")
	site := asteriskFiles(t, "ctid.yaml", "include: queues.yaml\nasterisk:\n  nodes:\n    - {name: pbx, url: \"http://127.0.0.1:8088\"}\n")
	written, file := filepath.Join(site, "queues.yaml"), filepath.Join(site, "ctid.yaml")
	out, _, err := importQueues(t, append([]string{dir, "--json", "--out", written}, args...)...)
	if jerr := json.Unmarshal([]byte(out), &r); jerr != nil || err != nil && !errors.Is(err, errFindings) {
		t.Fatal(jerr, err)
	}
	if (len(r.Findings) > 0) != (err != nil) {
		t.Errorf("with %d findings it ends with %v", len(r.Findings), err)
	}
	if said, err := commanded(t, "check", "-c", file); err != nil || !strings.HasPrefix(said, "good: ") {
		b, _ := os.ReadFile(written)
		t.Fatalf("ctid check: %v %s\n%s", err, said, b)
	}
	c, found := config.Load(config.Options{File: file})
	if config.Failed(found) {
		t.Fatal(found)
	}
	return r, c
}

// places is where the findings are, as file:line.
func places(list []*importer.Line) (out []string) {
	for _, l := range list {
		out = append(out, fmt.Sprintf("%s:%d", l.File, l.Line))
	}
	slices.Sort(out)
	return out
}

// A centre of 40 queues and 300 members comes over and passes the check; exactly the lines that ctid cannot carry over are reported, each with its place.
func TestImportALargeCentre(t *testing.T) {
	var pairs, lost []string
	lines := 0
	for _, f := range largeCentre() {
		pairs = append(pairs, f.name, strings.Join(f.lines, "\n")+"\n")
		lost = append(lost, f.lost...)
		lines += len(active(f.lines))
	}
	slices.Sort(lost)
	dir := asteriskFiles(t, pairs...)
	r, c := checked(t, dir, "--max-penalty", "1", "--min-penalty", "0")
	if len(c.Queues) != 40 || len(c.Agents) != 300 || r.ToComplete != 0 {
		t.Errorf("%d queues and %d agents came over, %d to complete", len(c.Queues), len(c.Agents), r.ToComplete)
	}
	members := 0
	for _, a := range c.Agents {
		members += len(a.Queues)
	}
	if want := strings.Count(pairs[1], "member => "); members != want || want < 550 {
		t.Errorf("%d members came over, of %d", members, want)
	}
	for n, q := range c.Queues {
		if q.Weight != n || q.Target.D().Seconds() != float64(10+n) || q.MaxWaiting != 20+n || q.Music != fmt.Sprintf("music%d", n) ||
			len(q.Steps) != 4-n%2 || q.Ring.D().Seconds() != 20 {
			t.Errorf("queue %d: %+v", n, q)
		}
	}
	if r.Lines != lines {
		t.Errorf("%d lines are accounted for, of %d", r.Lines, lines)
	}
	if got := places(r.Findings); !slices.Equal(got, lost) {
		t.Errorf("findings are at\n%v, not at\n%v", got, lost)
	}
	_, text, _ := importQueues(t, dir, "--max-penalty", "1", "--min-penalty", "0")
	for _, at := range lost {
		if !strings.Contains(text, "\n"+at+": finding: ") && !strings.HasPrefix(text, at+": finding: ") {
			t.Errorf("%s is not in the report for people", at)
		}
	}
}

// active are the numbers of the lines that are neither empty nor a comment.
func active(lines []string) (out []int) {
	for i, l := range lines {
		if l = strings.TrimSpace(l); l != "" && l[0] != ';' {
			out = append(out, i+1)
		}
	}
	return out
}

// What the real Asterisk's sample shows in comments. Its text has no such form.
var (
	shownInQueues = regexp.MustCompile(`(?m)^;[ \t]?(\[markq\]|[a-z][a-z0-9_-]*[ \t]*=>?.*)$`)
	shownInRules  = regexp.MustCompile(`(?m)^; ?(\[myrule\]|penaltychange => [0-9].*)$`)
	shownInAgents = regexp.MustCompile(`(?m)^;(\[[a-z0-9-]+\].*|[a-z_]+=.*)$`)
)

// realSample is the configuration that comes in Asterisk's package, as it is or with all that it shows switched on.
func realSample(t *testing.T, on bool) (dir string) {
	t.Helper()
	root, _, err := pbxtest.Fetch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, f := range []struct {
		name  string
		shown *regexp.Regexp
	}{{"queues.conf", shownInQueues}, {"queuerules.conf", shownInRules}, {"agents.conf", shownInAgents}} {
		b, err := os.ReadFile(root.Path("usr/share/asterisk/conf/samples", f.name+".sample"))
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		if on {
			text = f.shown.ReplaceAllString(text, "$1")
		}
		pairs = append(pairs, f.name, text)
	}
	return asteriskFiles(t, pairs...)
}

// The sample of the real Asterisk comes over and passes the check, as it is and with all that it shows switched on. Every line is accounted for, and what is
// reported stands where the report says.
func TestRealSampleImported(t *testing.T) {
	for _, on := range []bool{false, true} {
		dir := realSample(t, on)
		r, c := checked(t, dir)
		lines, text := 0, map[string][]string{}
		for _, name := range []string{"queues.conf", "queuerules.conf", "agents.conf"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			text[name] = strings.Split(string(b), "\n")
			lines += len(active(text[name]))
		}
		if r.Lines != lines || lines < 5 || on && lines < 60 {
			t.Errorf("%d lines are accounted for, of %d", r.Lines, lines)
		}
		found := map[string]bool{}
		for _, l := range r.Findings {
			if l.Line < 1 || l.Line > len(text[l.File]) || !strings.Contains(strings.Join(strings.Fields(text[l.File][l.Line-1]), " "), l.Text) || len(l.Lost) == 0 {
				t.Errorf("there is no such line: %+v", *l)
				continue
			}
			key, _, _ := strings.Cut(l.Text, "=")
			found[l.File+" "+strings.TrimSpace(key)] = true
		}
		if !on {
			if len(found) != 1 || !found["queues.conf persistentmembers"] || len(c.Queues) != 0 {
				t.Errorf("of the sample as it is: %v, %d queues", found, len(c.Queues))
			}
			continue
		}
		for _, key := range []string{"context", "announce", "announce-frequency", "periodic-announce", "membergosub", "monitor-format", "autopause",
			"penaltymemberslimit", "queue-youarenext"} {
			if !found["queues.conf "+key] {
				t.Errorf("%s is not among what is lost", key)
			}
		}
		const newer = "queue-callerannounce" // in the sample of Asterisk 22, and not in that of 16
		if shown := slices.ContainsFunc(text["queues.conf"], func(l string) bool { return strings.HasPrefix(l, newer) }); found["queues.conf "+newer] != shown {
			t.Errorf("%s: lost %v, shown in the sample %v", newer, !shown, shown)
		}
		for _, key := range []string{"strategy", "timeout", "retry", "servicelevel", "weight", "wrapuptime", "musicclass", "joinempty", "leavewhenempty", "maxlen", "ringinuse"} {
			if found["queues.conf "+key] {
				t.Errorf("%s is lost", key)
			}
		}
		if len(c.Queues) != 1 || c.Queues[0].Name != "markq" || len(c.Queues[0].Steps) < 4 || len(c.Agents) != 2 || r.ToComplete < 4 {
			t.Errorf("%+v\n%d agents, %d to complete", c.Queues, len(c.Agents), r.ToComplete)
		}
	}
}
