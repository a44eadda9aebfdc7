package ivrsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"ctid/ivr"
)

// Line is one line of a transcript. Sym says what it is: ♪ heard by the caller, “ said by him, > pressed by him, · done by
// the script, ✗ gone wrong, ■ the end.
type Line struct {
	At    time.Duration // since the call began
	Where string        // node/step; empty: as the line before
	Sym   rune
	Text  string

	prompts []string // of ♪: the prompts' names
	full    string   // of ♪: all that was said
}

// String writes the line as ctid ivr run shows it.
func (l Line) String() string {
	sp := " "
	if l.Sym == '“' {
		return fmt.Sprintf("%s  %-10s %c%s%s”", clock(l.At), l.Where, l.Sym, sp, l.Text)
	}
	return fmt.Sprintf("%s  %-10s %c%s%s", clock(l.At), l.Where, l.Sym, sp, l.Text)
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%04.1f", int(d.Minutes()), (d % time.Minute).Truncate(100*time.Millisecond).Seconds())
}

// Lines are the transcript so far.
func (c *Call) Lines() []Line { return c.lines }

// Transcript is all lines, each ended.
func (c *Call) Transcript() string {
	var b strings.Builder
	for _, l := range c.lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// say adds a line; the place is written only where it changes.
func (c *Call) say(at ivr.Where, sym rune, text string) *Line {
	where := ""
	if n := len(c.steps); at.Node != "" && (n == 0 || c.steps[n-1] != at) {
		c.steps = append(c.steps, at)
		where = at.String()
	}
	if sym != '>' {
		c.keys = -1
	}
	c.lines = append(c.lines, Line{At: c.now.Sub(c.start), Where: where, Sym: sym, Text: text})
	return &c.lines[len(c.lines)-1]
}

// here adds a line at the place where the call is.
func (c *Call) here(sym rune, text string) { c.say(ivr.Where{}, sym, text) }

// spoken adds what the caller hears, prompt by prompt, and says how long it takes.
func (c *Call) spoken(at ivr.Where, parts []ivr.Part) time.Duration {
	var d time.Duration
	for i := 0; i < len(parts); {
		text, of, j := parts[i].Text, parts[i].Of, i+1
		for ; j < len(parts) && of != "" && parts[j].Of == of && parts[j].Lang == parts[i].Lang; j++ {
			text += " " + parts[j].Text
		}
		l := c.say(at, '♪', text)
		l.prompts, l.full = []string{of, parts[i].Name}, text
		d += SpeakingTime(text)
		i = j
	}
	return d
}

// SpeakingTime is about how long a voice takes: 0.4 s a word, 0.25 s a Chinese character.
func SpeakingTime(text string) time.Duration {
	var d time.Duration
	in := false
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			d += 250 * time.Millisecond
			in = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || in && strings.ContainsRune(".,'’-", r):
			if !in {
				d += 400 * time.Millisecond
			}
			in = true
		default:
			in = false
		}
	}
	return d
}

// plain makes texts comparable: small letters, one space between words, no punctuation but within numbers.
func plain(s string) string {
	var b strings.Builder
	rs := []rune(strings.ToLower(s))
	for i, r := range rs {
		inNumber := (r == ',' || r == '.') && i > 0 && i+1 < len(rs) && unicode.IsDigit(rs[i-1]) && unicode.IsDigit(rs[i+1])
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || inNumber {
			b.WriteRune(r)
		} else {
			b.WriteRune(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// heardAt is the first line from the given one in which the prompt, or the words, are heard; -1 if there is none.
func (c *Call) heardAt(from int, what string) int {
	want := plain(what)
	for i := from; i < len(c.lines); i++ {
		l := c.lines[i]
		if l.Sym != '♪' {
			continue
		}
		for _, p := range l.prompts {
			if p != "" && p == what {
				return i
			}
		}
		if want != "" && strings.Contains(" "+plain(l.full)+" ", " "+want+" ") || hasHan(want) && strings.Contains(plain(l.full), want) {
			return i
		}
	}
	return -1
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// snapshotTexts are the values of a snapshot: all texts that are no times, and the variables.
func snapshotTexts(snap []byte) []string {
	var v map[string]any
	if json.Unmarshal(snap, &v) != nil {
		return []string{string(snap)}
	}
	var out []string
	var walk func(x any, numbers bool)
	walk = func(x any, numbers bool) {
		switch x := x.(type) {
		case map[string]any:
			for k, y := range x {
				walk(y, numbers || k == "vars" || k == "customer" || k == "args" || k == "values")
			}
		case []any:
			for _, y := range x {
				walk(y, numbers)
			}
		case string:
			if _, err := time.Parse(time.RFC3339Nano, x); err != nil {
				out = append(out, x)
			}
		case float64:
			if numbers {
				out = append(out, ivr.Text(x))
			}
		}
	}
	walk(v, false)
	return out
}
