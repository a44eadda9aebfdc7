package pbxtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// lookupFault is what Asterisk logs when a name server keeps it waiting: each
// call then stalls for seconds, and any measurement is of that.
const lookupFault = "Unable to lookup"

// watch follows an instance's log for the faults that make its results worthless.
type watch struct {
	quit, done chan struct{}

	mu  sync.Mutex
	err error
}

func startWatch(path string) *watch {
	w := &watch{quit: make(chan struct{}), done: make(chan struct{})}
	go w.follow(path)
	return w
}

func (w *watch) stop() {
	close(w.quit)
	<-w.done
}

func (w *watch) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *watch) follow(path string) {
	defer close(w.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var reader *bufio.Reader
	var partial string
	for {
		if reader == nil {
			if f, err := os.Open(path); err == nil {
				defer func() { _ = f.Close() }() // opened once: reader is set from here on
				reader = bufio.NewReader(f)
			}
		}
		if reader != nil {
			partial = w.readLines(reader, partial)
		}
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
	}
}

// readLines takes in all complete lines and returns the start of the last one.
func (w *watch) readLines(r *bufio.Reader, partial string) string {
	for {
		text, err := r.ReadString('\n')
		partial += text
		if err != nil {
			if !errors.Is(err, io.EOF) {
				w.report(fmt.Errorf("read asterisk's log: %w", err))
			}
			return partial
		}
		if strings.Contains(partial, lookupFault) {
			w.report(fmt.Errorf("asterisk waits for a name server at each call, so nothing it does is representative: "+
				"put the names it looks up into /etc/hosts; its log says: %s", strings.TrimSpace(partial)))
		}
		partial = ""
	}
}

func (w *watch) report(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
		fmt.Fprintln(os.Stderr, "pbxtest:", err)
	}
}
