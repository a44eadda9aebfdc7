package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// sections reads queues.conf of a folder and writes each section as NAME: key=value, ….
func sections(t *testing.T, files fstest.MapFS, dir string) []string {
	t.Helper()
	r := &reader{fsys: files, dir: dir, book: &ledger{known: map[place]*Line{}}}
	if err := r.root("queues.conf"); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range r.sections {
		var list []string
		for _, st := range s.settings {
			list = append(list, st.key+"="+st.text)
		}
		kind := ""
		if s.template {
			kind = "!"
		}
		if s.dead {
			kind = "?"
		}
		out = append(out, s.name+kind+": "+strings.Join(list, ", "))
	}
	return out
}

func TestSyntax(t *testing.T) {
	for _, x := range []struct {
		what, text string
		want       []string
	}{
		{"both assignments", "[a]\nx=1\ny => 2\nz= =3\nw =>> 4\n", []string{"a: x=1, y=2, z==3, w=> 4"}},
		{"spaces and capitals", " [A b] \n\tXy\t=  1 2  \r\n", []string{"A b: xy=1 2"}},
		{"a byte order mark", "\ufeff[a]\nx=1", []string{"a: x=1"}},
		{"comments", "; one\n[a] ; two\nx=1;2\n;x=3\ny=\\;4 ; 5\nz=6\\;7\\;;8", []string{"a: x=1, y=;4, z=6;7;"}},
		{"a comment in a line", "[a]\nx=1 ;-- y --; 2\n", []string{"a: x=1  2"}},
		{"a comment over lines", "[a]\nx=1 ;-- y\nx=2\n--;z=3\n", []string{"a: x=1, z=3"}},
		{"nested comments", "[a]\n;-- 1\n;-- 2 --;\nx=1\n--;\ny=2\n", []string{"a: y=2"}},
		{"; in a comment", "[a]\n;--\n; --;x=1\ny=2", []string{"a: x=1, y=2"}},
		{"a rule of dashes", "[a]\n;-----------\nx=1\n;---;\n", []string{"a: x=1"}},
		{"--; outside a comment", "[a]\nx=1 --; 2\ny=3", []string{"a: x=1 --, y=3"}},
		{"a comment that never ends", "[a]\nx=1\n;-- y\nz=2\n", []string{"a: x=1"}},
		{"repeated keys", "[a]\nx=1\nx=2\n", []string{"a: x=1, x=2"}},
		{"adding to a value", "[a]\nx=1\nx+=2\ny+=3\n", []string{"a: x=12, y=3"}},
		{"an escaped beginning", "[a]\n\\#x=1\n\\[y=2\n\\=z=3\n", []string{"a: #x=1, [y=2, =z=3"}},
		{"an empty value", "[a]\nx=\ny=>\n", []string{"a: x=, y="}},
		{"templates", "[t](!)\nx=1\ny=2\n[a](t)\nx=3\n[b](t,a)\n", []string{"t!: x=1, y=2", "a: x=1, y=2, x=3", "b: x=1, y=2, x=1, y=2, x=3"}},
		{"a template of templates", "[t](!)\nx=1\n[u](!,t)\ny=2\n[a](u)\n", []string{"t!: x=1", "u!: x=1, y=2", "a: x=1, y=2"}},
		{"a template cannot be added to", "[t](!)\n[a](t)\n[t](+)\nx=1\n", []string{"t!: ", "a: ", "t: x=1"}},
		{"adding to a section", "[a]\nx=1\n[b]\n[a](+)\ny=2\n", []string{"a: x=1, y=2", "b: "}},
		{"adding in any case", "[Sales]\n[b]\n[sales](+)\ny=2\n", []string{"Sales: y=2", "b: "}},
		{"adding with a template", "[t](!)\nx=1\n[a]\ny=2\n[a](t,+)\nz=3\n", []string{"t!: x=1", "a: y=2, x=1, z=3"}},
		{"no end of a name", "[a]\nx=1\n[b\ny=2\n[c]\nz=3\n", []string{"a: x=1", "?: y=2", "c: z=3"}},
		{"no end of options", "[a](t\ny=2\n", []string{"a?: y=2"}},
		{"no section", "x=1\n[a]\n", []string{"a: "}},
		{"garbage", "[a]\nhello\n=1\n\\\n", []string{"a: "}},
		{"behind the name", "[a] (t)\nx=1\n", []string{"a: x=1"}},
	} {
		if got := sections(t, files("queues.conf", x.text), ""); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %q, not %q", x.what, got, x.want)
		}
	}
}

