package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// collectStep asks for digits and keeps them in a variable.
type collectStep struct {
	q         *question
	into      variable
	low, high int
	end       string // *, #, or empty
	as, order string
	match     *regexp.Regexp
	luhn      bool
	check     *expression
	confirm   *prompt
	speech    bool
}

// asKinds says what each kind of input gives, and how many digits it has unless digits says otherwise.
var asKinds = []struct {
	name      string
	gives     kind
	low, high int
}{
	{"digits", kDigits, 1, 20}, {"number", kNumber, 1, 15}, {"amount", kMoney, 1, 15}, {"date", kDate, 8, 8}, {"time", kTime, 4, 4},
	{"card", kDigits, 12, 19}, {"phone", kDigits, 3, 15}, {"yes_no", kBool, 1, 1},
}

func loadCollect(l *loader, st *step, o *opts) action {
	a := &collectStep{q: l.questionOf(st, o), end: o.endKey()}
	var names []string
	for _, k := range asKinds {
		names = append(names, k.name)
	}
	a.as, a.order = o.word("as", "digits", names...), o.word("order", "dmy", "dmy", "mdy", "ymd")
	gives := typ{kind: kDigits}
	for _, k := range asKinds {
		if k.name == a.as {
			a.low, a.high, gives = k.low, k.high, typ{kind: k.gives}
		}
	}
	a.length(l, o)
	a.target(l, o, gives)
	a.rules(l, o, gives)
	a.confirming(l, st, o)
	if a.speech = o.truth("speech", false); a.speech && a.q.masked {
		l.errorf(o.get("speech").at, "IVR070", "secret %s would be heard by whoever recognises speech; leave out speech", a.into.name)
	}
	a.impossible(l, o)
	return a
}

var digitRange = regexp.MustCompile(`^(\d{1,3})(?:-(\d{1,3}))?$`)

func (a *collectStep) length(l *loader, o *opts) {
	v, ok := o.scalar("digits")
	if !ok {
		return
	}
	p := digitRange.FindStringSubmatch(v.text)
	if p == nil {
		l.errorf(v.at, "IVR004", "digits wants a count such as 6, or 6-12, not %q", v.text)
		return
	}
	a.low, _ = strconv.Atoi(p[1])
	a.high = a.low
	if p[2] != "" {
		a.high, _ = strconv.Atoi(p[2])
	}
	switch {
	case a.low > a.high:
		l.errorf(v.at, "IVR038", "digits: %s can never be given: the first number is the least", v.text)
	case a.low < 1 || a.high > 64:
		l.errorf(v.at, "IVR004", "digits wants 1 to 64, not %q", v.text)
	}
}

// target finds the variable and holds secrets and masks together: one without the other would leak.
func (a *collectStep) target(l *loader, o *opts, gives typ) {
	a.q.masked = o.truth("mask", false)
	v, ok := o.scalar("into")
	if !ok {
		return
	}
	if a.into, ok = l.variable(v); !ok {
		return
	}
	secret := a.into.typ.kind == kSecret
	switch {
	case a.q.masked && !secret:
		l.errorf(v.at, "IVR071", "%s is masked into a plain variable; declare it as %s: secret", a.into.name, a.into.name)
	case secret && !a.q.masked:
		l.errorf(v.at, "IVR071", "%s is secret but is not masked; add mask: true", a.into.name)
	case !secret && a.as == "card":
		l.errorf(v.at, "IVR071", "%s is a card number but is not masked; declare it as %s: secret and add mask: true", a.into.name, a.into.name)
	case !secret && looksSecret(a.into.name):
		l.errorf(v.at, "IVR071", "%s looks secret but is not masked; declare it as %s: secret and add mask: true", a.into.name, a.into.name)
	case secret && gives.kind == kDigits:
	case secret || !a.into.typ.takes(gives):
		l.errorf(v.at, "IVR051", "%s is %s, and as: %s gives %s", a.into.name, a.into.typ, a.as, gives)
	}
}

func (a *collectStep) rules(l *loader, o *opts, gives typ) {
	if v, ok := o.scalar("match"); ok {
		re, err := regexp.Compile(v.text)
		if err != nil {
			l.errorf(v.at, "IVR004", "match wants a pattern, and %q is none; check its brackets", v.text)
		}
		a.match = re
	}
	if v, ok := o.scalar("check"); ok {
		if a.luhn = v.text == "luhn"; !a.luhn {
			a.check = l.condition(v, []field{{"value", gives}})
		}
	}
}

func (a *collectStep) confirming(l *loader, st *step, o *opts) {
	v, ok := o.scalar("confirm")
	switch {
	case !ok || v.text == "false":
		return
	case v.text == "true":
		a.confirm = l.built("confirm", st.at)
	default:
		a.confirm = l.prompt(v)
	}
	if a.q.masked && a.confirm.says("value") {
		l.errorf(v.at, "IVR070", "secret %s would be spoken; a masked answer is not read back, so confirm it with a prompt without ${value}, or leave out confirm", a.into.name)
	}
}

