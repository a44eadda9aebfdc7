package importer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Bounds of what is read. The first two are Asterisk's own.
const (
	maxLine     = 8190    // bytes; Asterisk skips longer ones
	maxDepth    = 10      // includes within includes
	maxFile     = 1 << 20 // bytes
	maxTotal    = 4 << 20 // bytes of all files together, each counted as often as it is included
	maxSection  = 10000   // settings in one section, inherited ones included
	maxSettings = 200000  // settings in all
	maxComments = 128     // ;-- within ;--
)

const bom = "\ufeff"

// reader reads one file and what it includes into sections.
type reader struct {
	fsys     fs.FS
	dir      string
	book     *ledger
	sections []*section
	current  *section // the section that was begun last, in whatever file: there an included file goes on
	open     []string
	bytes    int
	settings int
}

// root reads the file that everything begins with.
func (r *reader) root(name string) error {
	b, err := r.bytesOf(name)
	if err != nil {
		return err
	}
	r.text(name, b)
	return nil
}

func (r *reader) bytesOf(name string) ([]byte, error) {
	st, err := fs.Stat(r.fsys, name) // before it is opened: to open a pipe would wait for its writer
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be opened: %w", cause(err))
	}
	defer f.Close() //nolint:errcheck // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("has more than %d bytes", maxFile)
	}
	if r.bytes += len(b); r.bytes > maxTotal {
		return nil, fmt.Errorf("brings the files to more than %d bytes together", maxTotal)
	}
	return b, nil
}

// cause is an error without the name of the file, which stands beside it anyway.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// text reads the lines of one file. What is in it before its first section belongs to the one that was begun last.
func (r *reader) text(name string, b []byte) {
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	in, n := r.current, 0
	var c comments
	for raw := range strings.Lines(strings.TrimPrefix(string(b), bom)) {
		n++
		if len(raw) > maxLine {
			r.book.line(name, n, raw[:maxText]).lost("Asterisk skips lines of more than %d bytes", maxLine)
			continue
		}
		text := strings.TrimFunc(c.strip(raw, n), blank)
		if text == "" {
			continue
		}
		in = r.statement(r.book.line(name, n, text), text, in)
	}
	if c.depth > 0 {
		r.book.line(name, c.began, ";--").lost("no --; ends this comment: Asterisk reads nothing of what follows in the file")
	}
}

func blank(r rune) bool { return r <= ' ' }

func (r *reader) statement(l *Line, text string, in *section) *section {
	switch text[0] {
	case '[':
		return r.header(l, text)
	case '#':
		r.directive(l, text[1:])
	default:
		r.setting(l, text, in)
	}
	return in
}

// comments strips comments: ; to the line's end, and ;-- to --; over lines, one within the other.
type comments struct {
	depth int
	began int // the line at which the outermost began
}

// strip returns what of a line is not in a comment. A ; that is meant as such has a \ before it.
func (c *comments) strip(s string, n int) string {
	var out strings.Builder
	from := 0 // where a mark can begin
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && strings.HasPrefix(s[i+1:], ";"):
			i++
			if c.depth == 0 {
				out.WriteByte(';')
			}
		case s[i] != ';':
			if c.depth == 0 {
				out.WriteByte(s[i])
			}
		case strings.HasPrefix(s[i:], ";--") && !strings.HasPrefix(s[i:], ";---"):
			if c.depth == 0 {
				c.began = n
			}
			c.depth = min(c.depth+1, maxComments)
			i += 2
			from = i + 1
		case c.depth == 0:
			return out.String()
		default:
			if strings.HasSuffix(s[from:i], "--") {
				c.depth--
			}
			from = i + 1
		}
	}
	return out.String()
}

// directive reads #include, #tryinclude and #exec; text is what follows the #.
func (r *reader) directive(l *Line, text string) {
	end := strings.IndexFunc(text, blank)
	if end < 0 {
		end = len(text)
	}
	word, arg := strings.ToLower(text[:end]), strings.TrimFunc(text[end:], blank)
	switch word {
	case "include", "tryinclude":
	case "exec":
		l.lost("a program's output is not read: put it into a file, and include that")
		return
	default:
		l.lost("Asterisk has no directive #%s", clip(clean(word), 40))
		return
	}
	if arg == "" {
		l.lost("#%s names no file", word)
		return
	}
	r.include(l, unquote(arg), word == "tryinclude")
}

// unquote takes "…" or <…> off a file's name.
func unquote(s string) string {
	for _, q := range []string{`""`, "<>"} {
		if len(s) > 1 && s[0] == q[0] && s[len(s)-1] == q[1] {
			return s[1 : len(s)-1]
		}
	}
	return s
}

// include reads the files that a name or pattern stands for. Names are relative to the folder, not to the file.
func (r *reader) include(l *Line, arg string, try bool) {
	name, ok := r.within(arg)
	if !ok {
		l.lost("it is outside the folder: put a copy of it there, and include that")
		return
	}
	names := []string{name}
	if strings.ContainsAny(name, "*?[{") {
		found, err := fs.Glob(r.fsys, name)
		if err != nil || strings.Contains(name, "{") {
			l.lost("the pattern is not understood: name the files one by one")
			return
		}
		names = found
	}
	if len(names) == 0 {
		r.missing(l, name, try)
	}
	for _, name := range names {
		r.includeOne(l, name, try)
	}
}

func (r *reader) includeOne(l *Line, name string, try bool) {
	if slices.Contains(r.open, name) {
		l.lost("%s would include itself", clean(name))
		return
	}
	if len(r.open) > maxDepth {
		l.lost("includes go deeper than %d files here", maxDepth)
		return
	}
	b, err := r.bytesOf(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.missing(l, name, try)
	case err != nil:
		l.lost("%s %v", clean(name), err)
	default:
		l.same("%s is read", clean(name))
		r.text(name, b)
	}
}

func (r *reader) missing(l *Line, name string, try bool) {
	if try {
		l.same("there is no %s, as may be", clean(name))
		return
	}
	l.lost("there is no %s in the folder: Asterisk would refuse the whole file", clean(name))
}

// within returns the name relative to the folder, if it is in it.
func (r *reader) within(name string) (string, bool) {
	name = path.Clean(name)
	if path.IsAbs(name) {
		rest, ok := strings.CutPrefix(name, strings.TrimRight(r.dir, "/")+"/")
		if r.dir == "" || !ok {
			return "", false
		}
		name = rest
	}
	return name, fs.ValidPath(name) && name != "."
}
