package ivr

// Tree is a YAML value as it was typed: a scalar keeps its text, and nothing is made of how it looks.
type Tree struct{ v *yval }

// TreePair is one key of a mapping, and its value.
type TreePair struct{ Key, Value Tree }

// ReadTree reads a file that goes with scripts, such as a file of tests, under the rules that scripts have: one document,
// a mapping, no anchors, bounded. With an error among the findings the tree is nil.
func ReadTree(file string, src []byte) (*Tree, []Finding) {
	r := newReport(file)
	root := readYAML(r, src)
	if root == nil || r.failed() {
		return nil, r.sorted()
	}
	return &Tree{root}, r.sorted()
}

// Scalar is the text of a single value; ok is false for a list, a mapping or nothing.
func (t Tree) Scalar() (text string, ok bool) {
	return t.v.text, t.v.kind == yamlScalar && !t.v.empty
}

// Constant is a single value as scripts read it where no type is wanted: a number or a truth only if it is bare.
func (t Tree) Constant() any { return constant(t.v) }

// Place is where the value begins; both count from 1.
func (t Tree) Place() (line, col int) { return t.v.at.line, t.v.at.col }

// What names the value's shape for a message: a list, a mapping, nothing, or the text in quotes.
func (t Tree) What() string { return t.v.what() }

// IsMap tells whether the value is a mapping.
func (t Tree) IsMap() bool { return t.v.kind == yamlMap }

// IsList tells whether the value is a list.
func (t Tree) IsList() bool { return t.v.kind == yamlList }

// Items are the values of a list.
func (t Tree) Items() []Tree {
	var out []Tree
	for _, it := range t.v.items {
		out = append(out, Tree{it})
	}
	return out
}

// Pairs are the keys and values of a mapping, in the order of the file.
func (t Tree) Pairs() []TreePair {
	var out []TreePair
	for _, p := range t.v.pairs {
		out = append(out, TreePair{Tree{p.key}, Tree{p.val}})
	}
	return out
}

// Get is the value of a key of a mapping.
func (t Tree) Get(key string) (Tree, bool) {
	v := t.v.get(key)
	return Tree{v}, v != nil
}
