package voicemail

import (
	"encoding/binary"
	"errors"
	"time"
)

// What Asterisk records for us: 8000 samples a second, 16 bit, one channel.
const (
	rate      = 8000
	frame     = 160 // samples, 20 ms
	loudness  = 256 // mean height of a frame in which something is said, as Asterisk judges it
	loudLeast = 3   // such frames together; less is a click
)

// measure is how long a recording is, and for how long of it somebody speaks: from the first sound to the last.
func measure(file []byte) (length, said time.Duration, err error) {
	pcm, err := samples(file)
	if err != nil {
		return 0, 0, err
	}
	n := len(pcm) / 2
	first, last, run := -1, -1, 0
	for f := 0; (f+1)*frame <= n; f++ {
		sum := 0
		for i := f * frame; i < (f+1)*frame; i++ {
			v := int(int16(binary.LittleEndian.Uint16(pcm[2*i:])))
			sum += max(v, -v)
		}
		if sum/frame < loudness {
			run = 0
			continue
		}
		if run++; run >= loudLeast {
			last = f
			if first < 0 {
				first = f - run + 1
			}
		}
	}
	length = time.Duration(n) * time.Second / rate
	if first >= 0 {
		said = time.Duration(last-first+1) * frame * time.Second / rate
	}
	return length, said, nil
}

// samples finds the sound in a WAV file. A file that was cut off ends where it ends.
func samples(b []byte) ([]byte, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, errors.New("the recording is no WAV file")
	}
	known := false
	for b = b[12:]; len(b) >= 8; {
		id, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:8]))
		b = b[8:]
		switch {
		case id == "fmt " && size >= 16 && len(b) >= 16:
			known = binary.LittleEndian.Uint16(b) == 1 && binary.LittleEndian.Uint16(b[2:]) == 1 &&
				binary.LittleEndian.Uint32(b[4:]) == rate && binary.LittleEndian.Uint16(b[14:]) == 16
		case id == "data" && known:
			if size <= 0 || size > len(b) {
				size = len(b)
			}
			return b[:size&^1], nil
		}
		b = b[min(size+size&1, len(b)):]
	}
	return nil, errors.New("the recording is no WAV file of 8000 Hz, 16 bit, mono")
}
