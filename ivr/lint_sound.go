package ivr

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"time"
	"unicode"
)

// promptIn is a prompt in a language.
type promptIn struct {
	p    *prompt
	lang string
}

// length is how long a prompt lasts, and how many characters of text stand for that.
type length struct {
	d     time.Duration
	chars float64 // weighed: a Chinese character takes longer than a letter
}

// How fast texts are promptIn, and how long what fills a hole takes.
const (
	lettersASecond = 14.0
	hanziASecond   = 4.0
	holeSeconds    = 2.0
)

// seconds estimates how long a text takes to say.
func seconds(text string) float64 {
	s := 0.0
	for _, c := range text {
		if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			s += 1 / hanziASecond
		} else {
			s += 1 / lettersASecond
		}
	}
	return s
}

func (t *template) seconds() float64 {
	s := 0.0
	for _, p := range t.pieces {
		if p.hole != nil {
			s += holeSeconds
		} else {
			s += seconds(p.text)
		}
	}
	return s
}

// lasting is how long a prompt is in a language: its recording, if the site has one, else an estimate from its text.
func (x *linter) lasting(p *prompt, lang string) length {
	key := promptIn{p, lang}
	if got, ok := x.lasts[key]; ok {
		return got
	}
	var out length
	if t := p.in(lang); t != nil {
		out.chars = t.seconds()
		out.d = time.Duration(out.chars * float64(time.Second))
		if !t.hasHoles() {
			if w, err := readWAV(x.sl.fsys, p.recording(lang)); err == nil && w.length > 0 {
				out.d = w.length
			}
		}
	}
	x.lasts[key] = out
	return out
}

// recording is where the prompt's recording lies.
func (p *prompt) recording(lang string) string { return soundFile(lang, p.base()) }

// recorded is IVR034: recordings in a form that Asterisk cannot play as they are, or made from another text. Beside a
// recording may lie NAME.txt, the text that was read; without it nothing is known of that. A text with holes has one for each
// fixed piece.
func (x *linter) recorded() {
	for _, p := range x.s.prompts {
		for _, t := range p.texts {
			if !t.text.hasHoles() {
				x.recordedAs(t.at, p.recording(t.lang), t.text.fixed())
				continue
			}
			for _, q := range t.text.cut(p.base()) {
				if q.File != "" {
					x.recordedAs(t.at, soundFile(t.lang, q.File), q.Text)
				}
			}
		}
	}
}

func (x *linter) recordedAs(at place, wav, text string) {
	w, err := readWAV(x.sl.fsys, wav)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		x.warnf(at, "IVR034", "recording %s is not 8 kHz mono: %s; convert it: sox in.wav -r 8000 -c 1 -b 16 out.wav", wav, err)
		return
	case w.rate != 8000 || w.channels != 1 || w.bits != 16 || w.format != 1:
		x.warnf(at, "IVR034", "recording %s is not 8 kHz mono, 16 bit: it has %d Hz, channels: %d, %d bit; convert it: sox in.wav -r 8000 -c 1 -b 16 out.wav",
			wav, w.rate, w.channels, w.bits)
	}
	b, err := fs.ReadFile(x.sl.fsys, wav[:len(wav)-len(".wav")]+".txt")
	if err == nil && normal(string(b)) != normal(text) {
		x.warnf(at, "IVR034", "recording %s is older than its text: it says %q; record it again, and write the new text beside it", wav, clip(normal(string(b)), 60))
	}
}

// wavInfo is what the header of a WAV file says.
type wavInfo struct {
	format, channels, bits int
	rate                   int
	length                 time.Duration
}

// maxChunks bounds how much of a WAV file is read before its sound begins.
const maxChunks = 64

