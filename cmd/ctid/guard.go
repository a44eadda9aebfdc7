package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// beatVariable tells the child on which file descriptor its parent listens for its heart.
const beatVariable = "CTID_BEAT_FD"

// Times of the guard.
const (
	beatEvery   = time.Second      // the child's heart
	frozenAfter = 3 * time.Second  // without a beat the child is killed, which closes its sockets
	endTime     = 30 * time.Second // an orderly end that takes longer is taken for frozen
	crashCalm   = 10 * time.Second // a child that lived so long is started again at once
	crashPause  = 30 * time.Second // the longest pause before a start
)

// timerSlack is how much later than asked for the kernel may wake a thread of the daemon. Go's own watcher of its threads asks
// to be woken each 20 µs as long as anything runs: half of all of ctid's wakes, and a seventh of its processor time, taken from
// an Asterisk on the same machine. Nothing of ctid's needs a finer clock.
const timerSlack = 4 * time.Millisecond

// guard runs the daemon as a child and starts it again when it freezes or crashes. It opens no socket, no database and no
// log file: there is nothing in it that could freeze. A child that ends before its heart has beaten, or by itself with
// status 0, ends the guard with its status.
func guard(ctx context.Context, log *slog.Logger) error {
	runtime.LockOSThread() // the child dies with this thread, so this thread must live as long as the guard
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0); err != nil { // the child has it from this thread
		log.Warn("the daemon's clock stays finer than it needs", "error", err)
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for pause := time.Duration(0); ; {
		began := time.Now()
		end, err := runChild(ctx, hup, log)
		if err != nil {
			return err
		}
		if end.final || ctx.Err() != nil {
			return end.status()
		}
		if time.Since(began) > crashCalm {
			pause = 0
		}
		log.Error("the daemon has ended and is started again; the calls it had are taken over", "why", end.why, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return end.status()
		}
		pause = min(max(2*pause, time.Second), crashPause)
	}
}

// childEnd is how a child ended; final: it is not to be started again.
type childEnd struct {
	final bool
	code  int
	why   string
}

// status is the guard's own end: the child has already said why.
func (e childEnd) status() error {
	switch e.code {
	case statusGood:
		return nil
	case statusUsage:
		return usageError{errors.New(e.why)}
	}
	return errFindings
}

// runChild starts one child and stays with it until it has ended.
func runChild(ctx context.Context, hup <-chan os.Signal, log *slog.Logger) (childEnd, error) {
	exe, err := os.Executable()
	if err != nil {
		return childEnd{}, fmt.Errorf("starting the daemon: %w", err)
	}
	hear, beat, err := os.Pipe()
	if err != nil {
		return childEnd{}, fmt.Errorf("starting the daemon: %w", err)
	}
	defer hear.Close()                     //nolint:errcheck // read from only
	c := exec.Command(exe, os.Args[1:]...) //nolint:gosec,noctx // this very program with its own arguments; it gets SIGTERM when ctx ends
	c.Env = append(os.Environ(), beatVariable+"=3")
	c.ExtraFiles = []*os.File{beat}
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // signals come to it from here alone
	if err := c.Start(); err != nil {
		return childEnd{}, errors.Join(fmt.Errorf("starting the daemon: %w", err), beat.Close())
	}
	if err := beat.Close(); err != nil {
		log.Warn("closing the child's end of the pipe failed", "error", err)
	}
	beats := make(chan struct{}, 1)
	go listen(hear, beats) // ends with the child, whose end of the pipe is the only one
	exited := make(chan struct{})
	go func() { _ = c.Wait(); close(exited) }() // its state says all
	w := watch{child: c, log: log, beats: beats, exited: exited, hup: hup}
	return w.stay(ctx), nil
}

func listen(hear *os.File, beats chan<- struct{}) {
	b := make([]byte, 64)
	for {
		if _, err := hear.Read(b); err != nil {
			return
		}
		select {
		case beats <- struct{}{}:
		default:
		}
	}
}

// watch is a guard beside one child.
type watch struct {
	child  *exec.Cmd
	log    *slog.Logger
	beats  <-chan struct{}
	exited <-chan struct{}
	hup    <-chan os.Signal
	lived  bool // its heart has beaten
	killed bool // because it was frozen
}

func (w *watch) stay(ctx context.Context) childEnd {
	frozen := time.NewTimer(time.Hour)
	frozen.Stop()
	defer frozen.Stop()
	done := ctx.Done()
	for {
		select {
		case <-w.beats:
			w.lived = true
			frozen.Reset(frozenAfter)
		case <-frozen.C:
			w.log.Error("the daemon is frozen and is killed", "no_beat_for", frozenAfter, "pid", w.child.Process.Pid)
			w.killed = true
			_ = w.child.Process.Kill() // it may have ended this moment
		case <-w.hup:
			_ = w.child.Process.Signal(syscall.SIGHUP)
		case <-done:
			done = nil
			_ = w.child.Process.Signal(syscall.SIGTERM)
		case <-w.exited:
			return w.end()
		}
	}
}

func (w *watch) end() childEnd {
	s := w.child.ProcessState
	e := childEnd{code: s.ExitCode(), why: s.String()}
	if w.killed {
		e.why = "frozen"
	}
	e.final = s.Exited() && (e.code == statusGood || !w.lived)
	return e
}

// beatFile is the pipe to the guard, or nil where there is none.
func beatFile() *os.File {
	fd, err := strconv.Atoi(os.Getenv(beatVariable))
	if err != nil || fd < 3 {
		return nil
	}
	syscall.CloseOnExec(fd) // no child of ours may hold it open
	return os.NewFile(uintptr(fd), "beat")
}

// beat tells the guard each second that the desk has answered, until ctx ends. While the daemon stops there is no desk to
// ask: an orderly end takes the time it takes, up to endTime.
func (d *daemon) beat(ctx context.Context, to *os.File) {
	defer to.Close() //nolint:errcheck // the guard sees it closed either way
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var stopping time.Time
	for {
		good := d.sb.Probe(d.work) == nil
		if d.work.Err() != nil {
			if stopping.IsZero() {
				stopping = time.Now()
			}
			good = time.Since(stopping) < endTime
		}
		if good {
			if _, err := to.Write([]byte{'.'}); err != nil {
				d.log.Error("the guard is gone", "error", err)
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
