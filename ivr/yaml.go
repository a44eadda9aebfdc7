package ivr

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	yerrors "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits on a script file, checked on the raw bytes where the parser would pay for them.
const (
	maxFile   = 1 << 20
	maxDepth  = 20
	maxIndent = 200
	maxSteps  = 2000
)

type yamlKind int

const (
	yamlScalar yamlKind = iota
	yamlList
	yamlMap
)

// yval is a YAML value as it was typed: a scalar keeps its text, and nothing is made of how it looks.
type yval struct {
	kind  yamlKind
	at    place
	text  string // of a scalar, without its quotes
	bare  bool   // a scalar without quotes
	empty bool   // no value at all, or null
	flow  bool   // it stands within { } or [ ]
	items []*yval
	pairs []pair
	lines []string // the source, for places within a text
}

type pair struct {
	key *yval
	val *yval
}

func (v *yval) get(key string) *yval {
	if v == nil {
		return nil
	}
	for _, p := range v.pairs {
		if p.key.text == key {
			return p.val
		}
	}
	return nil
}

// what names a value's shape for a message.
func (v *yval) what() string {
	switch {
	case v.kind == yamlList:
		return "a list"
	case v.kind == yamlMap:
		return "a mapping"
	case v.empty:
		return "nothing"
	}
	return `"` + v.text + `"`
}

// readYAML checks the raw bytes, parses them and returns the one document's root, a mapping; nil if that failed.
func readYAML(r *report, src []byte) *yval {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	if !checkBytes(r, src) {
		return nil
	}
	tokens := lexer.Tokenize(string(src))
	if !checkTokens(r, strings.Split(string(src), "\n"), tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		reportSyntax(r, src, err)
		return nil
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		r.errorf(place{1, 1}, "IVR008", "the file holds nothing; it should be one YAML document; a script begins with version: 1")
		return nil
	case len(file.Docs) > 1:
		r.errorf(placeOf(bodies[len(bodies)-1]), "IVR008", "the file holds %d documents, not one; take out the --- lines", len(file.Docs))
		return nil
	}
	t := &treeReader{report: r, lines: strings.Split(string(src), "\n")}
	root := t.read(bodies[0], 1)
	if root == nil || t.stop {
		return nil
	}
	if root.kind != yamlMap {
		r.errorf(root.at, "IVR004", "the file should be a mapping, not %s; a script begins with version: 1", root.what())
		return nil
	}
	return root
}

var dashes = regexp.MustCompile(`^[ ]*((?:[-?:][ ]+){21})`)

// checkBytes refuses what would cost the parser too much before it sees it: nested brackets, deep indents, long files.
func checkBytes(r *report, src []byte) bool {
	if len(src) > maxFile {
		r.errorf(place{1, 1}, "IVR008", "the file is too large: %d bytes; 1 MiB is the most", len(src))
		return false
	}
	depth := 0
	for n, line := range bytes.Split(src, []byte("\n")) {
		if !utf8.Valid(line) {
			r.errorf(place{n + 1, 1}, "IVR001", "not YAML: this line is not UTF-8; save the file as UTF-8")
			return false
		}
		if i := bytes.IndexFunc(line, isControl); i >= 0 {
			r.errorf(place{n + 1, utf8.RuneCount(line[:i]) + 1}, "IVR001", "not YAML: a control character stands here; take it out")
			return false
		}
		indent := len(line) - len(bytes.TrimLeft(line, " \t"))
		if indent > maxIndent || dashes.Match(line) {
			r.errorf(place{n + 1, 1}, "IVR008", "the file is too deep: %d levels are the most", maxDepth)
			return false
		}
		// A word at the margin ends whatever a text left open.
		if len(line) > 0 && indent == 0 && !bytes.ContainsAny(line[:1], "[]{},") {
			depth = 0
		}
		for i, c := range []rune(string(line)) {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth {
				r.errorf(place{n + 1, i + 1}, "IVR008", "the file is too deep: brackets are nested more than %d levels", maxDepth)
				return false
			}
		}
	}
	return true
}

func isControl(c rune) bool {
	return c < 0x20 && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == utf8.RuneError || c == 0x2028 || c == 0x2029 || c == 0xfeff
}

// checkTokens refuses anchors, aliases, merges and tags before anything expands them.
func checkTokens(r *report, lines []string, tokens token.Tokens) bool {
	ok := true
	for _, t := range tokens {
		what := ""
		switch t.Type {
		case token.AnchorType:
			what = "anchors (&)"
		case token.AliasType:
			if bareStar(lines, tokenPlace(t)) {
				r.errorf(tokenPlace(t), "IVR001", "not YAML: * cannot stand alone as a key; write star")
				ok = false
				continue
			}
			what = "aliases (*)"
		case token.MergeKeyType:
			what = "merge keys (<<)"
		case token.TagType:
			what = "tags (!)"
		case token.DirectiveType:
			what = "directives (%)"
		}
		if what != "" {
			r.errorf(tokenPlace(t), "IVR007", "%s are not used here; write the text out, or quote it if it is meant as written", what)
			ok = false
		}
	}
	return ok
}

