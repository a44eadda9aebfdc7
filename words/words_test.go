package words

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestWords holds what is said to what a person would say.
func TestWords(t *testing.T) {
	num := func(f float64) Value { return Value{Kind: Number, Number: f} }
	money := func(f float64, c string) Value { return Value{Kind: Money, Number: f, Currency: c} }
	code := func(k Kind, s string) Value { return Value{Kind: k, Text: s} }
	for _, x := range []struct {
		v      Value
		en, zh string
	}{
		{num(0), "zero", "零"},
		{num(2), "two", "二"},
		{num(10), "ten", "十"},
		{num(12), "twelve", "十二"},
		{num(13), "thirteen", "十三"},
		{num(15), "fifteen", "十五"},
		{num(20), "twenty", "二十"},
		{num(21), "twenty-one", "二十一"},
		{num(40), "forty", "四十"},
		{num(99), "ninety-nine", "九十九"},
		{num(100), "one hundred", "一百"},
		{num(101), "one hundred one", "一百零一"},
		{num(110), "one hundred ten", "一百一十"},
		{num(111), "one hundred eleven", "一百一十一"},
		{num(200), "two hundred", "二百"},
		{num(222), "two hundred twenty-two", "二百二十二"},
		{num(1000), "one thousand", "一千"},
		{num(1001), "one thousand one", "一千零一"},
		{num(1010), "one thousand ten", "一千零一十"},
		{num(1024), "one thousand twenty-four", "一千零二十四"},
		{num(1100), "one thousand one hundred", "一千一百"},
		{num(2000), "two thousand", "两千"},
		{num(2222), "two thousand two hundred twenty-two", "两千二百二十二"},
		{num(10000), "ten thousand", "一万"},
		{num(10001), "ten thousand one", "一万零一"},
		{num(12000), "twelve thousand", "一万二千"},
		{num(20000), "twenty thousand", "两万"},
		{num(22000), "twenty-two thousand", "两万二千"},
		{num(32000), "thirty-two thousand", "三万二千"},
		{num(100000), "one hundred thousand", "十万"},
		{num(100010), "one hundred thousand ten", "十万零一十"},
		{num(110000), "one hundred ten thousand", "十一万"},
		{num(200000), "two hundred thousand", "二十万"},
		{num(1e6), "one million", "一百万"},
		{num(2200000), "two million two hundred thousand", "二百二十万"},
		{num(1e8), "one hundred million", "一亿"},
		{num(100100000), "one hundred million one hundred thousand", "一亿零一十万"},
		{num(200000002), "two hundred million two", "两亿零二"},
		{num(110000000), "one hundred ten million", "一亿一千万"},
		{num(1e12), "one trillion", "一万亿"},
		{num(Most), "nine hundred ninety-nine trillion nine hundred ninety-nine billion nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine",
			"九百九十九万九千九百九十九亿九千九百九十九万九千九百九十九"},
		{num(-7), "minus seven", "负七"},
		{num(-0.25), "minus zero point two five", "负零点二五"},
		{num(-1e-9), "zero", "零"},
		{num(2.5), "two point five", "二点五"},
		{num(2000.5), "two thousand point five", "二千点五"},
		{num(3.05), "three point zero five", "三点零五"},
		{num(0.9999999), "one", "一"},

		{Value{Kind: Ordinal, Number: 0}, "zeroth", "第零"},
		{Value{Kind: Ordinal, Number: 1}, "first", "第一"},
		{Value{Kind: Ordinal, Number: 2}, "second", "第二"},
		{Value{Kind: Ordinal, Number: 3}, "third", "第三"},
		{Value{Kind: Ordinal, Number: 5}, "fifth", "第五"},
		{Value{Kind: Ordinal, Number: 8}, "eighth", "第八"},
		{Value{Kind: Ordinal, Number: 9}, "ninth", "第九"},
		{Value{Kind: Ordinal, Number: 11}, "eleventh", "第十一"},
		{Value{Kind: Ordinal, Number: 12}, "twelfth", "第十二"},
		{Value{Kind: Ordinal, Number: 20}, "twentieth", "第二十"},
		{Value{Kind: Ordinal, Number: 21}, "twenty-first", "第二十一"},
		{Value{Kind: Ordinal, Number: 100}, "one hundredth", "第一百"},
		{Value{Kind: Ordinal, Number: 102}, "one hundred second", "第一百零二"},
		{Value{Kind: Ordinal, Number: 2000}, "two thousandth", "第二千"},

		{money(1024.5, "HKD"), "one thousand twenty-four Hong Kong dollars and fifty cents", "港币一千零二十四元五角"},
		{money(1024.05, "HKD"), "one thousand twenty-four Hong Kong dollars and five cents", "港币一千零二十四元零五分"},
		{money(2, "CNY"), "two yuan", "人民币两元"},
		{money(2.22, "CNY"), "two yuan and twenty-two fen", "人民币两元两角二分"},
		{money(0.5, "CNY"), "fifty fen", "人民币五角"},
		{money(0.05, "CNY"), "five fen", "人民币五分"},
		{money(1, "usd"), "one dollar", "一美元"},
		{money(1.01, "USD"), "one dollar and one cent", "一美元一美分"},
		{money(-3, "USD"), "minus three dollars", "负三美元"},
		{money(0, "EUR"), "zero euros", "零欧元"},
		{money(9.99, "GBP"), "nine pounds and ninety-nine pence", "九英镑九十九便士"},
		{money(1234.56, "JPY"), "one thousand two hundred thirty-five yen", "一千二百三十五日元"},
		{money(12.5, "XAF"), "X A F twelve point five zero", "X A F 十二点五零"},
		{money(12.5, ""), "twelve point five zero", "十二点五零"},
		{money(12, ""), "twelve", "十二"},
		{money(0.999, "USD"), "one dollar", "一美元"},
		{money(-0.001, "USD"), "zero dollars", "零美元"},

		{code(Date, "2026-03-02"), "Monday, March second, twenty twenty-six", "二零二六年三月二日"},
		{code(Date, "2009-12-31"), "Thursday, December thirty-first, two thousand nine", "二零零九年十二月三十一日"},
		{code(Date, "2000-01-10"), "Monday, January tenth, two thousand", "二零零零年一月十日"},
		{code(Date, "1905-05-05"), "Friday, May fifth, nineteen oh five", "一九零五年五月五日"},
		{code(Date, "1900-05-05"), "Saturday, May fifth, nineteen hundred", "一九零零年五月五日"},

		{code(Time, "00:00"), "twelve a.m.", "凌晨零点"},
		{code(Time, "02:00"), "two a.m.", "凌晨两点"},
		{code(Time, "09:05"), "nine oh five a.m.", "上午九点零五分"},
		{code(Time, "09:30"), "nine thirty a.m.", "上午九点三十分"},
		{code(Time, "12:00"), "twelve p.m.", "中午十二点"},
		{code(Time, "12:30"), "twelve thirty p.m.", "中午十二点三十分"},
		{code(Time, "14:02"), "two oh two p.m.", "下午两点零二分"},
		{code(Time, "18:00"), "six p.m.", "晚上六点"},
		{code(Time, "23:59"), "eleven fifty-nine p.m.", "晚上十一点五十九分"},

		{Value{Kind: Duration, Number: 0}, "zero seconds", "零秒"},
		{Value{Kind: Duration, Number: 1}, "one second", "一秒"},
		{Value{Kind: Duration, Number: 60}, "one minute", "一分钟"},
		{Value{Kind: Duration, Number: 122}, "two minutes two seconds", "两分钟两秒"},
		{Value{Kind: Duration, Number: 7500}, "two hours five minutes", "两小时五分钟"},
		{Value{Kind: Duration, Number: 3661}, "one hour one minute one second", "一小时一分钟一秒"},
		{Value{Kind: Duration, Number: -5}, "zero seconds", "零秒"},

		{code(Digits, "0123"), "zero one two three", "零一二三"},
		{code(Digits, "12 34"), "one two three four", "一二三四"},
		{code(Spell, "ab-1"), "A B dash one", "A B 横杠 一"},
		{code(Spell, "x@y.z"), "X at Y dot Z", "X at Y 点 Z"},
		{code(Phone, "+85291234567"), "plus eight five two, nine one two, three four five, six seven", "加八五二，九幺二，三四五，六七"},
		{code(Phone, "3123 0000"), "three one two, three zero zero, zero zero", "三幺二，三零零，零零"},
		{code(Phone, "2001"), "two zero zero one", "二零零幺"},
	} {
		if got, ok := x.v.Words("en-GB"); !ok || got != x.en {
			t.Errorf("%+v in English: %q, not %q", x.v, got, x.en)
		}
		if got, ok := x.v.Words("zh"); !ok || got != x.zh {
			t.Errorf("%+v in Chinese: %q, not %q", x.v, got, x.zh)
		}
	}
	if got, _ := code(Phone, "110").Words("zh-HK"); got != "一一零" {
		t.Errorf("in Hong Kong one is not 幺: %q", got)
	}
}

