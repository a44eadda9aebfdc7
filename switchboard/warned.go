package switchboard

import (
	"log/slog"
	"sync"
	"time"
)

// What every caller meets is not said for each of them: once, and then how often it was in the time since.
const (
	warnEvery = 10 * time.Minute
	warnKinds = 256 // that are remembered; others are said each time
)

// warned is what was said in the log lately.
type warned struct {
	mu   sync.Mutex
	last map[string]*repeats
}

// repeats is since when something has not been said, and how often it was not.
type repeats struct {
	said time.Time
	n    int
}

// warn says what is wrong, with its error, unless the same was said less than warnEvery ago: then it is counted, and told when it is said again.
// same tells what is the same fault.
func (w *warned) warn(log *slog.Logger, now time.Time, what, same string, err error, args ...any) {
	key := what + "\x00" + same
	w.mu.Lock()
	r := w.last[key]
	if r != nil && now.Sub(r.said) < warnEvery {
		r.n++
		w.mu.Unlock()
		return
	}
	n := 0
	if r != nil {
		n = r.n
	}
	w.keep(key, now)
	w.mu.Unlock()
	if n > 0 {
		args = append(args, "repeated", n)
	}
	log.Warn(what, append(args, "error", err)...)
}

// keep notes that something is said now. What was not wrong any more for long is forgotten first.
func (w *warned) keep(key string, now time.Time) {
	if w.last == nil {
		w.last = map[string]*repeats{}
	}
	if w.last[key] == nil && len(w.last) >= warnKinds {
		for k, r := range w.last {
			if now.Sub(r.said) >= warnEvery {
				delete(w.last, k)
			}
		}
		if len(w.last) >= warnKinds {
			return
		}
	}
	w.last[key] = &repeats{said: now}
}
