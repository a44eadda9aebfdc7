package media

import (
	"bytes"
	"encoding/binary"
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

// Whatever a WAV file holds its samples in, the same sound comes out.
func TestForms(t *testing.T) {
	want := tone(500, 8000, 800)
	form := func(format, channels, bits int, put func(b []byte, s int16) []byte) wav {
		w := wav{format: format, channels: channels, bits: bits, rate: telephoneRate}
		for _, s := range want {
			for range channels {
				w.data = put(w.data, s)
			}
		}
		return w
	}
	for name, w := range map[string]wav{
		"16 bits stereo": form(pcm, 2, 16, func(b []byte, s int16) []byte { return binary.LittleEndian.AppendUint16(b, uint16(s)) }),
		"8 bits":         form(pcm, 1, 8, func(b []byte, s int16) []byte { return append(b, byte(int(s)>>8+128)) }),
		"24 bits":        form(pcm, 1, 24, func(b []byte, s int16) []byte { return append(b, 7, byte(s), byte(uint16(s)>>8)) }),
		"32 bits":        form(pcm, 1, 32, func(b []byte, s int16) []byte { return binary.LittleEndian.AppendUint32(b, uint32(int32(s)<<16)) }),
		"float stereo": form(float, 2, 32, func(b []byte, s int16) []byte {
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(s)/32768))
		}),
	} {
		got, err := w.forTelephone()
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d samples, %v", name, len(got), err)
			continue
		}
		for i := range got {
			if d := int(got[i]) - int(want[i]); d > 256 || d < -256 {
				t.Errorf("%s: sample %d is %d, not %d", name, i, got[i], want[i])
				break
			}
		}
	}
	for _, w := range []wav{{format: 7, channels: 1, bits: 8, rate: 8000}, {format: pcm, channels: 9, bits: 16, rate: 8000},
		{format: pcm, channels: 1, bits: 12, rate: 8000}, {format: float, channels: 1, bits: 64, rate: 8000}, {format: pcm, channels: 1, bits: 16, rate: 4000}} {
		if _, err := w.forTelephone(); err == nil {
			t.Errorf("%+v is taken", w)
		}
	}
}

func FuzzParseWAV(f *testing.F) {
	f.Add(telephoneWAV(tone(500, 8000, 10)))
	f.Add(bytes.Repeat([]byte("RIFF"), 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := parseWAV(b)
		if err != nil {
			return
		}
		if w.rate > 48000 { // the filter's length grows with it
			w.rate = 48000
		}
		if s, err := w.forTelephone(); err == nil && len(s) > len(b) || w.duration() < 0 {
			t.Errorf("%+v", w)
		}
	})
}
