package hear

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ctid/pbxtest"
)

// Expect returns an error unless want is the prompt that fits best, well, and
// to its end.
func Expect(received []int16, want string, prompts map[string][]int16) error {
	best, err := expect(received, want, prompts)
	if err == nil && !best.Whole {
		err = fmt.Errorf("prompt %q was cut: only %s of it were heard", want, best.Duration.Round(time.Millisecond))
	}
	return err
}

// ExpectCut is Expect for a prompt of which at least so much was played. Where
// two prompts begin alike, either fits what is alike in them.
func ExpectCut(received []int16, want string, atLeast time.Duration, prompts map[string][]int16) error {
	best, err := expect(received, want, prompts)
	if err == nil && best.Duration < atLeast {
		err = fmt.Errorf("of prompt %q only %s were heard, want %s", want, best.Duration.Round(time.Millisecond), atLeast)
	}
	return err
}

func expect(received []int16, want string, prompts map[string][]int16) (Match, error) {
	matches := Recognise(received, prompts)
	i := slices.IndexFunc(matches, func(m Match) bool { return m.Name == want })
	if i < 0 {
		return Match{}, fmt.Errorf("no prompt is named %q", want)
	}
	if m := matches[i]; m.Score >= Same && m.Score >= matches[0].Score-tie {
		return m, nil
	}
	return Match{}, fmt.Errorf("prompt %q was not heard in %s of audio; heard, best first: %s", want, duration(len(received)), list(matches))
}

// ExpectNone returns an error when one of the prompts was heard.
func ExpectNone(received []int16, prompts map[string][]int16) error {
	matches := Recognise(received, prompts)
	if len(matches) > 0 && matches[0].Score >= Same {
		return errors.New("a prompt was heard that should not have been: " + list(matches))
	}
	return nil
}

// overlap is how far a prompt may begin before the one before it would have ended: Whole allows for 50 ms, and trim for some more.
const overlap = pbxtest.Rate / 10

// Sequence returns an error unless the prompts were heard in this order, none
// of them before the end of the one before it; a prompt counts as heard to its
// end though its last frames were cut, and so the next may begin within them.
func Sequence(received []int16, names []string, prompts map[string][]int16) error {
	offset := 0
	for i, name := range names {
		rest := received[min(offset, len(received)):]
		pcm, known := prompts[name]
		if !known {
			return fmt.Errorf("no prompt is named %q", name)
		}
		m := Recognise(rest, map[string][]int16{name: pcm})[0]
		if m.Score < Same {
			return fmt.Errorf("prompt %d, %q, was not heard after the one before (score %.2f in %s of audio)", i+1, name, m.Score, duration(len(rest)))
		}
		offset += max(0, samples(m.Start+m.Duration)-overlap)
	}
	return nil
}

func list(matches []Match) string {
	var b strings.Builder
	for _, m := range matches[:min(5, len(matches))] {
		fmt.Fprintf(&b, "%s %.2f (at %s for %s) ", m.Name, m.Score, m.Start.Round(time.Millisecond), m.Duration.Round(time.Millisecond))
	}
	return strings.TrimSpace(b.String())
}
