package graph

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ctid/ivr"
)

const desk = `version: 1
languages: [en]
events: {0: operator, star: repeat}
defaults: {failed: operator}
prompts: {hello: Hello., main: For sales press 1., opening: We are open., shut: Closed.}
nodes:
  hello:
    - play: hello
    - hours: office
      then: {open: main, closed: shut}
  main:
    menu: {1: sales, 2: support, 3: opening, 9: main}
  opening: [{play: opening}, {goto: main}]
  sales: {queue: sales, then: {otherwise: shut}}
  support: {queue: support, then: {otherwise: shut}}
  operator: {queue: operators, then: {otherwise: shut}}
  shut:
    - play: shut
    - branch:
        - {if: "call.ani == \"<&\"", then: main}
        - {else: end}
  end: {hangup: normal}
`

func site() ivr.Site {
	return ivr.Site{Queues: []string{"sales", "support", "operators"}, Calendars: []string{"office"}, Voices: []string{"en"},
		Hours: func(string, time.Time) (string, bool) { return "open", true }}
}

func load(t *testing.T, text string) *ivr.Script {
	t.Helper()
	s, found := ivr.Load(fstest.MapFS{"desk.yaml": {Data: []byte(text)}}, "desk.yaml", site())
	if s == nil {
		t.Fatal(found)
	}
	return s
}

func TestMermaid(t *testing.T) {
	var b strings.Builder
	if err := Of(load(t, desk), Options{}).Mermaid(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"flowchart LR\n", "  hello -->|closed, holiday| shut\n", "  hello -->|open| main\n", "  main -->|1| sales\n", "  opening --> main\n",
		"  main[\"main ↻ 9\"]\n", `  shut -->|"call.ani == #quot;#lt;#amp;#quot;"| main`, "n8[\"end\"]",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "-.->") {
		t.Error("arrows of errors without --errors")
	}
	b.Reset()
	if err := Of(load(t, desk), Options{Errors: true}).Mermaid(&b); err != nil || !strings.Contains(b.String(), "sales -.->|error| shut") {
		t.Errorf("no arrow of an error: %v\n%s", err, b.String())
	}
}

func TestDot(t *testing.T) {
	var b strings.Builder
	if err := Of(load(t, desk), Options{}).Dot(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"hello" -> "shut" [label="closed, holiday"]`, `"shut" -> "main" [label="call.ani == \"<&\""]`, `"main" [label="main\n↻ 9"]`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestSVG(t *testing.T) {
	s := load(t, desk)
	traffic := []Traffic{{"desk", "hello", "main", 1}, {"desk", "hello", "main", 1}, {"other", "hello", "main", 5}, {"desk", "main", "", 2}}
	found := []ivr.Finding{{Line: 12, Col: 3, Severity: ivr.Warning, ID: "IVR035", Message: "too <many>"}}
	g := Of(s, Options{Traffic: traffic, HasHeat: true, Found: found})
	var b strings.Builder
	if err := g.SVG(&b); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"open (2)", "closed, holiday (0)", "IVR035: too &lt;many&gt;", "&lt;&amp;"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(b.String(), "#ffebe9"); n != 1 {
		t.Errorf("%d nodes are red", n)
	}
	overlaps(t, g)
}

// overlaps sees that no two boxes of a drawing share a point, that all lie inside it, and that each arrow goes on to the right.
func overlaps(t *testing.T, g *Graph) {
	t.Helper()
	p := g.lay()
	for i, a := range p.boxes {
		if a.x < 0 || a.y < 0 || a.x+a.w > p.w || a.y+a.h > p.h {
			t.Errorf("box %d lies outside", i)
		}
		for j, b := range p.boxes[:i] {
			if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
				t.Errorf("boxes %d and %d overlap: %+v %+v", j, i, b, a)
			}
		}
	}
	for _, way := range p.ways {
		for k := 1; k < len(way); k++ {
			if p.boxes[way[k-1]].x+p.boxes[way[k-1]].w >= p.boxes[way[k]].x {
				t.Errorf("an arrow goes back from box %d to %d", way[k-1], way[k])
			}
		}
	}
}

// Any graph is drawn without overlaps, the same each time.
func TestLayoutOfAnyGraph(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		g := &Graph{Name: "any"}
		for i := range 1 + r.IntN(25) {
			g.Nodes = append(g.Nodes, Node{Name: strings.Repeat("客n", 1+r.IntN(8)) + fmt.Sprint(i), Start: i == 0})
		}
		seen := map[[2]int]bool{}
		for range r.IntN(60) {
			from, to := r.IntN(len(g.Nodes)), r.IntN(len(g.Nodes))
			if from != to && !seen[[2]int{from, to}] {
				seen[[2]int{from, to}] = true
				g.Links = append(g.Links, Link{From: from, To: to, Labels: []string{strings.Repeat("x", r.IntN(60))}})
			}
		}
		overlaps(t, g)
		var a, b strings.Builder
		if g.SVG(&a) != nil || g.SVG(&b) != nil || a.String() != b.String() {
			t.Fatal("the drawing differs")
		}
	}
}
