package queuelog

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"ctid"
)

const (
	maxBacklog = 8 << 20     // bytes of lines that wait for the file
	retryEvery = time.Second // after a write that failed
	looksBack  = 16 << 20    // bytes of the file that are read at the start
)

// Config is what a Log is made from.
type Config struct {
	File    string
	MaxSize int64 // bytes, after which another file is begun; 0: any number
	Keep    int   // how many full files are kept, File.1 (the newest) and so on; at least 1
	Plan    Plan
	Open    []ctid.CallRecord // of the run before
	Log     *slog.Logger
}

// Log adds the lines that facts make to a file. Publish, Use, Reopen and Lost are safe from any goroutine and wait for no
// disk; Run alone touches the file.
type Log struct {
	file   *file
	log    *slog.Logger
	wake   chan struct{} // lines wait
	reopen chan struct{}

	mu    sync.Mutex
	state *State
	lines []byte // that wait for the file
	lost  int    // lines, ever
	told  bool   // that lines are lost, since the last time that there was room
}

// New reads where the run before has left the file. One that cannot be read is as good as none.
func New(cfg Config) *Log {
	l := &Log{file: &file{name: cfg.File, most: cfg.MaxSize, keep: max(1, cfg.Keep), open: openFile, now: time.Now, log: cfg.Log},
		log: cfg.Log, wake: make(chan struct{}, 1), reopen: make(chan struct{}, 1), state: NewState(cfg.Plan)}
	past, err := tail(cfg.File, looksBack)
	if err != nil {
		l.log.Warn("the queue_log of the run before cannot be read: calls of that run are told anew", "file", cfg.File, "error", err)
	}
	l.state.Recover(linesOf(past), cfg.Open)
	return l
}

func linesOf(text []byte) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for b := range bytes.Lines(text) {
			if l, ok := Parse(string(b)); ok && !yield(l) {
				return
			}
		}
	}
}

// Publish takes the next fact. Its lines wait for the file; where too many wait already they are lost, and counted.
func (l *Log) Publish(ev ctid.Event) {
	l.mu.Lock()
	lines := l.state.Take(ev)
	first := false
	for _, x := range lines {
		if len(l.lines) < maxBacklog {
			l.lines = x.Append(l.lines)
			continue
		}
		first = first || !l.told
		l.told = true
		l.lost++
	}
	l.mu.Unlock()
	if first {
		l.log.Error("lines of the queue_log are lost: too many wait for its file", "file", l.file.name, "bytes", maxBacklog)
	}
	if len(lines) > 0 {
		signal(l.wake)
	}
}

// signal wakes whoever waits; one that is awake already looks once more.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Use has another plan come into force with the next word of a reload.
func (l *Log) Use(p Plan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Use(p)
}

// Reopen has the file closed and opened again, for somebody has moved it away.
func (l *Log) Reopen() { signal(l.reopen) }

// Lost is how many lines found no room.
func (l *Log) Lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// take gives the lines that wait.
func (l *Log) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.lines
	l.lines, l.told = nil, false
	return b
}

// Run writes lines until ctx ends, and then those that wait still. A file that cannot be written is told once, and tried
// again each second.
func (l *Log) Run(ctx context.Context) {
	var rest []byte // taken and not written yet
	failing, lost := false, 0
	retry := time.NewTimer(retryEvery)
	defer retry.Stop()
	for {
		last := ctx.Err() != nil
		var err error
		rest, err = l.flush(rest)
		switch {
		case err != nil && !failing:
			lost = l.Lost()
			l.log.Error("the queue_log cannot be written; its lines wait, and it is tried again: "+remedy(err), "file", l.file.name, "error", err)
		case err == nil && failing:
			l.log.Info("the queue_log is written again", "file", l.file.name, "lines_lost", l.Lost()-lost)
		}
		failing = err != nil
		if last {
			l.end(rest)
			return
		}
		l.wait(ctx, failing, retry)
	}
}

// wait returns when there is something to do; while the file fails that is only a while later, or when it is to be opened anew.
func (l *Log) wait(ctx context.Context, failing bool, retry *time.Timer) {
	wake := l.wake
	if failing {
		wake = nil
		retry.Reset(retryEvery)
	} else {
		retry.Stop()
	}
	select {
	case <-wake:
	case <-retry.C:
	case <-l.reopen:
		l.file.close()
		if err := l.file.ready(); err != nil { // the next write says it
			l.log.Debug("the queue_log cannot be opened again", "file", l.file.name, "error", err)
		}
	case <-ctx.Done():
	}
}

// flush writes what is left of before, and what waits.
func (l *Log) flush(rest []byte) ([]byte, error) {
	for {
		if len(rest) == 0 {
			rest = l.take()
		}
		if len(rest) == 0 {
			return nil, nil
		}
		var err error
		if rest, err = l.file.write(rest); err != nil {
			return rest, err
		}
	}
}

// end closes the file. What could not be written is gone.
func (l *Log) end(rest []byte) {
	l.file.close()
	if n := bytes.Count(rest, []byte{'\n'}) + bytes.Count(l.take(), []byte{'\n'}); n > 0 {
		l.log.Error("lines of the queue_log were not written before the end", "file", l.file.name, "lines", n)
	}
}
