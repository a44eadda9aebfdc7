package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ctid"
	"ctid/acd"
	"ctid/config"
	"ctid/ivr"
	"ctid/store"
	"ctid/switchboard"
)

var (
	firstEdit = regexp.MustCompile("(?is)in\\s+`([^`]+)`,\\s+replace$")
	firstEnd  = regexp.MustCompile("(?is)put at the end of\\s+`([^`]+)`$")
	firstSum  = regexp.MustCompile(`\b[0-9a-f]{8}\b`)
)

// firstTasks does what the manual's section of that name says.
type firstTasks struct {
	t    *testing.T
	file string // that was edited last
	old  string // what the next block replaces
}

// TestFirstTasks does each task of the manual in a copy of the examples, and sees what the manual shows.
func TestFirstTasks(t *testing.T) {
	parts := manualPart(t, "First tasks")
	if len(parts) < 20 {
		t.Fatalf("the section has %d parts", len(parts))
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(cookbook)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	firstSite(t)
	f := &firstTasks{t: t}
	for i := 0; i+1 < len(parts); i += 2 {
		kind, block, _ := strings.Cut(parts[i+1], "\n")
		if kind == "console" {
			f.console(block)
		} else {
			f.edit(strings.TrimSpace(parts[i]), block)
		}
	}
}

// manualPart is a section of the manual, in which code and prose take turns.
func manualPart(t *testing.T, title string) []string {
	t.Helper()
	manual, err := os.ReadFile("../../docs/ivr.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(manual), "\n## "+title+"\n")
	if !ok {
		t.Fatalf("the manual has no section %q", title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return strings.Split(section, "```")
}

// The configuration that the manual shows is good, and the scripts of the cookbook are with it.
func TestSiteInTheManual(t *testing.T) {
	site := strings.TrimPrefix(manualPart(t, "What ctid.yaml gives to scripts")[1], "yaml\n")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(cookbook)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("CTID_ASTERISK_PBX_PASSWORD", "none")
	if err := os.MkdirAll("sounds", 0o700); err != nil {
		t.Fatal(err)
	}
	writeAll(t, dir, map[string]string{"secrets/crm": "s3cret\n"})
	if err := os.WriteFile("ctid.yaml", []byte(site), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := commanded(t, "check"); err != nil || !strings.Contains(out, "good: 1 numbers, 10 scripts, 3 queues, 1 agents") {
		t.Errorf("ctid check: %v\n%s", err, out)
	}
	if out, status := runIVR(t, "lint", "--strict"); status != statusGood {
		t.Errorf("ctid ivr lint: %d\n%s", status, out)
	}
}

// The test that the manual shows runs on the cookbook's script, and gives what is shown.
func TestTestInTheManual(t *testing.T) {
	parts := manualPart(t, "Tests")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(cookbook)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.WriteFile("tests/balance.test.yaml", []byte(strings.TrimPrefix(parts[1], "yaml\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(parts[len(parts)-2])
	if out, status := runIVR(t, "test", "tests/balance.test.yaml"); status != statusGood || strings.TrimSpace(out) != want {
		t.Errorf("status %d, and it says\n%s\nthe manual shows\n%s", status, out, want)
	}
}

// edit takes a block by the words before it.
func (f *firstTasks) edit(said, block string) {
	f.t.Helper()
	switch m, end := firstEdit.FindStringSubmatch(said), firstEnd.FindStringSubmatch(said); {
	case m != nil:
		f.file, f.old = m[1], block
		if _, err := os.Stat(f.file); err != nil {
			f.file = "ivr/" + m[1] // a script is named without its folder
		}
	case strings.HasSuffix(said, "and replace"):
		f.old = block
	case said == "with" && f.old != "":
		text := f.read()
		if n := strings.Count(text, f.old); n != 1 {
			f.t.Fatalf("%s has %d times what is to be replaced:\n%s", f.file, n, f.old)
		}
		f.write(strings.Replace(text, f.old, block, 1))
		f.old = ""
	case end != nil:
		f.file = end[1]
		f.write(f.read() + block)
	case strings.HasSuffix(said, "and put at its end"):
		f.write(f.read() + block)
	default:
		f.t.Fatalf("what is to be done with this block?\n%s\n%s", said, block)
	}
}

func (f *firstTasks) read() string {
	f.t.Helper()
	b, err := os.ReadFile(f.file)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *firstTasks) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.file, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// console carries out each command of a block, and holds what it says against what the block shows.
func (f *firstTasks) console(block string) {
	f.t.Helper()
	for _, one := range strings.Split("\n"+block, "\n$ ")[1:] {
		command, shown, _ := strings.Cut(one, "\n")
		var in, want strings.Builder
		for line := range strings.Lines(shown) {
			if typed, ok := strings.CutPrefix(line, "» "); ok {
				in.WriteString(typed)
			} else {
				want.WriteString(line)
			}
		}
		args := words(command)
		if args[0] != "ctid" {
			f.t.Fatalf("%s: is no command of ctid", command)
		}
		root := newRoot()
		var out bytes.Buffer
		root.SetIn(strings.NewReader(in.String()))
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(args[1:])
		if err := root.ExecuteContext(f.t.Context()); err != nil {
			f.t.Errorf("%s: %v\n%s", command, err, out.String())
			continue
		}
		if got := firstSum.ReplaceAllString(out.String(), "set"); strings.TrimSpace(got) != strings.TrimSpace(firstSum.ReplaceAllString(want.String(), "set")) {
			f.t.Errorf("$ %s\nsays\n%s\nand the manual shows\n%s", command, out.String(), want.String())
		}
	}
}

var firstWord = regexp.MustCompile(`"[^"]*"|\S+`)

func words(line string) []string {
	var out []string
	for _, w := range firstWord.FindAllString(line, -1) {
		out = append(out, strings.Trim(w, `"`))
	}
	return out
}

// firstSite starts a daemon on the copied folder, and puts the call into its store that went wrong.
func firstSite(t *testing.T) {
	t.Helper()
	for k, v := range map[string]string{"CTID_ASTERISK_PBX_PASSWORD": "none", "CTID_LISTEN_WEB": "127.0.0.1:0", "CTID_LISTEN_MEDIA": "127.0.0.1:0",
		"CTID_MEDIA_TTS": "none", "CTID_MEDIA_CACHE": t.TempDir()} {
		t.Setenv(k, v)
	}
	load := func() (*config.Config, []string, error) {
		c, found := config.Load(config.Options{})
		if c == nil {
			return nil, []string{fmt.Sprint(found)}, errFindings
		}
		return c, nil, nil
	}
	c, said, err := load()
	if err != nil {
		t.Fatal(said)
	}
	firstCall(t, c)
	d, err := start(context.WithoutCancel(t.Context()), c, slog.New(slog.NewTextHandler(io.Discard, nil)), func(d *daemon) { d.load = load })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(nil); err != nil {
			t.Error(err)
		}
	})
}

// firstCall records a caller who pressed a wrong key, then 2 twice, and waited for an agent who had a break.
func firstCall(t *testing.T, c *config.Config) {
	t.Helper()
	set, found := ivr.LoadSet(scriptFS{dir: "ivr"}, ivrSite(c))
	if set == nil {
		t.Fatal(found)
	}
	at := time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC)
	m := ivr.NewMachine(set.Script("front_desk"), ivr.Options{})
	var taken []ctid.ScriptInput
	now := at
	give := func(after time.Duration, in ivr.Input) {
		now = now.Add(after)
		m.Next(now, in)
		taken = append(taken, m.Taken()...)
	}
	give(0, ivr.Start{Call: ivr.CallInfo{ID: "c_7", ANI: "+442079460018", DNIS: "+442079460000"}})
	give(3*time.Second, ivr.Key{Digit: "1"})
	give(4*time.Second, ivr.Key{Digit: "9"})
	give(3*time.Second, ivr.Key{Digit: "2"})
	queued := now
	give(2*time.Minute, ivr.Hangup{Side: ctid.SideCaller})
	for i := range taken {
		taken[i].N = i + 1
	}
	core, err := acd.New(c.ACD("e1"))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{core: core}
	core.Decide(at, acd.DeviceChanged{Agent: "ana", Reachable: true})
	core.Decide(at, acd.AgentLogin{Agent: "ana", By: ctid.BySystem})
	core.Decide(at, acd.AgentPause{Agent: "ana", Reason: "lunch"})
	r.row(at, switchboard.KindSnapshot, "", core.Snapshot())
	r.give(int(queued.Sub(nine).Seconds()), "c_7", acd.Enqueue{Task: "c_7", Queue: "support", Priority: -1, Entered: queued})
	r.give(int(now.Sub(nine).Seconds()), "c_7", acd.Leave{Task: "c_7", Why: ctid.ExitAbandoned})
	rec := &ctid.CallRecord{ID: "c_7", Node: "pbx", Dir: "in", Arrived: at, Ended: now, Outcome: "abandoned", ANI: ctid.Number{E164: "+442079460018"},
		IVR: m.Trail(now), Scripted: &ctid.Scripted{Set: set.Sum()}, End: &ctid.End{Side: ctid.SideCaller, Reason: "hangup"}}
	r.rows = append(r.rows, ctid.LogEntry{Subject: "c_7", Record: rec, Inputs: taken})
	s, err := store.Open(t.Context(), store.Config{DSN: c.Store.DSN, KeyFile: c.Store.KeyFile})
	if err != nil {
		t.Fatal(err)
	}
	s.AppendAll(r.rows)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
