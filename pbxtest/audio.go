package pbxtest

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Rate is the sampling rate of all audio here, in Hz: the telephone network's.
const Rate = 8000

// The frequencies of an instance's music on hold, in Hz, one second each in turn.
const (
	HoldMusicLow  = 330.0
	HoldMusicHigh = 392.0
)

// Tone is n samples of a sine of the frequency in Hz at a quarter of full scale.
func Tone(hz float64, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(8192 * math.Sin(2*math.Pi*hz*float64(i)/Rate))
	}
	return pcm
}

// WAV wraps samples into a WAV file of 8 kHz, mono, 16 bit.
func WAV(pcm []int16) []byte {
	var b bytes.Buffer
	size := uint32(2 * len(pcm))
	b.WriteString("RIFF")
	for _, v := range []any{
		36 + size, [8]byte([]byte("WAVEfmt ")), uint32(16), uint16(1), uint16(1), uint32(Rate), uint32(2 * Rate), uint16(2), uint16(16),
		[4]byte([]byte("data")), size, pcm,
	} {
		_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}
