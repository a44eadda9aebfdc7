package hear_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/diago/audio"

	"ctid/pbxtest"
	"ctid/pbxtest/hear"
)

// sentences are prompts as a call centre has them. Those of one group differ
// from the first in one word; prompts of different groups share no words that
// matter.
var sentences = [][]string{
	{
		"Welcome to the harbour office. For timetables press one, for lost property press two.",
		"Welcome to the harbour office. For timetables press one, for lost property press nine.",
		"Welcome to the harbour office. For timetables press four, for lost property press two.",
		"Welcome to the airport office. For timetables press one, for lost property press two.",
	},
	{"Sorry, nobody answered. Please leave a message after the tone.", "Sorry, nobody answered. Please leave a number after the tone."},
	{"You are caller number three in this queue.", "You are caller number five in this queue."},
	{"Goodbye.", "Bonjour."},
	{"Please enter your account number, followed by the hash key.", "Please enter your order number, followed by the hash key."},
}

// line carries audio as a telephone line does: µ-law there and back.
func line(t *testing.T, pcm []int16) []int16 {
	t.Helper()
	lpcm, ulaw := make([]byte, 2*len(pcm)), make([]byte, len(pcm))
	for i, v := range pcm {
		lpcm[2*i], lpcm[2*i+1] = byte(v), byte(uint16(v)>>8)
	}
	if _, err := audio.EncodeUlawTo(ulaw, lpcm); err != nil {
		t.Fatal(err)
	}
	if _, err := audio.DecodeUlawTo(lpcm, ulaw); err != nil {
		t.Fatal(err)
	}
	out := make([]int16, len(pcm))
	for i := range out {
		out[i] = int16(uint16(lpcm[2*i]) | uint16(lpcm[2*i+1])<<8)
	}
	return out
}

// spoken is every sentence, said once for all tests.
var spoken = sync.OnceValues(func() (map[string][]int16, error) {
	prompts := map[string][]int16{}
	for _, group := range sentences {
		for _, text := range group {
			pcm, err := pbxtest.Speak(context.Background(), "en", text)
			if err != nil {
				return nil, err
			}
			prompts[text] = pcm
		}
	}
	return prompts, nil
})

func speak(t *testing.T) map[string][]int16 {
	t.Helper()
	prompts, err := spoken()
	if err != nil {
		t.Fatal(err)
	}
	return prompts
}

// voiced is a prompt without the silence around it.
func voiced(pcm []int16) []int16 {
	loud := func(v int16) bool { return v > 300 || v < -300 }
	from := slices.IndexFunc(pcm, loud)
	to := len(pcm)
	for !loud(pcm[to-1]) {
		to--
	}
	return pcm[from:to]
}

func silence(d time.Duration) []int16 { return make([]int16, int(d.Seconds()*pbxtest.Rate)) }

func groupOf(text string) int {
	return slices.IndexFunc(sentences, func(g []string) bool { return slices.Contains(g, text) })
}

// checkAll recognises text in received and holds every candidate to the promise:
// the right one at least 0.8 and first, one differing in a word below 0.8,
// one that shares no words at most 0.5.
func checkAll(t *testing.T, received []int16, text string, prompts map[string][]int16) {
	t.Helper()
	matches := hear.Recognise(received, prompts)
	if matches[0].Name != text || !matches[0].Whole {
		t.Errorf("%q: %+v is best", text, matches[0])
	}
	for _, m := range matches {
		t.Logf("%.2f %s", m.Score, m.Name)
		switch {
		case m.Name == text:
			if m.Score < 0.8 {
				t.Errorf("%q: score %.2f of itself", text, m.Score)
			}
		case groupOf(m.Name) == groupOf(text):
			if m.Score >= 0.8 {
				t.Errorf("%q heard, but %q, one word apart, has %.2f", text, m.Name, m.Score)
			}
		case m.Score > 0.5:
			t.Errorf("%q heard, but %q, quite another, has %.2f", text, m.Name, m.Score)
		}
	}
}

func TestEachPromptAmongAll(t *testing.T) {
	prompts := speak(t)
	for text, pcm := range prompts {
		t.Run(strings.ReplaceAll(text, " ", "_"), func(t *testing.T) {
			checkAll(t, line(t, slices.Concat(make([]int16, 1842), pcm, silence(time.Second))), text, prompts)
		})
	}
}

func TestBarePromptWithoutSilenceAround(t *testing.T) {
	prompts := speak(t)
	for _, text := range []string{sentences[0][2], sentences[3][0], sentences[4][1]} {
		checkAll(t, line(t, prompts[text]), text, prompts)
	}
}