// TestSounds holds the sound files in order.
func TestSounds(t *testing.T) {
	for _, x := range []struct {
		v      Value
		en, zh string
	}{
		{Value{Kind: Number, Number: 0}, "digits/0", "digits/0"},
		{Value{Kind: Number, Number: 17}, "digits/17", "digits/10 digits/7"},
		{Value{Kind: Number, Number: 42}, "digits/40 digits/2", "digits/40 digits/2"},
		{Value{Kind: Number, Number: 110}, "digits/1 digits/hundred digits/10", "digits/1 digits/hundred digits/10"},
		{Value{Kind: Number, Number: -1024.5}, "digits/minus digits/1 digits/thousand digits/20 digits/4 letters/dot digits/5",
			"digits/minus digits/1 digits/thousand digits/0 digits/20 digits/4 letters/dot digits/5"},
		{Value{Kind: Number, Number: 2e12}, "digits/2 digits/thousand digits/billion", "digits/2 digits/wan digits/yi"},
		{Value{Kind: Ordinal, Number: 21}, "digits/20 digits/h-1", "digits/20 digits/1"},
		{Value{Kind: Ordinal, Number: 300}, "digits/3 digits/h-hundred", "digits/3 digits/hundred"},
		{Value{Kind: Digits, Text: "407"}, "digits/4 digits/0 digits/7", "digits/4 digits/0 digits/7"},
		{Value{Kind: Spell, Text: "a-7"}, "letters/a letters/dash digits/7", "letters/a letters/dash digits/7"},
		{Value{Kind: Phone, Text: "+852"}, "letters/plus digits/8 digits/5 digits/2", "letters/plus digits/8 digits/5 digits/2"},
		{Value{Kind: Money, Number: 12.5, Currency: "HKD"}, "digits/12 digits/dollars vm-and digits/50", "digits/10 digits/2 letters/dot digits/5 digits/0 digits/dollars"},
		{Value{Kind: Money, Number: -3, Currency: "EUR"}, "letters/e letters/u letters/r digits/minus digits/3", "letters/e letters/u letters/r digits/minus digits/3"},
		{Value{Kind: Date, Text: "2026-03-02"}, "digits/day-1 digits/mon-2 digits/h-2 digits/20 digits/20 digits/6", "digits/2 digits/0 digits/2 digits/6 digits/mon-2 digits/2"},
		{Value{Kind: Date, Text: "1905-12-31"}, "digits/day-0 digits/mon-11 digits/30 digits/h-1 digits/19 digits/oh digits/5", "digits/1 digits/9 digits/0 digits/5 digits/mon-11 digits/30 digits/1"},
		{Value{Kind: Time, Text: "14:05"}, "digits/2 digits/oh digits/5 digits/p-m", "digits/p-m digits/2 digits/oclock digits/5 digits/minute"},
		{Value{Kind: Time, Text: "00:30"}, "digits/12 digits/30 digits/a-m", "digits/a-m digits/10 digits/2 digits/oclock digits/30 digits/minute"},
		{Value{Kind: Duration, Number: 3661}, "digits/1 hours digits/1 minute digits/1 second", "digits/1 hours digits/1 minute digits/1 second"},
		{Value{Kind: Duration, Number: 0}, "digits/0 seconds", "digits/0 seconds"},
	} {
		for lang, want := range map[string]string{"en": x.en, "zh-CN": x.zh} {
			if got, ok := x.v.Sounds(lang); !ok || strings.Join(got, " ") != want {
				t.Errorf("%+v in %s: %q, not %q", x.v, lang, got, want)
			}
		}
	}
}

