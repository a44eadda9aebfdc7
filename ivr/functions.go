package ivr

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ctid/words"
)

// function is one a script may call: its arguments, what it gives, whether a secret may go in, and how it works.
type function struct {
	name   string
	args   []kind // kNone takes any scalar
	opt    int    // how many of the last may be left out
	gives  kind
	secret bool
	call   func(x *scope, a []any) (any, error)
}

// last4 are the last four characters, but never more than half of them: it takes secrets, and of a PIN of four digits they
// would be all.
func last4(text string) string {
	return cut(text, float64(min(4, utf8.RuneCountInString(text)/2)), true)
}

// functionTable lists the functions in the order of the manual.
func functionTable() []function {
	return append(valueFunctions(), spokenFunctions()...)
}

func valueFunctions() []function {
	return []function{
		{"upper", []kind{kText}, 0, kText, false, func(_ *scope, a []any) (any, error) { return strings.ToUpper(str(a, 0)), nil }},
		{"lower", []kind{kText}, 0, kText, false, func(_ *scope, a []any) (any, error) { return strings.ToLower(str(a, 0)), nil }},
		{"trim", []kind{kText}, 0, kText, false, func(_ *scope, a []any) (any, error) { return strings.TrimSpace(str(a, 0)), nil }},
		{"len", []kind{kText}, 0, kNumber, true, func(_ *scope, a []any) (any, error) { return float64(utf8.RuneCountInString(str(a, 0))), nil }},
		{"left", []kind{kText, kNumber}, 0, kText, false, func(_ *scope, a []any) (any, error) { return cut(str(a, 0), num(a, 1), false), nil }},
		{"right", []kind{kText, kNumber}, 0, kText, false, func(_ *scope, a []any) (any, error) { return cut(str(a, 0), num(a, 1), true), nil }},
		{"replace", []kind{kText, kText, kText}, 0, kText, false, func(_ *scope, a []any) (any, error) {
			if str(a, 1) == "" {
				return str(a, 0), nil
			}
			if strings.Count(str(a, 0), str(a, 1))*len(str(a, 2)) > 4*maxText {
				return nil, fault("limit.text")
			}
			return strings.ReplaceAll(str(a, 0), str(a, 1), str(a, 2)), nil
		}},
		{"last4", []kind{kText}, 0, kText, true, func(_ *scope, a []any) (any, error) { return last4(str(a, 0)), nil }},
		{"number", []kind{kText}, 0, kNumber, false, func(_ *scope, a []any) (any, error) {
			v, err := parseAs(typ{kind: kNumber}, strings.TrimSpace(str(a, 0)))
			if err != nil {
				return nil, fault("expr.not_a_number")
			}
			return v, nil
		}},
		{"text", []kind{kNone}, 0, kText, false, func(_ *scope, a []any) (any, error) { return textOf(a[0]), nil }},
		{"round", []kind{kNumber, kNumber}, 1, kNumber, false, func(_ *scope, a []any) (any, error) {
			p := 1.0
			if len(a) > 1 {
				p = math.Pow(10, math.Round(math.Max(-9, math.Min(9, num(a, 1)))))
			}
			return math.Round(num(a, 0)*p) / p, nil
		}},
		{"min", []kind{kNumber, kNumber}, 0, kNumber, false, func(_ *scope, a []any) (any, error) { return math.Min(num(a, 0), num(a, 1)), nil }},
		{"max", []kind{kNumber, kNumber}, 0, kNumber, false, func(_ *scope, a []any) (any, error) { return math.Max(num(a, 0), num(a, 1)), nil }},
		{"abs", []kind{kNumber}, 0, kNumber, false, func(_ *scope, a []any) (any, error) { return math.Abs(num(a, 0)), nil }},
		{"luhn", []kind{kText}, 0, kBool, true, func(_ *scope, a []any) (any, error) { return luhn(str(a, 0)), nil }},
		{"iban", []kind{kText}, 0, kBool, false, func(_ *scope, a []any) (any, error) { return iban(str(a, 0)), nil }},
		{"valid_phone", []kind{kText}, 0, kBool, false, func(x *scope, a []any) (any, error) { return x.site.validPhone(str(a, 0)), nil }},
		{"one_of", []kind{kText, kText}, 0, kOneOf, false, oneOf},
		{"minutes", []kind{kNumber}, 0, kDuration, false, func(_ *scope, a []any) (any, error) { return num(a, 0) * 60, nil }},
		{"seconds", []kind{kNumber}, 0, kDuration, false, func(_ *scope, a []any) (any, error) { return num(a, 0), nil }},
		{"days_until", []kind{kDate}, 0, kNumber, false, daysUntil},
	}
}