// readWAV reads a header up to where the sound begins.
func readWAV(fsys fs.FS, name string) (w wavInfo, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var head [12]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return w, errors.New("it is no WAV file")
	}
	perSecond := uint32(0)
	for range maxChunks {
		var c [8]byte
		if _, err := io.ReadFull(f, c[:]); err != nil {
			return w, errors.New("it is cut short")
		}
		size := binary.LittleEndian.Uint32(c[4:])
		switch string(c[:4]) {
		case "data":
			if perSecond > 0 {
				w.length = time.Duration(float64(size) / float64(perSecond) * float64(time.Second))
			}
			return w, nil
		case "fmt ":
			b := make([]byte, 16)
			if _, err := io.ReadFull(f, b); err != nil || size < 16 {
				return w, errors.New("it is cut short")
			}
			w.format, w.channels = int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
			w.rate, w.bits = int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint16(b[14:]))
			perSecond = binary.LittleEndian.Uint32(b[8:])
			size -= 16
		}
		if _, err := io.CopyN(io.Discard, f, int64(size)+int64(size%2)); err != nil {
			return w, errors.New("it is cut short")
		}
	}
	return w, errors.New("its sound does not begin where it should")
}

const (
	firstChoiceBy  = 8 * time.Second  // of a menu's prompt
	longestMenu    = 25 * time.Second // of a menu's prompt
	longestLegal   = 10 * time.Second // of what cannot be interrupted
	longestInRound = 5 * time.Second  // of that, where callers come by again and again
)

// inSeconds writes a duration as whole seconds.
func inSeconds(d time.Duration) int { return int((d + time.Second/2) / time.Second) }

// longMenu is IVR036: prompts of menus that keep callers waiting for their choice.
func (x *linter) longMenu(st *step, q *question, keys []string) {
	for _, lang := range x.s.langs {
		var whole, first time.Duration
		found := false
		for _, p := range q.prompts {
			l := x.lasting(p, lang)
			if at, ok := firstOffer(p, lang, keys); ok && !found && l.chars > 0 {
				found = true
				first = whole + time.Duration(float64(l.d)*at/l.chars)
			}
			whole += l.d
		}
		switch {
		case whole > longestMenu:
			x.warnf(st.at, "IVR036", "in %s the prompt lasts %d s; callers remember little of more than %d s", lang, inSeconds(whole), inSeconds(longestMenu))
			return
		case found && first > firstChoiceBy:
			x.warnf(st.at, "IVR036", "in %s the first choice comes after %d s; say it within %d s", lang, inSeconds(first), inSeconds(firstChoiceBy))
			return
		}
	}
}

// uninterrupted is IVR041: what callers must hear out, if it is long, or if they come by it again.
func (x *linter) uninterrupted() {
	part, count := x.g.parts(every)
	size := make([]int, count)
	for v := range x.g.steps {
		size[part[v]]++
	}
	for v, st := range x.g.steps {
		var must time.Duration
		for _, lang := range x.s.langs {
			must = max(must, x.mustHear(st, lang))
		}
		loop := size[part[v]] > 1 || x.toItself(v)
		switch {
		case must > longestLegal:
			x.warnf(st.at, "IVR041", "%d s that cannot be interrupted; shorten it, or let a key stop it with barge_in: after 4s", inSeconds(must))
		case loop && must > longestInRound:
			x.warnf(st.at, "IVR041", "%d s that cannot be interrupted inside a loop; say it once, before the loop begins", inSeconds(must))
		}
	}
}

func (x *linter) toItself(v int) bool {
	for _, e := range x.g.edges[v] {
		if e.to == v {
			return true
		}
	}
	return false
}

// mustHear is how long a step speaks without letting a key stop it.
func (x *linter) mustHear(st *step, lang string) time.Duration {
	var d time.Duration
	add := func(ps []*prompt, own *barge, n int) {
		for _, p := range ps {
			if b := bargeOf(x.s, p, own); b.mode == "false" {
				d += time.Duration(n) * x.lasting(p, lang).d
			}
		}
	}
	switch a := st.do.(type) {
	case *playStep:
		if a.lang != "" {
			lang = a.lang
		}
		add(a.prompts, a.barge, a.times)
	case *sayStep:
		if a.barge != nil && a.barge.mode == "false" {
			if t := a.in(lang); t != nil {
				d += time.Duration(t.seconds() * float64(time.Second))
			}
		}
	default:
		if q := st.question(); q != nil {
			add(q.prompts, q.barge, 1)
		}
	}
	return d
}
