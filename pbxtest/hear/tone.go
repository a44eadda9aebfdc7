// Package hear judges received audio: is it this tone, is it that prompt. All
// audio is 8 kHz, 16 bit.
package hear

import (
	"math"

	"ctid/pbxtest"
)

// PureTone is the purity from which on audio counts as a tone: through µ-law
// a sine has 0.99, and 0.9 allows for a cut at an end of the window.
const PureTone = 0.9

// MixedTone is the share from which on a tone counts as heard among others: of four alike each has a quarter, and what one
// leaks into the place of another is below a hundredth.
const MixedTone = 0.05

// Tone says how much of the audio's energy is a sine of the frequency in Hz:
// 0 … 1, by Goertzel's algorithm. Silence is 0.
//
//go:norace
func Tone(pcm []int16, hz float64) float64 {
	w := 2 * math.Pi * hz / pbxtest.Rate
	c := 2 * math.Cos(w)
	var s1, s2, energy float64
	for _, v := range pcm {
		x := float64(v)
		s1, s2 = x+c*s1-s2, s1
		energy += x * x
	}
	if energy < float64(len(pcm))*silence*silence {
		return 0
	}
	power := s1*s1 + s2*s2 - c*s1*s2
	return min(1, 2*power/(energy*float64(len(pcm))))
}

// silence is the amplitude (root mean square) below which nothing is heard.
const silence = 50.0

// Silent says whether nothing is to be heard in the audio.
func Silent(pcm []int16) bool { return rms(floats(pcm)) < silence }
