package queuelog

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	lookEvery = time.Second // at whether the file is still where it was
	stuckFor  = time.Minute // before a rotation that failed is tried again
	maxWrite  = 64 << 10    // bytes in one write
)

// handle is an open file.
type handle interface {
	io.Writer
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// openFile opens the file for adding to it, and makes it where it is not there. Its group may read it: that is what it is for.
func openFile(name string) (handle, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640) //nolint:gosec // readers are in its group
}

// file is the file that lines are added to. Whoever moves it away, or removes it, finds a new one in its place.
type file struct {
	name string
	most int64 // bytes, after which another one is begun; 0: any number
	keep int   // how many full ones
	open func(name string) (handle, error)
	now  func() time.Time
	log  *slog.Logger

	h      handle // nil: not open
	size   int64
	looked time.Time
	torn   bool      // it ends within a line
	stuck  time.Time // until when no rotation is tried; zero: the last one worked
}

// write adds whole lines, and returns those that it could not.
func (f *file) write(lines []byte) (rest []byte, err error) {
	for len(lines) > 0 {
		if err := f.ready(); err != nil {
			return lines, err
		}
		n := whole(lines)
		if f.most > 0 && f.size > 0 && f.size+int64(n) > f.most && f.rotate() {
			continue
		}
		if f.torn {
			if _, err := f.h.Write([]byte{'\n'}); err != nil {
				return lines, err
			}
			f.torn, f.size = false, f.size+1
		}
		if m, err := f.h.Write(lines[:n]); err != nil {
			return f.mend(lines, m), err
		}
		lines = lines[n:]
	}
	return nil, nil
}

// whole is how many bytes of the lines are written at once: up to the end of a line.
func whole(lines []byte) int {
	if len(lines) <= maxWrite {
		return len(lines)
	}
	return bytes.LastIndexByte(lines[:maxWrite], '\n') + 1
}

// mend makes good for a write of which only m bytes were written: nothing of it stays, or else what is no whole line is
// ended later. It returns the lines that are still to be written.
func (f *file) mend(lines []byte, m int) []byte {
	if m == 0 {
		return lines
	}
	if st, err := f.h.Stat(); err == nil && st.Size() == f.size+int64(m) && f.h.Truncate(f.size) == nil {
		return lines
	}
	done := bytes.LastIndexByte(lines[:m], '\n') + 1
	f.torn = done < m
	return lines[done:]
}

// ready sees that the file is open, and that it is still the one of that name.
func (f *file) ready() error {
	now := f.now()
	if f.h != nil && now.Sub(f.looked) >= lookEvery {
		f.looked = now
		if !f.inPlace() {
			f.close()
		}
	}
	if f.h == nil {
		h, err := f.open(f.name)
		if err != nil {
			return err
		}
		f.h, f.looked, f.torn = h, now, endsTorn(h)
	}
	st, err := f.h.Stat()
	if err != nil {
		return err
	}
	f.size = st.Size() // others may add to it, or cut it
	return nil
}

func (f *file) inPlace() bool {
	there, err := os.Stat(f.name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	ours, err := f.h.Stat()
	return err == nil && os.SameFile(there, ours)
}

// endsTorn tells whether a file does not end with the end of a line: its writer was killed.
func endsTorn(h handle) bool {
	st, err := h.Stat()
	if err != nil || st.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = h.ReadAt(last[:], st.Size()-1)
	return err == nil && last[0] != '\n'
}

// close gives the file up; the next write opens it again.
func (f *file) close() {
	if f.h == nil {
		return
	}
	if err := errors.Join(f.h.Sync(), f.h.Close()); err != nil {
		f.log.Warn("the queue_log may lack its last lines", "file", f.name, "error", err)
	}
	f.h = nil
}

// rotate moves the full files on by one, and this one behind them. Where that fails it says so, and the file grows on.
func (f *file) rotate() bool {
	now := f.now()
	if now.Before(f.stuck) {
		return false
	}
	if err := f.shift(); err != nil {
		if f.stuck.IsZero() {
			f.log.Error("the queue_log is full and cannot be rotated, it grows on: let ctid's user rename files in its folder", "file", f.name, "error", err)
		}
		f.stuck = now.Add(stuckFor)
		return false
	}
	f.stuck = time.Time{}
	f.close()
	return true
}

func (f *file) shift() error {
	for n := f.keep; n > 1; n-- {
		if err := os.Rename(f.full(n-1), f.full(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(f.name, f.full(1))
}

// full is the name of a full file: 1 is the newest.
func (f *file) full(n int) string { return fullName(f.name, n) }

func fullName(name string, n int) string { return name + "." + strconv.Itoa(n) }

// remedy is what to do about a file that cannot be written.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on its file system"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "make its folder, or correct queue_log.file"
	case errors.Is(err, syscall.EROFS):
		return "mount its file system for writing, or correct queue_log.file"
	case errors.Is(err, fs.ErrPermission):
		return "let ctid's user write it and its folder, or correct queue_log.file"
	case errors.Is(err, syscall.EISDIR):
		return "queue_log.file names a folder: name a file"
	}
	return "see to its disk, or correct queue_log.file"
}

// tail is the end of the file, at most so many bytes, and before it what the last full one has, if that is not enough.
func tail(name string, most int64) ([]byte, error) {
	b, err := endOf(name, most)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if left := most - int64(len(b)); left > 0 {
		older, err := endOf(fullName(name, 1), left)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		b = append(older, b...)
	}
	return b, nil
}

// endOf is the end of a file, from the beginning of a line on.
func endOf(name string, most int64) ([]byte, error) {
	h, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer h.Close() //nolint:errcheck // opened for reading
	st, err := h.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil, err
	}
	from := max(0, st.Size()-most)
	b, err := io.ReadAll(io.NewSectionReader(h, from, most))
	if from > 0 {
		_, b, _ = bytes.Cut(b, []byte{'\n'})
	}
	if n := len(b); n > 0 && b[n-1] != '\n' {
		b = append(b, '\n')
	}
	return b, err
}