// TestNotSaid: what is no value, or too large, is left to be read as it is written.
func TestNotSaid(t *testing.T) {
	for _, v := range []Value{{}, {Kind: Number, Number: math.NaN()}, {Kind: Number, Number: math.Inf(-1)}, {Kind: Money, Number: Most + 2},
		{Kind: Date, Text: "2026-02-31"}, {Kind: Time, Text: "25:00"}, {Kind: Digits}, {Kind: Spell, Text: strings.Repeat("a", maxText+1)}} {
		for _, lang := range []string{"en", "zh"} {
			if got, ok := v.Words(lang); ok {
				t.Errorf("%+v in %s is said as %q", v, lang, got)
			}
			if got, ok := v.Sounds(lang); ok {
				t.Errorf("%+v in %s is played as %q", v, lang, got)
			}
		}
	}
	if _, ok := (Value{Kind: Number, Number: 1}).Words("fr"); ok {
		t.Error("French is not known")
	}
	if _, ok := (Value{Kind: Spell, Text: "a_b"}).Sounds("en"); ok {
		t.Error("there is no sound of an underscore")
	}
}

// readEnglish reads a whole number back.
func readEnglish(s string) int64 {
	total, part := int64(0), int64(0)
	for _, w := range strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '-' }) {
		for i, n := range small {
			if n == w {
				part += int64(i)
			}
		}
		for i, n := range tens {
			if n == w {
				part += int64(10 * i)
			}
		}
		for _, sc := range scales {
			switch {
			case sc.name != w:
			case sc.n == 100:
				part *= 100
			default:
				total, part = total+part*sc.n, 0
			}
		}
	}
	return total + part
}

