package ivr

import (
	"runtime"
	"slices"
	"time"
)

const benchRounds = 5

func median(list []float64) (mid, low, high float64) {
	slices.Sort(list)
	return list[len(list)/2], list[0], list[len(list)-1]
}

func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// held is how many bytes of the heap what f makes keeps.
func held(f func() any) float64 {
	var before, after runtime.MemStats
	for range 3 { // what was freed before, with finalizers too, is not to be counted as gained
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	kept := f()
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}