func TestIncludes(t *testing.T) {
	for _, x := range []struct {
		what  string
		files fstest.MapFS
		want  []string
	}{
		{"into a section", files("queues.conf", "[a]\nx=1\n#include \"more.conf\"\nz=3\n", "more.conf", "y=2\n"), []string{"a: x=1, y=2, z=3"}},
		{"a section of its own ends with the file", files("queues.conf", "[a]\n#include <b.conf>\nz=3\n", "b.conf", "[b]\ny=2\n"), []string{"a: z=3", "b: y=2"}},
		{"the next file goes on where the last one ended", files("queues.conf", "[a]\n#include b.conf\n#include c.conf\n", "b.conf", "[b]\n", "c.conf", "y=2\n"),
			[]string{"a: ", "b: y=2"}},
		{"a pattern", files("queues.conf", "[a]\n#include d/*.conf\n", "d/2.conf", "y=2\n", "d/1.conf", "x=1\n", "d/3.txt", "z=3\n"), []string{"a: x=1, y=2"}},
		{"names are the folder's", files("queues.conf", "#include d/a.conf\n", "d/a.conf", "#include d/b.conf\n#include b.conf\n", "d/b.conf", "[b]\n"), []string{"b: "}},
		{"by the whole path", files("queues.conf", "#include /etc/asterisk/b.conf\n#include /etc/asteriskb.conf\n", "b.conf", "[b]\n"), []string{"b: "}},
		{"outside", files("queues.conf", "[a]\n#include ../b.conf\n#include /b.conf\n#include .\n#include\n"), []string{"a: "}},
		{"the same file twice", files("queues.conf", "[a]\n#include c.conf\n[b]\n#include c.conf\n", "c.conf", "x=1\n"), []string{"a: x=1", "b: x=1"}},
		{"a loop", files("queues.conf", "[a]\n#include b.conf\n", "b.conf", "x=1\n#include queues.conf\n#include b.conf\n"), []string{"a: x=1"}},
		{"a folder", files("queues.conf", "[a]\n#include d\n", "d/1.conf", "x=1\n"), []string{"a: "}},
		{"in a comment", files("queues.conf", "[a]\n;#include b.conf\n", "b.conf", "x=1\n"), []string{"a: "}},
		{"a program", files("queues.conf", "[a]\n#exec b.conf\n#other b.conf\n", "b.conf", "x=1\n"), []string{"a: "}},
	} {
		if got := sections(t, x.files, "/etc/asterisk"); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %q, not %q", x.what, got, x.want)
		}
	}
}

// Whatever is not read is said, on the line that it is about.
func TestBounds(t *testing.T) {
	deep := files("queues.conf", "[a]\n#include 0.conf\n")
	for i := range 12 {
		deep[fmt.Sprintf("%d.conf", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "x=%d\n#include %d.conf\n", i, i+1)}
	}
	big := strings.Repeat("; nothing but a comment\n", maxFile/20)
	var many strings.Builder
	many.WriteString("[t](!)\n" + strings.Repeat("x=1\n", maxSection/2))
	for range 50 {
		many.WriteString("[q](t)\n")
	}
	for _, x := range []struct {
		what, words string
		files       fstest.MapFS
	}{
		{"a long line", "more than 8190 bytes", files("queues.conf", "[a]\nannounce="+strings.Repeat("x", maxLine))},
		{"a long section", "more than 10000 settings", files("queues.conf", "[a]\n"+strings.Repeat("weight=1\n", maxSection+1))},
		{"many settings by templates", "200000 in all", files("queues.conf", many.String())},
		{"deep includes", "deeper than 10 files", deep},
		{"a large included file", "more than 1048576 bytes", files("queues.conf", "[a]\n#include b.conf\n", "b.conf", big)},
		{"many bytes", "more than 4194304 bytes together", files("queues.conf", "[a]\n"+strings.Repeat("#include b.conf\n", 10), "b.conf", big[:maxFile])},
		{"a comment without end", "no --; ends", files("queues.conf", "[a]\n;-- x\nstrategy=linear\n")},
	} {
		r, _ := imported(t, x.files, plain)
		found := false
		for _, l := range r.Lost() {
			found = found || strings.Contains(strings.Join(l.Lost, " "), x.words)
		}
		if !found {
			t.Errorf("%s: no finding says %q", x.what, x.words)
		}
	}
}

func TestNothingToImport(t *testing.T) {
	_, err := Queues(files("agents.conf", "[1]\n"), plain)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without queues.conf: %v", err)
	}
	for what, files := range map[string]fstest.MapFS{
		"a folder": files("queues.conf/x", ""),
		"too long": files("queues.conf", strings.Repeat(";\n", maxFile)),
	} {
		if _, err := Queues(files, plain); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", what, err)
		}
	}
	r, w := imported(t, files("queues.conf", "; nothing\n"), plain)
	if len(r.Lines)+len(w.Queues)+len(w.Agents) != 0 {
		t.Errorf("%v %v", r.Lines, w)
	}
}
