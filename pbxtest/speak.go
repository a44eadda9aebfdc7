package pbxtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Speak has espeak-ng say a text and returns it at 8 kHz. The voice is one of
// espeak-ng's ("en", "de"); empty is English. The text goes over standard
// input, so that none of it is taken for an option.
func Speak(ctx context.Context, voice, text string) ([]int16, error) {
	if voice == "" {
		voice = "en"
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd, err := toolCommand(ctx, "espeak-ng", "-v", voice, "--stdin", "--stdout")
	if err != nil {
		return nil, err
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("espeak-ng: %w: %s", err, lastLines(errs.String(), 3))
	}
	pcm, rate, err := ReadWAV(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("espeak-ng: %w", err)
	}
	return resample(pcm, rate), nil
}

// ReadWAV returns the samples and the rate in Hz of a WAV file of 16 bit, mono.
func ReadWAV(file []byte) (pcm []int16, rate int, err error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, 0, errors.New("not a WAV file")
	}
	for rest := file[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		// A file written to a pipe has no true size in its header.
		body = body[:min(size, len(body))]
		switch {
		case name == "fmt " && len(body) >= 16:
			format, channels := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:])
			rate = int(binary.LittleEndian.Uint32(body[4:]))
			if bits := binary.LittleEndian.Uint16(body[14:]); format != 1 || channels != 1 || bits != 16 {
				return nil, 0, fmt.Errorf("WAV format %d with %d channels of %d bit: only PCM, mono, 16 bit is read", format, channels, bits)
			}
		case name == "data":
			if rate == 0 {
				return nil, 0, errors.New("WAV file without a format before its data")
			}
			pcm = make([]int16, len(body)/2)
			for i := range pcm {
				pcm[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return pcm, rate, nil
		}
		rest = rest[min(len(rest), 8+size+size%2):]
	}
	return nil, 0, errors.New("WAV file without data")
}

// resample brings audio to 8 kHz with a windowed sinc that ends at 3.6 kHz.
func resample(pcm []int16, rate int) []int16 {
	if rate == Rate {
		return pcm
	}
	const half = 24 // of the window, in samples of 8 kHz
	step := float64(rate) / Rate
	phases := map[int][]float64{} // the weights around a sample, by how far behind the input's sample it lies
	out := make([]int16, int(float64(len(pcm))/step))
	for i := range out {
		centre, phase := i*rate/Rate, i*rate%Rate
		if phases[phase] == nil {
			phases[phase] = weights(float64(phase)/Rate, half*step, 2*3600/float64(rate))
		}
		out[i] = int16(max(-32768, min(32767, math.Round(weighed(pcm, centre-int(half*step), phases[phase])))))
	}
	return out
}

// weights are those of the samples around a centre that lies so much of a sample behind one of them, half of them on each side; cut is where
// what passes ends, as a share of half the rate.
func weights(behind, half, cut float64) []float64 {
	w := make([]float64, 2*int(half)+1)
	for i := range w {
		x := float64(i-int(half)) - behind
		w[i] = (0.5 + 0.5*math.Cos(math.Pi*x/(half+1))) * cut * sinc(cut*x)
	}
	return w
}

// weighed is the sum of the samples from one on, each with its weight.
//
//go:norace
func weighed(pcm []int16, from int, weights []float64) (sum float64) {
	for i, w := range weights {
		if j := from + i; j >= 0 && j < len(pcm) {
			sum += float64(pcm[j]) * w
		}
	}
	return sum
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}
