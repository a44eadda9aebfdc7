package queuelog

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// limited is a file on a disk that is full after room bytes. stays: what was written in part cannot be taken back.
type limited struct {
	*os.File
	disk *disk
}

type disk struct {
	mu    sync.Mutex
	room  int
	stays bool
}

// has gives it room.
func (d *disk) has(room int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

func (f limited) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := min(len(b), f.disk.room)
	f.disk.room -= n
	if m, err := f.File.Write(b[:n]); err != nil {
		return m, err
	}
	if n < len(b) {
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return n, nil
}

func (f limited) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.stays {
		return errors.ErrUnsupported
	}
	st, err := f.File.Stat()
	if err == nil {
		f.disk.room += int(st.Size() - size)
		err = f.File.Truncate(size)
	}
	return err
}

func (d *disk) open(name string) (handle, error) {
	h, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	return limited{h, d}, err
}

// A disk that is full in the middle of a line: the file never holds half of one, and when there is room again every line is there once.
func TestFullDisk(t *testing.T) {
	d := &disk{room: 10*len(reloadLine) + 7}
	writingOn(t, d, nil, func(t *testing.T, l *Log, s *said) {
		reloads(l, 30)
		settle(5 * retryEvery)
		has(t, l.file.name, 0) // what was written of them together was taken back
		reloads(l, 10)
		if s.count("level=ERROR") != 1 || s.count("free space") != 1 || l.Lost() != 0 {
			t.Errorf("told: %s", s.b.String())
		}
		d.has(1 << 20)
		settle(2 * retryEvery)
		has(t, l.file.name, 40)
	})
}

// Where what was written in part cannot be taken back, the line that was cut stands alone, and is written again whole.
func TestTornLine(t *testing.T) {
	d := &disk{room: 10*len(reloadLine) + 7, stays: true}
	writingOn(t, d, nil, func(t *testing.T, l *Log, _ *said) {
		reloads(l, 30)
		settle(2 * retryEvery)
		d.has(1 << 20)
		settle(2 * retryEvery)
		b, err := os.ReadFile(l.file.name)
		want := strings.Repeat(reloadLine, 10) + reloadLine[:7] + "\n" + strings.Repeat(reloadLine, 20)
		if err != nil || string(b) != want {
			t.Errorf("%v\n%s", err, b)
		}
	})
}

// A file whose writer was killed within a line is ended before anything is added.
func TestFileThatEndsTorn(t *testing.T) {
	writing(t, func(c *Config) {
		if err := os.WriteFile(c.File, []byte(reloadLine+"17672"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, func(t *testing.T, l *Log, _ *said) {
		reloads(l, 2)
		settle(0)
		b, err := os.ReadFile(l.file.name)
		if want := reloadLine + "17672\n" + reloadLine + reloadLine; err != nil || string(b) != want {
			t.Errorf("%v\n%s", err, b)
		}
	})
}

// What waits is bounded: beyond that lines are counted, told once, and nobody waits for the disk.
func TestFullBacklog(t *testing.T) {
	d := &disk{}
	writingOn(t, d, nil, func(t *testing.T, l *Log, s *said) {
		reloads(l, 1)
		settle(2 * retryEvery) // taken, and not written
		room := (maxBacklog + len(reloadLine) - 1) / len(reloadLine)
		reloads(l, room+1000)
		l.mu.Lock()
		waits := len(l.lines)
		l.mu.Unlock()
		if l.Lost() != 1000 || waits > maxBacklog+len(reloadLine) || s.count("too many wait") != 1 {
			t.Errorf("%d lost, %d bytes wait, told: %s", l.Lost(), waits, s.b.String())
		}
		d.has(1 << 30)
		settle(2 * retryEvery)
		has(t, l.file.name, room+1)
		if s.count("lines_lost=1000") != 1 {
			t.Errorf("told: %s", s.b.String())
		}
	})
}

// A daemon that ends while its disk is full says what it could not write.
func TestEndOnAFullDisk(t *testing.T) {
	s := &said{}
	writingOn(t, &disk{}, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(s, nil)) }, func(_ *testing.T, l *Log, _ *said) {
		reloads(l, 1)
		settle(2 * retryEvery)
		reloads(l, 4)
	})
	if s.count("not written before the end") != 1 || s.count("lines=5") != 1 {
		t.Errorf("told: %s", s.b.String())
	}
}
