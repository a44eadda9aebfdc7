package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	leadingZero = regexp.MustCompile(`^[-+]?0[0-9]+$`)
	plusNumber  = regexp.MustCompile(`^\+[0-9]+$`)
	clockNumber = regexp.MustCompile(`^[-+]?[0-9][0-9]*(?::[0-5]?[0-9])+$`)
	otherNumber = regexp.MustCompile(`^[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0b[01]+|[0-9][0-9_]*_[0-9_]*|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$`)
	falseWords  = []string{"no", "off"}
	trueWords   = []string{"yes", "on"}
)

// asOthersRead is IVR006: bare texts that ctid keeps as typed and other YAML tools turn into something else when they save
// the file.
func (l *loader) asOthersRead(v *yval) {
	switch v.kind {
	case yamlScalar:
		if as := otherReading(v); as != "" {
			l.warnf(v.at, "IVR006", "ctid reads %q as written, other tools as %s; quote it", v.text, as)
		}
	case yamlList:
		for _, it := range v.items {
			l.asOthersRead(it)
		}
	case yamlMap:
		for _, p := range v.pairs {
			l.asOthersRead(p.key)
			l.asOthersRead(p.val)
		}
	}
}

func otherReading(v *yval) string {
	t := v.text
	if !v.bare || v.empty {
		return ""
	}
	lower, cased := "", false
	if len(t) <= len("false") {
		lower = strings.ToLower(t)
		cased = t == lower || t == strings.ToUpper(t) || t == strings.ToUpper(t[:1])+lower[1:]
	}
	switch {
	case cased && slices.Contains(falseWords, lower), cased && lower == "false" && t != "false":
		return "false"
	case cased && slices.Contains(trueWords, lower), cased && lower == "true" && t != "true":
		return "true"
	case v.flow && strings.Contains(t, "?"):
		return "an error, for a bare ? within { } or [ ]"
	case strings.IndexAny(t, "+-.0123456789") != 0: // no number begins so; most texts end here
		return ""
	case plusNumber.MatchString(t):
		return "the number " + strings.TrimLeft(t[1:], "0")
	case leadingZero.MatchString(t):
		return otherOctal(t)
	case clockNumber.MatchString(t):
		return "the number " + strconv.Itoa(sexagesimal(t))
	case otherNumber.MatchString(t):
		return "a number"
	}
	return ""
}

// otherOctal reads 0123 as YAML 1.1 does, or else as YAML 1.2 does.
func otherOctal(t string) string {
	dec := strings.TrimLeft(strings.TrimLeft(t, "+-"), "0")
	if dec == "" {
		dec = "0"
	}
	if n, err := strconv.ParseInt(t, 8, 64); err == nil && strconv.FormatInt(n, 10) != dec {
		return fmt.Sprintf("the number %d or %s", n, dec)
	}
	return "the number " + dec
}

// sexagesimal is how YAML 1.1 reads 12:30.
func sexagesimal(t string) int {
	n := 0
	for _, part := range strings.Split(strings.TrimLeft(t, "+-"), ":") {
		k, err := strconv.Atoi(part)
		if err != nil {
			return n
		}
		n = n*60 + k
	}
	return n
}

var (
	secretKey   = regexp.MustCompile(`(?i)^(?:.*[-_])?(?:authorization|password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)$`)
	secretValue = regexp.MustCompile(`(?i)^(?:bearer|basic|token)\s+[\w.~+/=-]{8,}$|-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:eyJ[\w-]{6,}\.[\w-]+|(?:sk|pk|rk)_(?:live|test)_\w{8,}|gh[pousr]_\w{16,}|xox[baprs]-[\w-]{8,}|AKIA[A-Z0-9]{12,})`)
	secretURL   = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@`)
	// secretPlaces are the options whose names are those of another system, so that a name may tell what the value is.
	secretPlaces = []string{"headers", "json", "form", "with", "attach"}
)

// passwords is IVR072: what looks like a password, a key or a token written into the file.
func (l *loader) passwords(root *yval) {
	var look func(v *yval, named bool)
	look = func(v *yval, named bool) {
		if v.kind == yamlScalar && secretIn(v.text) {
			l.passwordAt(v, "")
		}
		for _, it := range v.items {
			look(it, named)
		}
		for _, p := range v.pairs {
			if named && p.val.kind == yamlScalar && secretKey.MatchString(p.key.text) && literal(p.val) && !secretIn(p.val.text) {
				l.passwordAt(p.val, p.key.text)
			}
			look(p.val, named || slices.Contains(secretPlaces, p.key.text))
		}
	}
	look(root, false)
}

// secretIn is asked of every scalar, so it looks only where there can be one: the shortest is longer than most names.
func secretIn(s string) bool {
	return len(s) >= len("eyJ012345.0") && secretValue.MatchString(s) || strings.Contains(s, "://") && secretURL.MatchString(s)
}

// literal tells whether the text is there as it will be used, and long enough to be a secret.
func literal(v *yval) bool {
	return len(v.text) >= 4 && !strings.HasPrefix(v.text, "=") && !strings.Contains(v.text, "${")
}

func (l *loader) passwordAt(v *yval, name string) {
	what := "this"
	if name != "" {
		what = "the value of " + name
	}
	l.errorf(v.at, "IVR072", "%s looks like a password in the file; put it into the site's secret store, name it under secrets and write =secrets.name", what)
}

// secretWords are the parts of names that tell of a secret the caller keys in.
var secretWords = []string{"pin", "cvv", "cvc", "cvv2", "password", "passwd", "passcode", "secret", "otp", "ssn", "tpin"}

func looksSecret(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "_"), func(w string) bool { return slices.Contains(secretWords, w) })
}
