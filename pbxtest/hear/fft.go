package hear

import "math"

// fft transforms re+i·im in place; the length is a power of two. inverse
// leaves out the division by the length.
//
//go:norace
func fft(re, im []float64, inverse bool) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ { // bit reversal
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	sign := -1.0
	if inverse {
		sign = 1
	}
	for size := 2; size <= n; size <<= 1 {
		sin, cos := math.Sincos(sign * 2 * math.Pi / float64(size))
		for start := 0; start < n; start += size {
			wr, wi := 1.0, 0.0
			for k := start; k < start+size/2; k++ {
				m := k + size/2
				tr, ti := wr*re[m]-wi*im[m], wr*im[m]+wi*re[m]
				re[m], im[m] = re[k]-tr, im[k]-ti
				re[k], im[k] = re[k]+tr, im[k]+ti
				wr, wi = wr*cos-wi*sin, wr*sin+wi*cos
			}
		}
	}
}

// correlate returns c with c[lag+len(b)-1] = Σ a[i+lag]·b[i] for every lag at
// which the two overlap.
//
//go:norace
func correlate(a, b []float64) []float64 {
	size := 1
	for size < len(a)+len(b)-1 {
		size <<= 1
	}
	// One transform for both: a is the real part, b reversed the imaginary one.
	re, im := make([]float64, size), make([]float64, size)
	copy(re, a)
	for i, v := range b {
		im[len(b)-1-i] = v
	}
	fft(re, im, false)
	pr, pi := make([]float64, size), make([]float64, size)
	for k := range size {
		m := (size - k) & (size - 1)
		ar, ai := (re[k]+re[m])/2, (im[k]-im[m])/2
		br, bi := (im[k]+im[m])/2, (re[m]-re[k])/2
		pr[k], pi[k] = ar*br-ai*bi, ar*bi+ai*br
	}
	fft(pr, pi, true)
	out := pr[:len(a)+len(b)-1]
	for i := range out {
		out[i] /= float64(size)
	}
	return out
}