// readHan reads a whole number back.
func readHan(s string) int64 {
	for _, big := range []struct {
		name string
		n    int64
	}{{"亿", 1e8}, {"万", 1e4}} {
		if i := strings.LastIndex(s, big.name); i >= 0 {
			return readHan(s[:i])*big.n + readHan(s[i+len(big.name):])
		}
	}
	total, digit := int64(0), int64(-1)
	for _, c := range s {
		w := string(c)
		if w == "两" {
			w = "二"
		}
		for i, n := range numerals {
			if n == w {
				digit = int64(i)
			}
		}
		for name, n := range map[string]int64{"十": 10, "百": 100, "千": 1000} {
			if name == w {
				if digit < 0 { // 十 alone is ten
					digit = 1
				}
				total, digit = total+digit*n, -1
			}
		}
	}
	return total + max(digit, 0)
}

// readSounds reads a whole number back from its sounds.
func readSounds(names []string) int64 {
	total, part := int64(0), int64(0)
	for _, s := range names {
		s = strings.TrimPrefix(s, "digits/")
		n, scaled := int64(0), false
		for _, c := range s {
			n = 10*n + int64(c-'0')
		}
		for _, sc := range scales {
			switch {
			case sc.name != s:
			case sc.n == 100:
				part, scaled = part*100, true
			case sc.n == 1e9:
				total, part, scaled = (total+part)*sc.n, 0, true
			default:
				total, part, scaled = total+part*sc.n, 0, true
			}
		}
		if !scaled {
			part += n
		}
	}
	return total + part
}

// TestReadBack: any whole number is found again from its words and its sounds.
func TestReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, Most).Draw(t, "n")
		for range rapid.IntRange(0, 14).Draw(t, "shorter") {
			n /= 10
		}
		v := Value{Kind: Number, Number: float64(n)}
		en, ok := v.Words("en")
		if !ok || readEnglish(en) != n {
			t.Fatalf("%d is %q, which reads %d", n, en, readEnglish(en))
		}
		zh, ok := v.Words("zh")
		if !ok || readHan(zh) != n {
			t.Fatalf("%d is %q, which reads %d", n, zh, readHan(zh))
		}
		if strings.Contains(zh, "零零") || n > 0 && strings.HasSuffix(zh, "零") {
			t.Fatalf("%d is %q", n, zh)
		}
		if got, ok := v.Sounds("en"); !ok || readSounds(got) != n {
			t.Fatalf("%d is %q, which reads %d", n, got, readSounds(got))
		}
	})
}

// TestEverySoundThere: the English sounds are among those that Asterisk's packages bring.
func TestEverySoundThere(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("testdata", "sounds_en.txt"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range strings.Fields(string(list)) {
		there[s] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		v := Value{
			Kind:     rapid.SampledFrom([]Kind{Number, Ordinal, Digits, Spell, Money, Date, Time, Duration, Phone}).Draw(t, "kind"),
			Number:   float64(rapid.Int64Range(-Most, Most).Draw(t, "whole")) / rapid.SampledFrom([]float64{1, 8, 1000, 1e6, 1e9}).Draw(t, "by"),
			Text:     rapid.SampledFrom([]string{"2026-10-30", "1999-01-01", "00:00", "23:07", "11:40", "0123456789", "abcxyz-.@/+#*=", "Zed 9"}).Draw(t, "text"),
			Currency: rapid.SampledFrom([]string{"", "USD", "EUR", "JPY"}).Draw(t, "currency"),
		}
		got, _ := v.Sounds("en")
		for _, s := range got {
			if !there[s] {
				t.Fatalf("%+v is played as %q, and there is no %s", v, got, s)
			}
		}
	})
}
