package shadow

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// life is how long something lasts, estimated from times of which some were cut short before their end: the product-limit
// estimator of Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958). Behind the longest time
// seen nothing is known; there it goes on at the mean rate of all that was seen, as exponential times do.
type life struct {
	ends  []float64 // seconds, rising: when something ended
	share []float64 // of all, what lasts longer than each
	last  float64   // the longest time seen
	rate  float64   // ends a second; 0: none was seen, so what has not ended never does
}

// lifeOf estimates from times that were seen to their end, and times that were cut short.
func lifeOf(ended, cut []time.Duration) life {
	type seen struct {
		s     float64
		ended bool
	}
	var list []seen
	total := 0.0
	for _, d := range ended {
		list = append(list, seen{d.Seconds(), true})
	}
	for _, d := range cut {
		list = append(list, seen{d.Seconds(), false})
	}
	slices.SortFunc(list, func(a, b seen) int {
		if a.s == b.s && a.ended != b.ended { // what was cut short then had not ended then
			return map[bool]int{true: -1, false: 1}[a.ended]
		}
		return cmp.Compare(a.s, b.s)
	})
	var l life
	share := 1.0
	for i, x := range list {
		total += x.s
		if !x.ended {
			continue
		}
		share *= 1 - 1/float64(len(list)-i)
		if n := len(l.ends); n > 0 && l.ends[n-1] == x.s {
			l.share[n-1] = share
			continue
		}
		l.ends, l.share = append(l.ends, x.s), append(l.share, share)
	}
	if n := len(list); n > 0 {
		l.last = list[n-1].s
	}
	if total > 0 {
		l.rate = float64(len(ended)) / total
	}
	return l
}

// lasts is the share that lasts longer than so many seconds.
func (l life) lasts(s float64) float64 {
	share := 1.0
	if i := sort.Search(len(l.ends), func(i int) bool { return l.ends[i] > s }); i > 0 {
		share = l.share[i-1]
	}
	if s > l.last {
		share *= math.Exp(-l.rate * (s - l.last))
	}
	return share
}

// draw is how long it lasts that has lasted least already, by u, a number between 0 and 1: the share of such that lasts longer.
// false: for ever.
func (l life) draw(u float64, least time.Duration) (time.Duration, bool) {
	from := least.Seconds()
	have := l.lasts(from)
	if have <= 0 { // it has lasted longer than anything that was seen
		return l.beyond(math.Max(from, l.last), u)
	}
	want := u * have
	i := sort.Search(len(l.ends), func(i int) bool { return l.ends[i] > from && l.share[i] <= want })
	if i < len(l.ends) {
		return seconds(l.ends[i]), true
	}
	start := math.Max(from, l.last)
	return l.beyond(start, want/l.lasts(start))
}

// beyond is drawn behind everything that was seen.
func (l life) beyond(from, u float64) (time.Duration, bool) {
	if l.rate <= 0 {
		return 0, false
	}
	return seconds(from - math.Log(u)/l.rate), true
}

// longestDraw bounds what is drawn, in seconds: ten days.
const longestDraw = 10 * 24 * 3600

func seconds(s float64) time.Duration {
	return time.Duration(math.Min(s, longestDraw) * float64(time.Second))
}

// chance is a number between 0 and 1 that is always the same for the same use, thing and trial, and has nothing to do with any other.
func chance(seed uint64, trial int, use string, thing any) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %s %v", seed, trial, use, thing))
	return (float64(binary.BigEndian.Uint64(sum[:8])>>11) + 0.5) / (1 << 53)
}
