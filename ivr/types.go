package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a value is. At run time numbers, money and durations (seconds) are float64, the rest are texts, bools,
// lists and records; the checker keeps them apart.
type kind int

const (
	kNone kind = iota
	kText
	kDigits
	kNumber
	kBool
	kMoney
	kDate     // 2006-01-02
	kTime     // 15:04
	kDuration // seconds
	kOneOf
	kList
	kRecord
	kSecret
	kAny // of a row or an answer: known only when it runs; number(…) and text(…) make something of it
)

var kindNames = map[kind]string{kText: "text", kDigits: "digits", kNumber: "number", kBool: "bool", kMoney: "money", kDate: "date",
	kTime: "time", kDuration: "duration", kOneOf: "one_of", kList: "list", kRecord: "record", kSecret: "secret"}

// typ is a type of the language.
type typ struct {
	kind   kind
	words  []string // of a one_of
	fields []field  // of a record, in order
	open   bool     // a record that may have other fields too, texts
}

type field struct {
	name string
	typ  typ
}

func (t typ) field(name string) (typ, bool) {
	for _, f := range t.fields {
		if f.name == name {
			return f.typ, true
		}
	}
	if t.open {
		return typ{kind: kText}, true
	}
	return typ{}, false
}

func (t typ) fieldNames() []string {
	var out []string
	for _, f := range t.fields {
		out = append(out, f.name)
	}
	return out
}

// String names the type for a message: "a text".
func (t typ) String() string {
	switch t.kind {
	case kOneOf:
		return "one of " + strings.Join(t.words, ", ")
	case kBool:
		return "true or false"
	case kDigits:
		return "digits"
	case kMoney:
		return "an amount of money"
	case kAny:
		return "a value of a look-up"
	}
	if n, ok := kindNames[t.kind]; ok {
		return "a " + n
	}
	return "nothing"
}

func (t typ) textual() bool { return t.kind == kText || t.kind == kDigits || t.kind == kOneOf }
func (t typ) numeric() bool { return t.kind == kNumber || t.kind == kMoney }

// comparable tells whether values of t and u can be compared with == and, if ordered, with <.
func (t typ) comparable(u typ) bool {
	return t.kind == u.kind || t.kind == kAny || u.kind == kAny || t.textual() && u.textual() || t.numeric() && u.numeric()
}

// takes tells whether a value of type u may go where t is wanted; what remains to be seen is checked at run time.
func (t typ) takes(u typ) bool {
	switch {
	case u.kind == kSecret:
		return t.kind == kSecret
	case u.kind == kAny:
		return true
	case t.kind == kText:
		return u.kind != kList && u.kind != kRecord
	case t.kind == kSecret, t.textual():
		return u.textual()
	}
	return t.comparable(u)
}

// zero is what an unset variable reads as.
func (t typ) zero() any {
	switch t.kind {
	case kNumber, kMoney, kDuration:
		return float64(0)
	case kBool:
		return false
	case kList:
		return []any{}
	case kRecord:
		return map[string]any{}
	}
	return ""
}

var (
	durationText = regexp.MustCompile(`^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$`)
	durationPart = regexp.MustCompile(`(\d+(?:\.\d+)?)(ms|s|m|h|d)`)
	numberText   = regexp.MustCompile(`^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$`)
	amountText   = regexp.MustCompile(`^-?\d+(?:\.\d+)?$`)
	digitsText   = regexp.MustCompile(`^\d+$`)
)

// parseDuration reads a duration with its unit: 300ms, 5s, 1m30s, 2h, 1d.
func parseDuration(s string) (time.Duration, bool) {
	if !durationText.MatchString(s) || len(s) > 32 {
		return 0, false
	}
	unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	total := 0.0
	for _, p := range durationPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(p[1], 64)
		if err != nil {
			return 0, false
		}
		total += n * float64(unit[p[2]])
	}
	if total > float64(365*24*time.Hour) {
		return 0, false
	}
	return time.Duration(total), true
}

// parseAs reads a text as a value of type t.
func parseAs(t typ, s string) (any, error) {
	wrong := fmt.Errorf("wants %s, not %q", t, s)
	switch t.kind {
	case kNumber, kMoney:
		if !amountText.MatchString(s) {
			return nil, wrong
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, wrong
		}
		return f, nil
	case kBool:
		if s != "true" && s != "false" {
			return nil, wrong
		}
		return s == "true", nil
	case kDate:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return nil, fmt.Errorf("%w; write it as 2026-12-24", wrong)
		}
	case kTime:
		if _, err := time.Parse("15:04", s); err != nil {
			return nil, fmt.Errorf("%w; write it as 09:30", wrong)
		}
	case kDuration:
		d, ok := parseDuration(s)
		if !ok {
			return nil, fmt.Errorf("%w; write it with its unit, as in 5s", wrong)
		}
		return d.Seconds(), nil
	case kDigits:
		if s != "" && !digitsText.MatchString(s) {
			return nil, wrong
		}
	case kOneOf:
		if !slices.Contains(t.words, s) {
			return nil, wrong
		}
	case kList, kRecord, kNone:
		return nil, wrong
	}
	return s, nil
}

// convert brings a worked-out value into the shape of type t.
func convert(t typ, v any) (any, error) {
	switch t.kind {
	case kText, kSecret:
		return textOf(v), nil
	case kNumber, kMoney, kDuration:
		if f, ok := v.(float64); ok {
			return f, nil
		}
	case kBool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case kAny:
		return v, nil
	case kList:
		if x, ok := v.([]any); ok {
			return x, nil
		}
	case kRecord:
		if x, ok := v.(map[string]any); ok {
			return x, nil
		}
	default:
		if s, ok := v.(string); ok {
			if s == "" && t.kind != kOneOf {
				return s, nil
			}
			return parseAs(t, s)
		}
	}
	return nil, fmt.Errorf("wants %s", t)
}

// textOf writes a value as a person would read it.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, textOf(x))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// parseType reads a declaration: "number = 0", "one_of a b = a", "secret".
func parseType(s string) (t typ, def string, hasDef bool, err error) {
	decl, def, hasDef := strings.Cut(s, "=")
	words := strings.Fields(decl)
	def = strings.TrimSpace(def)
	if len(words) == 0 {
		return t, "", false, fmt.Errorf("a variable wants a type: %s", strings.Join(typeNames(), " "))
	}
	for k, n := range kindNames {
		if n == words[0] {
			t.kind = k
		}
	}
	switch {
	case t.kind == kNone:
		return t, "", false, fmt.Errorf("there is no type %q%s", words[0], near(words[0], typeNames()))
	case t.kind == kOneOf && len(words) < 2:
		return t, "", false, fmt.Errorf("one_of wants its values: one_of sales support")
	case t.kind == kOneOf:
		t.words = words[1:]
	case len(words) > 1:
		return t, "", false, fmt.Errorf("%s takes no %q; a default follows an =", words[0], words[1])
	}
	if hasDef && t.kind == kSecret {
		return t, "", false, fmt.Errorf("a secret has no default")
	}
	return t, def, hasDef, nil
}

func typeNames() []string {
	return []string{"one_of", "text", "digits", "number", "money", "bool", "date", "time", "duration", "list", "record", "secret"}
}
