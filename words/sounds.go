package words

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// signSounds are the sounds of what stands in a code.
var signSounds = map[rune]string{'-': "letters/dash", '.': "letters/dot", '@': "letters/at", '/': "letters/slash", '+': "letters/plus",
	'#': "digits/pound", '*': "digits/star", '=': "letters/equals"}

func (v Value) englishSounds() ([]string, bool) {
	switch v.Kind {
	case Number:
		return numberSounds(v.Number, cardinalSounds), true
	case Ordinal:
		return ordinalSounds(int64(math.Round(v.Number))), true
	case Digits, Spell, Phone:
		return codeSounds(v.Text)
	case Money:
		return v.moneySounds(cardinalSounds, strings.HasSuffix(currencies[strings.ToUpper(v.Currency)].majors, "dollars"), v.dollars)
	case Date:
		d, err := time.Parse(time.DateOnly, v.Text)
		if err != nil {
			return nil, false
		}
		out := []string{"digits/day-" + strconv.Itoa(int(d.Weekday())), "digits/mon-" + strconv.Itoa(int(d.Month())-1)}
		return append(append(out, ordinalSounds(int64(d.Day()))...), yearSounds(int64(d.Year()))...), true
	case Time:
		t, err := time.Parse("15:04", v.Text)
		return timeSounds(t.Hour(), t.Minute()), err == nil
	case Duration:
		return durationSounds(v.Number, cardinalSounds), true
	}
	return nil, false
}

// cardinalSounds are the sounds of a whole number without a sign. There is none for a trillion: it is a thousand billion.
func cardinalSounds(n int64) []string {
	if n <= 20 {
		return []string{digit(n)}
	}
	if n < 100 {
		return appendRest([]string{digit(n / 10 * 10)}, n%10)
	}
	for _, s := range scales[1:] {
		if n >= s.n {
			return appendRest(append(cardinalSounds(n/s.n), "digits/"+s.name), n%s.n)
		}
	}
	return nil
}

func appendRest(out []string, n int64) []string {
	if n == 0 {
		return out
	}
	return append(out, cardinalSounds(n)...)
}

func numberSounds(f float64, whole func(int64) []string) []string {
	negative, n, fraction := split(f)
	out := signed(negative)
	out = append(out, whole(n)...)
	return append(out, fractionSounds(fraction)...)
}

func signed(negative bool) []string {
	if negative {
		return []string{"digits/minus"}
	}
	return nil
}

func fractionSounds(digits string) []string {
	if digits == "" {
		return nil
	}
	out := []string{"letters/dot"}
	for _, c := range digits {
		out = append(out, "digits/"+string(c))
	}
	return out
}

// ordinalSounds ends with the sound of an ordinal: digits/20, digits/h-1.
func ordinalSounds(n int64) []string {
	out := signed(n < 0)
	all := cardinalSounds(abs(n))
	last := &all[len(all)-1]
	if *last != digit(0) { // there is no sound for zeroth
		*last = strings.Replace(*last, "digits/", "digits/h-", 1)
	}
	return append(out, all...)
}

func codeSounds(s string) ([]string, bool) {
	var out []string
	for _, c := range strings.ToLower(s) {
		switch {
		case c == ' ':
		case c >= '0' && c <= '9':
			out = append(out, "digits/"+string(c))
		case c >= 'a' && c <= 'z':
			out = append(out, "letters/"+string(c))
		case signSounds[c] != "":
			out = append(out, signSounds[c])
		default:
			return nil, false
		}
	}
	return out, len(out) > 0
}

// moneySounds say an amount with the sound of its currency if there is one: in English twelve dollars and fifty, in Chinese
// 十二点五零元. Other currencies are spelled before it.
func (v Value) moneySounds(whole func(int64) []string, named bool, with func(whole func(int64) []string) []string) ([]string, bool) {
	negative, major, minor := v.hundredths()
	if named {
		return append(signed(negative), with(whole)...), true
	}
	var out []string
	if v.Currency != "" {
		code, ok := codeSounds(v.Currency)
		if !ok {
			return nil, false
		}
		out = code
	}
	out = append(append(out, signed(negative)...), whole(major)...)
	if minor > 0 {
		out = append(out, fractionSounds(pad(minor, 2))...)
	}
	return out, true
}

