package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// commandFiles are a script with two queues and two ways out, a test that passes and one whose expectation is on line 5.
var commandFiles = map[string]string{
	"ivr/front.yaml": `version: 1
name: Front
prompts:
  main: For sales press 1. For support press 2.
nodes:
  main:
    menu: {1: sales, 2: support, tries: 1}
    then: {failed: hangup}
  sales: {queue: sales, then: {otherwise: hangup}}
  support: {queue: support, then: {otherwise: hangup}}
`,
	"ivr/broken.yaml": "version: 1\nnodes:\n  a: {goto: b}\n",
	"tests/front.test.yaml": `script: front
cases:
  - name: sales
    when: [{press: "1"}, {queue: answered}, {hangup: agent}]
    then: {queued: sales, ended: agent}
`,
	"bad/front.test.yaml": `script: front
cases:
  - name: "<nobody> & nowhere"
    when: [{press: "2"}, {queue: answered}, {hangup: agent}]
    then: {queued: sales}
`,
	"odd/front.test.yaml":  "script: front\ncases:\n  - {name: x, wen: [{press: \"1\"}]}\n",
	"lost/front.test.yaml": "script: nosuch\ncases:\n  - {name: x, when: [{press: \"1\"}]}\n",
	"given.yaml":           "queue: {sales: {closed: true}}\n",
	"wrong.yaml":           "quue: {}\n",
	"heat.json": `{"script": "front", "from": "main", "to": "sales", "count": 12}
{"ivr": {"script": "front", "path": [{"node": "main", "key": "2"}, {"node": "support"}]}}
`,
	"heat.bad":     "{}\nno JSON\n",
	"empty/x.yaml": "version: 1\n",
}

// The commands of the scripts, by what they say and their exit status: 0 good, 1 findings, 2 wrong usage.
func TestIVRCommands(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeAll(t, dir, commandFiles)
	for _, c := range []struct {
		args   string
		in     string
		status int
		says   string
	}{
		{"run front", "1\nagent answers\nagent hangs up\n", statusGood, "sales      · queue sales\n0:00.0             · an agent answers"},
		{"run front.yaml", "", statusUsage, "has no script front"},
		{"run ivr/front.yaml --given given.yaml", "1\n\n", statusGood, "closed"},
		{"run front --queue sales.full=true", "1\n\n", statusGood, "full"},
		{"run front --queue sales=3", "", statusUsage, "--queue wants a figure"},
		{"run front --var tries", "", statusUsage, "vars wants name=value"},
		{"run front --var nosuch=1", "", statusUsage, "the script has no variable"},
		{"run front --contact visit=V12", "", statusUsage, "only one of kind: outbound has a contact"},
		{"run front --at tomorrow", "", statusUsage, "tomorrow"},
		{"run front --given wrong.yaml", "", statusUsage, "wrong.yaml:1:"},
		{"run front --given none.yaml", "", statusUsage, "none.yaml"},
		{"run broken", "", statusFindings, "ivr/broken.yaml:3:13: error IVR020"},
		{"run nosuch", "", statusUsage, "has no script nosuch"},
		{"run", "", statusUsage, "takes one name"},
		{"test", "", statusGood, "ok   front  sales\nfront  1 passed, 0 failed   nodes 2/3"},
		{"test tests/front.test.yaml", "", statusGood, "first not covered: "},
		{"test --cover text", "", statusGood, "  not covered: main 2 (line 7)\n"},
		{"test --min-edges 10", "", statusGood, "1 passed"},
		{"test --min-edges 95", "", statusFindings, "%, and --min-edges wants 95 %"},
		{"test --min-edges 101", "", statusUsage, "--min-edges wants 0 to 100"},
		{"test --cover pdf", "", statusUsage, "--cover wants text or html"},
		{"test bad", "", statusFindings, "FAIL front  <nobody> & nowhere\n     bad/front.test.yaml:5:"},
		{"test odd", "", statusFindings, "odd/front.test.yaml:3:"},
		{"test lost", "", statusFindings, "lost/front.test.yaml: the script nosuch: "},
		{"test empty", "", statusUsage, "has no tests"},
		{"test nowhere.test.yaml", "", statusUsage, "nowhere.test.yaml"},
		{"test --junit nowhere/out.xml", "", statusUsage, "nowhere/out.xml"},
		{"graph front", "", statusGood, "flowchart"},
		{"graph front --as dot", "", statusGood, "digraph"},
		{"graph front --as svg", "", statusGood, "<svg"},
		{"graph front --as png", "", statusUsage, "--as wants mermaid, dot or svg"},
		{"graph front --heat heat.json", "", statusGood, "12"},
		{"graph front --heat heat.bad", "", statusUsage, "heat.bad:2: not a line of JSON"},
		{"graph front --heat none.json", "", statusUsage, "none.json"},
		{"graph broken", "", statusFindings, "IVR020"},
		{"graph nosuch", "", statusUsage, "has no script nosuch"},
		{"schema", "", statusGood, "draft-07"},
		{"schema front", "", statusUsage, "takes no arguments"},
		{"nosuch", "", statusUsage, `has no command "nosuch"`},
	} {
		out, status := runIVRWith(t, c.in, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("ctid ivr %s: status %d, want %d and %q:\n%s", c.args, status, c.status, c.says, out)
		}
	}
}

