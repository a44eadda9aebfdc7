package sim

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"ctid/suggest"
)

// The codes of findings.
const (
	cannotRead = "SIM001"
	notYAML    = "SIM002"
	wrongKey   = "SIM003" // unknown, or given twice
	missing    = "SIM004"
	wrongValue = "SIM005"
	wrongName  = "SIM006" // nothing bears it, or two things do
	unserved   = "SIM007"
	together   = "SIM008" // what only goes together, or not together
)

// Finding is a mistake in a model, with its place.
type Finding struct {
	File         string
	Line, Column int
	ID, Message  string
}

// String is the finding as it is printed: file:line:column: error ID message.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: error %s %s", f.File, f.Line, f.Column, f.ID, f.Message)
}

// Bounds of a file, checked on its bytes before the parser sees them.
const (
	maxFile   = 1 << 20
	maxIndent = 64
	maxDepth  = 16 // open brackets
)

// place is where something stands in the file, from 1.
type place struct{ line, column int }

// reader reads one file and gathers what is wrong with it.
type reader struct {
	file  string
	found []Finding
}

func (r *reader) errorf(at place, id, format string, a ...any) {
	r.found = append(r.found, Finding{r.file, at.line, at.column, id, fmt.Sprintf(format, a...)})
}

// parse returns the mapping that the file holds; nil if a finding says why not.
func (r *reader) parse(src []byte) (root ast.Node) {
	if !r.checkBytes(src) {
		return nil
	}
	// The parser is other people's code on other people's bytes: its panic is a finding.
	defer func() {
		if p := recover(); p != nil {
			root = nil
			r.errorf(place{1, 1}, notYAML, "the file cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(string(src))
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			r.errorf(tokenPlace(t), notYAML, "anchors, aliases, merge keys, tags and directives are not used in a model: write the value out")
			return nil
		}
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var bodies []ast.Node
	for _, d := range f.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.errorf(place{1, 1}, missing, "the file holds nothing; a model has types, groups, and calls or a horizon")
		return nil
	case 1:
		return bodies[0]
	}
	r.errorf(placeOf(bodies[1]), notYAML, "a second document (---): one file, one model")
	return nil
}

// checkBytes refuses what the parser's memory is not to be trusted with.
func (r *reader) checkBytes(src []byte) bool {
	if len(src) > maxFile {
		r.errorf(place{1, 1}, cannotRead, "the file has %d bytes; the most is %d", len(src), maxFile)
		return false
	}
	depth, line := 0, 0
	for l := range bytes.Lines(src) {
		line++
		indent := len(l) - len(bytes.TrimLeft(l, " -"))
		depth += bytes.Count(l, []byte("[")) + bytes.Count(l, []byte("{"))
		switch i := bytes.IndexFunc(l, isControl); {
		case !utf8.Valid(l):
			r.errorf(place{line, 1}, notYAML, "the line is not UTF-8")
		case i >= 0:
			r.errorf(place{line, utf8.RuneCount(l[:i]) + 1}, notYAML, "a control character; indent with spaces, not with tabs")
		case indent > maxIndent || depth > maxDepth:
			r.errorf(place{line, 1}, cannotRead, "nested too deeply")
		default:
			depth = max(0, depth-bytes.Count(l, []byte("]"))-bytes.Count(l, []byte("}")))
			continue
		}
		return false
	}
	return true
}

func isControl(c rune) bool {
	return c < ' ' && c != '\n' && c != '\r' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x2029
}

func (r *reader) syntax(err error) {
	at, message := place{1, 1}, err.Error()
	var y yaml.Error
	if errors.As(err, &y) {
		message = y.GetMessage()
		at = tokenPlace(y.GetToken())
	}
	r.errorf(at, notYAML, "not YAML: %s; look for a missing bracket, quote or space here or on the line above", message)
}

func tokenPlace(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(1, t.Position.Line), max(1, t.Position.Column)}
}

// placeOf is where a value begins; a block of keys begins at the first of them.
func placeOf(n ast.Node) place {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return tokenPlace(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return tokenPlace(n.Key.GetToken())
	}
	return tokenPlace(n.GetToken())
}

func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// text is a single value as it is typed, without its quotes.
func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// shown names a value for a message.
func shown(n ast.Node) string {
	s, ok := text(n)
	switch _, list := n.(*ast.SequenceNode); {
	case ok:
		return clip(s)
	case list:
		return "a list"
	}
	return "keys"
}

// clip quotes a text from the file, and shortens a long one.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

// field is one key of an object: whether it must be there, and who reads its value.
type field struct {
	key  string
	need bool
	read func(ast.Node)
}

