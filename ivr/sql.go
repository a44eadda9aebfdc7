package ivr

import (
	"regexp"
	"slices"
	"strings"
)

// oneSelect holds a text to what may stand in a script: one SELECT, with values only as :name. It returns the names. The
// database itself refuses to write; this is so that one hears of it before the first call.
func (l *loader) oneSelect(v *yval) []string {
	if strings.HasPrefix(v.text, "=") || strings.Contains(v.text, "${") {
		l.errorf(v.at, "IVR057", "values go in with as :name, never into the SQL itself; write where number = :account and with: {account: …}")
		return nil
	}
	bare := strings.TrimRight(strings.TrimSpace(bareSQL(v.text)), "; \n\t")
	words := sqlWord.FindAllString(strings.ToLower(bare), -1)
	switch {
	case strings.Contains(bare, ";"):
		l.errorf(v.at, "IVR057", "only one SELECT may stand here, and these are several statements")
	case len(words) == 0 || words[0] != "select" && words[0] != "with":
		l.errorf(v.at, "IVR057", "only one SELECT may stand here; what writes is a statement of the site, named by statement")
	default:
		for _, w := range words {
			if slices.Contains([]string{"insert", "update", "delete", "merge", "into"}, w) {
				l.errorf(v.at, "IVR057", "%s has no place in a SELECT; what writes is a statement of the site, named by statement", w)
				break
			}
		}
	}
	return Params(v.text)
}

var (
	sqlWord  = regexp.MustCompile(`[a-z_][a-z0-9_]*`)
	sqlQuote = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]*)\$`)
	sqlParam = regexp.MustCompile(`(?:^|[^:\w]):([A-Za-z_][A-Za-z0-9_]*)`)
)

// Params are the :names in SQL, each once, in order. Texts, quoted names, comments and casts such as ::date are passed over.
func Params(sql string) []string {
	var out []string
	for _, p := range sqlParam.FindAllStringSubmatch(bareSQL(sql), -1) {
		if !slices.Contains(out, p[1]) {
			out = append(out, p[1])
		}
	}
	return out
}

// bareSQL is the SQL with a blank in place of each text, quoted name and comment.
func bareSQL(sql string) string {
	var b strings.Builder
	for sql != "" {
		at := sqlQuote.FindStringIndex(sql)
		if at == nil {
			b.WriteString(sql)
			break
		}
		b.WriteString(sql[:at[0]])
		b.WriteByte(' ')
		tag := sql[at[0]:at[1]]
		sql = sql[at[1]:]
		if tag[0] == '$' { // a text between two $tag$
			if _, rest, ok := strings.Cut(sql, tag); ok {
				sql = rest
			}
		}
	}
	return b.String()
}
