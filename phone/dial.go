package phone

import (
	"fmt"
	"strings"
)

// Dialable is a number that may be dialled: digits, for a public number with a plus before them, and nothing else. Only Dial
// makes one that is not empty.
type Dialable struct{ digits string }

// String is the number as a dial string may hold it.
func (d Dialable) String() string { return d.digits }

// Internal tells whether it is an extension.
func (d Dialable) Internal() bool { return d.digits != "" && d.digits[0] != '+' }

// IsZero tells whether d is no number at all.
func (d Dialable) IsZero() bool { return d.digits == "" }

// Rules say what may be dialled; what no rule allows is refused. The zero Rules allow nothing.
type Rules struct {
	country    string
	extensions bool
	premium    bool
	prefixes   []string
}

// The words that dial_allow may have beside prefixes.
const (
	allowExtensions = "extensions"
	allowPremium    = "premium"
)

// NewRules reads dial_allow: "extensions", prefixes of public numbers such as "+852", and "premium", without which
// premium-rate numbers are refused even under an allowed prefix. Country is the one national forms are read in.
func NewRules(country string, allow []string) (Rules, error) {
	r := Rules{country: country}
	for _, a := range allow {
		digits, ok := strings.CutPrefix(a, "+")
		switch {
		case a == allowExtensions:
			r.extensions = true
		case a == allowPremium:
			r.premium = true
		case ok && digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == "":
			r.prefixes = append(r.prefixes, a)
		default:
			return Rules{}, fmt.Errorf("phone: dial_allow has %q; use %s, %s, or a prefix such as +852", a, allowExtensions, allowPremium)
		}
	}
	return r, nil
}

// Reason says why a number is not dialled.
type Reason string

// Reasons.
const (
	BadCharacter Reason = "bad_character" // it has what could change a dial string
	NoNumber     Reason = "no_number"     // it is not readable as a number
	IsPremium    Reason = "premium"
	NotAllowed   Reason = "not_allowed"
)

// Refusal is why Dial gives no Dialable. Its text names no number, so that it may be logged.
type Refusal struct {
	Reason Reason
	Kind   string // of the number, where it was read
}

func (e *Refusal) Error() string {
	switch e.Reason {
	case BadCharacter:
		return "phone: the number has characters that are never dialled; write digits, spaces, dots, hyphens and brackets, with a plus in front if it is international"
	case NoNumber:
		return "phone: this is no telephone number"
	case IsPremium:
		return "phone: premium-rate numbers are not dialled; dial_allow would have to say premium"
	}
	return fmt.Sprintf("phone: no entry of dial_allow covers this %s number", e.Kind)
}

// Dial returns raw, as a person or a script wrote it, as a number to dial, if the rules allow it. The error is a *Refusal.
func Dial(raw string, rules Rules) (Dialable, error) {
	text := strings.Trim(raw, " ")
	for i, r := range text {
		if !strings.ContainsRune("0123456789 .-()+", r) || i == 0 && r == '-' {
			return Dialable{}, &Refusal{Reason: BadCharacter}
		}
	}
	if len(text) > maxText {
		return Dialable{}, &Refusal{Reason: NoNumber}
	}
	n := Parse(text, rules.country)
	switch {
	case n.Kind == Internal && rules.extensions:
		return Dialable{n.Shown}, nil
	case n.Kind == Internal:
		return Dialable{}, &Refusal{NotAllowed, n.Kind}
	case n.E164 == "":
		return Dialable{}, &Refusal{NoNumber, n.Kind}
	}
	for _, p := range rules.prefixes {
		if !strings.HasPrefix(n.E164, p) {
			continue
		}
		if n.Kind == Premium && !rules.premium {
			return Dialable{}, &Refusal{IsPremium, n.Kind}
		}
		return Dialable{n.E164}, nil
	}
	return Dialable{}, &Refusal{NotAllowed, n.Kind}
}
