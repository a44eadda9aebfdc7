package ivrsim

import (
	"fmt"
	"html/template"
	"io"
	"strings"
)

// coverLine is a line of a script as the page paints it.
type coverLine struct {
	N     int
	Text  string
	Class string // all, some, none, or empty: nothing to cover
	Note  string
}

type coverScript struct {
	Name, Summary string
	Lines         []coverLine
}

var coverPage = template.Must(template.New("cover").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Coverage of scripts</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}
h2{margin:2rem 0 .2rem}p{margin:.2rem 0 .8rem;color:#57606a}
table{border-collapse:collapse;font:13px/1.5 ui-monospace,monospace;width:100%}
td{padding:0 .7rem;white-space:pre-wrap;vertical-align:top}
td.n{color:#8b949e;text-align:right;width:3rem;user-select:none}td.t{overflow-wrap:anywhere}td.m{color:#57606a;width:32%}
tr.all td.t{background:#dafbe1}tr.some td.t{background:#fff8c5}tr.none td.t{background:#ffebe9}
.key span{padding:0 .5rem;margin-right:.5rem}.key .all{background:#dafbe1}.key .some{background:#fff8c5}.key .none{background:#ffebe9}
</style></head><body><h1>Coverage of scripts</h1>
<p class="key"><span class="all">every way taken</span><span class="some">some ways taken</span><span class="none">no way taken</span></p>
{{range .}}<h2>{{.Name}}</h2><p>{{.Summary}}</p><table>
{{range .Lines}}<tr{{if .Class}} class="{{.Class}}"{{end}}><td class="n">{{.N}}</td><td class="t">{{.Text}}</td><td class="m">{{.Note}}</td></tr>
{{end}}</table>{{end}}
</body></html>
`))

// WriteHTML paints the scripts, line by line, by how many of the ways on from each line were taken. text gives a script's
// source.
func WriteHTML(w io.Writer, covers []*Cover, text func(name string) string) error {
	var all []coverScript
	for _, c := range covers {
		all = append(all, c.paint(text(c.Script.Name())))
	}
	return coverPage.Execute(w, all)
}

func (c *Cover) paint(src string) coverScript {
	taken, all, missing := map[int]int{}, map[int]int{}, map[int][]string{}
	for i, e := range c.Edges {
		all[e.From.Line]++
		if c.Taken[i] > 0 {
			taken[e.From.Line]++
		} else {
			missing[e.From.Line] = append(missing[e.From.Line], e.Outcome)
		}
	}
	out := coverScript{Name: c.Script.Name(), Summary: c.String()}
	for i, text := range strings.Split(strings.TrimRight(src, "\n"), "\n") {
		l := coverLine{N: i + 1, Text: strings.TrimRight(text, "\r")}
		switch n := all[l.N]; {
		case n == 0:
		case taken[l.N] == 0:
			l.Class = "none"
		case taken[l.N] < n:
			l.Class = "some"
		default:
			l.Class = "all"
		}
		if m := missing[l.N]; len(m) > 0 {
			l.Note = fmt.Sprintf("%d of %d; not taken: %s", taken[l.N], all[l.N], strings.Join(m, ", "))
		}
		out.Lines = append(out.Lines, l)
	}
	return out
}
