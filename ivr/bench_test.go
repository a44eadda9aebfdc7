package ivr

import (
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
