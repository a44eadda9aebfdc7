package queuelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ctid"
)

// said is what the log has told an operator.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// count is how often the operator was told so.
func (s *said) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.b.String(), what)
}

// writing runs f, in a bubble, with a log that writes to a file; afterwards all that waits is written.
func writing(t *testing.T, set func(*Config), f func(t *testing.T, l *Log, s *said)) {
	t.Helper()
	writingOn(t, nil, set, f)
}

// writingOn is writing on a disk.
func writingOn(t *testing.T, d *disk, set func(*Config), f func(t *testing.T, l *Log, s *said)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &said{}
		cfg := Config{File: filepath.Join(t.TempDir(), "queue_log"), Keep: 3, Plan: Plan{Queues: []ctid.QueueID{"sales"}},
			Log: slog.New(slog.NewTextHandler(s, nil))}
		if set != nil {
			set(&cfg)
		}
		l := New(cfg)
		if d != nil {
			l.file.open = d.open
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }()
		defer func() { stop(); <-done }()
		f(t, l, s)
	})
}

// reloads has the log write n lines, of known length.
func reloads(l *Log, n int) {
	for range n {
		l.Publish(ctid.Event{At: began, Body: ctid.ConfigChanged{What: "reload"}})
	}
}

const reloadLine = "1767225600|NONE|NONE|NONE|CONFIGRELOAD|\n"

