package media

import (
	"bytes"
	"math"
	"testing"
)

// The low-pass keeps speech and shuts out what would fold: 5,000 Hz would come back as 3,000 Hz.
func TestResample(t *testing.T) {
	for _, rate := range []int{16000, 22050, 24000, 44100, 48000} {
		for _, c := range []struct {
			hz       float64
			from, to float64 // dB
		}{{300, -0.1, 0.1}, {1000, -0.1, 0.1}, {3300, -0.5, 0.1}, {4100, -200, -50}, {5000, -200, -60}, {7000, -200, -60}} {
			out, err := resample(tone(c.hz, rate, rate), rate)
			if err != nil || len(out) != 8000 {
				t.Fatalf("%d samples, %v", len(out), err)
			}
			sum := 0.0
			for _, s := range out[1000:7000] {
				sum += float64(s) * float64(s)
			}
			db := 20 * math.Log10(math.Max(math.Sqrt(sum/6000*2)/10000, 1e-9))
			if db < c.from || db > c.to {
				t.Errorf("%d Hz, tone of %.0f Hz: %.2f dB, want %.1f to %.1f", rate, c.hz, db, c.from, c.to)
			}
		}
	}
	if _, err := resample(nil, 4000); err == nil {
		t.Error("4000 Hz is taken")
	}
}

func FuzzParseWAV(f *testing.F) {
	f.Add(telephoneWAV(tone(500, 8000, 10)))
	f.Add(bytes.Repeat([]byte("RIFF"), 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := parseWAV(b)
		if err == nil && (len(w.samples()) > len(b) || w.duration() < 0) {
			t.Errorf("%+v", w)
		}
	})
}
