package graph

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// box is something that has a place of its own in the drawing: a node, a label, or where an arrow passes a layer. No two
// overlap.
type box struct {
	node  int // of Nodes; -1: of a link
	link  int // of Links; -1: a node
	label bool
	layer int
	x, y  float64 // of the upper left corner
	w, h  float64
	cx    float64 // of the left edge of the column, which is cw wide
	cw    float64

	before, after []int // boxes joined with it in the layers beside it
}

func (b box) middle() float64 { return b.y + b.h/2 }

// plan is a drawing with a place for everything. ways are the boxes each link goes through, from left to right; turned
// tells that the arrow points to the left.
type plan struct {
	boxes  []box
	ways   [][]int
	turned []bool
	w, h   float64
}

// Sizes of the drawing, in pixels.
const (
	nodeHeight  = 34.0
	labelHeight = 20.0
	passHeight  = 6.0
	gapX        = 34.0
	gapY        = 14.0
	margin      = 20.0
	textPad     = 24.0
)

// textWidth is about how wide a text of 13 pixels is.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r) || r > 0x2e80:
			w += 14
		default:
			w += 7.8
		}
	}
	return w
}

// layers puts every node as far to the right as the longest way to it, with arrows that close a circle left out; those
// are turned.
func (g *Graph) layers() (layer []int, turned []bool) {
	layer, turned = make([]int, len(g.Nodes)), make([]bool, len(g.Links))
	state := make([]int, len(g.Nodes)) // 1: on the way here, 2: done
	var visit func(n int)
	visit = func(n int) {
		state[n] = 1
		for i, l := range g.Links {
			if l.From != n {
				continue
			}
			switch state[l.To] {
			case 0:
				visit(l.To)
			case 1:
				turned[i] = true
			}
		}
		state[n] = 2
	}
	for n := range g.Nodes {
		if g.Nodes[n].Start {
			visit(n)
		}
	}
	for n := range g.Nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
	for changed, round := true, 0; changed && round <= len(g.Nodes); round++ {
		changed = false
		for i, l := range g.Links {
			from, to := l.From, l.To
			if turned[i] {
				from, to = to, from
			}
			if layer[to] < layer[from]+1 {
				layer[to], changed = layer[from]+1, true
			}
		}
	}
	return layer, turned
}

// lay gives everything a place. Layers of nodes and layers of labels take turns, so a label never lies on a box.
func (g *Graph) lay() *plan {
	layer, turned := g.layers()
	p := &plan{turned: turned}
	for i, n := range g.Nodes {
		w, h := textWidth(n.Name)+textPad, nodeHeight
		if len(n.Loops) > 0 {
			w, h = max(w, textWidth(loopText(n))+textPad), nodeHeight+16
		}
		p.boxes = append(p.boxes, box{node: i, link: -1, layer: 2 * layer[i], w: w, h: h})
	}
	for i, l := range g.Links {
		from, to := l.From, l.To
		if turned[i] {
			from, to = to, from
		}
		way := []int{from}
		at := 2*layer[from] + 1
		if turned[i] {
			at = 2*layer[to] - 1
		}
		for y := 2*layer[from] + 1; y < 2*layer[to]; y++ {
			b := box{node: -1, link: i, layer: y, w: 0, h: passHeight}
			if y == at && l.Short() != "" {
				b.label, b.w, b.h = true, 0.92*textWidth(l.Short())+10, labelHeight
			}
			p.boxes = append(p.boxes, b)
			way = append(way, len(p.boxes)-1)
		}
		way = append(way, to)
		for k := 1; k < len(way); k++ {
			p.boxes[way[k-1]].after = append(p.boxes[way[k-1]].after, way[k])
			p.boxes[way[k]].before = append(p.boxes[way[k]].before, way[k-1])
		}
		p.ways = append(p.ways, way)
	}
	p.place()
	return p
}

func loopText(n Node) string { return cut("↻ "+strings.Join(n.Loops, ", "), 30) }

// place orders each layer so that few arrows cross, and gives heights and then columns.
func (p *plan) place() {
	var cols [][]int
	for i, b := range p.boxes {
		for len(cols) <= b.layer {
			cols = append(cols, nil)
		}
		cols[b.layer] = append(cols[b.layer], i)
	}
	for _, c := range cols {
		p.stack(c, nil)
	}
	for round := range 12 {
		for k := range cols {
			i := k
			if round%2 == 1 {
				i = len(cols) - 1 - k
			}
			p.arrange(cols[i], round%2 == 0, round < 8)
		}
	}
	top := 0.0
	for _, b := range p.boxes {
		top = min(top, b.y)
	}
	x := margin
	for _, c := range cols {
		wide := 0.0
		for _, i := range c {
			wide = max(wide, p.boxes[i].w)
		}
		for _, i := range c {
			b := &p.boxes[i]
			b.x, b.y, b.cx, b.cw = x+(wide-b.w)/2, b.y-top+margin, x, wide
			p.h = max(p.h, b.y+b.h+margin)
		}
		x += wide + gapX
	}
	p.w = x - gapX + margin
}

// arrange moves the boxes of a layer towards those they are joined with on one side; with sort also past one another.
func (p *plan) arrange(col []int, left, sort bool) {
	want := map[int]float64{}
	for _, i := range col {
		b := p.boxes[i]
		side := b.after
		if left {
			side = b.before
		}
		if len(side) == 0 {
			want[i] = b.middle()
			continue
		}
		for _, j := range side {
			want[i] += p.boxes[j].middle() / float64(len(side))
		}
	}
	if sort {
		slices.SortStableFunc(col, func(a, b int) int { return cmp.Compare(want[a], want[b]) })
	}
	p.stack(col, want)
}

// stack puts boxes below one another, each as near to where it wants to be as those above it let it.
func (p *plan) stack(col []int, want map[int]float64) {
	y, drift := 0.0, 0.0
	for k, i := range col {
		b := &p.boxes[i]
		at := y
		if want != nil {
			at = want[i] - b.h/2
			if k > 0 {
				at = max(at, y)
			}
			drift += at + b.h/2 - want[i]
		}
		b.y = at
		y = at + b.h + gapY
	}
	if len(col) > 0 {
		for _, i := range col {
			p.boxes[i].y -= drift / float64(len(col))
		}
	}
}
