package demo

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// progress shows on a terminal that something takes its time, and says so once elsewhere; the function it returns ends it.
func (s *show) progress(what string) func() {
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		start, tick := time.Now(), time.NewTicker(time.Second)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-quit:
				if shown && s.Terminal {
					fmt.Fprint(s.Err, "\r\033[K")
				}
				return
			case <-tick.C:
				switch {
				case s.Terminal:
					fmt.Fprintf(s.Err, "\r%s … %.0f s", what, time.Since(start).Seconds())
				case !shown:
					s.say("%s …", what)
				}
				shown = true
			}
		}
	})
	return func() { close(quit); wg.Wait() }
}

// tailLog prints what the daemon has complained of last.
func (s *show) tailLog() {
	const most = 20
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return
	}
	var bad []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			bad = append(bad, strings.TrimRight(line, "\n"))
		}
	}
	if len(bad) > 0 {
		s.say("The daemon's last complaints:\n%s", strings.Join(bad[max(0, len(bad)-most):], "\n"))
	}
}