// object reads the keys of a mapping by their fields and returns where each stood; nil if it is no mapping.
func (r *reader) object(n ast.Node, what string, rows ...field) map[string]place {
	list, ok := pairs(n)
	if !ok {
		r.errorf(placeOf(n), wrongValue, "%s has keys of its own; found %s", what, shown(n))
		return nil
	}
	seen := map[string]place{}
	for _, kv := range list {
		key, at := kv.Key.GetToken().Value, tokenPlace(kv.Key.GetToken())
		if first, again := seen[key]; again {
			r.errorf(at, wrongKey, "%s is given twice, first in line %d", clip(key), first.line)
			continue
		}
		seen[key] = at
		i := slices.IndexFunc(rows, func(w field) bool { return w.key == key })
		_, null := kv.Value.(*ast.NullNode)
		switch {
		case i < 0:
			r.unknown(at, key, what, rows)
		case null || kv.Value == nil:
			r.errorf(at, wrongValue, "`%s` has no value: give it one or take it out", key)
		default:
			rows[i].read(kv.Value)
		}
	}
	for _, w := range rows {
		if _, there := seen[w.key]; w.need && !there {
			r.errorf(placeOf(n), missing, "%s needs `%s`", what, w.key)
		}
	}
	return seen
}

func (r *reader) unknown(at place, key, what string, rows []field) {
	names := make([]string, len(rows))
	for i, w := range rows {
		names[i] = w.key
	}
	r.errorf(at, wrongKey, "%s has no key %s%s", what, clip(key), meant(key, names))
}

// meant is the hint which of the names was meant, or which there are.
func meant(s string, names []string) string {
	if near := suggest.Among(s, names); near != "" {
		return fmt.Sprintf("; did you mean `%s`?", near)
	}
	return "; there are " + strings.Join(names, ", ")
}

// each reads every value of a list.
func (r *reader) each(read func(ast.Node)) func(ast.Node) {
	return func(n ast.Node) {
		list, ok := n.(*ast.SequenceNode)
		switch {
		case !ok:
			r.errorf(placeOf(n), wrongValue, "a list is due here, not %s", shown(n))
		case len(list.Values) == 0:
			r.errorf(placeOf(n), wrongValue, "the list is empty")
		default:
			for _, v := range list.Values {
				read(v)
			}
		}
	}
}

var (
	numberRE = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	wholeRE  = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	daysRE   = regexp.MustCompile(`^([0-9]{1,4})d$`)
	nameRE   = regexp.MustCompile(`^[\pL\pN][\pL\pN _.-]{0,63}$`)
)

// real reads a number from least to most.
func (r *reader) real(dst *float64, least, most float64) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := text(n)
		v, err := strconv.ParseFloat(s, 64)
		switch {
		case !ok || err != nil || !numberRE.MatchString(s):
			r.errorf(placeOf(n), wrongValue, "a number is due here, not %s", shown(n))
		case v < least || v > most:
			r.errorf(placeOf(n), wrongValue, "%s is not from %g to %g", s, least, most)
		default:
			*dst = v
		}
	}
}

// whole reads a whole number from least to most.
func (r *reader) whole(dst *int, least, most int) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := text(n)
		v, err := strconv.Atoi(s)
		switch {
		case !ok || err != nil || !wholeRE.MatchString(s):
			r.errorf(placeOf(n), wrongValue, "a whole number is due here, not %s", shown(n))
		case v < least || v > most:
			r.errorf(placeOf(n), wrongValue, "%s is not from %d to %d", s, least, most)
		default:
			*dst = v
		}
	}
}

// span reads a duration with its unit, from a second to ten years.
func (r *reader) span(dst *time.Duration) func(ast.Node) {
	return func(n ast.Node) {
		s, _ := text(n)
		v, err := time.ParseDuration(s)
		if days := daysRE.FindStringSubmatch(s); days != nil {
			d, _ := strconv.Atoi(days[1]) // it has four digits at most
			v, err = time.Duration(d)*24*time.Hour, nil
		}
		switch {
		case err != nil:
			r.errorf(placeOf(n), wrongValue, "a duration with its unit is due here, such as 30m or 8h, not %s", shown(n))
		case v < time.Second || v > 3650*24*time.Hour:
			r.errorf(placeOf(n), wrongValue, "%s is not from 1s to 3650d", s)
		default:
			*dst = v
		}
	}
}

// word reads one of the words.
func (r *reader) word(dst *string, words ...string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := text(n)
		if !ok || !slices.Contains(words, s) {
			r.errorf(placeOf(n), wrongValue, "%s is none of %s%s", shown(n), strings.Join(words, ", "), nearest(s, words))
			return
		}
		*dst = s
	}
}

func nearest(s string, words []string) string {
	if near := suggest.Among(s, words); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}

// name reads the name of a thing.
func (r *reader) name(dst *string) func(ast.Node) {
	return func(n ast.Node) {
		s, ok := text(n)
		if !ok || !nameRE.MatchString(s) {
			r.errorf(placeOf(n), wrongValue, "a name is due here: letters, digits, spaces, dots, - and _, 64 at most; not %s", shown(n))
			return
		}
		*dst = s
	}
}
