package main

import (
	"strings"
	"testing"
)

func run(t *testing.T, need string, lines ...string) (string, bool) {
	t.Helper()
	s := newSum([]string{"p/pbx"}, []string{"p/web"})
	var out strings.Builder
	if err := s.read(strings.NewReader(strings.Join(lines, "\n")), &out); err != nil {
		t.Fatal(err)
	}
	good := s.report(&out, need)
	return out.String(), good
}

func TestSum(t *testing.T) {
	pass := []string{
		`{"Action":"run","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestRealCall"}`, `{"Action":"pass","Package":"p","Test":"TestRealCall"}`,
		`{"Action":"run","Package":"p/pbx","Test":"TestPhone"}`, `{"Action":"pass","Package":"p/pbx","Test":"TestPhone"}`,
		`{"Action":"run","Package":"p","Test":"TestBrowserLogin"}`, `{"Action":"run","Package":"p","Test":"TestBrowserLogin/en"}`,
		`{"Action":"pass","Package":"p","Test":"TestBrowserLogin/en"}`, `{"Action":"pass","Package":"p","Test":"TestBrowserLogin"}`,
		`{"Action":"run","Package":"p/web","Test":"TestDesktop"}`, `{"Action":"pass","Package":"p/web","Test":"TestDesktop"}`,
		`{"Action":"skip","Package":"p/none"}`, `{"Action":"pass","Package":"p","Elapsed":1.5}`,
	}
	for _, c := range []struct {
		what, last, need, print string
		good                    bool
		more                    []string
	}{
		{"all pass", "5 passed, 0 failed, 0 skipped; real asterisk 2, browser 2", "real,browser", "ok", true, nil},
		{"a skip is no pass", "5 passed, 0 failed, 1 skipped; real asterisk 2, browser 2", "", "SKIPPED: p TestS\nwhy", false,
			[]string{`{"Action":"run","Package":"p","Test":"TestS"}`, `{"Action":"output","Package":"p","Test":"TestS","Output":"why\n"}`, `{"Action":"skip","Package":"p","Test":"TestS"}`}},
		{"a failure in a subtest counts once", "5 passed, 1 failed, 0 skipped; real asterisk 2, browser 2", "", "FAILED: p TestF/x\nbad", false,
			[]string{`{"Action":"run","Package":"p","Test":"TestF"}`, `{"Action":"run","Package":"p","Test":"TestF/x"}`, `{"Action":"output","Package":"p","Test":"TestF/x","Output":"bad\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestF/x"}`, `{"Action":"fail","Package":"p","Test":"TestF"}`, `{"Action":"fail","Package":"p"}`}},
		{"a parent that fails by itself counts", "6 passed, 1 failed, 0 skipped; real asterisk 2, browser 2", "", "FAILED: p TestF", false,
			[]string{`{"Action":"run","Package":"p","Test":"TestF"}`, `{"Action":"run","Package":"p","Test":"TestF/x"}`,
				`{"Action":"pass","Package":"p","Test":"TestF/x"}`, `{"Action":"fail","Package":"p","Test":"TestF"}`, `{"Action":"fail","Package":"p"}`}},
		{"a package that does not build", "5 passed, 1 failed, 0 skipped; real asterisk 2, browser 2", "", "undefined: x", false,
			[]string{`{"Action":"build-output","ImportPath":"p/q [p/q.test]","Output":"undefined: x\n"}`, `{"Action":"fail","Package":"p/q","FailedBuild":"p/q [p/q.test]"}`}},
		{"a subtest with a slash in its name", "6 passed, 0 failed, 0 skipped; real asterisk 2, browser 2", "", "ok", true,
			[]string{`{"Action":"run","Package":"p","Test":"TestF"}`, `{"Action":"run","Package":"p","Test":"TestF/dial_a/b"}`,
				`{"Action":"pass","Package":"p","Test":"TestF/dial_a/b"}`, `{"Action":"pass","Package":"p","Test":"TestF"}`}},
		{"a test that was run twice and passed once", "5 passed, 1 failed, 0 skipped; real asterisk 2, browser 2", "", "FAILED: p TestF\nbad", false,
			[]string{`{"Action":"run","Package":"p","Test":"TestF"}`, `{"Action":"output","Package":"p","Test":"TestF","Output":"bad\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestF"}`, `{"Action":"fail","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"TestF"}`, `{"Action":"pass","Package":"p","Test":"TestF"}`, `{"Action":"pass","Package":"p"}`}},
		{"a test that never ended", "5 passed, 1 failed, 0 skipped; real asterisk 2, browser 2", "", "TestEndless", false,
			[]string{`{"Action":"run","Package":"p/r","Test":"TestEndless"}`, `{"Action":"fail","Package":"p/r"}`}},
	} {
		t.Run(c.what, func(t *testing.T) {
			out, good := run(t, c.need, append(append([]string(nil), pass...), c.more...)...)
			if !strings.HasSuffix(out, c.last+"\n") || good != c.good || !strings.Contains(out, c.print) {
				t.Errorf("want %v, %q and at the end %q, got %v\n%s", c.good, c.print, c.last, good, out)
			}
		})
	}
}

// What was asked for and not run is a failure: no skipping by absence.
func TestNeed(t *testing.T) {
	out, good := run(t, "real,browser", `{"Action":"run","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p","Test":"TestA"}`)
	if good || !strings.HasSuffix(out, "1 passed, 2 failed, 0 skipped; real asterisk 0, browser 0\n") {
		t.Error(out)
	}
	if _, good := run(t, ""); good {
		t.Error("no test at all is taken for good")
	}
}
