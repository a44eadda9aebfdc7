package shadow

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// What is left of some spans without others is each second that is in the one and not in the other.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	draw := func() (list []Span) {
		for range r.IntN(8) {
			from := r.IntN(60)
			list = append(list, Span{at(float64(from)), at(float64(from + 1 + r.IntN(12)))})
		}
		return list
	}
	in := func(list []Span, s int) bool {
		return slices.ContainsFunc(list, func(x Span) bool { return !at(float64(s)).Before(x.From) && at(float64(s)).Before(x.To) })
	}
	for range 2000 {
		a, b := draw(), draw()
		rest := without(merged(a), merged(b))
		for s := range 80 {
			if in(merged(a), s) != in(a, s) || in(rest, s) != (in(a, s) && !in(b, s)) {
				t.Fatalf("%v without %v is %v, at %d", a, b, rest, s)
			}
		}
	}
}

// Who is busy with calls of no queue, with calls of queues that ctid does not have, whose phone is not there, or rings in vain, is not
// to be had.
func TestShifts(t *testing.T) {
	span := func(from, to float64) Span { return Span{at(from), at(to)} }
	s := &shift{duties: []turn[duty]{{at(0), on}, {at(100), paused}, {at(150), on}, {at(400), off}},
		states:  []turn[Device]{{at(20), DeviceBusy}, {at(61), DeviceFree}, {at(200), DeviceBusy}, {at(240), DeviceFree}, {at(300), DeviceAway}},
		engaged: []Span{span(20.5, 60)}, alien: []Span{span(90, 110)},
		rings: []ringing{{span(250, 252), pickedUp}, {span(260, 275), rangInVain}, {span(276, 277), cutShort}, {span(280, 295), rangInVain}, {span(330, 331), pickedUp}}}
	if got, want := s.elsewhere(at(500)), []Span{span(90, 110), span(200, 240), span(300, 500)}; !slices.Equal(got, want) {
		t.Errorf("elsewhere %v, not %v", got, want)
	}
	want := []turn[duty]{{at(0), on}, {at(90), paused}, {at(150), on}, {at(200), paused}, {at(240), on}, {at(300), paused}, {at(400), off}}
	if got := wishes(s, at(500)); !slices.Equal(got, want) {
		t.Errorf("he wants %v, not %v", got, want)
	}
	if got, want := s.away(), []absence{{span(252, 295), 15 * time.Second}}; !slices.Equal(got, want) {
		t.Errorf("away %v, not %v", got, want)
	}
}
