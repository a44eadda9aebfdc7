package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	rate    = 8000 // Hz, what Asterisk plays without converting
	wavHead = 44   // bytes before the samples in what wav writes
)

// checkWAV says why Asterisk could not play a recording, or nil: it must be RIFF WAVE, PCM, 8 kHz, mono, 16 bit.
func checkWAV(b []byte) error {
	_, from, err := readWAV(b)
	if err == nil && from != rate {
		err = fmt.Errorf("it has %d Hz; Asterisk plays 8000 Hz, mono, 16 bit: sox in.wav -r 8000 -c 1 -b 16 out.wav", from)
	}
	return err
}

// readWAV returns the samples and their rate. A synthesiser that writes to a pipe cannot know the length; then the
// samples go to the end.
func readWAV(b []byte) (pcm []int16, hz int, err error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, 0, errors.New("it is no WAV file")
	}
	for p := 12; p+8 <= len(b); {
		id, n := string(b[p:p+4]), int(binary.LittleEndian.Uint32(b[p+4:p+8]))
		p += 8
		switch id {
		case "fmt ":
			if n < 16 || p+16 > len(b) {
				return nil, 0, errors.New("it is a broken WAV file")
			}
			format, channels, bits := binary.LittleEndian.Uint16(b[p:]), binary.LittleEndian.Uint16(b[p+2:]), binary.LittleEndian.Uint16(b[p+14:])
			if format != 1 || channels != 1 || bits != 16 {
				return nil, 0, fmt.Errorf("it has format %d, %d channels, %d bit; PCM, mono, 16 bit is played: sox in.wav -r 8000 -c 1 -b 16 out.wav", format, channels, bits)
			}
			hz = int(binary.LittleEndian.Uint32(b[p+4:]))
		case "data":
			if hz == 0 {
				return nil, 0, errors.New("it is a broken WAV file")
			}
			n = min(n, len(b)-p)
			pcm = make([]int16, n/2)
			for i := range pcm {
				pcm[i] = int16(binary.LittleEndian.Uint16(b[p+2*i:])) //nolint:gosec // the same 16 bits
			}
			return pcm, hz, nil
		}
		if p += n + n%2; n < 0 {
			break
		}
	}
	return nil, 0, errors.New("it is a broken WAV file")
}

// wav is a WAV file of 8 kHz, mono, 16 bit.
func wav(pcm []int16) []byte {
	b := make([]byte, 0, wavHead+2*len(pcm))
	le := binary.LittleEndian
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(wavHead-8+2*len(pcm))) //nolint:gosec // speech is capped at minutes
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, 2*rate)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*len(pcm))) //nolint:gosec // see above
	for _, s := range pcm {
		b = le.AppendUint16(b, uint16(s)) //nolint:gosec // the same 16 bits
	}
	return b
}

// taps is half the length of the low-pass that resample uses, in periods of the lower rate.
const taps = 16

// resample converts samples from one rate to another with a windowed-sinc low-pass at nine tenths of the lower
// Nyquist frequency, so that nothing above it folds back.
func resample(in []int16, from, to int) []int16 {
	if from == to || len(in) == 0 {
		return in
	}
	cut := 0.9 * math.Min(1, float64(to)/float64(from)) // as a share of the input's Nyquist frequency
	half := float64(taps) / math.Min(1, float64(to)/float64(from))
	out := make([]int16, int(int64(len(in))*int64(to)/int64(from)))
	for i := range out {
		at := float64(i) * float64(from) / float64(to)
		sum, weight := 0.0, 0.0
		for j := int(math.Ceil(at - half)); j <= int(at+half); j++ {
			x := at - float64(j)
			w := sinc(cut*x) * (0.54 + 0.46*math.Cos(math.Pi*x/half))
			weight += w
			if j >= 0 && j < len(in) {
				sum += w * float64(in[j])
			}
		}
		out[i] = int16(math.Max(-32768, math.Min(32767, math.Round(sum/weight))))
	}
	return out
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}
