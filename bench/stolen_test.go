//go:build long

package bench

import (
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Where the host of a virtual machine gave more than maxStolen of the processors to others, a measurement tells of them and not of
// what was measured: it is made again, whatever it gave and on either side alike, until spareTime is used up.
const (
	maxStolen = 0.1
	spareTime = 7 * time.Minute
)

// steadily makes a measurement, again where its processors were stolen, and adds the figures of the time with the least of that to
// f. The lost of all times count.
func (s *site) steadily(f figures, measure func(figures)) {
	var best figures
	least, lost := math.Inf(1), 0.0
	for {
		g, start, before := figures{}, time.Now(), stolenTime(s.t)
		measure(g)
		took := time.Since(start)
		stolen := (stolenTime(s.t) - before).Seconds() / took.Seconds() / float64(runtime.NumCPU())
		lost += g["lost"]
		if stolen < least {
			best, least = g, stolen
		}
		if least <= maxStolen || s.spare < took {
			break
		}
		s.spare -= took
		s.t.Logf("others on the host had %.0f %% of the processors: measured again", 100*stolen)
	}
	best["lost"] = f["lost"] + lost
	best["stolen"] = max(f["stolen"], 100*least)
	maps.Copy(f, best)
}

// stolenTime is how long in all the host has let processors of this machine wait; 0 where it does not say, as on a machine of one's own.
func stolenTime(t *testing.T) time.Duration {
	t.Helper()
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := strings.Cut(string(b), "\n")
	var user, nice, system, idle, iowait, irq, softirq, steal int64 // hundredths of a second, proc(5)
	if _, err := fmt.Sscanf(all, "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal); err != nil {
		t.Fatalf("/proc/stat: %v: %q", err, all)
	}
	return time.Duration(steal) * 10 * time.Millisecond
}
