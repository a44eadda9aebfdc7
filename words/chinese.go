package words

import (
	"math"
	"strings"
	"time"
)

var numerals = []string{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}

func (v Value) chinese(lang string) (string, bool) {
	switch v.Kind {
	case Number:
		return chineseNumber(v.Number), true
	case Ordinal:
		n := int64(math.Round(v.Number))
		return "第" + negated(n < 0, han(abs(n))), true
	case Digits:
		return strings.Join(characters(v.Text, 1), ""), true
	case Spell:
		return strings.Join(characters(v.Text, 1), " "), true
	case Phone:
		return phoneWords(v.Text, func(s string) string { return dictated(s, lang) }, "加", "，"), true
	case Money:
		return v.chineseMoney(), true
	case Date:
		d, err := time.Parse(time.DateOnly, v.Text)
		return strings.Join(characters(d.Format("2006"), 1), "") + "年" + han(int64(d.Month())) + "月" + han(int64(d.Day())) + "日", err == nil
	case Time:
		t, err := time.Parse("15:04", v.Text)
		return chineseTime(t.Hour(), t.Minute()), err == nil
	case Duration:
		return chineseDuration(v.Number), true
	}
	return "", false
}

func abs(n int64) int64 { return max(n, -n) }

func negated(negative bool, s string) string {
	if negative {
		return "负" + s
	}
	return s
}

func chineseNumber(f float64) string {
	negative, whole, fraction := split(f)
	out := counted(whole)
	if fraction != "" {
		out = han(whole) + "点" + strings.Join(characters(fraction, 1), "")
	}
	return negated(negative, out)
}

// counted is a number that counts something: 2 leads as 两 before 千, 万 and 亿.
func counted(n int64) string {
	s := han(n)
	if rest, ok := strings.CutPrefix(s, "二"); ok && rest != "" && !strings.HasPrefix(rest, "十") && !strings.HasPrefix(rest, "百") {
		return "两" + rest
	}
	return s
}

// measured is a number before a measure word: a bare 2 is 两 too.
func measured(n int64) string {
	if n == 2 {
		return "两"
	}
	return counted(n)
}

// han writes a whole number without a sign: 万 and 亿 group by four digits, a gap between digits is one 零.
func han(n int64) string {
	switch {
	case n == 0:
		return numerals[0]
	case n >= 1e8:
		return han(n/1e8) + "亿" + rest(n%1e8, 1e7)
	case n >= 1e4:
		return han(n/1e4) + "万" + rest(n%1e4, 1000)
	}
	return thousands(n)
}

// rest writes what follows 亿 or 万; below full it has a gap before it, and a leading ten is 一十.
func rest(n, full int64) string {
	if n == 0 {
		return ""
	}
	gap := ""
	if n < full {
		gap = "零"
	}
	s := han(n)
	if strings.HasPrefix(s, "十") {
		s = "一" + s
	}
	return gap + s
}

// thousands writes 1 to 9999; 10 to 19 alone lose their 一.
func thousands(n int64) string {
	if n >= 10 && n < 20 {
		return "十" + unit(n%10)
	}
	out, gap := "", false
	for _, p := range []scale{{1000, "千"}, {100, "百"}, {10, "十"}, {1, ""}} {
		d := n / p.n % 10
		if d == 0 {
			gap = out != ""
			continue
		}
		if gap {
			out, gap = out+"零", false
		}
		out += numerals[d] + p.name
	}
	return out
}

func unit(d int64) string {
	if d == 0 {
		return ""
	}
	return numerals[d]
}

// dictated reads digits of a telephone number. On the mainland one is said 幺, so that it is not heard as seven.
func dictated(s, lang string) string {
	out := strings.Join(characters(s, 1), "")
	if lang == "zh-HK" || lang == "zh-TW" {
		return out
	}
	return strings.ReplaceAll(out, "一", "幺")
}

func (v Value) chineseMoney() string {
	c, known := currencies[strings.ToUpper(v.Currency)]
	negative, major, minor := v.hundredths()
	if !known {
		out := counted(major)
		if minor > 0 {
			out = han(major) + "点" + strings.Join(characters(pad(minor, 2), 1), "")
		}
		if v.Currency != "" {
			out = strings.Join(characters(v.Currency, 1), " ") + " " + out
		}
		return negated(negative, out)
	}
	out := ""
	if major > 0 || minor == 0 {
		out = measured(major) + c.unit
	}
	switch {
	case minor == 0:
	case c.coin != "":
		out += measured(minor) + c.coin
	default:
		out += coins(minor, out != "")
	}
	return negated(negative, c.before+out)
}

// coins are tenths and hundredths of a yuan; without tenths, 零 stands for them after whole ones.
func coins(minor int64, after bool) string {
	jiao, fen := minor/10, minor%10
	out := ""
	switch {
	case jiao > 0:
		out = measured(jiao) + "角"
	case after:
		out = "零"
	}
	if fen > 0 {
		out += numerals[fen] + "分"
	}
	return out
}

func chineseTime(h, m int) string {
	part := "晚上"
	switch {
	case h < 6:
		part = "凌晨"
	case h < 12:
		part = "上午"
	case h == 12:
		part = "中午"
	case h < 18:
		part = "下午"
	}
	hour := h
	if h > 12 {
		hour = h - 12
	}
	out := part + measured(int64(hour)) + "点"
	switch {
	case m >= 10:
		out += han(int64(m)) + "分"
	case m > 0:
		out += "零" + numerals[m] + "分"
	}
	return out
}

func chineseDuration(seconds float64) string {
	h, m, s := clock(seconds)
	out := ""
	if h > 0 {
		out = measured(h) + "小时"
	}
	if m > 0 {
		out += measured(m) + "分钟"
	}
	if s > 0 || h+m == 0 {
		out += measured(s) + "秒"
	}
	return out
}
