package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	telephoneRate = 8000
	maxWAV        = 32 << 20
)

// The formats that are read. An extensible one tells its real format behind the rest.
const (
	pcm        = 1
	float      = 3
	extensible = 0xfffe
)

// wav is a WAV file taken apart.
type wav struct {
	format, channels, bits int
	rate                   int
	data                   []byte
}

// parseWAV reads the RIFF chunks. A data chunk that claims more than there is, as engines write to a pipe, ends with the file.
func parseWAV(b []byte) (wav, error) {
	var w wav
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return w, errors.New("this is not a WAV file")
	}
	for b = b[12:]; len(b) >= 8; {
		id, size := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:8]))
		b = b[8:]
		if size > int64(len(b)) {
			if id != "data" {
				return w, errors.New("the WAV file is cut off")
			}
			size = int64(len(b))
		}
		chunk := b[:size]
		switch id {
		case "fmt ":
			if size < 16 {
				return w, errors.New("the WAV file has no proper format")
			}
			w.format, w.channels = int(binary.LittleEndian.Uint16(chunk)), int(binary.LittleEndian.Uint16(chunk[2:]))
			w.rate, w.bits = int(binary.LittleEndian.Uint32(chunk[4:])), int(binary.LittleEndian.Uint16(chunk[14:]))
			if w.format == extensible && size >= 26 {
				w.format = int(binary.LittleEndian.Uint16(chunk[24:]))
			}
		case "data":
			if w.rate == 0 {
				return w, errors.New("the WAV file has its data before its format")
			}
			w.data = chunk
			return w, nil
		}
		b = b[min(size+size&1, int64(len(b))):]
	}
	return w, errors.New("the WAV file has no data")
}

// telephone tells whether Asterisk plays the file as it is.
func (w wav) telephone() bool {
	return w.format == pcm && w.channels == 1 && w.rate == telephoneRate && w.bits == 16
}

func (w wav) duration() time.Duration {
	if w.rate == 0 || w.channels == 0 || w.bits < 8 {
		return 0
	}
	return time.Duration(len(w.data)) * time.Second / time.Duration(w.rate*w.channels*w.bits/8)
}

// forTelephone brings the sound into the telephone's form: one channel, 8000 Hz, 16 bits.
func (w wav) forTelephone() ([]int16, error) {
	size := w.bits / 8
	known := w.format == pcm && (size >= 1 && size <= 4) && w.bits%8 == 0 || w.format == float && w.bits == 32
	if !known || w.channels < 1 || w.channels > 8 {
		return nil, fmt.Errorf("this WAV file cannot be read (format %d, %d channels, %d bits); PCM can: sox in.wav -r 8000 -c 1 -b 16 -e signed out.wav",
			w.format, w.channels, w.bits)
	}
	frame := size * w.channels
	out := make([]int16, len(w.data)/frame)
	for i := range out {
		sum := 0.0
		for c := range w.channels {
			sum += w.sample(w.data[i*frame+c*size:], size)
		}
		out[i] = int16(math.Round(max(math.MinInt16, min(math.MaxInt16, sum/float64(w.channels)))))
	}
	return resample(out, w.rate)
}

// sample reads one sample and brings it to the size of 16 bits.
func (w wav) sample(b []byte, size int) float64 {
	switch {
	case w.format == float:
		f := float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		if math.IsNaN(f) {
			return 0
		}
		return f * 32768
	case size == 1:
		return (float64(b[0]) - 128) * 256
	case size == 2:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case size == 3:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	}
	return float64(int32(binary.LittleEndian.Uint32(b))) / 65536
}

// telephoneWAV writes samples as an 8000 Hz mono 16 bit WAV file.
func telephoneWAV(samples []int16) []byte {
	n := 2 * len(samples)
	b := make([]byte, 0, 44+n)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+n))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, telephoneRate)
	b = binary.LittleEndian.AppendUint32(b, 2*telephoneRate)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