// settle lets the writer write, and time pass.
func settle(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// has fails unless the file holds n lines, each whole.
func has(t *testing.T, name string, n int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil || string(b) != strings.Repeat(reloadLine, n) {
		t.Errorf("%s has %d lines, %d bytes, want %d lines of %d: %v", filepath.Base(name), bytes.Count(b, []byte("\n")), len(b), n, len(reloadLine), err)
	}
}

func TestLinesReachTheFile(t *testing.T) {
	writing(t, nil, func(t *testing.T, l *Log, s *said) {
		reloads(l, 3)
		settle(0)
		has(t, l.file.name, 3)
		st, err := os.Stat(l.file.name)
		if err != nil || st.Mode().Perm()&^0o640 != 0 {
			t.Errorf("%v, %v: others may read who calls", st.Mode(), err)
		}
		if s.count("level") > 0 || l.Lost() > 0 {
			t.Errorf("told: %s", s.b.String())
		}
	})
}

// What waits when the daemon stops is written.
func TestEndWritesWhatWaits(t *testing.T) {
	name := filepath.Join(t.TempDir(), "queue_log")
	writing(t, func(c *Config) { c.File = name }, func(_ *testing.T, l *Log, _ *said) { reloads(l, 500) })
	has(t, name, 500)
}

// A full file becomes the first of those that are kept, and the oldest goes; no line is lost, cut or doubled on the way, and no
// file is larger than it may be.
func TestRotation(t *testing.T) {
	const each = 10
	writing(t, func(c *Config) { c.MaxSize = each * int64(len(reloadLine)) }, func(t *testing.T, l *Log, s *said) {
		for n := range 6*each + 4 {
			reloads(l, 1)
			settle(0)
			if n == 2*each {
				has(t, fullName(l.file.name, 2), each)
			}
		}
		has(t, l.file.name, 4)
		for n := 1; n <= 3; n++ {
			has(t, fullName(l.file.name, n), each)
		}
		if _, err := os.Stat(fullName(l.file.name, 4)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a fourth one is kept: %v", err)
		}
	})
}

// A size of 0 is none.
func TestNoRotation(t *testing.T) {
	writing(t, nil, func(t *testing.T, l *Log, _ *said) {
		reloads(l, 20_000)
		settle(0)
		has(t, l.file.name, 20_000)
	})
}

// A rotation that the folder does not let happen is told once, and the lines go on in the file that is there.
func TestRotationThatFails(t *testing.T) {
	writing(t, func(c *Config) { c.MaxSize, c.Keep = int64(len(reloadLine)), 1 }, func(t *testing.T, l *Log, s *said) {
		if err := os.MkdirAll(filepath.Join(fullName(l.file.name, 1), "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			reloads(l, 1)
			settle(2 * stuckFor)
		}
		has(t, l.file.name, 5)
		if s.count("cannot be rotated") != 1 {
			t.Errorf("told: %s", s.b.String())
		}
		if err := os.RemoveAll(fullName(l.file.name, 1)); err != nil {
			t.Fatal(err)
		}
		reloads(l, 1)
		settle(0)
		has(t, l.file.name, 1)
		has(t, fullName(l.file.name, 1), 5)
	})
}

// logrotate moves the file away: what comes then is in a new one, by SIGHUP at once, and without it a second later. One that is removed
// is made anew.
func TestFileThatIsMovedAway(t *testing.T) {
	writing(t, nil, func(t *testing.T, l *Log, s *said) {
		reloads(l, 1)
		settle(0)
		move := func(to string) {
			if err := os.Rename(l.file.name, to); err != nil {
				t.Fatal(err)
			}
		}
		first, second := l.file.name+"-first", l.file.name+"-second"
		move(first)
		l.Reopen()
		settle(0)
		has(t, l.file.name, 0)
		reloads(l, 2)
		settle(2 * lookEvery)
		move(second)
		reloads(l, 3)
		settle(0)
		has(t, l.file.name, 3)
		has(t, first, 1)
		has(t, second, 2)
		settle(2 * lookEvery)
		if err := os.Remove(l.file.name); err != nil {
			t.Fatal(err)
		}
		reloads(l, 4)
		settle(0)
		has(t, l.file.name, 4)
		if s.count("level") > 0 {
			t.Errorf("told: %s", s.b.String())
		}
	})
}

// A copy that is cut off at its source (logrotate's copytruncate) loses nothing that comes later.
func TestFileThatIsCutOff(t *testing.T) {
	writing(t, nil, func(t *testing.T, l *Log, _ *said) {
		reloads(l, 5)
		settle(0)
		if err := os.Truncate(l.file.name, 0); err != nil {
			t.Fatal(err)
		}
		reloads(l, 2)
		settle(0)
		has(t, l.file.name, 2)
	})
}

// A folder that is not there, a folder in the file's place, one that may not be written: each is told once with what to do, nobody waits
// for it, and when it is put right all lines come.
func TestPlacesThatCannotBeWritten(t *testing.T) {
	for what, c := range map[string]struct {
		wrong, right func(name string) error
		advice       string
	}{
		"no folder": {func(name string) error { return os.Remove(filepath.Dir(name)) }, func(name string) error { return os.Mkdir(filepath.Dir(name), 0o700) }, "make its folder"},
		"a folder":  {func(name string) error { return os.Mkdir(name, 0o700) }, os.Remove, "names a folder"},
	} {
		t.Run(what, func(t *testing.T) {
			writing(t, func(cfg *Config) {
				cfg.File = filepath.Join(filepath.Dir(cfg.File), "log", "queue_log")
				if err := os.Mkdir(filepath.Dir(cfg.File), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := c.wrong(cfg.File); err != nil {
					t.Fatal(err)
				}
			}, func(t *testing.T, l *Log, s *said) {
				for range 10 {
					reloads(l, 10)
					settle(10 * retryEvery)
				}
				if n := s.count("level=ERROR"); n != 1 || s.count(c.advice) != 1 {
					t.Errorf("told %d times: %s", n, s.b.String())
				}
				if err := c.right(l.file.name); err != nil {
					t.Fatal(err)
				}
				settle(2 * retryEvery)
				has(t, l.file.name, 100)
				if s.count("is written again") != 1 || s.count("lines_lost=0") != 1 {
					t.Errorf("told: %s", s.b.String())
				}
			})
		})
	}
}

// Somebody who reads while it is written, and rotated, finds only whole lines behind one another, but for the end of what is there yet; and
// in the end all of them, in their order.
func TestReaderBesideTheWriter(t *testing.T) {
	const n = 20_000
	name := filepath.Join(t.TempDir(), "queue_log")
	l := New(Config{File: name, MaxSize: 64 << 10, Keep: 1000, Plan: Plan{Queues: []ctid.QueueID{"sales"}}, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	var wg sync.WaitGroup
	for range 2 { // who looks for news in what is there
		wg.Go(func() {
			for ctx.Err() == nil {
				b, err := os.ReadFile(name)
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
				for line := range bytes.Lines(b[:bytes.LastIndexByte(b, '\n')+1]) {
					if l, ok := Parse(string(line)); !ok || l.At != began || l.Queue != "sales" {
						t.Errorf("he reads %q", line)
					}
				}
			}
		})
	}
	for i := range n {
		c := ctid.CallID(fmt.Sprint("c", i))
		l.Publish(ctid.Event{At: began, Call: c, Body: ctid.CallArrived{Dir: "in", Leg: ctid.LegID(c)}})
		l.Publish(ctid.Event{At: began, Call: c, Queue: "sales", Body: ctid.CallQueued{Position: 1}})
		l.Publish(ctid.Event{At: began, Call: c, Body: ctid.CallCleared{End: ctid.End{Side: ctid.SideCaller}}})
		if i%500 == 0 {
			l.Reopen()
		}
	}
	stop()
	<-done
	wg.Wait()
	files, err := filepath.Glob(name + ".*")
	if err != nil || len(files) < 10 {
		t.Errorf("%d full files, %v", len(files), err)
	}
	var got []string
	for i := len(files); i >= 0; i-- {
		from := name
		if i > 0 {
			from = fullName(name, i)
		}
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		for x := range linesOf(b) {
			got = append(got, x.Call+" "+x.Event)
		}
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("c%d %s", i, enterQueue), fmt.Sprintf("c%d %s", i, abandon))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d lines are read, want %d", len(got), len(want))
	}
}

// The next run reads on where the last has left the file, be it in the full one before.
func TestNextRunGoesOn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "queue_log")
	for file, text := range map[string]string{
		fullName(name, 1): "1767225500|NONE|sales|ana|ADDMEMBER|\n1767225510|1767225505.1|sales|NONE|ENTERQUEUE||02079460018|2\n1767225511|1767225505.9|other|NONE|ENTERQUEUE||1|1\n",
		name:              "what somebody wrote into it\n1767225520|1767225515.2|sales|NONE|ENTERQUEUE||02079460019|1\n1767225521|1767225515.2|sales|NONE|ABANDON|1|1|1\n1767225522|1767225505.1|sales|ana|CONNECT|12|ctid.t.c_1.l1|4\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writing(t, func(c *Config) {
		c.File, c.Plan.Agents = name, map[ctid.AgentID]Agent{"ana": {Name: "ana"}}
		c.Open = []ctid.CallRecord{{ID: "c_1", Dir: "in", Channel: "1767225505.1"}}
	}, func(t *testing.T, l *Log, _ *said) {
		l.Publish(ctid.Event{At: began, Body: ctid.ConfigChanged{What: "start"}})
		l.Publish(ctid.Event{At: began, Agent: "ana", Body: ctid.AgentStateChanged{AgentView: ctid.AgentView{Agent: "ana", State: ctid.Talking, Call: "c_1", Queues: []ctid.QueueID{"sales"}}}})
		l.Publish(ctid.Event{At: began, Call: "c_1", Body: ctid.CallCleared{End: ctid.End{Side: ctid.SideAgent}}})
		settle(0)
		b, err := os.ReadFile(name)
		if want := "|CONNECT|12|ctid.t.c_1.l1|4\n1767225600|NONE|NONE|NONE|QUEUESTART|\n1767225600|1767225505.1|sales|ana|COMPLETEAGENT|12|78|2\n"; err != nil || !strings.HasSuffix(string(b), want) {
			t.Errorf("%v\n%s", err, b)
		}
	})
}