func (v Value) dollars(whole func(int64) []string) []string {
	_, major, minor := v.hundredths()
	out := append(whole(major), "digits/dollars")
	if minor > 0 {
		out = append(append(out, "vm-and"), whole(minor)...)
	}
	return out
}

func (v Value) yuan(whole func(int64) []string) []string {
	_, major, minor := v.hundredths()
	out := whole(major)
	if minor > 0 {
		out = append(out, fractionSounds(pad(minor, 2))...)
	}
	return append(out, "digits/dollars")
}

func yearSounds(y int64) []string {
	century, rest := y/100, y%100
	switch {
	case y < 1000 || century%10 == 0 && rest < 10:
		return cardinalSounds(y)
	case rest == 0:
		return append(cardinalSounds(century), "digits/hundred")
	case rest < 10:
		return append(cardinalSounds(century), "digits/oh", digit(rest))
	}
	return append(cardinalSounds(century), cardinalSounds(rest)...)
}

func timeSounds(h, m int) []string {
	out := []string{digit(int64((h+11)%12 + 1))}
	switch {
	case m >= 10:
		out = append(out, cardinalSounds(int64(m))...)
	case m > 0:
		out = append(out, "digits/oh", digit(int64(m)))
	}
	return append(out, half(h))
}

func half(h int) string {
	if h < 12 {
		return "digits/a-m"
	}
	return "digits/p-m"
}

// durationSounds: one hour is "1 hours", for Asterisk brings no singular of it.
func durationSounds(seconds float64, whole func(int64) []string) []string {
	h, m, s := clock(seconds)
	var out []string
	if h > 0 {
		out = append(whole(h), "hours")
	}
	if m > 0 {
		out = append(append(out, whole(m)...), plural(m, "minute"))
	}
	if s > 0 || h+m == 0 {
		out = append(append(out, whole(s)...), plural(s, "second"))
	}
	return out
}

func plural(n int64, one string) string {
	if n == 1 {
		return one
	}
	return one + "s"
}

// chineseSounds are those that Asterisk's own counting in zh asks for: digits/0 to 10, then 20 to 90, hundred, thousand,
// wan and yi; mon-0 to 11, a-m and p-m, oclock and minute. An ordinal is read as its number.
func (v Value) chineseSounds() ([]string, bool) {
	switch v.Kind {
	case Number:
		return numberSounds(v.Number, hanSounds), true
	case Ordinal:
		return numberSounds(math.Round(v.Number), hanSounds), true
	case Digits, Spell, Phone:
		return codeSounds(v.Text)
	case Money:
		return v.moneySounds(hanSounds, currencies[strings.ToUpper(v.Currency)].unit == "元", v.yuan)
	case Date:
		d, err := time.Parse(time.DateOnly, v.Text)
		if err != nil {
			return nil, false
		}
		out, _ := codeSounds(d.Format("2006"))
		return append(append(out, "digits/mon-"+strconv.Itoa(int(d.Month())-1)), hanSounds(int64(d.Day()))...), true
	case Time:
		t, err := time.Parse("15:04", v.Text)
		out := append([]string{half(t.Hour())}, hanSounds(int64((t.Hour()+11)%12+1))...)
		out = append(out, "digits/oclock")
		if m := t.Minute(); m > 0 {
			out = append(append(out, hanSounds(int64(m))...), "digits/minute")
		}
		return out, err == nil
	case Duration:
		return durationSounds(v.Number, hanSounds), true
	}
	return nil, false
}

// hanSounds follow the characters of the number in words; 十 after a digit is one sound with it.
func hanSounds(n int64) []string {
	var out []string
	for _, c := range han(n) {
		s := string(c)
		switch {
		case s == "十" && len(out) > 0 && isDigit(out[len(out)-1]):
			out[len(out)-1] += "0"
		case s == "十":
			out = append(out, "digits/10")
		case hanNames[s] != "":
			out = append(out, "digits/"+hanNames[s])
		}
	}
	return out
}

func isDigit(sound string) bool { return len(sound) == len("digits/1") && sound != "digits/0" }

var hanNames = map[string]string{"零": "0", "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7", "八": "8", "九": "9",
	"百": "hundred", "千": "thousand", "万": "wan", "亿": "yi"}
