package ivr

// offset returns where character off (a count of runes from 0) of the scalar's text stands in the source, through quotes,
// escapes, folded lines and indents.
func (v *yval) offset(off int) place {
	w := walker{v: v, line: v.at.line, col: v.at.col}
	w.open()
	for i, c := range []rune(v.text) {
		w.align(c)
		if i == off {
			break
		}
		w.step()
	}
	if w.line > len(v.lines) { // the parser made another text of the source: its beginning is right at least
		return v.at
	}
	return place{w.line, w.col}
}

// walker goes along the source and the text of a scalar side by side.
type walker struct {
	v         *yval
	line, col int
	quote     rune
	runes     []rune // of line number of
	of        int
}

func (w *walker) row() []rune {
	if w.of != w.line {
		w.of, w.runes = w.line, nil
		if w.line >= 1 && w.line <= len(w.v.lines) {
			w.runes = []rune(w.v.lines[w.line-1])
		}
	}
	return w.runes
}

func (w *walker) here() (rune, bool) {
	r := w.row()
	if w.col < 1 || w.col > len(r) {
		return 0, false
	}
	return r[w.col-1], true
}

// open steps over the opening quote, or the header of a block text.
func (w *walker) open() {
	c, ok := w.here()
	switch {
	case !ok || w.v.bare:
	case c == '"' || c == '\'':
		w.quote = c
		w.col++
	case c == '|' || c == '>':
		w.newline()
	}
}

func (w *walker) newline() {
	w.line++
	w.col = 1
	for c, ok := w.here(); ok && (c == ' ' || c == '\t'); c, ok = w.here() {
		w.col++
	}
}

// align moves to the source character that gave c: over line ends that became a space.
func (w *walker) align(c rune) {
	for w.line < len(w.v.lines) {
		s, ok := w.here()
		if ok && (s != ' ' || c == ' ' || !w.blankRest()) {
			return
		}
		if !ok && (c == ' ' || c == '\n') {
			return
		}
		w.newline()
	}
}

func (w *walker) blankRest() bool {
	for _, c := range w.row()[w.col-1:] {
		if c != ' ' {
			return false
		}
	}
	return true
}

// step goes past the source of one character of the text.
func (w *walker) step() {
	s, ok := w.here()
	switch {
	case !ok:
		w.newline()
	case w.quote == '\'' && s == '\'':
		w.col += 2
	case w.quote == '"' && s == '\\':
		w.col += 2
		if r := w.row(); w.col-1 <= len(r) {
			switch r[min(w.col-2, len(r)-1)] {
			case 'x':
				w.col += 2
			case 'u':
				w.col += 4
			case 'U':
				w.col += 8
			}
		}
	default:
		w.col++
	}
}
