package hear

import (
	"cmp"
	"math"
	"slices"
	"time"

	"ctid/pbxtest"
)

// A prompt is looked for in three steps. Normalised cross-correlation of its
// first part finds where it may begin. From there it is compared piece by
// piece, each piece free to drift a little against the one before, as frames
// get dropped or added on the way; where the pieces stop being alike, because
// the prompt was cut, the match ends. The score is that of the worst pieces
// that were played, so that one other word in a long sentence tells.
const (
	// piece is how much is compared at a time: about a word.
	piece = pbxtest.Rate * 4 / 10
	hop   = piece / 2
	// drift is how far a piece may lie from where the one before it says: three frames lost or repeated.
	drift = pbxtest.Rate * 60 / 1000
	// head is how much of a prompt's beginning is searched for.
	head = pbxtest.Rate * 12 / 10
	// a piece below this share of the prompt's loudness says nothing
	quiet = 0.1
	// what was heard is over when it stays below silence for this long
	pause = pbxtest.Rate * 3 / 10
	// a score below this can't become a match
	hopeless = 0.5
	// the search and the first look at each piece go over audio thinned to 2 kHz
	thin = 4
	// starts is how many places of the head are tried.
	starts = 4
)

// Same is the score from which on the prompt heard is the prompt meant.
const Same = 0.8

// Match says how well a prompt fits what was received.
type Match struct {
	Name string
	// Score is 0 … 1: how alike the worst 0.4 s are of what was played.
	Score float64
	// Start is where in the received audio the prompt begins, Duration how much
	// of it was played: until it ended, the caller's line fell silent, or the
	// audio ended. Prefix is how much of it fits before the first piece that
	// does not: where another prompt followed at once, that is where it was cut.
	Start, Duration, Prefix time.Duration
	// Whole is true when it was played to its end.
	Whole bool
}

// Recognise looks for each of the prompts in the received audio and returns
// them best first; of equals the one of which more was played, then by name.
// Several prompts may have been played one after the other; each is judged
// where it fits best. Silence before and behind a prompt does not count.
func Recognise(received []int16, prompts map[string][]int16) []Match {
	in := newTrack(floats(received))
	var matches []Match
	for name, pcm := range prompts {
		m := find(in, newTrack(trim(floats(pcm))))
		m.Name = name
		matches = append(matches, m)
	}
	slices.SortFunc(matches, func(a, b Match) int {
		if math.Abs(a.Score-b.Score) > tie {
			return cmp.Compare(b.Score, a.Score)
		}
		return cmp.Or(whole(b)-whole(a), cmp.Compare(b.Duration, a.Duration), cmp.Compare(a.Name, b.Name))
	})
	return matches
}

// tie is how near two scores are of which neither is the better.
const tie = 0.02

func whole(m Match) int {
	if m.Whole {
		return 1
	}
	return 0
}

// find judges a prompt at the places where its head fits best.
func find(in, prompt track) Match {
	var best Match
	for _, start := range places(in, prompt) {
		if m := judge(in, prompt, start); better(m, best) {
			best = m
		}
	}
	return best
}

// better prefers the better score; of two that are no match, that of which
// more fits from its beginning.
func better(a, b Match) bool {
	if a.Score < Same && b.Score < Same && a.Prefix != b.Prefix {
		return a.Prefix > b.Prefix
	}
	return a.Score > b.Score
}

// places returns the starts in the received audio at which the prompt's head
// correlates best. A prompt cut early has only a part of its head there, so
// that shorter heads are tried as well.
func places(in, prompt track) []int {
	var found []int
	for length := min(head, len(prompt.full)) / thin; length >= min(piece, len(prompt.full))/thin && length > 0; length /= 2 {
		if length > len(in.low) {
			continue
		}
		for _, p := range peaks(normalised(in.low, prompt.low[:length])) {
			p *= thin
			if !slices.ContainsFunc(found, func(f int) bool { return p > f-drift && p < f+drift }) {
				found = append(found, p)
			}
		}
	}
	return found
}

// track is audio at 8 kHz and thinned to 2 kHz.
type track struct{ full, low []float64 }

//go:norace
func newTrack(pcm []float64) track {
	low := make([]float64, len(pcm)/thin)
	for i := range low {
		for _, v := range pcm[i*thin : (i+1)*thin] {
			low[i] += v / thin
		}
	}
	return track{full: pcm, low: low}
}

// cut is the part of a track between two samples.
func (t track) cut(from, to int) track {
	return track{full: t.full[from:to], low: t.low[min(len(t.low), from/thin):min(len(t.low), to/thin)]}
}

// normalised is the correlation of a template with each place of the input
// that holds all of it, -1 … 1.
//
//go:norace
func normalised(in, template []float64) []float64 {
	c := correlate(in, template)[len(template)-1 : len(in)]
	energy := sum2(template)
	var window float64
	for _, v := range in[:len(template)] {
		window += v * v
	}
	for i := range c {
		if i > 0 {
			window += in[i+len(template)-1]*in[i+len(template)-1] - in[i-1]*in[i-1]
		}
		if floor := float64(len(template)) * silence * silence / thin; window < floor || energy < floor {
			c[i] = 0
			continue
		}
		c[i] /= math.Sqrt(window * energy)
	}
	return c
}