// bareStar tells whether a * stands there alone, as a key or a value, and not before the name of an alias.
func bareStar(lines []string, at place) bool {
	if at.line > len(lines) {
		return false
	}
	rest := []rune(lines[at.line-1])
	return at.col == len(rest) || at.col < len(rest) && rest[at.col-1] == '*' && strings.ContainsRune(": ,}]", rest[at.col])
}

// reportSyntax puts the parser's complaint in our words, with a hint for the commonest slips.
func reportSyntax(r *report, src []byte, err error) {
	at, msg := place{1, 1}, strings.SplitN(err.Error(), "\n", 2)[0]
	var se *yerrors.SyntaxError
	if errors.As(err, &se) {
		msg = se.Message
		if se.Token != nil {
			at = tokenPlace(se.Token)
		}
	}
	line := ""
	if lines := strings.Split(string(src), "\n"); at.line >= 1 && at.line <= len(lines) {
		line = lines[at.line-1]
	}
	hint := "look for a missing bracket, quote or space here or on the line above"
	switch {
	case strings.Contains(line, "\t"):
		hint = "indent with spaces, not with tabs"
	case strings.Contains(line, "{*") || strings.Contains(line, ", *"):
		hint = "write star for the * key"
	case strings.Contains(line, "${") && strings.Contains(line, "{"):
		hint = "a text with ${…} cannot stand bare inside { }; put it on its own line or quote it"
	case strings.Contains(msg, "mapping value is not allowed"):
		hint = "a text with a colon and a space must be quoted"
	}
	r.errorf(at, "IVR001", "not YAML: %s; %s", msg, hint)
}

func tokenPlace(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

func placeOf(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && (m.Start == nil || m.Start.Type != token.MappingStartType) {
		return placeOf(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return placeOf(m.Key)
	}
	return tokenPlace(n.GetToken())
}

// treeReader turns the parser's tree into ours.
type treeReader struct {
	report *report
	lines  []string
	stop   bool
	flow   int // how many brackets are open
}

func (t *treeReader) read(n ast.Node, depth int) *yval {
	if depth > maxDepth {
		t.report.errorf(placeOf(n), "IVR008", "the file is too deep: %d levels are the most", maxDepth)
		t.stop = true
		return nil
	}
	v := &yval{at: placeOf(n), lines: t.lines, flow: t.flow > 0}
	switch n := n.(type) {
	case *ast.MappingNode:
		v.kind = yamlMap
		defer t.within(n.IsFlowStyle)()
		for _, mv := range n.Values {
			t.pair(v, mv, depth)
		}
	case *ast.MappingValueNode:
		v.kind = yamlMap
		t.pair(v, n, depth)
	case *ast.SequenceNode:
		v.kind = yamlList
		defer t.within(n.IsFlowStyle)()
		for _, item := range n.Values {
			if iv := t.read(item, depth+1); iv != nil {
				v.items = append(v.items, iv)
			}
		}
	case *ast.NullNode:
		v.empty, v.bare = true, true
	case *ast.LiteralNode:
		v.text = strings.TrimRight(n.Value.Value, "\n")
	case *ast.StringNode:
		v.text = n.Value
		v.bare = n.Token.Type != token.DoubleQuoteType && n.Token.Type != token.SingleQuoteType
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.text, v.bare = n.GetToken().Value, true
	default:
		t.report.errorf(v.at, "IVR007", "this YAML construct is not used here; write the text out")
		t.stop = true
		return nil
	}
	return v
}

// within counts an open bracket until its end.
func (t *treeReader) within(flow bool) func() {
	if !flow {
		return func() {}
	}
	t.flow++
	return func() { t.flow-- }
}

func (t *treeReader) pair(v *yval, mv *ast.MappingValueNode, depth int) {
	k := t.read(mv.Key, depth+1)
	if k == nil {
		return
	}
	if k.kind != yamlScalar || k.empty {
		t.report.errorf(k.at, "IVR001", "not YAML: a key is a word or a number, not %s", k.what())
		t.stop = true
		return
	}
	val := t.read(mv.Value, depth+1)
	if val == nil {
		return
	}
	for _, p := range v.pairs {
		if p.key.text == k.text {
			t.report.errorf(k.at, "IVR003", "%q is already defined at line %d", k.text, p.key.at.line)
			return
		}
	}
	v.pairs = append(v.pairs, pair{k, val})
}
