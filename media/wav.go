package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	telephoneRate = 8000
	maxWAV        = 32 << 20
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
		case "data":
			if w.rate == 0 {
				return w, errors.New("the WAV file has its data before its format")
			}
			w.data = chunk[:len(chunk)&^1]
			return w, nil
		}
		b = b[min(size+size&1, int64(len(b))):]
	}
	return w, errors.New("the WAV file has no data")
}

// telephone refuses what Asterisk would not play as it is.
func (w wav) telephone() error {
	if w.format == 1 && w.channels == 1 && w.rate == telephoneRate && w.bits == 16 {
		return nil
	}
	return fmt.Errorf("it is %d Hz, %d channels, %d bits, format %d; recordings must be 8000 Hz mono 16 bit PCM: sox in.wav -r 8000 -c 1 -b 16 out.wav",
		w.rate, w.channels, w.bits, w.format)
}

func (w wav) duration() time.Duration {
	if w.rate == 0 || w.channels == 0 || w.bits < 8 {
		return 0
	}
	return time.Duration(len(w.data)) * time.Second / time.Duration(w.rate*w.channels*w.bits/8)
}

func (w wav) samples() []int16 {
	out := make([]int16, len(w.data)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(w.data[2*i:]))
	}
	return out
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
