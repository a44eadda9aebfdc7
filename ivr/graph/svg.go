package graph

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// SVG draws the graph, laid out from left to right. It needs no other program.
func (g *Graph) SVG(w io.Writer) error {
	p := g.lay()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="system-ui, sans-serif" font-size="13">`+"\n",
		p.w, p.h, p.w, p.h)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(g.Name))
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" orient="auto-start-reverse">` +
		`<path d="M0 0 L8 4 L0 8 z" fill="#57606a"/></marker></defs>` + "\n" + `<rect width="100%" height="100%" fill="#ffffff"/>` + "\n")
	for i := range g.Links {
		g.arrow(&b, p, i)
	}
	for i, x := range p.boxes {
		if x.label {
			g.labelBox(&b, x)
		} else if x.node >= 0 {
			g.nodeBox(&b, p.boxes[i])
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// arrow draws a link through the places kept for it.
func (g *Graph) arrow(b *strings.Builder, p *plan, i int) {
	way := p.ways[i]
	first := p.boxes[way[0]]
	y := first.middle()
	d := fmt.Sprintf("M%.1f %.1f H%.1f", first.x+first.w, y, first.cx+first.cw)
	x := first.cx + first.cw
	for n, k := range way[1:] {
		t := p.boxes[k]
		d += fmt.Sprintf(" C%.1f %.1f %.1f %.1f %.1f %.1f", (x+t.cx)/2, y, (x+t.cx)/2, t.middle(), t.cx, t.middle())
		x, y = t.cx+t.cw, t.middle()
		if n == len(way)-2 {
			d += fmt.Sprintf(" H%.1f", t.x)
		} else {
			d += fmt.Sprintf(" H%.1f", x)
		}
	}
	tip, dash, wide := "marker-end", "", 1.2
	if p.turned[i] {
		tip = "marker-start"
	}
	if g.Links[i].Error {
		dash = ` stroke-dasharray="4 3"`
	}
	if g.Links[i].Heat {
		wide = 0.8 + 4*float64(g.Links[i].Calls)/float64(g.most())
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="#57606a" stroke-width="%.1f"%s %s="url(#tip)"/>`+"\n", d, wide, dash, tip)
}

// most is the traffic of the busiest arrow, 1 at least.
func (g *Graph) most() int {
	n := 1
	for _, l := range g.Links {
		n = max(n, l.Calls)
	}
	return n
}

func (g *Graph) labelBox(b *strings.Builder, x box) {
	l := g.Links[x.link]
	fmt.Fprintf(b, `<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" fill="#ffffff"/>`+
		`<text x="%.1f" y="%.1f" text-anchor="middle" fill="#57606a" font-size="12">%s</text></g>`+"\n",
		escaped(l.Label()), x.x, x.y, x.w, x.h, x.x+x.w/2, x.middle()+4, escaped(l.Short()))
}

func (g *Graph) nodeBox(b *strings.Builder, x box) {
	n := g.Nodes[x.node]
	stroke, fill, ink, wide := "#0969da", "#f0f6ff", "#1b1f24", 1.2
	if n.Start {
		wide = 2.4
	}
	if len(n.Found) > 0 {
		stroke, fill, ink, wide = "#cf222e", "#ffebe9", "#cf222e", 2.4
	}
	y := x.middle() + 4.5
	loops := ""
	if len(n.Loops) > 0 {
		y = x.y + 20
		loops = fmt.Sprintf(`<text x="%.1f" y="%.1f" text-anchor="middle" fill="#57606a" font-size="12">%s</text>`, x.x+x.w/2, x.y+39, escaped(loopText(n)))
	}
	fmt.Fprintf(b, `<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="7" fill="%s" stroke="%s" stroke-width="%.1f"/>`+
		`<text x="%.1f" y="%.1f" text-anchor="middle" fill="%s">%s</text>%s</g>`+"\n",
		escaped(strings.Join(append([]string{n.Name}, n.Found...), "\n")), x.x, x.y, x.w, x.h, fill, stroke, wide, x.x+x.w/2, y, ink, escaped(n.Name), loops)
}

func escaped(s string) string {
	var b bytes.Buffer
	if xml.EscapeText(&b, []byte(s)) != nil {
		return "" // a buffer always takes it
	}
	return b.String()
}
