package graph

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

var (
	plainID    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	plainLabel = regexp.MustCompile(`^[\pL\pN_][\pL\pN_ ,.]*$`)
	taken      = []string{"end", "graph", "flowchart", "subgraph", "class", "classDef", "click", "style", "linkStyle", "direction", "default"}
)

// Mermaid writes the graph as a Mermaid flowchart.
func (g *Graph) Mermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := func(i int) string {
		name := g.Nodes[i].Name
		if plainID.MatchString(name) && !slices.Contains(taken, name) {
			return name
		}
		return fmt.Sprintf("n%d", i+1)
	}
	linked := map[int]bool{}
	for _, l := range g.Links {
		linked[l.From], linked[l.To] = true, true
	}
	for i, n := range g.Nodes {
		switch {
		case len(n.Loops) > 0:
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", id(i), mermaidText(n.Name+" ↻ "+strings.Join(n.Loops, ", ")))
		case id(i) != n.Name:
			fmt.Fprintf(&b, "  %s[\"%s\"]\n", id(i), mermaidText(n.Name))
		case !linked[i]:
			fmt.Fprintf(&b, "  %s\n", id(i))
		}
	}
	for _, l := range g.Links {
		arrow, label := "-->", l.Short()
		if l.Error {
			arrow = "-.->"
		}
		switch {
		case label == "":
		case plainLabel.MatchString(label):
			arrow += "|" + label + "|"
		default:
			arrow += `|"` + mermaidText(label) + `"|`
		}
		fmt.Fprintf(&b, "  %s %s %s\n", id(l.From), arrow, id(l.To))
	}
	for i, n := range g.Nodes {
		if len(n.Found) > 0 {
			fmt.Fprintf(&b, "  style %s stroke:#c00,stroke-width:2px,color:#c00\n", id(i))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mermaidText escapes what would end a quoted text, or be taken as markup.
func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "#", "#35;", "\n", " ").Replace(s)
}

// Dot writes the graph for Graphviz.
func (g *Graph) Dot(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR\n  node [shape=box, style=rounded]\n", dotText(g.Name))
	for _, n := range g.Nodes {
		label, more := n.Name, ""
		if len(n.Loops) > 0 {
			label += "\n↻ " + strings.Join(n.Loops, ", ")
		}
		if n.Start {
			more = ", penwidth=2"
		}
		if len(n.Found) > 0 {
			more += ", color=red, fontcolor=red, tooltip=" + dotText(strings.Join(n.Found, "\n"))
		}
		fmt.Fprintf(&b, "  %s [label=%s%s]\n", dotText(n.Name), dotText(label), more)
	}
	for _, l := range g.Links {
		more := ""
		if l.Error {
			more = ", style=dashed"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%s%s]\n", dotText(g.Nodes[l.From].Name), dotText(g.Nodes[l.To].Name), dotText(l.Short()), more)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
