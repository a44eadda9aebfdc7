package phone

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	cases := []struct {
		raw, country string
		want         Number
	}{
		{"+85223456789", "HK", Number{E164: "+85223456789", Shown: "2345 6789", Kind: "fixed", Country: "HK"}},
		{"2345 6789", "hk", Number{E164: "+85223456789", Shown: "2345 6789", Kind: "fixed", Country: "HK"}},
		{"85223456789", "GB", Number{E164: "+85223456789", Shown: "+852 2345 6789", Kind: "fixed", Country: "HK"}},
		{"0085223456789", "GB", Number{E164: "+85223456789", Shown: "+852 2345 6789", Kind: "fixed", Country: "HK"}},
		{"020 7946 0123", "GB", Number{E164: "+442079460123", Shown: "020 7946 0123", Kind: "fixed", Country: "GB"}},
		{"07400123456", "GB", Number{E164: "+447400123456", Shown: "07400 123456", Kind: "mobile", Country: "GB"}},
		{"(212) 456-7890", "US", Number{E164: "+12124567890", Shown: "(212) 456-7890", Kind: "fixed_or_mobile", Country: "US"}},
		{"0800 123 4567", "GB", Number{E164: "+448001234567", Shown: "0800 123 4567", Kind: "toll_free", Country: "GB"}},
		{"+1 900 555 0123", "US", Number{E164: "+19005550123", Shown: "(900) 555-0123", Kind: "premium", Country: "US"}},
		{"848 123456", "IT", Number{E164: "+39848123456", Shown: "848 123 456", Kind: "shared_cost", Country: "IT"}},
		{"056 0012 3456", "GB", Number{E164: "+445600123456", Shown: "056 0012 3456", Kind: "voip", Country: "GB"}},
		{"070 1234 5678", "GB", Number{E164: "+447012345678", Shown: "070 1234 5678", Kind: "personal", Country: "GB"}},
		{"076 4012 3456", "GB", Number{E164: "+447640123456", Shown: "076 4012 3456", Kind: "pager", Country: "GB"}},
		{"055 1234 5678", "GB", Number{E164: "+445512345678", Shown: "055 1234 5678", Kind: "uan", Country: "GB"}},
		{"+86 139 1234 5678", "", Number{E164: "+8613912345678", Shown: "+86 139 1234 5678", Kind: "mobile", Country: "CN"}},
		{"sip:+85223456789@pbx.example;user=phone", "HK", Number{E164: "+85223456789", Shown: "2345 6789", Kind: "fixed", Country: "HK"}},
		{"tel:+852-2345-6789;ext=5", "HK", Number{E164: "+85223456789", Shown: "2345 6789", Kind: "fixed", Country: "HK"}},
		{"+44 1000 000000", "HK", Number{E164: "+441000000000", Shown: "+44 100 000 0000", Kind: "other"}},
		{"1001", "HK", Number{Shown: "1001", Kind: Internal}},
		{"sip:1001@10.0.0.1", "HK", Number{Shown: "1001", Kind: Internal}},
		{"", "HK", Number{Kind: Withheld}},
		{"Anonymous", "HK", Number{Kind: Withheld}},
		{"sip:anonymous@anonymous.invalid", "HK", Number{Kind: Withheld}},
		{"restricted", "HK", Number{Kind: Withheld}},
		{"Unavailable", "HK", Number{Kind: Withheld}},
		{"unknown", "HK", Number{Kind: Withheld}},
		{"PRIVATE", "HK", Number{Kind: Withheld}},
		{"\r\n\x00", "HK", Number{Kind: Withheld}},
		{"alice", "HK", Number{Shown: "alice", Kind: Unknown}},
		{"1-800-FLOWERS", "US", Number{Shown: "1-800-FLOWERS", Kind: Unknown}},
		{"+", "HK", Number{Shown: "+", Kind: Unknown}},
		{"+1", "HK", Number{Shown: "+1", Kind: Unknown}},
		{"99999999999999999999999", "HK", Number{Shown: "99999999999999999999999", Kind: Unknown}},
		{"5551234", "US", Number{Shown: "5551234", Kind: Unknown}},
		{"23456789", "nowhere", Number{Shown: "23456789", Kind: Unknown}},
	}
	for _, c := range cases {
		c.want.Raw = Clean(c.raw)
		if got := Parse(c.raw, c.country); got != c.want {
			t.Errorf("Parse(%q, %q):\n got %+v\nwant %+v", c.raw, c.country, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	cases := map[string]string{
		" Ana  Lovelace ":                    "Ana  Lovelace",
		"Ana\r\nX-Evil: 1":                   "AnaX-Evil: 1",
		"a\x00b\x7fc\u0085d":                 "abcd",
		"\xff\xfeok\xc3":                     "ok",
		"\u202Egnp.exe\u2066":                "gnp.exe",
		"王小明 👩‍👧":                            "王小明 👩‍👧",
		"kept \uFFFD":                        "kept \uFFFD",
		strings.Repeat("x", 200):             strings.Repeat("x", 128),
		strings.Repeat("x", 126) + "明" + "y": strings.Repeat("x", 126),
	}
	for in, want := range cases {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{"Ana": "Ana", "Anonymous": "", " unavailable\n": "", "Anonymous Ltd": "Anonymous Ltd"} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q; want %q", in, got, want)
		}
	}
}

func rules(t testing.TB, allow ...string) Rules {
	r, err := NewRules("HK", allow)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDial(t *testing.T) {
	hk := rules(t, "extensions", "+852")
	cases := []struct {
		raw    string
		rules  Rules
		want   string
		reason Reason
	}{
		{"2345 6789", hk, "+85223456789", ""},
		{"+852 (2345)-6789", hk, "+85223456789", ""},
		{" 1001 ", hk, "1001", ""},
		{"1001", rules(t, "+852"), "", NotAllowed},
		{"+44 20 7946 0123", hk, "", NotAllowed},
		{"+85223456789", Rules{}, "", NotAllowed},
		{"1001", Rules{}, "", NotAllowed},
		{"+1 900 555 0123", rules(t, "+1"), "", IsPremium},
		{"+1 900 555 0123", rules(t, "+1", "premium"), "+19005550123", ""},
		{"+1 900 555 0123", rules(t, "premium"), "", NotAllowed},
		{"", hk, "", NoNumber},
		{"+", hk, "", NoNumber},
		{"()", hk, "", NoNumber},
		{"12345678901234567890", hk, "", NoNumber},
		{strings.Repeat("1 ", 100), hk, "", NoNumber},
		{"-1001", hk, "", BadCharacter},
		{"1001&1002", hk, "", BadCharacter},
		{"1001/n", hk, "", BadCharacter},
		{"1001@evil", hk, "", BadCharacter},
		{"1001,30", hk, "", BadCharacter},
		{"1001\r\nAction: Originate", hk, "", BadCharacter},
		{"\n1001", hk, "", BadCharacter},
		{"${EXTEN}", hk, "", BadCharacter},
		{"*72", hk, "", BadCharacter},
		{"alice", hk, "", BadCharacter},
		{"１００１", hk, "", BadCharacter},
		{"10\xff01", hk, "", BadCharacter},
	}
	for _, c := range cases {
		d, err := Dial(c.raw, c.rules)
		if d.String() != c.want || d.IsZero() != (c.want == "") || d.Internal() != (c.want == "1001") {
			t.Errorf("Dial(%q) = %q, internal %v; want %q", c.raw, d, d.Internal(), c.want)
		}
		var no *Refusal
		switch {
		case c.reason == "" && err != nil, c.reason != "" && (!errors.As(err, &no) || no.Reason != c.reason):
			t.Errorf("Dial(%q) says %v; want %q", c.raw, err, c.reason)
		case no != nil && strings.ContainsAny(no.Error(), "123456789"):
			t.Errorf("Dial(%q) tells the number: %v", c.raw, err)
		}
	}
}

func TestNewRulesErrors(t *testing.T) {
	for _, bad := range []string{"", "852", "+", "+0", "+85x", "+852 23", "Extensions", "all", "*"} {
		if _, err := NewRules("HK", []string{"extensions", bad}); err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) {
			t.Errorf("dial_allow %q: %v", bad, err)
		}
	}
}

func TestHash(t *testing.T) {
	key, other := []byte("0123456789abcdef"), []byte("0123456789abcdeg")
	h := Hash(key, "+85223456789")
	if len(h) != 43 || h != Hash(key, "+85223456789") {
		t.Errorf("the hash is %q, then %q", h, Hash(key, "+85223456789"))
	}
	for _, x := range []string{Hash(key, "+85223456788"), Hash(other, "+85223456789"), Hash(key, ""), Hash(key[:15], "+85223456789")} {
		if x == h {
			t.Errorf("%q twice", x)
		}
	}
	if Hash(key, "") != "" || Hash(nil, "+85223456789") != "" {
		t.Error("a hash of nothing, or without a key")
	}
}

var seeds = []string{"", "+85223456789", "2345 6789", "sip:1001@x", "Anonymous", "\r\n", "${EXTEN}", "-1", "+1900", "1001&2", "\xff\xc3",
	"\u202e123", "👩‍👧", "+999999999999999999", "00000000000", "tel:;", "@", "+-+-1", "１２３４５６７"}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "HK")
	}
	e164 := regexp.MustCompile(`^\+[1-9][0-9]{1,16}$`)
	f.Fuzz(func(t *testing.T, raw, country string) {
		n := Parse(raw, country)
		if n.Kind == "" || n.E164 != "" && !e164.MatchString(n.E164) {
			t.Errorf("%+v", n)
		}
		if public := n.Kind != Internal && n.Kind != Withheld && n.Kind != Unknown; public != (n.E164 != "") {
			t.Errorf("%+v", n)
		}
		for _, s := range []string{n.Raw, n.Shown, Name(raw)} {
			if !utf8.ValidString(s) || len(s) > maxText || strings.ContainsFunc(s, unicode.IsControl) || Clean(s) != s {
				t.Errorf("%q of %q", s, raw)
			}
		}
		if again := Parse(n.E164, country); n.E164 != "" && again.E164 != n.E164 {
			t.Errorf("%+v, read again %+v", n, again)
		}
	})
}

func FuzzDial(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	allowed := regexp.MustCompile(`^(\+852[0-9]{1,14}|[0-9]{1,6})$`)
	f.Fuzz(func(t *testing.T, raw string) {
		d, err := Dial(raw, rules(t, "extensions", "+852"))
		if (err == nil) != allowed.MatchString(d.String()) || err != nil && !d.IsZero() {
			t.Errorf("Dial(%q) = %q, %v", raw, d, err)
		}
		if strings.ContainsAny(raw, "&/@,\r\n${}") && err == nil {
			t.Errorf("Dial(%q) = %q", raw, d)
		}
	})
}
