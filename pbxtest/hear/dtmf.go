package hear

import "ctid/pbxtest"

// The rows and columns of a telephone's keys, in Hz (ITU-T Q.23).
var (
	dtmfLow  = []float64{697, 770, 852, 941}
	dtmfHigh = []float64{1209, 1336, 1477, 1633}
)

const (
	dtmfKeys   = "123A456B789C*0#D"
	dtmfWindow = pbxtest.Rate / 50 // 20 ms
	dtmfLength = 2                 // windows from which on a key counts
)

// DTMF returns the keys whose tones are in the audio, in their order.
func DTMF(pcm []int16) string {
	var out []byte
	var last byte
	run := 0
	for ; len(pcm) >= dtmfWindow; pcm = pcm[dtmfWindow:] {
		key := dtmfKey(pcm[:dtmfWindow])
		if key != last {
			last, run = key, 0
		}
		if run++; key != 0 && run == dtmfLength {
			out = append(out, key)
		}
	}
	return string(out)
}

// dtmfKey is the key that sounds in a short piece of audio; 0 is none.
func dtmfKey(pcm []int16) byte {
	low, l := strongest(pcm, dtmfLow)
	high, h := strongest(pcm, dtmfHigh)
	if l < 0.2 || h < 0.2 || l+h < 0.7 {
		return 0
	}
	return dtmfKeys[4*low+high]
}

func strongest(pcm []int16, tones []float64) (which int, share float64) {
	for i, hz := range tones {
		if s := Tone(pcm, hz); s > share {
			which, share = i, s
		}
	}
	return which, share
}

// Keys is the sound of keys as a telephone without RFC 4733 sends them: each 100 ms, with as much silence behind.
func Keys(keys string) []int16 {
	var out []int16
	for _, k := range []byte(keys) {
		for i := range dtmfKeys {
			if dtmfKeys[i] == k {
				low, high := pbxtest.Tone(dtmfLow[i/4], pbxtest.Rate/10), pbxtest.Tone(dtmfHigh[i%4], pbxtest.Rate/10)
				for n := range low {
					out = append(out, low[n]/2+high[n]/2)
				}
				out = append(out, make([]int16, pbxtest.Rate/10)...)
			}
		}
	}
	return out
}
