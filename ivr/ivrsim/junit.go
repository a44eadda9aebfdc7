package ivrsim

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Suite is the cases of one file with how they went. Err is why the file could not be run.
type Suite struct {
	File   string
	Script string
	Cases  []Outcome
	Err    []string
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Failure *junitResult `xml:"failure,omitempty"`
	Error   *junitResult `xml:"error,omitempty"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the suites as JUnit XML: a suite for each file, the transcript of each case in system-out.
func WriteJUnit(w io.Writer, suites []Suite) error {
	var out junitSuites
	for _, s := range suites {
		js := junitSuite{Name: clean(s.File), Tests: len(s.Cases)}
		if len(s.Err) > 0 {
			js.Tests, js.Errors = 1, 1
			js.Cases = []junitCase{{Name: clean(s.File), Class: clean(s.File), Error: result(s.Err)}}
		}
		for _, c := range s.Cases {
			jc := junitCase{Name: clean(c.Name), Class: clean(s.Script), File: clean(s.File), Out: clean(c.Transcript)}
			if len(c.Failures) > 0 {
				js.Failures++
				jc.Failure = result(c.Failures)
			}
			js.Cases = append(js.Cases, jc)
		}
		out.Suites = append(out.Suites, js)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func result(lines []string) *junitResult {
	return &junitResult{Message: clean(lines[0]), Text: clean(strings.Join(lines, "\n"))}
}

// clean leaves out what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}
