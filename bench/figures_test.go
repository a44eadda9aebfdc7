package bench

import (
	"fmt"
	"slices"
)

// median of a list that is not empty.
func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// spread prints a list as median and range.
func spread(list []float64) string {
	return fmt.Sprintf("%.4g (%.4g–%.4g)", median(list), slices.Min(list), slices.Max(list))
}
