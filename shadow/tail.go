package shadow

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	maxLineBytes = 64 << 10               // a longer line is none of queue_log's
	tailEvery    = 250 * time.Millisecond // how often a file that is followed is looked at
)

// lines cuts what a file holds into lines, and reads each.
type lines struct {
	name string
	n    int
	rest []byte // of a line that is not whole yet
	over bool   // it is longer than a line may be: its beginning is thrown away
	tell func(Observation)
}

// feed reads the lines that b ends. What is left of b waits for more.
func (l *lines) feed(b []byte) {
	for {
		line, more, whole := bytes.Cut(b, []byte{'\n'})
		if len(l.rest)+len(line) > maxLineBytes {
			l.over, l.rest = true, l.rest[:0]
		}
		if !l.over {
			l.rest = append(l.rest, line...)
		}
		if !whole {
			return
		}
		l.end()
		b = more
	}
}

// end reads the line that is whole now.
func (l *lines) end() {
	l.n++
	text, over := strings.TrimSuffix(string(l.rest), "\r"), l.over
	l.rest, l.over = l.rest[:0], false
	if over {
		l.unread(fmt.Errorf("it is longer than %d bytes", maxLineBytes))
		return
	}
	if text == "" {
		return
	}
	o, err := ParseLine(text)
	if err != nil {
		l.unread(err)
		return
	}
	l.tell(o)
}

func (l *lines) unread(err error) {
	l.tell(Observation{Kind: Unread, Text: fmt.Sprintf("%s:%d: %s", l.name, l.n, err)})
}

// flush reads a last line that has no end.
func (l *lines) flush() {
	if len(l.rest) > 0 || l.over {
		l.end()
	}
}

// ReadLogs reads queue_log files, those that logrotate has put away and packed (.gz) too, in the order of their first lines,
// whatever the order of their names.
func ReadLogs(names []string, tell func(Observation)) error {
	order, err := byTime(names)
	if err != nil {
		return err
	}
	for _, name := range order {
		if err := readLog(name, tell); err != nil {
			return err
		}
	}
	return nil
}

func readLog(name string, tell func(Observation)) error {
	r, err := openLog(name)
	if err != nil {
		return err
	}
	defer r.Close()
	l := &lines{name: name, tell: tell}
	if err := pour(r, l); err != nil {
		return fmt.Errorf("%s:%d: %w", name, l.n+1, err)
	}
	l.flush()
	return nil
}

// pour reads r to its end.
func pour(r io.Reader, l *lines) error {
	b := make([]byte, maxLineBytes)
	for {
		n, err := r.Read(b)
		l.feed(b[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// packed is a file that is unpacked while it is read.
type packed struct {
	*gzip.Reader
	file *os.File
}

// Close closes both.
func (p packed) Close() error { return errors.Join(p.Reader.Close(), p.file.Close()) }

func openLog(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the queue_log cannot be read: %w", err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not packed by gzip: %w", name, err), f.Close())
	}
	return packed{z, f}, nil
}

// byTime puts files in the order of the first line of each that can be read; those without one come last.
func byTime(names []string) ([]string, error) {
	first := map[string]time.Time{}
	for _, name := range names {
		r, err := openLog(name)
		if err != nil {
			return nil, err
		}
		at := time.Time{}
		l := &lines{name: name, tell: func(o Observation) {
			if at.IsZero() {
				at = o.At
			}
		}}
		err = pour(io.LimitReader(r, 16*maxLineBytes), l)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		first[name] = at
	}
	order := slices.Clone(names)
	slices.SortStableFunc(order, func(a, b string) int {
		x, y := first[a], first[b]
		switch {
		case x.IsZero() == y.IsZero():
			return x.Compare(y)
		case x.IsZero():
			return 1
		}
		return -1
	})
	return order, nil
}

// Follow reads a queue_log from its beginning and then what is written to it, until ctx ends. When the file is rotated, renamed
// or emptied, it reads the old one to its end and goes on with the new one; while there is none it waits for it.
func Follow(ctx context.Context, name string, tell func(Observation)) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the queue_log cannot be read: %w", err)
	}
	t := &follower{name: name, f: f, l: &lines{name: name, tell: tell}}
	defer func() { _ = t.f.Close() }() // of whichever file it is then
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for {
		if err := t.look(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// follower is at some place of a file that grows.
type follower struct {
	name string
	f    *os.File
	l    *lines
	at   int64 // bytes read of it
}

// Read implements io.Reader, and counts.
func (t *follower) Read(b []byte) (int, error) {
	n, err := t.f.Read(b)
	t.at += int64(n)
	return n, err
}

// look reads what is new, and goes on with another file if the name means another one now.
func (t *follower) look() error {
	there, err := os.Stat(t.name) // before the rest is read: what is written to the old file later is not lost
	switch {
	case errors.Is(err, fs.ErrNotExist):
		there = nil
	case err != nil:
		return fmt.Errorf("the queue_log cannot be looked at: %w", err)
	}
	if err := pour(t, t.l); err != nil {
		return fmt.Errorf("%s:%d: %w", t.name, t.l.n+1, err)
	}
	if there == nil {
		return nil
	}
	ours, err := t.f.Stat()
	if err != nil {
		return err
	}
	switch {
	case !os.SameFile(ours, there):
		return t.next()
	case ours.Size() < t.at: // emptied in its place
		return t.again()
	}
	return nil
}

// next goes on with the file that has the name now.
func (t *follower) next() error {
	f, err := os.Open(t.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the queue_log cannot be read: %w", err)
	}
	if err := pour(t, t.l); err != nil { // what came since
		return errors.Join(err, f.Close())
	}
	t.l.flush()
	err = t.f.Close()
	t.f = f
	return errors.Join(err, t.begin())
}

// again begins anew in the same file.
func (t *follower) again() error {
	t.l.flush()
	if _, err := t.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return t.begin()
}

// begin reads the file from its first line.
func (t *follower) begin() error {
	t.at, t.l.n = 0, 0
	return pour(t, t.l)
}
