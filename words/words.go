// Package words puts numbers, dates, times, amounts of money and codes into the words of a language, and into the sound
// files that Asterisk brings for them. It knows English, the way it is counted in the United States and in Asterisk's own
// sounds (no "and" in a number), and Chinese as spoken in Mandarin. It is pure: the same value gives the same words.
package words

import (
	"math"
	"strings"
)

// Kind is how a value is read out.
type Kind string

// The kinds of values. The zero Kind is no value: a text that is read as it stands.
const (
	Number   Kind = "number"   // 1024 as one thousand twenty-four; with a fraction: point five
	Ordinal  Kind = "ordinal"  // third
	Digits   Kind = "digits"   // one by one
	Spell    Kind = "spell"    // letters, digits and signs one by one
	Money    Kind = "money"    // with its currency, or without
	Date     Kind = "date"     // a day of the calendar
	Time     Kind = "time"     // of the day
	Duration Kind = "duration" // hours, minutes, seconds
	Phone    Kind = "phone"    // in groups, with its plus
)

// Value is something to be read out. The zero Value is none.
type Value struct {
	Kind     Kind
	Number   float64 // of a number, an ordinal, an amount; seconds of a duration
	Text     string  // of digits, spell and phone; 2006-01-02 of a date; 15:04 of a time
	Currency string  // ISO 4217 of an amount, such as HKD; empty: the bare amount
}

// Most is the largest number that is put into words: above it a float64 does not tell neighbours apart.
const Most = 999_999_999_999_999

// maxText is how many characters of a code are read out.
const maxText = 200

// Chinese tells whether a language is read as Mandarin: zh, zh-CN, zh-HK.
func Chinese(lang string) bool {
	return lang == "zh" || strings.HasPrefix(lang, "zh-") || lang == "cmn"
}

// English tells whether a language is English: en, en-GB.
func English(lang string) bool { return lang == "en" || strings.HasPrefix(lang, "en-") }

// Words is the value in words. It is false in a language not known, for what is no value of its kind (a date of 31
// February), and for what is too large to say: then the value is read as it is written.
func (v Value) Words(lang string) (string, bool) {
	switch {
	case !v.sayable():
		return "", false
	case Chinese(lang):
		return v.chinese(lang)
	case English(lang):
		return v.english()
	}
	return "", false
}

// Sounds are Asterisk's sound files that read the value out, in order, below the folder of the language: digits/20. It is
// false where Words is, in other languages, and where there is no sound for a sign.
func (v Value) Sounds(lang string) ([]string, bool) {
	switch {
	case !v.sayable():
		return nil, false
	case Chinese(lang):
		return v.chineseSounds()
	case English(lang):
		return v.englishSounds()
	}
	return nil, false
}

func (v Value) sayable() bool {
	switch v.Kind {
	case Number, Ordinal, Money, Duration:
		return !math.IsNaN(v.Number) && math.Abs(v.Number) <= Most
	case Digits, Spell, Phone:
		n := len([]rune(v.Text))
		return n > 0 && n <= maxText
	}
	return true
}

// split takes a number apart: its sign, its whole part and the digits of its fraction, six at most.
func split(f float64) (negative bool, whole int64, fraction string) {
	abs := math.Abs(f)
	whole = int64(abs)
	millionths := int64(math.Round((abs - float64(whole)) * 1e6))
	if millionths == 1e6 {
		whole, millionths = whole+1, 0
	}
	if millionths > 0 {
		fraction = strings.TrimRight(pad(millionths, 6), "0")
	}
	return f < 0 && (whole > 0 || fraction != ""), whole, fraction
}

func pad(n int64, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b)
}

// clock takes seconds apart.
func clock(seconds float64) (h, m, s int64) {
	n := int64(math.Round(math.Max(0, seconds)))
	return n / 3600, n % 3600 / 60, n % 60
}

// hundredths is an amount in its smallest coins.
func (v Value) hundredths() (negative bool, major, minor int64) {
	n := int64(math.Round(math.Abs(v.Number) * 100))
	if c, ok := currencies[strings.ToUpper(v.Currency)]; ok && c.minor == "" {
		n = 100 * int64(math.Round(math.Abs(v.Number)))
	}
	return v.Number < 0 && n > 0, n / 100, n % 100
}
