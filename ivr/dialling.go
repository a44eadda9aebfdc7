package ivr

import (
	"regexp"
	"slices"
	"strings"
)

// allowText is an entry of allow: extensions, or the leading digits of numbers.
var allowText = regexp.MustCompile(`^(?:extensions|\+?[0-9]{1,15})$`)

const (
	wordExtensions = "extensions"
	wordPremium    = "premium"
	maxNumbers     = 10
	longExtension  = 6 // digits; what is longer and has no plus is a number of the site's country
)

// normal writes a number as dial_allow has it: digits for an extension, a plus and digits for all others; empty if it is none.
func (s Site) normal(n string) string {
	n = strings.NewReplacer(" ", "", ".", "", "-", "", "(", "", ")", "").Replace(n)
	digits := strings.TrimPrefix(n, "+")
	switch {
	case !digitsText.MatchString(digits) || len(digits) > 15:
		return ""
	case digits != n:
		return n
	case strings.HasPrefix(digits, "00"):
		return "+" + digits[2:]
	case len(digits) <= longExtension:
		return digits
	case s.Country == "":
		return ""
	}
	return "+" + s.Country + strings.TrimPrefix(digits, "0")
}

// refuses says why a number may not be dialled; empty if it may. allow narrows what the site allows; nil does not.
func (s Site) refuses(number string, allow []string) string {
	n := s.normal(number)
	under := func(prefix string) bool {
		return strings.HasPrefix(n, prefix) || prefix == wordExtensions && n[0] != '+'
	}
	premium := func(p string) bool { return strings.HasPrefix(n, p) }
	switch {
	case n == "":
		return "no telephone number"
	case slices.ContainsFunc(s.Premium, premium) && !slices.ContainsFunc(s.DialAllow, func(a string) bool {
		return a == wordPremium || slices.ContainsFunc(s.Premium, func(p string) bool { return premium(p) && strings.HasPrefix(a, p) && premium(a) })
	}):
		return "premium"
	case s.Unknown || slices.ContainsFunc(s.DialAllow, under):
		if allow != nil && !slices.ContainsFunc(allow, under) && !slices.ContainsFunc(allow, func(a string) bool { return strings.HasPrefix(number, a) }) {
			return "outside allow"
		}
		return ""
	case n[0] == '+' && s.Country != "" && !strings.HasPrefix(n, "+"+s.Country):
		return "international"
	}
	return "outside dial_allow"
}

// domestic is what of dial_allow is neither premium nor international.
func (s Site) domestic() []string {
	if s.Unknown {
		return nil
	}
	out := []string{}
	for _, a := range s.DialAllow {
		if a == wordExtensions || a != wordPremium && (s.Country == "" || strings.HasPrefix(a, "+"+s.Country)) {
			out = append(out, a)
		}
	}
	return out
}

// allow reads the prefixes that narrow what may be dialled; nil if the option is not there.
func (o *opts) allow() []string {
	v := o.get("allow")
	if v == nil {
		return nil
	}
	out := []string{}
	for _, it := range listOf(v) {
		if it.kind != yamlScalar || !allowText.MatchString(it.text) {
			o.l.errorf(it.at, "IVR004", "allow wants extensions or the leading digits of numbers, as in \"+852\", not %s", it.what())
			continue
		}
		out = append(out, it.text)
	}
	return out
}

// numbers reads one number or a list. Those that are written are held to dial_allow; those that are worked out need allow.
func (o *opts) numbers(name string, allow []string) []*value {
	v := o.get(name)
	var out []*value
	if n := len(listOf(v)); n > maxNumbers {
		o.l.errorf(v.at, "IVR004", "%s wants at most %d numbers, not %d", name, maxNumbers, n)
	}
	for _, it := range listOf(v) {
		if n := o.l.number(name, it, allow); n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (l *loader) number(name string, v *yval, allow []string) *value {
	val := l.value(v, typ{kind: kText}, name, "dialled")
	switch {
	case val == nil:
	case val.exp != nil && val.exp.typ.kind == kOneOf:
		for _, w := range val.exp.typ.words {
			l.mayDial(v.offset(1), w, allow)
		}
	case val.exp != nil || val.tmpl != nil:
		if allow == nil {
			l.errorf(v.at, "IVR075", "the number comes from %s; name the prefixes in allow, so that nobody can have any number dialled", dataOf(v.text))
		}
	default:
		l.mayDial(v.at, v.text, allow)
	}
	return val
}

// dataOf says where a number that is worked out comes from.
func dataOf(text string) string {
	if strings.Contains(text, "call.") {
		return "the caller"
	}
	return "data"
}

func (l *loader) mayDial(at place, number string, allow []string) {
	if l.site.Unknown {
		l.unchecked(at, "IVR074", "number", number)
		return
	}
	if why := l.site.refuses(number, allow); why != "" {
		l.errorf(at, "IVR074", "%s is %s", number, why)
	}
}

// dialled works out numbers, and refuses those that may not be dialled.
func (m *Machine) dialled(numbers []*value, allow []string) ([]string, error) {
	out, err := m.texts(numbers...)
	if err != nil {
		return nil, err
	}
	for _, n := range out {
		if m.s.site.refuses(n, allow) != "" {
			return nil, fault("dial.refused")
		}
	}
	return out, nil
}
