package ivr

import (
	"strconv"
	"strings"
)

// fitting makes up keys, so many, for the open masked question, with which it comes to the same outcome; false: none of
// those tried does. Whether a PIN was right is told by the answer to the look-up behind it, not by the PIN.
func (m *Machine) fitting(count int, outcome string) (string, bool) {
	a, ok := m.at.do.(*collectStep)
	if !ok || count == 0 {
		return "", false
	}
	for seed := range 200 {
		for _, keys := range []string{madeUp(seed, count, ""), madeUp(seed, count, a.end)} {
			digits := strings.TrimSuffix(keys, a.end)
			if a.end == "" {
				digits = keys
			}
			if m.fits(a, digits) == (outcome != "no_match") {
				return keys, true
			}
		}
	}
	return "", false
}

// madeUp is the seed's digits, with the end key if there is one, and a check digit that makes every other seed pass Luhn.
func madeUp(seed, count int, end string) string {
	n := count - len(end)
	if n <= 0 {
		return end
	}
	text := strconv.Itoa(seed / 2)
	digits := strings.Repeat("1", max(0, n-len(text))) + text
	digits = digits[len(digits)-n:]
	if seed%2 == 1 {
		for c := range 10 {
			if d := digits[:n-1] + strconv.Itoa(c); luhn(d) {
				return d + end
			}
		}
	}
	return digits + end
}

// fits tells whether the question takes the digits as an answer.
func (m *Machine) fits(a *collectStep, digits string) bool {
	if len(digits) < a.low || len(digits) > a.high {
		return false
	}
	v, ok := a.parse(m, digits)
	if !ok || a.match != nil && !a.match.MatchString(digits) || (a.luhn || a.as == "card") && !luhn(digits) {
		return false
	}
	if a.check == nil {
		return true
	}
	old := m.x.value
	m.x.value = v
	got, err := a.check.run(&m.x)
	m.x.value = old
	good, _ := got.(bool)
	return err == nil && good
}