// says tells whether a hole of the prompt is worked out from the name.
func (p *prompt) says(name string) bool {
	return p != nil && slices.ContainsFunc(p.texts, func(t langText) bool {
		return slices.ContainsFunc(t.text.pieces, func(p piece) bool { return p.hole != nil && slices.Contains(p.hole.names, name) })
	})
}

func (a *collectStep) asks() *question { return a.q }

func (a *collectStep) start(m *Machine) { m.ask() }

func (a *collectStep) feed(m *Machine, keys string) {
	if m.asking.confirm {
		a.confirmed(m, keys)
		return
	}
	d := keys[len(keys)-1:]
	switch {
	case d == a.end:
		a.take(m, keys[:len(keys)-1])
	case d == "*" && a.as == "amount" && !strings.Contains(keys[:len(keys)-1], "*"):
	case d < "0" || d > "9":
		m.miss("no_match")
	case len(keys) >= a.high:
		m.endKey, m.endTill = a.end, m.now.Add(endKeyGrace)
		a.take(m, keys)
	}
}

func (a *collectStep) pause(m *Machine, keys string) {
	if m.asking.confirm {
		m.miss("no_input")
		return
	}
	a.take(m, keys)
}

// take judges a whole answer: its length, its form, its pattern, its check.
func (a *collectStep) take(m *Machine, keys string) {
	if len(keys) < a.low || len(keys) > a.high {
		m.miss("no_match")
		return
	}
	v, ok := a.parse(m, keys)
	if ok && a.match != nil {
		ok = a.match.MatchString(keys)
	}
	if ok && (a.luhn || a.as == "card") {
		ok = luhn(keys)
	}
	if ok && a.check != nil {
		m.x.value = v
		got, err := a.check.run(&m.x)
		m.x.value = nil
		if err != nil {
			m.failWith(err)
			return
		}
		ok, _ = got.(bool)
	}
	if !ok {
		m.miss("no_match")
		return
	}
	if a.confirm != nil {
		m.tookKeys("confirm")
		m.asking.confirm, m.asking.value, m.asking.count, m.asking.keys = true, v, len(keys), ""
		m.x.value = a.shown(v, keys)
		if len(m.buf) > 0 { // the confirmation was typed ahead
			m.drain()
			return
		}
		m.sayQuestion(a.q)
		return
	}
	m.asking.count = len(keys)
	a.keep(m, v)
}

// shown is what is read back: the digits, or the value as it was understood.
func (a *collectStep) shown(v any, keys string) string {
	if a.as == "amount" || a.as == "date" || a.as == "time" || a.as == "yes_no" {
		return textOf(v)
	}
	return keys
}

func (a *collectStep) confirmed(m *Machine, keys string) {
	switch keys {
	case "1":
		a.keep(m, m.asking.value)
	case "2":
		m.tookKeys("again")
		m.asking.confirm, m.asking.value, m.x.value = false, nil, nil
		m.repeat()
	default:
		m.miss("no_match")
	}
}

func (a *collectStep) keep(m *Machine, v any) {
	v, err := convert(a.into.typ, v)
	if err == nil {
		err = m.assign(a.into.name, v)
	}
	if err != nil {
		m.failWith(err)
		return
	}
	if a.q.masked {
		m.secrets = append(m.secrets, m.at)
	}
	m.answeredWith(countOf(m.asking.count))
	m.leave("done")
}

// parse reads the keys as what they are meant to be.
func (a *collectStep) parse(m *Machine, keys string) (any, bool) {
	switch a.as {
	case "number":
		f, err := strconv.ParseFloat(keys, 64)
		return f, err == nil
	case "amount":
		whole, cents, _ := strings.Cut(keys, "*")
		if len(cents) > 2 || whole == "" && cents == "" {
			return nil, false
		}
		f, err := strconv.ParseFloat("0"+whole+"."+cents+"0", 64)
		return f, err == nil
	case "date":
		return a.date(keys)
	case "time":
		t, err := time.Parse("1504", keys)
		return t.Format("15:04"), err == nil
	case "phone":
		return keys, m.s.site.validPhone(keys)
	case "yes_no":
		return keys == "1", keys == "1" || keys == "2"
	}
	return keys, true
}

func (a *collectStep) date(keys string) (any, bool) {
	if len(keys) != 8 {
		return nil, false
	}
	layout := map[string]string{"dmy": "02012006", "mdy": "01022006", "ymd": "20060102"}[a.order]
	t, err := time.Parse(layout, keys)
	if err != nil {
		return nil, false
	}
	return fmt.Sprintf("%04d-%02d-%02d", t.Year(), t.Month(), t.Day()), true
}

// readBack is what the answer is read back with.
func (a *collectStep) readBack() *prompt { return a.confirm }