// peaks are the best few places, no two of them within half a piece.
//
//go:norace
func peaks(c []float64) []int {
	var found []int
	for range starts {
		best := -1
		for i, v := range c {
			near := slices.ContainsFunc(found, func(f int) bool { return i > f-hop/thin && i < f+hop/thin })
			if !near && v > 0 && (best < 0 || v > c[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		found = append(found, best)
	}
	return found
}

// judge compares the prompt piece by piece with the input from start on.
func judge(in, prompt track, start int) Match {
	loud := rms(prompt.full)
	played := heard(in.full, prompt.full, start)
	if played < min(piece, len(prompt.full)*3/4) {
		return Match{} // of so little anything could be said
	}
	at, prefix, scores := start, -1, []float64{}
	for from := 0; from < played; from += hop {
		to := min(from+piece, played)
		if to-from < piece/2 && from > 0 {
			break // the rest was in the piece before
		}
		p := prompt.cut(from, to)
		if rms(p.full) < max(silence, quiet*loud) {
			continue
		}
		score, shift := align(in, p, at+from)
		if score < Same && score > 0.4 { // half of it may fit
			score = max(score, split(in, p, at+from))
		}
		if score > 0.5 { // a piece that is not alike says nothing of the time
			at += shift
		}
		if score < Same && prefix < 0 {
			prefix = from
		}
		scores = append(scores, score)
		if prefix >= 0 && len(scores) > 1 && worst(scores) < hopeless {
			break // what follows can only lower it
		}
	}
	if len(scores) == 0 {
		return Match{}
	}
	if prefix < 0 {
		prefix = played
	}
	return Match{
		Score: worst(scores), Start: duration(start), Duration: duration(played), Prefix: duration(prefix),
		Whole: played >= len(prompt.full)-pbxtest.Rate/20,
	}
}

// heard is how much of the prompt was played from start on: until the input
// falls silent for longer than the prompt does.
func heard(in, prompt []float64, start int) int {
	end := min(len(prompt), len(in)-start)
	const step = pbxtest.Rate / 50
	silent := 0
	for from := 0; from+step <= end; from += step {
		mute := rms(in[start+from:start+from+step]) < silence
		spoken := rms(prompt[from:from+step]) >= 2*silence
		switch {
		case mute && spoken:
			silent += step
		case !mute:
			silent = 0
		}
		if silent >= pause/2 {
			return max(0, from+step-silent)
		}
	}
	return end
}

// align compares a piece with the input around at and returns the best
// correlation and where it was relative to at: the best few places of the
// thinned audio are looked at closely, and at itself, for of a hiss little is
// left in it.
func align(in, p track, at int) (score float64, shift int) {
	type place struct {
		lag   int
		score float64
	}
	best := [4]place{} // the last one is at itself
	for lag := -drift / thin; lag <= drift/thin; lag++ {
		p := place{lag * thin, alike(in.low, p.low, at/thin+lag)}
		for i := range best[:3] {
			if p.score > best[i].score {
				p, best[i] = best[i], p
			}
		}
	}
	for _, r := range best {
		for lag := r.lag - thin; lag <= r.lag+thin; lag++ {
			if s := alike(in.full, p.full, at+lag); s > score {
				score, shift = s, lag
			}
		}
	}
	return score, shift
}

// alike is the correlation of a piece with the input at a place, 0 … 1.
//
//go:norace
func alike(in, p []float64, at int) float64 {
	if at < 0 || at+len(p) > len(in) {
		return 0
	}
	var dot, ein, ep float64
	for i, v := range in[at : at+len(p)] {
		dot += v * p[i]
		ein += v * v
		ep += p[i] * p[i]
	}
	if floor := float64(len(p)) * silence * silence / thin; ein < floor || ep < floor {
		return 0
	}
	return max(0, dot/math.Sqrt(ein*ep))
}

// split compares a piece in two parts that may lie apart, as they do when a
// frame was dropped or came twice between them.
func split(in, p track, at int) float64 {
	var best float64
	step := len(p.full) / 8 / thin * thin
	for cut := step; cut > 0 && cut <= 7*step; cut += step {
		left, right := p.cut(0, cut), p.cut(cut, len(p.full))
		a, _ := align(in, left, at)
		b, _ := align(in, right, at+cut)
		ea, eb := sum2(left.full), sum2(right.full)
		best = max(best, (a*ea+b*eb)/max(1, ea+eb))
	}
	return best
}

// worst is the mean of the two worst scores, or the only one: one differing
// word lies in two pieces at least, while a single piece may suffer from a
// frame that was dropped inside it.
func worst(scores []float64) float64 {
	scores = slices.Sorted(slices.Values(scores))
	if len(scores) == 1 {
		return scores[0]
	}
	return (scores[0] + scores[1]) / 2
}

// trim cuts off the silence before and behind a prompt.
func trim(pcm []float64) []float64 {
	const step = pbxtest.Rate / 100
	for len(pcm) >= step && rms(pcm[:step]) < silence {
		pcm = pcm[step:]
	}
	for len(pcm) >= step && rms(pcm[len(pcm)-step:]) < silence {
		pcm = pcm[:len(pcm)-step]
	}
	return pcm
}

//go:norace
func floats(pcm []int16) []float64 {
	f := make([]float64, len(pcm))
	for i, v := range pcm {
		f[i] = float64(v)
	}
	return f
}

//go:norace
func sum2(x []float64) (s float64) {
	for _, v := range x {
		s += v * v
	}
	return s
}

func rms(x []float64) float64 { return math.Sqrt(sum2(x) / float64(max(1, len(x)))) }

func duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / pbxtest.Rate
}

func samples(d time.Duration) int { return int(d * pbxtest.Rate / time.Second) }