// A line may be quieter, noisy, and lose or repeat a frame here and there, or three in a row when a busy machine stalls.
func TestPoorLine(t *testing.T) {
	prompts := speak(t)
	text := sentences[0][0]
	for name, copies := range map[string]map[int]int{"a frame": {50: 0, 120: 2}, "three lost": {60: 0, 61: 0, 62: 0}, "three again": {60: 4}} {
		t.Run(name, func(t *testing.T) {
			checkAll(t, line(t, poor(prompts[text], copies)), text, prompts)
		})
	}
}

// poor is audio through a quiet and noisy line; copies says which frames of 20 ms come how often.
func poor(pcm []int16, copies map[int]int) (out []int16) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i, frame := 0, 160; i+frame <= len(pcm); i += frame {
		f := slices.Clone(pcm[i : i+frame])
		for j := range f {
			f[j] = f[j]/2 + int16(rng.IntN(61)-30)
		}
		times, known := copies[i/frame]
		if !known {
			times = 1
		}
		for range times {
			out = append(out, f...)
		}
	}
	return out
}

func TestPromptCutByBargeIn(t *testing.T) {
	prompts := speak(t)
	text := sentences[0][0]
	for _, cut := range []time.Duration{700 * time.Millisecond, 1500 * time.Millisecond, 2600 * time.Millisecond, 3900 * time.Millisecond} {
		n := int(cut.Seconds() * pbxtest.Rate)
		received := line(t, slices.Concat(silence(100*time.Millisecond), prompts[text][:n], silence(2*time.Second)))
		if err := hear.ExpectCut(received, text, cut-250*time.Millisecond, prompts); err != nil {
			t.Errorf("cut after %s: %v", cut, err)
		}
		if err := hear.Expect(received, text, prompts); err == nil {
			t.Errorf("cut after %s: taken for whole", cut)
		}
		for _, m := range hear.Recognise(received, prompts) {
			if groupOf(m.Name) != 0 && m.Score > 0.5 {
				t.Errorf("cut after %s: %q has %.2f", cut, m.Name, m.Score)
			}
		}
	}
	// cut, and another prompt at once
	n := 2 * pbxtest.Rate
	next := sentences[1][0]
	received := line(t, slices.Concat(prompts[text][:n], prompts[next]))
	m := hear.Recognise(received, map[string][]int16{text: prompts[text]})[0]
	if m.Prefix < 1500*time.Millisecond || m.Prefix > 2100*time.Millisecond {
		t.Errorf("cut after 2 s by another prompt: prefix %s", m.Prefix)
	}
	if err := hear.Expect(received, next, prompts); err != nil {
		t.Error(err)
	}
}

func TestSequence(t *testing.T) {
	prompts := speak(t)
	a, b, c := sentences[2][0], sentences[1][0], sentences[3][0]
	received := line(t, slices.Concat(prompts[a], silence(300*time.Millisecond), prompts[b], prompts[c]))
	if err := hear.Sequence(received, []string{a, b, c}, prompts); err != nil {
		t.Error(err)
	}
	before, after := voiced(prompts[b]), voiced(prompts[c])
	for cut := range 4 { // frames of 20 ms from its end, where a key stopped it
		until := len(before) - cut*pbxtest.Rate/50
		if err := hear.Sequence(line(t, slices.Concat(prompts[a], before[:until], after, silence(100*time.Millisecond))), []string{a, b, c}, prompts); err != nil {
			t.Errorf("without its last %d frames: %v", cut, err)
		}
	}
	for _, wrong := range [][]string{{b, a}, {a, a}, {sentences[2][1], b}, {a, b, c, c}} {
		if err := hear.Sequence(received, wrong, prompts); err == nil {
			t.Errorf("heard in an order that was not played: %q", wrong)
		}
	}
}

func TestNothingIsHeardInSilenceToneAndNoise(t *testing.T) {
	prompts := speak(t)
	noise := make([]int16, 5*pbxtest.Rate)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = int16(rng.IntN(8000) - 4000)
	}
	for name, received := range map[string][]int16{
		"nothing": nil, "silence": silence(5 * time.Second), "tone": pbxtest.Tone(440, 5*pbxtest.Rate), "noise": noise,
	} {
		if err := hear.ExpectNone(received, prompts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, m := range hear.Recognise(received, prompts) {
			if m.Score > 0.5 {
				t.Errorf("%s: %q has %.2f", name, m.Name, m.Score)
			}
		}
	}
}

func TestTone(t *testing.T) {
	tone := line(t, pbxtest.Tone(440, 1600))
	for hz, want := range map[float64]bool{440: true, 450: false, 880: false, 330: false} {
		if p := hear.Tone(tone, hz); (p >= hear.PureTone) != want {
			t.Errorf("a tone of 440 Hz has purity %.2f at %.0f Hz", p, hz)
		}
	}
	if p := hear.Tone(silence(time.Second), 440); p != 0 {
		t.Errorf("silence has purity %.2f", p)
	}
}
