package shadow

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func abandon(s int, call string) string {
	return fmt.Sprintf("%d|%s|sales|NONE|ABANDON|1|1|5\n", at(float64(s)).Unix(), call)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// said keeps the calls of what is told, and what could not be read.
type said struct{ list []string }

func (s *said) take(o Observation) {
	if o.Kind == Unread {
		s.list = append(s.list, o.Text)
		return
	}
	s.list = append(s.list, o.Call)
}

// Rotated files are read in the order of time, packed or not, and each bad line is named by its place.
func TestReadLogs(t *testing.T) {
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	var z bytes.Buffer
	pack := gzip.NewWriter(&z)
	_, err := pack.Write([]byte("nonsense\n" + abandon(0, "1") + abandon(1, "2")))
	if err = errors.Join(err, pack.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, name("queue_log.2.gz"), z.String())
	write(t, name("queue_log.1"), abandon(10, "3")+"\r\n"+strings.Repeat("x", maxLineBytes+1)+"\n"+strings.TrimSuffix(abandon(11, "4"), "\n"))
	write(t, name("queue_log"), abandon(20, "5")+"short")
	write(t, name("empty"), "")
	var s said
	if err := ReadLogs([]string{name("empty"), name("queue_log"), name("queue_log.1"), name("queue_log.2.gz")}, s.take); err != nil {
		t.Fatal(err)
	}
	want := []string{name("queue_log.2.gz") + ":1: it has 1 fields; a line of queue_log has epoch|callid|queue|agent|event and more", "1", "2",
		"3", name("queue_log.1") + ":3: it is longer than 65536 bytes", "4",
		"5", name("queue_log") + ":2: it has 1 fields; a line of queue_log has epoch|callid|queue|agent|event and more"}
	if !slices.Equal(s.list, want) {
		t.Errorf("%q\nnot\n%q", s.list, want)
	}
	write(t, name("no.gz"), "plain")
	for _, bad := range []string{name("no.gz"), name("nosuch")} {
		if err := ReadLogs([]string{bad}, s.take); err == nil || !strings.Contains(err.Error(), filepath.Base(bad)) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// A file that is followed is read through rotations: renamed, missing for a while, emptied in its place; a line counts once it is whole.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "queue_log")
		write(t, name, abandon(0, "1"))
		ctx, cancel := context.WithCancel(t.Context())
		var s said
		ended := make(chan error, 1)
		go func() { ended <- Follow(ctx, name, s.take) }()
		expect := func(want ...string) {
			t.Helper()
			time.Sleep(2 * tailEvery)
			synctest.Wait()
			if !slices.Equal(s.list, want) {
				t.Fatalf("%q, want %q", s.list, want)
			}
		}
		add := func(text string) {
			t.Helper()
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
			if err == nil {
				_, err = f.WriteString(text)
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		expect("1")
		add(abandon(1, "2")[:20])
		expect("1")
		add(abandon(1, "2")[20:])
		expect("1", "2")
		add(abandon(2, "3")) // to the old file, just before it is put away
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		expect("1", "2", "3")
		write(t, name, abandon(3, "4"))
		expect("1", "2", "3", "4")
		write(t, name, "") // emptied in its place
		expect("1", "2", "3", "4")
		add("bad\n" + abandon(4, "5"))
		expect("1", "2", "3", "4", name+":1: it has 1 fields; a line of queue_log has epoch|callid|queue|agent|event and more", "5")
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if err := Follow(t.Context(), filepath.Join(t.TempDir(), "nosuch"), nil); err == nil {
		t.Error("a file that is not there was followed")
	}
}
