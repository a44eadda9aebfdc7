package words

import (
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	small = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
		"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	tens   = []string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
	scales = []scale{{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}, {1000, "thousand"}, {100, "hundred"}}
	odd    = map[string]string{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
)

type scale struct {
	n    int64
	name string
}

// signs are the names of what stands in a code beside letters and digits, in English and in Chinese.
var signs = map[rune][2]string{'-': {"dash", "横杠"}, '.': {"dot", "点"}, '@': {"at", "at"}, '/': {"slash", "斜杠"}, '+': {"plus", "加"},
	'_': {"underscore", "下划线"}, '#': {"pound", "井号"}, '*': {"star", "星号"}, '=': {"equals", "等于"}, '&': {"and", "和"}, ':': {"colon", "冒号"}}

func (v Value) english() (string, bool) {
	switch v.Kind {
	case Number:
		return englishNumber(v.Number), true
	case Ordinal:
		return englishOrdinal(int64(math.Round(v.Number))), true
	case Digits, Spell:
		return strings.Join(characters(v.Text, 0), " "), true
	case Phone:
		return phoneWords(v.Text, func(s string) string { return strings.Join(characters(s, 0), " ") }, "plus ", ", "), true
	case Money:
		return v.englishMoney(), true
	case Date:
		d, err := time.Parse(time.DateOnly, v.Text)
		return d.Weekday().String() + ", " + d.Month().String() + " " + englishOrdinal(int64(d.Day())) + ", " + englishYear(int64(d.Year())), err == nil
	case Time:
		t, err := time.Parse("15:04", v.Text)
		return englishTime(t.Hour(), t.Minute()), err == nil
	case Duration:
		return englishDuration(v.Number), true
	}
	return "", false
}

// cardinal is a whole number without a sign.
func cardinal(n int64) string {
	if n < 20 {
		return small[n]
	}
	if n < 100 {
		return hyphen(tens[n/10], n%10)
	}
	for _, s := range scales {
		if n >= s.n {
			out := cardinal(n/s.n) + " " + s.name
			if n%s.n > 0 {
				out += " " + cardinal(n%s.n)
			}
			return out
		}
	}
	return ""
}

func hyphen(ten string, one int64) string {
	if one == 0 {
		return ten
	}
	return ten + "-" + small[one]
}

func englishNumber(f float64) string {
	negative, whole, fraction := split(f)
	out := cardinal(whole)
	if fraction != "" {
		out += " point " + strings.Join(characters(fraction, 0), " ")
	}
	return minus(negative, out)
}

func minus(negative bool, s string) string {
	if negative {
		return "minus " + s
	}
	return s
}

func englishOrdinal(n int64) string {
	if n < 0 {
		return "minus " + englishOrdinal(-n)
	}
	all := cardinal(n)
	at := strings.LastIndexAny(all, " -") + 1
	last := all[at:]
	switch {
	case odd[last] != "":
		last = odd[last]
	case strings.HasSuffix(last, "y"):
		last = last[:len(last)-1] + "ieth"
	default:
		last += "th"
	}
	return all[:at] + last
}

// characters names each character of a code; blanks are left out. lang 0 is English, 1 Chinese.
func characters(s string, lang int) []string {
	digits := small
	if lang == 1 {
		digits = numerals
	}
	var out []string
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			out = append(out, digits[c-'0'])
		case c == ' ':
		case signs[c][lang] != "":
			out = append(out, signs[c][lang])
		default:
			out = append(out, strings.ToUpper(string(c)))
		}
	}
	return out
}

// phoneWords reads a telephone number in groups of three and a last one of three or four, as it is dictated.
func phoneWords(number string, say func(string) string, plus, pause string) string {
	var digits []rune
	for _, c := range number {
		if c != ' ' && c != '-' && c != '(' && c != ')' {
			digits = append(digits, c)
		}
	}
	out := ""
	if len(digits) > 0 && digits[0] == '+' {
		out, digits = plus, digits[1:]
	}
	var groups []string
	for len(digits) > 4 {
		groups, digits = append(groups, say(string(digits[:3]))), digits[3:]
	}
	return out + strings.Join(append(groups, say(string(digits))), pause)
}

func (v Value) englishMoney() string {
	c, known := currencies[strings.ToUpper(v.Currency)]
	negative, major, minor := v.hundredths()
	if !known {
		out := cardinal(major)
		if minor > 0 {
			out += " point " + strings.Join(characters(pad(minor, 2), 0), " ")
		}
		if v.Currency != "" {
			out = strings.Join(characters(v.Currency, 0), " ") + " " + out
		}
		return minus(negative, out)
	}
	var parts []string
	if major > 0 || minor == 0 {
		parts = append(parts, count(major, c.major, c.majors))
	}
	if minor > 0 {
		parts = append(parts, count(minor, c.minor, c.minors))
	}
	return minus(negative, strings.Join(parts, " and "))
}

func count(n int64, one, more string) string {
	if n == 1 {
		return "one " + one
	}
	return cardinal(n) + " " + more
}

// englishYear reads years as people do: two thousand nine, twenty twenty-six, nineteen oh five, nineteen hundred.
func englishYear(y int64) string {
	century, rest := y/100, y%100
	switch {
	case y < 1000 || century%10 == 0 && rest < 10:
		return cardinal(y)
	case rest == 0:
		return cardinal(century) + " hundred"
	case rest < 10:
		return cardinal(century) + " oh " + cardinal(rest)
	}
	return cardinal(century) + " " + cardinal(rest)
}

func englishTime(h, m int) string {
	half := "a.m."
	if h >= 12 {
		half = "p.m."
	}
	out := small[(h+11)%12+1]
	switch {
	case m >= 10:
		out += " " + cardinal(int64(m))
	case m > 0:
		out += " oh " + small[m]
	}
	return out + " " + half
}

func englishDuration(seconds float64) string {
	h, m, s := clock(seconds)
	var parts []string
	if h > 0 {
		parts = append(parts, count(h, "hour", "hours"))
	}
	if m > 0 {
		parts = append(parts, count(m, "minute", "minutes"))
	}
	if s > 0 || h+m == 0 {
		parts = append(parts, count(s, "second", "seconds"))
	}
	return strings.Join(parts, " ")
}

// digit is the sound of a number that has one of its own.
func digit(n int64) string { return "digits/" + strconv.FormatInt(n, 10) }
