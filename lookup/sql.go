package lookup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SQL is one statement with :name parameters, read.
type SQL struct {
	Params    []string // each once, in the order in which they first stand
	Write     bool     // it is no SELECT
	returning bool     // it gives rows although it writes
	pieces    []string // the text between parameters
	uses      []string // the parameter behind each piece but the last
}

// maxSQL bounds a statement, in bytes.
const maxSQL = 64 << 10

// ReadSQL reads one statement. A second one is an error; so is a text, a name in quotes or a comment that does not end.
func ReadSQL(text string) (*SQL, error) {
	if len(text) > maxSQL {
		return nil, fmt.Errorf("the statement has more than %d bytes", maxSQL)
	}
	q := &SQL{}
	r := sqlReader{in: text, q: q}
	if err := r.read(); err != nil {
		return nil, err
	}
	if len(r.words) == 0 {
		return nil, errors.New("there is no statement")
	}
	reads := []string{"select", "values", "table"}
	q.Write = !slices.Contains(reads, r.words[0])
	if r.words[0] == "with" { // what a WITH does is said by the verbs in it
		for i, w := range r.words {
			into := i+1 < len(r.words) && r.words[i+1] == "into"
			q.Write = q.Write && i > 0 || w == "insert" || w == "update" || w == "delete" || w == "merge" || w == "replace" && into
		}
	}
	q.returning = slices.Contains(r.words, "returning")
	return q, nil
}

// sqlReader goes once through a statement. SQLite and PostgreSQL write quotes and comments alike, but for the dollars and
// E'…' of the one and the brackets and backticks of the other; what means nothing to a database is passed on to it.
type sqlReader struct {
	in    string
	q     *SQL
	at    int // read up to here
	from  int // the piece begins here
	words []string
	over  bool // behind the semicolon
}

func (r *sqlReader) rest() string { return r.in[r.at:] }

func (r *sqlReader) read() error {
	for r.at < len(r.in) {
		n, err := r.skip()
		if err != nil {
			return err
		}
		if n > 0 {
			r.at += n
			continue
		}
		if err := r.one(); err != nil {
			return err
		}
	}
	if !r.over {
		r.q.pieces = append(r.q.pieces, r.in[r.from:])
	}
	return nil
}

// skip is the length of the quoted text or comment that begins here; 0: none does.
func (r *sqlReader) skip() (int, error) {
	s := r.rest()
	switch {
	case strings.HasPrefix(s, "--"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return i + 1, nil
		}
		return len(s), nil
	case strings.HasPrefix(s, "/*"):
		return r.ends(s, "*/", 2, "comment")
	case s[0] == '\'':
		if r.over {
			return 0, errTwo
		}
		if r.at > 0 && (r.in[r.at-1] == 'e' || r.in[r.at-1] == 'E') && (r.at < 2 || !wordByte(r.in[r.at-2])) {
			return 0, errors.New(`a text as E'…' is not used here: write '…'`)
		}
		return r.ends(s, "'", 1, "text")
	case s[0] == '"', s[0] == '`':
		if r.over {
			return 0, errTwo
		}
		return r.ends(s, s[:1], 1, "name")
	case s[0] == '$':
		return 0, errors.New("a $ is not used here: values stand as :name, texts in '…'")
	}
	return 0, nil
}

func (r *sqlReader) ends(s, mark string, from int, what string) (int, error) {
	i := strings.Index(s[from:], mark)
	if i < 0 {
		return 0, fmt.Errorf("a %s does not end", what)
	}
	return from + i + len(mark), nil
}

var errTwo = errors.New("only one statement may stand here")

// one takes a word, a parameter, or a single character.
func (r *sqlReader) one() error {
	s := r.rest()
	space := s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r'
	switch {
	case space:
		r.at++
	case s[0] == ';' && !r.over:
		r.q.pieces = append(r.q.pieces, r.in[r.from:r.at])
		r.over = true
		r.at++
	case r.over && s[0] != ';':
		return errTwo
	case strings.HasPrefix(s, "::"):
		r.at += 2
	case s[0] == ':' && len(s) > 1 && nameStart(s[1]):
		n := 1 + wordLen(s[1:])
		r.q.pieces = append(r.q.pieces, r.in[r.from:r.at])
		r.q.uses = append(r.q.uses, s[1:n])
		if !slices.Contains(r.q.Params, s[1:n]) {
			r.q.Params = append(r.q.Params, s[1:n])
		}
		r.at += n
		r.from = r.at
	case s[0] == '?':
		return errors.New("a ? is not used here: values stand as :name")
	case wordByte(s[0]):
		n := wordLen(s)
		r.words = append(r.words, strings.ToLower(s[:n]))
		r.at += n
	default:
		r.at++
	}
	return nil
}

func nameStart(b byte) bool { return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func wordByte(b byte) bool  { return nameStart(b) || b >= '0' && b <= '9' || b >= 0x80 }

func wordLen(s string) int {
	n := 0
	for n < len(s) && wordByte(s[n]) {
		n++
	}
	return n
}

// bind is the statement as a database takes it: dollars is $1 for each name, else ? for each use. A parameter without a
// value, and a value without a parameter, is an error.
func (q *SQL) bind(with []Field, dollars bool) (string, []any, error) {
	value := map[string]any{}
	for _, f := range with {
		if !slices.Contains(q.Params, f.Name) {
			return "", nil, failed("query.failed", "the statement has no :%s", f.Name)
		}
		value[f.Name] = f.Value
	}
	var b strings.Builder
	var args []any
	if dollars {
		for _, p := range q.Params {
			args = append(args, value[p])
		}
	}
	for i, piece := range q.pieces {
		b.WriteString(piece)
		if i >= len(q.uses) {
			break
		}
		v, ok := value[q.uses[i]]
		if !ok {
			return "", nil, failed("query.failed", "nothing is given for :%s", q.uses[i])
		}
		if dollars {
			fmt.Fprintf(&b, "$%d", slices.Index(q.Params, q.uses[i])+1)
			continue
		}
		b.WriteByte('?')
		args = append(args, v)
	}
	return b.String(), args, nil
}
