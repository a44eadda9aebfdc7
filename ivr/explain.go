package ivr

import (
	"embed"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// explanations are one file for each finding; its form is that of Rule.Text.
//
//go:embed explain/*.txt
var explanations embed.FS

// Rule is an entry of the catalogue of findings.
type Rule struct {
	ID       string
	Severity Severity
	Message  string // its form, with what varies in braces
	Example  string // in a few words
	Cure     string
	Why      string // the long text
	Wrong    string // a whole script that raises it
	Right    string // the same, cured
}

// Rules are all findings there are, by id.
func Rules() []Rule {
	list, err := explanations.ReadDir("explain")
	if err != nil {
		panic(err) // the files are part of the program
	}
	var out []Rule
	for _, f := range list {
		b, err := explanations.ReadFile("explain/" + f.Name())
		if err != nil {
			panic(err)
		}
		out = append(out, parseRule(string(b)))
	}
	return out
}

// Explain finds a rule by its id, such as IVR035.
func Explain(id string) (Rule, bool) {
	for _, r := range Rules() {
		if strings.EqualFold(r.ID, id) {
			return r, true
		}
	}
	return Rule{}, false
}

// Text is the long text: what the finding means, why it matters, what raises it and what does not.
func (r Rule) Text() string {
	return fmt.Sprintf("%s %s: %s\nExample: %s\nCure: %s\n\n%s\n\nWrong:\n%s\nRight:\n%s", r.ID, r.Severity, r.Message, r.Example, r.Cure, r.Why, r.Wrong, r.Right)
}

// parseRule is the inverse of Text.
func parseRule(s string) Rule {
	head, rest, _ := strings.Cut(s, "\n\n")
	why, scripts, _ := strings.Cut(rest, "\n\nWrong:\n")
	wrong, right, _ := strings.Cut(scripts, "\nRight:\n")
	lines := append(strings.Split(head, "\n"), "", "")
	title, message, _ := strings.Cut(lines[0], ": ")
	id, severity, _ := strings.Cut(title, " ")
	return Rule{ID: id, Severity: Severity(severity), Message: message, Example: strings.TrimPrefix(lines[1], "Example: "),
		Cure: strings.TrimPrefix(lines[2], "Cure: "), Why: why, Wrong: wrong, Right: right}
}

// uriOf is a file's name as a relative URI, or an absolute one.
func uriOf(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