// A session that is saved is a test that passes, and no file is overwritten by one.
func TestIVRRunSaves(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeAll(t, dir, commandFiles)
	in := "1\nagent answers\nagent hangs up\n:save tests/saved.test.yaml\n"
	if out, status := runIVRWith(t, in, "run", "front"); status != statusGood {
		t.Fatalf("%d\n%s", status, out)
	}
	if out, status := runIVR(t, "test", "tests/saved.test.yaml"); status != statusGood || !strings.Contains(out, "1 passed, 0 failed") {
		t.Errorf("what was saved: %d\n%s", status, out)
	}
	if out, _ := runIVRWith(t, in, "run", "front"); !strings.Contains(out, "is there already") {
		t.Errorf("saved twice:\n%s", out)
	}
}

// JUnit has a suite for each file, with where the expectation stands that failed, and is XML whatever the names hold.
func TestIVRTestJUnit(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeAll(t, dir, commandFiles)
	if out, status := runIVR(t, "test", "--junit", "out.xml", "tests", "bad", "odd"); status != statusFindings {
		t.Fatalf("%d\n%s", status, out)
	}
	b, err := os.ReadFile("out.xml")
	if err != nil {
		t.Fatal(err)
	}
	type fault struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *fault `xml:"failure"`
				Error   *fault `xml:"error"`
				Out     string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if len(got.Suites) != 3 {
		t.Fatalf("%d suites\n%s", len(got.Suites), b)
	}
	good, bad, odd := got.Suites[0].Cases, got.Suites[1].Cases, got.Suites[2].Cases
	if len(good) != 1 || good[0].Failure != nil || !strings.Contains(good[0].Out, "queue sales") {
		t.Errorf("the good one: %+v", good)
	}
	if len(bad) != 1 || bad[0].Failure == nil || bad[0].Name != "<nobody> & nowhere" || !strings.Contains(bad[0].Failure.Message, "bad/front.test.yaml:5:") {
		t.Errorf("the bad one:\n%s", b)
	}
	if len(odd) != 1 || odd[0].Error == nil && odd[0].Failure == nil || !strings.Contains(string(b), "odd/front.test.yaml:3:") {
		t.Errorf("the one that cannot be read:\n%s", b)
	}
}

// The painted script is a page with each line of the script, and says where it was not gone.
func TestIVRTestCoverHTML(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeAll(t, dir, commandFiles)
	if out, status := runIVR(t, "test", "--cover", "html", "--cover-out", "c.html"); status != statusGood {
		t.Fatalf("%d\n%s", status, out)
	}
	b, err := os.ReadFile("c.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"<html", "menu: {1: sales, 2: support, tries: 1}", "queue: support"} {
		if !strings.Contains(string(b), w) {
			t.Errorf("no %q in\n%s", w, b)
		}
	}
	if _, err := os.Stat("cover.html"); err == nil {
		t.Error("it was written elsewhere too")
	}
}

// What is drawn and printed for machines can be read by them.
func TestIVRGraphAndSchemaAreWellFormed(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeAll(t, dir, commandFiles)
	svg, _ := runIVR(t, "graph", "front", "--as", "svg", "--errors", "--heat", "heat.json")
	at := strings.Index(svg, "<svg")
	if at < 0 {
		t.Fatal(svg)
	}
	d := xml.NewDecoder(strings.NewReader(svg[at:]))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the SVG is no XML: %v\n%s", err, svg)
		}
	}
	heat, _ := runIVR(t, "graph", "front", "--as", "dot", "--heat", "heat.json")
	for line := range strings.Lines(heat) {
		if strings.Contains(line, "sales") && strings.Contains(line, "->") && !strings.Contains(line, "12") {
			t.Errorf("no traffic on %s", line)
		}
	}
	schema, _ := runIVR(t, "schema")
	if !json.Valid([]byte(schema)) {
		t.Errorf("the schema is no JSON:\n%s", schema)
	}
}
