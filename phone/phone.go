// Package phone reads telephone numbers as PBXs and people write them, and decides which may be dialled. What comes from
// outside is never trusted: Parse makes something of any bytes, and Dialable, the only thing a dial string may be made
// of, comes only from Dial.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Kinds of numbers. The others are those of the numbering plan: fixed, mobile, fixed_or_mobile, toll_free, premium,
// shared_cost, voip, personal, pager, uan, voicemail, and other for a number of a possible length that no plan names.
const (
	Internal = "internal" // up to 6 digits: an extension
	Withheld = "withheld" // the caller hides it, or the network does not tell
	Unknown  = "unknown"  // not readable as a number
	Premium  = "premium"
)

// Number is a telephone number in each of its forms. Without a number in the public plan E164 is empty.
type Number struct {
	E164    string // +85223456789
	Raw     string // as it was given, cleaned by Clean
	Shown   string // for people: in national form if it is of the site's own country, else in international form
	Kind    string
	Country string // the ISO 3166 code of its country, where there is one
}

// maxInternal is how many digits an extension may have; a shorter number of the public plan is not told from one.
const maxInternal = 6

// withheld are the words that stand for a hidden number, compared without regard to case.
var withheld = []string{"", "anonymous", "restricted", "unavailable", "unknown", "private", "withheld"}

// Parse reads a number as a PBX or a person gives it: with separators, as sip: or tel: address, in national form of
// country (ISO 3166, two letters), or international with or without the plus. It never fails: what is no number is
// told by Kind.
func Parse(raw, country string) Number {
	n := Number{Raw: Clean(raw)}
	text := bare(n.Raw)
	if isWithheld(text) {
		n.Kind = Withheld
		return n
	}
	digits, ok := digitsOf(text)
	switch {
	case !ok:
		n.Kind, n.Shown = Unknown, n.Raw
		return n
	case len(digits) <= maxInternal && !strings.HasPrefix(text, "+"):
		n.Kind, n.Shown = Internal, digits
		return n
	}
	country = strings.ToUpper(country)
	p, kind := read(text, digits, country)
	if p == nil {
		n.Kind, n.Shown = Unknown, n.Raw
		return n
	}
	n.E164 = phonenumbers.Format(p, phonenumbers.E164)
	n.Kind = kind
	n.Country = phonenumbers.GetRegionCodeForNumber(p)
	form := phonenumbers.INTERNATIONAL
	if n.Country == country {
		form = phonenumbers.NATIONAL
	}
	n.Shown = phonenumbers.Format(p, form)
	return n
}

// Name reads a caller-ID name: cleaned, and empty if it only says that the caller is hidden.
func Name(raw string) string {
	name := Clean(raw)
	if isWithheld(name) {
		return ""
	}
	return name
}

// bare takes off what an address has around its number.
func bare(text string) string {
	for _, scheme := range []string{"sips:", "sip:", "tel:"} {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			text = text[len(scheme):]
			break
		}
	}
	if i := strings.IndexAny(text, "@;"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

func isWithheld(text string) bool {
	for _, w := range withheld {
		if strings.EqualFold(text, w) {
			return true
		}
	}
	return false
}

// digitsOf returns the digits of a number written with the usual separators; false if anything else stands there, so that
// letters are never taken for the digits on their keys.
func digitsOf(text string) (string, bool) {
	var digits strings.Builder
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0:
		case strings.ContainsRune(" -.()/", r):
		default:
			return "", false
		}
	}
	return digits.String(), digits.Len() > 0
}

// read finds the public number meant, and its kind: as written, else as an international one whose plus was lost. A number that no
// plan knows is taken only with the plus, and only if its length could be right.
func read(text, digits, country string) (*phonenumbers.PhoneNumber, string) {
	plus := strings.HasPrefix(text, "+")
	asWritten := digits
	if plus {
		asWritten = "+" + digits
	}
	for _, s := range []string{asWritten, "+" + digits} {
		p, err := phonenumbers.Parse(s, country)
		if err != nil {
			continue
		}
		if kind := kindOf(p); kind != noPlan { // a number of no type is none that the library calls valid
			return p, kind
		}
	}
	if !plus {
		return nil, ""
	}
	p, err := phonenumbers.Parse(asWritten, country)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(p) != phonenumbers.IS_POSSIBLE {
		return nil, ""
	}
	return p, noPlan
}

// noPlan is the kind of a number that no plan names.
const noPlan = "other"

func kindOf(p *phonenumbers.PhoneNumber) string {
	switch phonenumbers.GetNumberType(p) {
	case phonenumbers.FIXED_LINE:
		return "fixed"
	case phonenumbers.MOBILE:
		return "mobile"
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return "fixed_or_mobile"
	case phonenumbers.TOLL_FREE:
		return "toll_free"
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.SHARED_COST:
		return "shared_cost"
	case phonenumbers.VOIP:
		return "voip"
	case phonenumbers.PERSONAL_NUMBER:
		return "personal"
	case phonenumbers.PAGER:
		return "pager"
	case phonenumbers.UAN:
		return "uan"
	case phonenumbers.VOICEMAIL:
		return "voicemail"
	}
	return noPlan
}