// spokenFunctions give texts for prompts.
func spokenFunctions() []function {
	return []function{
		{"digits", []kind{kText}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(spaced(str(a, 0)), words.Value{Kind: words.Digits, Text: str(a, 0)}), nil
		}},
		{"spell", []kind{kText}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(spaced(str(a, 0)), words.Value{Kind: words.Spell, Text: str(a, 0)}), nil
		}},
		{"money", []kind{kNumber, kText}, 1, kText, false, func(x *scope, a []any) (any, error) {
			cur := ""
			if len(a) > 1 {
				cur = str(a, 1)
			}
			return x.say(sayMoney(num(a, 0), cur), words.Value{Kind: words.Money, Number: num(a, 0), Currency: cur}), nil
		}},
		{"ordinal", []kind{kNumber}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(sayOrdinal(x.spoken(), num(a, 0)), words.Value{Kind: words.Ordinal, Number: num(a, 0)}), nil
		}},
		{"say_date", []kind{kDate}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(sayDate(x.spoken(), str(a, 0)), words.Value{Kind: words.Date, Text: str(a, 0)}), nil
		}},
		{"say_time", []kind{kTime}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(sayTime(x.spoken(), str(a, 0)), words.Value{Kind: words.Time, Text: str(a, 0)}), nil
		}},
		{"say_duration", []kind{kDuration}, 0, kText, false, func(x *scope, a []any) (any, error) {
			return x.say(sayDuration(x.spoken(), num(a, 0)), words.Value{Kind: words.Duration, Number: num(a, 0)}), nil
		}},
	}
}

// fault is an error of the language: the text is error.code.
type fault string

func (f fault) Error() string { return string(f) }

func str(a []any, i int) string {
	if i < len(a) {
		return textOf(a[i])
	}
	return ""
}

func num(a []any, i int) float64 {
	if i < len(a) {
		if f, ok := a[i].(float64); ok {
			return f
		}
	}
	return 0
}

// cut takes n characters from the left or right; it never cuts within one.
func cut(s string, n float64, right bool) string {
	r := []rune(s)
	k := int(math.Max(0, math.Min(n, float64(len(r)))))
	if right {
		return string(r[len(r)-k:])
	}
	return string(r[:k])
}

// luhn is the check digit rule of ISO/IEC 7812-1, annex B.
func luhn(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return n > 1 && sum%10 == 0
}

var ibanText = regexp.MustCompile(`^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$`)

// iban is the mod 97 rule of ISO 13616.
func iban(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if !ibanText.MatchString(s) {
		return false
	}
	rest := 0
	for _, c := range s[4:] + s[:4] {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

func oneOf(_ *scope, a []any) (any, error) {
	if len(a) > 1 && slices.Contains(a[1:], any(textOf(a[0]))) {
		return textOf(a[0]), nil
	}
	return nil, fault("expr.not_one_of")
}

func daysUntil(x *scope, a []any) (any, error) {
	d, err := time.Parse(time.DateOnly, str(a, 0))
	if err != nil {
		return nil, fault("expr.not_a_date")
	}
	n := x.wall.In(x.site.location())
	today := time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, time.UTC)
	return math.Round(d.Sub(today).Hours() / 24), nil
}

// spaced writes the characters apart, so that a voice says them one by one.
func spaced(s string) string {
	var out []string
	for _, c := range s {
		if c != ' ' {
			out = append(out, string(c))
		}
	}
	return strings.Join(out, " ")
}

func sayMoney(f float64, cur string) string {
	s := fmt.Sprintf("%.2f", math.Abs(f))
	whole, cents, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if f < 0 {
		whole = "-" + whole
	}
	return strings.TrimSpace(cur + " " + whole + "." + cents)
}

func isChinese(lang string) bool {
	return lang == "zh" || strings.HasPrefix(lang, "zh-") || lang == "yue"
}

func sayOrdinal(lang string, f float64) string {
	n := int64(math.Round(f))
	if isChinese(lang) {
		return fmt.Sprintf("第%d", n)
	}
	end := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, end)
}

func sayDate(lang, s string) string {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	if isChinese(lang) {
		return fmt.Sprintf("%d年%d月%d日", d.Year(), int(d.Month()), d.Day())
	}
	if lang != "en" && !strings.HasPrefix(lang, "en-") {
		return s
	}
	return d.Format("Monday, 2 January 2006")
}

func sayTime(lang, s string) string {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return s
	}
	if isChinese(lang) {
		if t.Minute() == 0 {
			return fmt.Sprintf("%d点", t.Hour())
		}
		return fmt.Sprintf("%d点%d分", t.Hour(), t.Minute())
	}
	if lang != "en" && !strings.HasPrefix(lang, "en-") {
		return s
	}
	return t.Format("3:04 PM")
}

func sayDuration(lang string, secs float64) string {
	s := int64(math.Round(math.Max(0, secs)))
	h, m, s := s/3600, s%3600/60, s%60
	var out []string
	add := func(n int64, en, zh string) {
		switch {
		case n == 0:
		case isChinese(lang):
			out = append(out, fmt.Sprintf("%d%s", n, zh))
		case n == 1:
			out = append(out, "1 "+en)
		default:
			out = append(out, fmt.Sprintf("%d %ss", n, en))
		}
	}
	add(h, "hour", "小时")
	add(m, "minute", "分钟")
	if s > 0 || h+m == 0 {
		if s == 0 {
			out = append(out, map[bool]string{true: "0秒", false: "0 seconds"}[isChinese(lang)])
		}
		add(s, "second", "秒")
	}
	if isChinese(lang) {
		return strings.Join(out, "")
	}
	return strings.Join(out, " ")
}
