package config

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file, checked on its bytes before a parser sees them: a parser's memory is not ours to trust.
const (
	maxFile   = 1 << 20 // bytes
	maxLine   = 4096    // bytes
	maxIndent = 64      // spaces
	maxDepth  = 16      // open brackets, or dashes at the start of one line
)

// rawCheck returns the first reason not to parse the bytes at all.
func rawCheck(file string, b []byte) (Finding, bool) {
	bad := func(line, col int, code, format string, a ...any) (Finding, bool) {
		return Finding{Pos{file, line, col}, Error, code, fmt.Sprintf(format, a...)}, false
	}
	if len(b) > maxFile {
		return bad(1, 1, "CFG003", "the file has %d bytes; the most is %d: split it with include", len(b), maxFile)
	}
	depth, line := 0, 0
	for l := range bytes.Lines(b) {
		line++
		if len(l) > maxLine {
			return bad(line, 1, "CFG003", "the line has %d bytes; the most is %d", len(l), maxLine)
		}
		if !utf8.Valid(l) {
			return bad(line, 1, "CFG002", "the line is not UTF-8")
		}
		if i := bytes.IndexFunc(l, control); i >= 0 {
			return bad(line, i+1, "CFG002", "a control character; only line ends are allowed, and no tabs")
		}
		rest := bytes.TrimLeft(l, " -")
		lead := l[:len(l)-len(rest)]
		if len(lead) > maxIndent || bytes.Count(lead, []byte("-")) > maxDepth {
			return bad(line, len(lead), "CFG003", "nested too deeply")
		}
		depth += bytes.Count(l, []byte("[")) + bytes.Count(l, []byte("{"))
		if depth > maxDepth {
			return bad(line, 1, "CFG003", "more than %d brackets are open", maxDepth)
		}
		depth = max(0, depth-bytes.Count(l, []byte("]"))-bytes.Count(l, []byte("}")))
	}
	return Finding{}, true
}

func control(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029
}

// refused are the parts of YAML that make a file say something other than what a reader sees.
var refused = map[token.Type]string{
	token.AnchorType: "anchors (&)", token.AliasType: "aliases (*)", token.MergeKeyType: "merge keys (<<)",
	token.TagType: "tags (!)", token.DirectiveType: "directives (%)", token.MappingKeyType: "explicit keys (?)",
}

// parse checks and parses one file. The mapping is nil when the file is empty or a finding says why not.
func parse(file string, b []byte) (m *ast.MappingNode, fs []Finding) {
	if f, ok := rawCheck(file, b); !ok {
		return nil, []Finding{f}
	}
	// The parser is other people's code reading other people's bytes: its panic is a finding, not our end.
	defer func() {
		if r := recover(); r != nil {
			m, fs = nil, []Finding{{Pos{file, 1, 1}, Error, "CFG002", "the file cannot be read as YAML"}}
		}
	}()
	tokens := lexer.Tokenize(string(b))
	for _, t := range tokens {
		if what, ok := refused[t.Type]; ok {
			fs = append(fs, Finding{posOf(file, t), Error, "CFG004", what + " are not used in ctid.yaml: write the value out"})
		}
	}
	if fs != nil {
		return nil, fs
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []Finding{syntax(file, err)}
	}
	return body(file, f)
}

func body(file string, f *ast.File) (*ast.MappingNode, []Finding) {
	var docs []ast.Node
	for _, d := range f.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	if len(docs) == 0 {
		return nil, nil
	}
	if len(docs) > 1 {
		return nil, []Finding{{nodePos(file, docs[1]), Error, "CFG004", "a second document (---): one file, one document"}}
	}
	m, ok := mapping(docs[0])
	if !ok {
		return nil, []Finding{{nodePos(file, docs[0]), Error, "CFG008", "sections are expected here, such as `queues:`"}}
	}
	return m, nil
}

func mapping(n ast.Node) (*ast.MappingNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n, true
	case *ast.MappingValueNode:
		return ast.Mapping(n.Start, false, n), true
	}
	return nil, false
}

func syntax(file string, err error) Finding {
	f := Finding{Pos{file, 1, 1}, Error, "CFG002", err.Error()}
	var ye yaml.Error
	if errors.As(err, &ye) {
		f.Message = "not YAML: " + ye.GetMessage()
		if t := ye.GetToken(); t != nil {
			f.Pos = posOf(file, t)
		}
	}
	return f
}

func posOf(file string, t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{file, 1, 1}
	}
	return Pos{file, max(1, t.Position.Line), max(1, t.Position.Column)}
}

// nodePos is where a node begins; a block mapping begins at its first key.
func nodePos(file string, n ast.Node) Pos {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return posOf(file, n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return posOf(file, n.Key.GetToken())
	}
	return posOf(file, n.GetToken())
}

// scalar returns a scalar's text exactly as typed, quotes and escapes resolved: 0123 and +852… stay as they are.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.MappingNode:
		if len(n.Values) == 1 && !n.IsFlowStyle {
			return rejoin(n.Values[0])
		}
	case *ast.MappingValueNode:
		return rejoin(n)
	}
	return "", false
}

// rejoin mends a plain text with a colon in it, such as 09:00-13:00 or http://host:80: within [ ] the parser takes it
// for a key and a value although YAML asks for a space after a key's colon.
func rejoin(kv *ast.MappingValueNode) (string, bool) {
	key, colon := kv.Key.GetToken(), kv.Start
	rest, ok := scalar(kv.Value)
	if !ok || key == nil || colon == nil || key.Type == token.SingleQuoteType || key.Type == token.DoubleQuoteType {
		return "", false
	}
	if next := kv.Value.GetToken(); next.Position.Offset != colon.Position.Offset+1 || next.Position.Line != colon.Position.Line {
		return "", false
	}
	return key.Value + ":" + rest, true
}
