package media

import "encoding/binary"

// samples are those of a sound in the telephone's form.
func (w wav) samples() []int16 {
	out := make([]int16, len(w.data)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(w.data[2*i:]))
	}
	return out
}
