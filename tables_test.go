package ctid

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// constants returns the values of all constants of a type that a file declares.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == typ && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
		}
		return true
	})
	if len(out) < 3 {
		t.Fatalf("%s declares %d constants of type %s", file, len(out), typ)
	}
	return out
}

func TestCodesAreTotal(t *testing.T) {
	declared := constants(t, "error.go", "Code")
	var rows []string
	for _, r := range Codes {
		rows = append(rows, string(r.Code))
		if r.HTTP < 200 || r.HTTP > 599 || !slices.Contains([]string{"never", "look", "ask", "fix", "later"}, r.Retry) {
			t.Errorf("%+v", r)
		}
		if r.Code.Row() != r {
			t.Errorf("%s finds another row", r.Code)
		}
	}
	if a, b := sorted(declared), sorted(rows); !slices.Equal(a, b) {
		t.Errorf("declared %q\nin the table %q", a, b)
	}
	if r := Code("no such").Row(); r.HTTP != 500 || r.Retry != "later" {
		t.Errorf("an unknown code reads as %+v", r)
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// The table of endings has a row for every exit, and docs/states.md shows the same rows in the same order.
func TestEndingsAreTotalAndInTheDocument(t *testing.T) {
	if a, b := constants(t, "endings.go", "QueueExit"), texts(QueueExits); !slices.Equal(a, b) {
		t.Errorf("declared %q\nlisted %q", a, b)
	}
	if len(endings) != len(QueueExits) {
		t.Errorf("%d rows for %d exits", len(endings), len(QueueExits))
	}
	tasks := []string{"taken", "abandoned", "overflowed", "expired", "refused"}
	var want []string
	for _, e := range QueueExits {
		r, ok := Endings(e)
		if !ok || !slices.Contains(tasks, r.Task) || (r.QueueLog == "") != (r.Task == "refused") {
			t.Errorf("%s: %+v %v", e, r, ok)
		}
		want = append(want, strings.Join([]string{string(e), r.Task, dash(r.Outcome), dash(r.SLColumn), dash(r.QueueLog)}, " "))
	}
	if got := rows(t, "| queue exit |"); !slices.Equal(want, got) {
		t.Errorf("docs/states.md says\n%s\nthe code says\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, ok := Endings("no such"); ok {
		t.Error("an unknown exit has a row")
	}
}

func TestOfferEndsAreInTheDocument(t *testing.T) {
	var got []string
	for _, r := range rows(t, "| offer ends |") {
		first, _, _ := strings.Cut(r, " ")
		got = append(got, first)
	}
	if want := constants(t, "endings.go", "OfferEnd"); !slices.Equal(want, got) {
		t.Errorf("declared %q, in docs/states.md %q", want, got)
	}
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// rows returns the cells of the table in docs/states.md whose head begins so, each row joined by spaces, without marks.
func rows(t *testing.T, head string) []string {
	t.Helper()
	var out []string
	for _, r := range table(t, head) {
		out = append(out, strings.Join(r, " "))
	}
	return out
}

// table returns the rows of the table in docs/states.md whose head begins so, as cells without marks.
func table(t *testing.T, head string) [][]string {
	t.Helper()
	b, err := os.ReadFile("docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n"+head)
	if !ok {
		t.Fatalf("docs/states.md has no table %q", head)
	}
	lines := strings.Split(text, "\n")[2:] // after the rest of the head and the rule
	var out [][]string
	for _, l := range lines {
		if !strings.HasPrefix(l, "|") {
			break
		}
		var cells []string
		for c := range strings.SplitSeq(strings.Trim(l, "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(c), "`"))
		}
		out = append(out, cells)
	}
	return out
}

// What a row of the table of calls says is told, is told in one of its transcripts.
func TestDocsSayWhatCallsTell(t *testing.T) {
	event := regexp.MustCompile(`[a-z]+\.[a-z_]+`)
	for _, row := range table(t, "| state |") {
		played := ""
		for name := range strings.SplitSeq(row[len(row)-1], ", ") {
			b, err := os.ReadFile("testdata/call/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			played += string(b)
		}
		told := event.FindAllString(row[3], -1)
		if len(told) == 0 {
			t.Errorf("%v tells nothing", row)
		}
		for _, kind := range told {
			if !strings.Contains(played, ": "+kind) {
				t.Errorf("%v: no transcript of it tells %s", row, kind)
			}
		}
	}
}

// Each row of the tables of states names the transcripts that play it, all of which exist; and each transcript is named.
func TestDocsNameEveryTranscript(t *testing.T) {
	for folder, heads := range map[string][]string{"acd": {"| from |", "| of queues |", "| of media |"}, "call": {"| state |"}} {
		files, err := filepath.Glob("testdata/" + folder + "/*.txt")
		if err != nil || len(files) < 30 {
			t.Fatalf("%d transcripts in %s: %v", len(files), folder, err)
		}
		named := map[string]bool{}
		for _, head := range heads {
			for _, row := range table(t, head) {
				for name := range strings.SplitSeq(row[len(row)-1], ", ") {
					named[name] = true
					if file := "testdata/" + folder + "/" + name + ".txt"; !slices.Contains(files, file) {
						t.Errorf("%v: there is no %s", row, file)
					}
				}
			}
		}
		for _, file := range files {
			if name := strings.TrimSuffix(filepath.Base(file), ".txt"); !named[name] {
				t.Errorf("docs/states.md names no row that %s plays", file)
			}
		}
	}
}

// Every event body is in the table that wire and log are held against, under a name of its own.
func TestBodiesAreTotal(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "Kind" {
			kinds++
		}
	}
	names := map[string]bool{}
	for _, b := range Bodies {
		names[b.Kind()] = true
	}
	if kinds != len(Bodies) || len(names) != len(Bodies) {
		t.Errorf("%d bodies declared, %d in the table, %d names", kinds, len(Bodies), len(names))
	}
}
