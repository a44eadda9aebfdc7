// Package lookup asks the databases and the HTTP servers that a site lets its scripts ask. It knows nothing of scripts or
// calls. A question ends within its time whatever the other side does, an answer is cut off at a bound, and neither
// values nor secrets get into an error or an address.
package lookup

import (
	"errors"
	"fmt"
	"strings"
)

// Field is a named value of a question: a text, float64, bool, nil, or within JSON a list or a map of these.
type Field struct {
	Name  string
	Value any
}

// Error is a question that was not answered. Code is what a script sees as error.code: query.timeout, query.busy,
// query.failed, query.too_large, http.timeout, http.failed, http.status, http.redirect, http.json, http.refused_host,
// http.too_large. Its text has no value of the question in it.
type Error struct {
	Code string
	Text string
}

func (e *Error) Error() string { return e.Code + ": " + e.Text }

func failed(code, format string, a ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, a...)}
}

// CodeOf is the code of an error, or other where it has none.
func CodeOf(err error, other string) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return other
}

// withoutValues takes the values of a question out of a text of the other side, which may repeat them.
func withoutValues(text string, fields []Field) string {
	for _, f := range fields {
		if v, ok := f.Value.(string); ok && v != "" {
			text = strings.ReplaceAll(text, v, "[hidden]")
		}
	}
	if r := []rune(text); len(r) > maxErrorText {
		text = string(r[:maxErrorText]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

const maxErrorText = 300
