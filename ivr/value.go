package ivr

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// template is a text with holes.
type template struct {
	pieces []piece
	secret bool   // a secret is in it
	common bool   // its holes are the same for whoever stands at that place
	sum    string // of its recording, in the script's set; of a text with holes each piece has one
}

type piece struct {
	text string
	hole *expression // nil: text
	sum  string      // of its recording, in the script's set
}

// recordable tells whether there is something in a fixed text for a voice to say, and not signs alone.
func recordable(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// cut names the recordings of a text with holes: base.1, base.2. What fills the holes is left empty.
func (t *template) cut(base string) []Piece {
	var out []Piece
	n := 0
	for _, p := range t.pieces {
		q := Piece{Text: p.text, Sum: p.sum}
		if p.hole == nil && base != "" && recordable(p.text) {
			n++
			q.File = base + "." + strconv.Itoa(n)
		}
		out = append(out, q)
	}
	return out
}

func (t *template) hasHoles() bool {
	for _, p := range t.pieces {
		if p.hole != nil {
			return true
		}
	}
	return false
}

func (t *template) fixed() string {
	var b strings.Builder
	for _, p := range t.pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func (t *template) fill(x *scope) (string, error) {
	return t.fillWith(x, func(_, hole string) string { return hole })
}

// fillWith writes each hole as write has it, which also sees what stands before.
func (t *template) fillWith(x *scope, write func(before, hole string) string) (string, error) {
	var b strings.Builder
	for _, p := range t.pieces {
		if p.hole == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := p.hole.run(x)
		if err != nil {
			return "", err
		}
		b.WriteString(write(b.String(), textOf(v)))
	}
	if utf8.RuneCountInString(b.String()) > x.text {
		return "", fault("limit.text")
	}
	return b.String(), nil
}

// speak fills a text that will be spoken in lang: as it is written, and in pieces if it has holes.
func (t *template) speak(x *scope, lang, base string) (string, []Piece, error) {
	if !t.hasHoles() {
		return t.fixed(), nil, nil
	}
	x.tongue = lang
	defer func() { x.tongue = "" }()
	out := t.cut(base)
	var b strings.Builder
	for i, p := range t.pieces {
		if p.hole != nil {
			v, err := p.hole.value(x)
			if err != nil {
				return "", nil, err
			}
			out[i].Text, out[i].Value = v.text, v.value
		}
		b.WriteString(out[i].Text)
	}
	if utf8.RuneCountInString(b.String()) > maxText {
		return "", nil, fault("limit.text")
	}
	return b.String(), out, nil
}

// value is a written value: a constant, a text with holes, or something to be worked out.
type value struct {
	typ   typ
	konst any
	tmpl  *template
	exp   *expression
}

// secret tells whether the value is one, or has one in it.
func (v *value) secret() bool {
	return v.tmpl != nil && v.tmpl.secret || v.exp != nil && v.exp.typ.kind == kSecret
}

func (v *value) get(x *scope) (any, error) {
	switch {
	case v.exp != nil:
		got, err := v.exp.run(x)
		if err != nil {
			return nil, err
		}
		if v.typ.kind == kNone {
			return got, nil
		}
		out, err := convert(v.typ, got)
		if err != nil {
			return nil, fault("expr.wrong_type")
		}
		return out, nil
	case v.tmpl != nil:
		return v.tmpl.fill(x)
	}
	return v.konst, nil
}

// holes splits a text at its ${…}; where says what a secret there would be, as in spoken. Empty: secrets may stand there.
func (l *loader) holes(v *yval, extra []field, where string) *template {
	t := &template{}
	runes := []rune(v.text)
	if len(runes) > maxText {
		l.errorf(v.at, "IVR004", "the text is too long: %d characters; 2,000 are the most", len(runes))
		return t
	}
	for i := 0; i < len(runes); {
		start := indexRunes(runes, i, "${")
		if start < 0 {
			t.pieces = append(t.pieces, piece{text: string(runes[i:])})
			break
		}
		if start > i {
			t.pieces = append(t.pieces, piece{text: string(runes[i:start])})
		}
		end := holeEnd(runes, start+2)
		if end < 0 {
			l.errorf(v.offset(start), "IVR050", "${ opens a hole that is not closed; add }")
			return t
		}
		src := string(runes[start+2 : end])
		if e := l.expression(v, start+2, src, extra); e != nil {
			if e.typ.kind == kSecret && where == "" {
				t.secret = true
			} else {
				l.speakable(v.offset(start+2), e, where)
			}
			t.pieces = append(t.pieces, piece{hole: e})
		}
		i = end + 1
	}
	return t
}

// speakable refuses secrets, and what cannot be put into words.
func (l *loader) speakable(at place, e *expression, where string) {
	switch e.typ.kind {
	case kSecret:
		l.errorf(at, "IVR070", "secret %s would be %s; leave it out, or use last4(…)", strings.TrimSpace(e.src), where)
	case kRecord:
		l.errorf(at, "IVR051", "%s is a record; name one of its fields", strings.TrimSpace(e.src))
	}
}

func indexRunes(r []rune, from int, s string) int {
	if i := strings.Index(string(r[from:]), s); i >= 0 {
		return from + utf8.RuneCountInString(string(r[from:])[:i])
	}
	return -1
}

// holeEnd finds the } that closes a hole, past any in quotes.
func holeEnd(r []rune, i int) int {
	var quote rune
	for ; i < len(r); i++ {
		switch {
		case quote != 0 && r[i] == '\\':
			i++
		case quote != 0:
			if r[i] == quote {
				quote = 0
			}
		case r[i] == '"' || r[i] == '\'':
			quote = r[i]
		case r[i] == '}':
			return i
		}
	}
	return -1
}

// expression compiles src, which stands off characters into the scalar v.
func (l *loader) expression(v *yval, off int, src string, extra []field) *expression {
	e, bad := l.lang.compile(src, append(slices.Clone(l.extra), extra...))
	if bad != nil {
		l.errorf(v.offset(off+bad.off), bad.id, "%s", bad.msg)
		return nil
	}
	l.reads(v.offset(off), e)
	for _, w := range e.warns {
		report := l.warnf
		if w.id == "IVR070" {
			report = l.errorf // lifted
		}
		report(v.offset(off+w.off), w.id, "%s", w.msg)
	}
	for _, a := range e.asks {
		if at := v.offset(off + a.off); a.kind == "calendar" {
			l.calendarIs(at, a.name)
		} else {
			l.siteHas(at, a.kind, a.name, l.site.Queues)
		}
	}
	return e
}

// condition reads an if: always worked out, an = before it does no harm.
func (l *loader) condition(v *yval, extra []field) *expression {
	if v.kind != yamlScalar || v.empty {
		l.errorf(v.at, "IVR004", "a condition is a text such as vars.tries >= 3, not %s", v.what())
		return nil
	}
	src, off := v.text, 0
	if strings.HasPrefix(src, "=") && !strings.HasPrefix(src, "==") {
		src, off = src[1:], 1
	}
	e := l.expression(v, off, src, extra)
	if e != nil && e.typ.kind != kBool {
		at := v.offset(off)
		if e.typ.kind == kSecret {
			l.speakable(at, e, "compared")
		} else {
			l.errorf(at, "IVR051", "a condition is true or false, and %s is %s", strings.TrimSpace(src), e.typ)
		}
		return nil
	}
	l.constantTruth(v, off, strings.TrimSpace(src))
	return e
}

// value reads a scalar as a value of type want: =… is worked out, a text may have holes, the rest is a constant.
// With want kNone a bare JSON number or true/false is that, and everything else a text.
func (l *loader) value(v *yval, want typ, what, where string) *value {
	if v.kind != yamlScalar {
		l.errorf(v.at, "IVR004", "%s wants one value, not %s", what, v.what())
		return nil
	}
	if strings.HasPrefix(v.text, "=") {
		return l.worked(v, want, what, where)
	}
	if (want.kind == kNone || want.kind == kText) && strings.Contains(v.text, "${") {
		return &value{typ: typ{kind: kText}, tmpl: l.holes(v, nil, where)}
	}
	if want.kind == kNone {
		return &value{konst: constant(v)}
	}
	k, err := parseAs(want, v.text)
	if err != nil {
		l.errorf(v.at, "IVR004", "%s %s", what, err)
		return nil
	}
	return &value{typ: want, konst: k}
}

func (l *loader) worked(v *yval, want typ, what, where string) *value {
	e := l.expression(v, 1, v.text[1:], nil)
	if e == nil {
		return nil
	}
	if e.typ.kind == kSecret && want.kind != kSecret && where != "" || want.kind == kNone && e.typ.kind == kRecord {
		l.speakable(v.offset(1), e, where)
		if _, ok := l.site.lifted("IVR070", l.s.name); !ok || e.typ.kind != kSecret {
			return nil
		}
		return &value{typ: typ{kind: kText}, exp: e}
	}
	if want.kind != kNone && !want.takes(e.typ) && e.typ.kind != kSecret {
		l.errorf(v.offset(1), "IVR051", "%s wants %s, and %s is %s", what, want, strings.TrimSpace(e.src), e.typ)
		return nil
	}
	return &value{typ: want, exp: e}
}

// constant reads an untyped scalar: a number only if it is bare and JSON would call it one.
func constant(v *yval) any {
	if v.bare {
		if v.empty {
			return ""
		}
		if v.text == "true" || v.text == "false" {
			return v.text == "true"
		}
		if numberText.MatchString(v.text) {
			if f, err := strconv.ParseFloat(v.text, 64); err == nil {
				return f
			}
		}
	}
	return v.text
}
