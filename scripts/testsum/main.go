// Command testsum reads what `go test -json` writes, prints the tests that failed with their output, and ends with one
// line: N passed, N failed, N skipped; real asterisk N, browser N. A skipped test counts as a failure: what was not run
// was not tested. Its status is 0 only if at least one test passed and none failed or was skipped.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	real := flag.String("real", "", "packages, apart by spaces, whose every test drives a real Asterisk")
	browser := flag.String("browser", "", "packages, apart by spaces, whose every test drives a browser")
	need := flag.String("need", "", "kinds (real, browser) of which at least one test must have passed")
	flag.Parse()
	s := newSum(strings.Fields(*real), strings.Fields(*browser))
	if err := s.read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if !s.report(os.Stdout, *need) {
		os.Exit(1)
	}
}

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
	FailedBuild                               string
}

// test is one test or, with an empty name, one package.
type test struct{ pkg, name string }

type result struct {
	action string
	output []string
	parent bool // it has subtests, which count in its place
}

type sum struct {
	real    []string // packages
	browser []string
	tests   map[test]*result
	order   []test
	builds  map[string][]string // output of builds by package
	elapsed float64
}

func newSum(real, browser []string) *sum {
	return &sum{real: real, browser: browser, tests: map[test]*result{}, builds: map[string][]string{}}
}

func (s *sum) at(t test) *result {
	r, ok := s.tests[t]
	if !ok {
		r = &result{}
		s.tests[t] = r
		s.order = append(s.order, t)
	}
	return r
}

// read takes in all events. Lines that are no events, such as a linker's warnings, are passed on.
func (s *sum) read(in io.Reader, out io.Writer) error {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 0, 1<<16), 1<<24)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil || e.Action == "" {
			fmt.Fprintln(out, sc.Text())
			continue
		}
		s.take(e, out)
	}
	return sc.Err()
}

func (s *sum) take(e event, out io.Writer) {
	switch e.Action {
	case "build-output":
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output)
	case "run":
		s.at(test{e.Package, e.Test})
		s.markParent(e)
	case "output":
		r := s.at(test{e.Package, e.Test})
		r.output = append(r.output, e.Output)
	case "pass", "fail", "skip":
		s.end(e, out)
	}
}

// markParent marks the test that a subtest belongs to. A name may have slashes of its own, so that is the longest prefix
// that is a test.
func (s *sum) markParent(e event) {
	for name := e.Test; ; {
		i := strings.LastIndex(name, "/")
		if i < 0 {
			return
		}
		name = name[:i]
		if r, ok := s.tests[test{e.Package, name}]; ok {
			r.parent = true
			return
		}
	}
}

func (s *sum) end(e event, out io.Writer) {
	r := s.at(test{e.Package, e.Test})
	if r.action != "fail" { // what is run twice must pass twice, as packages with and without servers are
		r.action = e.Action
	}
	if e.Test != "" {
		if r.action == "pass" {
			r.output = nil
		}
		return
	}
	r.output = append(r.output, s.builds[e.FailedBuild]...)
	s.elapsed += e.Elapsed
	word := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "--"}[e.Action]
	if e.Action != "skip" {
		fmt.Fprintf(out, "%-4s %7.1f s  %s\n", word, e.Elapsed, e.Package)
	}
}

type counts struct{ passed, failed, skipped, real, browser int }

// count goes over all tests. A package that failed although none of its tests did, because it did not build, panicked
// or ended in TestMain, is one failure; so is a test that never ended.
func (s *sum) count() counts {
	var c counts
	blamed := map[string]bool{}
	for _, t := range s.order {
		if r := s.tests[t]; t.name != "" && r.action != "pass" && r.action != "skip" {
			blamed[t.pkg] = true
		}
	}
	for _, t := range s.order {
		r := s.tests[t]
		switch {
		case t.name == "":
			if r.action == "fail" && !blamed[t.pkg] {
				c.failed++
			}
		case r.parent && (r.action == "pass" || s.childBlamed(t)):
		case r.action == "pass":
			c.passed++
			if slices.Contains(s.real, t.pkg) || strings.HasPrefix(t.name, "TestReal") {
				c.real++
			}
			if slices.Contains(s.browser, t.pkg) || strings.HasPrefix(t.name, "TestBrowser") {
				c.browser++
			}
		case r.action == "skip":
			c.skipped++
		default:
			c.failed++
		}
	}
	return c
}

// childBlamed tells whether a test failed through one of its subtests.
func (s *sum) childBlamed(parent test) bool {
	for t, r := range s.tests {
		if t.pkg == parent.pkg && strings.HasPrefix(t.name, parent.name+"/") && r.action != "pass" {
			return true
		}
	}
	return false
}

// report prints what failed and the last line, and tells whether all is well.
func (s *sum) report(out io.Writer, need string) bool {
	for _, t := range s.order {
		r := s.tests[t]
		if r.action == "pass" || t.name == "" && r.action != "fail" {
			continue
		}
		name := t.name
		if name == "" {
			name = "(the package)"
		}
		fmt.Fprintf(out, "\n=== %s: %s %s\n%s", map[string]string{"skip": "SKIPPED", "fail": "FAILED"}[r.action], t.pkg, name, tail(r.output))
	}
	c := s.count()
	good := c.passed > 0 && c.failed == 0 && c.skipped == 0
	for _, n := range strings.FieldsFunc(need, func(r rune) bool { return r == ',' }) {
		if n == "real" && c.real == 0 || n == "browser" && c.browser == 0 {
			fmt.Fprintf(out, "no %s test has passed, and at least one must\n", n)
			c.failed++
			good = false
		}
	}
	fmt.Fprintf(out, "\n%.0f s of tests\n%d passed, %d failed, %d skipped; real asterisk %d, browser %d\n",
		s.elapsed, c.passed, c.failed, c.skipped, c.real, c.browser)
	return good
}

// tail keeps the last 200 lines.
func tail(lines []string) string {
	if n := len(lines); n > 200 {
		lines = lines[n-200:]
	}
	return strings.Join(lines, "")
}
