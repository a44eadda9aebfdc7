package ivr

import (
	"strings"
	"unicode"
)

// plainWords writes speech in small letters without punctuation, one space between words and one at both ends. Chinese
// and Japanese characters are words of their own.
func plainWords(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range strings.ToLower(s) {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			if !gap {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			b.WriteByte(' ')
			gap = true
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '\'':
			b.WriteRune(r)
			gap = false
		case !gap:
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

// understood is a phrase that was heard: its place among the phrases, or -1, and which words of it.
type understood struct {
	i     int
	words string
	sure  float64
}

// phraseIn finds the phrase whose words stand in the text, the longest first.
func phraseIn(text string, phrases []Phrase) understood {
	text = plainWords(text)
	best, size := understood{i: -1}, 2
	for i, p := range phrases {
		for _, w := range p.Words {
			if pw := plainWords(w); len(pw) > size && strings.Contains(text, pw) {
				best, size = understood{i: i, words: w}, len(pw)
			}
		}
	}
	return best
}

// bestPhrase is the phrase that the recogniser is surest of, if it is as sure as least.
func bestPhrase(guesses []Guess, phrases []Phrase, least float64) understood {
	best := understood{i: -1}
	for _, g := range guesses {
		if u := phraseIn(g.Text, phrases); u.i >= 0 && g.Sure >= least && (best.i < 0 || g.Sure > best.sure) {
			best, best.sure = u, g.Sure
		}
	}
	return best
}

// yesNoPhrases are the words for yes and no. No is the longer where it holds a yes, as in 不是.
var yesNoPhrases = []Phrase{
	{"yes", []string{"yes", "yeah", "yep", "right", "correct", "that's right", "是", "是的", "对", "對", "好", "正确", "正確"}},
	{"no", []string{"no", "nope", "wrong", "incorrect", "not right", "that's not right", "that's wrong", "不", "不是", "不对", "不對", "错", "錯"}},
}

var spokenDigits = map[string]string{"zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
	"seven": "7", "eight": "8", "nine": "9", "point": "*", "star": "*", "零": "0", "〇": "0", "一": "1", "幺": "1", "二": "2", "两": "2", "兩": "2", "三": "3", "四": "4",
	"五": "5", "六": "6", "七": "7", "八": "8", "九": "9", "点": "*", "點": "*"}

// digitsIn are the digits that were said one by one; words that are none are passed over. Double and triple repeat the next.
func digitsIn(text string) string {
	var b strings.Builder
	times := 1
	for _, w := range strings.Fields(plainWords(text)) {
		switch d := spokenDigits[w]; {
		case w == "double":
			times = 2
			continue
		case w == "triple":
			times = 3
			continue
		case d != "":
			b.WriteString(strings.Repeat(d, times))
		case digitsText.MatchString(w):
			b.WriteString(w)
		}
		times = 1
	}
	return b.String()
}
