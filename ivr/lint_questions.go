package ivr

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// mostChoices is how many choices callers remember.
const mostChoices = 5

// questions runs the rules on what the caller is asked.
func (x *linter) questions() {
	for _, st := range x.g.steps {
		q := st.question()
		if q == nil {
			continue
		}
		keys, own, shy := keysOf(st)
		x.otherMeaning(st, q, own)
		if len(keys) == 0 {
			continue
		}
		if n := len(keys) - len(shy); n > mostChoices {
			x.warnf(st.at, "IVR035", "%d choices; more than %d are not remembered; ask in two steps", n, mostChoices)
		}
		x.longMenu(st, q, keys)
		x.promised(st, q, keys, shy)
	}
}

// keysOf are the keys a menu or a question for the language takes, with their targets if they have some; shy are those
// that need not be said, for they only ask again.
func keysOf(st *step) (keys []string, own []choice, shy []string) {
	switch a := st.do.(type) {
	case *menuStep:
		own = a.choices
	case *languageStep:
		for _, c := range a.choices {
			keys = append(keys, c.keys)
		}
	}
	for _, c := range own {
		keys = append(keys, c.keys)
		if c.to.kind == toRepeat || c.to.kind == toBack {
			shy = append(shy, c.keys)
		}
	}
	return keys, own, shy
}

// shadowed is IVR038 of menus: a number that begins with another choice, where no time is left between the keys.
func (l *loader) shadowed(q *question, keys []pair) {
	if q.between > 0 {
		return
	}
	for _, long := range keys {
		for _, short := range keys {
			a, b := dialled(long.key.text), dialled(short.key.text)
			if a != b && strings.HasPrefix(a, b) {
				l.errorf(long.key.at, "IVR038", "%s can never be given: with between_keys: 0s, %s is taken at once", long.key.text, short.key.text)
				break
			}
		}
	}
}

// impossible is IVR038 of collect: an answer that its own rules always refuse.
func (a *collectStep) impossible(l *loader, o *opts) {
	at := func(name string) (place, string) {
		if v := o.get(name); v != nil {
			return v.at, v.text
		}
		return o.at, ""
	}
	if a.low > a.high || a.high > 64 {
		return // said already
	}
	if least, most := digitsOf(a.as); a.high < least || a.low > most {
		p, text := at("digits")
		l.errorf(p, "IVR038", "digits: %s can never be given: %s has %s", text, a.as, spanOf(least, most))
	}
	if a.as == "amount" && a.end == "*" {
		p, _ := at("end")
		l.errorf(p, "IVR038", "cents can never be given: star ends the amount, and star is its decimal point; use end: hash")
	}
	if a.match == nil {
		return
	}
	alphabet := "0123456789"
	if a.as == "amount" {
		alphabet += "*"
	}
	if p, text := at("match"); !canMatch(text, alphabet, a.low, a.high) {
		l.errorf(p, "IVR038", "no answer can ever be given: none of %s matches %s", spanOf(a.low, a.high), text)
	}
}

func spanOf(low, high int) string {
	if low == high {
		return countOf(low)
	}
	return countOf(low)[:strings.Index(countOf(low), " ")] + " to " + countOf(high)
}

// digitsOf is how many keys an answer of the kind can have.
func digitsOf(as string) (least, most int) {
	switch as {
	case "date":
		return 8, 8
	case "time":
		return 4, 4
	case "yes_no":
		return 1, 1
	case "card":
		return 2, 64
	case "phone":
		return 3, 15
	}
	return 1, 64
}

// canMatch tells whether the pattern matches any text of low to high characters of the alphabet: it walks the states the
// pattern can be in after each further character. Where it cannot tell, it says yes.
func canMatch(pattern, alphabet string, low, high int) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return true
	}
	m := matcher{prog, alphabet, make([]bool, len(prog.Inst))}
	for n := low; n <= high; n++ {
		if m.length(n) {
			return true
		}
	}
	return false
}

type matcher struct {
	prog     *syntax.Prog
	alphabet string
	on       []bool
}

// length tells whether a text of n characters can match. A match may begin and end anywhere, as in a search.
func (m matcher) length(n int) bool {
	var now []uint32
	for i := 0; i <= n; i++ {
		var next []uint32
		clear(m.on)
		for _, pc := range append(now, uint32(m.prog.Start)) {
			if m.follow(pc, i, n, &next) {
				return true
			}
		}
		now = m.eat(next)
	}
	return false
}

// follow goes from pc along all that eats no character, at place i of n, and notes what eats one; true: it matches.
func (m matcher) follow(pc uint32, i, n int, next *[]uint32) bool {
	if m.on[pc] {
		return false
	}
	m.on[pc] = true
	in := &m.prog.Inst[pc]
	switch in.Op {
	case syntax.InstMatch:
		return true
	case syntax.InstAlt, syntax.InstAltMatch:
		return m.follow(in.Out, i, n, next) || m.follow(in.Arg, i, n, next)
	case syntax.InstCapture, syntax.InstNop:
		return m.follow(in.Out, i, n, next)
	case syntax.InstEmptyWidth:
		op := syntax.EmptyOp(in.Arg)
		if op&(syntax.EmptyBeginText|syntax.EmptyBeginLine) != 0 && i > 0 || op&(syntax.EmptyEndText|syntax.EmptyEndLine) != 0 && i < n {
			return false
		}
		return m.follow(in.Out, i, n, next)
	case syntax.InstFail:
	default:
		*next = append(*next, pc)
	}
	return false
}

func (m matcher) eat(states []uint32) []uint32 {
	var out []uint32
	for _, pc := range states {
		in := &m.prog.Inst[pc]
		if strings.ContainsFunc(m.alphabet, in.MatchRune) && !slices.Contains(out, in.Out) {
			out = append(out, in.Out)
		}
	}
	return out
}

// normal is a text with its white space evened out.
func normal(s string) string { return strings.Join(strings.Fields(s), " ") }

// clip cuts a text for a message.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
