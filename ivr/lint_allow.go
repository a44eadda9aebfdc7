package ivr

import (
	"regexp"
	"slices"
	"strings"
)

var allowLine = regexp.MustCompile(`^(\s*#\s*)ctid:\s*allow\b\s*(IVR\d{3})?\s*(.*?)\s*$`)

// allowance is a line # ctid: allow IVR035 because …: it silences that warning on the line below it. Several may stand
// above one line.
type allowance struct {
	at     place
	id     string
	reason string
	line   int // the line it is about
	used   bool
}

// allowances reads them from the source, and says which are not in order.
func (l *loader) allowances(lines []string) []*allowance {
	var out, above []*allowance
	for i, text := range lines {
		m := allowLine.FindStringSubmatch(text)
		if m == nil {
			if strings.HasPrefix(strings.TrimSpace(text), "#") {
				continue
			}
			for _, a := range above {
				a.line = i + 1
			}
			above = nil
			continue
		}
		a := &allowance{at: place{i + 1, len([]rune(m[1])) + 1}, id: m[2], reason: strings.TrimSpace(strings.TrimPrefix(m[3], "because"))}
		if l.inOrder(a, m[3]) {
			out, above = append(out, a), append(above, a)
		}
	}
	return out
}

func (l *loader) inOrder(a *allowance, rest string) bool {
	r, known := Explain(a.id)
	switch {
	case a.id == "":
		l.errorf(a.at, "IVR004", "allow needs the id of a warning, as in # ctid: allow IVR035 because the keys are printed on the card")
	case !known:
		l.errorf(a.at, "IVR002", "there is no finding %s to allow", a.id)
	case r.Severity == Error && strings.HasPrefix(a.id, "IVR07"):
		l.errorf(a.at, "IVR002", "%s is an error; only ivr.allow in ctid.yaml can lift it", a.id)
	case r.Severity == Error:
		l.errorf(a.at, "IVR002", "%s is an error and cannot be allowed; cure it", a.id)
	case !strings.HasPrefix(rest, "because") || a.reason == "":
		l.errorf(a.at, "IVR004", "allow needs a reason: # ctid: allow %s because …", a.id)
	default:
		return true
	}
	return false
}

// allow silences the warnings that the file allows, and warns of allowances that silence nothing; with an error in the file
// not all rules have run, so that nobody knows.
func (l *loader) allow(lines []string) {
	list := l.allowances(lines)
	l.found = slices.DeleteFunc(l.found, func(f Finding) bool {
		silent := false
		for _, a := range list {
			if f.Severity == Warning && f.ID == a.id && f.Line == a.line {
				a.used, silent = true, true
			}
		}
		return silent
	})
	if l.failed() {
		return
	}
	for _, a := range list {
		if !a.used {
			l.warnf(a.at, "IVR009", "allow %q is never used: there is no such finding on the line below; take it out", a.id)
		}
	}
}

// errorf reports an error; one of IVR07x that the site allows in this script becomes a note.
func (l *loader) errorf(at place, id, format string, args ...any) {
	if reason, ok := l.site.lifted(id, l.s.name); ok {
		l.notef(at, id, format+"; ctid.yaml allows it: %s", append(args, reason)...)
		return
	}
	l.report.errorf(at, id, format, args...)
}

// lifted tells whether the site allows an error in a script, and why.
func (s Site) lifted(id, script string) (reason string, ok bool) {
	if !strings.HasPrefix(id, "IVR07") {
		return "", false
	}
	for _, x := range s.Lifted {
		if x.ID == id && x.Script == script {
			return x.Reason, true
		}
	}
	return "", false
}
